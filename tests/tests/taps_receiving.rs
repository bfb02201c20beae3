//! Messages that come to a connection, however the network cuts them, and the
//! ways in which there are no more.

use core::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use wigwag_codec::framer::{FrameError, FrameErrorKind, Framer, Over, Passthrough};
use wigwag_codec::mark::MarkFramer;
use wigwag_codec::prefix::PrefixFramer;
use wigwag_embassy::taps::{
    ConnectionError, ConnectionProperties, ConnectionState, Disabled, MessageContext,
    Preconnection, ReceiveError, Sent, TransportConfig, TransportProperties,
};
use wigwag_embassy::tls::End;
use wigwag_harness::faults::Cut;
use wigwag_tests::transport::{
    FRAMER, IN, Peers, SERVER, Tested, frame, framed, on_device, remote, unframed,
};

const PLAIN: MessageContext = MessageContext::new();
const CONFIG: TransportConfig<'_> = TransportConfig::DEFAULT;
const STREAM: TransportProperties = TransportProperties::RELIABLE_INORDER_STREAM;
const DATAGRAM: TransportProperties =
    TransportProperties::UNRELIABLE_DATAGRAM.with_safely_replayable(true);

/// Longer messages come in parts.
const FITTING: PrefixFramer = PrefixFramer::for_buffer(IN);

fn with_framed(
    app: impl AsyncFnOnce(Tested<'_, PrefixFramer>, DuplexStream, Peers) + Send + 'static,
) {
    on_device(CONFIG, async |transport, mut peers| {
        let properties = ConnectionProperties::DEFAULT;
        let (near, far) = framed(&transport, &mut peers, &properties, FITTING).await;
        app(near, far, peers).await;
    });
}

/// The next message, or part of one: its bytes and whether it ends.
async fn next<F: Framer>(
    near: &Tested<'_, F>,
    max: usize,
    min: usize,
) -> Result<(Vec<u8>, bool), ReceiveError> {
    let mut buffer = vec![0; max];
    let received = near.receive_partial(&mut buffer, min).await?;
    buffer.truncate(received.length);
    Ok((buffer, received.end_of_message))
}

/// The next message, which is whole.
async fn whole<F: Framer>(near: &Tested<'_, F>) -> Result<Vec<u8>, ReceiveError> {
    let (bytes, end_of_message) = next(near, 1000, usize::MAX).await?;
    assert!(end_of_message);
    Ok(bytes)
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 7 + at / 251) as u8).collect()
}

