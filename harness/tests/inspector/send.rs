//! Frames that a person puts between those of a server.

use crate::capture::Items;
use crate::client::{LIMIT, Socket, live, next, next_text, start};
use futures::SinkExt as _;
use serde_json::{Value as Json, json};
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::Message;
use wigwag_codec::framer::{Framer as _, Handshake, Out};
use wigwag_codec::ncp::link::{ClientLink, LinkConfig, Names};
use wigwag_codec::ncp::{Packet, packet};
use wigwag_harness::faults::Cut;
use wigwag_harness::inspector::{Inspector, Options};
use wigwag_harness::mock::{MockNgtt, MockOptions};
use wigwag_harness::mock_ncp::{MockNcp, MockNcpOptions};
use wigwag_harness::pki::Pki;
use wigwag_harness::record::{About, Direction, Recorder};

async fn site(recorder: &Recorder) -> Inspector {
    start(Options {
        recorder: Some(recorder.clone()),
        ..Options::default()
    })
    .await
}

/// A page, and what it has seen.
struct Page {
    socket: Socket,
    data: Vec<u8>,
}

impl Page {
    async fn open(inspector: &Inspector) -> Self {
        let mut page = Self {
            socket: live(inspector).await,
            data: Vec::new(),
        };
        let hello = next_text(&mut page.socket, &mut page.data).await;
        assert_eq!(hello["hello"]["send"], true);
        page
    }

    async fn send(&mut self, n: u64, connection: u32, direction: u8, frame: &[u8]) -> Json {
        let hex: String = frame.iter().map(|byte| format!("{byte:02x}")).collect();
        let send = json!({"send": {
            "n": n, "connection": connection, "direction": direction, "hex": hex,
        }});
        let message = Message::text(send.to_string());
        self.socket.send(message).await.unwrap();
        next_text(&mut self.socket, &mut self.data).await
    }

    /// Everything to the device on connection 1, once it ends so.
    async fn sent_to_device(&mut self, end: &[u8]) -> Vec<u8> {
        loop {
            let mut items = Items::default();
            items.push(&self.data);
            let stream = items.stream(1, Direction::ToDevice);
            if stream.ends_with(end) {
                return stream;
            }
            match next(&mut self.socket).await.expect("more") {
                Message::Binary(bytes) => self.data.extend(&bytes),
                other => panic!("{other:?}"),
            }
        }
    }
}

async fn device(pki: &Pki, server: &MockNgtt) -> TlsStream<TcpStream> {
    let config = pki.client_config(pki.device("device-0001")).unwrap();
    let stream = TcpStream::connect(server.addr()).await.unwrap();
    let name = "ngtt.test".try_into().unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    connector.connect(name, stream).await.unwrap()
}

/// An order with transaction id `tid` and no sections.
const fn order(tid: u8) -> [u8; 9] {
    [0, 0, 0, 1, 0, tid, 0, 1, 0x40]
}

