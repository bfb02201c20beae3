//! What a device logs: defmt frames in, lines out.
//!
//! A defmt device sends no text. It sends a number, the format string's address
//! in a section of the ELF that is never loaded, and the arguments in binary,
//! reverse-zero-compressing COBS around each such frame and a zero between
//! them. <https://defmt.ferrous-systems.com/design>
//!
//! The frames come from a device that may be broken, so nothing in them is
//! believed: lengths, counts and nesting have limits, and what is not
//! understood becomes a line that says so. That is why the frames are taken
//! apart here, and not by `defmt-decoder`, which reserves room for as many
//! elements as a frame says it has, and also switches `serde_json` to arbitrary
//! precision for every crate of the build. The format strings are parsed by
//! defmt's own `defmt-parser`.

mod arguments;
mod table;
mod text;

pub use table::TableError;

use std::fmt;
use std::time::Duration;

use arguments::{Argument, Arguments};
use defmt_parser::{DisplayHint, Fragment, TimePrecision};
use table::Table;

/// Bytes of a frame, as encoded; a longer one is dropped, and a line says so.
pub const MAX_FRAME: usize = 16 * 1024;

/// How much a line of the log matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// `defmt::trace!`
    Trace,
    /// `defmt::debug!`
    Debug,
    /// `defmt::info!`
    Info,
    /// `defmt::warn!`
    Warn,
    /// `defmt::error!`
    Error,
}

impl Level {
    /// In lower case, as defmt's own tools write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// One line of a device's log.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Line {
    /// The device's clock, since it started, where its log has timestamps.
    pub time: Option<Duration>,
    /// None for `defmt::println!`, and for frames that were not understood.
    pub level: Option<Level>,
    /// The crate that the line comes from; empty when it is not known.
    pub target: String,
    /// The text.
    pub text: String,
}

impl fmt::Display for Line {
    /// `   1.234567 s  info   wigwag_embassy  text`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.time {
            Some(time) => write!(f, "{:11.6} s", time.as_secs_f64())?,
            None => write!(f, "{:13}", "")?,
        }
        let level = self.level.map_or("", Level::as_str);
        write!(f, "  {level:5}  {}  {}", self.target, self.text)
    }
}

/// Turns what a device writes into [`Line`]s. Bytes may come in pieces of any
/// size.
pub struct LogReader {
    table: Table,
    held: Vec<u8>,
    /// The frame under way is longer than [`MAX_FRAME`]: it is not kept.
    overlong: bool,
}

impl LogReader {
    /// A reader for the log of the program in `elf`. A program that logs
    /// nothing has a log without lines.
    ///
    /// # Errors
    /// [`TableError`]: not an ELF, or logged in another way than this reads.
    pub fn new(elf: &[u8]) -> Result<Self, TableError> {
        Ok(Self::with(Table::read(elf)?))
    }

    fn with(table: Table) -> Self {
        Self {
            table,
            held: Vec::new(),
            overlong: false,
        }
    }

    /// Takes the next bytes of the log and hands out the lines they complete.
    pub fn push(&mut self, bytes: &[u8], mut line: impl FnMut(Line)) {
        let mut pieces = bytes.split(|byte| *byte == 0).peekable();
        while let Some(piece) = pieces.next() {
            if self.held.len() + piece.len() > MAX_FRAME {
                self.overlong = true;
            } else {
                self.held.extend_from_slice(piece);
            }
            if pieces.peek().is_some()
                && let Some(whole) = self.frame()
            {
                line(whole);
            }
        }
    }

    /// The log has ended: a frame that was cut off is told.
    pub fn finish(&mut self, line: impl FnOnce(Line)) {
        if !self.held.is_empty() || self.overlong {
            line(unknown("a log frame was cut off by the end"));
            self.held.clear();
            self.overlong = false;
        }
    }

    /// The line of the frame that is held, if it is one.
    fn frame(&mut self) -> Option<Line> {
        let held = std::mem::take(&mut self.held);
        if std::mem::take(&mut self.overlong) {
            return Some(unknown("a log frame was too long and is dropped"));
        }
        if held.is_empty() {
            return None;
        }
        let line = decode(&held).and_then(|frame| self.line(&frame));
        Some(line.unwrap_or_else(|| {
            unknown(&format!(
                "a log frame of {} bytes makes no sense",
                held.len()
            ))
        }))
    }

    /// Takes a frame apart: the index, the timestamp's arguments, the line's.
    fn line(&self, frame: &[u8]) -> Option<Line> {
        let mut arguments = Arguments::new(&self.table, frame);
        let message = self.table.get(arguments.index()?)?;
        let time = match self.table.timestamp() {
            Some(format) => time(format, &arguments.of(format)?),
            None => None,
        };
        if !message.tag.is_message() {
            return None;
        }
        let values = arguments.of(&message.format)?;
        Some(Line {
            time,
            level: message.tag.level(),
            target: message.package.clone(),
            text: text::write(&message.format, &values),
        })
    }
}

fn unknown(text: &str) -> Line {
    Line {
        time: None,
        level: None,
        target: String::new(),
        text: format!("({text})"),
    }
}

/// The moment that a timestamp stands for: its one number, in the unit of its
/// hint. A number without one is in microseconds, as embassy-time counts here.
fn time(format: &str, values: &[Argument<'_>]) -> Option<Duration> {
    let [Argument::Unsigned(number)] = values else {
        return None;
    };
    let number = u64::try_from(*number).ok()?;
    let fragments = text::parse(format)?;
    let hint = fragments.iter().find_map(|fragment| match fragment {
        Fragment::Parameter(parameter) => parameter.hint.as_ref(),
        Fragment::Literal(_) => None,
    });
    Some(match hint {
        Some(DisplayHint::Seconds(unit) | DisplayHint::Time(unit)) => match unit {
            TimePrecision::Micros => Duration::from_micros(number),
            TimePrecision::Millis => Duration::from_millis(number),
            TimePrecision::Seconds => Duration::from_secs(number),
        },
        _ => Duration::from_micros(number),
    })
}

/// Undoes the reverse-zero-compressing COBS of one frame.
/// <https://github.com/Dirbaio/rzcobs>
fn decode(encoded: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut bytes = encoded.iter().rev().copied();
    while let Some(control) = bytes.next() {
        match control {
            0 => return None,
            // Seven bytes, those with a bit set being zeros.
            0x01..=0x7f => {
                for bit in (0..7).rev() {
                    let zero = control & (1 << bit) != 0;
                    decoded.push(if zero { 0 } else { bytes.next()? });
                }
            }
            // A zero and up to 133 others.
            0x80..=0xfe => {
                decoded.push(0);
                for _ in 0..(control & 0x7f) + 7 {
                    decoded.push(bytes.next()?);
                }
            }
            0xff => {
                for _ in 0..134 {
                    decoded.push(bytes.next()?);
                }
            }
        }
    }
    decoded.reverse();
    Some(decoded)
}

#[cfg(test)]
mod tests;
