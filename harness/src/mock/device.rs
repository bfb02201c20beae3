//! One device as the server knows it: its queue and its connection.

use super::book::DeviceBook;
use crate::faults::Cut;
use crate::record::SendRefusal;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use wigwag_codec::Instant;
use wigwag_codec::ngtt::ServerSession;
use wigwag_codec::ngtt::client::Answer;
use wigwag_codec::ngtt::server::{OrderQueue, ServerConfig};
use wigwag_codec::ngtt::{Digest, FrameHead, FrameType};

use super::book::OrderEntry;
use super::{DataAnswer, MockOptions};

/// Orders that stand in the session's queue; the others wait behind it. More
/// than any sensible window.
const QUEUE: usize = 64;

/// Frames made by the driver itself that may wait to be written.
const EXTRA: usize = 16;

/// With so many, none are taken from elsewhere.
const INJECTED: usize = 2 * EXTRA;

/// An order in the queue.
#[derive(Debug, Clone)]
pub(super) struct Queued {
    number: u64,
    payload: Arc<[u8]>,
}

impl AsRef<[u8]> for Queued {
    fn as_ref(&self) -> &[u8] {
        &self.payload
    }
}

pub(super) type Queue = OrderQueue<Queued, QUEUE>;

/// A device's queue, which outlives connections, and its connection.
pub(super) struct Device {
    queue: Box<Queue>,
    backlog: VecDeque<Queued>,
    pub(super) live: Option<Live>,
    pub(super) book: DeviceBook,
}

/// A connection of a device.
pub(super) struct Live {
    /// Which one of the server's.
    pub(super) id: u64,
    pub(super) session: ServerSession,
    /// Frames to be written besides the session's.
    extra: VecDeque<Vec<u8>>,
    /// Answers to data whose time has not come.
    delayed: Vec<(Instant, u16, DataAnswer)>,
    pub(super) signals: Arc<Signals>,
    /// How to end, if it is to end.
    pub(super) end: Option<Ending>,
}

/// Why the server ends a connection, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ending {
    pub(super) how: Cut,
    pub(super) reason: &'static str,
}

/// Who waits for what in a connection.
#[derive(Default)]
pub(super) struct Signals {
    /// There may be something to write.
    pub(super) output: Notify,
    /// There may be room for another frame's replies.
    pub(super) room: Notify,
    /// There may be an earlier deadline.
    pub(super) deadline: Notify,
    /// There is an ending.
    pub(super) end: Notify,
}

/// A frame to write, copied out of the queue.
pub(super) struct Output {
    pub(super) bytes: Vec<u8>,
    /// What it was, where the session has to be told that it was written.
    head: Option<FrameHead>,
    /// The order's number, if it is one.
    number: Option<u64>,
}

/// What was written, for the book and the events.
pub(super) enum Written {
    Order {
        number: u64,
        tid: u16,
        times: u32,
        payload: Arc<[u8]>,
    },
    Other,
}

impl Device {
    pub(super) fn new(options: &MockOptions) -> Self {
        let queue = Queue::new()
            .with_window(options.window)
            .with_hold(options.hold);
        Self {
            queue: Box::new(queue),
            backlog: VecDeque::new(),
            live: None,
            book: DeviceBook::default(),
        }
    }

    /// Puts an order at the end of the queue and returns its number.
    pub(super) fn enqueue(&mut self, payload: Arc<[u8]>, at: Duration) -> u64 {
        let number = self.book.orders.len() as u64;
        self.book.orders.push(OrderEntry {
            digest: Digest::of(&payload),
            payload: payload.clone(),
            tid: None,
            enqueued: at,
            delivered: None,
            deliveries: 0,
            answer: None,
            answered: None,
        });
        self.backlog.push_back(Queued { number, payload });
        self.refill();
        if let Some(live) = &self.live {
            live.signals.output.notify_one();
        }
        number
    }

    fn refill(&mut self) {
        while let Some(next) = self.backlog.pop_front() {
            if let Err(next) = self.queue.push(next) {
                self.backlog.push_front(next);
                return;
            }
        }
    }

    /// A new connection. An earlier one is told to end: its device has
    /// forgotten it.
    pub(super) fn connect(&mut self, id: u64, config: ServerConfig, now: Instant) -> Arc<Signals> {
        self.end(Ending {
            how: Cut::Reset,
            reason: "the device has connected anew",
        });
        self.book.connections += 1;
        let signals = Arc::new(Signals::default());
        self.live = Some(Live {
            id,
            session: ServerSession::new(config, &mut *self.queue, now),
            extra: VecDeque::new(),
            delayed: Vec::new(),
            signals: signals.clone(),
            end: None,
        });
        signals
    }

    /// Ends the connection, if there is one.
    pub(super) fn end(&mut self, ending: Ending) -> bool {
        let Some(live) = &mut self.live else {
            return false;
        };
        live.end = Some(ending);
        live.signals.end.notify_one();
        true
    }

