//! The framer: limits, whatever the buffer, and what it puts around a body.

use wigwag_codec::framer::{FrameErrorKind, FrameReader, Framer, Received, Step, write};
use wigwag_codec::ncp::{Header, Ident, NcpFramer, Packet, Time, packet};

/// A packet of so many bytes, 60 or more.
fn packet_of(length: usize) -> Vec<u8> {
    let mut place = vec![0; length];
    let value = vec![7_u8; length - 60];
    let writer = packet(&mut place, "DSPC").field("FIEL");
    let wire = writer.param("DATA", &value[..]).finish().unwrap();
    assert_eq!(wire.len(), length);
    place
}

/// What a reader with this framer and so large a buffer makes of a packet of 128
/// bytes and one of 64 behind it, a byte at a time.
fn read(framer: NcpFramer, buffer: usize) -> Result<Vec<usize>, FrameErrorKind> {
    let mut reader = FrameReader::new(framer, vec![0; buffer]);
    let mut lengths = Vec::new();
    for byte in [packet_of(128), packet_of(64)].concat() {
        assert_eq!(reader.push(&[byte]), 1);
        while let Some(received) = reader.next().map_err(|error| error.kind)? {
            match received {
                Received::Message { meta, body } => {
                    assert!(Packet::from_parts(meta, body).is_ok());
                    lengths.push(body.len() + 40);
                }
                Received::Oversized { body_len, .. } => lengths.push(body_len),
                other => panic!("{other:?}"),
            }
        }
    }
    Ok(lengths)
}

#[test]
fn a_packet_fits_the_limit_and_the_buffer_or_is_told() {
    assert_eq!(read(NcpFramer::for_buffer(128), 128), Ok(vec![128, 64]));
    assert_eq!(read(NcpFramer::default(), 1 << 16), Ok(vec![128, 64]));
    // Over the limit: told by the length of its body, and the next one comes.
    assert_eq!(read(NcpFramer::for_buffer(127), 127), Ok(vec![88, 64]));
    // Within the limit but not in the buffer: a mistake of ours, told as such.
    let needed = FrameErrorKind::BufferTooSmall {
        needed: 128,
        capacity: 127,
    };
    assert_eq!(read(NcpFramer::default(), 127), Err(needed));
}

#[test]
fn a_body_gets_a_header_and_a_footer() {
    let mut header = Header::new(Ident::LINK);
    header.time = Time::new(5, 6).unwrap();
    header.info = *b"node";
    let body = &packet_of(64)[32..56];
    let mut out = [0; 64];
    let mut framer = NcpFramer::new(64);
    assert_eq!(write(&mut framer, &header, body, &mut out), Ok(64));
    let packet = Packet::decode(&out).unwrap();
    assert_eq!(*packet.header(), header);
    assert_eq!(packet.fields().count(), 1);
    // Too large for the limit, no whole words, no room.
    for (limit, length, room) in [(60, 24, 64), (64, 23, 64), (64, 24, 63)] {
        let mut framer = NcpFramer::new(limit);
        let written = write(&mut framer, &header, &body[..length], &mut out[..room]);
        assert!(written.is_err(), "{limit} {length} {room}");
    }
}

#[test]
fn the_limit_can_be_raised_when_a_peer_has_proved_something() {
    let wire = packet_of(128);
    let mut framer = NcpFramer::new(64);
    assert!(matches!(framer.decode(&wire), Ok(Step::Head { .. })));
    framer.set_limit(128);
    let whole = framer.decode(&wire);
    assert!(matches!(whole, Ok(Step::Frame { consumed: 128, .. })));
}
