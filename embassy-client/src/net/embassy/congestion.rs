//! A congestion window (RFC 5681) over a TCP that has none.
//!
//! smoltcp 0.13 can be built with Reno or CUBIC, but compares their window with
//! what it is about to send, not with what is under way: nothing is limited by
//! it. So the window is kept here, above the socket, which is given no more
//! bytes than the window has room for. From here one sees how much is not
//! acknowledged yet, and when; not the duplicate acknowledgements. A loss shows
//! as bytes that are acknowledged late, as in RFC 8985: acknowledgements are
//! cumulative, so whatever is repaired delays all that follows it.
//!
//! What differs from RFC 5681: a delay that is no loss counts as one; a loss
//! that is repaired while nobody waits to write is not seen, and the window does
//! not grow then either; and what is under way at a loss is sent again by
//! smoltcp at once, not one segment after the other.

use heapless::Deque;
use wigwag_codec::Instant;

/// What the window counts in, in bytes: the segment that every path of IPv6
/// carries (RFC 9293 section 3.7.1). embassy-net does not tell the size that was
/// agreed on, and a smaller one is the careful guess.
const SEGMENT: u32 = 1220;

/// The window of a new connection (RFC 5681 section 3.1).
const INITIAL: u32 = 3 * SEGMENT;

/// The least that is left after a loss that was repaired in time.
const LEAST: u32 = 2 * SEGMENT;

/// No window is larger, in bytes: far beyond any send buffer.
const MOST: u32 = 1 << 24;

/// The shortest retransmission timeout, and that of a connection whose round
/// trip is not known yet (RFC 6298 sections 2.1 and 2.4), in milliseconds.
const SHORTEST_TIMEOUT: u32 = 1000;

/// The longest (RFC 6298 section 2.5), in milliseconds.
const LONGEST_TIMEOUT: u32 = 60_000;

/// What the clocks of a device may err, in milliseconds.
const GRANULARITY: u32 = 10;

/// Moments of writing that are remembered.
const MARKS: usize = 8;

/// Up to where in the stream was written when.
#[derive(Clone, Copy)]
struct Mark {
    end: u32,
    at: u32,
}

/// What the age of a mark says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    InTime,
    /// Acknowledged about a round trip later than it should be: something was
    /// lost, and repaired by a fast retransmission.
    Late,
    /// Nothing but the retransmission timer helped, or will.
    TimedOut,
}

/// The congestion window of one connection. Positions in the stream are modulo
/// 2^32, moments are milliseconds modulo 2^32.
pub(super) struct CongestionWindow {
    window: u32,
    threshold: u32,
    /// Bytes acknowledged since the window grew last, in congestion avoidance.
    credit: u32,
    sent: u32,
    acknowledged: u32,
    /// Where the stream ended at the last loss, and its verdict: what is before
    /// it is not judged a second time (RFC 6582 section 3.2), unless to more.
    recover: Option<(u32, Verdict)>,
    marks: Deque<Mark, MARKS>,
    /// The smoothed round trip and its variation, in milliseconds.
    round_trip: Option<(u32, u32)>,
    /// Somebody has waited for acknowledgements since the last look, so that
    /// this look comes when one has arrived.
    watched: bool,
    /// The window, and nothing else, has held somebody up.
    limited: bool,
    last_write: u32,
}

impl CongestionWindow {
    pub(super) const fn new() -> Self {
        Self {
            window: INITIAL,
            threshold: MOST,
            credit: 0,
            sent: 0,
            acknowledged: 0,
            recover: None,
            marks: Deque::new(),
            round_trip: None,
            watched: false,
            limited: false,
            last_write: 0,
        }
    }

    /// How many bytes may be written now, of `wanted`, with `under_way` not
    /// acknowledged. 0 is: not before something is acknowledged.
    pub(super) fn room(&mut self, under_way: usize, wanted: usize, now: Instant) -> usize {
        self.look(under_way, now);
        let now = millis(now);
        let under_way = self.under_way();
        if under_way == 0 {
            // RFC 5681 section 4.1: what is known of the path is old.
            if now.wrapping_sub(self.last_write) > self.timeout() {
                self.window = self.window.min(INITIAL);
            }
            return self.window as usize;
        }
        if self.marks.is_full() && !self.joins_last(now) {
            return 0;
        }
        let room = self.window.saturating_sub(under_way) as usize;
        // No small segments while a whole one will have room soon.
        if room < wanted.min(SEGMENT as usize) {
            self.limited = true;
            return 0;
        }
        room
    }

    /// So many bytes were written.
    pub(super) fn wrote(&mut self, count: usize, now: Instant) {
        if count == 0 {
            return;
        }
        let now = millis(now);
        self.sent = self.sent.wrapping_add(count as u32);
        self.last_write = now;
        let mark = Mark {
            end: self.sent,
            at: now,
        };
        if self.joins_last(now) || self.marks.push_back(mark).is_err() {
            // Its moment stays: an eighth of a round trip is less than `late`.
            if let Some(last) = self.marks.back_mut() {
                last.end = self.sent;
            }
        }
    }

