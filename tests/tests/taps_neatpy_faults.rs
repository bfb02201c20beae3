//! What goes wrong in NEATPy's connections, and does not here. Each test is
//! named after what is right; the faults are listed in `taps::conformance`.

use core::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use wigwag_codec::prefix::PrefixFramer;
use wigwag_embassy::net::ConnectError;
use wigwag_embassy::taps::{
    CloneError, ConnectionError, ConnectionProperties, ConnectionProperty, ConnectionState,
    Disabled, EstablishmentError, LocalEndpoint, MessageContext, MessageProperty, Preconnection,
    PropertyValue, RaceError, ReceiveError, RemoteEndpoint, SendError, Sent, TransportConfig,
    TransportProperties,
};
use wigwag_harness::faults::DialFault;
use wigwag_harness::vnet::End;
use wigwag_tests::devices::on_cable;
use wigwag_tests::transport::{FRAMER, IN, Tested, frame, framed, on_device, remote};

const CONFIG: TransportConfig<'static> = TransportConfig::DEFAULT;
const PLAIN: MessageContext = MessageContext::new();
const PROPERTIES: ConnectionProperties = ConnectionProperties::DEFAULT;

async fn hears(connection: &Tested<'_, PrefixFramer>, text: &[u8]) {
    let mut buffer = [0; 64];
    let received = connection.receive(&mut buffer).await.unwrap();
    assert_eq!(&buffer[..received.length], text);
    assert!(received.end_of_message);
}

async fn body(far: &mut DuplexStream) -> Vec<u8> {
    let length = far.read_u32().await.unwrap();
    let mut body = vec![0; length as usize];
    far.read_exact(&mut body).await.unwrap();
    body
}

