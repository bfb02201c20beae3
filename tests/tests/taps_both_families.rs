//! One listener hears IPv4 and IPv6, over TCP and UDP, on a device and on the
//! host.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::time::Duration;
use std::net::TcpListener;

use rand_core::OsRng;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use wigwag_codec::framer::Passthrough;
use wigwag_embassy::taps::{
    self, Connection, Disabled, Listener, LocalEndpoint, MessageContext, Preconnection,
    RemoteEndpoint, Sent, TransportConfig, TransportProperties,
};
use wigwag_harness::hostnet::HostNetwork;
use wigwag_harness::vnet::{Background, End, alongside};
use wigwag_tests::devices::{memory, on_cable, until};
use wigwag_tests::e2e::in_real_time;

const PORT: u16 = 5000;
const SOON: Duration = Duration::from_secs(5);
const STREAM: TransportProperties = TransportProperties::RELIABLE_INORDER_STREAM;
const DATAGRAMS: TransportProperties =
    TransportProperties::UNRELIABLE_DATAGRAM.with_safely_replayable(true);

type Plain<'a> = Connection<'a, Passthrough, Disabled>;

async fn say(connection: &Plain<'_>, text: &str) {
    let context = MessageContext::new();
    assert_eq!(connection.send(text.as_bytes(), &context).await, Ok(Sent));
}

async fn hear(connection: &Plain<'_>, text: &str) {
    let mut buffer = [0; 64];
    let received = timeout(SOON, connection.receive(&mut buffer)).await;
    let received = received.expect("something is said").unwrap();
    assert_eq!(&buffer[..received.length], text.as_bytes());
}

async fn next<'a>(listener: &Listener<'a, Passthrough, Disabled>) -> Plain<'a> {
    let next = timeout(SOON, listener.accept()).await;
    next.expect("somebody has connected").unwrap()
}

#[test]
fn a_device_hears_both_on_one_port() {
    for properties in [STREAM, DATAGRAMS] {
        on_cable(TransportConfig::DEFAULT, async move |_, near, far| {
            let listener = Preconnection::new(properties, Disabled)
                .add_local(LocalEndpoint::new().with_port(PORT))
                .listen(&far)
                .unwrap();
            if properties == DATAGRAMS {
                until("the socket", || listener.local().is_some()).await;
            }
            let mut pairs = Vec::new();
            for (to, from) in [
                (IpAddr::V4(End::Far.v4()), IpAddr::V4(End::Near.v4())),
                (IpAddr::V6(End::Far.v6()), IpAddr::V6(End::Near.v6())),
            ] {
                let near = Preconnection::new(properties, Disabled)
                    .add_remote(RemoteEndpoint::new().with_address(to).with_port(PORT))
                    .initiate(&near, Some(SOON))
                    .await
                    .unwrap();
                say(&near, "hello").await;
                let far = next(&listener).await;
                hear(&far, "hello").await;
                assert_eq!(far.remote().map(|remote| remote.ip()), Some(from));
                pairs.push((near, far));
            }
            // Both at the same time.
            for (near, far) in &pairs {
                say(far, "good day").await;
                hear(near, "good day").await;
            }
        });
    }
}

#[test]
fn the_host_hears_both_on_one_port() {
    in_real_time(async || {
        let free = TcpListener::bind((Ipv6Addr::UNSPECIFIED, 0)).unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let (mut memory, config) = (memory(), TransportConfig::DEFAULT);
        let (transport, mut runner) = taps::new(&mut memory, HostNetwork::new(), OsRng, config);
        let background: Vec<Background<'_>> = vec![Box::pin(async { runner.run().await })];
        let app = async {
            let listener = Preconnection::new(STREAM, Disabled)
                .add_local(LocalEndpoint::new().with_port(port))
                .listen(&transport)
                .unwrap();
            for from in [
                IpAddr::V4(Ipv4Addr::LOCALHOST),
                IpAddr::V6(Ipv6Addr::LOCALHOST),
            ] {
                let connect = async {
                    // The kernel refuses it until the socket listens.
                    loop {
                        match TcpStream::connect((from, port)).await {
                            Ok(stream) => break stream,
                            Err(_) => tokio::task::yield_now().await,
                        }
                    }
                };
                let (accepted, peer) = futures::join!(next(&listener), timeout(SOON, connect));
                let mut peer = peer.expect("it listens");
                assert_eq!(accepted.remote(), peer.local_addr().ok());
                peer.write_all(b"hello").await.unwrap();
                hear(&accepted, "hello").await;
                say(&accepted, "good day").await;
                let mut answer = [0; 8];
                peer.read_exact(&mut answer).await.unwrap();
                assert_eq!(&answer, b"good day");
            }
            // When it says that it has stopped, the port is free.
            listener.stop();
            timeout(SOON, listener.stopped()).await.unwrap();
            TcpListener::bind((Ipv6Addr::UNSPECIFIED, port)).unwrap();
        };
        alongside(timeout(Duration::from_secs(30), app), background)
            .await
            .unwrap();
    });
}
