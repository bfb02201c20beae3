//! What a filter says, as a tree that prints itself in one canonical form.

use std::fmt;

use super::moment;
use super::number::Number;
use super::words::{COLUMNS, Column, DURATIONS, FLAGS, Op};
use crate::detail::Path;

/// A filter, or a part of one. Without parts `All` is the filter that every row
/// passes; it stands only at the top.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expr {
    /// All of them hold.
    All(Vec<Expr>),
    /// One of them holds.
    Any(Vec<Expr>),
    /// It does not hold.
    Not(Box<Expr>),
    /// A bit of the row's flags is set.
    Flag(u16),
    /// A column, or a field, passes a test.
    Test(Field, Test),
}

/// What a test is about.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Field {
    Column(Column),
    Path(Path),
}

/// What is asked of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Test {
    /// It is there.
    Exists,
    Compare(Op, Literal),
    /// It equals one of them.
    In(Vec<Literal>),
    /// It contains this text, with its case, or these bytes.
    Contains(Literal),
    /// It contains this text, whatever the case of ASCII letters.
    Search(String),
    /// A part of it matches this regular expression.
    Matches(String),
}

/// A value that the text of a filter holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    Bytes(Vec<u8>),
    /// A type, a direction or a protocol by its name.
    Name(String),
    /// Microseconds.
    Duration(f64),
    /// Microseconds since 1970.
    Moment(u64),
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What binds less tightly than its surroundings stands in parentheses.
        let joined = |f: &mut fmt::Formatter<'_>, parts: &[Self], sign: &str| {
            for (number, part) in parts.iter().enumerate() {
                if number > 0 {
                    f.write_str(sign)?;
                }
                match part {
                    Self::All(_) | Self::Any(_) => write!(f, "({part})")?,
                    _ => write!(f, "{part}")?,
                }
            }
            Ok(())
        };
        match self {
            Self::All(parts) => joined(f, parts, " && "),
            Self::Any(parts) => joined(f, parts, " || "),
            Self::Not(part) => match **part {
                Self::Flag(_) | Self::Test(_, Test::Exists) => write!(f, "!{part}"),
                _ => write!(f, "!({part})"),
            },
            Self::Flag(bit) => f.write_str(
                FLAGS
                    .iter()
                    .find(|word| word.meaning == *bit)
                    .map_or("", |word| word.name),
            ),
            Self::Test(field, test) => write!(f, "{field}{test}"),
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Column(column) => f.write_str(name(*column)),
            Self::Path(path) => path.fmt(f),
        }
    }
}

/// The canonical name of a column.
pub(super) fn name(column: Column) -> &'static str {
    let word = COLUMNS.iter().find(|word| word.meaning == column);
    word.map_or("", |word| word.name)
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists => Ok(()),
            Self::Compare(op, value) => write!(f, " {op} {value}"),
            Self::In(values) => {
                f.write_str(" in (")?;
                for (number, value) in values.iter().enumerate() {
                    if number > 0 {
                        f.write_str(", ")?;
                    }
                    value.fmt(f)?;
                }
                f.write_str(")")
            }
            Self::Contains(value) => write!(f, " contains {value}"),
            Self::Search(text) => {
                f.write_str(" ~ ")?;
                quoted(f, text)
            }
            Self::Matches(pattern) => {
                f.write_str(" matches \"")?;
                let mut escaped = false;
                for c in pattern.chars() {
                    if c == '"' && !escaped {
                        f.write_str("\\")?;
                    }
                    escaped = c == '\\' && !escaped;
                    write!(f, "{c}")?;
                }
                f.write_str("\"")
            }
        }
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => value.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => quoted(f, text),
            Self::Bytes(bytes) => {
                f.write_str("x\"")?;
                bytes.iter().try_for_each(|byte| write!(f, "{byte:02X}"))?;
                f.write_str("\"")
            }
            Self::Name(name) if is_word(name) => f.write_str(name),
            Self::Name(name) => quoted(f, name),
            Self::Duration(micros) => duration(f, *micros),
            Self::Moment(micros) => f.write_str(&moment::write(*micros)),
        }
    }
}

/// Whether a name is read as one word.
pub(super) fn is_word(name: &str) -> bool {
    let mut bytes = name.bytes();
    let begins = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic());
    begins
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !["and", "or", "not"]
            .iter()
            .any(|word| name.eq_ignore_ascii_case(word))
}

/// In the largest unit of the everyday ones that gives back the same number.
fn duration(f: &mut fmt::Formatter<'_>, micros: f64) -> fmt::Result {
    for unit in ["s", "ms"] {
        let size = DURATIONS.iter().find(|word| word.name == unit);
        let size = size.map_or(1.0, |word| word.meaning);
        let count = micros / size;
        if count.abs() >= 1.0 && count * size == micros {
            return write!(f, "{count} {unit}");
        }
    }
    write!(f, "{micros} us")
}

/// A text between quotes, escaped so that it is read as the same.
fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    for c in text.chars() {
        match c {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            c if c.is_control() => write!(f, "\\u{{{:x}}}", u32::from(c))?,
            c => write!(f, "{c}")?,
        }
    }
    f.write_str("\"")
}

/// What a text between quotes says.
///
/// # Errors
/// Where an escape begins that means nothing, and how long it is.
pub(super) fn unquoted(text: &str) -> Result<String, (usize, usize)> {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        let escape = chars.next().map_or('\\', |(_, escape)| escape);
        let wrong = (at, 1 + escape.len_utf8());
        out.push(match escape {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '0' => '\0',
            '"' | '\'' | '\\' | '/' => escape,
            'u' => {
                let rest = chars.as_str();
                // \u{20ac}, or \u20ac as JSON has it.
                let (digits, length) = match rest.strip_prefix('{') {
                    Some(rest) => {
                        let (digits, _) = rest.split_once('}').ok_or(wrong)?;
                        (digits, digits.len() + 2)
                    }
                    None => (rest.get(..4).ok_or(wrong)?, 4),
                };
                let hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
                let code = u32::from_str_radix(digits, 16).map_err(|_| wrong)?;
                chars.nth(length - 1);
                let c = char::from_u32(code).filter(|_| hex && digits.len() <= 6);
                c.ok_or(wrong)?
            }
            _ => return Err(wrong),
        });
    }
    Ok(out)
}

/// The regular expression of a text between quotes: its escapes are its own,
/// only those of the quotes are taken off.
pub(super) fn pattern(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == '\\' {
            let escape = chars.next().unwrap_or('\\');
            if !matches!(escape, '"' | '\'') {
                out.push('\\');
            }
            out.push(escape);
        } else {
            out.push(c);
        }
    }
    out
}
