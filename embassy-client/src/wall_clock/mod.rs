//! What time it is in the world: [`WallClock`].
//!
//! embassy-time counts from the start of the device. [`WallClock`] keeps what has
//! to be added to that to get Unix time (seconds since 1970-01-01 00:00 UTC, leap
//! seconds left out), who said so, and a floor: a time that has certainly passed,
//! the build of the firmware to begin with. It answers nothing while it was not
//! set, and **never anything before the floor**.
//!
//! It lives in a `static`, so that a plain function can be the source of a
//! [`ClockPolicy`](crate::tls::ClockPolicy):
//!
//! ```no_run
//! use wigwag_embassy::tls::ClockPolicy;
//! use wigwag_embassy::wall_clock::{Origin, WallClock};
//!
//! /// When this firmware was built, in seconds since 1970.
//! const BUILT: u64 = 1_790_000_000;
//! static CLOCK: WallClock = WallClock::new(BUILT);
//!
//! fn unix_seconds() -> Option<u64> {
//!     CLOCK.unix_seconds()
//! }
//!
//! /// What an earlier run has learned, and a battery-backed clock, if there are any.
//! fn certificates_are_judged_by(kept_floor: Option<u64>, rtc: Option<u64>) -> ClockPolicy {
//!     if let Some(floor) = kept_floor {
//!         CLOCK.raise_floor(floor);
//!     }
//!     if let Some(seconds) = rtc {
//!         // Refused when it is before the floor: the battery was empty.
//!         let _ = CLOCK.set(seconds.saturating_mul(1_000_000), Origin::Told);
//!     }
//!     ClockPolicy::real_time_or_floor(unix_seconds, CLOCK.floor())
//! }
//! ```
//!
//! # Step or slew
//! The first setting is taken as it is. A later one that differs from what the
//! clock shows by at most [`SLEW_LIMIT`] is slewed: the clock goes slower or
//! faster by [`SLEW_PPM`], as NTP's does (RFC 5905 section 11.3), until the
//! difference is gone. Anything larger is a step, at once, in either direction.
//! So between two steps the clock never goes backwards, and a second of it is a
//! second to half a per mille; [`Setting::steps`] tells whether there was one.
//! Two seconds are what a crystal with an error of 100 ppm is off after five and
//! a half hours: where SNTP is asked more often than that, there is one step after
//! the start, and no more.
//!
//! # The floor
//! Time from the network is not authenticated. The floor bounds how far back
//! it can be turned, and with it which expired certificates are taken again. It is
//! only ever raised: by what an earlier run has stored, and by
//! [`WallClock::confirm`], which believes a verified server and no clock.

mod reading;

use core::cell::RefCell;
use core::time::Duration;

use embassy_sync::blocking_mutex::Mutex;
use embassy_sync::blocking_mutex::raw::{CriticalSectionRawMutex, RawMutex};
use wigwag_codec::Instant;

use crate::time;
use crate::tls::Validity;
use reading::Reading;

/// The largest difference that is slewed.
pub const SLEW_LIMIT: Duration = Duration::from_secs(2);

/// How much slower or faster the clock goes until a difference is gone, in parts
/// per million: two seconds take 4,000 s.
pub const SLEW_PPM: u32 = 500;

/// Who said what time it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Origin {
    /// The application: from a real-time clock, from a person, or from an order
    /// of its server, which is as good as the server's identity.
    Told,
    /// SNTP, which is not authenticated.
    Sntp,
}

/// What setting the clock did. Differences are in microseconds, positive where
/// the clock was slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Adjustment {
    /// It was not set before.
    First,
    /// It is approaching the new time: there was a difference of up to
    /// [`SLEW_LIMIT`].
    Slewing(i64),
    /// It jumped.
    Stepped(i64),
}

/// A time before the floor: the clock was left as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct BeforeFloor {
    /// The floor, in seconds since 1970.
    pub floor: u64,
}

impl core::fmt::Display for BeforeFloor {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(
            f,
            "the time is before the clock's floor, {} s after 1970",
            self.floor
        )
    }
}

impl core::error::Error for BeforeFloor {}

/// When and by whom the clock was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Who set it last.
    pub origin: Origin,
    /// When it was set last, on the device's own clock.
    pub at: Instant,
    /// When it was last set to something that is not a continuation: the first
    /// time, or a step.
    pub stepped_at: Instant,
    /// How many steps there were after the first setting.
    pub steps: u32,
    /// What has to be added to the device's own clock to get Unix time, in
    /// microseconds, now.
    pub offset: i128,
}

/// The time of day for a `static`. See [the module](self).
///
/// `M` is its lock, held for some additions and comparisons.
pub struct WallClock<M: RawMutex = CriticalSectionRawMutex> {
    reading: Mutex<M, RefCell<Reading>>,
}

