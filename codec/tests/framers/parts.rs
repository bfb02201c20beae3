//! Messages larger than the buffer, in parts.

use proptest::prelude::*;
use wigwag_codec::framer::{
    FrameError, FrameErrorKind, FrameReader, Framer, Over, Received, Step, decode_datagram,
};
use wigwag_codec::mark::MarkFramer;
use wigwag_codec::ncp::NcpFramer;
use wigwag_codec::prefix::PrefixFramer;

use super::line::{LineFramer, Role};

/// Takes messages in parts, and holds each part against what was asked for.
fn in_parts<F: Framer>(
    framer: F,
    wire: &[u8],
    chunk: usize,
    (room, min, max): (usize, usize, usize),
) -> Result<Vec<Vec<u8>>, FrameError> {
    let mut reader = FrameReader::new(framer, vec![0; room]);
    let (mut messages, mut open) = (Vec::new(), Vec::new());
    for mut chunk in wire.chunks(chunk) {
        loop {
            chunk = &chunk[reader.push(chunk)..];
            let full = reader.space().is_empty();
            match reader.part(min, max)? {
                Some(part) => {
                    assert!(part.data.len() <= max);
                    assert!(part.data.len() >= min.min(max) || part.end_of_message || full);
                    open.extend(part.data);
                    if part.end_of_message {
                        messages.push(core::mem::take(&mut open));
                    }
                }
                None if chunk.is_empty() => break,
                None => assert!(!reader.space().is_empty()),
            }
        }
    }
    assert_eq!(reader.finish().map(|last| last.is_none()), Ok(true));
    assert!(open.is_empty());
    Ok(messages)
}

fn line(max: usize) -> LineFramer {
    LineFramer::new(Role::Client, max, 1)
}

fn wire_of<F: Framer>(mut framer: F, meta: &F::Meta, messages: &[Vec<u8>]) -> Vec<u8> {
    let mut wire = Vec::new();
    for message in messages {
        let mut out = vec![0; F::HEAD + message.len() + F::TAIL];
        let length = wigwag_codec::framer::write(&mut framer, meta, message, &mut out).unwrap();
        wire.extend(&out[..length]);
    }
    wire
}

proptest! {
    /// Messages of any size through a buffer of any size, with tails and stacks:
    /// each comes out whole, and its end is told with its last byte.
    #[test]
    fn any_message_passes_any_buffer(
        messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..6),
        chunk in 1_usize..120,
        room in 12_usize..64,
        min in 0_usize..50,
        max in 1_usize..50,
    ) {
        let how = (room, min, max);
        let plain = PrefixFramer::new(usize::MAX);
        let wire = wire_of(plain, &(), &messages);
        let limited = PrefixFramer::for_buffer(room);
        prop_assert_eq!(&in_parts(limited, &wire, chunk, how)?, &messages);
        let tailed = wire_of(line(0), &(), &messages);
        prop_assert_eq!(&in_parts(line(room - 4), &tailed, chunk, how)?, &messages);
        // The inner framer tells from its head alone, whichever is over its limit.
        let stack = || Over::new(line(room - 8), PrefixFramer::for_buffer(room));
        let stacked = wire_of(Over::new(line(0), plain), &((), ()), &messages);
        prop_assert_eq!(&in_parts(stack(), &stacked, chunk, how)?, &messages);
        let marked = wire_of(Over::new(MarkFramer::SECOND, plain), &((), ()), &messages);
        let stack = || Over::new(MarkFramer::SECOND, PrefixFramer::for_buffer(room));
        prop_assert_eq!(&in_parts(stack(), &marked, chunk, how)?, &messages);
        let marked = wire_of(Over::new(plain, MarkFramer::SECOND), &((), ()), &messages);
        let stack = || Over::new(PrefixFramer::new(room - 8), MarkFramer::SECOND);
        prop_assert_eq!(&in_parts(stack(), &marked, chunk, how)?, &messages);
    }

    /// A datagram is one frame or an error, never a part of one.
    #[test]
    fn a_datagram_is_one_frame(message in prop::collection::vec(any::<u8>(), 0..40)) {
        let mut framer = Over::new(line(10), MarkFramer::SECOND);
        let mut wire = wire_of(&mut framer, &((), ()), core::slice::from_ref(&message));
        let found = decode_datagram(&mut framer, &wire)?.unwrap();
        prop_assert_eq!(&wire[found.data], message);
        for short in 0..wire.len() {
            prop_assert!(decode_datagram(&mut framer, &wire[..short]).is_err());
        }
        wire.push(0);
        prop_assert!(decode_datagram(&mut framer, &wire).is_err());
    }
}

#[test]
fn a_message_begun_in_parts_is_dropped_by_whole_ones() {
    let mut reader = FrameReader::new(PrefixFramer::for_buffer(16), [0; 16]);
    reader.push(b"\0\0\0\x14abcdefgh");
    let (meta, body_len) = ((), 20);
    assert_eq!(
        reader.next(),
        Ok(Some(Received::Oversized { meta, body_len }))
    );
    assert_eq!(reader.part(1, 3).unwrap().unwrap().data, b"abc");
    assert_eq!(reader.part(1, 3).unwrap().unwrap().data, b"def");
    assert_eq!(reader.next(), Ok(None));
    reader.push(b"ijklmnopqrst\0\0\0");
    assert_eq!(reader.next(), Ok(None));
    reader.push(b"\x02hi");
    let body = &b"hi"[..];
    assert_eq!(reader.next(), Ok(Some(Received::Message { meta, body })));
    assert!(reader.at_boundary());
}

