//! What NEATPy's framing gets wrong, done right: each test is one of its faults,
//! with the bytes that show it.

use wigwag_codec::framer::{
    FrameError, FrameErrorKind, FrameReader, Over, Part, Received, decode_datagram, write,
};
use wigwag_codec::mark::MarkFramer;
use wigwag_codec::prefix::PrefixFramer;

/// The messages of what arrives in these segments.
fn messages(segments: &[&[u8]]) -> Vec<Vec<u8>> {
    let mut reader = FrameReader::new(PrefixFramer::for_buffer(64), [0; 64]);
    let mut messages = Vec::new();
    for segment in segments {
        assert_eq!(reader.push(segment), segment.len());
        while let Some(received) = reader.next().unwrap() {
            match received {
                Received::Message { body, .. } => messages.push(body.to_vec()),
                _ => panic!("not over the limit"),
            }
        }
    }
    assert!(reader.at_boundary());
    messages
}

/// NEATPy delivers the first and loses the second.
#[test]
fn two_frames_in_one_segment_are_two_messages() {
    let both = messages(&[b"\0\0\0\x05hello\0\0\0\x05world"]);
    assert_eq!(both, [b"hello", b"world"]);
}

/// In NEATPy this ends the event loop of the whole process.
#[test]
fn a_header_split_in_two_and_two_is_put_together() {
    assert_eq!(messages(&[b"\0\0", b"\0\x05hello"]), [b"hello"]);
    assert_eq!(
        messages(&[b"\0", b"\0", b"\0", b"\x05", b"hello"]),
        [b"hello"]
    );
}

#[test]
fn a_body_may_come_in_pieces_and_behind_its_header() {
    assert_eq!(messages(&[b"\0\0\0\x05he", b"llo"]), [b"hello"]);
    assert_eq!(messages(&[b"\0\0\0\x05", b"hello"]), [b"hello"]);
}

/// In NEATPy this ends the event loop of the whole process.
#[test]
fn the_rest_of_a_body_may_come_with_the_next_frame() {
    let both = messages(&[b"\0\0\0\x05hel", b"lo\0\0\0\x05world"]);
    assert_eq!(both, [b"hello", b"world"]);
}

/// NEATPy waits for ever, and would keep all of it.
#[test]
fn a_length_of_four_gigabytes_is_announced_at_once_and_takes_no_memory() {
    let mut reader = FrameReader::new(PrefixFramer::for_buffer(64), [0; 64]);
    reader.push(b"\xff\xff\xff\xff");
    let (meta, body_len) = ((), 0xffff_ffff);
    assert_eq!(
        reader.next(),
        Ok(Some(Received::Oversized { meta, body_len }))
    );
    for _ in 0..1000 {
        assert_eq!(reader.push(&[0; 64]), 64);
        assert_eq!(reader.next(), Ok(None));
        assert_eq!(reader.buffered(), 0);
    }
    assert!(!reader.at_boundary());
    let cut = FrameError::new(FrameErrorKind::Truncated, 0);
    assert_eq!(reader.finish(), Err(cut));
}

#[test]
fn a_length_of_zero_is_an_empty_message() {
    assert_eq!(
        messages(&[b"\0\0\0\0\0\0\0\x01x\0\0\0\0"]),
        [&b""[..], b"x", b""]
    );
}

/// NEATPy's parse gives one byte less than there is when there is less than the
/// maximum.
#[test]
fn a_part_is_all_that_is_there_up_to_the_maximum() {
    for max in 1..9 {
        let mut reader = FrameReader::new(PrefixFramer::for_buffer(64), [0; 64]);
        reader.push(b"\0\0\0\x05hello");
        let part = reader.part(1, max).unwrap().unwrap();
        let expected = max.min(5);
        assert_eq!(part.data, &b"hello"[..expected]);
        assert_eq!(part.end_of_message, expected == 5);
    }
}

