//! Listeners while strangers flood them with connections that never become
//! ready: how long an honest client takes to be let in.

#[path = "../../codec/tests/framers/line.rs"]
mod line;

use core::cell::Cell;
use core::net::IpAddr;
use core::time::Duration;

use embassy_net::tcp::TcpSocket;
use futures::future::{join, join_all, select};
use line::{LineFramer, Role};
use rand_core::OsRng;
use tokio::time::{Instant, sleep, timeout};
use wigwag_embassy::net::EmbassyNetwork;
use wigwag_embassy::taps::{
    self, Disabled, Listener, LocalEndpoint, MessageContext, Preconnection, RemoteEndpoint, Sent,
    Transport, TransportConfig, TransportProperties,
};
use wigwag_harness::vnet::{Background, Cable, End, alongside};
use wigwag_tests::devices::{SLOTS, memory, until};
use wigwag_tests::e2e::in_paused_time;

const PORT: u16 = 5000;
const STREAM: TransportProperties = TransportProperties::RELIABLE_INORDER_STREAM;
const MILLISECOND: Duration = Duration::from_millis(1);
/// Connections of a flood.
const FLOOD: usize = 500;
/// How many strangers there are, each with one connection at a time.
const STRANGERS: usize = 8;
/// How far away everybody is.
const DELAY: Duration = Duration::from_millis(20);

type Honest<'a> = Transport<'a, LineFramer, Disabled>;
type Listening<'a> = Listener<'a, LineFramer, Disabled>;

/// Nobody tries again at the same pace as anybody else.
struct Dice(Cell<u64>);

impl Dice {
    async fn pause(&self) {
        let next = self.0.get().wrapping_mul(6_364_136_223_846_793_005) + 1;
        self.0.set(next);
        sleep(MILLISECOND * (5 + (next >> 33) as u32 % 20)).await;
    }
}

/// What a stranger does once it is connected, until it is cut off.
#[derive(Clone, Copy, Debug)]
enum Manner {
    /// It says nothing.
    Silent,
    /// It says one byte a second.
    Slow,
    /// It makes half of the handshake.
    Half,
}

async fn misbehave(socket: &mut TcpSocket<'_>, manner: Manner) {
    let mut heard = [0; 64];
    match manner {
        Manner::Silent => {}
        Manner::Slow => {
            for byte in b"\0\x03Nme\x0c" {
                let pause =
                    async { while socket.read(&mut heard).await.is_ok_and(|count| count > 0) {} };
                if timeout(Duration::from_secs(1), pause).await.is_ok()
                    || socket.write(&[*byte]).await.is_err()
                {
                    return;
                }
            }
        }
        Manner::Half => {
            if socket.write(b"\0\x03Nme\x0c.").await.is_err() {
                return;
            }
        }
    }
    while socket.read(&mut heard).await.is_ok_and(|count| count > 0) {}
}

/// Connects again and again, as long as it is not enough.
async fn stranger(stack: embassy_net::Stack<'_>, manner: Manner, count: &Cell<usize>, dice: &Dice) {
    let (mut rx, mut tx) = ([0; 256], [0; 256]);
    while count.get() < FLOOD {
        let mut socket = TcpSocket::new(stack, &mut rx, &mut tx);
        if socket.connect((End::Far.v4(), PORT)).await.is_ok() {
            count.set(count.get() + 1);
            misbehave(&mut socket, manner).await;
        } else {
            dice.pause().await;
        }
        socket.abort();
        let _ = socket.flush().await;
    }
}

/// How long an honest client takes to be ready, with as many tries as it needs.
async fn come_in(near: &Honest<'_>, from: IpAddr, dice: &Dice) -> Duration {
    let begun = Instant::now();
    let client = Preconnection::new(STREAM, Disabled)
        .add_remote(RemoteEndpoint::new().with_address(from).with_port(PORT))
        .add_framer(LineFramer::new(Role::Client, 900, 60));
    let connection = loop {
        match client.initiate(near, Some(Duration::from_secs(10))).await {
            Ok(connection) => break connection,
            Err(_) => dice.pause().await,
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "it is kept out");
    };
    let took = begun.elapsed();
    let context = MessageContext::new();
    assert_eq!(connection.send(b"hello", &context).await, Ok(Sent));
    let mut buffer = [0; 8];
    let received = connection.receive(&mut buffer).await.unwrap();
    assert_eq!(&buffer[..received.length], b"hello");
    connection.close();
    assert_eq!(connection.closed().await, Ok(()));
    took
}

