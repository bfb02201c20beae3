//! What time the verifier believes.
//!
//! A certificate is valid between two instants, so somebody has to say what
//! time it is. Many devices boot in 1970 and learn the time from the network
//! they are not yet connected to; [`ClockPolicy`] makes the program say which
//! rule it wants. There is no rule that skips the check.

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
        }
    }

    /// No clock at all, only the knowledge that it is at least `floor`
    /// (usually the build time). Expired certificates that were valid at that
    /// time cannot be recognised.
    pub const fn floor(floor: u64) -> Self {
        Self {
            source: None,
            floor: Some(floor),
        }
    }

    /// `floor` until `source` answers, and whenever it answers with something
    /// before `floor`, which is then known to be wrong.
    pub const fn real_time_or_floor(source: fn() -> Option<u64>, floor: u64) -> Self {
        Self {
            source: Some(source),
            floor: Some(floor),
        }
    }

    /// Asks the clock.
    pub fn now(&self) -> Now {
        let told = self.source.and_then(|source| source());
        match (told, self.floor) {
            (Some(time), None) => Now::At(time),
            (Some(time), Some(floor)) if time >= floor => Now::At(time),
            (_, Some(floor)) => Now::AtLeast(floor),
            (None, None) => Now::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_before_the_floor_is_not_believed() {
        let policy = ClockPolicy::real_time_or_floor(|| Some(10), 1000);
        assert_eq!(policy.now(), Now::AtLeast(1000));
        let policy = ClockPolicy::real_time_or_floor(|| Some(2000), 1000);
        assert_eq!(policy.now(), Now::At(2000));
    }

    #[test]
    fn an_unset_clock_without_a_floor_knows_nothing() {
        assert_eq!(ClockPolicy::real_time(|| None).now(), Now::Unknown);
        assert_eq!(ClockPolicy::floor(5).now(), Now::AtLeast(5));
    }
}
