//! Whatever bytes come, at whatever moment: each connection has an end that is
//! told, and the server goes on.

use super::hand::{Hand, LIMIT, link};
use rand_core::RngCore;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use wigwag_codec::ncp::packet;
use wigwag_harness::mock_ncp::{Credentials, MockNcp, MockNcpOptions};
use wigwag_tests::campaign;

/// What a client says from CONNECT to a command, each as the server takes it.
fn words() -> Vec<Vec<u8>> {
    let mut place = [0; 512];
    let mut said =
        vec![b"CONNECT ncp.service HTTP/1.1\r\nProxy-Authorization: Basic YTpi\r\n\r\n".to_vec()];
    for (kind, name) in [
        ("LINK", "CCRE"),
        ("LINK", "CARE"),
        ("DSPC", "ECHO"),
        ("DSPC", "TIME"),
        ("DSPC", "LONG"),
    ] {
        let writer = packet(&mut place, kind).field(name).param("LINK", 5);
        let writer = writer.param("SAMP", 100).param("DURA", 1000);
        let writer = writer.param("A", "text").param("B", &[1_u16, 2, 3][..]);
        said.push(writer.finish().unwrap().to_vec());
    }
    said
}

/// Changes, doubles, drops or cuts some of the bytes.
fn spoil(said: &mut Vec<u8>, rng: &mut impl RngCore) {
    let mut below = |most: usize| rng.next_u32() as usize % most.max(1);
    for _ in 0..=below(3) {
        let at = below(said.len());
        match below(4) {
            0 => said[at] ^= 1 << below(8),
            1 => said[at] = [0, 1, 0x7f, 0x80, 0xff][below(5)],
            2 => {
                let end = (at + 1 + below(64)).min(said.len());
                let piece = said[at..end].to_vec();
                said.splice(at..at, piece);
            }
            _ => {
                let end = (at + 1 + below(64)).min(said.len());
                said.drain(at..end);
            }
        }
        if said.is_empty() {
            return;
        }
    }
}

fn inside(server: &MockNcp) -> DuplexStream {
    let (near, far) = tokio::io::duplex(64 * 1024);
    server.serve(far, SocketAddr::from(([192, 0, 2, 1], 9999)));
    near
}

/// Says all of it in pieces and hears what is said to it, up to the end: the
/// server's, or its own.
async fn converse(mut stream: DuplexStream, said: &[u8], rng: &mut impl RngCore, leaves: bool) {
    let mut place = [0; 4096];
    let mut rest = said;
    while !rest.is_empty() {
        let length = (1 + rng.next_u32() as usize % 200).min(rest.len());
        let (piece, next) = rest.split_at(length);
        if stream.write_all(piece).await.is_err() {
            break;
        }
        rest = next;
        tokio::task::yield_now().await;
    }
    if leaves {
        return;
    }
    // Silence ends it at last.
    while stream.read(&mut place).await.is_ok_and(|count| count > 0) {}
}

#[tokio::test(start_paused = true)]
async fn a_campaign_of_spoilt_bytes_ends_every_connection_in_time() {
    let login = Some(Credentials::new("a", "b").unwrap());
    let wants_login = MockNcpOptions {
        login,
        ..MockNcpOptions::default()
    };
    let servers = [
        MockNcp::start().await.unwrap(),
        MockNcp::start_with(wants_login).await.unwrap(),
    ];
    let mut served = [0, 0];
    for seed in campaign::seeds("spoilt NCP", 20_000) {
        let mut rng = campaign::rng(seed);
        let which = (rng.next_u32() % 2) as usize;
        let said = words();
        let mut said = said[1 - which..].concat();
        // Some are as they should be.
        if !rng.next_u32().is_multiple_of(8) {
            spoil(&mut said, &mut rng);
        }
        let leaves = rng.next_u32().is_multiple_of(2);
        let stream = inside(&servers[which]);
        let talk = converse(stream, &said, &mut rng, leaves);
        let ended = tokio::time::timeout(LIMIT * 10, talk).await;
        assert!(ended.is_ok(), "seed {seed}: no end");
        served[which] += 1;
    }
    for (server, served) in servers.iter().zip(served) {
        let told =
            |book: &wigwag_harness::mock_ncp::Book| book.connections + book.refused == served;
        assert!(
            server.wait_until(LIMIT * 10, told).await,
            "{served} connections: {:?}",
            (server.book().connections, server.book().refused)
        );
        assert!(server.book().connections > 0 && server.book().refused > 0);
    }
    let mut good = Hand::over(link(), inside(&servers[0])).await.unwrap();
    assert_eq!(good.asked("STAT", |field| field).await.name().0, "STAT");
    drop(good);
    for server in servers {
        let mut changes = 0;
        while server.connections() > 0 {
            changes += 1;
            assert!(changes < 10_000, "{} are left", server.connections());
            tokio::time::sleep(core::time::Duration::from_millis(10)).await;
        }
    }
}
