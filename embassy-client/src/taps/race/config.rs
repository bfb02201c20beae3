//! The times of a race.

use core::time::Duration;

use crate::net::Family;

/// How long each step of a race may take (RFC 8305 section 8 and more). The
/// bounds are kept whatever is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct RaceConfig {
    /// Connection Attempt Delay: so long an attempt has the network to itself
    /// before the next one starts beside it; 250 ms by default, from 100 ms to
    /// 2 s. Does nothing where there is one attempt at a time.
    pub attempt_delay: Duration,
    /// Resolution Delay: so long the addresses of the other family wait for
    /// those of the first; 50 ms by default, 2 s at most.
    pub resolution_delay: Duration,
    /// Longest time for the answer to one question about a name; 10 s by
    /// default.
    pub resolve_timeout: Duration,
    /// Longest time for one attempt to connect; 10 s by default.
    pub attempt_timeout: Duration,
    /// Longest time for all of it, from the first question on; 2 min by
    /// default. What a winner does above TCP has an end of its own, but after
    /// this time nothing new is tried when it fails.
    pub deadline: Duration,
    /// Preferred Address Family: version 6 by default, as RFC 6724 has it.
    pub first: Family,
}

impl RaceConfig {
    /// The defaults named at each field.
    pub const DEFAULT: Self = Self {
        attempt_delay: Duration::from_millis(250),
        resolution_delay: Duration::from_millis(50),
        resolve_timeout: Duration::from_secs(10),
        attempt_timeout: Duration::from_secs(10),
        deadline: Duration::from_secs(120),
        first: Family::V6,
    };

    /// The shortest Connection Attempt Delay (RFC 8305 section 5 recommends
    /// it).
    pub const MIN_ATTEMPT_DELAY: Duration = Duration::from_millis(100);

    /// The longest Connection Attempt Delay (RFC 8305 section 5), and the
    /// longest Resolution Delay.
    pub const MAX_DELAY: Duration = Duration::from_secs(2);

    /// The Connection Attempt Delay that is kept.
    pub(super) fn attempt_delay(&self) -> Duration {
        self.attempt_delay
            .clamp(Self::MIN_ATTEMPT_DELAY, Self::MAX_DELAY)
    }

    /// The Resolution Delay that is kept.
    pub(super) fn resolution_delay(&self) -> Duration {
        self.resolution_delay.min(Self::MAX_DELAY)
    }
}

impl Default for RaceConfig {
    fn default() -> Self {
        Self::DEFAULT
    }
}
