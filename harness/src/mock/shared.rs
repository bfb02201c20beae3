//! What the parts of a mock server share, behind one lock.

use super::book::Book;
use super::device::{Device, Live, Queue};
use super::event::{Event, EventKind};
use super::options::DataPolicy;
use super::{DataAnswer, MockOptions};
use crate::clock;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::{broadcast, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use wigwag_codec::Instant;

use super::book::DeviceBook;

/// Events that a slow listener may be behind before it misses some.
const EVENTS: usize = 4096;

pub(super) struct Shared {
    pub(super) options: MockOptions,
    pub(super) acceptor: TlsAcceptor,
    /// Where the server listens, or did.
    pub(super) addr: OnceLock<SocketAddr>,
    /// The moment that times are counted from, in microseconds of the clock.
    started: u64,
    state: Mutex<State>,
    events: broadcast::Sender<Event>,
    /// Counts events, for those who wait for a state of the book.
    pub(super) changes: watch::Sender<u64>,
    /// Whether the server takes connections.
    pub(super) stopped: watch::Sender<bool>,
    /// The connections' tasks, those in their handshake included.
    pub(super) tasks: Mutex<JoinSet<()>>,
}

/// All that changes.
pub(super) struct State {
    devices: BTreeMap<Arc<str>, Device>,
    /// What a new device finds in its queue.
    orders: Vec<Arc<[u8]>>,
    pub(super) data: DataPolicy,
    pub(super) baobs: BTreeMap<String, i64>,
    pub(super) refused: u64,
    connections: u64,
}

/// The present, in the session's terms and in the book's.
#[derive(Clone, Copy)]
pub(super) struct Now {
    pub(super) instant: Instant,
    pub(super) at: Duration,
}

impl Shared {
    pub(super) fn new(options: MockOptions, acceptor: TlsAcceptor) -> Self {
        let orders = options.orders.clone();
        Self {
            options,
            acceptor,
            addr: OnceLock::new(),
            started: clock::now_micros(),
            state: Mutex::new(State {
                devices: BTreeMap::new(),
                orders,
                data: Arc::new(|_, _| DataAnswer::Confirm.into()),
                baobs: BTreeMap::new(),
                refused: 0,
                connections: 0,
            }),
            events: broadcast::Sender::new(EVENTS),
            changes: watch::Sender::new(0),
            stopped: watch::Sender::new(true),
            tasks: Mutex::new(JoinSet::new()),
        }
    }

    pub(super) fn now(&self) -> Now {
        let micros = clock::now_micros();
        Now {
            instant: Instant::from_micros(micros),
            at: Duration::from_micros(micros.saturating_sub(self.started)),
        }
    }

    /// Returns once the server takes no connections any more.
    pub(super) async fn until_stopped(&self) {
        // The sender is in `self`, so it cannot be gone.
        let _ = self.stopped.subscribe().wait_for(|stopped| *stopped).await;
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn events(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// Tells of something. Never under the lock: a listener may look at the
    /// book.
    pub(super) fn tell(&self, device: Option<&Arc<str>>, kind: EventKind) {
        // Nobody listening is no error.
        let _ = self.events.send(Event {
            at: self.now().at,
            device: device.cloned(),
            kind,
        });
        self.changes.send_modify(|count| *count += 1);
    }
}

impl State {
    /// The device of that name, known from now on.
    pub(super) fn device(
        &mut self,
        name: &str,
        options: &MockOptions,
        at: Duration,
    ) -> &mut Device {
        if !self.devices.contains_key(name) {
            let mut device = Device::new(options);
            for order in &self.orders {
                device.enqueue(order.clone(), at);
            }
            self.devices.insert(name.into(), device);
        }
        self.devices
            .get_mut(name)
            .expect("it was inserted if it was not there")
    }

    /// A device that is known already.
    pub(super) fn known(&mut self, name: &str) -> Option<&mut Device> {
        self.devices.get_mut(name)
    }

    pub(super) fn devices(&mut self) -> impl Iterator<Item = (&Arc<str>, &mut Device)> {
        self.devices.iter_mut()
    }

    /// The connection `id` of a device, if it is still the device's.
    pub(super) fn parts(
        &mut self,
        name: &str,
        id: u64,
    ) -> Option<(&mut Live, &mut Queue, &mut DeviceBook)> {
        self.known(name)?.parts(id)
    }

    /// Enqueues for every device, those not heard of yet included.
    pub(super) fn enqueue_all(&mut self, payload: &Arc<[u8]>, at: Duration) {
        for device in self.devices.values_mut() {
            device.enqueue(payload.clone(), at);
        }
        self.orders.push(payload.clone());
    }

    /// A number for a new connection.
    pub(super) fn next_connection(&mut self) -> u64 {
        self.connections += 1;
        self.connections
    }

    pub(super) fn book(&self) -> Book {
        let devices = self.devices.iter();
        Book {
            devices: devices
                .map(|(name, device)| (name.to_string(), device.book.clone()))
                .collect(),
            refused: self.refused,
        }
    }
}
