//! What a session tells besides orders and answers.

use crate::ngtt::{FrameHead, FrameType};

/// Something worth knowing that asks for no reaction.
///
/// Notices are kept in a short queue; when nobody takes them the oldest are
/// dropped and counted in [`Counters::notices_lost`]. Orders and answers to
/// tickets are not notices: they are kept until they are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Event {
    /// An order came again that was executed already: it is answered again and
    /// not handed over.
    OrderRepeated {
        /// The order's transaction id.
        tid: u16,
    },
    /// An order came again while the application has it: ignored.
    OrderInProgress {
        /// The order's transaction id.
        tid: u16,
    },
    /// An order was not taken. It stays with the server.
    OrderSkipped {
        /// The order's transaction id.
        tid: u16,
        /// Why.
        reason: SkipReason,
    },
    /// The server gave the transaction id of an order that the application
    /// still has to another order. The answer to the first is not sent.
    OrderReplaced {
        /// The transaction id of both.
        tid: u16,
    },
    /// An order was given back unanswered. It comes again when the server
    /// delivers again.
    OrderUnanswered {
        /// The order's transaction id.
        tid: u16,
    },
    /// The server has read the answer to an order: it is not remembered any more.
    OrderSettled {
        /// The order's transaction id.
        tid: u16,
    },
    /// The server did not deliver a remembered order again in time: it is not
    /// remembered any more.
    OrderForgotten {
        /// The order's transaction id.
        tid: u16,
    },
    /// A frame of a type that nobody knows was skipped.
    UnknownType {
        /// The type's number.
        number: u16,
        /// The frame's transaction id.
        tid: u16,
    },
    /// A frame that makes no sense was skipped: meant for the other end, or a
    /// reply to nothing.
    Unexpected(FrameHead),
    /// The payload of a frame was too large to be received and was skipped.
    Oversized {
        /// Transaction id and type of the frame.
        head: FrameHead,
        /// How many bytes the payload had.
        length: usize,
    },
    /// The answer to an earlier PING came once more. No fault.
    LatePong {
        /// Its transaction id.
        tid: u16,
    },
    /// A PING of the server was not sent back, because there were too many.
    EchoSuppressed {
        /// Its transaction id.
        tid: u16,
    },
}

/// Why an order was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SkipReason {
    /// All order slots are in use. It is fetched when one is free.
    NoSlot,
    /// All marks are in use. It is fetched when one is free.
    NoMark,
    /// It is larger than a slot. It is not fetched again by itself.
    TooLarge {
        /// How many bytes it has.
        length: usize,
    },
}

/// What a session counts, from its creation. All values stop at their maximum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Counters {
    /// Orders taken into a slot.
    pub orders_taken: u32,
    /// Orders that the application has answered.
    pub orders_answered: u32,
    /// Orders that came again: executed already, or still with the application.
    pub orders_repeated: u32,
    /// Orders skipped because no slot was free.
    pub skipped_no_slot: u32,
    /// Orders skipped because no mark was free.
    pub skipped_no_mark: u32,
    /// Orders skipped because they were larger than a slot.
    pub skipped_too_large: u32,
    /// Orders forgotten because the server did not deliver them again in time.
    pub forgotten: u32,
    /// Frames of unknown types.
    pub unknown: u32,
    /// Frames that made no sense.
    pub unexpected: u32,
    /// Frames whose payload was too large to be received.
    pub oversized: u32,
    /// Answers to earlier PINGs that came once more.
    pub late_pongs: u32,
    /// PINGs of the server that were sent back.
    pub echoes: u32,
    /// PINGs of the server that were not sent back, because there were too many.
    pub echoes_suppressed: u32,
    /// Requests that the server has: pathpoints that it has confirmed, logs that
    /// it is known to have read, questions about binary objects that it has
    /// answered.
    pub delivered: u32,
    /// Requests dropped because a queue was full.
    pub dropped: u32,
    /// Batches of pathpoints that the server refused.
    pub rejected: u32,
    /// Notices that nobody took in time.
    pub notices_lost: u32,
}

/// Adds one and stops at the maximum.
pub(super) fn count(counter: &mut u32) {
    *counter = counter.saturating_add(1);
}

/// How many notices wait at most.
pub(super) const NOTICES: usize = 16;

/// The queue of notices, with what is counted.
pub(super) struct Notices {
    queue: heapless::Deque<Event, NOTICES>,
    pub(super) counters: Counters,
}

impl Notices {
    pub(super) const fn new() -> Self {
        Self {
            queue: heapless::Deque::new(),
            counters: Counters {
                orders_taken: 0,
                orders_answered: 0,
                orders_repeated: 0,
                skipped_no_slot: 0,
                skipped_no_mark: 0,
                skipped_too_large: 0,
                forgotten: 0,
                unknown: 0,
                unexpected: 0,
                oversized: 0,
                late_pongs: 0,
                echoes: 0,
                echoes_suppressed: 0,
                delivered: 0,
                dropped: 0,
                rejected: 0,
                notices_lost: 0,
            },
        }
    }

    pub(super) fn pop(&mut self) -> Option<Event> {
        self.queue.pop_front()
    }

    /// Keeps and counts a notice.
    pub(super) fn note(&mut self, event: Event) {
        let c = &mut self.counters;
        match event {
            Event::OrderRepeated { .. } | Event::OrderInProgress { .. } => {
                count(&mut c.orders_repeated);
            }
            Event::OrderSkipped { reason, .. } => count(match reason {
                SkipReason::NoSlot => &mut c.skipped_no_slot,
                SkipReason::NoMark => &mut c.skipped_no_mark,
                SkipReason::TooLarge { .. } => &mut c.skipped_too_large,
            }),
            Event::OrderForgotten { .. } => count(&mut c.forgotten),
            Event::UnknownType { .. } => count(&mut c.unknown),
            Event::Unexpected(_) => count(&mut c.unexpected),
            Event::Oversized { .. } => count(&mut c.oversized),
            Event::LatePong { .. } => count(&mut c.late_pongs),
            Event::EchoSuppressed { .. } => count(&mut c.echoes_suppressed),
            Event::OrderReplaced { .. }
            | Event::OrderUnanswered { .. }
            | Event::OrderSettled { .. } => {}
        }
        if let Err(event) = self.queue.push_back(event) {
            self.queue.pop_front();
            count(&mut self.counters.notices_lost);
            // There is room now.
            let _ = self.queue.push_back(event);
        }
    }

    /// A frame that makes no sense here.
    pub(super) fn stray(&mut self, head: FrameHead) {
        self.note(match head.kind {
            FrameType::Unknown(number) => Event::UnknownType {
                number,
                tid: head.tid,
            },
            _ => Event::Unexpected(head),
        });
    }
}
