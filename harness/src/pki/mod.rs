//! A throw-away public key infrastructure: a CA for servers, another one for
//! devices, and what they issue. P-256 throughout.
//!
//! The two CAs are different on purpose. With one, any device's certificate
//! could be a step on a path to a server's, and a client that does not look at
//! every constraint would take it.
//!
//! ```
//! use wigwag_harness::pki::{Pki, PkiOptions};
//!
//! let mut pki = Pki::new(PkiOptions {
//!     server_names: vec!["ngtt.test".into(), "192.0.2.1".into()],
//!     device_ids: vec!["device-0001".into()],
//!     ..PkiOptions::default()
//! })?;
//! pki.issue_device("device-0002")?;
//! let folder = std::env::temp_dir().join(format!("wigwag-pki-{}", std::process::id()));
//! pki.write_dir(&folder)?;
//! let same = Pki::load_dir(&folder)?;
//! assert_eq!(same.device("device-0002"), pki.device("device-0002"));
//! # std::fs::remove_dir_all(&folder).unwrap();
//! # Ok::<(), wigwag_harness::pki::PkiError>(())
//! ```
//!
//! The CAs' own keys live in memory: a folder can be used, not extended. With
//! [`Pki::write_dir_with_authority`] it has the key of the devices' CA, and
//! [`Pki::sign_request`] renews their certificates.

mod check;
mod dir;
mod error;
mod issue;
mod keylog;
mod request;
mod tls;

pub use check::{
    DeviceView, IdentityRefusal, Refusal, UsableIdentity, check_identity, receive_buffer_needed,
    seconds_since_1970,
};
pub use dir::certificate_pem;
pub use error::PkiError;
pub use issue::{DEVICE_ID_OID, ENVIRONMENT_OID};
pub use keylog::KeyLogFile;
pub use request::Renewed;
pub use tls::client_config;

use issue::Authority;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime};

/// The names in a server certificate unless others are asked for.
pub const DEFAULT_SERVER_NAMES: [&str; 4] = ["ngtt.test", "localhost", "127.0.0.1", "::1"];

/// The device that a new infrastructure has unless others are asked for.
pub const DEFAULT_DEVICE_ID: &str = "device-0001";

/// A day, and room for clocks that are a little off.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// When a certificate is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// `notBefore`, cut to seconds.
    pub from: SystemTime,
    /// `notAfter`, cut to seconds.
    pub until: SystemTime,
}

impl Validity {
    /// From yesterday on for ten years.
    #[must_use]
    pub fn current() -> Self {
        let now = SystemTime::now();
        Self {
            from: now - DAY,
            until: now + 3650 * DAY,
        }
    }

    /// From yesterday on until so many days from now.
    #[must_use]
    pub fn for_days(days: u16) -> Self {
        let now = SystemTime::now();
        Self {
            from: now - DAY,
            until: now + u32::from(days) * DAY,
        }
    }

    /// Over since yesterday.
    #[must_use]
    pub fn expired() -> Self {
        let now = SystemTime::now();
        Self {
            from: now - 30 * DAY,
            until: now - DAY,
        }
    }

    /// From tomorrow on.
    #[must_use]
    pub fn future() -> Self {
        let now = SystemTime::now();
        Self {
            from: now + DAY,
            until: now + 30 * DAY,
        }
    }
}

/// What to make.
#[derive(Debug, Clone)]
pub struct PkiOptions {
    /// Subject alternative names of the server certificate, DNS names and IP
    /// addresses; one at least. The first is its common name too.
    pub server_names: Vec<String>,
    /// The devices. An id is 1 to 64 letters, digits, `.`, `_` and `-`, and
    /// does not begin with a dot.
    pub device_ids: Vec<String>,
    /// The environment that the device certificates name: 0 is production, 1
    /// is staging.
    pub environment: u8,
    /// When the server's and devices' certificates are valid. The CAs' are
    /// always valid now.
    pub validity: Validity,
}

impl Default for PkiOptions {
    fn default() -> Self {
        Self {
            server_names: DEFAULT_SERVER_NAMES.map(String::from).into(),
            device_ids: vec![DEFAULT_DEVICE_ID.into()],
            environment: 0,
            validity: Validity::current(),
        }
    }
}

/// A certificate chain, leaf first, and the leaf's key.
#[derive(PartialEq, Eq)]
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivatePkcs8KeyDer<'static>,
}

