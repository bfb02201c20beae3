//! What the targets share. They look for broken promises, not only for panics.

use wigwag_inspect::input::{Input, Options};
use wigwag_inspect::{Direction, Piece, Sink, Table};

/// What was told, with bytes that follow each other put together, so that it does
/// not depend on how the input came.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Connection and direction of the parts, each with its bytes; `None` for a gap.
    pub parts: Vec<(u32, Direction, Option<Vec<u8>>)>,
    /// The messages and their offsets.
    pub problems: Vec<(u64, String)>,
    /// How many connections began and ended.
    pub connections: [usize; 2],
}

impl Sink for Told {
    fn take(&mut self, piece: Piece<'_>) {
        match piece {
            Piece::Open { .. } => self.connections[0] += 1,
            Piece::End { .. } => self.connections[1] += 1,
            Piece::Problem { offset, message } => self.problems.push((offset, message.into())),
            Piece::Gap {
                connection,
                direction,
                ..
            } => {
                self.parts.push((connection.0, direction, None));
            }
            Piece::Bytes {
                connection,
                direction,
                bytes,
                ..
            } => {
                if let Some((last, way, Some(before))) = self.parts.last_mut()
                    && (*last, *way) == (connection.0, direction)
                {
                    before.extend_from_slice(bytes);
                } else {
                    self.parts
                        .push((connection.0, direction, Some(bytes.to_vec())));
                }
            }
        }
    }
}

impl Told {
    /// How many bytes were told.
    pub fn bytes(&self) -> usize {
        self.parts
            .iter()
            .flat_map(|(_, _, part)| part)
            .map(Vec::len)
            .sum()
    }
}

/// Reads an input into a table, and looks at everything in it.
pub fn table(options: Options, bytes: &[u8]) -> Table {
    let mut table = Table::default();
    let mut input = Input::new(options);
    input.push(bytes, &mut table);
    input.finish(&mut table);
    table.finish();
    while table.examine(1000) {}
    table
}

/// TCP segments of one connection as a pcap file of raw IP packets. Side 0 is the
/// client.
pub struct Segments {
    file: Vec<u8>,
    /// The next sequence number of each side.
    pub next: [u32; 2],
    packets: u32,
}

impl Default for Segments {
    fn default() -> Self {
        let mut file = Vec::new();
        for word in [0xA1B2_C3D4, 4 << 16 | 2, 0, 0, 65_535, 101_u32] {
            file.extend(word.to_le_bytes());
        }
        let mut segments = Self {
            file,
            next: [100, 900],
            packets: 0,
        };
        // SYN, and SYN with ACK.
        segments.segment(0, 2, &[]);
        segments.segment(1, 0x12, &[]);
        segments
    }
}

impl Segments {
    /// Sends a segment with these flags; SYN and FIN take a number.
    pub fn segment(&mut self, side: usize, flags: u8, payload: &[u8]) {
        let payload = &payload[..payload.len().min(60_000)];
        let length = u16::try_from(40 + payload.len()).expect("short payloads");
        self.packets += 1;
        let record = u32::from(length);
        for word in [self.packets, 0, record, record] {
            self.file.extend(word.to_le_bytes());
        }
        self.file.extend([0x45, 0]);
        self.file.extend(length.to_be_bytes());
        self.file.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
        let (from, to) = ([10, 0, 0, side as u8], [10, 0, 0, 1 - side as u8]);
        self.file.extend([from, to].concat());
        let ports = [50_000_u16, 4000];
        self.file.extend(ports[side].to_be_bytes());
        self.file.extend(ports[1 - side].to_be_bytes());
        self.file.extend(self.next[side].to_be_bytes());
        self.file.extend(self.next[1 - side].to_be_bytes());
        self.file.extend([0x50, flags, 0xFF, 0xFF, 0, 0, 0, 0]);
        self.file.extend(payload);
        let taken = payload.len() as u32 + u32::from(flags & 3 != 0);
        self.next[side] = self.next[side].wrapping_add(taken);
    }

    /// The file so far.
    pub fn file(&self) -> &[u8] {
        &self.file
    }
}
