//! How frames lie in TLS records, which a slow reader depends on; the key log;
//! streams within the process.

use super::hand::{DEVICE, Hand, LIMIT};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use wigwag_codec::ngtt::FrameType;
use wigwag_harness::mock::{MockNgtt, MockOptions};
use wigwag_harness::pki::Pki;

const PEER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 1);

/// Joins a server to a stream, and keeps what the server writes.
fn listen_in(server: &MockNgtt) -> (DuplexStream, Arc<Mutex<Vec<u8>>>) {
    let (device, near) = tokio::io::duplex(1 << 20);
    let (far, stream) = tokio::io::duplex(1 << 20);
    server.serve(stream, PEER);
    let kept = Arc::new(Mutex::new(Vec::new()));
    let keep = kept.clone();
    let (mut from_device, mut to_device) = tokio::io::split(near);
    let (mut from_server, mut to_server) = tokio::io::split(far);
    tokio::spawn(async move { tokio::io::copy(&mut from_device, &mut to_server).await });
    tokio::spawn(async move {
        let mut part = [0; 4096];
        while let Ok(count @ 1..) = from_server.read(&mut part).await {
            keep.lock().unwrap().extend_from_slice(&part[..count]);
            if to_device.write_all(&part[..count]).await.is_err() {
                break;
            }
        }
    });
    (device, kept)
}

/// Lengths of the records' plaintexts. RFC 8446 section 5.2: five bytes of
/// header; the inner type and the tag are 17 bytes more than the plaintext.
fn records(bytes: &[u8]) -> Vec<usize> {
    let mut lengths = Vec::new();
    let mut rest = bytes;
    while let Some((header, tail)) = rest.split_first_chunk::<5>() {
        let length = usize::from(u16::from_be_bytes([header[3], header[4]]));
        assert_eq!(header[0], 23, "not application data");
        lengths.push(length - 17);
        rest = &tail[length..];
    }
    lengths
}

/// The records in which three orders of 10, 600 and 20 bytes come.
async fn order_records(options: MockOptions) -> Vec<usize> {
    let pki = Pki::generate();
    let server = MockNgtt::start_with(&pki, options).await.unwrap();
    let sizes = [10, 600, 20];
    for size in sizes {
        server.enqueue(DEVICE, vec![0x40; size]);
    }
    let (stream, kept) = listen_in(&server);
    let mut device = Hand::over(&pki, pki.device(DEVICE), stream).await.unwrap();
    // The server's tickets come before its first answer: a PING is a mark
    // behind them.
    device.send(FrameType::Ping, 1, &[]).await;
    device.receive().await;
    kept.lock().unwrap().clear();
    device.fetch().await;
    for size in sizes {
        assert_eq!(device.order().await.1.len(), size);
    }
    records(&kept.lock().unwrap())
}

#[tokio::test]
async fn each_frame_has_records_of_its_own_of_at_most_512_bytes() {
    let records = order_records(MockOptions::default()).await;
    assert_eq!(records, [18, 512, 96, 28]);
}

#[tokio::test]
async fn coalesced_frames_share_a_record() {
    let options = MockOptions {
        coalesce: true,
        ..MockOptions::default()
    };
    assert_eq!(order_records(options).await, [18 + 608 + 28]);
}

#[tokio::test]
async fn the_record_limit_can_be_set() {
    let options = MockOptions {
        record_limit: 100,
        ..MockOptions::default()
    };
    assert_eq!(
        order_records(options).await,
        [18, 100, 100, 100, 100, 100, 100, 8, 28]
    );
}

#[tokio::test]
async fn secrets_go_to_the_key_log_that_was_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.log");
    let pki = Pki::generate();
    let options = MockOptions {
        keylog: Some(path.clone()),
        ..MockOptions::default()
    };
    let server = MockNgtt::start_with(&pki, options).await.unwrap();
    let _device = Hand::connect(&pki, server.addr()).await;
    assert!(
        server
            .wait_until(LIMIT, |book| !book.devices.is_empty())
            .await
    );
    let log = std::fs::read_to_string(&path).unwrap();
    assert!(log.contains("SERVER_TRAFFIC_SECRET_0 "), "{log}");
}

/// A day of pings without a socket: time is tokio's, and paused.
#[tokio::test(start_paused = true)]
async fn a_day_of_pings_in_paused_time() {
    let pki = Pki::generate();
    let server = MockNgtt::start(&pki).await.unwrap();
    let (stream, _) = listen_in(&server);
    let mut device = Hand::over(&pki, pki.device(DEVICE), stream).await.unwrap();
    for tid in 1..=2880 {
        tokio::time::sleep(std::time::Duration::from_secs(30)).await;
        device.send(FrameType::Ping, tid, &[]).await;
        assert_eq!(device.receive().await.1, tid);
    }
    assert_eq!(server.book().device(DEVICE).pings, 2880);
    // And then silence.
    tokio::time::sleep(std::time::Duration::from_secs(119)).await;
    assert_eq!(server.connected(), [DEVICE]);
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    assert!(server.connected().is_empty());
}
