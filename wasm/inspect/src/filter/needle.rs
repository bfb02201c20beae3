//! A part that is looked for in bytes, in a time that grows with their number alone.

/// What is looked for, by the way of Knuth, Morris and Pratt ("Fast pattern matching
/// in strings", 1977): of each byte it is known how much of the part may still be
/// right when the next one is not, so that no byte is looked at more than twice,
/// whatever the bytes and the part are. (`memchr`'s search is as good, but knows no
/// letters in either case.)
#[derive(Clone, Debug)]
pub(super) struct Needle {
    part: Box<[u8]>,
    /// For each byte of the part: how long the longest begin of the part is that ends
    /// here too, and is not all up to here.
    borders: Box<[u32]>,
}

impl Needle {
    /// A part of less than 4 GiB; a filter's text is far shorter.
    pub(super) fn new(part: &[u8]) -> Self {
        let mut borders = vec![0_u32; part.len()];
        let mut length = 0;
        for at in 1..part.len() {
            while length > 0 && part[at] != part[length] {
                length = borders[length - 1] as usize;
            }
            length += usize::from(part[at] == part[length]);
            borders[at] = length as u32;
        }
        Self {
            part: part.into(),
            borders: borders.into(),
        }
    }

    /// Whether the bytes have it.
    pub(super) fn is_in(&self, bytes: &[u8]) -> bool {
        self.find(bytes, |byte, wanted| byte == wanted)
    }

    /// The same whatever the case of ASCII letters; the part is in small letters.
    pub(super) fn is_in_folded(&self, bytes: &[u8]) -> bool {
        self.find(bytes, |byte, wanted| byte.to_ascii_lowercase() == wanted)
    }

    /// `same` compares a byte with one of the part's.
    #[inline]
    fn find(&self, bytes: &[u8], mut same: impl FnMut(u8, u8) -> bool) -> bool {
        let Some(first) = self.part.first() else {
            return true;
        };
        let mut matched = 0;
        let mut rest = bytes;
        loop {
            if matched == 0 {
                // Most of the time is spent here, in a loop without state.
                let Some(at) = rest.iter().position(|byte| same(*byte, *first)) else {
                    return false;
                };
                rest = &rest[at + 1..];
                matched = 1;
            }
            let Some(wanted) = self.part.get(matched) else {
                return true;
            };
            let Some((byte, behind)) = rest.split_first() else {
                return false;
            };
            if same(*byte, *wanted) {
                matched += 1;
                rest = behind;
            } else {
                matched = self.borders[matched - 1] as usize;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_wherever_they_stand() {
        for (text, part, with_case, folded) in [
            ("", "", true, true),
            ("", "a", false, false),
            ("abc", "", true, true),
            ("aab", "ab", true, true),
            ("aAB", "ab", false, true),
            ("ab", "abc", false, false),
            ("xxAbC", "abc", false, true),
            ("W1 w2", "w1", false, true),
            ("abababac", "ababac", true, true),
            ("aaab", "aab", true, true),
        ] {
            let needle = Needle::new(part.as_bytes());
            assert_eq!(needle.is_in(text.as_bytes()), with_case, "{text} {part}");
            assert_eq!(
                needle.is_in_folded(text.as_bytes()),
                folded,
                "{text} {part}"
            );
        }
    }

    #[test]
    fn it_agrees_with_a_plain_search_for_every_short_text() {
        // All texts of up to seven letters, all parts of up to four, of two letters.
        let texts = |longest: u32| {
            let of = |length: u32| (0..1_u32 << length).map(move |bits| (length, bits));
            (0..=longest).flat_map(of).map(|(length, bits)| {
                let letter = |at: u32| if bits >> at & 1 == 0 { b'a' } else { b'b' };
                (0..length).map(letter).collect::<Vec<_>>()
            })
        };
        for part in texts(4) {
            let needle = Needle::new(&part);
            for text in texts(7) {
                let plain = part.is_empty() || text.windows(part.len()).any(|it| it == part);
                assert_eq!(needle.is_in(&text), plain, "{text:?} {part:?}");
            }
        }
    }

    #[test]
    fn no_byte_is_looked_at_more_than_twice() {
        const LENGTH: usize = 1 << 20;
        let same = vec![b'a'; LENGTH];
        let mut nearly = vec![b'a'; 8000];
        nearly.push(b'b');
        let halves = [vec![b'a'; 4000], vec![b'b'], vec![b'a'; 4000], vec![b'c']].concat();
        let period: Vec<u8> = b"aab".iter().copied().cycle().take(LENGTH).collect();
        let periodic = [b"aab".repeat(2000), b"b".to_vec()].concat();
        for (text, part) in [
            (&same, &nearly),
            (&same, &halves),
            (&period, &periodic),
            (&period, &nearly),
        ] {
            let mut compared = 0;
            let found = Needle::new(part).find(text, |byte, wanted| {
                compared += 1;
                byte == wanted
            });
            assert!(!found);
            assert!(compared <= 2 * text.len(), "{compared} of {}", text.len());
        }
    }
}
