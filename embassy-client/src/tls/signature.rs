//! ECDSA signatures in DER: `ECDSA-Sig-Value` of RFC 3279 section 2.2.3.

use p256::ecdsa::Signature;

use super::identity::{MAX_SIGNATURE, SignError};
use crate::der::{self, INTEGER, Reader, SEQUENCE};

/// Bytes of each of the two numbers.
const SCALAR: usize = 32;

/// A signature whose numbers are in their shortest form (X.690 section 8.3) and
/// within the group, with nothing behind it.
pub(super) fn from_der(bytes: &[u8]) -> Option<Signature> {
    let mut numbers = Reader::new(der::only(bytes, SEQUENCE)?);
    let (r, s) = (scalar(&mut numbers)?, scalar(&mut numbers)?);
    if !numbers.at_end() {
        return None;
    }
    Signature::from_scalars(r, s).ok()
}

fn scalar(from: &mut Reader<'_>) -> Option<[u8; SCALAR]> {
    let digits = match from.expect(INTEGER)? {
        // A zero in front stands only where the number would be negative.
        [0, digits @ ..] if digits.first().is_some_and(|first| *first >= 0x80) => digits,
        digits @ [1..0x80, ..] => digits,
        _ => return None,
    };
    let mut scalar = [0; SCALAR];
    let from = SCALAR.checked_sub(digits.len())?;
    scalar[from..].copy_from_slice(digits);
    Some(scalar)
}

/// Writes a signature as secure elements give it, r and s of 32 bytes each, in
/// the form that [`Signer::sign`](super::Signer::sign) has to write: to the
/// start of `out`. Returns its length.
///
/// # Errors
/// [`SignError`] when r or s is not in the range of P-256.
pub fn signature_to_der(
    raw: &[u8; 2 * SCALAR],
    out: &mut [u8; MAX_SIGNATURE],
) -> Result<usize, SignError> {
    let signature = Signature::from_slice(raw).map_err(|_| SignError)?;
    Ok(to_der(&signature, out))
}

/// Writes `signature` to the start of `out` and returns its length.
pub(super) fn to_der(signature: &Signature, out: &mut [u8; MAX_SIGNATURE]) -> usize {
    let (r, s) = signature.split_bytes();
    let mut length = 2;
    for number in [r.as_slice(), s.as_slice()] {
        let zeros = number.iter().take_while(|digit| **digit == 0).count();
        let digits = &number[zeros..];
        let sign = usize::from(digits.first().is_none_or(|first| *first >= 0x80));
        let size = sign + digits.len();
        out[length] = INTEGER;
        out[length + 1] = size as u8; // at most 33
        out[length + 2] = 0;
        out[length + 2 + sign..length + 2 + size].copy_from_slice(digits);
        length += 2 + size;
    }
    out[0] = SEQUENCE;
    out[1] = (length - 2) as u8; // at most 70
    length
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use p256::ecdsa::signature::Signer as _;
    use p256::ecdsa::{DerSignature, SigningKey};
    use rand_core::{OsRng, RngCore as _};

    use super::*;

    fn written(signature: &Signature) -> Vec<u8> {
        let mut out = [0xaa; MAX_SIGNATURE];
        let length = to_der(signature, &mut out);
        out[..length].to_vec()
    }

    /// Signatures with numbers of every length, from one byte.
    fn signatures() -> Vec<Signature> {
        let key = SigningKey::random(&mut OsRng);
        let mut all: Vec<Signature> = (0_u8..20).map(|message| key.sign(&[message])).collect();
        for length in 1..=SCALAR {
            for top in [1, 0x7f, 0x80, 0xfe] {
                let mut number = [0; SCALAR];
                OsRng.fill_bytes(&mut number[SCALAR - length..]);
                number[SCALAR - length] = top;
                let one = core::array::from_fn(|at| u8::from(at == SCALAR - 1));
                all.push(Signature::from_scalars(number, one).unwrap());
                all.push(Signature::from_scalars(one, number).unwrap());
            }
        }
        all
    }

    #[test]
    fn signatures_are_written_as_the_peer_writes_them_and_read_again() {
        for signature in signatures() {
            let der = written(&signature);
            assert_eq!(der, DerSignature::from(signature).as_bytes());
            assert_eq!(from_der(&der), Some(signature));
        }
    }

    #[test]
    fn the_form_of_secure_elements_is_taken() {
        for signature in signatures() {
            let mut raw = [0; 64];
            raw.copy_from_slice(&signature.to_bytes());
            let mut out = [0; MAX_SIGNATURE];
            let length = signature_to_der(&raw, &mut out).unwrap();
            assert_eq!(&out[..length], written(&signature));
        }
        for bad in [[0; 64], [0xff; 64]] {
            let refused = signature_to_der(&bad, &mut [0; MAX_SIGNATURE]);
            assert_eq!(refused, Err(SignError));
        }
    }

    #[test]
    fn verdicts_are_the_peers() {
        let (mut taken, mut refused) = (0, 0);
        let mut compare = |der: &[u8]| {
            let ours = from_der(der);
            assert_eq!(ours, Signature::from_der(der).ok(), "{der:02x?}");
            *if ours.is_some() {
                &mut taken
            } else {
                &mut refused
            } += 1;
        };
        for signature in signatures() {
            let der = written(&signature);
            for at in 0..der.len() {
                compare(&der[..at]);
                for bit in 0..8 {
                    let mut damaged = der.clone();
                    damaged[at] ^= 1 << bit;
                    compare(&damaged);
                }
            }
            compare(&[&der[..], &[0]].concat());
        }
        assert!(taken > 10_000 && refused > 10_000, "{taken} {refused}");
    }

    #[test]
    fn other_forms_of_the_same_numbers_are_refused() {
        for bad in [
            &[0x30, 6, 2, 1, 0, 2, 1, 1][..],      // r = 0
            &[0x30, 6, 2, 1, 1, 2, 1, 0],          // s = 0
            &[0x30, 6, 2, 1, 0x81, 2, 1, 1],       // r < 0
            &[0x30, 7, 2, 2, 0, 1, 2, 1, 1],       // a zero too many
            &[0x30, 0x81, 6, 2, 1, 1, 2, 1, 1],    // a length too long
            &[0x30, 5, 2, 0, 2, 1, 1],             // no digits
            &[0x30, 9, 2, 1, 1, 2, 1, 1, 2, 1, 1], // a third number
            &[0x31, 6, 2, 1, 1, 2, 1, 1],          // another tag
        ] {
            assert_eq!(from_der(bad), None, "{bad:02x?}");
        }
        assert!(from_der(&[0x30, 6, 2, 1, 1, 2, 1, 1]).is_some());
    }
}
