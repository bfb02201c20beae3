//! Who is turned away, and what nobody may do.

use super::hand::{DEVICE, Hand, LIMIT};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use wigwag_codec::ngtt::FrameType;
use wigwag_codec::ngtt::server::ServerConfig;
use wigwag_harness::mock::{Event, EventKind, MockNgtt, MockOptions};
use wigwag_harness::pki::{Pki, Validity};

type Events = tokio::sync::broadcast::Receiver<Event>;

/// The reason of the next refusal or disconnection.
async fn next_reason(events: &mut Events) -> String {
    let next = async {
        loop {
            match events.recv().await.unwrap().kind {
                EventKind::Refused { reason, .. } | EventKind::Disconnected { reason } => {
                    return reason;
                }
                _ => {}
            }
        }
    };
    tokio::time::timeout(LIMIT, next)
        .await
        .expect("nobody was turned away in time")
}

#[tokio::test]
async fn who_is_no_device_is_refused_with_the_reason() {
    let pki = Pki::generate();
    let foreign = Pki::generate();
    let expired = pki.device_identity(DEVICE, 0, Validity::expired()).unwrap();
    let future = pki.device_identity(DEVICE, 0, Validity::future()).unwrap();
    let server = MockNgtt::start(&pki).await.unwrap();
    let mut events = server.events();
    let cases = [
        (None, "no client certificate"),
        (
            foreign.device(DEVICE),
            "client certificate refused: not issued by the device CA",
        ),
        (Some(&expired), "client certificate expired"),
        (Some(&future), "client certificate not valid yet"),
    ];
    for (number, (identity, expected)) in cases.into_iter().enumerate() {
        // With TLS 1.3 a client learns of it at its first read.
        if let Ok(mut device) = Hand::connect_as(&pki, identity, server.addr()).await {
            device.end().await;
        }
        assert_eq!(next_reason(&mut events).await, expected);
        assert_eq!(server.book().refused, number as u64 + 1);
    }
    assert!(server.book().devices.is_empty());
}

#[tokio::test]
async fn what_is_not_tls_is_refused() {
    let pki = Pki::generate();
    let server = MockNgtt::start(&pki).await.unwrap();
    let mut events = server.events();
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: ngtt.test\r\n\r\n")
        .await
        .unwrap();
    assert_eq!(next_reason(&mut events).await, "not TLS");
    drop(TcpStream::connect(server.addr()).await.unwrap());
    assert_eq!(
        next_reason(&mut events).await,
        "hung up during the TLS handshake"
    );
}

#[tokio::test]
async fn tls_1_2_is_for_those_who_ask() {
    let pki = Pki::generate();
    let only_older = || {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(pki.server_ca().clone()).unwrap();
        let identity = pki.device(DEVICE).unwrap();
        let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS12])
            .unwrap()
            .with_root_certificates(roots)
            .with_client_auth_cert(identity.chain().to_vec(), identity.key().clone_key().into())
            .unwrap();
        tokio_rustls::TlsConnector::from(std::sync::Arc::new(config))
    };
    for tls12 in [false, true] {
        let options = MockOptions {
            tls12,
            ..MockOptions::default()
        };
        let server = MockNgtt::start_with(&pki, options).await.unwrap();
        let stream = TcpStream::connect(server.addr()).await.unwrap();
        let name = "ngtt.test".try_into().unwrap();
        let connected = only_older().connect(name, stream).await;
        assert_eq!(connected.is_ok(), tls12, "{:?}", connected.err());
    }
}

