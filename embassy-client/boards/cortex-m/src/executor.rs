//! embassy's executor with a sleep that is measured.

use core::cell::Cell;
use core::sync::atomic::{AtomicBool, Ordering};

use critical_section::Mutex;
use embassy_executor::{Spawner, raw};
use embassy_time::Instant;
use static_cell::StaticCell;

/// A task was woken.
static WOKEN: AtomicBool = AtomicBool::new(false);

/// Microseconds that were slept.
static IDLE: Mutex<Cell<u64>> = Mutex::new(Cell::new(0));

/// What embassy calls when a task is woken.
#[unsafe(export_name = "__pender")]
fn pend(_: *mut ()) {
    WOKEN.store(true, Ordering::Release);
}

/// Spawns the first tasks with `spawn`, then runs for ever.
///
/// It sleeps with `wfi` while interrupts are masked, which any pending
/// interrupt ends: nothing can slip in between the look and the sleep.
///
/// # Panics
/// When it is called a second time.
pub fn run(spawn: impl FnOnce(Spawner)) -> ! {
    static EXECUTOR: StaticCell<raw::Executor> = StaticCell::new();

    let executor = EXECUTOR.init(raw::Executor::new(core::ptr::null_mut()));
    spawn(executor.spawner());
    loop {
        // First, so that what is woken by the poll is seen after it.
        WOKEN.store(false, Ordering::Release);
        // SAFETY: called from here alone, never from within a task.
        unsafe { executor.poll() };
        critical_section::with(|token| {
            if WOKEN.load(Ordering::Acquire) {
                return;
            }
            let before = Instant::now();
            cortex_m::asm::dsb();
            cortex_m::asm::wfi();
            let idle = IDLE.borrow(token);
            idle.set(idle.get().saturating_add(before.elapsed().as_micros()));
        });
    }
}

/// Processor time since the start in nanoseconds, without sleep; what a board
/// tells as [`busy_nanos`](wigwag_app::Board::busy_nanos). To a microsecond for
/// each sleep.
pub fn busy_nanos() -> u64 {
    let (now, idle) = critical_section::with(|token| {
        let idle = IDLE.borrow(token).get();
        (Instant::now().as_micros(), idle)
    });
    now.saturating_sub(idle).saturating_mul(1000)
}
