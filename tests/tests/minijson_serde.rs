//! The program's own types as minijson.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::net::Ipv4Addr;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize, Serializer};
use wigwag_codec::minijson::{
    Error, ErrorKind, Floats, Limits, Options, Value, from_slice, from_slice_with, to_slice,
    to_slice_with,
};
use wigwag_harness::tagged::to_hex;

#[track_caller]
fn both_ways<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T, hex: &str) {
    assert_eq!(written(value), hex);
    let mut out = [0; 2048];
    let length = to_slice(value, &mut out).unwrap();
    assert_eq!(&from_slice::<T>(&out[..length]).unwrap(), value);
}

#[track_caller]
fn written<T: Serialize + ?Sized>(value: &T) -> String {
    let mut out = [0; 2048];
    let length = to_slice(value, &mut out).unwrap();
    Value::parse(&out[..length]).expect("what is written is valid");
    to_hex(&out[..length])
}

#[track_caller]
fn refused<'a, T: Deserialize<'a> + Debug>(input: &'a [u8]) -> (ErrorKind, usize) {
    let Error { kind, offset, .. } = from_slice::<T>(input).unwrap_err();
    (kind, offset)
}

#[test]
fn scalars() {
    both_ways(&(), "08");
    both_ways(&true, "16");
    both_ways(&-5_i8, "03fb");
    both_ways(&40_000_u16, "059c40");
    both_ways(&i64::MIN, "18088000000000000000");
    both_ways(&u64::MAX, "180900ffffffffffffffff");
    both_ways(&i128::MIN, &format!("1810{}{}", "80", "00".repeat(15)));
    both_ways(&u128::MAX, &format!("181100{}", "ff".repeat(16)));
    both_ways(&0.5_f32, "093f000000");
    both_ways(&0.1_f64, "0a3fb999999999999a");
    both_ways(&'é', "82c3a9");
    both_ways(&"W1".to_owned(), "825731");
    both_ways(&Some(7_u8), "0307");
    both_ways(&None::<u8>, "08");
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Unit;

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Newtype(u8);

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Pair(u8, String);

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Point {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    advise: Option<u8>,
    values: Vec<(i64, f32)>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
enum Order {
    Stop,
    Wait(u8),
    Move(u8, u8),
    Write { path: String },
}

#[test]
fn structs_and_enums() {
    both_ways(&Unit, "08");
    both_ways(&Newtype(9), "0309");
    both_ways(&Pair(1, "a".into()), "4203018161");
    let point = |advise| Point {
        path: "W1".into(),
        advise,
        values: vec![(1_600_000_000_000, 0.5)],
    };
    let values = "0676616c756573414218060174876e8000093f000000";
    both_ways(&point(None), &format!("520470617468825731{values}"));
    both_ways(
        &point(Some(1)),
        &format!("530470617468825731066164766973650301{values}"),
    );
    both_ways(&Order::Stop, "8453746f70");
    both_ways(&Order::Wait(3), "5104576169740303");
    both_ways(&Order::Move(1, 2), "51044d6f76654203010302");
    both_ways(
        &Order::Write { path: "a".into() },
        "510557726974655104706174688161",
    );
    // A unit variant may come with null as its content.
    assert_eq!(from_slice::<Order>(b"\x51\x04Stop\x08"), Ok(Order::Stop));
}

#[test]
fn maps_take_the_form_that_their_keys_need() {
    let texts: BTreeMap<String, u8> = [("a".into(), 1), ("b".into(), 2)].into();
    both_ways(&texts, "520161030101620302");
    let numbers: BTreeMap<i32, u8> = [(-1, 1), (300, 2)].into();
    both_ways(&numbers, "6203ff030102012c0302");
    let switches: BTreeMap<bool, ()> = [(false, ()), (true, ())].into();
    both_ways(&switches, "6217081608");
    let options: BTreeMap<Option<u8>, u8> = [(None, 1), (Some(2), 3)].into();
    both_ways(&options, "620803010302 0303".replace(' ', "").as_str());
    both_ways(&BTreeMap::<i32, u8>::new(), "50");
}

/// A map whose keys are of several kinds.
struct Mixed<'a>(&'a [(Key<'a>, u8)], bool);

#[derive(Serialize)]
#[serde(untagged)]
enum Key<'a> {
    Text(&'a str),
    Int(i64),
    List([u8; 1]),
}

impl Serialize for Mixed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut map = serializer.serialize_map(self.1.then_some(self.0.len()))?;
        for (key, value) in self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

#[test]
fn a_map_changes_its_form_when_a_key_demands_it() {
    let long = "k".repeat(200);
    let longer = "l".repeat(300);
    let keys = [
        (Key::Text("a"), 1),
        (Key::Text(&long), 2),
        (Key::Text("b"), 3),
        (Key::Text(&longer), 4),
        (Key::Int(5), 5),
    ];
    let as_text = |keys: &[(Key<'_>, u8)]| written(&Mixed(keys, true));
    assert_eq!(as_text(&keys[..1]), "5101610301");
    let (k, l) = (to_hex(long.as_bytes()), to_hex(longer.as_bytes()));
    assert_eq!(as_text(&keys[..3]), format!("5301610301c8{k}030201620303"));
    assert_eq!(
        as_text(&keys),
        format!("658161030100c8{k}03028162 03030d012c{l}030403050305").replace(' ', "")
    );
    for count in 0..=keys.len() {
        let known = written(&Mixed(&keys[..count], true));
        assert_eq!(written(&Mixed(&keys[..count], false)), known);
    }
    let mut out = [0; 64];
    let error = to_slice(&Mixed(&[(Key::List([1]), 1)], true), &mut out).unwrap_err();
    assert_eq!(error.kind, ErrorKind::ContainerAsKey);
}

/// A sequence that says nothing of its length, or something wrong.
struct Count(u32, Option<usize>);

impl Serialize for Count {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeSeq;
        let mut list = serializer.serialize_seq(self.1)?;
        for index in 0..self.0 {
            list.serialize_element(&(index % 100))?;
        }
        list.end()
    }
}

#[test]
fn a_sequence_need_not_know_its_length() {
    let mut expected = vec![0; 200_000];
    let mut out = vec![0; 200_000];
    for count in [0, 1, 15, 16, 255, 256, 65_535, 65_536] {
        let known = Count(count, usize::try_from(count).ok());
        let length = to_slice(&known, &mut expected).unwrap();
        for hint in [None, Some(0), Some(17), Some(1_000_000)] {
            let nested = [Count(count, hint), Count(1, None)];
            let written = to_slice(&nested, &mut out).unwrap();
            assert_eq!(out[0], 0x42);
            assert!(out[1..=length] == expected[..length], "{count}, {hint:?}");
            assert_eq!(out[1 + length..written], [0x41, 3, 0]);
        }
        // Not a byte more is needed than the list has.
        let exact = to_slice(&Count(count, None), &mut out[..length]);
        assert_eq!(exact, Ok(length));
        let short = to_slice(&Count(count, None), &mut out[..length - 1]);
        assert_eq!(short.unwrap_err().kind, ErrorKind::BufferFull);
    }
}

#[derive(Deserialize, Debug, PartialEq)]
struct Borrowed<'a> {
    path: &'a str,
    #[serde(borrow)]
    value: Option<Value2<'a>>,
}

/// `Value` has no equality of its own; its bytes have.
#[derive(Deserialize, Debug)]
struct Value2<'a>(#[serde(borrow)] Value<'a>);

impl PartialEq for Value2<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.raw() == other.0.raw()
    }
}

#[test]
fn text_and_values_are_borrowed() {
    let input = b"\x53\x04path\x82W1\x05value\x42\x01\x00\x00\x00\x01\x50\x04more\x40";
    let read: Borrowed<'_> = from_slice(input).unwrap();
    assert!(input.as_ptr_range().contains(&read.path.as_ptr()));
    let value = read.value.unwrap().0;
    assert_eq!(value.raw(), b"\x42\x01\x00\x00\x00\x01\x50");
    // Written again in the shortest form, large integers too.
    assert_eq!(written(&value), "42030150");
    let large = [&[0x41, 0x18, 20][..], &[0x7F; 20]].concat();
    assert_eq!(written(&Value::parse(&large).unwrap()), to_hex(&large));
    let as_key = [&[0x61, 0x18, 20][..], &[0x7F; 20], &[8]].concat();
    assert_eq!(written(&Value::parse(&as_key).unwrap()), to_hex(&as_key));

    let null: Borrowed<'_> = from_slice(b"\x52\x04path\x80\x05value\x08").unwrap();
    assert_eq!(null.value, None);
}

#[test]
fn displayed_text_is_counted_before_it_is_written() {
    struct Shown<'a>(&'a str);
    impl Serialize for Shown<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(&format_args!("<{}>", self.0))
        }
    }
    assert_eq!(written(&Shown("é")), "843cc3a93e");
    assert_eq!(written(&Shown(&"x".repeat(126)))[..4], *"0080");
    let keyed: Vec<_> = vec![(Ipv4Addr::LOCALHOST, 1)];
    assert_eq!(written(&keyed), "414244037f0300030003010301");
    let mut short = [0; 3];
    let error = to_slice(&Shown("é"), &mut short).unwrap_err();
    assert_eq!(error.kind, ErrorKind::BufferFull);
}