#[tokio::test]
async fn an_order_of_a_person_reaches_the_device_between_two_of_the_server() {
    let recorder = Recorder::default();
    let inspector = site(&recorder).await;
    let pki = Pki::generate();
    let options = MockOptions {
        recorder: Some(recorder.with_server("ngtt.test")),
        // Frames are cut into many records: none may come between.
        record_limit: 3,
        ..MockOptions::default()
    };
    let server = MockNgtt::start_with(&pki, options).await.unwrap();
    for _ in 0..3 {
        server.enqueue("device-0001", [0x40]);
    }
    let mut device = device(&pki, &server).await;
    let mut page = Page::open(&inspector).await;
    // FETCH_ORDERS: now the connection is there for certain.
    device.write_all(&[0, 0, 0, 0, 0, 0, 0, 10]).await.unwrap();
    let mut read = [0; 9];
    device.read_exact(&mut read).await.unwrap();
    assert_eq!(read, order(1));
    for n in 0..5 {
        let answer = page.send(n, 1, 1, &order(200 + n as u8)).await;
        assert_eq!(answer, json!({"sent": n}));
    }
    let mut seen = vec![1];
    while seen.len() < 8 {
        timeout(LIMIT, device.read_exact(&mut read))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(read, order(read[5]), "whole frames");
        seen.push(read[5]);
    }
    seen.sort_unstable();
    assert_eq!(seen, [1, 2, 3, 200, 201, 202, 203, 204]);
    // They are in the recording, as the server's own are.
    let stream = page.sent_to_device(&order(204)).await;
    let (frames, rest) = stream.as_chunks::<9>();
    assert!(rest.is_empty());
    let mut numbers: Vec<u8> = frames.iter().map(|frame| frame[5]).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, seen);
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_with_a_reason() {
    let recorder = Recorder::default();
    let inspector = site(&recorder).await;
    let pki = Pki::generate();
    let options = MockOptions {
        recorder: Some(recorder.clone()),
        ..MockOptions::default()
    };
    let server = MockNgtt::start_with(&pki, options).await.unwrap();
    let mut device = device(&pki, &server).await;
    device.write_all(&[0, 0, 0, 0, 0, 0, 0, 10]).await.unwrap();
    let seen = server.wait_until(LIMIT, |book| book.device("device-0001").fetches == 1);
    assert!(seen.await);
    // As a tap's: there is nobody who could send.
    let tapped = recorder.connection(&About::default());
    let mut page = Page::open(&inspector).await;
    let large = {
        let mut frame = vec![1, 0, 0, 0, 0, 1, 0, 1];
        frame.resize((4 << 20) - 8, 0);
        frame
    };
    for (n, connection, direction, frame, words) in [
        (1, 9, 1, &order(1)[..], "ended"),
        (2, tapped.number(), 1, &order(1), "tapped"),
        (3, 1, 0, &order(1), "not to the server"),
        (4, 1, 2, &order(1), "direction"),
        (5, 1, 1, &order(1)[..8], "exactly one frame"),
        (6, 1, 1, &[order(1), order(2)].concat(), "exactly one frame"),
        (7, 1, 1, &[], "exactly one frame"),
        (8, 1, 1, &large, "exactly one frame"),
    ] {
        let answer = page.send(n, connection, direction, frame).await;
        assert_eq!(answer["n"], n, "{answer}");
        let reason = answer["refused"]
            .as_str()
            .unwrap_or_else(|| panic!("{n}: {answer}"));
        assert!(reason.contains(words), "{n}: {reason}");
    }
    let too_large = vec![0; (4 << 20) + 1];
    let refused = recorder.send(1, Direction::ToDevice, &too_large);
    assert!(refused.unwrap_err().to_string().contains("at most"));
    assert!(server.disconnect("device-0001", Cut::Close));
    let mut rest = Vec::new();
    // Nothing that was refused has come.
    let _ = timeout(LIMIT, device.read_to_end(&mut rest)).await.unwrap();
    assert!(rest.is_empty());
    let answer = page.send(10, 1, 1, &order(1)).await;
    assert!(
        answer["refused"].as_str().unwrap().contains("ended"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_device_that_does_not_read_cannot_be_flooded() {
    let recorder = Recorder::default();
    let pki = Pki::generate();
    let options = MockOptions {
        recorder: Some(recorder.clone()),
        ..MockOptions::default()
    };
    let server = MockNgtt::start_with(&pki, options).await.unwrap();
    let _device = device(&pki, &server).await;
    let connected = server.wait_until(LIMIT, |_| server.connected().len() == 1);
    assert!(connected.await);
    let mut frame = vec![0, 0x10, 0, 0, 0, 1, 0, 1];
    frame.resize(8 + 0x10_0000, 0);
    let mut refused = None;
    for _ in 0..200 {
        // The server's turn to write.
        tokio::task::yield_now().await;
        if let Err(refusal) = recorder.send(1, Direction::ToDevice, &frame) {
            refused = Some(refusal.to_string());
            break;
        }
    }
    assert!(
        refused
            .expect("it is full at some time")
            .contains("does not read")
    );
}

#[tokio::test]
async fn a_packet_of_a_person_reaches_the_ncp_client() {
    let recorder = Recorder::default();
    let inspector = site(&recorder).await;
    let options = MockNcpOptions {
        recorder: Some(recorder.clone()),
        ..MockNcpOptions::default()
    };
    let server = MockNcp::start_with(options).await.unwrap();
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    let mut page = Page::open(&inspector).await;
    let mut place = [0; 256];
    let wanted = packet(&mut place, "DSPC")
        .field("NEWS")
        .param("N", 5)
        .finish();
    let wanted = wanted.unwrap().to_vec();
    // Not in the middle of the handshake.
    let opened = server.wait_until(LIMIT, |_| server.connections() == 1);
    assert!(opened.await);
    let early = page.send(1, 1, 1, &wanted).await;
    assert!(
        early["refused"].as_str().unwrap().contains("handshake"),
        "{early}"
    );

    let mut link = ClientLink::new(LinkConfig::new(4096), Names::of_host("tester")).unwrap();
    let (mut place, mut heard) = ([0; 256], Vec::new());
    link.start(&mut Out::new(&mut place)).unwrap();
    loop {
        let mut out = Out::new(&mut place);
        let step = link.on_handshake(&heard, &mut out).unwrap();
        stream.write_all(out.bytes()).await.unwrap();
        match step {
            Handshake::Need(_) => drop(stream.read_buf(&mut heard).await.unwrap()),
            Handshake::Used(count) => drop(heard.drain(..count)),
            Handshake::Ready(count) => {
                heard.drain(..count);
                break;
            }
        }
    }
    let up = server.wait_until(LIMIT, |book| book.connections == 1);
    assert!(up.await);
    assert_eq!(page.send(2, 1, 1, &wanted).await, json!({"sent": 2}));
    while heard.len() < wanted.len() {
        let read = timeout(LIMIT, stream.read_buf(&mut heard)).await.unwrap();
        assert!(read.unwrap() > 0);
    }
    assert_eq!(heard, wanted);
    let news = Packet::decode(&heard).unwrap();
    assert_eq!(news.fields().next().unwrap().name.to_string(), "NEWS");
    let stream = page.sent_to_device(&wanted).await;
    assert!(stream.len() > wanted.len(), "the handshake is recorded too");
    let not_ncp = page.send(3, 1, 1, &order(1)).await;
    assert!(not_ncp["refused"].is_string());
}
