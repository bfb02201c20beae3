//! One open container, as readers count it, and the word that it is while others
//! are open inside it.

use super::container::Container;

/// What is still to come of a container, or of the document itself.
///
/// What readers ask most is whether a value is due, and that is one comparison:
/// `values` counts what comes without a text key in between. The elements of a list
/// do; so do keys and values of a map with any keys, all of which are values (an even
/// number left means a key). In a map with text keys only the value behind a key that
/// was read does, as if it were a list of one, and `entries` counts the keys.
///
/// A container that is finished stays until somebody wants the next item: then it
/// is closed, with all those that its end is the end of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    /// With [`LIST`] or [`SDICT`] above the count.
    pub(crate) values: u32,
    /// With [`MAP`] above the count, or 0 for what is no such map.
    pub(crate) entries: u32,
}

// The form stands above the count, so that one comparison tells a list of which
// something is left from everything else.
const LIST: u32 = 3 << 30;
const MAP: u32 = 2 << 30;
const SDICT: u32 = 1 << 30;
const FORM: u32 = 3 << 30;

impl Frame {
    /// In a [packed](Self::pack) word: whether it is a list of which something is left.
    /// Such a word may be counted down.
    #[inline(always)]
    pub(crate) const fn in_list(word: u32) -> bool {
        word > LIST
    }

    /// Whether a packed word is that of a map with text keys of which something is left.
    #[inline(always)]
    pub(crate) const fn in_map(word: u32) -> bool {
        word > MAP && word < LIST
    }

    /// Whether nothing is left of the container that was packed into a word.
    #[inline(always)]
    pub(crate) const fn is_over(word: u32) -> bool {
        word & !FORM == 0
    }

    /// Whether the next value is the key of a map with any keys.
    #[inline(always)]
    pub(crate) const fn word_at_any_key(word: u32) -> bool {
        word & (FORM | 1) == SDICT && !Self::is_over(word)
    }

    /// Around the document: nothing is due yet.
    pub(crate) const DOCUMENT: Self = Self {
        values: LIST,
        entries: 0,
    };

    /// A container with `count` elements or entries.
    ///
    /// [`MAX_LENGTH`](super::MAX_LENGTH) and [`Container::fits`] keep twice the count
    /// in 30 bits.
    #[inline(always)]
    pub(crate) const fn new(form: Container, count: u32) -> Self {
        match form {
            Container::List => Self {
                values: LIST | count,
                entries: 0,
            },
            Container::Map => Self {
                values: LIST,
                entries: MAP | count,
            },
            Container::Sdict => Self {
                values: SDICT | count.wrapping_mul(2),
                entries: 0,
            },
        }
    }

    /// Whether a value is due: an element, a key that is a value, or what belongs to
    /// a text key.
    #[inline(always)]
    pub(crate) const fn value_due(&self) -> bool {
        !Self::is_over(self.values)
    }

    /// Whether a value is due that is no key, told at once; if not, it may be due yet.
    #[inline(always)]
    pub(crate) const fn surely_value_due(&self) -> bool {
        Self::in_list(self.values)
    }

    /// Whether it is finished, told at once; if not, it may be yet.
    #[inline(always)]
    pub(crate) const fn surely_finished(&self) -> bool {
        self.values == LIST && self.entries <= MAP
    }

    /// Whether a text key is due.
    #[inline(always)]
    pub(crate) const fn surely_key_due(&self) -> bool {
        self.values == LIST && self.entries > MAP
    }

    /// Whether a text key is due, if no value is.
    #[inline(always)]
    pub(crate) const fn key_due(&self) -> bool {
        self.entries > MAP
    }

    /// A value that is due was read.
    #[inline(always)]
    pub(crate) const fn fill(&mut self) {
        self.values = self.values.wrapping_sub(1);
    }

    /// A text key that is due was read, so its value is due.
    #[inline(always)]
    pub(crate) const fn fill_key(&mut self) {
        self.entries = self.entries.wrapping_sub(1);
        self.values = LIST | 1;
    }

    /// Whether nothing is left of it.
    #[inline(always)]
    pub(crate) const fn is_finished(&self) -> bool {
        !self.value_due() && !self.key_due()
    }

    /// Whether the next value is the key of a map with any keys.
    #[inline(always)]
    pub(crate) const fn at_any_key(&self) -> bool {
        Self::word_at_any_key(self.values)
    }

    /// One word for it, unless a value is due behind a text key.
    #[inline(always)]
    pub(crate) const fn packed(self) -> Option<u32> {
        if self.entries != 0 && self.value_due() {
            None
        } else {
            Some(self.pack())
        }
    }

    /// The word of a frame of which no value is due behind a text key.
    #[inline(always)]
    pub(crate) const fn pack(self) -> u32 {
        if self.entries == 0 {
            self.values
        } else {
            self.entries
        }
    }

    /// The frame of a word that is a list's.
    #[inline(always)]
    pub(crate) const fn list(word: u32) -> Self {
        Self {
            values: word,
            entries: 0,
        }
    }

    /// The frame of a word that is a map's with text keys.
    #[inline(always)]
    pub(crate) const fn map(word: u32) -> Self {
        Self {
            values: LIST,
            entries: word,
        }
    }

    /// What [`pack`](Self::pack) packed.
    #[inline(always)]
    pub(crate) const fn unpack(word: u32) -> Self {
        if word & FORM == MAP {
            Self::map(word)
        } else {
            Self::list(word)
        }
    }

    /// The frame of a packed word out of which a value was counted that is still to
    /// be read. The text key before it, if there is one, was read.
    #[inline]
    pub(crate) const fn before_value(word: u32) -> Self {
        let mut frame = Self::unpack(word);
        frame.values = frame.values.wrapping_add(1);
        frame
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_survives_being_packed() {
        for form in [Container::List, Container::Map, Container::Sdict] {
            for count in [0, 1, 2, 15, 255, (1 << 29) - 1] {
                let frame = Frame::new(form, count);
                let again = Frame::unpack(frame.pack());
                assert_eq!(again.values, frame.values);
                assert_eq!(again.entries, frame.entries);
                assert_eq!(frame.is_finished(), count == 0);
                assert_eq!(frame.at_any_key(), form == Container::Sdict && count > 0);
                assert_eq!(frame.key_due(), form == Container::Map && count > 0);
                assert_eq!(frame.value_due(), form != Container::Map && count > 0);
            }
        }
    }

    #[test]
    fn a_value_behind_a_text_key_is_due_once() {
        let mut frame = Frame::new(Container::Map, 1);
        frame.fill_key();
        assert!(frame.surely_value_due() && !frame.is_finished() && !frame.at_any_key());
        assert!(frame.packed().is_none());
        frame.fill();
        assert!(frame.is_finished() && !frame.value_due());
        let again = Frame::before_value(frame.pack());
        assert!(again.value_due());
    }
}
