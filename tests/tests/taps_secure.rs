//! Connections of the transport services over TLS: what was asked to be secure
//! is secure, or is not at all.

use std::net::IpAddr;
use std::time::Duration;

use wigwag_codec::framer::Passthrough;
use wigwag_codec::prefix::PrefixFramer;
use wigwag_embassy::taps::{
    Connection, ConnectionError, ConnectionProperties, ConnectionState, EstablishmentError,
    MessageContext, Preconnection, ReceiveError, SecurityParameters, SendError, Sent, StackId,
    TransportProperties, With,
};
use wigwag_embassy::tls::End;
use wigwag_harness::faults::DialFault;
use wigwag_harness::pki::{DEFAULT_DEVICE_ID, Pki};
use wigwag_tests::e2e::in_paused_time;
use wigwag_tests::secured::{ADDRESSES, Device, Ending, SLOTS, Servers, Setup, server};

type Framed<'a> = Preconnection<'a, SecurityParameters<'a>, With<PrefixFramer>>;
type Secure<'a> = Connection<'a, PrefixFramer, SecurityParameters<'a>>;

const LIMIT: Option<Duration> = Some(Duration::from_secs(60));

fn framed<'a>(device: &Device<'a, PrefixFramer>) -> Framed<'a> {
    Preconnection::new(
        TransportProperties::RELIABLE_MESSAGE,
        device.security.clone(),
    )
    .add_remote(server())
    .add_framer(PrefixFramer::for_buffer(1024))
}

fn address(place: usize) -> IpAddr {
    ADDRESSES[place].into()
}

/// A server at each address: of the first Pki or of the second.
fn servers(at: [&Pki; 2]) -> Servers {
    let servers = Servers::default();
    for (address, pki) in ADDRESSES.into_iter().zip(at) {
        servers.set(address, Some(pki));
    }
    servers
}

async fn echoes(connection: &Secure<'_>, text: &[u8]) {
    let sent = connection.send(text, &MessageContext::new()).await;
    assert_eq!(sent, Ok(Sent));
    let mut buffer = [0; 64];
    let received = connection.receive(&mut buffer).await.unwrap();
    assert_eq!(&buffer[..received.length], text);
    assert!(received.end_of_message);
}

/// What came at a place is records of TLS, and `text` is nowhere in it.
fn is_secret(raw: &[u8], text: &[u8]) {
    assert!(!raw.windows(text.len()).any(|window| window == text));
    let mut rest = raw;
    while let [kind, 3, 1 | 3, high, low, more @ ..] = rest {
        assert!((20..=23).contains(kind), "{kind}");
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        rest = more.get(length..).unwrap_or_default();
    }
    assert_eq!(rest, [0_u8; 0]);
    assert!(!raw.is_empty());
}

async fn settled(servers: &Servers, place: usize) -> Ending {
    loop {
        if let Some(end) = servers.seen()[place].1.end {
            return end;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[test]
fn messages_are_exchanged_and_the_end_is_close_notify_and_fin() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let servers = servers([&pki, &pki]);
        let app = async |device: Device<'_, PrefixFramer>| {
            let connection = framed(&device).initiate(&device.transport, LIMIT).await;
            let connection = connection.unwrap();
            assert_eq!(connection.stack(), Some(StackId::Tls));
            for text in [&b"Hello server"[..], b"", b"and again"] {
                echoes(&connection, text).await;
            }
            connection.close();
            assert_eq!(connection.closed().await, Ok(()));
            assert_eq!(connection.state(), ConnectionState::Closed);
        };
        Setup::of(&pki).run(&servers.network(), app).await;
        assert_eq!(settled(&servers, 0).await, Ending::InOrder);
        let seen = &servers.seen()[0].1;
        assert_eq!(
            seen.data,
            b"\0\0\0\x0cHello server\0\0\0\0\0\0\0\x09and again"
        );
        is_secret(&seen.raw, b"Hello server");
    });
}

#[test]
fn the_final_message_is_followed_by_close_notify_and_fin() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let servers = servers([&pki, &pki]);
        let app = async |device: Device<'_, PrefixFramer>| {
            let connection = framed(&device).initiate(&device.transport, LIMIT).await;
            let connection = connection.unwrap();
            let mut context = MessageContext::new();
            context.properties.final_message = true;
            assert_eq!(connection.send(b"bye", &context).await, Ok(Sent));
            let late = connection.try_send(b"more", &MessageContext::new());
            assert!(matches!(
                late,
                Err(SendError::FinalMessagePassed | SendError::ConnectionClosing)
            ));
            assert_eq!(connection.closed().await, Ok(()));
        };
        Setup::of(&pki).run(&servers.network(), app).await;
        assert_eq!(settled(&servers, 0).await, Ending::InOrder);
        assert_eq!(servers.seen()[0].1.data, b"\0\0\0\x03bye");
    });
}

