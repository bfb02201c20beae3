//! Moving behind a value without looking at it more than needed: what skipping
//! and checking have in common, and the hottest path of all.

use super::budget::Budget;
use super::code;
use super::error::Error;
use super::fault::Fault;
use super::nesting::{Container, Nesting};
use super::reader::Reader;

/// How closely [`pass_over`] looks at text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextCheck {
    /// Not at all.
    None,
    /// Every key and every text must be UTF-8.
    Utf8,
}

/// Moves behind one value and all that it contains, without recursion.
///
/// The value itself must be paid for already; its elements are taken from the
/// budget. After an error the reader stands before the item at fault.
pub(crate) fn pass_over(
    reader: &mut Reader<'_>,
    room: u16,
    budget: &mut Budget,
    text: TextCheck,
) -> Result<(), Error> {
    let mut rest = reader.rest();
    let passed = match text {
        TextCheck::None => pass::<false>(&mut rest, room, budget),
        TextCheck::Utf8 => pass::<true>(&mut rest, room, budget),
    };
    reader.set_rest(rest);
    passed.map_err(|fault| reader.error(fault))
}

#[inline]
fn pass<const UTF8: bool>(rest: &mut &[u8], room: u16, budget: &mut Budget) -> Result<(), Fault> {
    let (behind, hop) = hop::<UTF8>(rest)?;
    match hop {
        Hop::Scalar => {
            *rest = behind;
            Ok(())
        }
        // A scalar does without the stack of counters.
        Hop::Open(form, count) => pass_container::<UTF8>(rest, behind, room, budget, form, count),
    }
}

fn pass_container<'a, const UTF8: bool>(
    rest: &mut &'a [u8],
    behind: &'a [u8],
    room: u16,
    budget: &mut Budget,
    form: Container,
    count: u32,
) -> Result<(), Fault> {
    let mut nesting = Nesting::new(room);
    let mut opened = (form, count);
    let mut behind = behind;
    loop {
        let (form, count) = opened;
        let slots = nesting.room_for(form, count)?;
        budget.elements(form, count)?;
        nesting.open(form, slots);
        *rest = behind;
        (opened, behind) = loop {
            let Some(form) = nesting.top() else {
                return Ok(());
            };
            if form != Container::List {
                *rest = key::<UTF8>(rest, form)?;
                nesting.fill_key();
            }
            match hop::<UTF8>(rest)? {
                (behind, Hop::Scalar) => {
                    *rest = behind;
                    nesting.fill();
                }
                (behind, Hop::Open(form, count)) => break ((form, count), behind),
            }
        };
    }
}

/// What a value is, as far as moving on goes.
#[derive(Clone, Copy)]
enum Hop {
    Scalar,
    Open(Container, u32),
}

/// Moves behind a scalar, or behind the head of a container.
#[inline(always)]
fn hop<const UTF8: bool>(input: &[u8]) -> Result<(&[u8], Hop), Fault> {
    let (&first, rest) = input.split_first().ok_or(Fault::UnexpectedEnd)?;
    let length = match first {
        code::TEXT7..=0xFF => return text::<UTF8>(rest, usize::from(first & 0x7F)),
        code::LIST4..=0x4F => return open(rest, Container::List, u32::from(first & 0x0F)),
        code::MAP4..=0x5F => return open(rest, Container::Map, u32::from(first & 0x0F)),
        code::SDICT4..=0x6F => return open(rest, Container::Sdict, u32::from(first & 0x0F)),
        code::NULL | code::TRUE | code::FALSE => 0,
        code::I8 | code::U8 => 1,
        code::I16 | code::U16 => 2,
        code::U24 => 3,
        code::I32 | code::U32 | code::SINGLE => 4,
        code::DOUBLE => 8,
        code::BIG | code::BYTES8 => {
            let (length, rest) = number8(rest)?;
            return scalar(rest, length);
        }
        code::TEXT8 => {
            let (length, rest) = number8(rest)?;
            return text::<UTF8>(rest, length);
        }
        _ => return rare::<UTF8>(first, rest),
    };
    scalar(rest, length)
}

