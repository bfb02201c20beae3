//! What the application and the SNTP client share.

use core::cell::RefCell;
use core::future::poll_fn;
use core::task::Poll;

use embassy_sync::blocking_mutex::Mutex;
use embassy_sync::blocking_mutex::raw::{CriticalSectionRawMutex, RawMutex};
use embassy_sync::waitqueue::WakerRegistration;

use super::report::Report;

/// The application's side of an SNTP client, for a `static`.
pub struct State<M: RawMutex = CriticalSectionRawMutex> {
    inner: Mutex<M, RefCell<Inner>>,
}

struct Inner {
    wants_again: bool,
    last: Option<Report>,
    is_new: bool,
    client: WakerRegistration,
    application: WakerRegistration,
}

impl<M: RawMutex> State<M> {
    /// Of a client that has not started yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            inner: Mutex::new(RefCell::new(Inner {
                wants_again: false,
                last: None,
                is_new: false,
                client: WakerRegistration::new(),
                application: WakerRegistration::new(),
            })),
        }
    }

    /// Asks the servers again before their turn: for an application whose server
    /// was refused because its certificate has expired or is not valid yet, by a
    /// time that SNTP has set. It happens at once, but never within 15 s of the last
    /// round, and where this is called round after round, up to 16 min after it: so
    /// it may be called on every failure.
    pub fn ask_again(&self) {
        self.with(|inner| {
            inner.wants_again = true;
            inner.client.wake();
        });
    }

    /// What became of the last round; `None` before the first.
    pub fn last_report(&self) -> Option<Report> {
        self.with(|inner| inner.last)
    }

    /// Waits for a round whose report was not returned here yet, and returns it; of
    /// several the last. For one task: of two that wait one gets it.
    pub async fn next_report(&self) -> Report {
        poll_fn(|cx| {
            self.with(|inner| {
                let report = inner.last.filter(|_| inner.is_new);
                match report {
                    Some(report) => {
                        inner.is_new = false;
                        Poll::Ready(report)
                    }
                    None => {
                        inner.application.register(cx.waker());
                        Poll::Pending
                    }
                }
            })
        })
        .await
    }

    /// Waits for [`ask_again`](Self::ask_again).
    pub(super) async fn wants_again(&self) {
        poll_fn(|cx| {
            self.with(|inner| {
                if core::mem::take(&mut inner.wants_again) {
                    return Poll::Ready(());
                }
                inner.client.register(cx.waker());
                Poll::Pending
            })
        })
        .await;
    }

    /// A round is over.
    pub(super) fn tell(&self, report: Report) {
        self.with(|inner| {
            inner.last = Some(report);
            inner.is_new = true;
            inner.application.wake();
        });
    }

    fn with<T>(&self, f: impl FnOnce(&mut Inner) -> T) -> T {
        self.inner.lock(|inner| f(&mut inner.borrow_mut()))
    }
}

impl<M: RawMutex> Default for State<M> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M: RawMutex> core::fmt::Debug for State<M> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("State")
    }
}
