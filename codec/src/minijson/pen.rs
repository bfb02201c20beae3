//! The pen: a slice that fills, item by item, each in whole or not at all.
//!
//! Where there is room for the longest form of an item, it is written as a block of
//! fixed size, of which the first bytes count; so nothing behind what was written is
//! left as it was. Near the end of the slice each byte is copied by itself.

use super::bigint::{BigInt, MAX_INT_BYTES};
use super::container::Container;
use super::due::Due;
use super::encode::Encode;
use super::float::{self, Floats};
use super::refusal::{Refusal, Written};
use super::{block, code, head};
use crate::bytes;

/// So many bytes are enough for a key and a number, or for a few numbers.
pub(crate) const BLOCK: usize = 64;

/// A filling slice.
#[derive(Debug)]
pub(crate) struct Pen<'b> {
    pub(super) out: &'b mut [u8],
    pub(super) length: usize,
}

impl<'b> Pen<'b> {
    pub(crate) const fn new(out: &'b mut [u8]) -> Self {
        Self { out, length: 0 }
    }

    /// Goes on behind what stands there already.
    #[inline]
    pub(crate) const fn at(out: &'b mut [u8], length: usize) -> Self {
        Self { out, length }
    }

    /// Bytes written so far.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    pub(crate) const fn len(&self) -> usize {
        self.length
    }

    /// What was written, for the rest of the slice's life.
    pub(crate) fn finish(self) -> &'b [u8] {
        let (written, _) = self.out.split_at_checked(self.length).unwrap_or((&[], &[]));
        written
    }

    /// The next `N` bytes, if there are so many.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    fn place<const N: usize>(&mut self) -> Option<&mut [u8; N]> {
        place(self.out, self.length)
    }

    /// Notes that so many bytes were written.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    fn advance(&mut self, count: usize) {
        self.length = self.length.wrapping_add(count);
    }

    /// Appends a byte.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    fn byte(&mut self, byte: u8) -> Written {
        *self.out.get_mut(self.length).ok_or(Refusal::BufferFull)? = byte;
        self.advance(1);
        Ok(())
    }

    /// Opens a list whose elements are appended whatever is due.
    #[inline]
    pub(crate) fn open_list(&mut self, count: usize) -> Written {
        match u32::try_from(count) {
            Ok(count) if Due::counts(Container::List, count) => self.open(Container::List, count),
            _ => Err(Refusal::TooLarge),
        }
    }

    /// Appends a value whatever is due, or nothing.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    pub(crate) fn value<T: Encode + ?Sized>(&mut self, value: &T) -> Written {
        self.length = append(self.out, self.length, value)?;
        Ok(())
    }

    /// Appends a key of a map with text keys and its value, whatever is due, or nothing.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    pub(crate) fn entry<T: Encode + ?Sized>(&mut self, key: &[u8], value: &T) -> Written {
        if let Some(block) = block(self.out, self.length)
            && let Some(at) = block::text(block, 0, 0, key)
            && let Some(count) = value.quick(block, at)
        {
            self.advance(count);
            return Ok(());
        }
        self.length = long_entry(self.out, self.length, key, value)?;
        Ok(())
    }

    /// Appends a key of a map with any keys and its value, whatever is due, or nothing.
    #[inline]
    pub(crate) fn any_entry<T: Encode + ?Sized>(&mut self, key: &[u8], value: &T) -> Written {
        self.length = any_entry(self.out, self.length, key, value)?;
        Ok(())
    }

    /// Forgets what was written behind `length`.
    #[cfg(feature = "serde")]
    #[inline]
    pub(crate) fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }

    /// Appends two pieces under one check of the room.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    pub(crate) fn put(&mut self, head: &[u8], body: &[u8]) -> Written {
        self.length = pieces(self.out, self.length, head, body).ok_or(Refusal::BufferFull)?;
        Ok(())
    }

    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    pub(crate) fn null(&mut self) -> Written {
        self.byte(code::NULL)
    }

    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    pub(crate) fn bool(&mut self, value: bool) -> Written {
        self.byte(if value { code::TRUE } else { code::FALSE })
    }

    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    pub(crate) fn int(&mut self, value: i64) -> Written {
        if let Some(place) = self.place::<10>()
            && let Some(count) = block::int(place, 0, value)
        {
            self.advance(count);
            return Ok(());
        }
        self.length = last_int(self.out, self.length, value).ok_or(Refusal::BufferFull)?;
        Ok(())
    }

    /// An integer without a sign.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    pub(crate) fn uint(&mut self, value: u64) -> Written {
        match i64::try_from(value) {
            Ok(value) => self.int(value),
            Err(_) => {
                let [a, b, c, d, e, f, g, h] = value.to_be_bytes();
                self.put(&[code::BIG, 9, 0, a, b, c, d, e, f, g, h], &[])
            }
        }
    }

    pub(crate) fn big_int(&mut self, value: &BigInt<'_>) -> Written {
        if let Some(int) = value.as_i64() {
            return self.int(int);
        }
        self.length = large(self.out, self.length, value)?;
        Ok(())
    }

    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    pub(crate) fn single(&mut self, value: f32) -> Written {
        let place = self.place::<5>().ok_or(Refusal::BufferFull)?;
        let count = block::single(place, 0, value).unwrap_or(0);
        self.advance(count);
        Ok(())
    }

    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    pub(crate) fn double(&mut self, value: f64) -> Written {
        let place = self.place::<9>().ok_or(Refusal::BufferFull)?;
        let count = block::double(place, 0, value).unwrap_or(0);
        self.advance(count);
        Ok(())
    }

    /// A double in the width that the mode asks for.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    pub(crate) fn double_as(&mut self, value: f64, floats: Floats) -> Written {
        match floats {
            Floats::Double | Floats::Kept => self.double(value),
            Floats::Single => match float::narrow(value) {
                Some(single) => self.single(single),
                None => Err(Refusal::FloatTooLarge),
            },
        }
    }

    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    pub(crate) fn text<T: AsRef<[u8]> + ?Sized>(&mut self, text: &T) -> Written {
        let text = text.as_ref();
        if let Some(place) = self.place::<16>()
            && let Some(count) = block::text(place, 0, code::TEXT7, text)
        {
            self.advance(count);
            return Ok(());
        }
        self.any_text(text)
    }

    /// Text of any length.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    pub(crate) fn any_text(&mut self, text: &[u8]) -> Written {
        self.length = long_text(self.out, self.length, text)?;
        Ok(())
    }

    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Written {
        let (head, used) = head::bytes(bytes.len()).ok_or(Refusal::TooLarge)?;
        self.put(head.get(..used).unwrap_or(&[]), bytes)
    }

    /// The key of a map with text keys.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    pub(crate) fn text_key(&mut self, key: &[u8]) -> Written {
        if let Some(place) = self.place::<16>()
            && let Some(count) = block::text(place, 0, 0, key)
        {
            self.advance(count);
            return Ok(());
        }
        let length = u8::try_from(key.len()).map_err(|_| Refusal::KeyTooLong)?;
        self.put(&[length], key)
    }

    /// The head of a container.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    pub(crate) fn open(&mut self, form: Container, count: u32) -> Written {
        if let Some(head) = head::short_container(form, count) {
            return self.byte(head);
        }
        let (bytes, length) = head::container(form, count);
        self.put(bytes.get(..length).unwrap_or(&[]), &[])
    }
}

