//! ServerHello, strictly (RFC 8446 section 4.1.3).
//!
//! embedded-tls 0.19 looks at next to nothing in it. To the ClientHello that it
//! sends (one suite, one group, an empty session id), there is one right
//! answer: 123 bytes, of which the server chooses its random and its key, and
//! the order of two extensions.

use core::cmp::Ordering;

use super::reader::Reader;
use crate::supervisor::FailureClass;

/// Most bytes of a ServerHello that are looked at. A right one has 123; it is
/// enough of a longer one to say what is wrong.
pub(super) const MAX_HELLO: usize = 160;

/// The suite that was offered: `TLS_AES_128_GCM_SHA256`.
const SUITE: u16 = 0x1301;
const TLS12: u16 = 0x0303;
const TLS13: u16 = 0x0304;
const SECP256R1: u16 = 0x0017;

const SERVER_HELLO: u8 = 2;
const SUPPORTED_VERSIONS: u16 = 43;
const PRE_SHARED_KEY: u16 = 41;
const KEY_SHARE: u16 = 51;

/// The random of a HelloRetryRequest: SHA-256 of that name.
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];
/// How the random of a server ends that knows TLS 1.3, chooses an older version
/// and so was made to believe that its client does not; 0 or 1 follows.
const DOWNGRADE: &[u8; 7] = b"DOWNGRD";

/// Why a ServerHello was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ServerHelloError {
    /// The server's first message is of another type.
    UnexpectedMessage(u8),
    /// The server speaks this version and none that is newer: 0x0303 is TLS 1.2.
    OldVersion(u16),
    /// The server knows TLS 1.3 and was told that this device does not:
    /// somebody on the path changed what the device said.
    Downgraded,
    /// The server wants another key exchange (HelloRetryRequest): it does not
    /// support `secp256r1`, the only group of this device.
    HelloRetryRequest,
    /// The server chose this group, which was not offered.
    Group(u16),
    /// The server chose this cipher suite, which was not offered.
    CipherSuite(u16),
    /// The server wants compression.
    Compression(u8),
    /// The server sends back another session id than it was sent.
    SessionId,
    /// The server's key share is missing or is no point of the curve.
    KeyShare,
    /// The server does not take the shared key that it was offered
    /// ([`ExternalPsk`](super::ExternalPsk)).
    SharedKey,
    /// An extension of this type that does not belong there, or came twice.
    UnexpectedExtension(u16),
    /// The lengths in it do not fit.
    Malformed,
    /// It does not end in its record; the record's length.
    Split(u16),
    /// More follows it in its record: nothing plain may (RFC 8446 section 5.1).
    Trailing,
}

impl ServerHelloError {
    /// What is said about a server's settings stays so; the rest is an accident
    /// or an attack.
    pub(super) const fn class(self) -> FailureClass {
        match self {
            Self::OldVersion(_)
            | Self::HelloRetryRequest
            | Self::Group(_)
            | Self::CipherSuite(_)
            | Self::Split(_) => FailureClass::Configuration,
            Self::SharedKey => FailureClass::Authentication,
            _ => FailureClass::Transient,
        }
    }
}

impl core::fmt::Display for ServerHelloError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::UnexpectedMessage(kind) => {
                write!(f, "the server begins with handshake message {kind}")
            }
            Self::OldVersion(TLS12) => f.write_str("the server speaks TLS 1.2 only, not TLS 1.3"),
            Self::OldVersion(version) => {
                write!(
                    f,
                    "the server speaks version {version:#06x} of TLS only, not TLS 1.3"
                )
            }
            Self::Downgraded => f.write_str("somebody on the path took TLS 1.3 away"),
            Self::HelloRetryRequest => f.write_str(
                "the server asks for another key exchange: it must support the group secp256r1",
            ),
            Self::Group(group) => write!(
                f,
                "the server chose the group {group:#06x}: it must support secp256r1"
            ),
            Self::CipherSuite(suite) => write!(
                f,
                "the server chose the cipher suite {suite:#06x}: \
                 it must support TLS_AES_128_GCM_SHA256"
            ),
            Self::Compression(_) => f.write_str("the server wants TLS compression"),
            Self::SessionId => f.write_str("the server answers another TLS session"),
            Self::KeyShare => f.write_str("the server's key share is not a key"),
            Self::SharedKey => f.write_str("the server does not take the shared key"),
            Self::UnexpectedExtension(kind) => {
                write!(
                    f,
                    "the server's hello has extension {kind} where none may be"
                )
            }
            Self::Malformed => f.write_str("the server's hello is malformed"),
            Self::Split(length) => write!(
                f,
                "the server splits its hello into records of {length} bytes: \
                 raise its max_fragment_size"
            ),
            Self::Trailing => f.write_str("something follows the server's hello in its record"),
        }
    }
}

