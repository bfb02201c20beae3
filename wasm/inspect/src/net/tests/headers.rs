//! What stands before TCP in a packet.

use super::wire::{Packet, Peer, handshake, pcap_of};
use super::{Told, read};
use crate::net::Recording;
use crate::{Direction, Piece};

/// A short conversation, each packet with these bytes before its IP header.
fn behind(link: u32, header: &[u8]) -> Told {
    wrapped(link, |packet| [header, &packet.bytes()].concat())
}

fn wrapped(link: u32, wrap: impl Fn(&Packet) -> Vec<u8>) -> Told {
    let (mut device, mut server) = Peer::pair(1, 2);
    let mut sent = handshake(&mut device, &mut server);
    sent.push(device.data("up"));
    sent.push(server.data("down"));
    let sent: Vec<_> = sent.iter().map(|packet| (1, wrap(packet))).collect();
    read(Recording::Pcap, &pcap_of(link, &sent))
}

fn assert_read(mut told: Told) {
    assert_eq!(told.text(0, Direction::ToServer), "up");
    assert_eq!(told.text(0, Direction::ToDevice), "down");
    assert_eq!(told.problems, []);
}

#[test]
fn every_link_type_is_read() {
    assert_read(behind(101, &[]));
    assert_read(behind(228, &[]));
    assert_read(behind(12, &[]));
    // Ethernet, also with one and two VLAN tags.
    let mut ethernet = vec![0xAA; 12];
    ethernet.extend([0x81, 0, 0, 5, 0x08, 0]);
    assert_read(behind(1, &ethernet));
    ethernet.splice(12..12, [0x88, 0xA8, 0, 7]);
    assert_read(behind(1, &ethernet));
    assert_read(behind(1, &[[0xBB; 12].as_slice(), &[0x08, 0]].concat()));
    // Loopback in both byte orders.
    assert_read(behind(0, &[2, 0, 0, 0]));
    assert_read(behind(0, &[0, 0, 0, 2]));
    assert_read(behind(108, &[0, 0, 0, 2]));
    // Linux's cooked headers.
    assert_read(behind(113, &[[0; 14].as_slice(), &[0x08, 0]].concat()));
    assert_read(behind(276, &[[0x08, 0].as_slice(), &[0; 18]].concat()));
}

#[test]
fn ipv6_is_read_with_and_without_extensions() {
    let ipv6 = |packet: &Packet, extension: &[u8]| {
        let tcp = packet.tcp();
        let first = if extension.is_empty() { 6 } else { 60 };
        let length = u16::try_from(tcp.len() + extension.len())
            .expect("short")
            .to_be_bytes();
        let mut bytes = vec![0x60, 0, 0, 0, length[0], length[1], first, 64];
        for end in [packet.from.0, packet.to.0] {
            bytes.extend([0xFE, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, end]);
        }
        bytes.extend(extension);
        bytes.extend(tcp);
        bytes
    };
    // Destination options that do nothing.
    for extension in [&[][..], &[6, 0, 1, 4, 0, 0, 0, 0]] {
        let told = wrapped(101, |packet| ipv6(packet, extension));
        assert_eq!(told.opened[0].1, "[fe80::1]:50000");
        assert_read(told);
    }
}

#[test]
fn what_follows_the_ip_packet_is_not_its_own() {
    // Ethernet fills short frames up to 60 bytes; trailers of switches follow.
    assert_read(wrapped(1, |packet| {
        [[1; 12].as_slice(), &[8, 0], &packet.bytes(), &[0x55; 20]].concat()
    }));
}

#[test]
fn a_length_that_the_network_card_fills_in_is_not_needed() {
    assert_read(wrapped(101, |packet| {
        let mut bytes = packet.bytes();
        bytes[2..4].copy_from_slice(&[0, 0]);
        bytes
    }));
}

#[test]
fn fragments_are_told() {
    let told = wrapped(101, |packet| {
        let mut bytes = packet.bytes();
        bytes[6] = 0x20;
        bytes
    });
    assert!(told.opened.is_empty());
    let messages: Vec<_> = told
        .problems
        .iter()
        .map(|(_, message)| message.as_str())
        .collect();
    assert_eq!(
        messages,
        [
            "a fragment of an IP packet: they are not put together",
            "5 packets of 5 are fragments of IP packets, which are not put together",
            "no TCP in 5 packets",
        ]
    );
}

#[test]
fn an_unknown_link_type_is_told() {
    let told = behind(147, &[]);
    assert_eq!(told.problems[0].0, 24, "where the packet stands");
    assert!(
        told.problems[0].1.contains("link type 147"),
        "{}",
        told.problems[0].1
    );
}

#[test]
fn no_header_of_any_length_and_content_is_too_much() {
    for link in [0, 1, 12, 101, 108, 113, 228, 229, 276, 9999] {
        let packet = Peer::pair(1, 2).0.data("abc").bytes();
        let mut file = Vec::new();
        for length in 0..packet.len() {
            for at in 0..=length {
                let mut bytes = packet[..length].to_vec();
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = !*byte;
                }
                file.push((1, bytes));
            }
        }
        let mut pieces = 0;
        let mut reader = crate::net::Reader::new(Recording::Pcap);
        let mut sink = |_: Piece<'_>| pieces += 1;
        reader.push(&pcap_of(link, &file), &mut sink);
        reader.finish(&mut sink);
        assert!(pieces > 0);
    }
}