#[tokio::test]
async fn a_slow_handshake_ends() {
    let pki = Pki::generate();
    let options = MockOptions {
        handshake_limit: Duration::from_millis(150),
        ..MockOptions::default()
    };
    let server = MockNgtt::start_with(&pki, options).await.unwrap();
    let mut events = server.events();
    let started = Instant::now();
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    // The start of a ClientHello, and now and then a byte.
    let drip = async {
        let mut hello = [22, 3, 1, 2, 0].into_iter().chain(std::iter::repeat(1));
        while stream.write_all(&[hello.next().unwrap()]).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let (reason, ()) = tokio::join!(next_reason(&mut events), drip);
    assert_eq!(reason, "the TLS handshake took longer than 150ms");
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn too_many_connections_are_refused_and_a_free_place_is_taken() {
    let pki = Pki::generate();
    let options = MockOptions {
        max_connections: 2,
        ..MockOptions::default()
    };
    let server = MockNgtt::start_with(&pki, options).await.unwrap();
    let mut events = server.events();
    let mut first = TcpStream::connect(server.addr()).await.unwrap();
    let second = TcpStream::connect(server.addr()).await.unwrap();
    let mut third = TcpStream::connect(server.addr()).await.unwrap();
    assert_eq!(next_reason(&mut events).await, "too many connections");
    assert_eq!(third.read(&mut [0; 8]).await.unwrap_or(0), 0);
    // Ends itself by not being TLS.
    first.write_all(b"not TLS at all").await.unwrap();
    assert_eq!(next_reason(&mut events).await, "not TLS");
    let mut device = Hand::connect(&pki, server.addr()).await;
    device.send(FrameType::Ping, 1, &[]).await;
    assert_eq!(device.receive().await.0, FrameType::Ping);
    drop(second);
}

#[tokio::test]
async fn a_frame_over_the_limit_ends_the_connection_before_it_is_read() {
    let pki = Pki::generate();
    let options = MockOptions {
        max_payload: 1000,
        ..MockOptions::default()
    };
    let server = MockNgtt::start_with(&pki, options).await.unwrap();
    let mut events = server.events();
    let mut device = Hand::connect(&pki, server.addr()).await;
    // At the limit all is well.
    device.send(FrameType::Unknown(99), 1, &[0; 1000]).await;
    device.send(FrameType::Ping, 1, &[]).await;
    assert_eq!(device.receive().await.0, FrameType::Ping);
    // 4 GiB announced, none sent.
    device
        .stream
        .write_all(&[0xff, 0xff, 0xff, 0xff, 0, 1, 0, 4])
        .await
        .unwrap();
    let expected = "DATA_STREAM with 4294967295 bytes of payload, 1000 are the limit";
    assert_eq!(next_reason(&mut events).await, expected);
    device.end().await;
}

#[tokio::test]
async fn a_silent_device_is_dropped_and_a_pinging_one_stays() {
    let pki = Pki::generate();
    let options = MockOptions {
        session: ServerConfig {
            read_dead: Duration::from_millis(300),
            ..ServerConfig::new()
        },
        ..MockOptions::default()
    };
    let server = MockNgtt::start_with(&pki, options).await.unwrap();
    let mut events = server.events();
    let mut device = Hand::connect(&pki, server.addr()).await;
    for tid in 1..=8 {
        device.send(FrameType::Ping, tid, &[]).await;
        assert_eq!(device.receive().await.1, tid);
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    assert_eq!(
        next_reason(&mut events).await,
        "nothing was received for too long"
    );
    device.end().await;
}

#[tokio::test]
async fn a_device_that_does_not_read_is_dropped() {
    let pki = Pki::generate();
    let options = MockOptions {
        session: ServerConfig {
            write_dead: Duration::from_millis(200),
            ..ServerConfig::new()
        },
        ..MockOptions::default()
    };
    let server = MockNgtt::start_with(&pki, options).await.unwrap();
    let mut events = server.events();
    for _ in 0..16 {
        server.enqueue(DEVICE, vec![0x40; 2 << 20]);
    }
    let mut device = Hand::connect(&pki, server.addr()).await;
    device.fetch().await;
    assert_eq!(
        next_reason(&mut events).await,
        "the peer does not take what is written"
    );
}

#[tokio::test]
async fn a_connection_that_ends_within_a_frame_is_told_from_one_that_does_not() {
    let pki = Pki::generate();
    let server = MockNgtt::start(&pki).await.unwrap();
    let mut events = server.events();
    let mut device = Hand::connect(&pki, server.addr()).await;
    device.stream.shutdown().await.unwrap();
    assert_eq!(next_reason(&mut events).await, "closed by the device");
    let mut device = Hand::connect(&pki, server.addr()).await;
    device.stream.write_all(&[0, 0, 0]).await.unwrap();
    device.stream.shutdown().await.unwrap();
    assert_eq!(
        next_reason(&mut events).await,
        "closed by the device in the middle of a frame"
    );
    // Without close_notify it is a truncation, RFC 8446 section 6.1.
    let device = Hand::connect(&pki, server.addr()).await;
    drop(device);
    let reason = next_reason(&mut events).await;
    assert!(reason.starts_with("lost: "), "{reason}");
}

#[tokio::test]
async fn any_bytes_are_survived() {
    use rand_chacha::ChaCha8Rng;
    use rand_core::{RngCore, SeedableRng};
    let pki = Pki::generate();
    let server = MockNgtt::start(&pki).await.unwrap();
    for seed in 0..20 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut device = Hand::connect(&pki, server.addr()).await;
        let mut bytes = vec![0; 4096];
        rng.fill_bytes(&mut bytes);
        if seed % 2 == 0 {
            // Short frames of random types and payloads.
            for frame in bytes.chunks_mut(32) {
                frame[..6].fill(0);
                frame[3] = 24;
                frame[7] %= 12;
            }
        }
        // Either is right: the server may have had enough already.
        let _ = device.stream.write_all(&bytes).await;
        let _ = device.stream.shutdown().await;
        device.end().await;
    }
    let mut device = Hand::connect(&pki, server.addr()).await;
    device.send(FrameType::Ping, 1, &[]).await;
    assert_eq!(device.receive().await.0, FrameType::Ping);
}

#[tokio::test]
async fn what_is_kept_of_a_device_has_a_limit() {
    let pki = Pki::generate();
    let options = MockOptions {
        keep: 4,
        keep_bytes: 10_000,
        ..MockOptions::default()
    };
    let server = MockNgtt::start_with(&pki, options).await.unwrap();
    let mut device = Hand::connect(&pki, server.addr()).await;
    let mut text = vec![0x81];
    text.resize(4000, b'x');
    for _ in 0..5 {
        device.send(FrameType::Logs, 0, &text).await;
    }
    // Small ones find what room is left, up to the number that is kept.
    for tid in 1..=4 {
        device.send(FrameType::Logs, 0, b"\x40").await;
        device.send(FrameType::DataStream, tid, b"\x40").await;
    }
    device.send(FrameType::DataStream, 5, b"\x40").await;
    let all = |book: &wigwag_harness::mock::Book| book.device(DEVICE).unrecorded == 3 + 2 + 1;
    assert!(server.wait_until(LIMIT, all).await, "{:?}", server.book());
    let book = server.book().device(DEVICE);
    assert_eq!((book.logs.len(), book.batches.len()), (4, 4));
    // They are answered all the same.
    for _ in 0..5 {
        assert_eq!(device.receive().await.0, FrameType::DataStreamConfirm);
    }
}
