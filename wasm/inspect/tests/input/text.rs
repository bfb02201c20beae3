//! Hexadecimal text, base64, and raw bytes.

use wigwag_inspect::input::{Kind, Options};
use wigwag_inspect::{About, ConnectionId, Direction, Piece, Protocol};

use crate::common::{FRAMES, bytes_of, read, read_as, read_with};

fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn raw_bytes_are_one_direction_of_one_connection() {
    let options = Options {
        protocol: Some(Protocol::Ngtt),
        direction: Direction::ToDevice,
        ..Options::default()
    };
    let read = read_with(&options, &FRAMES);
    let about = About {
        protocol: Some(Protocol::Ngtt),
        ..About::default()
    };
    let open = Piece::Open {
        connection: ConnectionId(0),
        time: 0,
        about,
    };
    assert_eq!(read.pieces, [open, bytes_of(0, Direction::ToDevice, 0)]);
    assert_eq!(read.all(), FRAMES);
}

#[test]
fn bytes_without_times_are_counted() {
    let bytes = vec![0xff; 10_000];
    let read = read(&bytes);
    let times: Vec<u64> = read
        .pieces
        .iter()
        .filter_map(|piece| match piece {
            Piece::Bytes { time, .. } => Some(*time),
            _ => None,
        })
        .collect();
    assert_eq!(times, [0, 4_096, 8_192]);
}

#[test]
fn hex_is_read_as_people_write_it() {
    let expected = [0x00, 0x07, 0xab, 0xcd];
    for text in [
        "0007abcd",
        "0007ABCD\n",
        "00 07 ab cd",
        "0 0 0 7 a b c d",
        "00:07:ab:cd",
        "00-07-AB-CD",
        "00, 07, ab, cd,",
        "0x00 0x07 0xab 0xcd",
        "0x0, 0x7, 0XAB, 0xcd",
        "0x0007abcd",
        "0x0007_abcd",
        "{ 0x00, 0x07, 0xab, 0xcd };",
        "[0x00,0x07,0xab,0xcd]",
        "\\x00\\x07\\xab\\xcd",
        "b\"\\x00\\x07\\xab\\xcd\"",
        "\"0007\" \"abcd\"",
        "# a ping\n0007 // its head\nabcd",
        "const uint8_t frame[4] = {\n\t0x00, 0x07,\n\t0xab, 0xcd,\n};\n",
        "unsigned char a_bin[] = {\n  0x00, 0x07, 0xab, 0xcd\n};\nunsigned int a_bin_len = 4;\n",
        "\u{feff}0007abcd",
    ] {
        let read = read_as(Kind::Hex, text);
        // `b"` is a digit and a quote, and so it is taken.
        let bytes = read.all();
        let bytes = if text.starts_with('b') {
            &bytes[1..]
        } else {
            &bytes[..]
        };
        assert_eq!(bytes, expected, "{text}");
        assert!(read.problems().is_empty(), "{text}: {:?}", read.problems());
    }
}

#[test]
fn dumps_of_tools_are_read() {
    let bytes: Vec<u8> = (0..40).chain(*b"abcdefgh |ab| 0x").collect();
    let chars = |line: &[u8]| -> String {
        let char = |byte: &u8| {
            if (32..127).contains(byte) {
                char::from(*byte)
            } else {
                '.'
            }
        };
        line.iter().map(char).collect()
    };
    let (mut xxd, mut hexdump, mut wireshark, mut od) =
        (String::new(), String::new(), String::new(), String::new());
    for (row, line) in bytes.chunks(16).enumerate() {
        let groups: Vec<String> = line.chunks(2).map(hex_of).collect();
        let singles: Vec<String> = line.iter().map(|byte| format!("{byte:02x}")).collect();
        let (first, second) = singles.split_at(singles.len().min(8));
        let at = row * 16;
        let halves = format!("{}  {}", first.join(" "), second.join(" "));
        xxd += &format!("{at:08x}: {:<39}  {}\n", groups.join(" "), chars(line));
        hexdump += &format!("{at:08x}  {halves:<48}  |{}|\n", chars(line));
        wireshark += &format!("{at:04x}   {halves:<48}   {}\n", chars(line));
        od += &format!("{at:07o} {:<47}  >{}<\n", singles.join(" "), chars(line));
    }
    hexdump += &format!("{:08x}\n", bytes.len());
    for dump in [xxd, hexdump, wireshark, od] {
        let crlf = dump.replace('\n', "\r\n");
        for dump in [&dump, &crlf] {
            let read = read(dump);
            assert_eq!(read.kind, Some(Kind::Hex));
            assert_eq!(read.problems(), [], "{dump}");
            assert_eq!(read.all(), bytes, "{dump}");
        }
    }
}

#[test]
fn characters_of_a_dump_that_look_like_digits_are_none() {
    let read = read("00000000: 6162 6364                                abcd\n");
    assert_eq!(read.all(), *b"abcd");
}

#[test]
fn words_in_a_machines_order_are_refused() {
    let read = read("0000000 0100 0302\n0000004\n");
    assert_eq!((read.kind, read.problems().len()), (Some(Kind::Hex), 1));
    assert!(read.all().is_empty());
}

