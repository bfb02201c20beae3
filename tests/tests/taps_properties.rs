//! What the properties of an established connection do, seen from both ends.

use core::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::{Instant, sleep};
use wigwag_codec::framer::Passthrough;
use wigwag_codec::prefix::PrefixFramer;
use wigwag_embassy::taps::{
    CommunicationDirection, ConnectionError, ConnectionProperties, ConnectionProperty as C,
    ConnectionState, Disabled, MessageContext, MessageProperties, MessageProperty, Outcome,
    Preconnection, PropertyValue as V, ReceiveError, Scheduler, SelectionProperty, SendError,
    SendFailure, Sent, SetError, TransportConfig, TransportProperties,
};
use wigwag_tests::transport::{
    BYTES, FRAMER, IN, OUT, SOCKET, Tested, frame, framed, on_device, remote, unframed,
};

const PLAIN: MessageContext = MessageContext::new();
const CONFIG: TransportConfig<'_> = TransportConfig::DEFAULT;
const PROPERTIES: ConnectionProperties = ConnectionProperties::DEFAULT;
const STREAM: TransportProperties = TransportProperties::RELIABLE_INORDER_STREAM;
const DATAGRAM: TransportProperties =
    TransportProperties::UNRELIABLE_DATAGRAM.with_safely_replayable(true);

fn failed(error: SendError) -> Outcome {
    Err(SendFailure::Error(error))
}

const fn with(properties: MessageProperties) -> MessageContext {
    PLAIN.with_properties(properties)
}

#[test]
fn conn_timeout_ends_what_is_not_acknowledged_and_never_what_is_idle() {
    on_device::<PrefixFramer>(CONFIG, async |transport, mut peers| {
        let timeout = Some(Duration::from_secs(20));
        let properties = PROPERTIES.with_conn_timeout(timeout);
        let (near, mut far) = framed(&transport, &mut peers, &properties, FRAMER).await;
        assert_eq!(near.send(b"one", &PLAIN).await, Ok(Sent));
        sleep(Duration::from_secs(3600)).await;
        assert_eq!(near.send(b"two", &PLAIN).await, Ok(Sent));
        let mut both = [0; 14];
        far.read_exact(&mut both).await.unwrap();
        assert_eq!(near.state(), ConnectionState::Established);
        // Shorter, from now on.
        near.set_property(C::ConnTimeout, V::Time(Duration::from_secs(7)))
            .unwrap();
        peers.silence();
        let start = Instant::now();
        assert_eq!(near.send(b"three", &PLAIN).await, Ok(Sent));
        assert_eq!(near.closed().await, Err(ConnectionError::Timeout));
        let after = start.elapsed().as_millis();
        assert!((7_000..7_500).contains(&after), "{after} ms");
        assert_eq!(
            near.send(b"four", &PLAIN).await,
            failed(SendError::ConnectionClosing)
        );
    });
}

#[test]
fn conn_timeout_looks_at_what_is_acknowledged_and_not_at_what_is_written() {
    for (delay, timeout) in [(None, Some(20)), (Some(4), None)] {
        on_device::<PrefixFramer>(CONFIG, async move |transport, mut peers| {
            let properties = PROPERTIES.with_conn_timeout(Some(Duration::from_secs(20)));
            let (near, _far) = framed(&transport, &mut peers, &properties, FRAMER).await;
            match delay {
                // Something is always under way, and acknowledged at last.
                Some(delay) => peers.delay(Duration::from_secs(delay)),
                None => peers.silence(),
            }
            let start = Instant::now();
            for _ in 0..60 {
                if near.send(b"x", &PLAIN).await.is_err() {
                    break;
                }
                sleep(Duration::from_secs(1)).await;
            }
            match timeout {
                Some(timeout) => {
                    assert_eq!(near.closed().await, Err(ConnectionError::Timeout));
                    let after = start.elapsed().as_secs();
                    assert!((timeout..=timeout + 1).contains(&after), "{after} s");
                }
                None => assert_eq!(near.state(), ConnectionState::Established),
            }
        });
    }
}

