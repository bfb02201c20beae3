//! Files that are not what the tool reads, but hold it.

use crate::{Piece, Sink};

/// What such a file begins with, and what to do.
const BEGINS: [(&[u8], &str); 7] = [
    (b"\x1f\x8b", GZIP),
    (
        b"\x28\xb5\x2f\xfd",
        "compressed by zstd: unpack it (unzstd), then open what comes out",
    ),
    (
        b"\xfd7zXZ\0",
        "compressed by xz: unpack it (unxz), then open what comes out",
    ),
    (
        b"BZh",
        "compressed by bzip2: unpack it (bunzip2), then open what comes out",
    ),
    (
        b"PK\x03\x04",
        "a ZIP archive: unpack it, then open what comes out",
    ),
    (b"\xff\xfe", UTF16),
    (b"\xfe\xff", UTF16),
];
const GZIP: &str = "compressed by gzip: unpack it (gunzip), then open what comes out";
const UTF16: &str = "looks like text in UTF-16: save it as UTF-8, then open that";

/// Says what raw bytes look like that are most likely not frames.
pub(super) fn warn(begin: &[u8], sink: &mut dyn Sink) {
    if let Some((_, words)) = BEGINS.iter().find(|(magic, _)| begin.starts_with(magic)) {
        let message = (*words).into();
        sink.take(Piece::Problem { offset: 0, message });
    }
}
