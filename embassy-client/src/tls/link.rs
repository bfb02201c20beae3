//! The two ends of a secure connection: the owner task on one side, the
//! application on the other, with byte queues between them.
//!
//! embedded-tls loses the stream when a read is dropped half-way, and reuses a
//! nonce when a write is. So exactly one future ([`run`](super::run)) reads
//! and writes records and is alive until the connection is over. Everything
//! the application calls only moves bytes in and out of the queues here, and
//! can be dropped at any time.

mod bytes;

use core::cell::RefCell;
use core::future::poll_fn;
use core::task::{Context, Poll};

use embassy_sync::blocking_mutex::Mutex;
use embassy_sync::blocking_mutex::raw::RawMutex;
use embassy_sync::waitqueue::{MultiWakerRegistration, WakerRegistration};

use super::end::End;
use super::memory::{ChainMemory, Remember};

pub(crate) use bytes::{ByteLink, LENGTH};

/// Most bytes moved while the lock is held, so that with a critical-section
/// mutex interrupts are masked for a short time only.
pub(crate) const CHUNK: usize = 256;

/// Where a connection stands.
// Its first variant is all zeros: a link in a `static`, with its buffers, then
// lies in .bss and takes no flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum LinkState {
    /// Not started.
    Idle,
    /// The handshake is going on.
    Opening,
    /// Data can be sent and received.
    Open,
    /// Over. Data that was received before can still be taken.
    Ended(End),
}

/// Why data was not taken for sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SendError {
    /// It does not fit now; try again when some has been sent.
    Full,
    /// It is longer than the queue and can never fit.
    TooLong,
    /// The connection is not open.
    NotOpen,
    /// The connection is over.
    Ended(End),
}

impl core::fmt::Display for SendError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Full => f.write_str("the send queue is full"),
            Self::TooLong => f.write_str("the message is longer than the send queue"),
            Self::NotOpen => f.write_str("the connection is not open"),
            Self::Ended(end) => end.fmt(f),
        }
    }
}

impl core::error::Error for SendError {}

/// Received bytes in one piece, so that a framer can look at a prefix.
struct Input<const N: usize> {
    bytes: [u8; N],
    start: usize,
    end: usize,
}

impl<const N: usize> Input<N> {
    fn prefix(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
        }
    }

    fn free(&self) -> usize {
        N - (self.end - self.start)
    }

    fn gather(&mut self) {
        self.bytes.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
    }

    fn push(&mut self, data: &[u8]) -> usize {
        if self.end == N && self.start > 0 {
            self.gather();
        }
        let count = data.len().min(N - self.end);
        self.bytes[self.end..self.end + count].copy_from_slice(&data[..count]);
        self.end += count;
        count
    }
}

/// Bytes to send, as a ring.
struct Output<const N: usize> {
    bytes: [u8; N],
    start: usize,
    length: usize,
}

impl<const N: usize> Output<N> {
    fn free(&self) -> usize {
        N - self.length
    }

    fn push(&mut self, data: &[u8]) {
        let at = (self.start + self.length) % N.max(1);
        let first = data.len().min(N - at);
        self.bytes[at..at + first].copy_from_slice(&data[..first]);
        let rest = &data[first..];
        self.bytes[..rest.len()].copy_from_slice(rest);
        self.length += data.len();
    }

    fn pop(&mut self, into: &mut [u8]) -> usize {
        let count = self.length.min(into.len()).min(N - self.start);
        into[..count].copy_from_slice(&self.bytes[self.start..self.start + count]);
        self.start = (self.start + count) % N.max(1);
        self.length -= count;
        count
    }

    /// Fills `into`, as far as there is anything.
    fn pop_all(&mut self, into: &mut [u8]) {
        // Twice where the ring turns.
        let first = self.pop(into);
        self.pop(into.get_mut(first..).unwrap_or_default());
    }

    fn skip(&mut self, count: usize) {
        let count = count.min(self.length);
        self.start = (self.start + count) % N.max(1);
        self.length -= count;
    }
}

/// What the application wants of the owner.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    /// That it goes on.
    Stay,
    /// That it tells the peer that nothing more comes, and goes on receiving.
    Finish,
    /// An end in good order.
    Close,
    /// An end at once.
    Abort,
}

struct Inner<const IN: usize, const OUT: usize> {
    state: LinkState,
    wish: Wish,
    /// The connection has been used enough.
    retiring: bool,
    /// The peer sends no more, though it may still be sent to.
    finished: bool,
    /// Signatures that the handshake verified.
    signatures: u8,
    input: Input<IN>,
    output: Output<OUT>,
    /// Outlives connections.
    memory: ChainMemory,
    owner_reads: WakerRegistration,
    owner_writes: WakerRegistration,
    users: MultiWakerRegistration<4>,
}

/// The queues and flags of one connection, for a `static` or any other place
/// that both sides can refer to. `IN` and `OUT` are the bytes that can wait in
/// each direction.
pub struct Link<M: RawMutex, const IN: usize, const OUT: usize> {
    inner: Mutex<M, RefCell<Inner<IN, OUT>>>,
}