#[test]
fn max_send_rate_is_kept_and_can_be_changed() {
    on_device::<PrefixFramer>(CONFIG, async |transport, mut peers| {
        let properties = ConnectionProperties {
            // 1000 bytes a second.
            max_send_rate: Some(8_000),
            ..PROPERTIES
        };
        let (near, mut far) = framed(&transport, &mut peers, &properties, FRAMER).await;
        let start = Instant::now();
        for _ in 0..40 {
            assert_eq!(near.send(&[7; 96], &PLAIN).await, Ok(Sent));
            let mut body = [0; 100];
            far.read_exact(&mut body).await.unwrap();
        }
        // 4000 bytes, the first at once.
        let took = start.elapsed().as_millis();
        assert!((3_800..4_200).contains(&took), "{took} ms");
        near.set_property(C::MaxSendRate, V::Unset).unwrap();
        let start = Instant::now();
        for _ in 0..40 {
            assert_eq!(near.send(&[7; 96], &PLAIN).await, Ok(Sent));
            let mut body = [0; 100];
            far.read_exact(&mut body).await.unwrap();
        }
        assert!(start.elapsed() < Duration::from_millis(500));
    });
}

/// When each of three messages arrived.
async fn arrivals(far: &mut DuplexStream) -> Vec<u128> {
    let start = Instant::now();
    let mut times = Vec::new();
    for _ in 0..3 {
        far.read_exact(&mut [0; 100]).await.unwrap();
        times.push(start.elapsed().as_millis());
    }
    times
}

/// Whose messages arrive in which order, three of each: two connections of a
/// group that may send 1000 bytes a second together, the first of which has its
/// messages earlier.
fn order(scheduler: Scheduler, priorities: [u32; 2], expected: &'static str) {
    on_device::<PrefixFramer>(CONFIG, async move |transport, mut peers| {
        let properties = ConnectionProperties {
            max_send_rate: Some(8_000),
            ..PROPERTIES
        };
        let (one, mut far_one) = framed(&transport, &mut peers, &properties, FRAMER).await;
        let other = one.clone_connection(None).await.unwrap();
        let mut far_other = peers.stream().await;
        // Entangled, but for the priority.
        other
            .set_property(C::ConnScheduler, V::Scheduler(scheduler))
            .unwrap();
        assert_eq!(one.properties().conn_scheduler, scheduler);
        for (near, priority) in [(&one, priorities[0]), (&other, priorities[1])] {
            near.set_property(C::ConnPriority, V::Number(priority.into()))
                .unwrap();
        }
        assert_eq!(one.properties().conn_priority, priorities[0]);
        // Nothing leaves in the first second, so that all are there to choose from.
        assert_eq!(one.send(&[0; 596], &PLAIN).await, Ok(Sent));
        far_one.read_exact(&mut [0; 600]).await.unwrap();
        for near in [&one, &other] {
            for _ in 0..3 {
                near.forget(near.try_send(&[1; 96], &PLAIN).unwrap());
                sleep(Duration::from_millis(1)).await;
            }
        }
        let (ones, others) = tokio::join!(arrivals(&mut far_one), arrivals(&mut far_other));
        let mut all: Vec<_> = ones.into_iter().map(|at| (at, '1')).collect();
        all.extend(others.into_iter().map(|at| (at, '2')));
        all.sort_unstable();
        let order: String = all.into_iter().map(|(_, who)| who).collect();
        assert_eq!(order, expected, "{scheduler} {priorities:?}");
    });
}

#[test]
fn the_scheduler_and_the_priority_of_connections_decide_who_sends() {
    order(Scheduler::FirstComeFirstServed, [100, 100], "111222");
    order(Scheduler::FirstComeFirstServed, [100, 1], "222111");
    // The first has had a turn before.
    order(Scheduler::RoundRobin, [100, 100], "212121");
    order(Scheduler::RoundRobin, [1, 100], "111222");
}

