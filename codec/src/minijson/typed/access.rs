//! The insides of lists, maps and enums for the deserializer.

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{self, DeserializeSeed, IntoDeserializer, Visitor};

use super::de::{Deserializer, text};
use crate::minijson::container::Container;
use crate::minijson::error::{Error, ErrorKind};
use crate::minijson::reader::{Head, Reader};

/// The elements of a list.
pub(super) struct ListAccess<'a, 'de> {
    deserializer: &'a mut Deserializer<'de>,
    left: u32,
}

impl<'a, 'de> ListAccess<'a, 'de> {
    pub(super) fn new(deserializer: &'a mut Deserializer<'de>, left: u32) -> Self {
        Self { deserializer, left }
    }

    pub(super) fn finish(self) -> Result<(), Error> {
        finish(self.deserializer, self.left)
    }
}

/// A type that stops before the end wanted fewer elements.
#[inline]
fn finish(deserializer: &mut Deserializer<'_>, left: u32) -> Result<(), Error> {
    deserializer.ascend();
    if left == 0 {
        Ok(())
    } else {
        Err(deserializer.reader.error(ErrorKind::UnexpectedLength))
    }
}

fn size_hint(left: u32) -> Option<usize> {
    usize::try_from(left).ok()
}

impl<'de> de::SeqAccess<'de> for &mut ListAccess<'_, 'de> {
    type Error = Error;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        let Some(left) = self.left.checked_sub(1) else {
            return Ok(None);
        };
        self.left = left;
        seed.deserialize(&mut *self.deserializer).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        size_hint(self.left)
    }
}

/// The entries of a map of either form.
pub(super) struct MapAccess<'a, 'de> {
    deserializer: &'a mut Deserializer<'de>,
    form: Container,
    left: u32,
}

impl<'a, 'de> MapAccess<'a, 'de> {
    pub(super) fn new(deserializer: &'a mut Deserializer<'de>, form: Container, left: u32) -> Self {
        Self {
            deserializer,
            form,
            left,
        }
    }

    pub(super) fn finish(self) -> Result<(), Error> {
        finish(self.deserializer, self.left)
    }
}

impl<'de> de::MapAccess<'de> for &mut MapAccess<'_, 'de> {
    type Error = Error;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let Some(left) = self.left.checked_sub(1) else {
            return Ok(None);
        };
        self.left = left;
        let before = self.deserializer.reader;
        if self.form == Container::Map {
            let key = text(before, self.deserializer.reader.text_key()?)?;
            return seed
                .deserialize(BorrowedStrDeserializer::new(key))
                .map(Some)
                .map_err(|error: Error| error.or_at(before.position()));
        }
        let mut ahead = before;
        if let Head::Open(..) = ahead.head()? {
            return Err(before.error(ErrorKind::ContainerAsKey));
        }
        seed.deserialize(&mut *self.deserializer).map(Some)
    }

    #[inline]
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(&mut *self.deserializer)
    }

    fn size_hint(&self) -> Option<usize> {
        size_hint(self.left)
    }
}

/// A variant: its name alone, or a map of one entry with its content.
pub(super) struct EnumAccess<'a, 'de> {
    deserializer: &'a mut Deserializer<'de>,
    before: Reader<'de>,
    name: &'de str,
    has_content: bool,
}

impl<'a, 'de> EnumAccess<'a, 'de> {
    pub(super) fn unit(
        deserializer: &'a mut Deserializer<'de>,
        before: Reader<'de>,
        name: &'de str,
    ) -> Self {
        Self {
            deserializer,
            before,
            name,
            has_content: false,
        }
    }

    pub(super) fn content(
        deserializer: &'a mut Deserializer<'de>,
        before: Reader<'de>,
        name: &'de str,
    ) -> Self {
        Self {
            deserializer,
            before,
            name,
            has_content: true,
        }
    }

    /// The content, or an error for a name alone.
    fn into_content(self) -> Result<&'a mut Deserializer<'de>, Error> {
        if self.has_content {
            Ok(self.deserializer)
        } else {
            Err(self.before.error(ErrorKind::UnexpectedType))
        }
    }
}

impl<'de> de::EnumAccess<'de> for EnumAccess<'_, 'de> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Error> {
        let name: BorrowedStrDeserializer<'de, Error> = BorrowedStrDeserializer::new(self.name);
        Ok((seed.deserialize(name.into_deserializer())?, self))
    }
}

impl<'de> de::VariantAccess<'de> for EnumAccess<'_, 'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        if !self.has_content {
            return Ok(());
        }
        // `{"Name": null}` is another way to write it.
        <() as de::Deserialize>::deserialize(&mut *self.deserializer)?;
        self.deserializer.ascend();
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        let deserializer = self.into_content()?;
        let value = seed.deserialize(&mut *deserializer)?;
        deserializer.ascend();
        Ok(value)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        let deserializer = self.into_content()?;
        let value = de::Deserializer::deserialize_seq(&mut *deserializer, visitor)?;
        deserializer.ascend();
        Ok(value)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let deserializer = self.into_content()?;
        let value = de::Deserializer::deserialize_map(&mut *deserializer, visitor)?;
        deserializer.ascend();
        Ok(value)
    }
}
