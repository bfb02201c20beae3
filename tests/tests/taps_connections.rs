//! Connections of the transport services, device to device over the host's own
//! sockets.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use rand_core::OsRng;
use wigwag_codec::framer::Passthrough;
use wigwag_codec::prefix::PrefixFramer;
use wigwag_embassy::taps::{
    self, ConnectionState, Disabled, LocalEndpoint, MessageContext, Preconnection, ReceiveError,
    RemoteEndpoint, Sent, TransportConfig, TransportMemory, TransportProperties,
};
use wigwag_harness::hostnet::HostNetwork;
use wigwag_harness::vnet::alongside;
use wigwag_tests::e2e::in_real_time;

type Memory<'a> = TransportMemory<'a, PrefixFramer, Disabled, 4>;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind((HERE, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

#[test]
fn a_client_and_a_server_say_hello_over_tcp() {
    in_real_time(async || {
        let port = free_port();
        let mut memory = Box::new(Memory::new());
        let (transport, mut runner) = taps::new(
            &mut memory,
            HostNetwork::new(),
            OsRng,
            TransportConfig::DEFAULT,
        );
        let app = async {
            let framer = PrefixFramer::for_buffer(1024);
            let server = Preconnection::new(TransportProperties::RELIABLE_MESSAGE, Disabled)
                .add_local(LocalEndpoint::new().with_port(port))
                .add_framer(framer);
            let listener = server.listen(&transport).unwrap();
            let client = Preconnection::new(TransportProperties::RELIABLE_MESSAGE, Disabled)
                .add_remote(RemoteEndpoint::new().with_address(HERE).with_port(port))
                .add_framer(framer);
            tokio::time::sleep(Duration::from_millis(50)).await;
            let near = client.initiate(&transport, None).await.unwrap();
            let sent = near.send(b"Hello server", &MessageContext::new()).await;
            assert_eq!(sent, Ok(Sent));
            let far = listener.accept().await.unwrap();
            let mut buffer = [0; 64];
            let received = far.receive(&mut buffer).await.unwrap();
            assert_eq!(&buffer[..received.length], b"Hello server");
            assert!(received.end_of_message);
            near.close();
            assert_eq!(near.closed().await, Ok(()));
            assert_eq!(near.state(), ConnectionState::Closed);
            assert_eq!(far.receive(&mut buffer).await, Err(ReceiveError::Finished));
            far.close();
            assert_eq!(far.closed().await, Ok(()));
            drop((near, far, listener));
            while transport.free_slots() < 4 {
                tokio::task::yield_now().await;
            }
        };
        alongside(app, vec![Box::pin(async { runner.run().await })]).await;
    });
}

#[test]
fn a_client_and_a_server_say_hello_over_udp() {
    in_real_time(async || {
        let port = free_port();
        let mut memory: Box<TransportMemory<'_, Passthrough, Disabled, 4>> =
            Box::new(TransportMemory::new());
        let (transport, mut runner) = taps::new(
            &mut memory,
            HostNetwork::new(),
            OsRng,
            TransportConfig::DEFAULT,
        );
        let app = async {
            let properties = TransportProperties::UNRELIABLE_DATAGRAM;
            let server = Preconnection::new(properties, Disabled)
                .add_local(LocalEndpoint::new().with_port(port));
            let listener = server.listen(&transport).unwrap();
            while listener.local().is_none() {
                tokio::task::yield_now().await;
            }
            let client = Preconnection::new(properties, Disabled)
                .add_remote(RemoteEndpoint::new().with_address(HERE).with_port(port));
            let near = client.initiate(&transport, None).await.unwrap();
            assert_eq!(near.send(b"one", &MessageContext::new()).await, Ok(Sent));
            assert_eq!(near.send(b"two", &MessageContext::new()).await, Ok(Sent));
            let far = listener.accept().await.unwrap();
            let mut buffer = [0; 64];
            for text in [&b"one"[..], b"two"] {
                let received = far.receive(&mut buffer).await.unwrap();
                assert_eq!(&buffer[..received.length], text);
            }
            assert_eq!(far.send(b"three", &MessageContext::new()).await, Ok(Sent));
            let received = near.receive(&mut buffer).await.unwrap();
            assert_eq!(&buffer[..received.length], b"three");
            drop((near, far));
            listener.stop();
            while transport.free_slots() < 4 {
                tokio::task::yield_now().await;
            }
        };
        alongside(app, vec![Box::pin(async { runner.run().await })]).await;
    });
}
