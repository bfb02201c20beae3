//! Receiving, also what is damaged, too long, or comes at a bad moment.

use embassy_net_driver::LinkState;

use crate::bench::run;
use crate::simulated::{Moment, RECEIVE_STATUSES, Simulated, frame};

#[test]
fn frames_of_all_lengths_come_through_whole() {
    run(&Simulated::new(), |bench| {
        bench.settle();
        for length in 14..=1514 {
            bench.simulated.arrive(&frame(length, length));
            bench.settle();
            assert_eq!(bench.received.pop().unwrap(), frame(length, length));
            assert!(bench.simulated.with(|chip| chip.fifos.is_drained()));
        }
        assert_eq!(bench.chip.counters().received, 1501);
    });
}

#[test]
fn no_frame_is_lost_whenever_it_comes() {
    for levels in [false, true] {
        for moment in [Moment::SeenEmpty, Moment::Acknowledged, Moment::Listening] {
            let simulated = Simulated::new();
            run(&simulated, |bench| {
                simulated.with(|chip| chip.levels = levels);
                bench.settle();
                simulated.with(|chip| chip.arriving = Some((moment, frame(2, 60))));
                simulated.arrive(&frame(1, 60));
                bench.settle();
                assert_eq!(bench.received, [frame(1, 60), frame(2, 60)], "{moment:?}");
            });
        }
    }
}

#[test]
fn an_interrupt_for_nothing_does_no_harm() {
    run(&Simulated::new(), |bench| {
        bench.chip.on_interrupt();
        bench.settle();
        bench.chip.on_interrupt();
        bench.chip.on_interrupt();
        bench.simulated.arrive(&frame(1, 64));
        bench.settle();
        assert_eq!(bench.received, [frame(1, 64)]);
    });
}

#[test]
fn damaged_frames_are_thrown_away_and_counted() {
    // Filtering fail, error status, runt, too long, late collision, watchdog,
    // MII error, check sum.
    let bits = [30, 15, 11, 7, 6, 4, 3, 1];
    run(&Simulated::new(), |bench| {
        bench.settle();
        for (n, bit) in bits.into_iter().enumerate() {
            let damaged = frame(100, 60 + n);
            bench.simulated.with(|chip| chip.arrive(&damaged, 1 << bit));
            bench.simulated.arrive(&frame(n, 60));
            bench.settle();
            assert_eq!(bench.received.len(), n + 1, "bit {bit}");
            assert_eq!(bench.received[n], frame(n, 60));
        }
        assert_eq!(bench.chip.counters().receive_errors, 8);
        assert_eq!(bench.chip.counters().restarts, 0);
    });
}

#[test]
fn bits_that_are_no_errors_do_not_matter() {
    // Broadcast, multicast, dribbling bit, and a wrong length where the field
    // is a type.
    let bits = [13, 10, 2, 12];
    run(&Simulated::new(), |bench| {
        bench.settle();
        for bit in bits {
            bench
                .simulated
                .with(|chip| chip.arrive(&frame(1, 60), 1 << bit));
        }
        bench.settle();
        assert_eq!(bench.received.len(), 4);
    });
}

#[test]
fn a_wrong_length_field_is_an_error() {
    run(&Simulated::new(), |bench| {
        bench.settle();
        bench.simulated.with(|chip| {
            chip.arrive(&frame(1, 60), 0);
            // The same status without Frame Type, with Length Error.
            let (status, _) = chip.fifos.receive_status();
            chip.fifos.push_status(status & !(1 << 5) | 1 << 12);
        });
        bench.simulated.arrive(&frame(2, 60));
        bench.settle();
        assert_eq!(bench.received, [frame(2, 60)]);
        assert_eq!(bench.chip.counters().receive_errors, 1);
    });
}

#[test]
fn lengths_that_fit_no_buffer_are_thrown_away() {
    run(&Simulated::new(), |bench| {
        bench.settle();
        let lengths = [0, 1, 13, 1515, 1516, 1518, 2048, 2560];
        for (n, length) in lengths.into_iter().enumerate() {
            bench.simulated.arrive(&frame(n, length));
            bench.simulated.arrive(&frame(n, 60));
            bench.settle();
            assert_eq!(bench.received.len(), n + 1, "length {length}");
            assert_eq!(bench.received[n], frame(n, 60));
        }
        assert_eq!(bench.chip.counters().receive_lengths, 8);
        assert_eq!(bench.chip.counters().restarts, 0);
    });
}

