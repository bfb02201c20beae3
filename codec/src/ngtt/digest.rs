//! What an order is recognised by, besides its transaction id.

use core::fmt;

/// The digest of an order's payload: SipHash-2-4 with 128 bits of output and
/// the all-zero key.
///
/// With it a redelivered order is told from a new order that was given the same
/// transaction id. The server is authenticated, so nobody else chooses payloads,
/// and the server gains nothing from a collision but its own order not being
/// executed; what is left is chance. Two given payloads collide with odds of
/// one in 2^128, and only orders with the same transaction id are compared.
/// SipHash was chosen because it is short, fast on 32-bit cores and has public
/// test vectors. The value is part of journal records, so it must stay as it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Digest(pub [u8; 16]);

impl Digest {
    /// The digest of `payload`.
    #[must_use]
    pub fn of(payload: &[u8]) -> Self {
        siphash(0, 0, payload)
    }
}

impl fmt::Debug for Digest {
    /// The bytes in hexadecimal: `Digest(a3817f04..)`, in full.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(")?;
        for byte in self.0 {
            write!(f, "{byte:02x}")?;
        }
        f.write_str(")")
    }
}

struct State([u64; 4]);

impl State {
    fn round(&mut self) {
        let [a, b, c, d] = &mut self.0;
        *a = a.wrapping_add(*b);
        *b = b.rotate_left(13) ^ *a;
        *a = a.rotate_left(32);
        *c = c.wrapping_add(*d);
        *d = d.rotate_left(16) ^ *c;
        *a = a.wrapping_add(*d);
        *d = d.rotate_left(21) ^ *a;
        *c = c.wrapping_add(*b);
        *b = b.rotate_left(17) ^ *c;
        *c = c.rotate_left(32);
    }

    fn absorb(&mut self, word: u64) {
        let [_, _, _, d] = &mut self.0;
        *d ^= word;
        self.round();
        self.round();
        let [a, _, _, _] = &mut self.0;
        *a ^= word;
    }

    fn squeeze(&mut self) -> u64 {
        for _ in 0..4 {
            self.round();
        }
        let [a, b, c, d] = self.0;
        a ^ b ^ c ^ d
    }
}

/// SipHash-2-4-128 as in the authors' reference code.
fn siphash(k0: u64, k1: u64, bytes: &[u8]) -> Digest {
    let mut state = State([
        k0 ^ 0x736f_6d65_7073_6575,
        k1 ^ 0x646f_7261_6e64_6f6d ^ 0xee,
        k0 ^ 0x6c79_6765_6e65_7261,
        k1 ^ 0x7465_6462_7974_6573,
    ]);
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        state.absorb(u64::from_le_bytes(*word));
    }
    // The last word carries the length's lowest byte on top.
    let mut last = [0, 0, 0, 0, 0, 0, 0, bytes.len() as u8];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    state.absorb(u64::from_le_bytes(last));
    let [_, _, c, _] = &mut state.0;
    *c ^= 0xee;
    let low = state.squeeze().to_le_bytes();
    let [_, b, _, _] = &mut state.0;
    *b ^= 0xdd;
    let high = state.squeeze().to_le_bytes();
    let mut digest = [0; 16];
    for (to, from) in digest.iter_mut().zip(low.iter().chain(&high)) {
        *to = *from;
    }
    Digest(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first rows of `vectors_sip128` in the reference implementation:
    /// key 00 01 .. 0f, input the first n of 00 01 02 ...
    #[test]
    fn agrees_with_the_reference_vectors() {
        let k0 = u64::from_le_bytes([0, 1, 2, 3, 4, 5, 6, 7]);
        let k1 = u64::from_le_bytes([8, 9, 10, 11, 12, 13, 14, 15]);
        let expected = [
            "a3817f04ba25a8e66df67214c7550293",
            "da87c1d86b99af44347659119b22fc45",
        ];
        for (n, expected) in expected.iter().enumerate() {
            let input: std::vec::Vec<u8> = (0..n as u8).collect();
            let hex: std::string::String = siphash(k0, k1, &input)
                .0
                .iter()
                .map(|byte| std::format!("{byte:02x}"))
                .collect();
            assert_eq!(hex, *expected, "{n} bytes");
        }
    }

    #[test]
    fn it_is_shown_in_hexadecimal() {
        let mut bytes = [0; 16];
        (bytes[0], bytes[15]) = (0xa3, 0x07);
        assert_eq!(
            std::format!("{:?}", Digest(bytes)),
            "Digest(a3000000000000000000000000000007)"
        );
    }

    #[test]
    fn every_byte_and_the_length_count() {
        let mut seen = std::collections::HashSet::new();
        for length in 0..40 {
            assert!(seen.insert(Digest::of(&std::vec![0; length])));
            for at in 0..length {
                let mut payload = std::vec![0; length];
                payload[at] = 1;
                assert!(seen.insert(Digest::of(&payload)));
            }
        }
    }
}
