//! What terms about columns mean.

use crate::filter::Filter;
use crate::table::{Columns, flags};

/// Rows of all protocols: number, direction, protocol, kind, flags and latency.
fn columns() -> Columns {
    let ncp = |name: &[u8; 4]| u32::from_be_bytes(*name);
    let rows: [(u8, u8, u32, u16, f32); 8] = [
        (1, 1, 1, 0, f32::NAN),
        (0, 1, 2, 0, 3_000_000.0),
        (0, 1, 0, flags::LATE, f32::NAN),
        (1, 1, 500, flags::MALFORMED | flags::GAP, f32::NAN),
        (0, 2, ncp(b"DSPC"), 0, f32::NAN),
        (1, 2, ncp(b"DSPC"), flags::ERROR, 200_000.0),
        (1, 2, ncp(b"AB\0\0"), 0, 0.0),
        (0, 3, 0, 0, f32::NAN),
    ];
    let mut columns = Columns::default();
    for (row, (direction, protocol, kind, flags, latency)) in rows.into_iter().enumerate() {
        let number = row as u32;
        columns.time.push(1_795_289_100e6 + f64::from(number) * 1e6);
        columns.connection.push(number / 4);
        columns.direction.push(direction);
        columns.protocol.push(protocol);
        columns.kind.push(kind);
        columns.id.push(number + 5);
        columns.length.push(number * 1000);
        columns.flags.push(flags);
        columns.latency.push(latency);
        columns.offset.push(f64::from(number) * 1e10);
    }
    columns
}

fn run(text: &str, columns: &Columns) -> Vec<u32> {
    let filter = Filter::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let mut out = Vec::new();
    let next = filter.run_over(columns, |_| None, 0, u32::MAX, &mut out);
    assert_eq!(next as usize, columns.len(), "{text}");
    // One row at a time is the same.
    let (mut slow, mut next) = (Vec::new(), 0);
    while (next as usize) < columns.len() {
        next = filter.run_over(columns, |_| None, next, 1, &mut slow);
    }
    assert_eq!(out, slow, "{text}");
    out
}

#[test]
fn terms_about_columns_choose_their_rows() {
    let columns = columns();
    for (text, rows) in [
        ("", &[0, 1, 2, 3, 4, 5, 6, 7][..]),
        ("type == ORDER", &[0]),
        ("type != ORDER", &[1, 2, 3, 4, 5, 6]),
        ("!(type == ORDER)", &[1, 2, 3, 4, 5, 6, 7]),
        ("type == dspc", &[4, 5]),
        ("type == ab", &[6]),
        ("type == 'AB '", &[6]),
        ("type in (PING, DSPC, 500)", &[2, 3, 4, 5]),
        ("type == 0", &[2]),
        ("type >= 2", &[1, 3]),
        ("type ~ 'order'", &[0, 1]),
        ("type contains 'ORDER_'", &[1]),
        ("type matches '^(D|5)'", &[3, 4, 5]),
        ("id == 7", &[2]),
        ("id != 7", &[0, 1, 3, 4, 5, 6, 7]),
        ("id in (7, 5, 99999999999, 1.5)", &[0, 2]),
        ("id > 1e300", &[]),
        ("id < 6.5", &[0, 1]),
        ("id >= -1", &[0, 1, 2, 3, 4, 5, 6, 7]),
        ("connection == 1", &[4, 5, 6, 7]),
        ("direction == to_device", &[0, 3, 5, 6]),
        ("direction != to_device", &[1, 2, 4, 7]),
        ("protocol in (ncp, prefix)", &[4, 5, 6, 7]),
        ("length >= 6 kB", &[6, 7]),
        ("offset > 65000 MB", &[7]),
        ("latency", &[1, 5, 6]),
        ("!latency", &[0, 2, 3, 4, 7]),
        ("latency > 200 ms", &[1]),
        ("latency >= 200 ms", &[1, 5]),
        ("latency == 3 s", &[1]),
        ("latency != 3 s", &[5, 6]),
        ("latency in (0, 0.2 s)", &[5, 6]),
        ("time > 5 s", &[6, 7]),
        ("time <= 0 s", &[0]),
        ("time < -1 s", &[]),
        ("time >= 2026-11-21T19:25:05Z", &[5, 6, 7]),
        ("time == 2026-11-21T19:25:05Z", &[5]),
        ("time in (2026-11-21T19:25:05Z, 1 s)", &[1, 5]),
        ("late", &[2]),
        ("malformed && gap || error", &[3, 5]),
        ("malformed && (gap || error)", &[3]),
        ("!late && !gap && id < 10", &[0, 1, 4]),
        ("!(late || gap) && !(id >= 10)", &[0, 1, 4]),
    ] {
        assert_eq!(run(text, &columns), rows, "{text}");
    }
}

#[test]
fn an_empty_table_and_rows_behind_its_end_are_nothing() {
    let filter = Filter::parse("id == 7 || payload ~ 'x'").unwrap();
    let mut out = Vec::new();
    let empty = Columns::default();
    assert_eq!(filter.run_over(&empty, |_| None, 0, 10, &mut out), 0);
    let columns = columns();
    assert_eq!(filter.run_over(&columns, |_| None, 100, 10, &mut out), 100);
    assert_eq!(filter.run_over(&columns, |_| None, 3, 0, &mut out), 3);
    assert_eq!(out, []);
    assert_eq!(filter.run_over(&columns, |_| None, 2, 2, &mut out), 4);
    assert_eq!(out, [2]);
}

#[test]
fn rows_that_are_added_are_tested_like_all_others() {
    let mut columns = Columns::default();
    let filter = Filter::parse("id == 3 || id == 9000").unwrap();
    let (mut out, mut next) = (Vec::new(), 0);
    for row in 0..10_000_u32 {
        columns.time.push(0.0);
        columns.id.push(row);
        if row % 777 == 0 {
            next = filter.run_over(&columns, |_| None, next, 500, &mut out);
        }
    }
    while next < 10_000 {
        next = filter.run_over(&columns, |_| None, next, 500, &mut out);
    }
    assert_eq!(out, [3, 9000]);
}
