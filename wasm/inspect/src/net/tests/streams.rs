//! TCP as recordings show it.

use super::wire::{FIN, Packet, Peer, RST, SYN, handshake, pcap_of};
use super::{Part, Told, packets, read};
use crate::net::Recording;
use crate::{ConnectionId, Direction};

use Direction::{ToDevice, ToServer};

/// An opened connection.
fn opened(device: u32, server: u32) -> (Peer, Peer, Vec<Packet>) {
    let (mut device, mut server) = Peer::pair(device, server);
    let packets = handshake(&mut device, &mut server);
    (device, server, packets)
}

fn parts(told: &mut Told, direction: Direction) -> Vec<Part> {
    told.parts(ConnectionId(0), direction).clone()
}

fn bytes(text: &str) -> Part {
    Part::Bytes(text.into())
}

#[test]
fn a_conversation_is_told_from_its_begin_to_its_end() {
    let (mut device, mut server, mut sent) = opened(1000, 9000);
    sent.push(device.data("hello "));
    sent.push(device.data("server"));
    server.hears(&device);
    sent.push(server.data("hello device"));
    device.hears(&server);
    sent.push(device.send(FIN, b"!"));
    server.hears(&device);
    sent.push(server.send(FIN, &[]));
    device.hears(&server);
    sent.push(device.send(0, &[]));

    let mut told = packets(&sent);
    let ends = (
        ConnectionId(0),
        "10.0.0.1:50000".into(),
        "10.0.0.2:4000".into(),
    );
    assert_eq!(told.opened, [ends]);
    assert_eq!(told.text(0, ToServer), "hello server!");
    assert_eq!(told.text(0, ToDevice), "hello device");
    assert_eq!(
        told.ended,
        [(ConnectionId(0), "closed by the device".into())]
    );
    assert_eq!(told.problems, []);
}

#[test]
fn segments_may_come_twice_late_and_in_any_order() {
    let (mut device, mut server, open) = opened(u32::MAX - 3, u32::MAX - 9);
    let data: Vec<_> = ["zero ", "one ", "two ", "three ", "four"]
        .iter()
        .map(|text| device.data(text))
        .collect();
    server.hears(&device);
    let answer = server.data("thanks");
    // Every rotation, and with every one of them twice at the end.
    for first in 0..data.len() {
        for twice in 0..data.len() {
            let mut sent = open.clone();
            sent.extend((0..data.len()).map(|at| data[(at + first) % data.len()].clone()));
            sent.push(data[twice].clone());
            sent.push(answer.clone());
            let mut told = packets(&sent);
            assert_eq!(told.text(0, ToServer), "zero one two three four");
            assert_eq!(told.text(0, ToDevice), "thanks");
            assert_eq!(told.problems, []);
        }
    }
}

#[test]
fn of_bytes_that_overlap_the_first_are_kept() {
    let (mut device, _, mut sent) = opened(7, 7);
    let begin = device.next;
    let mut at = |offset: u32, text: &str| {
        device.next = begin.wrapping_add(offset);
        device.data(text)
    };
    sent.push(at(4, "EF"));
    sent.push(at(8, "IJ"));
    // Over both, and into the hole between.
    sent.push(at(3, "defghijkl"));
    sent.push(at(0, "abcXX"));
    assert_eq!(packets(&sent).text(0, ToServer), "abcdEFghIJkl");
}

#[test]
fn bytes_that_the_other_end_has_are_a_gap() {
    let (mut device, mut server, mut sent) = opened(1, 1);
    sent.push(device.data("begin"));
    let lost = device.data("lost");
    for millis in [2, 3000] {
        device.millis = millis;
        server.millis = millis;
        sent.push(device.data("end"));
        server.hears(&device);
        sent.push(server.send(0, &[]));
    }
    // It comes after more than a second: too late.
    sent.push(lost);
    sent.push(device.data("."));
    let mut told = packets(&sent);
    let expected = [bytes("begin"), Part::Gap(4), bytes("endend.")];
    assert_eq!(parts(&mut told, ToServer), expected);
}

