//! Integers in the shortest form, without trying one form after the other: how many
//! bits a number has tells its form.

use super::code;

/// The codes of one to four bytes, the first in the low byte, for numbers that fit with
/// a sign and for those that need all bits. For 24 bits there is one without sign only.
const SIGNED: u32 = u32::from_le_bytes([code::I8, code::I16, code::U24, code::I32]);
const UNSIGNED: u32 = u32::from_le_bytes([code::U8, code::U16, code::U24, code::U32]);

/// The same for numbers below 0, of which those of 24 bits take four bytes.
const NEGATIVE: u32 = u32::from_le_bytes([code::I8, code::I16, code::I32, code::I32]);

/// An integer as it is written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Form {
    /// The first `length` bytes of a word in little-endian order: code and number.
    Short { word: u64, length: usize },
    /// [`code::BIG`], and the first `length` bytes of a number in big-endian order.
    Big { number: u64, length: u32 },
}

/// The shortest form of `value`.
#[cfg_attr(target_pointer_width = "64", inline(always))]
#[cfg_attr(not(target_pointer_width = "64"), inline)]
#[expect(
    clippy::cast_sign_loss,
    clippy::cast_possible_truncation,
    reason = "the bits are what is written"
)]
pub(crate) fn form(value: i64) -> Form {
    let sign = value >> 63;
    // The highest bit that is not as the sign; a number has as many bytes as it asks for.
    let top = ((value ^ sign) | 1).leading_zeros() ^ 63;
    if top.wrapping_sub(sign as u32) > 31 {
        // One bit more than the number has, for the sign.
        let bits = top.wrapping_add(1);
        return Form::Big {
            number: (value as u64) << (bits & 56 ^ 56),
            length: (bits >> 3).wrapping_add(1),
        };
    }
    let bits = value as u32;
    if sign == 0 {
        let codes = if top & 7 == 7 { UNSIGNED } else { SIGNED };
        return short((codes >> (top & 24)) as u8, bits, top >> 3);
    }
    let more = top.wrapping_add(1) >> 3 & 3;
    // Nothing with a sign has 24 bits.
    short((NEGATIVE >> (more << 3)) as u8, bits, more | (more >> 1))
}

/// A code and the low `more + 1` bytes of a number, `more` being at most 3.
#[cfg_attr(target_pointer_width = "64", inline(always))]
#[cfg_attr(not(target_pointer_width = "64"), inline)]
fn short(code: u8, bits: u32, more: u32) -> Form {
    let number = bits << ((more & 3) << 3 ^ 24);
    Form::Short {
        word: u64::from(number.swap_bytes()) << 8 | u64::from(code),
        length: more.wrapping_add(2) as usize,
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    /// By comparing, as the format's table has it.
    fn compared(value: i64) -> Vec<u8> {
        let forms: [(u8, i64, i64, usize); 7] = [
            (code::I8, -0x80, 0x7F, 1),
            (code::U8, 0, 0xFF, 1),
            (code::I16, -0x8000, 0x7FFF, 2),
            (code::U16, 0, 0xFFFF, 2),
            (code::U24, 0, 0xFF_FFFF, 3),
            (code::I32, -0x8000_0000, 0x7FFF_FFFF, 4),
            (code::U32, 0, 0xFFFF_FFFF, 4),
        ];
        let bytes = value.to_be_bytes();
        for (code, least, most, length) in forms {
            if (least..=most).contains(&value) {
                return [&[code], &bytes[8 - length..]].concat();
            }
        }
        let length = (5..8)
            .find(|length| {
                let half = 1_i64 << (8 * length - 1);
                (-half..half).contains(&value)
            })
            .unwrap_or(8);
        let head = [code::BIG, u8::try_from(length).unwrap()];
        [&head, &bytes[8 - length..]].concat()
    }

    fn written(value: i64) -> Vec<u8> {
        match form(value) {
            Form::Short { word, length } => word.to_le_bytes()[..length].to_vec(),
            Form::Big { number, length } => {
                let number = &number.to_be_bytes()[..length as usize];
                [&[code::BIG, length as u8], number].concat()
            }
        }
    }

    #[test]
    fn every_border_between_forms() {
        for bit in 0..64 {
            for near in -300..=300_i64 {
                let value = (1_i64 << bit).wrapping_add(near);
                assert_eq!(written(value), compared(value), "{value}");
                let value = value.wrapping_neg();
                assert_eq!(written(value), compared(value), "{value}");
            }
        }
        for value in [i64::MIN, i64::MAX, 0, -1] {
            assert_eq!(written(value), compared(value), "{value}");
        }
    }

    #[test]
    fn every_number_of_seventeen_bits() {
        for value in -0x1_0000..=0x1_0000 {
            assert_eq!(written(value), compared(value), "{value}");
        }
    }
}
