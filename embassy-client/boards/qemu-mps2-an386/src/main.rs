//! A device of NGTT on QEMU's Arm MPS2 board: see the library.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use qemu_mps2_an386::ethernet::{self, Ethernet};
use qemu_mps2_an386::flash::Flash;
use qemu_mps2_an386::watchdog::{self, Watchdog};
use qemu_mps2_an386::{board, exit, host, last_words, memory, power, unusable, words};
use static_cell::StaticCell;
use wigwag_app::trial::Words;
use wigwag_app::{Application, Board, Connection, Network, Parts, Storage};
use wigwag_embassy::last_words::ResetReason;

#[embassy_executor::task]
async fn network(mut runner: Network<Ethernet>) -> ! {
    runner.run().await
}

#[embassy_executor::task]
async fn connection(connection: &'static mut Connection<Flash>) -> ! {
    connection.run().await
}

#[embassy_executor::task]
async fn application(application: Application<Flash>, words: Words<'static>) -> ! {
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
    defmt::info!("flash changed {} times", power::changes());
    exit(verdict.status())
}

/// Feeds the watchdog of a device in the field.
#[embassy_executor::task]
async fn guard(application: Application<Flash>) -> ! {
    let mut watchdog = Watchdog::start();
    application
        .guard(
            watchdog::PERIOD,
            || watchdog.feed(),
            |stuck| watchdog::end(stuck),
        )
        .await
}

#[embassy_executor::task]
async fn mishap(words: words::Words) {
    words.mishap().await;
}

#[cortex_m_rt::entry]
fn main() -> ! {
    qemu_mps2_an386::run(begin)
}

fn begin(spawner: Spawner) {
    spawner.spawn(start(spawner).expect("spawned once"));
}

/// Puts the device together and spawns its tasks.
#[embassy_executor::task]
async fn start(spawner: Spawner) {
    static STORAGE: Storage<Flash, host::Entropy> = Storage::new();
    // By value, a task would hold it twice: as it was given and as it is run.
    static CONNECTION: StaticCell<Connection<Flash>> = StaticCell::new();

    let (own, words) = words::Words::read(|words| Words::parse(words));
    let words = words.unwrap_or_else(|error| unusable(&error));
    let (last_words, reset) = last_words::take();
    if !words.is_trial() {
        last_words::restart();
    }
    let board = Board {
        reset,
        ..board(words.unix)
    };
    let parts = Parts {
        driver: ethernet::start(),
        rng: host::Entropy,
        settings: memory::settings(),
        flash: Flash::start(&own),
        storage: &STORAGE,
        last_words,
    };
    let device = wigwag_app::start(board, parts).await;
    let device = device.unwrap_or_else(|error| unusable(&error));
    spawner.spawn(network(device.network).expect("spawned once"));
    let held = CONNECTION.init(device.connection);
    spawner.spawn(connection(held).expect("spawned once"));
    if !words.is_trial() {
        spawner.spawn(guard(device.application).expect("spawned once"));
    }
    spawner.spawn(application(device.application, words).expect("spawned once"));
    if reset == ResetReason::PowerOn {
        spawner.spawn(mishap(own).expect("spawned once"));
    }
}