#[test]
fn where_the_first_server_is_a_stranger_the_second_is_taken() {
    in_paused_time(async || {
        let (pki, stranger) = (Pki::generate(), Pki::generate());
        let servers = servers([&stranger, &pki]);
        let app = async |device: Device<'_, PrefixFramer>| {
            let connection = framed(&device).initiate(&device.transport, LIMIT).await;
            let connection = connection.unwrap();
            let remote = connection.remote().map(|remote| remote.ip());
            assert_eq!(remote, Some(address(1)));
            echoes(&connection, b"to the second").await;
        };
        Setup::of(&pki).run(&servers.network(), app).await;
        assert_eq!(servers.visited(), [address(0), address(1)]);
        for (_, seen) in servers.seen() {
            is_secret(&seen.raw, b"to the second");
        }
    });
}

#[test]
fn where_no_server_is_the_right_one_not_a_byte_leaves_in_the_clear() {
    in_paused_time(async || {
        let (pki, stranger) = (Pki::generate(), Pki::generate());
        let servers = servers([&stranger, &stranger]);
        let app = async |device: Device<'_, PrefixFramer>| {
            let preconnection = framed(&device);
            let (connection, ticket) = preconnection
                .initiate_with_send(&device.transport, b"secret", &MessageContext::new(), LIMIT)
                .unwrap();
            let ready = connection.ready().await;
            assert!(
                matches!(ready, Err(EstablishmentError::Secure(End::Certificate(_)))),
                "{ready:?}"
            );
            assert!(connection.outcome(ticket).await.is_err());
            assert_eq!(
                connection.closed().await,
                Err(ConnectionError::NotEstablished)
            );
            drop(connection);
            while device.transport.free_slots() < SLOTS {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        Setup::of(&pki).run(&servers.network(), app).await;
        assert_eq!(servers.visited(), [address(0), address(1)]);
        for (_, seen) in servers.seen() {
            assert_eq!(seen.data, b"");
            is_secret(&seen.raw, b"secret");
        }
    });
}

#[test]
fn of_two_identities_the_one_that_is_not_refused_is_found() {
    in_paused_time(async || {
        let (pki, other) = (Pki::generate(), Pki::generate());
        let servers = servers([&pki, &pki]);
        let setup = Setup {
            // Nobody here knows its authority.
            next: Some(other.device(DEFAULT_DEVICE_ID).unwrap().clone()),
            ..Setup::of(&pki)
        };
        let app = async |device: Device<'_, PrefixFramer>| {
            let preconnection = framed(&device);
            let connection = preconnection.initiate(&device.transport, LIMIT).await;
            let connection = connection.unwrap();
            let lost = connection.closed().await;
            let refused = matches!(lost, Err(ConnectionError::Stack(End::IdentityRefused(_))));
            assert!(refused, "{lost:?}");
            drop(connection);
            for _ in 0..3 {
                let connection = preconnection.initiate(&device.transport, LIMIT).await;
                let connection = connection.unwrap();
                echoes(&connection, b"it is me").await;
            }
        };
        setup.run(&servers.network(), app).await;
    });
}

#[test]
fn a_clone_is_as_secure_and_in_the_same_group() {
    in_paused_time(async || {
        let (pki, stranger) = (Pki::generate(), Pki::generate());
        let servers = servers([&stranger, &pki]);
        let app = async |device: Device<'_, PrefixFramer>| {
            let first = framed(&device).initiate(&device.transport, LIMIT).await;
            let first = first.unwrap();
            let second = first.clone_connection(LIMIT).await.unwrap();
            assert_eq!(second.stack(), Some(StackId::Tls));
            assert!(first.is_grouped_with(&second));
            assert_eq!(first.grouped_connections(), 2);
            echoes(&second, b"of the clone").await;
            echoes(&first, b"of the first").await;
            first.close_group();
            assert_eq!(second.closed().await, Ok(()));
            assert_eq!(first.closed().await, Ok(()));
        };
        Setup::of(&pki).run(&servers.network(), app).await;
        // The clone begins where the first was connected in the end.
        assert_eq!(servers.visited(), [address(0), address(1), address(1)]);
        for (_, seen) in &servers.seen()[1..] {
            is_secret(&seen.raw, b"of the");
        }
    });
}

