//! Congestion control in effect (RFC 5681): what a device has under way on a
//! long path, before and after a loss.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::sync::{Arc, Mutex};

use embassy_net::Stack;
use embassy_net::tcp::TcpSocket as Bare;
use tokio::io::AsyncReadExt as _;
use tokio::time::Instant;
use wigwag_embassy::net::{EmbassyNetwork, Network, PathId, TcpBuffers, TcpOptions, TcpSocket};
use wigwag_harness::faults::{Direction, LinkFaults};
use wigwag_harness::vnet::VirtualNet;
use wigwag_tests::e2e::in_paused_time;

const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 9);
/// One way; the round trip is two of it.
const DELAY: Duration = Duration::from_millis(100);
const BUFFER: usize = 64 * 1024;

/// When how many bytes arrived at the server.
type Arrivals = Arc<Mutex<Vec<(Instant, usize)>>>;

/// Runs `app` on a device whose server is a tenth of a second away and takes
/// everything.
fn far_away(app: impl AsyncFnOnce(Stack<'_>, &VirtualNet, &Arrivals) + Send + 'static) {
    in_paused_time(async || {
        let arrivals = Arrivals::default();
        let noted = arrivals.clone();
        let net = VirtualNet::new(move |_: SocketAddr| {
            let (near, mut far) = tokio::io::duplex(1 << 20);
            let noted = noted.clone();
            tokio::spawn(async move {
                let mut bytes = vec![0; 1 << 16];
                while let Ok(count @ 1..) = far.read(&mut bytes).await {
                    noted.lock().unwrap().push((Instant::now(), count));
                }
            });
            async { Ok(near) }
        });
        net.run(async |stack| {
            stack.wait_config_up().await;
            let far = LinkFaults {
                delay: DELAY,
                ..LinkFaults::NONE
            };
            net.faults().set_link(Direction::ToServer, far);
            net.faults().set_link(Direction::ToDevice, far);
            app(stack, &net, &arrivals).await;
        })
        .await;
    });
}

/// What arrived in each of the first `count` round trips after `start`.
fn flights(arrivals: &Arrivals, start: Instant, count: usize) -> Vec<usize> {
    let mut flights = vec![0; count];
    for (at, bytes) in arrivals.lock().unwrap().iter() {
        let Some(since) = at.checked_duration_since(start) else {
            continue;
        };
        let trip = (since.as_millis() / (2 * DELAY).as_millis()) as usize;
        if let Some(flight) = flights.get_mut(trip) {
            *flight += bytes;
        }
    }
    flights
}

async fn write_all(socket: &impl TcpSocket, mut data: &[u8]) {
    while !data.is_empty() {
        let written = socket.write(data).await.expect("the connection is open");
        data = &data[written..];
    }
    socket.flushed().await;
}

#[test]
fn slow_start_then_half_after_a_loss_then_a_segment_a_round_trip() {
    far_away(async |stack, net, arrivals| {
        let network = EmbassyNetwork::new(stack);
        let (mut receive, mut send) = (vec![0; 1024], vec![0; BUFFER]);
        let buffers = TcpBuffers {
            receive: &mut receive,
            send: &mut send,
        };
        let socket = network.tcp(PathId(0), buffers).unwrap();
        socket.set_options(&TcpOptions::DEFAULT);
        socket
            .connect(SERVER, Duration::from_secs(5))
            .await
            .unwrap();

        // Slow start: three segments, then twice as much each round trip.
        let start = Instant::now();
        write_all(&socket, &[1; 25_620]).await;
        assert_eq!(flights(arrivals, start, 4), [3660, 7320, 14_640, 0]);

        // The first frame of the next flight is lost, so nothing of it arrives
        // in time. What follows is half of it, and then a segment more each
        // round trip.
        let start = Instant::now();
        net.faults().drop_next(Direction::ToServer, 1);
        write_all(&socket, &[2; 100_000]).await;
        assert_eq!(
            flights(arrivals, start, 7),
            [0, 14_640, 7320, 8540, 9760, 10_980, 12_200]
        );
    });
}

#[test]
fn a_timeout_leaves_one_segment() {
    far_away(async |stack, net, arrivals| {
        let network = EmbassyNetwork::new(stack);
        let (mut receive, mut send) = (vec![0; 1024], vec![0; BUFFER]);
        let buffers = TcpBuffers {
            receive: &mut receive,
            send: &mut send,
        };
        let socket = network.tcp(PathId(0), buffers).unwrap();
        socket.set_options(&TcpOptions::DEFAULT);
        socket
            .connect(SERVER, Duration::from_secs(5))
            .await
            .unwrap();
        write_all(&socket, &[1; 25_620]).await;
        // The whole flight is lost: no duplicate acknowledgement tells.
        net.faults().drop_next(Direction::ToServer, 100);
        let writing = write_all(&socket, &[2; 60_000]);
        let repaired = async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            net.faults().drop_next(Direction::ToServer, 0);
        };
        tokio::join!(writing, repaired);
        let all = arrivals.lock().unwrap().clone();
        // The first arrival after the silence is what was sent again.
        let gap = all
            .windows(2)
            .position(|pair| pair[1].0.duration_since(pair[0].0) > Duration::from_millis(600));
        let again = all[gap.expect("a silence") + 1].0;
        let seen = flights(arrivals, again, 4);
        // Then one segment, and slow start.
        assert_eq!(seen[1..3], [1220, 2440], "{seen:?}");
    });
}

/// Why the window is not left to the stack below. Where this fails, it may be.
#[test]
fn the_stack_alone_sends_all_that_it_has() {
    far_away(async |stack, _, arrivals| {
        let (mut receive, mut send) = (vec![0; 1024], vec![0; BUFFER]);
        let mut socket = Bare::new(stack, &mut receive, &mut send);
        socket
            .connect((Ipv4Addr::new(192, 0, 2, 1), 9))
            .await
            .unwrap();
        let start = Instant::now();
        let written = socket.write(&[1; 25_620]).await;
        assert_eq!(written, Ok(25_620));
        socket.flush().await.unwrap();
        let seen = flights(arrivals, start, 1);
        assert!(seen[0] > 7 * 3660 - 1460, "{seen:?}");
    });
}
