//! Shows that what the codec does takes time in proportion to its input, whatever the
//! input, and no more memory for more of it: see README.md.

mod alloc;
mod clock;
mod inputs;
mod work;

use std::process::ExitCode;
use std::time::Instant;

use clock::Clock;
use inputs::{Format, INPUTS, Make};
use work::{WAYS, Work};

#[global_allocator]
static ALLOCATOR: alloc::Counting = alloc::Counting;

/// All the stack there is for any input.
const STACK: usize = 64 << 10;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["list"] => {
            for (way, input, flat, _) in pairs() {
                println!("{way} {input} {flat}");
            }
            ExitCode::SUCCESS
        }
        // As callgrind runs it.
        ["once", way, input, size] => match (find(way, input), size.parse()) {
            (Some((work, make)), Ok(size)) => {
                once(work, &make(size));
                ExitCode::SUCCESS
            }
            _ => ExitCode::from(2),
        },
        ["time", largest] => match largest.parse() {
            Ok(largest) => {
                time(largest);
                ExitCode::SUCCESS
            }
            Err(_) => ExitCode::from(2),
        },
        _ => {
            eprintln!("usage: list | once WAY INPUT BYTES | time MOST_BYTES");
            ExitCode::from(2)
        }
    }
}

/// Every way in with every input of its format.
fn pairs() -> impl Iterator<Item = (&'static str, &'static str, f64, (Work, Make))> {
    WAYS.into_iter().flat_map(|(way, takes, work, flat)| {
        INPUTS
            .into_iter()
            .filter(move |(_, format, _): &(_, Format, _)| *format == takes)
            // serde has no integers of 255 bytes.
            .filter(move |(input, ..)| (way, *input) != ("serde", "long-integers"))
            .map(move |(input, _, make)| (way, input, flat, (work, make)))
    })
}

fn find(way: &str, input: &str) -> Option<(Work, Make)> {
    let mut pairs = pairs();
    let found = pairs.find(|(name, of, ..)| *name == way && *of == input);
    found.map(|(.., pair)| pair)
}

/// Does it once, on a small stack and without an allocation.
fn once(work: Work, input: &[u8]) -> f64 {
    // Not zeros, for which the system would give pages when they are first written to.
    let mut out = vec![0xA5; 2 * input.len() + 4096];
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK);
        let run = thread.spawn_scoped(scope, || {
            let clock = Clock::start();
            let before = alloc::count();
            let began = Instant::now();
            let taken = wigwag_measured(work, input, &mut out);
            let elapsed = began.elapsed();
            assert_eq!(alloc::count(), before, "something was allocated");
            assert!(taken, "the input was refused");
            clock.stop(elapsed).as_secs_f64()
        });
        let run = run.expect("a thread can be started");
        run.join().expect("it did what it should")
    })
}

/// What callgrind counts.
#[inline(never)]
fn wigwag_measured(work: Work, input: &[u8], out: &mut [u8]) -> bool {
    work(input, out)
}

/// Prints nanoseconds per byte, the least of a few, for sizes from 1 KiB that double.
fn time(largest: usize) {
    for (way, input, flat, (work, make)) in pairs() {
        let mut size = 1 << 10;
        while size <= largest {
            let bytes = make(size);
            let rounds = ((1 << 16) / size).clamp(2, 64);
            let least = (0..rounds).map(|_| once(work, &bytes));
            let least = least.fold(f64::INFINITY, f64::min);
            let each = least * 1e9 / bytes.len() as f64;
            println!("{way} {input} {flat} {} {each:.3}", bytes.len());
            size *= 2;
        }
    }
}