    /// The connection `id`, if it is still the device's, with what it needs.
    pub(super) fn parts(&mut self, id: u64) -> Option<(&mut Live, &mut Queue, &mut DeviceBook)> {
        let live = self.live.as_mut().filter(|live| live.id == id)?;
        Some((live, &mut self.queue, &mut self.book))
    }

    /// The next frame to write on connection `id`.
    pub(super) fn output(&mut self, id: u64, now: Instant) -> Option<Output> {
        let (live, queue, _) = self.parts(id)?;
        if let Some(bytes) = live.extra.front() {
            return Some(Output {
                bytes: bytes.clone(),
                head: None,
                number: None,
            });
        }
        let frame = live.session.poll_transmit(queue, now)?;
        let (head, mut bytes) = (frame.head, frame.header.to_vec());
        bytes.extend_from_slice(frame.body);
        let number = (head.kind == FrameType::Order)
            .then(|| queue.with_tid(head.tid).map(|order| order.number))
            .flatten();
        Some(Output {
            bytes,
            head: Some(head),
            number,
        })
    }

    /// `output` was written on connection `id`.
    pub(super) fn written(
        &mut self,
        id: u64,
        output: &Output,
        now: Instant,
        at: Duration,
    ) -> Option<Written> {
        let (live, queue, book) = self.parts(id)?;
        live.signals.room.notify_one();
        let Some(head) = output.head else {
            live.extra.pop_front();
            return Some(Written::Other);
        };
        live.session.transmitted(queue, now);
        if matches!(
            head.kind,
            FrameType::DataStreamConfirm | FrameType::DataStreamReject
        ) {
            let mut batches = book.batches.iter_mut().rev();
            let open = batches.find(|batch| batch.tid == head.tid && batch.answered.is_none());
            if let Some(batch) = open {
                batch.answered = Some(at);
            }
        }
        let Some(number) = output.number else {
            return Some(Written::Other);
        };
        let order = &mut book.orders[number as usize];
        order.tid = Some(head.tid);
        order.deliveries += 1;
        order.delivered.get_or_insert(at);
        Some(Written::Order {
            number,
            tid: head.tid,
            times: order.deliveries,
            payload: order.payload.clone(),
        })
    }

    /// The device has answered an order, which has left the queue.
    pub(super) fn answered(&mut self, order: &Queued, answer: Answer, at: Duration) -> u64 {
        let entry = &mut self.book.orders[order.number as usize];
        entry.answer = Some(answer);
        entry.answered = Some(at);
        self.refill();
        order.number
    }
}

impl Live {
    /// Whether another frame may be handled: there is room for its replies.
    pub(super) fn has_room(&self) -> bool {
        self.session.can_receive() && self.extra.len() < EXTRA && self.delayed.len() < EXTRA * 64
    }

    /// Writes a frame besides the session's.
    pub(super) fn send(&mut self, head: FrameHead, payload: &[u8]) {
        // Payloads made here are far from 4 GiB.
        let mut bytes = head.header(payload.len() as u32).to_vec();
        bytes.extend_from_slice(payload);
        self.extra.push_back(bytes);
        self.signals.output.notify_one();
    }

    /// Writes a frame that is nobody's answer.
    pub(super) fn inject(&mut self, frame: &[u8]) -> Result<(), SendRefusal> {
        if self.extra.len() >= INJECTED {
            return Err(SendRefusal::Full);
        }
        self.extra.push_back(frame.to_vec());
        self.signals.output.notify_one();
        Ok(())
    }

    /// Answers data now or at `due`.
    pub(super) fn answer_data(&mut self, tid: u16, answer: DataAnswer, due: Instant, now: Instant) {
        if due <= now && self.try_answer(tid, answer) {
            return;
        }
        self.delayed.push((due, tid, answer));
        self.signals.deadline.notify_one();
    }

    fn try_answer(&mut self, tid: u16, answer: DataAnswer) -> bool {
        let done = match answer {
            DataAnswer::Confirm => self.session.confirm_data(tid).is_ok(),
            DataAnswer::Reject => self.session.reject_data(tid).is_ok(),
            DataAnswer::Silence => true,
        };
        self.signals.output.notify_one();
        done
    }

    /// Gives the answers that are due, as far as there is room.
    pub(super) fn give_delayed(&mut self, now: Instant) {
        let mut waiting = core::mem::take(&mut self.delayed);
        waiting.retain(|&(due, tid, answer)| due > now || !self.try_answer(tid, answer));
        self.delayed = waiting;
        self.signals.room.notify_one();
    }

    /// When something is due: an answer or the session's own timeout.
    pub(super) fn deadline(&self) -> Instant {
        let delayed = self.delayed.iter().map(|(due, ..)| *due);
        delayed.fold(self.session.next_timeout(), Instant::min)
    }
}
