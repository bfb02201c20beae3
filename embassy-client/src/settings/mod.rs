//! What one device has to be told before it can talk to anybody: its server,
//! whom to trust, its certificate and its key.
//!
//! They stand in a region of the flash of their own, so that all devices of a
//! kind carry the same firmware. The image in that region is
//!
//! | bytes | content |
//! |---|---|
//! | 4 | `WIGW` |
//! | 4 | length of the payload in bytes, big-endian |
//! | 32 | SHA-256 of the payload |
//! | | the payload |
//!
//! and whatever follows the payload is not looked at. The payload is a minijson
//! map with text keys:
//!
//! | key | value |
//! |---|---|
//! | `version` | 1 |
//! | `server` | text: DNS name or IP address |
//! | `port` | integer, 1 to 65535; [`DEFAULT_PORT`] when it is not there |
//! | `roots` | list of 1 to [`MAX_ROOTS`] root certificates, each bytes (DER) |
//! | `certificate` | bytes: the device's certificate (DER) |
//! | `key` | bytes: its private key (DER, PKCS #8 or SEC 1) |
//! | `time_servers` | list of up to [`MAX_TIME_SERVERS`] texts: whom the device asks for the time; none when it is not there |
//! | `wifi_network` | text of 1 to [`MAX_NETWORK_NAME`] bytes: the wireless network; when it is not there the device has a cable |
//! | `wifi_passphrase` | text of 8 to 63 printable characters of ASCII; when it is not there the network is open |
//! | `floor` | integer: seconds since 1970 when this was written, from 0 to [`MAX_FLOOR`]; no clock that says less is believed |
//!
//! The first six are of all firmware, the rest came later. Other keys are
//! skipped, so that a later writer can add some without locking out older
//! firmware; what firmware must not overlook gets a new `version`.
//! The hash finds damage and torn writes. It proves nothing about who wrote the
//! image: that is the affair of the chip's read and write protection.
//!
//! ```
//! use wigwag_embassy::settings::{Roots, Settings};
//!
//! let roots = Roots::from_slice(&[b"root in DER"]).unwrap();
//! let mut settings = Settings::new(
//!     "ngtt.example.com",
//!     roots,
//!     b"certificate in DER",
//!     b"key in DER",
//! );
//! settings.floor = Some(1_800_000_000);
//! let mut flash = [0xff; 256];
//! settings.write(&mut flash)?;
//!
//! let read = Settings::read(&flash)?;
//! assert_eq!((read.server, read.port), ("ngtt.example.com", 2405));
//! # Ok::<(), wigwag_embassy::settings::SettingsError>(())
//! ```

mod error;
mod image;
#[cfg(test)]
mod option_tests;
#[cfg(test)]
mod tests;
mod wifi;

use core::fmt;

use rustls_pki_types::ServerName;
use wigwag_codec::minijson::{Encoder, Kind, Value};

pub use self::error::{Field, Problem, SettingsError};
pub use self::image::{Fingerprint, fingerprint};
pub use self::wifi::{MAX_NETWORK_NAME, Wifi};
use crate::ngtt::DEFAULT_PORT;
use crate::tls::MAX_ROOTS;
use image::HEADER;

const VERSION: i64 = 1;

/// Most time servers of [`Settings`].
pub const MAX_TIME_SERVERS: usize = 4;

/// Latest [`floor`](Settings::floor), in seconds since 1970: the last second of
/// the year 9999, after which certificates cannot tell the time (RFC 5280
/// section 4.1.2.5). Milliseconds by mistake are beyond it.
pub const MAX_FLOOR: u64 = 253_402_300_799;

/// The root certificates of [`Settings`], each in DER.
pub type Roots<'a> = heapless::Vec<&'a [u8], MAX_ROOTS>;

/// The time servers of [`Settings`], each a DNS name or an IP address.
pub type TimeServers<'a> = heapless::Vec<&'a str, MAX_TIME_SERVERS>;

/// A device's settings, borrowed from the image they were read from.
///
/// Neither `Debug` nor defmt shows the key or the wireless network.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings<'a> {
    /// The server: a DNS name or an IP address, which its certificate carries.
    pub server: &'a str,
    /// Its port, from 1.
    pub port: u16,
    /// The authorities that name servers: what
    /// [`TrustAnchors::new`](crate::tls::TrustAnchors::new) takes.
    pub roots: Roots<'a>,
    /// The device's certificate, in DER.
    pub certificate: &'a [u8],
    /// The device's private key, in DER: what
    /// [`SoftwareKey::from_der`](crate::tls::SoftwareKey::from_der) takes.
    pub key: &'a [u8],
    /// Whom the device asks for the time, in this order.
    pub time_servers: TimeServers<'a>,
    /// The wireless network, for a device that has no cable.
    pub wifi: Option<Wifi<'a>>,
    /// When these settings were written, in seconds since 1970: what
    /// [`ClockPolicy::real_time_or_floor`](crate::tls::ClockPolicy::real_time_or_floor)
    /// takes. At most [`MAX_FLOOR`].
    pub floor: Option<u64>,
}

