//! The two questions about a name, one for each family, asked apart: one that
//! fails is an empty answer (RFC 8305 section 3).

use core::time::Duration;

use wigwag_codec::Instant;

use crate::net::Family;

/// The bit of the first family; the other one's is the next.
const FIRST: u8 = 1;
const BOTH: u8 = 3;
/// Those that are asked for.
const ALL: u8 = if Family::COUNT > 1 { BOTH } else { FIRST };

pub(super) struct Lookups {
    first: Family,
    /// Bits of the families that are to be asked for.
    due: u8,
    /// Bits of those that were asked for and not answered.
    asked: u8,
    /// When the answers are given up.
    until: Instant,
    /// Until then what the other family brings waits for the first.
    hold: Option<Instant>,
}

impl Lookups {
    pub(super) const fn new(first: Family) -> Self {
        Self {
            first,
            due: 0,
            asked: 0,
            until: Instant::ZERO,
            hold: None,
        }
    }

    /// Both are to be asked.
    pub(super) const fn ask(&mut self) {
        self.due = ALL;
        self.hold = None;
    }

    /// What has not been answered is to be asked again, if it comes to that.
    pub(super) const fn put_off(&mut self) {
        self.due |= self.asked;
        self.asked = 0;
    }

    /// The next family to ask for.
    pub(super) fn poll(&mut self, until: Instant) -> Option<Family> {
        let family = self.family(self.due)?;
        let bit = self.bit(family);
        self.due &= !bit;
        self.asked |= bit;
        self.until = until;
        Some(family)
    }

    /// The next family that was not answered in time.
    pub(super) fn expired(&self, now: Instant) -> Option<Family> {
        self.family(self.asked).filter(|_| self.until <= now)
    }

    /// There is an answer. False if nobody asked.
    pub(super) fn answered(&mut self, family: Family, now: Instant, delay: Duration) -> bool {
        let bit = self.bit(family);
        let was_asked = self.asked & bit != 0;
        self.asked &= !bit;
        if was_asked && Family::COUNT > 1 {
            let is_first_open = (self.asked | self.due) & FIRST != 0;
            self.hold = is_first_open.then(|| now.saturating_add(delay));
        }
        was_asked
    }

    /// Whether something is to be asked or answered.
    pub(super) const fn is_busy(&self) -> bool {
        self.asked | self.due != 0
    }

    /// It is `now`: what has waited long enough waits no more.
    pub(super) fn pass(&mut self, now: Instant) {
        if Family::COUNT > 1 {
            self.hold = self.hold.filter(|hold| *hold > now);
        }
    }

    /// Whether what the other family has brought waits for the first one's.
    pub(super) const fn is_held(&self) -> bool {
        Family::COUNT > 1 && self.hold.is_some()
    }

    /// When something is over: the wait for the first family, or that for the
    /// answers.
    pub(super) fn next_timeout(&self) -> Option<Instant> {
        let next = match self.hold {
            Some(hold) if Family::COUNT > 1 => hold.min(self.until),
            _ => self.until,
        };
        (self.asked != 0).then_some(next)
    }

    const fn bit(&self, family: Family) -> u8 {
        if Family::COUNT == 1 || family as u8 == self.first as u8 {
            FIRST
        } else {
            BOTH & !FIRST
        }
    }

    const fn family(&self, bits: u8) -> Option<Family> {
        if Family::COUNT == 1 {
            // The one there is.
            if bits != 0 { Some(Family::V4) } else { None }
        } else if bits & FIRST != 0 {
            Some(self.first)
        } else if bits != 0 {
            Some(self.first.other())
        } else {
            None
        }
    }
}
