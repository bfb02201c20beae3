//! What is to be said of frames: protocol errors, gaps, questions without answer.

use std::fmt::Write as _;

use wigwag_codec::minijson::Value;
use wigwag_codec::ncp::{CommandFault, Ident, Packet};
use wigwag_codec::ngtt::FrameType;

use super::book::Note;
use super::columns::flags;
use super::cut::LIMITS;
use super::examine::payload;
use super::settle::PATIENCE;
use super::{Frame, Table};
use crate::{ConnectionId, Protocol};

/// Something to be said of a frame: one of its flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Expert {
    /// It is not what its protocol allows.
    Malformed,
    /// It tells an error.
    Error,
    /// Bytes are missing before it.
    Gap,
    /// Bytes before it are no frame.
    Resync,
    /// It was not answered.
    Unanswered,
    /// It answers too late.
    Late,
    /// It tells a warning.
    Warning,
    /// It was there before.
    Repeated,
    /// Its bytes were not kept.
    NotKept,
}

impl Expert {
    /// All of them, the worst first.
    pub const ALL: [Self; 9] = [
        Self::Malformed,
        Self::Error,
        Self::Gap,
        Self::Resync,
        Self::Unanswered,
        Self::Late,
        Self::Warning,
        Self::Repeated,
        Self::NotKept,
    ];

    /// Its bit in [`super::Columns::flags`].
    #[must_use]
    pub const fn flag(self) -> u16 {
        match self {
            Self::Malformed => flags::MALFORMED,
            Self::Error => flags::ERROR,
            Self::Gap => flags::GAP,
            Self::Resync => flags::RESYNC,
            Self::Unanswered => flags::UNANSWERED,
            Self::Late => flags::LATE,
            Self::Warning => flags::WARNING,
            Self::Repeated => flags::REPEATED,
            Self::NotKept => flags::NOT_KEPT,
        }
    }

    /// Its word, as filters have it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Error => "error",
            Self::Gap => "gap",
            Self::Resync => "resync",
            Self::Unanswered => "unanswered",
            Self::Late => "late",
            Self::Warning => "warning",
            Self::Repeated => "repeated",
            Self::NotKept => "not_kept",
        }
    }
}

/// The flags that are told.
const TOLD: u16 = !flags::EXAMINED;