#[test]
fn what_cannot_be_set_changes_nothing() {
    on_device::<PrefixFramer>(CONFIG, async |transport, mut peers| {
        let (near, _far) = framed(&transport, &mut peers, &PROPERTIES, FRAMER).await;
        let before = near.properties();
        for (property, value, error) in [
            (C::ConnState, V::Flag(true), SetError::ReadOnly),
            (C::SendMsgMaxLen, V::Number(9), SetError::ReadOnly),
            (C::ConnTimeout, V::Number(9), SetError::WrongType),
            (C::MaxSendRate, V::Number(0), SetError::OutOfRange),
        ] {
            assert_eq!(near.set_property(property, value), Err(error), "{property}");
        }
        assert_eq!(near.properties(), before);
    });
}

#[test]
fn the_state_and_what_can_be_done_follow_the_connection() {
    on_device::<PrefixFramer>(CONFIG, async |transport, mut peers| {
        let told = |near: &Tested<'_, PrefixFramer>| {
            [C::ConnState, C::CanSend, C::CanReceive].map(|property| near.property(property))
        };
        let is =
            |state, send, receive| [V::State(state), V::Flag(send), V::Flag(receive)].map(Some);
        let near = Preconnection::new(TransportProperties::RELIABLE_MESSAGE, Disabled)
            .add_remote(remote())
            .add_framer(FRAMER);
        let near = near.begin(&transport, None).unwrap();
        assert_eq!(told(&near), is(ConnectionState::Establishing, true, false));
        assert_eq!(near.has(SelectionProperty::Reliability), None);
        assert_eq!(near.property(C::SendMsgMaxLen), None);
        near.ready().await.unwrap();
        let mut far = peers.stream().await;
        assert_eq!(told(&near), is(ConnectionState::Established, true, true));
        for (property, has) in [
            (SelectionProperty::Reliability, true),
            (SelectionProperty::PreserveMsgBoundaries, true),
            (SelectionProperty::Multistreaming, false),
        ] {
            assert_eq!(near.has(property), Some(has), "{property}");
        }
        far.shutdown().await.unwrap();
        sleep(Duration::from_secs(1)).await;
        assert_eq!(told(&near), is(ConnectionState::Established, true, false));
        near.close();
        assert_eq!(told(&near), is(ConnectionState::Closing, false, false));
        near.closed().await.unwrap();
        assert_eq!(told(&near), is(ConnectionState::Closed, false, false));
    });
}

#[test]
fn one_direction_is_one_direction() {
    on_device::<Passthrough>(CONFIG, async |transport, mut peers| {
        let receive = STREAM.with_direction(CommunicationDirection::UnidirectionalReceive);
        let near = unframed(&transport, receive).await;
        let mut far = peers.stream().await;
        assert!(!near.can_send() && near.can_receive());
        assert_eq!(
            near.send(b"no", &PLAIN).await,
            failed(SendError::ReceiveOnly)
        );
        far.write_all(b"yes").await.unwrap();
        assert_eq!(near.receive(&mut [0; 9]).await.unwrap().length, 3);
        let send = STREAM.with_direction(CommunicationDirection::UnidirectionalSend);
        let near = unframed(&transport, send).await;
        let mut far = peers.stream().await;
        assert!(near.can_send() && !near.can_receive());
        assert_eq!(near.send(b"yes", &PLAIN).await, Ok(Sent));
        far.read_exact(&mut [0; 3]).await.unwrap();
        let refused = near.receive(&mut [0; 9]).await;
        assert_eq!(refused, Err(ReceiveError::SendOnly));
    });
}

