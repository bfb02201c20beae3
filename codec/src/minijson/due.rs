//! What may be written next: the encoder's account of the containers that are open.
//!
//! A frame is one number: what is still to come, times four, and in the low two bits
//! the form of container. So each item is one test of a bit and one subtraction.

use super::container::Container;
use super::limits::MAX_DEPTH;
use super::refusal::Refusal;

/// Set where a value may be written: in a list, and behind a key of a map.
const VALUE: u32 = 1;
/// Set in a map with text keys. Its frame counts entries, those of the others values.
const MAP: u32 = 2;
/// The bits that are no count.
const FORM: u32 = 3;
/// One value, or one entry of a map with text keys.
const ONE: u32 = 4;
/// The most values that a frame can count, keys among them.
const MOST: u32 = (1 << 30) - 1;

const DEPTH: usize = MAX_DEPTH as usize;

/// The containers that are open, innermost first.
#[derive(Debug)]
pub(crate) struct Due {
    /// A map with any keys has neither bit: its keys are values too. Nothing at all is
    /// a document that is complete.
    top: u32,
    depth: usize,
    below: [u32; DEPTH],
}

impl Due {
    /// Expects one document.
    pub(crate) const fn new() -> Self {
        Self {
            top: ONE | VALUE,
            depth: 0,
            below: [0; DEPTH],
        }
    }

    /// Containers that may still be opened inside the innermost one.
    pub(crate) const fn room(&self) -> u16 {
        MAX_DEPTH.saturating_sub(self.depth as u16)
    }

    /// Whether the document is complete.
    #[inline]
    pub(crate) const fn is_complete(&self) -> bool {
        self.top == 0
    }

    /// Whether a value may be written that holds at most so many containers in each
    /// other: certainly, or [by a closer look](Self::refuses).
    #[inline]
    pub(crate) const fn takes(&self, most: u16) -> bool {
        self.top & VALUE != 0 && self.has_room(most)
    }

    /// The same for an entry of a map with text keys and its value.
    #[inline]
    pub(crate) const fn takes_entry(&self, most: u16) -> bool {
        self.takes_text_key() && self.has_room(most)
    }

    #[inline]
    const fn has_room(&self, containers: u16) -> bool {
        containers == 0 || self.depth.saturating_add(containers as usize) <= DEPTH
    }

    /// Whether the key of a map with text keys is due.
    #[inline]
    pub(crate) const fn takes_text_key(&self) -> bool {
        self.top & FORM == MAP
    }

    /// Whether the key of a map with any keys is due.
    #[inline]
    pub(crate) const fn takes_any_key(&self) -> bool {
        // An entry counts twice, so an even number left means a key.
        self.top != 0 && self.top & (FORM | ONE) == 0
    }

    /// Why a value may not be written that holds so many containers in each other.
    #[cold]
    #[inline(never)]
    pub(crate) const fn refuses(&self, containers: u16) -> Option<Refusal> {
        match self.misplaced(containers > 0) {
            None if !self.has_room(containers) => Some(Refusal::TooDeep),
            refusal => refusal,
        }
    }

    /// Why a scalar or a container may not stand here.
    #[cold]
    #[inline(never)]
    pub(crate) const fn misplaced(&self, container: bool) -> Option<Refusal> {
        if self.is_complete() {
            Some(Refusal::AlreadyComplete)
        } else if self.takes_text_key() {
            Some(Refusal::KeyExpected)
        } else if container && self.takes_any_key() {
            Some(Refusal::ContainerAsKey)
        } else {
            None
        }
    }

    /// Why an entry may not be written whose value holds so many containers in each
    /// other.
    #[cold]
    #[inline(never)]
    pub(crate) const fn refuses_entry(&self, containers: u16) -> Option<Refusal> {
        if !self.takes_text_key() && !self.takes_any_key() {
            Some(self.refuses_key())
        } else if !self.has_room(containers) {
            Some(Refusal::TooDeep)
        } else {
            None
        }
    }

    /// Why no key may be written, where none is due.
    #[cold]
    #[inline(never)]
    pub(crate) const fn refuses_key(&self) -> Refusal {
        if self.is_complete() {
            Refusal::AlreadyComplete
        } else {
            Refusal::ValueExpected
        }
    }

    /// The frame behind a value that is written where one may be.
    #[inline]
    pub(crate) const fn after_value(&self) -> u32 {
        filled(self.top)
    }

    /// The frame behind a key that is written where one is due.
    #[inline]
    pub(crate) const fn after_key(&self) -> u32 {
        if self.takes_text_key() {
            self.top | VALUE
        } else {
            self.top.wrapping_sub(ONE)
        }
    }

    /// The frame behind an entry that is written where a key is due.
    #[inline]
    pub(crate) const fn after_entry(&self) -> u32 {
        if self.takes_text_key() {
            self.top.wrapping_sub(ONE)
        } else {
            self.top.wrapping_sub(2 * ONE)
        }
    }

    /// Something was written, and this is the frame behind it.
    // It was asked for before the writing, while the frame was at hand: the compiler does
    // not know that writing leaves it alone.
    #[inline]
    pub(crate) fn go_on(&mut self, frame: u32) {
        self.top = frame;
        if frame < ONE {
            self.unwind();
        }
    }

    /// What a container of `count` elements or entries is to be
    /// [opened](Self::open) with, if it may be.
    #[inline]
    pub(crate) fn frame(&self, form: Container, count: u32) -> Result<u32, Refusal> {
        if self.depth >= DEPTH {
            return Err(Refusal::TooDeep);
        }
        if !Self::counts(form, count) {
            return Err(Refusal::TooLarge);
        }
        Ok(match form {
            Container::List => (count << 2) | VALUE,
            Container::Map => (count << 2) | MAP,
            Container::Sdict => count << 3,
        })
    }

