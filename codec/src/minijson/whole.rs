//! Whole values: what an [`Encode`] writes in one step, alone or behind its key.

use super::encode::Encode;
use super::encoder::Encoder;
use super::error::Error;
use super::refusal::Written;

impl Encoder<'_> {
    /// Any value that knows how to be written: see [`Encode`].
    ///
    /// A value of the format's own types (whatever is no type of the program's) is
    /// written as a whole or not at all. Where an implementation of the program's fails,
    /// what it has written before stands.
    ///
    /// ```
    /// use wigwag_codec::minijson::Encoder;
    ///
    /// let mut buffer = [0; 32];
    /// let mut encoder = Encoder::new(&mut buffer);
    /// encoder.value(&[(7, 0.5_f32), (8, -1.0)])?;
    /// assert_eq!(
    ///     encoder.finish()?,
    ///     b"\x42\x42\x03\x07\x09\x3f\0\0\0\x42\x03\x08\x09\xbf\x80\0\0"
    /// );
    /// # Ok::<(), wigwag_codec::minijson::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for a scalar or a container of its kind.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    pub fn value<T: Encode + ?Sized>(&mut self, value: &T) -> Result<&mut Self, Error> {
        let Some(most) = T::FLAT else {
            value.encode(self)?;
            return Ok(self);
        };
        let written = self.write_value(most, value);
        self.told(written)
    }

    /// A key and its value: [`key`](Self::key), then [`value`](Self::value), in one step.
    /// If a value of the format's own types is refused, the key is not written either.
    ///
    /// ```
    /// use wigwag_codec::minijson::Encoder;
    ///
    /// let mut buffer = [0; 32];
    /// let mut encoder = Encoder::new(&mut buffer);
    /// encoder.map(2)?.entry("path", "W1")?.entry("value", &5)?;
    /// assert_eq!(encoder.finish()?, b"\x52\x04path\x82W1\x05value\x03\x05");
    /// # Ok::<(), wigwag_codec::minijson::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`key`](Self::key) and [`value`](Self::value).
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    pub fn entry<T: Encode + ?Sized>(&mut self, key: &str, value: &T) -> Result<&mut Self, Error> {
        let Some(most) = T::FLAT else {
            return self.key(key)?.value(value);
        };
        let written = self.write_entry(most, key, value);
        self.told(written)
    }

    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    fn write_value<T: Encode + ?Sized>(&mut self, most: u16, value: &T) -> Written {
        if !self.due.takes(most)
            && let Some(refusal) = self.due.refuses(value.depth())
        {
            return Err(refusal);
        }
        let after = self.due.after_value();
        self.pen.value(value)?;
        self.due.go_on(after);
        Ok(())
    }

    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    fn write_entry<T: Encode + ?Sized>(&mut self, most: u16, key: &str, value: &T) -> Written {
        if !self.due.takes_entry(most)
            && let Some(refusal) = self.due.refuses_entry(value.depth())
        {
            return Err(refusal);
        }
        let after = self.due.after_entry();
        if self.due.takes_text_key() {
            self.pen.entry(key.as_bytes(), value)?;
        } else {
            self.pen.any_entry(key.as_bytes(), value)?;
        }
        self.due.go_on(after);
        Ok(())
    }
}
