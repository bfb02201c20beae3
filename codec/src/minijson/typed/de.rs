//! The deserializer.

use serde::de::{self, Visitor};

use super::access::{EnumAccess, ListAccess, MapAccess};
use crate::minijson::bigint::BigInt;
use crate::minijson::budget::Budget;
use crate::minijson::code;
use crate::minijson::error::{Error, ErrorKind};
use crate::minijson::limits::Limits;
use crate::minijson::nesting::Container;
use crate::minijson::pass::{TextCheck, pass_over};
use crate::minijson::reader::{Head, Reader};

/// Reads one value after another.
pub(super) struct Deserializer<'de> {
    pub(super) reader: Reader<'de>,
    budget: Budget,
    /// Containers that may still be opened.
    room: u16,
}

impl<'de> Deserializer<'de> {
    pub(super) fn new(input: &'de [u8], limits: Limits) -> Result<Self, Error> {
        let reader = Reader::new(input);
        if !limits.allow_length(input.len()) {
            return Err(reader.error(ErrorKind::InputTooLong));
        }
        let mut budget = Budget(limits.items);
        budget.one().map_err(|kind| reader.error(kind))?;
        Ok(Self {
            reader,
            budget,
            room: limits.effective_depth(),
        })
    }

    pub(super) fn finish(&self) -> Result<(), Error> {
        if self.reader.rest().is_empty() {
            Ok(())
        } else {
            Err(self.reader.error(ErrorKind::TrailingBytes))
        }
    }

    /// Enters a container whose head began at `before`.
    pub(super) fn descend(
        &mut self,
        before: Reader<'de>,
        form: Container,
        count: u32,
    ) -> Result<(), Error> {
        let room = self.room.checked_sub(1);
        self.room = room.ok_or(before.error(ErrorKind::TooDeep))?;
        let elements = self.budget.elements(form, count);
        elements.map_err(|kind| before.error(kind))
    }

    pub(super) fn ascend(&mut self) {
        self.room = self.room.saturating_add(1);
    }

    /// Moves behind one value.
    pub(super) fn ignore(&mut self) -> Result<(), Error> {
        pass_over(
            &mut self.reader,
            self.room,
            &mut self.budget,
            TextCheck::None,
        )
    }

    /// Reads the head of a value and hands it to the visitor, with the place for
    /// whatever the visitor finds wrong.
    fn visit<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Error> {
        let before = self.reader;
        let head = self.reader.head()?;
        self.visit_head(before, head, visitor)
            .map_err(|error| error.or_at(before.position()))
    }

    fn visit_head<V: Visitor<'de>>(
        &mut self,
        before: Reader<'de>,
        head: Head<'de>,
        visitor: V,
    ) -> Result<V::Value, Error> {
        match head {
            Head::Null => visitor.visit_unit(),
            Head::Bool(value) => visitor.visit_bool(value),
            Head::Int(value) => match u64::try_from(value) {
                Ok(value) => visitor.visit_u64(value),
                Err(_) => visitor.visit_i64(value),
            },
            Head::Big(value) => visit_big(value, visitor),
            Head::Single(value) => visitor.visit_f32(value),
            Head::Double(value) => visitor.visit_f64(value),
            Head::Text(bytes) => visitor.visit_borrowed_str(text(before, bytes)?),
            Head::Bytes(bytes) => visitor.visit_borrowed_bytes(bytes),
            Head::Open(Container::List, left) => {
                self.descend(before, Container::List, left)?;
                let mut access = ListAccess::new(self, left);
                let value = visitor.visit_seq(&mut access)?;
                access.finish()?;
                Ok(value)
            }
            Head::Open(form, left) => {
                self.descend(before, form, left)?;
                let mut access = MapAccess::new(self, form, left);
                let value = visitor.visit_map(&mut access)?;
                access.finish()?;
                Ok(value)
            }
        }
    }
}

/// Text that stands behind `before`.
pub(super) fn text<'de>(before: Reader<'_>, bytes: &'de [u8]) -> Result<&'de str, Error> {
    core::str::from_utf8(bytes).map_err(|_| before.error(ErrorKind::InvalidUtf8))
}

fn visit_big<'de, V: Visitor<'de>>(value: BigInt<'_>, visitor: V) -> Result<V::Value, Error> {
    if let Some(value) = value.as_u64() {
        visitor.visit_u64(value)
    } else if let Some(value) = value.as_i128() {
        visitor.visit_i128(value)
    } else if let Some(value) = value.as_u128() {
        visitor.visit_u128(value)
    } else {
        Err(Error::new(ErrorKind::OutOfRange, Error::NOWHERE))
    }
}

impl<'de> de::Deserializer<'de> for &mut Deserializer<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.visit(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.reader.peek() == Some(code::NULL) {
            self.reader.head()?;
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        if name != super::value::VALUE {
            return visitor.visit_newtype_struct(self);
        }
        // A field that takes any value as it stands: it gets the bytes.
        let before = self.reader;
        pass_over(
            &mut self.reader,
            self.room,
            &mut self.budget,
            TextCheck::Utf8,
        )?;
        let length = self.reader.position().saturating_sub(before.position());
        let raw = before.rest().get(..length).unwrap_or(&[]);
        visitor
            .visit_borrowed_bytes(raw)
            .map_err(|error: Error| error.or_at(before.position()))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let before = self.reader;
        let access = match self.reader.head()? {
            Head::Text(name) => EnumAccess::unit(self, before, text(before, name)?),
            Head::Open(Container::Map, 1) => {
                self.descend(before, Container::Map, 1)?;
                let key = self.reader;
                let name = self.reader.text_key()?;
                EnumAccess::content(self, before, text(key, name)?)
            }
            _ => return Err(before.error(ErrorKind::UnexpectedType)),
        };
        visitor
            .visit_enum(access)
            .map_err(|error| error.or_at(before.position()))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.ignore()?;
        visitor.visit_unit()
    }

    fn is_human_readable(&self) -> bool {
        false
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string
        bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier
    }
}
