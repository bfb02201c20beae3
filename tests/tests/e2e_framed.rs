//! Messages over a secure connection, against rustls: handshakes and clocks of
//! framers, messages in parts, and the ends of those that have none.

#[path = "../../codec/tests/framers/line.rs"]
mod line;

use core::time::Duration;

use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use line::{LineFramer, Role};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;
use wigwag_codec::framer::{FrameError, FrameErrorKind, Framer, Over, Passthrough};
use wigwag_codec::mark::MarkFramer;
use wigwag_codec::prefix::PrefixFramer;
use wigwag_embassy::connection::{Framed, Incoming, ReceiveError};
use wigwag_embassy::tls::End;
use wigwag_tests::e2e::in_paused_time;
use wigwag_tests::secure::{Connection, QUEUE, Server, connect};

/// A device that would be silent for 30 seconds at most.
fn device() -> LineFramer {
    LineFramer::new(Role::Client, 900, 30)
}

async fn expect(stream: &mut Server, bytes: &[u8]) {
    let mut received = vec![0; bytes.len()];
    stream.read_exact(&mut received).await.unwrap();
    assert_eq!(received, bytes);
}

/// The server's part of the handshake, by hand: 12 seconds are agreed on.
async fn agree(stream: &mut Server, behind: &[u8]) {
    stream.write_all(b"\0\x05Hhello.").await.unwrap();
    expect(stream, b"\0\x03Nme\x1e.").await;
    stream.write_all(b"\0\x01A\x0c.").await.unwrap();
    stream.write_all(behind).await.unwrap();
    expect(stream, b"\0\0c.").await;
}

type OnLink<'a, F> = Framed<'a, F, NoopRawMutex, QUEUE, QUEUE>;

/// The next message, which is whole.
async fn message(framed: &mut OnLink<'_, LineFramer>) -> Result<Vec<u8>, ReceiveError> {
    let next = framed.receive_with(|incoming| match incoming {
        Incoming::Message { body, .. } => body.to_vec(),
        _ => panic!("not a whole message"),
    });
    next.await
}

fn framing(kind: FrameErrorKind) -> ReceiveError {
    ReceiveError::Framing(FrameError::new(kind, 0))
}

