//! What a connection has said before anybody knew its protocol: kept with the
//! times, so that the frames are the same as if it had been known from the start.

use super::detect::{self, Heard, Spoken};
use crate::Direction;

/// The most bytes that are waited for.
const LIMIT: usize = 64 << 10;

/// How long somebody who watches waits, in microseconds.
const PATIENCE: u64 = 1_000_000;

/// Bytes of one direction, or a gap in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pub(super) direction: Direction,
    pub(super) time: u64,
    /// How many bytes came.
    pub(super) length: usize,
    /// Before them, how many were missing, and whether a frame begins behind.
    pub(super) gap: Option<(u64, bool)>,
}

/// The first bytes of a connection.
#[derive(Debug, Default)]
pub(super) struct Early {
    heard: [Heard; 2],
    pub(super) marks: Vec<Mark>,
    /// Another look is worth its time when there are so many bytes.
    look: usize,
}

impl Early {
    /// What the table's budget is charged for it.
    pub(super) fn held(&self) -> usize {
        self.len() + self.marks.len() * size_of::<Mark>()
    }

    /// How many bytes there are.
    pub(super) fn len(&self) -> usize {
        self.heard.iter().map(|heard| heard.bytes.len()).sum()
    }

    /// The bytes of a direction.
    pub(super) fn bytes(&self, direction: Direction) -> &[u8] {
        &self.heard[direction as usize].bytes
    }

    /// Adds bytes, and says what they show, if they do.
    pub(super) fn push(&mut self, direction: Direction, time: u64, bytes: &[u8]) -> Option<Spoken> {
        self.heard[direction as usize]
            .bytes
            .extend_from_slice(bytes);
        self.marks.push(Mark {
            direction,
            time,
            length: bytes.len(),
            gap: None,
        });
        let length = self.len();
        if length < self.look {
            return None;
        }
        // Bytes that trickle in one by one do not make it look at all of them
        // each time.
        self.look = length + length / 8;
        let shown = detect::decide(&self.heard);
        if shown.is_none() && length > LIMIT {
            return Some(self.guess());
        }
        shown
    }

    /// Adds a gap.
    pub(super) fn gap(&mut self, direction: Direction, time: u64, missing: u64, aligned: bool) {
        let heard = &mut self.heard[direction as usize];
        if !aligned {
            heard.loose.get_or_insert(heard.bytes.len());
        }
        // One gap after another is one gap.
        if let Some(last) = self.marks.last_mut()
            && last.direction == direction
            && let Some((before, _)) = last.gap
        {
            last.gap = Some((before.saturating_add(missing), aligned));
            return;
        }
        heard.cuts.push(heard.bytes.len());
        self.marks.push(Mark {
            direction,
            time,
            length: 0,
            gap: Some((missing, aligned)),
        });
    }

    /// What is most likely; `Unknown` if nothing is.
    pub(super) fn guess(&self) -> Spoken {
        detect::guess(&self.heard)
    }

    /// Whether somebody who watches has waited long enough for certainty.
    pub(super) fn is_overdue(&self, now: u64) -> bool {
        let bytes = self.marks.iter().find(|mark| mark.length > 0);
        bytes.is_some_and(|first| now.saturating_sub(first.time) >= PATIENCE)
    }
}