impl Table {
    /// What is to be said of frames, row by row. What only payloads show is there
    /// once [`Table::examine`] has read them.
    pub fn experts(&self) -> impl Iterator<Item = (u32, Expert)> + '_ {
        let rows = self.columns().flags.iter().zip(0..);
        let told = rows.filter(|(found, _)| *found & TOLD != 0);
        told.flat_map(|(found, row)| {
            let all = Expert::ALL.into_iter();
            all.filter_map(move |expert| (found & expert.flag() != 0).then_some((row, expert)))
        })
    }

    /// How many rows each of [`Expert::ALL`] is said of.
    #[must_use]
    pub fn expert_counts(&self) -> [u32; Expert::ALL.len()] {
        let mut counts = [0; Expert::ALL.len()];
        for (_, expert) in self.experts() {
            counts[expert as usize] += 1;
        }
        counts
    }

    /// The first row behind `row`, or from the start, that has one of the flags
    /// (`u16::MAX`: any that is told).
    #[must_use]
    pub fn next_expert(&self, row: Option<u32>, flags: u16) -> Option<u32> {
        let from = row.map_or(0, |row| row as usize + 1);
        let rest = self.columns().flags.get(from..)?;
        let at = rest.iter().position(|found| found & flags & TOLD != 0)?;
        u32::try_from(from + at).ok()
    }

    /// The last row before `row`, or of all, that has one of the flags.
    #[must_use]
    pub fn previous_expert(&self, row: Option<u32>, flags: u16) -> Option<u32> {
        let end = row.map_or(usize::MAX, |row| row as usize);
        let before = &self.columns().flags[..end.min(self.columns().len())];
        let at = before.iter().rposition(|found| found & flags & TOLD != 0)?;
        u32::try_from(at).ok()
    }

    /// Says it in a sentence, for people. Reads the frame where it has to.
    #[must_use]
    pub fn expert_text(&self, row: u32, expert: Expert) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = self.explain(row, expert, &mut text);
        text
    }

    fn explain(&self, row: u32, expert: Expert, out: &mut String) -> std::fmt::Result {
        let at = row as usize;
        let columns = self.columns();
        if at >= columns.len() {
            return Ok(());
        }
        let mut notes = self.book.notes_of(row);
        match expert {
            Expert::Malformed => return self.malformed(row, out),
            Expert::Error => return self.fault(row, true, out),
            Expert::Warning => return self.fault(row, false, out),
            Expert::Gap => match notes.find_map(|note| match note {
                Note::Missing { count, .. } => Some(count),
                _ => None,
            }) {
                None | Some(0) => {
                    out.push_str("bytes are missing before it; nobody knows how many")
                }
                Some(1) => out.push_str("1 byte is missing before it"),
                Some(count) => write!(out, "{count} bytes are missing before it")?,
            },
            Expert::Resync => match notes.find_map(|note| match note {
                Note::Passed(count) => Some(count),
                _ => None,
            }) {
                Some(1) => out.push_str("1 byte was passed over to find this frame"),
                count => {
                    let count = count.unwrap_or(0);
                    write!(out, "{count} bytes were passed over to find this frame")?;
                }
            },
            Expert::Unanswered => {
                self.name(row, out)?;
                let waited = self.latest as f64 - columns.time[at];
                if columns.is_timeless {
                    out.push_str(" was not answered");
                } else if waited >= PATIENCE {
                    write!(
                        out,
                        " was not answered within {} s",
                        PATIENCE as u32 / 1_000_000
                    )?;
                } else {
                    out.push_str(" was not answered before the recording ended, ");
                    seconds(waited, out)?;
                    out.push_str(" later");
                }
                let connection = self.connection(ConnectionId(columns.connection[at]));
                if connection.is_some_and(|known| known.gaps > 0) {
                    out.push_str(" (bytes of its connection are missing: perhaps the answer)");
                }
            }
            Expert::Late => {
                out.push_str("pong ");
                seconds(columns.latency[at].into(), out)?;
                out.push_str(" after its ping");
            }
            Expert::Repeated => {
                self.name(row, out)?;
                out.push_str(" was there before");
            }
            Expert::NotKept => {
                let length = columns.length[at];
                write!(out, "a frame of {length} bytes: larger than what is kept")?;
            }
        }
        Ok(())
    }

    /// What a frame is called: its type and its id.
    fn name(&self, row: u32, out: &mut String) -> std::fmt::Result {
        let at = row as usize;
        let columns = self.columns();
        match self.protocol(row) {
            Some(Protocol::Ngtt) => {
                let kind = u16::try_from(columns.kind[at]).unwrap_or(u16::MAX);
                write!(out, "{} {}", FrameType::from_u16(kind), columns.id[at])
            }
            Some(Protocol::Ncp) => {
                write!(out, "{}", Ident::from_wire(columns.kind[at].to_be_bytes()))?;
                let packet = self
                    .frame(row)
                    .and_then(|frame| Packet::decode(frame.bytes).ok());
                let fields = packet.iter().flat_map(Packet::fields);
                for field in fields.take(3) {
                    write!(out, " {}", field.name)?;
                }
                Ok(())
            }
            _ => write!(out, "frame {}", columns.id[at]),
        }
    }

    fn malformed(&self, row: u32, out: &mut String) -> std::fmt::Result {
        let Some(frame) = self.frame(row) else {
            out.push_str("it is not what its protocol allows");
            return Ok(());
        };
        let came = frame.bytes.len();
        let cut_off = self.book.notes_of(row).find_map(|note| match note {
            Note::CutOff { wanted } => Some(wanted),
            _ => None,
        });
        match (cut_off, frame.protocol) {
            (Some(0), _) => write!(out, "cut off after {came} bytes"),
            (Some(wanted), _) => write!(out, "cut off: {came} of {wanted} bytes came"),
            (None, Protocol::Unknown) => write!(out, "{came} bytes that are no frame"),
            (None, Protocol::Ncp) => match Packet::decode(frame.bytes) {
                Err(error) => write!(out, "{error}"),
                Ok(packet) => bad_value(&packet, out),
            },
            (None, _) => match payload(&frame).map(|bytes| Value::parse_with(bytes, LIMITS)) {
                Some(Err(error)) => write!(out, "payload: {error}"),
                _ => Ok(()),
            },
        }
    }

    /// What a frame tells of an error, or of a warning.
    fn fault(&self, row: u32, is_error: bool, out: &mut String) -> std::fmt::Result {
        let packet = match self.frame(row) {
            Some(Frame {
                protocol: Protocol::Ncp,
                bytes,
                ..
            }) => Packet::decode(bytes).ok(),
            _ => None,
        };
        let Some(packet) = packet else {
            if self.protocol(row) == Some(Protocol::Unknown) {
                // The refusal of a tunnel: its first line says why.
                let head = self.frame(row).map_or(&[][..], |frame| frame.bytes);
                let line = head.split(|byte| *byte == b'\r').next().unwrap_or(&[]);
                out.push_str(&clean(&String::from_utf8_lossy(line)));
                return Ok(());
            }
            match self.pair(row) {
                Some(asked) => self.name(asked, out)?,
                None => self.name(row, out)?,
            }
            out.push_str(" was rejected");
            return Ok(());
        };
        let begin = out.len();
        for field in packet.fields() {
            let fault = if is_error {
                field.error()
            } else {
                field.warning()
            };
            if let Some(CommandFault { detail, code }) = fault {
                comma(out, begin);
                write!(out, "{}: {} ({code})", field.name, clean(detail))?;
            }
        }
        if !is_error {
            for warning in packet.warnings().take(3) {
                comma(out, begin);
                write!(out, "{warning}")?;
            }
        }
        Ok(())
    }
}

