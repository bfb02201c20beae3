//! The watchdog of the board: a CMSDK APB watchdog (Arm DDI 0479, section 4.4). It
//! counts down and interrupts at zero; if nobody takes the interrupt back until it
//! is at zero again, it resets the board.

use cortex_m::peripheral::SCB;
use cortex_m_rt::exception;
use wigwag_embassy::health::{Period, Stuck, handshake_ms};
use wigwag_embassy::last_words::Cause;

use crate::clock::MEGAHERTZ;
use crate::last_words;

/// How long the program may be busy before the watchdog interrupts.
const TIMEOUT_MS: u32 = 10_000;

/// How it is fed.
pub const PERIOD: Period = {
    const STALL_MS: u32 = handshake_ms(MEGAHERTZ as u32 * 1_000_000);
    Period::new::<TIMEOUT_MS, STALL_MS>()
};

const BASE: *mut u32 = 0x4000_8000 as *mut u32;

/// Its registers, in words from the base.
const LOAD: usize = 0;
const CONTROL: usize = 2;
const CLEAR: usize = 3;
const LOCK: usize = 0xC00 / 4;

/// What the lock is opened with.
const KEY: u32 = 0x1ACC_E551;
/// Count and interrupt; reset.
const ENABLE: u32 = 1 << 0 | 1 << 1;

fn write(register: usize, value: u32) {
    // SAFETY: the watchdog is there on this board, and only this module uses it.
    unsafe { BASE.add(register).write_volatile(value) }
}

/// The running watchdog.
#[derive(Debug)]
pub struct Watchdog(());

impl Watchdog {
    /// Starts it. There is no way to stop it.
    pub fn start() -> Self {
        write(LOCK, KEY);
        write(LOAD, TIMEOUT_MS * 1000 * MEGAHERTZ as u32);
        write(CONTROL, ENABLE);
        // Any other value locks.
        write(LOCK, 0);
        Self(())
    }

    /// Lets it count from the start again.
    pub fn feed(&mut self) {
        write(LOCK, KEY);
        write(CLEAR, 1);
        write(LOCK, 0);
    }
}

/// What the watchdog does to a program that has not fed it. Whatever the processor
/// is at, it does not come back to it: the words of it are kept, and the watchdog
/// is left to reset the board.
#[exception]
unsafe fn NonMaskableInt() -> ! {
    last_words::keep(
        Cause::Stuck,
        format_args!("the watchdog was not fed for {TIMEOUT_MS} ms"),
    );
    // It counts again already; not as long as before.
    write(LOCK, KEY);
    write(LOAD, 1);
    loop {
        cortex_m::asm::nop();
    }
}

/// Something made no progress while the executor goes on: keeps what it was, and
/// starts the board anew.
pub fn end(stuck: &Stuck) -> ! {
    cortex_m::interrupt::disable();
    last_words::keep(Cause::Stuck, format_args!("{stuck}"));
    SCB::sys_reset()
}
