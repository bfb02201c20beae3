#![no_main]
//! Any bytes behind the head of a recording are told alike in one piece and in
//! several; and segments in any order make nothing up.

use libfuzzer_sys::fuzz_target;
use wigwag_inspect::net::{Reader, Recording};
use wigwag_inspect_fuzz::{Segments, Told};

fn told(recording: Recording, bytes: &[u8], chunk: usize) -> Told {
    let mut told = Told::default();
    let mut reader = Reader::new(recording);
    for chunk in bytes.chunks(chunk) {
        reader.push(chunk, &mut told);
    }
    reader.finish(&mut told);
    told
}

/// A section's header and two interfaces: Ethernet, and raw IP with nanoseconds.
fn pcapng_head() -> Vec<u8> {
    let mut head = Vec::new();
    for word in [0x0A0D_0D0A, 28, 0x1A2B_3C4D, 1, u32::MAX, u32::MAX, 28_u32] {
        head.extend(word.to_le_bytes());
    }
    for word in [1, 20, 1, 0, 20, 1, 28, 101, 0, 0x0001_0009, 9, 28_u32] {
        head.extend(word.to_le_bytes());
    }
    head
}

fn pcap_head(link: u8) -> Vec<u8> {
    let link = [0, 1, 101, 113, 276][usize::from(link) % 5];
    let words = [0xA1B2_C3D4, 4 << 16 | 2, 0, 0, 65_535, link];
    words
        .iter()
        .flat_map(|word: &u32| word.to_le_bytes())
        .collect()
}

fuzz_target!(|input: (u8, u8, &[u8])| {
    let (how, chunk, bytes) = input;
    let (recording, file) = match how % 8 {
        0 => (Recording::Pcap, bytes.to_vec()),
        1 => (Recording::Pcapng, bytes.to_vec()),
        2..=4 => (Recording::Pcapng, [pcapng_head(), bytes.to_vec()].concat()),
        5 | 6 => (
            Recording::Pcap,
            [pcap_head(how / 8), bytes.to_vec()].concat(),
        ),
        _ => {
            segments(bytes);
            return;
        }
    };
    let whole = told(recording, &file, usize::MAX);
    assert_eq!(whole, told(recording, &file, usize::from(chunk) + 1));
    assert!(whole.bytes() <= file.len());
});

/// Each four bytes are a segment: where, how long, which flags. A byte of the stream
/// is the low byte of its position, so that a wrong one shows itself.
fn segments(script: &[u8]) {
    let mut segments = Segments::default();
    let first = segments.next[0];
    for choice in script.chunks_exact(4).take(200) {
        let at = u32::from(u16::from_be_bytes([choice[0], choice[1]])) % 2048;
        let payload: Vec<u8> = (at..at + u32::from(choice[2]))
            .map(|position| position as u8)
            .collect();
        segments.next[0] = first.wrapping_add(at);
        // No SYN and no RST: it stays one connection.
        segments.segment(0, choice[3] & 0x11, &payload);
    }
    let told = told(Recording::Pcap, segments.file(), usize::MAX);
    let mut last: Option<u8> = None;
    for (_, _, part) in &told.parts {
        match part {
            None => last = None,
            Some(bytes) => {
                for byte in bytes {
                    if let Some(before) = last {
                        assert_eq!(before.wrapping_add(1), *byte);
                    }
                    last = Some(*byte);
                }
            }
        }
    }
    assert!(told.bytes() <= 2048 + 256);
}
