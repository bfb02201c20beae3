//! Sorting, once: each type that the standard library sorts is 8 to 24 KB of the
//! page's module.

/// The order of `count` things, as their numbers: ascending, and those of which
/// neither is before the other as they stood. A merge sort from below.
pub(crate) fn order(count: usize, is_before: &mut dyn FnMut(usize, usize) -> bool) -> Vec<usize> {
    let mut from: Vec<usize> = (0..count).collect();
    let mut to = vec![0; count];
    let mut run = 1;
    while run < count {
        let mut begin = 0;
        while begin < count {
            let middle = (begin + run).min(count);
            let end = (middle + run).min(count);
            let (mut left, mut right) = (begin, middle);
            for place in &mut to[begin..end] {
                let take_right =
                    left == middle || (right < end && is_before(from[right], from[left]));
                let next = if take_right { &mut right } else { &mut left };
                *place = from[*next];
                *next += 1;
            }
            begin = end;
        }
        std::mem::swap(&mut from, &mut to);
        run *= 2;
    }
    from
}

/// The same things in ascending order.
pub(crate) fn sorted<T>(things: Vec<T>, is_before: &dyn Fn(&T, &T) -> bool) -> Vec<T> {
    let order = order(things.len(), &mut |a, b| is_before(&things[a], &things[b]));
    let mut things: Vec<Option<T>> = things.into_iter().map(Some).collect();
    order
        .into_iter()
        .filter_map(|at| things[at].take())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig {
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn it_is_the_order_of_the_standard_library(keys in proptest::collection::vec(0..20_u8, 0..200)) {
            let things: Vec<(u8, usize)> = keys.into_iter().zip(0..).collect();
            let mut expected = things.clone();
            expected.sort_by_key(|thing| thing.0);
            prop_assert_eq!(sorted(things, &|a, b| a.0 < b.0), expected);
        }
    }
}
