//! After bytes that are missing, or that are no frame.

use super::*;
use Direction::{ToDevice, ToServer};

fn open(protocol: Protocol) -> Table {
    let mut table = Table::default();
    let about = crate::About {
        protocol: Some(protocol),
        ..crate::About::default()
    };
    table.take(Piece::Open {
        connection: ONE,
        time: 0,
        about,
    });
    table
}

fn gap(table: &mut Table, missing: u64, aligned: bool) {
    table.take(Piece::Gap {
        connection: ONE,
        direction: ToServer,
        time: 5,
        missing,
        aligned,
    });
}

fn data(tid: u16) -> Vec<u8> {
    ngtt(4, tid, &[0x43, 0x82, b'W', b'1', 3, 5, 3, 7])
}

#[test]
fn a_frame_is_found_behind_any_gap_of_a_stream() {
    let wire = [data(1), data(2), data(3), data(4), data(5)].concat();
    for from in 0..40 {
        for missing in (1..36).filter(|missing| from + missing <= 64) {
            for known in [true, false] {
                let mut table = open(Protocol::Ngtt);
                push(&mut table, ToServer, 1, &wire[..from]);
                gap(&mut table, if known { missing as u64 } else { 0 }, false);
                push(&mut table, ToServer, 9, &wire[from + missing..]);
                table.finish();
                let columns = table.columns();
                let at = columns.id.iter().rposition(|id| *id == 5);
                assert!(at.is_some(), "{from}, {missing}, {known}");
                let at = at.unwrap();
                assert_eq!(columns.flags[at] & flags::MALFORMED, 0, "{from}, {missing}");
                assert_eq!(table.frame(at as u32).unwrap().bytes, data(5));
                // Nothing that was whole is missing.
                let behind = (from + missing).div_ceil(16) + 1;
                for tid in (1..=from / 16).chain(behind..=5) {
                    assert!(
                        frames(&table).contains(&&data(tid as u16)[..]),
                        "{from}, {missing}: {tid}"
                    );
                }
                let gaps = columns
                    .flags
                    .iter()
                    .filter(|found| *found & flags::GAP != 0);
                assert_eq!(gaps.count(), 1);
                if known {
                    assert_eq!(columns.offset[at], 64.0);
                }
            }
        }
    }
}

#[test]
fn a_gap_inside_a_frame_keeps_what_follows_in_step() {
    let large = ngtt(4, 1, &[&[0x1a, 4, 0][..], &[0; 1024]].concat());
    let mut table = open(Protocol::Ngtt);
    push(&mut table, ToServer, 1, &large[..100]);
    gap(&mut table, 500, false);
    push(&mut table, ToServer, 1, &large[600..]);
    // A ping alone would not be believed after a search.
    push(&mut table, ToServer, 1, &ngtt(0, 7, b""));
    let columns = table.columns();
    assert_eq!(table.connections()[0].gaps, 1);
    assert_eq!(columns.kind, [4, 0, 0]);
    assert_eq!(columns.protocol, [1, 0, 1]);
    assert_eq!(columns.length, [100, 435, 8]);
    assert_eq!(columns.offset, [0.0, 600.0, 1035.0]);
    let (malformed, gap) = (flags::MALFORMED, flags::GAP);
    assert_eq!(columns.flags, [malformed, malformed | gap, 0]);
    assert_eq!(
        table.expert_text(0, Expert::Malformed),
        "cut off: 100 of 1035 bytes came"
    );
    assert_eq!(
        table.expert_text(1, Expert::Gap),
        "500 bytes are missing before it"
    );
}

#[test]
fn a_gap_inside_a_packet_does_not_hide_the_next_behind_a_wrong_length() {
    let (mut bad, next) = (packet("GPS", 1), packet("GPS", 2));
    bad[8] = 200;
    let mut table = open(Protocol::Ncp);
    push(&mut table, ToServer, 1, &bad);
    gap(&mut table, 1, false);
    push(&mut table, ToServer, 1, &next);
    assert_eq!(frames(&table), [&bad, &next]);
    assert_eq!(table.columns().flags, [flags::MALFORMED, flags::GAP]);
}

#[test]
fn an_aligned_gap_needs_no_search() {
    let mut table = open(Protocol::Ngtt);
    push(&mut table, ToServer, 1, &data(1));
    gap(&mut table, 0, true);
    push(&mut table, ToServer, 1, &ngtt(0, 7, b""));
    assert_eq!(table.columns().flags, [0, flags::GAP]);
    assert_eq!(
        table.expert_text(1, Expert::Gap),
        "bytes are missing before it; nobody knows how many"
    );
}