#[test]
fn options_reach_every_float_and_every_map() {
    let value = (
        1.5_f64,
        1.5_f32,
        [("b", 1), ("a", 2)].map(|(k, v)| BTreeMap::from([(k, v)])),
    );
    let mut out = [0; 64];
    let single = Options::new();
    let length = to_slice_with(&value, &mut out, single).unwrap();
    assert_eq!(to_hex(&out[..11]), "43093fc00000093fc00000");
    assert_eq!(out[length - 2..length], [3, 2]);
    let length = to_slice_with(&1e300, &mut out, single).unwrap_err();
    assert_eq!(length.kind, ErrorKind::FloatTooLarge);

    #[derive(Serialize)]
    struct Unsorted {
        z: u8,
        a: f32,
    }
    let sorted = Options::new()
        .with_floats(Floats::Double)
        .with_strict_order(true);
    let length = to_slice_with(&Unsorted { z: 1, a: 0.0 }, &mut out, sorted).unwrap();
    assert_eq!(to_hex(&out[..length]), "5201610a0000000000000000017a0301");
}

#[test]
fn refusals_say_what_and_where() {
    use ErrorKind::*;
    assert_eq!(refused::<u8>(b"\x05\x01\x00"), (OutOfRange, 0));
    assert_eq!(
        refused::<Vec<u8>>(b"\x42\x03\x01\x81a"),
        (UnexpectedType, 3)
    );
    assert_eq!(refused::<(u8, u8)>(b"\x41\x03\x01"), (UnexpectedLength, 0));
    assert_eq!(
        refused::<(u8,)>(b"\x42\x03\x01\x03\x02"),
        (UnexpectedLength, 3)
    );
    assert_eq!(refused::<Pair>(b"\x41\x40"), (UnexpectedType, 1));
    assert_eq!(
        refused::<Point>(b"\x51\x04path\x81a"),
        (MissingField("values"), 0)
    );
    assert_eq!(
        refused::<Point>(b"\x52\x04path\x81a\x04path\x81a"),
        (DuplicateField("path"), 0)
    );
    assert_eq!(refused::<Order>(b"\x84Jump"), (UnknownName, 0));
    assert_eq!(refused::<Order>(b"\x84Wait"), (UnexpectedType, 0));
    assert_eq!(refused::<Order>(b"\x03\x01"), (UnexpectedType, 0));
    assert_eq!(refused::<String>(b"\x82\xc3\x28"), (InvalidUtf8, 0));
    assert_eq!(refused::<u8>(b"\x03\x01\x08"), (TrailingBytes, 2));
    let key = refused::<BTreeMap<(), u8>>(b"\x61\x40\x03\x01");
    assert_eq!(key, (ContainerAsKey, 1));
    let big = [&[0x18, 20][..], &[0x7F; 20]].concat();
    assert_eq!(refused::<u128>(&big), (OutOfRange, 0));
    let nest = from_slice_with::<Vec<Vec<u8>>>(b"\x41\x40", Limits::new().with_depth(1));
    assert_eq!(
        nest.unwrap_err(),
        Error {
            kind: TooDeep,
            offset: 1
        }
    );
}
