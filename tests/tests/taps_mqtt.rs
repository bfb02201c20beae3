//! A crate that nobody here wrote, on a connection without a framer: an MQTT
//! client takes it for the byte stream that it is, in the clear and over TLS.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use embedded_io_async::{Read as _, Write as _};
use rand_core::OsRng;
use rust_mqtt::Bytes;
use rust_mqtt::buffer::AllocBuffer;
use rust_mqtt::client::Client;
use rust_mqtt::client::event::Event;
use rust_mqtt::client::options::{
    ConnectOptions, DisconnectOptions, PublicationOptions, SubscriptionOptions, TopicReference,
};
use rust_mqtt::types::{MqttString, TopicFilter, TopicName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;
use wigwag_codec::framer::Passthrough;
use wigwag_embassy::net::EmbassyNetwork;
use wigwag_embassy::taps::{
    self, ConnectionError, Disabled, Preconnection, Security, TransportConfig, TransportMemory,
    TransportProperties,
};
use wigwag_harness::pki::Pki;
use wigwag_harness::vnet::{VirtualNet, alongside};
use wigwag_tests::broker::{Told, serve};
use wigwag_tests::e2e::{in_paused_time, network_to};
use wigwag_tests::secured::{Device, Setup, server};

type Connection<'a, S> = taps::Connection<'a, Passthrough, S>;

const LIMIT: Option<Duration> = Some(Duration::from_secs(60));
const TOPIC: &str = "wigwag/hello";

/// A network on which the only connection goes to `peer`.
fn network<P>(peer: impl FnOnce(tokio::io::DuplexStream) -> P + 'static) -> VirtualNet
where
    P: Future<Output = ()> + Send + 'static,
{
    let peer = Rc::new(RefCell::new(Some(peer)));
    network_to(move |_: SocketAddr| {
        let peer = peer.borrow_mut().take();
        async move {
            let peer = peer.ok_or(std::io::ErrorKind::ConnectionRefused)?;
            let (near, far) = tokio::io::duplex(4096);
            tokio::spawn(peer(far));
            Ok(near)
        }
    })
}

/// Runs `app` on a connection in the clear.
async fn in_the_clear<T>(
    net: &VirtualNet,
    app: impl AsyncFnOnce(Connection<'_, Disabled>) -> T,
) -> T {
    net.run(async |stack| {
        stack.wait_config_up().await;
        let mut memory: Box<TransportMemory<'_, Passthrough>> = Box::new(TransportMemory::new());
        let network = EmbassyNetwork::new(stack);
        let config = TransportConfig::DEFAULT;
        let (transport, mut runner) = taps::new(&mut memory, network, OsRng, config);
        let app = async {
            let preconnection =
                Preconnection::new(TransportProperties::RELIABLE_INORDER_STREAM, Disabled)
                    .add_remote(server());
            app(preconnection.initiate(&transport, LIMIT).await.unwrap()).await
        };
        alongside(app, vec![Box::pin(async { runner.run().await })]).await
    })
    .await
}

/// Publishes, and is published to, through `connection`.
async fn publish<S: Security>(connection: &Connection<'_, S>) {
    let mut buffer = AllocBuffer;
    let mut client = Client::<'_, '_, _, _, 1, 1, 1, 1, 16, 0, 0>::new(&mut buffer);
    let name = MqttString::try_from("device-0001").unwrap();
    let options = ConnectOptions::new().clean_start();
    let connected = client.connect(connection, &options, Some(name)).await;
    assert!(!connected.unwrap().session_present);

    let topic = || MqttString::try_from(TOPIC).unwrap();
    let to = || PublicationOptions::new(TopicReference::Name(TopicName::new(topic()).unwrap()));
    let none = client.publish(&to(), Bytes::from("at most once")).await;
    assert_eq!(none.unwrap(), None);

    let filter = TopicFilter::new(topic()).unwrap();
    let subscribed = client.subscribe(filter, &SubscriptionOptions::new()).await;
    subscribed.unwrap();
    assert!(matches!(client.poll().await.unwrap(), Event::Suback(_)));

    // More than all queues of the connection hold.
    let long = "long ".repeat(2000);
    let number = client
        .publish(&to().at_least_once(), Bytes::from(&long[..]))
        .await;
    let number = number.unwrap().unwrap();
    let acknowledged = client.poll().await.unwrap();
    assert!(
        matches!(&acknowledged, Event::PublishAcknowledged(ack) if ack.packet_identifier == number)
    );
    let published = client.poll().await.unwrap();
    let Event::Publish(published) = published else {
        panic!("{published:?}");
    };
    assert_eq!(published.message.as_bytes(), long.as_bytes());

    client.ping().await.unwrap();
    assert!(matches!(client.poll().await.unwrap(), Event::Pingresp));
    client.disconnect(&DisconnectOptions::new()).await.unwrap();
}

fn told() -> Vec<Told> {
    vec![
        Told::Connect("device-0001".into()),
        Told::Publish(TOPIC.into(), b"at most once".into(), 0),
        Told::Subscribe(TOPIC.into()),
        Told::Publish(TOPIC.into(), "long ".repeat(2000).into(), 1),
        Told::Ping,
        Told::Disconnect,
    ]
}

#[test]
fn an_mqtt_client_publishes_through_a_connection_in_the_clear() {
    in_paused_time(async || {
        let (tell, heard) = oneshot::channel();
        let net = network(async move |stream| {
            let _ = tell.send(serve(stream).await);
        });
        in_the_clear(&net, async |connection| {
            publish(&connection).await;
            connection.close();
            assert_eq!(connection.closed().await, Ok(()));
        })
        .await;
        assert_eq!(heard.await.unwrap().unwrap(), told());
    });
}

#[test]
fn an_mqtt_client_publishes_through_a_secure_connection() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let config = Arc::new(pki.server_config(false, None).unwrap());
        let (tell, heard) = oneshot::channel();
        let net = network(async move |stream| {
            let stream = TlsAcceptor::from(config).accept(stream).await.unwrap();
            let _ = tell.send(serve(stream).await);
        });
        let app = async |device: Device<'_, Passthrough>| {
            let properties = TransportProperties::RELIABLE_INORDER_STREAM;
            let preconnection =
                Preconnection::new(properties, device.security).add_remote(server());
            let connection = preconnection.initiate(&device.transport, LIMIT).await;
            let connection = connection.unwrap();
            publish(&connection).await;
            connection.close();
            assert_eq!(connection.closed().await, Ok(()));
        };
        Setup::of(&pki).run(&net, app).await;
        assert_eq!(heard.await.unwrap().unwrap(), told());
    });
}