#[test]
fn a_preconnection_remembers_where_a_connection_was_good_unless_sessions_are_isolated() {
    in_paused_time(async || {
        let (pki, stranger) = (Pki::generate(), Pki::generate());
        let servers = servers([&stranger, &pki]);
        let app = async |device: Device<'_, PrefixFramer>| {
            let shared = framed(&device);
            let mut properties = ConnectionProperties::DEFAULT;
            properties.isolate_session = true;
            let isolated = framed(&device).with_connection_properties(properties);
            for (preconnection, visited) in [
                (&shared, &[0, 1][..]),
                (&shared, &[1]),
                (&isolated, &[0, 1]),
                (&isolated, &[0, 1]),
                (&shared, &[1]),
            ] {
                let before = servers.visited().len();
                let connection = preconnection.initiate(&device.transport, LIMIT).await;
                let connection = connection.unwrap();
                let visited: Vec<_> = visited.iter().map(|place| address(*place)).collect();
                assert_eq!(servers.visited()[before..], visited);
                connection.close();
                assert_eq!(connection.closed().await, Ok(()));
            }
        };
        Setup::of(&pki).run(&servers.network(), app).await;
    });
}

#[test]
fn a_connection_that_was_used_enough_ends_in_good_order() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let servers = servers([&pki, &pki]);
        let app = async |device: Device<'_, PrefixFramer>| {
            let preconnection = framed(&device);
            let connection = preconnection.initiate(&device.transport, LIMIT).await;
            let connection = connection.unwrap();
            // A message that takes all day has until then, and a little more.
            let mut parts = connection
                .start_message(&MessageContext::new(), Some(6))
                .await
                .unwrap();
            parts.send(b"day").await.unwrap();
            while connection.state() == ConnectionState::Established {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            assert_eq!(connection.state(), ConnectionState::Closing);
            let late = connection.try_send(b"late", &MessageContext::new());
            assert_eq!(late, Err(SendError::ConnectionClosing));
            let ticket = parts.end(b"end").await.unwrap();
            assert_eq!(connection.outcome(ticket).await, Ok(Sent));
            let limit = ConnectionError::Stack(End::SessionLimit);
            assert_eq!(connection.closed().await, Err(limit));
            let over = connection.receive(&mut [0; 16]).await;
            assert_eq!(over, Err(ReceiveError::Closed(Some(limit))));
            // The next one has new keys.
            let connection = preconnection.initiate(&device.transport, LIMIT).await;
            echoes(&connection.unwrap(), b"a new day").await;
        };
        Setup::of(&pki).run(&servers.network(), app).await;
        assert_eq!(settled(&servers, 0).await, Ending::InOrder);
        assert_eq!(servers.seen()[0].1.data, b"\0\0\0\x06dayend");
    });
}

#[test]
fn a_runner_that_is_dropped_ends_every_connection_with_a_reason_and_can_run_again() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let servers = servers([&pki, &pki]);
        let net = servers.network();
        let setup = Setup::of(&pki);
        let run = setup.run_by_hand(&net, async |device: Device<'_, Passthrough>, mut runner| {
            let preconnection =
                Preconnection::new(TransportProperties::DEFAULT, device.security.clone())
                    .add_remote(server());
            // One that is established, one that is coming up.
            let connecting = preconnection.initiate(&device.transport, LIMIT);
            let established = tokio::select! {
                connection = connecting => connection.unwrap(),
                never = runner.run() => match never {},
            };
            net.faults().set_dial(DialFault::Silence);
            let coming = preconnection.begin(&device.transport, LIMIT).unwrap();
            let soon = tokio::time::timeout(Duration::from_millis(1), runner.run());
            assert!(soon.await.is_err());
            assert_eq!(established.closed().await, Err(ConnectionError::Aborted));
            assert_eq!(coming.ready().await, Err(EstablishmentError::Aborted));
            drop((established, coming));
            assert_eq!(device.transport.free_slots(), SLOTS);
            net.faults().set_dial(DialFault::None);
            let again = async {
                let connection = preconnection.initiate(&device.transport, LIMIT).await;
                let connection = connection.unwrap();
                let sent = connection.send(b"again", &MessageContext::new()).await;
                assert_eq!(sent, Ok(Sent));
                let mut buffer = [0; 5];
                let received = connection.receive_partial(&mut buffer, 5).await;
                assert_eq!(received.map(|received| received.length), Ok(5));
                assert_eq!(&buffer, b"again");
            };
            tokio::select! {
                () = again => {}
                never = runner.run() => match never {},
            }
        });
        run.await;
    });
}
