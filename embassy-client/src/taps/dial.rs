//! Runs a [`Race`] on a network.

use core::future::poll_fn;
use core::pin::{Pin, pin};
use core::task::{Context, Poll};

use embassy_time::Timer;
use heapless::Vec;

use super::race::{Action, Attempt, Lookup, Race, RaceError, Winner};
use crate::net::{
    ConnectError, Family, Network, NoSuchPath, PathId, TcpBuffers, TcpOptions, TcpSocket,
};
use crate::time;

/// Makes the sockets of a race on `path`, one for each attempt that may run at
/// once.
///
/// # Errors
/// [`NoSuchPath`].
pub fn sockets<'a, N: Network, const RACE: usize>(
    network: &'a N,
    path: PathId,
    memory: [TcpBuffers<'a>; RACE],
    options: &TcpOptions,
) -> Result<Vec<N::Tcp<'a>, RACE>, NoSuchPath> {
    let mut sockets = Vec::new();
    for buffers in memory {
        let socket = network.tcp(path, buffers)?;
        socket.set_options(options);
        // There are as many places as buffers.
        let _ = sockets.push(socket);
    }
    Ok(sockets)
}

/// Runs `race` until an attempt has won, on these sockets of its path (see
/// [`sockets`]): the one at [`Attempt::place`] of the winner is connected then,
/// all others are aborted. After an error all are.
///
/// When the layers above cannot use the winner, tell the race
/// ([`Race::on_rejected`]) and call this again: it goes on with the rest of the
/// list. For that the winner's socket must be closed or aborted; fresh sockets
/// are as good.
///
/// Dropping the future aborts all sockets. The race may go on after that, with
/// what it was waiting for lost until it is given up in its time: it is better to
/// begin a new one.
///
/// ```
/// # use wigwag_embassy::net::{Network, PathId, TcpBuffers, TcpOptions};
/// use wigwag_embassy::taps::{
///     Race, RaceConfig, RaceError, RemoteEndpoint, StackId, dial, sockets,
/// };
/// use wigwag_embassy::time::now;
///
/// /// Connects, and hands the socket on.
/// async fn greet(network: &impl Network) -> Result<(), RaceError> {
///     let server = [RemoteEndpoint::new().with_host_name("server.test").with_port(7)];
///     let (path, config) = (PathId(0), &RaceConfig::DEFAULT);
///     let mut race: Race<'_, 8, 2> =
///         Race::new(&server, path, StackId::Tcp, config, None, now());
///     let mut memory = [[[0; 1024]; 2]; 2];
///     let memory = memory.each_mut().map(|[receive, send]| TcpBuffers { receive, send });
///     let sockets = sockets(network, path, memory, &TcpOptions::DEFAULT)
///         .map_err(|_| RaceError::NoEndpoint)?;
///     let winner = dial(network, &sockets, &mut race).await?;
///     let socket = &sockets[winner.attempt.place()];
///     # let _ = socket;
///     Ok(())
/// }
/// ```
///
/// # Errors
/// [`RaceError`].
pub async fn dial<N: Network, T: TcpSocket, const CANDIDATES: usize, const RACE: usize>(
    network: &N,
    sockets: &[T],
    race: &mut Race<'_, CANDIDATES, RACE>,
) -> Result<Winner, RaceError> {
    dial_observed(network, sockets, race, |_| {}).await
}

/// The same as [`dial`], and tells each thing that the race wants done before it
/// is: for a log, or to show where a connection stands.
///
/// # Errors
/// As [`dial`].
pub async fn dial_observed<N: Network, T: TcpSocket, const CANDIDATES: usize, const RACE: usize>(
    network: &N,
    sockets: &[T],
    race: &mut Race<'_, CANDIDATES, RACE>,
    mut observe: impl FnMut(&Action<'_>),
) -> Result<Winner, RaceError> {
    let mut losers = Losers {
        sockets,
        winner: None,
    };
    let (path, config) = (race.path(), race.config());
    let connect = async |attempt: Attempt, to| {
        let result = match sockets.get(attempt.place()) {
            Some(socket) => socket.connect(to, config.attempt_timeout).await,
            None => Err(ConnectError::Unusable),
        };
        (attempt, result)
    };
    let resolve = async |lookup: Lookup, name| {
        let timeout = config.resolve_timeout;
        let result = network.resolve(path, name, lookup.family, timeout).await;
        (lookup, result)
    };
    // At most two attempts, and two families.
    let mut attempts = [pin!(None), pin!(None)];
    let mut lookups = [pin!(None), pin!(None)];
    let mut alarm = None;
    let result = poll_fn(|cx| {
        loop {
            while let Some(action) = race.poll(time::now()) {
                observe(&action);
                match action {
                    Action::Resolve { lookup, name } => {
                        lookups[lookup.family as usize].set(Some(resolve(lookup, name)));
                    }
                    Action::Start { attempt, to } => {
                        attempts[attempt.place()].set(Some(connect(attempt, to)));
                    }
                    Action::Cancel(attempt) => attempts[attempt.place()].set(None),
                    Action::Won(winner) => return Poll::Ready(Ok(winner)),
                    Action::Failed(error) => return Poll::Ready(Err(error)),
                }
            }
            let mut has_news = false;
            for place in attempts.iter_mut().take(RACE) {
                if let Some((attempt, result)) = poll(place, cx) {
                    has_news = true;
                    match result {
                        Ok(()) => race.on_connected(attempt),
                        Err(error) => race.on_failed(attempt, error),
                    }
                }
            }
            for family in lookups.iter_mut().take(Family::COUNT) {
                if let Some((lookup, result)) = poll(family, cx) {
                    has_news = true;
                    let answer = result.as_deref().map_err(|error| *error);
                    race.on_answer(lookup, answer, time::now());
                }
            }
            if !has_news {
                break;
            }
        }
        alarm = race.next_timeout().map(|at| Timer::at(time::instant(at)));
        if let Some(alarm) = &mut alarm {
            // Its first poll only sets it; the next turn sees what is due.
            let _ = Pin::new(alarm).poll(cx);
        }
        Poll::Pending
    });
    let result = result.await;
    losers.winner = result.ok().map(|winner| winner.attempt.place());
    result
}

/// Polls what there is; once it is ready it is gone.
fn poll<F: Future>(future: &mut Pin<&mut Option<F>>, cx: &mut Context<'_>) -> Option<F::Output> {
    match future.as_mut().as_pin_mut()?.poll(cx) {
        Poll::Ready(output) => {
            future.set(None);
            Some(output)
        }
        Poll::Pending => None,
    }
}

/// Aborts all sockets but the winner's.
struct Losers<'s, T: TcpSocket> {
    sockets: &'s [T],
    winner: Option<usize>,
}

impl<T: TcpSocket> Drop for Losers<'_, T> {
    fn drop(&mut self) {
        for (place, socket) in self.sockets.iter().enumerate() {
            if self.winner != Some(place) {
                socket.abort();
            }
        }
    }
}
