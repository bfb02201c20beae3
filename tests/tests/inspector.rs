//! The browser's frame table, fed with the bytes of a live conversation: what
//! the server wrote and read, decrypted at the device's end.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use wigwag_codec::ngtt::{Frame, FrameType};
use wigwag_harness::mock::{Answer, MockNgtt};
use wigwag_harness::pki::Pki;
use wigwag_wasm::{Budget, Direction, Inspector};

const DEVICE: &str = "device-0001";
const LIMIT: Duration = Duration::from_secs(20);
const ORDERS: u16 = 50;

#[tokio::test]
async fn live_server_bytes_become_rows_with_readable_payloads() {
    tokio::time::timeout(LIMIT, conversation())
        .await
        .expect("the conversation ends in time");
}

async fn conversation() {
    let pki = Pki::generate();
    let server = MockNgtt::start(&pki).await.expect("the server starts");
    for number in 0..ORDERS {
        server.enqueue(DEVICE, order(number));
    }
    let config = pki
        .client_config(pki.device(DEVICE))
        .expect("a configuration");
    let tcp = TcpStream::connect(server.addr()).await.expect("TCP");
    let mut stream = TlsConnector::from(Arc::new(config))
        .connect("ngtt.test".try_into().expect("a name"), tcp)
        .await
        .expect("TLS");

    let mut inspector = Inspector::new(Budget::default());
    let fetch = bytes(Frame::empty(FrameType::FetchOrders, 0));
    stream.write_all(&fetch).await.expect("written");
    inspector
        .push(Direction::ToServer, 0.0, &fetch)
        .expect("room");

    let mut seen = 0;
    let mut chunk = [0; 7]; // never a whole header
    while seen < usize::from(ORDERS) {
        let read = stream.read(&mut chunk).await.expect("read");
        assert!(read > 0, "the server went away");
        let before = inspector.columns().len();
        let new = inspector
            .push(Direction::ToDevice, 1.0, &chunk[..read])
            .expect("room");
        for row in before..before + new {
            if inspector.columns().kind[row] == FrameType::Order.as_u16() {
                seen += 1;
                let tid = inspector.columns().tid[row];
                let confirm = bytes(Frame::empty(FrameType::OrderConfirm, tid));
                stream.write_all(&confirm).await.expect("written");
                inspector
                    .push(Direction::ToServer, 2.0, &confirm)
                    .expect("room");
            }
        }
    }
    let answered = server
        .wait_until(LIMIT, |book| book.unanswered() == 0)
        .await;
    assert!(answered, "the server has read every confirmation");

    // The table against the server's own book.
    let book = server.book().device(DEVICE);
    let columns = inspector.columns();
    let rows =
        |kind: FrameType| (0..columns.len()).filter(move |row| columns.kind[*row] == kind.as_u16());
    let orders: Vec<usize> = rows(FrameType::Order).collect();
    assert_eq!(orders.len(), book.orders.len());
    for (row, entry) in orders.iter().zip(&book.orders) {
        assert_eq!(Some(columns.tid[*row]), entry.tid);
        assert_eq!(inspector.payload(*row), Some(&entry.payload[..]));
        assert_eq!(entry.answer, Some(Answer::Confirm));
    }
    let first = inspector
        .json(orders[0])
        .expect("a payload")
        .expect("minijson");
    assert_eq!(first, r#"[{"orders":[{"type":"wait","time":0}]}]"#);
    assert_eq!(rows(FrameType::OrderConfirm).count(), usize::from(ORDERS));
    assert_eq!(rows(FrameType::FetchOrders).count(), 1);
    assert_eq!(inspector.incomplete(Direction::ToDevice), 0);
}

/// `[{"orders":[{"type":"wait","time":number}]}]`
fn order(number: u16) -> Vec<u8> {
    let text =
        format!(r#"[{{"$map":[["orders",[{{"$map":[["type","wait"],["time",{number}]]}}]]]}}]"#);
    let tagged = wigwag_harness::tagged::parse(&text).expect("JSON");
    wigwag_harness::tagged::encode(&tagged).expect("a value")
}

fn bytes(frame: Frame<'_>) -> Vec<u8> {
    let mut bytes = vec![0; frame.wire_len()];
    frame.write(&mut bytes).expect("room");
    bytes
}
