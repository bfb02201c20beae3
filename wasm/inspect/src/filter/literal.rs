//! Values in the text of a filter, as the field wants them that they are
//! compared with.

use regex_lite::RegexBuilder;
use wigwag_codec::ngtt::FrameType;

use super::expr::{Field, Literal, name, pattern, unquoted};
use super::number::{NotANumber, Number};
use super::parse::{Parser, shortened};
use super::token::{Spanned, Token};
use super::words::{
    COLUMNS, Column, DIRECTIONS, DURATIONS, PROTOCOLS, SIZES, Word, akin, find, nearest,
};
use super::{FilterError, moment};

/// Bytes that a compiled regular expression may take.
const MAX_REGEX: usize = 64 << 10;
/// How deep one may be nested.
const MAX_NESTING: u32 = 32;

/// Compiles a regular expression, within limits.
pub(super) fn compile(pattern: &str) -> Result<regex_lite::Regex, String> {
    RegexBuilder::new(pattern)
        .size_limit(MAX_REGEX)
        .nest_limit(MAX_NESTING)
        .build()
        .map_err(|error| error.to_string())
}

impl Parser<'_> {
    /// A value to compare a field with; `equality` if only for being equal.
    pub(super) fn value(&mut self, field: &Field, equality: bool) -> Result<Literal, FilterError> {
        let column = match field {
            Field::Path(_) => return self.payload_value(),
            Field::Column(column) => *column,
        };
        match column {
            Column::Type => self.kind(equality),
            Column::Direction => self.name(column, DIRECTIONS, equality),
            Column::Protocol => self.name(column, PROTOCOLS, equality),
            Column::Time => self.time(),
            Column::Latency => self.quantity(column, DURATIONS),
            Column::Length | Column::Offset => self.quantity(column, SIZES),
            Column::Connection | Column::Id => self.quantity(column, &[]),
        }
    }

    fn payload_value(&mut self) -> Result<Literal, FilterError> {
        let value = match self.now.token {
            Token::Number(text) => {
                let number = self.number(text)?;
                self.take()?;
                if let Token::Word(word) = self.now.token
                    && (find(DURATIONS, word).is_some() || find(SIZES, word).is_some())
                {
                    return Err(self.wrong("units are for latency, time and length: fields of payloads have plain numbers"));
                }
                return Ok(Literal::Number(number));
            }
            Token::Text(text) => Literal::Text(self.unquoted(text)?),
            Token::Hex(digits) => Literal::Bytes(self.hex(digits)?),
            Token::Word("null") => Literal::Null,
            Token::Word("true") => Literal::Bool(true),
            Token::Word("false") => Literal::Bool(false),
            Token::Word(word) => {
                let word = shortened(word);
                return Err(self.wrong(format!("text stands between quotes: \"{word}\"")));
            }
            _ => return Err(self.expected("a number, \"text\", x\"00FF\", true, false or null")),
        };
        self.take()?;
        Ok(value)
    }

    /// Text or bytes to be contained.
    pub(super) fn part(&mut self) -> Result<Literal, FilterError> {
        let value = match self.now.token {
            Token::Text(text) => Literal::Text(self.unquoted(text)?),
            Token::Hex(digits) => Literal::Bytes(self.hex(digits)?),
            _ => return Err(self.expected("\"text\" or bytes as x\"00FF\"")),
        };
        self.take()?;
        Ok(value)
    }

    pub(super) fn plain_text(&mut self) -> Result<String, FilterError> {
        let Token::Text(text) = self.now.token else {
            return Err(self.expected("\"text\""));
        };
        let text = self.unquoted(text)?;
        self.take()?;
        Ok(text)
    }

    /// A regular expression that compiles.
    pub(super) fn expression(&mut self) -> Result<String, FilterError> {
        let Token::Text(text) = self.now.token else {
            return Err(self.expected("a regular expression such as \"^W[0-9]+$\""));
        };
        let pattern = pattern(text);
        compile(&pattern)
            .map_err(|error| self.wrong(format!("not a regular expression: {error}")))?;
        self.take()?;
        Ok(pattern)
    }

    fn kind(&mut self, equality: bool) -> Result<Literal, FilterError> {
        let text = match self.now.token {
            Token::Number(text) => {
                let number = self.number(text)?;
                self.take()?;
                return Ok(Literal::Number(number));
            }
            Token::Word(word) => word.to_owned(),
            Token::Text(text) => self.unquoted(text)?,
            _ => return Err(self.expected("a type such as ORDER, DSPC or 7")),
        };
        if !equality {
            return Err(self.wrong("only the numbers of types have an order: use == or !="));
        }
        let known = (0..=10).map(|number| FrameType::from_u16(number).name());
        if text.len() > 4 && !known.clone().any(|name| name.eq_ignore_ascii_case(&text)) {
            let near = match nearest(known.clone(), &text) {
                Some(near) => vec![near],
                None => akin(known.clone(), &text),
            };
            let hint = match near.as_slice() {
                [] => {
                    let all = known.collect::<Vec<_>>().join(", ");
                    format!("NGTT has {all}; NCP's names have four letters at most")
                }
                [one] => format!("did you mean {one}?"),
                [first @ .., last] => format!("did you mean {} or {last}?", first.join(", ")),
            };
            return Err(self.wrong(format!("no type `{}`: {hint}", shortened(&text))));
        }
        self.take()?;
        Ok(Literal::Name(text.to_ascii_uppercase()))
    }

    fn name(
        &mut self,
        column: Column,
        words: &'static [Word<u32>],
        equality: bool,
    ) -> Result<Literal, FilterError> {
        let all = || {
            words
                .iter()
                .map(|word| word.name)
                .filter(|name| *name != "unknown")
        };
        let text = match self.now.token {
            Token::Word(word) => word.to_owned(),
            Token::Text(text) => self.unquoted(text)?,
            _ => return Err(self.expected(&all().collect::<Vec<_>>().join(" or "))),
        };
        if find(words, &text).is_none() {
            let near = nearest(all(), &text);
            return Err(self.wrong(match near {
                Some(near) => format!("no {} `{text}`: did you mean {near}?", name(column)),
                None => format!(
                    "no {} `{}`: there are {}",
                    name(column),
                    shortened(&text),
                    all().collect::<Vec<_>>().join(", ")
                ),
            }));
        }
        if !equality {
            return Err(self.wrong(format!("{}s have no order: use == or !=", name(column))));
        }
        self.take()?;
        Ok(Literal::Name(text.to_ascii_lowercase()))
    }

    fn time(&mut self) -> Result<Literal, FilterError> {
        let text = match self.now.token {
            Token::Moment(text) => text.to_owned(),
            Token::Text(text) => self.unquoted(text)?,
            _ => return self.quantity(Column::Time, DURATIONS),
        };
        let moment = moment::read(&text).ok_or_else(|| {
            self.wrong("no time as RFC 3339 has it: 2026-11-21T19:25:00Z, from 1970 on")
        })?;
        self.take()?;
        Ok(Literal::Moment(moment))
    }

    /// A number with one of these units.
    fn quantity(&mut self, column: Column, units: &[Word<f64>]) -> Result<Literal, FilterError> {
        let Token::Number(text) = self.now.token else {
            let what = match column {
                Column::Time => "a time: 2026-11-21T19:25:00Z, or 12 s since the first row",
                Column::Latency => "a time with its unit such as 200 ms",
                _ => "a number",
            };
            return Err(self.expected(what));
        };
        let number = self.number(text)?;
        let digits = self.take()?;
        let duration = matches!(column, Column::Time | Column::Latency);
        let unit = match self.now.token {
            Token::Word(word) => self.unit(column, units, word, digits)?,
            _ => None,
        };
        if unit.is_some() {
            self.take()?;
        }
        Ok(match unit {
            Some(unit) if duration => Literal::Duration(number.as_f64() * unit),
            Some(unit) => Literal::Number(times(number, unit)),
            None if duration && number == Number::Int(0) => Literal::Duration(0.0),
            None if duration => {
                let message = format!("which unit? {text} s, {text} ms or {text} us");
                return Err(FilterError::new(digits.start, digits.end, message));
            }
            None => Literal::Number(number),
        })
    }

    /// What a word behind a number says as a unit, if it is meant as one.
    fn unit(
        &self,
        column: Column,
        units: &[Word<f64>],
        word: &str,
        digits: Spanned<'_>,
    ) -> Result<Option<f64>, FilterError> {
        if let Some(unit) = find(units, word) {
            return Ok(Some(unit));
        }
        // Behind a space it may be an operator that is missing before it.
        if digits.end < self.now.start && find(COLUMNS, word).is_some() {
            return Ok(None);
        }
        Err(self.wrong(if units.is_empty() {
            format!("{} is a plain number", name(column))
        } else {
            let all: Vec<&str> = units
                .iter()
                .map(|unit| unit.name)
                .filter(|name| name.is_ascii())
                .collect();
            format!(
                "no unit `{}`: there are {}",
                shortened(word),
                all.join(", ")
            )
        }))
    }

    fn number(&self, text: &str) -> Result<Number, FilterError> {
        Number::read(text).map_err(|error| {
            self.wrong(match error {
                NotANumber::Form => format!("`{}` is no number", shortened(text)),
                NotANumber::TooLarge => "this number is too large".to_owned(),
            })
        })
    }

    fn unquoted(&self, text: &str) -> Result<String, FilterError> {
        unquoted(text).map_err(|(at, length)| {
            let start = self.now.start + 1 + at;
            let message = "no such escape: there are \\\" \\\\ \\n \\r \\t \\0 and \\u{20AC}";
            FilterError::new(start, start + length, message.into())
        })
    }

    fn hex(&self, digits: &str) -> Result<Vec<u8>, FilterError> {
        let mut bytes = Vec::with_capacity(digits.len() / 2);
        let mut high = None;
        for (at, c) in digits.char_indices().filter(|(_, c)| !c.is_whitespace()) {
            let digit = c.to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            let Some(digit) = digit else {
                let start = self.now.start + 2 + at;
                let message = format!("`{c}` is no hex digit");
                return Err(FilterError::new(start, start + c.len_utf8(), message));
            };
            match high.take() {
                None => high = Some(digit),
                Some(high) => bytes.push(high << 4 | digit),
            }
        }
        if high.is_some() {
            return Err(self.wrong("an odd number of hex digits"));
        }
        Ok(bytes)
    }
}

/// A number of units, whole where it is.
fn times(number: Number, unit: f64) -> Number {
    match number {
        Number::Int(int) => match int.checked_mul(unit as i128) {
            Some(int) => Number::Int(int),
            None => Number::Float(int as f64 * unit),
        },
        other => Number::Float(other.as_f64() * unit),
    }
}
