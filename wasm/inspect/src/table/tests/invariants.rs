//! Whatever comes, in whatever pieces and order, these hold.

use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

/// What may come.
#[derive(Clone, Debug)]
enum Step {
    Bytes(u32, bool, u64, Vec<u8>),
    Gap(u32, bool, u64, u64, bool),
    Open(u32, u64, u8),
    End(u32, u64),
    Settle(u64),
    Examine(usize),
    Override(u32, u8),
    Finish,
}

const TIMES: std::ops::Range<u64> = 0..100_000_000;

fn payload() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(vec![0x41, 3, 5]),
        Just(vec![0x40]),
        vec(any::<u8>(), 0..20),
        (0..300_usize).prop_map(|n| [&[0x1a, (n >> 8) as u8, n as u8][..], &vec![7; n]].concat()),
    ]
}

fn wire() -> impl Strategy<Value = Vec<u8>> {
    let frame = (0..12_u16, 0..4_u16, payload());
    let frames = vec(frame, 1..6).prop_map(|frames| {
        let frames = frames.iter().map(|(kind, tid, payload)| match kind {
            0 | 2 | 5 | 6 | 9 | 10 => ngtt(*kind, *tid, b""),
            _ => ngtt(*kind, *tid, payload),
        });
        frames.collect::<Vec<_>>().concat()
    });
    let packets = vec((0..3_u32, 0..3_usize), 1..5).prop_map(|packets| {
        let packets = packets
            .iter()
            .map(|(id, name)| packet(["SWEP", "TIME", "GPS"][*name], *id));
        packets.collect::<Vec<_>>().concat()
    });
    let whole = prop_oneof![
        3 => frames,
        2 => packets,
        1 => payload(),
        1 => vec(any::<u8>(), 1..60),
        1 => Just(b"CONNECT ncp.service HTTP/1.1\r\n\r\n".to_vec()),
        1 => Just(vec![0; 40]),
    ];
    // Cut off, or with one byte changed.
    (whole, any::<prop::sample::Index>(), 0..10_u8, any::<u8>()).prop_map(
        |(mut bytes, at, what, byte)| {
            if bytes.is_empty() {
                return bytes;
            }
            let at = at.index(bytes.len());
            match what {
                0 | 1 => bytes.truncate(at + 1),
                2 => bytes[at] = byte,
                3 => drop(bytes.drain(..at)),
                _ => {}
            }
            bytes
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let connection = 0..3_u32;
    prop_oneof![
        12 => (connection.clone(), any::<bool>(), TIMES, wire()).prop_map(|(c, d, t, b)| Step::Bytes(c, d, t, b)),
        2 => (connection.clone(), any::<bool>(), TIMES, 0..300_u64, any::<bool>()).prop_map(|(c, d, t, m, a)| Step::Gap(c, d, t, m, a)),
        1 => (connection.clone(), TIMES, 0..5_u8).prop_map(|(c, t, p)| Step::Open(c, t, p)),
        1 => (connection.clone(), TIMES).prop_map(|(c, t)| Step::End(c, t)),
        1 => TIMES.prop_map(Step::Settle),
        1 => (0..20_usize).prop_map(Step::Examine),
        1 => (connection, 0..5_u8).prop_map(|(c, p)| Step::Override(c, p)),
        1 => Just(Step::Finish),
    ]
}

fn way(to_device: bool) -> Direction {
    if to_device {
        Direction::ToDevice
    } else {
        Direction::ToServer
    }
}

fn run(table: &mut Table, step: &Step) {
    match step {
        Step::Bytes(connection, to_device, time, bytes) => table.take(Piece::Bytes {
            connection: ConnectionId(*connection),
            direction: way(*to_device),
            time: *time,
            bytes,
        }),
        Step::Gap(connection, to_device, time, missing, aligned) => table.take(Piece::Gap {
            connection: ConnectionId(*connection),
            direction: way(*to_device),
            time: *time,
            missing: *missing,
            aligned: *aligned,
        }),
        Step::Open(connection, time, number) => table.take(Piece::Open {
            connection: ConnectionId(*connection),
            time: *time,
            about: crate::About {
                protocol: Some(protocol(*number)),
                ..crate::About::default()
            },
        }),
        Step::End(connection, time) => table.take(Piece::End {
            connection: ConnectionId(*connection),
            time: *time,
            reason: "over".into(),
        }),
        Step::Settle(now) => table.settle(*now),
        Step::Examine(rows) => drop(table.examine(*rows)),
        Step::Override(connection, number) => {
            table.override_protocol(ConnectionId(*connection), protocol(*number));
        }
        Step::Finish => table.finish(),
    }
}

/// What holds for every table. `is_whole`: it has kept all bytes that it took.
pub(super) fn check(table: &Table, is_whole: bool) {
    let columns = table.columns();
    let rows = columns.len();
    let mut ends = std::collections::BTreeMap::new();
    for row in 0..rows {
        let number = row as u32;
        let not_kept = columns.has(number, flags::NOT_KEPT);
        match table.frame(number) {
            Some(frame) => assert_eq!(frame.bytes.len(), columns.length[row] as usize),
            None => assert!(not_kept),
        }
        let stream = (columns.connection[row], columns.direction[row]);
        let end = ends.insert(stream, columns.offset[row] + f64::from(columns.length[row]));
        let end = end.unwrap_or(0.0);
        let is_gap = columns.has(number, flags::GAP);
        assert!(
            columns.offset[row] >= end,
            "row {row}: the offset goes back"
        );
        assert!(
            is_gap || columns.offset[row] == end,
            "row {row}: bytes are lost"
        );
        let pair = columns.pair[row];
        if pair == NO_ROW {
            assert!(columns.latency[row].is_nan());
            continue;
        }
        let other = pair as usize;
        assert_eq!(
            columns.pair[other], number,
            "row {row}: the pair is one-sided"
        );
        assert_eq!(columns.connection[other], columns.connection[row]);
        assert_eq!(columns.latency[row], columns.latency[other]);
        assert!(columns.latency[row] >= 0.0);
        assert_eq!(columns.is_answer(number), row > other);
        assert!(!columns.has(number, flags::UNANSWERED));
    }
    let of_connections: u32 = table.connections().iter().map(|known| known.rows).sum();
    assert_eq!(of_connections as usize, rows);
    let kept: u64 = frames(table).iter().map(|frame| frame.len() as u64).sum();
    if is_whole {
        assert_eq!(kept + waiting(table), table.taken(), "bytes are in no row");
    }
    for (row, expert) in table.experts() {
        let text = table.expert_text(row, expert);
        assert!(
            !text.is_empty(),
            "{expert:?} of row {row}: {:?}",
            table.frame(row)
        );
    }
}

/// Bytes that have no row yet.
fn waiting(table: &Table) -> u64 {
    let states = table.states.iter().flatten();
    let bytes = states.map(|state| {
        let early = state.early.as_ref().map_or(0, |early| early.len());
        early + state.streams[0].waiting() + state.streams[1].waiting()
    });
    bytes.sum::<usize>() as u64
}

/// Whether there is no frame that was too large.
fn has_all(table: &Table) -> bool {
    table.next_expert(None, flags::NOT_KEPT).is_none()
}

/// All bytes of a direction, gaps left out.
fn stream(table: &Table, connection: u32, to_device: bool) -> Vec<u8> {
    let columns = table.columns();
    let rows = (0..columns.len() as u32).filter(|row| {
        let row = *row as usize;
        columns.connection[row] == connection && columns.direction[row] == u8::from(to_device)
    });
    rows.flat_map(|row| table.frame(row).unwrap().bytes)
        .copied()
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_sequence_of_pieces_breaks_the_table(steps in vec(step(), 1..60)) {
        let mut table = Table::default();
        let mut is_whole = true;
        for step in &steps {
            run(&mut table, step);
            is_whole &= has_all(&table);
            check(&table, is_whole);
        }
        table.finish();
        while table.examine(7) {}
        check(&table, is_whole && has_all(&table));
        prop_assert_eq!(table.waiting, 0);
    }

    /// Every byte is in a row, in its order.
    #[test]
    fn every_byte_is_in_a_row(steps in vec(step(), 1..40)) {
        let mut table = Table::default();
        let mut sent: [[Vec<u8>; 2]; 3] = Default::default();
        let mut is_whole = true;
        for step in &steps {
            if let Step::Bytes(connection, to_device, _, bytes) = step {
                sent[*connection as usize][usize::from(*to_device)].extend_from_slice(bytes);
            }
            run(&mut table, step);
            is_whole &= has_all(&table);
        }
        table.finish();
        if !is_whole || !has_all(&table) {
            return Ok(());
        }
        for (connection, sent) in sent.iter().enumerate() {
            for (to_device, sent) in [false, true].iter().zip(sent) {
                prop_assert_eq!(&stream(&table, connection as u32, *to_device), sent);
            }
        }
    }

    /// The pieces in which bytes come make no difference to the frames.
    #[test]
    fn pieces_make_no_difference(wires in vec(wire(), 1..8), number in 1..5_u8, cuts in vec(any::<prop::sample::Index>(), 0..12)) {
        let wire = wires.concat();
        let whole = read(number, &[&wire]);
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(wire.len() + 1)).collect();
        cuts.sort_unstable();
        let mut pieces = Vec::new();
        let mut from = 0;
        for cut in cuts.into_iter().chain([wire.len()]) {
            pieces.push(&wire[from..cut]);
            from = cut;
        }
        let cut = read(number, &pieces);
        prop_assert_eq!(frames(&whole), frames(&cut));
        prop_assert_eq!(&whole.columns().flags, &cut.columns().flags);
        prop_assert_eq!(&whole.columns().protocol, &cut.columns().protocol);
    }
}

fn read(number: u8, pieces: &[&[u8]]) -> Table {
    let mut table = Table::default();
    run(&mut table, &Step::Open(ONE.0, 0, number));
    for bytes in pieces {
        push(&mut table, Direction::ToServer, 0, bytes);
    }
    table.finish();
    table
}
