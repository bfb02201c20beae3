use std::vec;
use std::vec::Vec;

use super::*;

fn message_of(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind];
    bytes.extend(&u32::try_from(body.len()).unwrap().to_be_bytes()[1..]);
    bytes.extend(body);
    bytes
}

/// A list behind its length in so many bytes.
fn vector(prefix: usize, items: &[u8]) -> Vec<u8> {
    let length = u32::try_from(items.len()).unwrap().to_be_bytes();
    [&length[4 - prefix..], items].concat()
}

fn extension_of(kind: u16, data: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes()[..], &vector(2, data)].concat()
}

fn encrypted_extensions(extensions: &[Vec<u8>]) -> Vec<u8> {
    message_of(ENCRYPTED_EXTENSIONS, &vector(2, &extensions.concat()))
}

fn request(extensions: &[Vec<u8>]) -> Vec<u8> {
    let body = [vec![0], vector(2, &extensions.concat())].concat();
    message_of(CERTIFICATE_REQUEST, &body)
}

fn algorithms() -> Vec<u8> {
    extension_of(SIGNATURE_ALGORITHMS, &vector(2, &[4, 3, 8, 4]))
}

fn certificates(entries: &[Vec<u8>]) -> Vec<u8> {
    let body = [vec![0], vector(3, &entries.concat())].concat();
    message_of(CERTIFICATE, &body)
}

fn entry(certificate: &[u8], extensions: &[u8]) -> Vec<u8> {
    [vector(3, certificate), vector(2, extensions)].concat()
}

fn verify(algorithm: u16) -> Vec<u8> {
    let signature = vector(2, &[0x30; 71]);
    message_of(
        CERTIFICATE_VERIFY,
        &[&algorithm.to_be_bytes()[..], &signature].concat(),
    )
}

fn finished() -> Vec<u8> {
    message_of(FINISHED, &[5; 32])
}

fn ticket_of(ticket: &[u8], extensions: &[u8]) -> Vec<u8> {
    let body = [
        vec![0; 8],
        vector(1, &[1, 2]),
        vector(2, ticket),
        vector(2, extensions),
    ];
    message_of(NEW_SESSION_TICKET, &body.concat())
}

/// A usual server's part of the handshake, message by message.
fn good() -> [Vec<u8>; 5] {
    [
        encrypted_extensions(&[
            extension_of(SERVER_NAME, &[]),
            extension_of(SUPPORTED_GROUPS, &vector(2, &[0, 29, 0, 23])),
        ]),
        // status_request and one that nobody knows may be there.
        request(&[
            extension_of(5, &[]),
            algorithms(),
            extension_of(0xfafa, &[1]),
        ]),
        certificates(&[entry(&[0x30; 300], &[]), entry(&[0x30; 200], &[])]),
        verify(ECDSA_SECP256R1_SHA256),
        finished(),
    ]
}

/// The stage in which a record begins that holds the messages from `first` on.
fn stage_before(first: usize) -> Stage {
    [
        Stage::EncryptedExtensions,
        Stage::Request,
        Stage::Certificate,
        Stage::CertificateVerify,
        Stage::Finished,
    ][first]
}

#[test]
fn the_flight_passes_however_it_is_cut_into_records() {
    let messages = good();
    for first in 0..5 {
        for last in first..5 {
            let record = messages[first..=last].concat();
            assert_eq!(
                flight(stage_before(first), &record),
                Ok(()),
                "{first} to {last}"
            );
        }
    }
    // Without a request for the device's certificate.
    let record = [&messages[0], &messages[2], &messages[3], &messages[4]];
    let record: Vec<u8> = record.into_iter().flatten().copied().collect();
    assert_eq!(flight(Stage::EncryptedExtensions, &record), Ok(()));
}

#[test]
fn every_other_order_is_refused() {
    let messages = good();
    let stages = [
        Stage::EncryptedExtensions,
        Stage::Request,
        Stage::Certificate,
        Stage::CertificateVerify,
        Stage::Finished,
    ];
    for stage in stages {
        for (index, message) in messages.iter().enumerate() {
            let right = stage == stage_before(index) || (stage, index) == (Stage::Request, 2);
            let verdict = flight(stage, message);
            let expected = match (stage, index) {
                _ if right => Ok(()),
                (_, 0) => Err(Report::UnexpectedMessage(ENCRYPTED_EXTENSIONS)),
                (_, 1) => Err(Report::UnexpectedMessage(CERTIFICATE_REQUEST)),
                (Stage::CertificateVerify, 4) | (_, 2 | 3) => Err(Report::OutOfOrder),
                _ => Err(Report::NoCertificate),
            };
            assert_eq!(verdict, expected, "message {index} in {stage:?}");
        }
        for kind in (0..=255).filter(|kind| ![8, 11, 13, 15, 20].contains(kind)) {
            let verdict = flight(stage, &message_of(kind, &[0; 32]));
            assert_eq!(verdict, Err(Report::UnexpectedMessage(kind)), "{stage:?}");
        }
    }
    // Twice in one record.
    for (index, message) in messages.iter().enumerate() {
        let twice = [&message[..], message].concat();
        assert!(flight(stage_before(index), &twice).is_err());
    }
}

