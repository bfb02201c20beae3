//! Recordings made to do harm: they take the time and the memory of their bytes,
//! and no more.

use super::*;
use Direction::{ToDevice, ToServer};

fn open(table: &mut Table, connection: u32, protocol: Protocol) {
    let about = crate::About {
        protocol: Some(protocol),
        ..crate::About::default()
    };
    let connection = ConnectionId(connection);
    table.take(Piece::Open {
        connection,
        time: 0,
        about,
    });
}

#[test]
fn a_million_tiny_frames_and_a_flood_of_questions() {
    let mut table = Table::default();
    let pings: Vec<u8> = (0..1000).flat_map(|tid| ngtt(0, tid, b"")).collect();
    let orders: Vec<u8> = (0..1000).flat_map(|tid| ngtt(1, tid, &[0x40])).collect();
    for _ in 0..500 {
        push(&mut table, ToServer, 0, &pings);
        push(&mut table, ToDevice, 0, &orders);
    }
    table.finish();
    while table.examine(100_000) {}
    assert_eq!(table.columns().len(), 1_000_000);
    assert!(table.held() < 57_001_300, "{}", table.held());
    // A thousand orders, told again and again.
    assert_eq!(table.expert_counts()[Expert::Repeated as usize], 499_000);
}

#[test]
fn no_more_room_is_made_than_the_budget_allows() {
    let budget = Budget {
        bytes: 8 << 20,
        ..Budget::default()
    };
    let mut table = Table::new(budget);
    // All of it could be frames of one byte; then what is allowed is made no use of.
    table.expect(1 << 40);
    open(&mut table, 0, Protocol::Minijson);
    for _ in 0..1000 {
        push(&mut table, ToServer, 0, &[0; 1000]);
    }
    let rows = table.columns().len();
    assert!(rows > 100_000 && table.refused() > 0, "{rows}");
    let room = table.columns().time.capacity();
    assert!(room < 200_000, "room for {room} rows, {rows} of them used");
}

#[test]
fn connections_without_end_stop_at_the_budget() {
    let budget = Budget {
        bytes: 4 << 20,
        ..Budget::default()
    };
    let mut table = Table::new(budget);
    for connection in 0..200_000 {
        open(&mut table, connection, Protocol::Ngtt);
        let connection = ConnectionId(connection);
        let bytes = &[0; 8];
        table.take(Piece::Bytes {
            connection,
            direction: ToServer,
            time: 0,
            bytes,
        });
        table.take(Piece::Gap {
            connection,
            direction: ToServer,
            time: 0,
            missing: 1,
            aligned: false,
        });
        table.take(Piece::End {
            connection,
            time: 0,
            reason: "over".into(),
        });
    }
    assert!(table.held() <= 4 << 20);
    assert!(table.connections().len() < 8192);
    assert_eq!(table.problems().len(), 1);
    assert!(
        table.problems()[0].message.contains("4 MiB"),
        "{:?}",
        table.problems()
    );
    assert!(table.refused() > 190_000);
    table.finish();
}

#[test]
fn a_budget_that_is_used_up_keeps_what_was_read() {
    let mut table = Table::new(Budget {
        bytes: 1768,
        frame: 1 << 20,
    });
    let order = ngtt(1, 7, &[0x40]);
    for _ in 0..100 {
        push(&mut table, ToDevice, 0, &order);
    }
    table.finish();
    assert_eq!(table.columns().len(), 8);
    assert_eq!(frames(&table), [&order[..]; 8]);
    assert_eq!(table.taken(), 8 * 9);
    assert_eq!(table.refused(), 92 * 9);
    assert_eq!(table.problems()[0].offset, 72);
}

#[test]
fn announced_lengths_take_nothing() {
    for (protocol, head) in [
        (Protocol::Ngtt, &[3, 0xff, 0xff, 0, 0, 1, 0, 4][..]),
        (Protocol::Ngtt, &[0x30, 0, 0, 0, 0, 1, 0, 4]),
        (Protocol::Ngtt, &[0xff, 0xff, 0xff, 0xff, 0, 1, 0, 4]),
        (Protocol::Prefix, &[0xff, 0xff, 0xff, 0xff]),
        (Protocol::Prefix, &[3, 0xff, 0xff, 0xff]),
        (Protocol::Minijson, &[0x10, 0xff, 0xff, 0xff, 0xff]),
        (Protocol::Minijson, &[0x1b, 0xff, 0xff, 0xff, 0xff]),
    ] {
        let mut table = Table::default();
        for connection in 0..1000 {
            open(&mut table, connection, protocol);
            let connection = ConnectionId(connection);
            table.take(Piece::Bytes {
                connection,
                direction: ToServer,
                time: 0,
                bytes: head,
            });
        }
        let capacity: usize = table
            .states
            .iter()
            .flatten()
            .map(|state| state.streams[0].capacity())
            .sum();
        assert!(capacity <= 64 * 1000, "{protocol:?}: {capacity}");
        table.finish();
        assert!(table.columns().len() >= 1000);
    }
}

