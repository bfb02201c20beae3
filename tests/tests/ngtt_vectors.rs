//! NGTT frames as the Python client reads and writes them, in every chunking,
//! and those that it chokes on.

use rand_core::RngCore;
use serde_json::Value as Json;
use wigwag_codec::framer::{FrameReader, Framer, Received, Step};
use wigwag_codec::ngtt::message::{
    BaobRequest, BaobRequestWriter, BaobResponse, LogEntry, Logs, LogsWriter, Measured, Pathpoints,
    PathpointsWriter,
};
use wigwag_codec::ngtt::{Frame, FrameHead, FrameType, HEADER_LEN, NgttFramer};
use wigwag_harness::tagged;
use wigwag_tests::{campaign, vectors};

/// A frame with its payload's bytes.
type Owned = (u16, u16, Vec<u8>);

/// Larger than every payload of the vectors.
const ROOM: usize = 300_000;

/// What a reader with `room` bytes makes of `chunks`, and what is left over.
fn read<'c>(chunks: impl IntoIterator<Item = &'c [u8]>, room: usize) -> (Vec<Owned>, usize) {
    let mut reader = FrameReader::new(NgttFramer::for_buffer(room), vec![0; room]);
    let mut frames = Vec::new();
    for mut chunk in chunks {
        loop {
            chunk = &chunk[reader.push(chunk)..];
            match reader
                .next()
                .expect("NGTT has no frames that cannot be understood")
            {
                Some(Received::Message { meta, body }) => {
                    frames.push((meta.tid, meta.kind.as_u16(), body.to_vec()));
                }
                Some(other) => panic!("{other:?}"),
                None if chunk.is_empty() => break,
                None => {}
            }
        }
    }
    (frames, reader.buffered())
}

#[test]
fn every_frame_in_both_directions() {
    let rows = vectors::rows("ngtt.jsonl");
    assert_eq!(rows.len(), 83);
    for row in &rows {
        let name = vectors::text(row, "name");
        let wire = vectors::hex(row, "hex");
        let payload = vectors::hex(row, "payload_hex");
        let frame = Frame::parse(&wire).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(Json::from(frame.tid), row["tid"], "{name}");
        assert_eq!(Json::from(frame.kind.as_u16()), row["type"], "{name}");
        assert_eq!(frame.kind.name(), vectors::text(row, "type_name"), "{name}");
        assert_eq!(FrameType::from_name(frame.kind.name()), Some(frame.kind));
        assert_eq!(frame.payload, payload, "{name}");
        let directions = (frame.kind.is_to_device(), frame.kind.is_to_server());
        let direction = match directions {
            (true, true) => "both",
            (true, false) => "s2c",
            (false, true) => "c2s",
            (false, false) => "none",
        };
        assert_eq!(direction, vectors::text(row, "direction"), "{name}");
        match frame.real_data() {
            Ok(None) => assert!(payload.is_empty(), "{name}"),
            Ok(Some(value)) if row["has_payload"] == true => {
                assert_eq!(tagged::from_value(value), row["payload"], "{name}");
            }
            // Random bytes may be a value by accident.
            Ok(Some(_)) | Err(_) => {
                assert!(row["payload"].is_null() || name == "PING_payload", "{name}")
            }
        }
        let mut out = vec![0; wire.len()];
        assert_eq!(frame.write(&mut out), Ok(wire.len()), "{name}");
        assert_eq!(out, wire, "{name}");
        assert!(frame.write(&mut out[1..]).is_err(), "{name}: no room");
        written_again(&frame, name);
    }
}

/// What the typed reader and the typed writer make of the payload is the same
/// payload.
fn written_again(frame: &Frame<'_>, name: &str) {
    let room = frame.payload.len();
    let mut out = vec![0; room];
    if !name.contains("_real_") {
        return;
    }
    let length = match frame.kind {
        FrameType::DataStream => rewrite_pathpoints(frame.payload, &mut out),
        FrameType::Logs => rewrite_logs(frame.payload, &mut out),
        FrameType::SyncBaobRequest => {
            let objects = BaobRequest::parse(frame.payload).unwrap();
            let mut writer = BaobRequestWriter::new(&mut out, objects.len()).unwrap();
            for object in objects {
                let (object, version) = object.expect("a name and a version");
                writer.object(object, version).unwrap();
            }
            writer.finish().unwrap()
        }
        FrameType::SyncBaobResponse => {
            let reply = BaobResponse::parse(frame.payload).unwrap();
            let (download, upload): (Vec<_>, Vec<_>) =
                (reply.download().collect(), reply.upload().collect());
            let (download, upload) = (download.into_iter(), upload.into_iter());
            BaobResponse::write(&mut out, download, upload).unwrap()
        }
        _ => return,
    };
    assert_eq!(out[..length], *frame.payload, "{name}");
}

