//! The [`Decoder`] for who knows what comes next: items by their type.
//!
//! Each of these has a quick way, which is compiled into the caller, for what
//! common input has; one call out of line, to `expect_slow`, does everything else,
//! and finds what is wrong.

use super::code;
use super::container::Container;
use super::decoder::Decoder;
use super::error::Error;
use super::hop::Hop;
use super::quick;
use super::text::Text;

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
    /// - [`ErrorKind::UnexpectedType`](super::ErrorKind::UnexpectedType) if it is of another type, a key for example
    /// - [`ErrorKind::OutOfRange`](super::ErrorKind::OutOfRange) if it is an integer that does not fit
    /// - [`ErrorKind::AlreadyComplete`](super::ErrorKind::AlreadyComplete) if there is none
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
    /// As [`text`](Self::text), and [`ErrorKind::InvalidUtf8`](super::ErrorKind::InvalidUtf8).
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
}
