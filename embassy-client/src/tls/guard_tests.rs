use std::vec;
use std::vec::Vec;

use super::super::hello::tests::GOOD;
use super::*;
use core::time::Duration;

fn record(kind: u8, length: u16) -> Vec<u8> {
    let filler = if kind == CHANGE_CIPHER_SPEC { 1 } else { 0xaa };
    with_body(kind, &vec![filler; usize::from(length)])
}

fn with_body(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind, 3, 3];
    bytes.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
    bytes.extend(body);
    bytes
}

fn hello() -> Vec<u8> {
    with_body(HANDSHAKE, &GOOD)
}

fn guard() -> Guard {
    Guard::new(HandshakeLimits::DEFAULT, MAX_PROTECTED)
}

fn refused<T>(error: RecordError) -> Result<T, End> {
    Err(End::Record(error))
}

fn unexpected<T>(kind: u8) -> Result<T, End> {
    refused(RecordError::UnexpectedType(kind))
}

/// Every chunking must give the same verdict.
fn inspect(records: &[Vec<u8>], open_after: usize) -> Result<(), End> {
    let whole = inspect_chunked(records, open_after, usize::MAX);
    for chunk in [1, 2, 3, 4, 5, 6, 7, 64] {
        assert_eq!(inspect_chunked(records, open_after, chunk), whole);
    }
    whole
}

fn inspect_chunked(records: &[Vec<u8>], open_after: usize, chunk: usize) -> Result<(), End> {
    let mut guard = guard();
    for (index, record) in records.iter().enumerate() {
        if index == open_after {
            guard.open();
        }
        for part in record.clone().chunks_mut(chunk.min(record.len())) {
            let result = guard.inspect(part);
            assert_eq!(guard.end(), result.err());
            result?;
        }
    }
    Ok(())
}

#[test]
fn an_ordinary_connection_passes() {
    let records = [
        hello(),
        record(CHANGE_CIPHER_SPEC, 1),
        record(APPLICATION_DATA, 583),
        record(APPLICATION_DATA, 17),
        record(APPLICATION_DATA, 16_401),
    ];
    assert_eq!(inspect(&records, 4), Ok(()));
}

#[test]
fn every_chunking_of_the_hello_has_one_verdict() {
    let bytes = hello();
    for chunk in 1..=bytes.len() {
        let mut guard = guard();
        let mut seen = 0;
        for part in bytes.clone().chunks_mut(chunk) {
            seen += part.len();
            assert_eq!(guard.inspect(part), Ok(()), "chunks of {chunk}");
            // Nothing is decided before the last byte.
            let known = guard.stage.is_some();
            assert_eq!(known, seen == bytes.len(), "chunks of {chunk}");
        }
    }
    let mut wrong = bytes;
    wrong[5 + 39] = 0x14;
    for chunk in 1..=wrong.len() {
        let mut guard = guard();
        let parts = wrong.clone();
        let end = parts
            .chunks(chunk)
            .find_map(|part| guard.inspect(&mut part.to_vec()).err());
        let error = ServerHelloError::CipherSuite(0x1401);
        assert_eq!(end, Some(End::ServerHello(error)), "chunks of {chunk}");
    }
}

#[test]
fn a_hello_that_is_longer_than_any_is_judged_by_its_beginning() {
    let mut body = GOOD.to_vec();
    body.resize(16_384, 0);
    let endless = with_body(HANDSHAKE, &body);
    let mut guard = guard();
    let taken = 5 + MAX_HELLO;
    assert_eq!(guard.inspect(&mut endless[..taken - 1].to_vec()), Ok(()));
    let trailing = Err(End::ServerHello(ServerHelloError::Trailing));
    assert_eq!(guard.inspect(&mut [0]), trailing);
    // And where the receive buffer would not hold it, by its length.
    let mut guard = Guard::new(HandshakeLimits::DEFAULT, 512);
    assert_eq!(guard.inspect(&mut endless[..5].to_vec()), trailing);
}

#[test]
fn the_alert_of_a_server_that_does_not_go_on_keeps_its_number() {
    for code in [0, 40, 70, 200] {
        let alert = with_body(ALERT, &[2, code]);
        assert_eq!(inspect(&[alert], 9), Err(End::HandshakeAlert(code)));
    }
}