fn rewrite_pathpoints(payload: &[u8], out: &mut [u8]) -> usize {
    let pathpoints = Pathpoints::parse(payload).unwrap();
    let mut writer = PathpointsWriter::new(out, pathpoints.len()).unwrap();
    for pathpoint in pathpoints {
        let path = pathpoint.path().expect("a path");
        writer
            .pathpoint(path, pathpoint.readings().count())
            .unwrap();
        for reading in pathpoint.readings() {
            let at_ms = reading.at_ms.expect("a time");
            match reading.measured {
                Measured::Value(value) => writer.value(at_ms, |encoder| encoder.raw(value)),
                Measured::Failed(failure) => writer.failed(at_ms, failure),
                Measured::Other(value) => panic!("{value:?}"),
            }
            .unwrap();
        }
    }
    writer.finish().unwrap()
}

fn rewrite_logs(payload: &[u8], out: &mut [u8]) -> usize {
    let logs = Logs::parse(payload).unwrap();
    let mut writer = LogsWriter::new(out, logs.len()).unwrap();
    for entry in logs {
        let entry: LogEntry<'_> = entry.expect("a log entry");
        writer.entry(&entry).unwrap();
    }
    writer.finish().unwrap()
}

#[test]
fn the_corpus_is_written_again_byte_for_byte() {
    for name in ["pathpoints_small", "pathpoints_large"] {
        let payload = vectors::bytes(&format!("corpus/{name}.mjson"));
        let mut out = vec![0; payload.len()];
        let length = rewrite_pathpoints(&payload, &mut out);
        assert_eq!(out[..length], payload, "{name}");
    }
    let payload = vectors::bytes("corpus/logs.mjson");
    let mut out = vec![0; payload.len()];
    let length = rewrite_logs(&payload, &mut out);
    assert_eq!(out[..length], payload);
}

#[test]
fn every_stream_in_every_chunking() {
    let rows = vectors::rows("ngtt_stream.jsonl");
    assert_eq!(rows.len(), 24);
    let mut rng = campaign::rng(1);
    for row in &rows {
        let name = vectors::text(row, "name");
        let chunks: Vec<_> = row["chunks"]
            .as_array()
            .unwrap()
            .iter()
            .map(vectors::unhex)
            .collect();
        let frames: Vec<Owned> = row["frames"]
            .as_array()
            .unwrap()
            .iter()
            .map(owned)
            .collect();
        let left = vectors::hex(row, "left").len();
        let expected = (frames, left);
        let stream = chunks.concat();
        assert_eq!(
            read(chunks.iter().map(Vec::as_slice), ROOM),
            expected,
            "{name}: as it came"
        );
        assert_eq!(read([&stream[..]], ROOM), expected, "{name}: at once");
        assert_eq!(
            read(stream.chunks(1), ROOM),
            expected,
            "{name}: byte by byte"
        );
        for _ in 0..20 {
            let mut rest = &stream[..];
            let pieces = core::iter::from_fn(|| {
                let at = (rng.next_u32() as usize % 40).min(rest.len());
                let (piece, behind) = rest.split_at(at);
                rest = behind;
                (at > 0 || !rest.is_empty()).then_some(piece)
            });
            assert_eq!(read(pieces, ROOM), expected, "{name}: at random");
        }
        // The buffer needs to hold no more than the largest frame, which may be
        // the one that is not all there.
        let begun = stream[stream.len() - left..].first_chunk().map(|header| {
            let (_, length) = FrameHead::parse(*header);
            length as usize + HEADER_LEN
        });
        let whole = expected
            .0
            .iter()
            .map(|(_, _, data)| data.len() + HEADER_LEN);
        let room = whole.chain(begun).max().unwrap_or(HEADER_LEN);
        assert_eq!(
            read([&stream[..]], room),
            expected,
            "{name}: in {room} bytes"
        );
    }
}

