use super::table::Tag;
use super::*;

/// rzCOBS, as the device writes it, with the zero behind it.
fn encode(data: &[u8]) -> Vec<u8> {
    let (mut out, mut run, mut zeros) = (Vec::new(), 0u8, 0u8);
    for &byte in data {
        if run < 7 {
            if byte == 0 {
                zeros |= 1 << run;
            } else {
                out.push(byte);
            }
            run += 1;
            if run == 7 && zeros != 0 {
                out.push(zeros);
                (run, zeros) = (0, 0);
            }
        } else if byte == 0 {
            out.push((run - 7) | 0x80);
            (run, zeros) = (0, 0);
        } else {
            out.push(byte);
            run += 1;
            if run == 134 {
                out.push(0xff);
                (run, zeros) = (0, 0);
            }
        }
    }
    match run {
        0 => {}
        1..7 => out.push((zeros | 0xffu8.wrapping_shl(run.into())) & 0x7f),
        _ => out.push((run - 7) | 0x80),
    }
    out.push(0);
    out
}

/// The format strings of the tests, from 1 on; all lines at level info.
fn reader(timestamp: Option<&str>, messages: &[&str], parts: &[&str]) -> LogReader {
    let info = Tag::Message(Some(Level::Info));
    let messages = messages.iter().map(|format| (info, *format));
    let parts = parts.iter().map(|format| (Tag::Part, *format));
    let entries: Vec<(u16, Tag, &str)> = (1..)
        .zip(messages.chain(parts))
        .map(|(index, (tag, format))| (index, tag, format))
        .collect();
    LogReader::with(Table::of(timestamp, &entries))
}

fn lines(reader: &mut LogReader, bytes: &[u8]) -> Vec<Line> {
    let mut lines = Vec::new();
    reader.push(bytes, |line| lines.push(line));
    lines
}

/// The text of message 1 with these arguments.
fn text(format: &str, parts: &[&str], arguments: &[u8]) -> String {
    let mut reader = reader(None, &[format], parts);
    let frame = [&[1, 0], arguments].concat();
    let mut lines = lines(&mut reader, &encode(&frame));
    assert_eq!(lines.len(), 1, "{lines:?}");
    lines.remove(0).text
}

#[test]
fn a_line_has_its_time_level_crate_and_text() {
    let mut reader = reader(Some("{=u64:us}"), &["got {=u8} of {=str}"], &[]);
    let mut frame = vec![1, 0];
    frame.extend(1_234_567u64.to_le_bytes());
    frame.extend([7, 3, 0, 0, 0]);
    frame.extend(b"ten");
    let lines = lines(&mut reader, &encode(&frame));
    let line = Line {
        time: Some(Duration::from_micros(1_234_567)),
        level: Some(Level::Info),
        target: "app".into(),
        text: "got 7 of ten".into(),
    };
    assert_eq!(lines, [line]);
    let shown = lines[0].to_string();
    assert_eq!(shown, "   1.234567 s  info   app  got 7 of ten");
}

#[test]
fn milliseconds_are_told_from_microseconds() {
    for (hint, time) in [("us", 5), ("ms", 5_000), ("ts", 5_000_000), ("tms", 5_000)] {
        let mut reader = reader(Some(&format!("{{=u32:{hint}}}")), &["x"], &[]);
        let lines = lines(&mut reader, &encode(&[1, 0, 5, 0, 0, 0]));
        assert_eq!(lines[0].time, Some(Duration::from_micros(time)), "{hint}");
    }
}

