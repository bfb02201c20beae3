//! Servers whose flight after ServerHello lacks a message, has one too many,
//! in the wrong place, or malformed (RFC 8446 sections 4.3 and 4.4).

use super::super::hello::Extension;
use super::super::message::{Message, Proof, signature_algorithms};
use super::super::script::{Script, Step, flight};
use super::super::wire::{self, extension};
use super::honest::each;
use super::{Case, Control, Fault, before, number, with, without};

const NO_PROOF: Fault = Fault::NoProof;
const ORDER: Fault = Fault::Order;
const MALFORMED: Fault = Fault::Malformed;
const FINISHED: Fault = Fault::Finished;

fn order() -> Vec<(&'static str, Fault, Vec<Message>)> {
    use Message as M;
    let bare = vec![M::encrypted_extensions(), M::Finished];
    let asked = vec![
        M::encrypted_extensions(),
        M::certificate_request(),
        M::Finished,
    ];
    let mut verify_first = flight();
    verify_first.swap(number::CERTIFICATE, number::VERIFY);
    let mut finished_first = without(number::FINISHED);
    finished_first.insert(number::CERTIFICATE, M::Finished);
    let mut finished_early = without(number::FINISHED);
    finished_early.insert(number::VERIFY, M::Finished);
    let mut request_late = without(number::REQUEST);
    request_late.insert(2, M::certificate_request());
    let mut extensions_late = without(number::EXTENSIONS);
    extensions_late.insert(1, M::encrypted_extensions());
    let mut extensions_last = without(number::EXTENSIONS);
    extensions_last.insert(3, M::encrypted_extensions());
    let again = |what: M| before(number::FINISHED, [what]);
    vec![
        ("no certificate", NO_PROOF, bare),
        ("no certificate, but the client's wanted", NO_PROOF, asked),
        ("Finished alone", NO_PROOF, vec![M::Finished]),
        ("no CertificateVerify", NO_PROOF, without(number::VERIFY)),
        (
            "CertificateVerify without certificate",
            NO_PROOF,
            without(number::CERTIFICATE),
        ),
        ("CertificateVerify first", NO_PROOF, verify_first),
        ("Finished before the certificate", NO_PROOF, finished_first),
        (
            "Finished before CertificateVerify",
            NO_PROOF,
            finished_early,
        ),
        ("Finished first of all", NO_PROOF, before(0, [M::Finished])),
        (
            "the certificate twice",
            ORDER,
            before(number::VERIFY, [M::certificate()]),
        ),
        (
            "the certificate again at the end",
            ORDER,
            again(M::certificate()),
        ),
        (
            "CertificateVerify twice",
            ORDER,
            again(M::certificate_verify()),
        ),
        (
            "certificate and CertificateVerify twice",
            ORDER,
            before(
                number::FINISHED,
                [M::certificate(), M::certificate_verify()],
            ),
        ),
        ("no EncryptedExtensions", ORDER, without(number::EXTENSIONS)),
        (
            "EncryptedExtensions twice",
            ORDER,
            before(1, [M::encrypted_extensions()]),
        ),
        (
            "EncryptedExtensions after the request",
            ORDER,
            extensions_late,
        ),
        ("EncryptedExtensions last", ORDER, extensions_last),
        (
            "a certificate request after the certificate",
            ORDER,
            request_late,
        ),
        (
            "a certificate request after CertificateVerify",
            ORDER,
            again(M::certificate_request()),
        ),
        (
            "two certificate requests",
            ORDER,
            before(1, [M::certificate_request()]),
        ),
        (
            "a ticket before Finished",
            ORDER,
            again(M::NewSessionTicket),
        ),
        ("a KeyUpdate before Finished", ORDER, again(M::KeyUpdate(0))),
        ("a KeyUpdate first", ORDER, before(0, [M::KeyUpdate(1)])),
    ]
}

