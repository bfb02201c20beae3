//! Missing secrets, missing and damaged bytes, and what is no TLS 1.3.

use super::super::{Looks, looks};
use super::{DATA, HANDSHAKE, Made, Reading, SUITES, hello_of_server, message, plain};

#[test]
fn without_secrets_it_is_said_what_is_needed() {
    let mut made = Made::new(0x1301);
    for key_log in ["", made.key_log.clone().lines().last().expect("four lines")] {
        let mut reading = Reading::new(key_log);
        made.open(&mut reading);
        made.sequence = [0; 2];
        for side in [0, 1] {
            let record = made.data(side, "secret");
            reading.bytes(side, &record);
        }
        let told = reading.finish();
        assert_eq!(told.text(0), "");
        // The one direction whose line is there is read.
        assert_eq!(told.text(1), if key_log.is_empty() { "" } else { "secret" });
        let [problem] = told.problems.as_slice() else {
            panic!("{:?}", told.problems)
        };
        assert!(problem.contains(&"5a".repeat(32)), "{problem}");
        assert!(problem.contains("wigwag serve ngtt --key-log"), "{problem}");
    }
}

#[test]
fn secrets_of_another_hash_are_none() {
    let made = Made::new(0x1302);
    let mut other = Made::new(0x1301);
    let mut reading = Reading::new(&made.key_log);
    other.open(&mut reading);
    let told = reading.finish();
    assert_eq!(told.problems.len(), 1);
}

#[test]
fn wrong_secrets_are_told_after_some_records() {
    let mut made = Made::new(0x1301);
    let wrong = made.key_log.replace("03030303", "13131313");
    let mut reading = Reading::new(&wrong);
    made.open(&mut reading);
    for _ in 0..40 {
        let record = made.data(0, "secret");
        reading.bytes(0, &record);
    }
    let record = made.data(1, "read");
    reading.bytes(1, &record);
    let told = reading.finish();
    assert_eq!((told.text(0), told.text(1)), ("", "read"));
    let [problem] = told.problems.as_slice() else {
        panic!("{:?}", told.problems)
    };
    assert!(problem.contains("another connection's"), "{problem}");
}

#[test]
fn reading_goes_on_after_a_gap() {
    for suite in SUITES {
        // So many records are lost, with the halves of those at the gap's ends or not.
        for (lost, halves) in [(1, false), (1, true), (30, false), (300, true)] {
            let mut made = Made::new(suite);
            let mut reading = Reading::new(&made.key_log);
            made.open(&mut reading);
            let mut stream = made.data(0, "begin ");
            reading.bytes(0, &stream);
            stream.clear();
            for _ in 0..lost {
                stream.extend(made.data(0, "lost"));
            }
            let (mut from, mut to) = (0, stream.len());
            if halves {
                (from, to) = (from + 13, to - 7);
            }
            reading.bytes(0, &stream[..from]);
            reading.gap(0, (to - from) as u64);
            reading.bytes(0, &stream[to..]);
            for bytes in made.data(0, "end").chunks(10) {
                reading.bytes(0, bytes);
            }
            let told = reading.finish();
            assert_eq!(told.text(0), "begin end", "{lost} lost, {halves}");
            assert_eq!((told.gaps, told.problems), ([1, 0], vec![]));
        }
    }
}

#[test]
fn a_key_update_may_be_in_the_gap() {
    let mut made = Made::new(0x1303);
    let mut reading = Reading::new(&made.key_log);
    made.open(&mut reading);
    let lost = [
        made.data(1, "lost"),
        made.update(1),
        made.data(1, "lost too"),
    ]
    .concat();
    reading.gap(1, lost.len() as u64);
    let record = made.data(1, "found");
    reading.bytes(1, &record);
    let told = reading.finish();
    assert_eq!(told.text(1), "found");
    assert_eq!(told.gaps, [0, 1]);
}

#[test]
fn of_a_handshake_everything_behind_the_hellos_may_be_missing() {
    for side in [0, 1] {
        let mut made = Made::new(0x1301);
        let mut reading = Reading::new(&made.key_log);
        reading.bytes(0, &Made::client_hello());
        reading.bytes(1, &made.server_hello());
        let flights = [made.flight(0, 500), made.flight(1, 900)];
        reading.bytes(1 - side, &flights[1 - side]);
        reading.gap(side, flights[side].len() as u64);
        for side in [0, 1] {
            let record = made.data(side, "there");
            reading.bytes(side, &record);
        }
        let told = reading.finish();
        assert_eq!((told.text(0), told.text(1)), ("there", "there"));
        assert_eq!(told.problems, Vec::<String>::new());
    }
}

#[test]
fn a_missing_hello_is_told_once() {
    for side in [0, 1] {
        let mut made = Made::new(0x1301);
        let mut reading = Reading::new(&made.key_log);
        if side == 1 {
            reading.bytes(0, &Made::client_hello());
        } else {
            reading.bytes(1, &made.server_hello());
        }
        reading.gap(side, 90);
        for end in [0, 1] {
            let flight = made.flight(end, 100);
            reading.bytes(end, &flight);
            let record = made.data(end, "hidden");
            reading.bytes(end, &record);
        }
        let told = reading.finish();
        assert_eq!((told.text(0), told.text(1)), ("", ""));
        assert_eq!(told.problems.len(), 1, "{:?}", told.problems);
    }
}