/// Answers everybody who is let in, one after the other.
async fn serve(listener: &Listening<'_>) {
    loop {
        serve_one(listener).await;
    }
}

async fn serve_one(listener: &Listening<'_>) {
    let far = listener.accept().await.unwrap();
    let mut buffer = [0; 8];
    let received = far.receive(&mut buffer).await.unwrap();
    let context = MessageContext::new();
    let sent = far.send(&buffer[..received.length], &context).await;
    assert_eq!(sent, Ok(Sent));
    let _ = far.receive(&mut buffer).await;
}

/// Runs `app` with the stack and the transport of one device, and a listener on
/// the other.
fn flooded(
    app: impl AsyncFnOnce(&Cable, embassy_net::Stack<'_>, Honest<'_>, Honest<'_>) + Send + 'static,
) {
    in_paused_time(async || {
        let cable = Cable::new(11);
        let run = cable.run(async |stack, far| {
            let config = TransportConfig::DEFAULT;
            let (mut near_memory, mut far_memory) = (memory(), memory());
            let (near, far) = (EmbassyNetwork::new(stack), EmbassyNetwork::new(far));
            let (near, mut near_runner) = taps::new(&mut near_memory, near, OsRng, config);
            let (far, mut far_runner) = taps::new(&mut far_memory, far, OsRng, config);
            let background: Vec<Background<'_>> = vec![
                Box::pin(async { near_runner.run().await }),
                Box::pin(async { far_runner.run().await }),
            ];
            alongside(app(&cable, stack, near, far), background).await;
        });
        run.await;
    });
}

fn listen<'a>(far: &Honest<'a>) -> Listening<'a> {
    Preconnection::new(STREAM, Disabled)
        .add_local(LocalEndpoint::new().with_port(PORT))
        .add_framer(LineFramer::new(Role::Server, 900, 60))
        .listen(far)
        .unwrap()
}

/// Twenty honest clients, one after the other, while `attack` goes on: the
/// longest time that one of them took.
async fn longest(
    near: &Honest<'_>,
    far: &Honest<'_>,
    to: IpAddr,
    attack: impl Future<Output = ()>,
    dice: &Dice,
) -> Duration {
    let listener = listen(far);
    let times = core::cell::RefCell::new(Vec::new());
    let honest = async {
        sleep(Duration::from_secs(2)).await;
        for _ in 0..20 {
            let took = come_in(near, to, dice).await;
            times.borrow_mut().push(took);
            sleep(100 * MILLISECOND).await;
        }
    };
    let (serving, honest) = (core::pin::pin!(serve(&listener)), core::pin::pin!(honest));
    join(select(serving, honest), attack).await;
    listener.stop();
    timeout(Duration::from_secs(20), listener.stopped())
        .await
        .unwrap();
    assert_eq!(far.free_slots(), SLOTS);
    let mut times = times.take();
    times.sort();
    *times.last().unwrap()
}

fn delay(cable: &Cable) {
    use wigwag_harness::faults::{Direction, LinkFaults};
    for direction in [Direction::ToServer, Direction::ToDevice] {
        let faults = LinkFaults {
            delay: DELAY,
            ..LinkFaults::NONE
        };
        cable.faults().set_link(direction, faults);
    }
}

#[test]
fn who_is_quick_is_let_in_though_five_hundred_are_not() {
    for manner in [Manner::Silent, Manner::Slow, Manner::Half] {
        flooded(async move |cable, stack, near, far| {
            delay(cable);
            let (count, dice) = (Cell::new(0), Dice(Cell::new(1)));
            let attack = async {
                join_all((0..STRANGERS).map(|_| stranger(stack, manner, &count, &dice))).await;
            };
            let took = longest(&near, &far, End::Far.v4().into(), attack, &dice).await;
            assert!(took < Duration::from_secs(3), "{manner:?}: {took:?}");
            until("all slots are free", || near.free_slots() == SLOTS).await;
        });
    }
}

