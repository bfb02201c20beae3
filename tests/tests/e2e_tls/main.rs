//! The secure connection by itself, against rustls: how it ends, who may end
//! it, and that dropped futures cost nothing.

mod dropped;
mod limits;

use core::time::Duration;
use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wigwag_embassy::supervisor::FailureClass;
use wigwag_embassy::tls::{self, ContentError, End, RecordError, ServerHelloError};
use wigwag_tests::e2e::in_paused_time;
use wigwag_tests::secure::{Connection, QUEUE, Server, Setup, USUAL, connect, connect_with};

/// Receives exactly `length` bytes.
async fn receive(connection: Connection<'_>, length: usize) -> Result<Vec<u8>, End> {
    let mut all = Vec::new();
    while all.len() < length {
        let more = connection.receive_with(|prefix| {
            let taken = prefix.len().min(length - all.len());
            (taken > 0).then(|| (taken, prefix[..taken].to_vec()))
        });
        let more = more.await?;
        all.extend(more);
    }
    Ok(all)
}

/// Sends a message to the device and waits until it has come back: the
/// handshake is over at both ends.
async fn greet(stream: &mut Server) {
    stream.write_all(b"hello").await.unwrap();
    let mut back = [0; 5];
    stream.read_exact(&mut back).await.unwrap();
    assert_eq!(&back, b"hello");
}

async fn answer_greeting(connection: Connection<'_>) {
    let hello = receive(connection, 5).await.unwrap();
    connection.send(&[&hello]).await.unwrap();
}

#[test]
fn what_is_queued_leaves_before_the_connection_is_closed() {
    in_paused_time(async || {
        let (end, read) = connect(
            async |mut stream: Server| {
                let mut all = Vec::new();
                // An end without close_notify would be an error here.
                stream.read_to_end(&mut all).await.map(|_| all)
            },
            async |connection| {
                for number in 0..100_u8 {
                    connection
                        .send(&[&[number; 300], &[!number]])
                        .await
                        .unwrap();
                }
                connection.close();
                assert!(connection.try_send(&[b"late"]).is_err());
            },
        )
        .await;
        assert_eq!(end, End::Closed);
        let read = read.unwrap();
        assert_eq!(read.len(), 100 * 301);
        for (number, message) in read.chunks(301).enumerate() {
            let number = u8::try_from(number).unwrap();
            assert!(message[..300].iter().all(|byte| *byte == number));
            assert_eq!(message[300], !number);
        }
    });
}

#[test]
fn each_end_of_a_connection_has_its_name() {
    in_paused_time(async || {
        let (end, ()) = connect(
            async |mut stream: Server| {
                greet(&mut stream).await;
                stream.write_all(b"bye").await.unwrap();
                stream.shutdown().await.unwrap();
            },
            async |connection| {
                answer_greeting(connection).await;
                // What came before the end can be read after it.
                let end = connection.ended().await;
                assert_eq!(receive(connection, 3).await.unwrap(), b"bye");
                assert_eq!(receive(connection, 1).await, Err(end));
            },
        )
        .await;
        assert_eq!(end, End::PeerClosed);

        let (end, ()) = connect(
            // Dropped: the TCP stream ends, without a word of TLS.
            async |mut stream: Server| greet(&mut stream).await,
            answer_greeting,
        )
        .await;
        assert_eq!(end, End::Truncated);

        let (end, ()) = connect(
            async |mut stream: Server| {
                greet(&mut stream).await;
                tokio::time::sleep(Duration::from_secs(60)).await;
            },
            async |connection| {
                answer_greeting(connection).await;
                tokio::time::sleep(Duration::from_secs(1)).await;
                connection.abort();
            },
        )
        .await;
        assert_eq!(end, End::Aborted);
    });
}

/// What somebody on the path, who has no keys, may inject.
async fn injected(record: &'static [u8]) -> End {
    let (end, ()) = connect(
        async move |mut stream: Server| {
            greet(&mut stream).await;
            stream.get_mut().0.write_all(record).await.unwrap();
            // Good data behind it must not be delivered.
            stream.write_all(b"never").await.unwrap();
            stream.flush().await.unwrap();
            tokio::time::sleep(Duration::from_secs(60)).await;
        },
        async |connection| {
            answer_greeting(connection).await;
            let end = connection.ended().await;
            assert_eq!(receive(connection, 1).await, Err(end));
        },
    )
    .await;
    end
}

#[test]
fn records_of_strangers_end_the_connection_with_a_reason() {
    in_paused_time(async || {
        let refused = |error| End::Record(error);
        let unexpected = |kind| refused(RecordError::UnexpectedType(kind));
        // close_notify, a fatal alert, handshake, change-cipher-spec: plain.
        for (record, kind) in [
            (&[21, 3, 3, 0, 2, 1, 0][..], 21),
            (&[21, 3, 3, 0, 2, 2, 40], 21),
            (&[22, 3, 3, 0, 4, 20, 0, 0, 0], 22),
            (&[20, 3, 3, 0, 1, 1], 20),
            (&[0, 3, 3, 0, 1, 1], 0),
        ] {
            assert_eq!(injected(record).await, unexpected(kind), "{record:?}");
        }
        let empty: &[u8] = &[
            23, 3, 3, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        ];
        assert_eq!(injected(empty).await, refused(RecordError::BadLength(16)));
        let huge = [23, 3, 3, 0x41, 1].as_slice();
        let length = RecordError::BadLength(0x4101);
        assert_eq!(injected(huge).await, refused(length));
        assert_eq!(injected(b"HTTP/1.1").await, refused(RecordError::NotTls));
        // A protected record that was not made with the keys.
        let forged: &[u8] = &[
            23, 3, 3, 0, 17, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6, 7,
        ];
        assert_eq!(injected(forged).await, End::BadRecord);
    });
}

