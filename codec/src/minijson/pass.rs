//! Moving behind a value without looking at it more than needed: what skipping
//! and checking have in common, and the hottest path of all.

use super::budget::Budget;
use super::code;
use super::container::Container;
use super::error::Error;
use super::fault::Fault;
use super::frame::Frame;
use super::hop::{Hop, hop};
use super::limits::MAX_DEPTH;
use super::quick;
use super::reader::Reader;
use super::text::is_utf8;

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

/// [`pass_over`] for who has a stack: as many containers may be open inside each
/// other as it has places. Text is not looked at.
pub(crate) fn pass_with(
    reader: &mut Reader<'_>,
    stack: &mut [u32],
    budget: &mut Budget,
) -> Result<(), Error> {
    let mut rest = reader.rest();
    let passed = pass_value::<false>(&mut rest, stack, budget);
    reader.set_rest(rest);
    passed.map_err(|fault| reader.error(fault))
}

/// Places of the stack that is tried first.
const FEW: usize = 8;

fn pass<const UTF8: bool>(rest: &mut &[u8], room: u16, budget: &mut Budget) -> Result<(), Fault> {
    // Clearing a stack for the deepest nesting would take longer than most values do.
    let before = (*rest, *budget);
    let room = usize::from(room);
    let mut stack = [0; FEW];
    let few = stack.get_mut(..room.min(FEW)).unwrap_or_default();
    match pass_value::<UTF8>(rest, few, budget) {
        Err(Fault::TooDeep) if room > FEW => {
            (*rest, *budget) = before;
            pass_deep::<UTF8>(rest, room, budget)
        }
        passed => passed,
    }
}

#[cold]
#[inline(never)]
fn pass_deep<const UTF8: bool>(
    rest: &mut &[u8],
    room: usize,
    budget: &mut Budget,
) -> Result<(), Fault> {
    let mut stack = [0; MAX_DEPTH as usize];
    let room = room.min(stack.len());
    let stack = stack.get_mut(..room).unwrap_or_default();
    pass_value::<UTF8>(rest, stack, budget)
}

#[inline]
fn pass_value<const UTF8: bool>(
    rest: &mut &[u8],
    stack: &mut [u32],
    budget: &mut Budget,
) -> Result<(), Fault> {
    if let Some(behind) = scalar::<UTF8>(rest) {
        *rest = behind;
        return Ok(());
    }
    contents::<UTF8>(rest, stack, budget)
}

/// Moves behind one value.
fn contents<const UTF8: bool>(
    rest: &mut &[u8],
    stack: &mut [u32],
    budget: &mut Budget,
) -> Result<(), Fault> {
    // Copies stay in registers.
    let mut ahead = *rest;
    let mut items = *budget;
    // The innermost container, beginning with the one around the value.
    let mut top = Frame::new(Container::List, 1).pack();
    let mut at = 0_usize;
    let passed = loop {
        if Frame::in_list(top) {
            // No key.
        } else if Frame::in_map(top) {
            match quick::text_key(ahead) {
                Some((key, behind)) if !UTF8 || is_utf8(key) => ahead = behind,
                Some(_) => break Err(Fault::InvalidUtf8),
                None => break Err(Fault::UnexpectedEnd),
            }
        } else if Frame::is_over(top) {
            at = at.wrapping_sub(1);
            let Some(word) = stack.get(at) else {
                break Ok(());
            };
            top = *word;
            continue;
        } else if Frame::word_at_any_key(top)
            && let Ok((_, Hop::Open(..))) = hop(ahead)
        {
            break Err(Fault::ContainerAsKey);
        }
        top = top.wrapping_sub(1);
        // Lists are told first: they are what the quick way below is for.
        let small_list = quick::count(ahead, Container::List);
        if small_list.is_none()
            && let Some(behind) = scalar::<UTF8>(ahead)
        {
            ahead = behind;
            continue;
        }
        let (form, count, mut behind) = match small_list {
            Some((count, behind)) => (Container::List, count, behind),
            None => match hop(ahead) {
                Ok((behind, Hop::Open(form, count))) => (form, count, behind),
                Ok((_, Hop::Text(text))) if UTF8 && !is_utf8(text) => {
                    break Err(Fault::InvalidUtf8);
                }
                Ok((behind, _)) => {
                    ahead = behind;
                    continue;
                }
                Err(fault) => break Err(fault),
            },
        };
        let Some(place) = stack.get_mut(at) else {
            break Err(Fault::TooDeep);
        };
        if let Err(fault) = items.elements(form, count) {
            break Err(fault);
        }
        let mut inner = Frame::new(form, count).pack();
        if form == Container::List {
            // A list of nothing but scalars does not need the place.
            while Frame::in_list(inner)
                && let Some(next) = scalar::<UTF8>(behind)
            {
                (inner, behind) = (inner.wrapping_sub(1), next);
            }
        }
        ahead = behind;
        if !Frame::is_over(inner) {
            *place = top;
            at = at.wrapping_add(1);
            top = inner;
        }
    };
    *rest = ahead;
    *budget = items;
    passed
}

/// What is behind a scalar of the common forms.
#[inline]
fn scalar<const UTF8: bool>(input: &[u8]) -> Option<&[u8]> {
    let (&first, behind) = input.split_first()?;
    if first >= code::TEXT7 {
        let (text, behind) = behind.split_at_checked(usize::from(first & 0x7F))?;
        return (!UTF8 || is_utf8(text)).then_some(behind);
    }
    // No table for these two: their place can be guessed, and the next item looked
    // at, before they are read.
    match first {
        code::BIG => {
            let (&length, behind) = behind.split_first()?;
            behind.get(usize::from(length)..)
        }
        code::SINGLE => behind.get(4..),
        _ => {
            let size = *SIZES.get(usize::from(first))?;
            (size <= 8).then_some(())?;
            behind.get(usize::from(size)..)
        }
    }
}

/// Bytes behind the type byte of the scalars that have a size of their own; for
/// others more than any has.
#[expect(
    clippy::indexing_slicing,
    reason = "the compiler works it out, and would refuse to"
)]
const SIZES: [u8; 24] = {
    let mut sizes = [u8::MAX; 24];
    sizes[code::NULL as usize] = 0;
    sizes[code::TRUE as usize] = 0;
    sizes[code::FALSE as usize] = 0;
    sizes[code::I8 as usize] = 1;
    sizes[code::U8 as usize] = 1;
    sizes[code::I16 as usize] = 2;
    sizes[code::U16 as usize] = 2;
    sizes[code::U24 as usize] = 3;
    sizes[code::I32 as usize] = 4;
    sizes[code::U32 as usize] = 4;
    sizes[code::SINGLE as usize] = 4;
    sizes[code::DOUBLE as usize] = 8;
    sizes
};
