use std::vec;
use std::vec::Vec;

use super::*;

/// What a rustls 0.23 server answered to the ClientHello of embedded-tls.
#[rustfmt::skip]
pub(crate) const GOOD: [u8; 123] = [
    0x02, 0x00, 0x00, 0x77, 0x03, 0x03, 0xfe, 0x5a, 0x2c, 0x7a, 0xdf, 0x08, 0xcb, 0x6a, 0x03, 0x52,
    0x2f, 0x2c, 0x16, 0x93, 0x2c, 0x1b, 0x49, 0x09, 0x7c, 0xa9, 0x3b, 0x48, 0x59, 0x1c, 0x01, 0xe8,
    0x74, 0x21, 0x6a, 0xf4, 0xbb, 0xf6, 0x00, 0x13, 0x01, 0x00, 0x00, 0x4f, 0x00, 0x33, 0x00, 0x45,
    0x00, 0x17, 0x00, 0x41, 0x04, 0x92, 0x43, 0x43, 0xb0, 0x75, 0x71, 0xde, 0x05, 0x56, 0x43, 0x66,
    0xf1, 0x94, 0xcb, 0xfe, 0x36, 0xda, 0xc9, 0x46, 0x6b, 0xa8, 0xf5, 0x23, 0xf0, 0xa2, 0x19, 0xdd,
    0xe9, 0x78, 0xb4, 0xdb, 0xd0, 0xc2, 0xc0, 0xe9, 0x93, 0x68, 0x94, 0xa8, 0x95, 0x85, 0x8e, 0x81,
    0xe0, 0x34, 0x84, 0xfc, 0x7f, 0x71, 0xde, 0xfb, 0xb9, 0x40, 0xff, 0x74, 0x44, 0x42, 0xda, 0x4d,
    0xf5, 0x0e, 0xeb, 0xaf, 0xf2, 0x00, 0x2b, 0x00, 0x02, 0x03, 0x04,
];

/// The same of an OpenSSL 3.0 server.
#[rustfmt::skip]
const OPENSSL: [u8; 123] = [
    0x02, 0x00, 0x00, 0x77, 0x03, 0x03, 0xca, 0xc7, 0xf1, 0xad, 0x98, 0x4e, 0xb2, 0x97, 0xcf, 0xb4,
    0xe4, 0x29, 0xeb, 0x76, 0x68, 0xa5, 0x65, 0x9a, 0x15, 0xb0, 0x9c, 0xca, 0x03, 0x1f, 0x73, 0x51,
    0x50, 0x14, 0xba, 0xb5, 0x00, 0x37, 0x00, 0x13, 0x01, 0x00, 0x00, 0x4f, 0x00, 0x2b, 0x00, 0x02,
    0x03, 0x04, 0x00, 0x33, 0x00, 0x45, 0x00, 0x17, 0x00, 0x41, 0x04, 0x8a, 0x59, 0xb7, 0x73, 0xd6,
    0x60, 0x7f, 0x97, 0x10, 0x90, 0x85, 0x0f, 0xb7, 0x2c, 0x5f, 0xbb, 0x69, 0x95, 0x14, 0x87, 0x88,
    0x6f, 0x85, 0x80, 0x91, 0xc0, 0x18, 0xe0, 0xd6, 0x15, 0x6b, 0xc2, 0x55, 0x5d, 0x37, 0x55, 0x33,
    0xd1, 0xee, 0x83, 0x1f, 0xb3, 0x99, 0x90, 0xd6, 0x9a, 0x22, 0x05, 0x9a, 0x09, 0xc1, 0xf8, 0x47,
    0x9e, 0x78, 0xfc, 0x7f, 0x5d, 0xf4, 0xfa, 0xc6, 0x62, 0x98, 0xd1,
];

/// Where a server may write what it likes: random, and the point's coordinates.
fn is_free(at: usize) -> bool {
    (6..38).contains(&at) || (53..117).contains(&at)
}

fn judge(hello: &[u8]) -> Result<(), ServerHelloError> {
    judge_with(hello, false)
}

fn judge_with(hello: &[u8], shared_key: bool) -> Result<(), ServerHelloError> {
    let record = u16::try_from(hello.len()).unwrap();
    check(&hello[..hello.len().min(MAX_HELLO)], record, shared_key)
}

/// The right one, changed.
fn changed(change: impl FnOnce(&mut Vec<u8>)) -> Result<(), ServerHelloError> {
    let mut hello = GOOD.to_vec();
    change(&mut hello);
    judge(&hello)
}

