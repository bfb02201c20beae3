//! The part of the runner that keeps the journal.

use core::future::poll_fn;
use core::task::Poll;

use embassy_sync::blocking_mutex::raw::RawMutex;
use embassy_time::{Duration, Timer};
use wigwag_codec::ngtt::client::Record;

use super::state::State;
use crate::journal::{Journal, Memory};

/// Wait before a record that could not be written is tried again.
const RETRY: Duration = Duration::from_secs(1);

pub(super) struct Recorder<
    's,
    M: RawMutex,
    J,
    const ORDERS: usize,
    const ORDER_BYTES: usize,
    const SENDS: usize,
    const SEND_BYTES: usize,
    const MARKS: usize,
> {
    pub(super) state: &'s State<M, ORDERS, ORDER_BYTES, SENDS, SEND_BYTES, MARKS>,
    pub(super) journal: &'s mut J,
}

impl<
    M: RawMutex,
    J: Journal,
    const ORDERS: usize,
    const ORDER_BYTES: usize,
    const SENDS: usize,
    const SEND_BYTES: usize,
    const MARKS: usize,
> Recorder<'_, M, J, ORDERS, ORDER_BYTES, SENDS, SEND_BYTES, MARKS>
{
    /// Tells the session what the journal knows. After any trouble the past
    /// stays unknown, and orders are handed over as such.
    pub(super) async fn restore(self) -> Self {
        if self
            .state
            .with(|inner| core::mem::replace(&mut inner.restored, true))
        {
            return self;
        }
        let mut records: heapless::Vec<Record, MARKS> = heapless::Vec::new();
        let mut too_many = None;
        let memory = self
            .journal
            .load(&mut |record| {
                if let Err(record) = records.push(record) {
                    too_many = Some(record);
                }
            })
            .await;
        self.state.with(|inner| match memory {
            Ok(Memory::Kept) => {
                // One record too many makes the session say so and remember
                // the others.
                let all = records.iter().copied().chain(too_many);
                if inner.session.restore(all).is_err() {
                    inner.journal_failures = inner.journal_failures.saturating_add(1);
                }
            }
            Ok(Memory::Lost) => {}
            Err(_) => inner.journal_failures = inner.journal_failures.saturating_add(1),
        });
        self
    }

    /// Makes durable what the session wants durable, in its order.
    pub(super) async fn run(self) -> ! {
        loop {
            let record = poll_fn(|cx| {
                self.state.with(|inner| match inner.session.poll_persist() {
                    Some(record) => Poll::Ready(record),
                    None => {
                        inner.journal.register(cx.waker());
                        Poll::Pending
                    }
                })
            })
            .await;
            while self.journal.append(record).await.is_err() {
                self.state.with(|inner| {
                    inner.journal_failures = inner.journal_failures.saturating_add(1);
                });
                Timer::after(RETRY).await;
            }
            self.state.with(|inner| inner.recorded(record));
        }
    }
}
