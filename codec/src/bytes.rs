//! Copying and moving bytes in ways that have no panic for lengths that do not fit:
//! what `core` has for it checks them with an assertion, which stays in the image of a
//! program wherever the compiler does not see that it holds.

use core::ops::Range;

/// Copies as many bytes as both have.
#[inline]
pub(crate) fn copy(to: &mut [u8], from: &[u8]) {
    // The compiler makes a memcpy of it.
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}

/// Copies bytes within a slice, to where they begin at `to`; nothing where they are not
/// there or do not fit there.
// Not inlined: `copy_within` is then inlined here, behind what it would assert.
#[inline(never)]
pub(crate) fn shift(bytes: &mut [u8], from: Range<usize>, to: usize) {
    let Some(count) = from.end.checked_sub(from.start) else {
        return;
    };
    let Some(last) = bytes.len().checked_sub(count) else {
        return;
    };
    if from.end > bytes.len() || to > last {
        return;
    }
    bytes.copy_within(from, to);
}

/// Exchanges the first `middle` bytes with those behind them; nothing where there are
/// fewer.
#[inline(never)]
pub(crate) fn turn(bytes: &mut [u8], middle: usize) {
    if middle <= bytes.len() {
        bytes.rotate_left(middle);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_much_as_both_have_is_copied() {
        let mut place = *b"....";
        copy(&mut place, b"ab");
        assert_eq!(&place, b"ab..");
        copy(&mut place, b"123456");
        assert_eq!(&place, b"1234");
    }

    #[test]
    fn what_does_not_fit_is_not_moved() {
        let mut bytes = *b"abcdef";
        #[expect(clippy::reversed_empty_ranges, reason = "that is the case")]
        for (from, to) in [(2..1, 0), (0..7, 0), (0..2, 5), (6..8, 0)] {
            shift(&mut bytes, from, to);
        }
        assert_eq!(&bytes, b"abcdef");
        shift(&mut bytes, 0..4, 2);
        assert_eq!(&bytes, b"ababcd");
        shift(&mut bytes, 3..6, 0);
        assert_eq!(&bytes, b"bcdbcd");
    }

    #[test]
    fn bytes_are_turned_around_a_place_that_is_there() {
        let mut bytes = *b"abcde";
        turn(&mut bytes, 2);
        assert_eq!(&bytes, b"cdeab");
        turn(&mut bytes, 6);
        assert_eq!(&bytes, b"cdeab");
    }
}
