//! Accidents of connections that depend on where in a transport they are, and on
//! how its memory is cut.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use rand_core::OsRng;
use wigwag_codec::framer::Passthrough;
use wigwag_embassy::taps::{
    self, Disabled, LocalEndpoint, MessageContext, Preconnection, RemoteEndpoint, SendError,
    SendFailure, Sent, TransportConfig, TransportMemory, TransportProperties,
};
use wigwag_harness::hostnet::HostNetwork;
use wigwag_harness::vnet::{End, alongside};
use wigwag_tests::devices::{on_cable, until};
use wigwag_tests::e2e::in_real_time;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const DATAGRAMS: TransportProperties = TransportProperties::UNRELIABLE_DATAGRAM;

fn to(port: u16) -> Preconnection<'static, Disabled> {
    Preconnection::new(DATAGRAMS, Disabled)
        .add_remote(RemoteEndpoint::new().with_address(HERE).with_port(port))
}

#[test]
fn a_guest_in_a_slot_before_its_gate_comes_to_its_end() {
    in_real_time(async || {
        let stranger = std::net::UdpSocket::bind((HERE, 0)).unwrap();
        let free = std::net::UdpSocket::bind((HERE, 0)).unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let mut memory: Box<TransportMemory<'_, Passthrough, Disabled, 4>> =
            Box::new(TransportMemory::new());
        let (transport, mut runner) = taps::new(
            &mut memory,
            HostNetwork::new(),
            OsRng,
            TransportConfig::DEFAULT,
        );
        let app = async {
            // It has the first slot, so that the gate gets the second one.
            let first = to(stranger.local_addr().unwrap().port());
            let first = first.initiate(&transport, None).await.unwrap();
            let listener = Preconnection::new(DATAGRAMS, Disabled)
                .add_local(LocalEndpoint::new().with_port(port))
                .listen(&transport)
                .unwrap();
            while listener.local().is_none() {
                tokio::task::yield_now().await;
            }
            drop(first);
            while transport.free_slots() < 3 {
                tokio::task::yield_now().await;
            }
            stranger.send_to(b"hello", (HERE, port)).unwrap();
            let guest = listener.accept().await.unwrap();
            let mut buffer = [0; 16];
            let received = guest.receive(&mut buffer).await.unwrap();
            assert_eq!(&buffer[..received.length], b"hello");
            guest.close();
            let closed = tokio::time::timeout(Duration::from_secs(5), guest.closed());
            assert_eq!(closed.await.expect("the guest is over"), Ok(()));
        };
        alongside(app, vec![Box::pin(async { runner.run().await })]).await;
    });
}

#[test]
fn a_datagram_of_parts_that_is_too_long_is_refused_and_never_cut() {
    in_real_time(async || {
        let peer = std::net::UdpSocket::bind((HERE, 0)).unwrap();
        peer.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        // Sockets of 256 bytes take datagrams of 128; the queues take more.
        let mut memory: Box<
            TransportMemory<'_, Passthrough, Disabled, 1, 8, 1024, 1024, 1024, 256>,
        > = Box::new(TransportMemory::new());
        let (transport, mut runner) = taps::new(
            &mut memory,
            HostNetwork::new(),
            OsRng,
            TransportConfig::DEFAULT,
        );
        let app = async {
            let near = to(peer.local_addr().unwrap().port());
            let near = near.initiate(&transport, None).await.unwrap();
            let context = MessageContext::new();
            let mut parts = near.start_message(&context, None).await.unwrap();
            parts.send(&[1; 100]).await.unwrap();
            let ticket = parts.end(&[2; 100]).await.unwrap();
            let refused = SendError::MessageTooLarge {
                length: 200,
                limit: 128,
            };
            let outcome = near.outcome(ticket).await;
            assert_eq!(outcome, Err(SendFailure::Error(refused)));
            assert_eq!(near.send(&[3; 128], &context).await, Ok(Sent));
            near.close();
            assert_eq!(near.closed().await, Ok(()));
        };
        alongside(app, vec![Box::pin(async { runner.run().await })]).await;
        let mut buffer = [0; 512];
        let length = peer.recv(&mut buffer).unwrap();
        assert_eq!(&buffer[..length], &[3; 128], "nothing came before it");
    });
}

#[test]
fn the_last_datagram_leaves_before_the_socket_goes() {
    on_cable(
        TransportConfig::DEFAULT,
        async |_, near: taps::Transport<'_, Passthrough, Disabled>, far| {
            let listener = Preconnection::new(DATAGRAMS, Disabled)
                .add_local(LocalEndpoint::new().with_port(5000))
                .listen(&far)
                .unwrap();
            until("the socket", || listener.local().is_some()).await;
            let peer = RemoteEndpoint::new()
                .with_address(IpAddr::V4(End::Far.v4()))
                .with_port(5000);
            let client = Preconnection::new(DATAGRAMS, Disabled).add_remote(peer);
            let client = client.initiate(&near, None).await.unwrap();
            let context = MessageContext::new();
            for text in ["one", "two", "three"] {
                let ticket = client.try_send(text.as_bytes(), &context).unwrap();
                client.forget(ticket);
            }
            client.close();
            assert_eq!(client.closed().await, Ok(()));
            let accepted = tokio::time::timeout(Duration::from_secs(5), listener.accept());
            let guest: taps::Connection<'_, Passthrough, Disabled> =
                accepted.await.expect("a datagram has come").unwrap();
            for text in ["one", "two", "three"] {
                let mut buffer = [0; 16];
                let received =
                    tokio::time::timeout(Duration::from_secs(5), guest.receive(&mut buffer));
                let received = received.await.expect(text).unwrap();
                assert_eq!(&buffer[..received.length], text.as_bytes());
            }
        },
    );
}

#[test]
fn an_abort_does_not_wait_for_a_close_that_nobody_answers() {
    on_cable(
        TransportConfig::DEFAULT,
        async |cable, near: taps::Transport<'_, Passthrough, Disabled>, far| {
            let properties = TransportProperties::RELIABLE_INORDER_STREAM;
            let listener = Preconnection::new(properties, Disabled)
                .add_local(LocalEndpoint::new().with_port(5000))
                .listen(&far)
                .unwrap();
            let peer = RemoteEndpoint::new()
                .with_address(IpAddr::V4(End::Far.v4()))
                .with_port(5000);
            let client = Preconnection::new(properties, Disabled).add_remote(peer);
            let client = client.initiate(&near, None).await.unwrap();
            let accepted: taps::Connection<'_, Passthrough, Disabled> =
                listener.accept().await.unwrap();
            cable.set_silent(true);
            client.close();
            tokio::time::sleep(Duration::from_millis(500)).await;
            client.abort();
            let closed = tokio::time::timeout(Duration::from_secs(1), client.closed());
            let closed = closed.await.expect("it is over at once");
            assert_eq!(closed, Err(taps::ConnectionError::Aborted));
            drop(accepted);
        },
    );
}
