//! Captures: [`wigwag_codec::capture`].

use std::borrow::Cow;
use std::collections::BTreeMap;

use wigwag_codec::capture::{CaptureError, CaptureErrorKind, Limits, Reader, Record, Step};

use super::problems::Problems;
use super::resync::{self, Found};
use crate::{About, ConnectionId, Direction, Piece, Protocol, Sink};

/// Records of a capture are near each other in time: microseconds of a day.
const DAY: u64 = 24 * 60 * 60 * 1_000_000;

/// How much larger a connection's number may be than those before a broken place.
const NEW_CONNECTIONS: u32 = 64;

/// Reads a capture. Where it is broken, reading goes on with the next record that can
/// be found.
#[derive(Debug)]
pub(super) struct Capture {
    protocol: Option<Protocol>,
    problems: Problems,
    reader: Reader,
    /// What arrived and is not consumed, and how many bytes are needed to go on.
    held: Vec<u8>,
    needed: usize,
    /// Why the reading lost its step: from there on, a record is looked for.
    lost: Option<CaptureError>,
    /// Connections are counted anew behind a label: what is added to their numbers.
    base: u32,
    /// The place of each connection in `heard`.
    connections: BTreeMap<ConnectionId, u32>,
    /// How many `losses` there had been when each direction of a connection was
    /// heard last.
    heard: Vec<[u64; 2]>,
    /// How often records were lost, of whatever connection. (Counted, because to
    /// tell all connections each time would take for ever.)
    losses: u64,
    /// The earliest and the latest time.
    times: Option<(u64, u64)>,
    dropped: u64,
    /// Records that readers before this one left out.
    skipped: u64,
}

impl Capture {
    pub(super) fn new(protocol: Option<Protocol>) -> Self {
        Self {
            protocol,
            problems: Problems::new(),
            reader: Reader::new(Limits::new()),
            held: Vec::new(),
            needed: 0,
            lost: None,
            base: 0,
            connections: BTreeMap::new(),
            heard: Vec::new(),
            losses: 0,
            times: None,
            dropped: 0,
            skipped: 0,
        }
    }

    pub(super) const fn dropped(&self) -> u64 {
        self.dropped
    }

    pub(super) fn push(&mut self, mut bytes: &[u8], sink: &mut dyn Sink) {
        // A record that has begun is completed; what follows is read where it is.
        while !self.held.is_empty() && !bytes.is_empty() {
            let wanted = self.needed.saturating_sub(self.held.len()).max(1);
            let (now, later) = bytes.split_at(wanted.min(bytes.len()));
            self.held.extend_from_slice(now);
            bytes = later;
            if self.held.len() >= self.needed {
                let mut held = std::mem::take(&mut self.held);
                let consumed = self.read(&held, false, sink);
                held.drain(..consumed);
                // One large record does not keep its memory.
                held.shrink_to(1 << 20);
                self.held = held;
            }
        }
        if self.held.is_empty() {
            let consumed = self.read(bytes, false, sink);
            self.held
                .extend_from_slice(bytes.get(consumed..).unwrap_or_default());
        }
    }

    pub(super) fn finish(&mut self, sink: &mut dyn Sink) {
        let held = std::mem::take(&mut self.held);
        let consumed = self.read(&held, true, sink);
        if let Some(lost) = self.lost.take() {
            let message = format!("{}: the rest of the capture is left out", lost.kind);
            self.problems.tell(lost.offset, message, sink);
        } else if let Err(error) = self.reader.finish(held.len() - consumed) {
            let message = format!("{}: this record is left out", error.kind);
            self.problems.tell(error.offset, message, sink);
        }
        let skipped = self.skipped + self.reader.skipped();
        if skipped > 0 {
            let message =
                format!("records of unknown kinds, or broken ones, were left out: {skipped}");
            self.problems.tell(self.reader.offset(), message, sink);
        }
    }

    /// Reads what is whole at the start of `bytes`; says how many bytes that were.
    fn read(&mut self, bytes: &[u8], is_all: bool, sink: &mut dyn Sink) -> usize {
        let mut at = 0;
        loop {
            let rest = bytes.get(at..).unwrap_or_default();
            if let Some(lost) = self.lost {
                match resync::find(rest, is_all, &|record| self.is_plausible(record)) {
                    Found::Record { passed } => {
                        self.go_on(passed);
                        self.found(lost, sink);
                        at += passed;
                    }
                    Found::Nothing { passed } => {
                        self.go_on(passed);
                        // Enough that what is held is not moved for every few bytes.
                        self.needed = rest.len() - passed + resync::WINDOW;
                        return at + passed;
                    }
                }
                continue;
            }
            match self.reader.step(rest) {
                Ok(Step::Need(needed)) => {
                    self.needed = needed;
                    return at;
                }
                Ok(Step::Skipped { consumed }) => at += consumed,
                Ok(Step::Label { consumed }) => {
                    at += consumed;
                    self.label();
                }
                Ok(Step::Record { record, consumed }) => {
                    at += consumed;
                    self.record(&record, sink);
                }
                Err(error) if error.kind.is_fatal() => {
                    // Whatever was passed of an item that is left out: look from there.
                    let passed = error.offset.saturating_sub(self.reader.offset());
                    let passed = usize::try_from(passed).unwrap_or(0).min(rest.len());
                    self.go_on(passed);
                    at += passed;
                    self.lost = Some(error);
                }
                Err(error) => self.wrong(error, sink),
            }
        }
    }

