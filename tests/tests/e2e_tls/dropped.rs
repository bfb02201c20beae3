//! Futures that are dropped in the middle lose nothing.

use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wigwag_embassy::tls::End;
use wigwag_tests::e2e::in_paused_time;
use wigwag_tests::secure::{Server, connect};

/// Polls `future` once or a few times, then drops it.
async fn polled<T>(times: u32, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut left = times;
    poll_fn(|cx| {
        if let Poll::Ready(value) = future.as_mut().poll(cx) {
            return Poll::Ready(Some(value));
        }
        left -= 1;
        if left == 0 {
            Poll::Ready(None)
        } else {
            Poll::Pending
        }
    })
    .await
}

const MESSAGES: u32 = 1000;

/// Bytes of a message to the server.
const LONG: usize = 400;

/// A message to the server.
fn long(number: u32) -> [u8; LONG] {
    let mut bytes = [number as u8; LONG];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    bytes
}

#[test]
fn a_thousand_messages_each_way_survive_dropped_futures() {
    in_paused_time(async || {
        let drops = std::cell::Cell::new(0);
        let (end, ()) = connect(
            async |stream: Server| {
                let (mut read, mut write) = tokio::io::split(stream);
                let sending = async {
                    for number in 0..MESSAGES {
                        // In two pieces, so that a receiver has to wait.
                        let bytes = number.to_be_bytes();
                        for piece in bytes.chunks(2) {
                            write.write_all(piece).await.unwrap();
                            write.flush().await.unwrap();
                            tokio::time::sleep(Duration::from_millis(1)).await;
                        }
                    }
                };
                let receiving = async {
                    let mut message = [0; LONG];
                    for number in 0..MESSAGES {
                        read.read_exact(&mut message).await.unwrap();
                        assert_eq!(message, long(number));
                        // Slowly, so that a sender has to wait.
                        tokio::time::sleep(Duration::from_millis(2)).await;
                    }
                };
                tokio::join!(sending, receiving);
                assert_eq!(read.read(&mut [0]).await.unwrap(), 0);
            },
            async |connection| {
                let sending = async {
                    let mut rng = ChaCha8Rng::seed_from_u64(1);
                    for number in 0..MESSAGES {
                        let bytes = long(number);
                        while polled(rng.next_u32() % 2 + 1, connection.send(&[&bytes]))
                            .await
                            .is_none()
                        {
                            drops.set(drops.get() + 1);
                            tokio::time::sleep(Duration::from_millis(1)).await;
                        }
                    }
                };
                let receiving = async {
                    let mut rng = ChaCha8Rng::seed_from_u64(2);
                    for number in 0..MESSAGES {
                        loop {
                            let message = connection.receive_with(|prefix| {
                                let message = *prefix.first_chunk::<4>()?;
                                Some((4, u32::from_be_bytes(message)))
                            });
                            if let Some(message) = polled(rng.next_u32() % 2 + 1, message).await {
                                assert_eq!(message, Ok(number));
                                break;
                            }
                            drops.set(drops.get() + 1);
                            tokio::time::sleep(Duration::from_millis(1)).await;
                        }
                    }
                };
                tokio::join!(sending, receiving);
                connection.close();
            },
        )
        .await;
        assert_eq!(end, End::Closed);
        assert!(drops.get() > 500, "only {} drops", drops.get());
    });
}
