//! Pins: public keys that a server's chain must show, known by their hash.
//!
//! A root says who may name servers. A pin says in addition which key it has
//! to be: the server's own, or the root's. Whoever gets hold of another root's
//! key, or has a trusted root issue a certificate that it should not have,
//! cannot play the server then.

use core::fmt;
use core::str::FromStr;

use sha2::{Digest as _, Sha256};

use crate::der::Outline;

/// SHA-256 of a certificate's SubjectPublicKeyInfo, as RFC 7469 section 2.4
/// has it: the pin stays the same when the certificate is renewed with its key.
///
/// As text it is `sha256//` and base64, the form that curl takes;
/// `wigwag pki check` prints it for a server and its root.
///
/// ```
/// use wigwag_embassy::tls::PublicKeyPin;
///
/// let pin: PublicKeyPin = "sha256//d6qzRu9zOECb90Uez27xWltNsj0e1Md7GkYYkVoZWmM=".parse()?;
/// assert_eq!(pin.as_bytes()[0], 0x77);
/// # Ok::<(), wigwag_embassy::tls::PinError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PublicKeyPin([u8; 32]);

/// A text is no pin: base64 of 32 bytes, with or without `sha256//` before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PinError;

impl fmt::Display for PinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a pin is 'sha256//' and the base64 of 32 bytes")
    }
}

impl core::error::Error for PinError {}

const PREFIX: &str = "sha256//";
const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

impl PublicKeyPin {
    /// The pin with this hash.
    pub const fn from_sha256(hash: [u8; 32]) -> Self {
        Self(hash)
    }

    /// The pin of the key in a certificate (DER); `None` when it is none.
    pub fn of_certificate(certificate: &[u8]) -> Option<Self> {
        Outline::of(certificate).map(|outline| Self::of_key(outline.public_key))
    }

    /// The pin of a SubjectPublicKeyInfo in DER.
    pub(crate) fn of_key(public_key: &[u8]) -> Self {
        Self(Sha256::digest(public_key).into())
    }

    /// The hash.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for PublicKeyPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PREFIX)?;
        for group in self.0.chunks(3) {
            let bits = group
                .iter()
                .fold(0_u32, |bits, byte| (bits << 8) | u32::from(*byte))
                << (8 * (3 - group.len()));
            for digit in 0..4 {
                let digit = if digit > group.len() {
                    '='
                } else {
                    let value = bits >> (18 - 6 * digit) & 0x3f;
                    char::from(DIGITS[value as usize])
                };
                fmt::Write::write_char(f, digit)?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for PublicKeyPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for PublicKeyPin {
    type Err = PinError;

    fn from_str(text: &str) -> Result<Self, PinError> {
        let text = text.strip_prefix(PREFIX).unwrap_or(text);
        let digits = text.strip_suffix('=').ok_or(PinError)?.as_bytes();
        // 32 bytes are 43 digits, the last of which has two bits that are 0.
        if digits.len() != 43 {
            return Err(PinError);
        }
        let mut hash = [0; 32];
        let mut bits = 0_u32;
        let mut bytes = hash.iter_mut();
        for (index, digit) in digits.iter().enumerate() {
            let value = DIGITS.iter().position(|known| known == digit);
            let value = value.and_then(|value| u32::try_from(value).ok());
            bits = bits << 6 | value.ok_or(PinError)?;
            // A byte is complete after every digit but the first of four.
            if index % 4 != 0
                && let Some(byte) = bytes.next()
            {
                let unused = 6 - 2 * (index % 4);
                *byte = (bits >> unused) as u8;
            }
        }
        if bits & 0x3 != 0 {
            return Err(PinError);
        }
        Ok(Self(hash))
    }
}

#[cfg(test)]
mod tests {
    use std::string::{String, ToString as _};

    use super::*;

    #[test]
    fn text_and_back() {
        // The example of RFC 7469 section 2.1.1, and the ends of the range.
        for (text, first, last) in [
            ("d6qzRu9zOECb90Uez27xWltNsj0e1Md7GkYYkVoZWmM=", 0x77, 0x63),
            ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", 0, 0),
            ("//////////////////////////////////////////8=", 0xff, 0xff),
        ] {
            let pin: PublicKeyPin = text.parse().unwrap();
            assert_eq!((pin.0[0], pin.0[31]), (first, last));
            assert_eq!(pin.to_string(), String::from(PREFIX) + text);
            assert_eq!(pin.to_string().parse(), Ok(pin));
        }
        for step in 0..=255_u8 {
            let pin = PublicKeyPin(core::array::from_fn(|at| {
                (at as u8).wrapping_mul(37).wrapping_add(step)
            }));
            assert_eq!(pin.to_string().parse(), Ok(pin));
        }
    }

    #[test]
    fn what_is_no_pin_is_refused() {
        for bad in [
            "",
            "=",
            "sha256//",
            "sha256/d6qzRu9zOECb90Uez27xWltNsj0e1Md7GkYYkVoZWmM=",
            "d6qzRu9zOECb90Uez27xWltNsj0e1Md7GkYYkVoZWmM",
            "d6qzRu9zOECb90Uez27xWltNsj0e1Md7GkYYkVoZWmN=",
            "d6qzRu9zOECb90Uez27xWltNsj0e1Md7GkYYkVoZWm=",
            "d6qzRu9zOECb90Uez27xWltNsj0e1Md7GkYYkVoZWmMM=",
            "d6qzRu9zOECb90Uez27xWltNsj0e1Md7GkYYkVoZWm-=",
        ] {
            assert_eq!(bad.parse::<PublicKeyPin>(), Err(PinError), "{bad}");
        }
    }
}
