//! The application drops its futures, and nothing is lost, said twice or put
//! under a nonce that was used: the secure connection by itself, and the NGTT
//! client above it. Each record that the device sends is opened and counted by
//! an observer who has the keys.

mod client;
mod device;
mod plan;
mod server;
mod session;

use wigwag_harness::pki::Pki;
use wigwag_tests::campaign;
use wigwag_tests::e2e::in_paused_time;
use wigwag_tests::tls::Dropper;

use client::Work;
use plan::{Finish, Plan};
use session::Place;

#[test]
fn campaign_tls_cancel() {
    in_paused_time(async || {
        let place = Place::new();
        let (mut drops, mut runs, mut stopped, mut ends) = (0, 0, 0, [0; Finish::KINDS]);
        for seed in campaign::seeds("tls cancel", 10_000) {
            let plan = Plan::seeded(seed);
            let dropper = Dropper::seeded(seed);
            let result = place.run(&plan, &dropper).await;
            stopped += result.unwrap_or_else(|fault| panic!("seed {seed}, {plan:?}: {fault}"));
            drops += u64::from(dropper.drops());
            runs += 1;
            ends[plan.finish.kind()] += 1;
        }
        println!("{drops} futures dropped, {stopped} connections stopped; ends: {ends:?}");
        assert!(drops > 10 * runs, "only {drops} drops in {runs} runs");
        assert!(runs < 100 || ends.iter().all(|count| *count > 0));
        assert!(runs < 100 || stopped > 0);
    });
}

#[test]
fn campaign_ngtt_cancel() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let folder = tempfile::tempdir().unwrap();
        let (mut drops, mut runs, mut connections) = (0, 0, 0);
        for seed in campaign::seeds("ngtt cancel", 10_000) {
            let work = Work::seeded(seed);
            let dropper = Dropper::seeded(seed);
            let keylog = folder.path().join(seed.to_string());
            let result = client::run(&pki, &work, &dropper, &keylog).await;
            connections += result.unwrap_or_else(|fault| panic!("seed {seed}, {work:?}: {fault}"));
            drops += u64::from(dropper.drops());
            runs += 1;
            std::fs::remove_file(keylog).unwrap();
        }
        println!("{drops} futures dropped, {connections} connections in {runs} runs");
        assert!(drops > 10 * runs, "only {drops} drops in {runs} runs");
        assert!(runs < 100 || connections > runs + runs / 4);
    });
}

/// One drop in each session, at every place where there can be one.
#[test]
fn a_future_can_be_dropped_at_every_await_point() {
    in_paused_time(async || {
        let place = Place::new();
        for finish in [Finish::DeviceCloses, Finish::ServerCloses] {
            let plan = Plan::simple(finish);
            let mut turns = 0;
            loop {
                let dropper = Dropper::once(turns);
                let result = place.run(&plan, &dropper).await;
                result.unwrap_or_else(|fault| panic!("{finish:?}, turn {turns}: {fault}"));
                // What is dropped while it waits may never be woken again.
                if dropper.points() <= turns / 2 {
                    break;
                }
                turns += 1;
            }
            println!("{finish:?}: {turns} turns");
            assert!(turns > 50, "{finish:?}: only {turns}");
        }
    });
}

/// The owner is stopped after each of its polls, and the next connection knows
/// nothing of it.
#[test]
fn an_owner_that_is_dropped_at_any_poll_leaves_nothing_behind() {
    in_paused_time(async || {
        let place = Place::new();
        let mut polls = 1;
        loop {
            let plan = Plan::simple(Finish::OwnerDropped(polls));
            let result = place.run(&plan, &Dropper::once(u32::MAX)).await;
            match result.unwrap_or_else(|fault| panic!("poll {polls}: {fault}")) {
                0 => break,
                _ => polls += 1,
            }
        }
        println!("{polls} polls");
        assert!(polls > 20, "only {polls}");
    });
}
