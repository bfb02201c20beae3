//! What people read of errors and warnings: what is wrong, with its numbers, and where.

use std::collections::BTreeSet;
use std::fmt::Display;

use wigwag_codec::ncp::exchange::OpenError;
use wigwag_codec::ncp::link::NameError;
use wigwag_codec::ncp::{Ident, IdentError, NcpError, NcpErrorKind, NcpWarning, NcpWarningKind};
use wigwag_codec::ngtt::{FrameType, NgttError};

/// No text is empty, none is a sentence of its own, and no two say the same.
fn each_says_something_else<T: Display>(all: &[T]) {
    let texts: BTreeSet<String> = all.iter().map(T::to_string).collect();
    assert_eq!(texts.len(), all.len(), "{texts:?}");
    assert!(
        texts
            .iter()
            .all(|text| text.len() > 10 && !text.ends_with('.'))
    );
}

#[test]
fn what_is_wrong_with_a_packet_is_told_with_its_place() {
    each_says_something_else(&[
        NcpErrorKind::Truncated,
        NcpErrorKind::Magic,
        NcpErrorKind::Footer,
        NcpErrorKind::TooShort(4),
        NcpErrorKind::TooLong(4),
        NcpErrorKind::Trailing,
        NcpErrorKind::Nanoseconds(4),
        NcpErrorKind::ValueSize(4),
        NcpErrorKind::Text,
        NcpErrorKind::NoSpace,
        NcpErrorKind::TooLarge,
        NcpErrorKind::Ident(IdentError::Length),
        NcpErrorKind::Ident(IdentError::Character),
        NcpErrorKind::NoField,
        NcpErrorKind::Nul,
        NcpErrorKind::KnownType(4),
    ]);
    let (kind, offset) = (NcpErrorKind::TooLong(1234), 56);
    assert_eq!(
        NcpError { kind, offset }.to_string(),
        "at byte 56: a size of 1234 words goes beyond what it is in"
    );
}

#[test]
fn what_is_odd_about_a_packet_is_told_with_its_place() {
    let warnings = [
        NcpWarningKind::EmbeddedFooter,
        NcpWarningKind::UnknownType(0xa7),
    ];
    each_says_something_else(&warnings);
    let [kind, unknown] = warnings;
    assert_eq!(
        NcpWarning { kind, offset: 48 }.to_string(),
        "at byte 48: a footer in the middle of the packet"
    );
    assert_eq!(unknown.to_string(), "a value of unknown type a7");
}

#[test]
fn why_a_request_or_a_login_cannot_be_is_told() {
    each_says_something_else(&[OpenError::Full, OpenError::Outstanding, OpenError::NoField]);
    let names = [
        NameError::TooLong { limit: 63 },
        NameError::Control,
        NameError::Colon,
    ];
    each_says_something_else(&names);
    assert_eq!(names[0].to_string(), "a name has more than 63 bytes");
}

#[test]
fn names_are_shown_as_they_are() {
    assert_eq!(Ident::LINK.to_string(), "LINK");
    assert_eq!(FrameType::Ping.to_string(), "PING");
    assert_eq!(FrameType::Unknown(4711).to_string(), "UNKNOWN(4711)");
}

#[test]
fn why_a_request_of_ngtt_failed_is_told() {
    let failed = |is_due_to_no_internet| NgttError::ConnectionFailed {
        is_due_to_no_internet,
    };
    each_says_something_else(&[
        failed(true),
        failed(false),
        NgttError::DataStreamSyncFailed,
        NgttError::InvalidFrame { offset: 17 },
        NgttError::TooLarge { limit: 512 },
        NgttError::Dropped,
    ]);
    let told = NgttError::InvalidFrame { offset: 17 }.to_string();
    assert_eq!(told, "invalid frame at byte 17");
    assert!(
        NgttError::TooLarge { limit: 512 }
            .to_string()
            .contains("512 bytes")
    );
}

#[cfg(feature = "cbor")]
#[test]
fn what_is_wrong_with_a_capture_is_told_with_its_place() {
    use wigwag_codec::capture::{CaptureError, CaptureErrorKind};

    let too_long = CaptureErrorKind::TooLong {
        length: 70_000,
        limit: 4096,
    };
    each_says_something_else(&[
        CaptureErrorKind::NotLabelled,
        CaptureErrorKind::WrongType,
        CaptureErrorKind::OutOfRange,
        CaptureErrorKind::TooFewElements,
        CaptureErrorKind::NotUtf8,
        too_long,
        CaptureErrorKind::NotWellFormed,
        CaptureErrorKind::Indefinite,
        CaptureErrorKind::TooDeep,
        CaptureErrorKind::Truncated,
        CaptureErrorKind::NoSpace,
    ]);
    assert_eq!(
        CaptureError::new(too_long, 12).to_string(),
        "a string of 70000 bytes in a record is over the limit of 4096 (at byte 12)"
    );
}
