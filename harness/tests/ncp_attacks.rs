//! The NCP server under attack, as a process of its own: it answers a good
//! client all the while, and its memory stays what it was.

#![cfg(target_os = "linux")]

mod support;

#[allow(dead_code, reason = "this file uses its part of it")]
#[path = "mock_ncp/hand.rs"]
mod hand;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hand::Hand;
use support::running::Running;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use wigwag_codec::ncp::{FOOTER_LEN, HEADER_LEN, packet};

/// What no good client waits longer for, on a machine that does other things
/// too.
const PATIENCE: Duration = Duration::from_secs(5);

/// Commands of the good client during an attack.
const COMMANDS: usize = 200;

/// Between two of them, so that an attack lasts for two seconds at least.
const PAUSE: Duration = Duration::from_millis(10);

/// What the server may grow by under attack, in kilobytes.
const GROWTH: u64 = 16 * 1024;

/// Attacks are measured one by one.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

fn serve() -> (Running, SocketAddr) {
    let server = Running::start(&["serve", "ncp", "--listen", "127.0.0.1:0", "--json"]);
    let listening = server.event("listening");
    let address = listening["addr"].as_str().expect("text");
    let address = address.parse().expect("an address");
    (server, address)
}

/// Resident memory of the server, in kilobytes.
fn resident(server: &Running) -> u64 {
    let path = format!("/proc/{}/status", server.id());
    let status = std::fs::read_to_string(path).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|n| n.parse().ok()).expect("a number")
}

/// The header of a packet of so many words.
fn header(words: u32) -> Vec<u8> {
    let mut place = [0; HEADER_LEN + FOOTER_LEN];
    let mut header = packet(&mut place, "LINK").finish().unwrap()[..HEADER_LEN].to_vec();
    header[8..12].copy_from_slice(&words.to_le_bytes());
    header
}

/// Attackers in a thread of their own, so that they keep nobody waiting but the
/// server.
struct Attack {
    is_over: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<u64>,
}

impl Attack {
    /// Keeps so many attackers at work at a time.
    fn start<A>(
        address: SocketAddr,
        attackers: usize,
        attack: impl Fn(SocketAddr, u64) -> A + Send + 'static,
    ) -> Self
    where
        A: Future<Output = ()> + Send + 'static,
    {
        let is_over = Arc::new(AtomicBool::new(false));
        let is_enough = is_over.clone();
        let work = async move {
            let mut tasks = JoinSet::new();
            let mut number = 0;
            while !is_enough.load(Ordering::Relaxed) {
                while tasks.len() < attackers {
                    number += 1;
                    tasks.spawn(attack(address, number));
                }
                let next = tokio::time::timeout(Duration::from_millis(10), tasks.join_next());
                drop(next.await);
            }
            tasks.shutdown().await;
            number
        };
        let thread = std::thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime")
                .block_on(work)
        });
        Self { is_over, thread }
    }

    /// Ends it, and says how many attackers there were.
    fn end(self) -> u64 {
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.join().expect("no panic")
    }
}