#[test]
fn a_damaged_record_costs_itself_only() {
    for at in 0..5 + 6 + 17 {
        let mut made = Made::new(0x1301);
        let mut reading = Reading::new(&made.key_log);
        made.open(&mut reading);
        let mut records = [
            made.data(0, "first "),
            made.data(0, "second"),
            made.data(0, "third "),
        ];
        let last = [made.data(0, "fourth "), made.data(0, "fifth")].concat();
        records[1][at] ^= 0x55;
        for record in &records {
            reading.bytes(0, record);
        }
        reading.bytes(0, &last);
        // Behind a length that is too great by some thousands.
        for _ in 0..900 {
            let record = made.data(0, ".");
            reading.bytes(0, &record);
        }
        let told = reading.finish();
        assert!(told.text(0).starts_with("first "), "byte {at}");
        assert!(told.text(0).ends_with("...."), "byte {at}");
        assert!(!told.text(0).contains("second"), "byte {at}");
        // A wrong length takes what follows with it.
        if at != 3 && at != 4 {
            assert!(
                told.text(0).contains("third fourth fifth"),
                "byte {at}: {}",
                told.text(0)
            );
        }
        assert!(told.gaps[0] >= 1, "byte {at}");
    }
}

#[test]
fn a_search_ends_when_it_has_tried_enough() {
    let mut made = Made::new(0x1302);
    let mut reading = Reading::new(&made.key_log);
    made.open(&mut reading);
    reading.gap(0, 0);
    let long = "x".repeat(16_000);
    // Beyond what is tried.
    made.sequence[0] = 1_000_000;
    for _ in 0..20 {
        let record = made.data(0, &long);
        reading.bytes(0, &record);
    }
    assert_eq!(reading.trials, 0);
    let told = reading.finish();
    assert_eq!(told.text(0), "");
    assert_eq!(told.problems.len(), 1);
}

#[test]
fn alerts_are_told_and_the_end_is_no_problem() {
    let mut made = Made::new(0x1301);
    let mut reading = Reading::new(&made.key_log);
    made.open(&mut reading);
    let alert = made.seal(1, 21, &[2, 42]);
    reading.bytes(1, &alert);
    let close = made.seal(0, 21, &[1, 0]);
    reading.bytes(0, &close);
    // Nothing is to come any more.
    reading.bytes(0, b"whatever comes");
    reading.gap(0, 5);
    let told = reading.finish();
    assert_eq!(
        told.problems,
        ["the server ended TLS with alert 42 (bad certificate)"]
    );
    assert_eq!(told.gaps, [0, 0]);

    // Before there are keys, alerts are not encrypted.
    let mut reading = Reading::new("");
    reading.bytes(0, &Made::client_hello());
    reading.bytes(1, &[21, 3, 3, 0, 2, 2, 40]);
    let told = reading.finish();
    assert_eq!(
        told.problems,
        ["the server ended TLS with alert 40 (handshake failure)"]
    );
}

#[test]
fn what_is_not_read_says_so() {
    for (hello, says) in [
        (
            hello_of_server([7; 32], 0x1304, &[3, 4]),
            "cipher suite 0x1304",
        ),
        (
            hello_of_server([7; 32], 0xC02F, &[3, 3]),
            "TLS 1.2 or older",
        ),
        (plain(&message(2, &[3, 3, 1])), "cannot be read"),
        (plain(&message(7, &[0; 40])), "cannot be read"),
        (Made::client_hello(), "wrong end"),
        (
            plain(&[2, 0xFF, 0xFF, 0xFF]).repeat(20_000),
            "cannot be read",
        ),
    ] {
        let mut reading = Reading::new("");
        reading.bytes(0, &Made::client_hello());
        reading.bytes(1, &hello);
        let told = reading.finish();
        let [problem] = told.problems.as_slice() else {
            panic!("{:?}", told.problems)
        };
        assert!(problem.contains(says), "{problem}");
    }
}

#[test]
fn what_waits_for_the_other_direction_is_bounded() {
    let made = Made::new(0x1301);
    let mut reading = Reading::new(&made.key_log);
    reading.bytes(0, &Made::client_hello());
    let record = made.traffic[0].seal(0, DATA, &[0; 16_000], 0);
    for _ in 0..80 {
        reading.bytes(0, &record);
    }
    let told = reading.finish();
    assert_eq!(told.problems.len(), 1);
    assert!(told.problems[0].contains("other direction's hello"));
}

#[test]
fn streams_are_recognised_by_their_first_bytes() {
    let client = Made::client_hello();
    let server = Made::new(0x1301).server_hello();
    for midway in [false, true] {
        assert_eq!(looks(&client, midway), Some(Looks::Client));
        assert_eq!(looks(&server, midway), Some(Looks::Server));
        for length in 0..6 {
            assert_eq!(looks(&client[..length], midway), None);
        }
        for plain in [
            &b"\0\0\0\x05"[..],
            b"\x16\x02",
            b"NCP",
            &[HANDSHAKE, 3, 9, 0, 1, 1],
        ] {
            assert_eq!(looks(plain, midway), Some(Looks::Plain), "{plain:?}");
        }
    }
    let data = [23, 3, 3, 0, 100, 77];
    assert_eq!(looks(&data, true), Some(Looks::Midway));
    assert_eq!(looks(&data, false), Some(Looks::Plain));
}
