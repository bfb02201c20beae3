//! UDP between a device and servers behind the gateway.

use embassy_net::udp::{PacketMetadata, UdpSocket};
use embassy_net::{IpAddress, IpEndpoint, Stack};
use std::cell::RefCell;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;
use tokio::time::timeout;
use wigwag_harness::faults::{DialFault, Direction, LinkFaults};
use wigwag_harness::vnet::{
    Addressing, DatagramEnd, Families, Options, VirtualNet, always, datagram_pair, loopback,
    with_datagrams,
};

const SERVERS: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 99, 0, 0, 0, 0, 1)),
];
const PORT: u16 = 7;
const SOON: Duration = Duration::from_secs(5);

fn options() -> Options {
    Options {
        addressing: Addressing::of(Families::Both),
        ..Options::default()
    }
}

/// The services that were dialled, for the test to play.
type Dialled = Rc<RefCell<Vec<(SocketAddr, DatagramEnd)>>>;

fn network() -> (VirtualNet, Dialled) {
    let dialled = Dialled::default();
    let kept = dialled.clone();
    let dial = with_datagrams(loopback(), move |to: SocketAddr| {
        let (near, far) = datagram_pair();
        kept.borrow_mut().push((to, far));
        async { Ok(near) }
    });
    (VirtualNet::with(options(), dial), dialled)
}

struct Memory {
    meta: [[PacketMetadata; 32]; 2],
    bytes: [[u8; 8192]; 2],
}

impl Memory {
    fn new() -> Box<Self> {
        Box::new(Self {
            meta: [[PacketMetadata::EMPTY; 32]; 2],
            bytes: [[0; 8192]; 2],
        })
    }

    fn socket<'a>(&'a mut self, stack: Stack<'a>, port: u16) -> UdpSocket<'a> {
        let ([rx_meta, tx_meta], [rx, tx]) = (&mut self.meta, &mut self.bytes);
        let mut socket = UdpSocket::new(stack, rx_meta, rx, tx_meta, tx);
        socket.bind(port).unwrap();
        socket
    }
}

async fn send(socket: &UdpSocket<'_>, server: IpAddr, data: &[u8]) {
    let to = IpEndpoint::new(IpAddress::from(server), PORT);
    socket.send_to(data, to).await.unwrap();
}

/// The next datagram, and who sent it.
async fn receive(socket: &UdpSocket<'_>) -> Option<(Vec<u8>, IpEndpoint)> {
    let mut buffer = [0; 2048];
    let received = timeout(SOON, socket.recv_from(&mut buffer)).await.ok()?;
    let (length, meta) = received.unwrap();
    Some((buffer[..length].to_vec(), meta.endpoint))
}

