#![no_main]
//! However a stream of NCP packets is cut, the same packets come out; a packet
//! over the limit is told when its header is there, and never buffered.

use libfuzzer_sys::fuzz_target;
use wigwag_codec::framer::{FrameReader, Framer, Received, Step, write};
use wigwag_codec::ncp::{Header, NcpFramer, Packet};
use wigwag_codec_fuzz::ncp_packet;

/// Bytes of the buffer, and the most that a packet may have.
const ROOM: usize = 128;

/// What came out: a packet's header and what stands between it and the footer,
/// or only how long that was.
type Out = (Header, Result<Vec<u8>, usize>);

/// Whether the stream failed, and what came out before.
fn read(stream: &[u8], cuts: &[u8]) -> (bool, Vec<Out>) {
    let mut reader = FrameReader::new(NcpFramer::new(ROOM), [0; ROOM]);
    let mut out = Vec::new();
    let mut cuts = cuts.iter().cycle();
    let mut rest = stream;
    while !rest.is_empty() {
        let cut = cuts.next().map_or(rest.len(), |cut| usize::from(*cut) + 1);
        let (mut chunk, behind) = rest.split_at(cut.min(rest.len()));
        rest = behind;
        loop {
            chunk = &chunk[reader.push(chunk)..];
            match reader.next() {
                Err(_) => return (true, out),
                Ok(None) if chunk.is_empty() => break,
                Ok(None) => {}
                Ok(Some(Received::Message { meta, body })) => {
                    assert!(body.len() + 40 <= ROOM);
                    out.push((meta, Ok(body.to_vec())));
                }
                Ok(Some(Received::Oversized { meta, body_len })) => {
                    assert!(body_len + 40 > ROOM);
                    out.push((meta, Err(body_len)));
                }
                Ok(Some(_)) => panic!("nothing else comes out"),
            }
        }
    }
    (false, out)
}

fuzz_target!(|input: (&[u8], u8, &[u8])| {
    let (cuts, sound, bytes) = input;
    // Sound packets of these bytes first, so that what follows is reached.
    let (fields, behind) = bytes.split_at(usize::from(sound).min(bytes.len()));
    let mut stream: Vec<u8> = fields.chunks(100).flat_map(ncp_packet).collect();
    stream.extend(behind);
    let stream = &stream[..];
    let whole = read(stream, &[]);
    assert_eq!(read(stream, &[0]), whole);
    assert_eq!(read(stream, cuts), whole);

    // The header and the view say the same of the first.
    let mut framer = NcpFramer::new(usize::MAX);
    match framer.decode(stream) {
        Ok(Step::Need(needed)) => assert!(needed > stream.len()),
        Ok(Step::Frame {
            meta,
            body,
            consumed,
        }) => {
            let body = &stream[body];
            let parts = Packet::from_parts(meta, body).map(|packet| packet.fields().count());
            let view = Packet::decode_prefix(stream).map(|(packet, length)| {
                assert_eq!(length, consumed);
                packet.fields().count()
            });
            assert_eq!(parts, view);
            // And around the same body comes the same packet, but for what
            // nobody looks at: version and checksum.
            let mut again = vec![0; consumed];
            assert_eq!(write(&mut framer, &meta, body, &mut again), Ok(consumed));
            assert_eq!(again[32..consumed - 8], *body);
            for kept in [0..16, 20..32, consumed - 4..consumed] {
                assert_eq!(again[kept.clone()], stream[kept]);
            }
        }
        Ok(other) => panic!("{other:?}"),
        Err(error) => {
            let found = Packet::decode_prefix(stream).expect_err("it is no packet");
            // Less than a header is not looked at by the view.
            assert!(
                stream.len() < 32 || found.offset == error.offset,
                "{error} {found}"
            );
        }
    }
});
