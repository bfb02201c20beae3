//! JSON text (RFC 8259), read value by value and written straight into a string:
//! no tree of a document is made.

use std::borrow::Cow;
use std::fmt;

/// How deeply arrays and objects may stand in each other. A minijson value of 128
/// levels takes three brackets a level in its tagged form.
pub const MAX_DEPTH: usize = 400;

/// Why a text is not the JSON that was expected, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// Bytes from the start of the text.
    pub position: usize,
    /// What is wrong, for people.
    pub message: Cow<'static, str>,
}

impl JsonError {
    /// An error at a byte of the text.
    #[must_use]
    pub fn new(position: usize, message: impl Into<Cow<'static, str>>) -> Self {
        let message = message.into();
        Self { position, message }
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at byte {})", self.message, self.position)
    }
}

impl std::error::Error for JsonError {}

/// What the next value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number of any form.
    Number,
    /// Text.
    String,
    /// `[..]`
    Array,
    /// `{..}`
    Object,
}

/// A position in a JSON text. Each method reads what it is named after, white space
/// before it aside, or says what stands there instead.
///
/// ```
/// use wigwag_inspect::text::json::Reader;
///
/// let mut reader = Reader::new(r#"{"tid": 7, "extra": [1, 2], "name": "ORDER"}"#);
/// let (mut tid, mut name) = (String::new(), String::new());
/// reader.object(|reader, key| {
///     match key {
///         "tid" => tid = reader.number()?.to_owned(),
///         "name" => name = reader.string()?.into_owned(),
///         _ => drop(reader.raw()?),
///     }
///     Ok(())
/// })?;
/// reader.finish()?;
/// assert_eq!((tid.as_str(), name.as_str()), ("7", "ORDER"));
/// # Ok::<(), wigwag_inspect::text::json::JsonError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Reader<'t> {
    text: &'t str,
    position: usize,
    depth: usize,
}

impl<'t> Reader<'t> {
    /// Before the first byte of `text`.
    #[must_use]
    pub const fn new(text: &'t str) -> Self {
        Self {
            text,
            position: 0,
            depth: 0,
        }
    }

    /// Where the next value begins: bytes from the start of the text, white space
    /// passed.
    pub fn position(&mut self) -> usize {
        self.space();
        self.position
    }

    /// What the next value is, by its first byte.
    ///
    /// # Errors
    /// The text ends here, or no value begins with this byte.
    pub fn kind(&mut self) -> Result<Kind, JsonError> {
        self.space();
        match self.byte() {
            Some(b'n') => Ok(Kind::Null),
            Some(b't' | b'f') => Ok(Kind::Bool),
            Some(b'-' | b'0'..=b'9') => Ok(Kind::Number),
            Some(b'"') => Ok(Kind::String),
            Some(b'[') => Ok(Kind::Array),
            Some(b'{') => Ok(Kind::Object),
            Some(_) => Err(self.error("no JSON value begins with this")),
            None => Err(self.error("the text ends where a value is due")),
        }
    }

    /// `null`.
    ///
    /// # Errors
    /// Something else stands here.
    pub fn null(&mut self) -> Result<(), JsonError> {
        self.space();
        if self.word("null") {
            Ok(())
        } else {
            Err(self.error("null is due here"))
        }
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// Something else stands here.
    pub fn boolean(&mut self) -> Result<bool, JsonError> {
        self.space();
        if self.word("true") {
            Ok(true)
        } else if self.word("false") {
            Ok(false)
        } else {
            Err(self.error("true or false is due here"))
        }
    }

    /// The digits of a number, as they stand in the text.
    ///
    /// # Errors
    /// Something else stands here.
    pub fn number(&mut self) -> Result<&'t str, JsonError> {
        self.space();
        let start = self.position;
        self.eat(b'-');
        let zero = self.byte() == Some(b'0');
        let whole = self.digits();
        let mut is_good = whole == 1 || (whole > 1 && !zero);
        if is_good && self.eat(b'.') {
            is_good = self.digits() > 0;
        }
        if is_good && (self.eat(b'e') || self.eat(b'E')) {
            let _ = self.eat(b'+') || self.eat(b'-');
            is_good = self.digits() > 0;
        }
        if is_good {
            Ok(self.text.get(start..self.position).unwrap_or_default())
        } else {
            Err(JsonError::new(start, "a number is due here"))
        }
    }

