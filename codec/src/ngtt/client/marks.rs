//! What is remembered of orders, so that none is executed twice silently.

use core::num::NonZeroU64;

use super::place::Place;
use super::record::{Answer, Record, RecordKind};
use super::sizes::Sizes;
use crate::ngtt::Digest;

/// What is remembered of one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) tid: u16,
    pub(super) digest: Digest,
    pub(super) stage: Stage,
    /// The number of the connection on which the server delivered it last; 0 if
    /// it did not since the device started.
    pub(super) seen: u32,
    /// Its place in the sequence of journal records, while the record of this
    /// stage is not durable.
    persist: Option<NonZeroU64>,
    /// The server gave the transaction id to another order meanwhile: an answer
    /// would hit that one.
    pub(super) replaced: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The application may have seen it; `held` while it is in an order slot.
    Started { held: bool },
    /// The application has answered.
    Executed { answer: Answer, reply: Reply },
    /// Not needed any more, only the journal has to be told.
    Released,
}

/// What became of the answer on this connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// Not to be sent: the server has not asked on this connection.
    Waiting,
    /// To be sent once the record is durable, in the order of these numbers.
    Due(u64),
    /// Written, with this place in the sequence of written frames.
    Written(u64),
}

impl Mark {
    const fn record(&self) -> Record {
        let kind = match self.stage {
            Stage::Started { .. } => RecordKind::Started,
            Stage::Executed { answer, .. } => RecordKind::Executed(answer),
            Stage::Released => RecordKind::Released,
        };
        Record {
            kind,
            tid: self.tid,
            digest: self.digest,
        }
    }

    fn is(&self, tid: u16, digest: Digest) -> bool {
        self.tid == tid && self.digest == digest
    }
}

/// All marks of a session.
pub(super) struct Marks<S: Sizes> {
    marks: S::PerMark<Place<Mark>>,
    /// How many journal records were asked for.
    records: u64,
}

