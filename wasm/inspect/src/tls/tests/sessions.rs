//! Sessions as they should be.

use super::rfc8448::{
    CLIENT_CLOSE, CLIENT_DATA, CLIENT_FINISHED, CLIENT_HELLO, KEY_LOG, SERVER_CLOSE, SERVER_DATA,
    SERVER_FLIGHT, SERVER_HELLO, TICKET,
};
use super::{HANDSHAKE, Made, Reading, SUITES, bytes_of, hello_of_server, message};

/// The records of RFC 8448 in their order.
const RFC: [(usize, &str); 9] = [
    (0, CLIENT_HELLO),
    (1, SERVER_HELLO),
    (1, SERVER_FLIGHT),
    (0, CLIENT_FINISHED),
    (1, TICKET),
    (0, CLIENT_DATA),
    (1, SERVER_DATA),
    (0, CLIENT_CLOSE),
    (1, SERVER_CLOSE),
];

#[test]
fn the_session_of_rfc_8448_is_read_in_chunks_of_any_size() {
    let data: Vec<u8> = (0..50).collect();
    for chunk in [1, 2, 7, 100, 1000] {
        let mut reading = Reading::new(KEY_LOG);
        for (side, record) in RFC {
            for bytes in bytes_of(record).chunks(chunk) {
                reading.bytes(side, bytes);
            }
        }
        let told = reading.finish();
        assert_eq!(told.bytes, [data.clone(), data.clone()]);
        assert_eq!((told.gaps, told.problems), ([0, 0], vec![]));
    }
}

#[test]
fn one_direction_may_be_seen_before_the_other() {
    for first in [0, 1] {
        let mut reading = Reading::new(KEY_LOG);
        for side in [first, 1 - first] {
            for (_, record) in RFC.iter().filter(|(of, _)| *of == side) {
                reading.bytes(side, &bytes_of(record));
            }
        }
        let told = reading.finish();
        assert_eq!([told.bytes[0].len(), told.bytes[1].len()], [50, 50]);
        assert_eq!(told.problems, Vec::<String>::new());
    }
}

#[test]
fn the_secrets_of_application_data_are_enough() {
    let lines: Vec<_> = KEY_LOG
        .lines()
        .filter(|line| line.contains("TRAFFIC_SECRET_0"))
        .collect();
    let mut reading = Reading::new(&lines.join("\n"));
    for (side, record) in RFC {
        reading.bytes(side, &bytes_of(record));
    }
    let told = reading.finish();
    assert_eq!([told.bytes[0].len(), told.bytes[1].len()], [50, 50]);
    assert_eq!((told.gaps, told.problems), ([0, 0], vec![]));
}

#[test]
fn all_suites_are_read() {
    for suite in SUITES {
        let mut made = Made::new(suite);
        let mut reading = Reading::new(&made.key_log);
        made.open(&mut reading);
        for round in 0..3 {
            for side in [0, 1] {
                let record = made.data(side, &format!("{side}:{round} "));
                reading.bytes(side, &record);
            }
        }
        let told = reading.finish();
        assert_eq!(
            (told.text(0), told.text(1)),
            ("0:0 0:1 0:2 ", "1:0 1:1 1:2 ")
        );
        assert_eq!((told.gaps, told.problems), ([0, 0], vec![]));
    }
}

#[test]
fn the_longest_record_and_one_of_padding_alone_are_read() {
    let mut made = Made::new(0x1303);
    let mut reading = Reading::new(&made.key_log);
    made.open(&mut reading);
    let long = "x".repeat(1 << 14);
    let record = made.data(0, &long);
    reading.bytes(0, &record);
    let empty = made.traffic[0].seal(1, super::DATA, &[], 200);
    reading.bytes(0, &empty);
    made.sequence[0] = 2;
    let record = made.data(0, "end");
    reading.bytes(0, &record);
    let told = reading.finish();
    assert_eq!(told.text(0), long + "end");
    assert_eq!((told.gaps, told.problems), ([0, 0], vec![]));
}

#[test]
fn key_updates_and_tickets_are_followed() {
    for suite in SUITES {
        let mut made = Made::new(suite);
        let mut reading = Reading::new(&made.key_log);
        made.open(&mut reading);
        for round in 0..5 {
            let ticket = made.seal(1, HANDSHAKE, &message(4, &[1; 100]));
            reading.bytes(1, &ticket);
            let update = made.update(1);
            reading.bytes(1, &update);
            let record = made.data(1, &round.to_string());
            reading.bytes(1, &record);
        }
        let update = made.update(0);
        reading.bytes(0, &update);
        let record = made.data(0, "mine");
        reading.bytes(0, &record);
        let told = reading.finish();
        assert_eq!((told.text(0), told.text(1)), ("mine", "01234"));
        assert_eq!((told.gaps, told.problems), ([0, 0], vec![]));
    }
}

#[test]
fn a_server_may_ask_for_another_hello() {
    const RETRY: &str = "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c";
    let mut made = Made::new(0x1302);
    let mut reading = Reading::new(&made.key_log);
    reading.bytes(0, &Made::client_hello());
    let retry = bytes_of(RETRY).try_into().expect("32 bytes");
    reading.bytes(1, &hello_of_server(retry, 0x1302, &[3, 4]));
    reading.bytes(1, &[20, 3, 3, 0, 1, 1]);
    made.open(&mut reading);
    let record = made.data(1, "welcome");
    reading.bytes(1, &record);
    let told = reading.finish();
    assert_eq!(told.text(1), "welcome");
    assert_eq!(told.problems, Vec::<String>::new());
}
