//! What the first bytes show.

use super::*;
use Direction::{ToDevice, ToServer};

fn shown(pieces: &[(Direction, &[u8])]) -> Protocol {
    let mut table = Table::default();
    for (direction, bytes) in pieces {
        push(&mut table, *direction, 0, bytes);
    }
    table.connections()[0].protocol
}

#[test]
fn whole_frames_show_their_protocol_at_once() {
    let order = ngtt(1, 7, &[0x41, 0x82, b'W', b'1']);
    for (bytes, protocol) in [
        (&order[..], Protocol::Ngtt),
        (&ngtt(10, 0, b""), Protocol::Ngtt),
        (&ngtt(0, 1, b""), Protocol::Ngtt),
        (&[order.clone(), ngtt(2, 7, b"")].concat(), Protocol::Ngtt),
        (&packet("SWEP", 1), Protocol::Ncp),
        (b"CONNECT ncp.service HTTP/1.1\r\n", Protocol::Ncp),
        (b"HTTP/1.1 200 OK\r\n", Protocol::Ncp),
        (b"\0\0\0\x05hello", Protocol::Prefix),
        (b"\0\0\0\x02\x41\x08\0\0\0\x01\x16", Protocol::Prefix),
        (&[0x41, 0x82, b'W', b'1'], Protocol::Minijson),
        (&[0x51, 2, b'i', b'd', 3, 9], Protocol::Minijson),
        (&[0x85, b'h', b'e', b'l', b'l', b'o'], Protocol::Minijson),
    ] {
        assert_eq!(shown(&[(ToServer, bytes)]), protocol, "{bytes:?}");
        assert_eq!(shown(&[(ToDevice, bytes)]), protocol, "{bytes:?}");
    }
}

#[test]
fn the_begin_of_a_frame_is_waited_for_and_then_nothing_is_lost() {
    let order = ngtt(1, 7, &[0x41, 0x82, b'W', b'1']);
    for wire in [&order, &packet("SWEP", 1)] {
        for cut in 1..wire.len() {
            let mut table = Table::default();
            push(&mut table, ToServer, 100, &wire[..cut]);
            push(&mut table, ToServer, 200, &wire[cut..]);
            assert_eq!(frames(&table), [&wire[..]], "cut at {cut}");
            assert_eq!(table.columns().time, [200.0]);
        }
    }
}

#[test]
fn rows_have_the_times_at_which_bytes_came_not_of_the_verdict() {
    let mut table = Table::default();
    push(&mut table, ToServer, 100, &ngtt(0, 0, b""));
    push(&mut table, ToServer, 200, &[0; 3]);
    assert_eq!(table.columns().len(), 0);
    push(&mut table, ToDevice, 300, &ngtt(1, 7, &[0x40]));
    assert_eq!(table.columns().time, [100.0, 300.0]);
    assert_eq!(table.columns().direction, [0, 1]);
}

#[test]
fn one_direction_is_enough() {
    let unclear = [0; 5];
    let pieces = [(ToServer, &unclear[..]), (ToDevice, &packet("GPS", 0))];
    assert_eq!(shown(&pieces), Protocol::Ncp);
    assert_eq!(shown(&pieces[..1]), Protocol::Unknown);
}

#[test]
fn frames_without_the_payload_that_they_should_have_do_not_hide_the_others() {
    // DATA_STREAM without readings; an order [5]; read otherwise, a message of no
    // bytes, and one of 65,540.
    let wire = b"\0\0\0\0\0\x01\0\x04\0\0\0\x03\0\x07\0\x01\x41\x03\x05";
    assert_eq!(shown(&[(Direction::ToDevice, wire)]), Protocol::Ngtt);
    // Messages behind a length stay what they are.
    let wire = b"\0\0\0\0\0\0\0\x01x\0\0\0\x05hello";
    assert_eq!(shown(&[(Direction::ToDevice, wire)]), Protocol::Prefix);
}