fn contents() -> Vec<(&'static str, Fault, Vec<Message>)> {
    use Message as M;
    let extensions = |list| with(number::EXTENSIONS, M::EncryptedExtensions(list));
    let raw = |kind, body: &[u8]| M::Other(kind, body.to_vec());
    let request = |context: &[u8], list| {
        with(
            number::REQUEST,
            M::CertificateRequest(context.to_vec(), list),
        )
    };
    let finished = |change: fn(&mut Vec<u8>)| with(number::FINISHED, M::Finished.edited(change));
    vec![
        (
            "a wrong CertificateVerify, then a good one",
            ORDER,
            before(
                number::VERIFY,
                [M::CertificateVerify(Proof {
                    other_key: true,
                    ..Proof::GOOD
                })],
            ),
        ),
        (
            "an extension nobody asked for",
            MALFORMED,
            extensions(vec![Extension::new(extension::GREASE, [1])]),
        ),
        (
            "a protocol nobody asked for",
            MALFORMED,
            extensions(vec![Extension::new(extension::ALPN, [0, 3, 2, b'h', b'2'])]),
        ),
        (
            "early data nobody offered",
            MALFORMED,
            extensions(vec![Extension::new(extension::EARLY_DATA, [])]),
        ),
        (
            "a key share in EncryptedExtensions",
            MALFORMED,
            extensions(vec![Extension::key_share(wire::SECP256R1, &[4; 65])]),
        ),
        (
            "a version in EncryptedExtensions",
            MALFORMED,
            extensions(vec![Extension::selected_version(wire::TLS13)]),
        ),
        (
            "an extension twice",
            MALFORMED,
            extensions(vec![Extension::new(extension::SERVER_NAME, []); 2]),
        ),
        (
            "a server name with contents",
            MALFORMED,
            extensions(vec![Extension::new(extension::SERVER_NAME, [0])]),
        ),
        (
            "EncryptedExtensions of nothing",
            MALFORMED,
            with(number::EXTENSIONS, raw(8, &[])),
        ),
        (
            "EncryptedExtensions longer than they are",
            MALFORMED,
            with(number::EXTENSIONS, raw(8, &[0, 9, 0])),
        ),
        (
            "EncryptedExtensions with bytes after them",
            MALFORMED,
            with(number::EXTENSIONS, raw(8, &[0, 0, 0])),
        ),
        (
            "EncryptedExtensions with a broken extension",
            MALFORMED,
            with(number::EXTENSIONS, raw(8, &[0, 4, 0, 0, 0, 9])),
        ),
        (
            "a request without signature algorithms",
            MALFORMED,
            request(b"", vec![]),
        ),
        (
            "a request with a context",
            MALFORMED,
            request(b"context", vec![signature_algorithms()]),
        ),
        (
            "a request with the longest context",
            MALFORMED,
            request(&[7; 255], vec![signature_algorithms()]),
        ),
        (
            "a request with an extension twice",
            MALFORMED,
            request(b"", vec![signature_algorithms(); 2]),
        ),
        (
            "a request of nothing",
            MALFORMED,
            with(number::REQUEST, raw(13, &[])),
        ),
        (
            "a request longer than it is",
            MALFORMED,
            with(number::REQUEST, raw(13, &[0, 0, 9])),
        ),
        (
            "a request with bytes after it",
            MALFORMED,
            with(
                number::REQUEST,
                M::certificate_request().edited(|bytes| {
                    bytes.push(0);
                    bytes[3] += 1;
                }),
            ),
        ),
        (
            "a wrong Finished",
            FINISHED,
            finished(|bytes| bytes[20] ^= 1),
        ),
        (
            "a Finished of zeros",
            FINISHED,
            finished(|bytes| bytes[4..].fill(0)),
        ),
        (
            "a Finished made with the client's key",
            FINISHED,
            with(number::FINISHED, M::ClientsFinished),
        ),
        (
            "a Finished of another handshake",
            FINISHED,
            with(
                number::FINISHED,
                M::Finished.edited(|bytes| {
                    bytes[4..].copy_from_slice(&[0xa5; 32]);
                }),
            ),
        ),
        (
            "a short Finished",
            MALFORMED,
            finished(|bytes| {
                bytes.pop();
                bytes[3] -= 1;
            }),
        ),
        (
            "a long Finished",
            MALFORMED,
            finished(|bytes| {
                bytes.push(0);
                bytes[3] += 1;
            }),
        ),
        (
            "an empty Finished",
            MALFORMED,
            finished(|bytes| *bytes = wire::message(20, &[])),
        ),
        (
            "a Finished that is cut off",
            Fault::Split,
            finished(|bytes| bytes.truncate(20)),
        ),
        (
            "a message of no known type",
            ORDER,
            before(number::CERTIFICATE, [raw(99, &[0])]),
        ),
        (
            "a HelloRequest",
            ORDER,
            before(number::CERTIFICATE, [raw(0, &[])]),
        ),
        (
            "a second ServerHello, sealed",
            ORDER,
            before(number::EXTENSIONS, [raw(2, &[0; 70])]),
        ),
        (
            "a ServerHelloDone",
            ORDER,
            before(number::FINISHED, [raw(14, &[])]),
        ),
        (
            "a compressed certificate",
            ORDER,
            with(number::CERTIFICATE, raw(25, &[0, 1, 0, 0, 9])),
        ),
    ]
}

/// Good flights with something behind Finished, in the same record.
fn behind() -> Vec<(&'static str, Fault, Vec<Message>)> {
    use Message as M;
    vec![
        (
            "a Finished with a byte behind it",
            Fault::Split,
            with(number::FINISHED, M::Finished.edited(|bytes| bytes.push(20))),
        ),
        (
            "Finished twice in one record",
            ORDER,
            before(number::FINISHED, [M::Finished]),
        ),
        (
            "a ticket in the record of Finished",
            ORDER,
            [flight(), vec![M::NewSessionTicket]].concat(),
        ),
        (
            "a certificate in the record of Finished",
            ORDER,
            [flight(), vec![M::certificate()]].concat(),
        ),
    ]
}

/// Flights that must be refused; those with messages out of order both in one
/// record and in one each.
#[must_use]
pub fn flights() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, fault, messages) in order() {
        let script = Script::after_hello(each(messages.clone())).then([Step::Finished]);
        cases.push(Case::refused(
            format!("{name} (a record each)"),
            script,
            fault,
        ));
        cases.push(Case::refused(name, Script::flight(messages), fault));
    }
    for (name, fault, messages) in contents() {
        cases.push(Case::refused(name, Script::flight(messages), fault));
    }
    for (name, fault, messages) in behind() {
        // By then the server is verified, and rustls has answered.
        let case = Case::refused(name, Script::flight(messages), fault);
        cases.push(case.control(Control::RefusesLate));
    }
    cases
}
