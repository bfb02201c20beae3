//! The inspector's table, fed with the bytes of a live conversation: what
//! the server wrote and read, decrypted at the device's end.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use wigwag_codec::ngtt::{Frame, FrameType, HEADER_LEN};
use wigwag_harness::mock::{Answer, MockNgtt};
use wigwag_harness::pki::Pki;
use wigwag_inspect::{ConnectionId, Direction, Frame as Row, Piece, Protocol, Sink, Table};

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

    let mut table = Table::default();
    let fetch = bytes(Frame::empty(FrameType::FetchOrders, 0));
    stream.write_all(&fetch).await.expect("written");
    take(&mut table, Direction::ToServer, 0, &fetch);

    let mut seen = 0;
    let mut chunk = [0; 7]; // never a whole header
    while seen < usize::from(ORDERS) {
        let read = stream.read(&mut chunk).await.expect("read");
        assert!(read > 0, "the server went away");
        let before = table.columns().len();
        take(&mut table, Direction::ToDevice, 1, &chunk[..read]);
        for row in before..table.columns().len() {
            if table.columns().kind[row] == u32::from(FrameType::Order.as_u16()) {
                seen += 1;
                let tid = u16::try_from(table.columns().id[row]).expect("16 bits");
                let confirm = bytes(Frame::empty(FrameType::OrderConfirm, tid));
                stream.write_all(&confirm).await.expect("written");
                take(&mut table, Direction::ToServer, 2, &confirm);
            }
        }
    }
    let answered = server
        .wait_until(LIMIT, |book| book.unanswered() == 0)
        .await;
    assert!(answered, "the server has read every confirmation");

    // The table against the server's own book.
    table.finish();
    let book = server.book().device(DEVICE);
    let columns = table.columns();
    let rows = |kind: FrameType| {
        let kind = u32::from(kind.as_u16());
        (0..columns.len()).filter(move |row| columns.kind[*row] == kind)
    };
    let orders: Vec<usize> = rows(FrameType::Order).collect();
    assert_eq!(orders.len(), book.orders.len());
    for (row, entry) in orders.iter().zip(&book.orders) {
        assert_eq!(Some(columns.id[*row]), entry.tid.map(u32::from));
        let number = u32::try_from(*row).expect("32 bits");
        let Row {
            bytes, protocol, ..
        } = table.frame(number).expect("kept");
        assert_eq!(protocol, Protocol::Ngtt);
        assert_eq!(bytes[HEADER_LEN..], entry.payload[..]);
        assert_eq!(entry.answer, Some(Answer::Confirm));
        let confirm = table.pair(number).expect("it was confirmed");
        assert_eq!(columns.latency[confirm as usize], 1.0);
    }
    assert_eq!(rows(FrameType::OrderConfirm).count(), usize::from(ORDERS));
    assert_eq!(rows(FrameType::FetchOrders).count(), 1);
    assert_eq!(columns.len(), 1 + 2 * usize::from(ORDERS));
    assert_eq!(table.problems(), []);
}

fn take(table: &mut Table, direction: Direction, time: u64, bytes: &[u8]) {
    let connection = ConnectionId(0);
    table.take(Piece::Bytes {
        connection,
        direction,
        time,
        bytes,
    });
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