impl<'a> Settings<'a> {
    /// Settings with nothing in them that could be left out; the port is
    /// [`DEFAULT_PORT`]. The rest is set in the fields.
    pub const fn new(
        server: &'a str,
        roots: Roots<'a>,
        certificate: &'a [u8],
        key: &'a [u8],
    ) -> Self {
        Self {
            server,
            port: DEFAULT_PORT,
            roots,
            certificate,
            key,
            time_servers: TimeServers::new(),
            wifi: None,
            floor: None,
        }
    }

    /// Reads the image at the start of `region`, the flash set aside for it.
    ///
    /// Certificates and key are only looked at for being there; the TLS layer
    /// parses them.
    ///
    /// # Errors
    /// [`SettingsError`]; [`Missing`](SettingsError::Missing) on erased flash.
    pub fn read(region: &'a [u8]) -> Result<Self, SettingsError> {
        let settings = Self::of_payload(image::payload(region)?)?;
        settings.check()?;
        Ok(settings)
    }

    fn of_payload(payload: &'a [u8]) -> Result<Self, SettingsError> {
        let map = Value::parse(payload).map_err(SettingsError::Malformed)?;
        if map.kind() != Kind::Map {
            return Err(SettingsError::NotAMap);
        }
        let mut found = [None; Field::ALL.len()];
        for (key, value) in map.entries() {
            let name = key.as_bytes_of_text().unwrap_or_default();
            let known = Field::ALL.iter().zip(&mut found);
            for (field, place) in known.filter(|(field, _)| field.name().as_bytes() == name) {
                if place.replace(value).is_some() {
                    return Err(field.error(Problem::Twice));
                }
            }
        }
        let [
            version,
            server,
            port,
            roots,
            certificate,
            key,
            time_servers,
            network,
            passphrase,
            floor,
        ] = found;

        // First: another version may mean something else by the other keys.
        match take(Field::Version, version, |value| value.as_i64())? {
            VERSION => {}
            version => return Err(SettingsError::UnknownVersion { version }),
        }
        Ok(Self {
            server: take(Field::Server, server, |value| value.as_str())?,
            port: match port {
                None => DEFAULT_PORT,
                Some(_) => take(Field::Port, port, |value| value.as_i64())?
                    .try_into()
                    .map_err(|_| Field::Port.error(Problem::OutOfRange))?,
            },
            roots: read_list(Field::Roots, roots, |root| root.as_bytes())?,
            certificate: take(Field::Certificate, certificate, |value| value.as_bytes())?,
            key: take(Field::Key, key, |value| value.as_bytes())?,
            time_servers: match time_servers {
                None => TimeServers::new(),
                list => read_list(Field::TimeServers, list, |name| name.as_str())?,
            },
            wifi: match (network, passphrase) {
                (None, None) => None,
                (network, passphrase) => Some(Wifi {
                    network: take(Field::WifiNetwork, network, |value| value.as_str())?,
                    passphrase: optional(Field::WifiPassphrase, passphrase, |value| {
                        value.as_str()
                    })?,
                }),
            },
            floor: match optional(Field::Floor, floor, |value| value.as_i64())? {
                None => None,
                Some(floor) => {
                    let floor = floor.try_into();
                    Some(floor.map_err(|_| Field::Floor.error(Problem::NotATime))?)
                }
            },
        })
    }

    /// What types cannot say; the same for reading and writing, so that nothing
    /// is written that cannot be read.
    fn check(&self) -> Result<(), SettingsError> {
        if ServerName::try_from(self.server).is_err() {
            return Err(Field::Server.error(Problem::NotAServerName));
        }
        if self.port == 0 {
            return Err(Field::Port.error(Problem::OutOfRange));
        }
        let roots = self.roots.iter().map(|root| (Field::Roots, *root));
        let own = [
            (Field::Certificate, self.certificate),
            (Field::Key, self.key),
        ];
        match roots.chain(own).find(|(_, bytes)| bytes.is_empty()) {
            Some((field, _)) => return Err(field.error(Problem::Empty)),
            None if self.roots.is_empty() => return Err(Field::Roots.error(Problem::Empty)),
            None => {}
        }
        let mut time_servers = self.time_servers.iter();
        if time_servers.any(|name| ServerName::try_from(*name).is_err()) {
            return Err(Field::TimeServers.error(Problem::NotAServerName));
        }
        if let Some(wifi) = &self.wifi {
            if !wifi::is_network_name(wifi.network) {
                return Err(Field::WifiNetwork.error(Problem::NotANetworkName));
            }
            if !wifi.passphrase.is_none_or(wifi::is_passphrase) {
                return Err(Field::WifiPassphrase.error(Problem::NotAPassphrase));
            }
        }
        if self.floor.is_some_and(|floor| floor > MAX_FLOOR) {
            return Err(Field::Floor.error(Problem::NotATime));
        }
        Ok(())
    }

