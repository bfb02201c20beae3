//! What a device may be told beside what it needs.

use std::path::PathBuf;

use rustls::pki_types::UnixTime;
use wigwag_embassy::settings::{
    Field, MAX_TIME_SERVERS, Problem, SettingsError, TimeServers, Wifi,
};

use crate::cli::input::Source;
use crate::cli::outcome::{Failure, Outcome};
use crate::pki::seconds_since_1970;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// A server that the device asks for the time (SNTP); up to four.
    #[arg(long, value_name = "NAME")]
    time_server: Vec<String>,
    /// The wireless network that the device joins.
    #[arg(long, value_name = "NAME")]
    wifi_network: Option<String>,
    /// The file with the network's passphrase; `-` for standard input. (On the
    /// command line everybody on this computer could read it.)
    #[arg(long, value_name = "FILE", requires = "wifi_network")]
    wifi_passphrase: Option<PathBuf>,
    /// The network is open: it asks for no passphrase.
    #[arg(long, requires = "wifi_network", conflicts_with = "wifi_passphrase")]
    wifi_open: bool,
    /// The device believes no clock that says an earlier time, such as
    /// 2026-11-20T12:00:00Z; now without it.
    #[arg(long, value_name = "RFC3339")]
    floor: Option<String>,
}

impl Options {
    /// In seconds since 1970.
    pub(crate) fn floor(&self) -> Outcome<u64> {
        match &self.floor {
            None => Ok(UnixTime::now().as_secs()),
            Some(text) => seconds_since_1970(text).ok_or_else(|| {
                Failure::Usage(format!(
                    "--floor: {text} is no RFC 3339 time since 1970, such as 2026-11-20T12:00:00Z"
                ))
            }),
        }
    }

    pub(crate) fn time_servers(&self) -> Outcome<TimeServers<'_>> {
        let mut servers = TimeServers::new();
        for name in &self.time_server {
            servers.push(name).map_err(|_| {
                let error = SettingsError::Field {
                    field: Field::TimeServers,
                    problem: Problem::TooMany {
                        most: MAX_TIME_SERVERS,
                    },
                };
                Failure::Usage(error.to_string())
            })?;
        }
        Ok(servers)
    }

    /// The passphrase, if there is to be one.
    pub(crate) fn passphrase(&self) -> Outcome<Option<String>> {
        match (&self.wifi_network, &self.wifi_passphrase) {
            (Some(_), None) if !self.wifi_open => Err(Failure::Usage(
                "--wifi-network needs --wifi-passphrase FILE, or --wifi-open if it asks for none"
                    .into(),
            )),
            (_, None) => Ok(None),
            (_, Some(path)) => {
                let source = Source::of_file(path);
                let text = String::from_utf8(source.read()?).map_err(|_| {
                    Failure::Work(format!("{} holds no passphrase in ASCII", source.name()))
                })?;
                // One end of a line is the editor's; a space may be the user's.
                let line = text.strip_suffix('\n').unwrap_or(&text);
                Ok(Some(line.strip_suffix('\r').unwrap_or(line).to_owned()))
            }
        }
    }

    pub(crate) fn wifi<'a>(&'a self, passphrase: Option<&'a str>) -> Option<Wifi<'a>> {
        let network = self.wifi_network.as_deref()?;
        Some(Wifi {
            network,
            passphrase,
        })
    }
}