#[test]
fn every_kind_of_argument_is_read() {
    assert_eq!(text("{=bool} {=bool}", &[], &[0, 1]), "false true");
    assert_eq!(text("{=i8} {=i16}", &[], &[0xff, 0xfe, 0xff]), "-1 -2");
    assert_eq!(
        text("{=u64}", &[], &u64::MAX.to_le_bytes()),
        "18446744073709551615"
    );
    assert_eq!(
        text("{=i128}", &[], &i128::MIN.to_le_bytes()),
        i128::MIN.to_string()
    );
    assert_eq!(text("{=f32}", &[], &21.5f32.to_le_bytes()), "21.5");
    assert_eq!(text("{=f64}", &[], &0.1f64.to_le_bytes()), "0.1");
    assert_eq!(text("{=char}", &[], &u32::from('é').to_le_bytes()), "é");
    assert_eq!(text("{=[u8]}", &[], &[2, 0, 0, 0, 9, 8]), "[9, 8]");
    assert_eq!(text("{=[u8; 2]:02x}", &[], &[9, 0xab]), "[09, ab]");
    assert_eq!(text("{=[u8; 3]:a}", &[], b"a\"\n"), r#"b"a\"\n""#);
    assert_eq!(text("{=istr}!", &["interned"], &[2, 0]), "interned!");
    assert_eq!(text("{=__internal_Display}.", &[], b"shown\xff"), "shown.");
    assert_eq!(
        text(
            "{=usize} {=isize}",
            &[],
            &[1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]
        ),
        "1 -1"
    );
}

#[test]
fn hints_say_how_numbers_are_shown() {
    assert_eq!(text("{=u8:x} {=u8:#04X}", &[], &[0xab, 0xc]), "ab 0x0C");
    assert_eq!(text("{=u8:b} {=u8:#010b}", &[], &[5, 5]), "101 0b00000101");
    assert_eq!(text("{=u8:o}", &[], &[8]), "10");
    assert_eq!(text("{=i8:x}", &[], &[0xff]), "ff");
    assert_eq!(
        text("{=u32:us}", &[], &1_000_001u32.to_le_bytes()),
        "1.000001"
    );
    assert_eq!(text("{=str:?}", &[], b"\x02\0\0\0a\"").as_str(), r#""a\"""#);
    assert_eq!(text("{=u16:05}", &[], &[7, 0]), "00007");
    // The width is a format string's: no reason to believe it.
    let wide = text("{=u8:0999999999999}", &[], &[7]);
    assert_eq!(wide.len(), 128);
}

#[test]
fn values_in_values_take_the_hint_of_their_place() {
    let point = "Point {{ x: {=i16}, name: {=str:?} }}";
    let bytes = [&[2, 0, 10, 0], &b"\x01\0\0\0p"[..]].concat();
    assert_eq!(
        text("at {=?}", &[point], &bytes),
        "at Point { x: 10, name: \"p\" }"
    );
    assert_eq!(
        text("at {=?:x}", &[point], &bytes),
        "at Point { x: a, name: \"p\" }"
    );
    // An enum: the number of the variant, then what it holds.
    let variants = "Idle|Waiting({=u8})|Up";
    assert_eq!(text("{=?}", &[variants], &[2, 0, 1, 9]), "Waiting(9)");
    assert_eq!(text("{=?}", &[variants], &[2, 0, 2]), "Up");
    assert_eq!(
        text("{=[?]}", &[variants], &[3, 0, 0, 0, 2, 0, 0, 1, 9, 2]),
        "[Idle, Waiting(9), Up]"
    );
    let sequence = "{=__internal_FormatSequence}";
    assert_eq!(
        text(sequence, &["a", "{=u8}"], &[2, 0, 3, 0, 7, 0, 0]),
        "a7"
    );
}

#[test]
fn arguments_may_be_shown_twice_and_out_of_order() {
    assert_eq!(text("{1=u8} {0=u8} {1=u8}", &[], &[1, 2]), "2 1 2");
    assert_eq!(text("{0=0..4} {0=4..8}", &[], &[0x5a]), "10 5");
    // Bits above the first byte: only the bytes that hold them are sent.
    assert_eq!(text("{0=8..12:x}", &[], &[0x5a]), "a");
}

#[test]
fn a_log_in_pieces_is_the_same_log() {
    let mut bytes = encode(&[1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    bytes.extend(encode(&[&[2, 0][..], &[1; 300]].concat()));
    bytes.extend(encode(&[1, 0, 9, 0, 0, 0, 0, 0, 0, 0]));
    let make = || reader(None, &["n {=u64}", "{=[u8; 300]}"], &[]);
    let whole = lines(&mut make(), &bytes);
    assert_eq!(whole.len(), 3);
    assert_eq!((&*whole[0].text, &*whole[2].text), ("n 0", "n 9"));
    assert_eq!(whole[1].text.matches("1").count(), 300);
    for at in 0..=bytes.len() {
        let mut reader = make();
        let mut pieces = lines(&mut reader, &bytes[..at]);
        pieces.extend(lines(&mut reader, &bytes[at..]));
        assert_eq!(pieces, whole, "cut at {at}");
    }
}

#[test]
fn what_makes_no_sense_is_a_line_that_says_so() {
    let parts = ["{=?}", "", "{=[?]}"];
    let messages = ["{=?}", "{=[?]}", "{=str}", "{=bool}", "{=char}"];
    let mut reader = reader(None, &messages, &parts);
    let endless: Vec<u8> = [&[1, 0][..], &[6, 0].repeat(1000)].concat();
    let cases: [&[u8]; 9] = [
        &[],                                   // no index
        &[99, 0],                              // an index of nothing
        &[6, 0],                               // one of a part, not of a line
        &endless,                              // nested for ever
        &[2, 0, 0xff, 0xff, 0xff, 0xff, 7, 0], // four billion values of no bytes
        &[3, 0, 0xff, 0xff, 0xff, 0x7f, 1],    // longer than the frame
        &[3, 0, 1, 0, 0, 0, 0xff],             // no UTF-8
        &[4, 0, 2],                            // no bool
        &[5, 0, 0, 0xd8, 0, 0],                // no char
    ];
    for (number, frame) in cases.iter().enumerate() {
        // An empty frame is none; this one is a control byte without its bytes.
        let bytes = if frame.is_empty() {
            vec![0x41, 0x02, 0]
        } else {
            encode(frame)
        };
        let lines = lines(&mut reader, &bytes);
        assert_eq!(lines.len(), 1, "case {number}");
        let odd = lines[0].text.contains("makes no sense") && lines[0].level.is_none();
        assert!(odd, "case {number}: {:?}", lines[0]);
    }
    // And the next line is read as if nothing had been.
    let good = lines(&mut reader, &encode(&[4, 0, 1]));
    assert_eq!(good[0].text, "true");
}

#[test]
fn any_bytes_are_lines_or_nothing() {
    use rand_core::{RngCore, SeedableRng};
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    let messages = [
        "{=?} {=[u8]} {=[?]}",
        "{=__internal_FormatSequence}",
        "{=istr}",
    ];
    let mut reader = reader(
        Some("{=u64:us}"),
        &messages,
        &["{=?}|{=[?]}", "x{=u8:#04x}"],
    );
    for _ in 0..20_000 {
        let mut bytes = vec![0; (rng.next_u32() % 64) as usize];
        rng.fill_bytes(&mut bytes);
        // Small numbers are the ones that mean something.
        bytes.iter_mut().for_each(|byte| *byte %= 12);
        let mut framed = encode(&bytes);
        framed.push(0);
        reader.push(&framed, |_| {});
    }
}

#[test]
fn a_frame_without_end_is_not_kept() {
    let mut reader = reader(None, &["ok"], &[]);
    for _ in 0..100 {
        reader.push(&[0xff; 4096], |line| panic!("{line}"));
        assert!(reader.held.len() <= MAX_FRAME);
    }
    let lines = lines(&mut reader, &[&[0][..], &encode(&[1, 0])].concat());
    let texts: Vec<&str> = lines.iter().map(|line| &*line.text).collect();
    assert_eq!(texts, ["(a log frame was too long and is dropped)", "ok"]);
    let mut cut = None;
    reader.push(&[1, 2], |line| panic!("{line}"));
    reader.finish(|line| cut = Some(line));
    assert!(cut.unwrap().text.contains("cut off"));
}

#[test]
fn only_an_elf_has_a_table() {
    for file in [&b""[..], b"\x7fELF", b"#!/bin/sh\n", &[0; 1000]] {
        let error = LogReader::new(file).err();
        assert_eq!(error, Some(TableError::NotAnElf));
    }
    // This test's own program is an ELF that logs nothing in this way.
    let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    if own.starts_with(b"\x7fELF") {
        assert!(LogReader::new(&own).is_ok());
    }
}
