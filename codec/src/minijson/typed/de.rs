//! The deserializer.

use serde::de::{self, Visitor};

use super::access::{EnumAccess, ListAccess, MapAccess};
use crate::minijson::bigint::BigInt;
use crate::minijson::budget::Budget;
use crate::minijson::code;
use crate::minijson::container::Container;
use crate::minijson::error::{Error, ErrorKind};
use crate::minijson::limits::Limits;
use crate::minijson::pass::{TextCheck, pass_over};
use crate::minijson::quick;
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

    /// An integer of the common forms, or whatever stands there.
    #[inline]
    fn visit_int<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Error> {
        let before = self.reader;
        let Some((int, rest)) = quick::int(before.rest()) else {
            return self.visit(visitor);
        };
        self.reader.set_rest(rest);
        place(before, int_to(int, visitor))
    }

    /// Text of the common form, or whatever stands there.
    #[inline]
    fn visit_text<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Error> {
        let before = self.reader;
        if let Some((text, rest)) = quick::text(before.rest())
            && let Ok(text) = core::str::from_utf8(text)
        {
            self.reader.set_rest(rest);
            return place(before, visitor.visit_borrowed_str(text));
        }
        self.visit(visitor)
    }

    /// A list of the common form, or whatever stands there.
    #[inline]
    fn visit_list<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Error> {
        let before = self.reader;
        let Some((count, rest)) = quick::count(before.rest(), Container::List) else {
            return self.visit(visitor);
        };
        self.reader.set_rest(rest);
        place(before, self.list(before, count, visitor))
    }

    /// A map of the common form, or whatever stands there.
    #[inline]
    fn visit_entries<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Error> {
        let before = self.reader;
        let Some((count, rest)) = quick::count(before.rest(), Container::Map) else {
            return self.visit(visitor);
        };
        self.reader.set_rest(rest);
        place(before, self.map(before, Container::Map, count, visitor))
    }

    #[inline]
    fn list<V: Visitor<'de>>(
        &mut self,
        before: Reader<'de>,
        count: u32,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.descend(before, Container::List, count)?;
        let mut access = ListAccess::new(self, count);
        let value = visitor.visit_seq(&mut access)?;
        access.finish()?;
        Ok(value)
    }

    #[inline]
    fn map<V: Visitor<'de>>(
        &mut self,
        before: Reader<'de>,
        form: Container,
        count: u32,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.descend(before, form, count)?;
        let mut access = MapAccess::new(self, form, count);
        let value = visitor.visit_map(&mut access)?;
        access.finish()?;
        Ok(value)
    }

    /// Reads the head of a value and hands it to the visitor, with the place for
    /// whatever the visitor finds wrong.
    #[inline(never)]
    fn visit<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Error> {
        let before = self.reader;
        let head = self.reader.head()?;
        place(before, self.visit_head(before, head, visitor))
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
            Head::Int(value) => int_to(value, visitor),
            Head::Big(value) => visit_big(value, visitor),
            Head::Single(value) => visitor.visit_f32(value),
            Head::Double(value) => visitor.visit_f64(value),
            Head::Text(bytes) => visitor.visit_borrowed_str(text(before, bytes)?),
            Head::Bytes(bytes) => visitor.visit_borrowed_bytes(bytes),
            Head::Open(Container::List, count) => self.list(before, count, visitor),
            Head::Open(form, count) => self.map(before, form, count, visitor),
        }
    }
}

/// Gives an error of the visitor's its place.
#[inline]
fn place<T>(before: Reader<'_>, outcome: Result<T, Error>) -> Result<T, Error> {
    outcome.map_err(|error| error.or_at(before.position()))
}

#[inline]
fn int_to<'de, V: Visitor<'de>>(int: i64, visitor: V) -> Result<V::Value, Error> {
    match u64::try_from(int) {
        Ok(int) => visitor.visit_u64(int),
        Err(_) => visitor.visit_i64(int),
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

/// Methods for types that are usually written in a form that is read quickly.
macro_rules! quickly {
    ($($way:ident: $($method:ident)*;)*) => {$($(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.$way(visitor)
        }
    )*)*};
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

    #[inline]
    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let before = self.reader;
        let Some((single, rest)) = quick::single(before.rest()) else {
            return self.visit(visitor);
        };
        self.reader.set_rest(rest);
        place(before, visitor.visit_f32(single))
    }

    #[inline]
    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let before = self.reader;
        let Some((double, rest)) = quick::double(before.rest()) else {
            return self.visit(visitor);
        };
        self.reader.set_rest(rest);
        place(before, visitor.visit_f64(double))
    }

    #[inline]
    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.visit_list(visitor)
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.visit_entries(visitor)
    }

    quickly! {
        visit_int: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
            deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64;
        visit_text: deserialize_str deserialize_string;
        visit_list: deserialize_seq;
        visit_entries: deserialize_map;
    }

    serde::forward_to_deserialize_any! {
        bool i128 u128 char bytes byte_buf unit unit_struct tuple_struct identifier
    }
}
