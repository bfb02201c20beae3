//! The host's own sockets as a device's network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU8;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wigwag_embassy::net::{
    ConnectError, Family, Network, PathId, PathState, ResolveError, SocketOption, StreamError,
    TcpBuffers, TcpOptions, TcpSocket, UdpSocket,
};
use wigwag_harness::hostnet::{HostNetwork, HostTcp, StreamProtocol};

const LIMIT: Duration = Duration::from_secs(10);
const PATH: PathId = PathId(0);

fn tcp(net: &HostNetwork) -> HostTcp {
    let (receive, send) = (&mut [][..], &mut [][..]);
    net.tcp(PATH, TcpBuffers { receive, send }).unwrap()
}

#[tokio::test]
async fn bytes_go_both_ways_and_ends_are_seen() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().unwrap();
    let net = HostNetwork::new();
    let socket = tcp(&net);
    socket.set_options(&TcpOptions {
        keep_alive: Some(Duration::from_secs(60)),
        timeout: Some(Duration::from_secs(120)),
        hop_limit: NonZeroU8::new(9),
        ..TcpOptions::DEFAULT
    });
    socket.connect(address, LIMIT).await.unwrap();
    let (mut peer, from) = server.accept().await.unwrap();
    assert_eq!(
        (socket.local(), socket.remote()),
        (Some(from), Some(address))
    );

    assert_eq!(socket.write(b"up").await, Ok(2));
    let mut buffer = [0; 4];
    peer.read_exact(&mut buffer[..2]).await.unwrap();
    peer.write_all(b"down").await.unwrap();
    let mut read = 0;
    while read < 4 {
        read += socket.read(&mut buffer[read..]).await.unwrap();
    }
    assert_eq!(&buffer, b"down");

    // A half close: the peer sees the end and can still answer.
    socket.close();
    assert_eq!(peer.read(&mut buffer).await.unwrap(), 0);
    peer.write_all(b"bye").await.unwrap();
    drop(peer);
    assert_eq!(socket.read(&mut buffer).await, Ok(3));
    assert_eq!(socket.read(&mut buffer).await, Ok(0));
}

#[tokio::test]
async fn an_abort_is_a_reset() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let net = HostNetwork::new();
    let socket = tcp(&net);
    socket
        .connect(server.local_addr().unwrap(), LIMIT)
        .await
        .unwrap();
    let (mut peer, _) = server.accept().await.unwrap();
    socket.abort();
    assert!(peer.read(&mut [0]).await.is_err());
    assert_eq!(socket.read(&mut [0]).await, Err(StreamError));
    assert_eq!(socket.write(&[0]).await, Err(StreamError));
}

#[tokio::test]
async fn a_port_where_nobody_listens_refuses() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = gone.local_addr().unwrap();
    drop(gone);
    let net = HostNetwork::new();
    let refused = tcp(&net).connect(address, LIMIT).await;
    assert_eq!(refused, Err(ConnectError::Refused));
}

#[tokio::test]
async fn names_are_found_by_family() {
    let net = HostNetwork::new().with_name("Device.Test", [Ipv4Addr::LOCALHOST.into()]);
    let found = async |name, family| net.resolve(PATH, name, family, LIMIT).await;
    let local = IpAddr::from(Ipv4Addr::LOCALHOST);
    assert_eq!(&*found("device.test", Family::V4).await.unwrap(), [local]);
    assert_eq!(
        found("device.test", Family::V6).await,
        Err(ResolveError::NoAddress)
    );
    assert_eq!(&*found("127.0.0.1", Family::V4).await.unwrap(), [local]);
    assert_eq!(&*found("localhost", Family::V4).await.unwrap(), [local]);
    assert_eq!(net.path_state(PATH), PathState::Up);
    assert!(net.udp(PathId(1), ()).is_err());
}