#[test]
fn nothing_follows_finished() {
    for more in [&finished()[..], &good()[0], &ticket_of(&[1], &[]), &[0]] {
        let record = [&finished()[..], more].concat();
        assert!(flight(Stage::Finished, &record).is_err(), "{more:x?}");
    }
}

#[test]
fn a_message_ends_in_its_record() {
    for (index, message) in good().iter().enumerate() {
        let length = message.len() as u32 - 4;
        for cut in 1..message.len() {
            let verdict = flight(stage_before(index), &message[..cut]);
            let expected = if cut < 4 { 0 } else { length };
            assert_eq!(
                verdict,
                Err(Report::Split(expected)),
                "message {index} at {cut}"
            );
        }
    }
    let ticket = ticket_of(&[7; 100], &[]);
    for cut in 1..ticket.len() {
        let split = after_handshake(&ticket[..cut]);
        assert!(matches!(split, Err(Report::Split(_))), "{split:?}");
    }
}

/// Lengths that do not fit: the message as `flight` gets it, its own length
/// right, one byte of its body shorter or longer.
#[test]
fn the_fields_of_a_message_end_where_it_ends() {
    for (index, message) in good().iter().enumerate() {
        let (kind, body) = (message[0], &message[4..]);
        let short = message_of(kind, &body[..body.len() - 1]);
        let long = message_of(kind, &[body, &[0]].concat());
        for broken in [short, long] {
            let verdict = flight(stage_before(index), &broken);
            assert_eq!(
                verdict,
                Err(Report::MalformedMessage(kind)),
                "message {index}"
            );
        }
    }
    let ticket = ticket_of(&[7; 100], &[]);
    let body = &ticket[4..];
    for broken in [&body[..body.len() - 1], &[body, &[0]].concat()] {
        let verdict = after_handshake(&message_of(NEW_SESSION_TICKET, broken));
        assert_eq!(verdict, Err(Report::MalformedMessage(NEW_SESSION_TICKET)));
    }
}

#[test]
fn encrypted_extensions_answer_what_was_asked() {
    let verdict = |extensions: &[Vec<u8>]| {
        flight(
            Stage::EncryptedExtensions,
            &encrypted_extensions(extensions),
        )
    };
    assert_eq!(verdict(&[]), Ok(()));
    // max_fragment_length, ALPN, early_data, a key share, one unknown: not
    // offered.
    for kind in [1, 16, 42, 51, 0xfafa] {
        let unexpected = Err(Report::UnexpectedExtension(kind));
        assert_eq!(verdict(&[extension_of(kind, &[])]), unexpected);
    }
    let name = extension_of(SERVER_NAME, &[]);
    let twice = Err(Report::UnexpectedExtension(SERVER_NAME));
    assert_eq!(verdict(&[name.clone(), name]), twice);
    let malformed = Err(Report::MalformedMessage(ENCRYPTED_EXTENSIONS));
    for broken in [
        extension_of(SERVER_NAME, &[0]),
        extension_of(SUPPORTED_GROUPS, &[]),
        extension_of(SUPPORTED_GROUPS, &[0, 1, 0]),
        extension_of(SUPPORTED_GROUPS, &[0, 2, 0, 23, 0]),
    ] {
        assert_eq!(verdict(&[broken]), malformed);
    }
}

#[test]
fn a_request_says_which_signatures_and_has_no_context() {
    let verdict = |extensions: &[Vec<u8>]| flight(Stage::Request, &request(extensions));
    let malformed = Err(Report::MalformedMessage(CERTIFICATE_REQUEST));
    assert_eq!(verdict(&[algorithms()]), Ok(()));
    assert_eq!(verdict(&[]), malformed);
    assert_eq!(
        verdict(&[extension_of(SIGNATURE_ALGORITHMS, &[0, 0])]),
        malformed
    );
    assert_eq!(
        verdict(&[extension_of(SIGNATURE_ALGORITHMS, &[0, 1, 4])]),
        malformed
    );
    let twice = Err(Report::UnexpectedExtension(SIGNATURE_ALGORITHMS));
    assert_eq!(verdict(&[algorithms(), algorithms()]), twice);
    // Those that embedded-tls knows and does not expect here.
    for kind in [0, 1, 10, 14, 15, 16, 19, 20, 21, 41, 42, 43, 44, 45, 49, 51] {
        let unexpected = Err(Report::UnexpectedExtension(kind));
        assert_eq!(
            verdict(&[algorithms(), extension_of(kind, &[])]),
            unexpected
        );
    }
    let mut many: Vec<_> = (1000..1048).map(|kind| extension_of(kind, &[])).collect();
    assert_eq!(verdict(&many), malformed, "no algorithms among 48");
    many[47] = algorithms();
    assert_eq!(verdict(&many), Ok(()));
    many.push(extension_of(2000, &[]));
    assert_eq!(verdict(&many), malformed, "49 are too many");
    let context = [vec![1, 9], vector(2, &algorithms())].concat();
    let context = message_of(CERTIFICATE_REQUEST, &context);
    assert_eq!(flight(Stage::Request, &context), malformed);
    // The length of a context, and a message that would be right without it.
    for length in [1, 2, 255] {
        let promised = [vec![length], vector(2, &algorithms())].concat();
        let promised = message_of(CERTIFICATE_REQUEST, &promised);
        assert_eq!(flight(Stage::Request, &promised), malformed, "{length}");
    }
}

