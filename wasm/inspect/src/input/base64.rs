//! base64 and base64url text (RFC 4648 sections 4 and 5).

use super::detect::BOM;
use super::problems::Problems;
use super::stream::Stream;
use crate::Sink;

/// Reads the text: line breaks, spaces and padding anywhere, so that texts can stand
/// one after another; lines of armour (`-----BEGIN ..-----`) and the head of a data
/// URL are left out.
#[derive(Debug)]
pub(super) struct Base64 {
    stream: Stream,
    problems: Problems,
    offset: u64,
    /// Digits that are not bytes yet, and how many.
    bits: u32,
    digits: u8,
    place: Place,
    out: Vec<u8>,
}

/// Where in the text the next character stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// At the begin of the text; so many characters of "data:" were there.
    Begin(usize),
    /// At the begin of a line.
    LineStart,
    Line,
    /// In a line of armour, up to the end of the line.
    Armour,
    /// In the head of a data URL, up to the comma.
    Head,
    /// Among what is no base64, up to white space.
    Wrong,
}

/// How many groups are collected before their bytes go on.
const ENOUGH: usize = 1 << 10;

const HEAD: &[u8] = b"data:";

const fn digit(character: u8) -> Option<u8> {
    Some(match character {
        b'A'..=b'Z' => character - b'A',
        b'a'..=b'z' => character - b'a' + 26,
        b'0'..=b'9' => character - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    })
}

impl Base64 {
    pub(super) const fn new(stream: Stream) -> Self {
        Self {
            stream,
            problems: Problems::new(),
            offset: 0,
            bits: 0,
            digits: 0,
            place: Place::Begin(0),
            out: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, mut text: &[u8], sink: &mut dyn Sink) {
        while let Some((character, rest)) = text.split_first() {
            let passed = self.groups(text);
            if passed > 0 {
                self.offset += passed as u64;
                text = text.get(passed..).unwrap_or_default();
                self.flush(sink);
            } else {
                self.character(*character, sink);
                self.offset += 1;
                text = rest;
            }
        }
        self.flush(sink);
    }

    /// Reads groups of four digits that stand at the begin of `text`, as most do, and
    /// says how many characters they are.
    fn groups(&mut self, text: &[u8]) -> usize {
        if self.place != Place::Line || self.digits != 0 {
            return 0;
        }
        let mut groups = 0;
        for group in text.as_chunks::<4>().0.iter().take(ENOUGH) {
            let [Some(a), Some(b), Some(c), Some(d)] = group.map(digit) else {
                break;
            };
            self.out
                .extend([a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]);
            groups += 1;
        }
        4 * groups
    }

    pub(super) fn finish(&mut self, sink: &mut dyn Sink) {
        if let Place::Begin(held) = self.place {
            self.place = Place::Line;
            for character in HEAD.get(..held).unwrap_or_default() {
                self.digit(*character, sink);
            }
        }
        self.group_ends(sink);
        self.flush(sink);
    }

    fn flush(&mut self, sink: &mut dyn Sink) {
        self.stream.bytes(&self.out, sink);
        self.out.clear();
    }

    fn character(&mut self, character: u8, sink: &mut dyn Sink) {
        let in_mark =
            self.offset < BOM.len() as u64 && BOM.get(self.offset as usize) == Some(&character);
        match self.place {
            Place::Begin(0) if in_mark => {}
            Place::Begin(held) => match HEAD.get(held) {
                Some(due) if *due == character && held + 1 == HEAD.len() => {
                    self.place = Place::Head;
                }
                Some(due) if *due == character => self.place = Place::Begin(held + 1),
                _ => {
                    self.place = if held == 0 {
                        Place::LineStart
                    } else {
                        Place::Line
                    };
                    for character in HEAD.get(..held).unwrap_or_default() {
                        self.digit(*character, sink);
                    }
                    self.character(character, sink);
                }
            },
            Place::Head if character == b',' => self.place = Place::LineStart,
            Place::Armour | Place::Wrong | Place::Line if character == b'\n' => {
                self.place = Place::LineStart;
            }
            Place::Wrong if character.is_ascii_whitespace() => self.place = Place::Line,
            Place::Head | Place::Armour | Place::Wrong => {}
            Place::LineStart if character.is_ascii_whitespace() => {}
            // "-----BEGIN": base64url that starts so is not known to happen.
            Place::LineStart if character == b'-' => {
                self.group_ends(sink);
                self.place = Place::Armour;
            }
            Place::LineStart | Place::Line => {
                self.place = Place::Line;
                self.digit(character, sink);
            }
        }
    }

    fn digit(&mut self, character: u8, sink: &mut dyn Sink) {
        if character.is_ascii_whitespace() {
            return;
        }
        if character == b'=' {
            // The second sign of a pair ends nothing more.
            return self.group_ends(sink);
        }
        let Some(digit) = digit(character) else {
            self.place = Place::Wrong;
            self.digits = 0;
            return self.wrong(
                "this is no base64: what stands up to the next space is left out",
                sink,
            );
        };
        self.bits = self.bits << 6 | u32::from(digit);
        self.digits += 1;
        if self.digits == 4 {
            let [_, bytes @ ..] = self.bits.to_be_bytes();
            self.out.extend_from_slice(&bytes);
            self.digits = 0;
        }
    }

    /// A group of fewer than four digits has ended: two stand for a byte, three for
    /// two.
    fn group_ends(&mut self, sink: &mut dyn Sink) {
        let digits = std::mem::take(&mut self.digits);
        let [_, first, second, _] = (self.bits << (24 - 6 * u32::from(digits))).to_be_bytes();
        match digits {
            1 => self.wrong(
                "a single base64 digit stands for no byte: something is missing before it",
                sink,
            ),
            2 => self.out.push(first),
            3 => self.out.extend_from_slice(&[first, second]),
            _ => {}
        }
    }

    fn wrong(&mut self, message: &'static str, sink: &mut dyn Sink) {
        self.flush(sink);
        self.problems.tell(self.offset, message, sink);
        self.stream.gap(sink);
    }
}