/// The bytes from `at` on as a block, if there are so many. Not where flash is scarce:
/// each value would be there twice.
#[cfg_attr(target_pointer_width = "64", inline(always))]
#[cfg_attr(not(target_pointer_width = "64"), inline)]
fn block(out: &mut [u8], at: usize) -> Option<&mut [u8; BLOCK]> {
    if cfg!(target_pointer_width = "64") {
        place(out, at)
    } else {
        None
    }
}

/// The `N` bytes from `at` on, if there are so many.
#[cfg_attr(target_pointer_width = "64", inline(always))]
#[cfg_attr(not(target_pointer_width = "64"), inline)]
fn place<const N: usize>(out: &mut [u8], at: usize) -> Option<&mut [u8; N]> {
    // No slice is longer than half of what can be addressed. The mask tells the compiler
    // that the sum does not overflow.
    let at = at & (usize::MAX >> 1);
    out.get_mut(at..at.wrapping_add(N))?.first_chunk_mut()
}

/// Writes a value to `out` from `at` on, whatever is due: where it ends.
#[cfg_attr(target_pointer_width = "64", inline(always))]
#[cfg_attr(not(target_pointer_width = "64"), inline)]
pub(crate) fn append<T: Encode + ?Sized>(
    out: &mut [u8],
    at: usize,
    value: &T,
) -> Result<usize, Refusal> {
    if let Some(block) = block(out, at)
        && let Some(count) = value.quick(block, 0)
    {
        return Ok(at.wrapping_add(count));
    }
    value.write(out, at)
}

