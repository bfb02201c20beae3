//! From text to a path.

use std::borrow::Cow;
use std::fmt;

use super::{Literal, MAX_STEPS, Part, Path, Root, Step, is_reserved};

/// Why a text is no path, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathError {
    /// Bytes from the start of the text.
    pub position: usize,
    /// What is wrong and what is possible instead, for people.
    pub message: Cow<'static, str>,
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at byte {})", self.message, self.position)
    }
}

impl std::error::Error for PathError {}

/// A path at the start of a text, as a filter has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefix {
    /// The path.
    pub path: Path,
    /// How many bytes of the text it takes.
    pub length: usize,
}

impl Path {
    /// The path that the whole of `text` is.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let Prefix { path, length } = Self::parse_prefix(text)?;
        if length < text.len() {
            return Err(error(
                length,
                "a path goes on with .name, [number], [*], [\"key\"] or {key}",
            ));
        }
        Ok(path)
    }

    /// The longest path that `text` begins with.
    ///
    /// # Errors
    /// It begins with none, or with one that breaks off inside brackets, or that no
    /// frame can have.
    pub fn parse_prefix(text: &str) -> Result<Prefix, PathError> {
        let mut parser = Parser { text, position: 0 };
        let word = parser.word();
        let root = Root::ALL.into_iter().find(|root| root.name() == word);
        let root = root.ok_or_else(|| {
            error(
                0,
                "a path begins with head, payload, fields, message or foot",
            )
        })?;
        let mut steps = Vec::new();
        while let Some(step) = parser.step(root, &steps)? {
            if steps.len() == MAX_STEPS {
                return Err(error(parser.position, "a path has at most 136 steps"));
            }
            steps.push(step);
        }
        if let (Root::Fields, Some(Step::Part(Part::Params))) = (root, steps.last()) {
            return Err(error(
                parser.position,
                "`params` goes on with [number], [*] or [\"NAME\"]",
            ));
        }
        Ok(Prefix {
            path: Self { root, steps },
            length: parser.position,
        })
    }
}

impl std::str::FromStr for Path {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        Self::parse(text)
    }
}

fn error(position: usize, message: impl Into<Cow<'static, str>>) -> PathError {
    let message = message.into();
    PathError { position, message }
}

struct Parser<'t> {
    text: &'t str,
    position: usize,
}

impl<'t> Parser<'t> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    fn eat(&mut self, text: &str) -> bool {
        let rest = self.text.get(self.position..).unwrap_or_default();
        let found = rest.starts_with(text);
        self.position += if found { text.len() } else { 0 };
        found
    }

    /// Bytes of a word; nothing if there is none.
    fn word(&mut self) -> &'t str {
        self.take_while(|b| b.is_ascii_alphanumeric() || b == b'_')
    }

    fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'t str {
        let start = self.position;
        while self.byte().is_some_and(&wanted) {
            self.position += 1;
        }
        self.text.get(start..self.position).unwrap_or_default()
    }

    /// The next step; `None` where the path ends.
    fn step(&mut self, root: Root, before: &[Step]) -> Result<Option<Step>, PathError> {
        let start = self.position;
        let step = match self.byte() {
            Some(b'.') => {
                self.position += 1;
                let word = self.word();
                if word.is_empty() {
                    return Err(error(
                        self.position,
                        "a name is due behind the point; names with other characters stand in [\"..\"]",
                    ));
                }
                named(root, before, word).map_err(|message| error(start + 1, message))?
            }
            Some(b'[') => {
                self.position += 1;
                self.bracketed()?
            }
            Some(b'{') if root == Root::Payload => {
                self.position += 1;
                self.literal()?
            }
            _ => return Ok(None),
        };
        check(root, before, &step).map_err(|message| error(start, message))?;
        Ok(Some(step))
    }

    fn bracketed(&mut self) -> Result<Step, PathError> {
        let start = self.position;
        let step = if self.eat("*") {
            Step::Any
        } else if self.eat("\"") {
            Step::Key(self.quoted()?.into())
        } else {
            let digits = self.take_while(|b| b.is_ascii_digit());
            let index = digits
                .parse()
                .map_err(|_| error(start, "a number, * or a key in quotes is due in brackets"))?;
            Step::Index(index)
        };
        if self.eat("]") {
            Ok(step)
        } else {
            Err(error(self.position, "a closing bracket is due here"))
        }
    }

    fn quoted(&mut self) -> Result<Vec<u8>, PathError> {
        let mut key = Vec::new();
        loop {
            let plain = self.take_while(|b| b != b'"' && b != b'\\');
            key.extend_from_slice(plain.as_bytes());
            let at = self.position;
            if self.eat("\"") {
                return Ok(key);
            } else if self.eat("\\x") {
                let digits = self.text.get(self.position..self.position + 2);
                let byte = digits
                    .filter(|digits| digits.bytes().all(|d| d.is_ascii_hexdigit()))
                    .and_then(|digits| u8::from_str_radix(digits, 16).ok());
                key.push(byte.ok_or_else(|| error(at, "two hex digits are due behind \\x"))?);
                self.position += 2;
            } else if self.eat("\\") {
                let escaped = match self.byte() {
                    Some(byte @ (b'"' | b'\\')) => byte,
                    Some(b'n') => b'\n',
                    Some(b'r') => b'\r',
                    Some(b't') => b'\t',
                    _ => {
                        return Err(error(
                            at,
                            "the escapes of a key are \\\" \\\\ \\n \\r \\t \\xNN",
                        ));
                    }
                };
                key.push(escaped);
                self.position += 1;
            } else {
                return Err(error(
                    at,
                    "the key does not end: a closing quote is missing",
                ));
            }
        }
    }

    fn literal(&mut self) -> Result<Step, PathError> {
        let start = self.position;
        let text = self.take_while(|b| b != b'}' && b != b'{');
        let literal = match text {
            "null" => Some(Literal::Null),
            "true" => Some(Literal::Bool(true)),
            "false" => Some(Literal::Bool(false)),
            _ => match text.strip_prefix("0x") {
                Some(digits) => bytes(digits),
                None => number(text),
            },
        };
        let literal = literal.ok_or_else(|| {
            error(
                start,
                "in braces stands a number, null, true, false or 0x and hex digits",
            )
        })?;
        if self.eat("}") {
            Ok(Step::Literal(literal))
        } else {
            Err(error(self.position, "a closing brace is due here"))
        }
    }
}