#[test]
fn a_framer_shakes_hands_before_ready_and_keeps_alive_while_idle() {
    in_paused_time(async || {
        let serve = async |mut stream: Server| {
            // A message already waits behind the end of the handshake.
            agree(&mut stream, b"\0\x02Mhi.").await;
            let begun = Instant::now();
            expect(&mut stream, b"\0\x04Mback.").await;
            let mut idle = Vec::new();
            for _ in 0..3 {
                expect(&mut stream, b"\0\0L.").await;
                stream.write_all(b"\0\0L.").await.unwrap();
                idle.push(begun.elapsed().as_secs());
            }
            stream.write_all(b"\0\x05Magain.").await.unwrap();
            // The last words, and then the end in good order.
            loop {
                let mut frame = [0; 4];
                stream.read_exact(&mut frame).await.unwrap();
                match &frame {
                    b"\0\0L." => {}
                    b"\0\0R." => break,
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!(stream.read(&mut [0; 9]).await.unwrap(), 0);
            idle
        };
        let (end, idle) = connect(serve, async |connection| {
            let mut framed = Framed::open(connection, device()).await.unwrap();
            assert_eq!(message(&mut framed).await.unwrap(), b"hi");
            framed.send(&(), b"back").await.unwrap();
            // It waits for a dozen seconds, in which nothing is a message.
            assert_eq!(message(&mut framed).await.unwrap(), b"again");
            framed.close();
        })
        .await;
        assert_eq!(end, End::Closed);
        assert_eq!(idle, [4, 8, 12]);
    });
}

#[test]
fn a_refused_handshake_is_an_error_before_ready() {
    in_paused_time(async || {
        let serve = async |mut stream: Server| {
            stream.write_all(b"\0\x05Hhello.").await.unwrap();
            expect(&mut stream, b"\0\x03Nme\x1e.").await;
            stream.write_all(b"\0\x02X\x01\x91.").await.unwrap();
            assert_eq!(stream.read(&mut [0; 9]).await.unwrap(), 0);
        };
        let (end, ()) = connect(serve, async |connection| {
            let refused = framing(FrameErrorKind::Refused { code: 401 });
            assert_eq!(
                Framed::open(connection, device()).await.err(),
                Some(refused)
            );
            connection.close();
        })
        .await;
        assert_eq!(end, End::Closed);
    });
}

#[test]
fn a_silent_server_ends_the_handshake_and_the_session_by_the_framers_clock() {
    in_paused_time(async || {
        let serve = async |mut stream: Server| {
            let mut heard = Vec::new();
            let _ = stream.read_to_end(&mut heard).await;
            heard
        };
        let (_, heard) = connect(serve, async |connection| {
            let begun = Instant::now();
            let error = Framed::open(connection, device()).await.err();
            assert_eq!(error, Some(framing(FrameErrorKind::Silent)));
            assert_eq!(begun.elapsed().as_secs(), 30);
            connection.close();
        })
        .await;
        // Two words in half a minute, for nobody.
        assert_eq!(heard, b"\0\0L.\0\0L.");
        let serve = async |mut stream: Server| {
            agree(&mut stream, b"").await;
            let _ = stream.read_to_end(&mut Vec::new()).await;
        };
        connect(serve, async |connection| {
            let mut framed = Framed::open(connection, device()).await.unwrap();
            let begun = Instant::now();
            let error = message(&mut framed).await;
            assert_eq!(error, Err(framing(FrameErrorKind::Silent)));
            assert_eq!(begun.elapsed().as_secs(), 12);
            connection.close();
        })
        .await;
    });
}

#[test]
fn a_message_that_comes_slowly_and_one_that_waits_are_no_silence() {
    in_paused_time(async || {
        let serve = async |mut stream: Server| {
            agree(&mut stream, b"").await;
            for byte in b"\0\x04Mslow." {
                tokio::time::sleep(Duration::from_secs(10)).await;
                stream.write_all(&[*byte]).await.unwrap();
            }
            stream.write_all(b"\0\x03Mone.\0\x03Mtwo.").await.unwrap();
            let _ = stream.read_to_end(&mut Vec::new()).await;
        };
        connect(serve, async |connection| {
            let mut framed = Framed::open(connection, device()).await.unwrap();
            // Eighty seconds, of which twelve without a byte would be too many.
            assert_eq!(message(&mut framed).await.unwrap(), b"slow");
            for expected in [&b"one"[..], b"two"] {
                tokio::time::sleep(Duration::from_secs(100)).await;
                assert_eq!(message(&mut framed).await.unwrap(), expected);
            }
            connection.close();
        })
        .await;
    });
}

#[test]
fn a_server_that_ends_in_the_handshake_is_told_from_one_that_refuses() {
    in_paused_time(async || {
        let serve = async |mut stream: Server| {
            stream.write_all(b"\0\x05Hhel").await.unwrap();
            stream.shutdown().await.unwrap();
        };
        let (end, ()) = connect(serve, async |connection| {
            let ended = ReceiveError::Ended(End::PeerClosed);
            assert_eq!(Framed::open(connection, device()).await.err(), Some(ended));
        })
        .await;
        assert_eq!(end, End::PeerClosed);
    });
}

/// The bytes of a large message.
fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 7 + at / 251) as u8).collect()
}

/// Takes one message in parts; between the parts futures are dropped that were
/// polled once.
async fn in_parts<F: Framer>(
    framed: &mut OnLink<'_, F>,
    (min, max): (usize, usize),
) -> Result<Vec<u8>, (Vec<u8>, ReceiveError)> {
    let (mut all, mut buffer) = (Vec::new(), vec![0; max]);
    loop {
        let polled = {
            let part = framed.receive_partial(&mut buffer, min);
            let dropped = tokio::time::timeout(Duration::ZERO, part);
            dropped.await.ok()
        };
        let part = match polled {
            Some(part) => part,
            None => framed.receive_partial(&mut buffer, min).await,
        };
        match part {
            Ok(part) => {
                assert!(part.length >= min.min(max).min(QUEUE) || part.end_of_message);
                all.extend(&buffer[..part.length]);
                if part.end_of_message {
                    return Ok(all);
                }
            }
            Err(error) => return Err((all, error)),
        }
    }
}

#[test]
fn a_message_a_hundred_times_the_queue_comes_in_parts() {
    in_paused_time(async || {
        let serve = async |mut stream: Server| {
            for length in [5_u32, 100_000, 0, 900, 2000] {
                stream.write_u32(length).await.unwrap();
                stream.write_all(&pattern(length as usize)).await.unwrap();
            }
            stream.shutdown().await.unwrap();
        };
        for sizes in [(1, 300), (200, 300), (2000, 5000)] {
            let (end, ()) = connect(serve, async |connection: Connection<'_>| {
                let mut framed = Framed::new(connection, PrefixFramer::for_buffer(QUEUE));
                for length in [5, 100_000, 0, 900] {
                    let whole = in_parts(&mut framed, sizes).await.unwrap();
                    assert_eq!(whole, pattern(length));
                }
                // Announced first, then in parts.
                let announced = framed.receive_with(|incoming| match incoming {
                    Incoming::Oversized { length, .. } => length,
                    _ => panic!("it is over the limit"),
                });
                assert_eq!(announced.await, Ok(2000));
                assert_eq!(in_parts(&mut framed, sizes).await, Ok(pattern(2000)));
                let end = ReceiveError::Ended(End::PeerClosed);
                assert_eq!(in_parts(&mut framed, sizes).await, Err((Vec::new(), end)));
            })
            .await;
            assert_eq!(end, End::PeerClosed);
        }
    });
}