impl Clone for Identity {
    fn clone(&self) -> Self {
        Self {
            chain: self.chain.clone(),
            key: self.key.clone_key(),
        }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("certificates", &self.chain.len())
            .finish_non_exhaustive()
    }
}

impl Identity {
    /// The certificates, DER, leaf first.
    #[must_use]
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.chain
    }

    /// The leaf certificate, DER.
    #[must_use]
    pub fn certificate(&self) -> &CertificateDer<'static> {
        // An identity is only made with one certificate at least.
        &self.chain[0]
    }

    /// The private key, PKCS #8 in DER.
    #[must_use]
    pub fn key(&self) -> &PrivatePkcs8KeyDer<'static> {
        &self.key
    }
}

/// A CA for servers, a CA for devices, and what they have issued.
pub struct Pki {
    server_ca: Authority,
    device_ca: Authority,
    server: Identity,
    devices: BTreeMap<String, Identity>,
    environment: u8,
}

impl fmt::Debug for Pki {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pki")
            .field("devices", &self.devices.keys())
            .finish_non_exhaustive()
    }
}

impl Pki {
    /// Makes an infrastructure.
    ///
    /// # Errors
    /// [`PkiError::Name`] when a server name or device id is not one.
    pub fn new(options: PkiOptions) -> Result<Self, PkiError> {
        let server_ca = Authority::new("Wigwag test server CA")?;
        let device_ca = Authority::new("Wigwag test device CA")?;
        let server = server_ca.issue_server(&options.server_names, options.validity)?;
        let mut pki = Self {
            server_ca,
            device_ca,
            server,
            devices: BTreeMap::new(),
            environment: options.environment,
        };
        for id in &options.device_ids {
            let identity = pki.device_identity(id, options.environment, options.validity)?;
            pki.devices.insert(id.clone(), identity);
        }
        Ok(pki)
    }

    /// Makes an infrastructure with the default [`PkiOptions`].
    ///
    /// # Panics
    /// Never: the defaults are good, and keys come from the system's source of
    /// randomness, without which nothing here can go on.
    #[must_use]
    pub fn generate() -> Self {
        Self::new(PkiOptions::default()).expect("the default options are good")
    }

    /// Issues a certificate for one more device, with the environment the
    /// infrastructure was made with, valid now.
    ///
    /// # Errors
    /// [`PkiError::Name`] when `id` is not one; [`PkiError::NoAuthorityKey`]
    /// when this infrastructure was loaded from a folder.
    pub fn issue_device(&mut self, id: &str) -> Result<&Identity, PkiError> {
        let identity = self.device_identity(id, self.environment, Validity::current())?;
        let entry = self.devices.entry(id.into()).insert_entry(identity);
        Ok(entry.into_mut())
    }

    /// Issues a device certificate without keeping it: an expired one, say.
    ///
    /// # Errors
    /// As [`Pki::issue_device`].
    pub fn device_identity(
        &self,
        id: &str,
        environment: u8,
        validity: Validity,
    ) -> Result<Identity, PkiError> {
        self.device_ca.issue_device(id, environment, validity)
    }

    /// Issues a server certificate without keeping it: an expired one, say, or
    /// one for another name.
    ///
    /// # Errors
    /// As [`Pki::new`]; [`PkiError::NoAuthorityKey`] when this infrastructure
    /// was loaded from a folder.
    pub fn server_identity(
        &self,
        names: &[String],
        validity: Validity,
    ) -> Result<Identity, PkiError> {
        self.server_ca.issue_server(names, validity)
    }

    /// Lets the server use another identity, as one of
    /// [`Pki::server_identity`].
    pub fn set_server(&mut self, server: Identity) {
        self.server = server;
    }

    /// The certificate of the CA that signs servers: what devices trust.
    #[must_use]
    pub fn server_ca(&self) -> &CertificateDer<'static> {
        self.server_ca.certificate()
    }

    /// The certificate of the CA that signs devices: what servers trust.
    #[must_use]
    pub fn device_ca(&self) -> &CertificateDer<'static> {
        self.device_ca.certificate()
    }

    /// The server's identity.
    #[must_use]
    pub fn server(&self) -> &Identity {
        &self.server
    }

    /// The identity of a device, if there is one of that id.
    #[must_use]
    pub fn device(&self, id: &str) -> Option<&Identity> {
        self.devices.get(id)
    }

    /// All devices, by id.
    pub fn devices(&self) -> impl ExactSizeIterator<Item = (&str, &Identity)> {
        self.devices
            .iter()
            .map(|(id, device)| (id.as_str(), device))
    }
}
