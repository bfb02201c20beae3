//! The streams are those that tshark saw, decrypted by it with the same key logs; the
//! frames are those which the servers wrote down.

use std::collections::BTreeMap;

use wigwag_inspect::table::flags;
use wigwag_inspect::{ConnectionId, Direction, Protocol, Table};

use crate::common::{Told, expected, feed, file, read, table, text};

/// Recordings that are whole: the file, its key log, what tshark saw of it, and how
/// many frames of which protocol there are.
const WHOLE: [(&str, &str, &str, Protocol); 6] = [
    (
        "ngtt_tls.pcapng",
        "ngtt_tls.keys",
        "ngtt_tls.streams",
        Protocol::Ngtt,
    ),
    (
        "suites_tls.pcapng",
        "suites_tls.keys",
        "suites_tls.streams",
        Protocol::Ngtt,
    ),
    (
        "suites_tls_secrets.pcapng",
        "",
        "suites_tls.streams",
        Protocol::Ngtt,
    ),
    (
        "suites_tls_swapped.pcap",
        "suites_tls.keys",
        "suites_tls.streams",
        Protocol::Ngtt,
    ),
    ("ncp_plain.pcap", "", "ncp_plain.streams", Protocol::Ncp),
    (
        "ncp_tls.pcapng",
        "ncp_tls.keys",
        "ncp_tls.streams",
        Protocol::Ncp,
    ),
];

#[test]
fn whole_recordings_give_the_streams_that_tshark_saw() {
    for (name, keys, streams, _) in WHOLE {
        for chunk in [usize::MAX, 4096, 13] {
            let mut told = Told::default();
            feed(&file(name), &text(keys), chunk, &mut told);
            let mut seen = told.streams();
            seen.sort();
            assert_eq!(seen, expected(streams), "{name}");
            assert_eq!(
                (told.gaps, told.problems.as_slice()),
                (0, &[][..]),
                "{name}"
            );
            assert_eq!(told.opened, told.ended.len(), "{name}");
            // 2026, in microseconds.
            assert!(
                told.times
                    .iter()
                    .all(|time| (1.7e15..2e15).contains(&(*time as f64)))
            );
        }
    }
}

#[test]
fn every_byte_of_whole_recordings_is_in_a_good_frame() {
    for (name, keys, _, protocol) in WHOLE {
        let table = table(&file(name), &text(keys));
        let columns = table.columns();
        let mut bytes = 0;
        for row in 0..columns.len() {
            bytes += u64::from(columns.length[row]);
            // The tunnel's login before NCP over TLS is no frame of it.
            let expected = columns.protocol[row] == protocol as u8
                || (name.starts_with("ncp_tls")
                    && columns.protocol[row] == Protocol::Unknown as u8);
            assert!(expected, "{name}, row {row}: {}", columns.protocol[row]);
            let wrong = flags::MALFORMED | flags::GAP | flags::RESYNC;
            assert_eq!(columns.flags[row] & wrong, 0, "{name}, row {row}");
        }
        assert_eq!(
            bytes,
            read(&file(name), &text(keys)).bytes() as u64,
            "{name}"
        );
        assert!(columns.len() >= 8, "{name}: {} rows", columns.len());
    }
}

/// The frames of each connection and direction, by their order.
fn frames_of(table: &Table) -> BTreeMap<(usize, u8), Vec<Vec<u8>>> {
    let columns = table.columns();
    let mut frames = BTreeMap::<_, Vec<_>>::new();
    for row in 0..u32::try_from(columns.len()).expect("few rows") {
        let at = row as usize;
        let id = ConnectionId(columns.connection[at]);
        let connection = table
            .connections()
            .iter()
            .position(|c| c.id == id)
            .expect("known");
        let frame = table.frame(row).expect("kept").bytes.to_vec();
        frames
            .entry((connection, columns.direction[at]))
            .or_default()
            .push(frame);
    }
    frames
}

