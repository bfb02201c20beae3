//! Many connections that wait: what they hold has its bound, and it is told.

use super::wire::{Packet, Peer, handshake, pcap};
use crate::input::{Input, Options};
use crate::{Budget, Sink as _, Table};

/// Connections that all send bytes behind a hole: so many pieces of so many bytes.
fn waiting(connections: u16, pieces: usize, length: usize, payload: &[u8]) -> Vec<Packet> {
    let mut packets = Vec::new();
    for number in 0..connections {
        let (mut device, mut server) = Peer::pair(1000, 9000);
        let mut sent = handshake(&mut device, &mut server);
        sent.push(device.send(0, payload));
        // This one is not recorded.
        device.data("?");
        sent.extend((0..pieces).map(|_| device.data(&"x".repeat(length))));
        for packet in &mut sent {
            for (end, port) in [&mut packet.from, &mut packet.to] {
                if *end == 1 {
                    *port = 10_000 + number;
                }
            }
        }
        packets.extend(sent);
    }
    packets
}

/// Reads a recording into a table of so many bytes; the most that it held.
fn held(packets: &[Packet], bytes: usize) -> (Table, usize) {
    let mut table = Table::new(Budget {
        bytes,
        ..Budget::default()
    });
    let mut input = Input::new(Options::default());
    let mut most = 0;
    for chunk in pcap(packets).chunks(4096) {
        input.push(chunk, &mut table);
        most = most.max(table.held());
    }
    input.finish(&mut table);
    table.finish();
    (table, most)
}

#[test]
fn what_waits_counts_as_held_until_it_is_told() {
    let packets = waiting(4, 8, 1000, b"");
    let mut table = Table::default();
    let mut input = Input::new(Options::default());
    input.push(&pcap(&packets), &mut table);
    let waiting = table.held();
    assert!(waiting > 4 * 8 * 1000, "{waiting}");
    input.finish(&mut table);
    table.finish();
    assert_eq!(table.connections().len(), 4);
    // Now all of it is in rows, whose bytes are counted once.
    let bytes: u64 = table.connections().iter().map(|known| known.bytes[0]).sum();
    assert_eq!(bytes, 4 * 8 * 1000);
    assert!(table.problems().is_empty(), "{:?}", table.problems());
}

#[test]
fn many_connections_with_holes_hold_no_more_than_there_is_room_for() {
    const BUDGET: usize = 8 << 20;
    // 16 MB behind holes, of 200 connections.
    let (table, most) = held(&waiting(200, 80, 1000, b""), BUDGET);
    assert!(most <= BUDGET + (64 << 10), "{most}");
    let told = table.problems().iter().map(|problem| &*problem.message);
    let told: Vec<_> = told.collect();
    assert!(
        told.iter()
            .any(|told| told.contains("more bytes than there is room for")),
        "{told:?}"
    );
    // Connections that came later are still there, with what they said.
    assert!(table.connections().len() == 200 || table.refused() > 0);
}

#[test]
fn handshakes_that_nobody_answers_hold_no_more_either() {
    const BUDGET: usize = 8 << 20;
    // The head of a record of TLS application data: it waits for the hellos.
    let record = [
        &[0x16, 3, 1, 0, 4, 1, 0, 0, 0, 0x17, 3, 3, 0x3f, 0xff][..],
        &[7; 1200],
    ]
    .concat();
    let packets: Vec<_> = (waiting(120, 0, 0, &record).into_iter())
        .flat_map(|packet| {
            // Each of them a hundred times, further on in the stream.
            let times = if packet.payload.is_empty() { 1 } else { 100 };
            (0..times).map(move |time| {
                let mut again = packet.clone();
                again.sequence += time * again.payload.len() as u32;
                again
            })
        })
        .collect();
    let (table, most) = held(&packets, BUDGET);
    assert!(most <= BUDGET + (64 << 10), "{most}");
    assert!(!table.problems().is_empty());
}

#[test]
fn a_sink_that_has_no_room_is_asked_for_none() {
    let mut table = Table::new(Budget {
        bytes: 1 << 20,
        ..Budget::default()
    });
    assert!(table.hold(1 << 18));
    assert!(!table.hold((1 << 18) + 1));
    assert_eq!(table.held(), (1 << 18) + 1);
    assert!(table.hold(0));
    assert_eq!(table.held(), 0);
}
