//! Messages that are looked at where they lie, and what a framer has learnt.

#[path = "../../codec/tests/framers/line.rs"]
mod line;

use core::future::poll_fn;
use core::time::Duration;

use line::{LineFramer, Role};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use wigwag_codec::framer::{FrameError, FrameErrorKind, Passthrough};
use wigwag_codec::prefix::PrefixFramer;
use wigwag_embassy::taps::{
    ConnectionError, ConnectionProperties, Disabled, MessageContext, Preconnection, ReceiveError,
    Sent, Shown, TransportConfig, TransportProperties,
};
use wigwag_tests::transport::{
    IN, Polled, SERVER, Tested, frame, framed, on_device, remote, unframed,
};

const CONFIG: TransportConfig<'_> = TransportConfig::DEFAULT;

fn with_framed(app: impl AsyncFnOnce(Tested<'_, PrefixFramer>, DuplexStream) + Send + 'static) {
    on_device(CONFIG, async |transport, mut peers| {
        let properties = ConnectionProperties::DEFAULT;
        let framer = PrefixFramer::for_buffer(IN);
        let (near, far) = framed(&transport, &mut peers, &properties, framer).await;
        app(near, far).await;
    });
}

/// Takes the next message.
async fn take(near: &Tested<'_, PrefixFramer>) -> Result<Vec<u8>, ReceiveError> {
    near.receive_in_place(|(), body| Shown::Taken(body.to_vec()))
        .await
}

#[test]
fn a_message_stays_until_it_is_taken() {
    with_framed(async |near, mut far| {
        let both = [frame(b"one"), frame(b"two")].concat();
        far.write_all(&both).await.unwrap();
        for _ in 0..3 {
            let seen = near.receive_in_place(|(), body| Shown::Left(body.to_vec()));
            assert_eq!(seen.await.unwrap(), b"one");
        }
        assert_eq!(take(&near).await.unwrap(), b"one");
        // It can be received in any other way then.
        let seen = near.receive_in_place(|(), body| Shown::Left(body.to_vec()));
        assert_eq!(seen.await.unwrap(), b"two");
        let mut buffer = [0; 8];
        let received = near.receive(&mut buffer).await.unwrap();
        assert_eq!(&buffer[..received.length], b"two");
    });
}

#[test]
fn each_of_two_tasks_takes_what_is_for_it() {
    with_framed(async |near, mut far| {
        let only = |letter: u8| {
            near.receive_in_place(move |(), body| match body {
                [first, rest @ ..] if *first == letter => Shown::Taken(rest.to_vec()),
                _ => Shown::Passed,
            })
        };
        let messages = [frame(b"a1"), frame(b"a2"), frame(b"b1"), frame(b"a3")];
        far.write_all(&messages.concat()).await.unwrap();
        let a = async {
            for expected in [b"1", b"2", b"3"] {
                assert_eq!(only(b'a').await.unwrap(), expected);
            }
        };
        let b = async { assert_eq!(only(b'b').await.unwrap(), b"1") };
        futures::join!(b, a);
    });
}

#[test]
fn who_waits_sleeps_until_something_changes() {
    with_framed(async |near, mut far| {
        far.write_all(&frame(b"for nobody")).await.unwrap();
        let seen = near.receive_in_place(|(), _| Shown::Left(()));
        assert_eq!(seen.await, Ok(()));
        let mut shown = 0;
        let mut waiting = Polled::new(poll_fn(|cx| {
            near.poll_receive_in_place(cx, |(), body| {
                shown += 1;
                match body {
                    b"for nobody" => Shown::Passed,
                    _ => Shown::Taken(body.len()),
                }
            })
        }));
        assert!(waiting.poll().is_pending());
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert!(!waiting.is_woken());
        // Another message does, and so does the removal of the first.
        far.write_all(&frame(b"four")).await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(waiting.is_woken());
        assert!(waiting.poll().is_pending());
        assert!(!waiting.is_woken());
        assert_eq!(take(&near).await.unwrap(), b"for nobody");
        assert!(waiting.is_woken());
        assert_eq!(waiting.go_on().await, Ok(4));
        assert_eq!(shown, 3);
    });
}

#[test]
fn what_is_too_long_to_be_shown_is_told_and_taken_in_parts_or_dropped() {
    with_framed(async |near, mut far| {
        let long = vec![b'x'; 3 * IN];
        let not_whole = Err(ReceiveError::NotWhole {
            length: Some(3 * IN),
        });
        let reader = async |dropped: bool| {
            assert_eq!(take(&near).await, not_whole);
            let (mut arrived, mut buffer, mut is_over) = (0, [0; 100], dropped);
            while !is_over {
                let part = near.receive_partial(&mut buffer, 1).await.unwrap();
                arrived += part.length;
                is_over = part.end_of_message;
                assert_eq!(is_over, arrived == long.len());
            }
            assert_eq!(take(&near).await.unwrap(), b"next");
        };
        for dropped in [true, false] {
            let bytes = [frame(&long), frame(b"next")].concat();
            let write = async { far.write_all(&bytes).await.unwrap() };
            futures::join!(reader(dropped), write);
        }
        // What is left of one that was begun goes, too.
        far.write_all(&[frame(b"half of it"), frame(b"all")].concat())
            .await
            .unwrap();
        let mut buffer = [0; 4];
        near.receive_partial(&mut buffer, 4).await.unwrap();
        assert_eq!(&buffer, b"half");
        assert_eq!(take(&near).await.unwrap(), b"all");
    });
}

#[test]
fn the_end_is_told_as_by_receive() {
    with_framed(async |near, mut far| {
        far.write_all(&frame(b"last")).await.unwrap();
        far.shutdown().await.unwrap();
        assert_eq!(take(&near).await.unwrap(), b"last");
        assert_eq!(take(&near).await, Err(ReceiveError::Finished));
        near.close();
        assert_eq!(near.closed().await, Ok(()));
        assert_eq!(take(&near).await, Err(ReceiveError::Closed(None)));
    });
    with_framed(async |near, mut far| {
        far.write_all(&frame(b"cut off")[..7]).await.unwrap();
        far.shutdown().await.unwrap();
        let error = FrameError::new(FrameErrorKind::Truncated, 7);
        assert_eq!(take(&near).await, Err(ReceiveError::Framing(error)));
        let lost = Some(ConnectionError::Framing(error));
        assert_eq!(take(&near).await, Err(ReceiveError::Closed(lost)));
    });
    with_framed(async |near, _far| {
        near.abort();
        assert_eq!(near.closed().await, Err(ConnectionError::Aborted));
        let lost = Some(ConnectionError::Aborted);
        assert_eq!(take(&near).await, Err(ReceiveError::Closed(lost)));
    });
}

#[test]
fn a_stream_without_a_framer_has_no_whole_messages() {
    on_device(CONFIG, async |transport, mut peers| {
        let stream = TransportProperties::RELIABLE_INORDER_STREAM;
        let near = unframed(&transport, stream).await;
        let mut far = peers.stream().await;
        far.write_all(b"bytes").await.unwrap();
        let seen = near.receive_in_place(|(), _| Shown::Taken(()));
        let not_whole = ReceiveError::NotWhole { length: None };
        assert_eq!(seen.await, Err(not_whole));
        let mut buffer = [0; 8];
        let received = near.receive(&mut buffer).await.unwrap();
        assert_eq!(&buffer[..received.length], b"bytes");
    });
}

#[test]
fn datagrams_are_shown_too() {
    on_device(CONFIG, async |transport, mut peers| {
        let properties = TransportProperties::UNRELIABLE_DATAGRAM.with_safely_replayable(true);
        let near = Preconnection::new(properties, Disabled)
            .add_remote(remote())
            .add_framer(Passthrough)
            .initiate(&transport, None)
            .await
            .unwrap();
        let context = MessageContext::new();
        assert_eq!(near.send(b"hello", &context).await, Ok(Sent));
        let mut far = peers.datagrams().await;
        assert_eq!(far.receive().await.unwrap(), b"hello");
        for text in [&b"first"[..], b"second", b"third"] {
            assert!(far.send(text));
        }
        let mut buffer = [0; 3];
        assert!(!near.receive(&mut buffer).await.unwrap().end_of_message);
        // The rest of the first one is dropped.
        for _ in 0..2 {
            let seen = near.receive_in_place(|(), body| Shown::Left(body.to_vec()));
            assert_eq!(seen.await.unwrap(), b"second");
        }
        for expected in [&b"second"[..], b"third"] {
            let taken = near.receive_in_place(|(), body| Shown::Taken(body.to_vec()));
            assert_eq!(taken.await.unwrap(), expected);
        }
        assert_eq!(near.remote(), Some(SERVER));
    });
}

#[test]
fn what_a_framer_has_learnt_can_be_asked() {
    on_device(CONFIG, async |transport, mut peers| {
        let near = Preconnection::new(TransportProperties::RELIABLE_INORDER_STREAM, Disabled)
            .add_remote(remote())
            .add_framer(LineFramer::new(Role::Client, 900, 60))
            .begin(&transport, None)
            .unwrap();
        let timeout = || near.with_framer(|framer| framer.timeout.as_secs());
        assert_eq!(timeout(), None);
        let mut far = peers.stream().await;
        far.write_all(b"\0\x05Hhello.").await.unwrap();
        far.read_exact(&mut [0; 7]).await.unwrap();
        assert_eq!(timeout(), Some(60));
        far.write_all(b"\0\x01A\x0c.").await.unwrap();
        near.ready().await.unwrap();
        assert_eq!(timeout(), Some(12));
    });
}
