//! When to try again: a state machine without I/O, so that it can be tested
//! against any sequence of failures.
//!
//! Transient failures are retried after a random time of up to 1 s, then 2 s,
//! 4 s and so on to 60 s ("full jitter": after a power cut a whole fleet comes
//! back at once, and must not stay in step). A refused identity or a wrong
//! configuration will not go away in a minute, so these have a slow pace of
//! their own. But before a server is verified anybody on the path can speak in
//! its place, and must not be able to send a device away for minutes by one
//! forged packet: what such a one may have said is believed only when it is said
//! several times in a row. A minute of stable connection forgets all earlier
//! failures.

use core::time::Duration;

use wigwag_codec::Instant;

use crate::time::{micros, part};

/// What kind of failure it was: how soon it is worth trying again, the soonest
/// first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum FailureClass {
    /// The network, or the server for the moment.
    Transient,
    /// One side did not accept the other's identity.
    Authentication,
    /// Something on this device or on the server is set up wrongly.
    Configuration,
}

/// How fast one class of failures is retried: the delay is drawn from a window
/// that doubles with each failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Pace {
    /// The first window.
    pub first: Duration,
    /// The largest window.
    pub ceiling: Duration,
    /// The part of the window that is always waited, in percent: 0 is full
    /// jitter. At most 100.
    pub floor_percent: u8,
}

/// The pace of each class, and when failures are forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Backoff {
    /// For [`FailureClass::Transient`].
    pub transient: Pace,
    /// For [`FailureClass::Authentication`].
    pub authentication: Pace,
    /// For [`FailureClass::Configuration`].
    pub configuration: Pace,
    /// A connection that lived this long clears the count of failures.
    pub stable_after: Duration,
    /// So many failures in a row that anybody on the path may have forged
    /// ([`Supervisor::doubted`]) have the pace of transient ones, whatever their
    /// class; 0 believes the first.
    pub doubts: u8,
}

impl Backoff {
    /// Transient: 1 s to 60 s, full jitter. Authentication: 1 min to 15 min,
    /// configuration: 5 min to 1 h, at least half of the window each. Stable
    /// after 60 s. Eight doubts: about a minute and a half, three minutes at most.
    pub const DEFAULT: Self = Self {
        transient: Pace {
            first: Duration::from_secs(1),
            ceiling: Duration::from_secs(60),
            floor_percent: 0,
        },
        authentication: Pace {
            first: Duration::from_secs(60),
            ceiling: Duration::from_secs(15 * 60),
            floor_percent: 50,
        },
        configuration: Pace {
            first: Duration::from_secs(5 * 60),
            ceiling: Duration::from_secs(60 * 60),
            floor_percent: 50,
        },
        stable_after: Duration::from_secs(60),
        doubts: 8,
    };

    fn pace(&self, class: FailureClass) -> &Pace {
        match class {
            FailureClass::Transient => &self.transient,
            FailureClass::Authentication => &self.authentication,
            FailureClass::Configuration => &self.configuration,
        }
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Pace {
    /// The delay before attempt `attempt` (the first retry is 1); `random` is
    /// uniform over all of u32.
    pub fn delay(&self, attempt: u32, random: u32) -> Duration {
        let doublings = attempt.saturating_sub(1).min(31);
        let window = micros(self.first)
            .saturating_mul(1 << doublings)
            .min(micros(self.ceiling));
        let floor = window / 100 * u64::from(self.floor_percent.min(100));
        Duration::from_micros(floor + part(window - floor, random))
    }
}

/// Counts failures and says when the next attempt is due.
#[derive(Clone, Debug)]
pub struct Supervisor<'b> {
    backoff: &'b Backoff,
    /// Failures in a row, and of which class the last one was.
    failures: u32,
    class: FailureClass,
    /// Failures in a row that were doubted.
    doubts: u8,
    connected_since: Option<Instant>,
}

/// When to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Not before this time.
    pub at: Instant,
    /// How many attempts in a row have failed, from 1.
    pub attempt: u32,
}

impl<'b> Supervisor<'b> {
    /// No failure so far.
    pub const fn new(backoff: &'b Backoff) -> Self {
        Self {
            backoff,
            failures: 0,
            class: FailureClass::Transient,
            doubts: 0,
            connected_since: None,
        }
    }

    /// A connection came up.
    pub fn connected(&mut self, now: Instant) {
        self.connected_since = Some(now);
    }

    /// The application ended the connection, or the attempt: no failure. A
    /// connection that was stable clears the count of earlier ones.
    pub fn ended(&mut self, now: Instant) {
        if self.take_stable(now) {
            self.failures = 0;
            self.doubts = 0;
        }
    }

