//! What the client's handles and its runner share.

use core::cell::RefCell;

use embassy_sync::blocking_mutex::Mutex;
use embassy_sync::blocking_mutex::raw::RawMutex;
use embassy_sync::waitqueue::{MultiWakerRegistration, WakerRegistration};
use wigwag_codec::Instant;
use wigwag_codec::ngtt::ClientSession;
use wigwag_codec::ngtt::client::{Config as SessionConfig, Record, Sizes, Slots};

use super::client::Client;
use super::pulse::Pulse;
use super::status::{Notice, Status};
use crate::time;
use crate::tls::{Credentials, Validity};

/// Tasks of the application that can wait at the same time without waking each
/// other needlessly: by default four that execute orders, four that wait for
/// answers, and as many for status, events and the rest.
const WAITING: usize = 16;

/// Notices kept for the application.
const NOTICES: usize = 4;

/// The session and what surrounds it, for a `static`: everything that outlives
/// connections. `S` says how much memory it has: some [`Slots`].
///
/// `M` is the lock: `NoopRawMutex` where client and runner share an executor
/// (then it needs a `StaticCell`), `CriticalSectionRawMutex` for a plain
/// `static`. With the latter, interrupts are masked while a frame is copied in
/// or out.
pub struct State<M: RawMutex, S: Sizes = Slots> {
    inner: Mutex<M, RefCell<Inner<S>>>,
}

/// What the application wants of the connection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// One that is kept up.
    Stay,
    /// A new one, once.
    Reconnect,
    /// None, until it says otherwise.
    Close,
}

pub(super) struct Inner<S: Sizes> {
    pub(super) session: ClientSession<S>,
    pub(super) status: Status,
    /// Which of the device's identities is in use.
    pub(super) credentials: Credentials,
    /// When the certificates of the server are valid that was verified last.
    pub(super) server: Option<Validity>,
    pub(super) notices: heapless::Deque<Notice, NOTICES>,
    /// Journal writes that failed.
    pub(super) journal_failures: u32,
    /// The journal was read: the runner may run more than once.
    pub(super) restored: bool,
    /// The journal was told that the past is known.
    pub(super) past_told: bool,
    /// What the application wants of the connection.
    pub(super) wish: Wish,
    pub(super) clients: MultiWakerRegistration<WAITING>,
    pub(super) driver: WakerRegistration,
    pub(super) journal: WakerRegistration,
    pub(super) pulse: Pulse,
}

impl<
    M: RawMutex,
    const ORDERS: usize,
    const ORDER_BYTES: usize,
    const SENDS: usize,
    const SEND_BYTES: usize,
    const MARKS: usize,
> State<M, Slots<ORDERS, ORDER_BYTES, SENDS, SEND_BYTES, MARKS>>
{
    /// A session that has not been connected yet, with the values of
    /// [`SessionConfig::new`]. All its bytes are zeros: in a `static` it takes
    /// no flash, and in a `ConstStaticCell` nobody builds it on the stack.
    pub const fn new() -> Self {
        Self::of(ClientSession::with_defaults())
    }

    /// A session with other values. In a `static` it takes as much flash as
    /// RAM.
    pub const fn with_config(config: SessionConfig) -> Self {
        Self::of(ClientSession::new(config))
    }

    const fn of(
        session: ClientSession<Slots<ORDERS, ORDER_BYTES, SENDS, SEND_BYTES, MARKS>>,
    ) -> Self {
        Self {
            inner: Mutex::new(RefCell::new(Inner {
                session,
                status: Status::Idle,
                credentials: Credentials::new(false),
                server: None,
                notices: heapless::Deque::new(),
                journal_failures: 0,
                restored: false,
                past_told: false,
                wish: Wish::Stay,
                clients: MultiWakerRegistration::new(),
                driver: WakerRegistration::new(),
                journal: WakerRegistration::new(),
                pulse: Pulse::new(),
            })),
        }
    }
}

impl<
    M: RawMutex,
    const ORDERS: usize,
    const ORDER_BYTES: usize,
    const SENDS: usize,
    const SEND_BYTES: usize,
    const MARKS: usize,
> Default for State<M, Slots<ORDERS, ORDER_BYTES, SENDS, SEND_BYTES, MARKS>>
{
    fn default() -> Self {
        Self::new()
    }
}

impl<M: RawMutex, S: Sizes> State<M, S> {
    /// The application's handle.
    pub const fn client(&self) -> Client<'_, M, S> {
        Client::new(self)
    }

    pub(super) fn with<T>(&self, f: impl FnOnce(&mut Inner<S>) -> T) -> T {
        self.inner.lock(|inner| f(&mut inner.borrow_mut()))
    }

    pub(super) fn set_status(&self, status: Status) {
        #[cfg(feature = "defmt")]
        defmt::info!("ngtt: {}", status);
        self.with(|inner| inner.enter(status));
    }
}

impl<S: Sizes> Inner<S> {
    /// The client is in this state now.
    pub(super) fn enter(&mut self, status: Status) {
        self.pulse.entered(&status, time::now());
        self.status = status;
        self.clients.wake();
    }

    /// Whether the connection, or the wait for one, is to end now. A wish for
    /// another one is fulfilled with that.
    pub(super) fn is_unwanted(&mut self) -> bool {
        match self.wish {
            Wish::Stay => false,
            Wish::Reconnect => {
                self.wish = Wish::Stay;
                true
            }
            Wish::Close => true,
        }
    }

    /// Tells the application; the oldest notice goes when there are too many.
    pub(super) fn notify(&mut self, notice: Notice) {
        #[cfg(feature = "defmt")]
        defmt::warn!("ngtt: {}", notice);
        if self.notices.is_full() {
            self.notices.pop_front();
        }
        // There is room now.
        let _ = self.notices.push_back(notice);
        self.clients.wake();
    }

    /// The server sent something.
    pub(super) fn heard(&mut self, now: Instant) {
        self.session.heard(now);
        if let Some(slot) = self.credentials.heard() {
            self.notify(Notice::Proved(slot));
        }
    }

    /// The application gave the session something to do.
    pub(super) fn wake_driver(&mut self) {
        self.driver.wake();
        self.journal.wake();
    }

    /// The driver changed the session: somebody else may have waited for it.
    pub(super) fn wake_others(&mut self) {
        self.clients.wake();
        if self.session.poll_persist().is_some() || self.is_past_news() {
            self.journal.wake();
        }
    }

    /// Whether the journal is to be told that the past is known.
    pub(super) fn is_past_news(&self) -> bool {
        self.session.is_past_known() && !self.past_told
    }

    /// The session changed: anybody may have waited for it.
    pub(super) fn wake_all(&mut self) {
        self.wake_driver();
        self.clients.wake();
    }

    /// `record` is durable.
    pub(super) fn recorded(&mut self, record: Record) {
        self.session.persisted(record);
        self.wake_all();
    }
}
