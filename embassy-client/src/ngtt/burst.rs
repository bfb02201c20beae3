//! One short connection for devices on batteries: connect, say what is queued,
//! execute what is waiting, disconnect.

use core::cell::Cell;
use core::time::Duration;

use embassy_futures::select::{Either, select};
use embassy_sync::blocking_mutex::raw::RawMutex;
use embassy_time::Timer;
use wigwag_codec::Instant;
use wigwag_codec::ngtt::client::{Counters, Sizes};

use super::client::Client;
use super::status::{Reason, Status};
use crate::time;

/// A connection that lasts as long as there is something to do, and no longer than
/// a limit.
///
/// [`run`](Self::run) opens the client, waits for a connection, and for everything
/// that there is to do: what is queued is sent, the server delivers the orders that
/// wait for this device (it is asked for them at the start of every connection), and
/// the application's own tasks take and execute them as always. When nothing has been
/// left to do for a while ([`quiet`](Self::quiet)), or the time is up, the connection
/// is closed in good order. What is left stays queued for the next burst; an order in
/// the application's hands is answered then.
///
/// A device that sleeps between bursts, its memory kept:
///
/// ```
/// use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex as Mutex;
/// use embassy_time::Timer;
/// use wigwag_embassy::ngtt::{Burst, Client, Ended, NgttError};
///
/// /// A task of its own, as in every other program.
/// async fn orders(client: Client<'static, Mutex>) {
///     loop {
///         let order = client.next_order().await;
///         // ... execute it
///         order.acknowledge().await;
///     }
/// }
///
/// async fn measure() -> f64 {
///     21.5
/// }
///
/// async fn every_hour(client: Client<'static, Mutex>, now_ms: fn() -> i64) -> Result<(), NgttError> {
///     // The runner would connect by itself.
///     client.close().await;
///     loop {
///         let reading = measure().await;
///         // It waits in the queue; nobody waits for the answer.
///         let sending = client.submit_pathpoints(1, |batch| {
///             let readings = batch.pathpoint("temperature", 1)?;
///             readings.value(now_ms(), |value| value.f64(reading))?;
///             Ok(())
///         });
///         drop(sending.await?);
///         let report = Burst::DEFAULT.run(client).await;
///         if report.ended != Ended::Settled {
///             // Nothing is lost: report.sends_left are still queued.
///         }
///         Timer::after_secs(3600).await;
///     }
/// }
/// ```
///
/// # What a connected client costs
#[doc = include_str!("idle.md")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Burst {
    /// The longest time for all of it but the closing; a minute by default.
    pub limit: Duration,
    /// How long there must have been nothing to do before the connection is closed;
    /// 2 s by default. It has to be longer than the way to the server and back: orders
    /// that are still on the way then come with the next burst.
    pub quiet: Duration,
    /// After so many failures, to connect or to stay connected, it is given up, at
    /// least 1; 3 by default. They are apart as [`supervisor`](crate::supervisor) says.
    pub attempts: u8,
}

/// Why a [`Burst`] ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Ended {
    /// There was nothing left to do.
    Settled,
    /// The time was up.
    TimeLimit,
    /// There was no connection, or it was lost, too often, or the time was up while
    /// there was none. The last reason.
    Failed(Reason),
    /// Another task has closed the client, or has done so before it was connected.
    Closed,
}

/// What a [`Burst`] has done, and what it has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BurstReport {
    /// Why it ended.
    pub ended: Ended,
    /// How long it took, the closing included.
    pub took: Duration,
    /// For how much of that there was a connection to the verified server.
    pub connected: Duration,
    /// Requests that the server has taken or answered meanwhile.
    pub delivered: u32,
    /// Batches of pathpoints that it has refused.
    pub rejected: u32,
    /// Orders that came meanwhile.
    pub orders_taken: u32,
    /// Orders that the application has answered meanwhile.
    pub orders_answered: u32,
    /// Orders that wait for the application, or are in its hands.
    pub orders_left: usize,
    /// Requests that are still queued, or whose answer nobody has taken yet.
    pub sends_left: usize,
}

impl Ended {
    /// Whether all was done.
    #[must_use]
    pub const fn is_settled(&self) -> bool {
        matches!(self, Self::Settled)
    }
}

