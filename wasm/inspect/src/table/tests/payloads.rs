//! What examining payloads finds, and how it is told.

use super::*;
use Direction::{ToDevice, ToServer};

fn examined(pieces: &[(Direction, &[u8])]) -> Table {
    let mut table = Table::default();
    for (direction, bytes) in pieces {
        push(&mut table, *direction, 0, bytes);
    }
    table.finish();
    let rows = table.columns().len();
    assert_eq!(table.examine(0), rows > 0);
    while table.examine(1) {}
    assert_eq!(table.examined() as usize, rows);
    assert!((0..rows as u32).all(|row| table.columns().has(row, flags::EXAMINED)));
    table
}

#[test]
fn a_payload_that_is_not_minijson_is_told_with_its_place() {
    let frames = [
        ngtt(10, 0, b""),
        ngtt(3, 1, &[0x41, 0x1c]),
        ngtt(3, 2, &[0x41, 8, 8]),
        ngtt(3, 3, b""),
        ngtt(3, 4, &[0x81, 0xff]),
        ngtt(3, 5, &[0x41, 8]),
    ];
    let table = examined(&[(ToServer, &frames.concat())]);
    let told: Vec<_> = table
        .experts()
        .map(|(row, expert)| (row, table.expert_text(row, expert)))
        .collect();
    let texts: Vec<_> = told.iter().map(|(row, text)| (*row, &text[..])).collect();
    let expected: Vec<(u32, String)> = [1, 2, 3, 4]
        .into_iter()
        .map(|row| {
            let payload = &frames[row as usize][8..];
            let error = wigwag_codec::minijson::Value::parse(payload).unwrap_err();
            (row, format!("payload: {error}"))
        })
        .collect();
    assert_eq!(
        texts,
        expected
            .iter()
            .map(|(row, text)| (*row, &text[..]))
            .collect::<Vec<_>>()
    );
}

#[test]
fn errors_and_warnings_of_ncp_are_told_in_their_words() {
    let mut place = [0; 256];
    let error = wigwag_codec::ncp::packet(&mut place, "DSPC")
        .numbered_field("SWEP", 3)
        .param("ERRO", "no \u{7}antenna")
        .param("ERRC", 7)
        .field("GPS")
        .param("WARN", "old fix")
        .finish()
        .unwrap()
        .to_vec();
    let table = examined(&[(ToServer, &packet("SWEP", 3)), (ToDevice, &error)]);
    assert_eq!(table.columns().pair, [1, 0]);
    assert_eq!(
        table.columns().flags[1],
        flags::EXAMINED | flags::ERROR | flags::WARNING
    );
    assert_eq!(table.expert_text(1, Expert::Error), "SWEP: no ?antenna (7)");
    assert_eq!(table.expert_text(1, Expert::Warning), "GPS: old fix (0)");
    assert!(table.columns().is_expert(1));
    assert!(!table.columns().is_expert(0));
}

#[test]
fn odd_packets_are_told() {
    let mut unknown = packet("SWEP", 3);
    // The type of the parameter: nobody knows it.
    unknown[51] = 0x55;
    let mut short = packet("SWEP", 3);
    // It says that it is a 64-bit number.
    short[51] = 3;
    let mut structure = packet("SWEP", 3);
    structure[48] = 9;
    let table = examined(&[(ToDevice, &[unknown, short, structure].concat())]);
    let malformed = flags::EXAMINED | flags::MALFORMED;
    assert_eq!(
        table.columns().flags,
        [flags::EXAMINED | flags::WARNING, malformed, malformed]
    );
    assert_eq!(
        table.expert_text(0, Expert::Warning),
        "at byte 44: a value of unknown type 55"
    );
    assert_eq!(
        table.expert_text(1, Expert::Malformed),
        "SWEP.SAMP: at byte 52: a value of type 03 cannot have so many bytes"
    );
    assert_eq!(
        table.expert_text(2, Expert::Malformed),
        "at byte 48: a size of 9 words goes beyond what it is in"
    );
}

#[test]
fn a_rejection_names_what_was_rejected() {
    let order = ngtt(1, 7, &[0x40]);
    let table = examined(&[
        (ToDevice, &order),
        (ToServer, &ngtt(9, 7, b"")),
        (ToServer, &ngtt(9, 8, b"")),
    ]);
    assert_eq!(table.expert_text(1, Expert::Error), "ORDER 7 was rejected");
    assert_eq!(
        table.expert_text(2, Expert::Error),
        "ORDER_REJECT 8 was rejected"
    );
    assert_eq!(table.expert_text(99, Expert::Error), "");
}

#[test]
fn a_tunnel_that_is_refused_is_told() {
    let table = examined(&[
        (ToServer, b"CONNECT ncp.service HTTP/1.1\r\n\r\n"),
        (
            ToDevice,
            b"HTTP/1.1 401 Unauth\x1borized\r\nServer: x\r\n\r\n",
        ),
        (ToDevice, b"HTTP/1.1 200 OK\r\n\r\n"),
        (ToDevice, &packet("GPS", 1)),
    ]);
    let told: Vec<_> = table.experts().collect();
    assert_eq!(told, [(1, Expert::Error)]);
    assert_eq!(
        table.expert_text(1, Expert::Error),
        "HTTP/1.1 401 Unauth?orized"
    );
}