impl<M: RawMutex> WallClock<M> {
    /// A clock that is not set. `floor`: a time that has certainly passed, in
    /// seconds since 1970, usually when the firmware was built; one before
    /// [`ClockPolicy::EARLIEST_FLOOR`](crate::tls::ClockPolicy::EARLIEST_FLOOR) is
    /// raised to it.
    #[must_use]
    pub const fn new(floor: u64) -> Self {
        Self {
            reading: Mutex::new(RefCell::new(Reading::new(floor))),
        }
    }

    /// Microseconds since 1970; `None` while the clock is not set.
    pub fn unix_micros(&self) -> Option<u64> {
        self.unix_micros_at(time::now())
    }

    /// What the clock shows when the device's own clock shows `at`; for a moment
    /// before the last setting, what it would have shown by that setting.
    pub fn unix_micros_at(&self, at: Instant) -> Option<u64> {
        self.with(|reading| reading.micros(at))
    }

    /// Seconds since 1970; `None` while the clock is not set.
    pub fn unix_seconds(&self) -> Option<u64> {
        self.unix_micros().map(|micros| micros / 1_000_000)
    }

    /// Sets the clock: it is now `unix_micros` microseconds after 1970.
    ///
    /// # Errors
    /// [`BeforeFloor`]; the clock goes on as before.
    pub fn set(&self, unix_micros: u64, origin: Origin) -> Result<Adjustment, BeforeFloor> {
        self.set_at(time::now(), unix_micros, origin)
    }

    /// [`set`](Self::set), where `unix_micros` was the time when the device's own
    /// clock showed `at`, which is not in its future.
    ///
    /// # Errors
    /// [`BeforeFloor`]; the clock goes on as before.
    pub fn set_at(
        &self,
        at: Instant,
        unix_micros: u64,
        origin: Origin,
    ) -> Result<Adjustment, BeforeFloor> {
        self.with(|reading| reading.set(at, unix_micros, origin))
    }

    /// Forgets the time, which is known to be wrong: until it is set again the
    /// clock answers nothing, and certificates are judged by the floor.
    pub fn unset(&self) {
        self.with(Reading::unset);
    }

    /// When and by whom the clock was set; `None` while it is not set.
    pub fn setting(&self) -> Option<Setting> {
        let now = time::now();
        self.with(|reading| reading.setting(now))
    }

    /// The time that has certainly passed, in seconds since 1970.
    pub fn floor(&self) -> u64 {
        self.with(|reading| reading.floor())
    }

    /// Raises the floor to `floor`, in seconds since 1970, and returns what it is
    /// now; a lower one changes nothing. A clock that shows something before it
    /// is known to be wrong by that, and is not set any more.
    pub fn raise_floor(&self, floor: u64) -> u64 {
        let now = time::now();
        self.with(|reading| reading.raise_floor(now, floor))
    }

    /// Raises the floor to what a verified server proves, and returns the new floor,
    /// in seconds since 1970, for the application to store:
    /// [`raise_floor`](Self::raise_floor) takes it after the next start. `None` where
    /// it proves nothing new, which is so for all connections but the first after
    /// the server has got new certificates.
    ///
    /// `server` is the time in which the certificates of a connection's server are
    /// valid: [`Client::server_validity`](crate::ngtt::Client::server_validity). A
    /// server that has proved to have a certificate's key proves that the
    /// certificate exists, so that the day it is valid from has come. What the clock
    /// shows plays no part: however far ahead somebody on the path has set it, the
    /// floor stays behind the present, and the right time is taken when it is told.
    /// The price is that the floor is as old as the server's certificate; give
    /// servers certificates that do not last long.
    ///
    /// A clock that shows something before the new floor is wrong, and not set any
    /// more.
    ///
    /// ```no_run
    /// # use embassy_sync::blocking_mutex::raw::NoopRawMutex;
    /// # use wigwag_embassy::{ngtt::Client, wall_clock::WallClock};
    /// # async fn store_floor(seconds: u64) {}
    /// # async fn example(client: Client<'_, NoopRawMutex>, clock: &WallClock) {
    /// loop {
    ///     client.wait_status(|status| status.is_connected()).await;
    ///     if let Some(floor) = client.server_validity().and_then(|server| clock.confirm(server)) {
    ///         store_floor(floor).await;
    ///     }
    ///     client.wait_status(|status| !status.is_connected()).await;
    /// }
    /// # }
    /// ```
    pub fn confirm(&self, server: Validity) -> Option<u64> {
        let now = time::now();
        self.with(|reading| reading.confirm(now, server))
    }

    fn with<T>(&self, f: impl FnOnce(&mut Reading) -> T) -> T {
        self.reading.lock(|reading| f(&mut reading.borrow_mut()))
    }
}

impl<M: RawMutex> core::fmt::Debug for WallClock<M> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("WallClock")
    }
}
