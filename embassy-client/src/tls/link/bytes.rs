//! A link of any size, for owners and users that are not of TLS alone: plain
//! TCP fills and empties the same queues, and UDP keeps datagrams in them.
//!
//! A datagram lies in a queue behind its length, two bytes in big endian.

use core::task::{Context, Poll};

use embassy_sync::blocking_mutex::raw::RawMutex;

use super::{CHUNK, Link, LinkState, SendError, Wish};
use crate::tls::End;
use crate::tls::memory::{ChainMemory, Remember as _};

/// Bytes before each datagram in a queue.
pub(crate) const LENGTH: usize = 2;

/// Any [`Link`], seen from both ends.
pub(crate) trait ByteLink {
    /// How many bytes can wait in each direction: received, to send.
    fn capacity(&self) -> (usize, usize);
    /// Where the connection stands.
    fn state(&self) -> LinkState;
    /// Empties the queues for a new connection.
    fn begin(&self);
    /// Data can be sent and received.
    fn open(&self);
    /// It is over.
    fn end(&self, end: End);
    /// The peer sends no more; it can still be sent to.
    fn finish_input(&self);
    /// Whether it does not.
    fn is_finished(&self) -> bool;
    /// Nothing of an earlier connection is used for the next one.
    fn forget(&self);
    /// Whether it has been used enough.
    fn is_retiring(&self) -> bool;

    /// Bytes that can be queued for sending; 0 when it is not open.
    fn room(&self) -> usize;
    /// Whether nothing is queued for sending.
    fn is_idle(&self) -> bool;
    /// Queues all parts or nothing.
    fn try_send(&self, parts: &[&[u8]]) -> Result<(), SendError>;
    /// Shows what was received to `f` and drops as many bytes as it says;
    /// `false` when it wants more than there is.
    ///
    /// # Errors
    /// The [`End`] when there will be no more.
    fn look(&self, f: &mut dyn FnMut(&[u8]) -> Option<usize>) -> Result<bool, End>;
    /// Wakes when something changed.
    fn register(&self, cx: &mut Context<'_>);
    /// Asks for an end of the sending alone. Not of TLS, nor of datagrams.
    fn finish_output(&self);
    /// Asks for an end in good order.
    fn close(&self);
    /// Asks for an end at once.
    fn abort(&self);

    /// What is wanted of the owner.
    fn wish(&self) -> Wish;
    /// Waits for room for received bytes, and takes as many as fit.
    fn poll_put(&self, cx: &mut Context<'_>, data: &[u8]) -> Poll<usize>;
    /// Waits for bytes to send, or for a wish.
    fn poll_take(&self, cx: &mut Context<'_>, into: &mut [u8; CHUNK]) -> Poll<Result<usize, Wish>>;
    /// Takes a received datagram whole, or not at all.
    fn put_datagram(&self, data: &[u8]) -> bool;
    /// Waits for a datagram to send, or for a wish.
    fn poll_datagram(&self, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<Result<usize, Wish>>;
}

impl<M: RawMutex, const IN: usize, const OUT: usize> ByteLink for Link<M, IN, OUT> {
    fn capacity(&self) -> (usize, usize) {
        (IN, OUT)
    }

    fn state(&self) -> LinkState {
        self.connection().state()
    }

    fn begin(&self) {
        self.start();
    }

    fn open(&self) {
        self.set_state(LinkState::Open);
    }

    fn end(&self, end: End) {
        self.set_state(LinkState::Ended(end));
    }

    fn finish_input(&self) {
        self.with(|inner| {
            inner.finished = true;
            inner.users.wake();
        });
    }

    fn is_finished(&self) -> bool {
        self.with(|inner| inner.finished)
    }

    fn forget(&self) {
        self.remember(ChainMemory::EMPTY);
    }

    fn is_retiring(&self) -> bool {
        self.is_retiring()
    }

    fn room(&self) -> usize {
        self.connection().send_space()
    }

    fn is_idle(&self) -> bool {
        self.with(|inner| inner.output.free() == OUT)
    }

    fn try_send(&self, parts: &[&[u8]]) -> Result<(), SendError> {
        self.connection().try_send(parts)
    }

    fn look(&self, f: &mut dyn FnMut(&[u8]) -> Option<usize>) -> Result<bool, End> {
        let seen = self
            .connection()
            .try_receive_with(|prefix| f(prefix).map(|consumed| (consumed, ())))?;
        // TLS, which has no half-closed connections, does not pay for this.
        if seen.is_none() && self.is_finished() {
            return Err(End::PeerClosed);
        }
        Ok(seen.is_some())
    }

    fn register(&self, cx: &mut Context<'_>) {
        self.connection().register(cx);
    }

    fn finish_output(&self) {
        if ByteLink::wish(self) == Wish::Stay {
            self.connection().wish(Wish::Finish);
        }
    }

    fn close(&self) {
        self.connection().close();
    }

    fn abort(&self) {
        self.connection().abort();
    }

    fn wish(&self) -> Wish {
        self.with(|inner| inner.wish)
    }

    fn poll_put(&self, cx: &mut Context<'_>, data: &[u8]) -> Poll<usize> {
        self.poll_put(cx, data)
    }

    fn poll_take(&self, cx: &mut Context<'_>, into: &mut [u8; CHUNK]) -> Poll<Result<usize, Wish>> {
        self.poll_take(cx, into)
    }

    fn put_datagram(&self, data: &[u8]) -> bool {
        let Ok(length) = u16::try_from(data.len()) else {
            return false;
        };
        self.with(|inner| {
            if inner.input.free() < data.len() + LENGTH {
                return false;
            }
            inner.input.gather();
            inner.input.push(&length.to_be_bytes());
            inner.input.push(data);
            inner.users.wake();
            true
        })
    }

    fn poll_datagram(&self, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<Result<usize, Wish>> {
        self.with(|inner| {
            if inner.wish == Wish::Abort {
                return Poll::Ready(Err(Wish::Abort));
            }
            let mut length = [0; LENGTH];
            if inner.output.length < LENGTH {
                if inner.wish == Wish::Close {
                    return Poll::Ready(Err(Wish::Close));
                }
                inner.owner_writes.register(cx.waker());
                return Poll::Pending;
            }
            inner.output.pop_all(&mut length);
            let length = usize::from(u16::from_be_bytes(length));
            // What does not fit is lost: its sender was told the limit.
            let here = length.min(into.len());
            inner.output.pop_all(&mut into[..here]);
            inner.output.skip(length - here);
            inner.users.wake();
            Poll::Ready(Ok(here))
        })
    }
}
