//! Items by their type where the quick ways of `expect` do not do: rare forms, the
//! last bytes of an input, containers that are still to be closed, and all that is
//! wrong.

use super::bigint::BigInt;
use super::code;
use super::container::Container;
use super::decoder::Decoder;
use super::error::{Error, ErrorKind};
use super::fault::Fault;
use super::float;
use super::hop::{Hop, hop};
use super::quick;
use super::text::Text;
use crate::bytes::copy;

impl<'a> Decoder<'a> {
    #[cold]
    #[inline(never)]
    pub(super) fn int_slow(&mut self) -> Result<i64, Error> {
        let (item, _, behind) = self.scalar()?;
        // Near the end of the input the quick way lacks bytes that it could read.
        let mut longer = [0; 16];
        copy(&mut longer, item);
        if let Some((int, _)) = quick::int(&longer) {
            return Ok(self.read(behind, int));
        }
        match item {
            [code::BIG, _, bytes @ ..] => match BigInt::from_be_bytes(bytes).as_i64() {
                Some(int) => Ok(self.read(behind, int)),
                None => Err(self.reader.error(ErrorKind::OutOfRange)),
            },
            _ => Err(self.unexpected()),
        }
    }

    #[cold]
    #[inline(never)]
    pub(super) fn f32_slow(&mut self) -> Result<f32, Error> {
        let (item, _, behind) = self.scalar()?;
        match quick::single(item) {
            Some((single, _)) => Ok(self.read(behind, single)),
            None => Err(self.unexpected()),
        }
    }

    #[cold]
    #[inline(never)]
    pub(super) fn f64_slow(&mut self) -> Result<f64, Error> {
        let (item, _, behind) = self.scalar()?;
        match (quick::double(item), quick::single(item)) {
            (Some((double, _)), _) => Ok(self.read(behind, double)),
            (_, Some((single, _))) => Ok(self.read(behind, float::widen(single))),
            _ => Err(self.unexpected()),
        }
    }

    #[cold]
    #[inline(never)]
    pub(super) fn text_slow(&mut self) -> Result<Text<'a>, Error> {
        let before = self.reader;
        match self.scalar()? {
            (_, Hop::Text(text), behind) => {
                Ok(self.read(behind, Text::new(text, before.position())))
            }
            _ => Err(self.unexpected()),
        }
    }

    #[cold]
    #[inline(never)]
    pub(super) fn str_slow(&mut self) -> Result<&'a str, Error> {
        match self.scalar()? {
            (_, Hop::Text(text), behind) => match core::str::from_utf8(text) {
                Ok(text) => Ok(self.read(behind, text)),
                Err(_) => Err(self.reader.error(ErrorKind::InvalidUtf8)),
            },
            _ => Err(self.unexpected()),
        }
    }

    #[cold]
    #[inline(never)]
    pub(super) fn key_slow(&mut self) -> Result<Text<'a>, Error> {
        if !self.settle()? {
            return Err(self.reader.error(ErrorKind::AlreadyComplete));
        }
        if self.frame.value_due() {
            self.scalar()?;
            return Err(self.unexpected());
        }
        let offset = self.reader.position();
        let key = self.reader.text_key()?;
        self.frame.fill_key();
        Ok(Text::new(key, offset))
    }

    #[cold]
    #[inline(never)]
    pub(super) fn container_slow(&mut self, form: Container) -> Result<u32, Error> {
        let (hop, behind) = self.value()?;
        match hop {
            Hop::Open(found, count) if found == form => {
                let opened = self.open(form, count);
                opened.map_err(|fault| self.reader.error(fault))?;
                self.reader.set_rest(behind);
                Ok(count)
            }
            _ => {
                self.scalar()?;
                Err(self.unexpected())
            }
        }
    }

    /// Moves behind a scalar, which is `value`.
    #[inline]
    pub(super) fn read<T>(&mut self, behind: &'a [u8], value: T) -> T {
        self.frame.fill();
        self.reader.set_rest(behind);
        value
    }

    #[cold]
    pub(super) fn unexpected(&self) -> Error {
        self.reader.error(ErrorKind::UnexpectedType)
    }

    /// The next item if it is a value, and what is behind it or its head.
    #[inline(never)]
    fn value(&mut self) -> Result<(Hop<'a>, &'a [u8]), Error> {
        if !self.settle()? {
            return Err(self.reader.error(ErrorKind::AlreadyComplete));
        }
        if !self.frame.value_due() {
            quick::text_key(self.reader.rest()).ok_or(self.reader.error(Fault::UnexpectedEnd))?;
            return Err(self.unexpected());
        }
        let (behind, hop) = hop(self.reader.rest()).map_err(|fault| self.reader.error(fault))?;
        Ok((hop, behind))
    }

    /// The bytes of the next item, what it is, and what is behind it, if it is a
    /// scalar. It stays unread.
    #[inline(never)]
    pub(super) fn scalar(&mut self) -> Result<(&'a [u8], Hop<'a>, &'a [u8]), Error> {
        let (hop, behind) = self.value()?;
        if let Hop::Open(form, count) = hop {
            // Of a container that may not stand here, that is said first.
            return Err(match self.refusal(form, count) {
                Some(fault) => self.reader.error(fault),
                None => self.unexpected(),
            });
        }
        let rest = self.reader.rest();
        let length = rest.len().wrapping_sub(behind.len());
        Ok((rest.get(..length).unwrap_or(rest), hop, behind))
    }
}
