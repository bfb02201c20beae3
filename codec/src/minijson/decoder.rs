//! The pull decoder: one item at a time.

use super::bigint::BigInt;
use super::budget::Budget;
use super::container::Container;
use super::error::{Error, ErrorKind};
use super::fault::Fault;
use super::frame::Frame;
use super::limits::{Limits, MAX_DEPTH};
use super::order;
use super::pass::pass_with;
use super::quick;
use super::reader::{Head, Reader};
use super::text::Text;

/// What the [`Decoder`] meets.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Item<'a> {
    /// null
    Null,
    /// true or false
    Bool(bool),
    /// An integer that fits an `i64`, whatever its width in the input.
    Int(i64),
    /// An integer that does not fit an `i64`.
    BigInt(BigInt<'a>),
    /// A single float.
    Single(f32),
    /// A double float.
    Double(f64),
    /// Text that is a value (or the key of a map with any keys).
    Text(Text<'a>),
    /// Bytes.
    Bytes(&'a [u8]),
    /// A list; so many values follow.
    List(u32),
    /// A map with text keys; so many pairs of [`Item::Key`] and a value follow.
    Map(u32),
    /// A map with any keys; so many pairs of values follow. A key is never a
    /// list or a map.
    Sdict(u32),
    /// The key of the next value in an [`Item::Map`].
    Key(Text<'a>),
}

/// Reads a document item by item, in the order of the wire, without recursion.
///
/// It checks structure, lengths and [`Limits`] as it goes; text is checked by
/// [`Text::to_str`]. After an error it stays before the item at fault.
///
/// [`next`](Self::next) takes whatever comes. Who knows what has to come asks for it
/// by type, which is quicker: [`map`](Self::map), [`key`](Self::key),
/// [`int`](Self::int) and their like. [`for_each`](Self::for_each) is the quickest way
/// to see all there is.
///
/// ```
/// use wigwag_codec::minijson::{Decoder, Item};
///
/// // {"a": [1, 2]}
/// let mut decoder = Decoder::new(&[0x51, 1, b'a', 0x42, 3, 1, 3, 2]);
/// assert_eq!(decoder.next()?, Some(Item::Map(1)));
/// assert!(matches!(decoder.next()?, Some(Item::Key(key)) if key == "a"));
/// decoder.skip()?; // the list
/// assert_eq!(decoder.next()?, None);
/// decoder.finish()?; // nothing behind it
/// # Ok::<(), wigwag_codec::minijson::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Decoder<'a> {
    pub(super) reader: Reader<'a>,
    /// The innermost container. It may be finished: see [`settle`](Self::settle).
    pub(super) frame: Frame,
    /// Where in `below` the next container puts the one around it. The first place
    /// is so far up that the last one is the limit's.
    pub(super) at: usize,
    pub(super) below: [u32; MAX_DEPTH as usize],
    pub(super) budget: Budget,
    started: bool,
    limits: Limits,
}

impl<'a> Decoder<'a> {
    /// Reads `input` under the default [`Limits`].
    #[must_use]
    pub const fn new(input: &'a [u8]) -> Self {
        Self::with_limits(input, Limits::new())
    }

    /// Reads `input` under limits of the caller's.
    #[must_use]
    pub const fn with_limits(input: &'a [u8], limits: Limits) -> Self {
        Self {
            reader: Reader::new(input),
            frame: Frame::DOCUMENT,
            at: first_place(limits),
            below: [0; MAX_DEPTH as usize],
            budget: Budget(limits.items),
            started: false,
            limits,
        }
    }

    /// The next item, or `None` when the document is complete (bytes behind it
    /// are [`finish`](Self::finish)'s affair).
    ///
    /// # Errors
    /// What is wrong with the item, at its offset. Calling again gives the same
    /// error.
    #[inline]
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator's items would hide errors behind an Option that ends the loop"
    )]
    pub fn next(&mut self) -> Result<Option<Item<'a>>, Error> {
        if self.frame.is_finished() && !self.settle()? {
            return Ok(None);
        }
        let before = self.reader;
        match self.next_or_fault() {
            Ok(item) => Ok(Some(item)),
            Err(fault) => {
                self.reader = before;
                Err(before.error(fault))
            }
        }
    }

    #[inline(always)]
    fn next_or_fault(&mut self) -> Result<Item<'a>, Fault> {
        let offset = self.reader.position();
        if !self.frame.value_due() {
            let key = self.reader.text_key_inline()?;
            self.frame.fill_key();
            return Ok(Item::Key(Text::new(key, offset)));
        }
        let item = match self.reader.head_inline()? {
            Head::Open(form, count) => {
                self.open(form, count)?;
                return Ok(match form {
                    Container::List => Item::List(count),
                    Container::Map => Item::Map(count),
                    Container::Sdict => Item::Sdict(count),
                });
            }
            Head::Null => Item::Null,
            Head::Bool(value) => Item::Bool(value),
            Head::Int(value) => Item::Int(value),
            Head::Big(value) => Item::BigInt(value),
            Head::Single(value) => Item::Single(value),
            Head::Double(value) => Item::Double(value),
            Head::Text(bytes) => Item::Text(Text::new(bytes, offset)),
            Head::Bytes(bytes) => Item::Bytes(bytes),
        };
        self.frame.fill();
        Ok(item)
    }

    /// Skips the next item: a value with all that it contains, or a key alone.
    /// Does nothing when the document is complete. Skipped text is not looked at.
    ///
    /// # Errors
    /// What is wrong inside the value, at its offset. The decoder stays where it
    /// was.
    pub fn skip(&mut self) -> Result<(), Error> {
        if !self.settle()? {
            return Ok(());
        }
        let (mut reader, mut budget) = (self.reader, self.budget);
        if !self.frame.value_due() {
            reader.text_key()?;
            self.frame.fill_key();
        } else {
            let any_key = self.frame.at_any_key();
            // A key of this kind has nothing inside it.
            let free = if any_key { usize::MAX } else { self.at };
            let stack = self.below.get_mut(free..).unwrap_or_default();
            pass_with(&mut reader, stack, &mut budget).map_err(|error| match error.kind {
                ErrorKind::TooDeep if any_key => {
                    Error::new(ErrorKind::ContainerAsKey, error.offset)
                }
                _ => error,
            })?;
            self.frame.fill();
        }
        (self.reader, self.budget) = (reader, budget);
        Ok(())
    }

    /// Whether the next `count` entries, of a map with any keys, all have text of
    /// at most 255 bytes for a key.
    pub(crate) fn keys_are_short_text(&self, count: u32) -> bool {
        let mut ahead = self.reader;
        (0..count).all(|_| match order::read_entry(&mut ahead, Container::Sdict) {
            Ok(Head::Text(key)) => key.len() <= usize::from(u8::MAX),
            _ => false,
        })
    }

    /// The next key, if the next item is the key of a map with text keys.
    pub(crate) fn peek_text_key(&self) -> Option<&'a [u8]> {
        let frame = self.settled().0;
        if frame.value_due() || frame.is_finished() {
            return None;
        }
        Some(quick::text_key(self.reader.rest())?.0)
    }

    /// Bytes read so far.
    #[must_use]
    #[inline]
    pub const fn position(&self) -> usize {
        self.reader.position()
    }

    /// Containers that are open. One counts as closed as soon as its last
    /// element has been read (in whole, if that is a container too).
    #[must_use]
    #[inline]
    pub const fn depth(&self) -> u16 {
        let at = if self.frame.surely_value_due() {
            self.at
        } else {
            self.settled().1
        };
        let depth = at.saturating_sub(self.first_place());
        // It is at most MAX_DEPTH.
        depth as u16
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// [`ErrorKind::Unfinished`] when items are left unread,
    /// [`ErrorKind::TrailingBytes`] when bytes follow the document.
    pub fn finish(&self) -> Result<(), Error> {
        if !self.started || !self.settled().0.is_finished() {
            Err(self.reader.error(ErrorKind::Unfinished))
        } else if !self.reader.rest().is_empty() {
            Err(self.reader.error(ErrorKind::TrailingBytes))
        } else {
            Ok(())
        }
    }

    /// Closes what is finished; then says whether an item is due. Before the first
    /// item it checks what concerns the input as a whole.
    ///
    /// Nothing is due in a finished container: that sends whoever reads quickly here,
    /// once for each container, and spares the same question after each item.
    #[inline(never)]
    pub(super) fn settle(&mut self) -> Result<bool, Error> {
        if !self.started {
            self.start()?;
        }
        (self.frame, self.at) = self.settled();
        Ok(!self.frame.is_finished())
    }

    /// Closes the innermost container if it is finished and a list of values goes on
    /// around it: the common case of [`settle`](Self::settle) for who wants a value.
    #[inline(always)]
    pub(super) fn back_to_list(&mut self) {
        let around = self.at.wrapping_sub(1);
        // Below the outermost container there is 0, of which nothing is left.
        if self.frame.surely_finished()
            && let Some(word) = self.below.get(around)
            && Frame::in_list(*word)
        {
            self.frame = Frame::list(*word);
            self.at = around;
        }
    }

    /// The same, if a map with text keys goes on around it, for who wants a key.
    #[inline(always)]
    pub(super) fn back_to_map(&mut self) {
        let around = self.at.wrapping_sub(1);
        if self.frame.surely_finished()
            && let Some(word) = self.below.get(around)
            && Frame::in_map(*word)
        {
            self.frame = Frame::map(*word);
            self.at = around;
        }
    }

    /// The innermost container that is not finished, and where it stands.
    const fn settled(&self) -> (Frame, usize) {
        let (mut frame, mut at) = (self.frame, self.at);
        let first = self.first_place();
        while frame.is_finished() && at > first {
            at = at.saturating_sub(1);
            frame = match self.below.split_at_checked(at) {
                Some((_, [word, ..])) => Frame::unpack(*word),
                _ => Frame::DOCUMENT,
            };
        }
        (frame, at)
    }

    /// Where the outermost container stands.
    #[inline]
    pub(super) const fn first_place(&self) -> usize {
        first_place(self.limits)
    }

    #[cold]
    fn start(&mut self) -> Result<(), Error> {
        if !self.limits.allow_length(self.reader.rest().len()) {
            return Err(self.reader.error(ErrorKind::InputTooLong));
        }
        self.budget.one().map_err(|kind| self.reader.error(kind))?;
        self.frame = Frame::new(Container::List, 1);
        self.started = true;
        Ok(())
    }

    /// A value that is due is a container, if it may be opened.
    #[inline(always)]
    pub(super) fn open(&mut self, form: Container, count: u32) -> Result<(), Fault> {
        if self.frame.at_any_key() {
            return Err(Fault::ContainerAsKey);
        }
        self.push(form, count)
    }

    /// [`open`](Self::open) where no key can be due.
    #[inline(always)]
    pub(super) fn push(&mut self, form: Container, count: u32) -> Result<(), Fault> {
        let Some(place) = self.below.get_mut(self.at) else {
            return Err(Fault::TooDeep);
        };
        self.budget.elements(form, count)?;
        self.frame.fill();
        *place = self.frame.pack();
        self.at = self.at.wrapping_add(1);
        self.frame = Frame::new(form, count);
        Ok(())
    }

    /// Why [`open`](Self::open) would refuse a container.
    pub(super) fn refusal(&self, form: Container, count: u32) -> Option<Fault> {
        if self.frame.at_any_key() {
            Some(Fault::ContainerAsKey)
        } else if self.at >= self.below.len() {
            Some(Fault::TooDeep)
        } else {
            let mut budget = self.budget;
            budget.elements(form, count).err()
        }
    }
}

/// Where the outermost container stands in a stack of all places: so far up that the
/// places behind it are as many as the limit allows.
const fn first_place(limits: Limits) -> usize {
    MAX_DEPTH.saturating_sub(limits.effective_depth()) as usize
}
