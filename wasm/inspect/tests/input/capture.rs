//! Captures, whole and broken.

use wigwag_codec::capture::{LABEL, Record};
use wigwag_inspect::input::{Kind, Options};
use wigwag_inspect::{About, ConnectionId, Direction, Piece, Protocol};

use crate::common::{bytes_of, gap_of, read, read_as, read_with};

/// The time of the first record: some day of 2025.
const BEGIN: u64 = 1_756_000_000_000_000;

pub(crate) fn write(records: &[Record<'_>]) -> Vec<u8> {
    let mut capture = LABEL.to_vec();
    for record in records {
        let begin = capture.len();
        capture.resize(begin + record.encoded_len(), 0);
        record.write(&mut capture[begin..]).unwrap();
    }
    capture
}

fn open(connection: u32) -> Record<'static> {
    Record::Open {
        connection,
        time: BEGIN,
        protocol: Some(1),
        device: "device",
        server: "server",
    }
}

fn bytes(connection: u32, number: u64, bytes: &[u8]) -> Record<'_> {
    Record::Bytes {
        connection,
        time: BEGIN + number,
        direction: Direction::ToDevice,
        bytes,
    }
}

/// Two connections, 20 records of bytes that count up from 0.
pub(crate) fn sample() -> Vec<u8> {
    let numbers: Vec<u8> = (0..20).collect();
    let mut records = vec![open(1), open(2)];
    for (at, number) in numbers.chunks(1).enumerate() {
        records.push(bytes(at as u32 % 2 + 1, at as u64, number));
    }
    for connection in [1, 2] {
        records.push(Record::End {
            connection,
            time: BEGIN + 100,
            reason: "closed",
        });
    }
    write(&records)
}

#[test]
fn records_become_pieces() {
    let to_server = Direction::ToServer;
    let capture = write(&[
        open(1),
        bytes(1, 1, b"ab"),
        Record::Gap {
            connection: 1,
            time: BEGIN + 2,
            direction: to_server,
            missing: 5,
            aligned: true,
        },
        Record::Dropped {
            time: BEGIN + 3,
            count: 6,
        },
        Record::Dropped {
            time: BEGIN + 3,
            count: 4,
        },
        Record::End {
            connection: 1,
            time: BEGIN + 4,
            reason: "reset",
        },
    ]);
    let read = read(capture);
    let connection = ConnectionId(1);
    let about = About {
        protocol: Some(Protocol::Ngtt),
        device: "device".into(),
        server: "server".into(),
    };
    let expected = [
        Piece::Open {
            connection,
            time: BEGIN,
            about,
        },
        bytes_of(1, Direction::ToDevice, BEGIN + 1),
        gap_of(1, to_server, BEGIN + 2, 5, true),
        Piece::End {
            connection,
            time: BEGIN + 4,
            reason: "reset".into(),
        },
    ];
    assert_eq!(read.kind, Some(Kind::Capture));
    assert_eq!(read.pieces, expected);
    assert_eq!(read.bytes, [b"ab"]);
    assert_eq!(read.dropped, 10);
}

#[test]
fn a_person_says_the_protocol() {
    let options = Options {
        protocol: Some(Protocol::Ncp),
        ..Options::default()
    };
    // The second connection was not announced.
    let read = read_with(&options, &write(&[open(1), bytes(2, 0, b"a")]));
    let protocols: Vec<_> = read
        .pieces
        .iter()
        .filter_map(|piece| match piece {
            Piece::Open { about, .. } => Some(about.protocol),
            _ => None,
        })
        .collect();
    assert_eq!(protocols, [Some(Protocol::Ncp); 2]);
}

#[test]
fn connections_of_joined_captures_are_not_mixed_up() {
    let read = read([sample(), sample()].concat());
    let opened: Vec<u32> = read
        .pieces
        .iter()
        .filter_map(|piece| match piece {
            Piece::Open { connection, .. } => Some(connection.0),
            _ => None,
        })
        .collect();
    assert_eq!(opened, [1, 2, 4, 5]);
    assert!(read.problems().is_empty());
}

#[test]
fn numbers_of_connections_end_somewhere() {
    let capture = write(&[open(u32::MAX)]);
    let read = read([capture.clone(), capture].concat());
    assert_eq!(read.problems().len(), 1);
}

#[test]
fn a_capture_without_its_begin_is_read() {
    let capture = sample();
    let read = read_as(Kind::Capture, &capture[LABEL.len()..]);
    assert_eq!(read.all(), (0..20).collect::<Vec<u8>>());
    assert_eq!(read.problems().len(), 1);
}

