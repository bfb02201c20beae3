//! A device of NGTT on a Pico 2 with a W5500: see the library.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_rp::Peripherals;
use rp2350_w5500::ethernet::{self, Ethernet, Mover};
use rp2350_w5500::flash::Journal;
use rp2350_w5500::random::{self, Random};
use rp2350_w5500::watchdog::{PERIOD, Watchdog};
use rp2350_w5500::{regions, reset, unusable};
use static_cell::StaticCell;
use wigwag_app::{Application, Board, Connection, Network, Parts, Storage};
use wigwag_cortex_m::{executor, fault, last_words, stack};

#[embassy_executor::task]
async fn packets(mover: Mover) -> ! {
    mover.run().await
}

#[embassy_executor::task]
async fn network(mut runner: Network<Ethernet>) -> ! {
    runner.run().await
}

#[embassy_executor::task]
async fn connection(connection: &'static mut Connection<Journal>) -> ! {
    connection.run().await
}

#[embassy_executor::task]
async fn application(application: Application<Journal>) -> ! {
    application.run().await
}

#[embassy_executor::task]
async fn guard(application: Application<Journal>, mut watchdog: Watchdog) -> ! {
    let feed = || watchdog.feed();
    application.guard(PERIOD, feed, fault::stuck).await
}

#[cortex_m_rt::entry]
fn main() -> ! {
    let chip = rp2350_w5500::start();
    executor::run(|spawner| spawner.spawn(begin(spawner, chip).expect("spawned once")))
}

/// Puts the device together and spawns its tasks.
#[embassy_executor::task]
async fn begin(spawner: Spawner, chip: Peripherals) {
    static STORAGE: Storage<Journal, Random> = Storage::new();
    // By value, a task would hold it twice: as it was given and as it is run.
    static CONNECTION: StaticCell<Connection<Journal>> = StaticCell::new();

    let board = Board {
        name: "rp2350-w5500",
        reset: reset::reason(),
        unix_seconds: None,
        busy_nanos: executor::busy_nanos,
        stack: stack::used,
    };
    let pins = ethernet::Pins {
        miso: chip.PIN_16,
        chip_select: chip.PIN_17,
        clock: chip.PIN_18,
        mosi: chip.PIN_19,
        reset: chip.PIN_20,
        interrupt: chip.PIN_21,
    };
    let (ethernet, mover) = ethernet::start(chip.SPI0, chip.DMA_CH0, chip.DMA_CH1, pins)
        .await
        .unwrap_or_else(|error| unusable(&error));
    let parts = Parts {
        driver: ethernet,
        rng: random::start(chip.TRNG).await,
        settings: regions::settings(),
        flash: Journal::new(chip.FLASH),
        storage: &STORAGE,
        last_words: last_words::take(),
    };
    let device = wigwag_app::start(board, parts).await;
    let device = device.unwrap_or_else(|error| unusable(&error));
    spawner.spawn(packets(mover).expect("spawned once"));
    spawner.spawn(network(device.network).expect("spawned once"));
    let held = CONNECTION.init(device.connection);
    spawner.spawn(connection(held).expect("spawned once"));
    spawner.spawn(application(device.application).expect("spawned once"));
    let watchdog = Watchdog::start(chip.WATCHDOG);
    spawner.spawn(guard(device.application, watchdog).expect("spawned once"));
}
