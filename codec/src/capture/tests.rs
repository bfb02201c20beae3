use std::string::String;
use std::vec::Vec;

use proptest::prelude::*;

use super::*;

/// The example of the module's documentation.
const EXAMPLE: &str = "d9d9f8 da57475747 43424f52
    86 00 01 1b00063d129c39c000 01 63 6f6e65 60
    85 01 01 1b00063d129c39c3e8 01 48 00 00 00 00 00 07 00 01
    84 03 01 1b00063d129c39c7d0 66 636c6f736564";

fn hex(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap())
        .collect()
}

fn example() -> [Record<'static>; 3] {
    let time = 1_756_000_000_000_000;
    [
        Record::Open {
            connection: 1,
            time,
            protocol: Some(1),
            device: "one",
            server: "",
        },
        Record::Bytes {
            connection: 1,
            time: time + 1_000,
            direction: Direction::ToDevice,
            bytes: &[0, 0, 0, 0, 0, 7, 0, 1],
        },
        Record::End {
            connection: 1,
            time: time + 2_000,
            reason: "closed",
        },
    ]
}

fn written(records: &[Record<'_>]) -> Vec<u8> {
    let mut capture = LABEL.to_vec();
    for record in records {
        let begin = capture.len();
        capture.resize(begin + record.encoded_len(), 0);
        assert_eq!(
            record.write(&mut capture[begin..]),
            Ok(record.encoded_len())
        );
    }
    capture
}

/// What a reader makes of a capture that arrives in chunks of `chunk` bytes: the
/// records as their own encoding, the errors, and the reader at the end.
fn read(capture: &[u8], chunk: usize, limits: Limits) -> (Vec<Vec<u8>>, Vec<CaptureError>, Reader) {
    let mut reader = Reader::new(limits);
    let (mut records, mut errors) = (Vec::new(), Vec::new());
    let (mut begin, mut end) = (0, 0);
    loop {
        let prefix = &capture[begin..end];
        match reader.step(prefix) {
            Ok(Step::Need(total)) => {
                assert!(total > prefix.len());
                if end == capture.len() {
                    errors.extend(reader.finish(prefix.len()).err());
                    break;
                }
                end = capture.len().min(end + chunk);
            }
            Ok(Step::Label { consumed } | Step::Skipped { consumed }) => {
                assert!((1..=prefix.len()).contains(&consumed));
                begin += consumed;
            }
            Ok(Step::Record { record, consumed }) => {
                begin += consumed;
                let mut own = std::vec![0; record.encoded_len()];
                record.write(&mut own).unwrap();
                records.push(own);
            }
            Err(error) if error.kind.is_fatal() => {
                assert_eq!(reader.step(prefix), Err(error), "it stays");
                errors.push(error);
                break;
            }
            Err(error) => errors.push(error),
        }
        assert_eq!(reader.offset(), begin as u64);
    }
    (records, errors, reader)
}

fn kinds(errors: &[CaptureError]) -> Vec<CaptureErrorKind> {
    errors.iter().map(|error| error.kind).collect()
}

#[test]
fn the_example_of_the_documentation_is_what_is_written() {
    assert_eq!(written(&example()), hex(EXAMPLE));
}

#[test]
fn any_cut_gives_the_same_records() {
    let capture = written(&example());
    let whole = read(&capture, capture.len(), Limits::new());
    assert_eq!(whole.0.len(), 3);
    assert!(whole.1.is_empty());
    for chunk in 1..capture.len() {
        let pieces = read(&capture, chunk, Limits::new());
        assert_eq!((&pieces.0, &pieces.1), (&whole.0, &whole.1), "{chunk}");
    }
}

#[test]
fn a_capture_that_ends_anywhere_gives_what_is_whole_and_says_so() {
    let capture = written(&example());
    let mut ends = std::vec![0, LABEL.len()];
    for record in example() {
        ends.push(ends.last().unwrap() + record.encoded_len());
    }
    for end in 0..=capture.len() {
        let (records, errors, _) = read(&capture[..end], 7, Limits::new());
        let begin = *ends.iter().rfind(|begin| **begin <= end).unwrap();
        assert_eq!(
            records.len(),
            ends.iter().skip(2).filter(|at| **at <= end).count()
        );
        let expected = CaptureError::new(CaptureErrorKind::Truncated, begin as u64);
        let expected = (begin < end).then_some(expected);
        assert_eq!(errors, expected.into_iter().collect::<Vec<_>>(), "{end}");
    }
}

#[test]
fn any_flipped_bit_ends_in_time() {
    let capture = written(&example());
    for at in 0..capture.len() {
        for bit in 0..8 {
            let mut broken = capture.clone();
            broken[at] ^= 1 << bit;
            let whole = read(&broken, broken.len(), Limits::new());
            let pieces = read(&broken, 1, Limits::new());
            assert_eq!((whole.0, whole.1), (pieces.0, pieces.1), "{at}.{bit}");
        }
    }
}

#[test]
fn what_is_not_known_is_left_out_and_counted() {
    let mut capture = LABEL.to_vec();
    // A number, an empty array, a kind that does not exist, one that is a text, a
    // map in a tag; then a known record with two more elements.
    for item in [
        "05",
        "80",
        "83 05 4401020304 a1 61 61 9b0000000000000001 00",
        "82 61 61 f6",
        "c1 a1 01 fb0000000000000000",
        "85 04 07 02 a1 01 02 43 010203",
    ] {
        capture.extend(hex(item));
    }
    for chunk in [1, 2, 3, capture.len()] {
        let (records, errors, reader) = read(&capture, chunk, Limits::new());
        assert_eq!(records, [hex("83 04 07 02")]);
        assert_eq!(errors, []);
        assert_eq!(reader.skipped(), 5);
    }
}

#[test]
fn a_wrong_record_is_told_and_the_next_one_read() {
    use CaptureErrorKind::{NotUtf8, OutOfRange, TooFewElements, TooLong, WrongType};
    let long = TooLong {
        length: 9,
        limit: 8,
    };
    let cases = [
        ("84 03 20 00 60", WrongType, 2),
        ("84 03 01 00 40", WrongType, 4),
        ("84 03 1b0000000100000000 00 60", OutOfRange, 2),
        ("85 01 01 00 02 40", OutOfRange, 4),
        ("86 02 01 00 00 00 00", WrongType, 6),
        ("86 00 01 00 f7 60 60", WrongType, 4),
        ("84 03 01 00 61 ff", NotUtf8, 4),
        ("83 03 01 00", TooFewElements, 0),
        ("84 03 01 00 69 616161616161616161", long, 4),
        ("85 01 01 00 00 49 000000000000000000", long, 5),
    ];
    for (wrong, kind, at) in cases {
        let mut capture = LABEL.to_vec();
        capture.extend(hex(wrong));
        capture.extend(hex("83 04 07 02"));
        let limits = Limits { bytes: 8, text: 8 };
        for chunk in [1, capture.len()] {
            let (records, errors, reader) = read(&capture, chunk, limits);
            assert_eq!(errors, [CaptureError::new(kind, 12 + at)], "{wrong}");
            assert_eq!(records, [hex("83 04 07 02")], "{wrong}");
            assert_eq!(reader.skipped(), 1);
        }
    }
}

#[test]
fn what_is_not_well_formed_ends_the_reading() {
    use CaptureErrorKind::{Indefinite, NotWellFormed, TooDeep};
    let deep = "81".repeat(MAX_DEPTH) + "00";
    let cases = [
        ("9f 03 01 00 60 ff", Indefinite, 0),
        ("84 03 01 00 7f 61 61 ff", Indefinite, 4),
        ("82 05 5f 40 ff", Indefinite, 2),
        ("ff", NotWellFormed, 0),
        ("1c", NotWellFormed, 0),
        ("82 05 f8 1f", NotWellFormed, 2),
        ("82 05 fe", NotWellFormed, 2),
        (&deep, TooDeep, MAX_DEPTH as u64 - 1),
        (&"c1".repeat(MAX_DEPTH), TooDeep, MAX_DEPTH as u64 - 1),
    ];
    for (wrong, kind, at) in cases {
        let mut capture = LABEL.to_vec();
        capture.extend(hex(wrong));
        for chunk in [1, capture.len()] {
            let (records, errors, _) = read(&capture, chunk, Limits::new());
            assert_eq!(errors, [CaptureError::new(kind, 12 + at)], "{wrong}");
            assert!(records.is_empty());
        }
    }
}

#[test]
fn one_level_less_than_too_deep_is_left_out() {
    let mut capture = LABEL.to_vec();
    capture.extend(hex(&("81".repeat(MAX_DEPTH - 1) + "00" + "83 04 07 02")));
    let (records, errors, _) = read(&capture, 1, Limits::new());
    assert_eq!((records.len(), errors.len()), (1, 0));
}

/// Lengths of 2^63 and more: nothing is waited for that the limits do not allow,
/// nothing is counted over.
#[test]
fn lengths_are_not_believed() {
    let cases = [
        "85 01 01 00 00 5b8000000000000000",
        "84 03 01 00 7bffffffffffffffff",
        "85 01 01 00 00 5a04000001",
        "9bffffffffffffffff 05",
        "82 05 bbffffffffffffffff 00",
        "82 05 5bffffffffffffffff 00",
        "9bffffffffffffffff 04 00 00",
    ];
    for hostile in cases {
        let mut capture = LABEL.to_vec();
        capture.extend(hex(hostile));
        capture.resize(capture.len() + 1_000, 0);
        let (_, errors, reader) = read(&capture, 100, Limits::new());
        assert_eq!(
            errors.last().map(|error| error.kind),
            Some(CaptureErrorKind::Truncated),
            "{hostile}"
        );
        assert_eq!(reader.offset(), capture.len() as u64, "nothing is kept");
    }
}

#[test]
fn the_largest_record_is_asked_for_at_once() {
    let mut reader = Reader::resume(Limits::new(), 0);
    let begin = hex("85 01 01 00 00 5a04000000");
    assert_eq!(
        reader.step(&begin),
        Ok(Step::Need(begin.len() + (64 << 20)))
    );
}

#[test]
fn a_missing_label_is_told_once() {
    let mut capture = written(&example());
    capture.drain(..LABEL.len());
    let (records, errors, _) = read(&capture, 5, Limits::new());
    assert_eq!(kinds(&errors), [CaptureErrorKind::NotLabelled]);
    assert_eq!(records.len(), 3);
}

#[test]
fn captures_can_be_joined() {
    let one = written(&example());
    let both = [&one[..], &one[..]].concat();
    let (records, errors, _) = read(&both, 9, Limits::new());
    assert_eq!((records.len(), errors.len()), (6, 0));
}

#[test]
fn reading_can_begin_at_any_record() {
    let capture = written(&example());
    let begin = LABEL.len() + example()[0].encoded_len();
    let mut reader = Reader::resume(Limits::new(), begin as u64);
    let Ok(Step::Record { record, consumed }) = reader.step(&capture[begin..]) else {
        panic!("a record begins here");
    };
    assert_eq!(record, example()[1]);
    assert_eq!(reader.offset(), (begin + consumed) as u64);
}

#[test]
fn a_place_that_is_too_small_is_refused() {
    for record in example() {
        for size in 0..record.encoded_len() {
            let expected = CaptureError::new(CaptureErrorKind::NoSpace, size as u64);
            assert_eq!(record.write(&mut std::vec![0; size]), Err(expected));
        }
    }
}

#[test]
fn the_longest_head_fits() {
    let mut place = [0; MAX_BYTES_HEAD];
    let to_server = Direction::ToServer;
    let head = bytes_head(u32::MAX, u64::MAX, to_server, usize::MAX, &mut place);
    assert_eq!(head.len(), MAX_BYTES_HEAD);
}

prop_compose! {
    fn fields()(
        kind in 0..5_u8,
        connection in prop_oneof![0..30_u32, any::<u32>()],
        time in prop_oneof![0..300_u64, any::<u64>()],
        protocol in proptest::option::of(any::<u32>()),
        texts in (".{0,40}", ".{0,300}"),
        to_device in any::<bool>(),
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        count in prop_oneof![0..70_000_u64, any::<u64>()],
    ) -> (u8, u32, u64, Option<u32>, (String, String), bool, Vec<u8>, u64) {
        (kind, connection, time, protocol, texts, to_device, bytes, count)
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(all in proptest::collection::vec(fields(), 0..6), chunk in 1..200_usize) {
        let records: Vec<Record<'_>> = all
            .iter()
            .map(|(kind, connection, time, protocol, texts, to_device, bytes, count)| {
                let (connection, time) = (*connection, *time);
                let direction = if *to_device { Direction::ToDevice } else { Direction::ToServer };
                match kind {
                    0 => Record::Open {
                        connection,
                        time,
                        protocol: *protocol,
                        device: &texts.0,
                        server: &texts.1,
                    },
                    1 => Record::Bytes { connection, time, direction, bytes },
                    2 => Record::Gap { connection, time, direction, missing: *count, aligned: *to_device },
                    3 => Record::End { connection, time, reason: &texts.1 },
                    _ => Record::Dropped { time, count: *count },
                }
            })
            .collect();
        let capture = written(&records);
        // Another reader of CBOR finds the same items.
        let mut other = minicbor::Decoder::new(&capture[LABEL.len()..]);
        for record in &records {
            let begin = other.position();
            other.skip().unwrap();
            prop_assert_eq!(other.position() - begin, record.encoded_len());
        }
        let mut rest = &capture[LABEL.len()..];
        let mut reader = Reader::resume(Limits::new(), 0);
        for record in &records {
            let step = reader.step(rest).unwrap();
            let consumed = record.encoded_len();
            prop_assert_eq!(step, Step::Record { record: *record, consumed });
            rest = &rest[consumed..];
        }
        let (own, errors, reader) = read(&capture, chunk, Limits::new());
        prop_assert_eq!(own.concat(), &capture[LABEL.len()..]);
        prop_assert_eq!(errors, []);
        prop_assert_eq!(reader.skipped(), 0);
    }

    #[test]
    fn any_bytes_are_read_to_an_end(
        bytes in proptest::collection::vec(prop_oneof![any::<u8>(), 0x80_u8..0x88, 0..5_u8], 0..300),
        chunk in 1..50_usize,
    ) {
        let limits = Limits { bytes: 64, text: 16 };
        let capture = [&LABEL[..], &bytes].concat();
        let whole = read(&capture, capture.len(), limits);
        let pieces = read(&capture, chunk, limits);
        prop_assert_eq!((whole.0, whole.1), (pieces.0, pieces.1));
    }
}
