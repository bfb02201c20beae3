//! Hexadecimal text.

use super::detect::BOM;
use super::hex_dump::{Dump, is_dump};
use super::problems::Problems;
use super::stream::Stream;
use crate::Sink;
use crate::text::hex::nibble;

/// Reads the text, in one of three layouts that its begin decides:
///
/// - plain: digits; white space counts for nothing; `, : ; - .`, brackets and quotes
///   end a number, `0x` and `\x` begin one, so that `0x1, 0x2` are two bytes; `#` and
///   `//` begin a comment up to the end of the line;
/// - a C array with its declaration (`xxd -i`): as plain, between braces;
/// - a dump with offsets and characters ([`Dump`]).
#[derive(Debug)]
pub(super) struct Hex {
    offset: u64,
    out: Out,
    layout: Layout,
}

#[derive(Debug)]
enum Layout {
    Plain(Plain),
    Dump(Box<Dump>),
}

/// Bytes on their way out, and what is wrong among them.
#[derive(Debug)]
pub(super) struct Out {
    stream: Stream,
    problems: Problems,
    bytes: Vec<u8>,
}

/// How many bytes are collected before they go on.
const ENOUGH: usize = 4 << 10;

impl Out {
    pub(super) fn byte(&mut self, byte: u8, sink: &mut dyn Sink) {
        self.bytes.push(byte);
        if self.bytes.len() >= ENOUGH {
            self.flush(sink);
        }
    }

    pub(super) fn flush(&mut self, sink: &mut dyn Sink) {
        self.stream.bytes(&self.bytes, sink);
        self.bytes.clear();
    }

    /// How many bytes there were so far.
    pub(super) fn length(&self) -> u64 {
        self.stream.length() + self.bytes.len() as u64
    }

    /// Something cannot be read; how many bytes it stands for is not known.
    pub(super) fn wrong(&mut self, offset: u64, message: &'static str, sink: &mut dyn Sink) {
        self.flush(sink);
        self.problems.tell(offset, message, sink);
        self.stream.gap(sink);
    }
}

impl Hex {
    /// A reader for the text with this begin, which is still to be pushed.
    pub(super) fn new(begin: &[u8], stream: Stream) -> Self {
        let begin = begin.strip_prefix(BOM).unwrap_or(begin);
        Self {
            offset: 0,
            out: Out {
                stream,
                problems: Problems::new(),
                bytes: Vec::new(),
            },
            layout: if is_dump(begin) {
                Layout::Dump(Box::default())
            } else {
                Layout::Plain(Plain::new(is_declaration(begin)))
            },
        }
    }

    pub(super) fn push(&mut self, mut text: &[u8], sink: &mut dyn Sink) {
        while let Some((character, rest)) = text.split_first() {
            if let Layout::Plain(plain) = &mut self.layout {
                let passed = plain.pairs(text, &mut self.out, sink);
                if passed > 0 {
                    self.offset += passed as u64;
                    text = text.get(passed..).unwrap_or_default();
                    continue;
                }
            }
            text = rest;
            let in_mark = usize::try_from(self.offset)
                .ok()
                .and_then(|at| BOM.get(at))
                .is_some_and(|mark| mark == character);
            if !in_mark {
                match &mut self.layout {
                    Layout::Plain(plain) => {
                        plain.character(*character, self.offset, &mut self.out, sink);
                    }
                    Layout::Dump(dump) => {
                        dump.character(*character, self.offset, &mut self.out, sink);
                    }
                }
            }
            self.offset += 1;
        }
        self.out.flush(sink);
    }

    pub(super) fn finish(&mut self, sink: &mut dyn Sink) {
        match &mut self.layout {
            Layout::Plain(plain) => plain.finish(self.offset, &mut self.out, sink),
            Layout::Dump(dump) => dump.line_ends(self.offset, &mut self.out, sink),
        }
        self.out.flush(sink);
    }
}

/// Whether a C array is declared here, with bytes in the usual form.
fn is_declaration(begin: &[u8]) -> bool {
    let Some(brace) = begin.iter().position(|byte| *byte == b'{') else {
        return false;
    };
    let (before, behind) = begin.split_at(brace);
    before.contains(&b'=')
        && behind
            .get(1..)
            .unwrap_or_default()
            .trim_ascii_start()
            .starts_with(b"0x")
}

