//! pcap and pcapng in all their forms, whole and damaged.

use super::wire::{Packet, Peer, handshake, pcap, pcap_header, pcap_record};
use super::{Told, read};
use crate::net::{Reader, Recording};
use crate::{Direction, Piece};

type Put = fn(u32) -> [u8; 4];
const ORDERS: [Put; 2] = [u32::to_le_bytes, u32::to_be_bytes];
const ENHANCED: u32 = 6;

fn conversation() -> Vec<Packet> {
    let (mut device, mut server) = Peer::pair(1, 2);
    let mut sent = handshake(&mut device, &mut server);
    sent.push(device.data("one "));
    sent.push(device.data("two"));
    sent
}

fn assert_read(told: &mut Told) {
    assert_eq!(told.text(0, Direction::ToServer), "one two");
    assert_eq!(told.problems, []);
}

/// The time of the last bytes.
fn last_time(recording: Recording, file: &[u8]) -> u64 {
    let mut last = 0;
    let mut sink = |piece: Piece<'_>| {
        if let Piece::Bytes { time, .. } = piece {
            last = time;
        }
    };
    let mut reader = Reader::new(recording);
    reader.push(file, &mut sink);
    reader.finish(&mut sink);
    last
}

/// A block with its two lengths.
fn block(put: Put, kind: u32, content: &[u8]) -> Vec<u8> {
    let padded = content.len().next_multiple_of(4);
    let length = put(u32::try_from(padded + 12).expect("short blocks"));
    let mut block = [put(kind), length].concat();
    block.extend(content);
    block.resize(8 + padded, 0);
    block.extend(length);
    block
}

fn words(put: Put, words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| put(*word)).collect()
}

/// Two numbers of two bytes each.
fn halves(put: Put, first: u16, second: u16) -> [u8; 4] {
    let (first, second) = (u32::from(first), u32::from(second));
    put(if put(1)[0] == 1 {
        second << 16 | first
    } else {
        first << 16 | second
    })
}

fn section(put: Put) -> Vec<u8> {
    let content = [&put(0x1A2B_3C4D), &halves(put, 1, 0), &[0xFF; 8][..]].concat();
    block(put, 0x0A0D_0D0A, &content)
}

/// An interface of raw IP with these options.
fn interface(put: Put, options: &[u8]) -> Vec<u8> {
    let content = [&halves(put, 101, 0), &put(0), options].concat();
    block(put, 1, &content)
}

/// An enhanced packet block, with a comment behind the packet.
fn enhanced(put: Put, interface: u32, time: u64, packet: &[u8]) -> Vec<u8> {
    let length = u32::try_from(packet.len()).expect("short packets");
    let (high, low) = (
        (time >> 32) as u32,
        u32::try_from(time & 0xFFFF_FFFF).expect("32 bits"),
    );
    let mut content = words(put, &[interface, high, low, length, length]);
    content.extend(packet);
    content.resize(content.len().next_multiple_of(4), 0);
    content.extend(halves(put, 1, 4));
    content.extend(b"look");
    content.extend(put(0));
    block(put, ENHANCED, &content)
}

#[test]
fn pcap_is_read_in_both_orders_and_both_units() {
    for put in ORDERS {
        for (magic, unit) in [(0xA1B2_C3D4, 1), (0xA1B2_3C4D, 1000)] {
            let mut file = pcap_header(put, magic, 101);
            for packet in conversation() {
                let time = (1_700_000_000, 250_001 * unit);
                file.extend(pcap_record(put, time, &packet.bytes()));
            }
            assert_read(&mut read(Recording::Pcap, &file));
            assert_eq!(last_time(Recording::Pcap, &file), 1_700_000_000_250_001);
        }
    }
}

#[test]
fn pcapng_is_read_in_both_orders_with_all_kinds_of_blocks() {
    for put in ORDERS {
        let packets: Vec<_> = conversation().iter().map(Packet::bytes).collect();
        let [syn, syn_ack, ack, one, two] = packets.as_slice() else {
            panic!()
        };
        let length = u32::try_from(one.len()).expect("short");
        let mut file = section(put);
        file.extend(interface(put, &[]));
        // Name resolution, statistics and a type that nobody has.
        file.extend(block(put, 4, &[0; 4]));
        file.extend(enhanced(put, 0, 5, syn));
        file.extend(block(put, 5, &[0; 12]));
        file.extend(enhanced(put, 0, 5, syn_ack));
        file.extend(block(put, 0x7FFF_0000, b"whatever"));
        // The obsolete form counts drops beside the interface.
        let head = [&halves(put, 0, 3)[..], &words(put, &[0, 6, 40, 40])].concat();
        file.extend(block(put, 2, &[&head[..], ack].concat()));
        file.extend(block(put, 3, &[&put(length)[..], one].concat()));
        file.extend(enhanced(put, 0, 7, two));
        assert_read(&mut read(Recording::Pcapng, &file));
        assert_eq!(last_time(Recording::Pcapng, &file), 7);
    }
}