    /// Writes the image to the start of `region` and returns its length in
    /// bytes; what follows stays as it is. After an error there is no image.
    ///
    /// # Errors
    /// [`SettingsError::Field`] when a field is nothing that could be read
    /// again, [`SettingsError::RegionFull`] when `region` is too short.
    pub fn write(&self, region: &mut [u8]) -> Result<usize, SettingsError> {
        self.check()?;
        let full = SettingsError::RegionFull {
            region: region.len(),
        };
        let (header, rest) = region.split_first_chunk_mut::<HEADER>().ok_or(full)?;
        header.fill(0xff);
        let payload = self.encode(rest).map_err(|_| full)?;
        image::fill_header(header, payload).ok_or(full)?;
        Ok(HEADER + payload.len())
    }

    /// The payload; a full buffer is the only thing that can go wrong.
    fn encode<'b>(&self, out: &'b mut [u8]) -> Result<&'b [u8], wigwag_codec::minijson::Error> {
        let passphrase = self.wifi.and_then(|wifi| wifi.passphrase);
        let optional = [
            !self.time_servers.is_empty(),
            self.wifi.is_some(),
            passphrase.is_some(),
            self.floor.is_some(),
        ];
        let left_out = optional.iter().filter(|there| !**there).count();

        let mut to = Encoder::new(out);
        to.map(Field::ALL.len() - left_out)?;
        to.key(Field::Version.name())?.int(VERSION)?;
        to.key(Field::Server.name())?.str(self.server)?;
        to.key(Field::Port.name())?.int(self.port.into())?;
        to.key(Field::Roots.name())?.list(self.roots.len())?;
        for root in &self.roots {
            to.bytes(root)?;
        }
        to.key(Field::Certificate.name())?.bytes(self.certificate)?;
        to.key(Field::Key.name())?.bytes(self.key)?;
        if !self.time_servers.is_empty() {
            to.key(Field::TimeServers.name())?
                .list(self.time_servers.len())?;
            for name in &self.time_servers {
                to.str(name)?;
            }
        }
        if let Some(wifi) = &self.wifi {
            to.key(Field::WifiNetwork.name())?.str(wifi.network)?;
        }
        if let Some(passphrase) = passphrase {
            to.key(Field::WifiPassphrase.name())?.str(passphrase)?;
        }
        if let Some(floor) = self.floor {
            // At most MAX_FLOOR: no change of value.
            to.key(Field::Floor.name())?.int(floor as i64)?;
        }
        to.finish()
    }
}

fn take<'a, T>(
    field: Field,
    value: Option<Value<'a>>,
    read: impl FnOnce(Value<'a>) -> Option<T>,
) -> Result<T, SettingsError> {
    let value = value.ok_or(field.error(Problem::Missing))?;
    read(value).ok_or(field.error(Problem::WrongType))
}

/// The same for what may be left out.
fn optional<'a, T>(
    field: Field,
    value: Option<Value<'a>>,
    read: impl FnOnce(Value<'a>) -> Option<T>,
) -> Result<Option<T>, SettingsError> {
    match value {
        None => Ok(None),
        there => take(field, there, read).map(Some),
    }
}

fn read_list<'a, T, const N: usize>(
    field: Field,
    value: Option<Value<'a>>,
    read: impl Fn(Value<'a>) -> Option<T>,
) -> Result<heapless::Vec<T, N>, SettingsError> {
    let list = |value: Value<'a>| (value.kind() == Kind::List).then_some(value);
    let mut entries = heapless::Vec::new();
    for entry in take(field, value, list)?.items() {
        let entry = take(field, Some(entry), &read)?;
        entries
            .push(entry)
            .map_err(|_| field.error(Problem::TooMany { most: N }))?;
    }
    Ok(entries)
}

impl fmt::Debug for Settings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("server", &self.server)
            .field("port", &self.port)
            .field("roots", &self.roots.len())
            .field("certificate_length", &self.certificate.len())
            .field("time_servers", &self.time_servers)
            .field("wifi", &self.wifi)
            .field("floor", &self.floor)
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Settings<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(
            f,
            "Settings {{ server: {=str}, port: {=u16}, roots: {=usize}, certificate_length: {=usize}, time_servers: {}, wifi: {}, floor: {}, .. }}",
            self.server,
            self.port,
            self.roots.len(),
            self.certificate.len(),
            self.time_servers.as_slice(),
            self.wifi,
            self.floor,
        );
    }
}
