use core::time::Duration;

use crate::ncp::{Field, Value};

/// The shortest time that can be agreed.
const SHORTEST: i64 = 5;
/// The longest.
const LONGEST: i64 = 60;

/// How the two ends keep a link alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Timing {
    /// No time was agreed, as by peers from before there was a time: each end
    /// says something every 3 s, and gives the other up after a time of its
    /// own.
    Legacy,
    /// Each end says something when it was silent for two thirds of this time,
    /// and gives the other up after all of it. 5 s to 60 s.
    Agreed(Duration),
}

impl Timing {
    /// The timing that a field of the handshake asks for by its LINK parameter.
    /// What is said there by a peer that has proved nothing is brought into
    /// range, at both ends: a time of 1 s would make a client say something all
    /// the time.
    pub(super) fn of(field: &Field<'_>) -> Self {
        let value = field.param("LINK").and_then(|param| param.value().ok());
        match value.and_then(seconds) {
            Some(seconds) if seconds > 0 => {
                let seconds = seconds.clamp(SHORTEST, LONGEST).unsigned_abs();
                Self::Agreed(Duration::from_secs(seconds))
            }
            _ => Self::Legacy,
        }
    }

    /// The value of the LINK parameter that says so.
    pub(super) fn seconds(self) -> i32 {
        match self {
            Self::Legacy => 0,
            // At most 60.
            Self::Agreed(time) => i32::try_from(time.as_secs()).unwrap_or(0),
        }
    }

    /// After how much silence of its own an end says something: as ncplib
    /// reckons it, whole seconds of two thirds.
    #[must_use]
    pub const fn keep_alive(self) -> Duration {
        match self {
            Self::Legacy => Duration::from_secs(3),
            Self::Agreed(time) => {
                Duration::from_secs(time.as_secs().saturating_mul(66).div_euclid(100))
            }
        }
    }

    /// After how much silence of the other end the link is dead; `own` is the
    /// time of an end with which none was agreed.
    #[must_use]
    pub const fn patience(self, own: Duration) -> Duration {
        match self {
            Self::Legacy => own,
            Self::Agreed(time) => time,
        }
    }
}

/// Whole seconds of a value that is a number.
#[allow(clippy::cast_possible_truncation)] // Saturates.
fn seconds(value: Value<'_>) -> Option<i64> {
    Some(match value {
        Value::I32(number) => number.into(),
        Value::U32(number) => number.into(),
        Value::I64(number) => number,
        Value::U64(number) => i64::try_from(number).unwrap_or(i64::MAX),
        Value::F32(number) if number.is_finite() => number as i64,
        Value::F64(number) if number.is_finite() => number as i64,
        _ => return None,
    })
}
