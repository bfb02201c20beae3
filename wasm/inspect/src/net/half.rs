//! One direction of a TCP connection: segments in any order go in, the stream comes
//! out.

use std::collections::VecDeque;

/// More bytes are not held while one before them is missing.
const MAX_HELD: usize = 4 << 20;
/// More pieces are not held while a byte before them is missing.
const MAX_PIECES: usize = 2048;
/// What lies further ahead is none of the connection's: the greatest window of TCP
/// (RFC 7323, section 2.3).
const MAX_AHEAD: u64 = 1 << 30;
/// For so many packets of the connection, or for so many microseconds, bytes that
/// the other end has are waited for: recordings swap packets.
const PATIENCE: (u32, u64) = (64, 1_000_000);

/// What comes out.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Out<'a> {
    /// The next bytes of the stream, and when they were seen.
    Bytes(u64, &'a [u8]),
    /// So many bytes were not recorded.
    Gap(u64, u64),
}

/// A stream that is put together. Positions count bytes from the stream's begin.
#[derive(Debug)]
pub(super) struct Half {
    /// The sequence number of the byte at `next`.
    sequence: u32,
    /// Everything before was given out.
    next: u64,
    /// What came too early, by its place: never overlapping, all beyond `next`.
    held: VecDeque<Held>,
    held_bytes: usize,
    /// Where the stream ends.
    end: Option<u64>,
    /// Everything before has reached the other end.
    acknowledged: u64,
    /// Since when the other end is known to have bytes that are missing here:
    /// packets waited for, and the time of the first.
    waiting: Option<(u32, u64)>,
}

/// Bytes that came too early. (A list of them, moved at every insertion, takes a
/// third of the code of a tree.)
#[derive(Debug)]
struct Held {
    begin: u64,
    time: u64,
    bytes: Vec<u8>,
}

impl Held {
    fn end(&self) -> u64 {
        self.begin + self.bytes.len() as u64
    }
}

impl Half {
    /// A stream whose first byte has this sequence number.
    pub(super) const fn new(sequence: u32) -> Self {
        Self {
            sequence,
            next: 0,
            held: VecDeque::new(),
            held_bytes: 0,
            end: None,
            acknowledged: 0,
            waiting: None,
        }
    }

    /// The position of a sequence number: the nearest to `next` of those that are
    /// 2^32 apart.
    fn position(&self, sequence: u32) -> i64 {
        let ahead = sequence.wrapping_sub(self.sequence).cast_signed();
        self.next.cast_signed() + i64::from(ahead)
    }

    /// Whether a sequence number is that of the stream's first byte.
    pub(super) fn begins_at(&self, sequence: u32) -> bool {
        self.position(sequence) == 0
    }

    /// Whether everything up to the stream's end was given out.
    pub(super) fn is_done(&self) -> bool {
        self.end == Some(self.next)
    }

    /// How many bytes of memory wait here.
    pub(super) fn held(&self) -> usize {
        self.held_bytes + self.held.capacity() * size_of::<Held>()
    }

