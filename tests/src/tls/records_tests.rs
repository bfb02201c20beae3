//! Streams of records made by hand, good and bad.

use super::*;

const RANDOM: [u8; 32] = [7; 32];

/// A connection up to the end of its handshake, and its keys.
fn begun() -> (Observer, Vec<u8>, Keys) {
    let observer = Observer::new();
    rustls::KeyLog::log(&observer, HANDSHAKE, &RANDOM, &[1; 32]);
    rustls::KeyLog::log(&observer, APPLICATION, &RANDOM, &[2; 32]);
    let mut stream = vec![22, 3, 1, 0, 38, 1, 0, 0, 34, 3, 3];
    stream.extend(RANDOM);
    let mut keys = Keys::new([1; 32]);
    stream.extend(keys.seal(&[11, 0, 0, 1, 0, 22]));
    stream.extend([20, 3, 3, 0, 1, 1]);
    stream.extend(keys.seal(&[20, 0, 0, 1, 9, 22]));
    (observer, stream, Keys::new([2; 32]))
}

fn judged(observer: &Observer, stream: Vec<u8>) -> Result<Vec<Sent>, (usize, Fault)> {
    observer.notes().streams.push(stream);
    observer.judge()
}

#[test]
fn records_in_order_are_read() {
    let (observer, mut stream, mut keys) = begun();
    stream.extend(keys.seal(b"one \x17"));
    stream.extend(keys.seal(b"two\x17\0\0\0"));
    stream.extend([23, 3, 3, 0, 20, 1]);
    let sent = Sent {
        random: RANDOM.to_vec(),
        records: [2, 2],
        data: b"one two".to_vec(),
        closed: false,
        bytes: stream.len(),
        rest: 6,
    };
    assert_eq!(judged(&observer, stream.clone()), Ok(vec![sent]));
    assert_eq!(judged(&observer, stream), Err((1, Fault::SameRandom)));
}

#[test]
fn a_nonce_that_is_used_again_is_found() {
    let (observer, mut stream, mut keys) = begun();
    stream.extend(keys.seal(b"one\x17"));
    // What a client does that was stopped between two halves of a write.
    let mut again = keys.clone();
    stream.extend(keys.seal(b"two\x17"));
    stream.extend(again.seal(b"three\x17"));
    assert_eq!(judged(&observer, stream), Err((0, Fault::Reused(1, 2))));
}

#[test]
fn whatever_else_may_not_be_is_found() {
    let fault = |change: fn(&mut Vec<u8>, &mut Keys)| {
        let (observer, mut stream, mut keys) = begun();
        stream.extend(keys.seal(b"one\x17"));
        change(&mut stream, &mut keys);
        judged(&observer, stream).expect_err("not found").1
    };
    let skipped = fault(|stream, keys| {
        keys.seal(b"lost\x17");
        stream.extend(keys.seal(b"two\x17"));
    });
    assert_eq!(skipped, Fault::Skipped(2, 1));
    // A record that was cut short, with the next one behind it.
    let torn = fault(|stream, keys| {
        let first = keys.seal(b"a record of some length\x17");
        stream.extend(&first[..20]);
        stream.extend(keys.seal(b"another of some length\x17"));
    });
    assert_eq!(torn, Fault::Unreadable(1));
    let late = fault(|stream, keys| {
        stream.extend(keys.seal(&[1, 0, 21]));
        stream.extend(keys.seal(b"two\x17"));
    });
    assert_eq!(late, Fault::AfterClose);
    let plain = fault(|stream, _| stream.extend([21, 3, 3, 0, 2, 1, 0]));
    assert_eq!(plain, Fault::Plain(21));
    let strange = fault(|stream, keys| stream.extend(keys.seal(&[24, 0, 0, 1, 0, 22])));
    assert_eq!(strange, Fault::Content(22));
}

#[test]
fn secrets_are_read_from_a_key_log() {
    let (_, mut stream, mut keys) = begun();
    stream.extend(keys.seal(b"one\x17"));
    let observer = Observer::new();
    assert_eq!(judged(&observer, stream.clone()), Err((0, Fault::NoKeys)));
    let observer = Observer::new();
    let (random, one, two) = ("07".repeat(32), "01".repeat(32), "02".repeat(32));
    observer.read_secrets(&format!(
        "# a comment\n{HANDSHAKE} {random} {one}\n{APPLICATION} {random} {two}\n"
    ));
    let sent = judged(&observer, stream).unwrap();
    assert_eq!(sent[0].data, b"one");
}
