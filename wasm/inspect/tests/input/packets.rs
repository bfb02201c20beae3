//! Recordings of packets, through the same door as everything else.

use wigwag_inspect::input::{Input, Kind, Options};
use wigwag_inspect::{Direction, Piece, Protocol};

use crate::common::{bytes_of, read, read_with};

/// A TCP segment of IPv4, without Ethernet, from 10.0.0.1:40000 to 10.0.0.2:2502 or
/// back.
fn packet(to_server: bool, sequence: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    let length = (40 + payload.len()) as u16;
    let mut packet = vec![0x45, 0];
    packet.extend(length.to_be_bytes());
    packet.extend([0, 0, 0, 0, 64, 6, 0, 0]);
    let (device, server) = ([10, 0, 0, 1], [10, 0, 0, 2]);
    let (device_port, server_port) = (40_000_u16, 2_502_u16);
    let ends = if to_server {
        (device, server, device_port, server_port)
    } else {
        (server, device, server_port, device_port)
    };
    packet.extend([ends.0, ends.1].concat());
    packet.extend([ends.2.to_be_bytes(), ends.3.to_be_bytes()].concat());
    packet.extend(sequence.to_be_bytes());
    packet.extend([0, 0, 0, 0, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    packet.extend(payload);
    packet
}

/// A pcap file of raw IP packets, a millisecond apart.
fn pcap(packets: &[Vec<u8>]) -> Vec<u8> {
    let mut file = b"\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\x01\0".to_vec();
    file.extend(101_u32.to_le_bytes());
    for (at, packet) in packets.iter().enumerate() {
        file.extend(1_756_000_000_u32.to_le_bytes());
        file.extend((1_000 * at as u32).to_le_bytes());
        let length = (packet.len() as u32).to_le_bytes();
        file.extend([length, length].concat());
        file.extend(packet);
    }
    file
}

const SYN: u8 = 2;
const ACK: u8 = 16;

fn sample() -> Vec<u8> {
    pcap(&[
        packet(true, 99, SYN, b""),
        packet(false, 199, SYN | ACK, b""),
        packet(true, 100, ACK, &[0, 0, 0, 0, 0, 1]),
        packet(true, 106, ACK, &[0, 0]),
        packet(false, 200, ACK, &[0, 0, 0, 0, 0, 1, 0, 0]),
    ])
}

#[test]
fn packets_become_streams() {
    let read = read(sample());
    assert_eq!(read.kind, Some(Kind::Pcap));
    assert_eq!(read.problems(), []);
    let begin = 1_756_000_000_000_000;
    let (to_server, to_device) = (Direction::ToServer, Direction::ToDevice);
    assert_eq!(
        read.pieces[1..],
        [
            bytes_of(0, to_server, begin + 2_000),
            bytes_of(0, to_server, begin + 3_000),
            bytes_of(0, to_device, begin + 4_000),
        ]
    );
    assert_eq!(read.all(), [0, 0, 0, 0, 0, 1, 0, 0].repeat(2));
}

#[test]
fn a_person_says_what_packets_speak() {
    let options = Options {
        protocol: Some(Protocol::Ncp),
        ..Options::default()
    };
    let read = read_with(&options, &sample());
    assert!(matches!(&read.pieces[0], Piece::Open { about, .. }
        if about.protocol == Some(Protocol::Ncp) && about.server.contains("2502")));
}

#[test]
fn a_key_log_that_is_none_is_told() {
    let options = Options {
        key_log: "# a comment\nthis is no secret\n".into(),
        ..Options::default()
    };
    let read = read_with(&options, &sample());
    assert_eq!(read.problems().len(), 1);
    let mut input = Input::new(Options::default());
    assert_eq!(input.add_key_log("# a comment\n\nthis is no secret\n"), 1);
}
