//! A mock NGTT server for tests and demonstrations: a real one, over TCP and
//! mutual TLS, whose orders live in memory.
//!
//! It keeps a queue of orders for each device over all connections and delivers
//! each again, with the same transaction id, until the device has answered. It
//! answers pings, data and requests about binary objects, keeps logs, and
//! writes a [`Book`] of all of it that a test can hold against what the device
//! says. Orders are enqueued while it runs; connections can be cut, and the
//! whole server stopped and started again on the same port.
//!
//! In another project the example needs `tokio` and, without a second crypto
//! library, `tokio-rustls = { version = "0.26", default-features = false,
//! features = ["ring"] }` among its dev-dependencies.
//!
//! ```
//! use std::time::Duration;
//! use tokio::io::{AsyncReadExt, AsyncWriteExt};
//! use wigwag_harness::mock::{Answer, MockNgtt};
//! use wigwag_harness::pki::Pki;
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let pki = Pki::generate();
//! let server = MockNgtt::start(&pki).await.unwrap();
//! // An order: the minijson value [], that is, no sections.
//! server.enqueue("device-0001", [0x40]);
//!
//! // A device by hand, for the sake of the example: rustls and six frames.
//! let config = pki.client_config(pki.device("device-0001")).unwrap();
//! let tcp = tokio::net::TcpStream::connect(server.addr()).await.unwrap();
//! let mut device = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config))
//!     .connect("ngtt.test".try_into().unwrap(), tcp)
//!     .await
//!     .unwrap();
//! device.write_all(&[0, 0, 0, 0, 0, 0, 0, 10]).await.unwrap(); // FETCH_ORDERS
//! let mut order = [0; 9];
//! device.read_exact(&mut order).await.unwrap();
//! assert_eq!(order, [0, 0, 0, 1, 0, 1, 0, 1, 0x40]); // ORDER, tid 1
//! device.write_all(&[0, 0, 0, 0, 0, 1, 0, 2]).await.unwrap(); // ORDER_CONFIRM
//!
//! let seen = server
//!     .wait_until(Duration::from_secs(5), |book| book.unanswered() == 0)
//!     .await;
//! assert!(seen);
//! let order = &server.book().device("device-0001").orders[0];
//! assert_eq!((order.answer, order.deliveries), (Some(Answer::Confirm), 1));
//! # });
//! ```

mod accept;
mod book;
mod connection;
mod device;
mod event;
mod handle;
mod options;
mod payload;
mod record;
mod shared;

pub(crate) use accept::{certified_name, reason as tls_refusal};
pub use book::{BaobSync, Batch, Book, DeviceBook, LogBatch, OrderEntry};
pub use event::{Event, EventKind};
pub use options::{DataAnswer, DataReply, MockOptions};
pub use wigwag_codec::ngtt::client::Answer;

use crate::faults::Cut;
use crate::pki::{KeyLogFile, Pki, PkiError};
use crate::vnet::{Dial, HostStream};
use device::Ending;
use shared::Shared;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

/// How long connections have to end when the server stops.
const STOP_LIMIT: Duration = Duration::from_secs(3);

/// How long starting again waits for its port.
const PORT_LIMIT: Duration = Duration::from_secs(5);

/// Bytes of an in-process pipe, each way: about a socket's buffer.
const PIPE: usize = 64 * 1024;

/// A running mock server. See the [module](self). Dropping it ends it at once.
pub struct MockNgtt {
    shared: Arc<Shared>,
    addr: SocketAddr,
    listening: Option<JoinHandle<()>>,
    /// Connections that are held without a word since the server stopped so.
    silenced: Vec<JoinSet<()>>,
}

impl fmt::Debug for MockNgtt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockNgtt")
            .field("addr", &self.addr)
            .field("listening", &self.listening.is_some())
            .finish_non_exhaustive()
    }
}

