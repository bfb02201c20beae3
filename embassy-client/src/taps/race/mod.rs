//! Racing the addresses of a server: a state machine without I/O and without a
//! clock of its own (RFC 9623 section 4.3; RFC 8305, "Happy Eyeballs").
//!
//! [`Race`] asks for the addresses of each endpoint, both families apart, tries
//! them in turn, and tells which one has won. [`dial`](super::dial()) runs it on
//! a [`Network`](crate::net::Network).

mod action;
mod candidates;
mod config;
mod error;
mod lookups;
mod reports;

use core::net::SocketAddr;
use core::time::Duration;

use wigwag_codec::Instant;

use self::candidates::{Candidate, Candidates, Progress};
use self::lookups::Lookups;
use super::endpoint::{RemoteEndpoint, is_reachable};
use super::stack::StackId;
use crate::net::{ConnectError, PathId, ResolveError};

pub use action::{Action, Attempt, KnownGood, Lookup, Winner};
pub use config::RaceConfig;
pub use error::RaceError;

#[derive(Clone, Copy)]
struct Running {
    serial: u8,
    candidate: u8,
    until: Instant,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Racing,
    /// Somebody has won; not yet told.
    Winning(Attempt),
    Won(Attempt),
    Over,
}

/// Races the addresses of a server on one path of the network: asks for the
/// addresses of each endpoint, both families apart, tries them in turn, and tells
/// which one has won. It has no I/O and no clock of its own.
///
/// After every report, and when [`next_timeout`](Self::next_timeout) has come,
/// call [`poll`](Self::poll) until it has nothing more to say.
///
/// At most `CANDIDATES` addresses are kept, and one answer brings at most half
/// of that: what is too much is left out. `RACE` is how many attempts may run at
/// once: with 1 the next address is tried when the one before has failed, with 2
/// they are staggered as RFC 8305 has it.
///
/// # Where it departs from the RFCs
/// The first connection that is up on TCP wins, the others are cancelled, and
/// what comes above (TLS, a framer's handshake) is done on that one only: a
/// device has memory for one TLS connection. When it fails there, the winner is
/// [rejected](Self::on_rejected) and the race goes on with the rest, those
/// included that were cancelled for it. RFC 9623 section 4.3 would have them run
/// until the whole stack is ready.
///
/// Without the crate's feature `ipv6` only addresses of version 4 are asked for.
///
/// It races the addresses of one path. Of several paths the less preferred one
/// is for when the better one has failed: it may cost money.
///
/// ```
/// use wigwag_codec::Instant;
/// use wigwag_embassy::net::PathId;
/// use wigwag_embassy::taps::{Action, Race, RaceConfig, RemoteEndpoint, StackId};
///
/// let servers = [RemoteEndpoint::new()
///     .with_address([192, 0, 2, 1].into())
///     .with_port(80)];
/// let now = Instant::ZERO;
/// let mut race =
///     Race::<8, 1>::new(&servers, PathId(0), StackId::Tcp, &RaceConfig::DEFAULT, None, now);
/// let Some(Action::Start { attempt, to }) = race.poll(now) else { panic!() };
/// assert_eq!(to.to_string(), "192.0.2.1:80");
/// race.on_connected(attempt);
/// assert!(matches!(race.poll(now), Some(Action::Won(winner)) if winner.to == to));
/// ```
pub struct Race<'a, const CANDIDATES: usize = 8, const RACE: usize = 1> {
    remotes: &'a [RemoteEndpoint<'a>],
    config: &'a RaceConfig,
    path: PathId,
    stack: StackId,
    known: Option<KnownGood>,
    /// How many of the remote endpoints have had their turn.
    opened: u8,
    /// Whose name is looked up.
    asking: u8,
    /// It has an address.
    is_found: bool,
    /// A name server failed or was silent about it.
    is_unanswered: bool,
    lookups: Lookups,
    candidates: Candidates<CANDIDATES>,
    running: [Option<Running>; RACE],
    serial: u8,
    /// Before this time nothing is started beside what runs.
    next_start: Option<Instant>,
    deadline: Instant,
    error: RaceError,
    phase: Phase,
}