#[test]
fn a_message_without_an_end_ends_with_a_connection_in_good_order() {
    in_paused_time(async || {
        for (marked, in_order) in [(true, true), (true, false), (false, true), (false, false)] {
            let serve = async move |mut stream: Server| {
                if marked {
                    stream.write_all("\u{1f618}".as_bytes()).await.unwrap();
                }
                stream.write_all(&pattern(5000)).await.unwrap();
                stream.flush().await.unwrap();
                if in_order {
                    stream.shutdown().await.unwrap();
                }
            };
            connect(serve, async |connection: Connection<'_>| {
                let received = if marked {
                    let mut framed = Framed::new(connection, MarkFramer::SECOND);
                    let begun = framed.receive_with(|incoming| incoming_is_endless(&incoming));
                    assert_eq!(begun.await, Ok(true));
                    in_parts(&mut framed, (700, 1000)).await
                } else {
                    let stack = Over::new(Passthrough, Passthrough);
                    in_parts(&mut Framed::new(connection, stack), (1, 300)).await
                };
                if in_order {
                    assert_eq!(received, Ok(pattern(5000)));
                } else {
                    let end = ReceiveError::Ended(End::Truncated);
                    assert_eq!(received, Err((pattern(5000), end)));
                }
            })
            .await;
        }
    });
}

fn incoming_is_endless<M>(incoming: &Incoming<'_, M>) -> bool {
    matches!(incoming, Incoming::Endless { .. })
}

#[test]
fn a_message_cut_off_in_the_middle_is_not_given_an_end() {
    in_paused_time(async || {
        let serve = async |mut stream: Server| {
            stream.write_u32(3000).await.unwrap();
            stream.write_all(&pattern(2500)).await.unwrap();
            stream.shutdown().await.unwrap();
        };
        connect(serve, async |connection: Connection<'_>| {
            let mut framed = Framed::new(connection, PrefixFramer::new(900));
            let received = in_parts(&mut framed, (1, 512)).await;
            let end = ReceiveError::Ended(End::PeerClosed);
            assert_eq!(received, Err((pattern(2500), end)));
            // There is no room to receive into.
            let no_room = framed.receive_partial(&mut [], 1).await;
            assert_eq!(no_room, Err(framing(FrameErrorKind::NoSpace)));
        })
        .await;
    });
}

#[test]
fn messages_larger_than_the_limit_are_skipped_in_step() {
    in_paused_time(async || {
        let (end, ()) = connect(
            async |mut stream: Server| {
                for (length, byte) in [(5, 1), (5000, 2), (900, 3), (0, 4), (5, 5)] {
                    stream.write_u32(length).await.unwrap();
                    stream
                        .write_all(&vec![byte; length as usize])
                        .await
                        .unwrap();
                }
                stream.flush().await.unwrap();
                let mut answer = [0; 9];
                stream.read_exact(&mut answer).await.unwrap();
                assert_eq!(&answer, b"\0\0\0\x05hello");
                stream.shutdown().await.unwrap();
            },
            async |connection| {
                let mut framed = Framed::new(connection, PrefixFramer::new(900));
                let mut seen = Vec::new();
                for _ in 0..5 {
                    let one = framed.receive_with(|incoming| match incoming {
                        Incoming::Message { body, .. } => (true, body.len(), body.first().copied()),
                        Incoming::Oversized { length, .. } => (false, length, None),
                        Incoming::Endless { .. } => unreachable!("a length is an end"),
                    });
                    seen.push(one.await.unwrap());
                }
                assert_eq!(
                    seen,
                    [
                        (true, 5, Some(1)),
                        (false, 5000, None),
                        (true, 900, Some(3)),
                        (true, 0, None),
                        (true, 5, Some(5)),
                    ]
                );
                framed.send(&(), b"hello").await.unwrap();
            },
        )
        .await;
        assert_eq!(end, End::PeerClosed);
    });
}
