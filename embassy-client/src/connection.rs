//! Messages over a secure connection: a framer of the codec on top of a
//! [`tls::Connection`](crate::tls::Connection).
//!
//! Whole messages, and one that is larger than any buffer:
//!
//! ```
//! use embassy_sync::blocking_mutex::raw::NoopRawMutex;
//! use wigwag_codec::prefix::PrefixFramer;
//! use wigwag_embassy::connection::{Framed, Incoming, ReceiveError};
//! use wigwag_embassy::tls::Connection;
//!
//! /// Answers every message with its length, and writes large ones to flash.
//! async fn converse(
//!     connection: Connection<'_, NoopRawMutex, 1024, 1024>,
//!     mut flash: impl FnMut(&[u8]),
//! ) -> Result<(), ReceiveError> {
//!     let mut framed = Framed::open(connection, PrefixFramer::for_buffer(1024)).await?;
//!     loop {
//!         let whole = framed.receive_with(|incoming| match incoming {
//!             Incoming::Message { body, .. } => Some(body.len()),
//!             Incoming::Oversized { .. } | Incoming::Endless { .. } => None,
//!         });
//!         if let Some(length) = whole.await? {
//!             // What cannot be sent ends the connection, which the next receive tells.
//!             let _ = framed.send(&(), &length.to_be_bytes()).await;
//!             continue;
//!         }
//!         let mut block = [0; 256];
//!         loop {
//!             let part = framed.receive_partial(&mut block, 256).await?;
//!             flash(&block[..part.length]);
//!             if part.end_of_message {
//!                 break;
//!             }
//!         }
//!     }
//! }
//! ```

mod opening;
mod partial;

use core::future::poll_fn;
use core::task::{Context, Poll};

use embassy_sync::blocking_mutex::raw::RawMutex;
use embassy_time::Timer;
use wigwag_codec::Instant;
use wigwag_codec::framer::{Found, FrameError, Framer, Receiver, Turn};

use crate::tls::{Connection, End, SendError};

pub use partial::Partial;

/// Most bytes of head and tail that a framer may put around a message here.
const AROUND: usize = 64;

/// What [`Framed::receive_with`] shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Incoming<'f, M> {
    /// A whole message.
    Message {
        /// What the framer knows about it.
        meta: M,
        /// Its body, borrowed from the receive queue.
        body: &'f [u8],
    },
    /// A message larger than the framer allows. Take it by
    /// [`Framed::receive_partial`]; if the next message is received whole
    /// instead, this one is skipped, and the stream stays in step.
    Oversized {
        /// What the framer knows about it.
        meta: M,
        /// Bytes of its body.
        length: usize,
    },
    /// A message without an end of its own, which only a framer gives that steps
    /// aside: everything to the end of the connection, for
    /// [`Framed::receive_partial`].
    Endless {
        /// What the framer knows about it.
        meta: M,
    },
}

/// Why no message can be received any more, or none ever could.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ReceiveError {
    /// The connection is over, and every whole message has been received.
    Ended(End),
    /// The bytes cannot be cut into messages, or the framer has given up:
    /// refused, silent or closed, as its error says. Before the connection was
    /// open for messages, another server may be tried.
    Framing(FrameError),
}

impl core::fmt::Display for ReceiveError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Ended(end) => end.fmt(f),
            Self::Framing(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for ReceiveError {}

/// A secure connection that carries messages. Receiving and sending can be
/// dropped at any time: a message is taken or queued as a whole in the poll
/// that returns, or not at all.
///
/// A framer with a handshake or timers is brought to Ready by
/// [`open`](Self::open). Its clock runs while somebody receives.
pub struct Framed<'a, F: Framer, M: RawMutex, const IN: usize, const OUT: usize> {
    connection: Connection<'a, M, IN, OUT>,
    framer: F,
    receiver: Receiver<F::Meta>,
    /// How many received bytes were seen the last time, and whether more have
    /// come since somebody asked.
    seen: usize,
    heard: bool,
    /// Bytes were received or a message sent, or the connection has begun: the
    /// framer's clock is to be looked at.
    stirred: bool,
    /// When to look at it again.
    alarm: Option<(Instant, Timer)>,
}

impl<'a, F: Framer, M: RawMutex, const IN: usize, const OUT: usize> Framed<'a, F, M, IN, OUT> {
    /// Messages as `framer` cuts them, on `connection`, at once: for a framer
    /// that only cuts and puts together, which is what [`Framer::OUT`] of 0 says.
    /// `IN` must hold the largest message with what the framer puts around it.
    pub fn new(connection: Connection<'a, M, IN, OUT>, framer: F) -> Self {
        const {
            assert!(
                F::OUT == 0,
                "the framer has something to say by itself: open it by Framed::open"
            );
        };
        Self::on(connection, framer)
    }

    /// The same for every framer; one with a handshake has not begun it.
    fn on(connection: Connection<'a, M, IN, OUT>, framer: F) -> Self {
        const {
            assert!(
                F::HEAD + F::TAIL <= AROUND,
                "the framer puts more than 64 bytes around a message"
            );
            assert!(IN > F::HEAD, "the receive queue cannot hold a head");
        };
        Self {
            connection,
            framer,
            receiver: Receiver::new(),
            seen: 0,
            heard: false,
            stirred: true,
            alarm: None,
        }
    }

