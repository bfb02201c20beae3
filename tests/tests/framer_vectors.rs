//! Framers and their stacks as NEATPy writes them: the framer added last is
//! nearest to the application.

use serde_json::Value as Json;
use wigwag_codec::framer::write;
use wigwag_codec::framer::{FrameError, FrameErrorKind, FrameReader, Framer, Over, Received, Step};
use wigwag_codec::prefix::PrefixFramer;
use wigwag_tests::vectors;

/// NEATPy's second example: U+1F618 before each message, nothing after it. It
/// does not say where a message ends, so it needs a framer beneath.
#[derive(Clone, Copy)]
struct Mark;

const MARK: &[u8] = "\u{1f618}".as_bytes();

impl Framer for Mark {
    const HEAD: usize = MARK.len();
    const TAIL: usize = 0;
    const PRESERVES_BOUNDARIES: bool = false;
    type Meta = ();

    fn decode(&mut self, prefix: &[u8]) -> Result<Step<()>, FrameError> {
        if prefix.len() < MARK.len() {
            return Ok(Step::Need(MARK.len()));
        }
        if !prefix.starts_with(MARK) {
            return Err(FrameError::new(FrameErrorKind::Misfit, 0));
        }
        let consumed = prefix.len();
        Ok(Step::Frame {
            meta: (),
            body: MARK.len()..consumed,
            consumed,
        })
    }

    fn encode(
        &mut self,
        (): &(),
        _body_len: usize,
        head: &mut [u8],
        _tail: &mut [u8],
    ) -> Result<(usize, usize), FrameError> {
        head[..MARK.len()].copy_from_slice(MARK);
        Ok((MARK.len(), 0))
    }
}

const EXAMPLE: PrefixFramer = PrefixFramer::new(100_000);

fn both_directions<F: Framer>(mut framer: F, meta: &F::Meta, row: &Json, reads: bool) {
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
    // Only a stack whose outermost framer says where its messages end can be read
    // from a stream.
    if !reads {
        return;
    }
    for chunk in [1, 3, 1000, 200_000] {
        let mut buffer = vec![0; wire.len()];
        let mut reader = FrameReader::new(&mut framer, &mut buffer[..]);
        let mut received = 0;
        for mut chunk in wire.chunks(chunk) {
            while !chunk.is_empty() {
                chunk = &chunk[reader.push(chunk)..];
                match reader.next().unwrap() {
                    Some(Received::Message { body, .. }) => {
                        assert_eq!(body, message, "{name}");
                        received += 1;
                    }
                    Some(_) => panic!("{name}: not over the limit"),
                    None => {}
                }
            }
        }
        assert_eq!((received, reader.at_boundary()), (1, true), "{name}");
    }
}

#[test]
fn every_stack_in_both_directions() {
    let rows = vectors::rows("framer.jsonl");
    assert_eq!(rows.len(), 34);
    let mut checked = 0;
    for row in &rows {
        let framers: Vec<_> = row["framers"].as_array().unwrap().iter().collect();
        let framers: Vec<_> = framers
            .iter()
            .map(|framer| framer.as_str().unwrap())
            .collect();
        match framers[..] {
            ["example"] => both_directions(EXAMPLE, &(), row, true),
            ["second"] => both_directions(Mark, &(), row, false),
            ["example", "second"] => both_directions(Over(Mark, EXAMPLE), &((), ()), row, true),
            ["second", "example"] => both_directions(Over(EXAMPLE, Mark), &((), ()), row, false),
            ["example", "example"] => both_directions(Over(EXAMPLE, EXAMPLE), &((), ()), row, true),
            _ => panic!("{framers:?}"),
        }
        checked += 1;
    }
    assert_eq!(checked, 34);
}

/// An inner frame must fill the outer one exactly.
#[test]
fn a_stacked_frame_that_does_not_fit_is_an_error() {
    let mut stack = Over(EXAMPLE, EXAMPLE);
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
        let mut reader = FrameReader::new(Over(inner, outer), [0; 32]);
        let (mut streamed, mut message) = (Vec::new(), Vec::new());
        for mut chunk in wire.chunks(chunk) {
            loop {
                chunk = &chunk[reader.push(chunk)..];
                match reader.next().unwrap() {
                    Some(Received::Oversized { body_len, .. }) => {
                        assert_eq!(body_len, 20);
                        reader.stream_body();
                    }
                    Some(Received::Part { data, .. }) => streamed.extend(data),
                    Some(Received::Message { body, .. }) => message.extend(body),
                    None if chunk.is_empty() => break,
                    None => {}
                }
            }
        }
        assert_eq!((&streamed[..], &message[..]), (&[7; 20][..], &[9][..]));
    }
    // The inner length must agree with the outer one.
    let error = Over(inner, outer).decode(&[0, 0, 0, 24, 0, 0, 0, 19, 7]);
    assert_eq!(error, Err(FrameError::new(FrameErrorKind::Misfit, 4)));
}