impl core::fmt::Display for Ended {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Settled => f.write_str("nothing is left to do"),
            Self::TimeLimit => f.write_str("the time is up"),
            Self::Failed(reason) => reason.fmt(f),
            Self::Closed => f.write_str("closed by the application"),
        }
    }
}

impl Burst {
    /// A minute at most, until it has been quiet for 2 s, and three attempts.
    pub const DEFAULT: Self = Self {
        limit: Duration::from_secs(60),
        quiet: Duration::from_secs(2),
        attempts: 3,
    };

    /// Connects, lets everything be done, and closes the connection. The runner and
    /// the tasks that take orders run beside it.
    ///
    /// Dropped in between, it leaves the client open.
    pub async fn run<M: RawMutex, S: Sizes>(&self, client: Client<'_, M, S>) -> BurstReport {
        let start = time::now();
        let before = client.counters();
        let connected = Connected::default();
        // What has failed before does not count, nor is it waited for.
        let last = client.status();
        if last.reason().is_some() {
            client.reconnect();
        } else {
            client.open();
        }
        let limit = Timer::after(time::duration(self.limit));
        let ended = match select(self.work(client, last, &connected), limit).await {
            Either::First(ended) => ended,
            Either::Second(()) => client
                .status()
                .reason()
                .map_or(Ended::TimeLimit, Ended::Failed),
        };
        client.close().await;
        connected.lost();
        let Counters {
            orders_taken,
            orders_answered,
            delivered,
            rejected,
            ..
        } = client.counters();
        let (orders_left, sends_left, _) = client.in_use();
        BurstReport {
            ended,
            took: time::now().saturating_duration_since(start),
            connected: connected.total.get(),
            delivered: delivered.wrapping_sub(before.delivered),
            rejected: rejected.wrapping_sub(before.rejected),
            orders_taken: orders_taken.wrapping_sub(before.orders_taken),
            orders_answered: orders_answered.wrapping_sub(before.orders_answered),
            orders_left,
            sends_left,
        }
    }

    /// Stays connected until there is nothing left to do.
    async fn work<M: RawMutex, S: Sizes>(
        &self,
        client: Client<'_, M, S>,
        mut last: Status,
        connected: &Connected,
    ) -> Ended {
        let mut left = self.attempts.max(1);
        loop {
            let is_news = |status: &Status| {
                let is_failure = status.reason().is_some();
                let is_up = status.is_connected();
                is_up || *status == Status::Closed || (is_failure && *status != last)
            };
            let status = client.wait_status(is_news).await;
            match status {
                Status::Connected { since, .. } => {
                    connected.since(since);
                    let lost = client.wait_status(|status| !status.is_connected());
                    match select(self.settled(client), lost).await {
                        Either::First(()) => return Ended::Settled,
                        Either::Second(_) => connected.lost(),
                    }
                }
                Status::Offline { reason } => return Ended::Failed(reason),
                Status::Waiting { reason, .. } => {
                    last = status;
                    left -= 1;
                    if left == 0 {
                        return Ended::Failed(reason);
                    }
                }
                _ => {
                    // Before the runner has seen that it is wanted again.
                    if client.is_closing() {
                        return Ended::Closed;
                    }
                    client.wait_status(|status| *status != Status::Closed).await;
                }
            }
        }
    }

    /// Waits until there has been nothing to do for a while.
    async fn settled<M: RawMutex, S: Sizes>(&self, client: Client<'_, M, S>) {
        loop {
            client.wait_idle().await;
            let quiet = Timer::after(time::duration(self.quiet));
            if let Either::Second(()) = select(client.wait_busy(), quiet).await {
                return;
            }
        }
    }
}

impl Default for Burst {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// How long there was a connection.
#[derive(Default)]
struct Connected {
    since: Cell<Option<Instant>>,
    total: Cell<Duration>,
}

impl Connected {
    fn since(&self, since: Instant) {
        self.since.set(Some(since));
    }

    fn lost(&self) {
        if let Some(since) = self.since.take() {
            let length = time::now().saturating_duration_since(since);
            self.total.set(self.total.get().saturating_add(length));
        }
    }
}
