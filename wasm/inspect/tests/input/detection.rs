//! What an input is taken for.

use wigwag_inspect::Piece;
use wigwag_inspect::input::{Kind, Options, PREFIX, detect, is_key_log};

use crate::common::{FRAMES, read, read_as};

fn detected(input: impl AsRef<[u8]>) -> Kind {
    detect(input.as_ref(), true).expect("all is there")
}

#[test]
fn binary_formats_show_in_their_first_bytes() {
    let label = wigwag_codec::capture::LABEL;
    let cases: [(&[u8], Kind); 6] = [
        (&label, Kind::Capture),
        (b"\xa1\xb2\xc3\xd4\0\x02\0\x04", Kind::Pcap),
        (b"\xd4\xc3\xb2\xa1\x02\0\x04\0", Kind::Pcap),
        (b"\xa1\xb2\x3c\x4d\0\x02\0\x04", Kind::Pcap),
        (b"\x4d\x3c\xb2\xa1\x02\0\x04\0", Kind::Pcap),
        (b"\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a", Kind::Pcapng),
    ];
    for (begin, kind) in cases {
        assert_eq!(detect(begin, false), Some(kind));
        assert_eq!(detect(&begin[..3], false), None, "more is needed");
    }
}

#[test]
fn text_is_told_by_what_it_holds() {
    let cases: [(&str, Kind); 24] = [
        ("00000000 00070004", Kind::Hex),
        ("0x00 0x01", Kind::Hex),
        ("00:00:07", Kind::Hex),
        ("{0x12, 0x34}", Kind::Hex),
        (
            "unsigned char a[] = {\n  0x12, 0x34\n};\nunsigned int a_len = 2;\n",
            Kind::Hex,
        ),
        ("00000000: 0a0b 0c0d  ....\n", Kind::Hex),
        ("00000000  0a 0b 0c 0d  |....|\n00000004\n", Kind::Hex),
        ("0000   0a 0b 0c 0d   ....\n", Kind::Hex),
        ("\u{feff}0a0b", Kind::Hex),
        ("0a0b # a comment\n", Kind::Hex),
        ("AAAAAAAHAAQ=", Kind::Base64),
        ("AAAAAAAHAAQ", Kind::Base64),
        (
            "-----BEGIN FRAMES-----\nAAAA\nAAAHAAQ=\n-----END FRAMES-----\n",
            Kind::Base64,
        ),
        (
            "data:application/octet-stream;base64,AAAAAAAHAAQ=",
            Kind::Base64,
        ),
        ("_-__-_8=", Kind::Base64),
        ("{\"hex\": \"00\"}", Kind::JsonLines),
        ("\n  { \"hex\": \"00\"}", Kind::JsonLines),
        ("{}", Kind::JsonLines),
        ("\u{feff}{\"device\": \"ż\"}", Kind::JsonLines),
        ("hello world", Kind::Raw),
        ("+_+_", Kind::Raw),
        ("A", Kind::Raw),
        ("{12 apples}", Kind::Raw),
        ("{\"hex\u{1}", Kind::Raw),
    ];
    for (text, kind) in cases {
        assert_eq!(detected(text), kind, "{text}");
    }
    assert_eq!(detected(FRAMES), Kind::Raw);
    assert_eq!(detected(b""), Kind::Raw);
}

#[test]
fn only_the_begin_is_looked_at() {
    let mut text = "00 07 ".repeat(PREFIX / 6 + 1).into_bytes();
    assert_eq!(detect(&text, false), Some(Kind::Hex));
    text.extend(b"zz");
    assert_eq!(
        detected(&text),
        Kind::Hex,
        "what comes later is a problem, no doubt"
    );
    let read = read(&text);
    assert_eq!(read.problems().len(), 1);
    assert_eq!(read.problems()[0].0, text.len() as u64 - 2);
}

#[test]
fn a_person_knows_better() {
    let text = "00000000 00070004";
    assert_eq!(read_as(Kind::Raw, text).all(), text.as_bytes());
    assert_eq!(read(text).all(), [0, 0, 0, 0, 0, 7, 0, 4]);
    let json = read_as(Kind::JsonLines, text);
    assert_eq!(json.all(), [0, 0, 0, 0, 0, 7, 0, 4]);
    assert_eq!(json.kind, Some(Kind::JsonLines));
}

#[test]
fn names_are_read_back() {
    for kind in Kind::ALL {
        assert_eq!(Kind::from_name(kind.name()), Some(kind));
    }
    assert_eq!(Kind::from_name("rar"), None);
}

#[test]
fn an_empty_input_is_told() {
    let read = read("");
    assert_eq!((read.kind, read.problems().len()), (None, 1));
}

#[test]
fn what_has_to_be_unpacked_is_said() {
    for begin in [
        &b"\x1f\x8b\x08\0"[..],
        b"PK\x03\x04",
        b"BZh91AY&SY",
        b"\xff\xfe0\x000\0",
    ] {
        let found = read(begin);
        assert_eq!(found.kind, Some(Kind::Raw));
        assert!(matches!(found.pieces[0], Piece::Problem { offset: 0, .. }));
        assert_eq!(found.all(), begin, "it can be looked at");
        assert!(
            read_as(Kind::Raw, begin).problems().is_empty(),
            "it is wanted so"
        );
    }
}

#[test]
fn a_key_log_is_no_recording_and_its_secrets_are_not_shown() {
    let line = format!(
        "CLIENT_TRAFFIC_SECRET_0 {} {}\n",
        "ab".repeat(32),
        "cd".repeat(32)
    );
    let commented = format!("\u{feff}# made by a browser\r\n\r\n{line}");
    let older = format!("CLIENT_RANDOM {} {}", "ab".repeat(32), "cd".repeat(48));
    for text in [&line.repeat(400), &commented, &older] {
        assert!(is_key_log(text.as_bytes()), "{text}");
        let found = read(text);
        assert!(
            matches!(&found.pieces[..], [Piece::Problem { offset: 0, message }]
                if message.contains("key log")),
            "{:?}",
            found.pieces
        );
    }
    let short = format!("SECRET {} {}", "ab".repeat(31), "cd".repeat(32));
    for text in [
        "",
        "# only a comment",
        "0000003d 0007 0001 41",
        &short,
        &line[..70],
    ] {
        assert!(!is_key_log(text.as_bytes()), "{text}");
    }
}

#[test]
fn bytes_behind_the_end_are_ignored() {
    let mut input = wigwag_inspect::input::Input::new(Options::default());
    let mut pieces = 0;
    let mut sink = |_: Piece<'_>| pieces += 1;
    input.push(b"0007", &mut sink);
    input.finish(&mut sink);
    input.finish(&mut sink);
    input.push(b"0007", &mut sink);
    assert_eq!(pieces, 2, "the connection's begin, and its bytes");
}
