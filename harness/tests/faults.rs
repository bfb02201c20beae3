//! Accidents, as the device and the server see them. All in paused time and in
//! this process, so that minutes of waiting and lost frames cost nothing.

use embassy_net::Stack;
use embassy_net::dns::DnsQueryType;
use embassy_net::tcp::{ConnectError, Error as TcpError, TcpSocket};
use embedded_io_async::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::mpsc;
use tokio::time::Instant;
use wigwag_harness::faults::{
    Cut, DialFault, Direction, DnsFault, LinkFaults, StreamFault, StreamPlan,
};
use wigwag_harness::vnet::{Options, VirtualNet};

const SERVER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

/// A network whose connections end in this process, and those ends.
fn network(seed: u64) -> (VirtualNet, mpsc::UnboundedReceiver<DuplexStream>) {
    let (accepted, streams) = mpsc::unbounded_channel();
    let options = Options {
        seed,
        ..Options::default()
    };
    let net = VirtualNet::with(options, move |_to: SocketAddr| {
        let (near, far) = tokio::io::duplex(64 * 1024);
        accepted.send(far).unwrap();
        async { Ok(near) }
    });
    (net, streams)
}

struct Buffers([u8; 4096], [u8; 4096]);

impl Buffers {
    fn new() -> Self {
        Self([0; 4096], [0; 4096])
    }

    async fn connect<'a>(&'a mut self, stack: Stack<'a>) -> Result<TcpSocket<'a>, ConnectError> {
        stack.wait_config_up().await;
        let mut socket = TcpSocket::new(stack, &mut self.0, &mut self.1);
        socket.set_timeout(Some(embassy_time::Duration::from_secs(60)));
        socket.connect((SERVER, 2405)).await?;
        Ok(socket)
    }
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 31 / 7) as u8).collect()
}

/// What the device reads until an end or an error.
async fn read_all(socket: &mut TcpSocket<'_>) -> (Vec<u8>, Result<(), TcpError>) {
    let (mut all, mut part) = (Vec::new(), [0; 1000]);
    loop {
        match socket.read(&mut part).await {
            Ok(0) => return (all, Ok(())),
            Ok(count) => all.extend_from_slice(&part[..count]),
            Err(error) => return (all, Err(error)),
        }
    }
}

/// What a server that sends 5000 bytes gets to a device, by a plan.
async fn downloaded(plan: StreamPlan) -> (Vec<u8>, Result<(), TcpError>) {
    let (net, mut streams) = network(1);
    net.faults().plan(plan);
    net.run(async |stack| {
        let mut buffers = Buffers::new();
        let mut socket = buffers.connect(stack).await.unwrap();
        let mut server = streams.recv().await.unwrap();
        server.write_all(&pattern(5000)).await.unwrap();
        server.shutdown().await.unwrap();
        read_all(&mut socket).await
    })
    .await
}

