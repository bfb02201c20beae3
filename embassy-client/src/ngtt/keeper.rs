//! The part of the runner that keeps a client connected: waits for the
//! network, makes an [`Attempt`], and decides when to make the next.

use core::task::Poll;
use core::time::Duration;

use embassy_futures::select::{Either, Either3, select, select3};
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
use crate::net::{Network, PathState};
use crate::supervisor::{FailureClass, Supervisor};
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
pub(super) struct Keeper<'s, 'c, M: RawMutex, N, R, S: Sizes, B: Memory> {
    pub(super) state: &'s State<M, S>,
    pub(super) buffers: &'s mut B,
    pub(super) network: &'s N,
    pub(super) config: &'s mut Config<'c>,
    pub(super) rng: &'s mut R,
}

impl<M: RawMutex, N: Network, R: CryptoRngCore, S: Sizes, B: Memory> Keeper<'_, '_, M, N, R, S, B> {
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
        let mut known = None;
        loop {
            self.wanted().await;
            let state = self.state;
            let could_cut_short = may_cut_short;
            let attempt = async {
                self.online().await;
                let attempt = Attempt {
                    state,
                    network: self.network,
                    tls: &mut self.config.tls,
                    port: self.config.port,
                    path: self.config.path,
                    times: &self.config.race,
                    options: &self.config.tcp,
                    rng: &mut *self.rng,
                    known: &mut known,
                    supervisor: &mut supervisor,
                    may_cut_short: &mut may_cut_short,
                };
                self.buffers.attempt(attempt).await
            };
            let Failure { reason, class } = match select(attempt, closed_early(state)).await {
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
            if reason.class() != FailureClass::Transient {
                // With TLS 1.3 a refused device is connected for a moment. That
                // does not count.
                may_cut_short = could_cut_short;
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
                inner.status = Status::Closed;
                inner.clients.wake();
                inner.driver.register(cx.waker());
                Poll::Pending
            })
        })
        .await;
    }

    /// Waits for a link and an address.
    async fn online(&self) {
        let path = self.config.path;
        let mut path_state = self.network.path_state(path);
        if path_state == PathState::Up {
            return;
        }
        self.state.set_status(Status::Joining);
        let mut patience = Timer::after(time::duration(self.config.join_timeout));
        let mut patient = true;
        while path_state != PathState::Up {
            if !patient {
                let reason = match path_state {
                    PathState::LinkDown => Reason::LinkDown,
                    _ => Reason::NoAddress,
                };
                self.state.set_status(Status::Offline { reason });
            }
            let changed = self.network.path_changed(path, path_state);
            if patient {
                match select(changed, &mut patience).await {
                    Either::First(changed) => path_state = changed,
                    Either::Second(()) => patient = false,
                }
            } else {
                path_state = changed.await;
            }
        }
    }

    /// Waits after a failure: until `at`, until the path has gone and come
    /// back, or until the application has had enough.
    async fn wait(&self, at: Instant, may_cut_short: &mut bool) {
        let path = self.config.path;
        let back = async {
            if !*may_cut_short {
                core::future::pending::<()>().await;
            }
            let mut path_state = self.network.path_state(path);
            if path_state == PathState::Up {
                path_state = self.network.path_changed(path, path_state).await;
            }
            while path_state != PathState::Up {
                path_state = self.network.path_changed(path, path_state).await;
            }
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
