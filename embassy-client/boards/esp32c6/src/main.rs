//! A device of NGTT on an ESP32-C6: see the library.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use esp_hal::peripherals::{FLASH, RTC_TIMER, WIFI};
use esp32c6::flash::Journal;
use esp32c6::watchdog::{PERIOD, Watchdog};
use esp32c6::wifi::{self, Radio, Random, Station};
use esp32c6::{executor, flash, last_words, reset, stack, unusable};
use static_cell::StaticCell;
use wigwag_app::{Application, Board, Connection, Network, Parts, Storage};
use wigwag_embassy::settings::Settings;

#[embassy_executor::task]
async fn station(mut station: Station) -> ! {
    station.run().await
}

#[embassy_executor::task]
async fn network(mut runner: Network<Radio>) -> ! {
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
    application.guard(PERIOD, feed, last_words::stuck).await
}

#[esp_hal::main]
fn main() -> ! {
    let chip = esp32c6::start();
    wifi::start_threads(chip.TIMG0, chip.FROM_CPU_INTR0);
    executor::run(|spawner| {
        let begin = begin(spawner, chip.FLASH, chip.WIFI, chip.RTC_TIMER);
        spawner.spawn(begin.expect("spawned once"));
    })
}

/// Puts the device together and spawns its tasks.
#[embassy_executor::task]
async fn begin(
    spawner: Spawner,
    flash: FLASH<'static>,
    radio: WIFI<'static>,
    timer: RTC_TIMER<'static>,
) {
    static STORAGE: Storage<Journal, Random> = Storage::new();
    // By value, a task would hold it twice: as it was given and as it is run.
    static CONNECTION: StaticCell<Connection<Journal>> = StaticCell::new();

    let board = Board {
        name: "esp32c6",
        reset: reset::reason(),
        unix_seconds: None,
        busy_nanos: executor::busy_nanos,
        stack: stack::used,
    };
    let (journal, region) =
        flash::start(flash).unwrap_or_else(|error| unusable(&format_args!("the flash: {error:?}")));
    let settings = Settings::read(region).unwrap_or_else(|error| unusable(&error));
    let (radio, joined, random) =
        wifi::start(radio, settings.wifi).unwrap_or_else(|error| unusable(&error));
    let parts = Parts {
        driver: radio,
        rng: random,
        settings: region,
        flash: journal,
        storage: &STORAGE,
        last_words: last_words::take(),
    };
    let device = wigwag_app::start(board, parts).await;
    let device = device.unwrap_or_else(|error| unusable(&error));
    spawner.spawn(station(joined).expect("spawned once"));
    spawner.spawn(network(device.network).expect("spawned once"));
    let held = CONNECTION.init(device.connection);
    spawner.spawn(connection(held).expect("spawned once"));
    spawner.spawn(application(device.application).expect("spawned once"));
    let watchdog = Watchdog::start(timer);
    spawner.spawn(guard(device.application, watchdog).expect("spawned once"));
}
