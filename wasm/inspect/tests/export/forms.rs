//! What exports look like.

use wigwag_inspect::input::Kind;
use wigwag_inspect::table::Budget;
use wigwag_inspect::{Direction, Protocol, Table, export};

use crate::common::{EXPORTS, all, bytes, end, ngtt, open, read, rows, sample, write};

fn text(export: impl FnOnce(&mut dyn FnMut(&[u8]))) -> String {
    let mut written = Vec::new();
    export(&mut |bytes| written.extend_from_slice(bytes));
    String::from_utf8(written).unwrap()
}

#[test]
fn json_lines_say_what_is_known_of_a_frame() {
    let table = sample();
    let lines = text(|out| export::json_lines(&table, all(&table), out));
    let expected = [
        r#"{"event":"open","time":1756000000000000,"connection":1,"protocol":"ngtt","device":"device 1","server":"the \"server\", ü"}"#,
        r#"{"row":0,"time":1756000000000010,"connection":1,"direction":"to_device","protocol":"ngtt","type":"ORDER","id":4,"length":11,"pair":2,"latency":20,"hex":"0000000300040001410305","value":[5]}"#,
        r#"{"event":"open","time":1756000000000005,"connection":7,"protocol":"ngtt","device":"device 7","server":"the \"server\", ü"}"#,
        r#"{"row":1,"time":1756000000000020,"connection":7,"direction":"to_device","protocol":"ngtt","type":"ORDER","id":5,"length":9,"flags":["unanswered"],"hex":"000000010005000140","value":[]}"#,
        r#"{"row":2,"time":1756000000000030,"connection":1,"direction":"to_server","protocol":"ngtt","type":"ORDER_CONFIRM","id":4,"length":8,"pair":0,"latency":20,"hex":"0000000000040002"}"#,
        r#"{"event":"end","time":1756000000000040,"connection":1,"reason":"closed by the device"}"#,
        r#"{"row":3,"time":1756000000000050,"connection":7,"direction":"to_server","protocol":"ngtt","type":"PING","id":6,"length":8,"flags":["unanswered"],"hex":"0000000000060000"}"#,
    ];
    assert_eq!(lines.lines().collect::<Vec<_>>(), expected);
    assert!(lines.ends_with("}\n"));
}

#[test]
fn the_longest_text_of_a_frame_fits_into_a_line_that_is_read() {
    // An NGTT payload of 1 MiB: a list of empty maps, each a byte.
    let mut payload = vec![0x10, 0, 0x0f, 0xff, 0xf3];
    payload.resize((1 << 20) - 8, 0x50);
    let frame = ngtt(1, 1, &payload);
    assert_eq!(frame.len(), 1 << 20);
    let mut table = Table::default();
    open(&mut table, 1, 0, Some(Protocol::Ngtt));
    bytes(&mut table, 1, Direction::ToDevice, 1, &frame);
    table.finish();
    let (kind, export) = EXPORTS[1];
    let written = write(export, &table, &[0]);
    assert!(written.len() > 11 << 20, "{}", written.len());
    assert_eq!(rows(&read(&written, kind), &[0]), rows(&table, &[0]));
}

#[test]
fn csv_has_a_line_a_row() {
    let table = sample();
    let lines = text(|out| export::csv(&table, [0, 2, 99], out));
    let expected = "row,time_us,connection,device,server,direction,protocol,type,id,length,offset,pair,latency_us,flags,summary\r\n\
        1,1756000000000010,1,device 1,\"the \"\"server\"\", ü\",to_device,ngtt,ORDER,4,11,0,3,20,,no commands\r\n\
        3,1756000000000030,1,device 1,\"the \"\"server\"\", ü\",to_server,ngtt,ORDER_CONFIRM,4,8,0,1,20,,the order was executed\r\n";
    assert_eq!(lines, expected);
}

