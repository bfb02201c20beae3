//! Just enough DER (X.690) to look into a certificate, and to read a private key
//! or a signature: definite lengths of up to four bytes in their shortest form
//! (section 10.1), no recursion, every length checked before use.

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
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
pub(crate) const SEQUENCE: u8 = 0x30;
/// `[0]`, constructed.
pub(crate) const CONTEXT_0: u8 = 0xa0;
/// `[1]`, constructed.
pub(crate) const CONTEXT_1: u8 = 0xa1;
/// `[1] IMPLICIT` of a type that is not constructed.
pub(crate) const CONTEXT_1_PRIMITIVE: u8 = 0x81;
/// `[3] EXPLICIT`, the extensions of a certificate.
const CONTEXT_3: u8 = 0xa3;

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

/// What this crate itself looks at in an X.509 certificate (RFC 5280 section
/// 4.1): what webpki checks by itself is not here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outline<'a> {
    pub(crate) issuer: &'a [u8],
    pub(crate) subject: &'a [u8],
    /// SubjectPublicKeyInfo, with its tag and length.
    pub(crate) public_key: &'a [u8],
    validity: &'a [u8],
    extensions: &'a [u8],
}

impl<'a> Outline<'a> {
    /// `None` where the bytes are no certificate.
    pub(crate) fn of(certificate: &'a [u8]) -> Option<Self> {
        let mut outer = Reader::new(certificate);
        let mut certificate = Reader::new(outer.expect(SEQUENCE)?);
        let mut fields = Reader::new(certificate.expect(SEQUENCE)?);
        let mut first = fields;
        if first.next()?.tag == CONTEXT_0 {
            fields = first;
        }
        fields.expect(INTEGER)?;
        fields.expect(SEQUENCE)?;
        let issuer = fields.expect(SEQUENCE)?;
        let validity = fields.expect(SEQUENCE)?;
        let subject = fields.expect(SEQUENCE)?;
        let before = fields.rest;
        fields.expect(SEQUENCE)?;
        let public_key = before.get(..before.len() - fields.rest.len())?;
        let mut extensions: &[u8] = &[];
        while !fields.at_end() {
            let field = fields.next()?;
            if field.tag == CONTEXT_3 {
                extensions = Reader::new(field.contents).expect(SEQUENCE)?;
            }
        }
        Some(Self {
            issuer,
            subject,
            public_key,
            validity,
            extensions,
        })
    }

    /// The first and the last second of its validity, since 1970.
    pub(crate) fn validity(&self) -> Option<(u64, u64)> {
        let mut times = Reader::new(self.validity);
        Some((time(times.next()?)?, time(times.next()?)?))
    }

    /// The value of the extension `id` (contents of the identifier, DER);
    /// `None` when there is none.
    pub(crate) fn extension(&self, id: &[u8]) -> Option<&'a [u8]> {
        let mut extensions = Reader::new(self.extensions);
        while !extensions.at_end() {
            let mut extension = Reader::new(extensions.expect(SEQUENCE)?);
            let found = extension.expect(OBJECT_IDENTIFIER)?;
            let mut value = extension.next()?;
            if value.tag == BOOLEAN {
                value = extension.next()?;
            }
            if found == id && value.tag == OCTET_STRING {
                return Some(value.contents);
            }
        }
        None
    }
}

/// [`Outline::extension`] of a certificate.
pub(crate) fn extension<'a>(certificate: &'a [u8], id: &[u8]) -> Option<&'a [u8]> {
    Outline::of(certificate)?.extension(id)
}

/// UTCTime and GeneralizedTime as RFC 5280 section 4.1.2.5 allows them: to the
/// second, in UTC; from 1970 on.
fn time(element: Element<'_>) -> Option<u64> {
    // Years have four digits, or the last two of 1950 to 2049.
    let mut digits = match element.tag {
        UTC_TIME => {
            let in_this_century = *element.contents.first()? < b'5';
            Digits(if in_this_century { 20 } else { 19 }, element.contents)
        }
        GENERALIZED_TIME => {
            let (century, rest) = pair(element.contents)?;
            Digits(century, rest)
        }
        _ => return None,
    };
    let year = digits.0 * 100 + digits.next(0, 99)?;
    let month = digits.next(1, 12)?;
    let day = digits.next(1, 31)?;
    let hour = digits.next(0, 23)?;
    let minute = digits.next(0, 59)?;
    let second = digits.next(0, 59)?;
    if digits.1 != b"Z" || year < 1970 {
        return None;
    }
    // Days since 1970, counted in years that begin in March.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let leap_days = year / 4 - year / 100 + year / 400;
    let days = year * 365 + leap_days + (153 * month + 2) / 5 + day - 1 - 719_468;
    Some(u64::from(days) * 86_400 + u64::from((hour * 60 + minute) * 60 + second))
}

/// A century, and the digits that follow.
struct Digits<'a>(u32, &'a [u8]);

impl Digits<'_> {
    /// The next number of two digits.
    fn next(&mut self, least: u32, most: u32) -> Option<u32> {
        let (number, rest) = pair(self.1)?;
        self.1 = rest;
        (least..=most).contains(&number).then_some(number)
    }
}

fn pair(digits: &[u8]) -> Option<(u32, &[u8])> {
    let (&[tens, ones], rest) = digits.split_first_chunk()?;
    let both = tens.is_ascii_digit() && ones.is_ascii_digit();
    let number = u32::from(tens.wrapping_sub(b'0')) * 10 + u32::from(ones.wrapping_sub(b'0'));
    both.then_some((number, rest))
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

    #[test]
    fn times_are_seconds_since_1970() {
        let utc = |text: &'static str| {
            time(Element {
                tag: UTC_TIME,
                contents: text.as_bytes(),
            })
        };
        let generalized = |text: &'static str| {
            time(Element {
                tag: GENERALIZED_TIME,
                contents: text.as_bytes(),
            })
        };
        // From `date -u -d ... +%s`.
        for (text, expected) in [
            ("700101000000Z", 0),
            ("700101000001Z", 1),
            ("700301000000Z", 5_097_600),
            ("991231235959Z", 946_684_799),
            ("000101000000Z", 946_684_800),
            ("000229120000Z", 951_825_600),
            ("000301000000Z", 951_868_800),
            ("240229000000Z", 1_709_164_800),
            ("491231235959Z", 2_524_607_999),
        ] {
            assert_eq!(utc(text), Some(expected), "{text}");
        }
        for (text, expected) in [
            ("19700101000000Z", 0),
            ("20500101000000Z", 2_524_608_000),
            ("21000228235959Z", 4_107_542_399),
            ("21000301000000Z", 4_107_542_400),
            ("29690503000001Z", 31_536_000_001),
            ("99991231235959Z", 253_402_300_799),
        ] {
            assert_eq!(generalized(text), Some(expected), "{text}");
        }
        for bad in [
            "",
            "Z",
            "700101000000",
            "7001010000Z",
            "70010100000Z",
            "7001010000000Z",
            "700001000000Z",
            "701301000000Z",
            "700100000000Z",
            "700132000000Z",
            "700101240000Z",
            "700101006000Z",
            "700101000060Z",
            "500101000000Z",
            "70010100000aZ",
            "700101000000+",
        ] {
            assert_eq!(utc(bad), None, "{bad}");
        }
        for bad in ["700101000000Z", "19691231235959Z", "19700101000000.5Z"] {
            assert_eq!(generalized(bad), None, "{bad}");
        }
    }
}
