//! An application that drops its futures at their await points.

use core::cell::{Cell, RefCell};
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_core::RngCore;

use crate::campaign;

/// Futures of one call that may be dropped.
const TRIES: u32 = 20;

/// Decides at each await point of an application, that is, whenever one of its
/// futures says that it is not ready, whether that future is dropped: there
/// and then, or at the next wake-up, before it could see what it was woken for.
#[derive(Debug)]
pub struct Dropper {
    plan: Plan,
    rng: RefCell<ChaCha8Rng>,
    points: Cell<u32>,
    drops: Cell<u32>,
}

#[derive(Debug)]
enum Plan {
    /// At one point only: this one.
    Once(u32),
    /// At one of so many points.
    Often(u32),
}

enum Fate {
    Stay,
    Drop,
    DropWhenWoken,
}

impl Dropper {
    /// Drops one future: number `turn / 2` of all await points, at once when
    /// `turn` is even, else when it has been woken.
    #[must_use]
    pub fn once(turn: u32) -> Self {
        Self::new(Plan::Once(turn), 0)
    }

    /// Drops futures at random points: rarely, often or nearly always, as the
    /// seed will have it.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        let mut rng = campaign::rng(seed);
        let often = [1, 2, 3, 8][rng.next_u32() as usize % 4];
        Self::new(Plan::Often(often), rng.next_u64())
    }

    fn new(plan: Plan, seed: u64) -> Self {
        Self {
            plan,
            rng: RefCell::new(campaign::rng(seed)),
            points: Cell::new(0),
            drops: Cell::new(0),
        }
    }

    /// The await points that have been passed.
    #[must_use]
    pub fn points(&self) -> u32 {
        self.points.get()
    }

    /// The futures that have been dropped.
    #[must_use]
    pub fn drops(&self) -> u32 {
        self.drops.get()
    }

    fn random(&self, below: u32) -> u32 {
        self.rng.borrow_mut().next_u32() % below
    }

    fn fate(&self) -> Fate {
        let point = self.points.replace(self.points.get() + 1);
        let (drop, woken) = match self.plan {
            Plan::Once(turn) => (point == turn / 2, turn % 2 == 1),
            Plan::Often(often) => (self.random(often) == 0, self.random(2) == 1),
        };
        match (drop, woken) {
            (false, _) => Fate::Stay,
            (true, false) => Fate::Drop,
            (true, true) => Fate::DropWhenWoken,
        }
    }

    /// The result of `future`, or `None` when it was dropped.
    pub async fn try_poll<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let mut future = pin!(future);
        let mut doomed = false;
        let result = poll_fn(|cx| {
            if doomed {
                return Poll::Ready(None);
            }
            if let Poll::Ready(value) = future.as_mut().poll(cx) {
                return Poll::Ready(Some(value));
            }
            match self.fate() {
                Fate::Stay => Poll::Pending,
                Fate::Drop => Poll::Ready(None),
                Fate::DropWhenWoken => {
                    doomed = true;
                    Poll::Pending
                }
            }
        });
        let result = result.await;
        if result.is_none() {
            self.drops.set(self.drops.get() + 1);
        }
        result
    }

    /// The result of the first of the futures that `make` makes that is not
    /// dropped. One that has to wait more than once would never get through
    /// where each is dropped, so the 20th is left alone.
    pub async fn insist<T>(&self, mut make: impl AsyncFnMut() -> T) -> T {
        for _ in 1..TRIES {
            if let Some(value) = self.try_poll(make()).await {
                return value;
            }
            self.pause().await;
        }
        make().await
    }

    /// Lets the others get on: for a moment, or for some time.
    pub async fn pause(&self) {
        if matches!(self.plan, Plan::Once(_)) || self.random(2) == 0 {
            tokio::task::yield_now().await;
        } else {
            tokio::time::sleep(Duration::from_micros(self.random(3000).into())).await;
        }
    }
}

/// The result of `future`, or `None` when it was not ready after so many polls
/// and was dropped.
pub async fn stopped_after<T>(polls: u32, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|cx| {
        if let Poll::Ready(value) = future.as_mut().poll(cx) {
            return Poll::Ready(Some(value));
        }
        left = left.saturating_sub(1);
        if left == 0 {
            Poll::Ready(None)
        } else {
            Poll::Pending
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Not ready the first two times it is polled.
    async fn third_time() -> u32 {
        let mut left = 2_u32;
        poll_fn(|cx| {
            if left == 0 {
                return Poll::Ready(7);
            }
            left -= 1;
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await
    }

    #[tokio::test]
    async fn one_future_is_dropped_at_its_point() {
        for turn in 0..4 {
            let dropper = Dropper::once(turn);
            assert_eq!(dropper.try_poll(third_time()).await, None);
            assert_eq!(dropper.points(), turn / 2 + 1);
            assert_eq!(dropper.insist(third_time).await, 7);
            assert_eq!(dropper.drops(), 1);
        }
        let dropper = Dropper::once(4);
        assert_eq!(dropper.try_poll(third_time()).await, Some(7));
        assert_eq!((dropper.points(), dropper.drops()), (2, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn many_futures_are_dropped_at_random() {
        let mut drops = 0;
        for seed in 0..100 {
            let dropper = Dropper::seeded(seed);
            // The one that drops at every point never lets it get through.
            for _ in 0..10 {
                drops += u32::from(dropper.try_poll(third_time()).await.is_none());
                dropper.pause().await;
            }
        }
        assert!((300..900).contains(&drops), "{drops}");
    }
}