#[test]
fn a_capture_that_was_cut_gives_what_is_whole() {
    let capture = sample();
    for end in LABEL.len()..capture.len() {
        let read = read(&capture[..end]);
        let all = read.all();
        assert_eq!(all, (0..all.len() as u8).collect::<Vec<u8>>());
        assert!(read.problems().len() <= 1, "{end}: {:?}", read.problems());
    }
}

/// Whatever byte is broken: at most a few records are lost, and it is told.
#[test]
fn a_broken_record_does_not_take_the_rest_with_it() {
    let capture = sample();
    let expected = read(&capture).all();
    for at in 0..capture.len() {
        let mut broken = capture.clone();
        broken[at] = 0xff;
        let read = read_as(Kind::Capture, &broken);
        let all = read.all();
        // What is there is right and in order, but for the one that was changed.
        let known: Vec<u8> = all.iter().copied().filter(|byte| *byte < 20).collect();
        assert!(known.is_sorted(), "{at}: {all:?}");
        assert!(known.len() + 4 >= expected.len(), "{at}: {all:?}");
        if all.len() < expected.len() {
            assert!(!read.problems().is_empty(), "{at}");
        }
    }
}

#[test]
fn after_a_broken_record_both_directions_have_a_gap() {
    let mut capture = write(&[open(1), bytes(1, 1, b"a")]);
    let begin = capture.len() as u64;
    capture.extend([0xff; 100]);
    let rest = write(&[bytes(1, 2, b"b"), bytes(1, 3, b"c")]);
    capture.extend(&rest[LABEL.len()..]);
    let read = read(capture);
    assert_eq!(read.all(), b"abc");
    let to_device = Direction::ToDevice;
    assert!(matches!(&read.pieces[2], Piece::Problem { offset, message }
        if *offset == begin && message.contains(&format!("byte {}", begin + 100))));
    assert_eq!(
        read.pieces[3..],
        [
            gap_of(1, to_device, BEGIN + 2, 0, false),
            bytes_of(1, to_device, BEGIN + 2),
            bytes_of(1, to_device, BEGIN + 3),
        ]
    );
}

#[test]
fn losses_cost_no_more_where_there_are_many_connections() {
    const MANY: u32 = 50_000;
    let opens: Vec<Record<'_>> = (0..MANY).map(open).collect();
    let mut capture = write(&opens);
    // Records of bytes that have none, one after another.
    capture.extend(b"\x82\x01\x01".repeat(300_000));
    let last = write(&[bytes(7, 1, b"x"), bytes(7, 2, b"y")]);
    capture.extend(&last[LABEL.len()..]);
    let begin = std::time::Instant::now();
    let read = read(&capture);
    // A visit to each connection for each of them took minutes.
    assert!(begin.elapsed().as_secs() < 20, "{:?}", begin.elapsed());
    assert_eq!((read.all(), read.gaps()), (b"xy".to_vec(), 1));
}

#[test]
fn records_of_strangers_and_other_times_are_not_taken_for_a_begin() {
    let mut capture = write(&[open(1), bytes(1, 1, b"a")]);
    capture.push(0xff);
    // Two records that are whole, but of no connection that is known; of another year.
    for record in [bytes(999, 2, b"x"), bytes(999, 3, b"y")] {
        capture.extend(&write(&[record])[LABEL.len()..]);
    }
    capture.push(0xff);
    for record in [bytes(1, 1 << 50, b"x"), bytes(1, 1 << 50, b"y")] {
        capture.extend(&write(&[record])[LABEL.len()..]);
    }
    let read = read(&capture);
    assert_eq!(read.all(), b"a");
    assert_eq!(read.problems().len(), 1);
}

#[test]
fn a_long_piece_of_rubbish_is_searched_in_one_pass() {
    let mut capture = write(&[open(1), bytes(1, 1, b"a")]);
    capture.push(0xff);
    // Begins of records wherever one looks, none of which goes on; then such that
    // seem to be records of 64 KiB.
    capture.extend(b"\x85\x01\x01\x1b\x00".repeat(400_000));
    capture.extend(b"\x85\x01\x01\x00\x00\x59\xff\xff".repeat(250_000));
    let rest = write(&[bytes(1, 2, b"b"), bytes(1, 3, b"c")]);
    capture.extend(&rest[LABEL.len()..]);
    let read = crate::common::read_in(&Options::default(), &capture, 10_000);
    assert_eq!(read.all(), b"abc");
}

#[test]
fn a_large_record_is_taken_whole() {
    let large: Vec<u8> = (0..3_000_000_u32).map(|at| at as u8).collect();
    let capture = write(&[open(1), bytes(1, 1, &large), bytes(1, 2, b"z")]);
    for chunk in [1_000, 70_000, capture.len()] {
        let read = crate::common::read_in(&Options::default(), &capture, chunk);
        assert_eq!(read.bytes, [&large[..], b"z"]);
    }
}
