//! The link: lost, found, flapping, half duplex, and a PHY that does not answer.

use embassy_net_driver::LinkState;

use crate::bench::{run, start};
use crate::simulated::{NEVER, Simulated, frame};

/// MAC_CR for full and half duplex.
const FULL: u32 = 0x0010_000C;
const HALF: u32 = 0x0080_000C;

#[test]
fn the_link_is_lost_and_found() {
    for levels in [false, true] {
        let simulated = Simulated::new();
        run(&simulated, |bench| {
            simulated.with(|chip| chip.levels = levels);
            bench.settle();
            assert!(bench.link == LinkState::Up);
            for _ in 0..3 {
                simulated.link(false);
                bench.settle();
                assert!(bench.link == LinkState::Down);
                simulated.link(true);
                bench.settle();
                assert!(bench.link == LinkState::Up);
            }
            assert_eq!(bench.chip.counters().link_changes, 7);
            simulated.arrive(&frame(1, 60));
            bench.settle();
            assert_eq!(bench.received, [frame(1, 60)]);
        });
    }
}

#[test]
fn a_loss_of_the_past_is_not_taken_for_the_present() {
    let simulated = Simulated::new();
    run(&simulated, |bench| {
        bench.settle();
        // Both before the driver looks: the status has latched the loss.
        simulated.link(false);
        simulated.link(true);
        bench.settle();
        assert!(bench.link == LinkState::Up);
    });
}

#[test]
fn a_loss_while_the_driver_looks_is_not_missed() {
    let simulated = Simulated::new();
    run(&simulated, |bench| {
        simulated.link(false);
        bench.settle();
        simulated.with(|chip| chip.phy.lost_after_source = true);
        simulated.link(true);
        bench.settle();
        assert!(bench.link == LinkState::Down);
    });
}

#[test]
fn a_link_that_comes_without_an_interrupt_is_found_by_the_timer() {
    let simulated = Simulated::new();
    simulated.with(|chip| chip.phy.link = false);
    run(&simulated, |bench| {
        bench.settle();
        assert!(bench.link == LinkState::Down);
        assert!(simulated.timer(), "the timer runs while the link is down");
        bench.settle();
        assert!(bench.link == LinkState::Down);
        simulated.with(|chip| {
            chip.phy.mute = true;
            chip.phy.set_link(true);
        });
        bench.settle();
        assert!(bench.link == LinkState::Down);
        simulated.timer();
        bench.settle();
        assert!(bench.link == LinkState::Up);
        assert!(!simulated.timer(), "and only then");
    });
}

#[test]
fn duplex_is_what_both_sides_can() {
    // 100 full, 100 half, 10 full, 10 half, a partner that does not negotiate.
    for (partner, mac_cr) in [
        (0x01E1, FULL),
        (0x00E1, HALF),
        (0x0061, FULL),
        (0x0021, HALF),
        (0x0000, HALF),
    ] {
        let simulated = Simulated::new();
        simulated.with(|chip| chip.phy.partner = partner);
        run(&simulated, |_| {
            assert_eq!(simulated.with(|chip| chip.mac[1]), mac_cr, "{partner:#x}");
        });
    }
}

#[test]
fn another_partner_may_mean_another_duplex() {
    let simulated = Simulated::new();
    run(&simulated, |bench| {
        for (partner, mac_cr) in [(0x0081, HALF), (0x0101, FULL)] {
            simulated.link(false);
            bench.settle();
            simulated.with(|chip| chip.phy.partner = partner);
            simulated.link(true);
            bench.settle();
            assert_eq!(simulated.with(|chip| chip.mac[1]), mac_cr);
        }
    });
}

#[test]
fn a_phy_that_does_not_answer_is_no_link_until_it_does() {
    let simulated = Simulated::new();
    run(&simulated, |bench| {
        bench.settle();
        simulated.with(|chip| chip.mii_looks = NEVER);
        simulated.link(false);
        bench.settle();
        assert!(bench.link == LinkState::Down);
        assert_eq!(bench.chip.counters().faults, 1);
        simulated.timer();
        bench.settle();
        assert_eq!(bench.chip.counters().faults, 2);
        simulated.recover();
        simulated.link(true);
        simulated.timer();
        bench.settle();
        assert!(bench.link == LinkState::Up);
    });
}

#[test]
fn a_mac_that_does_not_answer_while_the_receiver_restarts_is_enabled_later() {
    let simulated = Simulated::new();
    run(&simulated, |bench| {
        bench.settle();
        simulated.with(|chip| {
            chip.mac_looks = NEVER;
            // A status without data.
            chip.fifos.push_status(64 << 16);
            chip.int_sts |= 8;
        });
        bench.settle();
        assert!(bench.link == LinkState::Down);
        assert_ne!(bench.chip.counters().faults, 0);
        simulated.recover();
        assert!(simulated.timer());
        bench.settle();
        assert!(bench.link == LinkState::Up);
        assert_eq!(simulated.with(|chip| chip.mac[1]), FULL);
        simulated.arrive(&frame(1, 60));
        bench.settle();
        assert_eq!(bench.received, [frame(1, 60)]);
    });
}

#[test]
fn a_start_without_a_link_is_no_error() {
    let simulated = Simulated::new();
    simulated.with(|chip| chip.phy.link = false);
    let config = lan9118::Config::new(lan9118::InterruptLine::ActiveHigh);
    start(&simulated, config).0.unwrap();
}
