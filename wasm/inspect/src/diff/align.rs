//! Which parts of two frames stand for each other.

use crate::order::order;

/// Most cells of the table that an alignment may take: two lists of a thousand elements
/// that have nothing in common at their ends.
const CELLS: usize = 1 << 20;

/// Parts that stand for each other, or a part that has no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pair {
    Both(usize, usize),
    Left(usize),
    Right(usize),
}

/// Pairs parts by their keys; the second of a key with the second.
pub(super) fn by_key<K: Ord>(
    left: &[usize],
    right: &[usize],
    left_key: impl Fn(usize) -> K,
    right_key: impl Fn(usize) -> K,
) -> Vec<Pair> {
    // The places of the right, those of one key together and in their order.
    let keys: Vec<K> = right.iter().map(|part| right_key(*part)).collect();
    let places = order(keys.len(), &mut |a, b| keys[a] < keys[b]);
    let mut is_paired = vec![false; right.len()];
    // How many of the key that begins at a place of `places` are paired.
    let mut taken = vec![0; right.len()];
    let mut pairs = Vec::new();
    for part in left {
        let key = left_key(*part);
        let first = places.partition_point(|place| keys[*place] < key);
        let nth = taken.get(first).map_or(first, |taken| first + taken);
        let index = places.get(nth).copied().filter(|place| keys[*place] == key);
        let other = index.and_then(|index| right.get(index));
        pairs.push(other.map_or(Pair::Left(*part), |other| Pair::Both(*part, *other)));
        if let Some(index) = index {
            is_paired[index] = true;
            taken[first] += 1;
        }
    }
    let rest = right
        .iter()
        .zip(is_paired)
        .filter(|(_, is_paired)| !is_paired);
    pairs.extend(rest.map(|(part, _)| Pair::Right(*part)));
    pairs
}

/// Pairs elements of two lists in their order, so that as many as possible are the same
/// (a longest common subsequence). Between those, elements are paired by place. Lists that
/// are too long for that are paired by place but for their common ends.
pub(super) fn in_order(
    left: &[usize],
    right: &[usize],
    is_same: impl Fn(usize, usize) -> bool,
) -> Vec<Pair> {
    let mut pairs = Vec::new();
    let is_equal = |(a, b): &(&usize, &usize)| is_same(**a, **b);
    let front = left.iter().zip(right).take_while(is_equal).count();
    let (head, left) = left.split_at(front);
    let (other_head, right) = right.split_at(front);
    pairs.extend(head.iter().zip(other_head).map(|(a, b)| Pair::Both(*a, *b)));
    let back = left
        .iter()
        .rev()
        .zip(right.iter().rev())
        .take_while(is_equal)
        .count();
    let (left, tail) = left.split_at(left.len() - back);
    let (right, other_tail) = right.split_at(right.len() - back);

    let (mut i, mut j) = (0, 0);
    for (a, b) in common(left, right, &is_same) {
        between(&left[i..a], &right[j..b], &mut pairs);
        pairs.push(Pair::Both(left[a], right[b]));
        (i, j) = (a + 1, b + 1);
    }
    between(&left[i..], &right[j..], &mut pairs);
    pairs.extend(tail.iter().zip(other_tail).map(|(a, b)| Pair::Both(*a, *b)));
    pairs
}

/// Pairs by place what stands between two common elements.
fn between(left: &[usize], right: &[usize], pairs: &mut Vec<Pair>) {
    let both = left.len().min(right.len());
    pairs.extend(left.iter().zip(right).map(|(a, b)| Pair::Both(*a, *b)));
    pairs.extend(left.iter().skip(both).map(|part| Pair::Left(*part)));
    pairs.extend(right.iter().skip(both).map(|part| Pair::Right(*part)));
}

