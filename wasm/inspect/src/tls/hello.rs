//! The two hellos (RFC 8446, section 4.1), as far as they matter here.

use super::keylog::Random;

/// Handshake messages.
const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
/// The extension that says the version.
const SUPPORTED_VERSIONS: u16 = 43;
const TLS_1_3: u16 = 0x0304;

/// The random number of a ServerHello that asks for another ClientHello.
const RETRY: Random = [
    0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8, 0x91,
    0xC2, 0xA2, 0x11, 0x16, 0x7A, 0xBB, 0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C,
];

/// What a hello says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Hello {
    Client(Random),
    /// Of TLS 1.3, with the number of its cipher suite.
    Server(u16),
    /// Another ClientHello will come, and another ServerHello.
    Retry,
    /// An older version than TLS 1.3.
    Older,
}

/// Reads the handshake message at the begin of `bytes`. Returns how long it is and
/// what it says; `Ok(None)` when more of it is needed.
pub(super) fn read(bytes: &[u8]) -> Result<Option<(usize, Hello)>, ()> {
    let Some(([kind, length @ ..], rest)) = bytes.split_first_chunk::<4>() else {
        return Ok(None);
    };
    let length = length
        .iter()
        .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
    let Some(body) = rest.get(..length) else {
        return Ok(None);
    };
    // Behind the old version field.
    let random = body
        .get(2..34)
        .and_then(|random| random.first_chunk())
        .ok_or(())?;
    let hello = match *kind {
        CLIENT_HELLO => Hello::Client(*random),
        SERVER_HELLO => server(body, random).ok_or(())?,
        _ => return Err(()),
    };
    Ok(Some((4 + length, hello)))
}

fn server(body: &[u8], random: &Random) -> Option<Hello> {
    let u16 = |bytes: &[u8], at: usize| {
        let two = bytes.get(at..)?.first_chunk()?;
        Some(u16::from_be_bytes(*two))
    };
    // The session's id, the suite and a compression method.
    let session = usize::from(*body.get(34)?);
    let rest = body.get(35 + session..)?;
    let suite = u16(rest, 0)?;
    let mut extensions = match u16(rest, 3) {
        Some(length) => rest.get(5..)?.get(..usize::from(length))?,
        None => &[],
    };
    while let (Some(kind), Some(length)) = (u16(extensions, 0), u16(extensions, 2)) {
        let value = extensions.get(4..)?.get(..usize::from(length))?;
        if kind == SUPPORTED_VERSIONS && u16(value, 0) == Some(TLS_1_3) {
            return Some(if *random == RETRY {
                Hello::Retry
            } else {
                Hello::Server(suite)
            });
        }
        extensions = extensions.get(4 + usize::from(length)..)?;
    }
    Some(Hello::Older)
}