#[test]
fn a_star_repeats_the_line_before_it() {
    let dump = "00000000  00 01 00 01 00 01 00 01  00 01 00 01 00 01 00 01  |................|\n\
                *\n\
                00000030  02                                                |.|\n\
                00000031\n";
    let read = read(dump);
    let expected = [[0, 1].repeat(24), vec![2]].concat();
    assert_eq!(read.all(), expected);
    assert!(read.problems().is_empty());
}

#[test]
fn a_star_up_to_the_end_of_the_address_space_is_not_believed() {
    let dump = "00000000  00 01  |..|\n*\nffffffffffffff00  02  |.|\n";
    let read = read(dump);
    assert_eq!(read.all(), [0, 1, 2]);
    assert_eq!((read.problems().len(), read.gaps()), (1, 1));
}

#[test]
fn many_stars_do_not_make_much_of_little() {
    let mut dump = "00000000  00  |.|\n".to_owned();
    for line in 1..100 {
        dump += &format!("*\n{:08x}  00  |.|\n", line * (16 << 20));
    }
    let read = crate::common::read_in(&Options::default(), dump.as_bytes(), dump.len());
    assert!(read.all().len() < 17 << 20);
    assert!(read.problems().len() >= 98);
}

#[test]
fn lines_that_are_missing_in_a_dump_are_told() {
    let dump = "00000000: 0001 0203 0405 0607 0809 0a0b 0c0d 0e0f  ................\n\
                00000020: 2021                                      !\n";
    let read = read(dump);
    assert_eq!(read.all().len(), 18);
    assert_eq!(read.problems()[0].0, 68);
    assert_eq!(read.gaps(), 1);
}

#[test]
fn dumps_one_behind_the_other_are_one_stream() {
    let dump = "0000   00 01 02 03   ....\n\n0000   04 05   ..\n";
    let read = read(dump);
    assert_eq!(read.all(), [0, 1, 2, 3, 4, 5]);
    assert!(read.problems().is_empty());
}

#[test]
fn what_is_wrong_in_hex_has_its_place_and_the_rest_is_read() {
    let text = "0007 00zz 0004";
    let read = read_as(Kind::Hex, text);
    assert_eq!(read.all(), [0, 7, 0, 0, 4]);
    assert_eq!(read.problems().len(), 1);
    assert_eq!(read.problems()[0].0, 7);
    assert_eq!(read.gaps(), 1);
    let odd = read_as(Kind::Hex, "0007 0");
    assert_eq!((odd.all(), odd.problems()[0].0), (vec![0, 7], 6));
    let odd = read_as(Kind::Hex, "0x123, 0x45");
    assert_eq!((odd.all(), odd.problems()[0].0), (vec![0x12, 0x45], 5));
}

#[test]
fn base64_of_both_alphabets_is_read() {
    let bytes: Vec<u8> = (0..=255).collect();
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for length in 240..=256 {
        let bytes = &bytes[256 - length..];
        let mut text = String::new();
        for group in bytes.chunks(3) {
            let mut padded = [0; 3];
            padded[..group.len()].copy_from_slice(group);
            let word = u32::from_be_bytes([0, padded[0], padded[1], padded[2]]);
            for digit in 0..=group.len() {
                text.push(char::from(DIGITS[(word >> (18 - 6 * digit)) as usize & 63]));
            }
        }
        let url = text.replace('+', "-").replace('/', "_");
        let padded = format!("{text}{}", "=".repeat((4 - text.len() % 4) % 4));
        let lines: String = padded
            .as_bytes()
            .chunks(64)
            .map(|line| format!("{}\r\n", std::str::from_utf8(line).unwrap()))
            .collect();
        let armour = format!("-----BEGIN X-----\n{lines}-----END X-----\n");
        let data = format!("data:;base64,{padded}");
        for text in [&text, &url, &padded, &lines, &armour, &data] {
            let read = read(text);
            assert_eq!(read.kind, Some(Kind::Base64), "{text}");
            assert_eq!(read.all(), bytes, "{text}");
            assert!(read.problems().is_empty());
        }
    }
}

#[test]
fn base64_texts_one_behind_the_other_are_one_stream() {
    assert_eq!(
        read_as(Kind::Base64, "AAA=\nAQ==\nAgM=\n").all(),
        [0, 0, 1, 2, 3]
    );
    assert_eq!(read_as(Kind::Base64, "data").all(), [0x75, 0xab, 0x5a]);
    assert_eq!(read_as(Kind::Base64, "dat").all(), [0x75, 0xab]);
}

#[test]
fn what_is_wrong_in_base64_has_its_place_and_the_rest_is_read() {
    let read = read_as(Kind::Base64, "AAAA ?b!a AQID");
    assert_eq!(read.all(), [0, 0, 0, 1, 2, 3]);
    assert_eq!(read.problems().len(), 1);
    assert_eq!(read.problems()[0].0, 5);
    assert_eq!(read.gaps(), 1);
    let read = read_as(Kind::Base64, "AAAAA");
    assert_eq!((read.all(), read.problems()[0].0), (vec![0, 0, 0], 5));
}
