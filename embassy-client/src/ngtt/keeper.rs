//! The part of the runner that keeps a client connected: waits for the
//! network, makes an [`Attempt`] on each of its paths, and decides when to try
//! again.

use core::task::Poll;
use core::time::Duration;

use embassy_futures::select::{Either, Either3, select, select_array, select3};
use embassy_sync::blocking_mutex::raw::RawMutex;
use embassy_time::Timer;
use rand_core::CryptoRngCore;
use wigwag_codec::Instant;
use wigwag_codec::ngtt::client::Sizes;

use super::attempt::{Attempt, Failure};
use super::buffers::Memory;
use super::config::Config;
use super::state::{State, Wish};
use super::status::{Reason, Status};
use crate::net::{Network, PathId, PathState};
use crate::supervisor::Supervisor;
use crate::time;
use crate::tls::{Credentials, End};

/// Ready when the application wants no connection while one is still being
/// made. An open one is closed in good order by the driver.
async fn closed_early<M: RawMutex, S: Sizes>(state: &State<M, S>) {
    core::future::poll_fn(|cx| {
        state.with(|inner| {
            if inner.wish == Wish::Close && !inner.status.is_connected() {
                return Poll::Ready(());
            }
            inner.driver.register(cx.waker());
            Poll::Pending
        })
    })
    .await;
}

/// The part of the runner that connects.
pub(super) struct Keeper<'s, 'c, M: RawMutex, N, R, S: Sizes, B: Memory, const PATHS: usize> {
    pub(super) state: &'s State<M, S>,
    pub(super) buffers: &'s mut B,
    pub(super) network: &'s N,
    pub(super) config: &'s mut Config<'c, PATHS>,
    pub(super) rng: &'s mut R,
}

/// The paths, and the state in which each was last seen.
type Seen<const PATHS: usize> = [(PathId, PathState); PATHS];

impl<M: RawMutex, N: Network, R: CryptoRngCore, S: Sizes, B: Memory, const PATHS: usize>
    Keeper<'_, '_, M, N, R, S, B, PATHS>
{
    pub(super) async fn run(&mut self) -> ! {
        // The runner may have been dropped and started again.
        let credentials = Credentials::new(self.config.tls.has_next());
        self.state.with(|inner| {
            inner.session.disconnected();
            inner.credentials = credentials;
        });
        self.state.set_status(Status::Joining);
        let mut supervisor = Supervisor::new(self.config.backoff);
        self.spread_start().await;
        // A link that flaps must not undo the backoff: it may cut one wait
        // short, then a connection must have come up before it may again.
        let mut may_cut_short = true;
        // An address that was good on one path is as a rule good on another.
        let mut known = None;
        let mut is_start = true;
        loop {
            self.wanted().await;
            let state = self.state;
            let attempt = async {
                self.online(is_start).await;
                is_start = false;
                let mut failed: Option<Failure> = None;
                for path in self.config.paths {
                    if self.network.path_state(path) != PathState::Up {
                        continue;
                    }
                    let attempt = Attempt {
                        state,
                        network: self.network,
                        tls: &mut self.config.tls,
                        port: self.config.port,
                        path,
                        times: &self.config.race,
                        options: &self.config.tcp,
                        rng: &mut *self.rng,
                        known: &mut known,
                        supervisor: &mut supervisor,
                        may_cut_short: &mut may_cut_short,
                    };
                    let failure = self.buffers.attempt(attempt).await?;
                    if !failure.is_for_next_path {
                        return Some(failure);
                    }
                    // What a stranger on one path says must not keep the device
                    // from the others for long.
                    if failed.is_none_or(|failed| failure.class < failed.class) {
                        failed = Some(failure);
                    }
                }
                failed
            };
            let Failure { reason, class, .. } = match select(attempt, closed_early(state)).await {
                Either::First(Some(failure)) => failure,
                Either::First(None) | Either::Second(()) => {
                    supervisor.ended(time::now());
                    continue;
                }
            };
            // No failure, unless limits are so small that connections would
            // follow each other without a pause.
            let used = matches!(reason, Reason::Tls(End::SessionLimit | End::Rekey));
            if used && supervisor.is_stable(time::now()) {
                supervisor.ended(time::now());
                continue;
            }
            let (now, random) = (time::now(), self.rng.next_u32());
            let retry = match reason {
                Reason::Tls(end) if end.may_be_forged() => supervisor.doubted(class, now, random),
                _ => supervisor.failed(class, now, random),
            };
            self.state.set_status(Status::Waiting {
                reason,
                retry_at: retry.at,
                attempt: retry.attempt,
            });
            self.wait(retry.at, &mut may_cut_short).await;
        }
    }

    async fn spread_start(&mut self) {
        let spread = self.config.spread_start;
        if !spread.is_zero() {
            let micros = time::part(time::micros(spread), self.rng.next_u32());
            Timer::after(time::duration(Duration::from_micros(micros))).await;
        }
    }

    /// Waits until the application wants a connection.
    async fn wanted(&self) {
        core::future::poll_fn(|cx| {
            self.state.with(|inner| {
                if inner.wish != Wish::Close {
                    return Poll::Ready(());
                }
                inner.enter(Status::Closed);
                inner.driver.register(cx.waker());
                Poll::Pending
            })
        })
        .await;
    }

    /// Waits until a path has a link and an address; at the start the best one
    /// is waited for first.
    async fn online(&self, is_start: bool) {
        let mut seen = self.seen();
        let mut patience = Timer::after(time::duration(self.config.join_timeout));
        let mut is_patient = true;
        loop {
            let good_enough = if is_start && is_patient { 1 } else { PATHS };
            let mut good = seen.iter().take(good_enough);
            if good.any(|(_, state)| *state == PathState::Up) {
                return;
            }
            let has_link = seen.iter().any(|(_, state)| *state != PathState::LinkDown);
            self.state.set_status(match (is_patient, has_link) {
                (true, _) => Status::Joining,
                (false, true) => Status::Offline {
                    reason: Reason::NoAddress,
                },
                (false, false) => Status::Offline {
                    reason: Reason::LinkDown,
                },
            });
            if let Either::Second(()) = select(self.change(&mut seen), &mut patience).await {
                is_patient = false;
                patience = Timer::at(embassy_time::Instant::MAX);
            }
        }
    }

    fn seen(&self) -> Seen<PATHS> {
        let paths = self.config.paths;
        paths.map(|path| (path, self.network.path_state(path)))
    }

    /// Waits until the state of a path is another one, and returns it.
    async fn change(&self, seen: &mut Seen<PATHS>) -> PathState {
        let changes = seen.map(|(path, state)| self.network.path_changed(path, state));
        let (state, index) = select_array(changes).await;
        if let Some((_, seen)) = seen.get_mut(index) {
            *seen = state;
        }
        state
    }

    /// Waits after a failure: until `at`, until a path has come up that was
    /// not, or until the application has had enough.
    async fn wait(&self, at: Instant, may_cut_short: &mut bool) {
        let back = async {
            if !*may_cut_short {
                core::future::pending::<()>().await;
            }
            let mut seen = self.seen();
            while self.change(&mut seen).await != PathState::Up {}
        };
        let wanted = core::future::poll_fn(|cx| {
            self.state.with(|inner| {
                if inner.is_unwanted() {
                    return Poll::Ready(());
                }
                inner.driver.register(cx.waker());
                Poll::Pending
            })
        });
        let timer = Timer::at(time::instant(at));
        if let Either3::Second(()) = select3(timer, back, wanted).await {
            *may_cut_short = false;
        }
    }
}
