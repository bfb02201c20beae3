//! Runs a [`Race`] on a network.

use core::cell::RefCell;
use core::convert::Infallible;
use core::future::{Future as _, poll_fn};
use core::net::SocketAddr;
use core::pin::Pin;
use core::task::{Context, Poll};

use embassy_futures::select::{Either3, select_array, select3};
use embassy_futures::yield_now;
use embassy_time::Timer;
use heapless::Vec;

use super::race::{Action, Attempt, Lookup, Race, RaceError, Winner};
use crate::net::{
    Addresses, ConnectError, Family, Network, NoSuchPath, PathId, ResolveError, TcpBuffers,
    TcpOptions, TcpSocket,
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
///     let (path, config) = (PathId(0), RaceConfig::DEFAULT);
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
    let mut losers = Losers {
        sockets,
        winner: None,
    };
    let course = RefCell::new(Course {
        race,
        attempts: [None; RACE],
        lookups: [None; 2],
        alarm: None,
    });
    // All of this is one task: what one part changes the others see at its next
    // turn, which the part asks for.
    let attempts = core::array::from_fn::<_, RACE, _>(|place| connect(&course, place, sockets));
    let lookups = [Family::V6, Family::V4].map(|family| resolve(&course, family, network));
    let judge = poll_fn(|cx| course.borrow_mut().poll(cx));
    let result = match select3(judge, select_array(attempts), select_array(lookups)).await {
        Either3::First(result) => result,
        Either3::Second((never, _)) | Either3::Third((never, _)) => match never {},
    };
    losers.winner = result.ok().map(|winner| winner.attempt.place());
    result
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

/// A race, and what it wants done that nobody has begun.
struct Course<'r, 'a, const CANDIDATES: usize, const RACE: usize> {
    race: &'r mut Race<'a, CANDIDATES, RACE>,
    attempts: [Option<(Attempt, SocketAddr)>; RACE],
    lookups: [Option<(Lookup, &'a str)>; 2],
    alarm: Option<Timer>,
}

impl<const CANDIDATES: usize, const RACE: usize> Course<'_, '_, CANDIDATES, RACE> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Winner, RaceError>> {
        while let Some(action) = self.race.poll(time::now()) {
            match action {
                Action::Resolve { lookup, name } => {
                    self.lookups[lookup.family as usize] = Some((lookup, name));
                }
                Action::Start { attempt, to } => {
                    if let Some(order) = self.attempts.get_mut(attempt.place()) {
                        *order = Some((attempt, to));
                    }
                }
                // The socket was given the same time, and ends by itself; or
                // another one has won, and all others are aborted.
                Action::Cancel(_) => {}
                Action::Won(winner) => return Poll::Ready(Ok(winner)),
                Action::Failed(error) => return Poll::Ready(Err(error)),
            }
        }
        if let Some(at) = self.race.next_timeout() {
            // Its first poll only sets it; the next turn sees what is due.
            let alarm = self.alarm.insert(Timer::at(time::instant(at)));
            let _ = Pin::new(alarm).poll(cx);
        }
        Poll::Pending
    }

    fn ended(&mut self, attempt: Attempt, result: Result<(), ConnectError>) {
        match result {
            Ok(()) => self.race.on_connected(attempt),
            Err(error) => self.race.on_failed(attempt, error, time::now()),
        }
    }

    fn answered(&mut self, lookup: Lookup, result: &Result<Addresses, ResolveError>) {
        match result {
            Ok(addresses) => self.race.on_resolved(lookup, addresses, time::now()),
            Err(error) => self.race.on_resolve_failed(lookup, *error, time::now()),
        }
    }
}

/// Makes the attempts of one place, one after the other.
async fn connect<T: TcpSocket, const CANDIDATES: usize, const RACE: usize>(
    course: &RefCell<Course<'_, '_, CANDIDATES, RACE>>,
    place: usize,
    sockets: &[T],
) -> Infallible {
    let timeout = course.borrow().race.config().attempt_timeout;
    loop {
        let (attempt, to) = order(|| course.borrow_mut().attempts.get_mut(place)?.take()).await;
        let result = match sockets.get(place) {
            Some(socket) => socket.connect(to, timeout).await,
            None => Err(ConnectError::Unusable),
        };
        course.borrow_mut().ended(attempt, result);
        // The judge looks at it, and gives the next order.
        yield_now().await;
    }
}

/// Asks for the addresses of one family, of one name after the other.
async fn resolve<N: Network, const CANDIDATES: usize, const RACE: usize>(
    course: &RefCell<Course<'_, '_, CANDIDATES, RACE>>,
    family: Family,
    network: &N,
) -> Infallible {
    let path = course.borrow().race.path();
    let timeout = course.borrow().race.config().resolve_timeout;
    loop {
        let (lookup, name) = order(|| course.borrow_mut().lookups[family as usize].take()).await;
        let result = network.resolve(path, name, family, timeout).await;
        course.borrow_mut().answered(lookup, &result);
        yield_now().await;
    }
}

/// Waits for something to do.
async fn order<O>(mut take: impl FnMut() -> Option<O>) -> O {
    // Whoever gives the order does so in the same turn.
    poll_fn(|_| take().map_or(Poll::Pending, Poll::Ready)).await
}