#[test]
fn the_head_of_a_frame_counts_more_than_what_its_damaged_payload_looks_like() {
    let order = ngtt(1, 7, b"\x41\x52\x02id\x03\x01\x06orders\x03\x02");
    let finished = |wire: &[u8]| {
        let mut table = Table::default();
        push(&mut table, ToServer, 0, wire);
        table.finish();
        table
    };
    // Cut off anywhere behind its head, or with a byte of the payload lost, doubled
    // or wrong, as in text that somebody has copied by hand.
    let mut wires: Vec<Vec<u8>> = (9..order.len()).map(|cut| order[..cut].to_vec()).collect();
    for at in 8..order.len() {
        let (before, behind) = order.split_at(at);
        wires.push([before, &behind[1..]].concat());
        wires.push([before, &behind[..1], behind].concat());
        wires.push([before, &[0xff], &behind[1..]].concat());
    }
    for wire in wires {
        let table = finished(&wire);
        let known = &table.connections()[0];
        assert_eq!(known.protocol, Protocol::Ngtt, "{wire:02x?}");
        assert!(!known.why.is_empty());
        assert_eq!(frames(&table).concat(), wire);
        assert_eq!(table.columns().kind[0], 1, "{wire:02x?}");
    }
    // Messages behind lengths stay messages, though the first looks like a head of
    // NGTT and the last is cut off.
    let messages = b"\0\0\0\x04\0\x01\0\x01\0\0\0\x05hello\0\0\0\x05wor";
    let table = finished(messages);
    assert_eq!(table.connections()[0].protocol, Protocol::Prefix);
}

#[test]
fn a_connection_says_why_its_protocol_is_believed() {
    let why = |wire: &[u8]| {
        let mut table = Table::default();
        push(&mut table, ToServer, 0, wire);
        table.finish();
        table.connections()[0].why
    };
    assert!(why(&ngtt(1, 7, &[0x40])).contains("fit their lengths"));
    assert!(why(&ngtt(1, 7, &[0x41, 0xff])).contains("damaged"));
    assert!(why(&packet("SWEP", 1)).contains("magic"));
    assert!(why(b"\0\0\0\x05hello").contains("message to message"));
    assert!(why(&[0x41, 0x82, b'W', b'1']).contains("values"));
    assert_eq!(why(&[0x7f; 20]), "");
    let mut table = Table::default();
    push(&mut table, ToServer, 0, &ngtt(1, 7, &[0x40]));
    assert!(table.override_protocol(ONE, Protocol::Prefix));
    assert_eq!(table.connections()[0].why, "chosen by hand");
    assert!(!table.connections()[0].is_guessed());
}

#[test]
fn who_watches_does_not_wait_for_ever() {
    let mut table = Table::default();
    // The begin of a list that may as well be anything.
    push(&mut table, ToServer, 5_000_000, &[0x42, 0x16]);
    table.settle(5_500_000);
    assert_eq!(table.columns().len(), 0);
    table.settle(6_000_000);
    table.settle(6_100_000);
    push(&mut table, ToServer, 6_200_000, &[0x17]);
    table.finish();
    assert_eq!(frames(&table).concat(), [0x42, 0x16, 0x17]);
}

#[test]
fn what_nobody_understands_is_shown_as_it_came() {
    let mut table = Table::default();
    let noise: Vec<u8> = (0..200_u8).map(|n| n.wrapping_mul(37) | 0x70).collect();
    push(&mut table, ToServer, 1, &noise[..100]);
    push(&mut table, ToServer, 2, &noise[100..]);
    table.finish();
    assert_eq!(frames(&table), [&noise[..100], &noise[100..]]);
    assert_eq!(table.columns().protocol, [0, 0]);
    assert_eq!(table.connections()[0].protocol, Protocol::Unknown);
    assert_eq!(table.expert_counts(), [0; 9]);
    assert!(table.override_protocol(ONE, Protocol::Minijson));
    assert_eq!(frames(&table).concat(), noise);
}

#[test]
fn a_lot_of_what_nobody_understands_is_not_waited_for() {
    let mut table = Table::default();
    for time in 0..2000 {
        push(&mut table, ToServer, time, &[0x7f; 1000]);
    }
    assert_eq!(table.columns().len(), 2000);
    assert_eq!(table.waiting, 0);
}

#[test]
fn the_inputs_word_goes_before_the_bytes() {
    let mut table = Table::default();
    table.take(Piece::Open {
        connection: ONE,
        time: 5,
        about: crate::About {
            protocol: Some(Protocol::Minijson),
            device: "pump 3".into(),
            server: "x".repeat(1000).into(),
        },
    });
    push(&mut table, ToServer, 6, b"\0\x05hello");
    let known = table.connection(ONE).unwrap();
    assert_eq!(
        (known.protocol, known.rows, known.opened),
        (Protocol::Minijson, 1, 5)
    );
    assert_eq!((&known.device[..], known.server.len()), ("pump 3", 256));
    assert_eq!(table.connection(ConnectionId(2)), None);
}

