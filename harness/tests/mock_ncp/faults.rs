//! What the server does wrong when it is told to.

use super::hand::{Hand, LIMIT, link, server};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use wigwag_codec::ncp::link::Timing;
use wigwag_codec::ncp::{Packet, Value, packet};
use wigwag_harness::faults::Cut;
use wigwag_harness::mock_ncp::{Fault, MockNcp, MockNcpOptions, Scar};

#[tokio::test]
async fn answers_are_dropped_held_and_turned_around() {
    let server = server().await;
    let mut client = Hand::connect(server.addr()).await;
    server.set_fault(Fault::Drop);
    client.ask("STAT", 1, |field| field).await;
    let handled =
        |count: usize| move |book: &wigwag_harness::mock_ncp::Book| book.commands.len() == count;
    assert!(server.wait_until(LIMIT, handled(1)).await);
    server.set_fault(Fault::Reverse(3));
    for id in 2..5 {
        client.ask("STAT", id, |field| field).await;
    }
    for id in [4, 3, 2] {
        assert_eq!(client.receive().await.unwrap().name().1, id);
    }
    // And then as it should be.
    assert_eq!(client.asked("STAT", |field| field).await.name().0, "STAT");
    assert_eq!(server.book().unanswered(), 1);
}

#[tokio::test]
async fn answers_that_are_dropped_make_room_for_others() {
    let options = MockNcpOptions {
        max_unwritten: 1000,
        ..MockNcpOptions::default()
    };
    let server = MockNcp::start_with(options).await.unwrap();
    let mut client = Hand::connect(server.addr()).await;
    server.set_fault(Fault::Drop);
    for id in 0..100 {
        client.ask("STAT", id, |field| field).await;
    }
    let all = |book: &wigwag_harness::mock_ncp::Book| book.commands.len() == 100;
    assert!(server.wait_until(LIMIT, all).await);
}

#[tokio::test]
async fn an_answer_is_cut_in_the_middle() {
    let server = server().await;
    let mut client = Hand::connect(server.addr()).await;
    server.set_fault(Fault::CutInside {
        after: 50,
        how: Cut::Close,
    });
    client.ask("SWEP", 1, |field| field).await;
    let mut said = Vec::new();
    client.stream.read_to_end(&mut said).await.unwrap();
    assert_eq!(said.len(), 50);
    assert_eq!(server.book().unanswered(), 1);
    // The next client is served.
    let mut client = Hand::connect(server.addr()).await;
    assert_eq!(client.asked("STAT", |field| field).await.name().0, "STAT");
}

#[tokio::test]
async fn bytes_come_that_are_no_packet() {
    let server = server().await;
    let mut client = Hand::connect(server.addr()).await;
    server.set_fault(Fault::Garbage);
    client.ask("STAT", 1, |field| field).await;
    let mut said = [0; 32];
    client.stream.read_exact(&mut said).await.unwrap();
    assert!(Packet::decode_prefix(&said).is_err());
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_says_nothing_for_a_minute() {
    let server = server().await;
    let (near, far) = tokio::io::duplex(64 * 1024);
    server.serve(far, SocketAddr::from(([192, 0, 2, 1], 9999)));
    let mut client = Hand::over(link(), near).await.unwrap();
    server.set_fault(Fault::Silence);
    client.ask("STAT", 1, |field| field).await;
    let mut byte = [0; 1];
    let read = client.stream.read(&mut byte);
    let read = tokio::time::timeout(Duration::from_secs(59), read).await;
    assert!(read.is_err(), "{read:?}");
}

/// The LINK parameter of SCAR, after a CCRE that asks for a minute.
async fn scar(scar: Scar) -> Option<Value<'static>> {
    let options = MockNcpOptions {
        scar,
        ..MockNcpOptions::default()
    };
    let server = MockNcp::start_with(options).await.unwrap();
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    let mut place = [0; 128];
    let ccre = packet(&mut place, "LINK").field("CCRE").param("LINK", 60);
    stream.write_all(ccre.finish().unwrap()).await.unwrap();
    let mut heard = Vec::new();
    loop {
        let helo = 52;
        if let Some((packet, _)) = heard
            .get(helo..)
            .and_then(|rest: &[u8]| Packet::decode_prefix(rest).ok())
        {
            let param = packet.field("SCAR").unwrap().param("LINK")?;
            return match param.value() {
                Ok(Value::I32(seconds)) => Some(Value::I32(seconds)),
                other => panic!("{other:?}"),
            };
        }
        assert!(stream.read_buf(&mut heard).await.unwrap() > 0);
    }
}

#[tokio::test]
async fn the_agreed_time_is_said_as_the_test_wants_it() {
    assert_eq!(scar(Scar::Agreed).await, Some(Value::I32(60)));
    assert_eq!(scar(Scar::Says(1)).await, Some(Value::I32(1)));
    assert_eq!(scar(Scar::Legacy).await, None);
    let options = MockNcpOptions {
        scar: Scar::Legacy,
        ..MockNcpOptions::default()
    };
    let server = MockNcp::start_with(options).await.unwrap();
    let mut client = Hand::connect(server.addr()).await;
    assert_eq!(client.reader.framer().timing(), Some(Timing::Legacy));
}
