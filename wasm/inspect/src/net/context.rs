//! What reading a packet needs beside the packet.

use std::borrow::Cow;

use crate::tls::KeyLog;
use crate::{Piece, Sink};

/// Where pieces go, and what connections share.
pub(super) struct Context<'a> {
    pub(super) sink: &'a mut dyn Sink,
    pub(super) keys: &'a KeyLog,
    /// Where in the recording the packet stands that is read.
    pub(super) offset: u64,
    pub(super) shared: &'a mut Shared,
}

/// What connections share and change.
#[derive(Debug)]
pub(super) struct Shared {
    /// How many bytes of TLS records may be tried, of the whole recording, to find
    /// where reading can go on after a gap.
    pub(super) trials: u64,
    pub(super) problems: Problems,
    /// How many bytes all connections hold.
    pub(super) held: usize,
    /// Whether it was said that they hold too much.
    pub(super) told_crowded: bool,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            trials: 128 << 20,
            problems: Problems(0),
            held: 0,
            told_crowded: false,
        }
    }
}

/// How many problems there were.
#[derive(Debug)]
pub(super) struct Problems(u64);

impl Problems {
    /// So many are told: a recording may have one in every packet.
    const MAX: u64 = 200;

    pub(super) fn tell(&mut self, offset: u64, message: Cow<'_, str>, sink: &mut dyn Sink) {
        self.0 += 1;
        if self.0 <= Self::MAX {
            sink.take(Piece::Problem { offset, message });
        }
    }

    /// How many were not told.
    pub(super) const fn untold(&self) -> u64 {
        self.0.saturating_sub(Self::MAX)
    }
}

impl Context<'_> {
    /// A connection that held `before` bytes holds `after` now. Whether there is room
    /// for what all of them hold.
    pub(super) fn hold(&mut self, before: usize, after: usize) -> bool {
        self.shared.held = self.shared.held.saturating_sub(before) + after;
        (self.sink).hold(self.shared.held + self.keys.held())
    }

    /// Tells a problem at the packet that is read.
    pub(super) fn problem(&mut self, message: Cow<'_, str>) {
        self.shared.problems.tell(self.offset, message, self.sink);
    }
}
