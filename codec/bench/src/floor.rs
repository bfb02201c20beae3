//! What no codec can go below: copying the document, and asking whether it is
//! UTF-8.

use std::hint::black_box;

use crate::case::Case;
use crate::document::BIG;

pub(crate) const FLOOR: &str = "floor";

pub(crate) fn cases() -> Vec<Case> {
    let from: &'static [u8] = vec![b'w'; 1 << 20].leak();
    let mut place = vec![0; from.len()];
    vec![
        Case::new(FLOOR, BIG.name, "memcpy", from.len(), move || {
            place.copy_from_slice(black_box(from));
            black_box(&place);
        }),
        Case::new(FLOOR, BIG.name, "from_utf8", from.len(), move || {
            core::str::from_utf8(black_box(from)).is_ok()
        }),
    ]
}
