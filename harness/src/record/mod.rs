//! A recording of what devices and servers say to each other, as plain text: for
//! the inspector's page while it happens, and for capture files.
//!
//! A [`Recorder`] keeps what was said last, up to [`Limits::history`]. Servers and
//! taps report connections to it, through [`Recorder::connection`] or by putting a
//! [`Recorded`] around their streams. Whoever [subscribes](Recorder::subscribe)
//! gets what is kept, then what comes, as a capture
//! ([`wigwag_codec::capture`]). Nobody waits for a subscriber: one that is too
//! slow, or too late, loses the oldest records, is told how many, and goes on where
//! a frame begins. A [file](Recorder::to_file) loses nothing: it is written before
//! the report returns.
//!
//! ```
//! use wigwag_codec::capture::LABEL;
//! use wigwag_harness::record::{About, Direction, Limits, Protocol, Recorder};
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let recorder = Recorder::new(Limits::default());
//! let mut listener = recorder.subscribe();
//! let connection = recorder.connection(&About {
//!     protocol: Some(Protocol::Ngtt),
//!     device: "device-0001".into(),
//!     server: "ngtt.test".into(),
//! });
//! // FETCH_ORDERS, transaction 1.
//! connection.bytes(Direction::ToServer, &[0, 0, 0, 0, 0, 1, 0, 10]);
//! connection.end("closed by the device");
//! let capture = listener.next().await.unwrap();
//! assert!(capture.starts_with(&LABEL));
//! # });
//! ```

mod boundary;
mod connection;
mod file;
mod history;
mod send;
mod stream;
mod subscription;

pub use connection::Recording;
pub use file::{CaptureFile, Existing};
pub use send::{SendRefusal, Sender};
pub use stream::{Recorded, Side};
pub use subscription::Subscription;
pub use wigwag_inspect::{About, Direction, Protocol};

use history::History;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::watch;

/// What a [`Recorder`] keeps at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of what was said last, with about a hundred for each record; what is
    /// older is forgotten. 64 MiB.
    pub history: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { history: 64 << 20 }
    }
}

/// Records connections. A clone records into the same recording.
#[derive(Clone)]
pub struct Recorder {
    shared: Arc<Shared>,
    /// What servers that take this recorder call themselves.
    server: Option<Arc<str>>,
}

struct Shared {
    history: Mutex<History>,
    /// How many records there ever were, for those who wait for the next.
    changes: watch::Sender<u64>,
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

impl Default for Recorder {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl Recorder {
    /// A recorder without a record.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            shared: Arc::new(Shared {
                history: Mutex::new(History::new(limits.history)),
                changes: watch::Sender::new(0),
            }),
            server: None,
        }
    }

    /// The same recorder, for a server that is to be called so instead of by its
    /// address.
    #[must_use]
    pub fn with_server(&self, name: &str) -> Self {
        Self {
            shared: self.shared.clone(),
            server: Some(name.into()),
        }
    }

    /// What the server is called in records.
    pub(crate) fn server_name(&self, address: &dyn fmt::Display) -> String {
        match &self.server {
            Some(name) => name.to_string(),
            None => address.to_string(),
        }
    }

    /// Begins a connection.
    #[must_use = "it is over when this is dropped"]
    pub fn connection(&self, about: &About<'_>) -> Recording {
        let number = self.change(|history, time| history.open(time, about, None));
        Recording::new(self.clone(), number)
    }

    /// Begins a connection on which [`Recorder::send`] can send frames to the
    /// device, through `sender`.
    #[must_use = "it is over when this is dropped"]
    pub fn connection_with(&self, about: &About<'_>, sender: Sender) -> Recording {
        let number = self.change(|history, time| history.open(time, about, Some(sender)));
        Recording::new(self.clone(), number)
    }

    /// What is kept, then what comes.
    #[must_use]
    pub fn subscribe(&self) -> Subscription {
        Subscription::new(self.clone(), self.shared.changes.subscribe())
    }

    /// How many bytes of memory what is kept takes, about.
    #[must_use]
    pub fn size(&self) -> usize {
        self.lock().size()
    }

    fn lock(&self) -> MutexGuard<'_, History> {
        // What a panic may have left half-done here is a lost record at worst.
        let history = &self.shared.history;
        history.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the history at the present time, and tells those who wait for it.
    fn change<T>(&self, f: impl FnOnce(&mut History, u64) -> T) -> T {
        let mut history = self.lock();
        let time = history.advance(now());
        let done = f(&mut history, time);
        let end = history.end();
        drop(history);
        self.shared.changes.send_if_modified(|seen| {
            // Another one may have come in between.
            let newer = end > *seen;
            *seen = end.max(*seen);
            newer
        });
        done
    }
}

/// Microseconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
    })
}
