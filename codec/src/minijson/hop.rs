//! How far a value reaches, whatever it is: one small function for all that is not
//! in a hurry.

use super::code;
use super::container::Container;
use super::fault::Fault;

/// What a value is, as far as moving on goes.
#[derive(Clone, Copy)]
pub(crate) enum Hop<'a> {
    /// A number, or a value without content.
    Scalar,
    /// Text that nobody has looked at yet.
    Text(&'a [u8]),
    Bytes(&'a [u8]),
    /// Followed by so many values or entries.
    Open(Container, u32),
}

/// What stands behind a scalar, or behind the head of a container.
#[inline(never)]
pub(crate) fn hop(input: &[u8]) -> Result<(&[u8], Hop<'_>), Fault> {
    let (&first, rest) = input.split_first().ok_or(Fault::UnexpectedEnd)?;
    let (size, rest) = match first {
        code::TEXT7..=0xFF => (u32::from(first & 0x7F), rest),
        code::LIST4..=0x6F => (u32::from(first & 0x0F), rest),
        code::NULL | code::TRUE | code::FALSE => (0, rest),
        code::I8 | code::U8 => (1, rest),
        code::I16 | code::U16 => (2, rest),
        code::U24 => (3, rest),
        code::I32 | code::U32 | code::SINGLE => (4, rest),
        code::DOUBLE => (8, rest),
        code::BIG | code::BYTES8 | code::TEXT8 | code::LIST8 | code::MAP8 | code::SDICT8 => {
            let (&[size], rest) = rest.split_first_chunk().ok_or(Fault::UnexpectedEnd)?;
            (u32::from(size), rest)
        }
        code::BYTES16 | code::TEXT16 | code::LIST16 | code::MAP16 | code::SDICT16 => {
            let (&size, rest) = rest.split_first_chunk().ok_or(Fault::UnexpectedEnd)?;
            (u32::from(u16::from_be_bytes(size)), rest)
        }
        code::BYTES32 | code::TEXT32 | code::LIST32 | code::MAP32 | code::SDICT32 => {
            let (&size, rest) = rest.split_first_chunk().ok_or(Fault::UnexpectedEnd)?;
            (u32::from_be_bytes(size), rest)
        }
        0x1C..=0x3F | 0x70..=0x7F => return Err(Fault::UnknownType(first)),
    };
    let form = match first {
        code::LIST4..=0x4F | code::LIST8 | code::LIST16 | code::LIST32 => Container::List,
        code::MAP4..=0x5F | code::MAP8 | code::MAP16 | code::MAP32 => Container::Map,
        code::SDICT4..=0x6F | code::SDICT8 | code::SDICT16 | code::SDICT32 => Container::Sdict,
        _ => {
            // A length that no slice can have is more than there is.
            let size = usize::try_from(size).unwrap_or(usize::MAX);
            let (content, behind) = rest.split_at_checked(size).ok_or(Fault::UnexpectedEnd)?;
            let hop = match first {
                code::TEXT7..=0xFF | code::TEXT8 | code::TEXT16 | code::TEXT32 => {
                    Hop::Text(content)
                }
                code::BYTES8 | code::BYTES16 | code::BYTES32 => Hop::Bytes(content),
                _ => Hop::Scalar,
            };
            return Ok((behind, hop));
        }
    };
    if form.fits(size, rest.len()) {
        Ok((rest, Hop::Open(form, size)))
    } else {
        Err(Fault::CountTooLarge)
    }
}
