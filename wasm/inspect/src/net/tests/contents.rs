//! What streams carry is found out from their first bytes.

use super::wire::{FIN, Packet, Peer, handshake};
use super::{Part, packets};
use crate::{ConnectionId, Direction};

use Direction::{ToDevice, ToServer};

fn opened() -> (Peer, Peer, Vec<Packet>) {
    let (mut device, mut server) = Peer::pair(1, 1);
    let packets = handshake(&mut device, &mut server);
    (device, server, packets)
}

/// A hello whose random number is this byte repeated; its connection has no keys.
fn client_hello(random: u8) -> Vec<u8> {
    let body = [&[3, 3][..], &[random; 32], &[0, 0, 2, 0x13, 1, 1, 0]].concat();
    hello(1, &body)
}

fn server_hello() -> Vec<u8> {
    let extension = [0, 43, 0, 2, 3, 4];
    let body = [&[3, 3][..], &[7; 32], &[0, 0x13, 1, 0, 0, 6], &extension].concat();
    hello(2, &body)
}

fn hello(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u8::try_from(body.len()).expect("short");
    [&[22, 3, 1, 0, length + 4, kind, 0, 0, length][..], body].concat()
}

#[test]
fn bytes_that_might_begin_tls_are_told_when_they_do_not() {
    // One byte a segment: a frame of 22 << 24 bytes would begin so.
    for rest in [&[3, 3, 0, 100, 9][..], &[3, 3, 0, 0, 1], &[0], &[]] {
        let (mut device, mut server, mut sent) = opened();
        sent.push(device.send(0, &[22]));
        // The server says something before it is decided.
        sent.push(server.send(0, &[22, 3]));
        sent.extend(rest.iter().map(|byte| device.send(0, &[*byte])));
        sent.push(device.send(FIN, &[]));
        sent.push(server.send(FIN, &[]));
        let mut told = packets(&sent);
        let expected = [&[22][..], rest].concat();
        assert_eq!(
            told.parts(ConnectionId(0), ToServer),
            &[Part::Bytes(expected)]
        );
        assert_eq!(
            told.parts(ConnectionId(0), ToDevice),
            &[Part::Bytes(vec![22, 3])]
        );
        assert_eq!(told.problems, []);
    }
}

#[test]
fn a_server_may_speak_first_and_a_device_too() {
    let (mut device, mut server, mut sent) = opened();
    sent.push(server.data("welcome"));
    sent.push(device.data("thanks"));
    let mut told = packets(&sent);
    assert_eq!(told.text(0, ToDevice), "welcome");
    assert_eq!(told.text(0, ToServer), "thanks");
}

#[test]
fn tls_from_before_the_recording_is_told_and_not_taken_for_frames() {
    let (mut device, mut server, _) = opened();
    let mut sent = Vec::new();
    for _ in 0..3 {
        sent.push(device.send(0, &[&[23, 3, 3, 0, 40][..], &[9; 40]].concat()));
        sent.push(server.send(0, &[&[23, 3, 3, 0, 90][..], &[8; 90]].concat()));
    }
    let told = packets(&sent);
    assert_eq!(told.streams, []);
    let [(offset, message)] = told.problems.as_slice() else {
        panic!("{:?}", told.problems)
    };
    assert_eq!(*offset, 24);
    assert!(
        message.contains("open before the recording began"),
        "{message}"
    );
}

#[test]
fn a_handshake_without_keys_says_where_and_what_is_needed() {
    let (mut device, mut server, mut sent) = opened();
    sent.push(device.send(0, &client_hello(0xAB)));
    sent.push(server.send(0, &server_hello()));
    sent.push(server.send(0, &[&[23, 3, 3, 0, 40][..], &[9; 40]].concat()));
    let told = packets(&sent);
    assert_eq!(told.streams, []);
    let [(_, message)] = told.problems.as_slice() else {
        panic!("{:?}", told.problems)
    };
    assert!(message.contains(&"ab".repeat(32)), "{message}");
}

#[test]
fn a_problem_in_every_connection_is_told_some_hundred_times() {
    let mut sent = Vec::new();
    for number in 0..300u16 {
        let (mut device, mut server) = Peer::pair(1, 1);
        (device.here.1, server.there.1) = (50_000 + number, 50_000 + number);
        sent.extend(handshake(&mut device, &mut server));
        sent.push(device.send(0, &client_hello(1)));
        sent.push(server.send(0, &server_hello()));
        sent.push(device.send(0, &[&[23, 3, 3, 0, 40][..], &[9; 40]].concat()));
    }
    let told = packets(&sent);
    assert_eq!(told.opened.len(), 300);
    assert_eq!(told.problems.len(), 201);
    assert_eq!(told.problems[200].1, "100 more problems were not told");
}
