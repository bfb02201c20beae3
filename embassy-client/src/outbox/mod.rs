//! Data and logs that wait in flash for the server: they survive reboots and power
//! failures, and are sent when there is a connection.
//!
//! [`Outbox::submit_pathpoints`] and [`submit_logs`](Outbox::submit_logs) are
//! ready when the batch is in flash. [`Outbox::run`] sends what is there, oldest
//! first, over as many connections as it takes, and removes a batch when the server
//! has it.
//!
//! # What is promised
//! - A batch that was submitted arrives **at least once**. It arrives twice when the
//!   power fails between the server's answer and its removal here; readings carry
//!   their time, so that a server can tell. (Logs may be doubled in any case: the
//!   protocol does not answer them.)
//! - A batch that the server refuses is not sent again. It is counted, and removed.
//! - When there is no place left, the rule of the outbox says what happens
//!   ([`WhenFull`]), and what is dropped is counted.
//!
//! How much flash a batch takes, and how it wears: see [`store`](crate::store).

mod index;
mod lane;
#[cfg(test)]
mod tests;

use core::cell::RefCell;
use core::future::poll_fn;
use core::task::Poll;

use embassy_futures::join::join3;
use embassy_sync::blocking_mutex::Mutex as Lock;
use embassy_sync::blocking_mutex::raw::{NoopRawMutex, RawMutex};
use embassy_sync::mutex::Mutex;
use embedded_storage_async::nor_flash::NorFlash;
use wigwag_codec::minijson;
use wigwag_codec::ngtt::client::{SendKind, Sizes, WhenFull};
use wigwag_codec::ngtt::message::{LogEntry, LogsWriter, PathpointsWriter};

use self::index::{Index, Room};
use crate::ngtt::Client;
use crate::store::{Key, LONGEST, SharedStore, StoreError};

/// Before a batch in flash: what it is, and its place in the sequence of batches.
const HEAD: usize = 1 + 4;

/// Most bytes of a batch.
pub const LONGEST_BATCH: usize = LONGEST - HEAD;

/// Why a batch was not put into the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum OutboxError {
    /// It has more bytes than the outbox was made for.
    TooLarge {
        /// Most bytes of a batch.
        limit: usize,
    },
    /// What was written is not what was announced, or not minijson.
    Invalid(minijson::Error),
    /// There was no place for it, and the rule is to drop the newest.
    Dropped,
    /// The store could not keep it.
    Store(StoreError),
}

impl core::fmt::Display for OutboxError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::TooLarge { limit } => write!(f, "a batch has at most {limit} bytes"),
            Self::Invalid(error) => error.fmt(f),
            Self::Dropped => f.write_str("the outbox is full, and drops what is new"),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for OutboxError {}

impl From<StoreError> for OutboxError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// What became of the batches since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Counters {
    /// The server has them.
    pub delivered: u32,
    /// The server refused them.
    pub rejected: u32,
    /// They had to make room, or there was none for them.
    pub dropped: u32,
    /// Reads and writes of the store that failed, and were tried again.
    pub failures: u32,
}

/// A queue in flash of up to `N` batches (255 at most), in a store that has keys for
/// them.
///
/// The outbox must be the only one of its store. `M` is the lock of the store and of
/// the outbox.
pub struct Outbox<'a, M: RawMutex, F: NorFlash, const N: usize = 16, const KEYS: usize = 64> {
    store: &'a SharedStore<M, F, KEYS>,
    index: Lock<M, RefCell<Index<N>>>,
    limit: usize,
    rule: WhenFull,
}

impl<'a, M: RawMutex, F: NorFlash, const N: usize, const KEYS: usize> Outbox<'a, M, F, N, KEYS> {
    /// Reads what waits in `store`, which must be open. `limit` is the most bytes of
    /// a batch: those of a send slot of the client (1024 unless told otherwise), and
    /// at most [`LONGEST_BATCH`]. `rule` says what happens when there is no place.
    ///
    /// # Errors
    /// What the store says.
    pub async fn open(
        store: &'a SharedStore<M, F, KEYS>,
        limit: usize,
        rule: WhenFull,
    ) -> Result<Self, StoreError> {
        const { assert!(N > 0 && N <= 255, "an outbox has keys for 255 batches") };
        let mut index = Index::new();
        let read = |key, value: &[u8]| {
            if let Key::Outgoing(place) = key {
                index.note(place, head(value));
            }
        };
        store.lock().await.each(read).await?;
        index.order();
        Ok(Self {
            store,
            index: Lock::new(RefCell::new(index)),
            limit: limit.min(LONGEST_BATCH),
            rule,
        })
    }

    /// Puts a batch of `pathpoints` pathpoints, which `write` adds one by one, into
    /// the outbox; it survives a power failure when the future is ready. `write` may
    /// be called more than once.
    ///
    /// Dropped before it is ready, the batch may be there or not.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub async fn submit_pathpoints(
        &self,
        pathpoints: usize,
        mut write: impl FnMut(&mut PathpointsWriter<'_>) -> Result<(), minijson::Error>,
    ) -> Result<(), OutboxError> {
        self.submit(SendKind::DataStream, |place| {
            let mut writer = PathpointsWriter::new(place, pathpoints)?;
            write(&mut writer)?;
            writer.finish()
        })
        .await
    }

