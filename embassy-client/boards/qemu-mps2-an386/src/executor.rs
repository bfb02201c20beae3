//! embassy's executor with a sleep of its own.
//!
//! The one that embassy brings sleeps with `wfe`, which QEMU does not carry
//! out: it turns in circles there. This one masks interrupts, looks whether
//! anything was woken, and sleeps with `wfi`, which any pending interrupt ends
//! even while masked: nothing can slip in between the look and the sleep.

use core::sync::atomic::{AtomicBool, Ordering};

use embassy_executor::{Spawner, raw};
use static_cell::StaticCell;

/// A task was woken.
static WOKEN: AtomicBool = AtomicBool::new(false);

/// What embassy calls when a task is woken.
#[unsafe(export_name = "__pender")]
fn pend(_: *mut ()) {
    WOKEN.store(true, Ordering::Release);
}

/// Spawns the first tasks with `spawn`, then runs for ever.
pub(crate) fn run(spawn: impl FnOnce(Spawner)) -> ! {
    static EXECUTOR: StaticCell<raw::Executor> = StaticCell::new();

    let executor = EXECUTOR.init(raw::Executor::new(core::ptr::null_mut()));
    spawn(executor.spawner());
    loop {
        // First, so that what is woken by the poll is seen after it.
        WOKEN.store(false, Ordering::Release);
        // SAFETY: called from here alone, never from within a task.
        unsafe { executor.poll() };
        critical_section::with(|token| {
            if !WOKEN.load(Ordering::Acquire) {
                crate::clock::sleep(token);
            }
        });
    }
}
