//! How ends, accidents and pressure go through a tap.

use crate::client::LIMIT;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast::Receiver;
use tokio::time::timeout;
use wigwag_harness::pki::Pki;
use wigwag_harness::record::Recorder;
use wigwag_harness::tap::{Security, Tap, TapEvent, TapEventKind, TapOptions};
use wigwag_harness::vnet::HostStream as _;

/// A tap over plain TCP, and the two ends of a connection through it.
async fn pair() -> (Tap, TcpStream, TcpStream) {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let tap = plain(server.local_addr().unwrap()).await;
    let device = TcpStream::connect(tap.addr()).await.unwrap();
    let (server, _) = timeout(LIMIT, server.accept()).await.unwrap().unwrap();
    let through = async {
        while tap.totals().connections == 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(LIMIT, through).await.expect("they talk");
    (tap, device, server)
}

async fn plain(server: SocketAddr) -> Tap {
    Tap::start(TapOptions {
        recorder: Some(Recorder::default()),
        ..TapOptions::new(&server.to_string(), Security::Plain)
    })
    .await
    .unwrap()
}

/// Why the next connection ended.
async fn reason(from: &mut Receiver<TapEvent>) -> String {
    loop {
        let event = timeout(LIMIT, from.recv()).await.unwrap().unwrap();
        if let TapEventKind::Disconnected { reason, .. } = event.kind {
            return reason;
        }
    }
}

async fn read_all(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut all = Vec::new();
    timeout(LIMIT, stream.read_to_end(&mut all))
        .await
        .expect("an end")?;
    Ok(all)
}

#[tokio::test]
async fn a_half_close_stays_one() {
    let (tap, mut device, mut server) = pair().await;
    let mut events = tap.events();
    device.write_all(b"that is all").await.unwrap();
    device.shutdown().await.unwrap();
    assert_eq!(read_all(&mut server).await.unwrap(), b"that is all");
    // The server still has something to say.
    server.write_all(b"and that is the answer").await.unwrap();
    server.shutdown().await.unwrap();
    let answer = read_all(&mut device).await.unwrap();
    assert_eq!(answer, b"and that is the answer");
    assert_eq!(reason(&mut events).await, "closed by the device");
    let totals = tap.totals();
    assert_eq!((totals.to_server, totals.to_device), (11, 22));
}

#[tokio::test]
async fn a_reset_of_either_side_reaches_the_other() {
    let (tap, mut device, mut server) = pair().await;
    let mut events = tap.events();
    device.reset();
    drop(device);
    let error = read_all(&mut server).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert!(reason(&mut events).await.starts_with("the device: "));

    let (tap, mut device, mut server) = pair().await;
    let mut events = tap.events();
    server.reset();
    drop(server);
    let error = read_all(&mut device).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert!(reason(&mut events).await.starts_with("the server: "));
}

#[tokio::test]
async fn who_does_not_read_holds_the_other_back() {
    let (tap, mut device, mut server) = pair().await;
    let chunk = vec![7; 1 << 20];
    let mut written = 0_usize;
    // Sockets hold some megabytes; the tap adds no more than its own chunk.
    while let Ok(count) = timeout(Duration::from_millis(300), device.write(&chunk)).await {
        written += count.unwrap();
        assert!(written < 200 << 20, "nobody is held back");
    }
    device.shutdown().await.unwrap();
    let all = read_all(&mut server).await.unwrap();
    assert_eq!(all.len(), written);
    assert!(all.iter().all(|byte| *byte == 7));
    drop(tap);
}

#[tokio::test]
async fn many_talk_at_a_time() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let tap = plain(server.local_addr().unwrap()).await;
    let echo = tokio::spawn(async move {
        loop {
            let (mut stream, _) = server.accept().await.unwrap();
            tokio::spawn(async move {
                let (mut read, mut write) = stream.split();
                let _ = tokio::io::copy(&mut read, &mut write).await;
            });
        }
    });
    let mut devices = Vec::new();
    for number in 0..100_u8 {
        let mut device = TcpStream::connect(tap.addr()).await.unwrap();
        device.write_all(&[number; 1000]).await.unwrap();
        devices.push(device);
    }
    for (device, number) in devices.iter_mut().zip(0..) {
        device.shutdown().await.unwrap();
        assert_eq!(read_all(device).await.unwrap(), [number; 1000]);
    }
    let totals = tap.stop().await;
    assert_eq!((totals.connections, totals.to_device), (100, 100_000));
    echo.abort();
}

#[tokio::test]
async fn beyond_the_limit_devices_are_refused_and_at_the_end_all_are_told() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let tap = Tap::start(TapOptions {
        max_connections: 1,
        ..TapOptions::new(&server.local_addr().unwrap().to_string(), Security::Plain)
    })
    .await
    .unwrap();
    let mut events = tap.events();
    let mut first = TcpStream::connect(tap.addr()).await.unwrap();
    let (mut server, _) = server.accept().await.unwrap();
    let mut second = TcpStream::connect(tap.addr()).await.unwrap();
    assert!(read_all(&mut second).await.is_err(), "a reset");
    let stop = tokio::spawn(tap.stop());
    // Orderly ends, without anybody having closed.
    assert_eq!(read_all(&mut first).await.unwrap(), b"");
    assert_eq!(read_all(&mut server).await.unwrap(), b"");
    drop((first, server));
    let totals = stop.await.unwrap();
    assert_eq!((totals.connections, totals.refused), (1, 1));
    let mut reasons = Vec::new();
    while let Ok(event) = events.try_recv() {
        match event.kind {
            TapEventKind::Refused { reason, .. } | TapEventKind::Disconnected { reason, .. } => {
                reasons.push(reason);
            }
            _ => {}
        }
    }
    assert_eq!(reasons, ["too many connections", "the tap ends"]);
}

#[tokio::test]
async fn the_end_of_tcp_without_that_of_tls_stays_visible() {
    let pki = Pki::generate();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let security = Security::of(&pki, "ngtt.test", None).unwrap();
    let options = TapOptions::new(&listener.local_addr().unwrap().to_string(), security);
    let tap = Tap::start(options).await.unwrap();
    let config = pki.client_config(pki.device("device-0001")).unwrap();
    let device = TcpStream::connect(tap.addr()).await.unwrap();
    let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config));
    let acceptor: tokio_rustls::TlsAcceptor =
        std::sync::Arc::new(pki.server_config(false, None).unwrap()).into();
    let (device, server) = tokio::join!(
        connector.connect("ngtt.test".try_into().unwrap(), device),
        async {
            let (stream, _) = listener.accept().await.unwrap();
            acceptor.accept(stream).await
        }
    );
    let (mut device, mut server) = (device.unwrap(), server.unwrap());
    device.write_all(b"half a fra").await.unwrap();
    device.flush().await.unwrap();
    let mut read = [0; 10];
    timeout(LIMIT, server.read_exact(&mut read))
        .await
        .unwrap()
        .unwrap();
    // The end of TCP, without close_notify.
    device.get_mut().0.shutdown().await.unwrap();
    let end = timeout(LIMIT, server.read(&mut read)).await.unwrap();
    assert_eq!(end.unwrap_err().kind(), ErrorKind::UnexpectedEof);
}
