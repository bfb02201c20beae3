//! Tables as pcapng: what is exported and read again is the same.

use proptest::prelude::*;
use wigwag_inspect::input::{Input, Options};
use wigwag_inspect::{About, ConnectionId, Direction, Piece, Protocol, Sink, Table, export};

use crate::common::{Told, feed, file, read, table, text};

fn written(table: &Table, rows: &[u32]) -> Vec<u8> {
    let mut file = Vec::new();
    export::pcapng(table, rows.iter().copied(), &mut |bytes| {
        file.extend_from_slice(bytes)
    });
    file
}

fn all(table: &Table) -> Vec<u32> {
    (0..u32::try_from(table.columns().len()).expect("few rows")).collect()
}

/// What is the same of rows, wherever they came from.
fn rows(table: &Table, rows: &[u32]) -> Vec<(u64, u8, Vec<u8>)> {
    let columns = table.columns();
    rows.iter()
        .map(|row| {
            let at = *row as usize;
            let bytes = table.frame(*row).expect("kept").bytes.to_vec();
            (columns.time[at] as u64, columns.direction[at], bytes)
        })
        .collect()
}

#[test]
fn recordings_are_the_same_after_they_were_exported() {
    for (name, keys) in [
        ("ngtt_tls.pcapng", "ngtt_tls.keys"),
        ("suites_tls.pcapng", "suites_tls.keys"),
        ("ncp_plain.pcap", ""),
        ("ncp_tls.pcapng", "ncp_tls.keys"),
    ] {
        let first = table(&file(name), &text(keys));
        let file = written(&first, &all(&first));
        let again = table(&file, "");
        assert_eq!(again.problems(), [], "{name}");
        assert_eq!(
            rows(&again, &all(&again)),
            rows(&first, &all(&first)),
            "{name}"
        );
        let ends = |table: &Table| -> Vec<_> {
            let ends = |c: &wigwag_inspect::table::Connection| {
                (c.device.clone(), c.server.clone(), c.ended.is_some())
            };
            table.connections().iter().map(ends).collect()
        };
        assert_eq!(ends(&again), ends(&first), "{name}");
    }
}

#[test]
fn another_parser_agrees_on_the_blocks() {
    use pcap_parser::{Block, PcapBlockOwned, PcapError, create_reader};

    let table = table(&file("ncp_plain.pcap"), "");
    let file = written(&table, &all(&table));
    let mut reader = create_reader(1 << 20, file.as_slice()).expect("a recording");
    let (mut comments, mut packets, mut payload) = (Vec::new(), 0, 0);
    loop {
        let length = match reader.next() {
            Ok((length, PcapBlockOwned::NG(block))) => {
                match block {
                    Block::InterfaceDescription(interface) => {
                        assert_eq!(interface.ts_resolution(), Some(1_000_000));
                        assert_eq!(interface.options.len(), 4);
                    }
                    Block::EnhancedPacket(packet) => {
                        packets += 1;
                        assert_eq!(packet.caplen, packet.origlen);
                        assert!(packet.caplen <= 14 + 1500);
                        let bytes = &packet.data[..packet.caplen as usize];
                        payload += bytes.len() - 14 - 20 - 20;
                        assert_eq!(sum(&bytes[14..34]), 0xFFFF, "the IPv4 header's checksum");
                        let length = u32::try_from(bytes.len() - 34).expect("short");
                        let pseudo = [&bytes[26..34], &[0, 6], &length.to_be_bytes()[2..]].concat();
                        assert_eq!(
                            sum(&[&pseudo, &bytes[34..]].concat()),
                            0xFFFF,
                            "TCP's checksum"
                        );
                        comments.extend(packet.options.first().map(|option| option.value.to_vec()));
                    }
                    Block::SectionHeader(_) => {}
                    other => panic!("block type {:#x}", other.magic()),
                }
                length
            }
            Ok(_) => panic!("no pcapng"),
            Err(PcapError::Eof) => break,
            Err(PcapError::Incomplete(_)) => {
                reader.refill().expect("from memory");
                continue;
            }
            Err(error) => panic!("{error:?}"),
        };
        reader.consume(length);
    }
    let bytes: u64 = table.columns().length.iter().copied().map(u64::from).sum();
    assert_eq!(payload as u64, bytes);
    assert!(packets > 2 * 6 + 4);
    // Why each of the two connections ended.
    assert_eq!(comments.len(), 2, "{comments:?}");
    assert!(
        comments
            .iter()
            .all(|comment| comment.starts_with(b"closed by the ")),
        "{comments:?}"
    );
}

