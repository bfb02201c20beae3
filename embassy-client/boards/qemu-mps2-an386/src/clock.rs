//! The clock of the board: embassy-time on two CMSDK APB timers of 25 MHz (Arm
//! DDI 0479, section 4.3), the time that was spent idle, and the time of day.
//!
//! Timer 1 counts freely and is never touched again: it is the time. Timer 0 is
//! set to the next alarm, at most half a round of timer 1 away, so that the
//! time is looked at often enough to be continued beyond 32 bits
//! ([`Extended`] says why that is right).

use core::cell::{Cell, RefCell};
use core::task::Waker;

use critical_section::{CriticalSection, Mutex};
use embassy_time_driver::Driver;
use embassy_time_queue_utils::Queue;
use wigwag_app::ticks::{self, Extended};

use crate::vectors::Interrupt;

/// What the timers count, in MHz.
pub(crate) const MEGAHERTZ: u64 = 25;

/// A CMSDK APB timer counts down to zero, then from its reload value again, or
/// stops there if that is zero.
struct Timer(*mut u32);

/// Control: count, and interrupt at zero.
const ENABLE: u32 = 1 << 0;
const INTERRUPT: u32 = 1 << 3;

impl Timer {
    const CONTROL: usize = 0;
    const VALUE: usize = 1;
    const RELOAD: usize = 2;
    /// Shows the interrupt; writing 1 takes it back.
    const PENDING: usize = 3;

    fn read(&self, register: usize) -> u32 {
        // SAFETY: the timers below are there on this board, with four registers
        // each; reading has no effect.
        unsafe { self.0.add(register).read_volatile() }
    }

    fn write(&self, register: usize, value: u32) {
        // SAFETY: as above; writing changes the timer, which only this module
        // uses.
        unsafe { self.0.add(register).write_volatile(value) }
    }
}

const ALARM: Timer = Timer(0x4000_0000 as *mut u32);
const COUNTER: Timer = Timer(0x4000_1000 as *mut u32);

/// The driver, and what belongs to it.
struct Clock {
    counter: Mutex<RefCell<Extended>>,
    queue: Mutex<RefCell<Queue>>,
    /// Counts during which the processor slept.
    idle: Mutex<Cell<u64>>,
    /// Microseconds since 1970 when the counter started.
    unix_at_start: Mutex<Cell<Option<u64>>>,
}

embassy_time_driver::time_driver_impl!(static CLOCK: Clock = Clock {
    counter: Mutex::new(RefCell::new(Extended::new())),
    queue: Mutex::new(RefCell::new(Queue::new())),
    idle: Mutex::new(Cell::new(0)),
    unix_at_start: Mutex::new(Cell::new(None)),
});

impl Clock {
    fn counts(&self, token: CriticalSection<'_>) -> u64 {
        let counter = !COUNTER.read(Timer::VALUE);
        self.counter.borrow_ref_mut(token).look(counter)
    }

    /// Wakes what is due and sets the alarm for the rest.
    fn set_alarm(&self, token: CriticalSection<'_>, queue: &mut Queue) {
        let now = self.counts(token);
        let next = queue.next_expiration(ticks::micros(now, MEGAHERTZ));
        ALARM.write(Timer::CONTROL, 0);
        ALARM.write(Timer::PENDING, 1);
        ALARM.write(Timer::VALUE, ticks::alarm(next, now, MEGAHERTZ));
        ALARM.write(Timer::CONTROL, ENABLE | INTERRUPT);
    }
}

impl Driver for Clock {
    fn now(&self) -> u64 {
        ticks::micros(
            critical_section::with(|token| self.counts(token)),
            MEGAHERTZ,
        )
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        critical_section::with(|token| {
            let mut queue = self.queue.borrow_ref_mut(token);
            if queue.schedule_wake(at, waker) {
                self.set_alarm(token, &mut queue);
            }
        });
    }
}

/// Starts counting from zero. Call it once, before anything asks for the time.
pub(crate) fn start() {
    COUNTER.write(Timer::CONTROL, 0);
    COUNTER.write(Timer::RELOAD, u32::MAX);
    COUNTER.write(Timer::VALUE, u32::MAX);
    COUNTER.write(Timer::CONTROL, ENABLE);
    ALARM.write(Timer::RELOAD, 0);
    critical_section::with(|token| {
        let mut queue = CLOCK.queue.borrow_ref_mut(token);
        CLOCK.set_alarm(token, &mut queue);
    });
    // SAFETY: no critical section is held by masking this interrupt.
    unsafe { cortex_m::peripheral::NVIC::unmask(Interrupt::Timer0) };
}

/// The handler of timer 0.
pub(crate) extern "C" fn on_alarm() {
    critical_section::with(|token| {
        let mut queue = CLOCK.queue.borrow_ref_mut(token);
        CLOCK.set_alarm(token, &mut queue);
    });
}

/// Sleeps until an interrupt is pending and counts the time as idle. Call it
/// with interrupts masked: a pending one ends the sleep and is served after.
pub(crate) fn sleep(token: CriticalSection<'_>) {
    let before = CLOCK.counts(token);
    cortex_m::asm::wfi();
    let slept = CLOCK.counts(token) - before;
    let idle = CLOCK.idle.borrow(token);
    idle.set(idle.get() + slept);
}

/// Nanoseconds since the start of the clock during which the processor did not sleep. Under
/// QEMU with `-icount shift=0` that is the number of instructions.
pub fn busy_nanos() -> u64 {
    let busy = critical_section::with(|token| CLOCK.counts(token) - CLOCK.idle.borrow(token).get());
    busy * 1000 / MEGAHERTZ
}

/// Sets the time of day, in seconds since 1970.
pub fn set_unix(seconds: u64) {
    critical_section::with(|token| {
        let passed = ticks::micros(CLOCK.counts(token), MEGAHERTZ);
        let start = seconds.saturating_mul(1_000_000).saturating_sub(passed);
        CLOCK.unix_at_start.borrow(token).set(Some(start));
    });
}

/// The time of day in microseconds since 1970; `None` until it is set.
pub fn unix_micros() -> Option<u64> {
    critical_section::with(|token| {
        let passed = ticks::micros(CLOCK.counts(token), MEGAHERTZ);
        let start = CLOCK.unix_at_start.borrow(token).get()?;
        Some(start.saturating_add(passed))
    })
}

/// The same in seconds, for certificates.
pub fn unix_seconds() -> Option<u64> {
    unix_micros().map(|micros| micros / 1_000_000)
}

// What stands before each line of the log: seconds since the start.
defmt::timestamp!("{=u64:us}", CLOCK.now());
