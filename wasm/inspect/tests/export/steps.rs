//! Exports in steps, while the table changes.

use wigwag_inspect::export::{Export, Format, RowsChanged};
use wigwag_inspect::{ConnectionId, Direction, Protocol, Table};

use crate::common::{all, bytes, ngtt, open};

/// So many orders and their confirmations, of two connections.
fn table(frames: u16) -> Table {
    let mut table = Table::default();
    for connection in [1, 2] {
        open(&mut table, connection, 0, Some(Protocol::Ngtt));
    }
    more(&mut table, 0..frames);
    table
}

fn more(table: &mut Table, frames: std::ops::Range<u16>) {
    for tid in frames {
        let (connection, time) = (1 + u32::from(tid & 1), u64::from(tid) * 10);
        let order = ngtt(tid, 1, &[0x41, 0x82, b'W', b'1']);
        bytes(table, connection, Direction::ToDevice, time, &order);
        bytes(
            table,
            connection,
            Direction::ToServer,
            time + 5,
            &ngtt(tid, 2, b""),
        );
    }
}

#[test]
fn steps_are_short_and_together_the_same_as_in_one_go() {
    let table = table(5000);
    for format in Format::ALL {
        let rows = all(&table);
        let (mut written, mut steps) = (Vec::new(), 1);
        let mut export = Export::new(format, &table, rows.clone());
        loop {
            let before = written.len();
            let more = export.step(&table, &mut |more| written.extend_from_slice(more));
            assert!(written.len() - before < 2 << 20, "{format:?}");
            if !more.expect("no row has another number") {
                break;
            }
            steps += 1;
        }
        assert!((5..100).contains(&steps), "{format:?}: {steps}");
        let mut whole = Vec::new();
        let mut out = |more: &[u8]| whole.extend_from_slice(more);
        match format {
            Format::Capture => wigwag_inspect::export::capture(&table, rows, &mut out),
            Format::JsonLines => wigwag_inspect::export::json_lines(&table, rows, &mut out),
            Format::Csv => wigwag_inspect::export::csv(&table, rows, &mut out),
            Format::Pcapng => wigwag_inspect::export::pcapng(&table, rows, &mut out),
            Format::Raw => wigwag_inspect::export::raw(&table, rows, &mut out),
        }
        assert!(written == whole, "{format:?}");
        assert_eq!(Format::from_name(format.name()), Some(format));
    }
    assert_eq!(Format::from_name("xls"), None);
}

#[test]
fn what_comes_meanwhile_changes_nothing_and_other_numbers_are_told() {
    for format in Format::ALL {
        let mut table = table(2000);
        let mut expected = Vec::new();
        let mut export = Export::new(format, &table, all(&table));
        while export.step(&table, &mut |more| expected.extend_from_slice(more)) == Ok(true) {}

        let mut written = Vec::new();
        let mut export = Export::new(format, &table, all(&table));
        let mut tid = 2000;
        // Frames of old connections and of a new one.
        while export.step(&table, &mut |more| written.extend_from_slice(more)) == Ok(true) {
            more(&mut table, tid..tid + 10);
            open(&mut table, 3 + u32::from(tid), 0, Some(Protocol::Ngtt));
            tid += 10;
        }
        assert!(written == expected, "{format:?}");

        let mut export = Export::new(format, &table, all(&table));
        assert_eq!(export.step(&table, &mut |_| {}), Ok(true));
        assert!(table.override_protocol(ConnectionId(1), Protocol::Prefix));
        assert_eq!(export.step(&table, &mut |_| {}), Err(RowsChanged));
    }
}
