//! Time that a thread has worked, without the time in which others had its processor:
//! what takes milliseconds is interrupted on a machine that does other things as well.

use std::time::Duration;

/// What takes longer is looked at by the processor's time. To ask for that takes some
/// microseconds of it.
const LONG: Duration = Duration::from_millis(5);

/// The processor's time at the start of what is measured, where the system tells it.
pub(crate) struct Clock(Option<Duration>);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(worked())
    }

    /// How long it took, which was `elapsed` by the clock on the wall.
    pub(crate) fn stop(&self, elapsed: Duration) -> Duration {
        if elapsed < LONG {
            return elapsed;
        }
        match (self.0, worked()) {
            (Some(before), Some(now)) => now.saturating_sub(before).min(elapsed),
            _ => elapsed,
        }
    }
}

/// How long this thread has had a processor: Linux tells it in nanoseconds, up to the
/// last time that the thread gave it away.
fn worked() -> Option<Duration> {
    std::thread::yield_now();
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds = text.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}
