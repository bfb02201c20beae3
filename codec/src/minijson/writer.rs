//! The pen for those who also change what they wrote: canonical forms, and containers
//! whose size is known at their end. Here a refusal comes with its place.

use super::bigint::BigInt;
use super::container::Container;
use super::error::{Error, ErrorKind};
use super::float::{self, Floats};
use super::head;
use super::pen::Pen;
use super::refusal::Written;
use crate::bytes;

/// A filling slice.
#[derive(Debug)]
pub(crate) struct Writer<'b> {
    pen: Pen<'b>,
}

impl<'b> Writer<'b> {
    pub(crate) const fn new(out: &'b mut [u8]) -> Self {
        Self { pen: Pen::new(out) }
    }

    /// Bytes written so far.
    pub(crate) const fn len(&self) -> usize {
        self.pen.length
    }

    /// An error at the place where the next item would begin.
    pub(crate) const fn error(&self, kind: ErrorKind) -> Error {
        Error::new(kind, self.pen.length)
    }

    /// Forgets what was written behind `length`.
    #[cfg(feature = "serde")]
    pub(crate) fn truncate(&mut self, length: usize) {
        self.pen.truncate(length);
    }

    /// What was written behind `start`, to be changed in place.
    pub(crate) fn written_from(&mut self, start: usize) -> &mut [u8] {
        self.pen
            .out
            .get_mut(start..self.pen.length)
            .unwrap_or(&mut [])
    }

    /// Moves everything from `from` on so that it begins at `to`.
    pub(crate) fn shift(&mut self, from: usize, to: usize) -> Result<(), Error> {
        let full = self.error(ErrorKind::BufferFull);
        let moved = self.pen.length.saturating_sub(from);
        let end = to.saturating_add(moved);
        let reach = self.pen.length.max(end);
        let written = self.pen.out.get_mut(..reach).ok_or(full)?;
        if from.saturating_add(moved) <= written.len() && end <= written.len() {
            bytes::shift(written, from..from.saturating_add(moved), to);
            self.pen.length = end;
        }
        Ok(())
    }

    /// Copies written bytes to the left.
    pub(crate) fn move_back(&mut self, from: usize, end: usize, to: usize) {
        bytes::shift(self.written_from(0), from..end, to);
    }

    /// Writes over what stands at `at`.
    pub(crate) fn overwrite(&mut self, at: usize, piece: &[u8]) {
        let end = at.saturating_add(piece.len());
        if let Some(place) = self.pen.out.get_mut(at..end) {
            bytes::copy(place, piece);
        }
    }

    /// What became of an item, with the place at which it would have begun.
    #[inline]
    fn told(&self, written: Written) -> Result<(), Error> {
        match written {
            Ok(()) => Ok(()),
            Err(refusal) => Err(Error::new(refusal.kind(), self.pen.length)),
        }
    }

    /// Appends two pieces under one check of the room.
    #[inline]
    pub(crate) fn put(&mut self, head: &[u8], body: &[u8]) -> Result<(), Error> {
        let written = self.pen.put(head, body);
        self.told(written)
    }

    #[inline]
    pub(crate) fn null(&mut self) -> Result<(), Error> {
        let written = self.pen.null();
        self.told(written)
    }

    #[inline]
    pub(crate) fn bool(&mut self, value: bool) -> Result<(), Error> {
        let written = self.pen.bool(value);
        self.told(written)
    }

    #[inline]
    pub(crate) fn int(&mut self, value: i64) -> Result<(), Error> {
        let written = self.pen.int(value);
        self.told(written)
    }

    pub(crate) fn big_int(&mut self, value: &BigInt<'_>) -> Result<(), Error> {
        let written = self.pen.big_int(value);
        self.told(written)
    }

    #[inline]
    pub(crate) fn single(&mut self, value: f32) -> Result<(), Error> {
        let written = self.pen.single(value);
        self.told(written)
    }

    #[inline]
    pub(crate) fn double(&mut self, value: f64) -> Result<(), Error> {
        let written = self.pen.double(value);
        self.told(written)
    }

    /// A single in the width that the mode asks for.
    #[inline]
    pub(crate) fn single_as(&mut self, value: f32, floats: Floats) -> Result<(), Error> {
        match floats {
            Floats::Single | Floats::Kept => self.single(value),
            Floats::Double => self.double(float::widen(value)),
        }
    }

    /// A double in the width that the mode asks for.
    #[inline]
    pub(crate) fn double_as(&mut self, value: f64, floats: Floats) -> Result<(), Error> {
        let written = self.pen.double_as(value, floats);
        self.told(written)
    }

    #[inline]
    pub(crate) fn text(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let written = self.pen.text(bytes);
        self.told(written)
    }

    #[inline]
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let written = self.pen.bytes(bytes);
        self.told(written)
    }

    /// The head of text whose bytes are written in pieces.
    pub(crate) fn text_head(&mut self, length: usize) -> Result<(), Error> {
        let (head, used) = head::text(length).ok_or(self.error(ErrorKind::TooLarge))?;
        self.put(head.get(..used).unwrap_or(&[]), &[])
    }

    /// The head of bytes that are written in pieces.
    pub(crate) fn bytes_head(&mut self, length: usize) -> Result<(), Error> {
        let (head, used) = head::bytes(length).ok_or(self.error(ErrorKind::TooLarge))?;
        self.put(head.get(..used).unwrap_or(&[]), &[])
    }

    /// The key of a map with text keys.
    #[inline]
    pub(crate) fn text_key(&mut self, key: &[u8]) -> Result<(), Error> {
        let written = self.pen.text_key(key);
        self.told(written)
    }

    /// The head of a container. An empty map of any keys is written as an empty
    /// map of text keys, as in Python.
    #[inline]
    pub(crate) fn open(&mut self, form: Container, count: u32) -> Result<(), Error> {
        let written = self.pen.open(form, count);
        self.told(written)
    }
}