/// The places of a longest common subsequence; none if that would take too long.
fn common(
    left: &[usize],
    right: &[usize],
    is_same: &impl Fn(usize, usize) -> bool,
) -> Vec<(usize, usize)> {
    let width = right.len() + 1;
    let cells = (left.len() + 1).saturating_mul(width);
    if left.is_empty() || right.is_empty() || cells > CELLS {
        return Vec::new();
    }
    // In each cell how much is common of what follows.
    let mut table = vec![0_u16; cells];
    for i in (0..left.len()).rev() {
        for j in (0..right.len()).rev() {
            table[i * width + j] = if is_same(left[i], right[j]) {
                table[(i + 1) * width + j + 1].saturating_add(1)
            } else {
                table[(i + 1) * width + j].max(table[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j, mut found) = (0, 0, Vec::new());
    while i < left.len() && j < right.len() {
        if is_same(left[i], right[j]) {
            found.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if table[(i + 1) * width + j] >= table[i * width + j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `a` both, `-a` only left, `+b` only right, `a/b` paired.
    fn shown(left: &str, right: &str) -> String {
        let numbers = |text: &str| text.bytes().map(usize::from).collect::<Vec<_>>();
        let letter = |number: usize| char::from(number as u8);
        let pairs = in_order(&numbers(left), &numbers(right), |a, b| a == b);
        let shown = pairs.iter().map(|pair| match *pair {
            Pair::Both(a, b) if a == b => letter(a).to_string(),
            Pair::Both(a, b) => format!("{}/{}", letter(a), letter(b)),
            Pair::Left(a) => format!("-{}", letter(a)),
            Pair::Right(b) => format!("+{}", letter(b)),
        });
        shown.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn lists_are_aligned_by_what_is_common() {
        assert_eq!(shown("abc", "abc"), "a b c");
        assert_eq!(shown("abc", "abxc"), "a b +x c");
        assert_eq!(shown("abcd", "acd"), "a -b c d");
        assert_eq!(shown("abc", "axc"), "a b/x c");
        assert_eq!(shown("abcdef", "xbcyef"), "a/x b c d/y e f");
        assert_eq!(shown("", "ab"), "+a +b");
        assert_eq!(shown("ab", ""), "-a -b");
        assert_eq!(shown("aaa", "aa"), "a a -a");
        assert_eq!(shown("1a2b3", "a4b"), "-1 a 2/4 b -3");
    }

    #[test]
    fn very_long_lists_are_aligned_by_place_between_their_common_ends() {
        let left: Vec<usize> = (0..5000).collect();
        let mut right: Vec<usize> = (10_000..15_000).collect();
        right[0] = 0;
        right[4999] = 4999;
        let pairs = in_order(&left, &right, |a, b| a == b);
        assert_eq!(pairs.len(), 5000);
        assert_eq!(pairs[7], Pair::Both(7, 10_007));
        assert_eq!(pairs[4999], Pair::Both(4999, 4999));
    }

    #[test]
    fn keys_that_come_again_are_paired_in_their_order() {
        let pairs = by_key(&[11, 21, 31, 12], &[42, 51, 61], |a| a % 10, |b| b % 10);
        let expected = [
            Pair::Both(11, 51),
            Pair::Both(21, 61),
            Pair::Left(31),
            Pair::Both(12, 42),
        ];
        assert_eq!(pairs, expected);
        let many: Vec<usize> = (0..100_000).collect();
        let pairs = by_key(&many, &many, |_| 0, |_| 0);
        assert!(
            pairs
                .iter()
                .zip(&many)
                .all(|(pair, part)| *pair == Pair::Both(*part, *part))
        );
    }

    #[test]
    fn keys_find_each_other_in_any_order() {
        let pairs = by_key(&[11, 12, 13], &[23, 21, 31, 99], |a| a % 10, |b| b % 10);
        let expected = [
            Pair::Both(11, 21),
            Pair::Left(12),
            Pair::Both(13, 23),
            Pair::Right(31),
            Pair::Right(99),
        ];
        assert_eq!(pairs, expected);
    }
}