#[test]
fn plain_records_are_refused_once_there_are_keys() {
    for kind in [CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, 24, 0, 255] {
        let length = if kind == CHANGE_CIPHER_SPEC { 1 } else { 40 };
        let records = [hello(), record(kind, length)];
        assert_eq!(inspect(&records, 1), unexpected(kind), "after open");
        if kind != CHANGE_CIPHER_SPEC {
            assert_eq!(inspect(&records, 9), unexpected(kind), "after ServerHello");
        }
    }
    let change = record(CHANGE_CIPHER_SPEC, 1);
    let twice = [hello(), change.clone(), change];
    assert_eq!(inspect(&twice, 9), unexpected(CHANGE_CIPHER_SPEC));
}

#[test]
fn a_second_hello_is_refused_even_if_it_is_right() {
    assert_eq!(inspect(&[hello(), hello()], 9), unexpected(HANDSHAKE));
}

#[test]
fn protected_records_do_not_come_first() {
    for kind in [APPLICATION_DATA, CHANGE_CIPHER_SPEC] {
        assert_eq!(inspect(&[record(kind, 20)], 9), unexpected(kind));
    }
}

#[test]
fn impossible_lengths_are_refused() {
    let bad = |length| refused(RecordError::BadLength(length));
    for length in [0, 1, 16, 16_402, u16::MAX] {
        let records = [hello(), record(APPLICATION_DATA, length)];
        for open_after in [1, 9] {
            assert_eq!(inspect(&records, open_after), bad(length));
        }
    }
    for (kind, length) in [(HANDSHAKE, 0), (ALERT, 1), (ALERT, 3)] {
        assert_eq!(inspect(&[record(kind, length)], 9), bad(length));
    }
    for length in [0, 2] {
        let records = [hello(), record(CHANGE_CIPHER_SPEC, length)];
        assert_eq!(inspect(&records, 9), bad(length));
    }
}

#[test]
fn change_cipher_spec_has_one_content() {
    for content in [0, 2, 255] {
        let odd = with_body(CHANGE_CIPHER_SPEC, &[content]);
        let refusal = unexpected(CHANGE_CIPHER_SPEC);
        assert_eq!(inspect(&[hello(), odd], 9), refusal);
    }
}

#[test]
fn a_record_longer_than_the_buffer_says_what_it_needs() {
    let mut guard = Guard::new(HandshakeLimits::DEFAULT, 1000);
    guard.inspect(&mut hello()).unwrap();
    guard.inspect(&mut record(APPLICATION_DATA, 1000)).unwrap();
    let needed = Err(End::ReceiveBufferTooSmall { needed: 1001 });
    // Before a byte of it is read.
    let header = &mut record(APPLICATION_DATA, 1001)[..5];
    assert_eq!(guard.inspect(header), needed);
}

#[test]
fn a_handshake_has_an_end() {
    let mut endless = vec![hello()];
    endless.extend(core::iter::repeat_n(record(APPLICATION_DATA, 17), 31));
    assert_eq!(inspect(&endless, 99), Ok(()));
    endless.push(record(APPLICATION_DATA, 17));
    let too_long = refused(RecordError::HandshakeTooLong);
    assert_eq!(inspect(&endless, 99), too_long);
    let mut huge = vec![hello()];
    huge.extend(core::iter::repeat_n(record(APPLICATION_DATA, 16_401), 3));
    assert_eq!(inspect(&huge, 99), too_long);
    // An open connection has none of these limits.
    assert_eq!(inspect(&huge, 1), Ok(()));
}

/// Headers count: many small records are no way around the limit.
#[test]
fn the_bytes_of_a_handshake_are_those_on_the_wire() {
    let flight = [
        hello(),
        record(CHANGE_CIPHER_SPEC, 1),
        record(APPLICATION_DATA, 20),
    ];
    let bytes: usize = flight.iter().map(Vec::len).sum();
    for (limit, fits) in [(bytes, true), (bytes - 1, false)] {
        let limits = HandshakeLimits {
            bytes: u32::try_from(limit).unwrap(),
            ..HandshakeLimits::DEFAULT
        };
        let mut guard = Guard::new(limits, MAX_PROTECTED);
        let verdict = flight
            .iter()
            .try_for_each(|record| guard.inspect(&mut record.clone()));
        let too_long = refused(RecordError::HandshakeTooLong);
        assert_eq!(verdict, if fits { Ok(()) } else { too_long }, "{limit}");
    }
}

#[test]
fn other_protocols_are_recognised() {
    let refusal = refused(RecordError::NotTls);
    assert_eq!(inspect(&[b"HTTP/1.1 400".to_vec()], 9), refusal);
    // Plain records may have any version of TLS in their header, protected
    // ones have one.
    let mut old = hello();
    old[2] = 1;
    assert_eq!(
        inspect(&[old.clone(), record(APPLICATION_DATA, 17)], 9),
        Ok(())
    );
    let mut forged = record(APPLICATION_DATA, 17);
    forged[2] = 1;
    assert_eq!(inspect(&[old, forged], 9), refusal);
}

