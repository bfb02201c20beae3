//! `for_each`, `skip` and the whole check against `next`.

use wigwag_codec::minijson::{Decoder, Error, ErrorKind, Item, Limits, Value};

use crate::{everywhere, items};

#[test]
fn for_each_hands_out_what_next_does() {
    everywhere(0x5EED_0001, |input, limits| {
        let (expected, outcome) = items(input, limits);
        let mut decoder = Decoder::with_limits(input, limits);
        let mut found = Vec::new();
        let ended = decoder.for_each(|item| {
            found.push(item);
            Ok::<_, Error>(())
        });
        // By their text, because NaN is not equal to itself.
        assert_eq!(
            format!("{found:?}"),
            format!("{expected:?}"),
            "{input:02x?}"
        );
        assert_eq!(ended, outcome, "{input:02x?}");
        let mut other = Decoder::with_limits(input, limits);
        for _ in &expected {
            other.next().unwrap();
        }
        assert_eq!(decoder.position(), other.position(), "{input:02x?}");
        assert_eq!(decoder.depth(), other.depth(), "{input:02x?}");
        assert_eq!(decoder.next().err(), outcome.err(), "{input:02x?}");
        assert_eq!(decoder.finish(), other.finish(), "{input:02x?}");
    });
}

/// Stops after so many items.
#[derive(Debug, PartialEq)]
enum Stop {
    Enough,
    Wrong(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Wrong(error)
    }
}

#[test]
fn for_each_stops_behind_the_item_and_goes_on_there() {
    everywhere(0x5EED_0002, |input, limits| {
        let (expected, outcome) = items(input, limits);
        let mut decoder = Decoder::with_limits(input, limits);
        let mut other = Decoder::with_limits(input, limits);
        let step = expected.len() / 7 + 1;
        let mut done = 0;
        while done + step <= expected.len() {
            let mut left = step;
            let stopped = decoder.for_each(|_| {
                left -= 1;
                if left == 0 { Err(Stop::Enough) } else { Ok(()) }
            });
            assert_eq!(stopped, Err(Stop::Enough), "{input:02x?}");
            for _ in 0..step {
                other.next().unwrap();
            }
            done += step;
            assert_eq!(decoder.position(), other.position(), "{input:02x?}");
            assert_eq!(decoder.depth(), other.depth(), "{input:02x?}");
        }
        let rest = decoder.for_each(|_| Ok::<_, Error>(()));
        assert_eq!(rest, outcome, "{input:02x?}");
    });
}

/// Reads one value, or a key, with `next`.
fn over_one(decoder: &mut Decoder<'_>) -> Result<(), Error> {
    let mut left = 1_u64;
    while left > 0 {
        left -= 1;
        left += match decoder.next()? {
            Some(Item::List(count)) => u64::from(count),
            Some(Item::Map(count) | Item::Sdict(count)) => 2 * u64::from(count),
            _ => 0,
        };
    }
    Ok(())
}

#[test]
fn skip_goes_as_far_as_next_does() {
    everywhere(0x5EED_0003, |input, limits| {
        let (expected, _) = items(input, limits);
        let mut at = Decoder::with_limits(input, limits);
        for _ in 0..=expected.len().min(40) {
            let (mut skipped, mut walked) = (at.clone(), at.clone());
            let outcome = skipped.skip();
            assert_eq!(outcome, over_one(&mut walked), "{input:02x?}");
            if outcome.is_ok() {
                assert_eq!(skipped.position(), walked.position(), "{input:02x?}");
                assert_eq!(skipped.depth(), walked.depth(), "{input:02x?}");
                // What is left of the limits is the same.
                assert_eq!(over_one(&mut skipped), over_one(&mut walked));
            } else {
                assert_eq!(skipped.position(), at.position(), "{input:02x?}");
                assert_eq!(skipped.depth(), at.depth(), "{input:02x?}");
                assert_eq!(skipped.skip(), outcome, "{input:02x?}");
            }
            if at.next().is_err() {
                break;
            }
        }
    });
}

#[test]
fn the_whole_check_finds_what_next_and_utf8_find() {
    everywhere(0x5EED_0004, |input, limits| {
        let mut decoder = Decoder::with_limits(input, limits);
        let mut last = 0;
        let outcome = loop {
            match decoder.next() {
                Ok(None) => break Ok(decoder.position()),
                Ok(Some(Item::Text(text) | Item::Key(text))) => {
                    assert_eq!(text.is_utf8(), text.to_str().is_ok(), "{input:02x?}");
                    if !text.is_utf8() {
                        break Err(Error {
                            kind: ErrorKind::InvalidUtf8,
                            offset: last,
                        });
                    }
                }
                Ok(Some(_)) => {}
                Err(error) => break Err(error),
            }
            last = decoder.position();
        };
        let checked = Value::parse_prefix(input, limits).map(|(_, length)| length);
        assert_eq!(checked, outcome, "{input:02x?}");
    });
}

#[test]
fn nesting_is_skipped_and_walked_to_the_limit() {
    for depth in 0..=130_u16 {
        let mut input = vec![0x42; usize::from(depth)];
        input.push(0x08);
        input.extend(vec![0x08; usize::from(depth)]);
        for limit in [0, 1, 7, 8, 9, 10, 31, 32, 127, 128, 200] {
            let limits = Limits::new().with_depth(limit);
            let allowed = depth <= limit.min(128);
            let error = Error {
                kind: ErrorKind::TooDeep,
                offset: usize::from(limit.min(128)),
            };
            let expected = if allowed { Ok(()) } else { Err(error) };
            let mut decoder = Decoder::with_limits(&input, limits);
            assert_eq!(decoder.skip(), expected);
            assert_eq!(Value::parse_with(&input, limits).map(|_| ()), expected);
            let mut decoder = Decoder::with_limits(&input, limits);
            assert_eq!(decoder.for_each(|_| Ok(())), expected);
            if allowed {
                decoder.finish().unwrap();
                assert_eq!(decoder.depth(), 0);
            } else {
                assert_eq!(decoder.depth(), limit.min(128));
            }
        }
    }
}
