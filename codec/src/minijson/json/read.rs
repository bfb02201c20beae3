//! JSON text to minijson.

use super::lexer::{Lexer, Quoted};
use super::scalar::{write_marked, write_marked_number, write_number, write_text};
use super::write::MARKERS;
use crate::minijson::budget::Budget;
use crate::minijson::canonical::{Options, sort_map};
use crate::minijson::container::Container;
use crate::minijson::error::{Error, ErrorKind};
use crate::minijson::growing::Growing;
use crate::minijson::limits::{Limits, MAX_DEPTH};
use crate::minijson::writer::Writer;

/// Reads the whole of `text` as one JSON value, writes it to `out` as canonical
/// minijson with single floats, and returns the number of bytes.
///
/// ```
/// use wigwag_codec::minijson::json;
///
/// let mut out = [0; 32];
/// let length = json::read(br#"{"a": [1, {"$bytes": "00ff"}]}"#, &mut out)?;
/// assert_eq!(&out[..length], b"\x51\x01a\x42\x03\x01\x19\x02\x00\xff");
///
/// // A float of the width that the marker says.
/// let length = json::read(br#"{"$f64": -2}"#, &mut out)?;
/// assert_eq!(&out[..length], b"\x0a\xc0\0\0\0\0\0\0\0");
/// # Ok::<(), wigwag_codec::minijson::Error>(())
/// ```
///
/// # Errors
/// As [`read_with`], under the default [`Limits`].
pub fn read(text: &[u8], out: &mut [u8]) -> Result<usize, Error> {
    read_with(text, out, Options::new(), Limits::new())
}

/// Like [`read`], with a width of floats ([`Kept`](crate::minijson::Floats::Kept) means double here),
/// sorted entries, and limits of the caller's.
///
/// The limits hold for the text; `depth` and `items` count the values made of it.
/// Keys that come twice stay as they are.
///
/// # Errors
/// What is wrong with the text, at its byte in the text;
/// [`ErrorKind::BufferFull`], [`ErrorKind::FloatTooLarge`] and
/// [`ErrorKind::IntegerTooLarge`] (more than 255 bytes) for a value that cannot be
/// written. What `out` holds after an error is not a value.
pub fn read_with(
    text: &[u8],
    out: &mut [u8],
    options: Options,
    limits: Limits,
) -> Result<usize, Error> {
    if !limits.allow_length(text.len()) {
        return Err(Error::new(ErrorKind::InputTooLong, 0));
    }
    if let Err(error) = core::str::from_utf8(text) {
        return Err(Error::new(ErrorKind::InvalidUtf8, error.valid_up_to()));
    }
    let mut reader = JsonReader {
        lexer: Lexer::new(text),
        writer: Writer::new(out),
        options,
        budget: Budget(limits.items),
        limit: limits.effective_depth(),
        open: [None; MAX_DEPTH as usize],
        depth: 0,
    };
    reader.document()?;
    if reader.lexer.peek_token().is_some() {
        return Err(Error::new(
            ErrorKind::TrailingBytes,
            reader.lexer.position(),
        ));
    }
    Ok(reader.writer.len())
}

/// How a container stands in the text.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    /// `[a, b]`
    List,
    /// `{"a": b}`
    Object,
    /// `{"$map": [[a, b]]}`
    Pairs,
}

#[derive(Clone, Copy, Debug)]
struct Level {
    form: Form,
    growing: Growing,
}

/// What begins at a position.
enum Start {
    Scalar,
    Container(Form),
}

/// What follows a value that is complete.
enum Next {
    Value,
    /// The container is complete as well.
    Closed,
    Nothing,
}

struct JsonReader<'t, 'b> {
    lexer: Lexer<'t>,
    writer: Writer<'b>,
    options: Options,
    budget: Budget,
    limit: u16,
    open: [Option<Level>; MAX_DEPTH as usize],
    depth: u16,
}

impl JsonReader<'_, '_> {
    fn document(&mut self) -> Result<(), Error> {
        loop {
            if let Some(form) = self.value()? {
                if self.first_element(form)? {
                    continue;
                }
                self.close()?;
            }
            loop {
                match self.after_value()? {
                    Next::Value => break,
                    Next::Closed => {}
                    Next::Nothing => return Ok(()),
                }
            }
        }
    }

