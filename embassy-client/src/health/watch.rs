//! Feeds the watchdog.

use embassy_time::Timer;

use super::{Check, Period, Stuck};
use crate::time;

/// Feeds the watchdog with `feed` once every [`Period`] for as long as `checks`
/// makes progress. When it does not, `on_stuck` is told the reason, once, and the
/// watchdog is never fed again: it may bite a whole timeout later, so `on_stuck`
/// had better record why and reset the chip itself.
///
/// Start the watchdog before this is first polled, at the latest with the first
/// feed, and keep it running while the debugger does not hold the core. Dropping
/// the future stops the feeding as well.
pub async fn watch<C: Check + ?Sized>(
    checks: &C,
    period: Period,
    mut feed: impl FnMut(),
    mut on_stuck: impl FnMut(&Stuck),
) -> ! {
    loop {
        if let Err(stuck) = checks.check(time::now()) {
            #[cfg(feature = "defmt")]
            defmt::error!("health: {}", stuck);
            on_stuck(&stuck);
            break;
        }
        feed();
        Timer::after(time::duration(period.every())).await;
    }
    loop {
        core::future::pending::<()>().await;
    }
}