#[test]
fn a_peer_that_takes_no_data_is_given_up_in_time() {
    in_paused_time(async || {
        let before = tokio::time::Instant::now();
        let (end, ()) = connect(
            async |mut stream: Server| {
                greet(&mut stream).await;
                // Reads nothing any more.
                tokio::time::sleep(Duration::from_secs(3600)).await;
            },
            async |connection| {
                answer_greeting(connection).await;
                while connection.send(&[&[0; QUEUE]]).await.is_ok() {}
            },
        )
        .await;
        assert_eq!(end, End::WriteTimeout);
        let passed = before.elapsed();
        assert!(passed >= Duration::from_secs(30), "{passed:?}");
    });
}

#[test]
fn a_peer_that_takes_data_slowly_is_not_given_up() {
    in_paused_time(async || {
        let setup = Setup { pipe: 512, ..USUAL };
        let (end, longest) = connect_with(
            setup,
            async |stream: Server| {
                let (mut stream, mut tls) = stream.into_inner();
                let (mut bytes, mut left) = (vec![0; 512], 20 * QUEUE);
                let (mut since, mut longest) = (tokio::time::Instant::now(), Duration::ZERO);
                while left > 0 {
                    // Half a record in most of the time that it may take none.
                    tokio::time::sleep(Duration::from_secs(25)).await;
                    let count = stream.read(&mut bytes).await.unwrap();
                    assert!(count > 0, "{left} bytes are missing");
                    tls.read_tls(&mut &bytes[..count]).unwrap();
                    let state = tls.process_new_packets().unwrap();
                    let mut data = vec![0; state.plaintext_bytes_to_read()];
                    if !data.is_empty() {
                        io::Read::read_exact(&mut tls.reader(), &mut data).unwrap();
                        left -= data.len();
                        longest = longest.max(since.elapsed());
                        since = tokio::time::Instant::now();
                    }
                }
                longest
            },
            async |connection| {
                for number in 0..20 {
                    connection.send(&[&[number; QUEUE]]).await.unwrap();
                }
            },
        )
        .await;
        assert_eq!(end, End::Truncated, "when the server has all of it");
        let longest = longest.unwrap();
        assert!(
            longest > Duration::from_secs(60),
            "a record took {longest:?}"
        );
    });
}

#[test]
fn a_server_that_changes_its_keys_is_connected_to_anew() {
    in_paused_time(async || {
        let (end, ()) = connect(
            async |mut stream: Server| {
                greet(&mut stream).await;
                stream.write_all(b"before").await.unwrap();
                stream.get_mut().1.refresh_traffic_keys().unwrap();
                stream.write_all(b"never").await.unwrap();
                stream.flush().await.unwrap();
                tokio::time::sleep(Duration::from_secs(60)).await;
            },
            async |connection| {
                answer_greeting(connection).await;
                let end = connection.ended().await;
                assert_eq!(receive(connection, 6).await.unwrap(), b"before");
                assert_eq!(receive(connection, 1).await, Err(end));
            },
        )
        .await;
        assert_eq!(end, End::Rekey);
    });
}

/// How a connection with this setup ends that is closed as soon as it is open.
async fn at_once(setup: Setup) -> End {
    let serve = async |mut stream: Server| stream.read_to_end(&mut Vec::new()).await.is_ok();
    let (end, _) = connect_with(setup, serve, async |connection| connection.close()).await;
    end
}

/// A buffer of `least` bytes is too small; with as many as it says that it needs it is
/// large enough.
async fn says_what_it_needs(
    setup: impl Fn(usize) -> Setup,
    least: usize,
    needed: impl Fn(&End) -> Option<usize>,
) {
    let end = at_once(setup(least)).await;
    let Some(size) = needed(&end) else {
        panic!("{end} with {least} bytes");
    };
    // The signatures of each run differ by some bytes.
    assert_eq!(at_once(setup(size + 8)).await, End::Closed);
    let short = at_once(setup(size - 9)).await;
    assert!(needed(&short).is_some(), "{short}");
}

#[test]
fn buffers_that_are_too_small_say_what_is_needed() {
    in_paused_time(async || {
        let setup = |receive| Setup { receive, ..USUAL };
        says_what_it_needs(setup, tls::MIN_RECEIVE, |end| match end {
            End::ReceiveBufferTooSmall { needed } => Some(*needed),
            _ => None,
        })
        .await;
        let setup = |send| Setup { send, ..USUAL };
        says_what_it_needs(setup, tls::MIN_SEND, |end| match end {
            End::SendBufferTooSmall { needed } => Some(*needed),
            _ => None,
        })
        .await;
    });
}

#[test]
fn a_server_that_splits_messages_is_told_of_its_setting() {
    in_paused_time(async || {
        let fragment = |size| Setup {
            fragment: Some(size),
            ..USUAL
        };
        let hello = at_once(fragment(80)).await;
        assert!(
            matches!(hello, End::ServerHello(ServerHelloError::Split(_))),
            "{hello}"
        );
        let flight = at_once(fragment(300)).await;
        assert!(
            matches!(flight, End::Content(ContentError::SplitMessage(300..))),
            "{flight}"
        );
        for end in [hello, flight] {
            assert_eq!(end.class(), FailureClass::Configuration);
            assert!(end.to_string().contains("max_fragment_size"), "{end}");
        }
    });
}
