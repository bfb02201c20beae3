//! Segments of a known stream in any order: what comes out is the stream.

use proptest::prelude::*;

use super::super::half::{Half, Out};

/// The byte at a position of the stream, of which each tells its place.
fn byte(position: u32) -> u8 {
    u8::try_from(position % 251).expect("below 251")
}

/// What came out: checks each byte's place, and counts bytes and gaps.
#[derive(Default)]
struct Check {
    next: u64,
    bytes: u64,
    gaps: u64,
}

impl Check {
    fn take(&mut self, out: &Out<'_>) {
        match *out {
            Out::Gap(_, missing) => {
                assert!(missing > 0);
                self.next += missing;
                self.gaps += missing;
            }
            Out::Bytes(_, bytes) => {
                assert!(!bytes.is_empty());
                for found in bytes {
                    assert_eq!(*found, byte(u32::try_from(self.next).expect("short")));
                    self.next += 1;
                    self.bytes += 1;
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn what_comes_out_is_the_stream(
        first in prop_oneof![Just(u32::MAX - 900), any::<u32>()],
        segments in proptest::collection::vec((0..4000_u32, 1..400_u32, any::<bool>()), 1..200),
    ) {
        let mut half = Half::new(first);
        let mut check = Check::default();
        let mut seen = vec![false; 4400];
        for (time, (begin, length, acknowledge)) in (0..).zip(&segments) {
            let end = begin + length;
            let payload: Vec<u8> = (*begin..end).map(byte).collect();
            seen[*begin as usize..end as usize].fill(true);
            let mut out = |out: Out<'_>| check.take(&out);
            half.segment(time, first.wrapping_add(*begin), &payload, false, &mut out);
            if *acknowledge {
                half.acknowledge(first.wrapping_add(end));
            }
            half.watch(time, &mut out);
        }
        half.settle(1000, &mut |out: Out<'_>| check.take(&out));
        // All up to the last byte that was seen; bytes that came before a gap was given
        // up are there, those that came later may not be.
        let last = seen.iter().rposition(|seen| *seen).expect("a segment") as u64 + 1;
        prop_assert_eq!(check.next, last);
        let count = seen.iter().filter(|seen| **seen).count() as u64;
        prop_assert!(check.bytes <= count);
        let waited = segments.len() < 64;
        if waited {
            prop_assert_eq!(check.bytes, count);
        }
        prop_assert_eq!(check.bytes + check.gaps, check.next);
    }
}
