//! The encoder: a document written value by value into a slice of the caller's.

use super::bigint::BigInt;
use super::budget::Budget;
use super::error::{Error, ErrorKind};
use super::float::Floats;
use super::limits::MAX_DEPTH;
use super::nesting::{Container, Nesting, Slot};
use super::pass::{TextCheck, pass_over};
use super::reader::Reader;
use super::value::{Kind, Value};
use super::writer::Writer;

/// Writes one document into a slice, each value in the shortest form, which is
/// the one the Python encoder picks.
///
/// Containers are opened with the number of elements to come and close by
/// themselves. A value that does not fit, or does not belong where it is put, is
/// refused and leaves no trace: what was written before stands, and another value
/// can be tried. At most [`MAX_DEPTH`] containers are open at once.
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
    writer: Writer<'b>,
    nesting: Nesting,
    floats: Floats,
}

impl<'b> Encoder<'b> {
    /// Begins a document at the start of `out`. [`float`](Self::float) writes
    /// singles.
    #[must_use]
    pub const fn new(out: &'b mut [u8]) -> Self {
        Self {
            writer: Writer::new(out),
            nesting: Nesting::new(MAX_DEPTH),
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
        self.writer.len()
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
        if self.nesting.due() == Slot::End {
            Ok(self.writer.finish())
        } else {
            Err(self.writer.error(ErrorKind::Unfinished))
        }
    }

    /// Writes a scalar where a value or a key of any kind may stand.
    #[inline]
    fn scalar(
        &mut self,
        write: impl FnOnce(&mut Writer<'b>) -> Result<(), Error>,
    ) -> Result<&mut Self, Error> {
        match self.nesting.due() {
            Slot::Value | Slot::AnyKey => {}
            Slot::TextKey => return Err(self.writer.error(ErrorKind::KeyExpected)),
            Slot::End => return Err(self.writer.error(ErrorKind::AlreadyComplete)),
        }
        write(&mut self.writer)?;
        self.nesting.fill();
        Ok(self)
    }

    /// null.
    ///
    /// # Errors
    /// For this and every other scalar: [`ErrorKind::BufferFull`],
    /// [`ErrorKind::KeyExpected`], [`ErrorKind::AlreadyComplete`].
    pub fn null(&mut self) -> Result<&mut Self, Error> {
        self.scalar(Writer::null)
    }

    /// true or false.
    ///
    /// # Errors
    /// As [`null`](Self::null).
    pub fn bool(&mut self, value: bool) -> Result<&mut Self, Error> {
        self.scalar(|writer| writer.bool(value))
    }

    /// An integer.
    ///
    /// # Errors
    /// As [`null`](Self::null).
    #[inline]
    pub fn int(&mut self, value: i64) -> Result<&mut Self, Error> {
        self.scalar(|writer| writer.int(value))
    }

    /// An integer without a sign.
    ///
    /// # Errors
    /// As [`null`](Self::null).
    pub fn uint(&mut self, value: u64) -> Result<&mut Self, Error> {
        self.scalar(|writer| writer.big_int(&BigInt::from_unsigned_be_bytes(&value.to_be_bytes())))
    }

    /// An integer of up to 128 bits.
    ///
    /// # Errors
    /// As [`null`](Self::null).
    pub fn int128(&mut self, value: i128) -> Result<&mut Self, Error> {
        self.scalar(|writer| writer.big_int(&BigInt::from_be_bytes(&value.to_be_bytes())))
    }

    /// An integer of any size, as two's complement, big-endian.
    ///
    /// # Errors
    /// As [`null`](Self::null), and [`ErrorKind::IntegerTooLarge`] when the number
    /// needs more than 255 bytes.
    pub fn big_int(&mut self, bytes: &[u8]) -> Result<&mut Self, Error> {
        self.scalar(|writer| writer.big_int(&BigInt::from_be_bytes(bytes)))
    }

    /// A single float, whatever [`with_floats`](Self::with_floats) says.
    ///
    /// # Errors
    /// As [`null`](Self::null).
    #[inline]
    pub fn f32(&mut self, value: f32) -> Result<&mut Self, Error> {
        self.scalar(|writer| writer.single(value))
    }

    /// A double float, whatever [`with_floats`](Self::with_floats) says.
    ///
    /// # Errors
    /// As [`null`](Self::null).
    #[inline]
    pub fn f64(&mut self, value: f64) -> Result<&mut Self, Error> {
        self.scalar(|writer| writer.double(value))
    }

    /// A float in the width chosen by [`with_floats`](Self::with_floats).
    ///
    /// # Errors
    /// As [`null`](Self::null), and [`ErrorKind::FloatTooLarge`] for a finite
    /// number beyond a single where singles are chosen.
    pub fn float(&mut self, value: f64) -> Result<&mut Self, Error> {
        let floats = self.floats;
        self.scalar(|writer| writer.double_as(value, floats))
    }

    /// Text.
    ///
    /// # Errors
    /// As [`null`](Self::null), and [`ErrorKind::TooLarge`] from 4 GiB on.
    #[inline]
    pub fn str(&mut self, value: &str) -> Result<&mut Self, Error> {
        self.scalar(|writer| writer.text(value.as_bytes()))
    }

    /// Bytes.
    ///
    /// # Errors
    /// As [`null`](Self::null), and [`ErrorKind::TooLarge`] from 4 GiB on.
    #[inline]
    pub fn bytes(&mut self, value: &[u8]) -> Result<&mut Self, Error> {
        self.scalar(|writer| writer.bytes(value))
    }

    /// The key of the next value. In a map with any keys it is written as text.
    ///
    /// # Errors
    /// [`ErrorKind::BufferFull`]; [`ErrorKind::KeyTooLong`] from 256 bytes on in a
    /// map with text keys; [`ErrorKind::ValueExpected`] where no key is due.
    #[inline]
    pub fn key(&mut self, key: &str) -> Result<&mut Self, Error> {
        match self.nesting.due() {
            Slot::TextKey => self.writer.text_key(key.as_bytes())?,
            Slot::AnyKey => self.writer.text(key.as_bytes())?,
            Slot::Value => return Err(self.writer.error(ErrorKind::ValueExpected)),
            Slot::End => return Err(self.writer.error(ErrorKind::AlreadyComplete)),
        }
        self.nesting.fill();
        Ok(self)
    }

    /// Opens a list; so many values must follow.
    ///
    /// # Errors
    /// For this and every other container: [`ErrorKind::BufferFull`],
    /// [`ErrorKind::TooDeep`], [`ErrorKind::TooLarge`], [`ErrorKind::KeyExpected`],
    /// [`ErrorKind::ContainerAsKey`], [`ErrorKind::AlreadyComplete`].
    #[inline]
    pub fn list(&mut self, count: usize) -> Result<&mut Self, Error> {
        self.open(Container::List, count)
    }

    /// Opens a map with text keys; so many pairs of [`key`](Self::key) and value
    /// must follow.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    #[inline]
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

    #[inline]
    fn open(&mut self, form: Container, count: usize) -> Result<&mut Self, Error> {
        let error = |kind| self.writer.error(kind);
        match self.nesting.due() {
            Slot::Value => {}
            Slot::AnyKey => return Err(error(ErrorKind::ContainerAsKey)),
            Slot::TextKey => return Err(error(ErrorKind::KeyExpected)),
            Slot::End => return Err(error(ErrorKind::AlreadyComplete)),
        }
        let count = u32::try_from(count).map_err(|_| error(ErrorKind::TooLarge))?;
        let slots = self.nesting.room_for(form, count);
        let slots = slots.map_err(|fault| error(fault.into()))?;
        self.writer.open(form, count)?;
        self.nesting.open(form, slots);
        Ok(self)
    }

    /// A value with all that it contains, copied as it stands.
    ///
    /// # Errors
    /// As for a scalar or a container of its kind.
    pub fn raw(&mut self, value: Value<'_>) -> Result<&mut Self, Error> {
        let container = matches!(value.kind(), Kind::List | Kind::Map | Kind::Sdict);
        if container {
            if self.nesting.due() == Slot::AnyKey {
                return Err(self.writer.error(ErrorKind::ContainerAsKey));
            }
            let mut reader = Reader::new(value.raw());
            let mut budget = Budget(u32::MAX);
            let room = self.nesting.room();
            pass_over(&mut reader, room, &mut budget, TextCheck::None)
                .map_err(|error| self.writer.error(error.kind))?;
        }
        self.scalar(|writer| writer.put(value.raw(), &[]))
    }
}