impl<M: RawMutex, const IN: usize, const OUT: usize> Default for Link<M, IN, OUT> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M: RawMutex, const IN: usize, const OUT: usize> Link<M, IN, OUT> {
    /// An idle link.
    pub const fn new() -> Self {
        Self {
            inner: Mutex::new(RefCell::new(Inner {
                state: LinkState::Idle,
                wish: Wish::Stay,
                retiring: false,
                finished: false,
                signatures: 0,
                input: Input {
                    bytes: [0; IN],
                    start: 0,
                    end: 0,
                },
                output: Output {
                    bytes: [0; OUT],
                    start: 0,
                    length: 0,
                },
                memory: ChainMemory::EMPTY,
                owner_reads: WakerRegistration::new(),
                owner_writes: WakerRegistration::new(),
                users: MultiWakerRegistration::new(),
            })),
        }
    }

    /// The application's handle.
    pub const fn connection(&self) -> Connection<'_, M, IN, OUT> {
        Connection(self)
    }

    fn with<T>(&self, f: impl FnOnce(&mut Inner<IN, OUT>) -> T) -> T {
        self.inner.lock(|inner| f(&mut inner.borrow_mut()))
    }

    // The owner's side.

    /// Empties the queues for a new connection.
    pub(super) fn start(&self) {
        self.with(|inner| {
            inner.state = LinkState::Opening;
            inner.wish = Wish::Stay;
            inner.retiring = false;
            inner.finished = false;
            inner.signatures = 0;
            inner.input.start = 0;
            inner.input.end = 0;
            inner.output.start = 0;
            inner.output.length = 0;
            inner.users.wake();
        });
    }

    pub(super) fn set_state(&self, state: LinkState) {
        self.with(|inner| {
            inner.state = state;
            inner.users.wake();
        });
    }

    /// The server proved its name by this many signatures.
    pub(super) fn verified(&self, signatures: u8) {
        self.with(|inner| inner.signatures = signatures);
    }

    /// Tells the application that the connection has been used enough.
    pub(super) fn retire(&self) {
        self.with(|inner| {
            inner.retiring = true;
            inner.users.wake();
        });
    }

    pub(super) fn is_retiring(&self) -> bool {
        self.with(|inner| inner.retiring)
    }

    /// The owner is gone: the connection has ended, if it had not before.
    pub(super) fn abandoned(&self) {
        if !matches!(self.connection().state(), LinkState::Ended(_)) {
            self.set_state(LinkState::Ended(End::Aborted));
        }
    }

    /// Takes received bytes into the queue, as many as fit, waiting until at
    /// least one does.
    pub(super) async fn put(&self, data: &[u8]) -> usize {
        poll_fn(|cx| self.poll_put(cx, data)).await
    }

    /// [`put`](Self::put) for owners that poll.
    pub(super) fn poll_put(&self, cx: &mut Context<'_>, data: &[u8]) -> Poll<usize> {
        let data = &data[..data.len().min(CHUNK)];
        self.with(|inner| {
            let count = inner.input.push(data);
            if count == 0 {
                inner.owner_reads.register(cx.waker());
                return Poll::Pending;
            }
            inner.users.wake();
            Poll::Ready(count)
        })
    }

    /// Takes some of the bytes to send without waiting; 0 when there are none.
    pub(super) fn try_take(&self, into: &mut [u8; CHUNK]) -> usize {
        self.with(|inner| {
            let count = inner.output.pop(into);
            if count > 0 {
                inner.users.wake();
            }
            count
        })
    }

    /// Waits for bytes to send and takes some, or tells that the application
    /// wants to end. A wish to close is told only when everything queued
    /// before it has been taken.
    pub(super) fn poll_take(
        &self,
        cx: &mut Context<'_>,
        into: &mut [u8; CHUNK],
    ) -> Poll<Result<usize, Wish>> {
        self.with(|inner| {
            if inner.wish == Wish::Abort {
                return Poll::Ready(Err(Wish::Abort));
            }
            let count = inner.output.pop(into);
            if count > 0 {
                inner.users.wake();
                return Poll::Ready(Ok(count));
            }
            if let Wish::Close | Wish::Finish = inner.wish {
                return Poll::Ready(Err(inner.wish));
            }
            inner.owner_writes.register(cx.waker());
            Poll::Pending
        })
    }

    /// Resolves when the application wants the connection cut off.
    pub(super) async fn aborted(&self) {
        poll_fn(|cx| {
            self.with(|inner| {
                if inner.wish == Wish::Abort {
                    return Poll::Ready(());
                }
                inner.users.register(cx.waker());
                Poll::Pending
            })
        })
        .await;
    }
}

impl<M: RawMutex, const IN: usize, const OUT: usize> Remember for Link<M, IN, OUT> {
    fn chain(&self) -> ChainMemory {
        self.with(|inner| inner.memory)
    }

    fn remember(&self, chain: ChainMemory) {
        self.with(|inner| inner.memory = chain);
    }
}

/// The application's end of a secure connection: a copyable handle. Every
/// method that waits can be dropped at any time without losing a byte.
pub struct Connection<'a, M: RawMutex, const IN: usize, const OUT: usize>(&'a Link<M, IN, OUT>);

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
    /// ([`SessionLimits`](super::SessionLimits)): end the message that is being
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

    pub(super) fn wish(&self, wish: Wish) {
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