#[test]
fn bytes_that_nobody_has_are_waited_for() {
    let (mut device, _, mut sent) = opened(1, 1);
    let late = device.data("late ");
    for _ in 0..200 {
        sent.push(device.data("x"));
    }
    sent.push(late);
    let told = packets(&sent).text(0, ToServer);
    assert_eq!(told, format!("late {}", "x".repeat(200)));
}

#[test]
fn too_much_that_waits_is_told_with_a_gap() {
    let (mut device, _, mut sent) = opened(1, 1);
    let lost = device.data("lost");
    for _ in 0..5000 {
        sent.push(device.data("x"));
    }
    sent.push(lost);
    let mut told = packets(&sent);
    assert_eq!(
        parts(&mut told, ToServer),
        [Part::Gap(4), bytes(&"x".repeat(5000))]
    );
}

#[test]
fn what_is_missing_at_the_end_is_told() {
    let (mut device, mut server, mut sent) = opened(1, 1);
    sent.push(device.data("begin"));
    let _ = device.data("lost");
    server.hears(&device);
    let bye = server.send(FIN, b"bye");
    sent.push(bye);
    let mut told = packets(&sent);
    // One byte less than is missing: it might have been FIN's.
    assert_eq!(parts(&mut told, ToServer), [bytes("begin"), Part::Gap(3)]);
    assert_eq!(told.text(0, ToDevice), "bye");
    assert_eq!(
        told.ended,
        [(ConnectionId(0), "closed by the server".into())]
    );
}

#[test]
fn a_connection_from_before_the_recording_begins_with_a_gap() {
    let (mut device, mut server, _) = opened(1, 1);
    let mut sent = vec![server.data("order")];
    device.hears(&server);
    sent.push(device.data("done"));
    let mut told = packets(&sent);
    assert_eq!(
        told.opened[0].1, "10.0.0.1:50000",
        "the device has the higher port"
    );
    assert_eq!(parts(&mut told, ToDevice), [Part::Gap(0), bytes("order")]);
    assert_eq!(parts(&mut told, ToServer), [Part::Gap(0), bytes("done")]);
}

#[test]
fn who_opens_is_the_device_whatever_the_ports() {
    for begins in [0, 1] {
        let (mut device, mut server) = Peer::pair(1, 1);
        (device.here.1, server.there.1) = (80, 80);
        let mut sent = handshake(&mut device, &mut server);
        sent.push(server.data("welcome"));
        // With the SYN and without it.
        let mut told = packets(&sent[begins..]);
        assert_eq!(told.opened[0].1, "10.0.0.1:80");
        assert_eq!(told.text(0, ToDevice), "welcome");
    }
}

#[test]
fn a_lost_answer_to_the_syn_costs_nothing() {
    let (mut device, mut server, mut sent) = opened(1, 1);
    sent.remove(1);
    sent.push(server.data("welcome"));
    device.hears(&server);
    sent.push(device.data("thanks"));
    let mut told = packets(&sent);
    assert_eq!(told.text(0, ToDevice), "welcome");
    assert_eq!(told.text(0, ToServer), "thanks");
}

#[test]
fn ports_that_are_used_again_are_another_connection() {
    let (mut device, mut server, mut sent) = opened(1, 1);
    sent.push(device.data("first"));
    sent.push(server.send(RST, &[]));
    let (mut device, mut server) = Peer::pair(5_000_000, 9);
    sent.extend(handshake(&mut device, &mut server));
    sent.push(device.data("second"));
    let mut told = packets(&sent);
    assert_eq!(told.text(0, ToServer), "first");
    assert_eq!(told.text(1, ToServer), "second");
    assert_eq!(
        told.ended,
        [(ConnectionId(0), "reset by the server".into())]
    );
    assert_eq!(told.problems, []);
}

