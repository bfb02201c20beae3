use super::*;
use Direction::{ToDevice, ToServer};

/// Some frames of NGTT, one of them large enough to have a segment of its own.
fn conversation() -> Vec<Vec<u8>> {
    let mut large = vec![0x1b, 0, 4, 0, 0];
    large.extend(vec![7; 4 << 16]);
    vec![
        ngtt(10, 0, b""),
        ngtt(4, 1, &[0x41, 3, 5]),
        ngtt(0, 9, b""),
        ngtt(4, 2, &large),
        ngtt(3, 0, b"\x40"),
    ]
}

#[test]
fn any_cut_gives_the_same_rows() {
    let frames_sent = conversation();
    let wire = frames_sent.concat();
    let near_large = 8 + 11 + 8..8 + 11 + 8 + 40;
    let cuts = (0..60)
        .chain(near_large)
        .chain(wire.len() - 30..=wire.len());
    for cut in cuts {
        let mut table = Table::default();
        let (first, second) = wire.split_at(cut);
        push(&mut table, ToServer, 5, first);
        push(&mut table, ToServer, 6, second);
        assert_eq!(frames(&table), frames_sent, "cut at {cut}");
        let columns = table.columns();
        assert_eq!(columns.kind, [10, 4, 0, 4, 3]);
        assert_eq!(columns.offset[..4], [0.0, 8.0, 19.0, 27.0]);
        assert_eq!(columns.flags, [0; 5]);
        assert!(columns.time.is_sorted());
    }
}

#[test]
fn byte_by_byte_is_the_same() {
    let wire = conversation().concat();
    let mut table = Table::default();
    for byte in &wire {
        push(&mut table, ToDevice, 0, &[*byte]);
    }
    assert_eq!(frames(&table), conversation());
    assert_eq!(table.held(), wire.len() + 5 * 48 + 1280);
}

#[test]
fn packets_of_ncp_pair_by_field_and_id_behind_a_tunnel() {
    let mut table = Table::default();
    push(
        &mut table,
        ToServer,
        1,
        b"CONNECT ncp.service HTTP/1.1\r\n\r\n",
    );
    push(&mut table, ToDevice, 2, b"HTTP/1.1 200 OK\r\n\r\n");
    push(&mut table, ToServer, 10, &packet("SWEP", 1));
    push(&mut table, ToServer, 20, &packet("SWEP", 2));
    push(&mut table, ToDevice, 30, &packet("SWEP", 2));
    push(&mut table, ToDevice, 50, &packet("SWEP", 1));
    table.finish();
    let columns = table.columns();
    assert_eq!(columns.protocol, [0, 0, 2, 2, 2, 2]);
    assert_eq!(columns.kind[2], u32::from_be_bytes(*b"DSPC"));
    assert_eq!(columns.pair[2..], [5, 4, 3, 2]);
    assert_eq!(columns.latency[4..], [10.0, 40.0]);
    assert_eq!(table.connections()[0].protocol, Protocol::Ncp);
    assert_eq!(table.expert_counts(), [0; 9]);
}

#[test]
fn a_connection_is_read_again_as_something_else() {
    let wire = conversation().concat();
    let mut table = Table::default();
    for part in wire.chunks(1000) {
        push(&mut table, ToServer, 5, part);
    }
    let before = frames(&table).concat();
    assert!(table.override_protocol(ONE, Protocol::Unknown));
    assert_eq!(frames(&table), conversation());
    assert!(table.override_protocol(ONE, Protocol::Prefix));
    table.finish();
    assert!(frames(&table) != conversation());
    assert!(frames(&table).concat() == before);
    assert!(table.override_protocol(ONE, Protocol::Ngtt));
    assert_eq!(frames(&table), conversation());
    assert_eq!(table.generation(), 3);
    assert!(!table.override_protocol(ConnectionId(77), Protocol::Ngtt));
}
