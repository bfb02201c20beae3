//! The embassy-net form of the network trait, on a stack whose interface leads
//! back to itself.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::num::NonZeroU8;
use core::time::Duration;

use embassy_net::udp::PacketMetadata;
use wigwag_embassy::net::{
    ConnectError, DatagramError, EmbassyUdpBuffers, Family, Network, NoSuchPath, PathId, PathState,
    ResolveError, StreamError, TcpBuffers, TcpOptions, TcpSocket, UdpSocket,
};
use wigwag_tests::loopback::{OWN, on_loopback, own};

#[test]
fn streams_connect_half_close_and_reset() {
    on_loopback(async |network, _| {
        let state = network.path_changed(PathId(0), PathState::LinkDown).await;
        assert_eq!(state, PathState::Up);
        let mut memory = [[0; 1024]; 4];
        let [a, b, c, d] = &mut memory;
        let buffers = TcpBuffers {
            receive: a,
            send: b,
        };
        let server = network.tcp(PathId(0), buffers).unwrap();
        let buffers = TcpBuffers {
            receive: c,
            send: d,
        };
        let client = network.tcp(PathId(0), buffers).unwrap();
        client.set_options(&TcpOptions {
            keep_alive: Some(Duration::from_secs(5)),
            nagle: true,
            timeout: Some(Duration::from_secs(20)),
            hop_limit: NonZeroU8::new(3),
            ..TcpOptions::DEFAULT
        });
        let (accepted, connected) = tokio::join!(
            server.accept(1000),
            client.connect(own(1000), Duration::from_secs(5))
        );
        assert_eq!((accepted, connected), (Ok(()), Ok(())));
        assert_eq!(client.remote(), Some(own(1000)));
        assert_eq!(server.remote(), client.local());

        // Both directions, then one, through shared references.
        let mut buffer = [0; 16];
        assert_eq!(client.write(b"there").await, Ok(5));
        assert_eq!(server.read(&mut buffer).await, Ok(5));
        client.close();
        assert_eq!(server.read(&mut buffer).await, Ok(0));
        assert_eq!(server.write(b"back").await, Ok(4));
        assert_eq!(client.read(&mut buffer).await, Ok(4));
        assert_eq!(&buffer[..4], b"back");
        // Alive over an idle hour: the keep-alive is answered.
        tokio::time::sleep(Duration::from_secs(3600)).await;
        assert_eq!(server.write(b"still").await, Ok(5));
        assert_eq!(client.read(&mut buffer).await, Ok(5));
        server.abort();
        server.flushed().await;
        assert_eq!(client.read(&mut buffer).await, Err(StreamError));
    });
}

#[test]
fn connections_that_fail_say_why_and_leave_the_socket_usable() {
    on_loopback(async |network, _| {
        network.path_changed(PathId(0), PathState::LinkDown).await;
        let mut memory = [[0; 512]; 4];
        let [a, b, c, d] = &mut memory;
        let buffers = TcpBuffers {
            receive: a,
            send: b,
        };
        let client = network.tcp(PathId(0), buffers).unwrap();
        let second = Duration::from_secs(1);
        // Nobody listens.
        assert_eq!(
            client.connect(own(9), second).await,
            Err(ConnectError::Refused)
        );
        // Another host of the network, which is not there.
        let nobody = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 77)), 9);
        assert_eq!(
            client.connect(nobody, second).await,
            Err(ConnectError::TimedOut)
        );
        client.flushed().await;
        // A family that this stack does not have.
        let v6 = SocketAddr::new("2001:db8::1".parse().unwrap(), 9);
        let started = tokio::time::Instant::now();
        assert_eq!(client.connect(v6, second).await, Err(ConnectError::NoRoute));
        assert!(started.elapsed() < second);
        // A dropped attempt is aborted.
        let dropped = client.connect(nobody, Duration::from_secs(60));
        assert!(tokio::time::timeout(second, dropped).await.is_err());
        client.flushed().await;
        let buffers = TcpBuffers {
            receive: c,
            send: d,
        };
        let server = network.tcp(PathId(0), buffers).unwrap();
        let (accepted, connected) =
            tokio::join!(server.accept(1000), client.connect(own(1000), second));
        assert_eq!((accepted, connected), (Ok(()), Ok(())));
    });
}

#[test]
fn datagrams_carry_their_addresses() {
    on_loopback(async |network, _| {
        network.path_changed(PathId(0), PathState::LinkDown).await;
        let mut metas = [[PacketMetadata::EMPTY; 4]; 4];
        let [m1, m2, m3, m4] = &mut metas;
        let mut memory = [[0; 512]; 4];
        let [b1, b2, b3, b4] = &mut memory;
        let socket = |receive_meta, receive, send_meta, send| {
            let buffers = EmbassyUdpBuffers {
                receive_meta,
                receive,
                send_meta,
                send,
            };
            network.udp(PathId(0), buffers).unwrap()
        };
        let a = socket(&mut m1[..], &mut b1[..], &mut m2[..], &mut b2[..]);
        let b = socket(&mut m3[..], &mut b3[..], &mut m4[..], &mut b4[..]);
        assert_eq!(
            a.send_to(b"x", own(2000)).await,
            Err(DatagramError::NoRoute)
        );
        a.bind(1000).unwrap();
        assert!(a.bind(1001).is_err());
        b.bind(2000).unwrap();
        let v6 = SocketAddr::new("2001:db8::1".parse().unwrap(), 9);
        assert_eq!(a.send_to(b"x", v6).await, Err(DatagramError::NoRoute));
        b.set_hop_limit(NonZeroU8::new(2));
        a.send_to(b"question", own(2000)).await.unwrap();
        let mut buffer = [0; 64];
        let question = b.receive_from(&mut buffer).await.unwrap();
        assert_eq!((question.length, question.from), (8, own(1000)));
        assert_eq!(question.to, Some(IpAddr::V4(OWN)));
        b.send_to(b"an answer", question.from).await.unwrap();
        let short = a.receive_from(&mut [0; 4]).await;
        assert_eq!(short, Err(DatagramError::TooLong));
        let long = a.send_to(&[0; 513], own(2000)).await;
        assert_eq!(long, Err(DatagramError::TooLong));
    });
}

#[test]
fn what_a_network_does_not_have_is_an_error() {
    on_loopback(async |network, _| {
        let other = PathId(1);
        assert_eq!(network.paths(), 1);
        assert_eq!(network.path_state(other), PathState::LinkDown);
        let (mut a, mut b) = ([0; 16], [0; 16]);
        let buffers = TcpBuffers {
            receive: &mut a,
            send: &mut b,
        };
        assert_eq!(network.tcp(other, buffers).err(), Some(NoSuchPath));
        let minute = Duration::from_secs(60);
        let resolve = async |path, name, family| network.resolve(path, name, family, minute).await;
        let failed = resolve(other, "a.test", Family::V4).await;
        assert_eq!(failed, Err(ResolveError::Unsupported));
        // An address is its own answer; a name needs a server, which is not
        // configured here.
        let found = resolve(PathId(0), "192.0.2.9", Family::V4).await.unwrap();
        assert_eq!(&found[..], [IpAddr::V4(Ipv4Addr::new(192, 0, 2, 9))]);
        let failed = resolve(PathId(0), "a.test", Family::V4).await;
        assert!(failed.is_err());
        let long = "x".repeat(300);
        let failed = resolve(PathId(0), &long, Family::V4).await;
        assert_eq!(failed, Err(ResolveError::InvalidName));
    });
}
