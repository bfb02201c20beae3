//! One of the batches on their way to the server.

use core::cell::RefCell;
use core::future::poll_fn;
use core::task::Poll;

use embassy_sync::blocking_mutex::Mutex as Lock;
use embassy_sync::blocking_mutex::raw::{NoopRawMutex, RawMutex};
use embassy_sync::mutex::Mutex;
use embassy_time::{Duration, Timer};
use embedded_storage_async::nor_flash::NorFlash;
use wigwag_codec::minijson::{Error, ErrorKind};
use wigwag_codec::ngtt::NgttError;
use wigwag_codec::ngtt::client::Sizes;

use super::index::{Index, count};
use super::{HEAD, Outbox, head};
use crate::ngtt::{Client, Sending};
use crate::store::{Key, StoreError};
use crate::time;

/// Wait before something that failed is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// A batch that is on its way; dropped before it has arrived, it waits again.
struct OnItsWay<'o, M: RawMutex, const N: usize> {
    index: &'o Lock<M, RefCell<Index<N>>>,
    place: u8,
}

impl<M: RawMutex, const N: usize> Drop for OnItsWay<'_, M, N> {
    fn drop(&mut self) {
        self.index
            .lock(|index| index.borrow_mut().wait_again(self.place));
    }
}

impl<M: RawMutex, F: NorFlash, const N: usize, const KEYS: usize> Outbox<'_, M, F, N, KEYS> {
    /// Sends one batch after the other. Lanes share `buffer`: who has it takes the
    /// next batch, so that batches leave in their order.
    pub(super) async fn lane<L: RawMutex, S: Sizes>(
        &self,
        client: Client<'_, L, S>,
        buffer: &Mutex<NoopRawMutex, &mut [u8]>,
    ) -> ! {
        loop {
            let mut shared = buffer.lock().await;
            let batch = OnItsWay {
                index: &self.index,
                place: self.taken().await,
            };
            let sending = self.begin(batch.place, client, &mut shared).await;
            drop(shared);
            let outcome = match sending {
                Begun::Sending(mut sending) => sending.outcome().await.map(drop),
                Begun::Refused(error) => Err(error),
                Begun::Missing => {
                    // Nothing to send stands there any more.
                    self.with(|index| index.free(batch.place));
                    continue;
                }
                Begun::Failed => {
                    Timer::after(RETRY).await;
                    continue;
                }
            };
            self.settle(&batch, outcome).await;
        }
    }

    /// Waits for a batch.
    async fn taken(&self) -> u8 {
        poll_fn(|cx| {
            self.with(|index| match index.take() {
                Some(place) => Poll::Ready(place),
                None => {
                    index.wakers.register(cx.waker());
                    Poll::Pending
                }
            })
        })
        .await
    }

    /// Reads a batch, and hands it to the client.
    async fn begin<'c, L: RawMutex, S: Sizes>(
        &self,
        place: u8,
        client: Client<'c, L, S>,
        buffer: &mut [u8],
    ) -> Begun<'c, L, S> {
        let read = self
            .store
            .lock()
            .await
            .get(Key::Outgoing(place), buffer)
            .await;
        let value = match read {
            Ok(Some(value)) => value,
            Ok(None) => return Begun::Missing,
            Err(StoreError::TooLong { limit }) => {
                return Begun::Refused(NgttError::TooLarge { limit });
            }
            Err(_) => {
                self.with(|index| count(&mut index.counters.failures));
                return Begun::Failed;
            }
        };
        let (Some((_, kind)), Some(payload)) = (head(value), value.get(HEAD..)) else {
            return Begun::Missing;
        };
        let submitted = client.submit(kind, |slot| {
            let full = Error {
                kind: ErrorKind::BufferFull,
                offset: slot.len(),
            };
            let to = slot.get_mut(..payload.len()).ok_or(full)?;
            to.copy_from_slice(payload);
            Ok(payload.len())
        });
        match submitted.await {
            Ok(sending) => Begun::Sending(sending),
            // The client's own rule: it comes again.
            Err(NgttError::Dropped) => Begun::Failed,
            Err(error) => Begun::Refused(error),
        }
    }

    /// Draws the conclusions of the server's answer.
    async fn settle(&self, batch: &OnItsWay<'_, M, N>, outcome: Result<(), NgttError>) {
        match outcome {
            Ok(()) => self.with(|index| count(&mut index.counters.delivered)),
            // It had to make room in the client for something newer, from another
            // lane perhaps: at once again, they would drop each other's for ever.
            Err(NgttError::Dropped) => return Timer::after(RETRY).await,
            Err(_) => self.with(|index| count(&mut index.counters.rejected)),
        }
        let mut pause = time::Growing::new();
        while self.remove(batch.place).await.is_err() {
            self.with(|index| count(&mut index.counters.failures));
            pause.wait().await;
        }
        self.with(|index| index.free(batch.place));
    }

    async fn remove(&self, place: u8) -> Result<(), StoreError> {
        self.store.lock().await.remove(Key::Outgoing(place)).await
    }
}

/// What became of the attempt to hand a batch to the client.
enum Begun<'c, L: RawMutex, S: Sizes> {
    Sending(Sending<'c, L, S>),
    /// It can never be sent.
    Refused(NgttError),
    /// There is none.
    Missing,
    /// Not now.
    Failed,
}