impl MockNgtt {
    /// Starts a server with the default [`MockOptions`].
    ///
    /// # Errors
    /// As [`MockNgtt::start_with`].
    pub async fn start(pki: &Pki) -> Result<Self, MockError> {
        Self::start_with(pki, MockOptions::default()).await
    }

    /// Starts a server. Its tasks run on the current tokio runtime.
    ///
    /// # Errors
    /// [`MockError`]: the address cannot be listened on, the key log not
    /// opened, the certificates not used.
    pub async fn start_with(pki: &Pki, options: MockOptions) -> Result<Self, MockError> {
        let keylog = match &options.keylog {
            Some(path) => {
                let failed = |source| MockError::KeyLog {
                    path: path.clone(),
                    source,
                };
                Some(KeyLogFile::open(path).map_err(failed)?)
            }
            None => None,
        };
        let config = pki
            .server_config(options.tls12, keylog)
            .map_err(MockError::Pki)?;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listen = options.listen;
        let mut server = Self {
            shared: Arc::new(Shared::new(options, acceptor)),
            addr: listen,
            listening: None,
            silenced: Vec::new(),
        };
        server.listen(listen).await?;
        Ok(server)
    }

    async fn listen(&mut self, at: SocketAddr) -> Result<(), MockError> {
        let failed = |source| MockError::Listen { at, source };
        let listener = TcpListener::bind(at).await.map_err(failed)?;
        self.addr = listener.local_addr().map_err(failed)?;
        // Started again, it has the same.
        let _ = self.shared.addr.set(self.addr);
        self.shared.stopped.send_replace(false);
        let accepting = accept::accept(self.shared.clone(), listener);
        self.listening = Some(tokio::spawn(accepting));
        self.shared
            .tell(None, EventKind::Listening { addr: self.addr });
        Ok(())
    }