    /// Passes so many bytes without reading them.
    fn go_on(&mut self, passed: usize) {
        let offset = self.reader.offset() + passed as u64;
        self.skipped += self.reader.skipped();
        self.reader = Reader::resume(Limits::new(), offset);
    }

    fn wrong(&mut self, error: CaptureError, sink: &mut dyn Sink) {
        let message = match error.kind {
            CaptureErrorKind::NotLabelled => {
                "no label of a capture stands here: what follows is read as records".into()
            }
            kind => {
                self.miss_bytes();
                Cow::Owned(format!("{kind}: the record is left out"))
            }
        };
        self.problems.tell(error.offset, message, sink);
    }

    /// A record was found behind the place where reading had lost its step.
    fn found(&mut self, lost: CaptureError, sink: &mut dyn Sink) {
        self.lost = None;
        self.miss_bytes();
        let message = format!(
            "{}: what stands up to byte {} is left out, where the next record could be found",
            lost.kind,
            self.reader.offset()
        );
        self.problems.tell(lost.offset, message, sink);
    }

    /// Bytes are missing, of which connection is not known.
    const fn miss_bytes(&mut self) {
        self.losses += 1;
    }

    fn is_plausible(&self, record: &Record<'_>) -> bool {
        let (connection, time) = match *record {
            Record::Bytes {
                connection, time, ..
            }
            | Record::Gap {
                connection, time, ..
            }
            | Record::End {
                connection, time, ..
            } => (Some(connection), time),
            Record::Open { time, .. } | Record::Dropped { time, .. } => (None, time),
        };
        // Numbers grow; that a connection was opened may be what was lost.
        let last = self.connections.last_key_value().map(|(last, _)| last.0);
        let is_known = connection.zip(last).is_none_or(|(number, last)| {
            let highest = last.saturating_add(NEW_CONNECTIONS);
            let number = self.base.checked_add(number);
            number.is_some_and(|number| number <= highest)
        });
        let is_near = self.times.is_none_or(|(first, last)| {
            (first.saturating_sub(DAY)..=last.saturating_add(DAY)).contains(&time)
        });
        is_known && is_near
    }

    fn label(&mut self) {
        if let Some((last, _)) = self.connections.last_key_value() {
            self.base = last.0.saturating_add(1);
        }
    }

    /// The number of a connection in the whole input.
    fn connection(&mut self, number: u32, sink: &mut dyn Sink) -> Option<ConnectionId> {
        let connection = self.base.checked_add(number).map(ConnectionId);
        if connection.is_none() {
            let message = "the numbers of the connections of all captures in here are too large: \
                           the record is left out, open the captures one by one";
            self.problems.tell(self.reader.offset(), message, sink);
        }
        connection
    }

    fn record(&mut self, record: &Record<'_>, sink: &mut dyn Sink) {
        let (number, time) = match *record {
            Record::Open {
                connection, time, ..
            }
            | Record::Bytes {
                connection, time, ..
            }
            | Record::Gap {
                connection, time, ..
            }
            | Record::End {
                connection, time, ..
            } => (connection, time),
            Record::Dropped { count, .. } => {
                self.dropped = self.dropped.saturating_add(count);
                return;
            }
        };
        let Some(connection) = self.connection(number, sink) else {
            return;
        };
        let (first, last) = self.times.unwrap_or((time, time));
        self.times = Some((first.min(time), last.max(time)));
        match *record {
            Record::Open {
                protocol,
                device,
                server,
                ..
            } => {
                let recorded = protocol.map(Protocol::from_number);
                self.open(connection, time, recorded, (device, server), sink);
            }
            Record::Bytes {
                direction, bytes, ..
            } => {
                if self.take_gap(connection, time, direction, sink) {
                    sink.take(Piece::Gap {
                        connection,
                        direction,
                        time,
                        missing: 0,
                        aligned: false,
                    });
                }
                sink.take(Piece::Bytes {
                    connection,
                    direction,
                    time,
                    bytes,
                });
            }
            Record::Gap {
                direction,
                missing,
                aligned,
                ..
            } => {
                self.take_gap(connection, time, direction, sink);
                sink.take(Piece::Gap {
                    connection,
                    direction,
                    time,
                    missing,
                    aligned,
                });
            }
            Record::End { reason, .. } => sink.take(Piece::End {
                connection,
                time,
                reason: reason.into(),
            }),
            Record::Dropped { .. } => {}
        }
    }

    fn open(
        &mut self,
        connection: ConnectionId,
        time: u64,
        recorded: Option<Protocol>,
        (device, server): (&str, &str),
        sink: &mut dyn Sink,
    ) {
        let place = self.connections.entry(connection).or_insert_with(|| {
            self.heard.push([0; 2]);
            // Each has taken bytes of an input of less than 4 GiB of them.
            (self.heard.len() - 1) as u32
        });
        self.heard[*place as usize] = [self.losses; 2];
        sink.take(Piece::Open {
            connection,
            time,
            about: About {
                protocol: self.protocol.or(recorded),
                device: device.into(),
                server: server.into(),
            },
        });
    }

    /// Whether a gap must be told before what comes now; opens a connection of which
    /// nothing was heard.
    fn take_gap(
        &mut self,
        connection: ConnectionId,
        time: u64,
        direction: Direction,
        sink: &mut dyn Sink,
    ) -> bool {
        let Some(place) = self.connections.get(&connection) else {
            self.open(connection, time, None, ("", ""), sink);
            return false;
        };
        let heard = &mut self.heard[*place as usize][direction as usize];
        std::mem::replace(heard, self.losses) != self.losses
    }
}
