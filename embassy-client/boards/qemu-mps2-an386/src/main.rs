//! Wigwag on QEMU's Arm MPS2 board with the AN386 image: a Cortex-M4F at
//! 25 MHz with a LAN9118 Ethernet chip, which any computer can run.
//!
//! **A board for tests.** Random numbers, the time of day and the words of a
//! trial come from the computer that runs QEMU ([`host`]); the device's private
//! key lies open in the settings region. Everything else is as on a real board.
#![no_std]
#![no_main]

mod clock;
mod ethernet;
mod executor;
mod fault;
mod host;
mod memory;
mod vectors;

use defmt_semihosting as _;
use embassy_executor::Spawner;
use ethernet::Ethernet;
use semihosting::process::exit;
use static_cell::StaticCell;
use wigwag_app::trial::{self, Words};
use wigwag_app::{Application, Board, Connection, Network};
use wigwag_embassy::settings::Settings;
use wigwag_embassy::tls::ClockPolicy;

#[embassy_executor::task]
async fn network(mut runner: Network<Ethernet>) -> ! {
    runner.run().await
}

#[embassy_executor::task]
async fn connection(connection: &'static mut Connection<host::Entropy>) -> ! {
    connection.run().await
}

#[embassy_executor::task]
async fn application(application: Application, words: Words<'static>) -> ! {
    if !words.is_trial() {
        application.run().await;
    }
    let verdict = application.on_trial(&words).await;
    if let Some(path) = words.report {
        let mut bytes = [0; wigwag_app::report::LONGEST];
        let report = application.report();
        host::write_file(
            path,
            report.write(&mut bytes).expect("the longest report fits"),
        );
    }
    exit(verdict.status())
}

#[cortex_m_rt::entry]
fn main() -> ! {
    let mut core = cortex_m::Peripherals::take().expect("taken once");
    fault::guard_stack(&mut core.MPU);
    clock::start();
    executor::run(begin)
}

/// Puts the device together and spawns its tasks. In a function of its own: its
/// variables leave the stack before the tasks run.
#[inline(never)]
fn begin(spawner: Spawner) {
    // By value, a task would hold it twice: as it was given and as it is run.
    static CONNECTION: StaticCell<Connection<host::Entropy>> = StaticCell::new();

    let words = Words::parse(host::words()).unwrap_or_else(|error| unusable(&error));
    if let Some(seconds) = words.unix.or_else(host::unix_seconds) {
        clock::set_unix(seconds);
    }
    let board = Board {
        name: "qemu-mps2-an386",
        // The only way in which QEMU starts it: a panic ends QEMU.
        reset: "power on",
        clock: ClockPolicy::real_time(clock::unix_seconds),
        unix_micros: clock::unix_micros,
        busy_nanos: clock::busy_nanos,
        stack: memory::stack_use,
    };
    let settings = Settings::read(memory::settings()).unwrap_or_else(|error| unusable(&error));
    let device = wigwag_app::start(board, ethernet::start(), host::Entropy, settings)
        .unwrap_or_else(|error| unusable(&error));
    spawner.spawn(network(device.network).expect("spawned once"));
    let held = CONNECTION.init(device.connection);
    spawner.spawn(connection(held).expect("spawned once"));
    spawner.spawn(application(device.application, words).expect("spawned once"));
}

/// Says why the device cannot start, and ends.
fn unusable(error: &dyn core::fmt::Display) -> ! {
    defmt::error!("cannot start: {}", defmt::Display2Format(error));
    exit(trial::UNUSABLE)
}
