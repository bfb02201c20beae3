//! Random worlds: whatever name servers and servers do and however long they
//! take, a race keeps its rules and has one end.

use core::net::IpAddr;
use core::time::Duration;
use std::collections::HashSet;
use std::format;
use std::string::String;
use std::vec::Vec;

use super::*;
use crate::net::Family;

/// SplitMix64, as its authors give it.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn one_in(&mut self, of: u64) -> bool {
        self.below(of) == 0
    }

    /// At once, soon, late, or after every timeout.
    fn delay(&mut self) -> Duration {
        let most = [1, 40, 400, 4_000, 30_000][self.below(5) as usize];
        Duration::from_millis(self.below(most))
    }
}

/// What is going to happen.
enum Event {
    Answer(Lookup, Result<Vec<IpAddr>, ResolveError>),
    Connected(Attempt),
    Failed(Attempt, ConnectError),
    Rejected(Attempt),
}

/// A world in which a race takes place, and what has been seen of it.
struct World {
    chance: Chance,
    now: Instant,
    events: Vec<(Instant, Event)>,
    /// Attempts that run: at a place, to an address, up to then.
    running: Vec<(Attempt, SocketAddr)>,
    started: HashSet<SocketAddr>,
    starts: usize,
    wins: usize,
    /// What was named in time.
    named: HashSet<SocketAddr>,
    /// Questions that may be answered until then.
    open: Vec<(Lookup, Instant)>,
    last_start: Option<Instant>,
    has_failed_since: bool,
    rejections: usize,
    winner: Option<Attempt>,
}

impl World {
    fn at(&mut self, delay: Duration, event: Event) {
        self.events.push((self.now.saturating_add(delay), event));
    }

    fn answer(&mut self, family: Family) -> Result<Vec<IpAddr>, ResolveError> {
        if self.chance.one_in(3) {
            let errors = [
                ResolveError::Failed,
                ResolveError::TimedOut,
                ResolveError::NoAddress,
                ResolveError::Unsupported,
            ];
            return Err(errors[self.chance.below(4) as usize]);
        }
        let count = 1 + self.chance.below(4);
        let addresses = (0..count).map(|_| {
            let last = self.chance.below(6) as u16;
            match family {
                Family::V4 => IpAddr::from([192, 0, 2, last as u8]),
                Family::V6 => IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, last]),
            }
        });
        Ok(addresses.collect())
    }

    fn is_open(&self, lookup: Lookup) -> bool {
        self.open
            .iter()
            .any(|(open, until)| *open == lookup && *until > self.now)
    }

    fn take(&mut self, attempt: Attempt) -> bool {
        let before = self.running.len();
        self.running.retain(|(running, _)| *running != attempt);
        self.running.len() != before
    }

    /// Follows an action, and checks that it was allowed.
    fn follow(&mut self, action: Action<'_>, race: usize, attempt_delay: Duration) -> bool {
        assert!(self.winner.is_none(), "{action:?} after a winner");
        match action {
            Action::Resolve { lookup, .. } => {
                let now = self.now;
                self.open.retain(|(_, until)| *until > now);
                assert!(!self.is_open(lookup), "asked twice");
                let until = now.saturating_add(RaceConfig::DEFAULT.resolve_timeout);
                self.open.push((lookup, until));
                assert!(self.open.len() <= 2, "{:?}", self.open);
                // Some name servers never answer.
                if !self.chance.one_in(6) {
                    let answer = self.answer(lookup.family);
                    let delay = self.chance.delay();
                    self.at(delay, Event::Answer(lookup, answer));
                }
            }
            Action::Start { attempt, to } => {
                assert!(attempt.place() < race);
                let is_free = |(other, _): &(Attempt, SocketAddr)| other.place() != attempt.place();
                assert!(self.running.iter().all(is_free), "the place is taken");
                if let (Some(last), false) = (self.last_start, self.running.is_empty()) {
                    let passed = self.now.saturating_duration_since(last);
                    assert!(
                        passed >= attempt_delay || self.has_failed_since,
                        "{passed:?}"
                    );
                }
                self.running.push((attempt, to));
                self.started.insert(to);
                self.starts += 1;
                self.last_start = Some(self.now);
                self.has_failed_since = false;
                let delay = self.chance.delay();
                match self.chance.below(4) {
                    0 => self.at(delay, Event::Connected(attempt)),
                    1 => self.at(delay, Event::Failed(attempt, ConnectError::Refused)),
                    2 => self.at(
                        Duration::ZERO,
                        Event::Failed(attempt, ConnectError::NoRoute),
                    ),
                    _ => {}
                }
            }
            Action::Cancel(attempt) => {
                assert!(self.take(attempt), "{attempt:?} does not run");
                self.has_failed_since = true;
            }
            Action::Won(winner) => {
                assert_eq!(self.running, [(winner.attempt, winner.to)]);
                self.wins += 1;
                self.winner = Some(winner.attempt);
                self.open.clear();
                if self.chance.one_in(3) {
                    return true;
                }
                let delay = self.chance.delay();
                self.at(delay, Event::Rejected(winner.attempt));
            }
            Action::Failed(error) => {
                assert!(self.running.is_empty(), "{:?}", self.running);
                assert_eq!(error == RaceError::Rejected, self.rejections > 0);
                return true;
            }
        }
        false
    }

    /// Lets the next thing happen, if that is before `timeout`.
    fn happen<const C: usize, const R: usize>(
        &mut self,
        race: &mut Race<'_, C, R>,
        timeout: Option<Instant>,
        ports: &[u16],
    ) {
        let next = (0..self.events.len()).min_by_key(|index| self.events[*index].0);
        let next = next.filter(|next| timeout.is_none_or(|timeout| self.events[*next].0 < timeout));
        let Some(next) = next else {
            self.now = timeout.expect("it waits for nothing");
            return;
        };
        let (at, event) = self.events.swap_remove(next);
        self.now = self.now.max(at);
        match event {
            Event::Answer(lookup, answer) => {
                let is_open = self.is_open(lookup);
                self.open.retain(|(open, _)| *open != lookup);
                match answer {
                    Ok(addresses) => {
                        race.on_resolved(lookup, &addresses, self.now);
                        let port = ports[usize::from(lookup.remote)];
                        let named = addresses.iter().filter(|_| is_open);
                        self.named
                            .extend(named.map(|address| SocketAddr::new(*address, port)));
                    }
                    Err(error) => race.on_resolve_failed(lookup, error, self.now),
                }
            }
            // Also of attempts that are over: it must make no difference.
            Event::Connected(attempt) => race.on_connected(attempt),
            Event::Failed(attempt, error) => {
                race.on_failed(attempt, error);
                self.has_failed_since |= self.take(attempt);
            }
            Event::Rejected(attempt) => {
                assert_eq!(self.winner, Some(attempt));
                race.on_rejected(attempt);
                assert!(self.take(attempt));
                self.has_failed_since = true;
                self.winner = None;
                self.rejections += 1;
            }
        }
    }
}

