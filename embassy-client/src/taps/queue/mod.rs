//! The messages of one connection that wait to be sent (RFC 9622 sections 9.1.3
//! and 9.2): what may be sent, what is next, what has become of each.
//!
//! No I/O and no clock: the driver asks [`Queue::head`] what to hand down,
//! hands down as much as there is room for, and says so. Each message that was
//! taken has exactly one [`Outcome`].

mod arena;
mod choose;
mod entry;
mod take;

use wigwag_codec::Instant;

use super::message::{Outcome, SendError, SendFailure, Sent};
use entry::{Entry, Phase};
pub use entry::{MessageId, Terms};

/// Up to `MESSAGES` messages with together up to `BYTES` bytes. `X` is what a
/// message has besides, such as what its framer has to know.
///
/// What leaves first, is what has the lesser of these, each compared only if
/// all before it are the same:
/// 1. `final`: the final message is last, whatever else is said of it;
/// 2. the Scavenger profile: when nothing else can be sent, and nothing is
///    under way;
/// 3. `msgPriority`;
/// 4. the order of the calls.
///
/// A message with `msgOrdered` does not pass an earlier one with it that has
/// the same or a more important priority, even if that one cannot be sent yet.
/// So priorities are stronger than the order: they are said of a single
/// message, on purpose. What was begun on a stream is brought to its end before
/// anything else, since nothing can be put into the middle of it.
///
/// ```
/// use wigwag_codec::Instant;
/// use wigwag_embassy::taps::{SendQueue, Sent, Terms};
///
/// let mut queue: SendQueue<4, 64> = SendQueue::new();
/// let mut queue = queue.queue();
/// let urgent = Terms { priority: 1, ..Terms::DEFAULT };
/// let second = queue.push(Instant::ZERO, &[b"log"], Terms::DEFAULT, ())?;
/// let first = queue.push(Instant::ZERO, &[b"alarm"], urgent, ())?;
///
/// let head = queue.head(true).unwrap();
/// assert_eq!((head.id, head.data), (first, &b"alarm"[..]));
/// queue.advance(first, 5);
/// assert_eq!(queue.take_outcome(first), Some(Ok(Sent)));
/// assert_eq!(queue.head(true).unwrap().id, second);
/// # Ok::<(), wigwag_embassy::taps::SendError>(())
/// ```
pub struct SendQueue<const MESSAGES: usize, const BYTES: usize, X = ()> {
    entries: [Entry<X>; MESSAGES],
    bytes: [u8; BYTES],
    control: Control,
}

/// What a queue has besides its messages.
struct Control {
    used: usize,
    sequence: u64,
    state: State,
    /// Messages are held back until the batch ends.
    batch: bool,
    /// A message can be handed down in parts.
    streaming: bool,
}

/// Whether messages are taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// The final message was taken.
    FinalPassed,
    /// Only what was taken before is sent.
    Closing,
}

impl<const MESSAGES: usize, const BYTES: usize, X: Copy> Default for SendQueue<MESSAGES, BYTES, X> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const MESSAGES: usize, const BYTES: usize, X: Copy> SendQueue<MESSAGES, BYTES, X> {
    /// An empty queue for messages that are handed down whole or not at all.
    #[must_use]
    pub const fn new() -> Self {
        const {
            assert!(
                MESSAGES >= 1 && MESSAGES <= u16::MAX as usize,
                "a queue has 1 to 65,535 messages"
            );
        }
        Self {
            entries: [Entry::FREE; MESSAGES],
            bytes: [0; BYTES],
            control: Control {
                used: 0,
                sequence: 0,
                state: State::Open,
                batch: false,
                streaming: false,
            },
        }
    }

    /// All that can be done with it.
    pub const fn queue(&mut self) -> Queue<'_, X> {
        Queue {
            entries: &mut self.entries,
            bytes: &mut self.bytes,
            control: &mut self.control,
        }
    }
}

impl<const MESSAGES: usize, const BYTES: usize, X> core::fmt::Debug
    for SendQueue<MESSAGES, BYTES, X>
{
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("SendQueue")
            .field("used", &self.control.used)
            .finish_non_exhaustive()
    }
}

/// A [`SendQueue`] of any size, borrowed.
pub struct Queue<'q, X> {
    entries: &'q mut [Entry<X>],
    bytes: &'q mut [u8],
    control: &'q mut Control,
}

impl<X> core::fmt::Debug for Queue<'_, X> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Queue")
            .field("used", &self.control.used)
            .finish_non_exhaustive()
    }
}

/// What is to be handed down next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head<'q, X> {
    /// Whose it is.
    pub id: MessageId,
    /// What the message has besides its bytes.
    pub extra: X,
    /// How many bytes the message has in all.
    pub length: usize,
    /// How many were handed down before. When none were, and
    /// [`begun`](Self::begun) is not set, what goes before the message comes
    /// first.
    pub offset: usize,
    /// [`Queue::begin`] was called.
    pub begun: bool,
    /// The bytes that are there.
    pub data: &'q [u8],
    /// They are the last ones.
    pub end_of_message: bool,
    /// What it ranks by between connections: `msgPriority`, then when it was
    /// taken.
    pub rank: (u32, Instant),
}