    /// Where the server listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What happens from now on. A listener more than 4096 events behind
    /// misses some, and is told so.
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.shared.events()
    }

    /// Puts an order (one minijson value) at the end of a device's queue, and
    /// returns its number, counted from 0 for each device. The device need not
    /// have been heard of.
    pub fn enqueue(&self, device: &str, payload: impl Into<Arc<[u8]>>) -> u64 {
        let at = self.shared.now().at;
        let mut state = self.shared.lock();
        let number = state
            .device(device, &self.shared.options, at)
            .enqueue(payload.into(), at);
        drop(state);
        self.shared.changes.send_modify(|count| *count += 1);
        number
    }

    /// Puts an order at the end of every device's queue, also of those that are
    /// not heard of yet.
    pub fn enqueue_all(&self, payload: impl Into<Arc<[u8]>>) {
        let at = self.shared.now().at;
        self.shared.lock().enqueue_all(&payload.into(), at);
        self.shared.changes.send_modify(|count| *count += 1);
    }

    /// Sets how batches of pathpoints are answered from now on. Without it they
    /// are confirmed at once.
    pub fn set_data_policy(
        &self,
        policy: impl Fn(&str, &Batch) -> DataReply + Send + Sync + 'static,
    ) {
        self.shared.lock().data = Arc::new(policy);
    }

    /// Answers all batches of pathpoints so from now on.
    pub fn set_data_reply(&self, reply: impl Into<DataReply>) {
        let reply = reply.into();
        self.set_data_policy(move |_, _| reply);
    }

    /// Gives the server a binary object of this version. A device with a lower
    /// one is told to download it, one with a higher one to upload its own.
    pub fn set_baob(&self, name: &str, version: i64) {
        self.shared.lock().baobs.insert(name.into(), version);
    }

    /// A copy of the book as it is now.
    #[must_use]
    pub fn book(&self) -> Book {
        self.shared.lock().book()
    }

    /// Waits until the book is as `wanted`, for `limit` at most, and says
    /// whether it is. Looks whenever something has happened.
    pub async fn wait_until(&self, limit: Duration, mut wanted: impl FnMut(&Book) -> bool) -> bool {
        let mut changes = self.shared.changes.subscribe();
        let wait = async {
            while !wanted(&self.book()) {
                if changes.changed().await.is_err() {
                    // The sender lives as long as this server.
                    std::future::pending().await
                }
            }
        };
        tokio::time::timeout(limit, wait).await.is_ok()
    }

    /// The devices that are connected now.
    #[must_use]
    pub fn connected(&self) -> Vec<String> {
        let mut state = self.shared.lock();
        let live = state.devices().filter(|(_, device)| device.live.is_some());
        live.map(|(name, _)| name.to_string()).collect()
    }

    /// Ends a device's connection, and says whether there was one.
    ///
    /// [`Cut::Silence`] leaves it open without another word.
    pub fn disconnect(&self, device: &str, how: Cut) -> bool {
        let mut state = self.shared.lock();
        state.known(device).is_some_and(|device| {
            device.end(Ending {
                how,
                reason: "cut by the server",
            })
        })
    }

    /// Serves a stream that did not come through the listener.
    pub fn serve(&self, stream: impl HostStream + Send + 'static, peer: SocketAddr) {
        accept::serve(&self.shared, stream, peer);
    }

    /// Takes every connection of a virtual network to this server, within the
    /// process: no sockets, so it works in paused time too.
    #[must_use]
    pub fn dial(&self) -> impl Dial + Clone + use<> {
        let shared = self.shared.clone();
        move |to: SocketAddr| {
            let (near, far) = tokio::io::duplex(PIPE);
            accept::serve(&shared, far, to);
            async { Ok(near) }
        }
    }

    /// Stops: listens no more, ends all connections as told, and forgets
    /// nothing. After [`Cut::Silence`] the connections stay open without
    /// another word, as if the machine had lost its power.
    pub async fn stop(&mut self, how: Cut) {
        if let Some(listening) = self.listening.take() {
            listening.abort();
            // Aborted, which is what was asked for. Now the port is free.
            let _ = listening.await;
        }
        for (_, device) in self.shared.lock().devices() {
            device.end(Ending {
                how,
                reason: "the server stops",
            });
        }
        let mut tasks = {
            let mut tasks = self
                .shared
                .tasks
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            core::mem::take(&mut *tasks)
        };
        if how == Cut::Silence {
            self.silenced.push(tasks);
        } else {
            self.shared.stopped.send_replace(true);
            let all = async { while tasks.join_next().await.is_some() {} };
            if tokio::time::timeout(STOP_LIMIT, all).await.is_err() {
                tasks.shutdown().await;
            }
        }
        self.shared.tell(None, EventKind::Stopped);
    }

    /// Starts again on the same port, with all queues as they were.
    ///
    /// # Errors
    /// [`MockError::Listen`] when the port is not free for five seconds.
    pub async fn restart(&mut self) -> Result<(), MockError> {
        if self.listening.is_some() {
            return Ok(());
        }
        let given_up = tokio::time::Instant::now() + PORT_LIMIT;
        loop {
            match self.listen(self.addr).await {
                Err(_) if tokio::time::Instant::now() < given_up => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                done => return done,
            }
        }
    }
}

impl Drop for MockNgtt {
    fn drop(&mut self) {
        if let Some(listening) = &self.listening {
            listening.abort();
        }
        let mut tasks = self
            .shared
            .tasks
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        tasks.abort_all();
    }
}

/// Why a server could not be started.
#[derive(Debug)]
#[non_exhaustive]
pub enum MockError {
    /// The address cannot be listened on.
    Listen {
        /// The address.
        at: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
    /// The key log cannot be opened.
    KeyLog {
        /// Its file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The certificates cannot be used.
    Pki(PkiError),
}

impl fmt::Display for MockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listen { at, source } => write!(f, "cannot listen on {at}: {source}"),
            Self::KeyLog { path, source } => {
                write!(f, "cannot open the key log {}: {source}", path.display())
            }
            Self::Pki(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for MockError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Listen { source, .. } | Self::KeyLog { source, .. } => Some(source),
            Self::Pki(error) => Some(error),
        }
    }
}