#[tokio::test]
async fn datagrams_keep_their_bounds() {
    let net = HostNetwork::new();
    let (here, there) = (net.udp(PATH, ()).unwrap(), net.udp(PATH, ()).unwrap());
    here.bind(0).unwrap();
    there.bind(0).unwrap();
    there.set_hop_limit(NonZeroU8::new(5));
    assert!(there.bind(0).is_err());
    let to = |socket: &wigwag_harness::hostnet::HostUdp| {
        (Ipv4Addr::LOCALHOST, socket.local().unwrap().port()).into()
    };
    here.send_to(b"one", to(&there)).await.unwrap();
    here.send_to(b"", to(&there)).await.unwrap();
    here.send_to(b"too long", to(&there)).await.unwrap();
    let mut buffer = [0; 4];
    let first = there.receive_from(&mut buffer).await.unwrap();
    assert_eq!((first.length, &buffer[..3]), (3, &b"one"[..]));
    assert_eq!(first.from, to(&here));
    assert_eq!(there.receive_from(&mut buffer).await.unwrap().length, 0);
    assert!(there.receive_from(&mut buffer).await.is_err());
    assert!(here.send_to(&[0; 70_000], to(&there)).await.is_err());
}

#[tokio::test]
async fn both_address_families_reach_one_port() {
    let net = HostNetwork::new();
    let listening = tcp(&net);
    let here = net.udp(PATH, ()).unwrap();
    here.bind(0).unwrap();
    for host in [
        IpAddr::from(Ipv4Addr::LOCALHOST),
        Ipv6Addr::LOCALHOST.into(),
    ] {
        let there = net.udp(PATH, ()).unwrap();
        there.bind(0).unwrap();
        let to = (host, here.local().unwrap().port()).into();
        there.send_to(b"hi", to).await.unwrap();
        let datagram = here.receive_from(&mut [0; 4]).await.unwrap();
        assert_eq!(datagram.from, (host, there.local().unwrap().port()).into());

        let accepted = async {
            listening.accept(0).await.unwrap();
            listening.remote().unwrap()
        };
        let connected = async {
            let socket = tcp(&net);
            let port = loop {
                if let Some(local) = listening.local().filter(|_| listening.remote().is_none()) {
                    break local.port();
                }
                tokio::task::yield_now().await;
            };
            socket.connect((host, port).into(), LIMIT).await.unwrap();
            (socket.local().unwrap(), socket)
        };
        let (from, (local, _socket)) = tokio::join!(accepted, connected);
        assert_eq!((from, from.ip()), (local, host));
        listening.abort();
    }
}

#[tokio::test]
async fn sockets_that_accept_share_a_port() {
    let net = HostNetwork::new();
    let (first, second, client) = (tcp(&net), tcp(&net), tcp(&net));
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let accepted = async {
        tokio::select! {
            accepted = first.accept(address.port()) => accepted,
            accepted = second.accept(address.port()) => accepted,
        }
    };
    // The two are asked first, so they listen when the client calls.
    let (accepted, connected) = tokio::join!(biased; accepted, client.connect(address, LIMIT));
    accepted.unwrap();
    connected.unwrap();
    let remote = first.remote().or(second.remote());
    assert_eq!(remote, client.local());
}

/// What the kernel has works; what it has not is an error that says so.
#[tokio::test]
async fn other_stream_protocols_are_the_kernels_or_refused() {
    for protocol in [StreamProtocol::Mptcp, StreamProtocol::Sctp] {
        let net = match HostNetwork::new().with_streams(protocol) {
            Ok(net) => net,
            Err(missing) => {
                let text = missing.to_string();
                assert!(text.starts_with("this kernel does not offer "), "{text}");
                assert!(protocol.available().is_err());
                continue;
            }
        };
        let multipath = protocol == StreamProtocol::Mptcp;
        assert_eq!(net.applies(SocketOption::Multipath), multipath);
        let (listening, socket) = (tcp(&net), tcp(&net));
        let accepted = listening.accept(0);
        let connected = async {
            while listening.local().is_none() {
                tokio::task::yield_now().await;
            }
            let to = (Ipv4Addr::LOCALHOST, listening.local().unwrap().port());
            socket.connect(to.into(), LIMIT).await
        };
        let (accepted, connected) = tokio::join!(accepted, connected);
        accepted.unwrap();
        connected.unwrap();
        assert_eq!(socket.write(b"over").await, Ok(4));
        let mut buffer = [0; 4];
        let mut read = 0;
        while read < 4 {
            read += listening.read(&mut buffer[read..]).await.unwrap();
        }
        assert_eq!(&buffer, b"over");
    }
    assert!(!HostNetwork::new().applies(SocketOption::Multipath));
    assert!(HostNetwork::new().applies(SocketOption::Dscp));
}
