//! The pen under every way out: it writes one value's own bytes in the shortest
//! form (the one the Python encoder picks), in whole or not at all.

use super::bigint::{BigInt, MAX_INT_BYTES};
use super::code;
use super::error::{Error, ErrorKind};
use super::float::{self, Floats};
use super::nesting::Container;
use crate::bytes;

/// A filling slice.
#[derive(Debug)]
pub(crate) struct Writer<'b> {
    out: &'b mut [u8],
    length: usize,
}

impl<'b> Writer<'b> {
    pub(crate) const fn new(out: &'b mut [u8]) -> Self {
        Self { out, length: 0 }
    }

    /// Bytes written so far.
    pub(crate) const fn len(&self) -> usize {
        self.length
    }

    /// An error at the place where the next item would begin.
    pub(crate) const fn error(&self, kind: ErrorKind) -> Error {
        Error::new(kind, self.length)
    }

    /// Forgets what was written behind `length`.
    #[cfg(feature = "serde")]
    pub(crate) fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }

    /// What was written, for the rest of the slice's life.
    pub(crate) fn finish(self) -> &'b [u8] {
        let (written, _) = self.out.split_at_checked(self.length).unwrap_or((&[], &[]));
        written
    }

    /// What was written behind `start`, to be changed in place.
    pub(crate) fn written_from(&mut self, start: usize) -> &mut [u8] {
        self.out.get_mut(start..self.length).unwrap_or(&mut [])
    }

    /// Moves everything from `from` on so that it begins at `to`.
    pub(crate) fn shift(&mut self, from: usize, to: usize) -> Result<(), Error> {
        let full = self.error(ErrorKind::BufferFull);
        let moved = self.length.saturating_sub(from);
        let end = to.saturating_add(moved);
        let reach = self.length.max(end);
        let written = self.out.get_mut(..reach).ok_or(full)?;
        if from.saturating_add(moved) <= written.len() && end <= written.len() {
            bytes::shift(written, from..from.saturating_add(moved), to);
            self.length = end;
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
        if let Some(place) = self.out.get_mut(at..end) {
            bytes::copy(place, piece);
        }
    }

    /// Appends two pieces under one check of the room.
    #[inline]
    pub(crate) fn put(&mut self, head: &[u8], body: &[u8]) -> Result<(), Error> {
        let full = self.error(ErrorKind::BufferFull);
        let (_, room) = self.out.split_at_mut_checked(self.length).ok_or(full)?;
        let (head_room, room) = room.split_at_mut_checked(head.len()).ok_or(full)?;
        let (body_room, _) = room.split_at_mut_checked(body.len()).ok_or(full)?;
        bytes::copy(head_room, head);
        bytes::copy(body_room, body);
        self.length = self
            .length
            .saturating_add(head.len())
            .saturating_add(body.len());
        Ok(())
    }

    pub(crate) fn null(&mut self) -> Result<(), Error> {
        self.put(&[code::NULL], &[])
    }

    pub(crate) fn bool(&mut self, value: bool) -> Result<(), Error> {
        self.put(&[if value { code::TRUE } else { code::FALSE }], &[])
    }

    #[inline]
    pub(crate) fn int(&mut self, value: i64) -> Result<(), Error> {
        let [b0, b1, b2, b3, b4, b5, b6, b7] = value.to_be_bytes();
        match value {
            -0x80..=0x7F => self.put(&[code::I8, b7], &[]),
            0x80..=0xFF => self.put(&[code::U8, b7], &[]),
            -0x8000..=0x7FFF => self.put(&[code::I16, b6, b7], &[]),
            0x8000..=0xFFFF => self.put(&[code::U16, b6, b7], &[]),
            0x1_0000..=0xFF_FFFF => self.put(&[code::U24, b5, b6, b7], &[]),
            -0x8000_0000..=0x7FFF_FFFF => self.put(&[code::I32, b4, b5, b6, b7], &[]),
            0x8000_0000..=0xFFFF_FFFF => self.put(&[code::U32, b4, b5, b6, b7], &[]),
            // Time stamps in milliseconds and microseconds live here.
            -0x80_0000_0000..=0x7F_FFFF_FFFF => self.put(&[code::BIG, 5, b3, b4, b5, b6, b7], &[]),
            -0x8000_0000_0000..=0x7FFF_FFFF_FFFF => {
                self.put(&[code::BIG, 6, b2, b3, b4, b5, b6, b7], &[])
            }
            -0x80_0000_0000_0000..=0x7F_FFFF_FFFF_FFFF => {
                self.put(&[code::BIG, 7, b1, b2, b3, b4, b5, b6, b7], &[])
            }
            _ => self.put(&[code::BIG, 8, b0, b1, b2, b3, b4, b5, b6, b7], &[]),
        }
    }

    pub(crate) fn big_int(&mut self, value: &BigInt<'_>) -> Result<(), Error> {
        if let Some(int) = value.as_i64() {
            return self.int(int);
        }
        let mut bytes = [0_u8; MAX_INT_BYTES];
        let length = value
            .write_signed(&mut bytes)
            .ok_or(self.error(ErrorKind::IntegerTooLarge))?;
        // write_signed returned at most 255.
        let head = [code::BIG, u8::try_from(length).unwrap_or(u8::MAX)];
        self.put(&head, bytes.get(..length).unwrap_or(&[]))
    }

    #[inline]
    pub(crate) fn single(&mut self, value: f32) -> Result<(), Error> {
        let [a, b, c, d] = value.to_be_bytes();
        self.put(&[code::SINGLE, a, b, c, d], &[])
    }

    #[inline]
    pub(crate) fn double(&mut self, value: f64) -> Result<(), Error> {
        self.put(&[code::DOUBLE], &value.to_be_bytes())
    }

    /// A single in the width that the mode asks for.
    pub(crate) fn single_as(&mut self, value: f32, floats: Floats) -> Result<(), Error> {
        match floats {
            Floats::Single | Floats::Kept => self.single(value),
            Floats::Double => self.double(float::widen(value)),
        }
    }

    /// A double in the width that the mode asks for.
    pub(crate) fn double_as(&mut self, value: f64, floats: Floats) -> Result<(), Error> {
        match floats {
            Floats::Double | Floats::Kept => self.double(value),
            Floats::Single => match float::narrow(value) {
                Some(single) => self.single(single),
                None => Err(self.error(ErrorKind::FloatTooLarge)),
            },
        }
    }

    #[inline]
    pub(crate) fn text(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let (head, used) = text_head(bytes.len()).ok_or(self.error(ErrorKind::TooLarge))?;
        self.put(head.get(..used).unwrap_or(&[]), bytes)
    }

    #[inline]
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let (head, used) = bytes_head(bytes.len()).ok_or(self.error(ErrorKind::TooLarge))?;
        self.put(head.get(..used).unwrap_or(&[]), bytes)
    }

    /// The head of text whose bytes are written in pieces.
    pub(crate) fn text_head(&mut self, length: usize) -> Result<(), Error> {
        let (head, used) = text_head(length).ok_or(self.error(ErrorKind::TooLarge))?;
        self.put(head.get(..used).unwrap_or(&[]), &[])
    }

    /// The head of bytes that are written in pieces.
    pub(crate) fn bytes_head(&mut self, length: usize) -> Result<(), Error> {
        let (head, used) = bytes_head(length).ok_or(self.error(ErrorKind::TooLarge))?;
        self.put(head.get(..used).unwrap_or(&[]), &[])
    }

    /// The key of a map with text keys.
    #[inline]
    pub(crate) fn text_key(&mut self, key: &[u8]) -> Result<(), Error> {
        match u8::try_from(key.len()) {
            Ok(length) => self.put(&[length], key),
            Err(_) => Err(self.error(ErrorKind::KeyTooLong)),
        }
    }

    /// The head of a container. An empty map of any keys is written as an empty
    /// map of text keys, as in Python.
    #[inline]
    pub(crate) fn open(&mut self, form: Container, count: u32) -> Result<(), Error> {
        let (bytes, length) = container_head(form, count);
        self.put(bytes.get(..length).unwrap_or(&[]), &[])
    }
}