    /// Whether the connection has lived long enough to clear the count of
    /// failures.
    pub fn is_stable(&self, now: Instant) -> bool {
        self.connected_since
            .is_some_and(|since| now.saturating_duration_since(since) >= self.backoff.stable_after)
    }

    /// The same, and it is over now.
    fn take_stable(&mut self, now: Instant) -> bool {
        let stable = self.is_stable(now);
        self.connected_since = None;
        stable
    }

    /// An attempt failed, or the connection was lost. `random` is uniform over
    /// all of u32.
    pub fn failed(&mut self, class: FailureClass, now: Instant, random: u32) -> Retry {
        self.doubts = 0;
        self.count(class, now, random)
    }

    /// As [`failed`](Self::failed), when anybody on the path may have made it look
    /// like one of this class ([`End::may_be_forged`](crate::tls::End::may_be_forged)):
    /// only after [`Backoff::doubts`] in a row the pace is that of the class.
    pub fn doubted(&mut self, class: FailureClass, now: Instant, random: u32) -> Retry {
        if class == FailureClass::Transient {
            return self.failed(class, now, random);
        }
        if self.is_stable(now) {
            self.doubts = 0;
        }
        if self.doubts >= self.backoff.doubts {
            return self.count(class, now, random);
        }
        self.doubts += 1;
        self.count(FailureClass::Transient, now, random)
    }