/// The forms with long lengths and counts, and what is none.
fn rare<const UTF8: bool>(first: u8, rest: &[u8]) -> Result<(&[u8], Hop), Fault> {
    let size = |(number, rest): (u32, _)| (usize::try_from(number).unwrap_or(usize::MAX), rest);
    match first {
        code::TEXT16 | code::TEXT32 => {
            let (length, rest) = size(number(first == code::TEXT16, rest)?);
            text::<UTF8>(rest, length)
        }
        code::BYTES16 | code::BYTES32 => {
            let (length, rest) = size(number(first == code::BYTES16, rest)?);
            scalar(rest, length)
        }
        code::LIST8 | code::MAP8 | code::SDICT8 => {
            let (&count, rest) = rest.split_first().ok_or(Fault::UnexpectedEnd)?;
            open(rest, form(first), u32::from(count))
        }
        code::LIST16 | code::MAP16 | code::SDICT16 => {
            let (count, rest) = number(true, rest)?;
            open(rest, form(first), count)
        }
        code::LIST32 | code::MAP32 | code::SDICT32 => {
            let (count, rest) = number(false, rest)?;
            open(rest, form(first), count)
        }
        _ => Err(Fault::UnknownType(first)),
    }
}

const fn form(first: u8) -> Container {
    match first {
        code::LIST8 | code::LIST16 | code::LIST32 => Container::List,
        code::MAP8 | code::MAP16 | code::MAP32 => Container::Map,
        _ => Container::Sdict,
    }
}

/// A u16 if `short`, else a u32.
fn number(short: bool, rest: &[u8]) -> Result<(u32, &[u8]), Fault> {
    if short {
        let (bytes, rest) = rest.split_first_chunk().ok_or(Fault::UnexpectedEnd)?;
        Ok((u32::from(u16::from_be_bytes(*bytes)), rest))
    } else {
        let (bytes, rest) = rest.split_first_chunk().ok_or(Fault::UnexpectedEnd)?;
        Ok((u32::from_be_bytes(*bytes), rest))
    }
}

#[inline(always)]
fn number8(rest: &[u8]) -> Result<(usize, &[u8]), Fault> {
    let (&length, rest) = rest.split_first().ok_or(Fault::UnexpectedEnd)?;
    Ok((usize::from(length), rest))
}

#[inline(always)]
fn scalar(rest: &[u8], length: usize) -> Result<(&[u8], Hop), Fault> {
    let behind = rest.get(length..).ok_or(Fault::UnexpectedEnd)?;
    Ok((behind, Hop::Scalar))
}

#[inline(always)]
fn text<const UTF8: bool>(rest: &[u8], length: usize) -> Result<(&[u8], Hop), Fault> {
    let (text, behind) = rest.split_at_checked(length).ok_or(Fault::UnexpectedEnd)?;
    if UTF8 && !is_utf8(text) {
        return Err(Fault::InvalidUtf8);
    }
    Ok((behind, Hop::Scalar))
}

#[inline]
fn is_utf8(text: &[u8]) -> bool {
    // Most text is ASCII, and that is the quicker question.
    text.is_ascii() || core::str::from_utf8(text).is_ok()
}

#[inline(always)]
fn open(rest: &[u8], form: Container, count: u32) -> Result<(&[u8], Hop), Fault> {
    if form.fits(count, rest.len()) {
        Ok((rest, Hop::Open(form, count)))
    } else {
        Err(Fault::CountTooLarge)
    }
}

/// Moves behind the key of an entry.
#[inline(always)]
fn key<const UTF8: bool>(input: &[u8], form: Container) -> Result<&[u8], Fault> {
    if form == Container::Map {
        let (length, rest) = number8(input)?;
        return Ok(text::<UTF8>(rest, length)?.0);
    }
    match hop::<UTF8>(input)? {
        (behind, Hop::Scalar) => Ok(behind),
        (_, Hop::Open(..)) => Err(Fault::ContainerAsKey),
    }
}