#[test]
fn lengths_are_what_fits_and_one_byte_more_does_not() {
    on_device::<PrefixFramer>(CONFIG, async |transport, mut peers| {
        let (near, mut far) = framed(&transport, &mut peers, &PROPERTIES, FRAMER).await;
        assert_eq!(near.property(C::SingularTransmissionMsgMaxLen), None);
        let limit = V::Number(BYTES as u64);
        assert_eq!(near.property(C::SendMsgMaxLen), Some(limit));
        let received = V::Number(IN as u64 - 4);
        assert_eq!(near.property(C::RecvMsgMaxLen), Some(received));
        assert_eq!(near.send(&[0; BYTES], &PLAIN).await, Ok(Sent));
        let mut whole = [0; BYTES + 4];
        far.read_exact(&mut whole).await.unwrap();
        assert_eq!(whole[..], frame(&[0; BYTES]));
        let (length, limit) = (BYTES + 1, BYTES);
        let too_large = SendError::MessageTooLarge { length, limit };
        assert_eq!(near.send(&[0; BYTES + 1], &PLAIN).await, failed(too_large));
        // No segmentation cannot be had of TCP.
        let whole = with(MessageProperties::DEFAULT.with_no_segmentation());
        let refused = SendError::InconsistentProperties(MessageProperty::NoSegmentation);
        assert_eq!(near.send(b"cut", &whole).await, failed(refused));
        let unreliable = with(MessageProperties::DEFAULT.with_reliable(false));
        let refused = SendError::InconsistentProperties(MessageProperty::MsgReliable);
        assert_eq!(near.send(b"maybe", &unreliable).await, failed(refused));
    });
    // What a packet carries, or the queues if that is less.
    for (packet, limit) in [(100, 100 - 28), (1500, OUT - 2)] {
        let config = TransportConfig {
            packet_size: packet,
            ..CONFIG
        };
        on_device::<Passthrough>(config, async move |transport, mut peers| {
            assert!(limit <= SOCKET / 2);
            let near = unframed(&transport, DATAGRAM).await;
            let told = Some(V::Number(limit as u64));
            assert_eq!(near.property(C::SingularTransmissionMsgMaxLen), told);
            assert_eq!(near.property(C::SendMsgMaxLen), told);
            let whole = MessageProperties::DEFAULT.with_no_segmentation();
            let whole = with(whole.with_no_fragmentation());
            assert_eq!(near.send(&vec![1; limit], &whole).await, Ok(Sent));
            let mut far = peers.datagrams().await;
            assert_eq!(far.receive().await.unwrap(), vec![1; limit]);
            let length = limit + 1;
            let too_large = SendError::MessageTooLarge { length, limit };
            for context in [PLAIN, whole] {
                let outcome = near.send(&vec![1; length], &context).await;
                assert_eq!(outcome, failed(too_large));
            }
        });
    }
}

#[test]
fn a_datagram_may_arrive_twice_and_is_never_reliable() {
    on_device::<Passthrough>(CONFIG, async |transport, mut peers| {
        let near = unframed(&transport, DATAGRAM).await;
        for (properties, refused) in [
            (
                MessageProperties::DEFAULT.with_safely_replayable(false),
                MessageProperty::SafelyReplayable,
            ),
            (
                MessageProperties::DEFAULT.with_reliable(true),
                MessageProperty::MsgReliable,
            ),
        ] {
            let outcome = near.send(b"no", &with(properties)).await;
            assert_eq!(outcome, failed(SendError::InconsistentProperties(refused)));
        }
        let unreliable = with(MessageProperties::DEFAULT.with_reliable(false));
        assert_eq!(near.send(b"yes", &unreliable).await, Ok(Sent));
        let mut far = peers.datagrams().await;
        assert_eq!(far.receive().await.unwrap(), b"yes");
        assert_eq!(near.has(SelectionProperty::Reliability), Some(false));
        assert_eq!(
            near.has(SelectionProperty::PreserveMsgBoundaries),
            Some(true)
        );
    });
}
