//! Questions and answers.

use super::*;
use Direction::{ToDevice, ToServer};

const ORDER: &[u8] = &[0x41, 3, 5];
const S: u64 = 1_000_000;

fn flag(table: &Table, flag: u16) -> Vec<u32> {
    let rows = 0..table.columns().len() as u32;
    rows.filter(|row| table.columns().has(*row, flag)).collect()
}

#[test]
fn every_kind_of_question_finds_its_answer() {
    for (question, answer, asks, payload) in [
        (1, 2, ToDevice, ORDER),
        (1, 9, ToDevice, ORDER),
        (4, 5, ToServer, ORDER),
        (4, 6, ToServer, ORDER),
        (7, 8, ToServer, &[0x50][..]),
        (0, 0, ToServer, b""),
        (0, 0, ToDevice, b""),
    ] {
        let mut table = Table::default();
        // Another with the same id, of another kind, does not disturb.
        push(&mut table, ToServer, 1, &ngtt(3, 7, ORDER));
        push(&mut table, asks, 10, &ngtt(question, 7, payload));
        push(&mut table, asks, 11, &ngtt(question, 8, payload));
        let reply = if answer == 8 { payload } else { b"" };
        push(&mut table, asks.reverse(), 40, &ngtt(answer, 7, reply));
        let columns = table.columns();
        assert_eq!(
            columns.pair,
            [NO_ROW, 3, NO_ROW, 1],
            "{question} and {answer}"
        );
        assert_eq!(columns.latency[3], 30.0);
        assert_eq!(
            flag(&table, flags::ERROR),
            if matches!(answer, 6 | 9) {
                vec![3]
            } else {
                vec![]
            }
        );
        assert_eq!(table.pair(1), Some(3));
        assert_eq!(table.pair(2), None);
        assert_eq!(table.pair(9), None);
    }
}

#[test]
fn connections_do_not_answer_each_other() {
    let mut table = Table::default();
    for (connection, direction, bytes) in [
        (1, ToDevice, ngtt(1, 7, ORDER)),
        (2, ToServer, ngtt(2, 7, b"")),
        (3, ToServer, ngtt(2, 8, b"")),
        (1, ToServer, ngtt(2, 7, b"")),
    ] {
        let (connection, bytes) = (ConnectionId(connection), &bytes[..]);
        table.take(Piece::Bytes {
            connection,
            direction,
            time: 0,
            bytes,
        });
    }
    assert_eq!(table.columns().pair, [3, NO_ROW, NO_ROW, 0]);
}

#[test]
fn an_order_again_is_told_and_the_first_is_the_one_that_is_answered() {
    let mut table = Table::default();
    let order = ngtt(1, 7, ORDER);
    push(&mut table, ToDevice, 0, &order);
    push(&mut table, ToDevice, S, &order);
    push(&mut table, ToServer, 3 * S, &ngtt(2, 7, b""));
    push(&mut table, ToServer, 4 * S, &ngtt(2, 7, b""));
    push(&mut table, ToDevice, 5 * S, &order);
    push(&mut table, ToServer, 6 * S, &ngtt(2, 7, b""));
    // The id is free for another order.
    push(&mut table, ToDevice, 7 * S, &ngtt(1, 7, &[0x41, 3, 6]));
    push(&mut table, ToServer, 8 * S, &ngtt(9, 7, b""));
    table.finish();
    let columns = table.columns();
    assert_eq!(columns.pair, [2, NO_ROW, 0, NO_ROW, 5, 4, 7, 6]);
    assert_eq!(columns.latency[2], 3e6);
    assert_eq!(flag(&table, flags::REPEATED), [1, 3, 4]);
    assert_eq!(flag(&table, flags::UNANSWERED), []);
    assert_eq!(
        table.expert_text(1, Expert::Repeated),
        "ORDER 7 was there before"
    );
}

#[test]
fn a_pong_after_its_time_is_late() {
    let mut table = Table::default();
    push(&mut table, ToServer, 0, &ngtt(0, 1, b""));
    push(&mut table, ToDevice, 30 * S, &ngtt(0, 1, b""));
    push(&mut table, ToServer, 40 * S, &ngtt(0, 2, b""));
    push(&mut table, ToDevice, 71 * S, &ngtt(0, 2, b""));
    assert_eq!(flag(&table, flags::LATE), [3]);
    assert_eq!(
        table.expert_text(3, Expert::Late),
        "pong 31 s after its ping"
    );
    assert_eq!(table.columns().pair, [1, 0, 3, 2]);
}