/// One race in one world. Returns whether somebody has won.
fn run<const C: usize, const R: usize>(seed: u64) -> bool {
    let mut chance = Chance(seed);
    let count = chance.below(5) as usize;
    let names: Vec<String> = (0..count).map(|index| format!("s{index}.test")).collect();
    let ports: Vec<u16> = (0..count).map(|index| 1000 + index as u16).collect();
    let remotes: Vec<_> = names
        .iter()
        .zip(&ports)
        .map(|(name, port)| {
            let endpoint = RemoteEndpoint::new().with_port(*port);
            if chance.one_in(3) {
                endpoint.with_address(IpAddr::from([198, 51, 100, 1]))
            } else {
                endpoint.with_host_name(name)
            }
        })
        .collect();
    let config = RaceConfig {
        attempt_delay: chance.delay(),
        resolution_delay: chance.delay(),
        first: [Family::V4, Family::V6][chance.below(2) as usize],
        ..RaceConfig::DEFAULT
    };
    let known = chance.one_in(2).then(|| KnownGood {
        remote: chance.below(6) as u8,
        address: IpAddr::from([192, 0, 2, chance.below(6) as u8]),
    });
    let start = Instant::from_millis(chance.below(1_000_000));
    let mut race = Race::<C, R>::new(&remotes, PathId(0), StackId::Tcp, &config, known, start);
    let deadline = start.saturating_add(config.deadline);
    let attempt_delay = race.config().attempt_delay();
    let mut world = World {
        chance,
        now: start,
        events: Vec::new(),
        running: Vec::new(),
        started: HashSet::new(),
        starts: 0,
        wins: 0,
        named: HashSet::new(),
        open: Vec::new(),
        last_start: None,
        has_failed_since: false,
        rejections: 0,
        winner: None,
    };
    for _ in 0..10_000 {
        let mut is_over = false;
        while let Some(action) = race.poll(world.now) {
            assert!(!is_over, "{action:?} after the end");
            is_over = world.follow(action, R, attempt_delay);
        }
        if is_over {
            for report in core::mem::take(&mut world.events) {
                match report.1 {
                    Event::Answer(lookup, _) => race.on_resolved(lookup, &[], world.now),
                    Event::Connected(attempt) if world.winner.is_none() => {
                        race.on_connected(attempt);
                    }
                    Event::Failed(attempt, error) if world.winner.is_none() => {
                        race.on_failed(attempt, error);
                    }
                    _ => {}
                }
            }
            assert_eq!(race.poll(Instant::MAX), None);
            assert_eq!(race.next_timeout(), None);
            if world.winner.is_none() && world.now < deadline {
                // Everything was tried that was told, as far as there is room.
                let missed: Vec<_> = world.named.difference(&world.started).collect();
                assert!(
                    C < 8 || missed.is_empty(),
                    "{missed:?} of {:?}",
                    world.named
                );
            }
            assert!(world.starts <= 9 * count * (1 + world.wins));
            return world.winner.is_some();
        }
        let timeout = race.next_timeout();
        if let Some(timeout) = timeout {
            assert!(timeout > world.now, "it would spin");
            assert!(timeout <= deadline || world.rejections > 0);
            assert!(world.winner.is_none());
        }
        world.happen(&mut race, timeout, &ports);
    }
    panic!("no end");
}

fn campaign<const C: usize, const R: usize>() {
    let races = 4_000;
    let mut won = 0;
    for seed in 0..races {
        let outcome = std::panic::catch_unwind(|| run::<C, R>(seed));
        won += u64::from(outcome.unwrap_or_else(|_| panic!("with seed {seed}")));
    }
    // Both ends are frequent: the campaign sees both.
    assert!(won > races / 10 && won < races * 9 / 10, "{won} of {races}");
}

#[test]
fn one_at_a_time_keeps_its_rules_in_random_worlds() {
    campaign::<8, 1>();
}

#[test]
fn two_at_a_time_keep_their_rules_in_random_worlds() {
    campaign::<8, 2>();
}

#[test]
fn little_room_keeps_the_rules_in_random_worlds() {
    campaign::<2, 2>();
    campaign::<1, 1>();
}
