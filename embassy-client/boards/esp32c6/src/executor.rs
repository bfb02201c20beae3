//! embassy's executor in the main thread of esp-rtos, beside the radio's threads.

use core::cell::Cell;

use critical_section::Mutex;
use embassy_executor::Spawner;
use embassy_time::Instant;
use esp_rtos::embassy::{Callbacks, Executor};
use static_cell::StaticCell;

/// Microseconds that the tasks have taken, and since when they run if they do.
static BUSY: Mutex<Cell<(u64, Option<Instant>)>> = Mutex::new(Cell::new((0, None)));

struct Meter;

impl Callbacks for Meter {
    fn before_poll(&mut self) {
        critical_section::with(|token| {
            let busy = BUSY.borrow(token);
            let (micros, since) = busy.get();
            busy.set((micros, since.or_else(|| Some(Instant::now()))));
        });
    }

    fn on_idle(&mut self) {
        critical_section::with(|token| {
            let busy = BUSY.borrow(token);
            busy.set((micros(busy.get()), None));
        });
    }
}

/// Spawns the first tasks with `spawn`, then runs for ever.
///
/// # Panics
/// When it is called a second time, or esp-rtos has not been started.
pub fn run(spawn: impl FnOnce(Spawner)) -> ! {
    static EXECUTOR: StaticCell<Executor> = StaticCell::new();

    let executor = EXECUTOR.init_with(Executor::new);
    executor.run_with_callbacks(spawn, Meter)
}

/// Processor time of the tasks since the start in nanoseconds; what a board
/// tells as [`busy_nanos`](wigwag_app::Board::busy_nanos). The radio's threads,
/// which interrupt the tasks, count while they do.
pub fn busy_nanos() -> u64 {
    critical_section::with(|token| micros(BUSY.borrow(token).get())).saturating_mul(1000)
}

fn micros((before, since): (u64, Option<Instant>)) -> u64 {
    before.saturating_add(since.map_or(0, |since| since.elapsed().as_micros()))
}
