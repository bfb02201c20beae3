//! What an input is written in.

use wigwag_codec::capture::LABEL;

use super::base64::Base64;
use super::hex::Hex;
use super::hex_dump::is_dump;
use super::stream::Stream;
use crate::net::{self, Recording};
use crate::{Direction, Piece};

/// What an input is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The bytes of one direction of one connection.
    Raw,
    /// The same as hexadecimal text: plain, with any of the usual separators, as a C
    /// array, or as the dump of a tool.
    Hex,
    /// The same in base64 or base64url (RFC 4648), with or without armour.
    Base64,
    /// A JSON object or a hexadecimal text a line.
    JsonLines,
    /// [`wigwag_codec::capture`].
    Capture,
    /// A pcap file: packets.
    Pcap,
    /// A pcapng file: packets, and perhaps the secrets of their TLS connections.
    Pcapng,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self::Raw,
        Self::Hex,
        Self::Base64,
        Self::JsonLines,
        Self::Capture,
        Self::Pcap,
        Self::Pcapng,
    ];

    /// Its name in options and files' endings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Hex => "hex",
            Self::Base64 => "base64",
            Self::JsonLines => "jsonl",
            Self::Capture => "capture",
            Self::Pcap => "pcap",
            Self::Pcapng => "pcapng",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether such inputs say when bytes were seen. The others count bytes instead,
    /// so that latencies and rates mean nothing.
    #[must_use]
    pub const fn has_times(self) -> bool {
        !matches!(self, Self::Raw | Self::Hex | Self::Base64)
    }
}

/// How many bytes of an input are looked at to find out what it is.
pub const PREFIX: usize = 4 << 10;

/// What an input is that begins with these bytes; `None` if more of them are needed.
/// `is_all`: there are no more, or enough of them ([`PREFIX`]).
///
/// A guess: text that reads as several kinds is the first of JSON lines, hexadecimal
/// text and base64; what is none of them is raw bytes.
#[must_use]
pub fn detect(begin: &[u8], is_all: bool) -> Option<Kind> {
    if begin.starts_with(&LABEL) {
        return Some(Kind::Capture);
    }
    match net::recognise(begin) {
        Some(Recording::Pcap) => return Some(Kind::Pcap),
        Some(Recording::Pcapng) => return Some(Kind::Pcapng),
        None if !is_all && begin.len() < PREFIX => return None,
        None => {}
    }
    let begin = begin.get(..PREFIX).unwrap_or(begin);
    Some(if is_json(begin) {
        Kind::JsonLines
    } else if is_hex(begin) {
        Kind::Hex
    } else if is_base64(begin) {
        Kind::Base64
    } else {
        Kind::Raw
    })
}

/// The byte order mark that some editors put before UTF-8.
pub(super) const BOM: &[u8] = b"\xef\xbb\xbf";

/// Whether an object begins here, and nothing is seen that JSON text cannot hold.
fn is_json(begin: &[u8]) -> bool {
    let text = begin.strip_prefix(BOM).unwrap_or(begin);
    let Some(object) = text.trim_ascii_start().strip_prefix(b"{") else {
        return false;
    };
    matches!(object.trim_ascii_start().first(), None | Some(b'"' | b'}'))
        && !text
            .iter()
            .any(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace())
}

/// Counts the bytes that a text stands for, and what is wrong with it.
#[derive(Default)]
struct Trial {
    bytes: usize,
    problems: usize,
}

impl Trial {
    fn take(&mut self, piece: &Piece<'_>) {
        match piece {
            Piece::Bytes { bytes, .. } => self.bytes += bytes.len(),
            Piece::Problem { .. } => self.problems += 1,
            _ => {}
        }
    }

    /// A slip here and there is one, and will be told.
    fn is_good(&self) -> bool {
        self.bytes > 0 && self.problems <= self.bytes / 16
    }
}

const fn nowhere() -> Stream {
    Stream::new(None, Direction::ToServer)
}

fn is_hex(begin: &[u8]) -> bool {
    if is_dump(begin.strip_prefix(BOM).unwrap_or(begin)) {
        return true;
    }
    let mut trial = Trial::default();
    // The last digit may be half of one that comes.
    Hex::new(begin, nowhere()).push(begin, &mut |piece: Piece<'_>| trial.take(&piece));
    trial.is_good()
}

fn is_base64(begin: &[u8]) -> bool {
    // The head of a data URL aside.
    let digits = match begin.iter().position(|byte| *byte == b',') {
        Some(comma) if begin.starts_with(b"data:") => begin.get(comma..).unwrap_or_default(),
        _ => begin,
    };
    let lines = || {
        let lines = digits.split(|byte| *byte == b'\n');
        lines.filter(|line| !line.starts_with(b"-----"))
    };
    // Words in a line are words, and nobody mixes the two alphabets.
    let has = |of: &[u8]| lines().any(|line| line.iter().any(|byte| of.contains(byte)));
    let one_alphabet = !(has(b"+/") && has(b"-_"));
    let no_words = lines().all(|line| !line.trim_ascii().iter().any(u8::is_ascii_whitespace));
    let mut trial = Trial::default();
    let mut base64 = Base64::new(nowhere());
    let mut sink = |piece: Piece<'_>| trial.take(&piece);
    base64.push(begin, &mut sink);
    if begin.len() < PREFIX {
        base64.finish(&mut sink);
    }
    one_alphabet && no_words && trial.is_good()
}
