//! What the session makes of received frames.

use super::event::count;
use super::keepalive::Pinged;
use super::link::{Asked, Grace};
use super::orders::Delivery;
use super::{ClientSession, Event, History, Outcome, Sizes, SkipReason};
use crate::Instant;
use crate::ngtt::{Frame, FrameHead, FrameType};

impl<S: Sizes> ClientSession<S> {
    /// Bytes arrived, though maybe no whole frame: the server is alive.
    pub fn heard(&mut self, now: Instant) {
        if let Some(link) = self.link.as_mut() {
            link.keep.heard(now);
        }
    }

    /// A frame arrived. Never fails: what makes no sense is skipped and told of
    /// by an [`Event`].
    pub fn handle_frame(&mut self, frame: Frame<'_>, now: Instant) {
        let Some(link) = self.link.as_mut() else {
            return;
        };
        link.keep.heard(now);
        let stray = match frame.kind {
            FrameType::Ping => return self.handle_ping(frame.tid, now),
            FrameType::Order => return self.handle_order(frame.tid, frame.payload),
            FrameType::DataStreamConfirm => {
                !self.outbox.data_answered(frame.tid, Outcome::Confirmed)
            }
            FrameType::DataStreamReject => {
                let open = self.outbox.data_answered(frame.tid, Outcome::Rejected);
                if open {
                    count(&mut self.notices.counters.rejected);
                }
                !open
            }
            FrameType::SyncBaobResponse => {
                !self.outbox.baobs_answered(frame.tid, Ok(frame.payload))
            }
            _ => true,
        };
        if stray {
            self.notices.stray(frame.head());
        }
    }

    /// A frame arrived whose payload of `length` bytes was too large for the
    /// receive buffer and was skipped.
    pub fn handle_oversized(&mut self, head: FrameHead, length: usize, now: Instant) {
        let Some(link) = self.link.as_mut() else {
            return;
        };
        link.keep.heard(now);
        self.notices.note(Event::Oversized { head, length });
        match head.kind {
            FrameType::Order => self.notices.note(Event::OrderSkipped {
                tid: head.tid,
                reason: SkipReason::TooLarge { length },
            }),
            FrameType::SyncBaobResponse => {
                if !self.outbox.baobs_answered(head.tid, Err(length)) {
                    self.notices.stray(head);
                }
            }
            // The others mean the same with any payload.
            _ => self.handle_frame(Frame::new(head, &[]), now),
        }
    }

    fn handle_ping(&mut self, tid: u16, now: Instant) {
        let Some(link) = self.link.as_mut() else {
            return;
        };
        match link.keep.pinged(tid, now, self.config.get()) {
            Pinged::Pong(sequence) => {
                let notices = &mut self.notices;
                self.orders
                    .marks
                    .settle(sequence, |tid| notices.note(Event::OrderSettled { tid }));
                self.outbox.settle(sequence);
                link.redelivery.pong(sequence);
                if matches!(link.asked, Asked::Written(from) if from < sequence) {
                    link.asked = Asked::Read;
                }
                link.past.pong(sequence);
                if link.past == Grace::Over {
                    self.past_known = true;
                }
                self.forget_unseen();
            }
            Pinged::Late => self.notices.note(Event::LatePong { tid }),
            Pinged::Echo => {}
            Pinged::Suppressed => self.notices.note(Event::EchoSuppressed { tid }),
        }
    }

    fn handle_order(&mut self, tid: u16, payload: &[u8]) {
        let Some(link) = self.link.as_mut() else {
            return;
        };
        let fresh = if self.past_known {
            History::New
        } else {
            History::Unknown
        };
        let notices = &mut self.notices;
        let delivery = self
            .orders
            .deliver(tid, payload, self.connection, fresh, || {
                notices.note(Event::OrderReplaced { tid });
            });
        match delivery {
            Delivery::Taken => count(&mut notices.counters.orders_taken),
            Delivery::Repeated => notices.note(Event::OrderRepeated { tid }),
            Delivery::InProgress => notices.note(Event::OrderInProgress { tid }),
            Delivery::Skipped(reason) => {
                let (slot, mark) = (reason == SkipReason::NoSlot, reason == SkipReason::NoMark);
                link.skipped_slot |= slot;
                link.skipped_mark |= mark;
                if slot || mark {
                    // It comes again after the next FETCH_ORDERS, and may still
                    // be one from before the start.
                    link.past = Grace::NotAsked;
                }
                notices.note(Event::OrderSkipped { tid, reason });
            }
        }
    }

    /// Once the server has delivered again what it wanted to: forgets the rest.
    pub(super) fn forget_unseen(&mut self) {
        if self
            .link
            .as_ref()
            .is_some_and(|link| link.redelivery == Grace::Over)
        {
            let notices = &mut self.notices;
            let note = |tid| notices.note(Event::OrderForgotten { tid });
            self.orders.marks.forget_unseen(self.connection, note);
        }
    }
}
