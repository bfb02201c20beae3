#![no_main]
//! serde reads into types of many shapes, and what it read it writes again.

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use wigwag_codec::minijson::{Value, from_slice_with, to_slice};
use wigwag_codec_fuzz::{deep, shortest};

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Point {
    a: Option<i64>,
    #[serde(default)]
    b: Vec<(bool, char)>,
    c: BTreeMap<i32, String>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
enum Order {
    A,
    B(u128),
    C(i8, Vec<Order>),
    D { a: Box<Order> },
}

fn there_and_back<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(input: &[u8]) {
    if let Ok(value) = from_slice_with::<T>(input, deep()) {
        let mut out = vec![0; input.len() * 4 + 64];
        let length = to_slice(&value, &mut out).expect("it has been read");
        assert_eq!(from_slice_with::<T>(&out[..length], deep()), Ok(value));
    }
}

fuzz_target!(|input: &[u8]| {
    there_and_back::<Point>(input);
    there_and_back::<Order>(input);
    there_and_back::<BTreeMap<String, Vec<i128>>>(input);
    let ignored = from_slice_with::<IgnoredAny>(input, deep());
    assert_eq!(
        ignored.is_ok(),
        Value::parse_structure(input, deep()).is_ok()
    );
    if let Ok(value) = from_slice_with::<Value<'_>>(input, deep()) {
        let mut out = vec![0; input.len()];
        let length = to_slice(&value, &mut out).expect("no form is longer");
        assert_eq!(out[..length], shortest(value));
    }
});
