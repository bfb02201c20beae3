//! NCP packets as ncplib reads and writes them, and those that it chokes on.

use serde_json::{Value as Json, json};
use wigwag_codec::framer::{FrameReader, Framer, Received, Step};
use wigwag_codec::ncp::{
    Header, Ident, NcpFramer, NcpWarningKind, Packet, PacketWriter, Time, Value, packet,
};
use wigwag_harness::tagged;
use wigwag_tests::vectors;

/// A packet as the vectors have it, or what is wrong with one of its values.
fn written(packet: &Packet<'_>) -> Result<Json, String> {
    let mut json = tagged::ncp::from_packet(packet).map_err(|error| error.to_string())?;
    // ncplib keeps microseconds.
    json["nanos"] = json!(packet.header().time.nanos() / 1000 * 1000);
    Ok(json)
}

/// The same packet, written anew.
fn rewritten(packet: &Packet<'_>, place: &mut [u8]) -> Vec<u8> {
    let mut writer = PacketWriter::new(place, *packet.header());
    for field in packet.fields() {
        writer = writer.numbered_field(&field.name.to_string(), field.id);
        for param in field.params() {
            writer = writer.param(&param.name.to_string(), param.value().unwrap());
        }
    }
    writer.finish().unwrap().to_vec()
}

#[test]
fn every_packet_of_the_vectors_is_read_and_written() {
    let rows = vectors::rows("ncp.jsonl");
    assert_eq!(rows.len(), 201);
    let mut place = vec![0xaa; 1 << 20];
    let mut written_again = 0;
    for row in &rows {
        let name = vectors::text(row, "name");
        let wire = vectors::hex(row, "hex");
        let packet = Packet::decode(&wire).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(written(&packet).as_ref(), Ok(&row["decoded"]), "{name}");
        assert_eq!(packet.warnings().count(), 0, "{name}");
        let can_be_sent = |ident: Ident| Ident::new(&ident.to_string()).is_ok();
        let names_can = packet.fields().all(|field| {
            can_be_sent(field.name) && field.params().all(|param| can_be_sent(param.name))
        });
        if row["roundtrip"] == true && names_can {
            written_again += 1;
            assert_eq!(rewritten(&packet, &mut place), wire, "{name}");
        }
    }
    assert!(written_again > 150, "{written_again}");
}

#[test]
fn a_large_sweep_of_a_node_is_read() {
    let wire = vectors::bytes("corpus/ncp_sweep.ncp");
    let expected: Json =
        serde_json::from_slice(&vectors::bytes("corpus/ncp_sweep.tagged.json")).unwrap();
    let packet = Packet::decode(&wire).unwrap();
    assert_eq!(written(&packet).unwrap(), expected);
    let mut place = vec![0; wire.len()];
    assert_eq!(rewritten(&packet, &mut place), wire);
}

#[test]
fn what_ncplib_chokes_on_is_refused_or_told() {
    let rows = vectors::rows("ncp_invalid.jsonl");
    assert_eq!(rows.len(), 74);
    for row in &rows {
        let name = vectors::text(row, "name");
        let wire = vectors::hex(row, "hex");
        let outcome = Packet::decode(&wire)
            .map_err(|error| error.to_string())
            .and_then(|packet| written(&packet).map(|json| (packet, json)));
        match vectors::text(row, "recommended") {
            // A field without parameters, and behind it what was one: twelve
            // bytes that are a field as good as any.
            "reject" if name == "field_size_3_with_params" => {
                let (packet, _) = outcome.unwrap_or_else(|error| panic!("{name}: {error}"));
                let sizes: Vec<_> = packet
                    .fields()
                    .map(|field| field.params().count())
                    .collect();
                assert_eq!(sizes, [0, 0], "{name}");
            }
            "reject" => assert!(outcome.is_err(), "{name}"),
            policy if policy.starts_with("policy: keep raw bytes") => {
                let (packet, _) = outcome.unwrap_or_else(|error| panic!("{name}: {error}"));
                let unknown = packet
                    .fields()
                    .flat_map(|field| field.params())
                    .find_map(|param| match param.value().unwrap() {
                        Value::Unknown { kind, bytes } => Some((kind, bytes.to_vec())),
                        _ => None,
                    });
                let (kind, bytes) = unknown.expect(name);
                let warnings: Vec<_> = packet.warnings().collect();
                assert_eq!(warnings.len(), 1, "{name}");
                assert_eq!(
                    warnings[0].kind,
                    NcpWarningKind::UnknownType(kind),
                    "{name}"
                );
                let at = warnings[0].offset + 8;
                assert_eq!(bytes, wire[at..at + bytes.len()], "{name}");
            }
            policy if policy.starts_with("should tolerate") => {
                let (packet, _) = outcome.unwrap_or_else(|error| panic!("{name}: {error}"));
                let warnings: Vec<_> = packet.warnings().collect();
                assert_eq!(warnings.len(), 1, "{name}");
                assert_eq!(warnings[0].kind, NcpWarningKind::EmbeddedFooter, "{name}");
                let at = warnings[0].offset;
                assert_eq!(
                    wire[at..at + 8],
                    [0, 0, 0, 0, 0xaa, 0xbb, 0xcc, 0xdd],
                    "{name}"
                );
                let behind = packet.fields().filter(|field| field.offset > at).count();
                assert!(behind > 0, "{name}: what stands behind it is read");
            }
            other => panic!("{name}: {other}"),
        }
    }
}