/// The right one with these extensions, its lengths made to fit.
fn with_extensions(extensions: &[&[u8]]) -> Result<(), ServerHelloError> {
    judge(&hello_of(extensions))
}

fn hello_of(extensions: &[&[u8]]) -> Vec<u8> {
    let mut hello = GOOD[..44].to_vec();
    hello.extend(extensions.concat());
    let list = hello.len() - 44;
    hello[42..44].copy_from_slice(&u16::try_from(list).unwrap().to_be_bytes());
    hello[3] = u8::try_from(hello.len() - 4).unwrap();
    hello
}

fn key_share() -> &'static [u8] {
    &GOOD[44..117]
}

fn version() -> &'static [u8] {
    &GOOD[117..]
}

#[test]
fn a_right_one_is_taken_with_its_extensions_in_either_order() {
    assert_eq!(judge(&GOOD), Ok(()));
    assert_eq!(judge(&OPENSSL), Ok(()));
    assert_eq!(with_extensions(&[key_share(), version()]), Ok(()));
    assert_eq!(with_extensions(&[version(), key_share()]), Ok(()));
}

#[test]
fn every_changed_byte_is_noticed_where_the_server_has_no_choice() {
    for at in 0..GOOD.len() {
        for value in 0..=255 {
            let result = changed(|hello| hello[at] = value);
            let right = value == GOOD[at] || is_free(at);
            assert_eq!(result.is_ok(), right, "byte {at}: {value}: {result:?}");
        }
    }
}

#[test]
fn no_part_of_it_is_enough_and_nothing_may_follow_it() {
    for length in 0..GOOD.len() {
        assert!(judge(&GOOD[..length]).is_err(), "{length} bytes");
    }
    for more in [1, 40, 400] {
        let result = changed(|hello| hello.extend(core::iter::repeat_n(0, more)));
        assert_eq!(result, Err(ServerHelloError::Trailing), "{more} bytes more");
    }
}

#[test]
fn a_part_of_it_in_a_record_of_its_own_is_told_from_damage() {
    for length in 1..GOOD.len() {
        let split = Err(ServerHelloError::Split(length as u16));
        assert_eq!(judge(&GOOD[..length]), split, "{length} bytes");
    }
}

#[test]
fn what_a_server_cannot_do_is_said() {
    use ServerHelloError as E;
    for (change, expected) in [
        ((0, &[1][..]), E::UnexpectedMessage(1)),
        ((4, &[3, 1]), E::OldVersion(0x0301)),
        ((4, &[3, 4]), E::Malformed),
        ((6, &RETRY), E::HelloRetryRequest),
        ((39, &[0x13, 0x02]), E::CipherSuite(0x1302)),
        ((41, &[1]), E::Compression(1)),
        ((48, &[0, 29]), E::Group(29)),
        ((52, &[2]), E::KeyShare),
        ((121, &[3, 3]), E::OldVersion(0x0303)),
        ((121, &[0x7f, 0x1c]), E::OldVersion(0x7f1c)),
    ] {
        let (at, bytes): (usize, &[u8]) = change;
        let result = changed(|hello| hello[at..at + bytes.len()].copy_from_slice(bytes));
        assert_eq!(result, Err(expected), "{bytes:x?} at {at}");
    }
    // Whoever chose TLS 1.3 was not made to choose something older.
    let lucky = changed(|hello| hello[30..38].copy_from_slice(b"DOWNGRD\x01"));
    assert_eq!(lucky, Ok(()));
}

#[test]
fn extensions_come_once_and_were_asked_for() {
    use ServerHelloError as E;
    let unexpected = |kind| Err(E::UnexpectedExtension(kind));
    let share = |point: &[u8]| {
        let mut bytes = std::vec![0, 51];
        bytes.extend(u16::try_from(point.len() + 4).unwrap().to_be_bytes());
        bytes.extend([0, 23]);
        bytes.extend(u16::try_from(point.len()).unwrap().to_be_bytes());
        bytes.extend(point);
        bytes
    };
    for (extensions, expected) in [
        (&[version(), key_share(), version()][..], unexpected(43)),
        // Longer than what is looked at.
        (&[version(), key_share(), key_share()], Err(E::Malformed)),
        // pre_shared_key, cookie, one that nobody knows.
        (
            &[version(), key_share(), &[0, 41, 0, 2, 0, 0]],
            unexpected(41),
        ),
        (
            &[version(), &[0, 44, 0, 2, 0, 0], key_share()],
            unexpected(44),
        ),
        (
            &[version(), key_share(), &[0xfa, 0xfa, 0, 0]],
            unexpected(0xfafa),
        ),
        (&[version()], Err(E::KeyShare)),
        (&[key_share()], Err(E::OldVersion(0x0303))),
        (&[], Err(E::OldVersion(0x0303))),
        (&[version(), &share(&[])], Err(E::KeyShare)),
        (&[version(), &share(&[4; 64])], Err(E::KeyShare)),
        (&[version(), &share(&[4; 66])], Err(E::KeyShare)),
        (&[version(), &share(&[2; 33])], Err(E::KeyShare)),
        (&[version(), &[0, 51, 0, 2, 0, 23]], Err(E::Malformed)),
        (&[&[0, 43, 0, 3, 3, 4, 0], key_share()], Err(E::Malformed)),
    ] {
        assert_eq!(with_extensions(extensions), expected, "{extensions:x?}");
    }
}

