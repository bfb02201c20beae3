//! [`Value`] as a field of the program's types: any value, as it stands.

use core::fmt;

use serde::de::{self, Deserialize, Visitor};
use serde::ser::{self, Impossible, Serialize, SerializeMap, SerializeSeq};

use crate::minijson::bigint::BigInt;
use crate::minijson::error::{Error, ErrorKind};
use crate::minijson::iter::Key;
use crate::minijson::limits::{Limits, MAX_DEPTH};
use crate::minijson::value::{Kind, Value};
use crate::minijson::writer::Writer;

/// By this name our deserializer knows a [`Value`].
pub(super) const VALUE: &str = "$wigwag::minijson::Value";
/// By this name our serializer knows the bytes of a large integer.
pub(super) const BIG_INT: &str = "$wigwag::minijson::BigInt";

impl<'de: 'a, 'a> Deserialize<'de> for Value<'a> {
    /// Borrows the value from the input. Only minijson can be read so.
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RawVisitor;

        impl<'de> Visitor<'de> for RawVisitor {
            type Value = Value<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a minijson value")
            }

            fn visit_borrowed_bytes<E: de::Error>(self, raw: &'de [u8]) -> Result<Value<'de>, E> {
                // Our deserializer has checked the value, UTF-8 included.
                Value::parse_structure(raw, Limits::new().with_depth(MAX_DEPTH)).map_err(E::custom)
            }
        }

        deserializer.deserialize_newtype_struct(VALUE, RawVisitor)
    }
}

impl Serialize for Value<'_> {
    /// Any serializer will do; one that is not ours gets an integer of more than
    /// 128 bits as bytes.
    fn serialize<S: ser::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.kind() {
            Kind::Null => serializer.serialize_unit(),
            Kind::Bool => serializer.serialize_bool(self.as_bool() == Some(true)),
            Kind::Int => serialize_int(self, serializer),
            Kind::Single => serializer.serialize_f32(self.as_f32().unwrap_or_default()),
            Kind::Double => serializer.serialize_f64(self.as_f64().unwrap_or_default()),
            Kind::Text => match self.as_str() {
                Some(text) => serializer.serialize_str(text),
                None => Err(ser::Error::custom("text is not valid UTF-8")),
            },
            Kind::Bytes => serializer.serialize_bytes(self.as_bytes().unwrap_or_default()),
            Kind::List => {
                let mut list = serializer.serialize_seq(Some(self.len()))?;
                for item in self.items() {
                    list.serialize_element(&item)?;
                }
                list.end()
            }
            Kind::Map | Kind::Sdict => {
                let mut map = serializer.serialize_map(Some(self.len()))?;
                for (key, value) in self.entries() {
                    match key {
                        Key::Value(key) => map.serialize_entry(&key, &value)?,
                        Key::Text(key) => match key.to_str() {
                            Ok(key) => map.serialize_entry(key, &value)?,
                            Err(_) => return Err(ser::Error::custom("key is not valid UTF-8")),
                        },
                    }
                }
                map.end()
            }
        }
    }
}

fn serialize_int<S: ser::Serializer>(value: &Value<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    struct Bytes<'a>(&'a [u8]);

    impl Serialize for Bytes<'_> {
        fn serialize<S: ser::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_bytes(self.0)
        }
    }

    if let Some(int) = value.as_i64() {
        serializer.serialize_i64(int)
    } else if let Some(int) = value.as_u64() {
        serializer.serialize_u64(int)
    } else if let Some(int) = value.as_i128() {
        serializer.serialize_i128(int)
    } else {
        // Only type 0x18 has so many bytes: a type byte and a length stand before.
        let bytes = value.raw().get(2..).unwrap_or_default();
        serializer.serialize_newtype_struct(BIG_INT, &Bytes(bytes))
    }
}

/// Takes the bytes of a large integer and writes the integer.
pub(super) struct BigIntSerializer<'a, 'b>(pub(super) &'a mut Writer<'b>);

/// Everything but bytes is refused: nothing else bears the name.
macro_rules! refuse {
    ($($method:ident($($type:ty),*) -> $result:ty;)*) => {
        $(fn $method(self, $(_: $type),*) -> Result<$result, Error> {
            Err(self.0.error(ErrorKind::UnexpectedType))
        })*
    };
}

impl ser::Serializer for BigIntSerializer<'_, '_> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Impossible<(), Error>;
    type SerializeTuple = Impossible<(), Error>;
    type SerializeTupleStruct = Impossible<(), Error>;
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeMap = Impossible<(), Error>;
    type SerializeStruct = Impossible<(), Error>;
    type SerializeStructVariant = Impossible<(), Error>;

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Error> {
        self.0.big_int(&BigInt::from_be_bytes(value))
    }

    refuse! {
        serialize_bool(bool) -> ();
        serialize_i8(i8) -> ();
        serialize_i16(i16) -> ();
        serialize_i32(i32) -> ();
        serialize_i64(i64) -> ();
        serialize_u8(u8) -> ();
        serialize_u16(u16) -> ();
        serialize_u32(u32) -> ();
        serialize_u64(u64) -> ();
        serialize_f32(f32) -> ();
        serialize_f64(f64) -> ();
        serialize_char(char) -> ();
        serialize_str(&str) -> ();
        serialize_none() -> ();
        serialize_unit() -> ();
        serialize_unit_struct(&'static str) -> ();
        serialize_unit_variant(&'static str, u32, &'static str) -> ();
        serialize_seq(Option<usize>) -> Self::SerializeSeq;
        serialize_tuple(usize) -> Self::SerializeTuple;
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
        serialize_map(Option<usize>) -> Self::SerializeMap;
        serialize_struct(&'static str, usize) -> Self::SerializeStruct;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<(), Error> {
        Err(self.0.error(ErrorKind::UnexpectedType))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: &T,
    ) -> Result<(), Error> {
        Err(self.0.error(ErrorKind::UnexpectedType))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Error> {
        Err(self.0.error(ErrorKind::UnexpectedType))
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, _: &T) -> Result<(), Error> {
        Err(self.0.error(ErrorKind::UnexpectedType))
    }
}