async fn configured(stack: Stack<'_>) {
    let ready = async {
        while stack.config_v4().is_none() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(Duration::from_secs(30), ready).await.unwrap();
}

#[tokio::test]
async fn datagrams_reach_a_socket_of_the_host_and_come_back() {
    let server = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let net = VirtualNet::with(options(), always(server.local_addr().unwrap()));
    let echo = async {
        let mut buffer = [0; 2048];
        loop {
            let (length, from) = server.recv_from(&mut buffer).await.unwrap();
            server.send_to(&buffer[..length], from).await.unwrap();
        }
    };
    let device = net.run(async |stack| {
        configured(stack).await;
        let mut memory = Memory::new();
        let socket = memory.socket(stack, 5000);
        for server in SERVERS {
            for length in [0, 1, 100, 1400] {
                let data: Vec<u8> = (0..length).map(|at| at as u8).collect();
                send(&socket, server, &data).await;
                let (back, from) = receive(&socket).await.expect("an answer");
                assert!(back == data, "{} of {length} bytes came back", back.len());
                assert_eq!(from, IpEndpoint::new(IpAddress::from(server), PORT));
            }
        }
    });
    tokio::select! {
        () = device => {}
        () = echo => unreachable!(),
    }
}

#[tokio::test(start_paused = true)]
async fn each_port_and_server_is_a_way_of_its_own() {
    let (net, dialled) = network();
    net.run(async |stack| {
        configured(stack).await;
        let (mut first, mut second) = (Memory::new(), Memory::new());
        let sockets = [first.socket(stack, 5000), second.socket(stack, 5001)];
        for socket in &sockets {
            for server in SERVERS {
                send(socket, server, b"one").await;
                send(socket, server, b"two").await;
            }
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
        let mut dialled = dialled.take();
        dialled.sort_by_key(|(to, _)| *to);
        let to: Vec<_> = dialled.iter().map(|(to, _)| *to).collect();
        let expected = [0, 0, 1, 1].map(|at: usize| SocketAddr::new(SERVERS[at], PORT));
        assert_eq!(to, expected);
        for (at, (_, end)) in dialled.iter_mut().enumerate() {
            assert_eq!(end.receive().await.as_deref(), Some(&b"one"[..]));
            assert_eq!(end.receive().await.as_deref(), Some(&b"two"[..]));
            // Servers may speak without being asked again.
            let server = at as u8 / 2;
            assert!(end.send([server]) && end.send([server, 0]));
        }
        for socket in &sockets {
            let mut seen = Vec::new();
            for _ in 0..4 {
                let (data, from) = receive(socket).await.expect("four answers");
                let server = SERVERS[usize::from(data[0])];
                assert_eq!(from.addr, IpAddress::from(server));
                seen.push(data);
            }
            seen.sort();
            assert_eq!(seen, [vec![0], vec![0, 0], vec![1], vec![1, 0]]);
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_idle_way_is_forgotten_and_made_anew() {
    let (net, dialled) = network();
    net.run(async |stack| {
        configured(stack).await;
        let mut memory = Memory::new();
        let socket = memory.socket(stack, 5000);
        send(&socket, SERVERS[0], b"a").await;
        tokio::time::sleep(Duration::from_secs(110)).await;
        send(&socket, SERVERS[0], b"b").await;
        tokio::time::sleep(Duration::from_secs(110)).await;
        // What the server says counts as well.
        assert!(dialled.borrow()[0].1.send(b"c"));
        assert_eq!(receive(&socket).await.unwrap().0, b"c");
        tokio::time::sleep(Duration::from_secs(110)).await;
        assert!(dialled.borrow()[0].1.send(b"d"));
        tokio::time::sleep(Duration::from_secs(130)).await;
        let (_, mut old) = dialled.borrow_mut().remove(0);
        assert_eq!(old.receive().await.as_deref(), Some(&b"a"[..]));
        assert_eq!(old.receive().await.as_deref(), Some(&b"b"[..]));
        assert_eq!(old.receive().await, None, "the way is still there");
        assert!(!old.send(b"late"));
        send(&socket, SERVERS[0], b"e").await;
        tokio::time::sleep(Duration::from_millis(10)).await;
        let (_, mut anew) = dialled.borrow_mut().remove(0);
        assert_eq!(anew.receive().await.as_deref(), Some(&b"e"[..]));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn nobody_there_silence_and_delay() {
    let (net, dialled) = network();
    let faults = net.faults();
    net.run(async |stack| {
        configured(stack).await;
        let mut memory = Memory::new();
        let socket = memory.socket(stack, 5000);
        for server in SERVERS {
            let before = faults.counts().frames;
            faults.set_dial(DialFault::Refuse);
            send(&socket, server, b"refused").await;
            tokio::time::sleep(SOON).await;
            // The question, and ICMP's answer.
            let refused = faults.counts().frames - before;
            assert!(refused >= 2, "{refused} frames");
            faults.set_dial(DialFault::Silence);
            send(&socket, server, b"ignored").await;
            assert_eq!(receive(&socket).await, None);
            assert!(dialled.borrow().is_empty());
            faults.set_dial(DialFault::Delay(Duration::from_millis(500)));
            let started = tokio::time::Instant::now();
            send(&socket, server, b"late").await;
            while dialled.borrow().is_empty() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            let took = started.elapsed();
            assert!((500..600).contains(&took.as_millis()), "after {took:?}");
            let (_, mut end) = dialled.borrow_mut().remove(0);
            assert_eq!(end.receive().await.as_deref(), Some(&b"late"[..]));
            faults.set_dial(DialFault::None);
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_closed_port_of_this_process_is_told_by_icmp() {
    // No service for datagrams: only streams are answered.
    let net = VirtualNet::with(options(), |_: SocketAddr| async {
        Ok(tokio::io::duplex(64).0)
    });
    net.run(async |stack| {
        configured(stack).await;
        let mut memory = Memory::new();
        let socket = memory.socket(stack, 5000);
        send(&socket, SERVERS[0], b"first").await;
        tokio::time::sleep(SOON).await;
        let before = net.faults().counts().frames;
        send(&socket, SERVERS[0], b"anybody?").await;
        tokio::time::sleep(SOON).await;
        assert_eq!(net.faults().counts().frames - before, 2);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_faults_of_the_link_act_on_datagrams() {
    let (net, dialled) = network();
    let faults = net.faults();
    net.run(async |stack| {
        configured(stack).await;
        let mut memory = Memory::new();
        let socket = memory.socket(stack, 5000);
        send(&socket, SERVERS[0], b"open").await;
        tokio::time::sleep(Duration::from_millis(10)).await;
        let (_, mut end) = dialled.borrow_mut().remove(0);
        assert!(end.receive().await.is_some());
        faults.drop_next(Direction::ToServer, 1);
        send(&socket, SERVERS[0], b"lost").await;
        send(&socket, SERVERS[0], b"kept").await;
        assert_eq!(end.receive().await.as_deref(), Some(&b"kept"[..]));
        faults.set_link(
            Direction::ToDevice,
            LinkFaults {
                double: 1.0,
                ..LinkFaults::NONE
            },
        );
        assert!(end.send(b"twice"));
        assert_eq!(receive(&socket).await.unwrap().0, b"twice");
        assert_eq!(receive(&socket).await.unwrap().0, b"twice");
        // A turned bit is noticed by a checksum: the datagram is lost.
        faults.set_link(
            Direction::ToDevice,
            LinkFaults {
                corrupt: 1.0,
                ..LinkFaults::NONE
            },
        );
        assert!(end.send([7; 1000]));
        assert_eq!(receive(&socket).await, None);
    })
    .await;
}

/// The wire's own bytes, because nobody here sends such a thing.
fn frame(server: IpAddr, payload: &[u8], checksum: bool) -> Vec<u8> {
    use smoltcp::phy::ChecksumCapabilities;
    use smoltcp::wire::{IpProtocol, IpRepr, UdpPacket, UdpRepr};
    let addressing = Addressing::DEFAULT;
    let device: IpAddr = match server {
        IpAddr::V4(_) => addressing.device.into(),
        IpAddr::V6(_) => addressing.v6.device.into(),
    };
    let (from, to) = (IpAddress::from(server), IpAddress::from(device));
    let (udp, checksums) = (
        UdpRepr {
            src_port: PORT,
            dst_port: 5000,
        },
        ChecksumCapabilities::default(),
    );
    let ip = IpRepr::new(from, to, IpProtocol::Udp, 8 + payload.len(), 64);
    let mut packet = vec![0; ip.buffer_len()];
    ip.emit(&mut packet[..], &checksums);
    let mut datagram = UdpPacket::new_unchecked(&mut packet[ip.header_len()..]);
    let fill = |room: &mut [u8]| room.copy_from_slice(payload);
    udp.emit(&mut datagram, &from, &to, payload.len(), fill, &checksums);
    if !checksum {
        datagram.set_checksum(0);
    }
    let kind: [u8; 2] = if server.is_ipv4() {
        [8, 0]
    } else {
        [0x86, 0xdd]
    };
    [&[2, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0, 1], &kind[..], &packet].concat()
}

#[tokio::test(start_paused = true)]
async fn a_datagram_without_a_checksum_is_dropped() {
    let (net, _) = network();
    net.run(async |stack| {
        configured(stack).await;
        let mut memory = Memory::new();
        let socket = memory.socket(stack, 5000);
        for server in SERVERS {
            for (payload, checksum) in [(b"without", false), (b"with it", true)] {
                let frame = frame(server, payload, checksum);
                assert!(net.faults().inject(Direction::ToDevice, frame));
            }
            assert_eq!(receive(&socket).await.unwrap().0, b"with it");
        }
        assert_eq!(receive(&socket).await, None);
    })
    .await;
}

/// The attack and the accident: more ways than there is room for, more
/// datagrams than wait, and longer ones than a frame.
#[tokio::test(start_paused = true)]
async fn everything_about_datagrams_is_bounded() {
    let (net, dialled) = network();
    net.run(async |stack| {
        configured(stack).await;
        let mut memory = Memory::new();
        let socket = memory.socket(stack, 5000);
        for last in 0..200 {
            let server = IpAddr::V4(Ipv4Addr::new(192, 0, 2, last));
            send(&socket, server, b"x").await;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let ways = dialled.borrow().len();
        assert_eq!(ways, 64);
        // Those that there are still work.
        let (_, end) = dialled.borrow_mut().remove(0);
        assert!(end.send([1; 2000]) && end.send(b"after"));
        assert_eq!(receive(&socket).await.unwrap().0, b"after");
        // A flood from the server loses datagrams, and nothing else.
        let sent = (0..1000).filter(|_| end.send([2; 100])).count();
        assert_eq!(sent, wigwag_harness::vnet::PAIR_QUEUE);
        tokio::time::sleep(Duration::from_millis(10)).await;
        let mut received = 0;
        while receive(&socket).await.is_some() {
            received += 1;
        }
        assert!((1..=32).contains(&received), "{received} datagrams");
        tokio::time::sleep(Duration::from_secs(130)).await;
        send(&socket, IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1)), b"y").await;
        tokio::time::sleep(Duration::from_millis(10)).await;
        assert_eq!(dialled.borrow().len(), ways, "room again, for a new way");
    })
    .await;
}
