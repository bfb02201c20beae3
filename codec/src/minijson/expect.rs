//! The [`Decoder`] for who knows what comes next: items by their type.
//!
//! Each of these has a quick way, which is compiled into the caller, for what
//! common input has; one call out of line does everything else, and finds what is
//! wrong.

use super::bigint::BigInt;
use super::code;
use super::decoder::Decoder;
use super::error::{Error, ErrorKind};
use super::fault::Fault;
use super::hop::{Hop, hop};
use super::nesting::Container;
use super::quick;
use super::text::Text;
use crate::bytes::copy;

impl<'a> Decoder<'a> {
    /// The next item, which has to be an integer that fits an `i64`, whatever its
    /// width in the input.
    ///
    /// ```
    /// use wigwag_codec::minijson::{Decoder, ErrorKind};
    ///
    /// let mut decoder = Decoder::new(&[0x42, 3, 0xFE, 0x16]); // [-2, true]
    /// assert_eq!(decoder.list()?, 2);
    /// assert_eq!(decoder.int()?, -2);
    /// let error = decoder.int().unwrap_err();
    /// assert_eq!((error.kind, error.offset), (ErrorKind::UnexpectedType, 3));
    /// assert_eq!(decoder.bool(), Ok(true)); // the decoder has stayed where it was
    /// # Ok::<(), wigwag_codec::minijson::Error>(())
    /// ```
    ///
    /// # Errors
    /// - what [`next`](Self::next) would say of the item
    /// - [`ErrorKind::UnexpectedType`] if it is of another type, a key for example
    /// - [`ErrorKind::OutOfRange`] if it is an integer that does not fit
    /// - [`ErrorKind::AlreadyComplete`] if there is none
    ///
    /// all at the offset of the item. The decoder stays before it.
    #[inline]
    pub fn int(&mut self) -> Result<i64, Error> {
        if self.frame.surely_value_due()
            && let Some((int, rest)) = quick::int(self.reader.rest())
        {
            self.frame.fill();
            self.reader.set_rest(rest);
            return Ok(int);
        }
        self.int_slow()
    }

    /// The next item, which has to be a single float.
    ///
    /// ```
    /// use wigwag_codec::minijson::Decoder;
    ///
    /// assert_eq!(Decoder::new(&[0x09, 0x3F, 0x80, 0, 0]).f32(), Ok(1.0));
    /// ```
    ///
    /// # Errors
    /// As [`int`](Self::int), but never `OutOfRange`.
    #[inline]
    pub fn f32(&mut self) -> Result<f32, Error> {
        if self.frame.surely_value_due()
            && let Some((single, rest)) = quick::single(self.reader.rest())
        {
            self.frame.fill();
            self.reader.set_rest(rest);
            return Ok(single);
        }
        self.f32_slow()
    }

    /// The next item, which has to be a float of either width.
    ///
    /// ```
    /// use wigwag_codec::minijson::Decoder;
    ///
    /// let one = [0x0A, 0x3F, 0xF0, 0, 0, 0, 0, 0, 0];
    /// assert_eq!(Decoder::new(&one).f64(), Ok(1.0));
    /// assert_eq!(Decoder::new(&[0x09, 0x3F, 0x80, 0, 0]).f64(), Ok(1.0));
    /// ```
    ///
    /// # Errors
    /// As [`int`](Self::int), but never `OutOfRange`.
    #[inline]
    pub fn f64(&mut self) -> Result<f64, Error> {
        if self.frame.surely_value_due()
            && let Some((double, rest)) = quick::double(self.reader.rest())
        {
            self.frame.fill();
            self.reader.set_rest(rest);
            return Ok(double);
        }
        self.f64_slow()
    }

    /// The next item, which has to be true or false.
    ///
    /// ```
    /// use wigwag_codec::minijson::Decoder;
    ///
    /// assert_eq!(Decoder::new(&[0x17]).bool(), Ok(false));
    /// ```
    ///
    /// # Errors
    /// As [`int`](Self::int), but never `OutOfRange`.
    pub fn bool(&mut self) -> Result<bool, Error> {
        let (_, hop, behind) = self.scalar()?;
        match (hop, self.reader.rest().first()) {
            (Hop::Scalar, Some(&code::TRUE)) => Ok(self.read(behind, true)),
            (Hop::Scalar, Some(&code::FALSE)) => Ok(self.read(behind, false)),
            _ => Err(self.unexpected()),
        }
    }

