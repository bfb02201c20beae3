#![no_std]
//! QEMU's Arm MPS2 board with the AN386 image, a Cortex-M4F at 25 MHz with a
//! LAN9118 Ethernet chip, which any computer can run: what its images share.
//!
//! **A board for tests.** Random numbers, the time of day and the words of a
//! trial come from the computer that runs QEMU ([`host`]); the device's private
//! key lies open in the settings region. Everything else is as on a real board.
//!
//! An image is a `main` that calls [`run`] with the function that puts its
//! device together and spawns the device's tasks.

pub mod clock;
pub mod ethernet;
mod executor;
mod fault;
pub mod flash;
pub mod host;
pub mod last_words;
pub mod memory;
pub mod power;
mod vectors;
pub mod watchdog;
pub mod words;

use defmt_semihosting as _;
use embassy_executor::Spawner;
use semihosting::process;
use wigwag_app::Board;
use wigwag_app::trial::UNUSABLE;
use wigwag_embassy::last_words::ResetReason;

/// Starts the chip, calls `begin`, which spawns the first tasks, and runs them
/// for ever. Call it first of all, from `main`.
///
/// # Panics
/// When it is called a second time.
pub fn run(begin: fn(Spawner)) -> ! {
    let mut core = cortex_m::Peripherals::take().expect("taken once");
    fault::guard_stack(&mut core.MPU);
    clock::start();
    executor::run(begin)
}

/// This board, as a device sees it. Its time of day is `unix`, in seconds since
/// 1970, or the host's.
pub fn board(unix: Option<u64>) -> Board {
    if let Some(seconds) = unix.or_else(host::unix_seconds) {
        clock::set_unix(seconds);
    }
    Board {
        name: "qemu-mps2-an386",
        // Where nothing else is known.
        reset: ResetReason::PowerOn,
        unix_seconds: clock::unix_seconds(),
        busy_nanos: clock::busy_nanos,
        stack: memory::stack_use,
    }
}

/// Ends QEMU with this exit status.
pub fn exit(status: i32) -> ! {
    process::exit(status)
}

/// Says why the device cannot start, and ends.
pub fn unusable(error: &dyn core::fmt::Display) -> ! {
    defmt::error!("cannot start: {}", defmt::Display2Format(error));
    exit(UNUSABLE)
}