impl<'a, const CANDIDATES: usize, const RACE: usize> Race<'a, CANDIDATES, RACE> {
    /// A race to one of `remotes` (at most 255 are looked at) on a path. Those
    /// that are for another path or stack are left out. `known` is tried first,
    /// its endpoint before others.
    #[must_use]
    pub fn new(
        remotes: &'a [RemoteEndpoint<'a>],
        path: PathId,
        stack: StackId,
        config: &'a RaceConfig,
        known: Option<KnownGood>,
        now: Instant,
    ) -> Self {
        const {
            assert!(RACE == 1 || RACE == 2, "RACE is 1 or 2");
            assert!(CANDIDATES >= RACE, "less than one candidate an attempt");
            assert!(CANDIDATES <= 255, "more than 255 candidates");
        };
        Self {
            remotes,
            config,
            path,
            stack,
            known,
            opened: 0,
            asking: 0,
            is_found: false,
            is_unanswered: false,
            lookups: Lookups::new(config.first),
            candidates: Candidates::new(config.first),
            running: [None; RACE],
            serial: 0,
            next_start: None,
            deadline: now.saturating_add(config.deadline),
            error: RaceError::NoEndpoint,
            phase: Phase::Racing,
        }
    }

    /// The path that is raced on.
    #[must_use]
    pub const fn path(&self) -> PathId {
        self.path
    }

    /// The times that are kept.
    #[must_use]
    pub const fn config(&self) -> &'a RaceConfig {
        self.config
    }

    /// What to do next; `None` when there is nothing until something is
    /// reported or [`next_timeout`](Self::next_timeout) has come.
    pub fn poll(&mut self, now: Instant) -> Option<Action<'a>> {
        match self.phase {
            Phase::Racing => self.poll_racing(now),
            Phase::Winning(attempt) => Some(self.poll_winning(attempt)),
            Phase::Won(_) | Phase::Over => None,
        }
    }

    fn poll_winning(&mut self, attempt: Attempt) -> Action<'a> {
        for (running, place) in self.running.iter_mut().zip(0..) {
            if place != attempt.place
                && let Some(loser) = running.take()
            {
                // It has not failed: it may be needed yet.
                self.candidates.set(loser.candidate, Progress::Waiting);
                let serial = loser.serial;
                return Action::Cancel(Attempt { place, serial });
            }
        }
        self.phase = Phase::Won(attempt);
        let winner = self.running.get(attempt.place()).copied().flatten();
        match winner.and_then(|winner| self.candidates.get(winner.candidate)) {
            Some(winner) => Action::Won(Winner {
                attempt,
                to: self.to(winner),
                remote: winner.remote,
            }),
            // It runs until its end is told, which ends this phase.
            None => self.fail(),
        }
    }

    fn poll_racing(&mut self, now: Instant) -> Option<Action<'a>> {
        for (running, place) in self.running.iter().zip(0..) {
            if let Some(late) = running.filter(|running| running.until <= now) {
                let serial = late.serial;
                let attempt = Attempt { place, serial };
                self.on_failed(attempt, ConnectError::TimedOut);
                return Some(Action::Cancel(attempt));
            }
        }
        while let Some(family) = self.lookups.expired(now) {
            self.answered(family, Err(ResolveError::TimedOut), now);
        }
        if RACE > 1 {
            self.next_start = self.next_start.filter(|at| *at > now);
        }
        self.lookups.pass(now);
        if now >= self.deadline {
            // What ran and what was asked had no more time than that.
            if self.error == RaceError::NoEndpoint {
                self.error = RaceError::Connect(ConnectError::TimedOut);
            }
            return Some(self.fail());
        }
        loop {
            let until = self.until(now, self.config.resolve_timeout);
            if let Some(family) = self.lookups.poll(until) {
                let remote = self.asking;
                let lookup = Lookup { family, remote };
                let name = self.remotes.get(usize::from(remote))?.host_name()?;
                return Some(Action::Resolve { lookup, name });
            }
            if let Some(start) = self.start(now) {
                return Some(start);
            }
            if !self.open_next(now) {
                break;
            }
        }
        let is_busy = self.is_running() || self.lookups.is_busy();
        (!is_busy).then(|| self.fail())
    }

    fn fail(&mut self) -> Action<'a> {
        self.phase = Phase::Over;
        Action::Failed(self.error)
    }

    /// When to call [`poll`](Self::poll) if nothing happens before.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Instant> {
        if self.phase != Phase::Racing {
            return None;
        }
        let mut next = self.lookups.next_timeout();
        let mut is_full = true;
        for running in &self.running {
            match running {
                Some(running) => next = earlier(next, running.until),
                None => is_full = false,
            }
        }
        match self.next_start {
            Some(at) if RACE > 1 && !is_full => earlier(next, at),
            _ => next,
        }
    }

    /// Starts the next attempt, if there is a place, a candidate, and it is
    /// time.
    fn start(&mut self, now: Instant) -> Option<Action<'a>> {
        let place = self.free_place()?;
        if self.is_running() && !self.is_time() {
            return None;
        }
        let is_held = self.lookups.is_held();
        let next = self.candidates.next()?;
        if is_held && !self.candidates.get(next)?.is_known {
            return None;
        }
        let candidate = self.candidates.take(next)?;
        self.serial = self.serial.wrapping_add(1);
        let serial = self.serial;
        let until = self.until(now, self.config.attempt_timeout);
        *self.running.get_mut(usize::from(place))? = Some(Running {
            serial,
            candidate: next,
            until,
        });
        self.delay_next(now);
        Some(Action::Start {
            attempt: Attempt { place, serial },
            to: self.to(&candidate),
        })
    }

    /// Gives the next remote endpoint its turn, when there is nothing else to
    /// try and it is time. One name is looked up at a time; an address has not
    /// to wait for that.
    fn open_next(&mut self, now: Instant) -> bool {
        let Some((remote, endpoint)) = self.next_remote() else {
            return false;
        };
        let is_time = self.is_time();
        let may_open = if self.lookups.is_busy() {
            RACE > 1 && is_time && endpoint.address().is_some()
        } else {
            is_time || !self.is_running()
        };
        if !may_open || self.free_place().is_none() || self.candidates.next().is_some() {
            return false;
        }
        self.opened += 1;
        if endpoint.port().is_none_or(|port| port == 0) || !endpoint.is_for(self.path, self.stack) {
            return true;
        }
        if let Some(address) = endpoint.address() {
            if is_reachable(&address) {
                self.add(address, remote, false);
            }
        } else if endpoint.host_name().is_some() {
            self.asking = remote;
            self.is_found = false;
            self.is_unanswered = false;
            self.lookups.ask();
            self.delay_next(now);
        }
        true
    }

    /// The remote endpoint whose turn is next: the one that was good the last
    /// time, then the others in their order.
    fn next_remote(&self) -> Option<(u8, &'a RemoteEndpoint<'a>)> {
        let known = self.known.map_or(0, |known| known.remote);
        let known = if usize::from(known) < self.remotes.len() {
            known
        } else {
            0
        };
        let next = match self.opened {
            u8::MAX => return None,
            0 => known,
            opened if opened <= known => opened - 1,
            opened => opened,
        };
        Some((next, self.remotes.get(usize::from(next))?))
    }

    fn to(&self, candidate: &Candidate) -> SocketAddr {
        let remote = self.remotes.get(usize::from(candidate.remote));
        let port = remote.and_then(RemoteEndpoint::port).unwrap_or_default();
        SocketAddr::new(candidate.address, port)
    }

    /// When something that begins now has to be done.
    fn until(&self, now: Instant, timeout: Duration) -> Instant {
        now.saturating_add(timeout).min(self.deadline)
    }

    fn delay_next(&mut self, now: Instant) {
        if RACE > 1 {
            self.next_start = Some(now.saturating_add(self.config.attempt_delay()));
        }
    }

    /// Whether something may start beside what runs.
    fn is_time(&self) -> bool {
        RACE == 1 || self.next_start.is_none()
    }

    fn is_running(&self) -> bool {
        self.running.iter().any(Option::is_some)
    }

    fn free_place(&self) -> Option<u8> {
        let mut places = self.running.iter().zip(0..);
        let free = places.find(|(running, _)| running.is_none());
        free.map(|(_, place)| place)
    }

    /// Where an attempt runs, if it does.
    fn place(&mut self, attempt: Attempt) -> Option<&mut Option<Running>> {
        self.running
            .get_mut(attempt.place())
            .filter(|place| place.is_some_and(|running| running.serial == attempt.serial))
    }

    fn note(&mut self, error: RaceError) {
        self.error = self.error.further(error);
    }
}

fn earlier(one: Option<Instant>, other: Instant) -> Option<Instant> {
    Some(one.map_or(other, |one| one.min(other)))
}

#[cfg(test)]
mod schedules;
#[cfg(test)]
mod tests;