    /// Somebody waits for acknowledgements, and will be woken by each.
    pub(super) fn watch(&mut self) {
        self.watched = true;
    }

    /// A new wait begins: who waited before may have been gone for long.
    pub(super) fn unwatch(&mut self) {
        self.watched = false;
    }

    /// Takes note of what is acknowledged.
    #[inline(never)]
    pub(super) fn look(&mut self, under_way: usize, now: Instant) {
        let now = millis(now);
        let before = self.under_way();
        let under_way = before.min(u32::try_from(under_way).unwrap_or(u32::MAX));
        let progress = before - under_way;
        self.acknowledged = self.sent.wrapping_sub(under_way);
        let watched = core::mem::take(&mut self.watched);
        let mut worst = Verdict::InTime;
        while let Some(mark) = self.marks.front().copied() {
            let gone = reached(self.acknowledged, mark.end);
            let age = now.wrapping_sub(mark.at);
            let known = self.recover.filter(|(end, _)| reached(*end, mark.end));
            if watched || !gone {
                let verdict = self.verdict(age, before);
                if known.is_none_or(|(_, known)| verdict > known) {
                    worst = worst.max(verdict);
                }
            }
            if !gone {
                break;
            }
            // Karn's algorithm: not from what was sent twice.
            if known.is_none() && watched {
                self.measured(age);
            }
            let _ = self.marks.pop_front();
        }
        if worst > Verdict::InTime {
            self.shrink(before, worst);
        } else {
            self.grow(progress);
        }
        if let Some((end, _)) = self.recover
            && reached(self.acknowledged, end)
        {
            self.recover = None;
        }
    }

    fn under_way(&self) -> u32 {
        self.sent.wrapping_sub(self.acknowledged)
    }

    /// Whether what is written now is remembered with what was written last.
    fn joins_last(&self, now: u32) -> bool {
        let near = self.round_trip.map_or(GRANULARITY, |(trip, _)| trip / 8);
        self.marks
            .back()
            .is_some_and(|last| now.wrapping_sub(last.at) <= near)
    }

    fn verdict(&self, age: u32, under_way: u32) -> Verdict {
        let late = match self.round_trip {
            // With less under way, an acknowledgement may be held back (RFC 1122
            // section 4.2.3.2), and there is nothing to take away.
            Some((trip, _)) if under_way > LEAST => {
                age > (trip + trip / 2).saturating_add(GRANULARITY)
            }
            _ => false,
        };
        if age > self.timeout() {
            Verdict::TimedOut
        } else if late {
            Verdict::Late
        } else {
            Verdict::InTime
        }
    }

    /// RFC 6298 section 2.
    fn timeout(&self) -> u32 {
        let (trip, variation) = self.round_trip.unwrap_or((0, 0));
        trip.saturating_add(variation.saturating_mul(4))
            .clamp(SHORTEST_TIMEOUT, LONGEST_TIMEOUT)
    }

    /// RFC 6298 section 2.3, but that the round trip falls faster than it
    /// rises: a loss must not hide in it.
    fn measured(&mut self, age: u32) {
        let age = age.min(LONGEST_TIMEOUT);
        self.round_trip = Some(match self.round_trip {
            None => (age, age / 2),
            Some((trip, variation)) => {
                let off = trip.abs_diff(age);
                let variation = variation - variation / 4 + off / 4;
                let trip = if age < trip {
                    trip - off.div_ceil(2)
                } else {
                    trip + off.div_ceil(8)
                };
                (trip, variation)
            }
        });
    }

    /// RFC 5681 section 3.1, counting bytes; a window that held nobody up has
    /// not been tried, and stays (RFC 7661).
    fn grow(&mut self, progress: u32) {
        if progress == 0 || !core::mem::take(&mut self.limited) {
            return;
        }
        if self.window < self.threshold {
            self.window = self.window.saturating_add(progress).min(MOST);
            return;
        }
        self.credit = self.credit.saturating_add(progress);
        if self.credit >= self.window {
            self.credit = 0;
            self.window = (self.window + SEGMENT).min(MOST);
        }
    }

    /// RFC 5681 sections 3.1 and 3.2: half of what was under way, or a segment.
    fn shrink(&mut self, under_way: u32, verdict: Verdict) {
        if self.recover.is_none() {
            self.threshold = (under_way / 2).max(LEAST);
        }
        self.window = match verdict {
            Verdict::TimedOut => SEGMENT,
            Verdict::Late | Verdict::InTime => self.threshold,
        };
        self.credit = 0;
        self.recover = Some((self.sent, verdict));
    }
}

/// Whether position `at` is at `end` or beyond.
fn reached(at: u32, end: u32) -> bool {
    at.wrapping_sub(end) as i32 >= 0
}

fn millis(now: Instant) -> u32 {
    now.as_millis() as u32
}

#[cfg(test)]
#[path = "congestion_tests.rs"]
mod tests;