impl<S: Sizes> Marks<S> {
    /// Nothing is remembered: all of `marks` are free.
    pub(super) const fn new(marks: S::PerMark<Place<Mark>>) -> Self {
        Self { marks, records: 0 }
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Mark> {
        self.marks.as_mut().iter_mut().filter_map(Place::as_mut)
    }

    fn iter(&self) -> impl Iterator<Item = &Mark> {
        self.marks.as_ref().iter().filter_map(Place::as_ref)
    }

    pub(super) fn has_room(&self) -> bool {
        self.marks.as_ref().iter().any(Place::is_free)
    }

    /// Whether half of the marks or more are in use.
    pub(super) fn crowded(&self) -> bool {
        self.len().saturating_mul(2) >= self.marks.as_ref().len()
    }

    /// What is remembered of this very order.
    pub(super) fn find(&mut self, tid: u16, digest: Digest) -> Option<&mut Mark> {
        self.iter_mut()
            .find(|mark| mark.is(tid, digest) && mark.stage != Stage::Released)
    }

    /// The server uses the transaction id for the order with this digest: the
    /// other orders that had it are over. Calls `replaced` if the application
    /// still has one of them.
    pub(super) fn replace_others(&mut self, tid: u16, digest: Digest, replaced: impl FnOnce()) {
        let held = Stage::Started { held: true };
        let other = |mark: &Mark| mark.tid == tid && mark.digest != digest;
        let over = |mark: &Mark| other(mark) && mark.stage != held && mark.stage != Stage::Released;
        self.advance(over, Stage::Released, |_| {});
        let mut any = false;
        for mark in self
            .iter_mut()
            .filter(|mark| other(mark) && mark.stage == held)
        {
            any |= !mark.replaced;
            mark.replaced = true;
        }
        if any {
            replaced();
        }
    }

    /// The mark of the order that is held in a slot.
    pub(super) fn held(&mut self, tid: u16, digest: Digest) -> Option<&mut Mark> {
        self.iter_mut()
            .find(|mark| mark.is(tid, digest) && mark.stage == Stage::Started { held: true })
    }

    /// Whether the record that the order was started is durable.
    pub(super) fn is_started(&self, tid: u16, digest: Digest) -> bool {
        self.iter().any(|mark| {
            mark.is(tid, digest)
                && mark.stage == Stage::Started { held: true }
                && mark.persist.is_none()
        })
    }

    /// Whether no answer to this order waits to become durable.
    pub(super) fn is_recorded(&self, tid: u16, digest: Digest) -> bool {
        !self.iter().any(|mark| {
            mark.is(tid, digest)
                && !matches!(mark.stage, Stage::Started { .. })
                && mark.persist.is_some()
        })
    }

    /// Remembers a new order. False if all marks are in use.
    pub(super) fn start(&mut self, tid: u16, digest: Digest, seen: u32) -> bool {
        let persist = next_record(&mut self.records);
        let stage = Stage::Started { held: true };
        self.insert(Mark {
            tid,
            digest,
            stage,
            seen,
            persist,
            replaced: false,
        })
    }

    fn insert(&mut self, mark: Mark) -> bool {
        let place = self.marks.as_mut().iter_mut().find(|place| place.is_free());
        let Some(place) = place else { return false };
        *place = Place::Taken(mark);
        true
    }

    /// Moves the marks that `choose` picks to another stage, whose record must
    /// become durable. Calls `each` with the transaction id of each.
    pub(super) fn advance(
        &mut self,
        choose: impl Fn(&Mark) -> bool,
        stage: Stage,
        mut each: impl FnMut(u16),
    ) {
        let mut records = self.records;
        for mark in self.iter_mut().filter(|mark| choose(mark)) {
            mark.stage = stage;
            mark.persist = next_record(&mut records);
            each(mark.tid);
        }
        self.records = records;
    }

    /// Moves the mark of a held order to another stage.
    pub(super) fn advance_held(&mut self, tid: u16, digest: Digest, stage: Stage) {
        let held = Stage::Started { held: true };
        self.advance(
            |mark| mark.is(tid, digest) && mark.stage == held,
            stage,
            |_| {},
        );
    }

    /// The record that must become durable next.
    pub(super) fn poll_persist(&self) -> Option<Record> {
        let waiting = self.iter().filter(|mark| mark.persist.is_some());
        waiting.min_by_key(|mark| mark.persist).map(Mark::record)
    }

    /// `record` is durable. A record that was overtaken by a later stage, or
    /// that was not asked for, changes nothing.
    pub(super) fn persisted(&mut self, record: Record) {
        let place = self.marks.as_mut().iter_mut().find(|place| {
            let waits = |mark: &Mark| mark.persist.is_some() && mark.record() == record;
            place.as_ref().is_some_and(waits)
        });
        let Some(place) = place else { return };
        if record.kind == RecordKind::Released {
            *place = Place::Free;
        } else if let Some(mark) = place.as_mut() {
            mark.persist = None;
        }
    }

    /// Takes one record of the journal. False if all marks are in use.
    pub(super) fn restore(&mut self, record: Record) -> bool {
        let known = self.marks.as_mut().iter_mut().find(|place| {
            let is = |mark: &Mark| mark.is(record.tid, record.digest);
            place.as_ref().is_some_and(is)
        });
        let stage = match record.kind {
            RecordKind::Started => Stage::Started { held: false },
            RecordKind::Executed(answer) => Stage::Executed {
                answer,
                reply: Reply::Waiting,
            },
            RecordKind::Released => {
                if let Some(place) = known {
                    *place = Place::Free;
                }
                return true;
            }
        };
        if let Some(mark) = known.and_then(Place::as_mut) {
            mark.stage = stage;
            return true;
        }
        let Record { tid, digest, .. } = record;
        self.insert(Mark {
            tid,
            digest,
            stage,
            seen: 0,
            persist: None,
            replaced: false,
        })
    }

    /// The turn of an answer that becomes due now.
    pub(super) fn next_turn(&mut self) -> u64 {
        next_record(&mut self.records).map_or(0, NonZeroU64::get)
    }

    /// The next answer that may be written: the one that became due first.
    pub(super) fn next_reply(&self) -> Option<(u16, Digest, Answer)> {
        let due = self.iter().filter_map(|mark| match mark.stage {
            Stage::Executed {
                answer,
                reply: Reply::Due(turn),
            } if mark.persist.is_none() => Some((turn, (mark.tid, mark.digest, answer))),
            _ => None,
        });
        // Marks lie wherever there was room for them.
        due.min_by_key(|(turn, _)| *turn).map(|(_, reply)| reply)
    }

    /// That answer was written.
    pub(super) fn reply_written(&mut self, tid: u16, digest: Digest, sequence: u64) {
        for mark in self.iter_mut().filter(|mark| mark.is(tid, digest)) {
            if let Stage::Executed {
                reply: reply @ Reply::Due(_),
                ..
            } = &mut mark.stage
            {
                *reply = Reply::Written(sequence);
            }
        }
    }

    /// The server has read all that was written before `sequence`.
    pub(super) fn settle(&mut self, sequence: u64, each: impl FnMut(u16)) {
        let read = |mark: &Mark| matches!(mark.stage, Stage::Executed { reply: Reply::Written(at), .. } if at < sequence);
        self.advance(read, Stage::Released, each);
    }

    /// The connection is gone, and with it every answer not known to be read.
    pub(super) fn disconnected(&mut self) {
        for mark in self.iter_mut() {
            if let Stage::Executed { reply, .. } = &mut mark.stage {
                *reply = Reply::Waiting;
            }
        }
    }

    /// The server has redelivered on `connection` what it wanted to: forgets
    /// the rest, except what the application still has.
    pub(super) fn forget_unseen(&mut self, connection: u32, each: impl FnMut(u16)) {
        let stale = |mark: &Mark| {
            mark.seen != connection
                && mark.persist.is_none()
                && matches!(
                    mark.stage,
                    Stage::Executed { .. } | Stage::Started { held: false }
                )
        };
        self.advance(stale, Stage::Released, each);
    }

    /// Whether the journal has not heard yet of an order that is over. After a
    /// power failure now its mark would be back.
    pub(super) fn releasing(&self) -> bool {
        self.iter().any(|mark| mark.stage == Stage::Released)
    }

    /// Whether all marks are only remembered: nothing is to be recorded, sent or
    /// proved.
    pub(super) fn at_rest(&self) -> bool {
        let waiting = |stage| {
            matches!(
                stage,
                Stage::Started { .. }
                    | Stage::Executed {
                        reply: Reply::Waiting,
                        ..
                    }
            )
        };
        self.iter()
            .all(|mark| mark.persist.is_none() && waiting(mark.stage))
    }

    /// Whether an answer of the application is remembered.
    pub(super) fn any_answered(&self) -> bool {
        self.iter()
            .any(|mark| matches!(mark.stage, Stage::Executed { .. }))
    }

    /// How many marks are in use.
    pub(super) fn len(&self) -> usize {
        self.iter().count()
    }
}

/// The next place in the sequence of journal records, after `records` of them.
fn next_record(records: &mut u64) -> Option<NonZeroU64> {
    *records = records.saturating_add(1);
    NonZeroU64::new(*records)
}