/// A head, and how many of its bytes count.
type HeadBytes = ([u8; 5], usize);

#[inline]
fn text_head(length: usize) -> Option<HeadBytes> {
    match u8::try_from(length) {
        Ok(length @ 0..=0x7F) => Some(([code::TEXT7 | length, 0, 0, 0, 0], 1)),
        Ok(length) => Some(([code::TEXT8, length, 0, 0, 0], 2)),
        Err(_) => long_head(code::TEXT16, code::TEXT32, length),
    }
}

#[inline]
fn bytes_head(length: usize) -> Option<HeadBytes> {
    match u8::try_from(length) {
        Ok(length) => Some(([code::BYTES8, length, 0, 0, 0], 2)),
        Err(_) => long_head(code::BYTES16, code::BYTES32, length),
    }
}

/// The head of something longer than a u8 counts.
fn long_head(code16: u8, code32: u8, length: usize) -> Option<HeadBytes> {
    if let Ok(length) = u16::try_from(length) {
        let [a, b] = length.to_be_bytes();
        return Some(([code16, a, b, 0, 0], 3));
    }
    let [a, b, c, d] = u32::try_from(length).ok()?.to_be_bytes();
    Some(([code32, a, b, c, d], 5))
}

/// The bytes that open a container, and how many of them count.
pub(crate) fn container_head(form: Container, count: u32) -> HeadBytes {
    let (code4, code8, code16, code32) = match form {
        Container::List => (code::LIST4, code::LIST8, code::LIST16, code::LIST32),
        Container::Sdict if count > 0 => (code::SDICT4, code::SDICT8, code::SDICT16, code::SDICT32),
        Container::Map | Container::Sdict => (code::MAP4, code::MAP8, code::MAP16, code::MAP32),
    };
    let [a, b, c, d] = count.to_be_bytes();
    match count {
        0..=15 => ([code4 | d, 0, 0, 0, 0], 1),
        16..=0xFF => ([code8, d, 0, 0, 0], 2),
        0x100..=0xFFFF => ([code16, c, d, 0, 0], 3),
        _ => ([code32, a, b, c, d], 5),
    }
}
