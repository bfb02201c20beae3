//! Client and server sessions against each other over a simulated link, for
//! thousands of schedules of faults: cuts at every byte, delay, silence,
//! redelivery, restarts of the server, reboots of the device with and without
//! its journal, equal orders with the same transaction id, late PONGs, full
//! slots, stalled applications, refused data.
//!
//! `WIGWAG_SEED=n WIGWAG_CAMPAIGN_PERCENT=0` runs the one schedule with seed `n`.

mod book;
mod device;
mod dice;
mod pipe;
mod server;
mod world;

use book::Met;
use wigwag_tests::campaign;

/// Tells the seed of a schedule that fails.
struct Running(u64);

impl Drop for Running {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!(
                "the schedule with seed {} failed: WIGWAG_SEED={} WIGWAG_CAMPAIGN_PERCENT=0 runs it",
                self.0, self.0
            );
        }
    }
}

/// Runs a schedule with one of three sizes of the session.
fn run(seed: u64) -> Met {
    let _running = Running(seed);
    match seed % 3 {
        0 => world::run::<1, 2, 1>(seed),
        1 => world::run::<2, 4, 5>(seed),
        _ => world::run::<4, 6, 16>(seed),
    }
}

/// What a thousand schedules must have met: else they test less than they say.
const MUST_MEET: [&str; 33] = [
    "a batch confirmed",
    "a batch received twice",
    "a batch refused",
    "a cut",
    "a frame that makes no sense",
    "a full queue",
    "a late pong noticed",
    "a link gone silent",
    "a ping of the server echoed",
    "a reboot",
    "a reboot with journal",
    "a redelivery",
    "a reply about objects",
    "a reply too large",
    "a request dropped",
    "a server restart",
    "a stalled application",
    "a ticket abandoned",
    "an echo suppressed",
    "an equal later order with the same id",
    "an interrupted order",
    "an order answered again",
    "an order forgotten",
    "an order given back",
    "an order handed over again",
    "an order of unknown history",
    "an order too large",
    "an oversized frame",
    "an unknown frame",
    "logs sent",
    "no mark",
    "no slot",
    "the newest dropped",
];

#[test]
fn ngtt_campaign_loses_nothing_and_does_nothing_twice() {
    let mut met = Met::default();
    let seeds = campaign::seeds("ngtt", 10_000);
    let enough = seeds.end - seeds.start >= 1_000;
    for seed in seeds {
        met.add(&run(seed));
    }
    for (what, count) in &met.counts {
        println!("{count:8} {what}");
    }
    for what in MUST_MEET.iter().filter(|_| enough) {
        assert!(
            met.counts.get(what).is_some_and(|count| *count > 0),
            "not met: {what}"
        );
    }
}