#[test]
fn a_frame_over_the_limit_has_a_row_and_the_next_is_found() {
    let budget = Budget {
        bytes: 1 << 20,
        frame: 27,
    };
    let wire = [
        ngtt(4, 3, &[&[0x93][..], &[97; 19]].concat()),
        ngtt(0, 9, b""),
    ]
    .concat();
    for cut in 0..=wire.len() {
        let mut table = Table::new(budget);
        open(&mut table, 1, Protocol::Ngtt);
        push(&mut table, ToDevice, 0, &wire[..cut]);
        push(&mut table, ToDevice, 0, &wire[cut..]);
        let columns = table.columns();
        assert_eq!(columns.id, [3, 9], "cut at {cut}");
        assert_eq!(columns.length, [28, 8]);
        assert_eq!(columns.offset, [0.0, 28.0]);
        assert_eq!(columns.flags, [flags::NOT_KEPT, 0]);
        assert_eq!(table.frame(0), None);
        assert_eq!(
            table.expert_text(0, Expert::NotKept),
            "a frame of 28 bytes: larger than what is kept"
        );
        assert!(!table.examine(10));
    }
}

#[test]
fn bytes_that_look_like_the_begin_of_frames_cost_no_more_than_others() {
    // Begins of frames with payloads that go wrong at their ends, again and again.
    let mut bait = ngtt(4, 1, &[0x0f, 0x3f, 0xff]);
    bait[..4].copy_from_slice(&60_000_u32.to_be_bytes());
    for protocol in [
        Protocol::Ngtt,
        Protocol::Ncp,
        Protocol::Prefix,
        Protocol::Minijson,
    ] {
        let mut table = Table::default();
        open(&mut table, ONE.0, protocol);
        table.take(Piece::Gap {
            connection: ONE,
            direction: ToServer,
            time: 0,
            missing: 0,
            aligned: false,
        });
        let bait = bait.repeat(2000);
        for _ in 0..50 {
            for bytes in bait.chunks(1000) {
                push(&mut table, ToServer, 0, bytes);
            }
        }
        table.finish();
        let kept: usize = frames(&table).iter().map(|frame| frame.len()).sum();
        assert_eq!(kept, 50 * bait.len());
    }
}

#[test]
fn one_byte_at_a_time_costs_little_more() {
    let list = [&[0x10, 0, 0, 0xc3, 0x50][..], &[8; 50_000]].concat();
    for protocol in [Protocol::Minijson, Protocol::Unknown] {
        let mut table = Table::default();
        open(&mut table, ONE.0, protocol);
        for byte in &list {
            push(&mut table, ToServer, 0, &[*byte]);
        }
        table.settle(60_000_000);
        assert!(frames(&table) == [&list[..]], "{protocol:?}");
    }
}

#[test]
fn gaps_everywhere() {
    let order = ngtt(4, 7, &[0x41, 3, 5]);
    let mut table = Table::default();
    for n in 0..20_000_usize {
        push(&mut table, ToServer, 0, &order[..n % order.len()]);
        table.take(Piece::Gap {
            connection: ONE,
            direction: ToServer,
            time: 0,
            missing: u64::MAX >> (n % 64),
            aligned: n % 3 == 0,
        });
    }
    table.finish();
    assert!(table.columns().offset.is_sorted());
}

#[test]
fn gaps_before_anything_is_known_stop_at_the_budget() {
    let mut table = Table::new(Budget {
        bytes: 1 << 20,
        frame: 1 << 20,
    });
    for n in 0..200_000 {
        table.take(Piece::Gap {
            connection: ONE,
            direction: if n % 2 == 0 { ToServer } else { ToDevice },
            time: 0,
            missing: 1,
            aligned: false,
        });
    }
    assert!(table.held() < (1 << 20) + 100, "{}", table.held());
    assert_eq!(table.problems().len(), 1);
    table.finish();
}

#[test]
fn duplicated_pieces_are_frames_twice() {
    let order = ngtt(1, 7, &[0x40]);
    let mut table = Table::default();
    for _ in 0..3 {
        push(&mut table, ToDevice, 0, &order);
    }
    assert_eq!(table.columns().flags, [0, flags::REPEATED, flags::REPEATED]);
}

#[test]
fn connections_in_any_interleaving_have_their_own_frames() {
    let wire = [ngtt(1, 7, &[0x41, 3, 5]), ngtt(1, 8, &[0x40])].concat();
    let mut table = Table::default();
    for at in 0..wire.len() {
        for connection in 0..100 {
            let (connection, bytes) = (ConnectionId(connection), &wire[at..=at]);
            table.take(Piece::Bytes {
                connection,
                direction: ToDevice,
                time: 0,
                bytes,
            });
        }
    }
    assert_eq!(table.columns().len(), 200);
    assert!(
        table
            .connections()
            .iter()
            .all(|known| known.rows == 2 && known.bytes == [0, 20])
    );
}

#[test]
fn problems_without_end_are_counted() {
    let mut table = Table::default();
    for offset in 0..5000 {
        table.take(Piece::Problem {
            offset,
            message: "é".repeat(500).into(),
        });
    }
    assert_eq!(
        (table.problems().len(), table.more_problems()),
        (1000, 4000)
    );
    assert_eq!(table.problems()[0].message.len(), 256);
}
