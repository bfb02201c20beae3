//! What the session writes, and when.

use super::event::count;
use super::link::{Asked, Grace, Outgoing, Writing};
use super::{Answer, ClientSession, Sizes};
use crate::Instant;
use crate::ngtt::{FrameOut, FrameType, LinkFault};

/// The largest transaction id that a client uses.
const LAST_TID: u16 = 0x7fff;

impl<S: Sizes> ClientSession<S> {
    /// The frame to write now, the same one until it is
    /// [`transmitted`](Self::transmitted). The order: echoes, answers to orders,
    /// FETCH_ORDERS, PING, what the application sends.
    pub fn poll_transmit(&mut self, now: Instant) -> Option<FrameOut<'_>> {
        let what = match self.link.as_ref()?.writing {
            Some(writing) => writing.what,
            None => {
                let what = self.choose(now)?;
                let link = self.link.as_mut()?;
                link.writing = Some(Writing { what, since: now });
                what
            }
        };
        Some(match what {
            Outgoing::Echo(tid) | Outgoing::Ping(tid) => FrameOut::new(FrameType::Ping, tid, &[]),
            Outgoing::Reply {
                tid,
                answer: Answer::Confirm,
                ..
            } => FrameOut::new(FrameType::OrderConfirm, tid, &[]),
            Outgoing::Reply {
                tid,
                answer: Answer::Reject,
                ..
            } => FrameOut::new(FrameType::OrderReject, tid, &[]),
            Outgoing::Fetch => FrameOut::new(FrameType::FetchOrders, 0, &[]),
            Outgoing::Send(index) => {
                let (kind, tid, body) = self.outbox.frame(index)?;
                FrameOut::new(kind, tid, body)
            }
        })
    }

    fn choose(&mut self, now: Instant) -> Option<Outgoing> {
        let (free_slot, free_mark) = (self.orders.has_room(), self.orders.marks.has_room());
        let link = self.link.as_mut()?;
        if let Some(tid) = link.keep.next_echo() {
            return Some(Outgoing::Echo(tid));
        }
        if let Some((tid, digest, answer)) = self.orders.marks.next_reply() {
            return Some(Outgoing::Reply {
                tid,
                digest,
                answer,
            });
        }
        // A PING tells the server that the last PONG has done its work, and so
        // that transaction ids are free: only once that is durable.
        let ping = !self.orders.marks.releasing() && link.keep.ping_due(now, self.config.get());
        let room = (link.skipped_slot && free_slot && (link.progress || ping))
            || (link.skipped_mark && free_slot && free_mark)
            // Marks of earlier connections are dropped only when the server was
            // asked, and has had its time.
            || (link.skipped_mark && link.redelivery == Grace::NotAsked);
        if link.fetch || room || self.outbox.wants_fetch() {
            return Some(Outgoing::Fetch);
        }
        if ping {
            return self.allocate_tid().map(Outgoing::Ping);
        }
        self.outbox
            .next(self.config.get().data_window.max(1))
            .map(Outgoing::Send)
    }

    /// A part of the frame was written: the server takes bytes. Not needed for
    /// frames that are written at once.
    pub fn transmitting(&mut self, now: Instant) {
        let Some(link) = self.link.as_mut() else {
            return;
        };
        if let Some(writing) = &mut link.writing {
            writing.since = writing.since.max(now);
            link.keep.progressed(now);
        }
    }

    /// The frame of [`ClientSession::poll_transmit`] was written to its last
    /// byte.
    pub fn transmitted(&mut self, now: Instant) {
        let Some(link) = self.link.as_mut() else {
            return;
        };
        let Some(Writing { what, .. }) = link.writing.take() else {
            return;
        };
        let sequence = self.writes;
        self.writes = self.writes.saturating_add(1);
        link.keep.wrote(now);
        let settle_at = now.saturating_add(self.config.get().settle_after);
        match what {
            Outgoing::Echo(_) => {
                link.keep.echo_written();
                count(&mut self.notices.counters.echoes);
            }
            Outgoing::Reply { tid, digest, .. } => {
                self.orders.marks.reply_written(tid, digest, sequence);
                link.keep.settle(if self.orders.marks.crowded() {
                    now
                } else {
                    settle_at
                });
            }
            Outgoing::Fetch => {
                let grace = Grace::Until(now.saturating_add(self.config.get().redelivery_grace));
                if link.redelivery == Grace::NotAsked {
                    link.redelivery = grace;
                }
                if !self.past_known && link.past == Grace::NotAsked {
                    link.past = grace;
                }
                if link.asked == Asked::No {
                    link.asked = Asked::Written(sequence);
                    if self.orders.marks.len() > 0 {
                        link.keep.settle(settle_at);
                    }
                }
                link.fetch = false;
                link.skipped_slot = false;
                link.skipped_mark = false;
                link.progress = false;
                self.outbox.fetch_written();
            }
            Outgoing::Ping(tid) => link.keep.wrote_ping(tid, sequence, now),
            Outgoing::Send(index) => {
                if self.outbox.written(index, sequence) {
                    link.keep.settle(settle_at);
                }
            }
        }
    }

    /// Time has passed: call this at [`ClientSession::next_timeout`] or later,
    /// then [`ClientSession::poll_transmit`].
    ///
    /// # Errors
    /// [`LinkFault`] if the connection is dead and must be closed; again at
    /// every call until [`ClientSession::disconnected`].
    pub fn handle_timeout(&mut self, now: Instant) -> Result<(), LinkFault> {
        let Some(link) = self.link.as_mut() else {
            return Ok(());
        };
        if link.redelivery.pass(now, self.writes) | link.past.pass(now, self.writes) {
            link.keep.settle(now);
        }
        if !self.orders.marks.releasing() {
            link.keep.ping_due(now, self.config.get());
        }
        let writing_since = link.writing.map(|writing| writing.since);
        let fault = link.keep.fault(now, writing_since, self.config.get());
        fault.map_or(Ok(()), Err)
    }

    /// When [`ClientSession::handle_timeout`] is to be called; `None` without a
    /// connection. Right after that call it is later than the time given there,
    /// unless the connection is dead.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Instant> {
        let link = self.link.as_ref()?;
        let writing_since = link.writing.map(|writing| writing.since);
        let may_ping = !self.orders.marks.releasing();
        let mut at = link
            .keep
            .next_timeout(writing_since, may_ping, self.config.get());
        for grace in [link.redelivery, link.past] {
            at = grace.until().map_or(at, |until| at.min(until));
        }
        Some(at)
    }

    /// A transaction id that is not in use, from 1 below 0x8000.
    pub(super) fn allocate_tid(&mut self) -> Option<u16> {
        for _ in 0..LAST_TID {
            let tid = if self.last_tid >= LAST_TID {
                1
            } else {
                self.last_tid.saturating_add(1)
            };
            self.last_tid = tid;
            let pinged = self.link.as_ref().is_some_and(|link| {
                let writing = matches!(
                    link.writing,
                    Some(Writing { what: Outgoing::Ping(ours), .. }) if ours == tid
                );
                writing || link.keep.uses_tid(tid)
            });
            if !pinged && !self.outbox.uses_tid(tid) {
                return Some(tid);
            }
        }
        None
    }
}
