//! The web server of the inspector: its page, a file for it, and what a
//! [`Recorder`] records, live.
//!
//! | address | what |
//! |---|---|
//! | `/`, and the paths of [`wigwag_page::FILES`] | the page; holds no data |
//! | `GET /state?token=T` | what there is to see: `{"live": true, "file": null, "key_log": false}` |
//! | `GET /file?token=T` | the file that is opened in the page, its name in `content-disposition` |
//! | `GET /keylog?token=T` | the secrets for it, in NSS's key log format |
//! | `WS /live?token=T` | binary messages, one after another: a capture, what is kept and then what comes; text: see below |
//!
//! The token is new for every start, unless [`Options::token_file`] keeps it; it has
//! 128 bits, and travels in the fragment of the
//! address that [`Inspector::url`] gives, which browsers do not send anywhere.
//! Requests are answered only under names that cannot be another site's in
//! disguise (DNS rebinding): the loopback's, and addresses when the server is
//! opened to the network. Data is not given to pages of other origins.
//!
//! Text messages of `/live`, one JSON object each. To the page:
//! `{"hello": {"server": "wigwag demo", "send": true}}` first;
//! `{"sent": n}` and `{"refused": "why", "n": n}` in answer to
//! `{"send": {"n": n, "connection": 3, "direction": 1, "hex": "0000.."}}`, which
//! puts a frame between those of the server.
//!
//! ```no_run
//! use wigwag_harness::inspector::{Inspector, Options};
//! use wigwag_harness::mock::{MockNgtt, MockOptions};
//! use wigwag_harness::pki::Pki;
//! use wigwag_harness::record::Recorder;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let recorder = Recorder::default();
//! let inspector = Inspector::start(Options {
//!     recorder: Some(recorder.clone()),
//!     ..Options::default()
//! })
//! .await?;
//! println!("every frame: {}", inspector.url());
//! let server = MockNgtt::start_with(
//!     &Pki::generate(),
//!     MockOptions {
//!         recorder: Some(recorder),
//!         ..MockOptions::default()
//!     },
//! )
//! .await?;
//! # Ok(())
//! # }
//! ```

mod command;
mod guard;
mod live;
mod page;
mod routes;
mod server;
mod source;
mod token;

pub use source::Source;

use crate::record::Recorder;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use token::Token;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How long connections have to end when the server stops.
const STOP_LIMIT: Duration = Duration::from_secs(2);

/// How an [`Inspector`] is set up.
#[derive(Debug)]
pub struct Options {
    /// Where to listen; port 0 takes a free one. A free port of 127.0.0.1. On an
    /// address of the network everybody in it who learns the token can read
    /// everything: nothing is encrypted.
    pub listen: SocketAddr,
    /// What this is, for the page: `wigwag serve ngtt`.
    pub server: String,
    /// What is shown live. Nothing.
    pub recorder: Option<Recorder>,
    /// Whether pages are told that they can send frames, through a server of this
    /// process. Yes.
    pub send: bool,
    /// A file that the page opens. None.
    pub file: Option<Source>,
    /// Secrets that the page needs for the file, in NSS's key log format. None.
    pub key_log: Option<String>,
    /// Where the token is kept from start to start, readable by its owner only;
    /// pages then go on after a restart. None: it is new for every start.
    pub token_file: Option<PathBuf>,
    /// Connections at a time; further ones are closed at once. 256.
    pub max_connections: usize,
    /// Pages at a time that get what is live; further ones are refused. 32.
    pub max_live: usize,
    /// How long a request's head may take, and a connection be without one. 10 s.
    pub head_limit: Duration,
    /// How long a page that takes no data, or does not answer a ping, is waited
    /// for. 60 s.
    pub patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            server: "wigwag".into(),
            recorder: None,
            send: true,
            file: None,
            key_log: None,
            token_file: None,
            max_connections: 256,
            max_live: 32,
            head_limit: Duration::from_secs(10),
            patience: Duration::from_secs(60),
        }
    }
}

/// What requests are answered from.
struct Site {
    options: Options,
    token: Token,
    /// Where the server listens.
    addr: SocketAddr,
    /// The server is about to end.
    stopping: watch::Sender<bool>,
    /// How many pages get what is live.
    live: watch::Sender<usize>,
}

/// The running web server. See the [module](self). Dropping it ends it at once.
pub struct Inspector {
    site: Arc<Site>,
    serving: JoinHandle<()>,
}

impl fmt::Debug for Inspector {
    /// Without the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inspector")
            .field("addr", &self.site.addr)
            .finish_non_exhaustive()
    }
}

impl Site {
    /// Returns once the server is about to end.
    async fn until_stopping(&self) {
        // The sender is in `self`, so it cannot be gone.
        let _ = self
            .stopping
            .subscribe()
            .wait_for(|stopping| *stopping)
            .await;
    }
}

impl Inspector {
    /// Starts the server. Its tasks run on the current tokio runtime.
    ///
    /// # Errors
    /// What listening answers, or that the file of the token cannot be used.
    pub async fn start(options: Options) -> io::Result<Self> {
        let token = match &options.token_file {
            Some(path) => Token::kept(path).map_err(|error| {
                let path = path.display();
                io::Error::new(error.kind(), format!("the token's file {path}: {error}"))
            })?,
            None => Token::new(),
        };
        let listener = TcpListener::bind(options.listen).await?;
        let site = Arc::new(Site {
            addr: listener.local_addr()?,
            token,
            options,
            stopping: watch::Sender::new(false),
            live: watch::Sender::new(0),
        });
        let serving = tokio::spawn(server::serve(site.clone(), listener));
        Ok(Self { site, serving })
    }

    /// Where the server listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.site.addr
    }

    /// The address for a browser on this machine, the token included.
    #[must_use]
    pub fn url(&self) -> String {
        let mut addr = self.site.addr;
        match addr.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => addr.set_ip(Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(ip) if ip.is_unspecified() => addr.set_ip(Ipv6Addr::LOCALHOST.into()),
            _ => {}
        }
        format!("http://{addr}/#token={}", self.token())
    }

    /// What a request for data has to show: 32 hexadecimal digits.
    #[must_use]
    pub fn token(&self) -> &str {
        self.site.token.as_str()
    }

    /// Whether others than this machine can connect.
    #[must_use]
    pub fn is_open_to_the_network(&self) -> bool {
        !self.site.addr.ip().is_loopback()
    }

    /// How many pages get what is live at present.
    #[must_use]
    pub fn live(&self) -> usize {
        *self.site.live.borrow()
    }

    /// Ends: takes no more connections, tells pages that it goes away, and waits
    /// for them a moment.
    pub async fn stop(mut self) {
        self.site.stopping.send_replace(true);
        let mut live = self.site.live.subscribe();
        let all = async {
            // The senders are in `self.site`, so they cannot be gone.
            let _ = (&mut self.serving).await;
            let _ = live.wait_for(|count| *count == 0).await;
        };
        let _ = tokio::time::timeout(STOP_LIMIT, all).await;
    }
}

impl Drop for Inspector {
    fn drop(&mut self) {
        self.site.stopping.send_replace(true);
        self.serving.abort();
    }
}