    /// The next item, which has to be text that is a value; it is not looked at.
    ///
    /// ```
    /// use wigwag_codec::minijson::Decoder;
    ///
    /// assert!(Decoder::new(b"\x82W1").text()? == "W1");
    /// # Ok::<(), wigwag_codec::minijson::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`int`](Self::int), but never `OutOfRange`.
    #[inline]
    pub fn text(&mut self) -> Result<Text<'a>, Error> {
        let before = self.reader;
        if self.frame.surely_value_due()
            && let Some((text, rest)) = quick::text(before.rest())
        {
            self.frame.fill();
            self.reader.set_rest(rest);
            return Ok(Text::new(text, before.position()));
        }
        self.text_slow()
    }

    /// The next item, which has to be text that is a value, and UTF-8.
    ///
    /// ```
    /// use wigwag_codec::minijson::Decoder;
    ///
    /// assert_eq!(Decoder::new(b"\x82W1").str(), Ok("W1"));
    /// ```
    ///
    /// # Errors
    /// As [`text`](Self::text), and [`ErrorKind::InvalidUtf8`].
    #[inline]
    pub fn str(&mut self) -> Result<&'a str, Error> {
        if self.frame.surely_value_due()
            && let Some((text, rest)) = quick::text(self.reader.rest())
            && let Ok(text) = core::str::from_utf8(text)
        {
            self.frame.fill();
            self.reader.set_rest(rest);
            return Ok(text);
        }
        self.str_slow()
    }

    /// The next item, which has to be bytes.
    ///
    /// ```
    /// use wigwag_codec::minijson::Decoder;
    ///
    /// assert_eq!(Decoder::new(&[0x19, 1, 0xFF]).bytes(), Ok(&[0xFF][..]));
    /// ```
    ///
    /// # Errors
    /// As [`int`](Self::int), but never `OutOfRange`.
    pub fn bytes(&mut self) -> Result<&'a [u8], Error> {
        match self.scalar()? {
            (_, Hop::Bytes(bytes), behind) => Ok(self.read(behind, bytes)),
            _ => Err(self.unexpected()),
        }
    }

    /// The next item, which has to be a list; so many values follow.
    ///
    /// ```
    /// use wigwag_codec::minijson::Decoder;
    ///
    /// assert_eq!(Decoder::new(&[0x41, 0x08]).list(), Ok(1));
    /// ```
    ///
    /// # Errors
    /// As [`int`](Self::int), but never `OutOfRange`.
    #[inline]
    pub fn list(&mut self) -> Result<u32, Error> {
        self.container(Container::List)
    }

    /// The next item, which has to be a map with text keys; so many pairs of a
    /// [`key`](Self::key) and a value follow.
    ///
    /// ```
    /// use wigwag_codec::minijson::Decoder;
    ///
    /// let mut decoder = Decoder::new(b"\x52\x02id\x03\x07\x04more\x08");
    /// let mut id = None;
    /// for _ in 0..decoder.map()? {
    ///     match decoder.key()?.as_bytes() {
    ///         b"id" => id = Some(decoder.int()?),
    ///         _ => decoder.skip()?,
    ///     }
    /// }
    /// decoder.finish()?;
    /// assert_eq!(id, Some(7));
    /// # Ok::<(), wigwag_codec::minijson::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`int`](Self::int), but never `OutOfRange`.
    #[inline]
    pub fn map(&mut self) -> Result<u32, Error> {
        self.container(Container::Map)
    }

    /// The next item, which has to be a map with any keys; so many pairs of values
    /// follow. A key is never a list or a map.
    ///
    /// ```
    /// use wigwag_codec::minijson::Decoder;
    ///
    /// let mut decoder = Decoder::new(&[0x61, 3, 7, 0x16]); // {7: true}
    /// assert_eq!(decoder.sdict()?, 1);
    /// assert_eq!((decoder.int()?, decoder.bool()?), (7, true));
    /// # Ok::<(), wigwag_codec::minijson::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`int`](Self::int), but never `OutOfRange`.
    pub fn sdict(&mut self) -> Result<u32, Error> {
        self.container_slow(Container::Sdict)
    }

    /// The next item, which has to be the key of a map with text keys; it is not
    /// looked at.
    ///
    /// ```
    /// use wigwag_codec::minijson::Decoder;
    ///
    /// let mut decoder = Decoder::new(b"\x51\x02id\x08"); // {"id": null}
    /// decoder.map()?;
    /// assert!(decoder.key()? == "id");
    /// # Ok::<(), wigwag_codec::minijson::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`int`](Self::int), but never `OutOfRange`.
    #[inline]
    pub fn key(&mut self) -> Result<Text<'a>, Error> {
        let before = self.reader;
        if !self.frame.surely_key_due() {
            self.back_to_map();
        }
        if self.frame.surely_key_due()
            && let Some((key, rest)) = quick::text_key(before.rest())
        {
            self.frame.fill_key();
            self.reader.set_rest(rest);
            return Ok(Text::new(key, before.position()));
        }
        self.key_slow()
    }

    #[inline(always)]
    fn container(&mut self, form: Container) -> Result<u32, Error> {
        if !self.frame.surely_value_due() {
            self.back_to_list();
        }
        if self.frame.surely_value_due()
            && let Some((count, rest)) = quick::count(self.reader.rest(), form)
            && self.push(form, count).is_ok()
        {
            self.reader.set_rest(rest);
            return Ok(count);
        }
        self.container_slow(form)
    }

    #[cold]
    #[inline(never)]
    fn int_slow(&mut self) -> Result<i64, Error> {
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
    fn f32_slow(&mut self) -> Result<f32, Error> {
        let (item, _, behind) = self.scalar()?;
        match quick::single(item) {
            Some((single, _)) => Ok(self.read(behind, single)),
            None => Err(self.unexpected()),
        }
    }

    #[cold]
    #[inline(never)]
    fn f64_slow(&mut self) -> Result<f64, Error> {
        let (item, _, behind) = self.scalar()?;
        match (quick::double(item), quick::single(item)) {
            (Some((double, _)), _) => Ok(self.read(behind, double)),
            (_, Some((single, _))) => Ok(self.read(behind, f64::from(single))),
            _ => Err(self.unexpected()),
        }
    }

    #[cold]
    #[inline(never)]
    fn text_slow(&mut self) -> Result<Text<'a>, Error> {
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
    fn str_slow(&mut self) -> Result<&'a str, Error> {
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
    fn key_slow(&mut self) -> Result<Text<'a>, Error> {
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
    fn container_slow(&mut self, form: Container) -> Result<u32, Error> {
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
    fn read<T>(&mut self, behind: &'a [u8], value: T) -> T {
        self.frame.fill();
        self.reader.set_rest(behind);
        value
    }

    #[cold]
    fn unexpected(&self) -> Error {
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
    fn scalar(&mut self) -> Result<(&'a [u8], Hop<'a>, &'a [u8]), Error> {
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
