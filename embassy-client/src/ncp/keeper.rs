//! Keeps a client connected.

use core::cell::Cell;

use embassy_futures::select::{Either, select};
use embassy_time::Timer;
use rand_core::RngCore;
use wigwag_codec::Instant;
use wigwag_codec::ncp::link::ClientLink;

use super::client::Client;
use super::connection::ClientConnection;
use super::error::{Error, NetworkError};
use super::memory::Ncp;
use crate::supervisor::{Backoff, FailureClass, Supervisor};
use crate::taps::{ConnectionError, Security};
use crate::time;
use crate::tls::End;

/// Connects, lets the application talk, and does it again when the connection
/// is lost or does not come up, at the pace of [`supervisor`](crate::supervisor).
///
/// ```
/// use rand_core::RngCore;
/// use wigwag_codec::ncp::link::ClientLink;
/// use wigwag_embassy::ncp::{Client, ClientConnection, Error, Keeper, Ncp};
/// use wigwag_embassy::taps::Disabled;
///
/// async fn keep<'a>(
///     ncp: Ncp<'a, ClientLink<'a>, Disabled>,
///     client: Client<'a>,
///     mut rng: impl RngCore,
/// ) {
///     let keeper = Keeper::new(&client, ncp);
///     keeper.run(&mut rng, listen).await;
/// }
///
/// /// Called with each connection.
/// async fn listen(connection: &ClientConnection<'_>) -> Result<(), Error> {
///     let mut buffer = [0; 512];
///     loop {
///         let _news = connection.recv(&mut buffer).await?;
///     }
/// }
/// ```
pub struct Keeper<'k, 'a, S> {
    client: &'k Client<'a, S>,
    ncp: Ncp<'a, ClientLink<'a>, S>,
    backoff: &'k Backoff,
    status: Cell<KeeperStatus>,
    observer: Option<&'k Observer<'k>>,
}

/// Told what a [`Keeper`] is doing, and what failed.
pub type Observer<'o> = dyn Fn(KeeperStatus, Option<&Error>) + 'o;

/// What a [`Keeper`] is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum KeeperStatus {
    /// It is not running.
    Idle,
    /// It connects.
    Connecting,
    /// The application has a connection.
    Connected {
        /// Since when.
        since: Instant,
    },
    /// Something failed: it tries again by itself.
    Waiting {
        /// What kind of failure it was.
        class: FailureClass,
        /// When it tries again.
        retry_at: Instant,
        /// How many attempts in a row have failed, from 1.
        attempt: u32,
    },
}

impl<'k, 'a, S> Keeper<'k, 'a, S> {
    /// One that does what `client` says.
    #[must_use]
    pub const fn new(client: &'k Client<'a, S>, ncp: Ncp<'a, ClientLink<'a>, S>) -> Self {
        Self {
            client,
            ncp,
            backoff: &Backoff::DEFAULT,
            status: Cell::new(KeeperStatus::Idle),
            observer: None,
        }
    }

    /// With another pace.
    #[must_use]
    pub const fn with_backoff(mut self, backoff: &'k Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// With somebody who is told what it is doing, and what failed.
    #[must_use]
    pub const fn with_observer(mut self, observer: &'k Observer<'k>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// What it is doing.
    #[must_use]
    pub fn status(&self) -> KeeperStatus {
        self.status.get()
    }

    fn tell(&self, status: KeeperStatus, error: Option<&Error>) {
        self.status.set(status);
        if let Some(observer) = self.observer {
            observer(status, error);
        }
    }
}

impl<'a, S: Security> Keeper<'_, 'a, S> {
    /// Calls `session` with one connection after the other, until it returns
    /// `Ok`. Any error of the session's is a failure of the connection: it is
    /// closed, and another one is made when it is time. A connection that is lost
    /// ends the session.
    ///
    /// `rng` spreads the attempts of a fleet; it need not be a cryptographic one.
    pub async fn run(
        &self,
        rng: &mut impl RngCore,
        mut session: impl AsyncFnMut(&ClientConnection<'a, S>) -> Result<(), Error>,
    ) {
        let mut supervisor = Supervisor::new(self.backoff);
        loop {
            self.tell(KeeperStatus::Connecting, None);
            let (error, is_doubtful) = match self.client.connect(&self.ncp).await {
                Ok(connection) => {
                    let since = time::now();
                    supervisor.connected(since);
                    self.tell(KeeperStatus::Connected { since }, None);
                    let error = match select(session(&connection), connection.over()).await {
                        Either::First(Ok(())) => {
                            connection.close();
                            let _ = connection.wait_closed().await;
                            self.tell(KeeperStatus::Idle, None);
                            return;
                        }
                        Either::First(Err(error)) => error,
                        Either::Second(()) => connection.why_closed(),
                    };
                    (error, false)
                }
                Err(error) => {
                    let is_doubtful = self.client.may_be_forged(&error);
                    (error, is_doubtful)
                }
            };
            let (class, now, random) = (error.class(), time::now(), rng.next_u32());
            // No failure, unless connections would follow each other without a
            // pause.
            if is_used_up(&error) && supervisor.is_stable(now) {
                supervisor.ended(now);
                continue;
            }
            let retry = if is_doubtful {
                supervisor.doubted(class, now, random)
            } else {
                supervisor.failed(class, now, random)
            };
            let status = KeeperStatus::Waiting {
                class,
                retry_at: retry.at,
                attempt: retry.attempt,
            };
            self.tell(status, Some(&error));
            Timer::at(time::instant(retry.at)).await;
        }
    }
}

/// Whether a secure connection was used as long as it may be.
const fn is_used_up(error: &Error) -> bool {
    matches!(
        error,
        Error::NetworkError(NetworkError::Lost(ConnectionError::Stack(
            End::SessionLimit | End::Rekey
        )))
    )
}

impl<S> core::fmt::Debug for Keeper<'_, '_, S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Keeper")
            .field("status", &self.status.get())
            .finish_non_exhaustive()
    }
}
