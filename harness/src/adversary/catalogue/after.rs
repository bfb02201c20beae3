//! A verified server that misbehaves on the open connection, or somebody on
//! the path who has no keys.

use super::super::hello::{ClientHello, ServerHello};
use super::super::message::{Edit, Message, certificate, signature_algorithms};
use super::super::script::{Epoch, Step, inner};
use super::super::wire::{self, content, handshake};
use super::{Case, Control, Fault};
use crate::pki::Pki;

const ORDER: Fault = Fault::Order;
const FORGED: Fault = Fault::Forged;
const LENGTH: Fault = Fault::RecordLength;
const REKEY: Fault = Fault::Rekey;
const MALFORMED: Fault = Fault::Malformed;
const SPLIT: Fault = Fault::Split;

/// A body that a message of a type could have.
fn body(kind: u8, pki: &Pki) -> Vec<u8> {
    let chain: Vec<_> = pki
        .server()
        .chain()
        .iter()
        .map(|der| der.to_vec())
        .collect();
    let point = [[4; 1].as_slice(), &[7; 64]].concat();
    match kind {
        handshake::SERVER_HELLO => {
            ServerHello::new(&ClientHello::default(), vec![9; 32], &point).message()[4..].to_vec()
        }
        handshake::ENCRYPTED_EXTENSIONS => vec![0, 0],
        handshake::CERTIFICATE => certificate(&[], &chain)[4..].to_vec(),
        handshake::CERTIFICATE_REQUEST => {
            // As for authentication after the handshake, which nobody offered.
            let mut body = wire::vector8(&[1]);
            body.extend(super::super::hello::Extension::list(&[
                signature_algorithms(),
            ]));
            body
        }
        handshake::CERTIFICATE_VERIFY => {
            let mut body = wire::ECDSA_SECP256R1_SHA256.to_be_bytes().to_vec();
            body.extend(wire::vector16(&[0x30; 70]));
            body
        }
        handshake::FINISHED => vec![5; 32],
        _ => vec![0; 4],
    }
}

/// Handshake messages of each type, on the open connection.
fn messages(pki: &Pki) -> Vec<Case> {
    let sealed = |bytes: &[u8]| vec![Step::Inner(inner(content::HANDSHAKE, bytes, 0))];
    let mut cases = Vec::new();
    for kind in handshake::ALL {
        if kind == handshake::NEW_SESSION_TICKET || kind == handshake::KEY_UPDATE {
            continue;
        }
        for (how, body) in [
            ("a", body(kind, pki)),
            ("an empty", Vec::new()),
            ("a garbled", vec![0xff; 40]),
        ] {
            let name = format!("{how} message of type {kind} after data");
            let steps = sealed(&wire::message(kind, &body));
            cases.push(Case::ended(name, steps, ORDER));
        }
        let name = format!("a message of type {kind} that is not all there");
        let steps = sealed(&[kind, 0, 0, 200, 1, 2]);
        cases.push(Case::ended(name, steps, SPLIT));
        let name = format!("a ticket, then a message of type {kind}");
        let mut both = super::super::message::new_session_ticket();
        both.extend(wire::message(kind, &body(kind, pki)));
        cases.push(Case::ended(name, sealed(&both), ORDER));
    }
    cases
}