/// The sum of RFC 1071: all ones where the checksum within is right.
fn sum(bytes: &[u8]) -> u32 {
    let words = bytes
        .chunks(2)
        .map(|pair| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0)));
    let sum: u32 = words.sum();
    let sum = (sum >> 16) + (sum & 0xFFFF);
    (sum >> 16) + (sum & 0xFFFF)
}

/// Connections with these frames, whose ends have these names.
fn made(names: (&str, &str), frames: &[(u32, bool, usize)], end: bool) -> Table {
    let mut table = Table::default();
    for id in 0..4 {
        table.take(Piece::Open {
            connection: ConnectionId(id),
            time: 1000,
            about: About {
                protocol: Some(Protocol::Ngtt),
                device: names.0.into(),
                server: names.1.into(),
            },
        });
    }
    for (number, (id, to_server, length)) in frames.iter().enumerate() {
        let mut frame = u32::try_from(*length)
            .expect("short")
            .to_be_bytes()
            .to_vec();
        frame.extend([0, u8::try_from(number % 256).expect("a byte"), 0, 3]);
        frame.resize(8 + length, 0x5A);
        table.take(Piece::Bytes {
            connection: ConnectionId(*id),
            direction: if *to_server {
                Direction::ToServer
            } else {
                Direction::ToDevice
            },
            time: 2000 + number as u64,
            bytes: &frame,
        });
    }
    for id in 0..4 {
        if end {
            table.take(Piece::End {
                connection: ConnectionId(id),
                time: 9_000_000,
                reason: "".into(),
            });
        }
    }
    table.finish();
    table
}

proptest! {
    #[test]
    fn any_table_is_the_same_after_it_was_exported(
        frames in proptest::collection::vec(
            (0..4_u32, any::<bool>(), prop_oneof![0..40_usize, Just(1432), 1000..60_000_usize]), 1..20),
        end in any::<bool>(),
    ) {
        let table = made(("device-0001", ""), &frames, end);
        let again = read_again(&table);
        prop_assert_eq!(again.problems(), &[]);
        prop_assert_eq!(rows(&again, &all(&again)), rows(&table, &all(&table)));
    }
}

/// What was exported, read as NGTT: the file does not say the protocol.
fn read_again(first: &Table) -> Table {
    read_as_ngtt(&written(first, &all(first)))
}

fn read_as_ngtt(file: &[u8]) -> Table {
    let mut table = Table::default();
    let mut input = Input::new(Options {
        protocol: Some(Protocol::Ngtt),
        ..Options::default()
    });
    input.push(file, &mut table);
    input.finish(&mut table);
    table.finish();
    table
}

#[test]
fn addresses_are_kept_where_there_are_any() {
    let frames = [(0, true, 3000), (0, false, 10)];
    for (device, server) in [
        ("10.0.0.1:5000", "10.0.0.2:2405"),
        ("[fe80::1]:5000", "[fe80::2]:2405"),
    ] {
        let again = read_again(&made((device, server), &frames, true));
        let connection = &again.connections()[0];
        assert_eq!(
            (connection.device.as_str(), connection.server.as_str()),
            (device, server)
        );
        assert_eq!(again.problems(), []);
        assert_eq!(again.columns().len(), 2);
    }
    // Of two families, or without ports: made up.
    for (device, server) in [
        ("10.0.0.1:5000", "[fe80::2]:2405"),
        ("10.0.0.1", "10.0.0.2"),
    ] {
        let again = read_again(&made((device, server), &frames, true));
        assert!(again.connections()[0].device.starts_with("198.18."));
        assert_eq!(again.columns().len(), 2);
    }
}

#[test]
fn chosen_rows_stand_alone_and_gaps_stay() {
    let table = made(
        ("", ""),
        &[(0, true, 100), (0, true, 200), (0, true, 300)],
        true,
    );
    let again = read_as_ngtt(&written(&table, &[0, 2]));
    assert_eq!(rows(&again, &all(&again)), rows(&table, &[0, 2]));

    let mut gap = made(("", ""), &[(0, true, 100)], false);
    gap.take(Piece::Gap {
        connection: ConnectionId(0),
        direction: Direction::ToServer,
        time: 3000,
        missing: 50,
        aligned: true,
    });
    gap.take(Piece::Bytes {
        connection: ConnectionId(0),
        direction: Direction::ToServer,
        time: 4000,
        bytes: &[0, 0, 0, 0, 0, 7, 0, 0],
    });
    gap.finish();
    let mut told = Told::default();
    feed(&written(&gap, &all(&gap)), "", 100, &mut told);
    assert_eq!(told.gaps, 1);
    assert_eq!(told.bytes(), 108 + 8);
}

#[test]
fn an_export_of_nothing_is_a_recording_of_nothing() {
    let told = read(&written(&Table::default(), &[]), "");
    assert_eq!((told.bytes(), told.problems), (0, vec![]));
}
