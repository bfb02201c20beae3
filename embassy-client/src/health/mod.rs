//! The hardware watchdog is fed only while everything goes on that must.
//!
//! A watchdog that a timer feeds finds a stopped processor and nothing else. This
//! one is fed by [`watch`], after each look at everything that must make progress
//! ([`Check`]):
//!
//! - the tasks of the application, by the beats they give ([`Vigil`]);
//! - the client, which says itself how long each of its states may last
//!   ([`Client::check`](crate::ngtt::Client::check));
//! - whatever else implements [`Check`], several of them as a tuple.
//!
//! Once something is stuck the watchdog is not fed again, whatever happens then:
//! the reset is certain, and [`last_words`](crate::last_words) carries the reason
//! to the next start.
//!
//! ```
//! use core::time::Duration;
//! use embassy_sync::blocking_mutex::raw::{CriticalSectionRawMutex, NoopRawMutex};
//! use wigwag_embassy::health::{Member, Period, Vigil, handshake_ms, watch};
//! use wigwag_embassy::ngtt::Client;
//!
//! /// What the application does beside the client, and its longest silence.
//! static VIGIL: Vigil<CriticalSectionRawMutex, 2> = Vigil::new([
//!     Member::new("orders", Duration::from_secs(30)),
//!     Member::new("counters", Duration::from_secs(90)),
//! ]);
//!
//! /// A watchdog of 16 s, a core at 64 MHz, and a flash sector that takes 4 s.
//! const PERIOD: Period = Period::new::<16_000, { handshake_ms(64_000_000) + 4_000 }>();
//!
//! async fn take_orders(client: Client<'_, NoopRawMutex>) -> ! {
//!     let beat = VIGIL.member::<0>();
//!     loop {
//!         // To wait for an order is no fault, however long it takes.
//!         let order = beat.idle(client.next_order()).await;
//!         // This one may take a minute.
//!         beat.beat_for(Duration::from_secs(60));
//!         // ... executes it ...
//!         // Nor is it one to wait for the client, which is watched itself.
//!         beat.idle(order.acknowledge()).await;
//!     }
//! }
//!
//! async fn watchdog(client: Client<'_, NoopRawMutex>, mut feed: impl FnMut()) -> ! {
//!     watch(&(&VIGIL, client), PERIOD, &mut feed, |stuck| {
//!         // Record it as last words; a reset at once is as good as waiting.
//!         let _ = stuck;
//!     })
//!     .await
//! }
//! # let _ = (take_orders, |client| watchdog(client, || ()));
//! ```
//!
//! # Who must run where
//! [`watch`] belongs on the executor of what it watches, so that a task that never
//! yields keeps it from feeding as well. On another executor, of higher priority,
//! it goes on feeding for as long as the longest limit allows; there the `Vigil`
//! and the client's state need a lock that both executors may take
//! (`CriticalSectionRawMutex`).

mod period;
mod vigil;
mod watch;

use core::time::Duration;

use wigwag_codec::Instant;

pub use period::{HANDSHAKE_INSTRUCTIONS, LONGEST_STALL, Period, handshake_ms};
pub use vigil::{Beat, Member, Vigil};
pub use watch::watch;

/// Something makes no progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Stuck {
    /// What: the name of a [`Member`], or of a part of the client.
    pub name: &'static str,
    /// How long nothing has been heard of it.
    pub silent_for: Duration,
}

impl core::fmt::Display for Stuck {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let seconds = self.silent_for.as_secs();
        write!(f, "{} made no progress for {seconds} s", self.name)
    }
}

impl core::error::Error for Stuck {}

/// What can be asked whether it makes progress.
pub trait Check {
    /// Whether it does, at the time `now`. To be asked at least every few
    /// seconds: some find out only by comparing two answers.
    ///
    /// # Errors
    /// [`Stuck`], the first that is found.
    fn check(&self, now: Instant) -> Result<(), Stuck>;
}

impl<C: Check + ?Sized> Check for &C {
    fn check(&self, now: Instant) -> Result<(), Stuck> {
        C::check(self, now)
    }
}

impl<A: Check, B: Check> Check for (A, B) {
    fn check(&self, now: Instant) -> Result<(), Stuck> {
        self.0.check(now).and(self.1.check(now))
    }
}

impl<A: Check, B: Check, C: Check> Check for (A, B, C) {
    fn check(&self, now: Instant) -> Result<(), Stuck> {
        (&self.0, &self.1).check(now).and(self.2.check(now))
    }
}
