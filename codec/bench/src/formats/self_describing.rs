//! CBOR and JSON through serde.

use std::hint::black_box;

use serde::Serialize;
use serde::de::IgnoredAny;

use super::walker::Walked;
use super::{DECODE, ENCODE, SKIP, WALK};
use crate::case::Case;
use crate::document::Document;

const MINICBOR: &str = "minicbor-serde";
const CBOR4II: &str = "cbor4ii";
const CIBORIUM: &str = "ciborium";
const SERDE_JSON: &str = "serde_json";
const SONIC: &str = "sonic-rs";

pub(super) fn add(cases: &mut Vec<Case>, name: &'static str, document: &'static Document<'static>) {
    let wire: &'static [u8] = minicbor_serde::to_vec(document).expect("it fits").leak();
    let bytes = wire.len();
    let mut add = |case| cases.push(case);
    cbor(&mut add, name, wire, document);

    add(Case::new(DECODE, name, CBOR4II, bytes, move || {
        cbor4ii::serde::from_slice::<Document<'_>>(black_box(wire))
    }));
    add(Case::new(WALK, name, CBOR4II, bytes, move || {
        cbor4ii::serde::from_slice::<Walked>(black_box(wire)).map(|walked| walked.0)
    }));
    add(Case::new(SKIP, name, CBOR4II, bytes, move || {
        cbor4ii::serde::from_slice::<IgnoredAny>(black_box(wire))
    }));
    let mut place = Vec::with_capacity(bytes + 64);
    add(Case::new(ENCODE, name, CBOR4II, bytes, move || {
        place.clear();
        let out = core::mem::take(black_box(&mut place));
        place = cbor4ii::serde::to_vec(out, black_box(document)).expect("it fits");
    }));

    json(&mut add, name, document);
}

fn cbor(
    add: &mut impl FnMut(Case),
    name: &'static str,
    wire: &'static [u8],
    document: &'static Document<'static>,
) {
    let bytes = wire.len();
    let decoded: Document<'_> = minicbor_serde::from_slice(wire).expect("it was written");
    assert_eq!(decoded, *document);
    let decoded: Document<'_> = cbor4ii::serde::from_slice(wire).expect("it was written");
    assert_eq!(decoded, *document);

    add(Case::new(DECODE, name, MINICBOR, bytes, move || {
        minicbor_serde::from_slice::<Document<'_>>(black_box(wire))
    }));
    let mut place = vec![0; bytes + 64];
    add(Case::new(ENCODE, name, MINICBOR, bytes, move || {
        minicbor_serde::to_slice(black_box(document), black_box(&mut place))
    }));
    // It cannot lend text, so it decodes into a type of its own.
    add(Case::new(DECODE, name, CIBORIUM, bytes, move || {
        ciborium::from_reader::<owned::Document, _>(black_box(wire)).is_ok()
    }));
    let mut place = vec![0; bytes + 64];
    add(Case::new(ENCODE, name, CIBORIUM, bytes, move || {
        ciborium::into_writer(black_box(document), black_box(&mut place[..])).is_ok()
    }));
}

fn json(add: &mut impl FnMut(Case), name: &'static str, document: &'static Document<'static>) {
    let wire: &'static [u8] = serde_json::to_vec(document).expect("it fits").leak();
    let bytes = wire.len();
    let decoded: Document<'_> = serde_json::from_slice(wire).expect("it was written");
    assert_eq!(decoded, *document);
    let decoded: Document<'_> = sonic_rs::from_slice(wire).expect("it was written");
    assert_eq!(decoded, *document);

    add(Case::new(DECODE, name, SERDE_JSON, bytes, move || {
        serde_json::from_slice::<Document<'_>>(black_box(wire))
    }));
    add(Case::new(DECODE, name, SONIC, bytes, move || {
        sonic_rs::from_slice::<Document<'_>>(black_box(wire))
    }));
    add(Case::new(WALK, name, SERDE_JSON, bytes, move || {
        serde_json::from_slice::<Walked>(black_box(wire)).map(|walked| walked.0)
    }));
    add(Case::new(SKIP, name, SERDE_JSON, bytes, move || {
        serde_json::from_slice::<IgnoredAny>(black_box(wire))
    }));
    let mut place = vec![0; bytes + 64];
    add(Case::new(ENCODE, name, SERDE_JSON, bytes, move || {
        let out = black_box(&mut place[..]);
        black_box(document).serialize(&mut serde_json::Serializer::new(out))
    }));
    let mut place = Vec::with_capacity(bytes + 64);
    add(Case::new(ENCODE, name, SONIC, bytes, move || {
        place.clear();
        sonic_rs::to_writer(black_box(&mut place), black_box(document))
    }));
}

/// The document for who cannot borrow.
mod owned {
    use serde::Deserialize;

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "decoded to be measured")]
    pub(super) struct Document {
        pathpoints: Vec<Pathpoint>,
        orders: Vec<Order>,
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "decoded to be measured")]
    struct Pathpoint {
        path: String,
        values: Vec<(i64, f32)>,
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "decoded to be measured")]
    struct Order {
        #[serde(rename = "type")]
        kind: String,
        path: String,
        value: i32,
        advise: u8,
        stale_after: u32,
    }
}