fn bad_value(packet: &Packet<'_>, out: &mut String) -> std::fmt::Result {
    for field in packet.fields() {
        for param in field.params() {
            if let Err(error) = param.value() {
                return write!(out, "{}.{}: {error}", field.name, param.name);
            }
        }
    }
    Ok(())
}

fn comma(out: &mut String, begin: usize) {
    if out.len() > begin {
        out.push_str("; ");
    }
}

/// A text from outside, without control characters and not too long.
fn clean(text: &str) -> String {
    let control = |letter: char| if letter.is_control() { '?' } else { letter };
    text.chars().take(200).map(control).collect()
}

/// Microseconds as seconds or milliseconds, with a digit behind the point where it
/// counts. (Whole numbers: the formatting of floats would be 10 KB of the page.)
fn seconds(microseconds: f64, out: &mut String) -> std::fmt::Result {
    let tenths = |unit: f64| (microseconds / unit * 10.0 + 0.5) as u64;
    let (seconds, millis) = (tenths(1e6), tenths(1e3));
    if seconds >= 100 {
        write!(out, "{} s", seconds.saturating_add(5) / 10)
    } else if seconds >= 1 || millis == 0 {
        write!(out, "{}.{} s", seconds / 10, seconds % 10)
    } else {
        write!(out, "{}.{} ms", millis / 10, millis % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn times_are_short_and_right() {
        for (microseconds, text) in [
            (0.0, "0.0 s"),
            (40.0, "0.0 s"),
            (60.0, "0.1 ms"),
            (12_340.0, "12.3 ms"),
            (99_000.0, "0.1 s"),
            (3_060_000.0, "3.1 s"),
            (31_400_000.0, "31 s"),
            (f64::NAN, "0.0 s"),
            (f64::INFINITY, "1844674407370955161 s"),
        ] {
            let mut out = String::new();
            seconds(microseconds, &mut out).unwrap();
            assert_eq!(out, text);
        }
    }
}
