//! Where in the nest of containers a writer stands: a stack of counters, so that
//! nothing recurses. Readers count with `frame`.

use super::fault::Fault;
use super::limits::MAX_DEPTH;

/// The three forms of container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Container {
    /// Values.
    List,
    /// Keys (u8 length and text, no type byte) and values in turn.
    Map,
    /// Keys (whole values, but no containers) and values in turn.
    Sdict,
}

impl Container {
    /// Whether `bytes` could hold so many elements (at least one byte each) or
    /// entries (at least two).
    #[inline]
    pub(crate) const fn fits(self, count: u32, bytes: usize) -> bool {
        let most = match self {
            Self::List => bytes,
            Self::Map | Self::Sdict => bytes / 2,
        };
        count as u64 <= most as u64
    }
}

/// What is due next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    /// A value: of a list, behind a key, or the document itself.
    Value,
    /// The key of a map with text keys.
    TextKey,
    /// The key of a map with any keys.
    AnyKey,
    /// Nothing: the document is complete.
    End,
}

// A frame is one u32: slots still to come (a map entry has two) times four, and
// the form of container in the low bits. `MAX_LENGTH` keeps the slots in 30 bits.
const ONE: u32 = 4;
const FORM: u32 = 3;
const LIST: u32 = 0;
const MAP: u32 = 1;
const SDICT: u32 = 2;

/// The most slots that a frame can count.
const MAX_SLOTS: u32 = (1 << 30) - 1;

/// The containers that are open, innermost first.
#[derive(Clone, Debug)]
pub(crate) struct Nesting {
    top: u32,
    depth: u16,
    limit: u16,
    below: [u32; MAX_DEPTH as usize],
}

impl Nesting {
    /// Expects one document, nested at most `limit` containers deep.
    pub(crate) const fn new(limit: u16) -> Self {
        let limit = if limit < MAX_DEPTH { limit } else { MAX_DEPTH };
        Self {
            top: ONE | LIST,
            depth: 0,
            limit,
            below: [0; MAX_DEPTH as usize],
        }
    }

    /// Containers that may still be opened inside the innermost one.
    #[inline]
    pub(crate) const fn room(&self) -> u16 {
        self.limit.saturating_sub(self.depth)
    }

    /// What is due next.
    #[inline]
    pub(crate) const fn due(&self) -> Slot {
        if self.top < ONE {
            return Slot::End;
        }
        // An entry has two slots, so an even number left means a key.
        let even = self.top & ONE == 0;
        match self.top & FORM {
            MAP if even => Slot::TextKey,
            SDICT if even => Slot::AnyKey,
            _ => Slot::Value,
        }
    }

    /// A scalar or a key filled the slot that was due.
    #[inline]
    pub(crate) fn fill(&mut self) {
        self.top = self.top.saturating_sub(ONE);
        self.unwind();
    }

    /// The slots of a container with `count` elements or entries, if it may be
    /// opened now.
    #[inline]
    pub(crate) fn room_for(&self, form: Container, count: u32) -> Result<u32, Fault> {
        if self.depth >= self.limit {
            return Err(Fault::TooDeep);
        }
        let slots = match form {
            Container::List => Some(count),
            Container::Map | Container::Sdict => count.checked_mul(2),
        };
        match slots {
            Some(slots) if slots <= MAX_SLOTS => Ok(slots),
            _ => Err(Fault::TooLarge),
        }
    }

    /// A container, for which there is [room](Self::room_for), filled the slot
    /// that was due.
    #[inline]
    pub(crate) fn open(&mut self, form: Container, slots: u32) {
        if slots == 0 {
            self.fill();
            return;
        }
        if let Some(below) = self.below.get_mut(usize::from(self.depth)) {
            *below = self.top.saturating_sub(ONE);
            self.depth = self.depth.saturating_add(1);
            let form = match form {
                Container::List => LIST,
                Container::Map => MAP,
                Container::Sdict => SDICT,
            };
            self.top = (slots << 2) | form;
        }
    }

    /// Closes every container whose last slot is filled.
    #[inline]
    fn unwind(&mut self) {
        while self.top < ONE && self.depth > 0 {
            self.depth = self.depth.saturating_sub(1);
            self.top = match self.below.get(usize::from(self.depth)) {
                Some(below) => *below,
                None => 0,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(nesting: &mut Nesting, form: Container, count: u32) -> Result<(), Fault> {
        let slots = nesting.room_for(form, count)?;
        nesting.open(form, slots);
        Ok(())
    }

    #[test]
    fn follows_a_document() {
        // {"a": [1, {2: []}]}
        let mut nesting = Nesting::new(4);
        assert_eq!(nesting.due(), Slot::Value);
        open(&mut nesting, Container::Map, 1).unwrap();
        assert_eq!(nesting.due(), Slot::TextKey);
        nesting.fill();
        open(&mut nesting, Container::List, 2).unwrap();
        nesting.fill();
        open(&mut nesting, Container::Sdict, 1).unwrap();
        assert_eq!((nesting.due(), nesting.room()), (Slot::AnyKey, 1));
        nesting.fill();
        assert_eq!((nesting.due(), nesting.room()), (Slot::Value, 1));
        open(&mut nesting, Container::List, 0).unwrap();
        assert_eq!((nesting.due(), nesting.room()), (Slot::End, 4));
    }

    #[test]
    fn refuses_what_is_too_deep_or_too_large() {
        let mut nesting = Nesting::new(1);
        assert_eq!(
            open(&mut nesting, Container::Map, 1 << 29),
            Err(Fault::TooLarge)
        );
        open(&mut nesting, Container::List, 1).unwrap();
        assert_eq!(open(&mut nesting, Container::List, 0), Err(Fault::TooDeep));
        assert_eq!(nesting.due(), Slot::Value);
    }
}
