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
//!
//! Other keys are skipped, so that a later writer can add some without locking
//! out older firmware; what firmware must not overlook gets a new `version`.
//! The hash finds damage and torn writes. It proves nothing about who wrote the
//! image: that is the affair of the chip's read and write protection.
//!
//! ```
//! use wigwag_embassy::settings::{Roots, Settings};
//!
//! let settings = Settings {
//!     server: "ngtt.example.com",
//!     port: 2405,
//!     roots: Roots::from_slice(&[b"root in DER"]).unwrap(),
//!     certificate: b"certificate in DER",
//!     key: b"key in DER",
//! };
//! let mut flash = [0xff; 256];
//! settings.write(&mut flash)?;
//!
//! let read = Settings::read(&flash)?;
//! assert_eq!((read.server, read.port), ("ngtt.example.com", 2405));
//! # Ok::<(), wigwag_embassy::settings::SettingsError>(())
//! ```

mod error;
#[cfg(test)]
mod tests;

use core::fmt;

use rustls_pki_types::ServerName;
use sha2::{Digest as _, Sha256};
use wigwag_codec::minijson::{Encoder, Kind, Value};

pub use self::error::{Field, Problem, SettingsError};
use crate::ngtt::DEFAULT_PORT;
use crate::tls::MAX_ROOTS;

const MAGIC: [u8; 4] = *b"WIGW";
const HEADER: usize = MAGIC.len() + 4 + 32;
const VERSION: i64 = 1;

/// The root certificates of [`Settings`], each in DER.
pub type Roots<'a> = heapless::Vec<&'a [u8], MAX_ROOTS>;

/// A device's settings, borrowed from the image they were read from.
///
/// Neither `Debug` nor defmt shows the key.
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
}

impl<'a> Settings<'a> {
    /// Reads the image at the start of `region`, the flash set aside for it.
    ///
    /// Certificates and key are only looked at for being there; the TLS layer
    /// parses them.
    ///
    /// # Errors
    /// [`SettingsError`]; [`Missing`](SettingsError::Missing) on erased flash.
    pub fn read(region: &'a [u8]) -> Result<Self, SettingsError> {
        let settings = Self::of_payload(payload(region)?)?;
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
        let [version, server, port, roots, certificate, key] = found;

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
            roots: read_roots(roots)?,
            certificate: take(Field::Certificate, certificate, |value| value.as_bytes())?,
            key: take(Field::Key, key, |value| value.as_bytes())?,
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
            Some((field, _)) => Err(field.error(Problem::Empty)),
            None if self.roots.is_empty() => Err(Field::Roots.error(Problem::Empty)),
            None => Ok(()),
        }
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
        let length = u32::try_from(payload.len()).map_err(|_| full)?;
        let parts: [&[u8]; 3] = [&MAGIC, &length.to_be_bytes(), &Sha256::digest(payload)];
        for (to, from) in header.iter_mut().zip(parts.into_iter().flatten()) {
            *to = *from;
        }
        Ok(HEADER + payload.len())
    }

    /// The payload; a full buffer is the only thing that can go wrong.
    fn encode<'b>(&self, out: &'b mut [u8]) -> Result<&'b [u8], wigwag_codec::minijson::Error> {
        let mut to = Encoder::new(out);
        to.map(Field::ALL.len())?;
        to.key(Field::Version.name())?.int(VERSION)?;
        to.key(Field::Server.name())?.str(self.server)?;
        to.key(Field::Port.name())?.int(self.port.into())?;
        to.key(Field::Roots.name())?.list(self.roots.len())?;
        for root in &self.roots {
            to.bytes(root)?;
        }
        to.key(Field::Certificate.name())?.bytes(self.certificate)?;
        to.key(Field::Key.name())?.bytes(self.key)?;
        to.finish()
    }
}

/// The payload of the image, if it is the one that was written.
fn payload(region: &[u8]) -> Result<&[u8], SettingsError> {
    let Some((header, rest)) = region
        .split_first_chunk::<HEADER>()
        .filter(|(header, _)| header.starts_with(&MAGIC))
    else {
        let erased = |with: u8| region.iter().all(|byte| *byte == with);
        return Err(if erased(0xff) || erased(0) {
            SettingsError::Missing
        } else {
            SettingsError::Damaged
        });
    };
    let [_, _, _, _, a, b, c, d, hash @ ..] = header;
    let length = u32::from_be_bytes([*a, *b, *c, *d]);
    let payload = usize::try_from(length)
        .ok()
        .and_then(|length| rest.get(..length))
        .ok_or(SettingsError::TooLong {
            length,
            room: rest.len(),
        })?;
    if Sha256::digest(payload).as_slice() == hash {
        Ok(payload)
    } else {
        Err(SettingsError::Damaged)
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

fn read_roots<'a>(value: Option<Value<'a>>) -> Result<Roots<'a>, SettingsError> {
    let list = |value: Value<'a>| (value.kind() == Kind::List).then_some(value);
    let mut roots = Roots::new();
    for root in take(Field::Roots, value, list)?.items() {
        let root = take(Field::Roots, Some(root), |root| root.as_bytes())?;
        roots
            .push(root)
            .map_err(|_| Field::Roots.error(Problem::TooMany))?;
    }
    Ok(roots)
}

impl fmt::Debug for Settings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("server", &self.server)
            .field("port", &self.port)
            .field("roots", &self.roots.len())
            .field("certificate_length", &self.certificate.len())
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Settings<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(
            f,
            "Settings {{ server: {=str}, port: {=u16}, roots: {=usize}, certificate_length: {=usize}, .. }}",
            self.server,
            self.port,
            self.roots.len(),
            self.certificate.len(),
        );
    }
}