impl<X: Copy> Queue<'_, X> {
    /// Empties it for a new connection. `streaming` says whether a message can
    /// be handed down in parts.
    pub fn reset(&mut self, streaming: bool) {
        for entry in &mut *self.entries {
            let generation = entry.generation.wrapping_add(1);
            *entry = Entry {
                generation,
                ..Entry::FREE
            };
        }
        self.control.used = 0;
        self.control.state = State::Open;
        self.control.batch = false;
        self.control.streaming = streaming;
    }

    /// Says whether a message can be handed down in parts, when that is known
    /// later than the first messages.
    pub fn set_streaming(&mut self, streaming: bool) {
        self.control.streaming = streaming;
    }

    /// How many bytes it can have.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.bytes.len()
    }

    /// From now on messages are taken and held back (RFC 9622 section 9.2.4).
    pub fn start_batch(&mut self) {
        self.control.batch = true;
    }

    /// The messages of the batch may leave.
    pub fn end_batch(&mut self) {
        self.control.batch = false;
        for entry in &mut *self.entries {
            entry.held = false;
        }
    }

    /// No message is taken any more; those that were are sent, and those whose
    /// end was not given yet may go on to it. A batch ends.
    pub fn retire(&mut self) {
        self.control.state = State::Closing;
        self.end_batch();
    }

    /// No message is taken any more; those that were are sent. A batch ends.
    /// Messages whose end was not given can never be complete: they end now.
    /// `false` if one of those was begun, so that what is on the wire is broken
    /// off.
    #[must_use]
    pub fn close(&mut self) -> bool {
        self.control.state = State::Closing;
        self.end_batch();
        let mut whole = true;
        for place in 0..self.entries.len() {
            let Some(entry) = self.entries.get(place) else {
                break;
            };
            if entry.is_queued() && !entry.ended {
                whole &= !entry.begun;
                let id = id(place, entry.generation);
                self.end(id, Err(SendError::ConnectionClosing.into()));
            }
        }
        whole
    }

    /// Ends everything that was not handed down: the connection is over.
    pub fn fail(&mut self, error: SendError) {
        self.control.state = State::Closing;
        self.control.batch = false;
        for place in 0..self.entries.len() {
            if let Some(entry) = self.entries.get(place)
                && entry.is_queued()
            {
                let id = id(place, entry.generation);
                self.end(id, Err(error.into()));
            }
        }
    }

    /// Ends the messages whose lifetime has passed. What was begun on a stream
    /// is brought to its end all the same. Whether there were any.
    pub fn handle_timeout(&mut self, now: Instant) -> bool {
        let mut any = false;
        for place in 0..self.entries.len() {
            if let Some(entry) = self.entries.get(place)
                && entry.is_queued()
                && !entry.begun
                && entry.terms.deadline <= now
            {
                let id = id(place, entry.generation);
                self.end(id, Err(SendFailure::Expired));
                any = true;
            }
        }
        any
    }

    /// When to call [`handle_timeout`](Self::handle_timeout).
    #[must_use]
    pub fn next_timeout(&self) -> Option<Instant> {
        self.entries
            .iter()
            .filter(|entry| entry.is_queued() && !entry.begun)
            .map(|entry| entry.terms.deadline)
            .filter(|deadline| *deadline < Instant::MAX)
            .min()
    }

    /// What goes before the message was handed down: from now on it is brought
    /// to its end.
    pub fn begin(&mut self, id: MessageId) {
        if let Some(entry) = self.entry_mut(id) {
            entry.begun = true;
        }
    }

    /// `count` bytes of the message's data were handed down. With the last of
    /// them the message is sent.
    pub fn advance(&mut self, id: MessageId, count: usize) {
        let Some(entry) = self.entry_mut(id).filter(|entry| entry.is_queued()) else {
            return;
        };
        entry.begun = true;
        entry.taken = entry.taken.saturating_add(count).min(entry.length);
        if entry.ended && entry.taken == entry.length {
            self.end(id, Ok(Sent));
        }
    }

    /// The message cannot be sent.
    pub fn refuse(&mut self, id: MessageId, error: SendError) {
        if self.entry_mut(id).is_some_and(|entry| entry.is_queued()) {
            self.end(id, Err(error.into()));
        }
    }

    /// Whether nothing waits to be sent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.entries.iter().any(Entry::is_queued)
    }

    /// Whether messages are taken.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.control.state == State::Open
    }

    /// Whether the final message was handed down, or ended otherwise.
    #[must_use]
    pub fn is_final_sent(&self) -> bool {
        self.control.state == State::FinalPassed && self.is_empty()
    }

    /// How a message ended, once it has. Its place is free after that.
    pub fn take_outcome(&mut self, id: MessageId) -> Option<Outcome> {
        let entry = self.entry_mut(id)?;
        let Phase::Done(outcome) = entry.phase else {
            return None;
        };
        entry.phase = Phase::Free;
        entry.generation = entry.generation.wrapping_add(1);
        Some(outcome)
    }

    /// Nobody wants to know how a message ends. It is sent all the same.
    pub fn forget(&mut self, id: MessageId) {
        if self.take_outcome(id).is_none()
            && let Some(entry) = self.entry_mut(id)
        {
            entry.watched = false;
        }
    }

    fn entry_mut(&mut self, id: MessageId) -> Option<&mut Entry<X>> {
        self.entries
            .get_mut(usize::from(id.place))
            .filter(|entry| entry.generation == id.generation && entry.phase != Phase::Free)
    }

    /// A message is over.
    fn end(&mut self, id: MessageId, outcome: Outcome) {
        let Some(entry) = self.entry_mut(id) else {
            return;
        };
        let (at, length) = (entry.at, entry.length);
        entry.taken = length;
        self.cut(id, at, length);
        let Some(entry) = self.entry_mut(id) else {
            return;
        };
        if entry.watched {
            entry.phase = Phase::Done(outcome);
        } else {
            entry.phase = Phase::Free;
            entry.generation = entry.generation.wrapping_add(1);
        }
    }
}

fn id(place: usize, generation: u16) -> MessageId {
    MessageId {
        // A queue has no more places than that: see SendQueue::new.
        place: u16::try_from(place).unwrap_or(u16::MAX),
        generation,
    }
}

#[cfg(test)]
mod tests;