    /// A text, its escapes resolved; borrowed where there are none.
    ///
    /// # Errors
    /// Something else stands here, the text does not end, or an escape is none.
    pub fn string(&mut self) -> Result<Cow<'t, str>, JsonError> {
        self.space();
        if !self.eat(b'"') {
            return Err(self.error("a text in quotes is due here"));
        }
        let mut owned = String::new();
        loop {
            let start = self.position;
            let rest = self.text.as_bytes().get(start..).unwrap_or_default();
            let ends = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..=0x1F);
            self.position += rest.iter().position(ends).unwrap_or(rest.len());
            let plain = self.text.get(start..self.position).unwrap_or_default();
            match self.byte() {
                Some(b'"') => {
                    self.position += 1;
                    if owned.is_empty() {
                        return Ok(Cow::Borrowed(plain));
                    }
                    owned.push_str(plain);
                    return Ok(Cow::Owned(owned));
                }
                Some(b'\\') => {
                    owned.push_str(plain);
                    owned.push(self.escape()?);
                }
                Some(_) => {
                    let message = "a control character must be escaped in a text";
                    return Err(JsonError::new(self.position, message));
                }
                None => return Err(self.error("the text ends inside quotes")),
            }
        }
    }

    /// The entries of an object: `each` gets the key, and must read the value.
    ///
    /// # Errors
    /// Something else stands here, the first error of `each`, or nesting deeper than
    /// [`MAX_DEPTH`].
    pub fn object(
        &mut self,
        mut each: impl FnMut(&mut Self, &str) -> Result<(), JsonError>,
    ) -> Result<(), JsonError> {
        self.entries(&mut each)
    }

    /// [`object`](Self::object), once for all callers: browsers load this code.
    fn entries(
        &mut self,
        each: &mut dyn FnMut(&mut Self, &str) -> Result<(), JsonError>,
    ) -> Result<(), JsonError> {
        self.open(b'{', "an object is due here")?;
        if self.eat_token(b'}') {
            self.depth -= 1;
            return Ok(());
        }
        loop {
            let key = self.string()?;
            self.expect(b':', "a colon is due here")?;
            each(self, &key)?;
            if !self.eat_token(b',') {
                self.expect(b'}', "a comma or a closing brace is due here")?;
                self.depth -= 1;
                return Ok(());
            }
        }
    }

    /// The elements of an array: `each` must read one.
    ///
    /// # Errors
    /// As [`object`](Self::object).
    pub fn array(
        &mut self,
        mut each: impl FnMut(&mut Self) -> Result<(), JsonError>,
    ) -> Result<(), JsonError> {
        self.elements(&mut each)
    }

    /// [`array`](Self::array), once for all callers.
    fn elements(
        &mut self,
        each: &mut dyn FnMut(&mut Self) -> Result<(), JsonError>,
    ) -> Result<(), JsonError> {
        self.open(b'[', "an array is due here")?;
        if self.eat_token(b']') {
            self.depth -= 1;
            return Ok(());
        }
        loop {
            each(self)?;
            if !self.eat_token(b',') {
                self.expect(b']', "a comma or a closing bracket is due here")?;
                self.depth -= 1;
                return Ok(());
            }
        }
    }

    /// Any one value, as it stands in the text; it is checked on the way.
    ///
    /// # Errors
    /// It is not JSON, or nested deeper than [`MAX_DEPTH`].
    pub fn raw(&mut self) -> Result<&'t str, JsonError> {
        let start = self.position();
        self.skip()?;
        Ok(self.text.get(start..self.position).unwrap_or_default())
    }

    /// A reader of the value that begins at `position`, where this one has been.
    #[must_use]
    pub fn back_to(&self, position: usize) -> Self {
        Self {
            position: position.min(self.position),
            ..*self
        }
    }

    fn skip(&mut self) -> Result<(), JsonError> {
        match self.kind()? {
            Kind::Null => self.null(),
            Kind::Bool => self.boolean().map(drop),
            Kind::Number => self.number().map(drop),
            Kind::String => self.string().map(drop),
            Kind::Array => self.array(Self::skip),
            Kind::Object => self.object(|reader, _| reader.skip()),
        }
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// Something is left.
    pub fn finish(&mut self) -> Result<(), JsonError> {
        self.space();
        if self.position == self.text.len() {
            Ok(())
        } else {
            Err(self.error("more text behind the end of the value"))
        }
    }

    /// An error at the next byte that is no white space.
    pub fn error(&mut self, message: impl Into<Cow<'static, str>>) -> JsonError {
        self.space();
        JsonError::new(self.position, message)
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    fn space(&mut self) {
        while matches!(self.byte(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.position += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.byte() == Some(byte);
        self.position += usize::from(found);
        found
    }

    fn eat_token(&mut self, byte: u8) -> bool {
        self.space();
        self.eat(byte)
    }

    fn expect(&mut self, byte: u8, message: &'static str) -> Result<(), JsonError> {
        if self.eat_token(byte) {
            Ok(())
        } else {
            Err(self.error(message))
        }
    }

    fn open(&mut self, bracket: u8, message: &'static str) -> Result<(), JsonError> {
        self.space();
        if self.depth == MAX_DEPTH && self.byte() == Some(bracket) {
            return Err(self.error("nested too deeply"));
        }
        self.expect(bracket, message)?;
        self.depth += 1;
        Ok(())
    }

    fn word(&mut self, word: &str) -> bool {
        let rest = self.text.as_bytes().get(self.position..);
        let found = rest.is_some_and(|rest| rest.starts_with(word.as_bytes()));
        self.position += if found { word.len() } else { 0 };
        found
    }

    fn digits(&mut self) -> usize {
        let start = self.position;
        while matches!(self.byte(), Some(b'0'..=b'9')) {
            self.position += 1;
        }
        self.position - start
    }

    /// The character of the escape that stands here.
    fn escape(&mut self) -> Result<char, JsonError> {
        let start = self.position;
        let wrong = |message| Err(JsonError::new(start, message));
        self.position += 1;
        let Some(letter) = self.byte() else {
            return wrong("the text ends inside quotes");
        };
        self.position += 1;
        Ok(match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let Some(first) = self.four_hex() else {
                    return wrong("four hex digits are due behind \\u");
                };
                let mut code = first;
                if (0xD800..0xDC00).contains(&first) && self.word("\\u") {
                    let low = self.four_hex().filter(|low| (0xDC00..0xE000).contains(low));
                    code = low.map_or(first, |low| {
                        0x1_0000 + ((first - 0xD800) << 10) + (low - 0xDC00)
                    });
                }
                match char::from_u32(code) {
                    Some(char) => char,
                    None => return wrong("half of a surrogate pair"),
                }
            }
            _ => return wrong("JSON has no such escape"),
        })
    }

    fn four_hex(&mut self) -> Option<u32> {
        let digits = self.text.get(self.position..self.position + 4)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        self.position += 4;
        u32::from_str_radix(digits, 16).ok()
    }
}

/// Appends `text` in quotes, with the escapes that JSON demands and no others.
pub fn quote(text: &str, out: &mut String) {
    out.push('"');
    let mut plain = text;
    while let Some(at) = plain.find(|c: char| c < ' ' || c == '"' || c == '\\') {
        let (before, rest) = plain.split_at_checked(at).unwrap_or((plain, ""));
        out.push_str(before);
        let mut chars = rest.chars();
        match chars.next() {
            Some('\n') => out.push_str("\\n"),
            Some('\r') => out.push_str("\\r"),
            Some('\t') => out.push_str("\\t"),
            Some(control @ '\0'..='\x1F') => {
                out.push_str(if control < '\x10' { "\\u000" } else { "\\u001" });
                out.extend(char::from_digit(u32::from(control) & 0xF, 16));
            }
            Some(other) => out.extend(['\\', other]),
            None => {}
        }
        plain = chars.as_str();
    }
    out.push_str(plain);
    out.push('"');
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
