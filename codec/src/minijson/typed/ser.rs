//! The serializer.

use core::fmt::{self, Display, Write};

use serde::ser::{self, Serialize};

use super::compound::Compound;
use crate::minijson::bigint::BigInt;
use crate::minijson::canonical::{self, Options};
use crate::minijson::container::Container;
use crate::minijson::error::{Error, ErrorKind};
use crate::minijson::limits::MAX_DEPTH;
use crate::minijson::writer::Writer;

/// Writes one value.
pub(super) struct Serializer<'b> {
    pub(super) writer: Writer<'b>,
    options: Options,
    /// Containers that may still be opened.
    room: u16,
}

impl<'b> Serializer<'b> {
    pub(super) const fn new(writer: Writer<'b>, options: Options) -> Self {
        Self {
            writer,
            options,
            room: MAX_DEPTH,
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.writer.len()
    }

    fn descend(&mut self) -> Result<(), Error> {
        let room = self.room.checked_sub(1);
        self.room = room.ok_or(self.writer.error(ErrorKind::TooDeep))?;
        Ok(())
    }

    /// Sorts the map at `start`, if maps are to be sorted.
    pub(super) fn sort(&mut self, start: usize) -> Result<(), Error> {
        if self.options.strict_order {
            canonical::sort_map(&mut self.writer, start)?;
        }
        Ok(())
    }

    pub(super) fn ascend(&mut self) {
        self.room = self.room.saturating_add(1);
    }

    fn begin(&mut self, form: Container, length: Option<usize>) -> Result<Compound<'_, 'b>, Error> {
        self.descend()?;
        let growing = self.writer.begin(form, length)?;
        Ok(Compound {
            serializer: self,
            growing,
            variant: false,
        })
    }

    /// Opens the map of one entry that names a variant.
    fn open_variant(&mut self, variant: &str) -> Result<(), Error> {
        self.descend()?;
        self.writer.open(Container::Map, 1)?;
        self.writer.text_key(variant.as_bytes())
    }

    fn begin_variant(
        &mut self,
        variant: &str,
        form: Container,
        length: usize,
    ) -> Result<Compound<'_, 'b>, Error> {
        self.open_variant(variant)?;
        let mut compound = self.begin(form, Some(length))?;
        compound.variant = true;
        Ok(compound)
    }
}

impl<'a, 'b> ser::Serializer for &'a mut Serializer<'b> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Compound<'a, 'b>;
    type SerializeTuple = Compound<'a, 'b>;
    type SerializeTupleStruct = Compound<'a, 'b>;
    type SerializeTupleVariant = Compound<'a, 'b>;
    type SerializeMap = Compound<'a, 'b>;
    type SerializeStruct = Compound<'a, 'b>;
    type SerializeStructVariant = Compound<'a, 'b>;

    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        self.writer.bool(value)
    }

    fn serialize_i8(self, value: i8) -> Result<(), Error> {
        self.writer.int(i64::from(value))
    }

    fn serialize_i16(self, value: i16) -> Result<(), Error> {
        self.writer.int(i64::from(value))
    }

    fn serialize_i32(self, value: i32) -> Result<(), Error> {
        self.writer.int(i64::from(value))
    }

    fn serialize_i64(self, value: i64) -> Result<(), Error> {
        self.writer.int(value)
    }

    fn serialize_u8(self, value: u8) -> Result<(), Error> {
        self.writer.int(i64::from(value))
    }

    fn serialize_u16(self, value: u16) -> Result<(), Error> {
        self.writer.int(i64::from(value))
    }

    fn serialize_u32(self, value: u32) -> Result<(), Error> {
        self.writer.int(i64::from(value))
    }

    fn serialize_u64(self, value: u64) -> Result<(), Error> {
        match i64::try_from(value) {
            Ok(value) => self.writer.int(value),
            Err(_) => self.serialize_u128(u128::from(value)),
        }
    }

    fn serialize_i128(self, value: i128) -> Result<(), Error> {
        let bytes = value.to_be_bytes();
        self.writer.big_int(&BigInt::from_be_bytes(&bytes))
    }

    fn serialize_u128(self, value: u128) -> Result<(), Error> {
        let bytes = value.to_be_bytes();
        self.writer.big_int(&BigInt::from_unsigned_be_bytes(&bytes))
    }

    fn serialize_f32(self, value: f32) -> Result<(), Error> {
        self.writer.single_as(value, self.options.floats)
    }

    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        self.writer.double_as(value, self.options.floats)
    }

    fn serialize_char(self, value: char) -> Result<(), Error> {
        let mut buffer = [0; 4];
        self.writer.text(value.encode_utf8(&mut buffer).as_bytes())
    }

    fn serialize_str(self, value: &str) -> Result<(), Error> {
        self.writer.text(value.as_bytes())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Error> {
        self.writer.bytes(value)
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.writer.null()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.writer.null()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.writer.null()
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), Error> {
        self.writer.text(variant.as_bytes())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        if name == super::value::BIG_INT {
            return value.serialize(super::value::BigIntSerializer(&mut self.writer));
        }
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.open_variant(variant)?;
        value.serialize(&mut *self)?;
        self.ascend();
        Ok(())
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Compound<'a, 'b>, Error> {
        self.begin(Container::List, length)
    }

    fn serialize_tuple(self, length: usize) -> Result<Compound<'a, 'b>, Error> {
        self.begin(Container::List, Some(length))
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        length: usize,
    ) -> Result<Compound<'a, 'b>, Error> {
        self.begin(Container::List, Some(length))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Compound<'a, 'b>, Error> {
        self.begin_variant(variant, Container::List, length)
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Compound<'a, 'b>, Error> {
        self.begin(Container::Map, length)
    }

    fn serialize_struct(self, _: &'static str, length: usize) -> Result<Compound<'a, 'b>, Error> {
        self.begin(Container::Map, Some(length))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Compound<'a, 'b>, Error> {
        self.begin_variant(variant, Container::Map, length)
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<(), Error> {
        // Room for the head is needed before the length is known: it is counted
        // first.
        let mut counter = Counter(0);
        write!(counter, "{value}").map_err(|_| self.writer.error(ErrorKind::Custom))?;
        let start = self.writer.len();
        self.writer.text_head(counter.0)?;
        let mut sink = Sink {
            end: self.writer.len().saturating_add(counter.0),
            writer: &mut self.writer,
            error: None,
        };
        let written = write!(sink, "{value}");
        let (end, error) = (sink.end, sink.error);
        if written.is_ok() && self.writer.len() == end {
            return Ok(());
        }
        self.writer.truncate(start);
        Err(error.unwrap_or(self.writer.error(ErrorKind::Custom)))
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

struct Counter(usize);

impl Write for Counter {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = self.0.checked_add(text.len()).ok_or(fmt::Error)?;
        Ok(())
    }
}

struct Sink<'a, 'b> {
    writer: &'a mut Writer<'b>,
    end: usize,
    error: Option<Error>,
}

impl Write for Sink<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.writer.put(text.as_bytes(), &[]).map_err(|error| {
            self.error = Some(error);
            fmt::Error
        })
    }
}