#[test]
fn a_session_id_that_was_not_sent_is_refused() {
    let result = changed(|hello| {
        hello[38] = 32;
        hello.splice(39..39, [7; 32]);
        hello[3] += 32;
    });
    assert_eq!(result, Err(ServerHelloError::SessionId));
}

#[test]
fn servers_of_tls_1_2_are_recognised() {
    // OpenSSL's: a session id of 32 bytes, ECDHE-ECDSA, renegotiation_info and
    // the like, and the certificate in the same record or in its own.
    let mut hello = GOOD[..38].to_vec();
    hello.push(32);
    hello.extend([9; 32]);
    hello.extend([0xc0, 0x2b, 0]);
    hello.extend([0, 13, 0xff, 1, 0, 1, 0, 0, 11, 0, 4, 3, 0, 1, 2]);
    hello[3] = u8::try_from(hello.len() - 4).unwrap();
    let old = Err(ServerHelloError::OldVersion(0x0303));
    assert_eq!(judge(&hello), old);
    hello.extend([11; 900]);
    assert_eq!(judge(&hello), old);
    // Without any extension, as old servers answer.
    let mut bare = GOOD[..42].to_vec();
    bare[3] = 38;
    assert_eq!(judge(&bare), old);
    // One that knows TLS 1.3 and was not told that this device does.
    for older in [0, 1] {
        bare[30..37].copy_from_slice(b"DOWNGRD");
        bare[37] = older;
        assert_eq!(judge(&bare), Err(ServerHelloError::Downgraded));
    }
}

#[test]
fn only_settings_of_the_server_have_the_slow_class() {
    use ServerHelloError as E;
    for error in [
        E::OldVersion(0x0303),
        E::HelloRetryRequest,
        E::Group(29),
        E::CipherSuite(0x1302),
        E::Split(64),
    ] {
        assert_eq!(error.class(), FailureClass::Configuration);
    }
    for error in [
        E::Downgraded,
        E::SessionId,
        E::Malformed,
        E::Trailing,
        E::KeyShare,
    ] {
        assert_eq!(error.class(), FailureClass::Transient);
    }
}

/// Taken once, the first of one, and only where it was offered.
#[test]
fn a_shared_key_is_taken_where_it_was_offered_and_must_be() {
    use ServerHelloError::{Malformed, SharedKey, UnexpectedExtension};
    let taken: &[u8] = &[0, 41, 0, 2, 0, 0];
    for (extensions, with, without) in [
        (
            vec![key_share(), version(), taken],
            Ok(()),
            Err(UnexpectedExtension(41)),
        ),
        (
            vec![taken, version(), key_share()],
            Ok(()),
            Err(UnexpectedExtension(41)),
        ),
        (vec![key_share(), version()], Err(SharedKey), Ok(())),
        (
            vec![key_share(), version(), taken, taken],
            Err(UnexpectedExtension(41)),
            Err(UnexpectedExtension(41)),
        ),
        // Without a key exchange there would be no secrecy once the key is lost.
        (
            vec![version(), taken],
            Err(ServerHelloError::KeyShare),
            Err(UnexpectedExtension(41)),
        ),
    ] {
        let hello = hello_of(&extensions);
        assert_eq!(judge_with(&hello, true), with);
        assert_eq!(judge_with(&hello, false), without);
    }
    for odd in [&[0, 41, 0, 2, 0, 1][..], &[0, 41, 0, 1, 0], &[0, 41, 0, 0]] {
        let hello = hello_of(&[key_share(), version(), odd]);
        assert_eq!(judge_with(&hello, true), Err(SharedKey), "{odd:?}");
    }
    let cut = hello_of(&[key_share(), version(), &taken[..5]]);
    assert_eq!(judge_with(&cut, true), Err(Malformed));
}
