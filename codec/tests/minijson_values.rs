//! Whole values against item by item: the same bytes, in every buffer, and no trace of
//! what is refused.

use wigwag_codec::minijson::{Bytes, Encode, Encoder, Error, ErrorKind, MAX_DEPTH, Value};

type Write<'a> = &'a dyn Fn(&mut Encoder<'_>) -> Result<(), Error>;

fn written(write: Write<'_>) -> Vec<u8> {
    let mut buffer = vec![0; 4096];
    let mut encoder = Encoder::new(&mut buffer);
    write(&mut encoder).unwrap();
    encoder.finish().unwrap().to_vec()
}

/// `value` as a value, as a key's value, and item by item, in every buffer that is long
/// enough and in every one that is not.
fn same<T: Encode>(value: &T, by_item: Write<'_>) {
    let expected = written(by_item);
    for room in 0..expected.len() + 80 {
        let mut buffer = vec![0xEE; room];
        let mut encoder = Encoder::new(&mut buffer);
        let outcome = encoder.value(value).map(drop);
        if room < expected.len() {
            let error = outcome.unwrap_err();
            assert_eq!((error.kind, error.offset), (ErrorKind::BufferFull, 0));
            assert!(encoder.is_empty());
            // Something else is still possible.
            assert_eq!(encoder.null().is_ok(), room > 0);
        } else {
            outcome.unwrap();
            assert_eq!(encoder.finish().unwrap(), expected);
        }
    }
    for key in [
        "",
        "k",
        "path",
        "eight by",
        "fifteen letters",
        "sixteen letters!",
        &"x".repeat(255),
    ] {
        let entry = written(&|encoder| {
            encoder.map(1)?.key(key)?;
            by_item(encoder)
        });
        assert_eq!(
            Value::parse(&entry).unwrap().get(key).unwrap().raw(),
            expected
        );
        for room in 1..entry.len() + 80 {
            let mut buffer = vec![0xEE; room];
            let mut encoder = Encoder::new(&mut buffer);
            let outcome = encoder.map(1).unwrap().entry(key, value).map(drop);
            if room < entry.len() {
                let error = outcome.unwrap_err();
                assert_eq!((error.kind, error.offset), (ErrorKind::BufferFull, 1));
                assert_eq!(encoder.len(), 1);
            } else {
                outcome.unwrap();
                assert_eq!(encoder.finish().unwrap(), entry);
            }
        }
    }
}

#[test]
fn every_form_of_integer() {
    for bit in 0..64 {
        for near in [-1, 0, 1] {
            let value = (1_i64 << bit).wrapping_add(near);
            for value in [value, value.wrapping_neg()] {
                same(&value, &|encoder| encoder.int(value).map(drop));
                // As wide as it may be.
                let wide = i128::from(value);
                let expected = written(&|encoder| encoder.int128(wide).map(drop));
                assert_eq!(written(&|encoder| encoder.int(value).map(drop)), expected);
            }
        }
    }
    for value in [0, 1 << 63, u64::MAX, i64::MAX.unsigned_abs()] {
        same(&value, &|encoder| {
            encoder.int128(i128::from(value)).map(drop)
        });
        let expected = written(&|encoder| encoder.int128(i128::from(value)).map(drop));
        assert_eq!(written(&|encoder| encoder.uint(value).map(drop)), expected);
    }
}

#[test]
fn every_length_of_text() {
    let long = "läuft".repeat(60);
    let ends = (0..=long.len()).filter(|end| long.is_char_boundary(*end));
    for text in ends
        .map(|end| &long[..end])
        .filter(|text| text.len() < 40 || text.len() > 250)
    {
        same(&text, &|encoder| encoder.str(text).map(drop));
        same(&Bytes(text.as_bytes()), &|encoder| {
            encoder.bytes(text.as_bytes()).map(drop)
        });
        let value = written(&|encoder| encoder.str(text).map(drop));
        assert_eq!(Value::parse(&value).unwrap().as_str(), Some(text));
    }
}

#[test]
fn lists_of_scalars_and_of_tuples() {
    same(&[true, false], &|encoder| {
        encoder.list(2)?.bool(true)?.bool(false).map(drop)
    });
    same(&[Some(0.5_f64), None], &|encoder| {
        encoder.list(2)?.f64(0.5)?.null().map(drop)
    });
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    for count in [0, 1, 2, 15, 16, 40] {
        let values: Vec<(i64, f32, &str)> = (0..count)
            .map(|_| {
                seed ^= seed << 13;
                seed ^= seed >> 7;
                seed ^= seed << 17;
                let text = &"abcdefghijklmnopqrstuvwxyz"[..(seed % 27) as usize];
                (
                    (seed as i64) >> (seed % 64),
                    f32::from_bits(seed as u32),
                    text,
                )
            })
            .collect();
        same(&values.as_slice(), &|encoder| {
            encoder.list(values.len())?;
            for (int, single, text) in &values {
                encoder.list(3)?.int(*int)?.f32(*single)?.str(text)?;
            }
            Ok(())
        });
    }
}

#[test]
fn a_value_stands_where_the_items_might() {
    let kind = |outcome: Result<&mut Encoder<'_>, Error>| outcome.err().map(|error| error.kind);
    let mut buffer = [0; 128];
    let mut encoder = Encoder::new(&mut buffer);
    assert_eq!(kind(encoder.entry("a", &1)), Some(ErrorKind::ValueExpected));
    encoder.sdict(2).unwrap();
    assert_eq!(kind(encoder.value(&[1])), Some(ErrorKind::ContainerAsKey));
    assert_eq!(
        kind(encoder.value(&(1, 2))),
        Some(ErrorKind::ContainerAsKey)
    );
    encoder.value(&5).unwrap().value(&[1]).unwrap();
    encoder.entry("b", &Some((1, "x"))).unwrap();
    assert_eq!(kind(encoder.value(&1)), Some(ErrorKind::AlreadyComplete));
    assert_eq!(
        kind(encoder.entry("a", &1)),
        Some(ErrorKind::AlreadyComplete)
    );
    assert_eq!(
        encoder.finish().unwrap(),
        b"\x62\x03\x05\x41\x03\x01\x81b\x42\x03\x01\x81x"
    );
    let mut encoder = Encoder::new(&mut buffer);
    encoder.map(1).unwrap();
    assert_eq!(kind(encoder.value(&1)), Some(ErrorKind::KeyExpected));
    let long = "x".repeat(256);
    assert_eq!(kind(encoder.entry(&long, &1)), Some(ErrorKind::KeyTooLong));
    assert_eq!(encoder.len(), 1);
}

#[test]
fn what_is_nested_too_deep_is_refused_by_what_it_holds() {
    let mut buffer = [0; 1024];
    let mut encoder = Encoder::new(&mut buffer);
    for _ in 0..MAX_DEPTH - 1 {
        encoder.list(3).unwrap();
    }
    let start = encoder.len();
    let pairs: &[(u8, u8)] = &[(1, 2)];
    let error = encoder.value(pairs).unwrap_err();
    assert_eq!((error.kind, error.offset), (ErrorKind::TooDeep, start));
    assert_eq!(encoder.len(), start);
    // One list there may be.
    encoder.value(&pairs[..0]).unwrap().value(&[1, 2]).unwrap();
    encoder.map(1).unwrap();
    assert_eq!(
        encoder.entry("a", pairs).unwrap_err().kind,
        ErrorKind::TooDeep
    );
    assert_eq!(
        encoder.entry("a", &Some([0; 0])).unwrap_err().kind,
        ErrorKind::TooDeep
    );
    encoder.entry("a", &None::<[u8; 1]>).unwrap();
}

struct Point {
    x: i32,
    y: i32,
}

impl Encode for Point {
    fn encode(&self, encoder: &mut Encoder<'_>) -> Result<(), Error> {
        encoder.map(2)?.entry("x", &self.x)?.entry("y", &self.y)?;
        Ok(())
    }
}

#[test]
fn types_of_the_programs_own_stand_in_lists_and_behind_keys() {
    let points = [Point { x: 1, y: 2 }, Point { x: -300, y: 70_000 }];
    let expected = written(&|encoder| {
        encoder.map(1)?.key("points")?.list(2)?;
        for point in &points {
            encoder.map(2)?.key("x")?.int(i64::from(point.x))?;
            encoder.key("y")?.int(i64::from(point.y))?;
        }
        Ok(())
    });
    for room in 0..=expected.len() {
        let mut buffer = vec![0; room];
        let mut encoder = Encoder::new(&mut buffer);
        let outcome = encoder
            .map(1)
            .and_then(|encoder| encoder.entry("points", &points));
        assert_eq!(outcome.is_ok(), room == expected.len());
        assert_eq!(
            encoder.finish().ok(),
            (room == expected.len()).then_some(&expected[..])
        );
    }
}
