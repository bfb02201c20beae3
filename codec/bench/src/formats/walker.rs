//! A walk over whatever a self-describing format holds, through serde.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// Adds up everything in a value, so that each item was looked at.
#[derive(Clone, Copy)]
pub(super) struct Walked(pub(super) u64);

impl<'de> Deserialize<'de> for Walked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Walker.deserialize(deserializer).map(Self)
    }
}

struct Walker;

impl<'de> DeserializeSeed<'de> for Walker {
    type Value = u64;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<u64, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walker {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<u64, E> {
        Ok(1)
    }

    fn visit_bool<E>(self, _: bool) -> Result<u64, E> {
        Ok(1)
    }

    fn visit_i64<E>(self, value: i64) -> Result<u64, E> {
        Ok(value.cast_unsigned())
    }

    fn visit_u64<E>(self, value: u64) -> Result<u64, E> {
        Ok(value)
    }

    fn visit_f32<E>(self, value: f32) -> Result<u64, E> {
        Ok(u64::from(value.to_bits()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<u64, E> {
        Ok(value.to_bits())
    }

    fn visit_str<E>(self, value: &str) -> Result<u64, E> {
        Ok(value.len() as u64)
    }

    fn visit_bytes<E>(self, value: &[u8]) -> Result<u64, E> {
        Ok(value.len() as u64)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<u64, A::Error> {
        let mut sum = 0_u64;
        while let Some(item) = list.next_element_seed(Self)? {
            sum = sum.wrapping_add(item);
        }
        Ok(sum)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<u64, A::Error> {
        let mut sum = 0_u64;
        while let Some(key) = map.next_key_seed(Self)? {
            let value = map.next_value_seed(Self)?;
            sum = sum.wrapping_add(key).wrapping_add(value);
        }
        Ok(sum)
    }
}