    /// Puts log entries into the outbox, as
    /// [`submit_pathpoints`](Self::submit_pathpoints) does pathpoints.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub async fn submit_logs(&self, entries: &[LogEntry<'_>]) -> Result<(), OutboxError> {
        self.submit(SendKind::Logs, |place| {
            let mut writer = LogsWriter::new(place, entries.len())?;
            for entry in entries {
                writer.entry(entry)?;
            }
            writer.finish()
        })
        .await
    }

    async fn submit(
        &self,
        kind: SendKind,
        mut write: impl FnMut(&mut [u8]) -> Result<usize, minijson::Error>,
    ) -> Result<(), OutboxError> {
        let room = self.room().await?;
        let mut invalid = None;
        let limit = self.limit;
        let stored = self
            .store
            .lock()
            .await
            .put_with(Key::Outgoing(room.place), |value| {
                let (to, payload) = value.split_first_chunk_mut::<HEAD>()?;
                let payload = payload.get_mut(..limit)?;
                match write(payload) {
                    Ok(length) if length <= limit => {
                        *to = written(kind, room.sequence);
                        Some(HEAD + length)
                    }
                    Ok(_) => None,
                    Err(error) => {
                        invalid = Some(error);
                        None
                    }
                }
            })
            .await;
        match (invalid, stored) {
            (Some(error), _) if error.kind == minijson::ErrorKind::BufferFull => {
                Err(OutboxError::TooLarge { limit })
            }
            (Some(error), _) => Err(OutboxError::Invalid(error)),
            (None, Err(StoreError::TooLong { .. })) => Err(OutboxError::TooLarge { limit }),
            (None, Err(error)) => Err(error.into()),
            (None, Ok(())) => {
                room.fill(kind);
                Ok(())
            }
        }
    }

    /// A place for a batch, by the rule.
    async fn room(&self) -> Result<Reserved<'_, M, N>, OutboxError> {
        let room = poll_fn(|cx| {
            self.with(|index| match index.reserve(self.rule) {
                Room::Place { place, sequence } => Poll::Ready(Ok((place, sequence))),
                Room::Dropped => Poll::Ready(Err(OutboxError::Dropped)),
                Room::None => {
                    index.wakers.register(cx.waker());
                    Poll::Pending
                }
            })
        });
        let (place, sequence) = room.await?;
        Ok(Reserved {
            index: &self.index,
            place,
            sequence,
            filled: None,
        })
    }

    /// Sends what is there, for ever. `buffer` must have as many bytes as the longest
    /// batch and five more.
    ///
    /// Up to three batches are on their way at a time, so that a connection is made
    /// use of; a client with fewer send slots makes it fewer.
    pub async fn run<L: RawMutex, S: Sizes>(
        &self,
        client: Client<'_, L, S>,
        buffer: &mut [u8],
    ) -> ! {
        let buffer = Mutex::<NoopRawMutex, _>::new(buffer);
        let lane = || self.lane(client, &buffer);
        join3(lane(), lane(), lane()).await.0
    }

    /// Waits until nothing is left to send.
    pub async fn wait_empty(&self) {
        poll_fn(|cx| {
            self.with(|index| {
                if index.is_empty() {
                    return Poll::Ready(());
                }
                index.wakers.register(cx.waker());
                Poll::Pending
            })
        })
        .await;
    }

    /// How many batches wait or are on their way.
    pub fn len(&self) -> usize {
        self.with(|index| index.len())
    }

    /// Whether nothing is left to send.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What became of the others.
    pub fn counters(&self) -> Counters {
        self.with(|index| index.counters)
    }

    fn with<T>(&self, f: impl FnOnce(&mut Index<N>) -> T) -> T {
        self.index.lock(|index| f(&mut index.borrow_mut()))
    }
}

/// A place that is being written to; dropped before that is done, it is what it was
/// before.
struct Reserved<'o, M: RawMutex, const N: usize> {
    index: &'o Lock<M, RefCell<Index<N>>>,
    place: u8,
    sequence: u32,
    filled: Option<SendKind>,
}

impl<M: RawMutex, const N: usize> Reserved<'_, M, N> {
    fn fill(mut self, kind: SendKind) {
        self.filled = Some(kind);
    }
}

impl<M: RawMutex, const N: usize> Drop for Reserved<'_, M, N> {
    fn drop(&mut self) {
        self.index.lock(|index| {
            let mut index = index.borrow_mut();
            index.settle_reservation(self.place, self.filled.map(|kind| (self.sequence, kind)));
        });
    }
}

/// What a value in flash begins with.
fn written(kind: SendKind, sequence: u32) -> [u8; HEAD] {
    let kind = match kind {
        SendKind::Logs => 2,
        _ => 1,
    };
    let [a, b, c, d] = sequence.to_be_bytes();
    [kind, a, b, c, d]
}

/// What a value in flash says of itself; `None` for anything else.
fn head(value: &[u8]) -> Option<(u32, SendKind)> {
    let ([kind, sequence @ ..], _) = value.split_first_chunk::<HEAD>()?;
    let kind = match kind {
        1 => SendKind::DataStream,
        2 => SendKind::Logs,
        _ => return None,
    };
    Some((u32::from_be_bytes(*sequence), kind))
}
