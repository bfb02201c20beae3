//! Names of four bytes.

use core::fmt;

/// The name of a packet type, a field or a parameter: four bytes, of which
/// spaces and NULs at the end count for nothing.
///
/// What is received is taken as it comes, and compared without what fills it.
/// What is sent is upper-case letters and digits. ([`Display`](fmt::Display)
/// shows a character for each byte; comparing with a text compares its UTF-8.)
///
/// ```
/// use wigwag_codec::ncp::Ident;
///
/// let ident = Ident::new("DSP")?;
/// assert_eq!(ident.bytes(), *b"DSP\0");
/// assert_eq!(Ident::from_wire(*b"DSP "), "DSP");
/// assert!(Ident::new("dsp").is_err());
/// assert!(Ident::new("SWEEP").is_err());
/// # Ok::<(), wigwag_codec::ncp::IdentError>(())
/// ```
#[derive(Clone, Copy)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Ident([u8; 4]);

/// A text is no name that may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum IdentError {
    /// It has no letter, or more than four.
    Length,
    /// It has something else than upper-case letters of ASCII and digits.
    Character,
}

impl fmt::Display for IdentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "a name has one to four characters",
            Self::Character => "a name has upper-case letters and digits only",
        })
    }
}

impl core::error::Error for IdentError {}

impl Ident {
    /// `LINK`, the packets that a connection itself is made of.
    pub const LINK: Self = Self(*b"LINK");

    /// A name to be sent: one to four upper-case letters of ASCII and digits.
    ///
    /// # Errors
    /// [`IdentError`], where it is something else.
    #[inline]
    pub const fn new(name: &str) -> Result<Self, IdentError> {
        let bytes = match *name.as_bytes() {
            [a] => [a, 0, 0, 0],
            [a, b] => [a, b, 0, 0],
            [a, b, c] => [a, b, c, 0],
            [a, b, c, d] => [a, b, c, d],
            _ => return Err(IdentError::Length),
        };
        let mut rest = name.as_bytes();
        while let [first, after @ ..] = rest {
            if !first.is_ascii_uppercase() && !first.is_ascii_digit() {
                return Err(IdentError::Character);
            }
            rest = after;
        }
        Ok(Self(bytes))
    }

    /// A name as it was received.
    #[must_use]
    pub const fn from_wire(bytes: [u8; 4]) -> Self {
        Self(bytes)
    }

    /// The bytes as they stand on the wire.
    #[must_use]
    pub const fn bytes(self) -> [u8; 4] {
        self.0
    }

    /// The bytes without spaces and NULs at the end.
    #[must_use]
    pub const fn trimmed(&self) -> &[u8] {
        let mut rest = self.0.as_slice();
        while let [before @ .., 0 | b' '] = rest {
            rest = before;
        }
        rest
    }
}

impl TryFrom<&str> for Ident {
    type Error = IdentError;

    fn try_from(name: &str) -> Result<Self, IdentError> {
        Self::new(name)
    }
}

impl PartialEq for Ident {
    fn eq(&self, other: &Self) -> bool {
        self.trimmed() == other.trimmed()
    }
}

impl Eq for Ident {}

impl core::hash::Hash for Ident {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        self.trimmed().hash(state);
    }
}

impl PartialEq<str> for Ident {
    fn eq(&self, other: &str) -> bool {
        self.trimmed() == other.as_bytes()
    }
}

impl PartialEq<&str> for Ident {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

impl fmt::Display for Ident {
    /// As Latin-1, which has a character for each byte.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.trimmed() {
            fmt::Write::write_char(f, char::from(*byte))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Ident {
    /// With what is no printable ASCII escaped: it comes from outside, and goes
    /// into logs and to terminals.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.trimmed().escape_ascii())
    }
}
