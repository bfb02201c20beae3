//! What an SNTP client is told.

use core::time::Duration;

use rustls_pki_types::ServerName;

use super::MAX_SERVERS;
use crate::net::PathId;

/// The port of NTP servers (RFC 5905 section 7.2).
pub const DEFAULT_PORT: u16 = 123;

/// Whom to ask for the time, and how often. The servers are mandatory; the fields
/// have defaults.
#[derive(Clone, Copy, Debug)]
pub struct Config<'a> {
    servers: &'a [&'a str],
    /// The port of all servers; 123 by default.
    pub port: u16,
    /// The paths of the network, best first; its first one alone by default. Each
    /// round goes over the first that is up.
    pub paths: &'a [PathId],
    /// Between rounds that brought the time, and up to an eighth more; 4 h by
    /// default, never less than 15 s. A crystal with an error of 50 to 100 ppm is
    /// off by 0.7 to 1.5 s then, which is slewed
    /// ([`SLEW_LIMIT`](crate::wall_clock::SLEW_LIMIT)); certificates would do with
    /// a round a month.
    pub interval: Duration,
    /// How far apart the times of two servers may be that agree, besides what each
    /// may be wrong by; 1 s by default.
    pub tolerance: Duration,
    /// How long answers are waited for; 5 s by default. A time is wrong by half of
    /// it at most, however long somebody holds packets back.
    pub answer_timeout: Duration,
    /// How long each name server is waited for; 5 s by default.
    pub resolve_timeout: Duration,
    /// The first round comes after a random time of up to this; none by default.
    /// Give a fleet that is switched on at once some minutes where its servers are
    /// not your own.
    pub spread_start: Duration,
}

/// Why a list of servers cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ConfigError {
    /// There are more than [`MAX_SERVERS`].
    TooMany,
    /// The server with this index, from 0, is neither a DNS name nor an IP address.
    Name(usize),
}

impl core::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::TooMany => write!(f, "there are more than {MAX_SERVERS} time servers"),
            Self::Name(index) => write!(
                f,
                "time server {index} (from 0) is neither a DNS name nor an IP address"
            ),
        }
    }
}

impl core::error::Error for ConfigError {}

impl<'a> Config<'a> {
    /// The servers: DNS names or IP addresses, as in
    /// [`Settings::time_servers`](crate::settings::Settings::time_servers). None is
    /// none: the clock is not set by SNTP then. There is no default; RFC 4330
    /// section 10 wants an operator's own, or one whose operator has agreed.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn new(servers: &'a [&'a str]) -> Result<Self, ConfigError> {
        if servers.len() > MAX_SERVERS {
            return Err(ConfigError::TooMany);
        }
        let is_bad = |name: &&str| ServerName::try_from(*name).is_err();
        if let Some(index) = servers.iter().position(is_bad) {
            return Err(ConfigError::Name(index));
        }
        Ok(Self {
            servers,
            port: DEFAULT_PORT,
            paths: &[PathId(0)],
            interval: Duration::from_secs(4 * 3600),
            tolerance: Duration::from_secs(1),
            answer_timeout: Duration::from_secs(5),
            resolve_timeout: Duration::from_secs(5),
            spread_start: Duration::ZERO,
        })
    }

    /// The servers.
    #[must_use]
    pub const fn servers(&self) -> &'a [&'a str] {
        self.servers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn servers_are_names_or_addresses_and_four_at_most() {
        let four = ["time.example.org", "192.0.2.1", "2001:db8::1", "d"];
        assert_eq!(Config::new(&four).unwrap().servers(), four);
        assert!(Config::new(&[]).unwrap().servers().is_empty());
        let five = ["a", "b", "c", "d", "e"];
        assert_eq!(Config::new(&five).unwrap_err(), ConfigError::TooMany);
        for bad in ["", "not a name", "a..b", "time.example.org:123"] {
            let error = Config::new(&["a", bad]).unwrap_err();
            assert_eq!(error, ConfigError::Name(1), "{bad}");
            assert!(error.to_string().starts_with("time server 1 "));
        }
    }
}
