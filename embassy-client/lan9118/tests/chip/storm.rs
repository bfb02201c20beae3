//! Everything at once, in orders that nobody thought of: what must hold is that
//! no frame is lost without being counted, none comes twice or out of order, and
//! the driver comes to rest with nothing left waiting.

use embassy_net_driver::LinkState;

use crate::bench::run;
use crate::simulated::{Moment, Simulated, frame};

/// The first number of the frames that come at a given moment.
const TIMED: usize = 10_000;

/// Marsaglia's xorshift: a seed names a storm.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % sides
    }
}

#[test]
fn nothing_is_lost_in_a_storm() {
    for seed in 1..=200 {
        storm(seed);
    }
}

fn storm(seed: u64) {
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let simulated = Simulated::new();
    run(&simulated, |bench| {
        simulated.with(|chip| {
            chip.levels = seed.is_multiple_of(2);
            chip.fifos.held = true;
        });
        bench.settle();
        // Frames at a moment of the driver's work have numbers of their own.
        let (mut arrived, mut timed, mut bad, mut sent) = (0, TIMED, 0, Vec::new());
        for _ in 0..500 {
            let longest = if dice.roll(4) == 0 { 1501 } else { 80 };
            let length = 14 + dice.roll(longest);
            match dice.roll(12) {
                0..4 => {
                    simulated.arrive(&frame(arrived, length));
                    arrived += 1;
                }
                4 => {
                    simulated.with(|chip| chip.arrive(&frame(9, length), 1 << 15 | 1 << 1));
                    bad += 1;
                }
                5 => {
                    let moment =
                        [Moment::SeenEmpty, Moment::Acknowledged, Moment::Listening][dice.roll(3)];
                    simulated.with(|chip| {
                        if chip.arriving.is_none() {
                            chip.arriving = Some((moment, frame(timed, length)));
                            timed += 1;
                        }
                    });
                }
                6 | 7 => {
                    if bench.send(&frame(sent.len(), length)) && bench.link == LinkState::Up {
                        sent.push(frame(sent.len(), length));
                    }
                }
                8 => simulated.drain(1 + dice.roll(3)),
                9 => drop(bench.interrupt()),
                10 => drop(bench.receive().map(|frame| bench.received.push(frame))),
                _ => bench.settle(),
            }
        }
        simulated.drain(usize::MAX);
        bench.settle();
        let drained = simulated.with(|chip| chip.fifos.is_drained());
        assert!(drained, "seed {seed}: a frame waits and nobody was woken");
        // A frame may still wait for its moment.
        bench.chip.on_interrupt();
        bench.settle();
        simulated.with(|chip| {
            assert!(
                chip.arriving.is_none() && chip.fifos.is_drained(),
                "seed {seed}"
            );
            assert_eq!(chip.fifos.sent, sent, "seed {seed}");
        });
        let counters = bench.chip.counters();
        let accounted = counters.received + counters.receive_errors + counters.receive_drops;
        assert_eq!(
            accounted,
            (arrived + timed - TIMED + bad) as u32,
            "seed {seed}"
        );
        assert_eq!((counters.restarts, counters.faults), (0, 0), "seed {seed}");
        // In order, each once: numbers grow.
        let number = |frame: &Vec<u8>| usize::from(u16::from_le_bytes([frame[0], frame[1]]));
        let numbers: Vec<usize> = bench.received.iter().map(number).collect();
        let (late, early): (Vec<usize>, Vec<usize>) =
            numbers.iter().partition(|number| **number >= TIMED);
        assert!(early.is_sorted_by(|a, b| a < b), "seed {seed}: {early:?}");
        assert!(late.is_sorted_by(|a, b| a < b), "seed {seed}: {late:?}");
        for (received, number) in bench.received.iter().zip(numbers) {
            assert_eq!(*received, frame(number, received.len()), "seed {seed}");
        }
    });
}

#[test]
fn a_flapping_link_under_load_ends_in_a_working_one() {
    for seed in 1..=50 {
        let mut dice = Dice(seed * 0x1234_5677);
        let simulated = Simulated::new();
        run(&simulated, |bench| {
            simulated.with(|chip| chip.levels = seed.is_multiple_of(2));
            for n in 0..200 {
                match dice.roll(5) {
                    0 => simulated.link(dice.roll(2) == 0),
                    1 => simulated.arrive(&frame(n, 60)),
                    2 => drop(bench.send(&frame(n, 60))),
                    3 => drop(simulated.timer()),
                    _ => bench.settle(),
                }
            }
            simulated.link(true);
            bench.settle();
            assert!(bench.link == LinkState::Up, "seed {seed}");
            simulated.arrive(&frame(999, 60));
            bench.settle();
            assert_eq!(bench.received.last(), Some(&frame(999, 60)), "seed {seed}");
            assert!(bench.send(&frame(1000, 60)));
            let sent = simulated.with(|chip| chip.fifos.sent.pop());
            assert_eq!(sent, Some(frame(1000, 60)), "seed {seed}");
        });
    }
}
