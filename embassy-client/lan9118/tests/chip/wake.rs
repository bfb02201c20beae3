//! Whom an event wakes: whichever call of the driver came last, and by itself.

use crate::bench::run;
use crate::simulated::Simulated;

/// TDFO_INT, TXE_INT and RXE_INT of INT_STS.
const ERRORS: [u32; 3] = [10, 13, 14];

#[test]
fn every_error_interrupts_by_itself() {
    for bit in ERRORS {
        let simulated = Simulated::new();
        run(&simulated, |bench| {
            bench.settle();
            // No frame comes or goes: nothing else makes the driver look.
            simulated.with(|chip| chip.int_sts |= 1 << bit);
            assert!(bench.interrupt(), "bit {bit} is not listened for");
            assert!(bench.woken());
            bench.chip.on_interrupt();
            bench.settle();
            assert_eq!(bench.chip.counters().restarts, 1, "bit {bit}");
        });
    }
}

#[test]
fn every_call_is_woken() {
    let simulated = Simulated::new();
    run(&simulated, |bench| {
        bench.link_state();
        bench.chip.on_interrupt();
        assert!(bench.woken(), "after link_state");
    });
    run(&simulated, |bench| {
        bench.send(&[0; 60]);
        bench.chip.on_interrupt();
        assert!(bench.woken(), "after transmit");
    });
    run(&simulated, |bench| {
        bench.receive();
        bench.chip.on_interrupt();
        assert!(bench.woken(), "after receive");
    });
}