#[test]
fn the_middle_of_a_conversation_shows_it_too() {
    let order = ngtt(1, 7, &[0x41, 0x82, b'W', b'1']);
    for (wire, protocol) in [
        ([&order[5..], &order, &order].concat(), Protocol::Ngtt),
        (
            [&packet("GPS", 1)[9..], &packet("GPS", 2)].concat(),
            Protocol::Ncp,
        ),
    ] {
        let mut table = Table::default();
        table.take(Piece::Gap {
            connection: ONE,
            direction: ToDevice,
            time: 0,
            missing: 0,
            aligned: false,
        });
        push(&mut table, ToDevice, 1, &wire);
        table.finish();
        assert_eq!(table.connections()[0].protocol, protocol);
        assert_eq!(frames(&table).concat(), wire);
        let last = table.columns().len() as u32 - 1;
        assert_eq!(table.frame(last).unwrap().protocol, protocol);
        assert!(!table.columns().has(last, flags::MALFORMED));
    }
}

#[test]
fn a_gap_says_nothing_of_the_bytes_before_it() {
    let gap = |table: &mut Table| {
        table.take(Piece::Gap {
            connection: ONE,
            direction: ToDevice,
            time: 2,
            missing: 0,
            aligned: false,
        });
    };
    // Nothing, though a search from the middle would find two frames behind a byte.
    let odd = [
        &[0x90, 0, 0, 0, 0, 0x40, 4, 0][..],
        &[0; 9],
        &[6, 0x45, 0x30, 0, 0, 0, 0, 0x64, 0x53, 0, 4, 0, 0, 0, 0],
    ]
    .concat();
    let order = ngtt(1, 7, &[0x41, 0x82, b'W', b'1']);
    // Behind the gap, that search is due.
    let torn = [&packet("GPS", 1)[9..], &packet("GPS", 2)].concat();
    for (behind, protocol) in [
        (&[][..], Protocol::Unknown),
        (&order, Protocol::Unknown),
        (&torn, Protocol::Ncp),
    ] {
        let mut table = Table::default();
        push(&mut table, ToDevice, 1, &odd);
        gap(&mut table);
        push(&mut table, ToDevice, 3, behind);
        table.finish();
        assert_eq!(table.connections()[0].protocol, protocol);
        assert_eq!(frames(&table).concat(), [&odd, behind].concat());
    }
}

#[test]
fn a_protocol_that_is_told_behind_a_gap_is_taken() {
    let mut table = Table::default();
    table.take(Piece::Gap {
        connection: ONE,
        direction: ToServer,
        time: 0,
        missing: 7,
        aligned: true,
    });
    table.take(Piece::Open {
        connection: ONE,
        time: 1,
        about: crate::About {
            protocol: Some(Protocol::Prefix),
            ..crate::About::default()
        },
    });
    push(&mut table, ToServer, 2, &[0, 0, 0, 0]);
    table.finish();
    assert_eq!(table.connections()[0].protocol, Protocol::Prefix);
    assert_eq!(table.columns().flags, [flags::GAP]);
    assert_eq!(table.columns().offset, [7.0]);
}

#[test]
fn a_number_that_is_used_again_begins_with_a_frame() {
    let mut table = Table::default();
    let order = ngtt(1, 7, &[0x40]);
    push(&mut table, ToDevice, 1, &[&order[..], &order[..3]].concat());
    table.take(Piece::End {
        connection: ONE,
        time: 2,
        reason: "over".into(),
    });
    let about = crate::About {
        device: "pump".into(),
        ..crate::About::default()
    };
    table.take(Piece::Open {
        connection: ONE,
        time: 3,
        about,
    });
    push(&mut table, ToDevice, 4, &ngtt(0, 1, b""));
    assert_eq!(frames(&table), [&order[..], &order[..3], &ngtt(0, 1, b"")]);
    assert_eq!(table.columns().flags, [0, flags::MALFORMED, 0]);
    let known = &table.connections()[0];
    assert_eq!((&known.device[..], &known.ended), ("pump", &None));
}