#[test]
fn bytes_that_are_no_frame_are_rows_and_the_next_frame_says_it() {
    let mut table = open(Protocol::Ncp);
    let (one, two) = (packet("GPS", 1), packet("GPS", 2));
    push(&mut table, ToDevice, 1, &[&one[..], b"abc", &two].concat());
    assert_eq!(frames(&table), [&one[..], b"abc", &two]);
    assert_eq!(table.columns().protocol, [2, 0, 2]);
    assert_eq!(table.columns().flags, [0, flags::MALFORMED, flags::RESYNC]);
    assert_eq!(
        table.expert_text(2, Expert::Resync),
        "3 bytes were passed over to find this frame"
    );
    assert_eq!(
        table.expert_text(1, Expert::Malformed),
        "3 bytes that are no frame"
    );
    assert_eq!(table.expert_counts(), [1, 0, 0, 1, 0, 0, 0, 0, 0]);
    assert_eq!(table.next_expert(None, u16::MAX), Some(1));
    assert_eq!(table.next_expert(Some(1), u16::MAX), Some(2));
    assert_eq!(table.next_expert(Some(2), u16::MAX), None);
    assert_eq!(table.previous_expert(Some(2), flags::RESYNC), None);
    assert_eq!(table.previous_expert(None, flags::RESYNC), Some(2));
}

#[test]
fn a_packet_without_its_footer_does_not_take_the_next_with_it() {
    for broken in [
        &packet("GPS", 1)[..60],
        &[&packet("GPS", 1)[..8], &[9, 0, 0, 0]].concat(),
    ] {
        let mut table = open(Protocol::Ncp);
        let two = packet("GPS", 2);
        push(&mut table, ToDevice, 1, &[broken, &two, &two].concat());
        table.finish();
        assert_eq!(frames(&table), [broken, &two, &two]);
        assert_eq!(table.columns().protocol, [2; 3]);
        let (malformed, resync) = (flags::MALFORMED, flags::RESYNC);
        assert_eq!(table.columns().flags, [malformed, resync, 0]);
    }
}

#[test]
fn a_time_that_there_is_not_costs_only_its_packet() {
    let mut bad = packet("GPS", 1);
    bad[24..28].copy_from_slice(&2_000_000_000_u32.to_le_bytes());
    let mut table = open(Protocol::Ncp);
    push(&mut table, ToDevice, 1, &[bad, packet("GPS", 2)].concat());
    assert_eq!(table.columns().flags, [flags::MALFORMED, 0]);
    assert_eq!(
        table.expert_text(0, Expert::Malformed),
        "at byte 24: 2000000000 nanoseconds are a second or more"
    );
}

#[test]
fn a_length_that_cannot_be_is_not_followed() {
    let mut table = open(Protocol::Ngtt);
    let bad = [0xff, 0xff, 0xff, 0xff, 0, 1, 0, 4];
    push(
        &mut table,
        ToServer,
        1,
        &[&data(1)[..], &bad, &data(2)].concat(),
    );
    table.finish();
    assert_eq!(frames(&table), [&data(1)[..], &bad, &data(2)]);
    assert_eq!(table.columns().flags[2], flags::RESYNC | flags::UNANSWERED);
}

#[test]
fn a_length_that_was_wrong_shows_at_the_end() {
    let mut table = open(Protocol::Ngtt);
    let mut bad = data(1);
    bad[2] = 0x70;
    push(
        &mut table,
        ToServer,
        1,
        &[bad.clone(), data(2), data(3)].concat(),
    );
    assert_eq!(table.columns().len(), 0);
    table.finish();
    assert_eq!(frames(&table), [&bad[..], &data(2), &data(3)]);
}

#[test]
fn the_end_cuts_a_frame_off() {
    let mut table = open(Protocol::Ngtt);
    push(&mut table, ToServer, 1, &data(9)[..13]);
    table.take(Piece::End {
        connection: ONE,
        time: 7,
        reason: "reset".into(),
    });
    assert_eq!(frames(&table), [&data(9)[..13]]);
    assert_eq!((table.columns().kind[0], table.columns().id[0]), (4, 9));
    assert_eq!(table.columns().flags, [flags::MALFORMED]);
    assert_eq!(
        table.expert_text(0, Expert::Malformed),
        "cut off: 13 of 16 bytes came"
    );
    assert_eq!(table.connections()[0].ended, Some((7, "reset".into())));
}

#[test]
fn a_packet_with_a_hole_is_cut_off_and_its_end_is_no_frame() {
    let mut table = open(Protocol::Ncp);
    let one = packet("GPS", 1);
    push(&mut table, ToServer, 1, &one[..50]);
    // More is missing than the packet has left: what follows is searched.
    gap(&mut table, 70, false);
    push(&mut table, ToServer, 1, &[&one[56..], &one].concat());
    table.finish();
    assert_eq!(frames(&table), [&one[..50], &one[56..], &one]);
    let told: Vec<_> = table
        .experts()
        .map(|(row, expert)| format!("{row} {}", table.expert_text(row, expert)))
        .collect();
    assert_eq!(
        told,
        [
            "0 cut off: 50 of 64 bytes came",
            "1 8 bytes that are no frame",
            "1 70 bytes are missing before it",
            "2 8 bytes were passed over to find this frame",
            "2 DSPC GPS was not answered before the recording ended, 0.0 s later \
             (bytes of its connection are missing: perhaps the answer)",
        ]
    );
}
