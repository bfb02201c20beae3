//! The application's end.

use core::future::poll_fn;
use core::task::{Context, Poll};

use embassy_sync::blocking_mutex::raw::RawMutex;

use super::{Link, LinkState, SendError, Wish};
use crate::tls::End;

/// The application's end of a secure connection: a copyable handle. Every
/// method that waits can be dropped at any time without losing a byte.
pub struct Connection<'a, M: RawMutex, const IN: usize, const OUT: usize>(
    pub(super) &'a Link<M, IN, OUT>,
);

impl<M: RawMutex, const IN: usize, const OUT: usize> Clone for Connection<'_, M, IN, OUT> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M: RawMutex, const IN: usize, const OUT: usize> Copy for Connection<'_, M, IN, OUT> {}

impl<M: RawMutex, const IN: usize, const OUT: usize> Connection<'_, M, IN, OUT> {
    /// Where the connection stands.
    pub fn state(&self) -> LinkState {
        self.0.with(|inner| inner.state)
    }

    /// Whether the connection has been used enough
    /// ([`SessionLimits`](crate::tls::SessionLimits)): end the message that is being
    /// sent and [`close`](Self::close) it. If you do not within the write
    /// timeout, it is closed for you; what is not sent within another one is
    /// lost.
    pub fn is_retiring(&self) -> bool {
        self.0.is_retiring()
    }

    /// Signatures that the handshake verified, once the connection is open: one
    /// for each certificate below the root, and the server's over the handshake
    /// (RFC 8446 section 4.4.3). The last one only, 1, when the server showed the
    /// chain that was found good the last time; 0 with a shared key.
    ///
    /// Each costs a device millions of instructions: a server whose chain
    /// changes all the time shows here.
    pub fn signatures_verified(&self) -> u8 {
        self.0.with(|inner| inner.signatures)
    }

    /// Waits until the handshake is complete and the server verified.
    ///
    /// # Errors
    /// The [`End`] when it failed.
    pub async fn opened(&self) -> Result<(), End> {
        poll_fn(|cx| {
            self.0.with(|inner| match inner.state {
                LinkState::Open => Poll::Ready(Ok(())),
                LinkState::Ended(end) => Poll::Ready(Err(end)),
                LinkState::Idle | LinkState::Opening => {
                    inner.users.register(cx.waker());
                    Poll::Pending
                }
            })
        })
        .await
    }

    /// Bytes that can be queued for sending at once right now; 0 when the
    /// connection is not open.
    pub fn send_space(&self) -> usize {
        self.0.with(|inner| match inner.state {
            LinkState::Open if inner.wish == Wish::Stay => inner.output.free(),
            _ => 0,
        })
    }

    /// Queues all `parts` in order, or nothing.
    ///
    /// # Errors
    /// [`SendError::Full`] when there is no room now, the others when there
    /// will be none.
    pub fn try_send(&self, parts: &[&[u8]]) -> Result<(), SendError> {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        self.0.with(|inner| {
            match inner.state {
                LinkState::Ended(end) => return Err(SendError::Ended(end)),
                LinkState::Open if inner.wish == Wish::Stay => {}
                _ => return Err(SendError::NotOpen),
            }
            if length > OUT {
                return Err(SendError::TooLong);
            }
            if length > inner.output.free() {
                return Err(SendError::Full);
            }
            for part in parts {
                inner.output.push(part);
            }
            inner.owner_writes.wake();
            Ok(())
        })
    }

    /// Queues all `parts` in order as soon as there is room: all or, when the
    /// future is dropped before it is ready, nothing.
    ///
    /// # Errors
    /// As [`try_send`](Self::try_send), but never [`SendError::Full`].
    pub async fn send(&self, parts: &[&[u8]]) -> Result<(), SendError> {
        poll_fn(|cx| match self.try_send(parts) {
            Err(SendError::Full) => {
                self.register(cx);
                // The room may have come between the two locks.
                match self.try_send(parts) {
                    Err(SendError::Full) => Poll::Pending,
                    result => Poll::Ready(result),
                }
            }
            result => Poll::Ready(result),
        })
        .await
    }

    /// Shows the received bytes to `f`, which answers how many it consumed and
    /// what it made of them, or `None` when it needs more. Bytes are taken in
    /// the poll that returns, so a dropped future takes none.
    ///
    /// `f` runs while the link is locked: keep it short, and call nothing of this
    /// connection in it (that panics).
    ///
    /// # Errors
    /// The [`End`], once everything received has been consumed or `f` wants
    /// more than will ever come.
    pub async fn receive_with<T>(
        &self,
        mut f: impl FnMut(&[u8]) -> Option<(usize, T)>,
    ) -> Result<T, End> {
        poll_fn(|cx| match self.try_receive_with(&mut f) {
            Ok(Some(value)) => Poll::Ready(Ok(value)),
            Err(end) => Poll::Ready(Err(end)),
            Ok(None) => {
                self.register(cx);
                match self.try_receive_with(&mut f) {
                    Ok(Some(value)) => Poll::Ready(Ok(value)),
                    Err(end) => Poll::Ready(Err(end)),
                    Ok(None) => Poll::Pending,
                }
            }
        })
        .await
    }

    /// [`receive_with`](Self::receive_with) without waiting: `Ok(None)` when
    /// more bytes are needed.
    ///
    /// # Errors
    /// The [`End`] when no more bytes will come.
    pub fn try_receive_with<T>(
        &self,
        f: impl FnOnce(&[u8]) -> Option<(usize, T)>,
    ) -> Result<Option<T>, End> {
        self.0.with(|inner| {
            if let Some((consumed, value)) = f(inner.input.prefix()) {
                if consumed > 0 {
                    inner.input.consume(consumed);
                    // Who only looks makes no room: an owner woken for nothing
                    // would be polled for ever by those that look when it is.
                    inner.owner_reads.wake();
                }
                return Ok(Some(value));
            }
            match inner.state {
                LinkState::Ended(end) => Err(end),
                _ => Ok(None),
            }
        })
    }

    /// Resolves when something changed: bytes came, room came, the state
    /// changed. For drivers that poll several things.
    pub fn register(&self, cx: &mut Context<'_>) {
        self.0.with(|inner| inner.users.register(cx.waker()));
    }

    /// Asks for an end in good order: everything queued is sent, then
    /// close_notify, then FIN. Nothing can be queued after it.
    pub fn close(&self) {
        self.wish(Wish::Close);
    }

    /// Asks for an end at once; what is queued is lost.
    pub fn abort(&self) {
        self.wish(Wish::Abort);
    }

    pub(in crate::tls) fn wish(&self, wish: Wish) {
        self.0.with(|inner| {
            if inner.wish != Wish::Abort {
                inner.wish = wish;
            }
            inner.owner_writes.wake();
            inner.owner_reads.wake();
            inner.users.wake();
        });
    }

    /// Waits for the end of the connection.
    pub async fn ended(&self) -> End {
        poll_fn(|cx| {
            self.0.with(|inner| match inner.state {
                LinkState::Ended(end) => Poll::Ready(end),
                _ => {
                    inner.users.register(cx.waker());
                    Poll::Pending
                }
            })
        })
        .await
    }
}
