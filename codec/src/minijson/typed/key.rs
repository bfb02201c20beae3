//! Keys of maps: text as a text key while all of them are, any other scalar as a
//! value, no containers.

use core::fmt::{self, Display, Write};

use serde::ser::{self, Impossible, Serialize};

use super::ser::Serializer;
use crate::minijson::error::{Error, ErrorKind};
use crate::minijson::growing::Growing;

/// Writes one key of the map `growing`.
pub(super) struct KeySerializer<'a, 'b> {
    pub(super) serializer: &'a mut Serializer<'b>,
    pub(super) growing: &'a mut Growing,
}

impl<'a, 'b> KeySerializer<'a, 'b> {
    /// The serializer for a key that is no text.
    fn any(self) -> Result<&'a mut Serializer<'b>, Error> {
        self.growing.any_key(&mut self.serializer.writer)?;
        Ok(self.serializer)
    }

    fn refuse<T>(&self) -> Result<T, Error> {
        Err(self.serializer.writer.error(ErrorKind::ContainerAsKey))
    }
}

/// Keys that are values of their own are written as everywhere else.
macro_rules! as_value {
    ($($method:ident: $type:ty,)*) => {
        $(fn $method(self, value: $type) -> Result<(), Error> {
            self.any()?.$method(value)
        })*
    };
}

impl ser::Serializer for KeySerializer<'_, '_> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Impossible<(), Error>;
    type SerializeTuple = Impossible<(), Error>;
    type SerializeTupleStruct = Impossible<(), Error>;
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeMap = Impossible<(), Error>;
    type SerializeStruct = Impossible<(), Error>;
    type SerializeStructVariant = Impossible<(), Error>;

    as_value! {
        serialize_bool: bool,
        serialize_i8: i8,
        serialize_i16: i16,
        serialize_i32: i32,
        serialize_i64: i64,
        serialize_i128: i128,
        serialize_u8: u8,
        serialize_u16: u16,
        serialize_u32: u32,
        serialize_u64: u64,
        serialize_u128: u128,
        serialize_f32: f32,
        serialize_f64: f64,
        serialize_bytes: &[u8],
    }

    fn serialize_char(self, value: char) -> Result<(), Error> {
        let mut buffer = [0; 4];
        self.serialize_str(value.encode_utf8(&mut buffer))
    }

    fn serialize_str(self, value: &str) -> Result<(), Error> {
        self.growing
            .text_key(&mut self.serializer.writer, value.as_bytes())
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.any()?.serialize_none()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.any()?.serialize_unit()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.any()?.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        if name == super::value::BIG_INT {
            return self.any()?.serialize_newtype_struct(name, value);
        }
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Error> {
        self.refuse()
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, Error> {
        self.refuse()
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Error> {
        self.refuse()
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, Error> {
        self.refuse()
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Error> {
        self.refuse()
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Error> {
        self.refuse()
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct, Error> {
        self.refuse()
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Error> {
        self.refuse()
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<(), Error> {
        let mut key = ShortText {
            bytes: [0; 255],
            length: 0,
        };
        if write!(key, "{value}").is_err() {
            return Err(self.serializer.writer.error(ErrorKind::KeyTooLong));
        }
        let bytes = key.bytes.get(..key.length).unwrap_or(&[]);
        self.growing.text_key(&mut self.serializer.writer, bytes)
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

struct ShortText {
    bytes: [u8; 255],
    length: usize,
}

impl Write for ShortText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length.checked_add(text.len()).ok_or(fmt::Error)?;
        let room = self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?;
        crate::bytes::copy(room, text.as_bytes());
        self.length = end;
        Ok(())
    }
}