/// Appends a key of any length, and a value: where they end.
#[inline(never)]
fn long_entry<T: Encode + ?Sized>(
    out: &mut [u8],
    at: usize,
    key: &[u8],
    value: &T,
) -> Result<usize, Refusal> {
    let length = u8::try_from(key.len()).map_err(|_| Refusal::KeyTooLong)?;
    let at = pieces(out, at, &[length], key).ok_or(Refusal::BufferFull)?;
    value.write(out, at)
}

/// The same in a map with any keys.
#[cold]
#[inline(never)]
fn any_entry<T: Encode + ?Sized>(
    out: &mut [u8],
    at: usize,
    key: &[u8],
    value: &T,
) -> Result<usize, Refusal> {
    let at = long_text(out, at, key)?;
    value.write(out, at)
}

// What follows is given the slice in parts: a reference to the pen would keep the pen
// in memory wherever it is used.

/// Appends two pieces, if they fit; where they end then.
#[inline(never)]
fn pieces(out: &mut [u8], length: usize, head: &[u8], body: &[u8]) -> Option<usize> {
    let (_, room) = out.split_at_mut_checked(length)?;
    let (head_room, room) = room.split_at_mut_checked(head.len())?;
    let (body_room, _) = room.split_at_mut_checked(body.len())?;
    bytes::copy(head_room, head);
    bytes::copy(body_room, body);
    Some(length.saturating_add(head.len()).saturating_add(body.len()))
}

/// Appends an integer where its longest form might not fit.
#[inline(never)]
fn last_int(out: &mut [u8], length: usize, value: i64) -> Option<usize> {
    let mut place = [0; 16];
    let count = block::int(&mut place, 0, value)?;
    pieces(out, length, place.get(..count)?, &[])
}

/// Appends an integer of more than 64 bits; where it ends.
#[inline(never)]
fn large(out: &mut [u8], length: usize, value: &BigInt<'_>) -> Result<usize, Refusal> {
    let mut bytes = [0_u8; MAX_INT_BYTES];
    let count = value
        .write_signed(&mut bytes)
        .ok_or(Refusal::IntegerTooLarge)?;
    // write_signed returned at most 255.
    let head = [code::BIG, u8::try_from(count).unwrap_or(u8::MAX)];
    let bytes = bytes.get(..count).unwrap_or(&[]);
    pieces(out, length, &head, bytes).ok_or(Refusal::BufferFull)
}

/// Appends text of any length; where it ends.
#[inline(never)]
fn long_text(out: &mut [u8], length: usize, text: &[u8]) -> Result<usize, Refusal> {
    let (head, used) = head::text(text.len()).ok_or(Refusal::TooLarge)?;
    let head = head.get(..used).unwrap_or(&[]);
    pieces(out, length, head, text).ok_or(Refusal::BufferFull)
}