/// What a device that sends 5000 bytes gets to a server, by a plan.
async fn uploaded(plan: StreamPlan) -> Vec<u8> {
    let (net, mut streams) = network(1);
    net.faults().plan(plan);
    net.run(async |stack| {
        let mut buffers = Buffers::new();
        let mut socket = buffers.connect(stack).await.unwrap();
        let mut server = streams.recv().await.unwrap();
        // A cut connection does not take everything.
        let _ = socket.write_all(&pattern(5000)).await;
        socket.close();
        let mut all = Vec::new();
        let _ = server.read_to_end(&mut all).await;
        all
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_cut_at_the_very_byte() {
    for position in [0, 1, 2, 999, 1000, 1001, 4999, 5000] {
        let reset = StreamFault::Cut(Cut::Reset);
        let close = StreamFault::Cut(Cut::Close);
        let plan = |fault| StreamPlan::new().at(Direction::ToDevice, position, fault);
        let expected = &pattern(5000)[..position as usize];

        // What a reset overtakes is lost to the reader, as with real TCP: the
        // end comes no later than the byte.
        let (got, end) = downloaded(plan(reset)).await;
        assert!(expected.starts_with(&got), "{} of {position}", got.len());
        assert_eq!(end, Err(TcpError::ConnectionReset), "at {position}");
        // A close comes behind what was sent.
        assert_eq!(downloaded(plan(close)).await, (expected.to_vec(), Ok(())));

        let plan = |fault| StreamPlan::new().at(Direction::ToServer, position, fault);
        assert_eq!(uploaded(plan(reset)).await, expected, "at {position}");
        assert_eq!(uploaded(plan(close)).await, expected, "at {position}");
    }
}

#[tokio::test(start_paused = true)]
async fn bytes_are_damaged_and_lost_where_the_plan_says() {
    let mut damaged = pattern(5000);
    damaged[1234] ^= 0x80;
    damaged.drain(3000..3010);
    for direction in [Direction::ToDevice, Direction::ToServer] {
        let plan = StreamPlan::new()
            .at(direction, 3000, StreamFault::Lose(10))
            .at(direction, 1234, StreamFault::Corrupt(0x80));
        let got = match direction {
            Direction::ToDevice => downloaded(plan).await.0,
            Direction::ToServer => uploaded(plan).await,
        };
        assert!(got == damaged, "{direction:?}: {} bytes", got.len());
    }
}

#[tokio::test(start_paused = true)]
async fn a_pause_takes_its_time_and_nothing_else() {
    let pause = Duration::from_secs(7);
    let plan = StreamPlan::new().at(Direction::ToDevice, 100, StreamFault::Pause(pause));
    let started = Instant::now();
    let (got, end) = downloaded(plan).await;
    assert!((got, end) == (pattern(5000), Ok(())));
    let took = started.elapsed();
    assert!(took >= pause && took < pause * 2, "took {took:?}");
}

#[tokio::test(start_paused = true)]
async fn plans_go_to_connections_in_turn() {
    let (net, mut streams) = network(1);
    let cut_at = |at| StreamPlan::new().at(Direction::ToDevice, at, StreamFault::Cut(Cut::Close));
    net.faults().plan(cut_at(3));
    net.faults().plan(cut_at(5));
    net.run(async |stack| {
        for expected in [3, 5, 8] {
            let mut buffers = Buffers::new();
            let mut socket = buffers.connect(stack).await.unwrap();
            let mut server = streams.recv().await.unwrap();
            server.write_all(&[7; 8]).await.unwrap();
            server.shutdown().await.unwrap();
            assert_eq!(read_all(&mut socket).await, (vec![7; expected], Ok(())));
        }
    })
    .await;
    let counts = net.faults().counts();
    assert_eq!((counts.dialled, counts.stream_faults), (3, 2));
}

#[tokio::test(start_paused = true)]
async fn open_connections_are_cut_at_once() {
    let (net, mut streams) = network(1);
    net.run(async |stack| {
        for how in [Cut::Reset, Cut::Close, Cut::Silence] {
            let mut buffers = Buffers::new();
            let mut socket = buffers.connect(stack).await.unwrap();
            let mut server = streams.recv().await.unwrap();
            net.faults().cut_all(how);
            let limit = Duration::from_secs(5);
            let mut byte = [0];
            let device = tokio::time::timeout(limit, socket.read(&mut byte)).await;
            let served = tokio::time::timeout(limit, server.read(&mut byte)).await;
            match how {
                Cut::Reset => assert_eq!(device, Ok(Err(TcpError::ConnectionReset))),
                Cut::Close => assert_eq!(device, Ok(Ok(0))),
                Cut::Silence => {
                    assert!(device.is_err() && served.is_err(), "{device:?}, {served:?}");
                    // A later cut is heard all the same.
                    net.faults().cut_all(Cut::Reset);
                    assert_eq!(socket.read(&mut byte).await, Err(TcpError::ConnectionReset));
                    continue;
                }
            }
            assert_eq!(served.unwrap().unwrap(), 0, "{how:?}");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn tcp_repairs_what_the_link_does() {
    let faults = LinkFaults {
        loss: 0.05,
        double: 0.05,
        corrupt: 0.05,
        truncate: 0.02,
        delay: Duration::from_millis(5),
        jitter: Duration::from_millis(20),
    };
    for seed in 0..10 {
        let (net, mut streams) = network(seed);
        for direction in [Direction::ToDevice, Direction::ToServer] {
            net.faults().set_link(direction, faults);
        }
        let data = pattern(50_000);
        net.run(async |stack| {
            let mut buffers = Buffers::new();
            let mut socket = buffers.connect(stack).await.unwrap();
            let (mut far_read, mut far_write) = tokio::io::split(streams.recv().await.unwrap());
            let (mut read, mut write) = socket.split();
            let up = async { write.write_all(&data).await.unwrap() };
            let down = async { far_write.write_all(&data).await.unwrap() };
            let arrived = async {
                let mut all = vec![0; data.len()];
                far_read.read_exact(&mut all).await.unwrap();
                assert!(all == data, "damaged on the way up, seed {seed}");
            };
            let received = async {
                let mut all = Vec::new();
                let mut part = [0; 1000];
                while all.len() < data.len() {
                    let count = read.read(&mut part).await.unwrap();
                    all.extend_from_slice(&part[..count]);
                }
                assert!(all == data, "damaged on the way down, seed {seed}");
            };
            tokio::join!(up, down, arrived, received);
        })
        .await;
        let counts = net.faults().counts();
        assert!(
            counts.lost > 0 && counts.doubled > 0 && counts.corrupted > 0,
            "{counts:?}"
        );
        assert!(counts.truncated > 0 && counts.delayed > 0, "{counts:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_is_the_same_run() {
    let run = async |seed| {
        let (net, mut streams) = network(seed);
        let bad = LinkFaults {
            loss: 0.1,
            jitter: Duration::from_millis(30),
            ..LinkFaults::NONE
        };
        net.faults().set_link(Direction::ToDevice, bad);
        let started = Instant::now();
        net.run(async |stack| {
            let mut buffers = Buffers::new();
            let mut socket = buffers.connect(stack).await.unwrap();
            let mut server = streams.recv().await.unwrap();
            server.write_all(&pattern(20_000)).await.unwrap();
            server.shutdown().await.unwrap();
            assert_eq!(read_all(&mut socket).await.0.len(), 20_000);
        })
        .await;
        (started.elapsed(), net.faults().counts())
    };
    assert_eq!(run(5).await, run(5).await);
    assert_ne!(run(5).await, run(6).await);
}

#[tokio::test(start_paused = true)]
async fn delay_is_a_round_trip_time() {
    let (net, mut streams) = network(1);
    let slow = LinkFaults {
        delay: Duration::from_millis(50),
        ..LinkFaults::NONE
    };
    net.run(async |stack| {
        let mut buffers = Buffers::new();
        let mut socket = buffers.connect(stack).await.unwrap();
        let mut server = streams.recv().await.unwrap();
        for direction in [Direction::ToDevice, Direction::ToServer] {
            net.faults().set_link(direction, slow);
        }
        let started = Instant::now();
        socket.write_all(b"ping").await.unwrap();
        let mut ping = [0; 4];
        server.read_exact(&mut ping).await.unwrap();
        server.write_all(&ping).await.unwrap();
        assert_eq!(socket.read(&mut ping).await, Ok(4));
        let took = started.elapsed().as_millis();
        assert!((100..120).contains(&took), "took {took} ms");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_link_that_goes_down_takes_the_address_with_it() {
    let (net, mut streams) = network(1);
    net.run(async |stack| {
        let mut buffers = Buffers::new();
        let mut socket = buffers.connect(stack).await.unwrap();
        let server = streams.recv().await.unwrap();
        net.faults().set_link_up(false);
        stack.wait_link_down().await;
        stack.wait_config_down().await;
        assert!(socket.read(&mut [0]).await.is_err());
        net.faults().set_link_up(true);
        stack.wait_link_up().await;
        let mut buffers = Buffers::new();
        buffers.connect(stack).await.unwrap();
        drop(server);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_device_that_owes_an_acknowledgement_is_given_up_after_two_minutes() {
    for says in [true, false] {
        let (net, mut streams) = network(1);
        net.run(async |stack| {
            let mut buffers = Buffers::new();
            let mut socket = buffers.connect(stack).await.unwrap();
            socket.set_timeout(None);
            let mut server = streams.recv().await.unwrap();
            // Owing nothing, it may be quiet for as long as it likes.
            tokio::time::sleep(Duration::from_secs(3600)).await;
            net.faults().set_link_up(false);
            let started = Instant::now();
            if says {
                server.write_all(b"are you there?").await.unwrap();
            } else {
                server.shutdown().await.unwrap();
            }
            assert_eq!(server.read(&mut [0]).await.unwrap(), 0);
            let took = started.elapsed().as_secs();
            assert!((120..200).contains(&took), "given up after {took} s");
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn connections_are_refused_or_ignored() {
    let (net, _streams) = network(1);
    net.run(async |stack| {
        stack.wait_config_up().await;
        net.faults().set_dial(DialFault::Refuse);
        let started = Instant::now();
        let refused = Buffers::new().connect(stack).await.err();
        assert_eq!(refused, Some(ConnectError::ConnectionReset));
        assert!(started.elapsed() < Duration::from_secs(1));
        net.faults().set_dial(DialFault::Silence);
        let started = Instant::now();
        // smoltcp calls its own timeout a reset too.
        let ignored = Buffers::new().connect(stack).await.err();
        assert_eq!(ignored, Some(ConnectError::ConnectionReset));
        assert!(started.elapsed() >= Duration::from_secs(60));
        net.faults().set_dial(DialFault::None);
        assert!(Buffers::new().connect(stack).await.is_ok());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn names_fail_in_every_way_and_are_found_again() {
    let (net, _streams) = network(1);
    net.names().set("server.test", [SERVER]);
    net.run(async |stack| {
        stack.wait_config_up().await;
        let limit = Duration::from_secs(60);
        for fault in [
            DnsFault::ServerFailure,
            DnsFault::NoSuchName,
            DnsFault::Silence,
        ] {
            net.faults().set_dns(fault);
            let query = stack.dns_query("server.test", DnsQueryType::A);
            let answer = tokio::time::timeout(limit, query).await;
            assert!(!matches!(answer, Ok(Ok(_))), "{fault:?}: {answer:?}");
        }
        net.faults().set_dns(DnsFault::None);
        let found = stack
            .dns_query("server.test", DnsQueryType::A)
            .await
            .unwrap();
        assert_eq!(found.len(), 1);
    })
    .await;
}
