//! Comparisons with numbers as ranges, so that a column is tested with two
//! comparisons a row and no branch.

use super::words::Op;

/// Disjoint inclusive ranges in ascending order.
pub(super) type Ranges<T> = Box<[(T, T)]>;

/// The values that compare so with `value`. NaN is in no range.
pub(super) fn of(op: Op, value: f64) -> Vec<(f64, f64)> {
    const LOW: f64 = f64::NEG_INFINITY;
    const HIGH: f64 = f64::INFINITY;
    match op {
        Op::Equal => vec![(value, value)],
        Op::Unequal => vec![(LOW, value.next_down()), (value.next_up(), HIGH)],
        Op::Less => vec![(LOW, value.next_down())],
        Op::LessEqual => vec![(LOW, value)],
        Op::Greater => vec![(value.next_up(), HIGH)],
        Op::GreaterEqual => vec![(value, HIGH)],
    }
}

/// In ascending order, with those that meet joined.
pub(super) fn sorted(ranges: &[(f64, f64)]) -> Ranges<f64> {
    let mut joined: Vec<(f64, f64)> = Vec::with_capacity(ranges.len());
    for &(mut low, mut high) in ranges {
        // Between those that end before it and those that begin behind it. (A filter
        // has a thousand values at most: no need for a faster way, nor for its code.)
        let from = joined.partition_point(|(_, end)| *end < low);
        let to = joined.partition_point(|(begin, _)| *begin <= high);
        if from < to {
            low = low.min(joined[from].0);
            high = high.max(joined[to - 1].1);
        }
        if low <= high {
            joined.splice(from..to.max(from), [(low, high)]);
        }
    }
    joined.into()
}

/// The same among whole numbers from 0 to 2^32 - 1.
pub(super) fn whole(ranges: &[(f64, f64)]) -> Ranges<u32> {
    const MOST: f64 = u32::MAX as f64;
    // What is apart stays apart.
    let ranges = sorted(ranges);
    let ranges = ranges.iter().filter_map(|(low, high)| {
        let (low, high) = (low.ceil().max(0.0), high.floor().min(MOST));
        (low <= high).then_some((low as u32, high as u32))
    });
    ranges.collect()
}

/// Everything that is in no range.
pub(super) fn complement(ranges: &[(u32, u32)]) -> Ranges<u32> {
    let mut out = Vec::with_capacity(ranges.len() + 1);
    let mut next = Some(0_u32);
    for (low, high) in ranges {
        if let Some(next) = next
            && next < *low
        {
            out.push((next, low - 1));
        }
        next = high.checked_add(1);
    }
    out.extend(next.map(|next| (next, u32::MAX)));
    out.into()
}

/// Whether the value is in one of them.
#[inline]
pub(super) fn within<T: PartialOrd + Copy>(ranges: &[(T, T)], value: T) -> bool {
    if let [(low, high)] = ranges {
        return (*low <= value) & (value <= *high);
    }
    let before = ranges.partition_point(|(low, _)| *low <= value);
    before
        .checked_sub(1)
        .and_then(|index| ranges.get(index))
        .is_some_and(|(_, high)| value <= *high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_hold_what_the_comparison_says() {
        let ops = [
            Op::Equal,
            Op::Unequal,
            Op::Less,
            Op::LessEqual,
            Op::Greater,
            Op::GreaterEqual,
        ];
        let values = [-1.0, 0.0, 0.5, 1.0, 2.5, 4294967295.0, 4294967296.0, 1e300];
        for op in ops {
            for value in values {
                let real = sorted(&of(op, value));
                let whole = whole(&real);
                for x in values {
                    let expected = op.holds(x.partial_cmp(&value).unwrap());
                    assert_eq!(within(&real, x), expected, "{x} {op} {value}");
                    if (0.0..=4294967295.0).contains(&x) && x.fract() == 0.0 {
                        assert_eq!(within(&whole, x as u32), expected, "{x} {op} {value}");
                    }
                }
                assert!(!within(&real, f64::NAN), "{op}");
            }
        }
    }

    #[test]
    fn ranges_in_any_order_hold_the_same() {
        // Each in every place, among others that it meets, joins or leaves alone.
        let ranges = [
            (8.0, 9.0),
            (1.0, 3.0),
            (5.0, 5.0),
            (2.0, 6.0),
            (12.0, 20.0),
            (0.0, 0.5),
        ];
        for first in 0..ranges.len() {
            for step in [1, 5] {
                let turned = (0..ranges.len()).map(|at| ranges[(first + at * step) % ranges.len()]);
                let joined = sorted(&turned.collect::<Vec<_>>());
                assert_eq!(*joined, [(0.0, 0.5), (1.0, 6.0), (8.0, 9.0), (12.0, 20.0)]);
            }
        }
    }

    #[test]
    fn ranges_that_meet_are_joined_and_their_complement_is_the_rest() {
        let ranges = [(5.0, 9.0), (1.0, 3.0), (9.0, 12.0), (2.0, 2.0), (7.5, 7.0)];
        let ranges = whole(&ranges);
        assert_eq!(*ranges, [(1, 3), (5, 12)]);
        assert_eq!(*complement(&ranges), [(0, 0), (4, 4), (13, u32::MAX)]);
        assert_eq!(*complement(&[]), [(0, u32::MAX)]);
        assert_eq!(*complement(&[(0, u32::MAX)]), []);
        for value in 0..20 {
            let inside = matches!(value, 1..=3 | 5..=12);
            assert_eq!(within(&ranges, value), inside, "{value}");
        }
    }
}