#[test]
fn a_violation_stays() {
    let mut guard = guard();
    assert!(guard.inspect(&mut record(APPLICATION_DATA, 20)).is_err());
    let first = unexpected(APPLICATION_DATA);
    assert_eq!(guard.inspect(&mut hello()), first);
    assert_eq!(guard.end(), first.err());
}

/// What the guard makes of a record's header.
fn marked(guard: &mut Guard, chunk: usize) -> Option<Stage> {
    let mut bytes = record(APPLICATION_DATA, 20);
    for part in bytes.chunks_mut(chunk) {
        guard.inspect(part).unwrap();
    }
    assert_eq!(bytes[0], APPLICATION_DATA);
    assert_eq!(bytes[3..], record(APPLICATION_DATA, 20)[3..]);
    Stage::of_mark([bytes[1], bytes[2]])
}

#[test]
fn protected_records_are_marked_with_what_may_be_in_them() {
    for chunk in 1..=25 {
        let mut guard = guard();
        let mut plain = hello();
        guard.inspect(&mut plain).unwrap();
        assert_eq!(plain, hello(), "plain records are left alone");
        for stage in [
            Stage::EncryptedExtensions,
            Stage::Request,
            Stage::Certificate,
            Stage::Certificate,
        ] {
            assert_eq!(marked(&mut guard, chunk), Some(stage));
        }
        guard.certificate_verified();
        assert_eq!(marked(&mut guard, chunk), Some(Stage::CertificateVerify));
        assert_eq!(marked(&mut guard, chunk), Some(Stage::CertificateVerify));
        guard.server_verified();
        assert_eq!(marked(&mut guard, chunk), Some(Stage::Finished));
        guard.open();
        assert_eq!(marked(&mut guard, chunk), Some(Stage::Open));
    }
}

#[test]
fn both_directions_are_counted_until_they_were_enough() {
    let limits = SessionLimits {
        records: 4,
        bytes: 1000,
        time: Duration::MAX,
    };
    for chunk in 1..=30 {
        let mut guard = guard();
        guard.inspect(&mut hello()).unwrap();
        for _ in 0..2 {
            guard.inspect(&mut record(APPLICATION_DATA, 20)).unwrap();
        }
        assert!(!guard.exceeds(&limits));
        let mut sent = Vec::new();
        for _ in 0..3 {
            sent.extend(record(APPLICATION_DATA, 20));
        }
        sent.chunks(chunk).for_each(|part| guard.count_sent(part));
        assert!(!guard.exceeds(&limits));
        guard.count_sent(&record(APPLICATION_DATA, 20)[..1]);
        assert!(guard.exceeds(&limits), "four records sent");
    }
    let mut guard = guard();
    guard.inspect(&mut hello()).unwrap();
    guard.inspect(&mut record(APPLICATION_DATA, 866)).unwrap();
    assert!(!guard.exceeds(&limits), "999 bytes");
    guard.inspect(&mut [APPLICATION_DATA]).unwrap();
    assert!(guard.exceeds(&limits), "1000 bytes received");
}

/// The stages that a connection goes through, as its marked headers tell.
fn stages(mut guard: Guard, hello: &[u8]) -> Vec<Option<Stage>> {
    guard.inspect(&mut with_body(HANDSHAKE, hello)).unwrap();
    let mark = |_| {
        let mut record = record(APPLICATION_DATA, 60);
        guard.inspect(&mut record).unwrap();
        Stage::of_mark([record[1], record[2]])
    };
    (0..3).map(mark).collect()
}

#[test]
fn a_shared_key_has_stages_of_its_own() {
    let mut taken = GOOD.to_vec();
    taken.extend([0, 41, 0, 2, 0, 0]);
    (taken[3], taken[43]) = (taken[3] + 6, taken[43] + 6);
    let (first, then) = (Some(Stage::SharedKey), Some(Stage::Finished));
    assert_eq!(
        stages(guard().with_shared_key(), &taken),
        [first, then, then]
    );
    let first = Some(Stage::EncryptedExtensions);
    assert_eq!(stages(guard(), &GOOD)[0], first);
    // Either hello in place of the other.
    let mut with = guard().with_shared_key();
    assert_eq!(
        with.inspect(&mut hello()),
        Err(End::ServerHello(ServerHelloError::SharedKey))
    );
    assert_eq!(
        guard().inspect(&mut with_body(HANDSHAKE, &taken)),
        Err(End::ServerHello(ServerHelloError::UnexpectedExtension(41)))
    );
}
