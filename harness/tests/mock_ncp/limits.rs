//! What nobody may do, least of all before the handshake.

use super::hand::{Hand, LIMIT, link, next_reason, rest, server};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use wigwag_codec::ncp::{FOOTER_LEN, HEADER_LEN, packet};
use wigwag_harness::mock_ncp::{EventKind, MockNcp, MockNcpOptions};

/// The header of a packet of so many words.
fn header(words: u32) -> Vec<u8> {
    let mut place = [0; HEADER_LEN + FOOTER_LEN];
    let mut header = packet(&mut place, "LINK").finish().unwrap()[..HEADER_LEN].to_vec();
    header[8..12].copy_from_slice(&words.to_le_bytes());
    header
}

#[tokio::test]
async fn before_the_handshake_only_small_packets_are_taken() {
    let server = server().await;
    let mut events = server.events();
    for (words, length) in [(129, 516), (u32::MAX, 17_179_869_180_u64)] {
        let mut stream = TcpStream::connect(server.addr()).await.unwrap();
        stream.write_all(&header(words)).await.unwrap();
        // HELO, and the end: ERRO 400.
        let said = rest(&mut stream).await;
        assert_eq!(said.len(), 52 + 84);
        let reason = format!("announced a packet of {length} bytes, 512 are the limit");
        assert_eq!(next_reason(&mut events).await, reason);
    }
}

#[tokio::test]
async fn after_the_handshake_packets_have_a_limit_too() {
    let options = MockNcpOptions {
        max_packet: 4096,
        ..MockNcpOptions::default()
    };
    let server = MockNcp::start_with(options).await.unwrap();
    let mut events = server.events();
    let mut client = Hand::connect(server.addr()).await;
    let mut place = vec![0; 5000];
    let fits = vec![7_u8; 4096 - 32 - 12 - 8 - 8];
    let wire = packet(&mut place, "TEST")
        .field("ECHO")
        .param("A", &fits[..]);
    client.send(wire.finish().unwrap()).await;
    assert_eq!(client.receive().await.unwrap().name().0, "ECHO");
    client.send(&header(1025)).await;
    let error = client.receive().await.unwrap().error();
    assert_eq!(error, Some(("Bad request".into(), 400)));
    assert!(client.receive().await.is_none());
    assert_eq!(
        next_reason(&mut events).await,
        "announced a packet of 4100 bytes, 4096 are the limit"
    );
}

/// A stream to the server within the process, for paused time.
fn inside(server: &MockNcp) -> tokio::io::DuplexStream {
    let (near, far) = tokio::io::duplex(64 * 1024);
    server.serve(far, SocketAddr::from(([192, 0, 2, 1], 9999)));
    near
}

#[tokio::test(start_paused = true)]
async fn who_does_not_come_to_the_point_is_turned_away_after_ten_seconds() {
    let server = server().await;
    let mut events = server.events();
    let began = tokio::time::Instant::now();
    let mut silent = inside(&server);
    let mut helo = [0; 52];
    silent.read_exact(&mut helo).await.unwrap();
    // A byte each second: what comes does not buy more time.
    let mut slow = inside(&server);
    slow.read_exact(&mut helo).await.unwrap();
    for byte in header(20).into_iter().take(9) {
        slow.write_all(&[byte]).await.unwrap();
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    assert_eq!(next_reason(&mut events).await, "no handshake within 10s");
    assert_eq!(next_reason(&mut events).await, "no handshake within 10s");
    let took = began.elapsed();
    assert!(
        took >= Duration::from_secs(10) && took < Duration::from_secs(11),
        "{took:?}"
    );
    assert!(rest(&mut silent).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_any_more_is_given_up_after_the_agreed_time() {
    let server = server().await;
    let mut events = server.events();
    // Sixty seconds were agreed.
    let mut client = Hand::over(link(), inside(&server)).await.unwrap();
    let began = tokio::time::Instant::now();
    let mut alive = Vec::new();
    let mut packet = [0; 40];
    while client.stream.read_exact(&mut packet).await.is_ok() {
        assert_eq!(&packet[4..12], b"LINK\x0a\0\0\0");
        alive.push(began.elapsed().as_secs());
    }
    assert_eq!(alive, [39]);
    assert_eq!(next_reason(&mut events).await, "said nothing for 60s");
    assert_eq!(began.elapsed().as_secs(), 60);
}

#[tokio::test]
async fn the_slowest_in_the_handshake_makes_room_and_nobody_else_does() {
    let options = MockNcpOptions {
        max_connections: 3,
        ..MockNcpOptions::default()
    };
    let server = MockNcp::start_with(options).await.unwrap();
    let mut events = server.events();
    let mut good = Hand::connect(server.addr()).await;
    let mut halves = Vec::new();
    for _ in 0..4 {
        let mut half = TcpStream::connect(server.addr()).await.unwrap();
        // The server has it when it says HELO.
        half.read_exact(&mut [0; 52]).await.unwrap();
        halves.push(half);
    }
    for _ in 0..2 {
        assert_eq!(
            next_reason(&mut events).await,
            "too slow: another client needed its place"
        );
    }
    // The first two are gone, the last two wait; good ones take their places.
    for half in &mut halves[..2] {
        assert!(half.read(&mut [0; 1]).await.is_err());
    }
    let _second = Hand::connect(server.addr()).await;
    let _third = Hand::connect(server.addr()).await;
    let mut none = TcpStream::connect(server.addr()).await.unwrap();
    let read = tokio::time::timeout(LIMIT, none.read(&mut [0; 1])).await;
    assert!(matches!(read.unwrap(), Ok(0) | Err(_)));
    loop {
        if let EventKind::Refused { reason, .. } = events.recv().await.unwrap().kind
            && reason == "too many connections"
        {
            break;
        }
    }
    assert_eq!(good.asked("STAT", |field| field).await.name().0, "STAT");
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn who_asks_and_does_not_read_is_not_read_from() {
    const ASKED: usize = 2000;
    let server = server().await;
    let mut client = Hand::connect(server.addr()).await;
    // Two gigabytes of answers.
    let mut place = [0; 256];
    let writer = packet(&mut place, "DSPC").field("SWEP");
    let wire = writer.param("POIN", 1 << 20).finish().unwrap();
    client.send(&wire.repeat(ASKED)).await;
    server
        .wait_until(LIMIT, |book| book.commands.len() > 2)
        .await;
    let mut polite = Hand::connect(server.addr()).await;
    assert_eq!(polite.asked("STAT", |field| field).await.name().0, "STAT");
    let commands = server.book().commands.len();
    // One megabyte is allowed to wait, the system's buffers take some more.
    assert!(commands < 30, "{commands} were handled");
    // It goes on where it stopped.
    for _ in 0..40 {
        assert_eq!(client.receive().await.unwrap().name().0, "SWEP");
    }
    assert!(server.book().commands.len() > 40);
}

#[tokio::test]
async fn a_packet_of_many_large_commands_is_answered_piece_by_piece() {
    let server = server().await;
    let mut client = Hand::connect(server.addr()).await;
    let mut place = vec![0; 1 << 16];
    let mut writer = packet(&mut place, "DSPC");
    for id in 0..1000 {
        writer = writer.numbered_field("SWEP", id).param("POIN", 1 << 20);
    }
    let wire = writer.finish().unwrap().to_vec();
    client.send(&wire).await;
    for id in 0..20 {
        assert_eq!(client.receive().await.unwrap().name(), ("SWEP".into(), id));
    }
    let commands = server.book().commands.len();
    assert!((20..50).contains(&commands), "{commands} were handled");
}
