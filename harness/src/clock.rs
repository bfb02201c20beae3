//! The embassy-time driver of the host: embassy's timers on tokio's clock.
//!
//! embassy-time asks for exactly one driver in a process. This is it for
//! everything that links the harness; enabling embassy-time's own `std` driver
//! beside it is a link error, which is intended.
//!
//! Every timer becomes a tokio timer, so `tokio::time::pause` works: with
//! servers in the same process, hours of keep-alives run in milliseconds. Do
//! not pause time while real sockets are in play, because tokio moves a paused
//! clock forward whenever all tasks wait, also when they wait for the kernel.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let before = embassy_time::Instant::now();
//! embassy_time::Timer::after_millis(5).await;
//! assert!(before.elapsed() >= embassy_time::Duration::from_millis(5));
//! # });
//! ```
//!
//! Timers need a tokio runtime with time enabled: awaiting one outside of it
//! panics, as tokio's own timers do. Resolution is tokio's: one millisecond.

use core::task::{Context, Waker};
use std::cell::RefCell;
use std::collections::HashMap;
use std::pin::{Pin, pin};
use std::sync::OnceLock;
use std::time::Duration;
use tokio::time::{Instant, Sleep};

/// Embassy's tick of the first instant this process looked at. Not zero, so
/// that a runtime whose paused clock began earlier still has a past to be in.
const EPOCH_TICKS: u64 = 24 * 60 * 60 * 1_000_000;

/// Timers beyond this are never armed: nobody waits for them, and tokio could
/// not represent the deadline.
const HORIZON: u64 = 10 * 365 * 24 * 60 * 60 * 1_000_000;

const _: () = assert!(
    embassy_time_driver::TICK_HZ == 1_000_000,
    "a tick is a microsecond here"
);

struct TokioClock;

embassy_time_driver::time_driver_impl!(static CLOCK: TokioClock = TokioClock);

impl embassy_time_driver::Driver for TokioClock {
    fn now(&self) -> u64 {
        now_micros()
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        wake_at(at, waker);
    }
}

fn epoch() -> Instant {
    static EPOCH: OnceLock<Instant> = OnceLock::new();
    *EPOCH.get_or_init(Instant::now)
}

/// Microseconds on the clock that embassy-time shows, monotonic within one
/// runtime. The same number as `embassy_time::Instant::now().as_micros()`.
#[must_use]
pub fn now_micros() -> u64 {
    micros(epoch(), Instant::now())
}

/// Rounded down on both sides of the epoch: were it up on one side, a timer
/// that rings on the dot could find its time not come yet.
fn micros(epoch: Instant, now: Instant) -> u64 {
    let clamp = |micros: u128| u64::try_from(micros).unwrap_or(u64::MAX);
    match now.checked_duration_since(epoch) {
        Some(after) => EPOCH_TICKS.saturating_add(clamp(after.as_micros())),
        None => {
            let before = epoch.duration_since(now).as_nanos().div_ceil(1000);
            EPOCH_TICKS.saturating_sub(clamp(before))
        }
    }
}

/// [`now_micros`] in smoltcp's type.
#[must_use]
pub(crate) fn smoltcp_now() -> smoltcp::time::Instant {
    smoltcp::time::Instant::from_micros(i64::try_from(now_micros()).unwrap_or(i64::MAX))
}

/// Wakes `waker` when the clock reaches `at` (microseconds, as
/// [`now_micros`]), or at once when that has passed.
///
/// One waker has one alarm: the earliest of those asked for since the last one
/// rang. Whoever is woken early looks at the clock and asks again.
///
/// # Panics
/// Outside of a tokio runtime with time enabled.
pub fn wake_at(at: u64, waker: &Waker) {
    let now = now_micros();
    if at <= now {
        waker.wake_by_ref();
    } else if at - now < HORIZON {
        // What is thrown away is dropped after the borrow has ended: dropping
        // a waker may drop a task, and with it anything.
        let swept = ALARMS.with(|alarms| alarms.borrow_mut().set(now, at, waker));
        drop(swept);
    }
}

thread_local! {
    static ALARMS: RefCell<Alarms> = RefCell::new(Alarms::default());
}

/// The armed alarms of one thread, by the identity of their waker. Wakers of
/// one thread's tasks are polled on that thread, so no lock is needed.
#[derive(Default)]
struct Alarms {
    armed: HashMap<(usize, usize), Alarm>,
    sweep_at: usize,
}

struct Alarm {
    at: u64,
    waker: Waker,
    sleep: Pin<Box<Sleep>>,
}

impl Alarms {
    fn set(&mut self, now: u64, at: u64, waker: &Waker) -> Vec<Alarm> {
        let key = (
            waker.data() as usize,
            core::ptr::from_ref(waker.vtable()) as usize,
        );
        if let Some(alarm) = self.armed.get_mut(&key) {
            let (due, rung) = (alarm.at <= now, alarm.sleep.is_elapsed());
            if due && !rung {
                // Tokio has not come round to it, and is about to be told
                // another time.
                alarm.waker.wake_by_ref();
            }
            if due || rung || at < alarm.at {
                alarm.at = at;
                alarm.sleep.as_mut().reset(deadline(now, at));
                alarm.arm();
            }
            return Vec::new();
        }
        let mut alarm = Alarm {
            at,
            waker: waker.clone(),
            sleep: Box::pin(tokio::time::sleep_until(deadline(now, at))),
        };
        alarm.arm();
        self.armed.insert(key, alarm);
        self.sweep()
    }

    /// Forgets alarms that have rung, now and then: the work is shared out
    /// over the insertions that made it necessary.
    fn sweep(&mut self) -> Vec<Alarm> {
        if self.armed.len() < self.sweep_at.max(64) {
            return Vec::new();
        }
        let rung = self.armed.extract_if(|_, alarm| alarm.sleep.is_elapsed());
        let rung = rung.map(|(_, alarm)| alarm).collect();
        self.sweep_at = self.armed.len() * 2;
        rung
    }
}