fn bytes(digits: &str) -> Option<Literal> {
    let bytes = crate::text::hex::unhex(digits).ok()?;
    Some(Literal::Bytes(bytes.into()))
}

fn number(text: &str) -> Option<Literal> {
    let is_integer = text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    if is_integer {
        return text.parse().ok().map(|int| Literal::Int(Box::new(int)));
    }
    text.parse().ok().map(Literal::Float)
}

/// What a name behind a point means.
fn named(root: Root, before: &[Step], word: &str) -> Result<Step, &'static str> {
    let part = Part::from_name(word);
    match root {
        Root::Head | Root::Foot => part
            .map(Step::Part)
            .ok_or("no header has a part of this name"),
        Root::Fields if !before.is_empty() && is_reserved(word) => {
            Ok(part.map_or(Step::Any, Step::Part))
        }
        _ => Ok(Step::Key(word.as_bytes().into())),
    }
}

/// Whether a step may follow those before it.
fn check(root: Root, before: &[Step], step: &Step) -> Result<(), &'static str> {
    let is_good = match (root, before, step) {
        (Root::Payload, _, Step::Part(_)) | (Root::Message, ..) => false,
        (Root::Payload, ..) => true,
        (Root::Head, [], Step::Part(part)) => matches!(
            part,
            Part::Magic
                | Part::Type
                | Part::Length
                | Part::Tid
                | Part::Id
                | Part::Version
                | Part::Time
                | Part::Info
        ),
        (Root::Head, [Step::Part(Part::Time)], Step::Part(part)) => {
            matches!(part, Part::Secs | Part::Nanos)
        }
        (Root::Foot, [], Step::Part(part)) => matches!(part, Part::Checksum | Part::Mark),
        (Root::Head | Root::Foot, ..) => false,
        (Root::Fields, _, Step::Literal(_)) => false,
        (Root::Fields, [], step) => !matches!(step, Step::Part(_)),
        (Root::Fields, [_], step) => match step {
            Step::Key(_) => true,
            Step::Part(part) => *part != Part::Value,
            _ => false,
        },
        (Root::Fields, [_, Step::Part(Part::Params)], step) => !matches!(step, Step::Part(_)),
        (Root::Fields, [_, Step::Part(_), inner @ ..], step) => {
            !inner.is_empty() && of_param(&inner[1..], step)
        }
        (Root::Fields, [_, _, inner @ ..], step) => of_param(inner, step),
    };
    if is_good {
        return Ok(());
    }
    Err(match root {
        Root::Payload => "",
        Root::Message => "a message has no parts that are known here",
        Root::Head => {
            "a header has length, tid, type, and in NCP also id, version, time, info, magic"
        }
        Root::Foot => "a footer has checksum and mark",
        Root::Fields => {
            "behind `fields` comes a field (.NAME, [number], [*]), then a parameter (.NAME, \
             .params[number]) or id, name, type, size, then an element of an array"
        }
    })
}

/// Whether a step may follow a parameter and the steps `before` in it.
fn of_param(before: &[Step], step: &Step) -> bool {
    match (before, step) {
        ([], Step::Part(part)) => {
            matches!(part, Part::Value | Part::Name | Part::Type | Part::Size)
        }
        ([] | [Step::Part(Part::Value)], Step::Index(_) | Step::Any) => true,
        _ => false,
    }
}
