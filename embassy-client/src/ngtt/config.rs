//! What a client needs to know.

use core::time::Duration;

use super::device::{DEFAULT_PORT, Device, DeviceError};
use crate::net::{PathId, TcpOptions};
use crate::supervisor::Backoff;
use crate::taps::RaceConfig;
use crate::tls::{ClockPolicy, Identity, NameError, TlsParameters, TrustAnchors};

/// Whom the client talks to and how. Trust, identity and clock are mandatory;
/// the fields have defaults.
///
/// `PATHS` is how many paths of the network are used: see
/// [`with_paths`](Self::with_paths).
#[derive(Clone, Debug)]
pub struct Config<'a, const PATHS: usize = 1> {
    /// The secure connection; its name is the server's.
    pub tls: TlsParameters<'a>,
    /// The server's port; 2405 by default.
    pub port: u16,
    /// The paths of the network, best first; its first one alone by default.
    pub paths: [PathId; PATHS],
    /// After this long without a link or an address the client says that it is
    /// offline; 10 s by default. It waits on in any case. At the start the best
    /// path has so long to come up before another one is used.
    pub join_timeout: Duration,
    /// Longest times for name resolution and for TCP to come up, and how the
    /// server's addresses follow one another.
    pub race: RaceConfig,
    /// Options of the TCP connection.
    pub tcp: TcpOptions,
    /// How failures are retried.
    pub backoff: &'a Backoff,
    /// The first connection after boot is made after a random time of up to
    /// this; none by default. A fleet that loses power together comes back
    /// together: give it some seconds.
    pub spread_start: Duration,
    /// So long one call of the journal may take before the runner is taken to be
    /// stuck ([`Client::check`](super::Client::check)); 60 s by default: on flash
    /// several sectors may have to be erased, and others use it as well.
    pub journal_timeout: Duration,
}

/// Why there is no server to talk to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ConfigError {
    /// The server's name is neither a DNS name nor an IP address.
    Name(NameError),
    /// The device's certificate does not say where it belongs.
    Device(DeviceError),
    /// The device's environment has no well-known server: give its name with
    /// [`Config::for_server`].
    NoDefaultServer,
}

impl core::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Name(error) => error.fmt(f),
            Self::Device(error) => error.fmt(f),
            Self::NoDefaultServer => {
                f.write_str("the device's environment has no well-known server: name one")
            }
        }
    }
}

impl core::error::Error for ConfigError {}

impl<'a> Config<'a> {
    /// The server of the environment that the device's certificate names.
    ///
    /// # Errors
    /// [`ConfigError`] when the certificate names none.
    pub fn new(
        trust: TrustAnchors<'a>,
        identity: Identity<'a>,
        clock: ClockPolicy,
    ) -> Result<Self, ConfigError> {
        let device = Device::of_certificate(identity.certificate()).map_err(ConfigError::Device)?;
        let server = device
            .environment
            .default_server()
            .ok_or(ConfigError::NoDefaultServer)?;
        Self::for_server(server, trust, identity, clock)
    }

    /// The server `server`, a DNS name or an IP address.
    ///
    /// # Errors
    /// [`ConfigError::Name`] when it cannot be a server's name.
    pub fn for_server(
        server: &'a str,
        trust: TrustAnchors<'a>,
        identity: Identity<'a>,
        clock: ClockPolicy,
    ) -> Result<Self, ConfigError> {
        Ok(Self {
            tls: TlsParameters::new(server, trust, identity, clock).map_err(ConfigError::Name)?,
            port: DEFAULT_PORT,
            paths: [PathId(0)],
            join_timeout: Duration::from_secs(10),
            race: RaceConfig::DEFAULT,
            tcp: TcpOptions::DEFAULT,
            backoff: &Backoff::DEFAULT,
            spread_start: Duration::ZERO,
            journal_timeout: Duration::from_secs(60),
        })
    }
}

impl<'a, const PATHS: usize> Config<'a, PATHS> {
    /// Several paths of the network, best first: Wi-Fi, then cellular. Each
    /// attempt goes over the best one that has a link and an address, and where
    /// the server is not reached on it, or somebody else is, over the next at
    /// once. It counts as a failure when all have failed; told is the one that is
    /// tried again soonest, of two alike the better path's.
    ///
    /// A connection stays on its path until it ends, although a better one has
    /// come up: [`Status::Connected`](super::Status::Connected) tells which it is,
    /// and [`reconnect`](super::Client::reconnect) ends it for that. The next
    /// attempt begins with the best path again.
    ///
    /// The order may come from [`plan_paths`](crate::taps::plan_paths). One path at
    /// least; none does not compile.
    ///
    /// ```
    /// use wigwag_embassy::net::{EmbassyNetwork, PathId};
    /// use wigwag_embassy::ngtt::Config;
    /// # use embassy_net::Stack;
    ///
    /// const WIFI: PathId = PathId(0);
    /// const CELLULAR: PathId = PathId(1);
    ///
    /// fn on_both<'a>(
    ///     wifi: Stack<'a>,
    ///     cellular: Stack<'a>,
    ///     config: Config<'a>,
    /// ) -> (EmbassyNetwork<'a, 2>, Config<'a, 2>) {
    ///     let network = EmbassyNetwork::with_paths([wifi, cellular]);
    ///     (network, config.with_paths([WIFI, CELLULAR]))
    /// }
    /// ```
    #[must_use]
    pub fn with_paths<const N: usize>(self, paths: [PathId; N]) -> Config<'a, N> {
        const { assert!(N > 0, "a client needs a path") };
        Config {
            tls: self.tls,
            port: self.port,
            paths,
            join_timeout: self.join_timeout,
            race: self.race,
            tcp: self.tcp,
            backoff: self.backoff,
            spread_start: self.spread_start,
            journal_timeout: self.journal_timeout,
        }
    }

    /// A second identity, for renewal: it is tried first, and the first one is
    /// kept for as long as it is not proved. The client tells with
    /// [`Notice::Proved`](super::Notice::Proved) when the application may make
    /// it the first in its settings. The rule is that of
    /// [`Credentials`](crate::tls::Credentials).
    #[must_use]
    pub fn with_next(mut self, next: Identity<'a>) -> Self {
        self.tls = self.tls.with_next(next);
        self
    }
}