    /// The connection below.
    pub fn connection(&self) -> Connection<'a, M, IN, OUT> {
        self.connection
    }

    /// Waits for the next message and shows it to `f`, which runs while the
    /// link is locked.
    ///
    /// # Errors
    /// [`ReceiveError`].
    pub async fn receive_with<T>(
        &mut self,
        mut f: impl FnMut(Incoming<'_, F::Meta>) -> T,
    ) -> Result<T, ReceiveError> {
        poll_fn(|cx| self.poll_receive_with(cx, &mut f)).await
    }

    /// [`receive_with`](Self::receive_with) for drivers that poll.
    ///
    /// # Errors
    /// [`ReceiveError`].
    pub fn poll_receive_with<T>(
        &mut self,
        cx: &mut Context<'_>,
        f: &mut impl FnMut(Incoming<'_, F::Meta>) -> T,
    ) -> Poll<Result<T, ReceiveError>> {
        self.poll_with_clock(cx, |framed| framed.try_receive_with(f))
    }

    /// [`receive_with`](Self::receive_with) without waiting: `Ok(None)` when
    /// no whole message is here. The framer's clock is not looked at.
    ///
    /// # Errors
    /// [`ReceiveError`].
    pub fn try_receive_with<T>(
        &mut self,
        f: &mut impl FnMut(Incoming<'_, F::Meta>) -> T,
    ) -> Result<Option<T>, ReceiveError> {
        loop {
            let connection = self.connection;
            let step = connection.try_receive_with(|prefix| {
                self.look(prefix.len());
                let step = step(&mut self.framer, &mut self.receiver, prefix, IN, f);
                let consumed = step.as_ref().map_or(0, |(consumed, _)| *consumed);
                self.took(prefix.len(), consumed);
                step
            });
            match step {
                Ok(Some(Ok(None))) => {}
                Ok(Some(Ok(value))) => return Ok(value),
                Ok(Some(Err(error))) => return Err(ReceiveError::Framing(error)),
                Ok(None) => return Ok(None),
                Err(end) => return Err(ReceiveError::Ended(end)),
            }
        }
    }

    /// Notes how many bytes are waiting.
    fn look(&mut self, arrived: usize) {
        if arrived > self.seen {
            self.heard = true;
            self.stirred = true;
            self.framer.heard();
        }
    }

    /// Notes how many bytes of those that were waiting were taken.
    fn took(&mut self, arrived: usize, consumed: usize) {
        self.seen = arrived.saturating_sub(consumed);
        if consumed > 0 {
            // They may have left the peer no room to say more.
            self.framer.heard();
        }
    }

    /// Whether bytes have arrived since the last call, be they less than a
    /// message: the peer is alive.
    pub fn take_heard(&mut self) -> bool {
        core::mem::take(&mut self.heard)
    }

    /// Queues one message as soon as there is room for all of it.
    ///
    /// # Errors
    /// [`SendError`]; a message the framer cannot carry is
    /// [`SendError::TooLong`].
    pub async fn send(&mut self, meta: &F::Meta, body: &[u8]) -> Result<(), SendError> {
        let mut head = [0; AROUND];
        let mut tail = [0; AROUND];
        let (head_length, tail_length) = self
            .framer
            .encode(
                meta,
                body.len(),
                head.get_mut(..F::HEAD).unwrap_or_default(),
                tail.get_mut(..F::TAIL).unwrap_or_default(),
            )
            .map_err(|_| SendError::TooLong)?;
        self.stirred = true;
        let head = head.get(..head_length).unwrap_or_default();
        let tail = tail.get(..tail_length).unwrap_or_default();
        self.connection.send(&[head, body, tail]).await
    }
}

/// One step over the received bytes: how many were consumed, and what they
/// were. `None` when more bytes are needed.
#[allow(clippy::type_complexity)]
fn step<F: Framer, T>(
    framer: &mut F,
    receiver: &mut Receiver<F::Meta>,
    prefix: &[u8],
    capacity: usize,
    f: &mut impl FnMut(Incoming<'_, F::Meta>) -> T,
) -> Option<(usize, Result<Option<T>, FrameError>)> {
    match receiver.next(framer, prefix, capacity) {
        Ok(Turn::Need(_)) => None,
        Ok(Turn::Drop(count)) => Some((count, Ok(None))),
        Ok(Turn::Take { found, consumed }) => {
            let value = f(match found {
                Found::Message { meta, body } => {
                    let body = prefix.get(body).unwrap_or_default();
                    Incoming::Message { meta, body }
                }
                Found::Oversized { meta, body_len } => {
                    let length = body_len;
                    Incoming::Oversized { meta, length }
                }
                Found::Endless { meta } => Incoming::Endless { meta },
            });
            Some((consumed, Ok(Some(value))))
        }
        Err(error) => Some((0, Err(error))),
    }
}