/// KeyUpdates and tickets, good and bad.
fn updates() -> Vec<Case> {
    let sealed = |messages: Vec<Message>| vec![Step::Sealed(messages)];
    let update = |request| Message::KeyUpdate(request);
    let ticket = || Message::NewSessionTicket;
    let cut = Case::ended(
        "a ticket over two records",
        vec![Step::Cut(vec![ticket()], 20)],
        SPLIT,
    )
    .control(Control::Takes);
    let followed = |request| vec![Step::Sealed(vec![update(request)]), Step::Update];
    // rustls follows a KeyUpdate; a device may connect again instead.
    vec![
        Case::ended("a KeyUpdate", followed(0), REKEY).control(Control::Takes),
        Case::ended("a KeyUpdate that wants one back", followed(1), REKEY).control(Control::Takes),
        Case::ended(
            "a KeyUpdate with the old keys after it",
            sealed(vec![update(0)]),
            REKEY,
        ),
        Case::ended("a KeyUpdate of 2", sealed(vec![update(2)]), MALFORMED),
        Case::ended(
            "an empty KeyUpdate",
            sealed(vec![Message::Other(24, vec![])]),
            MALFORMED,
        ),
        Case::ended(
            "a long KeyUpdate",
            sealed(vec![Message::Other(24, vec![0, 0])]),
            MALFORMED,
        ),
        Case::ended(
            "two KeyUpdates in one record",
            sealed(vec![update(0), update(0)]),
            MALFORMED,
        ),
        Case::ended(
            "a KeyUpdate before a ticket",
            sealed(vec![update(0), ticket()]),
            MALFORMED,
        ),
        Case::ended(
            "a KeyUpdate behind a ticket",
            sealed(vec![ticket(), update(0)]),
            REKEY,
        ),
        cut,
        Case::ended(
            "an empty ticket",
            sealed(vec![Message::Other(4, vec![])]),
            Fault::Malformed,
        ),
        Case::ended(
            "a ticket cut off",
            sealed(vec![ticket().edited(|bytes| bytes.truncate(30))]),
            SPLIT,
        ),
        Case::ended(
            "a ticket with bytes after it",
            sealed(vec![ticket().edited(|bytes| {
                bytes.push(0);
                bytes[3] += 1;
            })]),
            Fault::Malformed,
        ),
        Case::ended(
            "a ticket longer than its message",
            sealed(vec![ticket().edited(|bytes| bytes[14] = 255)]),
            Fault::Malformed,
        ),
        Case::ended(
            "a ticket, then half a message",
            sealed(vec![
                ticket(),
                Message::Other(4, vec![0; 9]).edited(|bytes| bytes.truncate(2)),
            ]),
            SPLIT,
        ),
    ]
}

