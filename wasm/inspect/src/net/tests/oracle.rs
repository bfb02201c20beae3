//! Another parser sees the same packets at the same times in the recordings of
//! `tests/data/pcap`, which tshark made.

use std::fs;
use std::path::Path;

use pcap_parser::{Block, PcapBlockOwned, PcapError, create_reader};

use crate::net::blocks::{Blocks, Format, Record};
use crate::net::{Recording, pcap, pcapng, recognise};

/// A packet: its time in microseconds and its bytes; or secrets.
#[derive(Debug, PartialEq)]
enum Seen {
    Packet(u64, Vec<u8>),
    Secrets(Vec<u8>),
}

fn ours(file: &[u8]) -> Vec<Seen> {
    let format = match recognise(file).expect("a recording") {
        Recording::Pcap => Format::Pcap(pcap::Pcap::default()),
        Recording::Pcapng => Format::Pcapng(pcapng::Pcapng::default()),
    };
    let mut seen = Vec::new();
    let mut take = |offset: u64, record: Record<'_>| match record {
        Record::Packet(packet) => seen.push(Seen::Packet(packet.time, packet.bytes.to_vec())),
        Record::Secrets(secrets) => seen.push(Seen::Secrets(secrets.to_vec())),
        Record::Problem(problem) => panic!("{offset}: {problem}"),
    };
    let mut blocks = Blocks::new(format);
    for chunk in file.chunks(777) {
        blocks.push(chunk, &mut take);
    }
    blocks.finish(&mut take);
    seen
}

fn theirs(file: &[u8]) -> Vec<Seen> {
    let mut reader = create_reader(1 << 20, file).expect("a recording");
    let mut seen = Vec::new();
    // Units in a second.
    let mut units = 1_000_000;
    loop {
        let (length, block) = match reader.next() {
            Ok(next) => next,
            Err(PcapError::Eof) => return seen,
            Err(PcapError::Incomplete(_)) => {
                reader.refill().expect("from memory");
                continue;
            }
            Err(error) => panic!("{error:?}"),
        };
        match block {
            PcapBlockOwned::LegacyHeader(header) if header.is_nanosecond_precision() => {
                units = 1_000_000_000;
            }
            PcapBlockOwned::Legacy(packet) => {
                let fraction = u64::from(packet.ts_usec) * 1_000_000 / units;
                let time = u64::from(packet.ts_sec) * 1_000_000 + fraction;
                seen.push(Seen::Packet(time, packet.data.to_vec()));
            }
            PcapBlockOwned::NG(Block::InterfaceDescription(interface)) => {
                units = interface.ts_resolution().expect("a resolution");
            }
            PcapBlockOwned::NG(Block::EnhancedPacket(packet)) => {
                let count = u128::from(packet.ts_high) << 32 | u128::from(packet.ts_low);
                let time = count * 1_000_000 / u128::from(units);
                // With padding in it.
                let bytes = packet.data[..packet.caplen as usize].to_vec();
                seen.push(Seen::Packet(u64::try_from(time).expect("a date"), bytes));
            }
            PcapBlockOwned::NG(Block::DecryptionSecrets(secrets)) => {
                let length = secrets.secrets_len as usize;
                seen.push(Seen::Secrets(secrets.data[..length].to_vec()));
            }
            _ => {}
        }
        reader.consume(length);
    }
}

#[test]
fn another_parser_sees_the_same_blocks() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/pcap");
    let mut files = 0;
    let mut secrets = 0;
    for entry in fs::read_dir(folder).expect("the recordings") {
        let path = entry.expect("an entry").path();
        if path
            .extension()
            .is_none_or(|kind| kind != "pcap" && kind != "pcapng")
        {
            continue;
        }
        let file = fs::read(&path).expect("a file");
        let ours = ours(&file);
        assert!(ours.len() > 10, "{path:?}");
        assert_eq!(ours, theirs(&file), "{path:?}");
        secrets += ours
            .iter()
            .filter(|seen| matches!(seen, Seen::Secrets(_)))
            .count();
        files += 1;
    }
    assert_eq!((files, secrets), (8, 1));
}