    /// Whether a frame can count so many elements or entries.
    #[inline]
    pub(crate) const fn counts(form: Container, count: u32) -> bool {
        count
            <= match form {
                Container::List => MOST,
                Container::Map | Container::Sdict => MOST >> 1,
            }
    }

    /// A container was begun where a value may be; behind it is the frame `parent`.
    #[inline]
    pub(crate) fn open(&mut self, frame: u32, parent: u32) {
        if frame < ONE {
            self.go_on(parent);
            return;
        }
        // There is room: the frame says so. The compiler sees it by the remainder.
        if let Some(below) = self.below.get_mut(self.depth % DEPTH) {
            *below = parent;
        }
        self.depth = self.depth.wrapping_add(1);
        self.top = frame;
    }

    /// Closes every container whose last value is written.
    #[inline]
    fn unwind(&mut self) {
        loop {
            if self.depth == 0 {
                self.top = 0;
                return;
            }
            self.depth = self.depth.wrapping_sub(1);
            // It is less than the number of frames; the compiler sees it so.
            self.top = match self.below.get(self.depth % DEPTH) {
                Some(below) => *below,
                None => 0,
            };
            if self.top >= ONE {
                return;
            }
        }
    }
}

/// The frame behind one more value. In a map with text keys that is the end of an
/// entry, and a key is due.
#[inline]
const fn filled(frame: u32) -> u32 {
    frame.wrapping_sub(ONE).wrapping_sub((frame & MAP) / MAP)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(due: &mut Due, form: Container, count: u32) -> Result<(), Refusal> {
        let frame = due.frame(form, count)?;
        let parent = due.after_value();
        due.open(frame, parent);
        Ok(())
    }

    /// Value, container, text key, any key.
    fn taken(due: &Due) -> [bool; 4] {
        [
            due.takes(0) || due.refuses(0).is_none(),
            due.takes(1) || due.refuses(1).is_none(),
            due.takes_text_key(),
            due.takes_any_key(),
        ]
    }

    const VALUE_DUE: [bool; 4] = [true, true, false, false];
    const KEY_DUE: [bool; 4] = [false, false, true, false];
    const ANY_KEY_DUE: [bool; 4] = [true, false, false, true];
    const NOTHING_DUE: [bool; 4] = [false; 4];

    #[test]
    fn follows_a_document() {
        // {"a": [1, {2: []}], "b": 3}
        let mut due = Due::new();
        assert_eq!(taken(&due), VALUE_DUE);
        open(&mut due, Container::Map, 2).unwrap();
        assert_eq!(taken(&due), KEY_DUE);
        let after = due.after_key();
        due.go_on(after);
        assert_eq!(taken(&due), VALUE_DUE);
        open(&mut due, Container::List, 2).unwrap();
        let after = due.after_value();
        due.go_on(after);
        open(&mut due, Container::Sdict, 1).unwrap();
        assert_eq!((taken(&due), due.room()), (ANY_KEY_DUE, MAX_DEPTH - 3));
        let after = due.after_value();
        due.go_on(after);
        assert_eq!(taken(&due), VALUE_DUE);
        open(&mut due, Container::List, 0).unwrap();
        assert_eq!((taken(&due), due.room()), (KEY_DUE, MAX_DEPTH - 1));
        let after = due.after_key();
        due.go_on(after);
        assert!(!due.is_complete());
        let after = due.after_value();
        due.go_on(after);
        assert_eq!((taken(&due), due.room()), (NOTHING_DUE, MAX_DEPTH));
        assert!(due.is_complete());
    }

    #[test]
    fn refuses_what_is_too_deep_or_too_large() {
        let mut due = Due::new();
        for (form, most) in [
            (Container::List, (1 << 30) - 1),
            (Container::Map, (1 << 29) - 1),
            (Container::Sdict, (1 << 29) - 1),
        ] {
            assert!(due.frame(form, most).is_ok());
            assert_eq!(due.frame(form, most + 1), Err(Refusal::TooLarge));
            assert_eq!(due.frame(form, u32::MAX), Err(Refusal::TooLarge));
        }
        for _ in 0..MAX_DEPTH {
            open(&mut due, Container::List, 1).unwrap();
        }
        assert_eq!(due.frame(Container::List, 0), Err(Refusal::TooDeep));
        assert_eq!(due.refuses(1), Some(Refusal::TooDeep));
        assert_eq!((due.refuses(0), due.misplaced(true)), (None, None));
    }

    #[test]
    fn the_largest_frames_count_to_their_end() {
        // Almost 2^30 values cannot be written one by one in a test: the frame is
        // looked at, and the same number of steps of any size is the same arithmetic.
        for (form, count, expected) in [
            (Container::List, (1_u32 << 30) - 1, (ONE * 2) | VALUE),
            (Container::Map, (1 << 29) - 1, ONE | MAP),
            (Container::Sdict, (1 << 29) - 1, ONE * 2),
        ] {
            let mut due = Due::new();
            open(&mut due, form, count).unwrap();
            let left = due.top - expected;
            due.top -= left / ONE * ONE;
            assert_eq!(due.top, expected, "{form:?}");
            if form == Container::Map {
                let after = due.after_key();
                due.go_on(after);
                let after = due.after_value();
                due.go_on(after);
            } else {
                let after = due.after_value();
                due.go_on(after);
                assert!(!due.is_complete());
                let after = due.after_value();
                due.go_on(after);
            }
            assert!(due.is_complete(), "{form:?}");
        }
    }
}
