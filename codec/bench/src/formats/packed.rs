//! MessagePack, with structs as maps that name their fields, as minijson has
//! them; and postcard, which names nothing.

use std::hint::black_box;

use serde::Serialize;
use serde::de::IgnoredAny;

use super::walker::Walked;
use super::{DECODE, ENCODE, SKIP, WALK};
use crate::case::Case;
use crate::document::Document;

const ZEROMPK: &str = "zerompk";
const RMP_SERDE: &str = "rmp-serde";
const POSTCARD: &str = "postcard";

pub(super) fn add(cases: &mut Vec<Case>, name: &'static str, document: &'static Document<'static>) {
    let pack: &'static [u8] = zerompk::to_msgpack_vec(document).expect("it fits").leak();
    let bytes = pack.len();
    assert_eq!(
        zerompk::from_msgpack::<Document<'_>>(pack).as_ref().ok(),
        Some(document)
    );
    let mut add = |case| cases.push(case);

    add(Case::new(DECODE, name, ZEROMPK, bytes, move || {
        zerompk::from_msgpack::<Document<'_>>(black_box(pack))
    }));
    let mut place = vec![0; bytes + 64];
    add(Case::new(ENCODE, name, ZEROMPK, bytes, move || {
        zerompk::to_msgpack(black_box(document), black_box(&mut place))
    }));

    let again = rmp_serde::to_vec_named(document).expect("it fits");
    assert_eq!(
        rmp_serde::from_slice::<Document<'_>>(&again).as_ref().ok(),
        Some(document)
    );
    let (wire, bytes): (&'static [u8], _) = (again.leak(), pack.len());
    add(Case::new(DECODE, name, RMP_SERDE, bytes, move || {
        rmp_serde::from_slice::<Document<'_>>(black_box(wire))
    }));
    add(Case::new(WALK, name, RMP_SERDE, bytes, move || {
        rmp_serde::from_slice::<Walked>(black_box(wire)).map(|walked| walked.0)
    }));
    add(Case::new(SKIP, name, RMP_SERDE, bytes, move || {
        rmp_serde::from_slice::<IgnoredAny>(black_box(wire))
    }));
    let mut place = vec![0; bytes + 64];
    add(Case::new(ENCODE, name, RMP_SERDE, bytes, move || {
        let out = black_box(&mut place[..]);
        let mut serializer = rmp_serde::Serializer::new(out).with_struct_map();
        black_box(document).serialize(&mut serializer)
    }));

    let wire: &'static [u8] = postcard::to_stdvec(document).expect("it fits").leak();
    assert_eq!(postcard::from_bytes(wire).as_ref(), Ok(document));
    let bytes = wire.len();
    add(Case::new(DECODE, name, POSTCARD, bytes, move || {
        postcard::from_bytes::<Document<'_>>(black_box(wire))
    }));
    let mut place = vec![0; bytes + 64];
    add(Case::new(ENCODE, name, POSTCARD, bytes, move || {
        postcard::to_slice(black_box(document), black_box(&mut place)).map(|out| out.len())
    }));
}