/// NEATPy drops the second of two, ends the process at a split header, and at
/// the rest of a body with the next frame; and fails when nobody has asked.
#[test]
fn frames_are_messages_however_they_are_cut_and_whenever_they_are_asked_for() {
    on_device::<PrefixFramer>(CONFIG, async |transport, mut peers| {
        let (near, mut far) = framed(&transport, &mut peers, &PROPERTIES, FRAMER).await;
        let both = [frame(b"one"), frame(b""), frame(b"two")].concat();
        far.write_all(&both).await.unwrap();
        tokio::time::sleep(Duration::from_secs(60)).await;
        for text in [&b"one"[..], b"", b"two"] {
            hears(&near, text).await;
        }
        let three = [frame(b"three"), frame(b"four")].concat();
        // In the header, in the body, and in the next header.
        for (start, end) in [(0, 2), (2, 6), (6, 11), (11, three.len())] {
            far.write_all(&three[start..end]).await.unwrap();
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        hears(&near, b"three").await;
        hears(&near, b"four").await;
    });
}

/// NEATPy waits for ever for FFFFFFFF bytes, and ends its event loop, and with
/// it all connections, on any error.
#[test]
fn a_peer_that_sends_nonsense_ends_its_own_connection_and_no_other() {
    on_device::<PrefixFramer>(CONFIG, async |transport, mut peers| {
        let (good, mut far) = framed(&transport, &mut peers, &PROPERTIES, FRAMER).await;
        let (bad, mut nonsense) = framed(&transport, &mut peers, &PROPERTIES, FRAMER).await;
        nonsense.write_all(&[0xff; 20]).await.unwrap();
        let mut buffer = [0; 8];
        for _ in 0..2 {
            let part = bad.receive_partial(&mut buffer, 8).await.unwrap();
            assert_eq!((part.length, part.end_of_message), (8, false));
        }
        drop(nonsense);
        let error = bad.receive(&mut buffer).await.unwrap_err();
        assert!(matches!(error, ReceiveError::Framing(_)), "{error}");
        let lost = bad.closed().await;
        assert!(matches!(lost, Err(ConnectionError::Framing(_))), "{lost:?}");
        far.write_all(&frame(b"all well")).await.unwrap();
        hears(&good, b"all well").await;
    });
}

/// NEATPy's error handler of `clone` uses what does not exist.
#[test]
fn a_clone_that_fails_says_why_and_leaves_the_original_as_it_was() {
    on_device::<PrefixFramer>(CONFIG, async |transport, mut peers| {
        let (near, mut far) = framed(&transport, &mut peers, &PROPERTIES, FRAMER).await;
        peers.faults.set_dial(DialFault::Refuse);
        let error = near.clone_connection(None).await.unwrap_err();
        let refused = EstablishmentError::Race(RaceError::Connect(ConnectError::Refused));
        assert_eq!(error, CloneError::Establishment(refused));
        assert_eq!(near.state(), ConnectionState::Established);
        assert_eq!(near.grouped_connections(), 1);
        assert_eq!(near.send(b"still here", &PLAIN).await, Ok(Sent));
        assert_eq!(body(&mut far).await, b"still here");
        near.close();
        assert_eq!(near.closed().await, Ok(()));
        let error = near.clone_connection(None).await.unwrap_err();
        assert_eq!(error, CloneError::NotEstablished);
    });
}

/// NEATPy has the call commented out.
#[test]
fn the_properties_of_a_message_are_checked_before_it_is_taken() {
    on_device::<PrefixFramer>(CONFIG, async |transport, mut peers| {
        let (near, mut far) = framed(&transport, &mut peers, &PROPERTIES, FRAMER).await;
        let mut unreliable = PLAIN;
        unreliable.properties.reliable = Some(false);
        let refused = near.try_send(b"maybe", &unreliable);
        let property = MessageProperty::MsgReliable;
        assert_eq!(refused, Err(SendError::InconsistentProperties(property)));
        let mut whole = PLAIN;
        whole.properties.no_segmentation = true;
        let refused = near.try_send(b"in one piece", &whole);
        let property = MessageProperty::NoSegmentation;
        assert_eq!(refused, Err(SendError::InconsistentProperties(property)));
        assert_eq!(near.send(b"as usual", &PLAIN).await, Ok(Sent));
        assert_eq!(body(&mut far).await, b"as usual");
    });
}

/// NEATPy's `parse` is a byte short where less than the maximum is there.
#[test]
fn a_part_has_what_is_there_from_the_least_to_the_most_that_was_asked_for() {
    on_device::<PrefixFramer>(CONFIG, async |transport, mut peers| {
        let preconnection = Preconnection::new(TransportProperties::RELIABLE_MESSAGE, Disabled)
            .add_remote(remote())
            .add_framer(PrefixFramer::for_buffer(IN));
        let near = preconnection.initiate(&transport, None).await.unwrap();
        let mut far = peers.stream().await;
        // Longer than what can wait here, so that it has to come in parts.
        let body: Vec<u8> = (0..IN + 1).map(|number| number as u8).collect();
        let frame = frame(&body);
        far.write_all(&frame[..4 + 100]).await.unwrap();
        let mut buffer = [0; IN];
        let part = near.receive_partial(&mut buffer, 100).await.unwrap();
        assert_eq!((part.length, part.end_of_message), (100, false));
        assert_eq!(buffer[..100], body[..100]);
        // One byte more than is there is waited for.
        far.write_all(&frame[104..114]).await.unwrap();
        let early = near.receive_partial(&mut buffer, 11);
        let early = tokio::time::timeout(Duration::from_secs(60), early).await;
        assert!(early.is_err());
        let (end, _) = tokio::join!(
            near.receive_partial(&mut buffer, IN),
            far.write_all(&frame[114..])
        );
        let end = end.unwrap();
        assert_eq!((end.length, end.end_of_message), (IN - 99, true));
        assert_eq!(buffer[..end.length], body[100..]);
        // A message that fits, and a buffer that is too small for it.
        far.write_all(b"\0\0\0\x0aabcdefghij").await.unwrap();
        for (text, is_last) in [(&b"abcdef"[..], false), (b"ghij", true)] {
            let part = near.receive_partial(&mut buffer[..6], 3).await.unwrap();
            assert_eq!(&buffer[..part.length], text);
            assert_eq!(part.end_of_message, is_last);
        }
    });
}

#[test]
fn a_connection_says_what_it_is_and_what_it_can() {
    on_device::<PrefixFramer>(CONFIG, async |transport, mut peers| {
        use ConnectionProperty as C;
        let (near, _far) = framed(&transport, &mut peers, &PROPERTIES, FRAMER).await;
        let says = |property| near.property(property).unwrap();
        let state = ConnectionState::Established;
        assert_eq!(says(C::ConnState), PropertyValue::State(state));
        assert_eq!(says(C::CanSend), PropertyValue::Flag(true));
        assert_eq!(says(C::CanReceive), PropertyValue::Flag(true));
        let seven = PropertyValue::Number(7);
        near.set_property(C::ConnPriority, seven).unwrap();
        assert_eq!(says(C::ConnPriority), seven);
        assert!(near.set_property(C::ConnState, seven).is_err());
        near.close();
        assert_eq!(near.closed().await, Ok(()));
        let state = ConnectionState::Closed;
        assert_eq!(says(C::ConnState), PropertyValue::State(state));
        assert_eq!(says(C::CanSend), PropertyValue::Flag(false));
        assert_eq!(says(C::CanReceive), PropertyValue::Flag(false));
    });
}

#[test]
fn a_first_message_leaves_as_soon_as_there_is_a_connection() {
    on_device::<PrefixFramer>(CONFIG, async |transport, mut peers| {
        let preconnection = Preconnection::new(TransportProperties::RELIABLE_MESSAGE, Disabled)
            .add_remote(remote())
            .add_framer(FRAMER);
        let (near, ticket) = preconnection
            .initiate_with_send(&transport, b"first", &PLAIN, None)
            .unwrap();
        assert_eq!(near.state(), ConnectionState::Establishing);
        assert_eq!(near.outcome(ticket).await, Ok(Sent));
        assert_eq!(near.ready().await, Ok(()));
        assert_eq!(body(&mut peers.stream().await).await, b"first");
    });
}

/// NEATPy has one listener a process.
#[test]
fn two_listeners_serve_at_the_same_time() {
    on_cable::<PrefixFramer, PrefixFramer>(CONFIG, async |_, near, far| {
        let properties = TransportProperties::RELIABLE_MESSAGE;
        let listeners = [5000, 5001].map(|port| {
            Preconnection::new(properties, Disabled)
                .add_local(LocalEndpoint::new().with_port(port))
                .add_framer(FRAMER)
                .listen(&far)
                .unwrap()
        });
        for (listener, port) in listeners.iter().zip([5000, 5001]) {
            let address = End::Far.v4().into();
            let server = RemoteEndpoint::new().with_address(address).with_port(port);
            let client = Preconnection::new(properties, Disabled)
                .add_remote(server)
                .add_framer(FRAMER)
                .initiate(&near, None)
                .await
                .unwrap();
            let accepted = listener.accept().await.unwrap();
            let text = port.to_string();
            assert_eq!(client.send(text.as_bytes(), &PLAIN).await, Ok(Sent));
            hears(&accepted, text.as_bytes()).await;
        }
    });
}