#[test]
fn a_formula_from_a_device_is_a_text() {
    for name in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=\"a\""] {
        let mut table = Table::default();
        let about = wigwag_inspect::About {
            protocol: Some(Protocol::Ngtt),
            device: name.into(),
            ..Default::default()
        };
        let connection = wigwag_inspect::ConnectionId(1);
        wigwag_inspect::Sink::take(
            &mut table,
            wigwag_inspect::Piece::Open {
                connection,
                time: 0,
                about,
            },
        );
        bytes(&mut table, 1, Direction::ToDevice, 1, &ngtt(1, 0, &[]));
        let lines = text(|out| export::csv(&table, [0], out));
        let defused = format!(",\"'{}\",", name.replace('"', "\"\""));
        assert!(lines.contains(&defused), "{lines}");
    }
}

#[test]
fn raw_bytes_are_nothing_but_the_frames() {
    let table = sample();
    let mut written = Vec::new();
    export::raw(&table, [2, 0, 99], &mut |bytes| {
        written.extend_from_slice(bytes)
    });
    let expected = [ngtt(4, 2, &[]), ngtt(4, 1, &[0x41, 3, 5])].concat();
    assert_eq!(written, expected);
}

#[test]
fn rows_that_do_not_exist_are_left_out() {
    let table = sample();
    for (kind, export) in EXPORTS {
        let written = write(export, &table, &[0, 4, u32::MAX]);
        assert_eq!(read(&written, kind).columns().len(), 1);
    }
    assert_eq!(
        write(EXPORTS[0].1, &table, &[]),
        wigwag_codec::capture::LABEL
    );
    assert!(write(EXPORTS[1].1, &table, &[]).is_empty());
}

/// A table with one frame of so many MiB.
fn large(mebibytes: usize) -> Table {
    let mut table = Table::default();
    open(&mut table, 1, 0, Some(Protocol::Ngtt));
    for chunk in ngtt(1, 7, &vec![0x11; mebibytes << 20]).chunks(1 << 20) {
        bytes(&mut table, 1, Direction::ToServer, 1, chunk);
    }
    end(&mut table, 1, 2);
    table
}

#[test]
fn a_large_frame_is_cut_and_read_back_as_one() {
    // One byte more than fits into a record, and into a line.
    for ((kind, export), mebibytes) in EXPORTS.into_iter().zip([16, 8]) {
        let table = large(mebibytes);
        let again = read(&write(export, &table, &[0]), kind);
        assert_eq!(again.columns().len(), 1);
        assert!(rows(&again, &[0]) == rows(&table, &[0]));
    }
}

#[test]
fn a_large_frame_is_handed_over_as_it_is() {
    let mut largest = 0;
    export::capture(&large(16), [0], &mut |bytes| {
        largest = largest.max(bytes.len())
    });
    assert_eq!(largest, 16 << 20);
}

#[test]
fn small_frames_come_in_pieces_that_are_worth_a_call() {
    let mut table = Table::default();
    let frames = ngtt(1, 0, &[]).repeat(50_000);
    bytes(&mut table, 1, Direction::ToServer, 1, &frames);
    table.finish();
    let (mut calls, mut total) = (0, 0);
    export::raw(&table, all(&table), &mut |bytes| {
        calls += 1;
        total += bytes.len();
    });
    assert_eq!(total, frames.len());
    assert!(calls <= 8, "{calls}");
}

#[test]
fn a_row_whose_bytes_were_not_kept_is_a_gap() {
    let mut table = Table::new(Budget {
        frame: 64,
        ..Budget::default()
    });
    open(&mut table, 1, 0, Some(Protocol::Ngtt));
    bytes(
        &mut table,
        1,
        Direction::ToServer,
        1,
        &ngtt(1, 7, &[0x11; 100]),
    );
    bytes(&mut table, 1, Direction::ToServer, 2, &ngtt(2, 0, &[]));
    table.finish();
    assert!(table.frame(0).is_none(), "it was too large");
    for (kind, export) in EXPORTS {
        let again = read(&write(export, &table, &[0, 1]), kind);
        assert_eq!(rows(&again, &[0]), rows(&table, &[1]));
        assert!(again.columns().has(0, wigwag_inspect::table::flags::GAP));
    }
    let lines = String::from_utf8(write(EXPORTS[1].1, &table, &[0])).unwrap();
    assert!(lines.contains("\"missing\":108"), "{lines}");
    assert_eq!(EXPORTS[1].0, Kind::JsonLines);
}
