//! Captures.

use wigwag_codec::capture::{
    CaptureError, CaptureErrorKind, Direction, Limits, Reader, Record, bytes_head,
};

super::functions![
    CaptureError::new,
    CaptureErrorKind::is_fatal,
    Direction::reverse,
    Limits::default,
    Limits::new,
    Reader::finish,
    Reader::new,
    Reader::offset,
    Reader::resume,
    Reader::skipped,
    Reader::step,
    Record::encoded_len,
    Record::write,
    bytes_head,
];