    /// Takes a segment. Of bytes that come twice the first are kept.
    pub(super) fn segment(
        &mut self,
        time: u64,
        sequence: u32,
        payload: &[u8],
        fin: bool,
        out: &mut dyn FnMut(Out<'_>),
    ) {
        let begin = self.position(sequence);
        let next = self.next;
        let Some(end) = begin.checked_add_unsigned(payload.len() as u64) else {
            return;
        };
        let Ok(end) = u64::try_from(end) else {
            return;
        };
        if end > next + MAX_AHEAD {
            return;
        }
        if fin && end >= next && self.end.is_none() {
            self.end = Some(end);
        }
        let known = usize::try_from(next.cast_signed() - begin).unwrap_or(0);
        let Some(new @ [_, ..]) = payload.get(known..) else {
            return;
        };
        let begin = end - new.len() as u64;
        if begin == next && self.held.is_empty() {
            self.give(time, new, out);
            return;
        }
        self.hold(time, begin, new);
        self.release(time, out);
        while self.held_bytes > MAX_HELD || self.held.len() > MAX_PIECES {
            self.pass_over(time, out);
        }
    }

    fn give(&mut self, time: u64, bytes: &[u8], out: &mut dyn FnMut(Out<'_>)) {
        self.advance(bytes.len() as u64);
        out(Out::Bytes(time, bytes));
    }

    #[expect(clippy::cast_possible_truncation, reason = "sequence numbers wrap")]
    fn advance(&mut self, by: u64) {
        self.next += by;
        self.sequence = self.sequence.wrapping_add(by as u32);
    }

    /// Keeps what is not held already.
    fn hold(&mut self, time: u64, mut begin: u64, mut bytes: &[u8]) {
        // The first that is not wholly before.
        let mut at = self.held.partition_point(|held| held.end() <= begin);
        while !bytes.is_empty() {
            let following = self.held.get(at).map(|held| (held.begin, held.end()));
            let (from, to) = following.unwrap_or((u64::MAX, u64::MAX));
            let room = from.saturating_sub(begin).min(bytes.len() as u64);
            let (new, rest) = bytes.split_at(room as usize);
            if !new.is_empty() {
                let bytes = new.to_vec();
                self.held_bytes += bytes.len();
                self.held.insert(at, Held { begin, time, bytes });
                at += 1;
            }
            // What follows is held already, up to there.
            begin += room;
            let twice = (to - begin).min(rest.len() as u64);
            bytes = &rest[twice as usize..];
            begin += twice;
            at += 1;
        }
    }

    /// Gives out what is held and no longer waits for anything.
    fn release(&mut self, now: u64, out: &mut dyn FnMut(Out<'_>)) {
        while let Some(first) = self.held.pop_front_if(|first| first.begin == self.next) {
            self.held_bytes -= first.bytes.len();
            self.give(first.time.max(now), &first.bytes, out);
        }
    }

    /// Gives up the bytes that are missing before those that are held.
    fn pass_over(&mut self, now: u64, out: &mut dyn FnMut(Out<'_>)) {
        let Some(first) = self.held.front() else {
            return;
        };
        let missing = first.begin - self.next;
        if missing > 0 {
            out(Out::Gap(first.time.max(now), missing));
            self.advance(missing);
        }
        self.release(now, out);
    }

    /// The other end has everything before this sequence number.
    pub(super) fn acknowledge(&mut self, sequence: u32) {
        if let Ok(position) = u64::try_from(self.position(sequence))
            && position <= self.next + MAX_AHEAD
        {
            self.acknowledged = self.acknowledged.max(position);
        }
    }

    /// A packet of the connection has passed: gives up bytes which the other end has
    /// and which have not come for too long.
    pub(super) fn watch(&mut self, now: u64, out: &mut dyn FnMut(Out<'_>)) {
        let missed = self
            .held
            .front()
            .is_some_and(|first| first.begin <= self.acknowledged);
        if !missed {
            self.waiting = None;
            return;
        }
        let (packets, since) = self.waiting.unwrap_or((0, now));
        if packets >= PATIENCE.0 || now.saturating_sub(since) > PATIENCE.1 {
            self.waiting = None;
            self.pass_over(0, out);
        } else {
            self.waiting = Some((packets + 1, since));
        }
    }

    /// Gives out what is held, and no longer waits for what is missing before it.
    pub(super) fn give_up(&mut self, out: &mut dyn FnMut(Out<'_>)) {
        while !self.held.is_empty() {
            self.pass_over(0, out);
        }
        self.held = VecDeque::new();
        self.waiting = None;
    }

    /// Nothing more will come: gives out what is held, and says what is missing.
    pub(super) fn settle(&mut self, now: u64, out: &mut dyn FnMut(Out<'_>)) {
        self.give_up(out);
        // Without the stream's end in view, the byte that FIN takes cannot be told
        // from a lost one.
        let end = self.end.unwrap_or(self.acknowledged.saturating_sub(1));
        let missing = end.min(self.acknowledged).saturating_sub(self.next);
        if missing > 0 {
            out(Out::Gap(now, missing));
            self.advance(missing);
        }
    }
}
