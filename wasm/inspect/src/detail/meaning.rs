//! What values mean, by protocol and place: the tables to extend.

use wigwag_codec::minijson::Item;
use wigwag_codec::ncp::{self, Field, Ident, Param};
use wigwag_codec::ngtt::FrameType;

use super::layout::{NgttLayout, word};
use super::path::{Path, Step};
use super::scalar::Scalar;
use crate::text::time;
use crate::{Direction, Frame, Protocol};

/// How a value is to be read.
#[derive(Clone, Copy, Debug)]
enum Meaning {
    /// Seconds since 1970.
    UnixSeconds,
    /// Milliseconds since 1970.
    UnixMillis,
    /// Milliseconds since 1970, if the value before is `false`.
    UnixMillisAfterFalse,
    /// Microseconds since 1970.
    UnixMicros,
    /// A duration in seconds.
    Seconds,
    /// A number that stands for a word.
    Word(&'static [(i64, &'static str)]),
    /// What it is, whatever its value.
    Note(&'static str),
}

use Meaning::{Note, Seconds, UnixMicros, UnixMillis, UnixMillisAfterFalse, UnixSeconds, Word};

/// The levels of Python's `logging`.
const LEVELS: &[(i64, &str)] = &[
    (10, "debug"),
    (20, "info"),
    (30, "warning"),
    (40, "error"),
    (50, "critical"),
];

/// Whether a command is tried again.
const ADVISE: &[(i64, &str)] = &[(0, "best effort"), (1, "force: tried again and again")];

/// Whether a section may be joined with its neighbours.
const DISPOSITION: &[(i64, &str)] = &[(0, "may be joined"), (1, "not to be joined")];

/// Payloads of NGTT: the type of the frame, the path of the value, what it means.
const NGTT: &[(FrameType, &str, Meaning)] = &[
    (
        FrameType::Order,
        "payload[*].disposition",
        Word(DISPOSITION),
    ),
    (
        FrameType::Order,
        "payload[*].orders[*].advise",
        Word(ADVISE),
    ),
    (
        FrameType::Order,
        "payload[*].orders[*].stale_after",
        UnixSeconds,
    ),
    (FrameType::Order, "payload[*].orders[*].time", Seconds),
    (FrameType::Logs, "payload[*].when", UnixMicros),
    (FrameType::Logs, "payload[*].level", Word(LEVELS)),
    (
        FrameType::Logs,
        "payload[*].message.content",
        Note("gzip in base64"),
    ),
    (
        FrameType::Logs,
        "payload[*].exception_traceback",
        Note("JSON, gzip in base64"),
    ),
    (FrameType::DataStream, "payload[*].values[*][0]", UnixMillis),
    (
        FrameType::DataStream,
        "payload[*].values[*][1]",
        UnixMillisAfterFalse,
    ),
    (
        FrameType::DataStream,
        "payload[*].values[*].timestamp",
        UnixMillis,
    ),
    (FrameType::SyncBaobRequest, "payload[*]", Note("version")),
    (
        FrameType::SyncBaobResponse,
        "payload.download",
        Note("the device is to fetch these"),
    ),
    (
        FrameType::SyncBaobResponse,
        "payload.upload",
        Note("the device is to send these"),
    ),
];

/// Fields of NCP: the type of the packet (empty: any), the field, what it means.
const FIELDS: &[(&str, &str, &str)] = &[
    ("LINK", "HELO", "the server greets"),
    ("LINK", "CCRE", "the client says who it is"),
    (
        "LINK",
        "SCAR",
        "the server takes the client, and says the timeout",
    ),
    ("LINK", "CARE", "the client agrees"),
    ("LINK", "SCON", "the connection is made"),
    ("LINK", "ERRO", "the server ends the connection"),
];

/// Parameters of NCP: the field (empty: any), the parameter, what it means.
const PARAMS: &[(&str, &str, Meaning)] = &[
    ("CCRE", "CIW", Note("host of the client")),
    ("CCRE", "CUSR", Note("user")),
    ("CCRE", "CDOM", Note("domain")),
    ("CCRE", "LINK", Seconds),
    ("SCAR", "LINK", Seconds),
    ("CARE", "CAR", Note("host of the client")),
    ("", "ERRO", Note("error")),
    ("", "ERRC", Note("number of the error")),
    ("", "WARN", Note("warning")),
    ("", "WARC", Note("number of the warning")),
    (
        "",
        "ACKN",
        Note("the command was heard; the answer follows"),
    ),
];

/// What frames of a type are for.
pub(crate) const fn purpose(kind: FrameType) -> &'static str {
    match kind {
        FrameType::Ping => "keep-alive, sent back as it is",
        FrameType::Order => "commands for the device",
        FrameType::OrderConfirm => "the order was executed",
        FrameType::Logs => "log entries",
        FrameType::DataStream => "readings of pathpoints",
        FrameType::DataStreamConfirm => "the readings were taken",
        FrameType::DataStreamReject => "the readings were refused",
        FrameType::SyncBaobRequest => "versions of binary objects",
        FrameType::SyncBaobResponse => "binary objects to fetch and to send",
        FrameType::OrderReject => "the order was refused",
        FrameType::FetchOrders => "asks for all orders that are not confirmed",
        FrameType::Unknown(_) => "of a type that is not known",
    }
}

