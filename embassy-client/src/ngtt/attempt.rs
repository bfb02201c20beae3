//! One attempt to reach the server on one path: its addresses are raced
//! ([`taps`](crate::taps)), the winner is secured, and the session is driven
//! over it to the end of the connection.

use embassy_futures::select::{Either, select};
use embassy_sync::blocking_mutex::raw::RawMutex;
use rand_core::CryptoRngCore;
use wigwag_codec::ngtt::client::Sizes;

use super::buffers::Lent;
use super::driver::{Channel, Stop};
use super::state::State;
use super::status::{Notice, Reason, Status};
use crate::net::{ConnectError, Family, Network, PathId, TcpBuffers, TcpOptions, TcpSocket};
use crate::supervisor::{FailureClass, Supervisor};
use crate::taps::{
    Action, KnownGood, Race, RaceConfig, RaceError, RemoteEndpoint, StackId, dial_observed, sockets,
};
use crate::time;
use crate::tls::{End, TlsParameters};

/// Most addresses of the server that are looked at: all that two questions can
/// bring.
const CANDIDATES: usize = Family::COUNT * crate::net::MAX_ADDRESSES;

/// What an attempt is made with.
pub struct Attempt<'s, 'c, 'b, M: RawMutex, N, R, S: Sizes> {
    pub(super) state: &'s State<M, S>,
    pub(super) network: &'s N,
    pub(super) tls: &'s mut TlsParameters<'c>,
    pub(super) port: u16,
    pub(super) path: PathId,
    pub(super) times: &'s RaceConfig,
    pub(super) options: &'s TcpOptions,
    pub(super) rng: &'s mut R,
    /// The address that the server was last heard at.
    pub(super) known: &'s mut Option<KnownGood>,
    pub(super) supervisor: &'s mut Supervisor<'b>,
    pub(super) may_cut_short: &'s mut bool,
}

/// Why an attempt, or the connection it made, is over.
#[derive(Clone, Copy)]
pub struct Failure {
    pub(super) reason: Reason,
    /// How soon it is worth trying again.
    pub(super) class: FailureClass,
    /// Another path may do better, as far as is known.
    pub(super) is_for_next_path: bool,
}

impl From<Reason> for Failure {
    fn from(reason: Reason) -> Self {
        Self {
            reason,
            class: reason.class(),
            is_for_next_path: true,
        }
    }
}

impl<M: RawMutex, N: Network, R: CryptoRngCore, S: Sizes> Attempt<'_, '_, '_, M, N, R, S> {
    /// Connects, and drives the session to the end of the connection. Where an
    /// address connects and the server there is not heard, the next address is
    /// tried at once. `None` when the application wants no connection.
    pub(super) async fn run<L: Channel, const RACE: usize>(
        mut self,
        lent: Lent<'_, L, RACE>,
    ) -> Option<Failure> {
        let Lent {
            tls_in,
            tls_out,
            mut tcp,
            link,
        } = lent;
        self.state.set_status(Status::Resolving);
        let server = RemoteEndpoint::new().with_port(self.port);
        let server = [match self.tls.address() {
            Some(address) => server.with_address(address),
            None => server.with_host_name(self.tls.server()),
        }];
        let path = self.path;
        let (known, could_cut_short) = (*self.known, *self.may_cut_short);
        let mut race: Race<'_, CANDIDATES, RACE> =
            Race::new(&server, path, StackId::Tls, self.times, known, time::now());
        let mut rejected = None;
        loop {
            let tcp = tcp.each_mut().map(|buffers| TcpBuffers {
                receive: &mut *buffers.receive,
                send: &mut *buffers.send,
            });
            let Ok(sockets) = sockets(self.network, path, tcp, self.options) else {
                return Some(Reason::Connect(ConnectError::Unusable).into());
            };
            let dialled = dial_observed(self.network, &sockets, &mut race, |action| {
                if let Action::Start { .. } = action {
                    self.state.set_status(Status::Connecting);
                }
            });
            let winner = match dialled.await {
                Ok(winner) => winner,
                // What a server said counts for more than that another is silent.
                Err(error) => return rejected.or(Some(reason(error).into())),
            };
            // There is one at each place.
            let socket = sockets.get(winner.attempt.place())?;
            let stop = self.secure(socket, tls_in, tls_out, link).await;
            let is_good = self.state.with(|inner| {
                inner.pulse.racing(time::now());
                inner.credentials.is_heard()
            });
            let good = winner.known_good();
            if is_good {
                *self.known = Some(good);
            } else if *self.known == Some(good) {
                *self.known = None;
            }
            let Stop::Failed(reason) = stop else {
                return None;
            };
            if reason.class() != FailureClass::Transient {
                // With TLS 1.3 a refused device is connected for a moment. That
                // does not count.
                *self.may_cut_short = could_cut_short;
            }
            let mut failure = self.failure(reason);
            if is_good || !is_for_the_next(reason) {
                failure.is_for_next_path = false;
                return Some(failure);
            }
            rejected = Some(failure);
            // What the others take does not make this connection a stable one.
            self.supervisor.ended(time::now());
            race.on_rejected(winner.attempt);
        }
    }

    /// Proves both identities over `socket`, and drives the session to the end
    /// of the connection.
    async fn secure<T: TcpSocket, L: Channel>(
        &mut self,
        socket: &T,
        tls_in: &mut [u8],
        tls_out: &mut [u8],
        link: &L,
    ) -> Stop {
        let state = self.state;
        state.set_status(Status::Securing);
        self.tls.slot = state.with(|inner| inner.credentials.start());
        let time_is_unchecked = self.tls.time_is_unchecked();
        let owner = link.own(socket, tls_in, tls_out, self.tls, self.rng);
        let session = link.drive(state, |since| {
            self.supervisor.connected(since);
            *self.may_cut_short = true;
            let path = self.path;
            state.set_status(Status::Connected { since, path });
            if time_is_unchecked {
                state.with(|inner| inner.notify(Notice::TimeUnchecked));
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

    /// How soon it is worth trying again after the end of a connection: where
    /// there are two identities and one was refused, soon.
    fn failure(&self, reason: Reason) -> Failure {
        let end = match reason {
            Reason::Tls(end) => end,
            // The connection was up, and given up.
            _ => End::Reset,
        };
        self.state.with(|inner| {
            let verdict = inner.credentials.ended(&end);
            if let Some(slot) = verdict.refused {
                inner.notify(Notice::Refused { slot, end });
            }
            Failure {
                reason,
                class: verdict.class,
                // A verified server is the same one on every path.
                is_for_next_path: !matches!(end, End::IdentityRefused(_)),
            }
        })
    }
}

/// Whether a server at another address may do better than one that was never
/// heard. It cannot where this end cut it off or is at fault.
const fn is_for_the_next(reason: Reason) -> bool {
    !matches!(
        reason,
        Reason::Tls(
            End::SessionLimit
                | End::Rekey
                | End::Closed
                | End::Aborted
                | End::SignerFailed
                | End::SendBufferTooSmall { .. }
        )
    )
}

fn reason(error: RaceError) -> Reason {
    match error {
        RaceError::Resolve(error) => Reason::Resolve(error),
        RaceError::Connect(error) => Reason::Connect(error),
        // A port of 0; nothing was rejected when this is asked.
        RaceError::NoEndpoint | RaceError::Rejected => Reason::Connect(ConnectError::Unusable),
    }
}
