//! The clock without a lock, and with the present as an argument.

use wigwag_codec::Instant;

use super::{Adjustment, BeforeFloor, Origin, SLEW_LIMIT, SLEW_PPM, Setting};
use crate::tls::{ClockPolicy, Validity};

const SECOND: u64 = 1_000_000;

/// Microseconds that are slewed at most.
const LIMIT: u64 = SLEW_LIMIT.as_micros() as u64;

/// Microseconds in which one is slewed.
const PER_MICRO: u64 = SECOND / SLEW_PPM as u64;

/// What the clock knows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// Seconds since 1970.
    floor: u64,
    set: Option<Set>,
}

/// A point of the clock's line, and how it goes on from there.
#[derive(Clone, Copy, Debug)]
struct Set {
    at: Instant,
    /// Microseconds since 1970 at `at`.
    micros: u64,
    /// What was still to be slewed at `at`, in microseconds; positive where the
    /// clock was slow. Its size is [`LIMIT`] at most.
    slew: i64,
    origin: Origin,
    stepped_at: Instant,
    steps: u32,
}

impl Set {
    fn micros(&self, now: Instant) -> u64 {
        let Some(back) = self.at.as_micros().checked_sub(now.as_micros()) else {
            let elapsed = now.as_micros() - self.at.as_micros();
            // Never more than one part in 2,000 of what has elapsed: so it goes on.
            let slewed = (elapsed / PER_MICRO).min(self.slew.unsigned_abs());
            let straight = self.micros.saturating_add(elapsed);
            return if self.slew < 0 {
                straight.saturating_sub(slewed)
            } else {
                straight.saturating_add(slewed)
            };
        };
        self.micros.saturating_sub(back)
    }
}

impl Reading {
    pub(super) const fn new(floor: u64) -> Self {
        let earliest = ClockPolicy::EARLIEST_FLOOR;
        Self {
            floor: if floor < earliest { earliest } else { floor },
            set: None,
        }
    }

    pub(super) fn floor(&self) -> u64 {
        self.floor
    }

    fn floor_micros(&self) -> u64 {
        self.floor.saturating_mul(SECOND)
    }

    pub(super) fn micros(&self, now: Instant) -> Option<u64> {
        let micros = self.set?.micros(now);
        (micros >= self.floor_micros()).then_some(micros)
    }

    pub(super) fn set(
        &mut self,
        at: Instant,
        micros: u64,
        origin: Origin,
    ) -> Result<Adjustment, BeforeFloor> {
        if micros < self.floor_micros() {
            return Err(BeforeFloor { floor: self.floor });
        }
        let mut set = Set {
            at,
            micros,
            slew: 0,
            origin,
            stepped_at: at,
            steps: 0,
        };
        let adjustment = match &self.set {
            None => Adjustment::First,
            Some(old) => {
                let shown = old.micros(at);
                let difference = difference(micros, shown);
                if difference.unsigned_abs() <= LIMIT {
                    set.micros = shown;
                    set.slew = difference;
                    (set.stepped_at, set.steps) = (old.stepped_at, old.steps);
                    Adjustment::Slewing(difference)
                } else {
                    set.steps = old.steps.saturating_add(1);
                    Adjustment::Stepped(difference)
                }
            }
        };
        self.set = Some(set);
        Ok(adjustment)
    }

    pub(super) fn unset(&mut self) {
        self.set = None;
    }

    pub(super) fn setting(&self, now: Instant) -> Option<Setting> {
        let micros = self.micros(now)?;
        let set = self.set?;
        Some(Setting {
            origin: set.origin,
            at: set.at,
            stepped_at: set.stepped_at,
            steps: set.steps,
            offset: i128::from(micros) - i128::from(now.as_micros()),
        })
    }

    pub(super) fn raise_floor(&mut self, now: Instant, floor: u64) -> u64 {
        self.floor = self.floor.max(floor);
        if self.micros(now).is_none() {
            self.unset();
        }
        self.floor
    }

    pub(super) fn confirm(&mut self, now: Instant, server: Validity) -> Option<u64> {
        let is_news = server.not_before > self.floor;
        is_news.then(|| self.raise_floor(now, server.not_before))
    }
}

/// `a - b`, cut at what the type can hold.
fn difference(a: u64, b: u64) -> i64 {
    let difference = i128::from(a) - i128::from(b);
    i64::try_from(difference).unwrap_or(if difference < 0 { i64::MIN } else { i64::MAX })
}

#[cfg(test)]
#[path = "reading_tests.rs"]
mod tests;