#[test]
fn what_is_not_answered_in_time_is_told_until_it_is() {
    let mut table = Table::default();
    push(&mut table, ToDevice, S, &ngtt(1, 7, ORDER));
    push(&mut table, ToServer, 6 * S, &ngtt(4, 1, ORDER));
    table.settle(10 * S);
    assert_eq!(flag(&table, flags::UNANSWERED), []);
    table.settle(11 * S);
    assert_eq!(flag(&table, flags::UNANSWERED), [0]);
    assert_eq!(
        table.expert_text(0, Expert::Unanswered),
        "ORDER 7 was not answered within 10 s"
    );
    push(&mut table, ToServer, 12 * S, &ngtt(2, 7, b""));
    assert_eq!(flag(&table, flags::UNANSWERED), []);
    table.finish();
    assert_eq!(flag(&table, flags::UNANSWERED), [1]);
    assert_eq!(
        table.expert_text(1, Expert::Unanswered),
        "DATA_STREAM 1 was not answered before the recording ended, 6.0 s later"
    );
}

#[test]
fn a_clock_that_goes_back_does_not_stop_anything() {
    let mut table = Table::default();
    push(&mut table, ToDevice, u64::MAX, &ngtt(1, 1, ORDER));
    push(&mut table, ToDevice, 50 * S, &ngtt(1, 2, ORDER));
    push(&mut table, ToServer, 40 * S, &ngtt(2, 2, b""));
    push(&mut table, ToDevice, 0, &ngtt(1, 3, ORDER));
    assert_eq!(table.columns().latency[2], 0.0);
    table.settle(20 * S);
    assert_eq!(flag(&table, flags::UNANSWERED), [0, 3]);
}

/// A packet with one field, and what its parameter says.
fn field(name: &str, id: u32, param: &str) -> Vec<u8> {
    let mut place = [0; 256];
    let writer = wigwag_codec::ncp::packet(&mut place, "DSPC");
    let writer = writer.numbered_field(name, id).param(param, 1);
    writer.finish().unwrap().to_vec()
}

#[test]
fn an_acknowledgement_gives_way_to_the_answer() {
    let mut table = Table::default();
    push(&mut table, ToServer, 0, &field("SWEP", 4, "SAMP"));
    push(&mut table, ToDevice, S, &field("SWEP", 4, "ACKN"));
    assert_eq!(table.columns().pair, [1, 0]);
    push(&mut table, ToDevice, 2 * S, &field("SWEP", 5, "DATA"));
    push(&mut table, ToDevice, 3 * S, &field("SWEP", 4, "DATA"));
    push(&mut table, ToDevice, 4 * S, &field("SWEP", 4, "DATA"));
    assert_eq!(table.columns().pair, [3, NO_ROW, NO_ROW, 0, NO_ROW]);
    assert!(table.columns().latency[1].is_nan());
    assert_eq!(table.columns().latency[3], 3e6);
}

#[test]
fn a_command_of_ncp_again_is_told() {
    let mut table = Table::default();
    push(&mut table, ToServer, 0, &field("SWEP", 4, "SAMP"));
    push(&mut table, ToServer, S, &field("SWEP", 4, "SAMP"));
    push(&mut table, ToServer, S, &field("SWEP", 5, "SAMP"));
    push(&mut table, ToDevice, 2 * S, &field("SWEP", 4, "DATA"));
    table.finish();
    assert_eq!(table.columns().pair, [3, NO_ROW, NO_ROW, 0]);
    assert_eq!(flag(&table, flags::REPEATED), [1]);
    assert_eq!(flag(&table, flags::UNANSWERED), [2]);
    assert_eq!(
        table.expert_text(2, Expert::Unanswered),
        "DSPC SWEP was not answered before the recording ended, 1.0 s later"
    );
}

/// A packet of the link itself.
fn link(name: &str, id: u32) -> Vec<u8> {
    let mut place = [0; 256];
    let writer = wigwag_codec::ncp::packet(&mut place, "LINK");
    writer.numbered_field(name, id).finish().unwrap().to_vec()
}

#[test]
fn the_handshake_of_ncp_is_paired_and_keep_alives_are_no_questions() {
    let mut table = Table::default();
    let mut place = [0; 64];
    let alive = wigwag_codec::ncp::packet(&mut place, "LINK")
        .finish()
        .unwrap();
    for (direction, bytes) in [
        (ToDevice, &link("HELO", 0)[..]),
        (ToServer, &link("CCRE", 0)),
        (ToDevice, &link("SCAR", 1)),
        (ToServer, &link("CARE", 1)),
        (ToDevice, &link("SCON", 2)),
        (ToServer, alive),
    ] {
        push(&mut table, direction, 0, bytes);
    }
    table.finish();
    assert_eq!(table.columns().pair, [NO_ROW, 2, 1, 4, 3, NO_ROW]);
    assert_eq!(flag(&table, flags::UNANSWERED), []);
}

