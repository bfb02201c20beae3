//! What the parts of a mock NCP server share, behind one lock.

use super::book::Book;
use super::event::{Event, EventKind};
use super::fault::Fault;
use super::handler::Handler;
use super::{MockNcpOptions, node};
use crate::clock;
use crate::faults::Cut;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::{Notify, broadcast, watch};
use tokio::task::JoinSet;
use wigwag_codec::Instant;
use wigwag_codec::ncp::Time;

/// Events that a slow listener may be behind before it misses some.
const EVENTS: usize = 4096;

pub(super) struct Shared {
    pub(super) options: MockNcpOptions,
    /// Where the server listens, or did.
    pub(super) addr: OnceLock<SocketAddr>,
    /// The moment that times are counted from, in microseconds of the clock.
    started: u64,
    state: Mutex<State>,
    events: broadcast::Sender<Event>,
    /// Counts events, for those who wait for a state of the book.
    changes: watch::Sender<u64>,
    /// Whether the server takes connections.
    pub(super) stopped: watch::Sender<bool>,
    /// The connections' tasks.
    pub(super) tasks: Mutex<JoinSet<()>>,
}

/// All that changes.
pub(super) struct State {
    pub(super) book: Book,
    pub(super) handler: Handler,
    pub(super) fault: Fault,
    /// Connections, those in their handshake included, the oldest first.
    pub(super) live: BTreeMap<u64, Live>,
    /// Connections there ever were.
    numbers: u64,
}

/// A connection, as others see it.
pub(super) struct Live {
    /// What the client calls itself, once the handshake is complete.
    pub(super) hostname: Option<Arc<str>>,
    /// It has said something.
    pub(super) has_spoken: bool,
    pub(super) signals: Arc<Signals>,
}

/// How others reach a connection.
#[derive(Default)]
pub(super) struct Signals {
    pub(super) orders: Mutex<Orders>,
    pub(super) changed: Notify,
}

/// What others want of a connection.
#[derive(Default)]
pub(super) struct Orders {
    /// It is to end so.
    pub(super) end: Option<Ending>,
    /// Packets to send that answer nothing.
    pub(super) unasked: Vec<Arc<[u8]>>,
}

/// How and why a connection is to end.
#[derive(Clone, Copy)]
pub(super) struct Ending {
    pub(super) how: Cut,
    pub(super) reason: &'static str,
}

impl Signals {
    pub(super) fn lock(&self) -> MutexGuard<'_, Orders> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first reason stays.
    pub(super) fn end(&self, how: Cut, reason: &'static str) {
        self.lock().end.get_or_insert(Ending { how, reason });
        self.changed.notify_one();
    }

    pub(super) fn send(&self, packet: Arc<[u8]>) {
        self.lock().unasked.push(packet);
        self.changed.notify_one();
    }
}

impl Shared {
    pub(super) fn new(options: MockNcpOptions) -> Self {
        Self {
            options,
            addr: OnceLock::new(),
            started: clock::now_micros(),
            state: Mutex::new(State {
                book: Book::default(),
                handler: Arc::new(node::answer),
                fault: Fault::None,
                live: BTreeMap::new(),
                numbers: 0,
            }),
            events: broadcast::Sender::new(EVENTS),
            changes: watch::Sender::new(0),
            stopped: watch::Sender::new(true),
            tasks: Mutex::new(JoinSet::new()),
        }
    }

    /// Since the start.
    pub(super) fn at(&self) -> Duration {
        Duration::from_micros(clock::now_micros().saturating_sub(self.started))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn tasks(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn events(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Returns once the server takes no connections any more.
    pub(super) async fn until_stopped(&self) {
        // The sender is in `self`, so it cannot be gone.
        let _ = self.stopped.subscribe().wait_for(|stopped| *stopped).await;
    }

    /// Whether anybody listens to events.
    pub(super) fn has_listeners(&self) -> bool {
        self.events.receiver_count() > 0
    }

    /// Tells of something. Never under the lock: a listener may look at the
    /// book.
    pub(super) fn tell(&self, connection: Option<u64>, kind: EventKind) {
        // Nobody listening is no error.
        let _ = self.events.send(Event {
            at: self.at(),
            connection,
            kind,
        });
        self.changed();
    }

    /// The book has changed.
    pub(super) fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    pub(super) fn refuse(&self, peer: SocketAddr, reason: String) {
        self.lock().book.refused += 1;
        self.tell(None, EventKind::Refused { peer, reason });
    }
}

impl State {
    /// Takes a connection in, if there is room or can be made.
    pub(super) fn admit(&mut self, most: usize) -> Option<(u64, Arc<Signals>)> {
        if self.live.len() >= most {
            // Those first that have not said a word.
            let mut late = self.live.iter().filter(|(_, live)| live.hostname.is_none());
            let silent = late.clone().find(|(_, live)| !live.has_spoken);
            let (number, _) = silent.or_else(|| late.next())?;
            let number = *number;
            if let Some(live) = self.live.remove(&number) {
                let reason = "too slow: another client needed its place";
                live.signals.end(Cut::Reset, reason);
            }
        }
        self.numbers += 1;
        let signals = Arc::new(Signals::default());
        let live = Live {
            hostname: None,
            has_spoken: false,
            signals: signals.clone(),
        };
        self.live.insert(self.numbers, live);
        Some((self.numbers, signals))
    }
}

/// The instant that the link's clock shows.
pub(super) fn instant() -> Instant {
    Instant::from_micros(clock::now_micros())
}

/// The time of day.
pub(super) fn time_of_day() -> Time {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let secs = u32::try_from(since.as_secs()).unwrap_or(u32::MAX);
    // As ncplib has it: microseconds.
    Time::new(secs, since.subsec_micros() * 1000).unwrap_or(Time::ZERO)
}