#[test]
fn a_repeated_syn_and_keep_alives_change_nothing() {
    let (mut device, mut server, mut sent) = opened(1, 1);
    sent.insert(1, sent[0].clone());
    sent.push(device.data("ab"));
    sent.push(sent[0].clone());
    // A keep-alive repeats the last byte, or none.
    let next = device.next;
    for garbage in ["", "?"] {
        device.next = next.wrapping_sub(1);
        sent.push(device.data(garbage));
        server.hears(&device);
        sent.push(server.send(0, &[]));
    }
    device.next = next;
    sent.push(device.data("cd"));
    let mut told = packets(&sent);
    assert_eq!(told.text(0, ToServer), "abcd");
    assert_eq!(told.opened.len(), 1);
}

#[test]
fn what_comes_again_after_the_end_opens_nothing() {
    let (mut device, mut server, mut sent) = opened(1, 1);
    sent.push(device.send(FIN, b"last"));
    sent.push(server.send(FIN, b"too"));
    let again = sent[3..].to_vec();
    sent.extend(again);
    let mut told = packets(&sent);
    assert_eq!(told.opened.len(), 1);
    assert_eq!(told.ended.len(), 1);
    assert_eq!(told.text(0, ToServer), "last");
    assert_eq!(told.text(0, ToDevice), "too");
}

#[test]
fn many_connections_do_not_mix() {
    let mut sent = Vec::new();
    let mut peers = Vec::new();
    for number in 0..600u16 {
        let (mut device, mut server) = Peer::pair(u32::from(number) * 7, 1);
        (device.here.1, server.there.1) = (50_000 + number, 50_000 + number);
        sent.extend(handshake(&mut device, &mut server));
        peers.push(device);
    }
    for round in 0..3 {
        for (number, device) in peers.iter_mut().enumerate() {
            sent.push(device.data(&format!("{number}:{round} ")));
        }
    }
    sent.extend(peers.iter_mut().map(|device| device.send(FIN, &[])));
    let mut told = packets(&sent);
    assert_eq!(told.opened.len(), 600);
    assert_eq!(told.ended.len(), 600);
    for number in [0, 1, 255, 599] {
        assert_eq!(
            told.text(number, ToServer),
            format!("{number}:0 {number}:1 {number}:2 ")
        );
    }
}

#[test]
fn packets_of_which_only_the_begin_was_recorded_leave_gaps() {
    let (mut device, mut server, open) = opened(1, 1);
    let mut sent: Vec<_> = open.iter().map(|packet| (1, packet.bytes())).collect();
    let mut cut = device.data("abcdefgh").bytes();
    cut.truncate(20 + 20 + 3);
    sent.push((1, cut));
    sent.push((1, device.data("ij").bytes()));
    server.hears(&device);
    sent.push((5000, server.send(0, &[]).bytes()));
    let mut told = read(Recording::Pcap, &pcap_of(101, &sent));
    assert_eq!(
        parts(&mut told, ToServer),
        [bytes("abc"), Part::Gap(5), bytes("ij")]
    );
    let [(_, message)] = told.problems.as_slice() else {
        panic!("{:?}", told.problems);
    };
    assert!(message.contains("only the begin of packets"), "{message}");
}

#[test]
fn a_segment_far_ahead_is_not_believed() {
    let (mut device, mut server, mut sent) = opened(1, 1);
    sent.push(device.data("ab"));
    let next = device.next;
    device.next = next.wrapping_add(1 << 30).wrapping_add(1);
    sent.push(device.send(FIN, b"far"));
    device.next = next;
    sent.push(device.data("cd"));
    server.next = server.next.wrapping_add(0x7000_0000);
    sent.push(server.send(SYN, &[]));
    let mut told = packets(&sent);
    assert_eq!(told.text(0, ToServer), "abcd");
}
