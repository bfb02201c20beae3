//! Anything, as any kind of input: it ends, it does not panic, and it is the same in
//! any chunks.

use proptest::prelude::*;
use wigwag_inspect::Piece;
use wigwag_inspect::input::{Kind, Options};

use crate::capture::sample;
use crate::common::read_in;

fn check(kind: Option<Kind>, input: &[u8], chunk: usize) {
    let options = Options {
        kind,
        ..Options::default()
    };
    let whole = read_in(&options, input, input.len().max(1));
    let pieces = read_in(&options, input, chunk);
    assert_eq!(whole, pieces);
    // Hex is the least that a byte can be made of, but for the lines that a star
    // stands for.
    assert!(whole.all().len() <= input.len().max(16 << 20));
}

fn kinds() -> impl Strategy<Value = Option<Kind>> {
    proptest::option::of(proptest::sample::select(&Kind::ALL[..]))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_bytes(
        kind in kinds(),
        input in proptest::collection::vec(any::<u8>(), 0..600),
        chunk in 1..100_usize,
    ) {
        check(kind, &input, chunk);
    }

    #[test]
    fn any_text(
        kind in kinds(),
        input in "([0-9a-fx:,{}\"\\\\ \n*|=_/+-]|hex|connection|event|00000000|0x|data:|-----){0,80}",
        chunk in 1..100_usize,
    ) {
        check(kind, input.as_bytes(), chunk);
    }

    #[test]
    fn any_object(
        fields in proptest::collection::vec(
            (
                proptest::sample::select(vec![
                    "hex", "connection", "time", "event", "direction", "aligned", "missing",
                ]),
                proptest::sample::select(vec![
                    "\"00\"", "\"gap\"", "\"open\"", "1", "-1", "1e300", "true", "null",
                    "\"to_device\"", "[[[", "\"\\u0000\"", "4294967295",
                ]),
            ),
            0..5,
        ),
        chunk in 1..100_usize,
    ) {
        let fields: Vec<String> = fields.iter().map(|(key, value)| format!("\"{key}\": {value}")).collect();
        check(None, format!("{{{}}}\n", fields.join(", ")).repeat(3).as_bytes(), chunk);
    }

    #[test]
    fn a_capture_with_some_bytes_changed(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<proptest::sample::Index>(),
        chunk in 1..200_usize,
    ) {
        let mut capture = sample();
        for (at, byte) in changes {
            let at = at.index(capture.len());
            capture[at] = byte;
        }
        capture.truncate(cut.index(capture.len()) + 1);
        check(Some(Kind::Capture), &capture, chunk);
    }
}

#[test]
fn problems_are_told_up_to_a_number() {
    let text = "zz ".repeat(5_000);
    let options = Options {
        kind: Some(Kind::Hex),
        ..Options::default()
    };
    let read = read_in(&options, text.as_bytes(), 100);
    let problems = read
        .pieces
        .iter()
        .filter(|piece| matches!(piece, Piece::Problem { .. }));
    assert_eq!(problems.count(), 1_001);
}
