//! Sending, also into a FIFO that is full or stuck.

use core::task::{Context, Waker};

use embassy_net_driver::{Driver, TxToken};

use crate::bench::{Bench, run};
use crate::simulated::{Simulated, frame};

/// Sends frames of 1514 bytes until there is no room; returns how many.
fn fill(bench: &mut Bench<'_>) -> usize {
    bench.simulated.with(|chip| chip.fifos.held = true);
    let mut frames = 0;
    while bench.send(&frame(frames, 1514)) {
        frames += 1;
    }
    frames
}

#[test]
fn frames_of_all_lengths_go_out_whole() {
    let simulated = Simulated::new();
    run(&simulated, |bench| {
        bench.settle();
        for length in 1..=1514 {
            assert!(bench.send(&frame(length, length)));
            let sent = simulated.with(|chip| std::mem::take(&mut chip.fifos.sent));
            assert_eq!(sent, [frame(length, length)]);
        }
        bench.link_state();
        assert!(bench.receive().is_none());
        assert!(simulated.with(|chip| chip.fifos.is_told()));
        assert_eq!(bench.chip.counters().sent, 1514);
        assert_eq!(bench.chip.counters().transmit_errors, 0);
    });
}

#[test]
fn an_answer_goes_out_with_its_question() {
    let simulated = Simulated::new();
    run(&simulated, |bench| {
        bench.settle();
        simulated.arrive(&frame(7, 100));
        let mut cx = Context::from_waker(Waker::noop());
        let (question, answer) = bench.driver.receive(&mut cx).unwrap();
        embassy_net_driver::RxToken::consume(question, |question| {
            answer.consume(question.len(), |answer| answer.copy_from_slice(question));
        });
        assert_eq!(
            simulated.with(|chip| chip.fifos.sent.clone()),
            [frame(7, 100)]
        );
    });
}

#[test]
fn a_frame_the_network_refused_is_counted() {
    let simulated = Simulated::new();
    run(&simulated, |bench| {
        bench.settle();
        simulated.with(|chip| chip.fifos.held = true);
        assert!(bench.send(&frame(1, 60)) && bench.send(&frame(2, 60)));
        // Error status, excessive collisions.
        simulated.with(|chip| {
            chip.transmit(1, 0x8100);
            chip.transmit(1, 0);
        });
        assert!(bench.send(&frame(3, 60)));
        assert_eq!(bench.chip.counters().transmit_errors, 1);
        assert_eq!(bench.chip.counters().sent, 3);
    });
}

#[test]
fn a_full_fifo_is_waited_for_and_nothing_is_lost() {
    for levels in [false, true] {
        let simulated = Simulated::new();
        run(&simulated, |bench| {
            simulated.with(|chip| chip.levels = levels);
            bench.settle();
            let frames = fill(bench);
            assert_eq!(frames, 3, "4608 bytes, 1524 a frame");
            bench.settle();
            assert!(!bench.send(&[0; 60]));
            // A question has to wait for the room of its answer, quietly.
            simulated.arrive(&frame(1, 60));
            bench.settle();
            assert!(bench.received.is_empty());
            simulated.drain(1);
            assert!(simulated.line(), "TDFA_INT");
            bench.settle();
            assert!(bench.send(&frame(3, 1514)));
            simulated.drain(10);
            bench.settle();
            assert_eq!(bench.received, [frame(1, 60)]);
            let sent = simulated.with(|chip| chip.fifos.sent.clone());
            assert_eq!(sent, [0, 1, 2, 3].map(|n| frame(n, 1514)));
            assert_eq!(bench.chip.counters().restarts, 0);
        });
    }
}

#[test]
fn room_that_comes_while_the_driver_looks_is_seen() {
    let simulated = Simulated::new();
    run(&simulated, |bench| {
        bench.settle();
        fill(bench);
        simulated.with(|chip| chip.freed_when_seen = true);
        assert!(bench.send(&frame(3, 1514)));
        simulated.arrive(&frame(1, 60));
        bench.settle();
        assert_eq!(bench.received, [frame(1, 60)]);
    });
}

#[test]
fn another_interrupt_does_not_end_the_wait_for_room() {
    let simulated = Simulated::new();
    run(&simulated, |bench| {
        bench.settle();
        fill(bench);
        bench.chip.on_interrupt();
        bench.settle();
        simulated.drain(10);
        assert!(bench.interrupt() && bench.woken());
        assert!(bench.send(&frame(3, 1514)));
    });
}

#[test]
fn after_a_full_fifo_received_frames_are_told_again() {
    let simulated = Simulated::new();
    run(&simulated, |bench| {
        bench.settle();
        fill(bench);
        simulated.drain(10);
        bench.settle();
        assert!(bench.send(&[0; 60]));
        simulated.arrive(&frame(1, 60));
        bench.settle();
        assert_eq!(bench.received, [frame(1, 60)]);
    });
}

#[test]
fn a_transmitter_that_is_stuck_is_restarted() {
    for unstoppable in [false, true] {
        let simulated = Simulated::new();
        run(&simulated, |bench| {
            bench.settle();
            assert!(!simulated.timer(), "no timer while all is well");
            fill(bench);
            simulated.with(|chip| chip.fifos.unstoppable = unstoppable);
            assert!(simulated.timer());
            assert!(bench.interrupt() && bench.woken());
            assert!(bench.send(&frame(9, 1514)));
            assert_eq!(bench.chip.counters().restarts, 1);
            simulated.drain(10);
            let sent = simulated.with(|chip| chip.fifos.sent.clone());
            assert_eq!(sent, [frame(9, 1514)]);
            assert!(bench.send(&frame(10, 60)));
            assert!(!simulated.timer());
        });
    }
}

#[test]
fn an_error_of_the_transmitter_restarts_it() {
    let simulated = Simulated::new();
    run(&simulated, |bench| {
        bench.settle();
        // Half a command, as a glitch on the bus would leave it.
        simulated.with(|chip| {
            chip.fifos.write_word(0x3000 | 60);
            chip.int_sts |= 1 << 13;
        });
        bench.settle();
        assert_eq!(bench.chip.counters().restarts, 1);
        assert!(bench.send(&frame(1, 60)));
        assert_eq!(
            simulated.with(|chip| chip.fifos.sent.clone()),
            [frame(1, 60)]
        );
    });
}

#[test]
fn a_frame_longer_than_the_capabilities_is_cut_and_harms_nothing() {
    let simulated = Simulated::new();
    run(&simulated, |bench| {
        bench.settle();
        assert_eq!(bench.driver.capabilities().max_transmission_unit, 1514);
        let mut cx = Context::from_waker(Waker::noop());
        let token = bench.driver.transmit(&mut cx).unwrap();
        assert_eq!(token.consume(5000, |buffer| buffer.len()), 1514);
        assert!(bench.send(&frame(1, 60)));
        let sent = simulated.with(|chip| chip.fifos.sent.pop());
        assert_eq!(sent, Some(frame(1, 60)));
    });
}

#[test]
fn without_a_link_frames_are_lost_and_never_fill_the_fifo() {
    let simulated = Simulated::new();
    run(&simulated, |bench| {
        bench.settle();
        simulated.link(false);
        bench.settle();
        for n in 0..100 {
            assert!(bench.send(&frame(n, 1514)));
        }
        assert_eq!(bench.chip.counters().transmit_drops, 100);
        simulated.link(true);
        bench.settle();
        assert!(bench.send(&frame(1, 60)));
        assert_eq!(
            simulated.with(|chip| chip.fifos.sent.clone()),
            [frame(1, 60)]
        );
    });
}
