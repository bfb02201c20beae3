//! A tap: a proxy between devices and their server that sees what both say.
//!
//! It ends TLS on both sides: to a device it shows a server's certificate, to the
//! server the device's. So it needs what only their owner has, the keys of both,
//! and it checks both as they would check each other: a device without a
//! certificate of the device CA, or a server that does not prove its name, is
//! refused. The server hears of a device only when that has proved itself: a stranger
//! makes the tap connect to nobody. Where nothing has to be proved
//! ([`Security::Plain`], and devices without a certificate where
//! [`Security::with`] lets them be) everybody who can reach the tap reaches the server
//! through it: let it listen on loopback, or where only devices are. What is said goes on unchanged, byte by byte, and into a
//! [`Recorder`]; so do an orderly end of either direction, and a disorderly one.
//!
//! ```no_run
//! use wigwag_harness::pki::Pki;
//! use wigwag_harness::record::Recorder;
//! use wigwag_harness::tap::{Security, Tap, TapOptions};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let pki = Pki::load_dir("pki".as_ref())?;
//! let recorder = Recorder::default();
//! let tap = Tap::start(TapOptions {
//!     recorder: Some(recorder.clone()),
//!     ..TapOptions::new("ngtt.example:2405", Security::of(&pki, "ngtt.example", None)?)
//! })
//! .await?;
//! println!("let the device connect to {}", tap.addr());
//! # Ok(())
//! # }
//! ```

mod connection;
mod event;
mod pump;
mod refusal;
mod security;

pub use event::{TapEvent, TapEventKind, Totals};
pub use security::{Identities, Security};

use crate::record::{Protocol, Recorder};
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::{broadcast, watch};
use tokio::task::JoinHandle;

/// Events that a slow listener may be behind before it misses some.
const EVENTS: usize = 4096;

/// How long connections have to end when the tap stops.
const STOP_LIMIT: Duration = Duration::from_secs(3);

/// How a [`Tap`] is set up.
#[derive(Debug)]
pub struct TapOptions {
    /// Where devices connect; port 0 takes a free one. A free port of 127.0.0.1.
    pub listen: SocketAddr,
    /// Where the server is, `HOST:PORT`. Looked up for each connection.
    pub connect: String,
    /// TLS or plain TCP.
    pub security: Security,
    /// What is spoken, if it is known.
    pub protocol: Option<Protocol>,
    /// Takes down what is said. None.
    pub recorder: Option<Recorder>,
    /// Connections at a time; further ones are refused. 1024.
    pub max_connections: usize,
    /// How long connecting to the server may take, and each TLS handshake. 10 s.
    pub handshake_limit: Duration,
}

impl TapOptions {
    /// A tap before this server.
    #[must_use]
    pub fn new(connect: &str, security: Security) -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            connect: connect.into(),
            security,
            protocol: None,
            recorder: None,
            max_connections: 1024,
            handshake_limit: Duration::from_secs(10),
        }
    }
}

struct Shared {
    options: TapOptions,
    started: Instant,
    events: broadcast::Sender<TapEvent>,
    totals: Mutex<Totals>,
    stopping: watch::Sender<bool>,
}

impl Shared {
    fn totals(&self) -> MutexGuard<'_, Totals> {
        self.totals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, connection: Option<u64>, kind: TapEventKind) {
        // Nobody listening is no error.
        let _ = self.events.send(TapEvent {
            at: self.started.elapsed(),
            connection,
            kind,
        });
    }

    /// Returns once the tap is about to end.
    async fn until_stopping(&self) {
        let mut stopping = self.stopping.subscribe();
        // The sender is in `self`, so it cannot be gone.
        let _ = stopping.wait_for(|stopping| *stopping).await;
    }
}

/// A running tap. See the [module](self). Dropping it ends it at once.
pub struct Tap {
    shared: Arc<Shared>,
    addr: SocketAddr,
    accepting: JoinHandle<()>,
}

impl fmt::Debug for Tap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tap")
            .field("addr", &self.addr)
            .finish_non_exhaustive()
    }
}

impl Tap {
    /// Starts. The tasks run on the current tokio runtime.
    ///
    /// # Errors
    /// What listening answers.
    pub async fn start(options: TapOptions) -> io::Result<Self> {
        let listener = TcpListener::bind(options.listen).await?;
        let addr = listener.local_addr()?;
        let shared = Arc::new(Shared {
            options,
            started: Instant::now(),
            events: broadcast::Sender::new(EVENTS),
            totals: Mutex::default(),
            stopping: watch::Sender::new(false),
        });
        let accepting = tokio::spawn(connection::accept(shared.clone(), listener));
        Ok(Self {
            shared,
            addr,
            accepting,
        })
    }

    /// Where devices connect.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What happens from now on. A listener more than 4096 events behind misses
    /// some, and is told so.
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<TapEvent> {
        self.shared.events.subscribe()
    }

    /// What there was up to now.
    #[must_use]
    pub fn totals(&self) -> Totals {
        *self.shared.totals()
    }

    /// Stops: listens no more, and ends all connections in good order.
    pub async fn stop(mut self) -> Totals {
        self.shared.stopping.send_replace(true);
        let ended = tokio::time::timeout(STOP_LIMIT, &mut self.accepting);
        // Whoever takes longer is cut off.
        let _ = ended.await;
        self.totals()
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        // With it go the connections' tasks.
        self.accepting.abort();
    }
}
