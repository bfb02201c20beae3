//! The documents in each crate's own format.

#[cfg(feature = "peers")]
mod cbor_by_hand;
#[cfg(feature = "peers")]
mod packed;
#[cfg(feature = "peers")]
mod self_describing;
#[cfg(feature = "peers")]
mod walker;
mod wigwag;

use crate::case::Case;
#[cfg(feature = "peers")]
use crate::document::Size;
use crate::document::{self, BIG, SMALL};

/// What is done to documents.
pub(crate) const DECODE: &str = "decode";
pub(crate) const WALK: &str = "walk, text validated";
pub(crate) const LAZY: &str = "walk, text as bytes";
pub(crate) const CHECK: &str = "check the whole";
pub(crate) const SKIP: &str = "skip";
pub(crate) const ACCESS: &str = "one value by its keys";
pub(crate) const ENCODE: &str = "encode";
pub(crate) const CANONICAL: &str = "write again in canonical form";

/// All of them.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for size in [BIG, SMALL] {
        let document = Box::leak(Box::new(document::make(size)));
        wigwag::add(&mut cases, size.name, document);
        #[cfg(feature = "peers")]
        {
            packed::add(&mut cases, size.name, document);
            cbor_by_hand::add(&mut cases, size.name, document);
            self_describing::add(&mut cases, size.name, document);
        }
    }
    cases
}

/// A document's bytes, for who reads the same format elsewhere.
#[cfg(feature = "peers")]
pub(crate) fn as_minijson(size: Size) -> Vec<u8> {
    let mut out = vec![0; 2 << 20];
    let length = wigwag_codec::minijson::to_slice(&document::make(size), &mut out);
    out.truncate(length.expect("it fits"));
    out
}
