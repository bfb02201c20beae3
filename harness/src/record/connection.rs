//! A connection that is recorded.

use super::{Direction, Recorder};
use std::fmt;

/// A connection that is recorded. Dropping it ends it without a reason.
pub struct Recording {
    recorder: Recorder,
    number: u32,
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Recording").field(&self.number).finish()
    }
}

impl Recording {
    pub(super) const fn new(recorder: Recorder, number: u32) -> Self {
        Self { recorder, number }
    }

    /// Its number in the recording.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// Bytes went this way, all of them in the order of the stream.
    pub fn bytes(&self, direction: Direction, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.recorder
                .change(|history, time| history.bytes(time, self.number, direction, bytes));
        }
    }

    /// It has ended. The first reason stays, and bytes behind it are not recorded.
    pub fn end(&self, reason: &str) {
        self.recorder
            .change(|history, time| history.end_connection(time, self.number, reason));
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.end("");
    }
}
