//! Frames out of a byte stream: ours, and tokio-util's codec for messages behind
//! a length.

use std::hint::black_box;

use wigwag_codec::framer::{Found, FrameReader, Received, Receiver, Turn};
use wigwag_codec::ngtt::{Frame, FrameType, NgttFramer};

use crate::case::Case;

pub(crate) const SPLIT: &str = "split, a frame";
pub(crate) const BYTES: &str = "split byte by byte, a byte";
const OURS: &str = "wigwag";
/// Without a buffer of its own.
pub(crate) const IN_PLACE: &str = "wigwag, where it lies";

/// A frame's body, in bytes, and how many frames are cut in one go.
const SIZES: [(&str, usize, usize); 3] = [
    ("64 B", 64, 1000),
    ("1 KiB", 1 << 10, 250),
    ("64 KiB", 64 << 10, 8),
];

/// A figure of these counts a frame (or a byte), not the whole stream.
#[cfg(feature = "peers")]
pub(crate) fn parts(operation: &str, document: &str) -> u64 {
    let frames = SIZES.iter().find(|(name, ..)| *name == document);
    match (operation, frames) {
        (SPLIT, Some((_, _, frames))) => *frames as u64,
        (BYTES, Some((_, body, frames))) => ((body + 8) * frames) as u64,
        _ => 1,
    }
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, body, frames) in SIZES {
        let mut stream = vec![0; (body + 8) * frames];
        let payload = vec![0x5a; body];
        for (tid, place) in stream.chunks_exact_mut(body + 8).enumerate() {
            let frame = Frame {
                tid: tid as u16,
                kind: FrameType::Order,
                payload: &payload,
            };
            frame.write(place).expect("it fits");
        }
        let stream: &'static [u8] = stream.leak();
        let bytes = stream.len();
        let mut buffer = vec![0; bytes];
        cases.push(Case::new(SPLIT, name, OURS, bytes, move || {
            let mut reader = FrameReader::new(NgttFramer::for_buffer(bytes), &mut buffer[..]);
            reader.push(black_box(stream));
            let cut = cut(&mut reader);
            assert_eq!(cut, frames);
        }));
        cases.push(Case::new(SPLIT, name, IN_PLACE, bytes, move || {
            assert_eq!(cut_in_place(black_box(stream)), frames);
        }));
        if name == "64 B" {
            let mut buffer = vec![0; body + 8];
            cases.push(Case::new(BYTES, name, OURS, bytes, move || {
                let mut reader = FrameReader::new(NgttFramer::new(body), &mut buffer[..]);
                let mut cut_so_far = 0;
                for byte in black_box(stream) {
                    reader.push(core::slice::from_ref(byte));
                    cut_so_far += cut(&mut reader);
                }
                assert_eq!(cut_so_far, frames);
            }));
        }
        #[cfg(feature = "peers")]
        tokio(&mut cases, name, stream, frames);
    }
    cases
}

/// Takes every message that is there; how many there were.
fn cut(reader: &mut FrameReader<NgttFramer, &mut [u8]>) -> usize {
    let mut cut = 0;
    while let Ok(Some(received)) = reader.next() {
        if let Received::Message { meta, body } = received {
            black_box((meta.tid, body));
            cut += 1;
        }
    }
    cut
}

/// The same without copying anything: the stream is one slice.
fn cut_in_place(stream: &[u8]) -> usize {
    let mut framer = NgttFramer::for_buffer(stream.len());
    let mut receiver = Receiver::new();
    let mut rest = stream;
    let mut cut = 0;
    while let Ok(turn) = receiver.next(&mut framer, rest, stream.len()) {
        rest = match turn {
            Turn::Need(_) => break,
            Turn::Drop(count) => &rest[count..],
            Turn::Take { found, consumed } => {
                if let Found::Message { meta, body } = found {
                    black_box((meta.tid, &rest[body]));
                    cut += 1;
                }
                &rest[consumed..]
            }
        };
    }
    cut
}

/// `LengthDelimitedCodec`, with the transaction id and type as a part of the
/// message, as its users do it.
#[cfg(feature = "peers")]
fn tokio(cases: &mut Vec<Case>, name: &'static str, stream: &'static [u8], frames: usize) {
    use bytes::{BufMut, BytesMut};
    use tokio_util::codec::{Decoder, LengthDelimitedCodec};

    const TOKIO: &str = "tokio-util";
    let codec = || {
        LengthDelimitedCodec::builder()
            .length_field_type::<u32>()
            .length_adjustment(4)
            .max_frame_length(1 << 24)
            .new_codec()
    };
    let bytes = stream.len();
    cases.push(Case::new(SPLIT, name, TOKIO, bytes, move || {
        let mut codec = codec();
        let mut buffer = BytesMut::from(black_box(stream));
        let mut cut = 0;
        while let Ok(Some(frame)) = codec.decode(&mut buffer) {
            black_box(frame);
            cut += 1;
        }
        assert_eq!(cut, frames);
    }));
    if name == "64 B" {
        cases.push(Case::new(BYTES, name, TOKIO, bytes, move || {
            let mut codec = codec();
            let mut buffer = BytesMut::with_capacity(bytes);
            let mut cut = 0;
            for byte in black_box(stream) {
                buffer.put_u8(*byte);
                while let Ok(Some(frame)) = codec.decode(&mut buffer) {
                    black_box(frame);
                    cut += 1;
                }
            }
            assert_eq!(cut, frames);
        }));
    }
}
