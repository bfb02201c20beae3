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

use core::net::{IpAddr, SocketAddr};

use wigwag_codec::Instant;

use self::candidates::{Candidate, Candidates, Progress};
use self::lookups::Lookups;
use super::endpoint::{RemoteEndpoint, is_reachable};
use super::stack::StackId;
use crate::net::{ConnectError, Family, PathId, ResolveError};

pub use action::{Action, Attempt, KnownGood, Lookup, Winner};
pub use config::RaceConfig;
pub use error::RaceError;

#[derive(Clone, Copy)]
struct Running {
    attempt: Attempt,
    candidate: Candidate,
    until: Instant,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Racing,
    /// Somebody has won; not yet told.
    Winning(Winner),
    Won(Attempt),
    Over,
}

impl Phase {
    fn winner(self) -> Option<Attempt> {
        match self {
            Self::Winning(winner) => Some(winner.attempt),
            Self::Won(attempt) => Some(attempt),
            Self::Racing | Self::Over => None,
        }
    }
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
///     Race::<8, 1>::new(&servers, PathId(0), StackId::Tcp, RaceConfig::DEFAULT, None, now);
/// let Some(Action::Start { attempt, to }) = race.poll(now) else { panic!() };
/// assert_eq!(to.to_string(), "192.0.2.1:80");
/// race.on_connected(attempt);
/// assert!(matches!(race.poll(now), Some(Action::Won(winner)) if winner.to == to));
/// ```
pub struct Race<'a, const CANDIDATES: usize = 8, const RACE: usize = 1> {
    remotes: &'a [RemoteEndpoint<'a>],
    path: PathId,
    stack: StackId,
    config: RaceConfig,
    known: Option<KnownGood>,
    /// How many of the remote endpoints have had their turn.
    opened: u8,
    lookups: Lookups,
    /// Whose name is looked up.
    asking: u8,
    /// A name server failed or was silent for this name.
    is_unanswered: bool,
    candidates: Candidates<CANDIDATES>,
    running: [Option<Running>; RACE],
    serial: u8,
    /// Before this time nothing is started beside what runs.
    next_start: Instant,
    deadline: Instant,
    /// When it was last polled: what was due then is done.
    polled: Instant,
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
        config: RaceConfig,
        known: Option<KnownGood>,
        now: Instant,
    ) -> Self {
        const {
            assert!(RACE == 1 || RACE == 2, "RACE is 1 or 2");
            assert!(CANDIDATES >= RACE, "less than one candidate an attempt");
        };
        Self {
            remotes,
            path,
            stack,
            config: config.within_bounds(),
            known,
            opened: 0,
            lookups: Lookups::new(config.first),
            asking: 0,
            is_unanswered: false,
            candidates: Candidates::new(),
            running: [None; RACE],
            serial: 0,
            next_start: now,
            deadline: now.saturating_add(config.deadline),
            polled: now,
            error: RaceError::NoEndpoint,
            phase: Phase::Racing,
        }
    }

    /// The path that is raced on.
    #[must_use]
    pub const fn path(&self) -> PathId {
        self.path
    }

    /// The times that are kept, within their bounds.
    #[must_use]
    pub const fn config(&self) -> &RaceConfig {
        &self.config
    }

    /// What to do next; `None` when there is nothing until something is
    /// reported or [`next_timeout`](Self::next_timeout) has come.
    pub fn poll(&mut self, now: Instant) -> Option<Action<'a>> {
        self.polled = now;
        match self.phase {
            Phase::Racing => self.poll_racing(now),
            Phase::Winning(winner) => {
                let loser = self.running.iter_mut().find(|running| {
                    running.is_some_and(|running| running.attempt != winner.attempt)
                });
                if let Some(loser) = loser.and_then(Option::take) {
                    // It has not failed: it may be needed yet.
                    self.set(&loser.candidate, Progress::Waiting);
                    return Some(Action::Cancel(loser.attempt));
                }
                self.phase = Phase::Won(winner.attempt);
                Some(Action::Won(winner))
            }
            Phase::Won(_) | Phase::Over => None,
        }
    }

    fn poll_racing(&mut self, now: Instant) -> Option<Action<'a>> {
        let is_late = now >= self.deadline;
        let late = self
            .running
            .iter()
            .flatten()
            .find(|running| is_late || running.until <= now);
        if let Some(attempt) = late.map(|running| running.attempt) {
            self.on_failed(attempt, ConnectError::TimedOut, now);
            return Some(Action::Cancel(attempt));
        }
        let given_up = if is_late { Instant::MAX } else { now };
        while let Some(family) = self.lookups.expired(given_up) {
            self.answered(family, Err(ResolveError::TimedOut), now);
        }
        while self.deadline > now {
            let until = now.saturating_add(self.config.resolve_timeout);
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
        if is_late && self.error == RaceError::NoEndpoint {
            self.error = RaceError::Connect(ConnectError::TimedOut);
        }
        if is_late || self.is_exhausted() {
            self.phase = Phase::Over;
            return Some(Action::Failed(self.error));
        }
        None
    }

    /// When to call [`poll`](Self::poll) if nothing happens before.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Instant> {
        if self.phase != Phase::Racing {
            return None;
        }
        let running = self.running.iter().flatten().map(|running| running.until);
        let has_more = self.candidates.is_any_waiting() || self.next_remote().is_some();
        let places = self.free_place().filter(|_| has_more);
        running
            .chain(self.lookups.timeouts())
            .chain(self.lookups.hold())
            .chain(places.map(|_| self.next_start))
            .chain([self.deadline])
            // What is not in the future waits for something else.
            .filter(|at| *at > self.polled)
            .min()
    }

    /// A name has these addresses. Those of another family than was asked for
    /// are left out, and those where nobody can be.
    pub fn on_resolved(&mut self, lookup: Lookup, addresses: &[IpAddr], now: Instant) {
        if self.is_asking(lookup) {
            self.answered(lookup.family, Ok(addresses), now);
        }
    }

    /// A name has no address of this family, as far as is known.
    pub fn on_resolve_failed(&mut self, lookup: Lookup, error: ResolveError, now: Instant) {
        if self.is_asking(lookup) {
            self.answered(lookup.family, Err(error), now);
        }
    }

    /// An attempt has connected. The first one wins.
    pub fn on_connected(&mut self, attempt: Attempt) {
        if self.phase != Phase::Racing {
            return;
        }
        if let Some(Some(running)) = self.place(attempt) {
            self.phase = Phase::Winning(Winner {
                attempt,
                to: running.candidate.to,
                remote: running.candidate.remote,
            });
            self.lookups.put_off();
        }
    }

    /// An attempt has failed: the next starts at once.
    pub fn on_failed(&mut self, attempt: Attempt, error: ConnectError, now: Instant) {
        if let Some(candidate) = self.end(attempt, now)
            // That a remembered address is not good any more says less than
            // that no name server answered.
            && !candidate.is_remembered
        {
            self.note(RaceError::Connect(error));
        }
    }

    /// The layers above could not use the winner: the race goes on with the
    /// rest of the list.
    pub fn on_rejected(&mut self, attempt: Attempt, now: Instant) {
        if self.end(attempt, now).is_some() {
            self.note(RaceError::Rejected);
        }
    }

    /// Ends an attempt, if it runs or has won.
    fn end(&mut self, attempt: Attempt, now: Instant) -> Option<Candidate> {
        let ended = self.place(attempt)?.take()?;
        self.set(&ended.candidate, Progress::Done);
        self.next_start = now;
        if self.phase.winner() == Some(attempt) {
            self.phase = Phase::Racing;
        }
        Some(ended.candidate)
    }

    fn answered(&mut self, family: Family, answer: Result<&[IpAddr], ResolveError>, now: Instant) {
        let delay = self.config.resolution_delay;
        let remote = self.asking;
        let Some(endpoint) = self.remotes.get(usize::from(remote)) else {
            return;
        };
        if !self.lookups.answered(family, now, delay) {
            return;
        }
        let port = endpoint.port().unwrap_or_default();
        let mut is_empty = true;
        let usable = answer
            .unwrap_or_default()
            .iter()
            .filter(|address| Family::of(**address) == family && is_reachable(address))
            .take(Candidates::<CANDIDATES>::EACH);
        for address in usable {
            is_empty = false;
            self.add(SocketAddr::new(*address, port), remote, false);
        }
        if is_empty {
            let error = answer.err().unwrap_or(ResolveError::NoAddress);
            self.is_unanswered |= matches!(error, ResolveError::Failed | ResolveError::TimedOut);
            self.note(RaceError::Resolve(error));
        }
        if let Some(known) = self.known
            && known.remote == remote
            && self.is_unanswered
            && !self.lookups.is_busy()
            && !self.candidates.has_any_of(remote)
        {
            self.add(SocketAddr::new(known.address, port), remote, true);
        }
    }

    fn add(&mut self, to: SocketAddr, remote: u8, is_remembered: bool) {
        let good = KnownGood {
            remote,
            address: to.ip(),
        };
        self.candidates.add(Candidate {
            to,
            remote,
            progress: Progress::Waiting,
            is_known: self.known == Some(good),
            is_remembered,
        });
    }

    /// Starts the next attempt, if there is a place, a candidate, and it is
    /// time.
    fn start(&mut self, now: Instant) -> Option<Action<'a>> {
        let place = self.free_place()?;
        if self.is_running() && now < self.next_start {
            return None;
        }
        let is_held = self.lookups.hold().is_some_and(|hold| now < hold);
        if is_held && !self.candidates.is_known_waiting() {
            return None;
        }
        let candidate = self.candidates.take(self.config.first)?;
        self.serial = self.serial.wrapping_add(1);
        let attempt = Attempt {
            place: place as u8,
            serial: self.serial,
        };
        *self.running.get_mut(place)? = Some(Running {
            attempt,
            candidate,
            until: now.saturating_add(self.config.attempt_timeout),
        });
        self.next_start = now.saturating_add(self.config.attempt_delay);
        Some(Action::Start {
            attempt,
            to: candidate.to,
        })
    }

    /// Gives the next remote endpoint its turn, when there is nothing else to
    /// try and it is time. One name is looked up at a time; an address has not
    /// to wait for that.
    fn open_next(&mut self, now: Instant) -> bool {
        let Some(remote) = self.next_remote() else {
            return false;
        };
        let Some(endpoint) = self.remotes.get(usize::from(remote)) else {
            return false;
        };
        let is_time = now >= self.next_start;
        let may_open = if self.lookups.is_busy() {
            RACE > 1 && is_time && endpoint.address().is_some()
        } else {
            is_time || !self.is_running()
        };
        if !may_open || self.candidates.is_any_waiting() || self.free_place().is_none() {
            return false;
        }
        self.opened += 1;
        let Some(port) = endpoint.port().filter(|port| *port != 0) else {
            return true;
        };
        if !endpoint.is_for(self.path, self.stack) {
            return true;
        }
        if let Some(address) = endpoint.address() {
            if is_reachable(&address) {
                self.add(SocketAddr::new(address, port), remote, false);
            }
        } else if endpoint.host_name().is_some() {
            self.asking = remote;
            self.is_unanswered = false;
            self.lookups.ask();
            self.next_start = now.saturating_add(self.config.attempt_delay);
        }
        true
    }

    /// The remote endpoint whose turn is next: the one that was good the last
    /// time, then the others in their order.
    fn next_remote(&self) -> Option<u8> {
        let opened = self.opened;
        if usize::from(opened) >= self.remotes.len() || opened == u8::MAX {
            return None;
        }
        let known = self.known.map(|known| known.remote);
        let known = known.filter(|known| usize::from(*known) < self.remotes.len());
        Some(match known {
            Some(known) if opened == 0 => known,
            Some(known) if opened <= known => opened - 1,
            _ => opened,
        })
    }

    fn is_exhausted(&self) -> bool {
        self.next_remote().is_none()
            && !self.is_running()
            && !self.lookups.is_busy()
            && !self.candidates.is_any_waiting()
    }

    fn is_asking(&self, lookup: Lookup) -> bool {
        self.phase == Phase::Racing && lookup.remote == self.asking
    }

    fn is_running(&self) -> bool {
        self.running.iter().any(Option::is_some)
    }

    fn free_place(&self) -> Option<usize> {
        self.running.iter().position(Option::is_none)
    }

    /// Where an attempt runs, if it does.
    fn place(&mut self, attempt: Attempt) -> Option<&mut Option<Running>> {
        self.running
            .get_mut(attempt.place())
            .filter(|place| place.is_some_and(|running| running.attempt == attempt))
    }

    fn set(&mut self, candidate: &Candidate, progress: Progress) {
        if let Some(candidate) = self.candidates.get_mut(candidate.to, candidate.remote) {
            candidate.progress = progress;
        }
    }

    fn note(&mut self, error: RaceError) {
        self.error = self.error.further(error);
    }
}

#[cfg(test)]
mod schedules;
#[cfg(test)]
mod tests;
