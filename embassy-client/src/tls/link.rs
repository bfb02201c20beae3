//! The two ends of a secure connection: the owner task on one side, the
//! application on the other, with byte queues between them.
//!
//! embedded-tls loses the stream when a read is dropped half-way, and reuses a
//! nonce when a write is. So exactly one future ([`run`](super::run)) reads
//! and writes records and is alive until the connection is over. Everything
//! the application calls only moves bytes in and out of the queues here, and
//! can be dropped at any time.

mod bytes;
mod handle;
mod queues;

use core::cell::RefCell;
use core::future::poll_fn;
use core::task::{Context, Poll};

use embassy_sync::blocking_mutex::Mutex;
use embassy_sync::blocking_mutex::raw::RawMutex;
use embassy_sync::waitqueue::{MultiWakerRegistration, WakerRegistration};

use super::clock::Validity;
use super::end::End;
use super::memory::{ChainMemory, Remember};

pub(crate) use bytes::{ByteLink, LENGTH};
pub use handle::Connection;
use queues::{Input, Output};

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

impl<M: RawMutex, const IN: usize, const OUT: usize> Link<M, IN, OUT> {
    /// When the chain of the server that was verified last is valid.
    pub(crate) fn server_validity(&self) -> Option<Validity> {
        self.chain().validity()
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