#[test]
fn the_frames_are_those_which_the_server_saw() {
    for (name, keys, _, _) in WHOLE {
        let server = match name {
            name if name.starts_with("suites_tls") => "suites_tls.wgcap".to_owned(),
            name => name.replace(".pcapng", ".wgcap").replace(".pcap", ".wgcap"),
        };
        let (ours, theirs) = (table(&file(name), &text(keys)), table(&file(&server), ""));
        assert_eq!(theirs.problems(), [], "{server}");
        assert!(frames_of(&ours) == frames_of(&theirs), "{name}");
        // The two clocks are one: the server's times are those of its packets.
        let first = |table: &Table| table.columns().time.first().copied().expect("a row");
        let apart = (first(&ours) - first(&theirs)).abs();
        assert!(apart < 1e6, "{name}: {apart} us");
    }
}

/// Type and id of the NGTT frames of a direction.
fn frames(table: &Table, connection: u32, direction: Direction) -> Vec<(u32, u32)> {
    let columns = table.columns();
    (0..columns.len())
        .filter(|row| columns.connection[*row] == connection)
        .filter(|row| columns.direction[*row] == direction as u8)
        .map(|row| (columns.kind[row], columns.id[row]))
        .collect()
}

#[test]
fn both_other_suites_have_the_frames_that_the_client_typed() {
    let (ping, order, fetch) = (0, 1, 10);
    let table = table(&file("suites_tls_secrets.pcapng"), "");
    for connection in [0, 1] {
        let typed = [(ping, 7), (fetch, 9), (ping, 11)];
        assert_eq!(frames(&table, connection, Direction::ToServer), typed);
        let answers = frames(&table, connection, Direction::ToDevice);
        assert_eq!(answers.first(), Some(&(ping, 7)));
        assert_eq!(answers.last(), Some(&(ping, 11)));
        assert!(
            answers.iter().any(|(kind, _)| *kind == order),
            "{answers:?}"
        );
    }
}

#[test]
fn without_keys_each_connection_says_what_it_needs() {
    for (name, keys) in [
        ("ngtt_tls.pcapng", "ngtt_tls.keys"),
        ("ncp_tls.pcapng", "ncp_tls.keys"),
    ] {
        let told = read(&file(name), "");
        assert_eq!(told.bytes(), 0, "{name}");
        assert_eq!(
            told.problems.len(),
            told.opened,
            "{name}: {:?}",
            told.problems
        );
        for problem in &told.problems {
            let random = problem
                .split(' ')
                .find(|word| word.len() == 64)
                .expect("its number");
            assert!(text(keys).contains(random), "{problem}");
        }
    }
}

#[test]
fn what_was_lost_is_a_gap_and_the_rest_is_there() {
    let good = read(&file("suites_tls.pcapng"), &text("suites_tls.keys"));
    let lost = read(&file("suites_tls_lost.pcap"), &text("suites_tls.keys"));
    assert!(lost.gaps > 0);
    assert!(
        lost.bytes() > good.bytes() / 4,
        "{} of {}",
        lost.bytes(),
        good.bytes()
    );
    assert!(lost.bytes() < good.bytes());
    // What is there is what was there: nothing is made up.
    for connection in [0, 1] {
        for direction in [Direction::ToServer, Direction::ToDevice] {
            let (whole, part) = (
                good.stream(connection, direction),
                lost.stream(connection, direction),
            );
            let mut rest = whole.iter();
            assert!(part.iter().all(|byte| rest.any(|other| other == byte)));
        }
    }
}

#[test]
fn packets_of_which_the_begin_was_kept_give_what_they_have() {
    let good = read(&file("ncp_plain.pcap"), "");
    let cut = read(&file("ncp_plain_cut.pcapng"), "");
    assert!(cut.gaps > 0);
    assert!(cut.bytes() < good.bytes());
    assert!(
        cut.problems.iter().any(|problem| problem.contains("-s 0")),
        "{:?}",
        cut.problems
    );
    // Short packets are whole.
    let (whole, part) = (
        good.stream(0, Direction::ToServer),
        cut.stream(0, Direction::ToServer),
    );
    assert!(part.len() > 100);
    assert_eq!(&whole[..100], &part[..100]);
}
