//! Asks: moves packets between a UDP socket and a [`Round`], at the pace of the
//! [`Schedule`].

use core::cell::RefCell;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

use embassy_futures::select::{Either, select};
use embassy_net::udp::PacketMetadata;
use embassy_sync::blocking_mutex::raw::RawMutex;
use embassy_time::Timer;
use rand_core::CryptoRngCore;
use wigwag_codec::Instant;

use super::MAX_SERVERS;
use super::config::Config;
use super::packet::{LENGTH, Refusal};
use super::report::{Outcome, Report, Server};
use super::round::{Majority, Round, Voice};
use super::schedule::Schedule;
use super::state::State;
use crate::net::{
    DatagramError, EmbassyUdpBuffers, Family, Network, PathId, PathState, ResolveError, UdpSocket,
};
use crate::time;
use crate::wall_clock::{Origin, WallClock};

/// Datagrams that are looked at in one round; a flood ends it.
const MOST_DATAGRAMS: usize = 256;

/// Datagrams that can wait to be looked at.
const WAITING: usize = 8;

/// The ports that nobody else is expected at: RFC 6335 section 6.
const FIRST_PORT: u16 = 49_152;

/// While there is no network it is looked for after this long, then twice as long,
/// and so on.
const FIRST_LOOK: Duration = Duration::from_millis(250);
const LAST_LOOK: Duration = Duration::from_secs(16);

/// An SNTP client: [`run`](Self::run) is a task of its own, on the executor of the
/// network stack.
pub struct Runner<'a, M: RawMutex, N, R> {
    clock: &'a WallClock<M>,
    state: &'a State<M>,
    network: N,
    config: Config<'a>,
    rng: R,
    schedule: Option<Schedule>,
    /// Which of its addresses each server is asked at next.
    turns: [usize; MAX_SERVERS],
    /// The family whose addresses are asked for first: that of a network which has
    /// only one of them is found out by trying.
    first: Family,
}

impl<'a, M: RawMutex, N: Network, R: CryptoRngCore> Runner<'a, M, N, R> {
    /// A client that sets `clock`, told by the application through `state`. `rng`
    /// must be a cryptographic generator seeded from hardware: by what it answers
    /// to, a stranger is told from a server.
    pub const fn new(
        clock: &'a WallClock<M>,
        state: &'a State<M>,
        network: N,
        config: Config<'a>,
        rng: R,
    ) -> Self {
        Self {
            clock,
            state,
            network,
            config,
            rng,
            schedule: None,
            turns: [0; MAX_SERVERS],
            first: Family::V4,
        }
    }

    /// Sets the clock as soon as there is a network, and keeps it right, for ever.
    /// Without servers it waits for ever.
    ///
    /// The future may be dropped, and this called again: the pace stays the same.
    pub async fn run(&mut self) -> ! {
        while self.config.servers().is_empty() {
            core::future::pending::<()>().await;
        }
        loop {
            self.turn().await;
            let path = self.path().await;
            let report = self.round(path).await;
            #[cfg(feature = "defmt")]
            defmt::info!("sntp: {} {}", report.outcome, report.servers);
            self.state.tell(report);
        }
    }

    fn schedule(&mut self) -> &mut Schedule {
        let (config, rng) = (&self.config, &mut self.rng);
        self.schedule.get_or_insert_with(|| {
            let micros = time::part(time::micros(config.spread_start), rng.next_u32());
            let first = time::now().saturating_add(Duration::from_micros(micros));
            Schedule::new(config.interval, first)
        })
    }

    /// Waits until a round is due.
    async fn turn(&mut self) {
        loop {
            let due = self.schedule().due();
            if due <= time::now() {
                return;
            }
            let timer = Timer::at(time::instant(due));
            if let Either::Second(()) = select(timer, self.state.wants_again()).await {
                self.schedule().ask_again(time::now());
            }
        }
    }

    /// Waits until a path is up. It is looked at from time to time: embassy-net
    /// tells a change to one task only, and that is the one that keeps a connection.
    async fn path(&self) -> PathId {
        let mut wait = FIRST_LOOK;
        loop {
            let mut paths = self.config.paths.iter();
            if let Some(path) = paths.find(|path| self.network.path_state(**path) == PathState::Up)
            {
                return *path;
            }
            Timer::after(time::duration(wait)).await;
            wait = (wait * 2).min(LAST_LOOK);
        }
    }

    /// Asks all servers at once, and sets the clock by what most of them say.
    async fn round(&mut self, path: PathId) -> Report {
        let mut servers = [Server::None; MAX_SERVERS];
        let mut addresses = [None; MAX_SERVERS];
        self.schedule().started(time::now());
        let round = RefCell::new(Round::new(self.clock.floor()));
        for (index, name) in self.config.servers().iter().enumerate().take(MAX_SERVERS) {
            let asked = if self.schedule().may_ask(index, time::now()) {
                self.resolve(path, index, name, &addresses).await
            } else {
                Err(Server::Resting)
            };
            match asked {
                Ok(address) => addresses[index] = Some(address),
                Err(reason) => servers[index] = reason,
            }
        }
        self.ask(path, &addresses, &round, &mut servers).await;
        let round = round.into_inner();
        let no_route = Server::NotSent(DatagramError::NoRoute);
        if Family::COUNT > 1 && servers.contains(&no_route) {
            self.first = self.first.other();
        }
        let outcome = self.set(&round);
        let now = time::now();
        self.take_in(&round, &mut servers, now);
        let random = self.rng.next_u32();
        let schedule = self.schedule();
        match outcome {
            Outcome::Set { .. } => schedule.succeeded(now, random),
            _ => schedule.failed(now, random),
        }
        Report {
            at: now,
            outcome,
            servers,
            next: schedule.due(),
        }
    }

