//! The part of the runner that connects, and connects again.

use core::net::{IpAddr, SocketAddr};
use core::task::Poll;
use core::time::Duration;

use embassy_futures::select::{Either, Either3, select, select3};
use embassy_sync::blocking_mutex::raw::RawMutex;
use embassy_time::Timer;
use rand_core::CryptoRngCore;
use wigwag_codec::Instant;
use wigwag_codec::ngtt::client::Sizes;

use super::buffers::{Lent, Memory};
use super::config::Config;
use super::driver::{Channel, Stop};
use super::state::{State, Wish};
use super::status::{Notice, Reason, Status};
use crate::net::{ConnectError, Family, Network, PathState, ResolveError, TcpBuffers, TcpSocket};
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
        loop {
            self.wanted().await;
            let state = self.state;
            let could_cut_short = may_cut_short;
            let attempt = async {
                self.online().await;
                self.attempt(&mut supervisor, &mut may_cut_short).await
            };
            let reason = match select(attempt, closed_early(state)).await {
                Either::First(Stop::Failed(reason)) => reason,
                Either::First(Stop::Unwanted) | Either::Second(()) => {
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
            let class = self.class_of(reason);
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

    /// How soon it is worth trying again: where there are two identities and one
    /// was refused, soon.
    fn class_of(&self, reason: Reason) -> FailureClass {
        let end = match reason {
            Reason::Tls(end) => end,
            // The connection was up, and given up.
            Reason::Silent(_) | Reason::Framing(_) => End::Reset,
            // The identity was not shown to anybody.
            _ => return reason.class(),
        };
        self.state.with(|inner| {
            let verdict = inner.credentials.ended(&end);
            if let Some(slot) = verdict.refused {
                inner.notify(Notice::Refused { slot, end });
            }
            verdict.class
        })
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

    /// One attempt, and the connection when it succeeds, to its end.
    async fn attempt(&mut self, supervisor: &mut Supervisor<'_>, may_cut_short: &mut bool) -> Stop {
        self.state.set_status(Status::Resolving);
        let addresses = match self.resolve().await {
            Ok(addresses) => addresses,
            Err(error) => return Stop::Failed(Reason::Resolve(error)),
        };
        let mut last = Stop::Failed(Reason::Resolve(ResolveError::NoAddress));
        for address in addresses {
            last = self.connect(address, supervisor, may_cut_short).await;
            // Another address helps only where this one did not answer.
            if !matches!(last, Stop::Failed(Reason::Connect(_))) {
                break;
            }
        }
        last
    }

    async fn resolve(&self) -> Result<heapless::Vec<IpAddr, 8>, ResolveError> {
        let name = self.config.tls.server();
        if let Some(address) = self.config.tls.address() {
            return Ok([address].into_iter().collect());
        }
        let mut addresses = heapless::Vec::new();
        let mut first_error = None;
        for family in [Family::V4, Family::V6] {
            let timeout = self.config.resolve_timeout;
            match self
                .network
                .resolve(self.config.path, name, family, timeout)
                .await
            {
                Ok(found) => addresses.extend(found),
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        match first_error {
            Some(error) if addresses.is_empty() => Err(error),
            _ => Ok(addresses),
        }
    }

    async fn connect(
        &mut self,
        address: IpAddr,
        supervisor: &mut Supervisor<'_>,
        may_cut_short: &mut bool,
    ) -> Stop {
        self.state.set_status(Status::Connecting);
        let Lent {
            tls_in,
            tls_out,
            tcp_in,
            tcp_out,
            link,
        } = self.buffers.lend();
        let buffers = TcpBuffers {
            receive: tcp_in,
            send: tcp_out,
        };
        let Ok(socket) = self.network.tcp(self.config.path, buffers) else {
            return Stop::Failed(Reason::Connect(ConnectError::Unusable));
        };
        socket.set_options(&self.config.tcp);
        let remote = SocketAddr::new(address, self.config.port);
        if let Err(error) = socket.connect(remote, self.config.connect_timeout).await {
            return Stop::Failed(Reason::Connect(error));
        }
        self.state.set_status(Status::Securing);
        self.config.tls.slot = self.state.with(|inner| inner.credentials.start());
        let time_is_unchecked = self.config.tls.time_is_unchecked();
        let owner = link.own(&socket, tls_in, tls_out, &self.config.tls, self.rng);
        let session = link.drive(self.state, |since| {
            supervisor.connected(since);
            *may_cut_short = true;
            self.state.set_status(Status::Connected { since });
            if time_is_unchecked {
                self.state.with(|inner| inner.notify(Notice::TimeUnchecked));
            }
        });
        // The link starts anew when the owner is first polled.
        let mut owner = core::pin::pin!(owner);
        let mut session = core::pin::pin!(session);
        match select(owner.as_mut(), session.as_mut()).await {
            Either::First(_) => session.await,
            Either::Second(stop) => {
                owner.await;
                stop
            }
        }
    }
}
