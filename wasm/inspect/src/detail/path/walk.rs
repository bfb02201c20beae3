//! The way of a path through a minijson value.

use wigwag_codec::minijson::{Decoder, Error, Item};

use super::Step;
use crate::detail::scalar::Scalar;

/// Follows `steps` through the value that `decoder` stands before. Behind it the
/// decoder stands behind the value if `more` is to be read there, and anywhere in it
/// otherwise. Recurses once a step, of which a path has a limited number.
pub(super) fn walk<'a>(
    decoder: &mut Decoder<'a>,
    steps: &[Step],
    more: bool,
    found: &mut dyn FnMut(Scalar<'a>),
) -> Result<(), Error> {
    let Some(item) = decoder.next()? else {
        return Ok(());
    };
    let Some((step, inner)) = steps.split_first() else {
        found(scalar(&item));
        return if more {
            skip(decoder, slots(&item))
        } else {
            Ok(())
        };
    };
    match (item, step) {
        (Item::List(count), Step::Index(index)) if *index < count => {
            skip(decoder, u64::from(*index))?;
            walk(decoder, inner, more, found)?;
            if more {
                skip(decoder, u64::from(count - index - 1))
            } else {
                Ok(())
            }
        }
        (Item::List(count), Step::Any) => {
            (1..=count).try_for_each(|nth| walk(decoder, inner, more || nth < count, found))
        }
        // A key may come again, so that all entries are looked at.
        (Item::Map(count) | Item::Sdict(count), Step::Key(_) | Step::Literal(_) | Step::Any) => {
            (1..=count).try_for_each(|nth| match decoder.next()? {
                Some(key) if step.takes_key(&key) => {
                    walk(decoder, inner, more || nth < count, found)
                }
                _ => decoder.skip(),
            })
        }
        (item, _) if more => skip(decoder, slots(&item)),
        _ => Ok(()),
    }
}

/// How many items the decoder skips one by one to pass what was just opened.
fn slots(item: &Item<'_>) -> u64 {
    match item {
        Item::List(count) => u64::from(*count),
        Item::Map(count) | Item::Sdict(count) => u64::from(*count) * 2,
        _ => 0,
    }
}

fn skip(decoder: &mut Decoder<'_>, items: u64) -> Result<(), Error> {
    (0..items).try_for_each(|_| decoder.skip())
}

/// The scalar of one item of the decoder's.
pub(super) fn scalar<'a>(item: &Item<'a>) -> Scalar<'a> {
    match *item {
        Item::Bool(value) => Scalar::Bool(value),
        Item::Int(value) => value.into(),
        Item::BigInt(value) => value.as_i128().map_or(Scalar::Big(value), Scalar::Integer),
        Item::Single(value) => value.into(),
        Item::Double(value) => value.into(),
        Item::Text(value) | Item::Key(value) => text(value.as_bytes()),
        Item::Bytes(bytes) => Scalar::Bytes(bytes),
        Item::List(count) => Scalar::List(count),
        Item::Map(count) | Item::Sdict(count) => Scalar::Map(count),
        // Null, and what may be added to the format.
        _ => Scalar::Null,
    }
}

/// Text, if the bytes are.
pub(super) fn text(bytes: &[u8]) -> Scalar<'_> {
    std::str::from_utf8(bytes).map_or(Scalar::Bytes(bytes), Scalar::Text)
}
