//! JSON lines, and hexadecimal text a line.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::detect::BOM;
use super::problems::Problems;
use crate::text::hex::unhex;
use crate::text::json::{JsonError, Reader};
use crate::{About, ConnectionId, Direction, Piece, Protocol, Sink};

/// The longest line: twice the digits of the longest frame that
/// the export of JSON lines writes in one.
const MAX_LINE: usize = 32 << 20;

/// Reads lines of two forms:
///
/// - an object: `{"connection": 1, "direction": "to_device", "time": 1756000000000000,
///   "hex": "00000000 0007 0000"}`. Only `hex` must be there; times are microseconds
///   since 1970. With `"event": "open"` (and `protocol`, `device`, `server`), `"end"`
///   (and `reason`) or `"gap"` (and `missing`, `aligned`) it is not bytes but what
///   the captures' records of these names are. Other keys are ignored;
/// - hexadecimal text: bytes of connection 0.
///
/// An object without bytes is left out: those of other tools' logs.
#[derive(Debug)]
pub(super) struct Lines {
    protocol: Option<Protocol>,
    direction: Direction,
    problems: Problems,
    /// Where the line begins that is being read.
    offset: u64,
    line: Vec<u8>,
    /// The line is longer than [`MAX_LINE`]: how many bytes of it were left out.
    left_out: u64,
    /// Connections that were announced (a map, of the type that tables use).
    open: BTreeMap<ConnectionId, u32>,
    /// How many bytes there were: the time of lines that say none.
    bytes: u64,
    /// A line without bytes was there.
    has_empty: bool,
}

/// What an object says.
#[derive(Default)]
struct Fields<'l> {
    connection: u32,
    direction: Option<Direction>,
    time: Option<u64>,
    /// The digits, and where they are in the line.
    hex: Option<(Cow<'l, str>, usize)>,
    event: Cow<'l, str>,
    protocol: Option<Protocol>,
    device: Cow<'l, str>,
    server: Cow<'l, str>,
    reason: Cow<'l, str>,
    missing: u64,
    aligned: bool,
}

impl<'l> Fields<'l> {
    fn parse(line: &'l str) -> Result<Self, JsonError> {
        let mut fields = Self::default();
        let mut reader = Reader::new(line);
        reader.object(|reader, key| fields.field(reader, key))?;
        reader.finish()?;
        Ok(fields)
    }

    fn field(&mut self, reader: &mut Reader<'l>, key: &str) -> Result<(), JsonError> {
        match key {
            "connection" => {
                self.connection = whole(reader)?
                    .try_into()
                    .map_err(|_| reader.error("a connection's number is below 2^32"))?;
            }
            "direction" => {
                let word = reader.string()?;
                self.direction = Some(match &*word {
                    "to_server" => Direction::ToServer,
                    "to_device" => Direction::ToDevice,
                    _ => return Err(reader.error("a direction is to_server or to_device")),
                });
            }
            "time" => self.time = Some(whole(reader)?),
            "hex" => {
                let at = reader.position() + 1;
                self.hex = Some((reader.string()?, at));
            }
            "event" => self.event = reader.string()?,
            "protocol" => self.protocol = Protocol::from_name(&reader.string()?),
            "device" => self.device = reader.string()?,
            "server" => self.server = reader.string()?,
            "reason" => self.reason = reader.string()?,
            "missing" => self.missing = whole(reader)?,
            "aligned" => self.aligned = reader.boolean()?,
            _ => drop(reader.raw()?),
        }
        Ok(())
    }
}

const NO_HEX: &str = "this is no hex digit, or one is missing: the frame is left out";
const NO_HEX_LINE: &str =
    "neither a JSON object nor hexadecimal text, or a digit is missing: the line is left out";

/// A number that is not negative, its fraction cut off.
fn whole(reader: &mut Reader<'_>) -> Result<u64, JsonError> {
    let at = reader.position();
    let digits = reader.number()?;
    if let Ok(whole) = digits.parse() {
        return Ok(whole);
    }
    match digits.parse::<f64>() {
        // Every f64 below 2^64 fits, cut off.
        Ok(number) if (0.0..18_446_744_073_709_551_616.0).contains(&number) => Ok(number as u64),
        _ => Err(JsonError::new(
            at,
            "a number from 0 to 2^64 - 1 is due here",
        )),
    }
}

impl Lines {
    pub(super) const fn new(protocol: Option<Protocol>, direction: Direction) -> Self {
        Self {
            protocol,
            direction,
            problems: Problems::new(),
            offset: 0,
            line: Vec::new(),
            left_out: 0,
            open: BTreeMap::new(),
            bytes: 0,
            has_empty: false,
        }
    }

    pub(super) fn push(&mut self, mut text: &[u8], sink: &mut dyn Sink) {
        while let Some(end) = text.iter().position(|byte| *byte == b'\n') {
            let (line, rest) = text.split_at(end);
            if self.line.is_empty() && line.len() <= MAX_LINE {
                self.read(line, sink);
                self.offset += line.len() as u64;
            } else {
                self.hold(line);
                self.line_ends(sink);
            }
            self.offset += 1;
            text = rest.get(1..).unwrap_or_default();
        }
        self.hold(text);
    }