/// Whether `Value`'s number is refused is a matter of types: what is left can be
/// said with values that exist.
#[test]
fn what_cannot_be_sent_is_refused_and_nothing_is_half_written() {
    let rows = vectors::rows("ncp_encode_errors.jsonl");
    assert_eq!(rows.len(), 10);
    // Out of the range of i32, u32, f32, a packet id or a time; None; and an
    // array of a type that ncplib forgot, which is sent here.
    let not_to_be_said = [
        "i32_overflow",
        "u32_negative",
        "u32_big",
        "f32_overflow",
        "none",
        "id_2pow32",
        "pre_1970",
        "year_2106_plus",
    ];
    let mut place = [0; 128];
    for row in &rows {
        match vectors::text(row, "name") {
            name if not_to_be_said.contains(&name) => {}
            "array_q" => {
                let wire = packet(&mut place, "P").field("F").param("V", &[1_i64][..]);
                let wire = wire.finish().unwrap();
                let value = Packet::decode(wire).unwrap().field("F").unwrap().param("V");
                let Ok(Value::I64s(array)) = value.unwrap().value() else {
                    panic!("not an array");
                };
                assert!(array.iter().eq([1]));
            }
            "param_2pow24_words" => {
                let large = vec![0; 4 * 0x100_0000];
                let error = packet(&mut place, "P")
                    .field("F")
                    .param("V", &large[..])
                    .finish();
                assert_eq!(
                    error.unwrap_err().to_string(),
                    "at byte 44: a field has more than 67,108,860 bytes"
                );
            }
            other => panic!("{other}"),
        }
    }
}

#[test]
fn every_prefix_and_every_changed_byte_ends_cleanly() {
    let rows = vectors::rows("ncp.jsonl");
    for row in rows
        .iter()
        .filter(|row| vectors::text(row, "hex").len() < 1000)
    {
        let wire = vectors::hex(row, "hex");
        let mut framer = NcpFramer::new(4096);
        for length in 0..wire.len() {
            let prefix = &wire[..length];
            assert!(Packet::decode(prefix).is_err());
            match framer.decode(prefix) {
                Ok(Step::Need(needed)) => assert!(needed > length && needed <= wire.len()),
                other => panic!("{other:?}"),
            }
        }
        for at in 0..wire.len() {
            for bit in 0..8 {
                let mut changed = wire.clone();
                changed[at] ^= 1 << bit;
                let steps = Packet::decode(&changed).map_or(0, |packet| {
                    let params = packet.fields().flat_map(|field| field.params());
                    params.filter(|param| param.value().is_ok()).count() + packet.warnings().count()
                });
                assert!(steps <= wire.len());
            }
        }
    }
}

#[test]
fn packets_come_out_of_a_stream_in_any_chunking_and_large_ones_are_told() {
    let rows = vectors::rows("ncp.jsonl");
    let wires: Vec<_> = rows.iter().map(|row| vectors::hex(row, "hex")).collect();
    let stream: Vec<u8> = wires.concat();
    for chunk in [1, 7, 512, 100_000] {
        let mut reader = FrameReader::new(NcpFramer::new(4096), vec![0; 4096]);
        let (mut found, mut large) = (0, 0);
        for mut bytes in stream.chunks(chunk) {
            while !bytes.is_empty() {
                bytes = &bytes[reader.push(bytes)..];
                while let Some(received) = reader.next().unwrap() {
                    match received {
                        Received::Message { meta, body } => {
                            let packet = Packet::from_parts(meta, body).unwrap();
                            let whole = Packet::decode(&wires[found + large]).unwrap();
                            assert_eq!(written(&packet), written(&whole));
                            found += 1;
                        }
                        Received::Oversized { body_len, .. } => {
                            assert_eq!(wires[found + large].len(), body_len + 40);
                            large += 1;
                        }
                        other => panic!("{other:?}"),
                    }
                }
            }
        }
        assert_eq!(found + large, wires.len());
        assert!(large > 0 || wires.iter().all(|wire| wire.len() <= 4096));
    }
    // Sixteen gigabytes are announced, and nothing is kept.
    let mut giant = *b"\xdd\xcc\xbb\xaaLINK\xff\xff\xff\xff....\x01\0\0\0........INFO";
    giant[24..28].fill(0);
    let step = NcpFramer::new(4096).decode(&giant);
    let announced = |step: &Step<Header>| {
        matches!(step, Step::Head { body_len, .. }
        if *body_len == 0xffff_ffff * 4 - 40)
    };
    assert!(step.as_ref().is_ok_and(announced), "{step:?}");
}

#[test]
fn a_writer_tells_the_first_thing_that_is_wrong() {
    let refused = |place: &mut [u8], write: fn(PacketWriter<'_>) -> PacketWriter<'_>| {
        write(packet(place, "DSPC"))
            .finish()
            .unwrap_err()
            .to_string()
    };
    let mut place = [0; 128];
    for (message, write) in [
        (
            "at byte 32: a name has upper-case letters and digits only",
            (|w| w.field("time").param("", 1)) as fn(PacketWriter<'_>) -> PacketWriter<'_>,
        ),
        ("at byte 44: a name has one to four characters", |w| {
            w.field("A").param("SWEEP", 1)
        }),
        ("at byte 32: a parameter stands in a field", |w| {
            w.param("A", 1).field("a")
        }),
        ("at byte 44: a string with a NUL would end there", |w| {
            w.field("A").param("B", "a\0b")
        }),
    ] {
        assert_eq!(refused(&mut place, write), message);
    }
    // Every place that is too small is refused, and the first that is not holds
    // all of it.
    let complete = |place: &mut [u8]| {
        packet(place, "DSPC")
            .field("TIME")
            .param("SAMP", 1024)
            .finish()
            .map(<[u8]>::len)
    };
    for room in 0..64 {
        assert!(complete(&mut vec![0; room]).is_err(), "{room}");
    }
    assert_eq!(complete(&mut [0; 64]), Ok(64));
    assert!(packet(&mut place, "").finish().is_err());
    assert_eq!(Time::new(0, 1_000_000_000), None);
}
