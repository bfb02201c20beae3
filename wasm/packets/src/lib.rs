//! Recordings of packets for browsers: bytes of a pcap or pcapng file go in, bytes of
//! a [capture](wigwag_codec::capture) come out, which `wigwag-wasm` reads.
//!
//! A module of its own, because most inputs need neither TCP nor TLS: the page loads
//! it when a recording of packets is opened. Everything is done by
//! [`wigwag_inspect::net`].

use wasm_bindgen::prelude::wasm_bindgen;
use wigwag_codec::capture::{LABEL, Record};
use wigwag_inspect::net::{Reader, Recording};
use wigwag_inspect::tls::KeyLog;
use wigwag_inspect::{Piece, Sink};

/// Records of more bytes are written as several: readers refuse larger ones.
const MAX_RECORD: usize = 16 << 20;

/// So many bytes may wait for packets that are missing before them: 256 MiB of the
/// 4 GiB that a module's memory can have.
const MAX_HELD: usize = 256 << 20;

/// So much of a text is written: readers refuse longer ones.
const MAX_TEXT: usize = 4 << 10;

#[wasm_bindgen]
extern "C" {
    /// Who takes what could not be read.
    #[wasm_bindgen(typescript_type = "{ take(offset: number, message: string): void }")]
    pub type Problems;

    #[wasm_bindgen(method)]
    fn take(this: &Problems, offset: f64, message: &str);
}

/// A recording of packets that is being read.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Packets {
    reader: Reader,
    written: Written,
}

#[wasm_bindgen]
impl Packets {
    /// Reads "pcap", or "pcapng" for every other word. `keyLog` holds secrets of TLS
    /// connections, in lines of an NSS key log.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(kind: &str, #[wasm_bindgen(js_name = keyLog)] key_log: &str) -> Self {
        let recording = if kind == "pcap" {
            Recording::Pcap
        } else {
            Recording::Pcapng
        };
        let mut written = Written {
            capture: LABEL.to_vec(),
            problems: Vec::new(),
        };
        Self {
            reader: Reader::with_key_log(recording, key_log, &mut written),
            written,
        }
    }

    /// Takes the next bytes, in pieces of any size; returns the next of the capture.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.reader.push(bytes, &mut self.written);
        std::mem::take(&mut self.written.capture)
    }

    /// The recording has ended; returns the last bytes of the capture.
    pub fn finish(&mut self) -> Vec<u8> {
        self.reader.finish(&mut self.written);
        std::mem::take(&mut self.written.capture)
    }

    /// Adds secrets for connections that come: lines of an NSS key log.
    #[wasm_bindgen(js_name = addKeyLog)]
    pub fn add_key_log(&mut self, lines: &str) {
        let mut log = KeyLog::default();
        log.add(lines);
        self.reader.add_key_log(&log);
    }

    /// Hands over what could not be read since the last time.
    pub fn problems(&mut self, to: &Problems) {
        for (offset, message) in std::mem::take(&mut self.written.problems) {
            to.take(offset as f64, &message);
        }
    }
}

/// What was read, as a capture, and what could not be.
#[derive(Debug)]
struct Written {
    capture: Vec<u8>,
    problems: Vec<(u64, String)>,
}

impl Written {
    fn record(&mut self, record: &Record<'_>) {
        let begin = self.capture.len();
        self.capture.resize(begin + record.encoded_len(), 0);
        // The room is as large as it has to be.
        let room = self.capture.get_mut(begin..).unwrap_or_default();
        let written = record.write(room).unwrap_or(0);
        self.capture.truncate(begin + written);
    }
}

impl Sink for Written {
    fn hold(&mut self, bytes: usize) -> bool {
        bytes <= MAX_HELD
    }

