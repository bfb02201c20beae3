//! Framers and their stacks as NEATPy writes them: the framer added last is
//! nearest to the application.

use serde_json::Value as Json;
use wigwag_codec::framer::{
    FrameError, FrameErrorKind, FrameReader, Framer, Over, Received, Step, decode_datagram, write,
};
use wigwag_codec::mark::MarkFramer;
use wigwag_codec::prefix::PrefixFramer;
use wigwag_tests::vectors;

const EXAMPLE: PrefixFramer = PrefixFramer::new(100_000);

const SECOND: MarkFramer<4> = MarkFramer::SECOND;

/// Writes the message of a row as the row says, and reads it back: as a
/// datagram, and from a stream in chunks of many sizes.
fn both_directions<F: Framer>(mut framer: F, meta: &F::Meta, row: &Json) {
    let name = vectors::text(row, "name");
    let message = vectors::hex(row, "message");
    let wire = vectors::hex(row, "wire");
    assert_eq!(F::HEAD + message.len() + F::TAIL, wire.len(), "{name}");
    let mut out = vec![0; wire.len()];
    assert_eq!(
        write(&mut framer, meta, &message, &mut out),
        Ok(wire.len()),
        "{name}"
    );
    assert_eq!(out, wire, "{name}");
    let found = decode_datagram(&mut framer, &wire).unwrap().unwrap();
    assert_eq!(wire[found.data], message, "{name}");
    for chunk in [1, 3, 1000, 200_000] {
        for (room, max) in [(wire.len(), usize::MAX), (wire.len(), 7), (9, 1)] {
            from_stream(&mut framer, &wire, (chunk, room, max), &message, name);
        }
    }
    if F::PRESERVES_BOUNDARIES {
        three_whole(&mut framer, &wire, &message, name);
    }
}

/// Reads one message, whole or in parts of at most `max` bytes, and sees where
/// it ends.
fn from_stream<F: Framer>(
    framer: &mut F,
    wire: &[u8],
    (chunk, room, max): (usize, usize, usize),
    message: &[u8],
    name: &str,
) {
    // What does not fit the buffer is over the framer's limit in these stacks,
    // or it is waited for in vain.
    let fits = wire.len() <= room;
    let mut reader = FrameReader::new(framer, vec![0; room]);
    let (mut received, mut ends) = (Vec::new(), 0);
    for mut chunk in wire.chunks(chunk) {
        loop {
            chunk = &chunk[reader.push(chunk)..];
            match reader.part(1, max) {
                Ok(Some(part)) => {
                    assert!(part.data.len() <= max, "{name}");
                    received.extend(part.data);
                    ends += usize::from(part.end_of_message);
                }
                Ok(None) if chunk.is_empty() => break,
                Ok(None) => {}
                Err(error) => {
                    let too_small = matches!(error.kind, FrameErrorKind::BufferTooSmall { .. });
                    assert!(too_small && !fits, "{name}: {error}");
                    return;
                }
            }
        }
    }
    if !F::PRESERVES_BOUNDARIES {
        // The message ends with the stream, and only then.
        assert_eq!(ends, 0, "{name}");
        let last = reader.finish().unwrap().unwrap();
        assert!(last.end_of_message, "{name}");
        received.extend(last.data);
        ends += 1;
    }
    assert_eq!((&received[..], ends), (message, 1), "{name}");
    assert!(reader.finish().is_ok_and(|last| last.is_none()), "{name}");
    assert!(reader.at_boundary(), "{name}");
}

/// Messages one after the other stay apart.
fn three_whole<F: Framer>(framer: &mut F, wire: &[u8], message: &[u8], name: &str) {
    for chunk in [1, 5, usize::MAX] {
        let mut reader = FrameReader::new(&mut *framer, vec![0; wire.len()]);
        let mut received = 0;
        for mut chunk in wire.repeat(3).chunks(chunk) {
            loop {
                chunk = &chunk[reader.push(chunk)..];
                match reader.next().unwrap() {
                    Some(Received::Message { body, .. }) => {
                        assert_eq!(body, message, "{name}");
                        received += 1;
                    }
                    Some(_) => panic!("{name}: neither over the limit nor without an end"),
                    None if chunk.is_empty() => break,
                    None => {}
                }
            }
        }
        assert_eq!((received, reader.at_boundary()), (3, true), "{name}");
    }
}

#[test]
fn every_stack_in_both_directions() {
    let rows = vectors::rows("framer.jsonl");
    assert_eq!(rows.len(), 34);
    for row in &rows {
        let framers: Vec<_> = row["framers"].as_array().unwrap().iter().collect();
        let framers: Vec<_> = framers
            .iter()
            .map(|framer| framer.as_str().unwrap())
            .collect();
        match framers[..] {
            ["example"] => both_directions(EXAMPLE, &(), row),
            ["second"] => both_directions(SECOND, &(), row),
            ["example", "second"] => both_directions(Over::new(SECOND, EXAMPLE), &((), ()), row),
            ["second", "example"] => both_directions(Over::new(EXAMPLE, SECOND), &((), ()), row),
            ["example", "example"] => both_directions(Over::new(EXAMPLE, EXAMPLE), &((), ()), row),
            _ => panic!("{framers:?}"),
        }
    }
}

/// An inner frame must fill the outer one exactly.
#[test]
fn a_stacked_frame_that_does_not_fit_is_an_error() {
    let mut stack = Over::new(EXAMPLE, EXAMPLE);
    let misfit = |offset| Err(FrameError::new(FrameErrorKind::Misfit, offset));
    // Too short for its own prefix, for its own length, and longer than it.
    assert_eq!(stack.decode(b"\0\0\0\x02\0\0"), misfit(6));
    assert_eq!(stack.decode(b"\0\0\0\x05\0\0\0\x02a"), misfit(9));
    assert_eq!(stack.decode(b"\0\0\0\x06\0\0\0\x01ab"), misfit(9));
    assert_eq!(stack.decode(b"\0\0\0\x06\0\0\0\x02a"), Ok(Step::Need(10)));
}

/// A message over the outer limit can still be streamed, if the inner head tells
/// how long it is.
#[test]
fn a_stack_streams_what_is_over_the_outer_limit() {
    let inner = PrefixFramer::new(10);
    let outer = PrefixFramer::new(10);
    let mut wire = vec![0, 0, 0, 24, 0, 0, 0, 20];
    wire.extend([7; 20]);
    wire.extend([0, 0, 0, 5, 0, 0, 0, 1, 9]);
    for chunk in [1, 5, 100] {
        let mut reader = FrameReader::new(Over::new(inner, outer), [0; 32]);
        let (mut streamed, mut message, mut ends) = (Vec::new(), Vec::new(), 0);
        for mut chunk in wire.chunks(chunk) {
            loop {
                chunk = &chunk[reader.push(chunk)..];
                match reader.part(1, usize::MAX).unwrap() {
                    Some(part) if ends == 0 => {
                        streamed.extend(part.data);
                        ends += usize::from(part.end_of_message);
                    }
                    Some(part) => message.extend(part.data),
                    None if chunk.is_empty() => break,
                    None => {}
                }
            }
        }
        assert_eq!((&streamed[..], &message[..]), (&[7; 20][..], &[9][..]));
    }
    // The inner length must agree with the outer one.
    let error = Over::new(inner, outer).decode(&[0, 0, 0, 24, 0, 0, 0, 19, 7]);
    assert_eq!(error, Err(FrameError::new(FrameErrorKind::Misfit, 4)));
}