    pub(super) fn finish(&mut self, sink: &mut dyn Sink) {
        self.line_ends(sink);
    }

    fn hold(&mut self, part: &[u8]) {
        let room = MAX_LINE - self.line.len();
        let (held, left_out) = part.split_at(room.min(part.len()));
        self.line.extend_from_slice(held);
        self.left_out += left_out.len() as u64;
    }

    fn line_ends(&mut self, sink: &mut dyn Sink) {
        let mut line = std::mem::take(&mut self.line);
        let left_out = std::mem::take(&mut self.left_out);
        if left_out == 0 {
            self.read(&line, sink);
        } else {
            let message = "a line of more than 32 MiB is left out: cut its frame into several";
            self.problems.tell(self.offset, message, sink);
        }
        self.offset += line.len() as u64 + left_out;
        // One long line does not keep its memory.
        line.clear();
        line.shrink_to(64 << 10);
        self.line = line;
    }

    fn read(&mut self, line: &[u8], sink: &mut dyn Sink) {
        let mark = if self.offset == 0 && line.starts_with(BOM) {
            BOM.len()
        } else {
            0
        };
        let begin = self.offset + mark as u64;
        let line = line.get(mark..).unwrap_or_default();
        if line.trim_ascii().is_empty() {
            return;
        }
        if !line.trim_ascii_start().starts_with(b"{") {
            return self.hex_line(line, begin, sink);
        }
        let parsed = match std::str::from_utf8(line) {
            Ok(text) => Fields::parse(text),
            Err(error) => Err(JsonError::new(error.valid_up_to(), "this is no UTF-8")),
        };
        match parsed {
            Ok(fields) => self.object(fields, begin, sink),
            Err(JsonError { position, message }) => {
                let message = format!("{message}; the line is left out");
                self.problems.tell(begin + position as u64, message, sink);
            }
        }
    }

    fn object(&mut self, fields: Fields<'_>, begin: u64, sink: &mut dyn Sink) {
        let connection = ConnectionId(fields.connection);
        let direction = fields.direction.unwrap_or(self.direction);
        let time = fields.time.unwrap_or(self.bytes);
        if let Some((digits, at)) = fields.hex {
            self.announce(connection, fields.protocol, time, sink);
            match unhex(&digits) {
                Ok(bytes) => self.bytes(connection, direction, time, &bytes, sink),
                Err(wrong) => {
                    self.problems
                        .tell(begin + (at + wrong) as u64, NO_HEX, sink);
                    sink.take(Piece::Gap {
                        connection,
                        direction,
                        time,
                        missing: 0,
                        aligned: true,
                    });
                }
            }
            return;
        }
        match &*fields.event {
            "open" => {
                self.open.insert(connection, 0);
                sink.take(Piece::Open {
                    connection,
                    time,
                    about: About {
                        protocol: self.protocol.or(fields.protocol),
                        device: fields.device,
                        server: fields.server,
                    },
                });
            }
            "end" => sink.take(Piece::End {
                connection,
                time,
                reason: fields.reason,
            }),
            "gap" => sink.take(Piece::Gap {
                connection,
                direction,
                time,
                missing: fields.missing,
                aligned: fields.aligned,
            }),
            _ if std::mem::replace(&mut self.has_empty, true) => {}
            _ => {
                let message = "a line without \"hex\" holds no bytes; this one and others like it are left out";
                self.problems.tell(begin, message, sink);
            }
        }
    }

    fn hex_line(&mut self, line: &[u8], begin: u64, sink: &mut dyn Sink) {
        let (connection, direction) = (ConnectionId(0), self.direction);
        // What is no UTF-8 is no hex either; its place is in what is.
        let text = String::from_utf8_lossy(line);
        let bytes = match unhex(&text) {
            Ok(bytes) => bytes,
            Err(at) => return self.problems.tell(begin + at as u64, NO_HEX_LINE, sink),
        };
        let time = self.bytes;
        self.announce(connection, None, time, sink);
        self.bytes(connection, direction, time, &bytes, sink);
    }

    /// Opens a connection that nothing was heard of.
    fn announce(
        &mut self,
        connection: ConnectionId,
        protocol: Option<Protocol>,
        time: u64,
        sink: &mut dyn Sink,
    ) {
        if self.open.insert(connection, 0).is_none() {
            sink.take(Piece::Open {
                connection,
                time,
                about: About {
                    protocol: self.protocol.or(protocol),
                    ..About::default()
                },
            });
        }
    }

    fn bytes(
        &mut self,
        connection: ConnectionId,
        direction: Direction,
        time: u64,
        bytes: &[u8],
        sink: &mut dyn Sink,
    ) {
        self.bytes += bytes.len() as u64;
        sink.take(Piece::Bytes {
            connection,
            direction,
            time,
            bytes,
        });
    }
}
