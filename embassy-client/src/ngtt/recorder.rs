//! The part of the runner that keeps the journal.

use core::future::poll_fn;
use core::task::Poll;

use embassy_sync::blocking_mutex::raw::RawMutex;
use wigwag_codec::Instant;
use wigwag_codec::ngtt::client::{Record, Sizes};

use super::state::State;
use crate::journal::{Journal, Memory};
use crate::time;

pub(super) struct Recorder<'s, M: RawMutex, J, S: Sizes> {
    pub(super) state: &'s State<M, S>,
    pub(super) journal: &'s mut J,
    pub(super) now: fn() -> Instant,
}

impl<M: RawMutex, J: Journal, S: Sizes> Recorder<'_, M, J, S> {
    /// Tells the session what the journal knows. After any trouble the past
    /// stays unknown, and orders are handed over as such.
    pub(super) async fn restore(self) -> Self {
        if self.state.with(|inner| inner.restored) {
            return self;
        }
        let mut records = S::per_mark::<Option<Record>>(None);
        let mut places = records.as_mut().iter_mut();
        let mut too_many = None;
        self.state
            .with(|inner| inner.pulse.journal(Some((self.now)())));
        let memory = self
            .journal
            .load(&mut |record| match places.next() {
                Some(place) => *place = Some(record),
                None => too_many = Some(record),
            })
            .await;
        self.state.with(|inner| {
            // Only now: the future may have been dropped while it read.
            inner.restored = true;
            inner.pulse.journal(None);
            // One record too many makes the session say so and remember the others.
            // A journal that has lost its past has its records nevertheless: those
            // that the session did not know it would never release, and they would
            // take the room of others for ever.
            let all = records.as_ref().iter().flatten().copied().chain(too_many);
            let restored = match memory {
                Ok(Memory::Kept) => inner.session.restore(all).is_ok(),
                Ok(Memory::Lost) => inner.session.restore_part(all).is_ok(),
                Err(_) => false,
            };
            if !restored {
                inner.journal_failures = inner.journal_failures.saturating_add(1);
            }
        });
        self
    }

    /// Makes durable what the session wants durable, in its order.
    pub(super) async fn run(mut self) -> ! {
        loop {
            let news = poll_fn(|cx| {
                self.state.with(|inner| {
                    if let Some(record) = inner.session.poll_persist() {
                        return Poll::Ready(News::Record(record));
                    }
                    if inner.is_past_news() {
                        return Poll::Ready(News::PastKnown);
                    }
                    inner.journal.register(cx.waker());
                    Poll::Pending
                })
            })
            .await;
            let mut pause = time::Growing::new();
            while self.write(news).await.is_err() {
                self.state.with(|inner| {
                    inner.journal_failures = inner.journal_failures.saturating_add(1);
                });
                pause.wait().await;
            }
            self.state.with(|inner| match news {
                News::Record(record) => inner.recorded(record),
                News::PastKnown => inner.past_told = true,
            });
        }
    }

    async fn write(&mut self, news: News) -> Result<(), J::Error> {
        self.state
            .with(|inner| inner.pulse.journal(Some((self.now)())));
        let result = match news {
            News::Record(record) => self.journal.append(record).await,
            News::PastKnown => self.journal.past_known().await,
        };
        self.state.with(|inner| inner.pulse.journal(None));
        result
    }
}

/// What the journal has to make durable.
#[derive(Clone, Copy)]
enum News {
    Record(Record),
    PastKnown,
}

#[cfg(test)]
mod tests {
    use core::future::Future;
    use core::pin::pin;
    use core::task::{Context, Waker};

    use embassy_sync::blocking_mutex::raw::NoopRawMutex;
    use wigwag_codec::ngtt::Digest;
    use wigwag_codec::ngtt::client::RecordKind;

    use super::*;

    /// Knows one order that was begun, and takes two polls to tell.
    struct Slow;

    impl Journal for Slow {
        type Error = ();

        async fn load(&mut self, each: &mut dyn FnMut(Record)) -> Result<Memory, ()> {
            let mut waited = false;
            poll_fn(|_| match core::mem::replace(&mut waited, true) {
                false => Poll::Pending,
                true => Poll::Ready(()),
            })
            .await;
            each(Record {
                kind: RecordKind::Started,
                tid: 1,
                digest: Digest::of(b"order"),
            });
            Ok(Memory::Kept)
        }

        async fn append(&mut self, _: Record) -> Result<(), ()> {
            Ok(())
        }
    }

    #[test]
    fn a_runner_dropped_while_it_reads_the_journal_reads_it_again() {
        let state: State<NoopRawMutex> = State::new();
        let mut journal = Slow;
        for polls in [1, 2, 2] {
            let recorder = Recorder {
                state: &state,
                journal: &mut journal,
                now: || Instant::ZERO,
            };
            let mut restoring = pin!(recorder.restore());
            let mut context = Context::from_waker(Waker::noop());
            for _ in 0..polls {
                if restoring.as_mut().poll(&mut context).is_ready() {
                    break;
                }
            }
            // Dropped here: the first time before it is done.
            let known = state.with(|inner| inner.session.in_use().2);
            assert_eq!(known, polls - 1);
        }
    }

    /// Knows one order that was begun, but not whether there were others.
    struct New;

    impl Journal for New {
        type Error = ();

        async fn load(&mut self, each: &mut dyn FnMut(Record)) -> Result<Memory, ()> {
            each(Record {
                kind: RecordKind::Started,
                tid: 1,
                digest: Digest::of(b"order"),
            });
            Ok(Memory::Lost)
        }

        async fn append(&mut self, _: Record) -> Result<(), ()> {
            Ok(())
        }
    }

    #[test]
    fn what_a_new_journal_has_written_is_remembered() {
        let state: State<NoopRawMutex> = State::new();
        let recorder = Recorder {
            state: &state,
            journal: &mut New,
            now: || Instant::ZERO,
        };
        let mut restoring = pin!(recorder.restore());
        let mut context = Context::from_waker(Waker::noop());
        assert!(restoring.as_mut().poll(&mut context).is_ready());
        state.with(|inner| {
            assert_eq!(inner.session.in_use().2, 1);
            assert!(!inner.session.is_past_known());
        });
    }
}
