//! What is exported and read again is the same.

use proptest::prelude::*;
use wigwag_inspect::input::{Input, Kind, Options};
use wigwag_inspect::{ConnectionId, Direction, Piece, Protocol, Sink, Table};

use crate::common::{BEGIN, EXPORTS, all, bytes, end, ngtt, open, read, rows, sample, write};

#[test]
fn the_rows_and_what_is_said_of_them_are_the_same() {
    let table = sample();
    for (kind, export) in EXPORTS {
        let again = read(&write(export, &table, &all(&table)), kind);
        assert_eq!(rows(&again, &all(&again)), rows(&table, &all(&table)));
        let (columns, expected) = (again.columns(), table.columns());
        assert_eq!(columns.flags, expected.flags);
        assert_eq!(columns.pair, expected.pair);
        assert_eq!(columns.id, expected.id);
        assert_eq!(columns.offset, expected.offset);
        assert_eq!(again.connections(), table.connections());
    }
}

#[test]
fn chosen_rows_alone_are_the_same() {
    let table = sample();
    for chosen in [&[1][..], &[0, 3], &[2, 3], &[0, 2]] {
        for (kind, export) in EXPORTS {
            let again = read(&write(export, &table, chosen), kind);
            assert_eq!(rows(&again, &all(&again)), rows(&table, chosen));
        }
    }
}

/// What happens next on one of three connections.
#[derive(Clone, Debug)]
enum Event {
    Frame {
        kind: u16,
        payload: Vec<u8>,
    },
    /// The begin of a frame, of which the rest is lost.
    Cut,
    Gap,
    End,
}

fn event() -> impl Strategy<Value = (u32, bool, Event)> {
    let payload = proptest::collection::vec(any::<u8>(), 0..40);
    let frame = (0..11_u16, payload).prop_map(|(kind, payload)| Event::Frame { kind, payload });
    let event = prop_oneof![
        12 => frame,
        1 => Just(Event::Cut),
        1 => Just(Event::Gap),
        1 => Just(Event::End),
    ];
    (0..3_u32, any::<bool>(), event)
}

/// A table of what happened; `chunk`: how many bytes come at once.
fn table(events: &[(u32, bool, Event)], chunk: usize) -> Table {
    let mut table = Table::default();
    let mut ended = [false; 3];
    for connection in 0..3 {
        open(&mut table, connection, 0, Some(Protocol::Ngtt));
    }
    for (at, (connection, to_device, event)) in events.iter().enumerate() {
        let (connection, time) = (*connection, 10 * at as u64);
        if ended[connection as usize] {
            continue;
        }
        let direction = if *to_device {
            Direction::ToDevice
        } else {
            Direction::ToServer
        };
        match event {
            Event::Frame { kind, payload } => {
                for bytes_of in ngtt(at as u16, *kind, payload).chunks(chunk) {
                    bytes(&mut table, connection, direction, time, bytes_of);
                }
            }
            Event::Cut => {
                bytes(
                    &mut table,
                    connection,
                    direction,
                    time,
                    &ngtt(1, 1, &[0x40])[..5],
                );
                gap(&mut table, connection, direction, time);
            }
            Event::Gap => gap(&mut table, connection, direction, time),
            Event::End => {
                ended[connection as usize] = true;
                end(&mut table, connection, time);
            }
        }
    }
    table.finish();
    table
}

