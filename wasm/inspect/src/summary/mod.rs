//! A frame in one line, for lists.

mod compact;
mod line;
mod ncp;
mod ngtt;

use crate::detail::split_prefix;
use crate::{Frame, Protocol};
use line::Line;

/// The most characters that a summary has.
pub const MAX_CHARS: usize = 120;

/// Payloads up to so many bytes are read as what they mean; of longer ones the first
/// values are shown. So a list of huge frames is drawn as fast as any other.
const MEANT: usize = 1 << 16;

/// What a frame says, in one line of at most [`MAX_CHARS`] characters. The type is
/// left out, which lists have in a column of its own.
///
/// ```
/// use wigwag_inspect::{Direction, Frame, Protocol, summary};
///
/// // LOGS: [{"service": "pump", "when": .., "message": "started", "level": 20}]
/// let payload = b"\x41\x54\x07service\x84pump\x04when\x03\x07\x07message\x87started\x05level\x03\x14";
/// let mut bytes = vec![0, 0, 0, payload.len() as u8, 0, 0, 0, 3];
/// bytes.extend(payload);
/// let (protocol, direction) = (Protocol::Ngtt, Direction::ToServer);
/// let frame = Frame { protocol, direction, bytes: &bytes };
/// assert_eq!(summary(frame), "info pump: started");
/// ```
#[must_use]
pub fn summary(frame: Frame<'_>) -> String {
    let mut line = Line::new(MAX_CHARS);
    match frame.protocol {
        Protocol::Ngtt => ngtt::write(frame.bytes, &mut line),
        Protocol::Ncp => ncp::write(frame.bytes, &mut line),
        Protocol::Prefix => {
            let (_, message, _) = split_prefix(frame.bytes);
            bytes(message, &mut line);
        }
        Protocol::Minijson => compact::write(frame.bytes, 0, &mut line),
        Protocol::Unknown => bytes(frame.bytes, &mut line),
    }
    line.finish()
}

/// Bytes as text if they begin like it, else as hex digits.
fn bytes(bytes: &[u8], line: &mut Line) {
    let first = bytes.get(..2 * MAX_CHARS).unwrap_or(bytes);
    let chunk = first.utf8_chunks().next();
    // The cut may go through a character.
    let text = chunk.filter(|chunk| first.len() - chunk.valid().len() < 4);
    match text {
        Some(chunk) if !chunk.valid().chars().any(is_binary) => line.push(chunk.valid()),
        _ => line.hex(first),
    }
    if first.len() < bytes.len() {
        line.cut();
    }
}

fn is_binary(char: char) -> bool {
    char.is_control() && !char.is_whitespace()
}

#[cfg(test)]
mod tests;