#[test]
fn messages_are_whole_however_the_bytes_come() {
    with_framed(async |near, mut far, _| {
        // One; two in one segment; none at all.
        far.write_all(&frame(b"one")).await.unwrap();
        assert_eq!(whole(&near).await.unwrap(), b"one");
        let two = [frame(b"two"), frame(b"three"), frame(b"")].concat();
        far.write_all(&two).await.unwrap();
        assert_eq!(whole(&near).await.unwrap(), b"two");
        assert_eq!(whole(&near).await.unwrap(), b"three");
        assert_eq!(whole(&near).await.unwrap(), b"");
        // A header in two segments, and the rest of a body with the next frame.
        let bytes = [frame(b"four"), frame(b"five")].concat();
        for part in [&bytes[..2], &bytes[2..6], &bytes[6..]] {
            far.write_all(part).await.unwrap();
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        assert_eq!(whole(&near).await.unwrap(), b"four");
        assert_eq!(whole(&near).await.unwrap(), b"five");
        // A receive that is given up takes nothing.
        let given_up = tokio::time::timeout(Duration::from_secs(9), whole(&near));
        assert!(given_up.await.is_err());
        far.write_all(&frame(b"six")).await.unwrap();
        assert_eq!(whole(&near).await.unwrap(), b"six");
    });
}

#[test]
fn a_message_comes_in_parts_of_the_lengths_that_were_asked_for() {
    with_framed(async |near, mut far, _| {
        // The longest that is received whole, and one byte more.
        let limit = IN - 4;
        use wigwag_embassy::taps::{ConnectionProperty, PropertyValue};
        let told = near.property(ConnectionProperty::RecvMsgMaxLen);
        assert_eq!(told, Some(PropertyValue::Number(limit as u64)));
        let send = async {
            for length in [limit, limit + 1, 5_000] {
                far.write_all(&frame(&pattern(length))).await.unwrap();
            }
            far.write_all(&frame(b"end")).await.unwrap();
        };
        let receive = async {
            assert_eq!(whole(&near).await.unwrap(), pattern(limit));
            // maxLength, minIncompleteLength: only the last part has fewer.
            for (length, max, min) in [(limit + 1, 1000, usize::MAX), (5_000, 70, 50)] {
                let mut all = Vec::new();
                loop {
                    let (part, is_last) = next(&near, max, min).await.unwrap();
                    assert!(
                        part.len() >= min.min(max).min(IN) || is_last,
                        "{}",
                        part.len()
                    );
                    all.extend(part);
                    if is_last {
                        break;
                    }
                }
                assert_eq!(all, pattern(length));
            }
            assert_eq!(whole(&near).await.unwrap(), b"end");
        };
        tokio::join!(send, receive);
        assert_eq!(next(&near, 0, 1).await, Err(ReceiveError::NoBuffer));
    });
}

#[test]
fn garbage_ends_the_connection_with_the_reason() {
    type Marked = Over<MarkFramer<4>, PrefixFramer>;
    on_device::<Marked>(CONFIG, async |transport, mut peers| {
        let framer = Over::new(MarkFramer::SECOND, FITTING);
        let properties = ConnectionProperties::DEFAULT;
        let (near, mut far) = framed(&transport, &mut peers, &properties, framer).await;
        far.write_all(&frame("\u{1f618}good".as_bytes()))
            .await
            .unwrap();
        far.write_all(&frame(b"no mark")).await.unwrap();
        assert_eq!(whole(&near).await.unwrap(), b"good");
        let Err(ReceiveError::Framing(error)) = whole(&near).await else {
            panic!("there is no mark");
        };
        assert_eq!(error.kind, FrameErrorKind::Unrecognized);
        let lost = ConnectionError::Framing(error);
        assert_eq!(near.closed().await, Err(lost));
        assert_eq!(whole(&near).await, Err(ReceiveError::Closed(Some(lost))));
        assert_eq!(far.read(&mut [0; 9]).await.unwrap(), 0);
    });
}

#[test]
fn a_huge_length_takes_no_memory_and_keeps_nobody_waiting() {
    with_framed(async |near, mut far, _| {
        far.write_all(&[0xff; 1_000]).await.unwrap();
        far.shutdown().await.unwrap();
        let mut all = 0;
        let error = loop {
            match next(&near, 1_000, usize::MAX).await {
                Ok((part, is_last)) => {
                    assert!(part.len() <= IN && !is_last);
                    all += part.len();
                }
                Err(error) => break error,
            }
        };
        let truncated = |error: &FrameError| error.kind == FrameErrorKind::Truncated;
        assert!(matches!(error, ReceiveError::Framing(error) if truncated(&error)));
        assert!(all <= 996, "{all}");
    });
}

#[test]
fn an_end_in_the_middle_of_a_frame_is_no_end_of_a_message() {
    // In good order: the peer has forgotten half a message.
    with_framed(async |near, mut far, _| {
        far.write_all(&frame(b"good")).await.unwrap();
        far.write_all(&frame(b"cut off")[..8]).await.unwrap();
        far.shutdown().await.unwrap();
        assert_eq!(whole(&near).await.unwrap(), b"good");
        let Err(ReceiveError::Framing(error)) = whole(&near).await else {
            panic!("half a message is none");
        };
        assert_eq!(near.closed().await, Err(ConnectionError::Framing(error)));
    });
    // By a reset: what was whole before it still comes.
    with_framed(async |near, mut far, peers| {
        far.write_all(&frame(b"good")).await.unwrap();
        far.write_all(&frame(b"cut off")[..8]).await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        peers.faults.cut_all(Cut::Reset);
        let lost = ConnectionError::Stack(End::Reset);
        assert_eq!(near.closed().await, Err(lost));
        assert_eq!(near.state(), ConnectionState::Closed);
        assert_eq!(whole(&near).await.unwrap(), b"good");
        assert_eq!(whole(&near).await, Err(ReceiveError::Closed(Some(lost))));
    });
}

#[test]
fn the_end_of_the_peers_side_leaves_this_one_open() {
    with_framed(async |near, mut far, _| {
        far.write_all(&frame(b"last")).await.unwrap();
        far.shutdown().await.unwrap();
        assert_eq!(whole(&near).await.unwrap(), b"last");
        assert_eq!(whole(&near).await, Err(ReceiveError::Finished));
        assert!(near.can_send() && !near.can_receive());
        tokio::time::sleep(Duration::from_secs(300)).await;
        assert_eq!(near.send(b"answer", &PLAIN).await, Ok(Sent));
        near.close();
        let mut all = Vec::new();
        far.read_to_end(&mut all).await.unwrap();
        assert_eq!(all, frame(b"answer"));
        assert_eq!(near.closed().await, Ok(()));
        assert_eq!(whole(&near).await, Err(ReceiveError::Closed(None)));
    });
}

#[test]
fn what_came_before_a_close_is_received_after_it() {
    with_framed(async |near, mut far, _| {
        far.write_all(&[frame(b"one"), frame(b"two")].concat())
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        near.close();
        assert_eq!(near.closed().await, Ok(()));
        assert_eq!(whole(&near).await.unwrap(), b"one");
        assert_eq!(whole(&near).await.unwrap(), b"two");
        assert_eq!(whole(&near).await, Err(ReceiveError::Closed(None)));
    });
}

#[test]
fn a_stream_without_a_framer_is_one_message_up_to_its_end() {
    on_device::<Passthrough>(CONFIG, async |transport, mut peers| {
        let near = unframed(&transport, STREAM).await;
        let mut far = peers.stream().await;
        far.write_all(b"as they come").await.unwrap();
        let mut buffer = [0; 100];
        let received = near.receive(&mut buffer).await.unwrap();
        assert_eq!(&buffer[..received.length], b"as they come");
        assert!(!received.end_of_message);
        assert_eq!(received.context.receiving_final, None);
        // At least so many, and at most.
        far.write_all(b"123").await.unwrap();
        let early = tokio::time::timeout(Duration::from_secs(9), next(&near, 5, 4));
        assert!(early.await.is_err());
        far.write_all(b"456").await.unwrap();
        let part = next(&near, 5, 4).await.unwrap();
        assert!(
            matches!(part, (bytes, false) if b"123456".starts_with(&bytes) && bytes.len() >= 4)
        );
        far.write_all(b"7").await.unwrap();
        far.shutdown().await.unwrap();
        // The end of the stream is that of the message.
        let mut rest = Vec::new();
        loop {
            let received = near.receive_partial(&mut buffer, usize::MAX).await.unwrap();
            rest.extend(&buffer[..received.length]);
            if received.end_of_message {
                assert_eq!(received.context.receiving_final, Some(true));
                break;
            }
        }
        assert!(b"1234567".ends_with(&rest[..]));
        let end = near.receive(&mut buffer).await;
        assert_eq!(end, Err(ReceiveError::Finished));
    });
    // One that is cut off has no end.
    on_device::<Passthrough>(CONFIG, async |transport, mut peers| {
        let near = unframed(&transport, STREAM).await;
        let mut far = peers.stream().await;
        far.write_all(b"some").await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        peers.faults.cut_all(Cut::Reset);
        assert_eq!(
            next(&near, 9, usize::MAX).await.unwrap(),
            (b"some".to_vec(), false)
        );
        let lost = Some(ConnectionError::Stack(End::Reset));
        assert_eq!(next(&near, 9, 1).await, Err(ReceiveError::Closed(lost)));
    });
}

#[test]
fn each_datagram_is_a_message_and_may_be_taken_in_parts() {
    on_device::<Passthrough>(CONFIG, async |transport, mut peers| {
        let near = unframed(&transport, DATAGRAM).await;
        assert_eq!(near.send(b"hello", &PLAIN).await, Ok(Sent));
        let mut far = peers.datagrams().await;
        assert_eq!(far.receive().await.unwrap(), b"hello");
        for datagram in [&b"one"[..], b"twenty bytes of data", b"three"] {
            assert!(far.send(datagram));
        }
        assert_eq!(whole(&near).await.unwrap(), b"one");
        for (text, is_last) in [
            (&b"twenty b"[..], false),
            (b"ytes of ", false),
            (b"data", true),
        ] {
            let part = next(&near, 8, 1).await.unwrap();
            assert_eq!(part, (text.to_vec(), is_last));
        }
        assert_eq!(whole(&near).await.unwrap(), b"three");
        // One that is too large for the socket is lost, and nothing else.
        assert!(far.send(vec![1; 1000]) && far.send(*b"four"));
        assert_eq!(whole(&near).await.unwrap(), b"four");
        // So is one for which there is no room.
        for _ in 0..3 {
            assert!(far.send([5; 200]));
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        assert!(far.send([6; 9]));
        assert_eq!(whole(&near).await.unwrap(), [5; 200]);
        assert_eq!(whole(&near).await.unwrap(), [6; 9]);
    });
}

#[test]
fn a_datagram_that_is_no_message_is_told_and_dropped() {
    on_device::<PrefixFramer>(CONFIG, async |transport, mut peers| {
        let near = Preconnection::new(DATAGRAM, Disabled)
            .add_remote(remote())
            .add_framer(FRAMER);
        let near = near.initiate(&transport, None).await.unwrap();
        assert_eq!(near.send(b"hello", &PLAIN).await, Ok(Sent));
        let mut far = peers.datagrams().await;
        assert_eq!(far.receive().await.unwrap(), frame(b"hello"));
        assert!(far.send(*b"no") && far.send(frame(b"good")));
        let told = whole(&near).await;
        assert!(matches!(told, Err(ReceiveError::Datagram(_))), "{told:?}");
        assert_eq!(whole(&near).await.unwrap(), b"good");
        assert_eq!(near.state(), ConnectionState::Established);
    });
}

#[test]
fn the_context_says_who_sent_it_to_whom() {
    with_framed(async |near, mut far, _| {
        far.write_all(&frame(b"hi")).await.unwrap();
        let mut buffer = [0; 9];
        let context = near.receive(&mut buffer).await.unwrap().context;
        assert_eq!(context.remote, Some(SERVER));
        assert_eq!(context.local, near.local());
        assert!(context.local.is_some_and(|local| local.port() > 0));
        assert_eq!((context.ecn, context.early_data), (None, None));
        assert_eq!(context.receiving_final, None);
    });
}
