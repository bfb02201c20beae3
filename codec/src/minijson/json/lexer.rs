//! The words of JSON text (RFC 8259, sections 2 to 7).

use crate::minijson::error::{Error, ErrorKind};

/// A position in a JSON text that is known to be UTF-8.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lexer<'t> {
    text: &'t [u8],
    position: usize,
}

/// What stands between two quotes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quoted<'t> {
    /// As in the text, escapes and all.
    pub(super) raw: &'t [u8],
    /// Bytes of UTF-8 when the escapes are resolved.
    pub(super) length: usize,
}

/// A number as it stands in the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Digits<'t> {
    pub(super) text: &'t str,
    /// Whether there is a point or an exponent.
    pub(super) is_float: bool,
}

impl<'t> Lexer<'t> {
    pub(super) const fn new(text: &'t [u8]) -> Self {
        Self { text, position: 0 }
    }

    pub(super) const fn position(&self) -> usize {
        self.position
    }

    /// What is wrong with the next byte, or with its absence.
    pub(super) fn unexpected(&self) -> Error {
        let kind = match self.peek() {
            Some(byte) => ErrorKind::UnexpectedByte(byte),
            None => ErrorKind::UnexpectedEnd,
        };
        Error::new(kind, self.position)
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.get(self.position).copied()
    }

    fn bump(&mut self) {
        self.position = self.position.saturating_add(1);
    }

    /// Moves to the next byte that is no white space, and returns it.
    pub(super) fn peek_token(&mut self) -> Option<u8> {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.bump();
        }
        self.peek()
    }

    /// Moves behind `byte` if it comes next (white space aside).
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek_token() == Some(byte);
        if found {
            self.bump();
        }
        found
    }

    pub(super) fn expect(&mut self, byte: u8) -> Result<(), Error> {
        if self.eat(byte) {
            Ok(())
        } else {
            Err(self.unexpected())
        }
    }

    /// Moves behind a word such as `null`.
    pub(super) fn word(&mut self, word: &str) -> Result<(), Error> {
        let rest = self.text.get(self.position..).unwrap_or(&[]);
        if rest.starts_with(word.as_bytes()) {
            self.position = self.position.saturating_add(word.len());
            Ok(())
        } else {
            Err(Error::new(ErrorKind::InvalidToken, self.position))
        }
    }

    /// Moves behind a text in quotes, checking it.
    pub(super) fn quoted(&mut self) -> Result<Quoted<'t>, Error> {
        self.expect(b'"')?;
        let start = self.position;
        let mut length = 0_usize;
        loop {
            match self.peek() {
                Some(b'"') => {
                    let raw = self.text.get(start..self.position).unwrap_or(&[]);
                    self.bump();
                    return Ok(Quoted { raw, length });
                }
                Some(b'\\') => {
                    let rest = self.text.get(self.position..).unwrap_or(&[]);
                    let (char, used) =
                        unescape(rest).map_err(|kind| Error::new(kind, self.position))?;
                    self.position = self.position.saturating_add(used);
                    length = length.saturating_add(char.len_utf8());
                }
                Some(0x20..) => {
                    self.bump();
                    length = length.saturating_add(1);
                }
                _ => return Err(self.unexpected()),
            }
        }
    }

    /// Moves behind a number.
    pub(super) fn number(&mut self) -> Result<Digits<'t>, Error> {
        let start = self.position;
        let invalid = Error::new(ErrorKind::InvalidToken, start);
        if self.peek() == Some(b'-') {
            self.bump();
        }
        let leading_zero = self.peek() == Some(b'0');
        let whole = self.digits();
        if whole == 0 || (leading_zero && whole > 1) {
            return Err(invalid);
        }
        let mut is_float = false;
        if self.peek() == Some(b'.') {
            self.bump();
            is_float = true;
            if self.digits() == 0 {
                return Err(invalid);
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.bump();
            is_float = true;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.bump();
            }
            if self.digits() == 0 {
                return Err(invalid);
            }
        }
        let text = self.text.get(start..self.position).unwrap_or(&[]);
        let text = core::str::from_utf8(text).map_err(|_| invalid)?;
        Ok(Digits { text, is_float })
    }

    /// Moves behind decimal digits and counts them.
    fn digits(&mut self) -> usize {
        let start = self.position;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.bump();
        }
        self.position.saturating_sub(start)
    }
}

impl Quoted<'_> {
    /// Hands out the text in pieces of UTF-8, escapes resolved.
    pub(super) fn pieces<E>(&self, mut take: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let mut rest = self.raw;
        while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
            let (plain, escape) = rest.split_at_checked(at).unwrap_or((rest, &[]));
            take(plain)?;
            // Checked when the text was read; the fallback ends the loop.
            let (char, used) =
                unescape(escape).unwrap_or((char::REPLACEMENT_CHARACTER, rest.len()));
            take(char.encode_utf8(&mut [0; 4]).as_bytes())?;
            rest = escape.get(used..).unwrap_or(&[]);
        }
        take(rest)
    }
}

/// Reads the escape at the start of `text`: the character, and the bytes used.
fn unescape(text: &[u8]) -> Result<(char, usize), ErrorKind> {
    let char = match text.get(1).ok_or(ErrorKind::UnexpectedEnd)? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unescape_unicode(text),
        _ => return Err(ErrorKind::InvalidToken),
    };
    Ok((char, 2))
}

fn unescape_unicode(text: &[u8]) -> Result<(char, usize), ErrorKind> {
    let first = four_hex(text.get(2..).unwrap_or(&[]))?;
    if let Some(char) = char::from_u32(first) {
        return Ok((char, 6));
    }
    // A surrogate: the first of a pair must be followed by the second.
    let second = match text.get(6..) {
        Some([b'\\', b'u', digits @ ..]) if first < 0xDC00 => four_hex(digits)?,
        _ => return Err(ErrorKind::LoneSurrogate),
    };
    if !(0xDC00..0xE000).contains(&second) {
        return Err(ErrorKind::LoneSurrogate);
    }
    let high = first.saturating_sub(0xD800) << 10;
    let low = second.saturating_sub(0xDC00);
    let char = char::from_u32((high | low).saturating_add(0x1_0000));
    Ok((char.ok_or(ErrorKind::LoneSurrogate)?, 12))
}

fn four_hex(digits: &[u8]) -> Result<u32, ErrorKind> {
    let digits = digits.get(..4).ok_or(ErrorKind::UnexpectedEnd)?;
    digits.iter().try_fold(0, |value: u32, digit| {
        Ok(value << 4 | u32::from(hex_digit(*digit)?))
    })
}

pub(super) fn hex_digit(digit: u8) -> Result<u8, ErrorKind> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
        .ok_or(ErrorKind::InvalidToken)
}
