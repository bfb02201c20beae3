//! pcapng (draft-ietf-opsawg-pcapng), with headers around the frames that were never
//! on a wire but fit each other.

use std::collections::BTreeMap;

use super::out::Out;
use super::talk::{Packet, Talk};
use super::walk::Step;
use super::{Format, whole};
use crate::{Direction, Table};

/// Types of blocks.
const SECTION: u32 = 0x0A0D_0D0A;
const INTERFACE: u32 = 1;
const PACKET: u32 = 6;
/// Options.
const COMMENT: u16 = 1;
const NAME: u16 = 2;
const APPLICATION: u16 = 4;
const RESOLUTION: u16 = 9;

/// What the file says of itself.
const ABOUT: &str = "Ethernet, IP and TCP headers were made when the frames were exported: \
                     lengths, checksums and sequence numbers fit, addresses are the recorded \
                     ones where there were any. Frames that were encrypted are not here.";

/// Writes rows as packets: each frame in one TCP segment or several, behind headers
/// of Ethernet, IP and TCP that are made up and fit each other. Connections begin
/// with SYN and, if they have ended, end with FIN, whose packet has the reason as its
/// comment. Missing bytes are missing in the sequence numbers (one, where nobody
/// knows how many).
///
/// ```
/// use wigwag_inspect::input::{Input, Options};
/// use wigwag_inspect::{Table, export};
///
/// let ping = [0, 0, 0, 0, 0, 7, 0, 0];
/// let mut table = Table::default();
/// let mut input = Input::new(Options::default());
/// input.push(&ping.repeat(3), &mut table);
/// input.finish(&mut table);
/// table.finish();
///
/// let mut file = Vec::new();
/// export::pcapng(&table, [0, 1, 2], &mut |bytes| file.extend_from_slice(bytes));
///
/// let mut again = Table::default();
/// let mut input = Input::new(Options::default());
/// input.push(&file, &mut again);
/// input.finish(&mut again);
/// again.finish();
/// assert_eq!(again.columns().len(), 3);
/// assert_eq!(again.frame(2), table.frame(2));
/// ```
pub fn pcapng(table: &Table, rows: impl IntoIterator<Item = u32>, out: &mut dyn FnMut(&[u8])) {
    whole(Format::Pcapng, table, rows, out);
}

/// The connections that are being written.
pub(super) type Talks = BTreeMap<u32, Talk>;

/// Writes what stands before the packets.
pub(super) fn begin(out: &mut Out<'_>) {
    File { out }.begin();
}

/// Writes the packets of a step.
pub(super) fn write(talks: &mut Talks, step: &Step<'_>, out: &mut Out<'_>) {
    let mut file = File { out };
    match *step {
        Step::Open(connection) => {
            let mut talk = Talk::new(connection);
            talk.open(&mut |packet| file.packet(connection.opened, packet, None));
            talks.insert(connection.id.0, talk);
        }
        Step::Gap {
            connection,
            direction,
            missing,
            ..
        } => {
            if let Some(talk) = talks.get_mut(&connection) {
                talk.skip(direction, missing);
            }
        }
        Step::Frame {
            connection,
            time,
            frame,
            ..
        } => {
            if let Some(talk) = talks.get_mut(&connection) {
                talk.data(frame.direction, frame.bytes, &mut |packet| {
                    file.packet(time, packet, None);
                });
            }
        }
        Step::End {
            connection,
            time,
            reason,
        } => {
            if let Some(mut talk) = talks.remove(&connection) {
                let first = if reason.ends_with("server") {
                    Direction::ToDevice
                } else {
                    Direction::ToServer
                };
                let mut comment = Some(reason).filter(|reason| !reason.is_empty());
                talk.close(first, &mut |packet| {
                    file.packet(time, packet, comment.take());
                });
            }
        }
    }
}

struct File<'a, 'o> {
    out: &'a mut Out<'o>,
}

impl File<'_, '_> {
    fn begin(&mut self) {
        // The byte order, version 1.0, a section of unknown length.
        let mut section = Vec::new();
        section.extend(0x1A2B_3C4D_u32.to_le_bytes());
        section.extend([1, 0, 0, 0]);
        section.extend([0xFF; 8]);
        option(
            &mut section,
            APPLICATION,
            concat!("wigwag ", env!("CARGO_PKG_VERSION")).as_bytes(),
        );
        self.block(SECTION, &[&section, &END_OF_OPTIONS]);
        // Ethernet, packets of any length.
        let mut interface = vec![1, 0, 0, 0, 0, 0, 0, 0];
        option(&mut interface, COMMENT, ABOUT.as_bytes());
        option(&mut interface, NAME, b"wigwag");
        option(&mut interface, RESOLUTION, &[6]);
        self.block(INTERFACE, &[&interface, &END_OF_OPTIONS]);
    }

    fn packet(&mut self, time: u64, packet: &Packet<'_>, comment: Option<&str>) {
        let length = packet.headers.len() + packet.payload.len();
        let mut head = [0; 20];
        let time = time.to_le_bytes();
        head[4..8].copy_from_slice(&time[4..]);
        head[8..12].copy_from_slice(&time[..4]);
        head[12..16].copy_from_slice(&le(length));
        head[16..].copy_from_slice(&le(length));
        let padding = &[0; 3][..length.next_multiple_of(4) - length];
        let mut options = Vec::new();
        if let Some(comment) = comment {
            option(&mut options, COMMENT, comment.as_bytes());
            options.extend(END_OF_OPTIONS);
        }
        self.block(
            PACKET,
            &[&head, &packet.headers, packet.payload, padding, &options],
        );
    }

    /// A block of these parts, whose length in all is a multiple of four.
    fn block(&mut self, kind: u32, parts: &[&[u8]]) {
        let length = le(12 + parts.iter().map(|part| part.len()).sum::<usize>());
        self.out.write(&kind.to_le_bytes());
        self.out.write(&length);
        for part in parts {
            self.out.write(part);
        }
        self.out.write(&length);
    }
}

const END_OF_OPTIONS: [u8; 4] = [0; 4];

/// An option with its padding. Texts are cut at what an option can hold.
fn option(out: &mut Vec<u8>, code: u16, value: &[u8]) {
    let value = &value[..value.len().min(4096)];
    out.extend(code.to_le_bytes());
    out.extend(&le(value.len())[..2]);
    out.extend(value);
    out.resize(out.len().next_multiple_of(4), 0);
}

/// A length as the file has it: packets and options are far shorter than 4 GiB.
#[expect(
    clippy::cast_possible_truncation,
    reason = "segments and options are short"
)]
fn le(length: usize) -> [u8; 4] {
    (length as u32).to_le_bytes()
}
