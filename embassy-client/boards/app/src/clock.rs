//! The device's time of day: one clock, which whoever knows the time sets, and
//! which believes nothing before its floor.

use embassy_sync::blocking_mutex::raw::RawMutex;
use embedded_storage_async::nor_flash::NorFlash;
use wigwag_embassy::sntp;
use wigwag_embassy::store::{Key, StoreError};
use wigwag_embassy::tls::ClockPolicy;
use wigwag_embassy::wall_clock::{Origin, WallClock};

use crate::storage::Shared;

/// What time servers say.
pub(crate) static SNTP: sntp::State = sntp::State::new();

/// The clock.
pub(crate) static CLOCK: WallClock = WallClock::new(ClockPolicy::EARLIEST_FLOOR);

/// The time of day in microseconds since 1970; `None` while it is not known.
pub fn unix_micros() -> Option<u64> {
    CLOCK.unix_micros()
}

/// The time for what must be told at once, also by a device that has just started
/// and does not know it yet: then the earliest that it can be. In microseconds since
/// 1970.
pub(crate) fn at_least_micros() -> u64 {
    at_least(&CLOCK)
}

fn at_least<M: RawMutex>(clock: &WallClock<M>) -> u64 {
    let earliest = || clock.floor().saturating_mul(1_000_000);
    clock.unix_micros().unwrap_or_else(earliest)
}

fn unix_seconds() -> Option<u64> {
    CLOCK.unix_seconds()
}

/// Sets the clock from what is known at the start, and tells how certificates are
/// judged: by the clock, or by the floor until it is set. `floor` is what the
/// settings say, `told` what the board's own clock says, in seconds since 1970.
pub(crate) async fn start<F: NorFlash>(
    store: &Shared<F>,
    floor: Option<u64>,
    told: Option<u64>,
) -> Result<ClockPolicy, StoreError> {
    let mut bytes = [0; 8];
    let kept = store.lock().await.get(Key::Floor, &mut bytes).await?;
    let kept = kept.and_then(|bytes| bytes.try_into().ok());
    for floor in [floor, kept.map(u64::from_be_bytes)].into_iter().flatten() {
        CLOCK.raise_floor(floor);
    }
    if let Some(seconds) = told {
        let set = CLOCK.set(seconds.saturating_mul(1_000_000), Origin::Told);
        if let Err(error) = set {
            defmt::warn!("clock: {}", defmt::Display2Format(&error));
        }
    }
    Ok(ClockPolicy::real_time_or_floor(unix_seconds, CLOCK.floor()))
}

/// Keeps a new floor over resets.
pub(crate) async fn keep_floor<F: NorFlash>(store: &Shared<F>, floor: u64) {
    let floor = floor.to_be_bytes();
    let mut store = store.lock().await;
    if let Err(error) = store.put(Key::Floor, &floor).await {
        let error = defmt::Display2Format(&error);
        defmt::warn!("clock: the floor was not kept: {}", error);
    }
}

#[cfg(test)]
mod tests {
    use embassy_sync::blocking_mutex::raw::NoopRawMutex;

    use super::*;

    /// A device that has just started.
    struct JustStarted;

    impl embassy_time_driver::Driver for JustStarted {
        fn now(&self) -> u64 {
            0
        }

        fn schedule_wake(&self, _: u64, _: &core::task::Waker) {}
    }

    embassy_time_driver::time_driver_impl!(static DRIVER: JustStarted = JustStarted);

    #[test]
    fn what_is_told_before_the_time_is_known_has_the_date_of_the_floor() {
        let floor = ClockPolicy::EARLIEST_FLOOR + 1000;
        let clock: WallClock<NoopRawMutex> = WallClock::new(floor);
        assert_eq!(at_least(&clock), floor * 1_000_000);
        clock.set(floor * 1_000_000 + 5, Origin::Sntp).unwrap();
        assert_eq!(at_least(&clock), floor * 1_000_000 + 5);
    }
}
