//! A device of NGTT on ST's NUCLEO-H743ZI2: see the library.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_stm32::Peripherals;
use static_cell::StaticCell;
use stm32h7_nucleo::ethernet::{self, Ethernet};
use stm32h7_nucleo::flash::Journal;
use stm32h7_nucleo::random::{self, Random};
use stm32h7_nucleo::watchdog::{PERIOD, Watchdog};
use stm32h7_nucleo::{regions, reset, unusable};
use wigwag_app::{Application, Board, Connection, Network, Parts, Storage};
use wigwag_cortex_m::{executor, fault, last_words, stack};

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
    let chip = stm32h7_nucleo::start();
    executor::run(|spawner| spawner.spawn(begin(spawner, chip).expect("spawned once")))
}

/// Puts the device together and spawns its tasks.
#[embassy_executor::task]
async fn begin(spawner: Spawner, chip: Peripherals) {
    static STORAGE: Storage<Journal, Random> = Storage::new();
    // By value, a task would hold it twice: as it was given and as it is run.
    static CONNECTION: StaticCell<Connection<Journal>> = StaticCell::new();

    let board = Board {
        name: "stm32h7-nucleo",
        reset: reset::reason(),
        unix_seconds: None,
        busy_nanos: executor::busy_nanos,
        stack: stack::used,
    };
    let pins = ethernet::Pins {
        ref_clk: chip.PA1,
        mdio: chip.PA2,
        crs_dv: chip.PA7,
        mdc: chip.PC1,
        rxd0: chip.PC4,
        rxd1: chip.PC5,
        tx_en: chip.PG11,
        txd0: chip.PG13,
        txd1: chip.PB13,
    };
    let parts = Parts {
        driver: ethernet::start(chip.ETH, chip.ETH_SMA, pins),
        rng: random::start(chip.RNG),
        settings: regions::settings(),
        flash: Journal::new(chip.FLASH),
        storage: &STORAGE,
        last_words: last_words::take(),
    };
    let device = wigwag_app::start(board, parts).await;
    let device = device.unwrap_or_else(|error| unusable(&error));
    spawner.spawn(network(device.network).expect("spawned once"));
    let held = CONNECTION.init(device.connection);
    spawner.spawn(connection(held).expect("spawned once"));
    spawner.spawn(application(device.application).expect("spawned once"));
    let watchdog = Watchdog::start(chip.IWDG1);
    spawner.spawn(guard(device.application, watchdog).expect("spawned once"));
}