    fn take(&mut self, piece: Piece<'_>) {
        match piece {
            Piece::Open {
                connection,
                time,
                about,
            } => self.record(&Record::Open {
                connection: connection.0,
                time,
                protocol: about.protocol.map(|protocol| protocol as u32),
                device: short(&about.device),
                server: short(&about.server),
            }),
            Piece::Bytes {
                connection,
                direction,
                time,
                bytes,
            } => {
                for bytes in bytes.chunks(MAX_RECORD) {
                    self.record(&Record::Bytes {
                        connection: connection.0,
                        time,
                        direction,
                        bytes,
                    });
                }
            }
            Piece::Gap {
                connection,
                direction,
                time,
                missing,
                aligned,
            } => self.record(&Record::Gap {
                connection: connection.0,
                time,
                direction,
                missing,
                aligned,
            }),
            Piece::End {
                connection,
                time,
                reason,
            } => self.record(&Record::End {
                connection: connection.0,
                time,
                reason: short(&reason),
            }),
            Piece::Problem { offset, message } => {
                self.problems.push((offset, message.into_owned()));
            }
        }
    }
}

/// The begin of a text.
fn short(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT)]
}

#[cfg(test)]
mod tests {
    use super::Packets;
    use wigwag_inspect::input::{Input, Kind, Options};
    use wigwag_inspect::{Budget, Table};

    const SECRETS: &[u8] = include_bytes!("../../../tests/data/pcap/suites_tls_secrets.pcapng");
    const PLAIN: &[u8] = include_bytes!("../../../tests/data/pcap/ncp_plain.pcap");
    const TLS: &[u8] = include_bytes!("../../../tests/data/pcap/ngtt_tls.pcapng");
    const KEYS: &str = include_str!("../../../tests/data/pcap/ngtt_tls.keys");

    fn table(kind: Kind, key_log: &str, chunks: &[&[u8]]) -> Table {
        let mut input = Input::new(Options {
            kind: Some(kind),
            key_log: key_log.into(),
            ..Options::default()
        });
        let mut table = Table::new(Budget::default());
        for chunk in chunks {
            input.push(chunk, &mut table);
        }
        input.finish(&mut table);
        table.finish();
        table
    }

    /// What the table says of itself, to be compared.
    fn told(table: &Table) -> Vec<String> {
        let rows = 0..table.columns().len() as u32;
        let mut told: Vec<_> = rows.map(|row| format!("{:?}", table.frame(row))).collect();
        told.push(format!("{:?}", table.connections()));
        told.push(format!("{:?}", table.columns().time));
        told.push(format!("{:?}", table.columns().flags));
        told
    }

    #[test]
    fn a_capture_of_packets_is_the_table_of_the_packets() {
        for (kind, recording, keys, frames) in [
            ("pcapng", SECRETS, "", 12),
            ("pcap", PLAIN, "", 14),
            ("pcapng", TLS, KEYS, 20),
        ] {
            for size in [1, 7, 1500, recording.len()] {
                let mut packets = Packets::new(kind, keys);
                let mut capture = Vec::new();
                for chunk in recording.chunks(size) {
                    capture.extend(packets.push(chunk));
                }
                capture.extend(packets.finish());
                let direct = Kind::from_name(kind).expect("a kind");
                let direct = table(direct, keys, &[recording]);
                let again = table(Kind::Capture, "", &[&capture]);
                assert_eq!(direct.columns().len(), frames, "{kind}");
                assert_eq!(told(&again), told(&direct), "{kind} in chunks of {size}");
                assert_eq!(packets.written.problems.len(), direct.problems().len());
            }
        }
    }

    #[test]
    fn problems_are_kept_with_their_places() {
        let mut packets = Packets::new("pcapng", "no secret");
        packets.push(&[0xff; 64]);
        packets.finish();
        let problems = &packets.written.problems;
        let messages: String = problems.iter().map(|(_, message)| &message[..]).collect();
        assert!(messages.contains("key log"), "{messages}");
        assert!(problems.len() > 1, "{messages}");
    }
}