    fn count(&mut self, class: FailureClass, now: Instant, random: u32) -> Retry {
        let stable = self.take_stable(now);
        // Each class counts from its own first window.
        if stable || class != self.class {
            self.failures = 0;
        }
        self.class = class;
        self.failures = self.failures.saturating_add(1);
        Retry {
            at: now.saturating_add(self.backoff.pace(class).delay(self.failures, random)),
            attempt: self.failures,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: u32 = u32::MAX;

    fn after(retry: Retry, now: Instant) -> Duration {
        retry.at.saturating_duration_since(now)
    }

    #[test]
    fn the_window_doubles_to_the_ceiling() {
        let mut supervisor = Supervisor::new(&Backoff::DEFAULT);
        let now = Instant::from_secs(100);
        let windows = [1, 2, 4, 8, 16, 32, 60, 60, 60];
        for (index, seconds) in windows.into_iter().enumerate() {
            let retry = supervisor.failed(FailureClass::Transient, now, MAX);
            assert_eq!(retry.attempt as usize, index + 1);
            assert_eq!(after(retry, now), Duration::from_secs(seconds));
        }
        for _ in 0..100 {
            let retry = supervisor.failed(FailureClass::Transient, now, MAX);
            assert_eq!(after(retry, now), Duration::from_secs(60));
        }
    }

    #[test]
    fn jitter_is_full_for_transient_failures() {
        let pace = Backoff::DEFAULT.transient;
        assert_eq!(pace.delay(4, 0), Duration::ZERO);
        let half = pace.delay(4, MAX / 2);
        assert!(half > Duration::from_millis(3999) && half < Duration::from_millis(4001));
        assert_eq!(pace.delay(4, MAX), Duration::from_secs(8));
        assert_eq!(pace.delay(u32::MAX, MAX), Duration::from_secs(60));
    }

    #[test]
    fn refusals_are_retried_slowly() {
        let now = Instant::from_secs(0);
        let mut supervisor = Supervisor::new(&Backoff::DEFAULT);
        let retry = supervisor.failed(FailureClass::Authentication, now, 0);
        assert_eq!(after(retry, now), Duration::from_secs(30));
        let retry = supervisor.failed(FailureClass::Configuration, now, 0);
        assert_eq!(retry.attempt, 1);
        assert_eq!(after(retry, now), Duration::from_secs(150));
        for _ in 0..20 {
            supervisor.failed(FailureClass::Configuration, now, 0);
        }
        let retry = supervisor.failed(FailureClass::Configuration, now, MAX);
        assert_eq!(after(retry, now), Duration::from_secs(3600));
    }

    #[test]
    fn what_may_be_forged_is_believed_when_it_is_repeated() {
        use FailureClass::{Authentication, Configuration, Transient};
        let mut supervisor = Supervisor::new(&Backoff::DEFAULT);
        let now = Instant::from_secs(0);
        let mut waits = [Configuration; 10].map(|class| {
            let retry = supervisor.doubted(class, now, MAX);
            after(retry, now).as_secs()
        });
        let expected = [1, 2, 4, 8, 16, 32, 60, 60, 300, 600];
        assert_eq!(waits, expected);
        // Another class of the kind is no news, anything else is.
        let retry = supervisor.doubted(Authentication, now, MAX);
        assert_eq!((after(retry, now).as_secs(), retry.attempt), (60, 1));
        for end in [
            |supervisor: &mut Supervisor<'_>| {
                supervisor.failed(Transient, Instant::from_secs(0), MAX)
            },
            |supervisor: &mut Supervisor<'_>| {
                supervisor.doubted(Transient, Instant::from_secs(0), MAX)
            },
            |supervisor: &mut Supervisor<'_>| {
                supervisor.failed(Configuration, Instant::from_secs(0), MAX)
            },
        ] {
            end(&mut supervisor);
            waits = [Configuration; 10].map(|class| {
                let retry = supervisor.doubted(class, now, 0);
                after(retry, now).as_secs()
            });
            // With no luck the half of five minutes.
            assert_eq!(waits, [0, 0, 0, 0, 0, 0, 0, 0, 150, 300]);
        }
    }

    #[test]
    fn a_stable_connection_gives_all_doubts_back_and_a_short_one_none() {
        let class = FailureClass::Configuration;
        let mut supervisor = Supervisor::new(&Backoff::DEFAULT);
        let mut now = Instant::from_secs(0);
        for _ in 0..8 {
            supervisor.doubted(class, now, MAX);
        }
        supervisor.connected(now);
        now = now.saturating_add(Duration::from_secs(59));
        let retry = supervisor.doubted(class, now, MAX);
        assert_eq!(after(retry, now), Duration::from_secs(300));
        for ended in [false, true] {
            supervisor.connected(now);
            now = now.saturating_add(Duration::from_secs(60));
            if ended {
                supervisor.ended(now);
            }
            for window in [1, 2, 4, 8, 16, 32, 60, 60, 300] {
                let retry = supervisor.doubted(class, now, MAX);
                assert_eq!(after(retry, now), Duration::from_secs(window));
            }
        }
    }

    #[test]
    fn without_doubts_the_first_is_believed() {
        let backoff = Backoff {
            doubts: 0,
            ..Backoff::DEFAULT
        };
        let mut supervisor = Supervisor::new(&backoff);
        let now = Instant::from_secs(0);
        let retry = supervisor.doubted(FailureClass::Authentication, now, MAX);
        assert_eq!(after(retry, now), Duration::from_secs(60));
    }

    #[test]
    fn only_a_stable_minute_forgets() {
        let mut supervisor = Supervisor::new(&Backoff::DEFAULT);
        let mut now = Instant::from_secs(0);
        for _ in 0..5 {
            supervisor.failed(FailureClass::Transient, now, MAX);
        }
        supervisor.connected(now);
        now = now.saturating_add(Duration::from_secs(59));
        assert_eq!(
            supervisor.failed(FailureClass::Transient, now, MAX).attempt,
            6
        );
        supervisor.connected(now);
        now = now.saturating_add(Duration::from_secs(60));
        let retry = supervisor.failed(FailureClass::Transient, now, MAX);
        assert_eq!(retry.attempt, 1);
        assert_eq!(after(retry, now), Duration::from_secs(1));
        // A failure to connect is not a connection: the minute does not count twice.
        now = now.saturating_add(Duration::from_secs(600));
        assert_eq!(
            supervisor.failed(FailureClass::Transient, now, MAX).attempt,
            2
        );
    }

    #[test]
    fn what_the_application_ends_is_no_failure_and_no_recovery() {
        let mut supervisor = Supervisor::new(&Backoff::DEFAULT);
        let mut now = Instant::from_secs(0);
        for _ in 0..5 {
            supervisor.failed(FailureClass::Transient, now, MAX);
        }
        supervisor.connected(now);
        supervisor.ended(now);
        // The minute passes without a connection.
        now = now.saturating_add(Duration::from_secs(60));
        let retry = supervisor.failed(FailureClass::Transient, now, MAX);
        assert_eq!(retry.attempt, 6);
        supervisor.connected(now);
        now = now.saturating_add(Duration::from_secs(60));
        supervisor.ended(now);
        let retry = supervisor.failed(FailureClass::Transient, now, MAX);
        assert_eq!(retry.attempt, 1);
    }

    #[test]
    fn time_at_its_end_does_not_overflow() {
        let mut supervisor = Supervisor::new(&Backoff::DEFAULT);
        let now = Instant::from_micros(u64::MAX);
        assert_eq!(supervisor.failed(FailureClass::Transient, now, MAX).at, now);
    }
}
