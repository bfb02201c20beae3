//! Hexadecimal dumps: offset, bytes, characters.

use super::hex::{ODD, Out};
use crate::Sink;
use crate::text::hex::nibble;

/// More than any dump has in a line.
const MAX_LINE: usize = 1 << 10;

/// How many bytes all `*` of an input may stand for.
const MAX_REPEAT: u64 = 16 << 20;

/// A dump, read line by line. The layouts of `xxd` (`00000000: 0a0b 0c0d  ....`),
/// `hexdump -C` (`00000000  0a 0b  |..|`, with `*` for lines like the one before),
/// `od -t x1z` (`0000000 0a 0b  >..<`) and Wireshark (`0000   0a 0b   ..`). Where offsets begin anew,
/// so does the dump, and its bytes follow those before.
#[derive(Debug, Default)]
pub(super) struct Dump {
    line: Vec<u8>,
    /// What the last line held.
    last: Vec<u8>,
    /// The offset of the dump's first byte, and where in the stream that byte is.
    begin: Option<(u64, u64)>,
    /// A `*` was there.
    repeats: bool,
    /// How many bytes such lines stood for.
    repeated: u64,
    /// The line is longer than any should be: the rest of it is left out.
    is_long: bool,
}

/// A dump's line, taken apart.
struct Line<'l> {
    /// The offset's digits.
    offset: &'l [u8],
    /// Where the bytes stand.
    bytes: &'l [u8],
    /// Whether there is a colon behind the offset.
    has_colon: bool,
}

impl<'l> Line<'l> {
    fn parse(line: &'l [u8]) -> Option<Self> {
        let line = line.trim_ascii();
        let digits = line.iter().take_while(|digit| nibble(**digit).is_some());
        let (offset, rest) = line.split_at_checked(digits.count())?;
        if !(4..=16).contains(&offset.len()) {
            return None;
        }
        let has_colon = rest.first() == Some(&b':');
        let rest = rest.get(usize::from(has_colon)..)?;
        if !rest.is_empty() && !rest.starts_with(b" ") && !rest.starts_with(b"\t") {
            return None;
        }
        let rest = rest.trim_ascii_start();
        // The characters stand behind a bar or a `>`, or far from the bytes.
        let bar = rest.iter().position(|byte| matches!(byte, b'|' | b'>'));
        let far: &[u8] = if has_colon { b"  " } else { b"   " };
        let far = rest.windows(far.len()).position(|space| space == far);
        let end = match (bar, far) {
            (Some(bar), _) if !has_colon => bar,
            (_, Some(far)) => far,
            _ => rest.len(),
        };
        Some(Self {
            offset,
            bytes: rest.get(..end)?,
            has_colon,
        })
    }

    /// `od` counts in octal digits, seven of them.
    fn is_octal(&self) -> bool {
        self.offset.len() == 7
    }

    fn offset(&self) -> u64 {
        let shift = if self.is_octal() { 3 } else { 4 };
        let fold = |sum: u64, digit: &u8| sum << shift | u64::from(nibble(*digit).unwrap_or(0));
        self.offset.iter().fold(0, fold)
    }

    /// Whether the digits stand in words of two bytes or more, in an order that only
    /// the machine knows that wrote them.
    fn has_words(&self) -> bool {
        let digits = self
            .bytes
            .iter()
            .take_while(|digit| nibble(**digit).is_some());
        self.is_octal() && digits.count() > 2
    }
}

/// Whether the text's first line is one of a dump: an offset of 0 that stands apart,
/// or any offset with eight digits and a colon.
pub(super) fn is_dump(begin: &[u8]) -> bool {
    let first = begin
        .split(|byte| *byte == b'\n')
        .find(|line| !line.trim_ascii().is_empty());
    first.and_then(Line::parse).is_some_and(|line| {
        let stands_apart = first.is_some_and(|text| {
            let behind = text.trim_ascii_start().get(line.offset.len()..);
            behind.is_some_and(|behind| behind.starts_with(b"  "))
        });
        let is_first = line.offset() == 0 && (line.has_colon || stands_apart || line.is_octal());
        let is_later = line.offset.len() >= 8 && line.has_colon;
        (is_first || is_later) && !line.bytes.is_empty()
    })
}

impl Dump {
    pub(super) fn character(
        &mut self,
        character: u8,
        offset: u64,
        out: &mut Out,
        sink: &mut dyn Sink,
    ) {
        if character == b'\n' {
            self.line_ends(offset, out, sink);
            self.is_long = false;
        } else if self.line.len() < MAX_LINE {
            self.line.push(character);
        } else if !std::mem::replace(&mut self.is_long, true) {
            out.wrong(
                offset,
                "a line too long for a dump: its rest is left out",
                sink,
            );
        }
    }

    /// Reads the line that ends before this byte of the input.
    pub(super) fn line_ends(&mut self, end: u64, out: &mut Out, sink: &mut dyn Sink) {
        let line = std::mem::take(&mut self.line);
        self.read(&line, end.saturating_sub(line.len() as u64), out, sink);
        self.line = line;
        self.line.clear();
    }

    fn read(&mut self, text: &[u8], at: u64, out: &mut Out, sink: &mut dyn Sink) {
        let trimmed = text.trim_ascii();
        if trimmed == b"*" {
            self.repeats = true;
            return;
        }
        if trimmed.is_empty() {
            return;
        }
        let Some(line) = Line::parse(text) else {
            let message = "no offset begins this line of the dump: it is left out";
            return out.wrong(at, message, sink);
        };
        if line.has_words() {
            let message = "words of several bytes, in an unknown order: dump with `od -t x1`";
            return out.wrong(at, message, sink);
        }
        self.place(&line, at, out, sink);
        self.last.clear();
        let mut half = None;
        for character in line.bytes {
            match (nibble(*character), half.take()) {
                (Some(digit), None) => half = Some(digit),
                (Some(digit), Some(high)) => {
                    self.last.push(high << 4 | digit);
                    out.byte(high << 4 | digit, sink);
                }
                (None, None) if b" \t-".contains(character) => {}
                (None, _) => {
                    let message = "this is no hex digit: the rest of the line is left out";
                    return out.wrong(at, message, sink);
                }
            }
        }
        if half.is_some() {
            out.wrong(at, ODD, sink);
        }
    }

    /// Sees to it that the line's bytes are where its offset says.
    fn place(&mut self, line: &Line<'_>, at: u64, out: &mut Out, sink: &mut dyn Sink) {
        let length = out.length();
        let repeats = std::mem::take(&mut self.repeats);
        let (first, begin) = *self.begin.get_or_insert((line.offset(), length));
        let expected = first.saturating_add(length - begin);
        if line.offset() == expected {
            return;
        }
        let missing = line.offset().saturating_sub(expected);
        if repeats && !self.last.is_empty() && (1..=MAX_REPEAT - self.repeated).contains(&missing) {
            self.repeated += missing;
            for at in 0..missing {
                let at = at % self.last.len() as u64;
                let byte = usize::try_from(at).ok().and_then(|at| self.last.get(at));
                out.byte(byte.copied().unwrap_or(0), sink);
            }
            return;
        }
        self.begin = Some((line.offset(), length));
        if line.offset() > expected {
            let message =
                "the offset of this line is larger than the bytes before it: lines are missing";
            out.wrong(at, message, sink);
        }
    }
}
