//! A mock NCP server for tests and demonstrations: a real one, over TCP, with a
//! login and TLS where wanted, and a [mock node](node) behind it.
//!
//! It answers what ncplib's clients and the project's own ask, writes a
//! [`Book`] of it, and does wrong what it is told to ([`Fault`]). A test may
//! give it another handler, send packets that nobody asked for, cut
//! connections, and stop and start the whole server on the same port.
//!
//! Nothing that a client does before it has come in costs more than a few
//! kilobytes for ten seconds; whoever is in the handshake longest makes room
//! when there is none.
//!
//! ```
//! use std::time::Duration;
//! use tokio::io::{AsyncReadExt, AsyncWriteExt};
//! use wigwag_codec::framer::{Framer, Handshake, Out};
//! use wigwag_codec::ncp::link::{ClientLink, LinkConfig, Names};
//! use wigwag_codec::ncp::packet;
//! use wigwag_harness::mock_ncp::MockNcp;
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let server = MockNcp::start().await.unwrap();
//!
//! // A client by hand, for the sake of the example.
//! let mut stream = tokio::net::TcpStream::connect(server.addr()).await.unwrap();
//! let mut link = ClientLink::new(LinkConfig::new(4096), Names::of_host("tester")).unwrap();
//! let (mut place, mut heard) = ([0; 256], Vec::new());
//! link.start(&mut Out::new(&mut place)).unwrap();
//! loop {
//!     let mut out = Out::new(&mut place);
//!     let step = link.on_handshake(&heard, &mut out).unwrap();
//!     stream.write_all(out.bytes()).await.unwrap();
//!     match step {
//!         Handshake::Need(_) => drop(stream.read_buf(&mut heard).await.unwrap()),
//!         Handshake::Used(count) => drop(heard.drain(..count)),
//!         Handshake::Ready(_) => break,
//!     }
//! }
//! let command = packet(&mut place, "DSPC").field("TIME").param("SAMP", 16).finish().unwrap();
//! stream.write_all(command).await.unwrap();
//!
//! let seen = server
//!     .wait_until(Duration::from_secs(5), |book| book.commands.len() == 1 && book.unanswered() == 0)
//!     .await;
//! assert!(seen);
//! assert_eq!(server.book().commands[0].field().name, "TIME");
//! # });
//! ```

mod accept;
mod answering;
mod book;
mod connection;
mod event;
mod fault;
mod handler;
mod look;
pub mod node;
mod options;
mod outbox;
mod reason;
mod record;
mod shared;
mod talk;

pub use book::{Book, Command};
pub use event::{Event, EventKind};
pub use fault::{Fault, Scar};
pub use handler::{Answer, Answers, Asked};
pub use options::{Credentials, MockNcpOptions};

use crate::faults::Cut;
use crate::mock::MockError;
use crate::vnet::{Dial, HostStream};
use shared::Shared;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio::task::{JoinHandle, JoinSet};

/// How long connections have to end when the server stops.
const STOP_LIMIT: Duration = Duration::from_secs(3);

/// How long starting again waits for its port.
const PORT_LIMIT: Duration = Duration::from_secs(5);

/// Bytes of an in-process pipe, each way: about a socket's buffer.
const PIPE: usize = 64 * 1024;

/// A running mock server. See the [module](self). Dropping it ends it at once.
pub struct MockNcp {
    shared: Arc<Shared>,
    addr: SocketAddr,
    listening: Option<JoinHandle<()>>,
    /// Connections that are held without a word since the server stopped so.
    silenced: Vec<JoinSet<()>>,
}

impl fmt::Debug for MockNcp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockNcp")
            .field("addr", &self.addr)
            .field("listening", &self.listening.is_some())
            .finish_non_exhaustive()
    }
}

impl MockNcp {
    /// Starts a server with the default [`MockNcpOptions`]: neither login nor
    /// TLS.
    ///
    /// # Errors
    /// As [`MockNcp::start_with`].
    pub async fn start() -> Result<Self, MockError> {
        Self::start_with(MockNcpOptions::default()).await
    }

    /// Starts a server. Its tasks run on the current tokio runtime.
    ///
    /// # Errors
    /// [`MockError::Listen`]: the address cannot be listened on.
    pub async fn start_with(options: MockNcpOptions) -> Result<Self, MockError> {
        let listen = options.listen;
        let mut server = Self {
            shared: Arc::new(Shared::new(options)),
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

    /// Lets `handler` answer all commands from now on. It is called in the
    /// server's own task, so it must not block.
    ///
    /// ```no_run
    /// use wigwag_harness::mock_ncp::{MockNcp, node};
    ///
    /// # fn example(server: &MockNcp) {
    /// server.set_handler(|asked| {
    ///     if asked.is("TEST", "TWIC") {
    ///         let answer = |n: i32| asked.answer(|field| field.param("N", n));
    ///         return Ok(vec![answer(1)?, answer(2)?]);
    ///     }
    ///     node::answer(asked)
    /// });
    /// # }
    /// ```
    pub fn set_handler(
        &self,
        handler: impl for<'a> Fn(&Asked<'a>) -> Answers + Send + Sync + 'static,
    ) {
        self.shared.lock().handler = Arc::new(handler);
    }

    /// Does something wrong from now on.
    pub fn set_fault(&self, fault: Fault) {
        self.shared.lock().fault = fault;
    }

    /// Sends a packet, as a writer has made it, to all clients that are
    /// connected, and says to how many.
    pub fn send_to_all(&self, packet: impl Into<Arc<[u8]>>) -> usize {
        let packet = packet.into();
        let state = self.shared.lock();
        let connected = state.live.values().filter(|live| live.hostname.is_some());
        connected
            .map(|live| live.signals.send(packet.clone()))
            .count()
    }

    /// A copy of the book as it is now.
    #[must_use]
    pub fn book(&self) -> Book {
        self.shared.lock().book.clone()
    }

    /// Waits until the book is as `wanted`, for `limit` at most, and says
    /// whether it is. Looks whenever something has happened.
    pub async fn wait_until(&self, limit: Duration, mut wanted: impl FnMut(&Book) -> bool) -> bool {
        let mut changes = self.shared.changes();
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

    /// What the connected clients call themselves, in the order in which they
    /// connected.
    #[must_use]
    pub fn connected(&self) -> Vec<Arc<str>> {
        let state = self.shared.lock();
        let names = state.live.values().filter_map(|live| live.hostname.clone());
        names.collect()
    }

    /// Connections there are now, those in their handshake and those that are
    /// being closed included.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.lock().live.len()
    }

    /// Ends the connections of all clients that call themselves so, and says
    /// how many there were.
    ///
    /// [`Cut::Silence`] leaves them open without another word.
    pub fn disconnect(&self, hostname: &str, how: Cut) -> usize {
        let state = self.shared.lock();
        let named = state
            .live
            .values()
            .filter(|live| live.hostname.as_deref() == Some(hostname));
        named
            .map(|live| live.signals.end(how, "cut by the server"))
            .count()
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
        for live in self.shared.lock().live.values() {
            live.signals.end(how, "the server stops");
        }
        let mut tasks = core::mem::take(&mut *self.shared.tasks());
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

    /// Starts again on the same port, with the book as it was.
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

impl Drop for MockNcp {
    fn drop(&mut self) {
        if let Some(listening) = &self.listening {
            listening.abort();
        }
        self.shared.tasks().abort_all();
    }
}