/// The state of a plain text.
#[derive(Debug)]
struct Plain {
    /// A digit that waits for its second half.
    half: Option<u8>,
    /// Digits since the last thing that ends a number; since the last white space.
    digits: u32,
    word: u32,
    /// The number began with `0x` or `\x`: it ends with its word.
    is_prefixed: bool,
    /// The character before this one was a slash, or a backslash.
    slash: Option<u8>,
    skip: Skip,
    /// Only what stands in braces counts.
    in_braces_only: bool,
}

/// What is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Skip {
    Nothing,
    Comment,
    /// What is no digit, up to the next thing that ends a number.
    Wrong,
    /// The text of a program, up to the next brace.
    Declaration,
}

impl Plain {
    const fn new(in_braces_only: bool) -> Self {
        Self {
            half: None,
            digits: 0,
            word: 0,
            is_prefixed: false,
            slash: None,
            skip: if in_braces_only {
                Skip::Declaration
            } else {
                Skip::Nothing
            },
            in_braces_only,
        }
    }

    /// Reads pairs of digits that stand at the begin of `text`, as most do, and says
    /// how many characters they are.
    fn pairs(&mut self, text: &[u8], out: &mut Out, sink: &mut dyn Sink) -> usize {
        if self.skip != Skip::Nothing || self.half.is_some() || self.slash.is_some() {
            return 0;
        }
        let mut pairs = 0;
        for pair in text.as_chunks::<2>().0 {
            let [Some(high), Some(low)] = pair.map(nibble) else {
                break;
            };
            out.byte(high << 4 | low, sink);
            pairs += 1;
        }
        // Only whether there was one digit counts.
        self.digits = self.digits.saturating_add(2 * pairs);
        self.word = self.word.saturating_add(2 * pairs);
        2 * pairs as usize
    }

    fn character(&mut self, character: u8, offset: u64, out: &mut Out, sink: &mut dyn Sink) {
        match self.skip {
            Skip::Declaration => {
                if character == b'{' {
                    self.skip = Skip::Nothing;
                }
                return;
            }
            Skip::Comment if character != b'\n' => return,
            Skip::Wrong if !ends_number(character) && !character.is_ascii_whitespace() => return,
            _ => self.skip = Skip::Nothing,
        }
        let slash = self.slash.take();
        if let Some(digit) = nibble(character) {
            self.digits = self.digits.saturating_add(1);
            self.word = self.word.saturating_add(1);
            match self.half.take() {
                None => self.half = Some(digit),
                Some(high) => out.byte(high << 4 | digit, sink),
            }
        } else if character.is_ascii_whitespace() {
            if self.is_prefixed {
                self.number_ends(offset, out, sink);
            }
            self.word = 0;
        } else if matches!(character, b'x' | b'X') && self.begins_number(slash) {
            self.half = None;
            self.digits = 0;
            self.is_prefixed = true;
        } else if ends_number(character) {
            self.number_ends(offset, out, sink);
            if self.in_braces_only && character == b'}' {
                self.skip = Skip::Declaration;
            }
        } else if character == b'#' || (character == b'/' && slash == Some(b'/')) {
            self.number_ends(offset, out, sink);
            self.skip = Skip::Comment;
        } else if matches!(character, b'/' | b'\\') && slash.is_none() {
            self.number_ends(offset, out, sink);
            self.slash = Some(character);
        } else if character != b'_' {
            self.half = None;
            self.digits = 0;
            self.skip = Skip::Wrong;
            let message = "this is no hex digit: what stands up to the next space is left out";
            out.wrong(offset, message, sink);
        }
    }

    /// Whether an `x` here belongs to `0x` or `\x`.
    fn begins_number(&self, slash: Option<u8>) -> bool {
        slash == Some(b'\\') || (self.word == 1 && self.half == Some(0))
    }

    fn number_ends(&mut self, offset: u64, out: &mut Out, sink: &mut dyn Sink) {
        let digits = std::mem::take(&mut self.digits);
        self.word = 0;
        self.is_prefixed = false;
        match self.half.take() {
            Some(digit) if digits == 1 => out.byte(digit, sink),
            Some(_) => out.wrong(offset, ODD, sink),
            None => {}
        }
    }

    fn finish(&mut self, offset: u64, out: &mut Out, sink: &mut dyn Sink) {
        if self.is_prefixed {
            self.number_ends(offset, out, sink);
        } else if self.half.take().is_some() {
            out.wrong(offset, ODD, sink);
        }
    }
}

/// What to say where a half byte is left.
pub(super) const ODD: &str =
    "an odd number of hex digits ends here: the last one is left out, look for one that is missing";

const fn ends_number(character: u8) -> bool {
    matches!(
        character,
        b',' | b':' | b';' | b'-' | b'.' | b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'"' | b'\''
    )
}
