//! What is drawn together, and what never comes out.

use proptest::prelude::*;

use wigwag_codec::minijson::json;
use wigwag_codec::ncp::packet;

use super::{Quantity, Rate, Seen, Series, array, fields};
use crate::detail::Path;
use crate::table::Columns;
use crate::{ConnectionId, Direction, Piece, Sink, Table};

/// Orders with a value each, answered after as many milliseconds as their number; a
/// packet with an array at the end, in a connection of its own.
fn table() -> Table {
    let mut table = Table::default();
    let mut take = |connection, direction, time, bytes: &[u8]| {
        let connection = ConnectionId(connection);
        table.take(Piece::Bytes {
            connection,
            direction,
            time,
            bytes,
        });
    };
    for number in 1..=4_u64 {
        let mut place = [0; 64];
        let text = format!(r#"[{{"value":{number}.5,"path":"W{number}","list":[1,2,{number}]}}]"#);
        let length = json::read(text.as_bytes(), &mut place).unwrap();
        let mut frame = vec![0, 0, 0, length as u8, 0, number as u8, 0, 1];
        frame.extend(&place[..length]);
        let time = number * 1_000_000;
        take(0, Direction::ToDevice, time, &frame);
        let confirm = [0, 0, 0, 0, 0, number as u8, 0, 2];
        take(0, Direction::ToServer, time + number * 1000, &confirm);
    }
    let mut place = [0; 128];
    let wire = packet(&mut place, "DSPC").field("STAT");
    let wire = wire.param("LEVL", &[3.0_f32, f32::NAN, -1.5][..]);
    take(1, Direction::ToDevice, 9_000_000, wire.finish().unwrap());
    table.finish();
    assert_eq!(table.columns().len(), 9);
    table
}

fn values(table: &Table, quantity: &str) -> Vec<f64> {
    let rows: Vec<u32> = (0..12).collect();
    let mut series = Series::new(quantity.parse().unwrap());
    let mut taken = 0;
    while taken < rows.len() {
        // In slices, as a page does.
        taken += series.add(table, &rows[taken..rows.len().min(taken + 2)]);
    }
    assert_eq!(series.quantity().to_string(), quantity);
    series.values().to_vec()
}

#[test]
fn series_are_of_columns_and_of_what_paths_find() {
    let table = table();
    for (quantity, expected) in [
        ("latency", &[1.0, 2.0, 3.0, 4.0][..]),
        ("payload[0].value", &[1.5, 2.5, 3.5, 4.5]),
        ("payload[*].list[2]", &[1.0, 2.0, 3.0, 4.0]),
        ("payload[0].path", &[]),
        ("fields.STAT.LEVL", &[3.0, -1.5]),
        ("fields.STAT.LEVL[2]", &[-1.5]),
        ("payload.none", &[]),
    ] {
        assert_eq!(values(&table, quantity), expected, "{quantity}");
    }
    assert_eq!(values(&table, "length").len(), 9);
    assert!("length[".parse::<Quantity>().is_err() && "".parse::<Quantity>().is_err());
}

#[test]
fn arrays_are_lines() {
    let table = table();
    let line = |row, path| array(table.frame(row).unwrap(), &Path::parse(path).unwrap());
    assert_eq!(line(8, "fields.STAT.LEVL"), [3.0, -1.5]);
    assert_eq!(line(0, "payload[0].list"), [1.0, 2.0, 1.0]);
    assert_eq!(line(0, "payload[0].list[*]"), [1.0, 2.0, 1.0]);
    assert_eq!(line(0, "payload[0].value"), [1.5]);
    assert_eq!(line(0, "payload[0].path"), []);
    assert_eq!(line(0, "payload"), []);
}

#[test]
fn fields_are_told_with_their_values() {
    let seen = fields(&table());
    let find = |path: &str| -> &Seen {
        let found = seen.iter().find(|field| field.path == path);
        found.unwrap_or_else(|| panic!("{path}: {seen:?}"))
    };
    let value = find("payload[*].value");
    assert_eq!((value.count, value.numeric), (4, true));
    assert_eq!(value.values, ["1.5", "2.5", "3.5", "4.5"]);
    let path = find("payload[*].path");
    assert!(!path.numeric && path.values.contains(&"\"W1\"".to_owned()));
    assert_eq!(find("payload[*].list[*]").count, 12);
    assert!(find("fields.STAT.LEVL").numeric);
    assert!(seen.is_sorted_by(|a, b| a.path < b.path));
    assert_eq!(fields(&Table::default()), []);
}

fn series(points: &[(f64, f64)]) -> Series {
    let mut series = Series::new(Quantity::Length);
    for (time, value) in points {
        series.add_point(*time, *value);
    }
    series
}

#[test]
fn few_points_stay_as_they_are_in_the_order_of_time() {
    let reduced = series(&[(2.0, 5.0), (1.0, 7.0), (9.0, 1.0)]).reduced(0.0, 5.0, 2);
    assert_eq!(reduced.time, [1.0, 2.0]);
    assert_eq!(reduced.min, [7.0, 5.0]);
    assert_eq!((&reduced.max, &reduced.mean), (&reduced.min, &reduced.min));
    assert_eq!(reduced.count, [1, 1]);
}

#[test]
fn one_spike_in_a_million_points_is_seen() {
    let mut points: Vec<(f64, f64)> = (0..1_000_000).map(|at| (f64::from(at), 1.0)).collect();
    points[654_321].1 = 1e9;
    points[123_456].1 = -1e9;
    let reduced = series(&points).reduced(0.0, 1e6, 500);
    assert_eq!(reduced.time.len(), 500);
    assert_eq!(reduced.max.iter().copied().fold(0.0, f64::max), 1e9);
    assert_eq!(reduced.min.iter().copied().fold(0.0, f64::min), -1e9);
    assert_eq!(reduced.max.iter().filter(|max| **max > 1.0).count(), 1);
    // Nothing but the two buckets is touched by them.
    assert_eq!(
        reduced.mean.iter().filter(|mean| **mean == 1.0).count(),
        498
    );
}

#[test]
fn what_cannot_be_drawn_is_nothing() {
    let all = series(&[(1.0, 1.0), (1.0, 3.0), (1.0, 2.0)]);
    let nan = f64::NAN;
    for (from, to, buckets) in [
        (0.0, 2.0, 0),
        (2.0, 0.0, 5),
        (nan, 2.0, 5),
        (0.0, f64::INFINITY, 5),
        (5.0, 6.0, 5),
    ] {
        assert_eq!(all.reduced(from, to, buckets).time, [], "{from} {to}");
    }
    let one = all.reduced(1.0, 1.0, 2);
    assert_eq!(
        (one.time, one.min, one.max, one.mean),
        (vec![1.0], vec![1.0], vec![3.0], vec![2.0])
    );
    let broken = series(&[
        (nan, 1.0),
        (1.0, nan),
        (1.0, f64::INFINITY),
        (f64::NEG_INFINITY, 1.0),
    ]);
    assert_eq!((broken.times().len(), broken.skipped()), (0, 4));
    let large = series(&[(1.0, f64::MAX); 9]).reduced(0.0, 2.0, 2);
    assert_eq!((large.mean, large.count), (vec![f64::MAX], vec![9]));
}

#[test]
fn rates_count_every_frame_once() {
    let mut columns = Columns::default();
    for (time, length) in [
        (5e6, 10),
        (0.0, 100),
        (10e6, 1000),
        (4.9e6, 1),
        (f64::NAN, 7),
    ] {
        columns.time.push(time);
        columns.length.push(length);
    }
    let mut rate = Rate::of_all(&columns, 2);
    rate.add(&columns, 0..3);
    rate.add(&columns, 3..100);
    assert_eq!(rate.times(), [2.5e6, 7.5e6]);
    assert_eq!(rate.frames(), [0.4, 0.4]);
    assert_eq!(rate.bytes(), [101.0 / 5.0, 1010.0 / 5.0]);
}

#[test]
fn rates_of_no_time_and_of_nothing_are_finite() {
    let mut columns = Columns::default();
    let mut empty = Rate::of_all(&columns, 10);
    empty.add(&columns, 0..10);
    assert_eq!(
        (empty.times(), empty.frames()),
        (vec![500_000.0], vec![0.0])
    );
    columns.time.extend([3e6, 3e6]);
    columns.length.extend([4, 6]);
    let mut rate = Rate::of_all(&columns, 10);
    rate.add(&columns, 0..2);
    assert_eq!((rate.frames(), rate.bytes()), (vec![2.0], vec![10.0]));
    for (from, to) in [(f64::NAN, 1.0), (2.0, 1.0), (0.0, f64::INFINITY)] {
        let mut rate = Rate::new(from, to, 3);
        rate.add(&columns, 0..2);
        assert_eq!(rate.frames(), [0.0], "{from} {to}");
        assert!(rate.times().iter().all(|time| time.is_finite()));
    }
}

proptest! {
    #[test]
    fn buckets_hold_all_points_and_no_other_values(
        points in proptest::collection::vec((0.0..1000.0_f64, any::<f64>()), 0..300),
        buckets in 1..20_usize,
    ) {
        let series = series(&points);
        let reduced = series.reduced(0.0, 1000.0, buckets);
        let count: u32 = reduced.count.iter().sum();
        prop_assert_eq!(count as usize, series.values().len());
        prop_assert!(reduced.time.is_sorted());
        let most = series.values().iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let seen = reduced.max.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        prop_assert_eq!(most, seen);
        for index in 0..reduced.time.len() {
            let (min, max, mean) = (reduced.min[index], reduced.max[index], reduced.mean[index]);
            prop_assert!(min <= mean && mean <= max, "{min} {mean} {max}");
            prop_assert!(min.is_finite() && max.is_finite() && reduced.time[index].is_finite());
        }
    }
}