fn gap(table: &mut Table, connection: u32, direction: Direction, time: u64) {
    table.take(Piece::Gap {
        connection: ConnectionId(connection),
        direction,
        time: BEGIN + time,
        missing: 0,
        aligned: true,
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_conversation_is_the_same(
        events in proptest::collection::vec(event(), 0..40),
        chunk in 1..60_usize,
    ) {
        let table = table(&events, chunk);
        for (kind, export) in EXPORTS {
            if table.columns().is_empty() {
                continue;
            }
            let again = read(&write(export, &table, &all(&table)), kind);
            prop_assert_eq!(rows(&again, &all(&again)), rows(&table, &all(&table)));
            prop_assert_eq!(&again.columns().flags, &table.columns().flags);
            prop_assert_eq!(&again.columns().pair, &table.columns().pair);
        }
    }

    #[test]
    fn any_choice_of_whole_frames_is_the_same(
        events in proptest::collection::vec(
            event().prop_filter("whole", |(_, _, event)| matches!(event, Event::Frame { .. })),
            1..40,
        ),
        choice in proptest::collection::vec(any::<bool>(), 40),
    ) {
        let table = table(&events, 1_000);
        let chosen: Vec<u32> = all(&table)
            .into_iter()
            .filter(|row| choice[*row as usize])
            .collect();
        for (kind, export) in EXPORTS {
            if chosen.is_empty() {
                continue;
            }
            let again = read(&write(export, &table, &chosen), kind);
            prop_assert_eq!(rows(&again, &all(&again)), rows(&table, &chosen));
        }
    }

    /// Streams of rubbish: every byte is there again.
    #[test]
    fn any_bytes_are_the_same(
        pieces in proptest::collection::vec(
            (any::<bool>(), proptest::collection::vec(any::<u8>(), 1..60)),
            1..20,
        ),
        named in any::<bool>(),
    ) {
        let mut table = Table::default();
        if named {
            open(&mut table, 1, 0, Some(Protocol::Ngtt));
        }
        for (at, (to_device, piece)) in pieces.iter().enumerate() {
            let direction = if *to_device { Direction::ToDevice } else { Direction::ToServer };
            bytes(&mut table, 1, direction, at as u64, piece);
        }
        table.finish();
        let stream = |table: &Table, direction: u8| -> Vec<u8> {
            let of = |row: &u32| table.columns().direction[*row as usize] == direction;
            let rows: Vec<u32> = all(table).into_iter().filter(of).collect();
            // What was too large to be kept is nowhere.
            rows.iter()
                .filter_map(|row| table.frame(*row))
                .flat_map(|frame| frame.bytes.to_vec())
                .collect()
        };
        for (kind, export) in EXPORTS {
            let again = read(&write(export, &table, &all(&table)), kind);
            for direction in [0, 1] {
                prop_assert_eq!(stream(&again, direction), stream(&table, direction));
            }
        }
    }
}

/// Bytes that show no protocol, and in which a search from the middle would find frames
/// of NGTT, the last of them too large to be kept: the gap that is written behind them
/// says nothing about where they begin.
#[test]
fn bytes_of_no_protocol_stay_so_before_a_gap() {
    let mut table = Table::default();
    let mut input = Input::new(Options {
        kind: Some(Kind::JsonLines),
        ..Options::default()
    });
    let line = b"9000000000400400000000000000000000064530000000006453000400000000";
    input.push(line, &mut table);
    input.finish(&mut table);
    table.finish();
    assert_eq!(table.columns().protocol, [Protocol::Unknown as u8]);
    assert_eq!(table.columns().length, [32]);
    for (kind, export) in EXPORTS {
        let again = read(&write(export, &table, &all(&table)), kind);
        assert_eq!(rows(&again, &all(&again)), rows(&table, &all(&table)));
        assert_eq!(again.connections()[0].protocol, Protocol::Unknown);
    }
}

/// The records of a CSV text, after RFC 4180 section 2.
fn csv_records(text: &str) -> Vec<Vec<String>> {
    let (mut records, mut record, mut field) = (Vec::new(), Vec::new(), String::new());
    let mut chars = text.chars().peekable();
    let mut is_quoted = false;
    while let Some(char) = chars.next() {
        match char {
            '"' if is_quoted && chars.next_if_eq(&'"').is_some() => field.push('"'),
            '"' => is_quoted = !is_quoted,
            _ if is_quoted => field.push(char),
            ',' => record.push(std::mem::take(&mut field)),
            '\r' if chars.next_if_eq(&'\n').is_some() => {
                record.push(std::mem::take(&mut field));
                records.push(std::mem::take(&mut record));
            }
            _ => field.push(char),
        }
    }
    assert!(field.is_empty() && record.is_empty() && !is_quoted);
    records
}

proptest! {
    #[test]
    fn names_stay_what_they_are(
        device in prop_oneof![any::<String>(), "[=+@\",\r\n\t'-]{1,5}"],
        reason in any::<String>(),
    ) {
        let mut table = Table::default();
        table.take(Piece::Open {
            connection: ConnectionId(1),
            time: BEGIN,
            about: wigwag_inspect::About {
                protocol: Some(Protocol::Ngtt),
                device: device.as_str().into(),
                ..Default::default()
            },
        });
        bytes(&mut table, 1, Direction::ToServer, 1, &ngtt(1, 0, &[]));
        table.take(Piece::End {
            connection: ConnectionId(1),
            time: BEGIN + 2,
            reason: reason.as_str().into(),
        });
        table.finish();
        for (kind, export) in EXPORTS {
            let again = read(&write(export, &table, &[0]), kind);
            prop_assert_eq!(again.connections(), table.connections());
        }
        let mut text = Vec::new();
        wigwag_inspect::export::csv(&table, [0], &mut |bytes| text.extend_from_slice(bytes));
        let records = csv_records(std::str::from_utf8(&text).unwrap());
        prop_assert_eq!(records.len(), 2);
        prop_assert_eq!(records[0].len(), records[1].len());
        let name = &table.connections()[0].device;
        let defused = records[1][3].strip_prefix('\'').filter(|_| !name.starts_with('\''));
        prop_assert_eq!(defused.unwrap_or(&records[1][3]), name);
        prop_assert!(!records[1][3].starts_with(['=', '+', '-', '@', '\t', '\r']));
    }
}
