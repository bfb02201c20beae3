//! Whether the runner is alive: that the executor polls it, that it stays in no
//! state for longer than the state may last, and that the journal answers.

use core::future::poll_fn;
use core::task::Poll;
use core::time::Duration;

use embassy_sync::blocking_mutex::raw::RawMutex;
use embassy_sync::waitqueue::WakerRegistration;
use wigwag_codec::Instant;
use wigwag_codec::ngtt::client::Sizes;

use super::config::Config;
use super::state::{Inner, State};
use super::status::Status;
use crate::health::{LONGEST_STALL, Stuck};

// New it is all zeros, so that a client's state in a `static` takes no flash.
pub(super) struct Pulse {
    limits: Limits,
    /// Since when the present phase lasts.
    since: Instant,
    /// When it has to be over.
    until: Option<Instant>,
    /// Since when the journal has been at work on a record.
    journal: Option<Instant>,
    /// Since when the runner owes an answer.
    asked: Option<Instant>,
    runner: WakerRegistration,
}

/// How long each phase may last, by its own timers.
struct Limits {
    /// Until the client says that it is offline.
    join: Duration,
    /// From the first question about a name to the last address that fails.
    race: Duration,
    /// A handshake, and the end of a connection that it did not make.
    secure: Duration,
    /// The end of a connection.
    end: Duration,
    /// One call of the journal.
    journal: Duration,
}

impl Pulse {
    pub(super) const fn new() -> Self {
        const ZERO: Duration = Duration::ZERO;
        Self {
            limits: Limits {
                join: ZERO,
                race: ZERO,
                secure: ZERO,
                end: ZERO,
                journal: ZERO,
            },
            since: Instant::ZERO,
            until: None,
            journal: None,
            asked: None,
            runner: WakerRegistration::new(),
        }
    }

    /// The runner begins, perhaps not for the first time.
    pub(super) fn start<const PATHS: usize>(&mut self, config: &Config<'_, PATHS>) {
        let tls = &config.tls;
        // What is queued may take two write timeouts to leave, and the farewell
        // and the socket one close timeout each: see `tls::run`.
        let end = sum([
            tls.write_timeout,
            tls.write_timeout,
            tls.close_timeout,
            tls.close_timeout,
        ]);
        self.limits = Limits {
            join: sum([config.spread_start, config.join_timeout]),
            race: config.race.deadline,
            secure: sum([tls.handshake_timeout, end]),
            end,
            journal: config.journal_timeout,
        };
        self.until = None;
        self.journal = None;
    }

    /// The client is in another state, or in the same one anew.
    pub(super) fn entered(&mut self, status: &Status, now: Instant) {
        let limit = match status {
            Status::Joining => self.limits.join,
            Status::Resolving | Status::Connecting => self.limits.race,
            Status::Securing => self.limits.secure,
            Status::Waiting { retry_at, .. } => retry_at.saturating_duration_since(now),
            // The first three may last for ever, and a connection has the
            // deadlines of the session.
            Status::Idle | Status::Offline { .. } | Status::Closed | Status::Connected { .. } => {
                self.since = now;
                self.until = None;
                return;
            }
        };
        self.phase(limit, now);
    }

    /// The session is over; the connection is still to be ended.
    pub(super) fn ending(&mut self, now: Instant) {
        self.phase(self.limits.end, now);
    }

    /// The connection is over; the next address, if there is one, is tried.
    pub(super) fn racing(&mut self, now: Instant) {
        self.phase(self.limits.race, now);
    }

    fn phase(&mut self, limit: Duration, now: Instant) {
        self.since = now;
        self.until = Some(now.saturating_add(limit));
    }

    /// The journal is at work since `now`, or at rest.
    pub(super) fn journal(&mut self, now: Option<Instant>) {
        self.journal = now;
    }
}

fn sum<const N: usize>(durations: [Duration; N]) -> Duration {
    durations
        .into_iter()
        .fold(Duration::ZERO, Duration::saturating_add)
}

/// Answers whoever asks for the runner, for as long as it is polled.
pub(super) async fn answer<M: RawMutex, S: Sizes>(state: &State<M, S>) -> ! {
    poll_fn(|cx| {
        state.with(|inner| {
            inner.pulse.asked = None;
            inner.pulse.runner.register(cx.waker());
        });
        Poll::Pending
    })
    .await
}

impl<S: Sizes> Inner<S> {
    /// Asks the runner for its pulse, and looks whether anything has been
    /// overdue for longer than the executor can have been busy.
    pub(super) fn check(&mut self, now: Instant) -> Result<(), Stuck> {
        let since = |since: Instant| now.saturating_duration_since(since);
        let is_overdue = |at: Instant| since(at) > LONGEST_STALL;
        let stuck = |name, from| {
            let silent_for = since(from);
            Err(Stuck { name, silent_for })
        };
        let Pulse { limits, .. } = &self.pulse;
        if let Some(from) = self.pulse.journal
            && is_overdue(from.saturating_add(limits.journal))
        {
            return stuck("ngtt: journal", from);
        }
        if let Some(from) = self.pulse.asked {
            if is_overdue(from) {
                return stuck("ngtt: runner", from);
            }
        } else {
            self.pulse.asked = Some(now);
        }
        self.pulse.runner.wake();
        let status = &self.status;
        if self.pulse.until.is_some_and(is_overdue) {
            let name = match status {
                Status::Joining => "ngtt: joining the network",
                Status::Resolving => "ngtt: resolving",
                Status::Connecting => "ngtt: connecting",
                Status::Securing => "ngtt: handshake",
                Status::Waiting { .. } => "ngtt: waiting to try again",
                _ => "ngtt: end of a connection",
            };
            return stuck(name, self.pulse.since);
        }
        // The driver serves the session's deadlines; they pass where it does not.
        if let Some(at) = self.session.next_timeout()
            && is_overdue(at)
        {
            return stuck("ngtt: connection", at);
        }
        Ok(())
    }
}