fn owned(frame: &Json) -> Owned {
    let number = |field: &str| u16::try_from(frame[field].as_u64().unwrap()).unwrap();
    (number("tid"), number("type"), vectors::hex(frame, "data"))
}

#[test]
fn what_the_python_client_chokes_on() {
    let rows = vectors::rows("ngtt_invalid.jsonl");
    assert_eq!(rows.len(), 24);
    for row in &rows {
        let name = vectors::text(row, "name");
        let wire = vectors::hex(row, "hex");
        let advice = vectors::text(row, "recommended");
        let step = NgttFramer::new(1000).decode(&wire).unwrap();
        if advice.starts_with("need more data") {
            let over_the_limit = advice.contains("configured limit");
            match step {
                Step::Need(needed) => assert!(needed > wire.len() && needed <= 1008, "{name}"),
                // Over the limit: its head is known, its body is skipped.
                Step::Head { body_len, .. } => assert!(over_the_limit && body_len > 1000, "{name}"),
                other => panic!("{name}: {other:?}"),
            }
            assert!(Frame::parse(&wire).is_err(), "{name}: not a whole frame");
        } else {
            // Accepted, or skipped exactly: the frame behind it is read.
            let behind = Frame::empty(FrameType::Ping, 77);
            let mut stream = wire.clone();
            stream.extend(
                FrameHead {
                    tid: 77,
                    kind: FrameType::Ping,
                }
                .header(0),
            );
            let (frames, left) = read(stream.chunks(3), 64);
            assert_eq!((frames.len(), left), (2, 0), "{name}");
            assert_eq!(frames[1], (behind.tid, 0, Vec::new()), "{name}");
            let unknown = matches!(FrameType::from_u16(frames[0].1), FrameType::Unknown(_));
            assert_eq!(unknown, !advice.starts_with("accept"), "{name}");
        }
    }
}

/// Frames over the limit, streamed or skipped, leave the stream in step in every
/// chunking.
#[test]
fn frames_over_the_limit_do_not_disturb_their_neighbours() {
    let sizes = [0, 1, 56, 57, 58, 200, 5, 1000, 56];
    let mut stream = Vec::new();
    for (tid, size) in sizes.iter().enumerate() {
        let head = FrameHead {
            tid: tid as u16,
            kind: FrameType::Order,
        };
        stream.extend(head.header(*size as u32));
        stream.extend((0..*size).map(|at| (at + tid) as u8));
    }
    let body = |tid: usize| -> Vec<u8> { (0..sizes[tid]).map(|at| (at + tid) as u8).collect() };
    for chunk in [1, 2, 7, 64, 5000] {
        for streams in [false, true] {
            let mut reader = FrameReader::new(NgttFramer::for_buffer(64), [0; 64]);
            let (mut whole, mut heads) = (Vec::new(), Vec::<(usize, usize)>::new());
            let mut parts = Vec::<Vec<u8>>::new();
            let mut streaming = false;
            for mut chunk in stream.chunks(chunk) {
                loop {
                    chunk = &chunk[reader.push(chunk)..];
                    if streaming {
                        if let Some(part) = reader.part(1, usize::MAX).unwrap() {
                            assert_eq!(usize::from(part.meta.tid), heads.last().unwrap().0);
                            parts.last_mut().unwrap().extend(part.data);
                            streaming = !part.end_of_message;
                        } else if chunk.is_empty() {
                            break;
                        }
                        continue;
                    }
                    match reader.next().unwrap() {
                        Some(Received::Message { meta, body }) => {
                            whole.push((meta.tid, body.to_vec()));
                        }
                        Some(Received::Oversized { meta, body_len }) => {
                            heads.push((usize::from(meta.tid), body_len));
                            parts.push(Vec::new());
                            streaming = streams;
                        }
                        Some(Received::Endless { .. }) => panic!("every frame has an end"),
                        None if chunk.is_empty() => break,
                        None => {}
                    }
                }
            }
            let small = (0..sizes.len()).filter(|tid| sizes[*tid] <= 56);
            let small: Vec<_> = small.map(|tid| (tid as u16, body(tid))).collect();
            assert_eq!(whole, small, "chunks of {chunk}");
            assert_eq!(heads, [(3, 57), (4, 58), (5, 200), (7, 1000)]);
            for ((tid, _), part) in heads.iter().zip(&parts) {
                assert_eq!(*part, if streams { body(*tid) } else { Vec::new() });
            }
            assert!(reader.at_boundary());
        }
    }
}
