//! A store that several tasks use in turns.

use core::cell::RefCell;
use core::future::poll_fn;
use core::ops::{Deref, DerefMut};
use core::task::Poll;

use embassy_sync::blocking_mutex::Mutex as Lock;
use embassy_sync::blocking_mutex::raw::RawMutex;
use embassy_sync::mutex::{Mutex, MutexGuard};
use embassy_sync::waitqueue::MultiWakerRegistration;
use embedded_storage_async::nor_flash::NorFlash;

use super::Store;

/// Tasks that can wait at the same time without waking each other needlessly.
const WAITING: usize = 8;

type Wakers<M> = Lock<M, RefCell<MultiWakerRegistration<WAITING>>>;

/// A store that several tasks use in turns: the journal, the outbox and whoever
/// renews certificates. `M` is its lock.
///
/// (embassy-sync's `Mutex` has one waker: two tasks that wait for it wake each other
/// for as long as the flash takes.)
pub struct SharedStore<M: RawMutex, F: NorFlash, const KEYS: usize = 64> {
    store: Mutex<M, Store<F, KEYS>>,
    waiting: Wakers<M>,
}

impl<M: RawMutex, F: NorFlash, const KEYS: usize> SharedStore<M, F, KEYS> {
    /// Shares `store`, which is to be open.
    pub const fn new(store: Store<F, KEYS>) -> Self {
        Self {
            store: Mutex::new(store),
            waiting: Lock::new(RefCell::new(MultiWakerRegistration::new())),
        }
    }

    /// Waits until nobody else has it.
    pub async fn lock(&self) -> StoreGuard<'_, M, F, KEYS> {
        poll_fn(|cx| {
            if let Some(guard) = self.try_lock() {
                return Poll::Ready(guard);
            }
            self.waiting
                .lock(|wakers| wakers.borrow_mut().register(cx.waker()));
            // It may have been given back between the two.
            self.try_lock().map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }

    fn try_lock(&self) -> Option<StoreGuard<'_, M, F, KEYS>> {
        let store = self.store.try_lock().ok()?;
        Some(StoreGuard {
            store,
            _after: WakeWaiting(&self.waiting),
        })
    }
}

impl<M: RawMutex, F: NorFlash, const KEYS: usize> core::fmt::Debug for SharedStore<M, F, KEYS> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("SharedStore")
    }
}

/// The store, until this is dropped.
pub struct StoreGuard<'a, M: RawMutex, F: NorFlash, const KEYS: usize = 64> {
    // Dropped in this order.
    store: MutexGuard<'a, M, Store<F, KEYS>>,
    _after: WakeWaiting<'a, M>,
}

struct WakeWaiting<'a, M: RawMutex>(&'a Wakers<M>);

impl<M: RawMutex> Drop for WakeWaiting<'_, M> {
    fn drop(&mut self) {
        self.0.lock(|wakers| wakers.borrow_mut().wake());
    }
}

impl<M: RawMutex, F: NorFlash, const KEYS: usize> Deref for StoreGuard<'_, M, F, KEYS> {
    type Target = Store<F, KEYS>;

    fn deref(&self) -> &Store<F, KEYS> {
        &self.store
    }
}

impl<M: RawMutex, F: NorFlash, const KEYS: usize> DerefMut for StoreGuard<'_, M, F, KEYS> {
    fn deref_mut(&mut self) -> &mut Store<F, KEYS> {
        &mut self.store
    }
}

#[cfg(test)]
mod tests {
    use core::future::Future;
    use core::pin::pin;
    use core::sync::atomic::{AtomicU32, Ordering};
    use core::task::{Context, Waker};
    use std::sync::Arc;
    use std::task::Wake;

    use embassy_sync::blocking_mutex::raw::NoopRawMutex;

    use super::*;
    use crate::store::Key;
    use crate::store::test_flash::{Flash, now};

    struct Count(AtomicU32);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn tasks_that_wait_are_woken_when_it_is_free_and_not_before() {
        type Chip = Flash<4, 4096>;
        let store = Store::new(Chip::new(), Chip::region()).unwrap();
        let shared = SharedStore::<NoopRawMutex, Chip>::new(store);
        let mut first = now(shared.lock());
        now(first.open()).unwrap();

        let counts = [(); 3].map(|()| Arc::new(Count(AtomicU32::new(0))));
        let wakers = counts.clone().map(Waker::from);
        let woken = || {
            counts
                .each_ref()
                .map(|count| count.0.load(Ordering::Relaxed))
        };
        let (mut a, mut b, mut c) = (
            pin!(shared.lock()),
            pin!(shared.lock()),
            pin!(shared.lock()),
        );
        for _ in 0..5 {
            assert!(
                a.as_mut()
                    .poll(&mut Context::from_waker(&wakers[0]))
                    .is_pending()
            );
            assert!(
                b.as_mut()
                    .poll(&mut Context::from_waker(&wakers[1]))
                    .is_pending()
            );
            assert!(
                c.as_mut()
                    .poll(&mut Context::from_waker(&wakers[2]))
                    .is_pending()
            );
        }
        assert_eq!(woken(), [0, 0, 0]);
        drop(first);
        assert_eq!(woken(), [1, 1, 1]);
        let Poll::Ready(mut second) = b.as_mut().poll(&mut Context::from_waker(&wakers[1])) else {
            panic!("nobody has it");
        };
        assert!(
            a.as_mut()
                .poll(&mut Context::from_waker(&wakers[0]))
                .is_pending()
        );
        now(second.put(Key::Floor, b"mine")).unwrap();
        drop(second);
        assert_eq!(woken()[0], 2);
        assert!(
            a.as_mut()
                .poll(&mut Context::from_waker(&wakers[0]))
                .is_ready()
        );
    }
}
