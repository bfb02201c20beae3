//! Servers that are good.

use wigwag_embassy::tls::{End, LinkState};
use wigwag_tests::campaign;
use wigwag_tests::runner::Outcome;
use wigwag_tests::tls::TlsConnection;

use rand_core::RngCore as _;

use super::OPENSSL;
use super::certificates::ServerIdentity;
use super::device::{Peer, devices, expect, meet, receive, run, send};
use super::server::{Order, Server, Setup};

const MEGABYTE: usize = 1 << 20;

/// The two that every server is tried with.
fn identities() -> [ServerIdentity; 2] {
    [ServerIdentity::single(), ServerIdentity::chain()]
}

/// Greets the server and is greeted.
pub(crate) async fn greet(connection: TlsConnection<'_>, server: &mut Server) -> Outcome {
    let opened = connection.opened().await;
    opened.map_err(|end| format!("opened: {end}"))?;
    for number in 0..3 {
        let hello = format!("{number} from the device\n");
        send(connection, hello.as_bytes()).await?;
        server.heard.wait(hello.as_bytes()).await?;
        let answer = format!("{number} from the server\n");
        server.say(answer.as_bytes()).await?;
        receive(connection, answer.as_bytes()).await?;
    }
    Ok(())
}

/// A few messages each way, and the device closes.
pub(crate) fn talk(peer: Peer) -> Outcome {
    run(async move {
        let (pki, device) = devices();
        for identity in identities() {
            let setup = Setup::new(&identity, pki.device_ca());
            let mut server = (peer.start)(&setup).await?;
            let (end, result) = meet(server.port, &identity, &device, async |connection| {
                greet(connection, &mut server).await
            })
            .await?;
            result?;
            expect("a talk", end, End::Closed)?;
            peer.saw_the_end(&server).await?;
        }
        Ok(())
    })
}

/// Text without a command of `s_server` in it.
fn long_text(seed: u64) -> Vec<u8> {
    let mut rng = campaign::rng(seed);
    let mut text = vec![0; MEGABYTE];
    rng.fill_bytes(&mut text);
    for byte in &mut text {
        *byte = b'0' + *byte % 10;
    }
    text
}

/// A megabyte each way at the same time, in records as large as they may be and
/// in small ones.
pub(crate) fn megabyte(peer: Peer) -> Outcome {
    run(async move {
        let (pki, device) = devices();
        let (there, back) = (long_text(1), long_text(2));
        for identity in identities() {
            for record in [16_384, 1100] {
                let mut setup = Setup::new(&identity, pki.device_ca());
                setup.record = Some(record);
                let mut server = (peer.start)(&setup).await?;
                let (end, result) = meet(server.port, &identity, &device, async |connection| {
                    greet(connection, &mut server).await?;
                    let sending = send(connection, &there);
                    let receiving = receive(connection, &back);
                    let heard = server.heard.clone();
                    let saying = async { server.say(&back).await.map_err(Into::into) };
                    let hearing = async { heard.wait(&there).await.map_err(Into::into) };
                    let all = tokio::try_join!(sending, receiving, saying, hearing);
                    all.map(|_| ())
                })
                .await?;
                result?;
                expect("a megabyte", end, End::Closed)?;
                peer.saw_the_end(&server).await?;
            }
        }
        Ok(())
    })
}

/// The server closes; what it said before can be read after that.
pub(crate) fn close(peer: Peer) -> Outcome {
    run(async move {
        let (pki, device) = devices();
        for identity in identities() {
            let setup = Setup::new(&identity, pki.device_ca());
            let mut server = (peer.start)(&setup).await?;
            let (end, result) = meet(server.port, &identity, &device, async |connection| {
                greet(connection, &mut server).await?;
                server.say(b"bye\n").await?;
                // Text and order must not come to a program in one piece.
                while connection.try_receive_with(|prefix| prefix.get(3).map(|_| (0, ())))
                    == Ok(None)
                {
                    tokio::task::yield_now().await;
                }
                server.order(Order::Close).await?;
                connection.ended().await;
                receive(connection, b"bye\n").await
            })
            .await?;
            result?;
            expect("a close", end, End::PeerClosed)?;
        }
        Ok(())
    })
}

/// The same with OpenSSL, which closes in good order only as an echo: it gives
/// back each line, the last letter first, until one says CLOSE.
pub(crate) fn echo_and_close() -> Outcome {
    run(async move {
        let (pki, device) = devices();
        for identity in identities() {
            let mut setup = Setup::new(&identity, pki.device_ca());
            setup.options = &["-rev"];
            let server = (OPENSSL.start)(&setup).await?;
            let (end, result) = meet(server.port, &identity, &device, async |connection| {
                let opened = connection.opened().await;
                opened.map_err(|end| format!("opened: {end}"))?;
                for number in 1000..1100 {
                    let mut line = format!("{number} is the number of this line");
                    send(connection, format!("{line}\n").as_bytes()).await?;
                    line = line.chars().rev().collect();
                    receive(connection, format!("{line}\n").as_bytes()).await?;
                }
                send(connection, b"CLOSE\n").await?;
                connection.ended().await;
                Outcome::Ok(())
            })
            .await?;
            result?;
            expect("a close", end, End::PeerClosed)?;
        }
        Ok(())
    })
}

/// A server that ends the stream without close_notify.
pub(crate) fn cut() -> Outcome {
    run(async move {
        let (pki, device) = devices();
        let identity = ServerIdentity::single();
        let setup = Setup::new(&identity, pki.device_ca());
        let mut server = (OPENSSL.start)(&setup).await?;
        let (end, result) = meet(server.port, &identity, &device, async |connection| {
            greet(connection, &mut server).await?;
            // "End the current SSL connection", it says, and drops the socket.
            server.say(b"q\n").await?;
            connection.ended().await;
            Outcome::Ok(())
        })
        .await?;
        result?;
        expect("a cut", end, End::Truncated)
    })
}

/// A server that changes its keys, and asks for the same or not: the device
/// connects anew instead. What came before is not lost.
pub(crate) fn rekey(peer: Peer) -> Outcome {
    run(async move {
        let (pki, device) = devices();
        let identity = ServerIdentity::single();
        for both in [false, true] {
            let setup = Setup::new(&identity, pki.device_ca());
            let mut server = (peer.start)(&setup).await?;
            let (end, result) = meet(server.port, &identity, &device, async |connection| {
                greet(connection, &mut server).await?;
                server.order(Order::Rekey(both)).await?;
                connection.ended().await;
                Outcome::Ok(())
            })
            .await?;
            result?;
            expect("new keys", end, End::Rekey)?;
        }
        Ok(())
    })
}

/// Session tickets, none to twenty, are passed over.
pub(crate) fn tickets() -> Outcome {
    run(async move {
        let (pki, device) = devices();
        let identity = ServerIdentity::single();
        for tickets in ["0", "1", "2", "20"] {
            let mut setup = Setup::new(&identity, pki.device_ca());
            let options = ["-num_tickets", tickets];
            setup.options = &options;
            let mut server = (OPENSSL.start)(&setup).await?;
            let (end, result) = meet(server.port, &identity, &device, async |connection| {
                greet(connection, &mut server).await?;
                if connection.state() == LinkState::Open {
                    Ok(())
                } else {
                    Err("it is not open".into())
                }
            })
            .await?;
            let result: Outcome = result;
            result?;
            expect("tickets", end, End::Closed)?;
            OPENSSL.saw_the_end(&server).await?;
        }
        Ok(())
    })
}
