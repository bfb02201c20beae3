//! Text that nobody has looked at yet.

use core::fmt;

use super::error::{Error, ErrorKind};

/// Text as it stands in the input: bytes until somebody asks for characters.
///
/// Comparing it with a string needs no look at the encoding, so keys are best
/// compared as they are.
///
/// ```
/// use wigwag_codec::minijson::{Decoder, Item};
///
/// let mut decoder = Decoder::new(&[0x82, b'W', b'1']);
/// let Some(Item::Text(text)) = decoder.next()? else { panic!() };
/// assert!(text == "W1");
/// assert_eq!(text.to_str()?, "W1");
/// # Ok::<(), wigwag_codec::minijson::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Text<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Text<'a> {
    #[inline(always)]
    pub(crate) const fn new(bytes: &'a [u8], offset: usize) -> Self {
        Self { bytes, offset }
    }

    /// The bytes, UTF-8 or not.
    #[must_use]
    #[inline]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The text, borrowed from the input.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidUtf8`], at the offset of the item that holds the text.
    #[inline]
    pub fn to_str(&self) -> Result<&'a str, Error> {
        core::str::from_utf8(self.bytes)
            .map_err(|_| Error::new(ErrorKind::InvalidUtf8, self.offset))
    }

    /// Whether it is UTF-8: quicker than [`to_str`](Self::to_str) where the
    /// characters themselves are not needed.
    ///
    /// ```
    /// use wigwag_codec::minijson::Decoder;
    ///
    /// assert!(Decoder::new(b"\x83\xE2\x82\xAC").text()?.is_utf8()); // the euro sign
    /// assert!(!Decoder::new(b"\x81\xFF").text()?.is_utf8());
    /// # Ok::<(), wigwag_codec::minijson::Error>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn is_utf8(&self) -> bool {
        is_utf8(self.bytes)
    }
}

impl PartialEq<str> for Text<'_> {
    #[inline]
    fn eq(&self, other: &str) -> bool {
        self.bytes == other.as_bytes()
    }
}

impl PartialEq<&str> for Text<'_> {
    #[inline]
    fn eq(&self, other: &&str) -> bool {
        self.bytes == other.as_bytes()
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.bytes.escape_ascii())
    }
}

/// Whether `text` is UTF-8. Most text is short and ASCII, and that is the quicker
/// question: two words that overlap have all bytes of 4 to 16.
#[inline(always)]
pub(crate) fn is_utf8(text: &[u8]) -> bool {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    if text.len() <= 16 {
        if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
            if (u64::from_ne_bytes(*first) | u64::from_ne_bytes(*last)) & HIGH == 0 {
                return true;
            }
        } else if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk())
            && (u32::from_ne_bytes(*first) | u32::from_ne_bytes(*last)) & HIGH as u32 == 0
        {
            return true;
        }
    }
    is_utf8_slow(text)
}

#[inline(never)]
fn is_utf8_slow(text: &[u8]) -> bool {
    text.is_ascii() || core::str::from_utf8(text).is_ok()
}
