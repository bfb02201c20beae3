//! The writer: sizes, limits, and nothing outside its place.

use wigwag_codec::ncp::{
    Header, Ident, MAX_WORDS, NcpErrorKind, Packet, PacketWriter, Time, Value, packet,
};

/// A field's header, a parameter's, a packet's and its footer.
const AROUND: usize = 12 + 8 + 40;

#[test]
fn sizes_are_written_for_every_field_as_it_grows() {
    let mut place = [0xee; 256];
    let writer = packet(&mut place, "DSPC").id(9).at(Time::from_secs(5));
    let writer = writer.from(*b"node").field("NONE");
    let writer = writer.numbered_field("TIME", 7).param("SAMP", 1024);
    let writer = writer
        .param("NAME", "four")
        .numbered_field("LAST", u32::MAX);
    let wire = writer.finish().unwrap();
    let mut wanted = b"\xdd\xcc\xbb\xaaDSPC".to_vec();
    wanted.extend([26, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0]);
    wanted.extend(b"node");
    wanted.extend(b"NONE\x03\0\0\0\0\0\0\0");
    wanted.extend(b"TIME\x0a\0\0\0\x07\0\0\0");
    wanted.extend(b"SAMP\x03\0\0\0\0\x04\0\0");
    wanted.extend(b"NAME\x04\0\0\x02four\0\0\0\0");
    wanted.extend(b"LAST\x03\0\0\0\xff\xff\xff\xff");
    wanted.extend(b"\0\0\0\0\xaa\xbb\xcc\xdd");
    assert_eq!(wire.len(), 4 * 26);
    assert_eq!(wire, wanted);
    assert!(place[4 * 26..].iter().all(|byte| *byte == 0xee));
}

#[test]
fn what_filled_the_place_before_is_not_sent() {
    let mut place = [0xee; 128];
    let wire = packet(&mut place, "TEST")
        .field("FIEL")
        .param("RAW", b"x")
        .param("TEXT", "abcde")
        .param("ODD", &[1_u16])
        .finish()
        .unwrap();
    assert!(!wire.contains(&0xee));
}

#[test]
fn names_that_were_received_are_written_as_they_were() {
    let odd = [*b"a b ", [0xe9, 0, b'x', 0], [0; 4]].map(Ident::from_wire);
    let mut place = [0; 128];
    let wire = PacketWriter::new(&mut place, Header::new(odd[0]))
        .field_as(odd[1], 3)
        .param_as(odd[2], 4)
        .finish()
        .unwrap();
    let packet = Packet::decode(wire).unwrap();
    let field = packet.fields().next().unwrap();
    let param = field.params().next().unwrap();
    let bytes = [packet.kind(), field.name, param.name].map(Ident::bytes);
    assert_eq!(bytes, odd.map(Ident::bytes));
    assert_eq!((field.id, param.value()), (3, Ok(Value::I32(4))));
}

#[test]
fn a_parameter_needs_a_field_and_nothing_is_written_behind_a_fault() {
    let mut place = [0xee; 128];
    let writer = PacketWriter::new(&mut place, Header::new(Ident::LINK));
    let refused = writer.param_as(Ident::LINK, 1).field("A").param("B", 1);
    assert_eq!(refused.finish().unwrap_err().kind, NcpErrorKind::NoField);
    assert!(place.iter().all(|byte| *byte == 0xee));
    let refused = packet(&mut place, "link").field("A").param("B", "\0");
    let error = refused.finish().unwrap_err();
    assert!(matches!(
        (error.kind, error.offset),
        (NcpErrorKind::Ident(_), 4)
    ));
    assert!(place.iter().all(|byte| *byte == 0xee));
}

#[test]
fn every_room_is_enough_or_refused_and_nothing_behind_it_is_touched() {
    let write = |place: &mut [u8]| {
        let writer = packet(place, "TEST").field("A").param("B", "text");
        let writer = writer.param("C", &[1_u64, 2]).field("D");
        writer.finish().map(<[u8]>::len)
    };
    let mut place = [0xee; 256];
    let length = write(&mut place).unwrap();
    for room in 0..256 {
        place.fill(0xee);
        let written = write(&mut place[..room]);
        assert!(place[room.min(length)..].iter().all(|byte| *byte == 0xee));
        match written {
            Ok(found) => assert!(room >= length && found == length),
            Err(error) => {
                assert!(room < length);
                assert_eq!(error.kind, NcpErrorKind::NoSpace);
            }
        }
    }
}

#[test]
fn a_field_has_at_most_24_bits_of_words() {
    let largest = vec![7; 4 * MAX_WORDS - 12 - 8];
    let mut place = vec![0; largest.len() + AROUND + 12];
    let filled = packet(&mut place, "TEST")
        .field("FIEL")
        .param("DATA", &largest[..]);
    let wire = filled.finish().unwrap();
    assert_eq!(wire[36..40], [0xff, 0xff, 0xff, 0]);
    let field = Packet::decode(wire).unwrap().field("FIEL").unwrap();
    assert_eq!(field.get("DATA"), Ok(Some(Value::Raw(&largest))));
    // A word more, in another parameter of the same field.
    let filled = packet(&mut place, "TEST")
        .field("FIEL")
        .param("DATA", &largest[..]);
    let error = filled.param("MORE", &b""[..]).finish().unwrap_err();
    assert_eq!(error.kind, NcpErrorKind::TooLarge);
    // Another field has its own.
    let filled = packet(&mut place, "TEST")
        .field("FIEL")
        .param("DATA", &largest[..]);
    assert!(filled.field("NEXT").finish().is_ok());
}