    /// Places an error of the writer's in the text.
    fn at<T>(&self, position: usize, result: Result<T, Error>) -> Result<T, Error> {
        result.map_err(|error| Error::new(error.kind, position))
    }

    /// What comes next; white space before it is passed.
    fn start(&mut self) -> Start {
        match self.lexer.peek_token() {
            Some(b'[') => Start::Container(Form::List),
            Some(b'{') => {
                let mut ahead = self.lexer;
                let first_key = ahead.expect(b'{').and_then(|()| ahead.quoted());
                match first_key {
                    Ok(key) if key.raw == b"$map" => Start::Container(Form::Pairs),
                    Ok(key) if MARKERS.iter().any(|marker| key.raw == marker.as_bytes()) => {
                        Start::Scalar
                    }
                    _ => Start::Container(Form::Object),
                }
            }
            _ => Start::Scalar,
        }
    }

    /// Reads a scalar, or opens a container and says which.
    fn value(&mut self) -> Result<Option<Form>, Error> {
        let start = self.start();
        let position = self.lexer.position();
        let budget = self.budget.one();
        budget.map_err(|fault| Error::new(fault.into(), position))?;
        match start {
            Start::Scalar => {
                self.scalar()?;
                Ok(None)
            }
            Start::Container(form) => {
                self.open(form, position)?;
                Ok(Some(form))
            }
        }
    }

    fn open(&mut self, form: Form, position: usize) -> Result<(), Error> {
        let too_deep = Error::new(ErrorKind::TooDeep, position);
        if self.depth >= self.limit {
            return Err(too_deep);
        }
        match form {
            Form::List => self.lexer.expect(b'[')?,
            Form::Object => self.lexer.expect(b'{')?,
            Form::Pairs => {
                self.lexer.expect(b'{')?;
                self.lexer.quoted()?;
                self.lexer.expect(b':')?;
                self.marker(|lexer| lexer.eat(b'['))?;
            }
        }
        let container = match form {
            Form::List => Container::List,
            Form::Object | Form::Pairs => Container::Map,
        };
        let begun = self.writer.begin(container, None);
        let growing = self.at(position, begun)?;
        let level = self.open.get_mut(usize::from(self.depth)).ok_or(too_deep)?;
        *level = Some(Level { form, growing });
        self.depth = self.depth.saturating_add(1);
        Ok(())
    }

    /// Whether the container just opened has an element; its key is read.
    fn first_element(&mut self, form: Form) -> Result<bool, Error> {
        let end = if form == Form::Object { b'}' } else { b']' };
        if !self.lexer.eat(end) {
            self.element()?;
            return Ok(true);
        }
        if form == Form::Pairs {
            self.marker(|lexer| lexer.eat(b'}'))?;
        }
        Ok(false)
    }

    /// Counts an element and reads its key, if it has one.
    fn element(&mut self) -> Result<(), Error> {
        let Some(Level { form, mut growing }) = self.top() else {
            return Ok(());
        };
        self.lexer.peek_token();
        let position = self.lexer.position();
        match form {
            Form::List => {
                let counted = growing.element(&self.writer);
                self.at(position, counted)?;
            }
            Form::Object => {
                let key = self.lexer.quoted()?;
                self.text_key(&mut growing, key, position)?;
                self.lexer.expect(b':')?;
            }
            Form::Pairs => {
                self.marker(|lexer| lexer.eat(b'['))?;
                self.pair_key(&mut growing)?;
                self.marker(|lexer| lexer.eat(b','))?;
            }
        }
        self.set_top(Level { form, growing });
        Ok(())
    }

    fn pair_key(&mut self, growing: &mut Growing) -> Result<(), Error> {
        let start = self.start();
        let position = self.lexer.position();
        if let Start::Container(_) = start {
            return Err(Error::new(ErrorKind::ContainerAsKey, position));
        }
        let budget = self.budget.one();
        budget.map_err(|fault| Error::new(fault.into(), position))?;
        if self.lexer.peek() == Some(b'"') {
            let key = self.lexer.quoted()?;
            return self.text_key(growing, key, position);
        }
        let ready = growing.any_key(&mut self.writer);
        self.at(position, ready)?;
        self.scalar()
    }

