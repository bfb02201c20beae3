//! One direction of a TLS connection: from records to application data.

use super::messages::{FINISHED, KEY_UPDATE, Messages};
use super::records::{ALERT, APPLICATION_DATA, HANDSHAKE, HEADER, Outside, outside};
use super::suite::{Keys, Opened};

/// So many records in a row may fail before a direction is given up: a damaged one
/// costs itself only.
const MAX_FAILURES: u32 = 16;
/// After a gap, this many numbers of records are tried.
const MAX_AHEAD: u64 = 1024;
/// The least that a record takes of a stream: its header, a byte and a tag.
const LEAST_RECORD: u64 = 22;

/// What a trial costs beside the record's bytes, as bytes: a nonce and a tag.
const TRIAL: u64 = 256;

/// Where a direction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Before the first encrypted record.
    Hello,
    /// Encrypted handshake.
    Handshake,
    /// Application data.
    Traffic,
    /// Bytes are missing: a record is looked for that can be opened, this many
    /// numbers further at most.
    Searching(u64),
    /// It said that nothing more will come.
    Closed,
    /// Nothing more can be read.
    Lost,
}

/// One direction.
pub(super) struct Side {
    pub(super) phase: Phase,
    /// The keys of the handshake, and of application data.
    handshake: Option<Keys>,
    traffic: Option<Keys>,
    messages: Messages,
    failures: u32,
}

/// What became of a record.
pub(super) enum Read {
    /// Application data: so many bytes behind the header.
    Data(usize),
    /// An alert with this description.
    Alert(u8),
    /// Something else of TLS.
    Other,
    /// It cannot be opened.
    Failed,
    /// It cannot be opened, as those before it, and no more are tried.
    GivenUp,
}

impl Side {
    pub(super) const fn new() -> Self {
        Self {
            phase: Phase::Hello,
            handshake: None,
            traffic: None,
            messages: Messages::new(),
            failures: 0,
        }
    }

    /// Encrypted records are read with these keys; without those of application data
    /// nothing can be.
    pub(super) fn unlock(&mut self, handshake: Option<Keys>, traffic: Option<Keys>) {
        self.phase = if traffic.is_some() {
            Phase::Handshake
        } else {
            Phase::Lost
        };
        self.handshake = handshake;
        self.traffic = traffic;
    }

    /// Reads an encrypted record in its place.
    pub(super) fn record(&mut self, record: &mut [u8]) -> Read {
        match self.open(record) {
            Some(opened) => {
                self.failures = 0;
                self.opened(&opened, record)
            }
            None => {
                self.failures += 1;
                if self.failures > MAX_FAILURES {
                    self.phase = Phase::Lost;
                    return Read::GivenUp;
                }
                Read::Failed
            }
        }
    }

    fn open(&mut self, record: &mut [u8]) -> Option<Opened> {
        if self.phase == Phase::Handshake {
            if let Some(keys) = &mut self.handshake
                && let Some(opened) = keys.open(keys.sequence, record)
            {
                keys.sequence += 1;
                return Some(opened);
            }
            // The key log has no secret of the handshake, or its last message was not
            // seen: the first record of application data shows itself.
            let keys = self.traffic.as_mut()?;
            let opened = keys.open(0, record)?;
            keys.sequence = 1;
            self.phase = Phase::Traffic;
            return Some(opened);
        }
        let keys = self.traffic.as_mut()?;
        let opened = keys.open(keys.sequence, record);
        // A damaged record has a number too.
        keys.sequence = keys.sequence.saturating_add(1);
        opened
    }

    fn opened(&mut self, opened: &Opened, record: &[u8]) -> Read {
        let content = &record[HEADER..HEADER + opened.length];
        match (opened.kind, content) {
            (APPLICATION_DATA, _) => return Read::Data(opened.length),
            (ALERT, [_, description, ..]) => return Read::Alert(*description),
            (HANDSHAKE, _) => self.messages(content),
            _ => {}
        }
        Read::Other
    }

    fn messages(&mut self, content: &[u8]) {
        let (mut finished, mut update) = (false, false);
        self.messages.push(content, |kind| match kind {
            FINISHED => finished = true,
            KEY_UPDATE => update = true,
            _ => {}
        });
        if finished && self.phase == Phase::Handshake {
            self.phase = Phase::Traffic;
            self.handshake = None;
        }
        if update && self.phase == Phase::Traffic {
            self.traffic = self.traffic.as_ref().and_then(Keys::next_generation);
        }
    }

    /// Bytes are missing: the next record that can be opened is to be found.
    pub(super) fn search(&mut self, missing: u64) {
        self.phase = match self.phase {
            Phase::Handshake | Phase::Traffic | Phase::Searching(_) if self.traffic.is_some() => {
                let records = if missing == 0 {
                    MAX_AHEAD
                } else {
                    missing / LEAST_RECORD + 1
                };
                let before = match self.phase {
                    Phase::Searching(before) => before,
                    _ => 0,
                };
                Phase::Searching(MAX_AHEAD.min(records.saturating_add(before)))
            }
            Phase::Closed => Phase::Closed,
            _ => Phase::Lost,
        };
    }

    /// Looks for a record that can be opened; `trials` counts down the bytes that may
    /// be tried. Returns how many bytes are none, and what the record is that follows
    /// them, if one was found; its length is that of [`outside`].
    pub(super) fn find(&mut self, input: &mut [u8], trials: &mut u64) -> (usize, Option<Read>) {
        let Phase::Searching(ahead) = self.phase else {
            return (0, None);
        };
        let mut at = 0;
        while at < input.len() {
            let length = match outside(&input[at..]) {
                Outside::Record(APPLICATION_DATA, length) => length,
                Outside::Short => {
                    // Only what may become the header of an encrypted record is
                    // waited for.
                    let may = b"\x17\x03\x03"
                        .iter()
                        .zip(&input[at..])
                        .all(|(a, b)| a == b);
                    if may {
                        break;
                    }
                    at += 1;
                    continue;
                }
                _ => {
                    at += 1;
                    continue;
                }
            };
            match self.try_numbers(ahead, &mut input[at..at + length], trials) {
                Some(opened) => {
                    self.phase = Phase::Traffic;
                    self.failures = 0;
                    self.messages = Messages::new();
                    return (at, Some(self.opened(&opened, &input[at..])));
                }
                None if *trials == 0 => {
                    self.phase = Phase::Lost;
                    return (at, Some(Read::GivenUp));
                }
                None => at += 1,
            }
        }
        (at, None)
    }

    /// Tries the numbers that a record may have, in this generation and the next.
    fn try_numbers(&mut self, ahead: u64, record: &mut [u8], trials: &mut u64) -> Option<Opened> {
        let cost = record.len() as u64 + TRIAL;
        let keys = self.traffic.as_mut()?;
        let mut open = |keys: &mut Keys, from: u64| {
            for sequence in from..=from.saturating_add(ahead) {
                *trials = trials.saturating_sub(cost);
                if *trials == 0 {
                    return None;
                }
                if let Some(opened) = keys.open(sequence, record) {
                    keys.sequence = sequence.saturating_add(1);
                    return Some(opened);
                }
            }
            None
        };
        let sequence = keys.sequence;
        if let Some(opened) = open(keys, sequence) {
            return Some(opened);
        }
        let mut next = keys.next_generation()?;
        let opened = open(&mut next, 0)?;
        self.traffic = Some(next);
        Some(opened)
    }
}
