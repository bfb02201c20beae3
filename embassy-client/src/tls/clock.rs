//! What time the verifier believes.
//!
//! A certificate is valid between two instants, so somebody has to say what
//! time it is. Many devices boot in 1970 and learn the time from the network
//! they are not yet connected to; [`ClockPolicy`] makes the program say which
//! rule it wants. Leaving the check out is one of them, by a name that nobody
//! writes by accident.
//!
//! **Nothing is remembered of earlier answers.** A clock that was set and steps
//! back is believed: certificates may be "not valid yet" then, and one that has
//! expired in the meantime is taken again, down to the floor if there is one.
//! Let the source answer `None` while it does not know better, and take the
//! time from somewhere that an attacker on the path cannot speak for.

use super::error::CertificateError;

/// Where the time for checking certificates comes from. All times are seconds
/// since 1970-01-01 00:00 UTC.
///
/// ```
/// use wigwag_embassy::tls::ClockPolicy;
///
/// fn rtc() -> Option<u64> {
///     None // not set yet
/// }
/// // The day this firmware was built, until the clock has been set.
/// let policy = ClockPolicy::real_time_or_floor(rtc, 1_790_000_000);
/// assert_eq!(policy.now(), wigwag_embassy::tls::Now::AtLeast(1_790_000_000));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ClockPolicy {
    source: Option<fn() -> Option<u64>>,
    floor: Option<u64>,
    unchecked: bool,
}

/// What a [`ClockPolicy`] knows about the present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Now {
    /// The time, in seconds since 1970.
    At(u64),
    /// It is this time or later: a certificate that had expired by then is
    /// refused, one that starts later is taken.
    AtLeast(u64),
    /// Nothing is known: no certificate is taken.
    Unknown,
}

impl ClockPolicy {
    /// A clock that is right. While `source` answers `None` no server is
    /// trusted: the reason is
    /// [`CertificateError::ClockNotSet`](super::CertificateError::ClockNotSet).
    pub const fn real_time(source: fn() -> Option<u64>) -> Self {
        Self {
            source: Some(source),
            floor: None,
            unchecked: false,
        }
    }

    /// This code was written after it (2026-01-01): a floor before it is
    /// raised to it.
    pub const EARLIEST_FLOOR: u64 = 1_767_225_600;

    /// No clock at all, only the knowledge that it is at least `floor`
    /// (usually the build time). Expired certificates that were valid at that
    /// time cannot be recognised.
    pub const fn floor(floor: u64) -> Self {
        Self {
            source: None,
            floor: Some(raised(floor)),
            unchecked: false,
        }
    }

    /// `floor` until `source` answers, and whenever it answers with something
    /// before `floor`, which is then known to be wrong.
    pub const fn real_time_or_floor(source: fn() -> Option<u64>, floor: u64) -> Self {
        Self {
            source: Some(source),
            floor: Some(raised(floor)),
            unchecked: false,
        }
    }

    /// Takes a chain if there ever was a time at which all of it was valid: **a key that was stolen years
    /// ago still opens the door, for as long as its root is trusted.** For the
    /// laboratory, or for a device that is to be reached once more at any
    /// price; prefer [`floor`](Self::floor), which needs no clock either.
    ///
    /// Every connection that is made like this says so: as a warning in the
    /// log, and as [`Notice::TimeUnchecked`](crate::ngtt::Notice::TimeUnchecked)
    /// of the NGTT client.
    pub const fn dangerous_without_time_checks() -> Self {
        Self {
            source: None,
            floor: None,
            unchecked: true,
        }
    }

    /// Whether this policy leaves the check out.
    pub const fn is_unchecked(&self) -> bool {
        self.unchecked
    }

    /// Asks the clock.
    pub fn now(&self) -> Now {
        if self.unchecked {
            return Now::AtLeast(0);
        }
        let told = self.source.and_then(|source| source());
        match (told, self.floor) {
            (Some(time), None) => Now::At(time),
            (Some(time), Some(floor)) if time >= floor => Now::At(time),
            (_, Some(floor)) => Now::AtLeast(floor),
            (None, None) => Now::Unknown,
        }
    }
}

const fn raised(floor: u64) -> u64 {
    if floor < ClockPolicy::EARLIEST_FLOOR {
        ClockPolicy::EARLIEST_FLOOR
    } else {
        floor
    }
}

/// The time during which a whole chain is valid, its root included: the first and
/// the last second that every certificate of it allows, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Validity {
    /// The first second.
    pub not_before: u64,
    /// The last second.
    pub not_after: u64,
}