#[test]
fn a_whole_message_larger_than_asked_for_comes_in_parts_too() {
    let mut reader = FrameReader::new(line(60), [0; 64]);
    reader.push(b"\0\x05Mhello.\0\x00M.");
    let mut parts = Vec::new();
    while let Some(part) = reader.part(1, 2).unwrap() {
        parts.push((part.data.to_vec(), part.end_of_message));
    }
    let part = |data: &[u8], end| (data.to_vec(), end);
    assert_eq!(
        parts,
        [
            part(b"he", false),
            part(b"ll", false),
            part(b"o", true),
            part(b"", true)
        ]
    );
    assert!(reader.at_boundary());
}

#[test]
fn a_stream_that_ends_in_the_middle_is_truncated() {
    let wire = b"\0\0\0\x05hello";
    for cut in 0..=wire.len() {
        let mut reader = FrameReader::new(PrefixFramer::new(60), [0; 64]);
        reader.push(&wire[..cut]);
        while reader.next().unwrap().is_some() {}
        let truncated = FrameError::new(FrameErrorKind::Truncated, cut);
        let expected = if cut == 0 || cut == wire.len() {
            Ok(None)
        } else {
            Err(truncated)
        };
        assert_eq!(reader.finish(), expected, "{cut}");
    }
    // Streamed: the head has been taken, some of the body too.
    let mut reader = FrameReader::new(PrefixFramer::new(3), [0; 64]);
    reader.push(&wire[..7]);
    assert_eq!(reader.part(1, 2).unwrap().unwrap().data, b"he");
    let truncated = FrameError::new(FrameErrorKind::Truncated, 1);
    assert_eq!(reader.finish(), Err(truncated));
}

#[test]
fn what_the_framer_needs_is_waited_for_and_asked_again_when_it_may_have_changed() {
    /// Counts how often it is asked.
    struct Counting(PrefixFramer, usize);

    impl Framer for Counting {
        const HEAD: usize = PrefixFramer::HEAD;
        const TAIL: usize = PrefixFramer::TAIL;
        const PRESERVES_BOUNDARIES: bool = true;
        type Meta = ();

        fn decode(&mut self, prefix: &[u8]) -> Result<Step<()>, FrameError> {
            self.1 += 1;
            self.0.decode(prefix)
        }

        fn encode(
            &mut self,
            meta: &(),
            body_len: usize,
            head: &mut [u8],
            tail: &mut [u8],
        ) -> Result<(usize, usize), FrameError> {
            self.0.encode(meta, body_len, head, tail)
        }
    }

    let mut reader = FrameReader::new(Counting(PrefixFramer::new(100), 0), [0; 128]);
    let mut wire = vec![0, 0, 0, 50];
    wire.resize(54, 7);
    for byte in &wire[..53] {
        assert_eq!(reader.push(core::slice::from_ref(byte)), 1);
        assert_eq!(reader.next(), Ok(None));
    }
    // For the head, then for the body; not for each byte.
    assert_eq!(reader.framer().1, 2);
    assert_eq!(reader.next(), Ok(None));
    assert_eq!(reader.framer().1, 3);
    reader.push(&wire[53..]);
    assert_eq!(
        reader.next(),
        Ok(Some(Received::Message {
            meta: (),
            body: &[7; 50]
        }))
    );

    // A lower limit, in the middle of a message: it is told of at once.
    reader.push(&wire[..10]);
    assert_eq!(reader.next(), Ok(None));
    reader.framer().0 = PrefixFramer::new(20);
    assert_eq!(
        reader.next(),
        Ok(Some(Received::Oversized {
            meta: (),
            body_len: 50
        }))
    );

    // In parts nothing is waited for that would fill the buffer later.
    reader.reset();
    reader.push(&wire[..6]);
    assert_eq!(reader.next().map(|received| received.is_some()), Ok(true));
    assert_eq!(
        reader
            .part(1, 100)
            .map(|part| part.map(|part| part.data.len())),
        Ok(Some(2))
    );
    reader.push(&wire[6..]);
    assert_eq!(reader.next(), Ok(None));
    assert!(reader.at_boundary());
}

#[test]
fn a_wrong_byte_in_a_mark_is_told_of_as_soon_as_it_is_there() {
    fn error_behind<F: Framer>(framer: F, right: &[u8]) -> Option<FrameError> {
        let mut reader = FrameReader::new(framer, [0; 128]);
        for byte in right {
            assert_eq!(reader.push(core::slice::from_ref(byte)), 1);
            assert!(matches!(reader.next(), Ok(None)));
        }
        // No more comes: the other end may wait for an answer.
        assert_eq!(reader.push(b"?"), 1);
        reader.next().err()
    }

    let unrecognized = |offset| Some(FrameError::new(FrameErrorKind::Unrecognized, offset));
    for right in 0..4 {
        let mark = error_behind(MarkFramer::new(*b"MARK"), &b"MARK"[..right]);
        assert_eq!(mark, unrecognized(right));
        let stack = Over::new(PrefixFramer::new(60), MarkFramer::new(*b"MARK"));
        assert_eq!(error_behind(stack, &b"MARK"[..right]), unrecognized(right));
        let magic = &[0xdd, 0xcc, 0xbb, 0xaa][..right];
        assert_eq!(error_behind(NcpFramer::default(), magic), unrecognized(0));
    }
}