    fn text_key(
        &mut self,
        growing: &mut Growing,
        key: Quoted<'_>,
        position: usize,
    ) -> Result<(), Error> {
        let written = growing
            .text_key_head(&mut self.writer, key.length)
            .and_then(|()| key.pieces(|piece| self.writer.put(piece, &[])));
        self.at(position, written)
    }

    fn top(&self) -> Option<Level> {
        let index = self.depth.checked_sub(1)?;
        *self.open.get(usize::from(index))?
    }

    fn set_top(&mut self, level: Level) {
        let index = usize::from(self.depth.saturating_sub(1));
        if let Some(top) = self.open.get_mut(index) {
            *top = Some(level);
        }
    }

    /// Reads what stands between a value and the next.
    fn after_value(&mut self) -> Result<Next, Error> {
        let Some(level) = self.top() else {
            return Ok(Next::Nothing);
        };
        if level.form == Form::Pairs {
            self.marker(|lexer| lexer.eat(b']'))?;
        }
        if self.lexer.eat(b',') {
            self.element()?;
            return Ok(Next::Value);
        }
        match level.form {
            Form::List => self.lexer.expect(b']')?,
            Form::Object => self.lexer.expect(b'}')?,
            Form::Pairs => self.marker(|lexer| lexer.eat(b']') && lexer.eat(b'}'))?,
        }
        self.close()?;
        Ok(Next::Closed)
    }

    fn close(&mut self) -> Result<(), Error> {
        let Some(level) = self.top() else {
            return Ok(());
        };
        self.depth = self.depth.saturating_sub(1);
        let position = self.lexer.position();
        let start = level.growing.start();
        let ended = level.growing.end(&mut self.writer);
        self.at(position, ended)?;
        if self.options.strict_order {
            let sorted = sort_map(&mut self.writer, start);
            self.at(position, sorted)?;
        }
        Ok(())
    }

    /// Demands what one of our markers must go on with.
    fn marker(&mut self, go_on: impl FnOnce(&mut Lexer<'_>) -> bool) -> Result<(), Error> {
        if go_on(&mut self.lexer) {
            Ok(())
        } else {
            Err(Error::new(ErrorKind::InvalidMarker, self.lexer.position()))
        }
    }

    fn scalar(&mut self) -> Result<(), Error> {
        let position = self.lexer.position();
        let written = match self.lexer.peek() {
            Some(b'"') => {
                let text = self.lexer.quoted()?;
                write_text(&mut self.writer, text)
            }
            Some(b'-' | b'0'..=b'9') => {
                let digits = self.lexer.number()?;
                write_number(&mut self.writer, digits, self.options.floats)
            }
            Some(b'n') => {
                self.lexer.word("null")?;
                self.writer.null()
            }
            Some(b't') => {
                self.lexer.word("true")?;
                self.writer.bool(true)
            }
            Some(b'f') => {
                self.lexer.word("false")?;
                self.writer.bool(false)
            }
            Some(b'{') => {
                self.lexer.expect(b'{')?;
                let marker = self.lexer.quoted()?;
                self.lexer.expect(b':')?;
                self.lexer.peek_token();
                if matches!(marker.raw, b"$f32" | b"$f64")
                    && let Some(b'-' | b'0'..=b'9') = self.lexer.peek()
                {
                    let digits = self.lexer.number()?;
                    self.marker(|lexer| lexer.eat(b'}'))?;
                    let written = write_marked_number(&mut self.writer, marker.raw, digits);
                    return self.at(position, written);
                }
                let invalid = Error::new(ErrorKind::InvalidMarker, self.lexer.position());
                let content = self.lexer.quoted().map_err(|_| invalid)?;
                self.marker(|lexer| lexer.eat(b'}'))?;
                write_marked(&mut self.writer, marker.raw, content.raw)
            }
            _ => return Err(self.lexer.unexpected()),
        };
        self.at(position, written)
    }
}
