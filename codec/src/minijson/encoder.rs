//! The encoder: a document written value by value into a slice of the caller's.

use super::bigint::BigInt;
use super::budget::Budget;
use super::container::Container;
use super::due::Due;
use super::error::{Error, ErrorKind};
use super::float::Floats;
use super::pass::{TextCheck, pass_over};
use super::pen::Pen;
use super::reader::Reader;
use super::refusal::{Refusal, Written};
use super::value::{Kind, Value};

/// Writes one document into a slice, each value in the shortest form, which is
/// the one the Python encoder picks.
///
/// Containers are opened with the number of elements to come and close by
/// themselves. A value that does not fit, or does not belong where it is put, is
/// refused and leaves no trace: what was written before stands, and another value
/// can be tried. At most [`MAX_DEPTH`](super::MAX_DEPTH) containers are open at once.
///
/// The slice is the encoder's: bytes behind those that count ([`len`](Self::len)) may be
/// written over.
///
/// ```
/// use wigwag_codec::minijson::Encoder;
///
/// let mut buffer = [0; 64];
/// let mut encoder = Encoder::new(&mut buffer);
/// encoder.map(2)?;
/// encoder.key("path")?.str("W1")?;
/// encoder.key("values")?.list(2)?.int(-5)?.float(0.5)?;
/// assert_eq!(
///     encoder.finish()?,
///     b"\x52\x04path\x82W1\x06values\x42\x03\xfb\x09\x3f\x00\x00\x00"
/// );
/// # Ok::<(), wigwag_codec::minijson::Error>(())
/// ```
#[derive(Debug)]
pub struct Encoder<'b> {
    pub(super) pen: Pen<'b>,
    pub(super) due: Due,
    floats: Floats,
}

impl<'b> Encoder<'b> {
    /// Begins a document at the start of `out`. [`float`](Self::float) writes
    /// singles.
    #[must_use]
    pub const fn new(out: &'b mut [u8]) -> Self {
        Self {
            pen: Pen::new(out),
            due: Due::new(),
            floats: Floats::Single,
        }
    }

    /// Chooses what [`float`](Self::float) writes.
    #[must_use]
    pub fn with_floats(mut self, floats: Floats) -> Self {
        self.floats = floats;
        self
    }