/// NEATPy asks for the minimum by an index, and has none when nobody receives.
#[test]
fn bytes_that_nobody_asked_for_wait() {
    let mut reader = FrameReader::new(PrefixFramer::for_buffer(16), [0; 16]);
    assert_eq!(reader.push(b"\0\0\0\x05hello\0\0\0\x05world"), 16);
    assert_eq!(reader.push(b"ld"), 0, "there is no room: the stream waits");
    let whole = |data| {
        let (meta, end_of_message) = ((), true);
        Ok(Some(Part {
            meta,
            data,
            end_of_message,
        }))
    };
    assert_eq!(reader.part(1, 100), whole(b"hello"));
    assert_eq!(reader.part(1, 100), Ok(None));
    assert_eq!(reader.push(b"ld"), 2);
    assert_eq!(reader.part(1, 100), whole(b"world"));
}

/// NEATPy's second framer never delivers anything.
#[test]
fn a_marked_message_is_delivered() {
    let mut reader = FrameReader::new(MarkFramer::SECOND, [0; 64]);
    reader.push("\u{1f618}hello".as_bytes());
    assert_eq!(reader.next(), Ok(Some(Received::Endless { meta: () })));
    let part = reader.part(1, 100).unwrap().unwrap();
    assert_eq!((part.data, part.end_of_message), (&b"hello"[..], false));
    reader.push(b" again");
    let last = reader.part(7, 100).unwrap();
    assert_eq!(last, None, "seven were asked for, six are here");
    let last = reader.finish().unwrap().unwrap();
    assert_eq!((last.data, last.end_of_message), (&b" again"[..], true));
    assert_eq!(reader.finish(), Ok(None), "it is told once");
    // And bytes without the mark are not taken for a message.
    let mut reader = FrameReader::new(MarkFramer::SECOND, [0; 64]);
    reader.push(b"\xf0\x9fhello");
    let error = FrameError::new(FrameErrorKind::Unrecognized, 2);
    assert_eq!(reader.next(), Err(error));
}

/// On receive NEATPy runs only the first framer of a stack.
#[test]
fn every_framer_of_a_stack_runs_on_receive() {
    let mut reader = FrameReader::new(
        Over::new(MarkFramer::SECOND, PrefixFramer::for_buffer(64)),
        [0; 64],
    );
    reader.push(b"\0\0\0\x06\xf0\x9f\x98\x98hi\0\0\0\x06\xf0\x9f\x98\x98yo");
    for expected in [b"hi", b"yo"] {
        match reader.next() {
            Ok(Some(Received::Message { body, .. })) => assert_eq!(body, expected),
            other => panic!("{other:?}"),
        }
    }
    // The other way round, with nothing but the inner length to end a message.
    let mut reader = FrameReader::new(
        Over::new(PrefixFramer::new(56), MarkFramer::SECOND),
        [0; 64],
    );
    reader.push(b"\xf0\x9f\x98\x98\0\0\0\x02hi\xf0\x9f\x98\x98\0\0\0\x02yo");
    for expected in [b"hi", b"yo"] {
        match reader.next() {
            Ok(Some(Received::Message { body, .. })) => assert_eq!(body, expected),
            other => panic!("{other:?}"),
        }
    }
    assert!(reader.at_boundary());
}

/// NEATPy's example client puts "HEADER" before a message, and takes five bytes
/// behind it for one, however many there are.
#[test]
fn the_mark_of_neatpys_example_client_is_taken_off() {
    let mut framer = MarkFramer::new(*b"HEADER");
    for message in [&b"hello"[..], b"", b"hello again"] {
        let mut wire = [0; 32];
        let length = write(&mut framer, &(), message, &mut wire).unwrap();
        assert_eq!(&wire[..length], [b"HEADER", message].concat());
        let found = decode_datagram(&mut framer, &wire[..length]).unwrap();
        assert_eq!(&wire[found.unwrap().data], message);
    }
    let error = FrameError::new(FrameErrorKind::Unrecognized, 3);
    assert_eq!(decode_datagram(&mut framer, b"HEAThello"), Err(error));
}
