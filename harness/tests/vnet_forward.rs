//! Connections to a device that listens on the virtual network.

use embassy_net::Stack;
use embassy_net::tcp::TcpSocket;
use embedded_io_async::Write as _;
use std::future::pending;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use wigwag_harness::faults::Cut;
use wigwag_harness::vnet::{Addressing, Families, Options, VirtualNet, alongside, loopback};

const PORT: u16 = 9999;

const LIMIT: Duration = Duration::from_secs(60);

fn device() -> SocketAddr {
    (Addressing::DEFAULT.device, PORT).into()
}

/// A device that answers one connection after the other with what it reads.
async fn echo(stack: Stack<'_>) -> std::convert::Infallible {
    let (mut rx, mut tx, mut part) = ([0; 4096], [0; 4096], [0; 4096]);
    loop {
        let mut socket = TcpSocket::new(stack, &mut rx, &mut tx);
        if socket.accept(PORT).await.is_err() {
            continue;
        }
        while let Ok(read @ 1..) = socket.read(&mut part).await {
            if socket.write_all(&part[..read]).await.is_err() {
                break;
            }
        }
        socket.close();
        let _ = socket.flush().await;
    }
}

/// Runs `host` beside a device on `net` that echoes, forwarded from an address
/// of the host.
async fn with_echo<T>(
    net: &VirtualNet,
    to: SocketAddr,
    host: impl AsyncFnOnce(SocketAddr) -> T,
) -> T {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let device = net.run(echo);
    let forward = net.forward(&listener, to);
    let host = async { timeout(LIMIT, host(address)).await.unwrap() };
    alongside(host, vec![Box::pin(device), Box::pin(forward)]).await
}

/// Writes, says that it was all, and reads what comes until the end.
async fn there_and_back(address: SocketAddr, data: &[u8]) -> Vec<u8> {
    let (mut read, mut write) = TcpStream::connect(address).await.unwrap().into_split();
    let sent = async {
        write.write_all(data).await.unwrap();
        write.shutdown().await.unwrap();
    };
    let mut back = Vec::new();
    let (_, came) = tokio::join!(sent, read.read_to_end(&mut back));
    came.unwrap();
    back
}

#[tokio::test]
async fn a_megabyte_goes_to_the_device_and_back_twice() {
    let data: Vec<u8> = (0..1_000_000u32).map(|n| (n * 7 / 3) as u8).collect();
    let net = VirtualNet::new(loopback());
    with_echo(&net, device(), async |address| {
        for _ in 0..2 {
            assert!(there_and_back(address, &data).await == data);
        }
    })
    .await;
}

#[tokio::test]
async fn a_device_is_reached_by_its_ipv6_address() {
    let addressing = Addressing::of(Families::V6);
    let options = Options {
        addressing,
        ..Options::default()
    };
    let net = VirtualNet::with(options, loopback());
    let device = (addressing.v6.device, PORT).into();
    with_echo(&net, device, async |address| {
        assert_eq!(there_and_back(address, b"six").await, b"six");
    })
    .await;
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_a_reset_at_once() {
    let net = VirtualNet::new(loopback());
    let other = (Addressing::DEFAULT.device, PORT + 1).into();
    with_echo(&net, other, async |address| {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let read = stream.read(&mut [0; 1]).await;
        assert_eq!(read.unwrap_err().kind(), ErrorKind::ConnectionReset);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_device_that_is_not_there_ends_the_stream_after_two_minutes() {
    let net = VirtualNet::new(loopback());
    net.faults().set_link_up(false);
    let (near, mut far) = tokio::io::duplex(64);
    let start = tokio::time::Instant::now();
    let host = async {
        net.connect(device(), near);
        assert_eq!(far.read(&mut [0; 1]).await.unwrap(), 0);
        start.elapsed().as_secs()
    };
    let elapsed = alongside(host, vec![Box::pin(net.run(async |_| pending().await))]).await;
    assert!((119..=122).contains(&elapsed), "{elapsed} s");
}

#[tokio::test]
async fn the_faults_of_streams_cut_it() {
    let net = VirtualNet::new(loopback());
    let faults = net.faults().clone();
    with_echo(&net, device(), async |address| {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"x").await.unwrap();
        stream.read_exact(&mut [0; 1]).await.unwrap();
        faults.cut_all(Cut::Reset);
        let read = stream.read(&mut [0; 1]).await;
        assert_eq!(read.unwrap_err().kind(), ErrorKind::ConnectionReset);
        // And the device takes the next one.
        assert_eq!(there_and_back(address, b"again").await, b"again");
    })
    .await;
}
