//! What a tap shows to each side, and demands of it.

use crate::pki::{Identity, KeyLogFile, Pki, PkiError};
use rustls::pki_types::{CertificateDer, InvalidDnsNameError, ServerName};
use rustls::{ClientConfig, KeyLog, ServerConfig};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// TLS or not, on both sides alike.
pub enum Security {
    /// Plain TCP: NCP without TLS.
    Plain,
    /// TLS 1.3.
    Tls(Box<Tls>),
}

/// Makes the configuration towards the server, with an identity to show.
type Configure = dyn Fn(Option<&Identity>) -> Result<ClientConfig, PkiError> + Send + Sync;

/// What is needed for TLS on both sides.
pub struct Tls {
    pub(super) to_devices: Arc<ServerConfig>,
    pub(super) server_name: ServerName<'static>,
    to_server: Box<Configure>,
    identities: Identities,
    is_optional: bool,
}

/// What a tap shows to the server.
#[derive(Clone, Debug)]
pub enum Identities {
    /// The certificate of the device that has connected, out of these by their
    /// names.
    OfDevices(BTreeMap<String, Identity>),
    /// This one, whatever device has connected with a certificate. For one that has
    /// shown none, where that is allowed, none is shown.
    One(Box<Identity>),
}

impl fmt::Debug for Security {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain => f.write_str("Plain"),
            Self::Tls(tls) => f
                .debug_struct("Tls")
                .field("server_name", &tls.server_name)
                .finish_non_exhaustive(),
        }
    }
}

/// Secrets of both sides' connections in one file.
#[derive(Debug)]
struct Shared(Arc<KeyLogFile>);

impl KeyLog for Shared {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        self.0.log(label, client_random, secret);
    }
}

impl Security {
    /// TLS with the certificates of an infrastructure: its server's to devices, and
    /// those of its devices to the server, which has to prove `server_name` by its
    /// server CA. `keylog` gets the secrets of both sides.
    ///
    /// # Errors
    /// [`PkiError`]: a name or certificate cannot be used.
    pub fn of(pki: &Pki, server_name: &str, keylog: Option<KeyLogFile>) -> Result<Self, PkiError> {
        let devices = pki.devices();
        let devices = devices.map(|(name, identity)| (name.to_owned(), identity.clone()));
        let identities = Identities::OfDevices(devices.collect());
        let roots = vec![pki.server_ca().clone()];
        Self::with(pki, server_name, roots, identities, false, keylog)
    }

    /// The same with other roots for the server and other identities, and, if
    /// `is_optional`, for devices that need no certificate: those that show one
    /// still have to show one of the device CA.
    ///
    /// # Errors
    /// As [`Security::of`].
    pub fn with(
        pki: &Pki,
        server_name: &str,
        roots: Vec<CertificateDer<'static>>,
        identities: Identities,
        is_optional: bool,
        keylog: Option<KeyLogFile>,
    ) -> Result<Self, PkiError> {
        let name = ServerName::try_from(server_name.to_owned());
        let server_name = name.map_err(|error: InvalidDnsNameError| {
            rustls::Error::General(format!("{server_name:?}: {error}"))
        })?;
        let keylog = keylog.map(Arc::new);
        let mut to_devices = if is_optional {
            pki.public_server_config(None)?
        } else {
            pki.server_config(false, None)?
        };
        if let Some(keylog) = &keylog {
            to_devices.key_log = Arc::new(Shared(keylog.clone()));
        }
        let to_server = move |identity: Option<&Identity>| {
            let mut config = crate::pki::client_config(&roots, identity)?;
            if let Some(keylog) = &keylog {
                config.key_log = Arc::new(Shared(keylog.clone()));
            }
            Ok(config)
        };
        // What is wrong with roots or identities is told now.
        to_server(None)?;
        match &identities {
            Identities::One(identity) => drop(to_server(Some(identity))?),
            Identities::OfDevices(devices) => {
                for identity in devices.values() {
                    to_server(Some(identity))?;
                }
            }
        }
        Ok(Self::Tls(Box::new(Tls {
            to_devices: Arc::new(to_devices),
            server_name,
            to_server: Box::new(to_server),
            identities,
            is_optional,
        })))
    }
}

impl Tls {
    /// The configuration towards the server for this device; why there is none.
    pub(super) fn for_device(&self, name: Option<&str>) -> Result<ClientConfig, String> {
        let identity = match (&self.identities, name) {
            // Who has proved nothing is lent no name.
            (_, None) if self.is_optional => None,
            (Identities::One(identity), _) => Some(&**identity),
            (Identities::OfDevices(devices), Some(name)) => match devices.get(name) {
                Some(identity) => Some(identity),
                None => {
                    return Err(format!(
                        "there is no key of {name}, so the tap cannot be it for the server"
                    ));
                }
            },
            (Identities::OfDevices(_), None) => {
                return Err("client certificate has no common name".into());
            }
        };
        (self.to_server)(identity).map_err(|error| error.to_string())
    }
}
