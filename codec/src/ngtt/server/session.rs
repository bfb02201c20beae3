use core::time::Duration;

use super::OrderQueue;
use crate::Instant;
use crate::ngtt::client::Answer;
use crate::ngtt::{Frame, FrameHead, FrameOut, FrameType, LinkFault};

/// How many small frames may wait to be written.
const REPLIES: usize = 32;
/// The first transaction id of the server's own PINGs: above those of devices.
const FIRST_PING: u16 = 0x8000;

/// Times of a [`ServerSession`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ServerConfig {
    /// The connection is dead when nothing was received for this long. 120 s:
    /// devices write a PING every 30 s.
    pub read_dead: Duration,
    /// The connection is dead when a frame cannot be written for this long. 90 s.
    pub write_dead: Duration,
    /// How often the server writes PINGs of its own. `None`, because the Python
    /// client does not answer them.
    pub ping_every: Option<Duration>,
}

impl ServerConfig {
    /// The values named at each field.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            read_dead: Duration::from_secs(120),
            write_dead: Duration::from_secs(90),
            ping_every: None,
        }
    }
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self::new()
    }
}

/// What a frame from the device means for the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerEvent<'a, P> {
    /// The device has answered an order, which has left the queue.
    Answered {
        /// The order's transaction id.
        tid: u16,
        /// The order's number in the queue, see [`OrderQueue::push`].
        number: u64,
        /// What the device says.
        answer: Answer,
        /// The order.
        order: P,
    },
    /// The device has answered an order that is not in the queue: it was
    /// answered before, and delivered once more before the answer was read.
    AnsweredAgain {
        /// The order's transaction id.
        tid: u16,
        /// What the device says.
        answer: Answer,
    },
    /// The device asks for its orders. They are delivered from now on.
    FetchOrders,
    /// Pathpoints, to be answered with [`ServerSession::confirm_data`] or
    /// [`ServerSession::reject_data`].
    DataStream {
        /// The transaction id for the answer.
        tid: u16,
        /// One minijson value.
        payload: &'a [u8],
    },
    /// Logs. Not answered.
    Logs {
        /// One minijson value.
        payload: &'a [u8],
    },
    /// A request about binary objects, to be answered by a frame
    /// SYNC_BAOB_RESPONSE that the driver writes.
    SyncBaobs {
        /// The transaction id for the answer.
        tid: u16,
        /// One minijson value.
        payload: &'a [u8],
    },
    /// The device has answered a PING of the server: those have transaction ids
    /// from 0x8000 on.
    Pong,
    /// A frame that makes no sense here was skipped.
    Stray(FrameHead),
}

/// There are too many replies that were not written yet: write some first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct RepliesFull;

impl core::fmt::Display for RepliesFull {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("too many replies wait to be written")
    }
}

impl core::error::Error for RepliesFull {}

/// The server's end of one connection of a device. See [the module](super) for
/// an example.
///
/// The device's [`OrderQueue`] is passed to each call, because it outlives the
/// connection.
#[derive(Debug)]
pub struct ServerSession {
    config: ServerConfig,
    replies: heapless::Deque<FrameHead, REPLIES>,
    writing: Option<Writing>,
    fetched: bool,
    last_read: Instant,
    last_ping: Instant,
    next_ping: u16,
}

#[derive(Clone, Copy, Debug)]
struct Writing {
    what: Outgoing,
    since: Instant,
}

#[derive(Clone, Copy, Debug)]
enum Outgoing {
    Reply(FrameHead),
    Ping(u16),
    Order { tid: u16 },
}

impl ServerSession {
    /// A new connection of the device that `queue` belongs to.
    pub fn new<P, const N: usize>(
        config: ServerConfig,
        queue: &mut OrderQueue<P, N>,
        now: Instant,
    ) -> Self {
        queue.connected();
        Self {
            config,
            replies: heapless::Deque::new(),
            writing: None,
            fetched: false,
            last_read: now,
            last_ping: now,
            next_ping: FIRST_PING,
        }
    }

    /// Whether there is room for the replies to another frame. A driver hands
    /// over a frame only then, else it writes first: so a device that does not
    /// read its replies is not listened to either.
    #[must_use]
    pub fn can_receive(&self) -> bool {
        !self.replies.is_full()
    }

    /// Bytes arrived, though maybe no whole frame.
    pub fn heard(&mut self, now: Instant) {
        self.last_read = self.last_read.max(now);
    }