/// Records on the open connection.
fn records() -> Vec<Case> {
    let wire = |bytes: &[u8]| vec![Step::Wire(bytes.to_vec())];
    let sealed = |bytes: Vec<u8>| vec![Step::Inner(bytes)];
    let data = || inner(content::APPLICATION_DATA, b"offending", 0);
    let damaged = |change: fn(&mut Vec<u8>)| vec![Step::Damaged(data(), Edit::new(change))];
    let mut cases = vec![
        Case::ended("a record of nothing", wire(&[23, 3, 3, 0, 0]), LENGTH),
        Case::ended("a record of one byte", wire(&[23, 3, 3, 0, 1, 23]), LENGTH),
        Case::ended(
            "a record of a tag alone",
            wire(&wire::record(23, &[0; 16])),
            LENGTH,
        ),
        Case::ended(
            "a record of a byte too many",
            wire(&[23, 3, 3, 0x41, 1]),
            LENGTH,
        )
        .control(Control::Takes),
        Case::ended("a record of 64 KB", wire(&[23, 3, 3, 0xff, 0xff]), LENGTH),
        Case::ended(
            "a little data in the clear",
            wire(&wire::record(23, b"offending data")),
            LENGTH,
        ),
        Case::ended(
            "much data in the clear",
            wire(&wire::record(23, &[b'-'; 600])),
            FORGED,
        ),
        Case::ended(
            "HTTP after data",
            wire(b"HTTP/1.1 200 OK\r\n"),
            Fault::NotTls,
        ),
        Case::ended(
            "a header of SSL 2.0 after data",
            wire(&[23, 2, 0, 0, 20]),
            Fault::NotTls,
        ),
        Case::ended(
            "an empty inner plaintext after data",
            sealed(Vec::new()),
            LENGTH,
        ),
        Case::ended(
            "an inner plaintext without a type after data",
            sealed(vec![0; 40]),
            LENGTH,
        ),
        Case::ended(
            "an empty handshake record after data",
            sealed(inner(content::HANDSHAKE, b"", 0)),
            LENGTH,
        )
        .control(Control::Takes),
        Case::ended(
            "more data inside than allowed",
            sealed(inner(content::APPLICATION_DATA, &[b'-'; 16_385], 0)),
            LENGTH,
        ),
        Case::ended(
            "more padding than allowed after data",
            sealed(inner(content::APPLICATION_DATA, b"-", 16_500)),
            LENGTH,
        ),
        Case::ended(
            "a changed tag after data",
            damaged(|record| *record.last_mut().expect("a tag") ^= 1),
            FORGED,
        ),
        Case::ended("changed data", damaged(|record| record[6] ^= 1), FORGED),
        Case::ended(
            "a tag cut off after data",
            damaged(|record| {
                record.pop();
                record[4] -= 1;
            }),
            FORGED,
        ),
        Case::ended(
            "another version in a header",
            damaged(|record| record[2] = 1),
            Fault::NotTls,
        )
        .control(Control::Takes),
        Case::ended("the same record twice", vec![Step::Again], FORGED),
        Case::ended("a record lost on the way", vec![Step::Skip(1)], FORGED),
        Case::ended(
            "two records in the wrong order",
            vec![
                Step::Skip(1),
                Step::Inner(data()),
                Step::Keys(Epoch::Application),
            ],
            FORGED,
        ),
        Case::ended(
            "the handshake's keys",
            vec![Step::Keys(Epoch::Handshake), Step::Inner(data())],
            FORGED,
        ),
        Case::ended(
            "keys of a KeyUpdate nobody announced",
            vec![Step::Update],
            FORGED,
        ),
        Case::ended(
            "the end without a goodbye",
            vec![Step::End],
            Fault::Truncated,
        ),
        Case::ended(
            "the end within a record",
            vec![Step::Wire(vec![23, 3, 3, 0, 60, 1, 2]), Step::End],
            Fault::Truncated,
        ),
        Case::ended(
            "the end within a header",
            vec![Step::Wire(vec![23]), Step::End],
            Fault::Truncated,
        ),
        Case::ended(
            "data after the goodbye",
            vec![Step::alert(1, 0), Step::data(b"offending")],
            Fault::Closed,
        )
        .control(Control::Takes),
        Case::ended("a fatal goodbye", vec![Step::alert(2, 0)], Fault::Closed)
            .control(Control::Takes),
    ];
    for kind in [0, 20, 21, 22, 24, 25, 99, 255] {
        for (how, body) in [("", vec![1]), ("long ", vec![0; 40]), ("empty ", vec![])] {
            let name = format!("a {how}plain record of type {kind} after data");
            let fault = Fault::RecordType(kind);
            cases.push(Case::ended(name, wire(&wire::record(kind, &body)), fault));
        }
    }
    for kind in [
        1,
        content::CHANGE_CIPHER_SPEC,
        content::HEARTBEAT,
        25,
        99,
        255,
    ] {
        let name = format!("a sealed record of type {kind} after data");
        let fault = Fault::RecordType(kind);
        cases.push(Case::ended(name, sealed(inner(kind, &[1], 0)), fault));
    }
    for (what, alert) in [
        ("a plain goodbye", [1, 0]),
        ("a plain fatal alert", [2, 40]),
    ] {
        let record = wire::record(content::ALERT, &alert);
        cases.push(Case::ended(what, wire(&record), Fault::RecordType(21)));
    }
    cases
}

/// What a verified server, or somebody on the path, does on the open
/// connection, and must not get away with.
#[must_use]
pub fn after(pki: &Pki) -> Vec<Case> {
    let mut cases = messages(pki);
    cases.extend(updates());
    cases.extend(records());
    let second = Message::certificate_request();
    cases.push(Case::ended(
        "a certificate request after data",
        vec![Step::Sealed(vec![second])],
        ORDER,
    ));
    cases
}