#[test]
fn an_input_without_times_has_pairs_and_no_latencies() {
    let mut table = Table::default();
    push(&mut table, ToServer, 0, &ngtt(0, 1, b""));
    push(&mut table, ToDevice, 40 * S, &ngtt(0, 1, b""));
    assert_eq!(flag(&table, flags::LATE), [1]);
    table.without_times();
    push(&mut table, ToServer, 50 * S, &ngtt(0, 2, b""));
    push(&mut table, ToDevice, 99 * S, &ngtt(0, 2, b""));
    push(&mut table, ToServer, 99 * S, &ngtt(4, 2, ORDER));
    table.override_protocol(ONE, Protocol::Ngtt);
    table.finish();
    assert_eq!(table.columns().pair, [1, 0, 3, 2, NO_ROW]);
    assert!(
        table
            .columns()
            .latency
            .iter()
            .all(|latency| latency.is_nan())
    );
    assert_eq!(flag(&table, flags::LATE), []);
    assert_eq!(
        table.expert_text(4, Expert::Unanswered),
        "DATA_STREAM 2 was not answered"
    );
}

#[test]
fn a_size_that_is_expected_changes_nothing_but_memory() {
    let frame = ngtt(4, 1, ORDER);
    for expected in [0, 1, 9000, u64::MAX] {
        let mut table = Table::default();
        table.expect(expected);
        for _ in 0..5000 {
            push(&mut table, ToServer, 0, &frame);
        }
        assert_eq!(table.columns().len(), 5000);
        let room = table.columns().time.capacity();
        assert!(room <= 4 * 5000, "{expected}: {room}");
    }
}

#[test]
fn one_direction_without_times_leaves_nothing_unanswered() {
    let mut table = Table::default();
    table.without_times();
    push(&mut table, ToServer, 0, &ngtt(1, 2, ORDER));
    push(&mut table, ToServer, 0, &packet("GPS", 1));
    table.finish();
    assert_eq!(flag(&table, flags::UNANSWERED), []);
}

#[test]
fn a_bookmark_moves_with_the_rows_and_the_clock_is_the_inputs() {
    let mut table = Table::default();
    assert_eq!((table.last_heard(), table.bookmark()), (None, None));
    let other = ConnectionId(2);
    for time in 0..10 {
        push(
            &mut table,
            Direction::ToDevice,
            100 + time,
            &ngtt(1, time as u16, &[0x40]),
        );
        table.take(Piece::Bytes {
            connection: other,
            direction: Direction::ToDevice,
            time: 50,
            bytes: &ngtt(0, time as u16 + 1, b""),
        });
    }
    assert_eq!(table.last_heard(), Some(109));
    table.settle(20_000_000);
    assert_eq!(table.last_heard(), Some(109), "nothing more was heard");
    // Three pings of the other connection are before it.
    table.set_bookmark(Some(6));
    // Eight zeros are two messages, a ping with a number is hardly one.
    assert!(table.override_protocol(ONE, Protocol::Prefix));
    let marked = table.bookmark().unwrap();
    let before = |row: &u32| *row == other.0;
    let pings = table.columns().connection[..marked as usize]
        .iter()
        .filter(|row| before(row));
    assert_eq!(pings.count(), 3);
    // At the end it stays at the end.
    assert!(table.override_protocol(ONE, Protocol::Ngtt));
    table.set_bookmark(Some(20));
    assert!(table.override_protocol(ONE, Protocol::Ngtt));
    assert_eq!((table.columns().len(), table.bookmark()), (20, Some(20)));
}

#[test]
fn both_halves_have_the_latency_as_soon_as_the_second_is_there() {
    use crate::filter::Filter;
    let mut table = Table::default();
    push(&mut table, Direction::ToDevice, 0, &ngtt(1, 7, &[0x40]));
    push(&mut table, Direction::ToDevice, 0, &ngtt(1, 8, &[0x40]));
    let slow = Filter::parse("type == ORDER && latency > 1 s").unwrap();
    assert!(slow.may_change() && !slow.holds(&table, 0));
    push(&mut table, Direction::ToServer, 3 * S, &ngtt(2, 7, b""));
    let columns = table.columns();
    assert_eq!((columns.latency[0], columns.latency[2]), (3e6, 3e6));
    assert!(columns.latency[1].is_nan());
    assert_eq!(
        (
            columns.is_answer(0),
            columns.is_answer(1),
            columns.is_answer(2)
        ),
        (false, false, true)
    );
    let mut found = Vec::new();
    slow.run(&table, 0, 10, &mut found);
    assert_eq!(found, [0]);
    // Read again they are halves again; as messages of another protocol they are none.
    assert!(table.override_protocol(ONE, Protocol::Ngtt));
    assert_eq!(table.columns().latency[0], 3e6);
    assert!(table.override_protocol(ONE, Protocol::Prefix));
    let columns = table.columns();
    assert!(columns.latency.iter().all(|latency| latency.is_nan()));
}
