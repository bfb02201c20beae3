//! What a mock NCP server may be told.

use super::fault::Scar;
use crate::record::Recorder;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use wigwag_codec::ncp::link::{Authenticate, Login, NameError};

/// How a [`MockNcp`](super::MockNcp) is set up.
#[derive(Debug, Clone)]
pub struct MockNcpOptions {
    /// Where to listen; port 0 takes a free one. A free port of 127.0.0.1.
    pub listen: SocketAddr,
    /// TLS below everything else, as
    /// [`Pki::public_server_config`](crate::pki::Pki::public_server_config)
    /// makes it. Clients then ask for a tunnel first. None.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// Who may come in. Clients then ask for a tunnel first. Without TLS
    /// everybody on the way can read the password. Everybody, without a tunnel.
    pub login: Option<Credentials>,
    /// The largest packet, in bytes. A client that announces more is told 400
    /// and disconnected. 1 MiB.
    pub max_packet: usize,
    /// After how long a silent client is given up with which no time was
    /// agreed. 60 s.
    pub timeout: Duration,
    /// How long a client may take from connecting to the end of the handshake,
    /// TLS and tunnel included. 10 s.
    pub handshake_limit: Duration,
    /// How long the answer to a wrong login is held back. 1 s.
    pub refusal_delay: Duration,
    /// Connections at a time, those in their handshake included. When there are
    /// so many, a further one takes the place of the one that is in its
    /// handshake longest, of those first that have not said a word; if none is, it is closed at once. Each takes
    /// a file descriptor, and many systems give 1024 to a process. 512.
    pub max_connections: usize,
    /// Answers of a connection that are not written yet, those that are due
    /// later included. With so many it is not read from. 4096.
    pub max_pending: usize,
    /// Bytes of answers that wait to be written to a connection. With so many it
    /// is not read from. 1 MiB.
    pub max_unwritten: usize,
    /// Takes down what is said to clients, inside TLS, by the name in their
    /// certificate or their address, and may send packets of its own. None.
    pub recorder: Option<Recorder>,
    /// Commands kept in the book; what comes after is counted only. 100,000.
    pub keep: usize,
    /// Bytes of commands kept in the book; what comes after is counted only.
    /// 64 MiB.
    pub keep_bytes: usize,
    /// What the handshake says of the agreed time.
    pub scar: Scar,
}

impl Default for MockNcpOptions {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            tls: None,
            login: None,
            max_packet: 1 << 20,
            timeout: Duration::from_secs(60),
            handshake_limit: Duration::from_secs(10),
            refusal_delay: Duration::from_secs(1),
            max_connections: 512,
            max_pending: 4096,
            max_unwritten: 1 << 20,
            recorder: None,
            keep: 100_000,
            keep_bytes: 64 << 20,
            scar: Scar::Agreed,
        }
    }
}

/// A user and a password. `Debug` leaves the password out.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    user: String,
    password: String,
}

impl Credentials {
    /// A user, without a ':' in it, and a password; of at most 64 bytes each,
    /// and without control characters.
    ///
    /// # Errors
    /// [`NameError`]: it is not so.
    pub fn new(user: &str, password: &str) -> Result<Self, NameError> {
        Login::new(user, password)?;
        Ok(Self {
            user: user.to_owned(),
            password: password.to_owned(),
        })
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// In constant time, as [`Login`] does it.
impl Authenticate for Credentials {
    fn authenticate(&self, user: &str, password: &str) -> bool {
        Login::new(&self.user, &self.password).is_ok_and(|login| login.authenticate(user, password))
    }
}
