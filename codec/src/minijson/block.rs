//! Items written into a block of fixed size, in stores of fixed size that may reach
//! behind the item: nothing is copied byte by byte, and the room is checked once.
//!
//! Each function writes an item at `at` and says where it ends; `None` where it could
//! reach behind the block, or is too long for such a way.

use super::code;
use super::integer::{self, Form};

/// The next `M` bytes of the block.
#[cfg_attr(target_pointer_width = "64", inline(always))]
#[cfg_attr(not(target_pointer_width = "64"), inline)]
fn place<const N: usize, const M: usize>(block: &mut [u8; N], at: usize) -> Option<&mut [u8; M]> {
    block.get_mut(at..)?.first_chunk_mut()
}

#[cfg_attr(target_pointer_width = "64", inline(always))]
#[cfg_attr(not(target_pointer_width = "64"), inline)]
pub(crate) fn byte<const N: usize>(block: &mut [u8; N], at: usize, byte: u8) -> Option<usize> {
    *block.get_mut(at)? = byte;
    Some(at.wrapping_add(1))
}

#[cfg_attr(target_pointer_width = "64", inline(always))]
#[cfg_attr(not(target_pointer_width = "64"), inline)]
pub(crate) fn int<const N: usize>(block: &mut [u8; N], at: usize, value: i64) -> Option<usize> {
    match integer::form(value) {
        Form::Short { word, length } => {
            *place(block, at)? = word.to_le_bytes();
            Some(at.wrapping_add(length))
        }
        Form::Big { number, length } => {
            let [head, rest @ ..] = place::<N, 10>(block, at)?;
            *head = code::BIG;
            let [to_length, number_at @ ..] = rest;
            *to_length = length as u8;
            *number_at = number.to_be_bytes();
            Some(at.wrapping_add(2).wrapping_add(length as usize))
        }
    }
}

#[cfg_attr(target_pointer_width = "64", inline(always))]
#[cfg_attr(not(target_pointer_width = "64"), inline)]
pub(crate) fn single<const N: usize>(block: &mut [u8; N], at: usize, value: f32) -> Option<usize> {
    let [head, number @ ..] = place::<N, 5>(block, at)?;
    *head = code::SINGLE;
    *number = value.to_be_bytes();
    Some(at.wrapping_add(5))
}

#[cfg_attr(target_pointer_width = "64", inline(always))]
#[cfg_attr(not(target_pointer_width = "64"), inline)]
pub(crate) fn double<const N: usize>(block: &mut [u8; N], at: usize, value: f64) -> Option<usize> {
    let [head, number @ ..] = place::<N, 9>(block, at)?;
    *head = code::DOUBLE;
    *number = value.to_be_bytes();
    Some(at.wrapping_add(9))
}

/// Text of at most fifteen bytes, in two stores that overlap, behind its length and the
/// bits of `code`.
#[cfg_attr(target_pointer_width = "64", inline(always))]
#[cfg_attr(not(target_pointer_width = "64"), inline)]
pub(crate) fn text<const N: usize>(
    block: &mut [u8; N],
    at: usize,
    code: u8,
    text: &[u8],
) -> Option<usize> {
    let length = text.len();
    let to = place::<N, 16>(block, at)?;
    let head = u64::from(code) | length as u64;
    match length {
        4..=7 => {
            let first = u64::from(u32::from_le_bytes(*text.first_chunk()?));
            let last = u64::from(u32::from_le_bytes(*text.last_chunk()?));
            let word = first | (last << (length.wrapping_sub(4).wrapping_mul(8) & 63));
            *to.first_chunk_mut()? = ((word << 8) | head).to_le_bytes();
        }
        8..=15 => {
            let (first, last) = (text.first_chunk::<8>()?, text.last_chunk::<8>()?);
            let [to_head, rest @ ..] = to;
            *to_head = head as u8;
            *rest.first_chunk_mut()? = *first;
            *rest.get_mut(length.wrapping_sub(8)..)?.first_chunk_mut()? = *last;
        }
        0..=3 => {
            let middle = text.get(length / 2).copied().unwrap_or(0);
            let last = text.last().copied().unwrap_or(0);
            let first = text.first().copied().unwrap_or(0);
            let shift = |place: usize| (place.wrapping_mul(8) & 31) as u32;
            let word = head as u32
                | u32::from(first) << 8
                | u32::from(middle) << shift((length / 2).wrapping_add(1))
                | u32::from(last) << shift(length.max(1));
            *to.first_chunk_mut()? = word.to_le_bytes();
        }
        _ => return None,
    }
    Some(at.wrapping_add(length).wrapping_add(1))
}
