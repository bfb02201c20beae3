#![no_main]
//! The session of RFC 8448 with gaps, damage and foreign bytes: nothing is told that
//! was not in it.

use libfuzzer_sys::fuzz_target;
use wigwag_inspect::net::{Reader, Recording};
use wigwag_inspect::tls::KeyLog;
use wigwag_inspect_fuzz::{Segments, Told};

#[path = "../../src/tls/tests/rfc8448.rs"]
#[allow(unreachable_pub)]
mod rfc8448;

use rfc8448::{
    CLIENT_CLOSE, CLIENT_DATA, CLIENT_FINISHED, CLIENT_HELLO, KEY_LOG, SERVER_CLOSE, SERVER_DATA,
    SERVER_FLIGHT, SERVER_HELLO, TICKET,
};

const RECORDS: [(usize, &str); 9] = [
    (0, CLIENT_HELLO),
    (1, SERVER_HELLO),
    (1, SERVER_FLIGHT),
    (0, CLIENT_FINISHED),
    (1, TICKET),
    (0, CLIENT_DATA),
    (1, SERVER_DATA),
    (0, CLIENT_CLOSE),
    (1, SERVER_CLOSE),
];

fn bytes_of(hex: &str) -> Vec<u8> {
    let digit = |at: usize| char::from(hex.as_bytes()[at]).to_digit(16).expect("hex") as u8;
    (0..hex.len() / 2)
        .map(|at| digit(2 * at) << 4 | digit(2 * at + 1))
        .collect()
}

fuzz_target!(|script: &[u8]| {
    let mut keys = KeyLog::default();
    assert_eq!(keys.add(KEY_LOG), 0);
    let mut segments = Segments::default();
    let mut records = RECORDS.iter();
    // Whether it begins as TLS; else it is told as it is.
    let recognised = script.first().is_none_or(|how| how % 6 < 2) || script.len() < 3;
    let mut rest = script;
    while let [how, a, b, others @ ..] = rest {
        rest = others;
        let side = usize::from(*a & 1);
        match how % 6 {
            // The next record, whole, in two segments, damaged, or lost.
            0..=3 => {
                let Some((side, record)) = records.next() else {
                    break;
                };
                let mut record = bytes_of(record);
                let at = usize::from(u16::from_be_bytes([*a, *b])) % record.len();
                match how % 6 {
                    0 => segments.segment(*side, 0x10, &record),
                    1 => {
                        segments.segment(*side, 0x10, &record[..at]);
                        segments.segment(*side, 0x10, &record[at..]);
                    }
                    2 => {
                        record[at] ^= 1 << (how / 6 % 8);
                        segments.segment(*side, 0x10, &record);
                    }
                    _ => segments.next[*side] += record.len() as u32,
                }
            }
            4 => {
                let (bytes, others) = rest.split_at(rest.len().min(usize::from(*b)));
                rest = others;
                segments.segment(side, 0x10, bytes);
            }
            _ => segments.next[side] = segments.next[side].wrapping_add(u32::from(*b)),
        }
    }
    for (side, record) in records {
        segments.segment(*side, 0x10, &bytes_of(record));
    }
    let mut told = Told::default();
    let mut reader = Reader::new(Recording::Pcap);
    reader.add_key_log(&keys);
    reader.push(segments.file(), &mut told);
    reader.finish(&mut told);
    // Of each side the one record of data, whole or not at all.
    let data: Vec<u8> = (0..50).collect();
    for (_, _, part) in &told.parts {
        if let Some(bytes) = part
            && recognised
        {
            assert_eq!(bytes, &data);
        }
    }
    assert!(told.bytes() <= segments.file().len());
});