    /// Bytes written so far.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.pen.len()
    }

    /// Whether nothing has been written yet.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The document.
    ///
    /// # Errors
    /// [`ErrorKind::Unfinished`] when announced elements are missing.
    pub fn finish(self) -> Result<&'b [u8], Error> {
        if self.due.is_complete() {
            Ok(self.pen.finish())
        } else {
            Err(self.error(ErrorKind::Unfinished))
        }
    }

    /// An error at the place where the next item would begin.
    const fn error(&self, kind: ErrorKind) -> Error {
        Error::new(kind, self.pen.len())
    }

    /// What became of an item. The error is put together here rather than by a call: a
    /// call would have its result, and with it the encoder, in memory.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    pub(super) fn told(&mut self, written: Written) -> Result<&mut Self, Error> {
        match written {
            Ok(()) => Ok(self),
            Err(refusal) => Err(Error::new(refusal.kind(), self.pen.len())),
        }
    }

    /// Writes a value that is no container.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    fn scalar(&mut self, write: impl FnOnce(&mut Pen<'b>) -> Written) -> Written {
        if !self.due.takes(0)
            && let Some(refusal) = self.due.misplaced(false)
        {
            return Err(refusal);
        }
        let after = self.due.after_value();
        write(&mut self.pen)?;
        self.due.go_on(after);
        Ok(())
    }

    /// null.
    ///
    /// # Errors
    /// For this and every other scalar: [`ErrorKind::BufferFull`],
    /// [`ErrorKind::KeyExpected`], [`ErrorKind::AlreadyComplete`].
    pub fn null(&mut self) -> Result<&mut Self, Error> {
        let written = self.scalar(
            #[inline(always)]
            |pen| pen.null(),
        );
        self.told(written)
    }

    /// true or false.
    ///
    /// # Errors
    /// As [`null`](Self::null).
    pub fn bool(&mut self, value: bool) -> Result<&mut Self, Error> {
        let written = self.scalar(
            #[inline(always)]
            |pen| pen.bool(value),
        );
        self.told(written)
    }

    /// An integer.
    ///
    /// # Errors
    /// As [`null`](Self::null).
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    pub fn int(&mut self, value: i64) -> Result<&mut Self, Error> {
        let written = self.scalar(
            #[inline(always)]
            |pen| pen.int(value),
        );
        self.told(written)
    }

    /// An integer without a sign.
    ///
    /// # Errors
    /// As [`null`](Self::null).
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    pub fn uint(&mut self, value: u64) -> Result<&mut Self, Error> {
        let written = self.scalar(
            #[inline(always)]
            |pen| pen.uint(value),
        );
        self.told(written)
    }

    /// An integer of up to 128 bits.
    ///
    /// # Errors
    /// As [`null`](Self::null).
    pub fn int128(&mut self, value: i128) -> Result<&mut Self, Error> {
        let written = self.scalar(
            #[inline(always)]
            |pen| pen.big_int(&BigInt::from_be_bytes(&value.to_be_bytes())),
        );
        self.told(written)
    }

    /// An integer of any size, as two's complement, big-endian.
    ///
    /// # Errors
    /// As [`null`](Self::null), and [`ErrorKind::IntegerTooLarge`] when the number
    /// needs more than 255 bytes.
    pub fn big_int(&mut self, bytes: &[u8]) -> Result<&mut Self, Error> {
        let written = self.scalar(
            #[inline(always)]
            |pen| pen.big_int(&BigInt::from_be_bytes(bytes)),
        );
        self.told(written)
    }

    /// A single float, whatever [`with_floats`](Self::with_floats) says.
    ///
    /// # Errors
    /// As [`null`](Self::null).
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    pub fn f32(&mut self, value: f32) -> Result<&mut Self, Error> {
        let written = self.scalar(
            #[inline(always)]
            |pen| pen.single(value),
        );
        self.told(written)
    }

    /// A double float, whatever [`with_floats`](Self::with_floats) says.
    ///
    /// # Errors
    /// As [`null`](Self::null).
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    pub fn f64(&mut self, value: f64) -> Result<&mut Self, Error> {
        let written = self.scalar(
            #[inline(always)]
            |pen| pen.double(value),
        );
        self.told(written)
    }

    /// A float in the width chosen by [`with_floats`](Self::with_floats).
    ///
    /// # Errors
    /// As [`null`](Self::null), and [`ErrorKind::FloatTooLarge`] for a finite
    /// number beyond a single where singles are chosen.
    pub fn float(&mut self, value: f64) -> Result<&mut Self, Error> {
        let floats = self.floats;
        let written = self.scalar(
            #[inline(always)]
            |pen| pen.double_as(value, floats),
        );
        self.told(written)
    }

    /// Text.
    ///
    /// # Errors
    /// As [`null`](Self::null), and [`ErrorKind::TooLarge`] from 4 GiB on.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    pub fn str(&mut self, value: &str) -> Result<&mut Self, Error> {
        let written = self.scalar(
            #[inline(always)]
            |pen| pen.text(value),
        );
        self.told(written)
    }

    /// Bytes.
    ///
    /// # Errors
    /// As [`null`](Self::null), and [`ErrorKind::TooLarge`] from 4 GiB on.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    pub fn bytes(&mut self, value: &[u8]) -> Result<&mut Self, Error> {
        let written = self.scalar(
            #[inline(always)]
            |pen| pen.bytes(value),
        );
        self.told(written)
    }

    /// The key of the next value. In a map with any keys it is written as text.
    ///
    /// # Errors
    /// [`ErrorKind::BufferFull`]; [`ErrorKind::KeyTooLong`] from 256 bytes on in a
    /// map with text keys; [`ErrorKind::ValueExpected`] where no key is due.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    pub fn key(&mut self, key: &str) -> Result<&mut Self, Error> {
        let written = self.write_key(key.as_bytes());
        self.told(written)
    }

    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    fn write_key(&mut self, key: &[u8]) -> Written {
        let after = self.due.after_key();
        if self.due.takes_text_key() {
            self.pen.text_key(key)?;
        } else if self.due.takes_any_key() {
            self.pen.any_text(key)?;
        } else {
            return Err(self.due.refuses_key());
        }
        self.due.go_on(after);
        Ok(())
    }

    /// Opens a list; so many values must follow.
    ///
    /// # Errors
    /// For this and every other container: [`ErrorKind::BufferFull`],
    /// [`ErrorKind::TooDeep`], [`ErrorKind::TooLarge`], [`ErrorKind::KeyExpected`],
    /// [`ErrorKind::ContainerAsKey`], [`ErrorKind::AlreadyComplete`].
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    pub fn list(&mut self, count: usize) -> Result<&mut Self, Error> {
        self.open(Container::List, count)
    }

    /// Opens a map with text keys; so many pairs of [`key`](Self::key) and value
    /// must follow.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    pub fn map(&mut self, count: usize) -> Result<&mut Self, Error> {
        self.open(Container::Map, count)
    }

    /// Opens a map with any keys; so many pairs of values must follow, of which
    /// the first may not be a list or a map. (Python writes a map in this form
    /// only if a key is not text.)
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub fn sdict(&mut self, count: usize) -> Result<&mut Self, Error> {
        self.open(Container::Sdict, count)
    }

    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    fn open(&mut self, form: Container, count: usize) -> Result<&mut Self, Error> {
        let written = self.write_open(form, count);
        self.told(written)
    }

    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    fn write_open(&mut self, form: Container, count: usize) -> Written {
        if !self.due.takes(0)
            && let Some(refusal) = self.due.misplaced(true)
        {
            return Err(refusal);
        }
        let count = u32::try_from(count).map_err(|_| Refusal::TooLarge)?;
        let frame = self.due.frame(form, count)?;
        let parent = self.due.after_value();
        self.pen.open(form, count)?;
        self.due.open(frame, parent);
        Ok(())
    }

    /// A value with all that it contains, copied as it stands.
    ///
    /// # Errors
    /// As for a scalar or a container of its kind.
    pub fn raw(&mut self, value: Value<'_>) -> Result<&mut Self, Error> {
        let container = matches!(value.kind(), Kind::List | Kind::Map | Kind::Sdict);
        if container {
            if self.due.takes_any_key() {
                return Err(self.error(ErrorKind::ContainerAsKey));
            }
            let mut reader = Reader::new(value.raw());
            let mut budget = Budget(u32::MAX);
            let room = self.due.room();
            pass_over(&mut reader, room, &mut budget, TextCheck::None)
                .map_err(|error| self.error(error.kind))?;
        }
        let written = self.scalar(
            #[inline(always)]
            |pen| pen.put(value.raw(), &[]),
        );
        self.told(written)
    }
}
