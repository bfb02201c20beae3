#![no_main]
//! However a stream of frames is cut, the reader hands out the same messages,
//! whole or in parts, never holds more than its buffer, tells exactly where a
//! message ends, and stays in step behind frames that are too large.

use libfuzzer_sys::fuzz_target;
use wigwag_codec::framer::{FrameReader, Framer, Over, Passthrough, Received, decode_datagram};
use wigwag_codec::mark::MarkFramer;
use wigwag_codec::ngtt::NgttFramer;
use wigwag_codec::prefix::PrefixFramer;

/// Bytes of the buffer.
const ROOM: usize = 64;

/// How a stream is read.
#[derive(Clone, Copy)]
struct How {
    /// Messages over the limit are taken in parts, not dropped.
    streams: bool,
    /// Every message is taken in parts.
    parts: bool,
    min: usize,
    max: usize,
}

/// The messages that came out; the last may not be complete.
#[derive(Debug, PartialEq)]
struct Read {
    messages: Vec<Vec<u8>>,
    failed: bool,
    finished: bool,
}

fn read<F: Framer>(framer: F, stream: &[u8], cuts: &[u8], how: How) -> Read {
    let mut reader = FrameReader::new(framer, [0; ROOM]);
    let mut messages = Vec::new();
    // Whether the last message goes on.
    let mut open = false;
    let mut cuts = cuts.iter().cycle();
    let mut rest = stream;
    while !rest.is_empty() {
        let cut = cuts.next().map_or(rest.len(), |cut| usize::from(*cut) + 1);
        let (mut chunk, behind) = rest.split_at(cut.min(rest.len()));
        rest = behind;
        loop {
            chunk = &chunk[reader.push(chunk)..];
            let taken = if how.parts || open {
                reader.part(how.min, how.max).map(|part| {
                    part.map(|part| {
                        assert!(part.data.len() <= how.max);
                        assert!(!part.data.is_empty() || part.end_of_message);
                        if !open {
                            messages.push(Vec::new());
                        }
                        messages.last_mut().expect("begun").extend(part.data);
                        open = !part.end_of_message;
                    })
                })
            } else {
                reader.next().map(|received| {
                    received.map(|received| match received {
                        Received::Message { body, .. } => messages.push(body.to_vec()),
                        Received::Oversized { .. } | Received::Endless { .. } => {
                            messages.push(Vec::new());
                            open = how.streams;
                        }
                    })
                })
            };
            match taken {
                Ok(Some(())) => {}
                Ok(None) if chunk.is_empty() => break,
                Ok(None) => assert!(
                    !reader.space().is_empty(),
                    "it asks for more and has no room"
                ),
                Err(error) => {
                    assert!(reader.next().is_err_and(|again| again == error), "it stays");
                    let (failed, finished) = (true, false);
                    return Read {
                        messages,
                        failed,
                        finished,
                    };
                }
            }
            assert!(reader.buffered() <= ROOM);
        }
    }
    let finished = match reader.finish() {
        Ok(Some(part)) => {
            assert!(part.end_of_message);
            if open {
                messages.last_mut().expect("begun").extend(part.data);
            }
            true
        }
        Ok(None) => {
            assert!(!open);
            true
        }
        Err(_) => false,
    };
    Read {
        messages,
        failed: false,
        finished,
    }
}

/// A datagram is a frame whose message lies in it, or an error.
fn datagram<F: Framer>(mut framer: F, datagram: &[u8]) {
    if let Ok(Some(message)) = decode_datagram(&mut framer, datagram) {
        assert!(datagram.get(message.data).is_some());
        assert!(message.end_of_message);
    }
}

/// The cuts make no difference to what comes out of a framer.
fn same<F: Framer>(framer: impl Fn() -> F, stream: &[u8], cuts: &[u8], how: How) {
    let cut = read(framer(), stream, cuts, how);
    let whole = read(framer(), stream, &[], how);
    assert_eq!((&cut.messages, cut.failed), (&whole.messages, whole.failed));
    assert_eq!(cut.finished, whole.finished);
}

fuzz_target!(|input: (&[u8], &[u8], u8, u8, u8)| {
    let (stream, cuts, flags, min, max) = input;
    let mut how = How {
        streams: flags & 1 != 0,
        parts: flags & 2 != 0,
        // At least one byte: nothing may be left to the end of the stream.
        min: 1,
        max: usize::from(max).max(1),
    };
    same(|| NgttFramer::for_buffer(ROOM), stream, cuts, how);
    same(|| PrefixFramer::for_buffer(ROOM), stream, cuts, how);
    same(|| MarkFramer::SECOND, stream, cuts, how);
    same(|| Passthrough, stream, cuts, how);
    let marks = || Over::new(PrefixFramer::new(40), MarkFramer::new(*b"\x01"));
    same(marks, stream, cuts, how);
    let marked = || Over::new(MarkFramer::new(*b"\x01"), PrefixFramer::for_buffer(ROOM));
    same(marked, stream, cuts, how);
    datagram(marks(), stream);
    datagram(marked(), stream);
    datagram(
        Over::new(NgttFramer::new(20), PrefixFramer::new(40)),
        stream,
    );
    // A frame over the limit whose inner head does not agree is refused when as
    // much of it has arrived: that depends on the cuts, what came before does not.
    same(
        || Over::new(NgttFramer::new(20), PrefixFramer::new(40)),
        stream,
        cuts,
        how,
    );
    // With a larger `min` the last part of a cut message may stay in the buffer.
    how.min = usize::from(min);
    read(NgttFramer::for_buffer(ROOM), stream, cuts, how);
    read(marks(), stream, cuts, how);
});