#[test]
fn a_chain_is_a_list_of_at_most_16() {
    let verdict = |entries: &[Vec<u8>]| flight(Stage::Certificate, &certificates(entries));
    let one = entry(&[0x30; 9], &[]);
    // An empty chain is for the verifier, which has a word for it.
    assert_eq!(verdict(&[]), Ok(()));
    assert_eq!(verdict(&vec![one.clone(); 16]), Ok(()));
    for count in [17, 20, 200] {
        assert_eq!(
            verdict(&vec![one.clone(); count]),
            Err(Report::ChainTooLong)
        );
    }
    let malformed = Err(Report::MalformedMessage(CERTIFICATE));
    assert_eq!(verdict(&[entry(&[], &[])]), malformed);
    let stapled = entry(&[0x30; 9], &extension_of(5, &[1]));
    assert_eq!(verdict(&[stapled]), Err(Report::UnexpectedExtension(5)));
    let context = [vec![1, 9], vector(3, &one)].concat();
    let context = message_of(CERTIFICATE, &context);
    assert_eq!(flight(Stage::Certificate, &context), malformed);
    for length in [1, 2, 255] {
        let promised = message_of(CERTIFICATE, &[vec![length], vector(3, &one)].concat());
        assert_eq!(flight(Stage::Certificate, &promised), malformed, "{length}");
    }
}

#[test]
fn the_signature_is_of_the_one_algorithm() {
    for algorithm in [0x0503, 0x0603, 0x0807, 0x0804, 0x0401, 0x0302, 0, 0xffff] {
        let verdict = flight(Stage::CertificateVerify, &verify(algorithm));
        assert_eq!(
            verdict,
            Err(Report::UnsupportedSignature),
            "{algorithm:#06x}"
        );
    }
}

#[test]
fn after_the_handshake_tickets_pass_and_keys_change() {
    let ticket = ticket_of(&[7; 100], &extension_of(42, &[0; 4]));
    assert_eq!(after_handshake(&ticket), Ok(()));
    assert_eq!(after_handshake(&[&ticket[..], &ticket].concat()), Ok(()));
    let malformed = |kind| Err(Report::MalformedMessage(kind));
    assert_eq!(after_handshake(&ticket_of(&[], &[])), malformed(4));
    for request in [0, 1] {
        let update = message_of(KEY_UPDATE, &[request]);
        assert_eq!(after_handshake(&update), Err(Report::KeyUpdate));
        let behind = [&ticket[..], &update].concat();
        assert_eq!(after_handshake(&behind), Err(Report::KeyUpdate));
        // Keys change behind it: nothing may follow.
        let before = [&update[..], &ticket].concat();
        assert_eq!(after_handshake(&before), malformed(KEY_UPDATE));
    }
    for broken in [&[][..], &[2], &[0, 0]] {
        let update = message_of(KEY_UPDATE, broken);
        assert_eq!(after_handshake(&update), malformed(KEY_UPDATE));
    }
    for kind in (0..=255).filter(|kind| ![4, 24].contains(kind)) {
        let verdict = after_handshake(&message_of(kind, &[0; 32]));
        assert_eq!(verdict, Err(Report::UnexpectedMessage(kind)));
    }
}

/// Whatever the bytes, nothing here panics; all lengths are checked.
#[test]
fn changed_bytes_are_judged_without_a_panic() {
    let record = good().concat();
    for at in 0..record.len() {
        for value in [0, 1, 0x7f, 0x80, 0xff, record[at].wrapping_add(1)] {
            let mut changed = record.clone();
            changed[at] = value;
            let _ = flight(Stage::EncryptedExtensions, &changed);
            let _ = after_handshake(&changed);
        }
    }
}

/// With a shared key there is nothing between EncryptedExtensions and Finished,
/// and neither can be left out.
#[test]
fn a_shared_key_leaves_two_messages() {
    let [extensions, request, certificates, verify, finished] = good();
    let both = [&extensions[..], &finished].concat();
    assert_eq!(flight(Stage::SharedKey, &both), Ok(()));
    assert_eq!(flight(Stage::SharedKey, &extensions), Ok(()));
    for (message, kind) in [
        (&request, CERTIFICATE_REQUEST),
        (&certificates, CERTIFICATE),
        (&verify, CERTIFICATE_VERIFY),
        (&finished, FINISHED),
    ] {
        let first = flight(Stage::SharedKey, message);
        assert_eq!(first, Err(Report::UnexpectedMessage(kind)));
        if kind != FINISHED {
            let second = [&extensions[..], message, &finished].concat();
            assert!(flight(Stage::SharedKey, &second).is_err(), "{kind}");
        }
    }
}
