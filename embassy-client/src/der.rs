//! Just enough DER (X.690) to find an extension in a certificate, and to read a
//! private key or a signature: definite lengths of up to four bytes in their
//! shortest form (section 10.1), no recursion, every length checked before use.

/// One element: its tag byte and contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    pub(crate) contents: &'a [u8],
}

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(crate) const UTF8_STRING: u8 = 0x0c;
pub(crate) const PRINTABLE_STRING: u8 = 0x13;
pub(crate) const IA5_STRING: u8 = 0x16;
pub(crate) const SEQUENCE: u8 = 0x30;
/// `[0]`, constructed.
pub(crate) const CONTEXT_0: u8 = 0xa0;
/// `[1]`, constructed.
pub(crate) const CONTEXT_1: u8 = 0xa1;
/// `[1] IMPLICIT` of a type that is not constructed.
pub(crate) const CONTEXT_1_PRIMITIVE: u8 = 0x81;
/// `[3] EXPLICIT`, the extensions of a certificate.
pub(crate) const CONTEXT_3: u8 = 0xa3;

/// Reads the elements of `rest` one after the other.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next element; `None` at the end and where the bytes are not DER.
    pub(crate) fn next(&mut self) -> Option<Element<'a>> {
        let (&tag, rest) = self.rest.split_first()?;
        // Tag numbers from 31 on have more bytes; certificates use none.
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81..=0x84 => {
                let (digits, rest) = rest.split_at_checked(usize::from(first & 0x0f))?;
                let length = digits
                    .iter()
                    .fold(0_u32, |sum, digit| (sum << 8) | u32::from(*digit));
                // Nothing that would have fitted fewer bytes.
                if length < 0x80 || digits.first() == Some(&0) {
                    return None;
                }
                (usize::try_from(length).ok()?, rest)
            }
            _ => return None,
        };
        let (contents, rest) = rest.split_at_checked(length)?;
        self.rest = rest;
        Some(Element { tag, contents })
    }

    /// The next element, if it has this tag.
    pub(crate) fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        let element = self.next()?;
        (element.tag == tag).then_some(element.contents)
    }

    /// The next element, if it has this tag; otherwise it stays to be read.
    pub(crate) fn optional(&mut self, tag: u8) -> Option<&'a [u8]> {
        let mut ahead = *self;
        let contents = ahead.expect(tag)?;
        *self = ahead;
        Some(contents)
    }

    pub(crate) fn at_end(&self) -> bool {
        self.rest.is_empty()
    }
}

/// The contents of the element that is all of `bytes` and has this tag.
pub(crate) fn only(bytes: &[u8], tag: u8) -> Option<&[u8]> {
    let mut reader = Reader::new(bytes);
    reader.expect(tag).filter(|_| reader.at_end())
}

/// The value of the extension `oid` (contents of the identifier, DER) in an
/// X.509 certificate (RFC 5280 section 4.1); `None` when there is none.
pub(crate) fn extension<'a>(certificate: &'a [u8], oid: &[u8]) -> Option<&'a [u8]> {
    let mut outer = Reader::new(certificate);
    let mut certificate = Reader::new(outer.expect(SEQUENCE)?);
    let mut fields = Reader::new(certificate.expect(SEQUENCE)?);
    while !fields.at_end() {
        let field = fields.next()?;
        if field.tag != CONTEXT_3 {
            continue;
        }
        let mut extensions = Reader::new(Reader::new(field.contents).expect(SEQUENCE)?);
        while !extensions.at_end() {
            let mut extension = Reader::new(extensions.expect(SEQUENCE)?);
            let id = extension.expect(OBJECT_IDENTIFIER)?;
            let mut value = extension.next()?;
            if value.tag == BOOLEAN {
                value = extension.next()?;
            }
            if id == oid && value.tag == OCTET_STRING {
                return Some(value.contents);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_checked() {
        let next = |bytes: &'static [u8]| Reader::new(bytes).next();
        assert_eq!(
            next(&[4, 2, 1, 2]),
            Some(Element {
                tag: 4,
                contents: &[1, 2]
            })
        );
        let long = [&[4, 0x81, 0x80][..], &[9; 0x80]].concat();
        assert_eq!(
            Reader::new(&long).next(),
            Some(Element {
                tag: 4,
                contents: &[9; 0x80]
            })
        );
        for bad in [
            &[][..],
            &[4],
            &[4, 2, 1],
            &[4, 0x80, 0, 0],
            &[4, 0x81],
            &[4, 0x81, 1, 9],
            &[4, 0x81, 0x7f],
            &[4, 0x82, 0, 1, 9],
            &[4, 0x82, 0xff],
            &[4, 0x84, 0xff, 0xff, 0xff, 0xff, 0],
            &[4, 0x85, 0, 0, 0, 0, 1, 0],
            &[0x1f, 0x81, 0x01, 0],
        ] {
            assert_eq!(next(bad), None, "{bad:?}");
        }
        let padded = [&[4, 0x82, 0, 0x80][..], &[9; 0x80]].concat();
        assert_eq!(Reader::new(&padded).next(), None);
    }

    #[test]
    fn optional_elements_stay_when_they_are_others() {
        let mut reader = Reader::new(&[4, 1, 7, 2, 1, 9]);
        assert_eq!(reader.optional(INTEGER), None);
        assert_eq!(reader.optional(OCTET_STRING), Some(&[7][..]));
        assert!(!reader.at_end());
        assert_eq!(reader.optional(INTEGER), Some(&[9][..]));
        assert!(reader.at_end());
    }

    #[test]
    fn nothing_may_follow_the_only_element() {
        assert_eq!(only(&[4, 1, 7], OCTET_STRING), Some(&[7][..]));
        for bad in [&[4, 1, 7, 0][..], &[2, 1, 7], &[4, 1], &[]] {
            assert_eq!(only(bad, OCTET_STRING), None, "{bad:?}");
        }
    }
}