#[test]
fn sections_and_interfaces_have_their_own_order_and_units() {
    let packets: Vec<_> = conversation().iter().map(Packet::bytes).collect();
    let [opening @ .., one, two] = packets.as_slice() else {
        panic!()
    };
    let [little, big] = ORDERS;
    let resolution =
        |put: Put, unit: u8| [&halves(put, 9, 1)[..], &[unit, 0, 0, 0], &put(0)].concat();
    let mut file = section(little);
    file.extend(interface(little, &[]));
    file.extend(interface(little, &resolution(little, 9)));
    for packet in opening {
        file.extend(enhanced(little, 0, 1_000_000, packet));
    }
    file.extend(enhanced(little, 1, 2_000_000_000, one));
    assert_eq!(last_time(Recording::Pcapng, &file), 2_000_000);
    file.extend(section(big));
    // Units of 2^-10 s, a second later.
    let mut options = resolution(big, 0x8A);
    options.splice(
        8..,
        [&halves(big, 14, 8)[..], &[0, 0, 0, 0, 0, 0, 0, 1]].concat(),
    );
    file.extend(interface(big, &options));
    file.extend(enhanced(big, 0, 2048, two));
    assert_read(&mut read(Recording::Pcapng, &file));
    assert_eq!(last_time(Recording::Pcapng, &file), 3_000_000);
}

#[test]
fn every_unit_of_time_is_known_and_none_overflows() {
    let [put, _] = ORDERS;
    let packet = Peer::pair(1, 2).0.data("abc").bytes();
    for (unit, expected) in [
        (0, 5_000_000_000_000),
        (3, 5_000_000_000),
        (6, 5_000_000),
        (9, 5000),
        (12, 5),
        (127, 0),
        (0x80, 5_000_000_000_000),
        (0x8A, 4_882_812_500),
        (0xFF, 0),
    ] {
        let options = [&halves(put, 9, 1)[..], &[unit, 0, 0, 0]].concat();
        let file = |time| {
            let mut file = section(put);
            file.extend(interface(put, &options));
            file.extend(enhanced(put, 0, time, &packet));
            file
        };
        assert_eq!(
            last_time(Recording::Pcapng, &file(5_000_000)),
            expected,
            "unit {unit}"
        );
        last_time(Recording::Pcapng, &file(u64::MAX));
    }
}

#[test]
fn what_precedes_damage_is_read() {
    let packets = conversation();
    let mut file = pcap(&packets);
    let whole = file.len();
    file.extend([0xFF; 40]);
    let mut told = read(Recording::Pcap, &file);
    assert_eq!(told.text(0, Direction::ToServer), "one two");
    let [(offset, message)] = told.problems.as_slice() else {
        panic!("{:?}", told.problems)
    };
    assert_eq!(*offset, whole as u64);
    assert!(message.contains("4294967295 bytes"), "{message}");

    let [put, _] = ORDERS;
    let mut good = section(put);
    good.extend(interface(put, &[]));
    for packet in &packets {
        good.extend(enhanced(put, 0, 1, &packet.bytes()));
    }
    for (damage, says) in [
        (words(put, &[ENHANCED, 8, 0, 8]), "a block of 8 bytes"),
        (
            words(put, &[ENHANCED, 16, 0, 20]),
            "16 bytes before it and 20 behind",
        ),
        (
            words(put, &[0x0A0D_0D0A, 28, 0, 28]),
            "without its byte order",
        ),
        (
            words(put, &[ENHANCED, 16, 0, 16]),
            "less in it than it says",
        ),
        (words(put, &[ENHANCED, 17 << 20, 0, 16]), "is passed over"),
        (
            enhanced(put, 3, 1, &packets[0].bytes()),
            "has not described",
        ),
        (words(put, &[ENHANCED, 64, 0]), "ends within a record"),
        (words(put, &[77, 64, 0]), "ends within a record"),
        (vec![6, 0], "ends within a record"),
    ] {
        let mut told = read(Recording::Pcapng, &[&good[..], &damage].concat());
        assert_eq!(told.text(0, Direction::ToServer), "one two");
        let (offset, message) = &told.problems[0];
        assert!(message.contains(says), "{message}");
        assert_eq!(*offset, good.len() as u64);
    }
}

#[test]
fn a_recording_that_is_cut_anywhere_says_so() {
    let file = pcap(&conversation());
    let mut bytes = 0;
    let mut whole = Vec::new();
    for length in 0..=file.len() {
        let mut told = read(Recording::Pcap, &file[..length]);
        let now = told.text(0, Direction::ToServer).len();
        assert!(now >= bytes);
        bytes = now;
        if told.problems.is_empty() {
            whole.push(length);
        }
    }
    // Nothing, the header alone, and behind every packet.
    assert_eq!(whole.len(), 2 + conversation().len());
    assert_eq!(bytes, "one two".len());
}
