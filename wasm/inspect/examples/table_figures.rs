//! How long a table takes for 100 MB of frames, and how much memory.
//!
//! ```text
//! cargo run --release -p wigwag-inspect --example table_figures [MEGABYTES [RUNS]]
//! ```

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use wigwag_inspect::{ConnectionId, Direction, Piece, Sink, Table};

/// The time that this thread has computed, where the system tells it: a machine
/// that has other things to do does not spoil the figures.
fn computed() -> Duration {
    static BEGIN: OnceLock<Instant> = OnceLock::new();
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|told| told.split(' ').next()?.parse().ok());
    nanos.map_or_else(
        || BEGIN.get_or_init(Instant::now).elapsed(),
        Duration::from_nanos,
    )
}

/// Counts what is allocated.
struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = NOW.fetch_add(layout.size(), Relaxed) + layout.size();
        MOST.fetch_max(now, Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let now = NOW.fetch_add(size, Relaxed) + size;
        MOST.fetch_max(now, Relaxed);
        NOW.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.realloc(place, layout, size) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse());
    let mut number = |default| match numbers.next() {
        Some(number) => number.expect("a number"),
        None => default,
    };
    let (megabytes, runs): (usize, usize) = (number(100), number(5));
    let total = megabytes * 1_000_000;
    println!("{megabytes} MB in pieces of 64 KiB, best of {runs}\n");
    println!(
        "{:<44}{:>10}{:>9}{:>9}{:>12}{:>12}",
        "", "rows", "ms", "GB/s", "bytes/row", "peak/row"
    );
    measure(
        runs,
        "NGTT, data of 200 bytes, one direction",
        &data(total, 200),
    );
    measure(
        runs,
        "NGTT, orders of 200 bytes and confirmations",
        &orders(total, 200),
    );
    measure(runs, "NGTT, data of 4,000 bytes", &data(total, 4000));
    measure(
        runs,
        "NGTT, pings of 8 bytes",
        &[(Direction::ToServer, pings(total))],
    );
    measure(runs, "NCP, replies of 200 bytes", &packets(total));
}

type Wire = Vec<(Direction, Vec<u8>)>;

fn frame(kind: u16, tid: u16, length: usize) -> Vec<u8> {
    let mut frame = (length as u32 - 8).to_be_bytes().to_vec();
    frame.extend(tid.to_be_bytes());
    frame.extend(kind.to_be_bytes());
    if length > 8 {
        // A list of numbers.
        let numbers = (length - 8 - 3) / 2;
        frame.extend([0x0f, (numbers >> 8) as u8, numbers as u8]);
        frame.extend((0..numbers).flat_map(|n| [3, n as u8]));
        frame.resize(length, 8);
        let odd = length - 8 - 3 - 2 * numbers;
        frame[10] = (numbers + odd) as u8;
        frame[9] = ((numbers + odd) >> 8) as u8;
    }
    frame
}

fn data(total: usize, length: usize) -> Wire {
    let wire = (0..total / length).flat_map(|n| frame(4, n as u16, length));
    vec![(Direction::ToServer, wire.collect())]
}

fn pings(total: usize) -> Vec<u8> {
    (0..total / 8).flat_map(|n| frame(0, n as u16, 8)).collect()
}

/// 50 orders, then their confirmations.
fn orders(total: usize, length: usize) -> Wire {
    let mut wire = Vec::new();
    for first in (0..total / (length + 8)).step_by(50) {
        let orders = (first..first + 50).flat_map(|n| frame(1, n as u16, length));
        wire.push((Direction::ToDevice, orders.collect()));
        let answers = (first..first + 50).flat_map(|n| frame(2, n as u16, 8));
        wire.push((Direction::ToServer, answers.collect()));
    }
    wire
}

fn packets(total: usize) -> Wire {
    let mut place = [0; 256];
    let values = [1_u32; 32];
    let writer = wigwag_codec::ncp::packet(&mut place, "DSPC").field("SWEP");
    let packet = writer.param("DATA", &values[..]).param("SAMP", 5).finish();
    let packet = packet.expect("it fits");
    vec![(Direction::ToDevice, packet.repeat(total / packet.len()))]
}

fn measure(runs: usize, name: &str, wire: &[(Direction, Vec<u8>)]) {
    let bytes: usize = wire.iter().map(|(_, bytes)| bytes.len()).sum();
    let mut best = Duration::MAX;
    let mut row = [0.0; 2];
    let mut rows = 0;
    let mut examined = Duration::MAX;
    for _ in 0..runs {
        let before = NOW.load(Relaxed);
        MOST.store(before, Relaxed);
        let start = computed();
        let mut table = Table::default();
        table.expect(bytes as u64);
        for (direction, bytes) in wire {
            for bytes in bytes.chunks(1 << 16) {
                table.take(Piece::Bytes {
                    connection: ConnectionId(0),
                    direction: *direction,
                    time: 0,
                    bytes,
                });
            }
        }
        best = best.min(computed() - start);
        rows = black_box(&table).columns().len();
        let taken = [NOW.load(Relaxed), MOST.load(Relaxed)];
        row = taken.map(|taken| (taken - before - bytes) as f64 / rows as f64);
        let start = computed();
        while table.examine(1 << 14) {}
        examined = examined.min(computed() - start);
    }
    let speed = |time: Duration| bytes as f64 / time.as_secs_f64() / 1e9;
    println!(
        "{name:<44}{rows:>10}{:>9.0}{:>9.2}{:>12.1}{:>12.1}   examined in {:.0} ms",
        best.as_secs_f64() * 1e3,
        speed(best),
        row[0],
        row[1],
        examined.as_secs_f64() * 1e3,
    );
}