    /// An address of a server that no other one has.
    async fn resolve(
        &mut self,
        path: PathId,
        index: usize,
        name: &str,
        others: &[Option<IpAddr>; MAX_SERVERS],
    ) -> Result<IpAddr, Server> {
        let mut failure = ResolveError::NoAddress;
        let families = [self.first, self.first.other()];
        for family in families.into_iter().take(Family::COUNT) {
            let timeout = self.config.resolve_timeout;
            let found = match self.network.resolve(path, name, family, timeout).await {
                Ok(found) => found,
                Err(error) => {
                    // A name without addresses of one family may have the other.
                    if failure == ResolveError::NoAddress {
                        failure = error;
                    }
                    continue;
                }
            };
            // Every time another one: the one before may not have answered.
            let turn = &mut self.turns[index];
            let first = *turn % found.len().max(1);
            *turn = turn.wrapping_add(1);
            let (head, tail) = found.split_at(first);
            let mut all = tail.iter().chain(head);
            return match all.find(|address| !others.contains(&Some(**address))) {
                Some(address) => Ok(*address),
                None => Err(Server::SameAsAnother),
            };
        }
        Err(Server::Unresolved(failure))
    }

    /// Asks at these addresses, and listens until all have answered or the time is
    /// up.
    async fn ask(
        &mut self,
        path: PathId,
        addresses: &[Option<IpAddr>; MAX_SERVERS],
        round: &RefCell<Round>,
        servers: &mut [Server; MAX_SERVERS],
    ) {
        if addresses.iter().all(Option::is_none) {
            return;
        }
        let port = self.config.port;
        // RFC 9109: not a port that a stranger could foretell.
        let own_port = FIRST_PORT + (self.rng.next_u32() as u16) % (u16::MAX - FIRST_PORT);
        let nonces = [(); MAX_SERVERS].map(|()| self.rng.next_u64());
        let (mut receive_meta, mut receive) =
            ([PacketMetadata::EMPTY; WAITING], [0; WAITING * LENGTH]);
        let (mut send_meta, mut send) = (
            [PacketMetadata::EMPTY; MAX_SERVERS],
            [0; MAX_SERVERS * LENGTH],
        );
        let memory = EmbassyUdpBuffers {
            receive_meta: &mut receive_meta,
            receive: &mut receive,
            send_meta: &mut send_meta,
            send: &mut send,
        };
        // Neither fails on a path that there is; if so, nobody is asked.
        let Ok(socket) = self.network.udp_in(path, memory) else {
            return;
        };
        if socket.bind(own_port).is_err() && socket.bind(0).is_err() {
            return;
        }
        let asking = async {
            for (index, address) in addresses.iter().enumerate() {
                let Some(address) = *address else { continue };
                let to = SocketAddr::new(address, port);
                let sent = if socket.has_route(to) {
                    let request = {
                        let mut round = round.borrow_mut();
                        round.ask(index, to, nonces[index], time::now())
                    };
                    socket.send_to(&request, to).await
                } else {
                    Err(DatagramError::NoRoute)
                };
                if let Err(error) = sent {
                    round.borrow_mut().unsent(index);
                    servers[index] = Server::NotSent(error);
                }
            }
        };
        let is_asked = core::cell::Cell::new(false);
        let listening = async {
            let mut buffer = [0; LENGTH + 1];
            for _ in 0..MOST_DATAGRAMS {
                // What did not fit is no answer.
                if let Ok(datagram) = socket.receive_from(&mut buffer).await {
                    let bytes = buffer.get(..datagram.length).unwrap_or_default();
                    let mut round = round.borrow_mut();
                    round.receive(datagram.from, bytes, time::now());
                    if is_asked.get() && round.is_complete() {
                        return;
                    }
                }
            }
        };
        let talking = async {
            let asking = async {
                asking.await;
                is_asked.set(true);
                if !round.borrow().is_complete() {
                    core::future::pending::<()>().await;
                }
            };
            select(asking, listening).await;
        };
        let patience = Timer::after(time::duration(self.config.answer_timeout));
        select(talking, patience).await;
    }

    /// Sets the clock by what the majority says.
    fn set(&self, round: &Round) -> Outcome {
        let servers = self.config.servers().len();
        let sample = match round.majority(servers, time::micros(self.config.tolerance)) {
            Majority::Tells(sample) => sample,
            Majority::None { agree } => {
                return Outcome::NoMajority {
                    agree,
                    // There are four at most.
                    needed: (servers / 2 + 1) as u8,
                };
            }
        };
        // A time before 1970 was not read at all.
        let unix = u64::try_from(sample.unix).unwrap_or(0);
        match self.clock.set_at(sample.at, unix, Origin::Sntp) {
            Ok(adjustment) => Outcome::Set {
                adjustment,
                error_micros: sample.error,
            },
            Err(error) => Outcome::BeforeFloor(error),
        }
    }

    /// What each server has said, for the report and for the schedule.
    fn take_in(&mut self, round: &Round, servers: &mut [Server; MAX_SERVERS], now: Instant) {
        let voices = round.voices().iter().zip(servers).enumerate();
        for (index, (voice, server)) in voices {
            match voice {
                Voice::NotAsked => {}
                Voice::Asked { .. } => *server = Server::Silent,
                Voice::Told(_) => {
                    *server = Server::Told;
                    self.schedule().told(index);
                }
                Voice::Refused(refusal) => {
                    *server = Server::Refused(*refusal);
                    if let Refusal::Kiss(kiss) = refusal {
                        self.schedule().kissed(index, *kiss, now);
                    }
                }
            }
        }
    }
}

impl<M: RawMutex, N, R> core::fmt::Debug for Runner<'_, M, N, R> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Runner")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