impl Validity {
    /// Of no certificate at all.
    pub(crate) const ALWAYS: Self = Self {
        not_before: 0,
        not_after: u64::MAX,
    };

    /// Both this and the other.
    pub(crate) fn and(self, (not_before, not_after): (u64, u64)) -> Self {
        Self {
            not_before: self.not_before.max(not_before),
            not_after: self.not_after.min(not_after),
        }
    }

    /// Whether `now` is in it, as far as that is known.
    pub(crate) fn check(&self, now: Now) -> Result<(), CertificateError> {
        let (time, may_wait) = match now {
            Now::Unknown => return Err(CertificateError::ClockNotSet),
            Now::At(time) => (time, false),
            // Some time from the floor on must do.
            Now::AtLeast(floor) => (floor.max(self.not_before), true),
        };
        if time < self.not_before && !may_wait {
            Err(CertificateError::NotYetValid)
        } else if time > self.not_after {
            Err(CertificateError::Expired)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUILT: u64 = 1_790_000_000;

    #[test]
    fn no_floor_is_older_than_the_code() {
        let earliest = Now::AtLeast(ClockPolicy::EARLIEST_FLOOR);
        assert_eq!(ClockPolicy::floor(0).now(), earliest);
        let policy = ClockPolicy::real_time_or_floor(|| Some(1000), 1);
        assert_eq!(policy.now(), earliest);
    }

    #[test]
    fn a_clock_before_the_floor_is_not_believed() {
        let policy = ClockPolicy::real_time_or_floor(|| Some(10), BUILT);
        assert_eq!(policy.now(), Now::AtLeast(BUILT));
        let policy = ClockPolicy::real_time_or_floor(|| Some(BUILT + 5), BUILT);
        assert_eq!(policy.now(), Now::At(BUILT + 5));
    }

    #[test]
    fn an_unset_clock_without_a_floor_knows_nothing() {
        assert_eq!(ClockPolicy::real_time(|| None).now(), Now::Unknown);
        assert_eq!(ClockPolicy::floor(BUILT).now(), Now::AtLeast(BUILT));
    }

    #[test]
    fn a_clock_that_steps_back_is_believed_down_to_the_floor() {
        use std::sync::atomic::{AtomicU64, Ordering};
        static TIME: AtomicU64 = AtomicU64::new(BUILT + 3000);
        fn time() -> Option<u64> {
            Some(TIME.load(Ordering::Relaxed))
        }
        let policy = ClockPolicy::real_time_or_floor(time, BUILT);
        assert_eq!(policy.now(), Now::At(BUILT + 3000));
        TIME.store(BUILT + 2000, Ordering::Relaxed);
        assert_eq!(policy.now(), Now::At(BUILT + 2000));
        TIME.store(500, Ordering::Relaxed);
        assert_eq!(policy.now(), Now::AtLeast(BUILT));
        assert_eq!(ClockPolicy::real_time(time).now(), Now::At(500));
    }

    #[test]
    fn only_one_name_leaves_time_out() {
        for policy in [
            ClockPolicy::real_time(|| None),
            ClockPolicy::real_time(|| Some(1)),
            ClockPolicy::floor(0),
            ClockPolicy::real_time_or_floor(|| None, 0),
        ] {
            assert!(!policy.is_unchecked());
            assert_ne!(policy.now(), Now::AtLeast(0));
        }
        let policy = ClockPolicy::dangerous_without_time_checks();
        assert!(policy.is_unchecked());
        assert_eq!(policy.now(), Now::AtLeast(0));
    }

    #[test]
    fn validity_knows_its_ends() {
        let validity = Validity::ALWAYS.and((10, 30)).and((5, 20));
        for (now, expected) in [
            (Now::At(9), Err(CertificateError::NotYetValid)),
            (Now::At(10), Ok(())),
            (Now::At(20), Ok(())),
            (Now::At(21), Err(CertificateError::Expired)),
            (Now::AtLeast(0), Ok(())),
            (Now::AtLeast(20), Ok(())),
            (Now::AtLeast(21), Err(CertificateError::Expired)),
            (Now::Unknown, Err(CertificateError::ClockNotSet)),
        ] {
            assert_eq!(validity.check(now), expected, "{now:?}");
        }
        // Never valid as a whole: no time from the floor on will do.
        let never = validity.and((40, 50));
        assert_eq!(never.check(Now::AtLeast(0)), Err(CertificateError::Expired));
    }
}