    /// A frame arrived. Never fails: what makes no sense is a
    /// [`ServerEvent::Stray`].
    pub fn handle_frame<'a, P, const N: usize>(
        &mut self,
        frame: Frame<'a>,
        queue: &mut OrderQueue<P, N>,
        now: Instant,
    ) -> Option<ServerEvent<'a, P>> {
        self.heard(now);
        let Frame { tid, kind, payload } = frame;
        Some(match kind {
            // Also one that comes late: sent back it would go round, and taken
            // for a PING of the device it would prove what it does not.
            FrameType::Ping if tid >= FIRST_PING => ServerEvent::Pong,
            FrameType::Ping => {
                // A PING that comes before the last one was answered proves
                // nothing about what the device has read.
                if !self
                    .replies
                    .iter()
                    .any(|reply| reply.kind == FrameType::Ping)
                {
                    queue.pinged(now);
                }
                let _ = self.replies.push_back(frame.head());
                return None;
            }
            FrameType::OrderConfirm => Self::answered(queue, tid, Answer::Confirm),
            FrameType::OrderReject => Self::answered(queue, tid, Answer::Reject),
            FrameType::FetchOrders => {
                self.fetched = true;
                queue.fetch(now);
                ServerEvent::FetchOrders
            }
            FrameType::DataStream => ServerEvent::DataStream { tid, payload },
            FrameType::Logs => ServerEvent::Logs { payload },
            FrameType::SyncBaobRequest => ServerEvent::SyncBaobs { tid, payload },
            _ => ServerEvent::Stray(frame.head()),
        })
    }

    fn answered<'a, P, const N: usize>(
        queue: &mut OrderQueue<P, N>,
        tid: u16,
        answer: Answer,
    ) -> ServerEvent<'a, P> {
        match queue.answered(tid) {
            Some((number, order)) => ServerEvent::Answered {
                tid,
                number,
                answer,
                order,
            },
            None => ServerEvent::AnsweredAgain { tid, answer },
        }
    }

    /// Takes the pathpoints with this transaction id.
    ///
    /// # Errors
    /// [`RepliesFull`], see [`ServerSession::can_receive`].
    pub fn confirm_data(&mut self, tid: u16) -> Result<(), RepliesFull> {
        self.reply(FrameHead {
            tid,
            kind: FrameType::DataStreamConfirm,
        })
    }

    /// Refuses the pathpoints with this transaction id.
    ///
    /// # Errors
    /// [`RepliesFull`], see [`ServerSession::can_receive`].
    pub fn reject_data(&mut self, tid: u16) -> Result<(), RepliesFull> {
        self.reply(FrameHead {
            tid,
            kind: FrameType::DataStreamReject,
        })
    }

    fn reply(&mut self, head: FrameHead) -> Result<(), RepliesFull> {
        self.replies.push_back(head).map_err(|_| RepliesFull)
    }

    /// The frame to write now, the same one until it is
    /// [`transmitted`](Self::transmitted). Replies go first, then PINGs, then
    /// orders, once the device has asked for them.
    ///
    /// A driver that reads while it writes copies the frame first: an order
    /// leaves the queue when the answer to an earlier delivery of it arrives.
    pub fn poll_transmit<'q, P: AsRef<[u8]>, const N: usize>(
        &mut self,
        queue: &'q mut OrderQueue<P, N>,
        now: Instant,
    ) -> Option<FrameOut<'q>> {
        if let Some(Writing {
            what: Outgoing::Order { tid },
            ..
        }) = self.writing
            && queue.with_tid(tid).is_none()
        {
            // Answered while it was being delivered again.
            self.writing = None;
        }
        let what = match self.writing {
            Some(writing) => writing.what,
            None => self.choose(queue, now)?,
        };
        let since = self.writing.map_or(now, |writing| writing.since);
        self.writing = Some(Writing { what, since });
        Some(match what {
            Outgoing::Reply(head) => FrameOut::new(head.kind, head.tid, &[]),
            Outgoing::Ping(tid) => FrameOut::new(FrameType::Ping, tid, &[]),
            Outgoing::Order { tid } => {
                FrameOut::new(FrameType::Order, tid, queue.with_tid(tid)?.as_ref())
            }
        })
    }

    fn choose<P, const N: usize>(
        &self,
        queue: &mut OrderQueue<P, N>,
        now: Instant,
    ) -> Option<Outgoing> {
        if let Some(head) = self.replies.front() {
            return Some(Outgoing::Reply(*head));
        }
        if self.ping_at().is_some_and(|at| at <= now) {
            return Some(Outgoing::Ping(self.next_ping));
        }
        let tid = self.fetched.then(|| queue.next())??;
        Some(Outgoing::Order { tid })
    }

    fn ping_at(&self) -> Option<Instant> {
        self.config
            .ping_every
            .map(|every| self.last_ping.saturating_add(every))
    }

    /// A part of the frame was written.
    pub fn transmitting(&mut self, now: Instant) {
        if let Some(writing) = &mut self.writing {
            writing.since = writing.since.max(now);
        }
    }

    /// The frame of [`ServerSession::poll_transmit`] was written to its last
    /// byte.
    pub fn transmitted<P, const N: usize>(&mut self, queue: &mut OrderQueue<P, N>, now: Instant) {
        let Some(Writing { what, .. }) = self.writing.take() else {
            return;
        };
        match what {
            Outgoing::Reply(_) => {
                self.replies.pop_front();
            }
            Outgoing::Ping(tid) => {
                self.last_ping = now;
                self.next_ping = if tid == u16::MAX {
                    FIRST_PING
                } else {
                    tid.saturating_add(1)
                };
            }
            Outgoing::Order { tid } => queue.delivered(tid),
        }
    }

    /// When [`ServerSession::handle_timeout`] is to be called.
    #[must_use]
    pub fn next_timeout(&self) -> Instant {
        let mut at = self.last_read.saturating_add(self.config.read_dead);
        if let Some(Writing { since, .. }) = self.writing {
            at = at.min(since.saturating_add(self.config.write_dead));
        } else if let Some(ping) = self.ping_at() {
            at = at.min(ping);
        }
        at
    }

    /// Time has passed: call this at [`ServerSession::next_timeout`] or later,
    /// then [`ServerSession::poll_transmit`].
    ///
    /// # Errors
    /// [`LinkFault`] if the connection is dead and must be closed.
    pub fn handle_timeout(&mut self, now: Instant) -> Result<(), LinkFault> {
        if self.last_read.saturating_add(self.config.read_dead) <= now {
            return Err(LinkFault::NothingRead);
        }
        match self.writing {
            Some(Writing { since, .. }) if since.saturating_add(self.config.write_dead) <= now => {
                Err(LinkFault::WriteStalled)
            }
            _ => Ok(()),
        }
    }
}
