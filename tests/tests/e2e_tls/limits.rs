//! How much a connection may be used, and how it ends then.

use core::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wigwag_embassy::tls::{End, TlsParameters};
use wigwag_tests::e2e::in_paused_time;
use wigwag_tests::secure::{Server, Setup, USUAL, connect_with};

use super::receive;

/// Echoes until the end, which must be in good order; returns how many bytes.
async fn echo(mut stream: Server) -> usize {
    let (mut bytes, mut echoed) = (vec![0; 4096], 0);
    loop {
        let count = stream.read(&mut bytes).await.unwrap();
        if count == 0 {
            return echoed;
        }
        echoed += count;
        stream.write_all(&bytes[..count]).await.unwrap();
        stream.flush().await.unwrap();
    }
}

#[test]
fn a_connection_that_was_used_enough_is_ended_in_good_order() {
    in_paused_time(async || {
        let limits: [fn(&mut TlsParameters<'_>); 3] = [
            |parameters| parameters.session_limits.bytes = 20_000,
            |parameters| parameters.session_limits.records = 50,
            |parameters| parameters.session_limits.time = Duration::from_secs(3600),
        ];
        for (index, tune) in limits.into_iter().enumerate() {
            let mut sent = 0;
            let before = tokio::time::Instant::now();
            let (end, echoed) = connect_with(Setup { tune, ..USUAL }, echo, async |connection| {
                while !connection.is_retiring() {
                    connection.send(&[&[7; 200]]).await.unwrap();
                    sent += 200;
                    receive(connection, 200).await.unwrap();
                    tokio::time::sleep(Duration::from_secs(10)).await;
                }
                connection.close();
            })
            .await;
            assert_eq!(end, End::SessionLimit);
            assert_eq!(echoed, Some(sent), "nothing is lost");
            let passed = before.elapsed();
            let rounds = sent / 200;
            match index {
                0 => assert!((60..100).contains(&rounds), "{rounds} of 222 bytes"),
                1 => assert!((40..50).contains(&rounds), "{rounds} records"),
                _ => assert!((3150..=3620).contains(&passed.as_secs()), "{passed:?}"),
            }
        }
    });
}

#[test]
fn an_application_that_does_not_mind_the_limits_loses_nothing_either() {
    in_paused_time(async || {
        let mut sent = 0;
        let tune: fn(&mut TlsParameters<'_>) = |parameters| parameters.session_limits.records = 20;
        let (end, echoed) = connect_with(Setup { tune, ..USUAL }, echo, async |connection| {
            while connection.send(&[&[7; 200]]).await.is_ok() {
                sent += 200;
                if receive(connection, 200).await.is_err() {
                    break;
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        })
        .await;
        assert_eq!(end, End::SessionLimit);
        assert_eq!(echoed, Some(sent));
        // The limit, and the 30 s that it has to close by itself.
        assert!((40..60).contains(&(sent / 200)), "{sent} bytes");
    });
}
