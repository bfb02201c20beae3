//! Servers that do nothing wrong, in unusual ways.

use std::time::Duration;

use super::super::hello::{Extension, ServerHello};
use super::super::message::Message;
use super::super::script::{Script, Step, flight, inner};
use super::super::wire::{self, content, extension};
use super::{Case, Fault, with};
use super::{Expected, number};

/// Servers that have to be taken, but for the split messages, which a small
/// client may refuse by name.
#[must_use]
pub fn honest() -> Vec<Case> {
    let mut cases = vec![
        Case::accepted("a good server", Script::flight(flight())),
        Case::accepted(
            "every message in a record of its own",
            Script::after_hello(each(flight())).then([Step::Finished]),
        ),
        Case::accepted(
            "a padded flight",
            Script::after_hello([Step::Padded(flight(), 10_000), Step::Finished]),
        ),
        Case::accepted(
            "a change-cipher-spec after ServerHello",
            Script::after_hello([
                Step::Wire(wire::record(content::CHANGE_CIPHER_SPEC, &[1])),
                Step::Sealed(flight()),
                Step::Finished,
            ]),
        ),
        Case::accepted(
            "an acknowledged server name and supported groups",
            Script::flight(with(
                number::EXTENSIONS,
                Message::EncryptedExtensions(vec![
                    Extension::new(extension::SERVER_NAME, []),
                    Extension::new(extension::SUPPORTED_GROUPS, [0, 2, 0, 0x17]),
                ]),
            )),
        ),
        Case::accepted(
            "a certificate request with an extension nobody knows",
            Script::flight(with(
                number::REQUEST,
                Message::CertificateRequest(
                    Vec::new(),
                    vec![
                        Extension::new(extension::GREASE, [1, 2, 3]),
                        super::super::message::signature_algorithms(),
                    ],
                ),
            )),
        ),
        Case::accepted(
            "key share before version in ServerHello",
            Script::hello(|hello: &mut ServerHello| hello.extensions().reverse()),
        ),
        Case::accepted(
            "a downgrade sentinel in a ServerHello of TLS 1.3",
            // RFC 8446 section 4.1.3: it means something below TLS 1.3 only.
            Script::hello(|hello| hello.random[24..].copy_from_slice(b"DOWNGRD\x01")),
        ),
        Case::accepted(
            "another minor version in the first record's header",
            // RFC 8446 section 5.1: ignored for all purposes.
            Script(vec![
                Step::Hello,
                Step::Header([3, 1]),
                Step::server_hello(),
                Step::Header([3, 3]),
                Step::Sealed(flight()),
                Step::Finished,
            ]),
        ),
        Case::accepted(
            "one byte a write",
            Script([Step::Pace(1, Duration::from_millis(1))].into())
                .then(Script::flight(flight()).0),
        ),
        Case::tolerated(
            "a session ticket",
            vec![Step::Sealed(vec![Message::NewSessionTicket])],
        ),
        Case::tolerated(
            "two tickets in one record",
            vec![Step::Sealed(vec![
                Message::NewSessionTicket,
                Message::NewSessionTicket,
            ])],
        ),
        Case::tolerated(
            "a thousand tickets",
            vec![Step::Sealed(vec![Message::NewSessionTicket]); 1000],
        ),
        Case::tolerated("empty application data", vec![Step::data(b"")]),
        Case::tolerated("thirty empty records", vec![Step::data(b""); 30]),
        Case::tolerated(
            "padding alone",
            vec![Step::Inner(inner(content::APPLICATION_DATA, b"", 100))],
        ),
        Case::tolerated(
            "padding up to the limit",
            vec![Step::Inner(inner(content::APPLICATION_DATA, b"", 16_384))],
        ),
    ];
    let mut largest = Case::tolerated("the largest record", vec![Step::data(&[b'-'; 16_384])]);
    largest.delivered = [super::BEFORE, &[b'-'; 16_384], super::AFTER].concat();
    cases.push(largest);
    let mut padded = Case::tolerated(
        "padded data",
        vec![Step::Inner(inner(content::APPLICATION_DATA, b"-", 1000))],
    );
    padded.delivered = [super::BEFORE, b"-", super::AFTER].concat();
    cases.push(padded);
    let early = [Step::Sealed(flight()), Step::data(b"-"), Step::Finished];
    let mut early = Case::accepted(
        "data behind the server's Finished",
        // RFC 8446 section 4.4.4 allows it before the client has finished.
        Script::after_hello(early),
    );
    early.delivered = [b"-", super::BEFORE].concat();
    cases.push(early);
    for size in [1, 50, 300] {
        let cut = Script::after_hello([Step::Cut(flight(), size), Step::Finished]);
        cases.push(split(format!("the flight in records of {size} bytes"), cut));
    }
    for size in [1, 4, 60] {
        let hello = Step::Cut(vec![Message::ServerHello(None)], size);
        let steps = vec![Step::Hello, hello, Step::Sealed(flight()), Step::Finished];
        let name = format!("ServerHello in records of {size} bytes");
        cases.push(split(name, Script(steps)));
    }
    cases
}

/// A server that splits its messages over records: rustls takes it.
fn split(name: String, script: Script) -> Case {
    let accepted = Case::accepted(name, script);
    Case {
        expected: Expected::Refused(Fault::Split),
        delivered: Vec::new(),
        ..accepted
    }
}

/// Each message in a record of its own.
pub(super) fn each(messages: Vec<Message>) -> Vec<Step> {
    let records = messages.into_iter().map(|message| vec![message]);
    records.map(Step::Sealed).collect()
}

/// A good server whose stream arrives in two pieces, cut before the byte of
/// this number; in one when it has fewer.
#[must_use]
pub fn broken(at: usize) -> Case {
    let good = Case::accepted("", Script::flight(flight()));
    Case {
        name: format!("a break before byte {at}"),
        script: Script(vec![Step::Break(at)]).then(good.script.0),
        ..good
    }
}
