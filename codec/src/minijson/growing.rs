//! Containers whose size, and maps whose form, are known only at their end: JSON
//! text, CBOR of indefinite length, and serde's sequences without a length.
//!
//! Room for the head is taken when the container begins, by what is expected; if
//! another head is needed at the end, the contents are moved.

use super::container::Container;
use super::error::{Error, ErrorKind};
use super::head;
use super::order::read_entry;
use super::reader::{Head, Reader};
use super::writer::Writer;

/// A container that is being written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Growing {
    start: usize,
    /// Bytes taken for the head.
    head: usize,
    form: Container,
    count: u32,
    /// What the head that stands there says.
    expected: Option<(Container, u32)>,
}

impl Growing {
    /// Where the container begins.
    pub(crate) const fn start(&self) -> usize {
        self.start
    }

    /// Counts an element of a list, before it is written.
    #[inline]
    pub(crate) fn element(&mut self, writer: &Writer<'_>) -> Result<(), Error> {
        let count = self.count.checked_add(1);
        self.count = count.ok_or(writer.error(ErrorKind::TooLarge))?;
        Ok(())
    }

    /// Writes a text key: as such while the map has only short ones.
    #[cfg(feature = "serde")]
    #[inline]
    pub(crate) fn text_key(&mut self, writer: &mut Writer<'_>, key: &[u8]) -> Result<(), Error> {
        if self.form == Container::Map && key.len() <= usize::from(u8::MAX) {
            self.element(writer)?;
            return writer.text_key(key);
        }
        self.text_key_head(writer, key.len())?;
        writer.put(key, &[])
    }

    /// Writes all of a text key but its text.
    pub(crate) fn text_key_head(
        &mut self,
        writer: &mut Writer<'_>,
        length: usize,
    ) -> Result<(), Error> {
        let short = u8::try_from(length);
        if short.is_err() {
            self.any_key(writer)?;
        } else {
            self.element(writer)?;
        }
        match (self.form, short) {
            (Container::Map, Ok(length)) => writer.put(&[length], &[]),
            _ => writer.text_head(length),
        }
    }

    /// Makes ready for a key that is no short text; the caller writes it.
    pub(crate) fn any_key(&mut self, writer: &mut Writer<'_>) -> Result<(), Error> {
        if self.form == Container::Map {
            let entries = self.start.saturating_add(self.head);
            writer.keys_to_values(entries, self.count)?;
            self.form = Container::Sdict;
        }
        self.element(writer)
    }

    /// Writes the head that the contents turned out to need.
    #[inline]
    pub(crate) fn end(self, writer: &mut Writer<'_>) -> Result<(), Error> {
        // The usual case: it is the one that was written at the beginning.
        if self.expected == Some((self.form, self.count)) {
            return Ok(());
        }
        self.replace_head(writer)
    }

    fn replace_head(self, writer: &mut Writer<'_>) -> Result<(), Error> {
        let (head, length) = head::container(self.form, self.count);
        let contents = self.start.saturating_add(self.head);
        if length != self.head {
            writer.shift(contents, self.start.saturating_add(length))?;
        }
        let head = head.get(..length).unwrap_or(&[]);
        writer.overwrite(self.start, head);
        Ok(())
    }
}

impl Writer<'_> {
    /// Begins a container of which perhaps a size is expected.
    #[inline]
    pub(crate) fn begin(
        &mut self,
        form: Container,
        expected: Option<usize>,
    ) -> Result<Growing, Error> {
        let start = self.len();
        let expected = expected.and_then(|count| u32::try_from(count).ok());
        self.open(form, expected.unwrap_or(0))?;
        Ok(Growing {
            start,
            head: self.len().saturating_sub(start),
            form,
            count: 0,
            expected: expected.map(|count| (form, count)),
        })
    }

    /// Turns the text keys of `count` entries, which are the last thing written,
    /// into values of their own: one byte more for each key above 127 bytes.
    fn keys_to_values(&mut self, entries: usize, count: u32) -> Result<(), Error> {
        let malformed = |kind| Error::new(kind, entries);
        let mut reader = Reader::new(self.written_from(entries));
        let mut long = 0_usize;
        for _ in 0..count {
            if let Head::Text(key) = read_entry(&mut reader, Container::Map).map_err(malformed)? {
                long = long.saturating_add(usize::from(key.len() > 0x7F));
            }
        }
        // Everything moves to the right at once; each entry then comes back to
        // where it belongs, which is never behind where it is.
        let mut from = entries.saturating_add(long);
        self.shift(entries, from)?;
        let mut to = entries;
        for _ in 0..count {
            let mut reader = Reader::new(self.written_from(from));
            let key = match read_entry(&mut reader, Container::Map).map_err(malformed)? {
                Head::Text(key) => key.len(),
                _ => 0,
            };
            let length = reader.position();
            let key = u8::try_from(key).unwrap_or(u8::MAX);
            let head: &[u8] = if key > 0x7F {
                &[super::code::TEXT8, key]
            } else {
                &[super::code::TEXT7 | key]
            };
            let content = from.saturating_add(1);
            let next = from.saturating_add(length);
            self.overwrite(to, head);
            to = to.saturating_add(head.len());
            self.move_back(content, next, to);
            to = to.saturating_add(next.saturating_sub(content));
            from = next;
        }
        Ok(())
    }
}
