//! Reading the common forms of scalars in few steps, where enough bytes are left.
//!
//! `None` means that the careful way has to look: another form, a rare one, or the
//! end of the input is near.

use super::code;
use super::container::Container;

/// Bytes that a number and its head have, at most. Who finds so many left need not
/// ask again.
pub(crate) const NUMBER: usize = 10;

/// How the integers with a width of their own are coded: how many bytes they have,
/// and whether they have no sign. By type byte; 0 for what is none.
#[expect(
    clippy::indexing_slicing,
    reason = "the compiler works it out, and would refuse to"
)]
const INTS: [u8; 128] = {
    let mut ints = [0; 128];
    ints[code::I8 as usize] = 1;
    ints[code::I16 as usize] = 2;
    ints[code::I32 as usize] = 4;
    ints[code::U8 as usize] = UNSIGNED | 1;
    ints[code::U16 as usize] = UNSIGNED | 2;
    ints[code::U24 as usize] = UNSIGNED | 3;
    ints[code::U32 as usize] = UNSIGNED | 4;
    ints
};
const UNSIGNED: u8 = 0x80;

/// An integer of 1 to 8 bytes, and what is behind it.
#[inline(always)]
pub(crate) fn int(rest: &[u8]) -> Option<(i64, &[u8])> {
    let chunk = rest.first_chunk()?;
    if chunk[0] == code::BIG {
        let (int, size) = big(chunk)?;
        return Some((int, rest.get(size..)?));
    }
    let (int, size) = fixed(chunk)?;
    Some((int, rest.get(size..)?))
}

/// An integer that says its length, and the bytes it takes, where the type byte is
/// [`code::BIG`].
#[inline(always)]
pub(crate) fn big(chunk: &[u8; NUMBER]) -> Option<(i64, usize)> {
    let length = chunk[1];
    if length.wrapping_sub(1) >= 8 {
        return None;
    }
    // Time stamps have 6 or 7 bytes: shifting the surplus out beats assembling the
    // number byte by byte.
    let int = i64::from_be_bytes(*chunk.last_chunk()?);
    let surplus = u32::from(length).wrapping_mul(8).wrapping_neg();
    Some((
        int.wrapping_shr(surplus),
        usize::from(length).wrapping_add(2),
    ))
}

/// An integer with a width of its own, and the bytes it takes.
#[inline(always)]
pub(crate) fn fixed(chunk: &[u8; NUMBER]) -> Option<(i64, usize)> {
    let how = *INTS.get(usize::from(chunk[0]))?;
    if how == 0 {
        return None;
    }
    // One way for all widths, without a jump that the next integer would upset.
    let size = how & 7;
    let [_, bytes @ ..] = chunk.first_chunk::<5>()?;
    let surplus = u32::from(size).wrapping_mul(8).wrapping_neg();
    let int = if how & UNSIGNED == 0 {
        i64::from(i32::from_be_bytes(*bytes).wrapping_shr(surplus))
    } else {
        i64::from(u32::from_be_bytes(*bytes).wrapping_shr(surplus))
    };
    Some((int, usize::from(size).wrapping_add(1)))
}

/// A single float, and what is behind it.
#[inline(always)]
pub(crate) fn single(rest: &[u8]) -> Option<(f32, &[u8])> {
    let ([first, bytes @ ..], behind) = rest.split_first_chunk::<5>()?;
    (*first == code::SINGLE).then_some((f32::from_be_bytes(*bytes), behind))
}

/// A double float, and what is behind it.
#[inline(always)]
pub(crate) fn double(rest: &[u8]) -> Option<(f64, &[u8])> {
    let ([first, bytes @ ..], behind) = rest.split_first_chunk::<9>()?;
    (*first == code::DOUBLE).then_some((f64::from_be_bytes(*bytes), behind))
}

/// Text of at most 127 bytes, and what is behind it.
#[inline(always)]
pub(crate) fn text(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&first, behind) = rest.split_first()?;
    let length = first.wrapping_sub(code::TEXT7);
    if length >= 0x80 {
        return None;
    }
    behind.split_at_checked(usize::from(length))
}

/// The key of a map with text keys, and what is behind it.
#[inline(always)]
pub(crate) fn text_key(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&length, behind) = rest.split_first()?;
    behind.split_at_checked(usize::from(length))
}

/// The count of a container of at most 15 elements or entries, and what is behind
/// its head. It is believed only if the bytes left could hold as many.
#[inline(always)]
pub(crate) fn count(rest: &[u8], form: Container) -> Option<(u32, &[u8])> {
    let (&first, behind) = rest.split_first()?;
    let count = u32::from(first.wrapping_sub(match form {
        Container::List => code::LIST4,
        Container::Map => code::MAP4,
        Container::Sdict => code::SDICT4,
    }));
    if count >= 16 {
        return None;
    }
    // So many bytes are usually left that any such count could be true.
    (behind.len() >= 30 || form.fits(count, behind.len())).then_some((count, behind))
}
