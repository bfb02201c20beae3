//! How many slots a listener may take, and how many connections may wait to be
//! accepted.

#[allow(dead_code)] // The clients speak by hand.
#[path = "../../codec/tests/framers/line.rs"]
mod line;

use core::time::Duration;

use line::{LineFramer, Role};
use tokio::time::{sleep, timeout};
use wigwag_codec::framer::Passthrough;
use wigwag_embassy::net::ConnectError;
use wigwag_embassy::taps::{
    ConnectionError, Disabled, EstablishmentError, LocalEndpoint, MessageContext, Preconnection,
    RaceError, RemoteEndpoint, Sent, TransportConfig, TransportProperties,
};
use wigwag_embassy::tls;
use wigwag_harness::vnet::End;
use wigwag_tests::devices::{Plain, SLOTS, on_cable, until};

const PORT: u16 = 5000;
const SOON: Duration = Duration::from_secs(5);
const STREAM: TransportProperties = TransportProperties::RELIABLE_INORDER_STREAM;
const DATAGRAMS: TransportProperties =
    TransportProperties::UNRELIABLE_DATAGRAM.with_safely_replayable(true);
const REFUSED: EstablishmentError =
    EstablishmentError::Race(RaceError::Connect(ConnectError::Refused));

fn client(properties: TransportProperties) -> Preconnection<'static, Disabled> {
    let far = RemoteEndpoint::new().with_address(End::Far.v4().into());
    Preconnection::new(properties, Disabled).add_remote(far.with_port(PORT))
}

fn server(properties: TransportProperties) -> Preconnection<'static, Disabled> {
    Preconnection::new(properties, Disabled).add_local(LocalEndpoint::new().with_port(PORT))
}

#[test]
fn what_is_kept_free_stays_free_whoever_comes() {
    let config = TransportConfig {
        listener_slots: 2,
        ..TransportConfig::DEFAULT
    };
    on_cable(config, async |_, near: Plain<'_, Passthrough>, far| {
        let listener = server(STREAM)
            .add_framer(LineFramer::new(Role::Server, 900, 60))
            .listen(&far)
            .unwrap();
        let visit = async {
            let mut silent = Vec::new();
            while silent.len() < 3 {
                match client(STREAM).initiate(&near, None).await {
                    Ok(connection) => silent.push(connection),
                    Err(error) => assert_eq!(error, REFUSED),
                }
                assert_eq!(far.free_slots(), SLOTS - 2);
                sleep(Duration::from_millis(7)).await;
            }
            // The first one has given way to the last.
            let cut = Err(ConnectionError::Stack(tls::End::Reset));
            assert_eq!(silent[0].closed().await, cut);
            // And another one of them gives way to who is quick.
            let good = loop {
                match client(STREAM).initiate(&near, None).await {
                    Ok(connection) => break connection,
                    Err(error) => assert_eq!(error, REFUSED),
                }
                sleep(Duration::from_millis(7)).await;
            };
            let answer = b"\0\x03Nme\x1e.\0\0c.";
            assert_eq!(good.send(answer, &MessageContext::new()).await, Ok(Sent));
            (good, silent)
        };
        let both = futures::future::join(listener.accept(), visit);
        let (accepted, (good, _)) = timeout(4 * SOON, both).await.unwrap();
        assert_eq!(accepted.unwrap().remote(), good.local());
    });
}

#[test]
fn as_many_as_may_be_ready_wait_to_be_accepted() {
    for backlog in 1..SLOTS {
        let config = TransportConfig {
            backlog,
            ..TransportConfig::DEFAULT
        };
        on_cable(config, async move |_, near: Plain<'_, Passthrough>, far| {
            let listener = server(STREAM).add_framer(Passthrough).listen(&far).unwrap();
            assert_eq!(far.free_slots(), SLOTS - backlog);
            let mut waiting = Vec::new();
            for _ in 0..backlog {
                waiting.push(client(STREAM).initiate(&near, None).await.unwrap());
            }
            sleep(SOON).await;
            let more = client(STREAM).initiate(&near, None).await;
            assert_eq!(more.err(), Some(REFUSED));
            for near in &waiting {
                let far = timeout(SOON, listener.accept()).await.unwrap().unwrap();
                assert_eq!(far.remote(), near.local());
            }
        });
    }
}

#[test]
fn a_listener_over_udp_has_the_same_limits() {
    let config = TransportConfig {
        backlog: 1,
        listener_slots: 1,
        ..TransportConfig::DEFAULT
    };
    on_cable(config, async |_, near: Plain<'_, Passthrough>, far| {
        let listener = server(DATAGRAMS)
            .add_framer(Passthrough)
            .listen(&far)
            .unwrap();
        until("the socket", || listener.local().is_some()).await;
        let mut peers = Vec::new();
        for text in [b"one", b"two", b"six"] {
            let peer = client(DATAGRAMS).initiate(&near, None).await.unwrap();
            let sent = peer.send(text, &MessageContext::new()).await;
            assert_eq!(sent, Ok(Sent));
            sleep(Duration::from_secs(1)).await;
            peers.push(peer);
        }
        // The socket has a slot besides.
        assert_eq!(far.free_slots(), SLOTS - 2);
        let first = timeout(SOON, listener.accept()).await.unwrap().unwrap();
        let mut buffer = [0; 4];
        assert_eq!(first.receive(&mut buffer).await.unwrap().length, 3);
        assert_eq!(&buffer[..3], b"one");
        assert!(timeout(SOON, listener.accept()).await.is_err());
        let sent = peers[2].send(b"again", &MessageContext::new()).await;
        assert_eq!(sent, Ok(Sent));
        timeout(SOON, listener.accept()).await.unwrap().unwrap();
    });
}