/// The name of a log level, as of Python's `logging`.
pub(crate) fn log_level(level: i64) -> Option<&'static str> {
    let (_, name) = LEVELS.iter().find(|(number, _)| *number == level)?;
    Some(name)
}

/// The name of a type of NCP values.
pub(crate) fn type_name(kind: u8) -> String {
    ncp::ValueType::from_u8(kind).map_or_else(
        || format!("unknown type 0x{kind:02x}"),
        |known| known.name().to_owned(),
    )
}

/// The name of a frame's type, what such frames are for, and whether one may go this
/// way.
pub(super) fn frame_type(kind: FrameType, direction: Direction) -> String {
    let may = match direction {
        Direction::ToServer => kind.is_to_server(),
        Direction::ToDevice => kind.is_to_device(),
    };
    let way = match direction {
        _ if may || matches!(kind, FrameType::Unknown(_)) => "",
        Direction::ToServer => "; never sent to a server",
        Direction::ToDevice => "; never sent to a device",
    };
    format!("{}: {}{way}", kind.name(), purpose(kind))
}

/// The meanings that can occur in a frame.
pub(super) struct Meanings {
    rules: Vec<(Vec<Step>, Meaning)>,
    packet: Ident,
    /// Whether the value before was `false`.
    after_false: bool,
}

impl Meanings {
    pub(super) fn of(frame: Frame<'_>) -> Self {
        let mut meanings = Self {
            rules: Vec::new(),
            packet: Ident::from_wire([0; 4]),
            after_false: false,
        };
        match frame.protocol {
            Protocol::Ngtt => {
                let head = NgttLayout::of(frame.bytes).head;
                let kind = head
                    .last_chunk()
                    .map_or(0, |kind| u16::from_be_bytes(*kind));
                let rules = NGTT.iter().filter(|(of, ..)| of.as_u16() == kind);
                meanings.rules = rules
                    .filter_map(|(_, path, meaning)| {
                        Some((Path::parse(path).ok()?.steps, *meaning))
                    })
                    .collect();
            }
            Protocol::Ncp => {
                let kind = word(frame.bytes, 4).unwrap_or(0);
                meanings.packet = Ident::from_wire(kind.to_le_bytes());
            }
            _ => {}
        }
        meanings
    }

    /// What the value at the end of these steps means.
    pub(super) fn of_value(&mut self, steps: &[Step], item: &Item<'_>) -> Option<String> {
        let after_false = std::mem::replace(&mut self.after_false, *item == Item::Bool(false));
        let rule = self.rules.iter().find(|(rule, _)| leads(rule, steps));
        let (_, meaning) = rule?;
        if matches!(meaning, UnixMillisAfterFalse) && !after_false {
            return None;
        }
        let scalar = match *item {
            Item::Int(value) => value.into(),
            Item::Single(value) => value.into(),
            Item::Double(value) => value.into(),
            _ => Scalar::Null,
        };
        meaning.show(&scalar)
    }

    /// What a field is for.
    pub(super) fn of_field(&self, field: &Field<'_>) -> Option<String> {
        let known = FIELDS.iter().find(|(packet, name, _)| {
            (packet.is_empty() || self.packet == **packet) && field.name == **name
        });
        known.map(|(_, _, meaning)| (*meaning).to_owned())
    }

    /// What a parameter means.
    pub(super) fn of_param(&self, field: &Field<'_>, param: &Param<'_>) -> Option<String> {
        let known = PARAMS
            .iter()
            .find(|(of, name, _)| (of.is_empty() || field.name == **of) && param.name == **name);
        let (_, _, meaning) = known?;
        let value = param.value().ok();
        meaning.show(&value.map_or(Scalar::Null, |value: ncp::Value<'_>| value.into()))
    }
}

/// Whether a rule's steps lead to a value.
fn leads(rule: &[Step], steps: &[Step]) -> bool {
    rule.len() == steps.len()
        && rule
            .iter()
            .zip(steps)
            .all(|(rule, step)| *rule == Step::Any || rule == step)
}

impl Meaning {
    fn show(self, scalar: &Scalar<'_>) -> Option<String> {
        let int = match scalar {
            Scalar::Integer(int) => i64::try_from(*int).ok(),
            _ => None,
        };
        match self {
            Note(note) => Some(note.to_owned()),
            Word(words) => {
                let (_, word) = words.iter().find(|(number, _)| Some(*number) == int)?;
                Some((*word).to_owned())
            }
            Seconds => Some(format!("{} s", scalar.as_f64()?)),
            UnixMicros => time::of_micros(int?),
            UnixMillis | UnixMillisAfterFalse => {
                let int = int?;
                let nanos = u32::try_from(int.rem_euclid(1000)).unwrap_or(0) * 1_000_000;
                time::rfc3339(int.div_euclid(1000), nanos, 3)
            }
            UnixSeconds => match int {
                Some(seconds) => time::rfc3339(seconds, 0, 0),
                None => {
                    let micros = scalar.as_f64()? * 1e6;
                    // Beyond this no date has a name anyway.
                    (micros.abs() < 1e18)
                        .then(|| time::of_micros(micros as i64))
                        .flatten()
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_of_the_table_is_one() {
        for (_, path, _) in NGTT {
            assert_eq!(Path::parse(path).unwrap().to_string(), **path);
        }
    }
}
