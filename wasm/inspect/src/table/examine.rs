//! What can be said of a frame only by reading its payload: in the background, a
//! few rows at a time.

use wigwag_codec::minijson::Value;
use wigwag_codec::ncp::Packet;
use wigwag_codec::ngtt::{FrameType, HEADER_LEN};

use super::columns::{Columns, flags};
use super::cut::{LIMITS, has_payload};
use super::{Frame, Table};
use crate::Protocol;

impl Table {
    /// Reads the payloads of up to `rows` rows that nobody has read yet, and of no
    /// more rows once a few megabytes were read. Sets
    /// [`EXAMINED`](flags::EXAMINED), and [`MALFORMED`](flags::MALFORMED),
    /// [`ERROR`](flags::ERROR) and [`WARNING`](flags::WARNING) where they are due.
    /// Returns whether there are more rows.
    pub fn examine(&mut self, rows: usize) -> bool {
        let mut bytes = 0;
        for _ in 0..rows {
            let at = self.examined as usize;
            let Some(known) = self.book.columns.flags.get(at) else {
                return false;
            };
            if known & flags::EXAMINED == 0 {
                let frame = self.frame(self.examined);
                let found = frame.as_ref().map_or(0, look);
                bytes += frame.map_or(0, |frame| frame.bytes.len());
                self.book.columns.flags[at] |= found | flags::EXAMINED;
            }
            self.examined += 1;
            if bytes > (4 << 20) {
                break;
            }
        }
        (self.examined as usize) < self.columns().len()
    }

    /// How many rows have been examined: those before this one.
    #[must_use]
    pub const fn examined(&self) -> u32 {
        self.examined
    }
}

impl Columns {
    /// Whether a row tells anything that [`super::Table::experts`] lists.
    #[must_use]
    pub fn is_expert(&self, row: u32) -> bool {
        let found = self.flags.get(row as usize);
        found.is_some_and(|found| found & !flags::EXAMINED != 0)
    }
}

/// The payload of a frame of NGTT, if it has one or should have.
pub(super) fn payload<'a>(frame: &Frame<'a>) -> Option<&'a [u8]> {
    let (header, payload) = frame.bytes.split_first_chunk::<HEADER_LEN>()?;
    let kind = FrameType::from_u16(u16::from_be_bytes([header[6], header[7]]));
    (!payload.is_empty() || has_payload(kind) == Some(true)).then_some(payload)
}

/// The flags that a frame's payload earns.
fn look(frame: &Frame<'_>) -> u16 {
    match frame.protocol {
        Protocol::Ngtt => match payload(frame).map(|bytes| Value::parse_with(bytes, LIMITS)) {
            Some(Err(_)) => flags::MALFORMED,
            _ => 0,
        },
        Protocol::Ncp => match Packet::decode(frame.bytes) {
            Err(_) => flags::MALFORMED,
            Ok(packet) => packet_flags(&packet),
        },
        // Cutting them out has read them, or there is nothing to read.
        Protocol::Unknown | Protocol::Prefix | Protocol::Minijson => 0,
    }
}

fn packet_flags(packet: &Packet<'_>) -> u16 {
    let mut found = 0;
    for field in packet.fields() {
        if field.error().is_some() {
            found |= flags::ERROR;
        }
        if field.warning().is_some() {
            found |= flags::WARNING;
        }
        if field.params().any(|param| param.value().is_err()) {
            found |= flags::MALFORMED;
        }
    }
    if packet.warnings().next().is_some() {
        found |= flags::WARNING;
    }
    found
}