impl Alarm {
    /// Registers the waker with tokio's timer. Out of tokio's cooperative
    /// budget, because a refused registration would be a lost alarm.
    fn arm(&mut self) {
        let mut context = Context::from_waker(&self.waker);
        let armed = pin!(tokio::task::unconstrained(self.sleep.as_mut()));
        if armed.poll(&mut context).is_ready() {
            self.waker.wake_by_ref();
        }
    }
}

fn deadline(now: u64, at: u64) -> Instant {
    Instant::now() + Duration::from_micros(at - now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use embassy_time::{Duration as Ticks, Instant as Moment, Timer};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    #[tokio::test(start_paused = true)]
    async fn a_paused_day_passes_at_once() {
        let real = std::time::Instant::now();
        let before = Moment::now();
        Timer::after(Ticks::from_secs(24 * 3600)).await;
        let passed = before.elapsed();
        assert!(passed >= Ticks::from_secs(24 * 3600));
        assert!(passed < Ticks::from_secs(24 * 3600 + 1));
        assert!(real.elapsed() < Duration::from_secs(10));
    }

    #[tokio::test(start_paused = true)]
    async fn timers_ring_in_order() {
        let order = RefCell::new(Vec::new());
        let wait = async |millis| {
            Timer::after_millis(millis).await;
            order.borrow_mut().push(millis);
        };
        tokio::join!(wait(30), wait(10), wait(20));
        assert_eq!(*order.borrow(), [10, 20, 30]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_later_timer_is_not_lost_to_an_earlier_one() {
        let early = async {
            for _ in 0..100 {
                Timer::after_millis(1).await;
            }
        };
        let before = Moment::now();
        tokio::join!(early, Timer::after_millis(150));
        assert_eq!(before.elapsed().as_millis(), 150);
    }

    #[tokio::test(start_paused = true)]
    async fn more_timers_than_any_fixed_queue() {
        let local = tokio::task::LocalSet::new();
        let rung = std::rc::Rc::new(RefCell::new(0));
        for millis in 0..1000 {
            let rung = rung.clone();
            local.spawn_local(async move {
                Timer::after_millis(1 + millis % 17).await;
                *rung.borrow_mut() += 1;
            });
        }
        local.await;
        assert_eq!(*rung.borrow(), 1000);
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_rung_is_forgotten() {
        for _ in 0..1000 {
            let task = tokio::task::spawn(async { Timer::after_millis(1).await });
            assert!(task.await.is_ok());
        }
        let kept = ALARMS.with(|alarms| alarms.borrow().armed.len());
        assert!(kept <= 64, "{kept} alarms kept");
    }

    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_waker_has_one_alarm_and_the_past_rings_at_once() {
        let count = Arc::new(Count(AtomicUsize::new(0)));
        let waker = Waker::from(count.clone());
        let rings = || count.0.load(Ordering::Relaxed);
        wake_at(now_micros(), &waker);
        assert_eq!(rings(), 1);
        let now = now_micros();
        wake_at(now + 50_000, &waker);
        wake_at(now + 10_000, &waker);
        wake_at(now + 90_000, &waker);
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(rings(), 2, "the earliest only: whoever is woken asks again");
    }

    #[tokio::test(start_paused = true)]
    async fn an_alarm_that_rang_too_early_is_armed_again() {
        let count = Arc::new(Count(AtomicUsize::new(0)));
        let waker = Waker::from(count.clone());
        let mut alarms = Alarms::default();
        let now = now_micros();
        alarms.set(now, now + 10_000, &waker);
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(count.0.load(Ordering::Relaxed), 1);
        // By this clock the time has not come: asked again for the same.
        alarms.set(now + 9_999, now + 10_000, &waker);
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(count.0.load(Ordering::Relaxed), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn an_alarm_that_is_due_and_has_not_rung_is_not_swept_away() {
        let count = Arc::new(Count(AtomicUsize::new(0)));
        let waker = Waker::from(count.clone());
        let mut alarms = Alarms::default();
        let now = now_micros();
        alarms.set(now, now + 1, &waker);
        let others: Vec<_> = (0..200)
            .map(|_| Waker::from(Arc::new(Count(AtomicUsize::new(0)))))
            .collect();
        for other in &others {
            alarms.set(now + 2, now + 1_000_000, other);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert_eq!(count.0.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn the_clock_goes_evenly_through_its_epoch() {
        let epoch = Instant::now() + Duration::from_secs(1);
        let mut last = None;
        for nanos in (0..10_000).step_by(100) {
            let now = epoch - Duration::from_nanos(5_000) + Duration::from_nanos(nanos);
            let expected = EPOCH_TICKS - 5 + nanos / 1000;
            assert_eq!(micros(epoch, now), expected, "{nanos} ns");
            assert!(last <= Some(expected));
            last = Some(expected);
        }
    }

    #[tokio::test]
    async fn a_timer_for_ever_is_never_armed() {
        let never = Timer::at(Moment::MAX);
        let waited = tokio::time::timeout(Duration::from_millis(5), never).await;
        assert!(waited.is_err());
    }

    #[tokio::test]
    async fn no_alarm_is_lost_when_the_cooperative_budget_is_spent() {
        let task = tokio::task::spawn(async {
            // Spends the budget without ever being refused a registration.
            while tokio::task::coop::has_budget_remaining() {
                tokio::task::coop::consume_budget().await;
            }
            Timer::after_millis(1).await;
        });
        let done = tokio::time::timeout(Duration::from_secs(5), task).await;
        assert!(done.is_ok());
    }
}
