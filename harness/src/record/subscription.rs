//! One who listens to a recorder.

use super::Recorder;
use super::boundary::Start;
use super::history::{Entry, History, What};
use std::collections::BTreeMap;
use tokio::sync::watch;
use wigwag_codec::capture::{LABEL, Record};

/// Bytes of a capture that are handed out at once, about.
const AT_ONCE: usize = 256 * 1024;

/// The reason of an end whose record was left out.
const END_LEFT_OUT: &str = "ended; the record of it was left out";

/// One who listens to a [`Recorder`]: it gets what is kept, then what comes.
///
/// It holds no records itself, so a slow one costs nothing but what it loses.
#[derive(Debug)]
pub struct Subscription {
    recorder: Recorder,
    changes: watch::Receiver<u64>,
    place: Place,
}

/// How far somebody has come in a history.
#[derive(Debug, Default)]
pub(super) struct Place {
    /// The number of the next record.
    next: u64,
    labelled: bool,
    /// Records that it has lost since it was told.
    lost: u64,
    dropped: u64,
    open: BTreeMap<u32, Heard>,
}

/// What it knows of a connection, each way.
#[derive(Debug, Default)]
struct Heard {
    /// The offset behind the last byte that it has got, and behind the last that
    /// it could have got.
    got: [u64; 2],
    seen: [u64; 2],
}

impl Subscription {
    pub(super) fn new(recorder: Recorder, changes: watch::Receiver<u64>) -> Self {
        Self {
            recorder,
            changes,
            place: Place::default(),
        }
    }

    /// How many records it has lost in all, those included that were forgotten
    /// before it came.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.place.dropped
    }

    /// The next bytes of the capture, whole records, a few hundred kilobytes at
    /// most. The first begin with the capture's label. Waits until there are some;
    /// nothing is lost when the wait is dropped.
    ///
    /// `None`: the recorder is gone. As long as this subscription exists it is
    /// not, so a wait should end with whatever else the caller waits for.
    pub async fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            let end = *self.changes.borrow_and_update();
            let mut bytes = Vec::new();
            if end > self.place.next || !self.place.labelled {
                self.place.take(&self.recorder.lock(), AT_ONCE, &mut bytes);
            }
            if !bytes.is_empty() {
                return Some(bytes);
            }
            self.changes.changed().await.ok()?;
        }
    }
}

impl Place {
    /// Puts behind `out` what there is, whole records, until about `limit` bytes
    /// are there.
    pub(super) fn take(&mut self, history: &History, limit: usize, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.labelled, true) {
            out.extend(LABEL);
        }
        if self.next < history.first() {
            self.leap(history, out);
        }
        while out.len() < limit
            && let Some(entry) = history.entry(self.next)
        {
            self.next += 1;
            self.put(history, entry, out);
        }
    }

    /// Goes on with the first record that is kept.
    fn leap(&mut self, history: &History, out: &mut Vec<u8>) {
        self.lose(history.first() - self.next);
        self.next = history.first();
        // Before the first that follows, and not later than that.
        let first = history.entry(self.next);
        let time = first.map_or(history.time(), |entry| entry.time);
        self.tell(time, out);
        let known = history.known();
        self.open.retain(|connection, _| {
            let still = known.contains_key(connection);
            if !still {
                let end = Record::End {
                    connection: *connection,
                    time,
                    reason: END_LEFT_OUT,
                };
                write(&end, out);
            }
            still
        });
        // Those whose begin is kept will come to it.
        for (connection, about) in known {
            if about.opening < self.next {
                self.begin(history, *connection, out);
            }
        }
    }

    fn lose(&mut self, count: u64) {
        self.lost += count;
        self.dropped += count;
    }

    /// Tells what was lost.
    fn tell(&mut self, time: u64, out: &mut Vec<u8>) {
        let count = std::mem::take(&mut self.lost);
        if count > 0 {
            write(&Record::Dropped { time, count }, out);
        }
    }

    fn begin(&mut self, history: &History, connection: u32, out: &mut Vec<u8>) {
        if let Some(known) = history.known().get(&connection)
            && !self.open.contains_key(&connection)
        {
            write(&known.record(connection), out);
            self.open.insert(connection, Heard::default());
        }
    }

    fn put(&mut self, history: &History, entry: &Entry, out: &mut Vec<u8>) {
        let (connection, time) = (entry.connection, entry.time);
        match &entry.what {
            What::Open => self.begin(history, connection, out),
            What::Bytes {
                direction,
                offset,
                start,
                bytes,
            } => {
                let way = *direction as usize;
                let heard = self.open.entry(connection).or_default();
                heard.seen[way] = offset + bytes.len() as u64;
                let missing = offset.saturating_sub(heard.got[way]);
                let mut from = 0;
                if missing > 0 {
                    let aligned = match start {
                        Start::At(at) => {
                            from = *at;
                            true
                        }
                        Start::None => return self.lose(1),
                        Start::Unknown => false,
                    };
                    heard.got[way] = heard.seen[way];
                    self.tell(time, out);
                    let gap = Record::Gap {
                        connection,
                        time,
                        direction: *direction,
                        missing: missing + from as u64,
                        aligned,
                    };
                    write(&gap, out);
                } else {
                    heard.got[way] = heard.seen[way];
                }
                let record = Record::Bytes {
                    connection,
                    time,
                    direction: *direction,
                    bytes: bytes.get(from..).unwrap_or_default(),
                };
                write(&record, out);
            }
            What::End(reason) => {
                self.tell(time, out);
                let heard = self.open.remove(&connection).unwrap_or_default();
                for direction in [super::Direction::ToServer, super::Direction::ToDevice] {
                    let way = direction as usize;
                    let missing = heard.seen[way] - heard.got[way];
                    if missing > 0 {
                        let gap = Record::Gap {
                            connection,
                            time,
                            direction,
                            missing,
                            aligned: false,
                        };
                        write(&gap, out);
                    }
                }
                let end = Record::End {
                    connection,
                    time,
                    reason,
                };
                write(&end, out);
            }
        }
    }
}

/// Puts a record behind `out`.
fn write(record: &Record<'_>, out: &mut Vec<u8>) {
    let begin = out.len();
    out.resize(begin + record.encoded_len(), 0);
    let written = record.write(&mut out[begin..]);
    debug_assert!(written.is_ok(), "the place is as long as the record");
}
