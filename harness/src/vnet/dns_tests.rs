use super::*;
use std::net::{Ipv4Addr, Ipv6Addr};

fn query(name: &str, kind: u16) -> Vec<u8> {
    let mut query = vec![0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        query.push(label.len() as u8);
        query.extend_from_slice(label.as_bytes());
    }
    query.extend_from_slice(&[0, (kind >> 8) as u8, kind as u8, 0, 1]);
    query
}

fn names() -> Names {
    let names = Names::default();
    names.set(
        "Server.test",
        [Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(192, 0, 2, 2)],
    );
    names
}

fn code(answer: &[u8]) -> u8 {
    answer[3] & 0xf
}

#[test]
fn a_known_name_has_its_addresses_in_order() {
    let query = query("SERVER.TEST", 1);
    let answer = answer(&query, &names(), DnsFault::None).unwrap();
    assert_eq!(answer[..4], [0x12, 0x34, 0x81, 0x80]);
    assert_eq!(answer[4..12], [0, 1, 0, 2, 0, 0, 0, 0]);
    let records = &answer[query.len()..];
    assert_eq!(
        records[..16],
        [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1]
    );
    assert_eq!(records[28..], [192, 0, 2, 2]);
}

#[test]
fn each_type_has_the_addresses_of_its_family() {
    let names = Names::default();
    let v6: Ipv6Addr = "2001:db8::1".parse().unwrap();
    names.set(
        "both.test",
        [Ipv4Addr::new(192, 0, 2, 1).into(), IpAddr::V6(v6)],
    );
    let records = |kind| {
        let query = query("both.test", kind);
        let answer = answer(&query, &names, DnsFault::None).unwrap();
        (code(&answer), answer[7], answer[query.len()..].to_vec())
    };
    let (code, count, record) = records(AAAA);
    assert_eq!((code, count), (0, 1));
    assert_eq!(record[..12], [0xc0, 12, 0, 28, 0, 1, 0, 0, 0, 60, 0, 16]);
    assert_eq!(record[12..], v6.octets());
    let (code, count, record) = records(A);
    assert_eq!((code, count, record.len()), (0, 1, 16));
    // TXT: the name exists without one.
    assert_eq!(records(16), (0, 0, Vec::new()));
}

#[test]
fn the_most_addresses_fit_in_an_answer() {
    let names = Names::default();
    let v4 = (0..MAX_V4).map(|last| IpAddr::from([192, 0, 2, last as u8]));
    let v6 = (0..MAX_V6).map(|last| IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, last as u16]));
    names.set("many.test", v4.chain(v6));
    for (kind, count) in [(A, MAX_V4), (AAAA, MAX_V6)] {
        let answer = answer(&query("many.test", kind), &names, DnsFault::None).unwrap();
        assert_eq!(usize::from(answer[7]), count);
        assert!(answer.len() <= 512, "{} bytes", answer.len());
    }
}

#[test]
#[should_panic(expected = "many.test has 0 addresses of IPv4 and 9 of IPv6")]
fn more_addresses_than_fit_are_refused() {
    Names::default().set("many.test", [Ipv6Addr::LOCALHOST; MAX_V6 + 1]);
}

#[test]
fn other_types_of_a_known_name_have_no_records() {
    let answer = answer(&query("server.test", 28), &names(), DnsFault::None).unwrap();
    assert_eq!((code(&answer), answer[7]), (0, 0));
}

#[test]
fn an_unknown_name_does_not_exist_and_a_removed_one_neither() {
    let names = names();
    let asked = |name| code(&answer(&query(name, 1), &names, DnsFault::None).unwrap());
    assert_eq!(asked("other.test"), Code::NoSuchName as u8);
    assert_eq!(asked("server.test"), 0);
    names.remove("server.TEST");
    assert_eq!(asked("server.test"), Code::NoSuchName as u8);
}

#[test]
fn a_forced_failure_wins() {
    let asked = answer(&query("server.test", 1), &names(), DnsFault::ServerFailure);
    assert_eq!(code(&asked.unwrap()), 2);
    let asked = answer(&query("server.test", 1), &names(), DnsFault::NoSuchName);
    assert_eq!(code(&asked.unwrap()), 3);
}

#[test]
fn bad_questions_are_told_and_non_queries_ignored() {
    let names = names();
    let good = query("server.test", 1);
    for length in 12..good.len() {
        let answer = answer(&good[..length], &names, DnsFault::None).unwrap();
        assert_eq!(code(&answer), Code::FormatError as u8, "cut to {length}");
    }
    for length in 0..12 {
        assert_eq!(answer(&good[..length], &names, DnsFault::None), None);
    }
    let mut response = good.clone();
    response[2] |= 0x80;
    assert_eq!(answer(&response, &names, DnsFault::None), None);
    let mut status = good.clone();
    status[2] |= 2 << 3;
    assert_eq!(code(&answer(&status, &names, DnsFault::None).unwrap()), 4);
    let mut pointer = good;
    pointer[12] = 0xc0;
    assert_eq!(code(&answer(&pointer, &names, DnsFault::None).unwrap()), 1);
}