#[test]
fn a_status_that_fits_no_data_restarts_the_receiver() {
    // A length of nothing, without data, with too little data, beyond what the
    // chip can store.
    for (length, restarts) in [(0, 0), (64, 1), (1518, 1), (0x3FFF, 1)] {
        let simulated = Simulated::new();
        run(&simulated, |bench| {
            bench.settle();
            simulated.with(|chip| {
                chip.fifos.push_status(length << 16);
                chip.int_sts |= 8;
            });
            bench.settle();
            assert_eq!(bench.chip.counters().restarts, restarts, "{length}");
            assert!(simulated.with(|chip| chip.fifos.is_drained()));
            simulated.arrive(&frame(1, 60));
            bench.settle();
            assert_eq!(bench.received, [frame(1, 60)], "{length}");
        });
    }
}

#[test]
fn a_word_that_is_missing_is_noticed() {
    let simulated = Simulated::new();
    run(&simulated, |bench| {
        bench.settle();
        simulated.with(|chip| {
            // 60 bytes and their check sum, one word less than the status says.
            chip.arrive(&frame(1, 60), 0);
            let (status, _) = chip.fifos.receive_status();
            chip.fifos.push_status(status + (4 << 16));
        });
        simulated.with(|chip| chip.int_sts |= 8);
        bench.settle();
        assert_eq!(bench.chip.counters().restarts, 1);
        simulated.arrive(&frame(2, 60));
        bench.settle();
        assert_eq!(bench.received, [frame(2, 60)]);
    });
}

#[test]
fn an_error_of_the_receiver_restarts_it() {
    let simulated = Simulated::new();
    run(&simulated, |bench| {
        bench.settle();
        // Data that no status tells of.
        simulated.with(|chip| {
            chip.arrive(&frame(1, 60), 0);
            chip.fifos.receive_status();
            chip.int_sts |= 1 << 14;
        });
        bench.settle();
        assert_eq!(bench.chip.counters().restarts, 1);
        simulated.arrive(&frame(2, 60));
        bench.settle();
        assert_eq!(bench.received, [frame(2, 60)]);
    });
}

#[test]
fn what_overflows_is_counted_and_the_rest_comes_through() {
    let simulated = Simulated::new();
    run(&simulated, |bench| {
        bench.settle();
        for n in 0..300 {
            simulated.arrive(&frame(n, 60));
        }
        bench.settle();
        assert_eq!(bench.received.len(), 10_560 / 64);
        for (n, received) in bench.received.iter().enumerate() {
            assert_eq!(*received, frame(n, 60));
        }
        let counters = bench.chip.counters();
        assert_eq!(counters.received + counters.receive_drops, 300);
        simulated.arrive(&frame(300, 60));
        bench.settle();
        assert_eq!(bench.received.last(), Some(&frame(300, 60)));
    });
}

#[test]
fn a_flood_of_bad_frames_leaves_others_their_turn() {
    let simulated = Simulated::new();
    run(&simulated, |bench| {
        bench.settle();
        for n in 0..RECEIVE_STATUSES {
            simulated.with(|chip| chip.arrive(&frame(n, 16), 1 << 1));
        }
        bench.interrupt();
        assert!(bench.woken());
        assert_eq!(bench.receive(), None);
        assert!(bench.chip.counters().receive_errors < 100);
        assert!(bench.woken(), "and asks to be called again");
        while bench.receive().is_none() && bench.woken() {}
        assert_eq!(
            bench.chip.counters().receive_errors,
            RECEIVE_STATUSES as u32
        );
    });
}

#[test]
fn a_chip_that_is_gone_is_told_and_not_waited_for() {
    for word in [0, u32::MAX] {
        let simulated = Simulated::new();
        run(&simulated, |bench| {
            bench.settle();
            assert!(bench.link == LinkState::Up);
            simulated.with(|chip| chip.dead = Some(word));
            bench.chip.on_interrupt();
            bench.woken();
            for _ in 0..10 {
                assert_eq!(bench.receive(), None);
                bench.send(&[0; 60]);
                assert!(bench.link_state() == LinkState::Down);
            }
            assert!(!bench.woken(), "not woken for ever");
            let counters = bench.chip.counters();
            assert_ne!(counters.faults, 0);
            assert_eq!((counters.sent, counters.received), (0, 0));
            let accesses = simulated.with(|chip| chip.accesses);
            assert!(accesses < 10_000, "{accesses}");
        });
    }
}