#[test]
fn who_comes_from_elsewhere_is_not_cut_off_in_its_place() {
    flooded(async move |cable, stack, near, far| {
        delay(cable);
        let (count, dice) = (Cell::new(0), Dice(Cell::new(1)));
        let attack = async {
            join_all((0..STRANGERS).map(|_| stranger(stack, Manner::Silent, &count, &dice))).await;
        };
        let took = longest(&near, &far, End::Far.v6().into(), attack, &dice).await;
        assert!(took < Duration::from_secs(3), "{took:?}");
    });
}

/// The first segment of a connection (SYN) to the listener, from `number` of the
/// addresses where nobody is.
fn syn(number: u16) -> Vec<u8> {
    let sum = |bytes: &[u8]| {
        let words = bytes
            .chunks(2)
            .map(|word| u32::from(word[0]) << 8 | u32::from(word[1]));
        let sum: u32 = words.sum();
        !((sum & 0xffff) + (sum >> 16)) as u16
    };
    let addresses = [10, 0, 0, 100 + (number % 100) as u8, 10, 0, 0, 2];
    let mut packet = vec![0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0];
    packet.extend(addresses);
    let checksum = sum(&packet).to_be_bytes();
    packet[10..12].copy_from_slice(&checksum);
    let mut segment = Vec::new();
    segment.extend((2000 + number).to_be_bytes());
    segment.extend(PORT.to_be_bytes());
    segment.extend([0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 4, 0, 0, 0, 0, 0]);
    let pseudo = [&addresses[..], &[0, 6, 0, 20], &segment].concat();
    let checksum = sum(&pseudo).to_be_bytes();
    segment[16..18].copy_from_slice(&checksum);
    let ethernet = [2, 0, 0, 0, 2, 1, 2, 0, 0, 0, 2, 77, 8, 0];
    [&ethernet[..], &packet, &segment].concat()
}

#[test]
fn first_segments_from_nowhere_keep_nobody_out() {
    flooded(async |cable, _, near, far| {
        delay(cable);
        let dice = Dice(Cell::new(1));
        let attack = async {
            for number in 0..4 * FLOOD as u16 {
                assert!(cable.faults().inject(End::Near.sends(), syn(number)));
                dice.pause().await;
            }
        };
        let took = longest(&near, &far, End::Far.v4().into(), attack, &dice).await;
        assert!(took < Duration::from_secs(3), "{took:?}");
    });
}

#[test]
fn a_first_segment_from_nowhere_holds_its_socket_for_the_framers_timeout_at_most() {
    flooded(async |cable, _, near, far| {
        let listener = listen(&far);
        sleep(100 * MILLISECOND).await;
        // Every slot is held, while nobody looks whether a slot is free.
        for number in 0..SLOTS as u16 {
            assert!(cable.faults().inject(End::Near.sends(), syn(number)));
            sleep(MILLISECOND).await;
        }
        sleep(Duration::from_secs(15)).await;
        let dice = Dice(Cell::new(1));
        let both = join(
            serve_one(&listener),
            come_in(&near, End::Far.v4().into(), &dice),
        );
        let ((), took) = timeout(Duration::from_secs(20), both).await.unwrap();
        assert!(took < Duration::from_secs(1), "{took:?}");
    });
}

#[test]
fn who_was_accepted_and_who_is_ready_is_never_cut_off() {
    flooded(async |_, stack, near, far| {
        let listener = listen(&far);
        let dice = Dice(Cell::new(1));
        let client = Preconnection::new(STREAM, Disabled)
            .add_remote(
                RemoteEndpoint::new()
                    .with_address(End::Far.v4().into())
                    .with_port(PORT),
            )
            .add_framer(LineFramer::new(Role::Client, 900, 60));
        let one = client.initiate(&near, None).await.unwrap();
        let far_one = listener.accept().await.unwrap();
        let two = client.initiate(&near, None).await.unwrap();
        let count = Cell::new(FLOOD - 50);
        let strangers = (0..STRANGERS).map(|_| stranger(stack, Manner::Silent, &count, &dice));
        let attack = join_all(strangers);
        timeout(Duration::from_secs(600), attack).await.unwrap();
        let far_two = timeout(MILLISECOND, listener.accept())
            .await
            .unwrap()
            .unwrap();
        let (context, mut buffer) = (MessageContext::new(), [0; 8]);
        for (near, far) in [(&one, &far_one), (&two, &far_two)] {
            assert_eq!(near.send(b"here", &context).await, Ok(Sent));
            assert_eq!(far.receive(&mut buffer).await.unwrap().length, 4);
        }
    });
}