impl core::error::Error for ServerHelloError {}

/// Judges a ServerHello: the beginning of a record of `record` bytes, all of it
/// or [`MAX_HELLO`]; `shared_key` tells whether one was offered.
pub(super) fn check(prefix: &[u8], record: u16, shared_key: bool) -> Result<(), ServerHelloError> {
    use ServerHelloError as E;
    let mut hello = Reader::new(prefix);
    match hello.u8() {
        Some(SERVER_HELLO) => {}
        Some(other) => return Err(E::UnexpectedMessage(other)),
        None => return Err(E::Malformed),
    }
    let length = hello.u24().ok_or(E::Split(record))?;
    let end = length.saturating_add(4);
    let short = if end > usize::from(record) {
        E::Split(record)
    } else {
        E::Malformed
    };
    match hello.u16().ok_or(short)? {
        TLS12 => {}
        old @ 0x0300..TLS12 => return Err(E::OldVersion(old)),
        _ => return Err(E::Malformed),
    }
    let random = hello.take(32).ok_or(short)?;
    if random == RETRY {
        return Err(E::HelloRetryRequest);
    }
    let session_id = hello.vector(1).ok_or(short)?;
    let suite = hello.u16().ok_or(short)?;
    let compression = hello.u8().ok_or(short)?;
    match selected_version(hello) {
        Some(TLS13) => {}
        _ if end > usize::from(record) => return Err(short),
        _ if random.get(24..31) == Some(DOWNGRADE) => return Err(E::Downgraded),
        older => return Err(E::OldVersion(older.unwrap_or(TLS12))),
    }
    match end.cmp(&usize::from(record)) {
        Ordering::Less => return Err(E::Trailing),
        Ordering::Equal => {}
        Ordering::Greater => return Err(short),
    }
    // embedded-tls sends an empty one.
    if !session_id.is_empty() {
        return Err(E::SessionId);
    }
    if suite != SUITE {
        return Err(E::CipherSuite(suite));
    }
    if compression != 0 {
        return Err(E::Compression(compression));
    }
    extensions(hello.last_vector(2).ok_or(E::Malformed)?, shared_key)
}

/// The version in the extension that only TLS 1.3 has. Older servers may send
/// no extensions at all, and more than is looked at.
fn selected_version(mut hello: Reader<'_>) -> Option<u16> {
    hello.u16()?;
    loop {
        let (kind, mut data) = hello.extension()?;
        if kind == SUPPORTED_VERSIONS {
            return data.u16();
        }
    }
}

/// Exactly the version and the key share, and the shared key that was offered.
fn extensions(mut list: Reader<'_>, shared_key: bool) -> Result<(), ServerHelloError> {
    use ServerHelloError as E;
    let (mut version, mut key, mut taken) = (false, false, !shared_key);
    while !list.is_empty() {
        let (kind, mut data) = list.extension().ok_or(E::Malformed)?;
        let seen = match kind {
            SUPPORTED_VERSIONS => &mut version,
            KEY_SHARE => &mut key,
            PRE_SHARED_KEY if shared_key => &mut taken,
            other => return Err(E::UnexpectedExtension(other)),
        };
        if core::mem::replace(seen, true) {
            return Err(E::UnexpectedExtension(kind));
        }
        if kind == SUPPORTED_VERSIONS {
            if data.rest() != TLS13.to_be_bytes() {
                return Err(E::Malformed);
            }
            continue;
        }
        if kind == PRE_SHARED_KEY {
            // The first, since there is no other.
            if data.rest() != [0, 0] {
                return Err(E::SharedKey);
            }
            continue;
        }
        let group = data.u16().ok_or(E::Malformed)?;
        if group != SECP256R1 {
            return Err(E::Group(group));
        }
        let point = data.last_vector(2).ok_or(E::Malformed)?;
        // Uncompressed, as RFC 8446 section 4.2.8.2 wants it. Whether it is on
        // the curve is for the key exchange to find.
        if !matches!(point.rest(), [4, coordinates @ ..] if coordinates.len() == 64) {
            return Err(E::KeyShare);
        }
    }
    match (version && key, taken) {
        (true, true) => Ok(()),
        (true, false) => Err(E::SharedKey),
        (false, _) => Err(E::KeyShare),
    }
}

#[cfg(test)]
#[path = "hello_tests.rs"]
pub(super) mod tests;