/// Who only writes before it reads would wait for ever: everything that is
/// written comes back, and there is room for little of it on the way.
#[test]
fn a_connection_is_read_and_written_at_the_same_time() {
    in_paused_time(async || {
        let net = network(async |stream| {
            let (mut read, mut write) = tokio::io::split(stream);
            tokio::io::copy(&mut read, &mut write).await.unwrap();
            write.shutdown().await.unwrap();
        });
        in_the_clear(&net, async |connection| {
            let data: Vec<u8> = (0..100_000_u32)
                .map(|number| (number % 251) as u8)
                .collect();
            let write = async {
                let mut writer = &connection;
                writer.write_all(&data).await.unwrap();
                writer.flush().await.unwrap();
            };
            let mut echoed = vec![0; data.len()];
            let read = async {
                let mut reader = &connection;
                reader.read_exact(&mut echoed).await.unwrap();
            };
            tokio::join!(write, read);
            assert_eq!(echoed, data);
        })
        .await;
    });
}

#[test]
fn the_end_of_the_stream_is_no_bytes_and_a_reset_is_an_error() {
    in_paused_time(async || {
        for resets in [false, true] {
            let net = network(async move |mut stream: tokio::io::DuplexStream| {
                stream.write_all(b"last words").await.unwrap();
                stream.read_u8().await.unwrap();
            });
            in_the_clear(&net, async |mut connection| {
                let mut words = [0; 10];
                connection.read_exact(&mut words).await.unwrap();
                assert_eq!(&words, b"last words");
                if resets {
                    net.faults().cut_all(wigwag_harness::faults::Cut::Reset);
                    let error = connection.read(&mut words).await.unwrap_err();
                    let kind = embedded_io_async::Error::kind(&error);
                    assert_eq!(kind, embedded_io_async::ErrorKind::ConnectionReset);
                    let lost = connection.closed().await;
                    assert!(matches!(lost, Err(ConnectionError::Stack(_))), "{lost:?}");
                    let error = connection.write(b"late").await.unwrap_err();
                    let kind = embedded_io_async::Error::kind(&error);
                    assert_eq!(kind, embedded_io_async::ErrorKind::BrokenPipe);
                } else {
                    connection.write_all(b"!").await.unwrap();
                    assert_eq!(connection.read(&mut words).await, Ok(0));
                    assert_eq!(connection.read(&mut words).await, Ok(0));
                }
            })
            .await;
        }
    });
}
