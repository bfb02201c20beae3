//! DER, written (X.690 section 10.1: lengths in their shortest form).

/// Writes elements from the last to the first, so that each length is known
/// when it is written. `None` from any of its methods: there is no room.
pub(super) struct Writer<'b> {
    out: &'b mut [u8],
    /// Where what is written begins.
    at: usize,
}

impl<'b> Writer<'b> {
    pub(super) fn new(out: &'b mut [u8]) -> Self {
        let at = out.len();
        Self { out, at }
    }

    /// Bytes in front of what is written.
    pub(super) fn raw(&mut self, bytes: &[u8]) -> Option<()> {
        let at = self.at.checked_sub(bytes.len())?;
        self.out.get_mut(at..self.at)?.copy_from_slice(bytes);
        self.at = at;
        Some(())
    }

    /// Takes the bytes that stand there already as written.
    pub(super) fn skip(&mut self, length: usize) -> Option<()> {
        self.at = self.at.checked_sub(length)?;
        Some(())
    }

    /// An element with these contents.
    pub(super) fn element(&mut self, tag: u8, contents: &[u8]) -> Option<()> {
        let end = self.end();
        self.raw(contents)?;
        self.wrap(tag, end)
    }

    /// Tag and length in front of all that was written since `end`.
    pub(super) fn wrap(&mut self, tag: u8, end: End) -> Option<()> {
        let length = end.0.checked_sub(self.at)?;
        match u16::try_from(length).ok()?.to_be_bytes() {
            [0, short @ 0..=0x7f] => self.raw(&[tag, short]),
            [0, byte] => self.raw(&[tag, 0x81, byte]),
            [high, low] => self.raw(&[tag, 0x82, high, low]),
        }
    }

    /// Where the next element will end.
    pub(super) const fn end(&self) -> End {
        End(self.at)
    }

    /// What is written: it stands at the end of the buffer.
    pub(super) fn written(self) -> &'b [u8] {
        self.out.get(self.at..).unwrap_or_default()
    }
}

/// A place in what is written.
#[derive(Clone, Copy)]
pub(super) struct End(usize);

#[cfg(test)]
mod tests {
    use std::vec;

    use super::*;
    use crate::der::{self, OCTET_STRING, SEQUENCE};

    #[test]
    fn every_length_is_read_again() {
        for length in [0, 1, 127, 128, 255, 256, 1000, 65_535] {
            let contents = vec![7; length];
            let mut buffer = vec![0; length + 4];
            let mut to = Writer::new(&mut buffer);
            to.element(OCTET_STRING, &contents).unwrap();
            let written = to.written();
            assert_eq!(der::only(written, OCTET_STRING), Some(&contents[..]));
        }
        let mut buffer = vec![0; 70_000];
        let refused = Writer::new(&mut buffer).element(OCTET_STRING, &[0; 65_536]);
        assert_eq!(refused, None);
    }

    #[test]
    fn elements_stand_in_one_another_in_reverse() {
        let mut buffer = [0; 8];
        let mut to = Writer::new(&mut buffer);
        let end = to.end();
        to.element(OCTET_STRING, &[2]).unwrap();
        to.element(OCTET_STRING, &[1]).unwrap();
        to.wrap(SEQUENCE, end).unwrap();
        assert_eq!(to.written(), [0x30, 6, 4, 1, 1, 4, 1, 2]);
    }

    #[test]
    fn a_buffer_that_is_too_small_is_told() {
        for room in 0..8 {
            let mut buffer = [0; 8];
            let mut to = Writer::new(&mut buffer[..room]);
            let end = to.end();
            let written = to
                .element(OCTET_STRING, &[2])
                .and_then(|()| to.element(OCTET_STRING, &[1]))
                .and_then(|()| to.wrap(SEQUENCE, end));
            assert_eq!(written, None, "{room}");
        }
    }
}