/// Keeps `attackers` at work, measures how long a good client and newcomers wait
/// meanwhile, and what the server's memory becomes.
async fn under_attack<A>(
    name: &str,
    attackers: usize,
    attack: impl Fn(SocketAddr, u64) -> A + Send + 'static,
) where
    A: Future<Output = ()> + Send + 'static,
{
    let _turn = ONE_AT_A_TIME.lock().await;
    let (server, address) = serve();
    let mut good = Hand::connect(address).await;
    good.asked("STAT", |field| field).await;
    let before = resident(&server);
    let attack = Attack::start(address, attackers, attack);
    let mut most = before;
    let mut waits = Vec::new();
    let mut newcomers = Vec::new();
    for command in 0..COMMANDS {
        let asked = Instant::now();
        assert_eq!(good.asked("STAT", |field| field).await.name().0, "STAT");
        waits.push(asked.elapsed());
        if command % 10 == 0 {
            let asked = Instant::now();
            come_in(address).await;
            newcomers.push(asked.elapsed());
            most = most.max(resident(&server));
        }
        tokio::time::sleep(PAUSE).await;
    }
    let number = attack.end();
    waits.sort();
    newcomers.sort();
    let worst = |waits: &[Duration]| waits.last().copied().unwrap_or_default();
    println!(
        "{name}: {number} attackers; an answer takes {:.2?} (median), {:.2?} at worst; \
         coming in {:.2?} at worst; resident {before} kB before, {most} kB at most",
        waits[waits.len() / 2],
        worst(&waits),
        worst(&newcomers),
    );
    assert!(worst(&waits) < PATIENCE, "{:?}", worst(&waits));
    assert!(worst(&newcomers) < PATIENCE, "{:?}", worst(&newcomers));
    assert!(most < before + GROWTH, "{before} kB, then {most} kB");
}

/// Connects, and tries again where an attacker was quicker.
async fn come_in(address: SocketAddr) {
    let trying = async {
        while Hand::connect_as(hand::link(), address).await.is_err() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let came = tokio::time::timeout(PATIENCE, trying).await;
    came.expect("nobody comes in");
}

/// Reads until the server has had enough.
async fn until_closed(stream: &mut TcpStream) {
    let mut place = [0; 512];
    while stream.read(&mut place).await.is_ok_and(|count| count > 0) {}
}

#[tokio::test]
async fn sixteen_gigabytes_announced_before_the_handshake_cost_nothing() {
    let sent = Arc::new(AtomicU64::new(0));
    let counted = sent.clone();
    under_attack("16 GiB announced", 50, move |address, _| {
        let sent = counted.clone();
        async move {
            let Ok(mut stream) = TcpStream::connect(address).await else {
                return;
            };
            let _ = stream.write_all(&header(u32::MAX)).await;
            // As many of them as the server takes.
            let piece = vec![0x55; 64 * 1024];
            while let Ok(count) = stream.write(&piece).await {
                sent.fetch_add(count as u64, Ordering::Relaxed);
            }
        }
    })
    .await;
    println!("{} MB were sent", sent.load(Ordering::Relaxed) >> 20);
}

#[tokio::test]
async fn a_flood_of_connections_that_say_nothing_keeps_nobody_out() {
    under_attack("half-open connections", 700, |address, number| async move {
        if let Ok(mut stream) = TcpStream::connect(address).await {
            // Some leave, the others stay until they are thrown out.
            if number % 3 != 0 {
                until_closed(&mut stream).await;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn clients_that_say_a_byte_at_a_time_keep_nobody_out() {
    under_attack("slow loris", 400, |address, _| async move {
        if let Ok(mut stream) = TcpStream::connect(address).await {
            for byte in header(20) {
                if stream.write_all(&[byte]).await.is_err() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_storm_of_keep_alives_keeps_nobody_waiting() {
    under_attack("keep-alive storm", 4, |address, _| async move {
        let mut storm = Hand::connect(address).await;
        let mut place = [0; HEADER_LEN + FOOTER_LEN];
        let alive = packet(&mut place, "LINK").id(0).finish().unwrap();
        let alive = alive.repeat(400);
        while storm.stream.write_all(&alive).await.is_ok() {}
    })
    .await;
}

#[tokio::test]
async fn clients_that_ask_for_more_than_they_read_keep_nobody_waiting() {
    under_attack("sweeps that nobody reads", 4, move |address, _| {
        async move {
            let mut greedy = Hand::connect(address).await;
            let mut place = [0; 256];
            let wire = packet(&mut place, "DSPC")
                .field("SWEP")
                .param("POIN", 65_536);
            let wire = wire.finish().unwrap().repeat(100);
            // Up to where the server reads no more.
            while greedy.stream.write_all(&wire).await.is_ok() {}
        }
    })
    .await;
}
