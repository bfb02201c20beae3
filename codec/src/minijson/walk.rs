//! The [`Decoder`] for who wants to see everything.

use super::code;
use super::container::Container;
use super::decoder::{Decoder, Item};
use super::error::Error;
use super::frame::Frame;
use super::quick;
use super::reader::Reader;
use super::text::Text;

impl<'a> Decoder<'a> {
    /// Hands each item that is left to `each`, until the document is complete or
    /// something is wrong: the same as a loop of [`next`](Self::next), but quicker,
    /// because the decoder's state stays in registers in between.
    ///
    /// ```
    /// use wigwag_codec::minijson::{Decoder, Error, Item};
    ///
    /// let mut sum = 0;
    /// let mut decoder = Decoder::new(&[0x42, 3, 1, 3, 2]); // [1, 2]
    /// decoder.for_each(|item| {
    ///     if let Item::Int(int) = item {
    ///         sum += int;
    ///     }
    ///     Ok::<_, Error>(())
    /// })?;
    /// decoder.finish()?;
    /// assert_eq!(sum, 3);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// What is wrong with an item, at its offset: the decoder stays before it. And
    /// whatever `each` returns: then the decoder is behind that item.
    #[inline]
    pub fn for_each<E: From<Error>>(
        &mut self,
        mut each: impl FnMut(Item<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        // What is rare goes through `next`; then on.
        while let Some(item) = self.next_rare()? {
            each(item)?;
            self.run(&mut each)?;
        }
        Ok(())
    }

    #[inline(never)]
    fn next_rare(&mut self) -> Result<Option<Item<'a>>, Error> {
        self.next()
    }

    /// Goes on until something rare comes, or the last bytes.
    #[inline(always)]
    fn run<E>(&mut self, each: &mut impl FnMut(Item<'a>) -> Result<(), E>) -> Result<(), E> {
        let Some(mut top) = self.frame.packed() else {
            return Ok(());
        };
        let mut reader = self.reader;
        let mut items = self.budget.0;
        let first_place = self.first_place();
        let mut at = self.at.wrapping_sub(first_place);
        let stack = self.below.get_mut(first_place..).unwrap_or_default();
        let (outcome, due) = 'run: loop {
            if Frame::in_list(top) {
                top = top.wrapping_sub(1);
            } else if Frame::in_map(top) {
                let Some((key, behind)) = quick::text_key(reader.rest()) else {
                    break (Ok(()), Due::Next);
                };
                top = top.wrapping_sub(1);
                let key = Text::new(key, reader.position());
                reader.set_rest(behind);
                if let Err(error) = each(Item::Key(key)) {
                    break (Err(error), Due::CountedValue);
                }
            } else if Frame::is_over(top)
                && let Some(word) = stack.get(at.wrapping_sub(1))
            {
                at = at.wrapping_sub(1);
                top = *word;
                continue;
            } else {
                // The end, or a map with any keys, which is rare.
                break (Ok(()), Due::Next);
            }
            let rest = reader.rest();
            let Some(window) = rest.first_chunk() else {
                break (Ok(()), Due::CountedValue);
            };
            let first = window[0];
            let done = if first.wrapping_sub(code::LIST4) >= 0x20 {
                match scalar(&mut reader, window, each) {
                    Some(done) => done,
                    None => break (Ok(()), Due::CountedValue),
                }
            } else {
                let count = u32::from(first & 0x0F);
                let (Some(behind), Some(place)) = (rest.get(1..), stack.get_mut(at)) else {
                    break (Ok(()), Due::CountedValue);
                };
                if count > items {
                    break (Ok(()), Due::CountedValue);
                }
                if first >= code::MAP4 {
                    if !Container::Map.fits(count, behind.len()) {
                        break (Ok(()), Due::CountedValue);
                    }
                    items = items.wrapping_sub(count);
                    reader.set_rest(behind);
                    *place = top;
                    at = at.wrapping_add(1);
                    top = Frame::new(Container::Map, count).pack();
                    each(Item::Map(count))
                } else {
                    // The window holds as many bytes.
                    items = items.wrapping_sub(count);
                    reader.set_rest(behind);
                    let mut inner = Frame::new(Container::List, count).pack();
                    let mut done = each(Item::List(count));
                    // A list of nothing but scalars does not need the place.
                    loop {
                        if done.is_ok() {
                            if !Frame::in_list(inner) {
                                continue 'run;
                            }
                            if let Some(window) = reader.rest().first_chunk()
                                && let Some(handed) = scalar(&mut reader, window, each)
                            {
                                inner = inner.wrapping_sub(1);
                                done = handed;
                                continue;
                            }
                        }
                        break;
                    }
                    *place = top;
                    at = at.wrapping_add(1);
                    top = inner;
                    done
                }
            };
            if let Err(error) = done {
                break (Err(error), Due::Next);
            }
        };
        self.reader = reader;
        self.budget.0 = items;
        self.at = at.wrapping_add(first_place);
        self.frame = match due {
            Due::Next => Frame::unpack(top),
            Due::CountedValue => Frame::before_value(top),
        };
        outcome
    }
}

/// Where the quick way ends.
enum Due {
    /// Between items.
    Next,
    /// Before a value that was counted, and behind its key.
    CountedValue,
}

/// So many bytes have to be left; then a list of less than 16 cannot be too long.
const WINDOW: usize = 16;

/// Hands a scalar of the common forms to `each`; `None` for anything else.
// A call for each form, so that the compiler sees which item it makes.
#[inline(always)]
fn scalar<'a, E>(
    reader: &mut Reader<'a>,
    window: &[u8; WINDOW],
    each: &mut impl FnMut(Item<'a>) -> Result<(), E>,
) -> Option<Result<(), E>> {
    let rest = reader.rest();
    let first = window[0];
    let chunk = window.first_chunk()?;
    if first == code::SINGLE {
        let (single, behind) = quick::single(rest)?;
        reader.set_rest(behind);
        return Some(each(Item::Single(single)));
    }
    if first == code::BIG {
        let (int, size) = quick::big(chunk)?;
        reader.set_rest(rest.get(size..)?);
        return Some(each(Item::Int(int)));
    }
    if first >= code::TEXT7 {
        let (text, behind) = quick::text(rest)?;
        let text = Text::new(text, reader.position());
        reader.set_rest(behind);
        return Some(each(Item::Text(text)));
    }
    if let Some((int, size)) = quick::fixed(chunk) {
        reader.set_rest(rest.get(size..)?);
        return Some(each(Item::Int(int)));
    }
    let (item, size) = match first {
        code::NULL => (Item::Null, 1),
        code::TRUE => (Item::Bool(true), 1),
        code::FALSE => (Item::Bool(false), 1),
        code::DOUBLE => (Item::Double(quick::double(rest)?.0), 9),
        _ => return None,
    };
    reader.set_rest(rest.get(size..)?);
    Some(each(item))
}
