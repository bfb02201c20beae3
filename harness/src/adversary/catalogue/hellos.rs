//! ServerHellos with one field wrong (RFC 8446 sections 4.1.3 and 4.1.4).

use super::super::hello::{Extension, ServerHello};
use super::super::message::Message;
use super::super::script::{Script, Step, flight};
use super::super::wire::{self, extension};
use super::{Case, Control, Fault};

const HELLO: Fault = Fault::Hello;
const VERSION: Fault = Fault::Version;

/// A change to a ServerHello.
type Change = fn(&mut ServerHello);

/// The generator of P-256, compressed: a good point in the wrong form.
const COMPRESSED: [u8; 33] = [
    0x03, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40,
    0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2,
    0x96,
];

/// Changes the public point, and keeps its group.
fn point(hello: &mut ServerHello, change: impl FnOnce(&mut Vec<u8>)) {
    let mut point = hello.point().to_vec();
    change(&mut point);
    hello.share(wire::SECP256R1, &point);
}

/// Changes the contents of key_share as bytes.
fn share(hello: &mut ServerHello, change: impl FnOnce(&mut Vec<u8>)) {
    let mut body = Extension::key_share(wire::SECP256R1, hello.point()).body;
    change(&mut body);
    hello.set(extension::KEY_SHARE, body);
}

/// Makes it a ServerHello of TLS 1.2 with this end of its random.
fn tls12(hello: &mut ServerHello, end: &[u8; 8]) {
    hello.suite = 0xc02b;
    hello.extensions = None;
    hello.random[24..].copy_from_slice(end);
}

const FIELDS: &[(&str, Fault, Change)] = &[
    ("legacy version SSL 3.0", HELLO, |h| {
        h.legacy_version = 0x0300
    }),
    ("legacy version TLS 1.0", HELLO, |h| {
        h.legacy_version = 0x0301
    }),
    ("legacy version TLS 1.1", HELLO, |h| {
        h.legacy_version = 0x0302
    }),
    ("legacy version TLS 1.3", HELLO, |h| {
        h.legacy_version = 0x0304
    }),
    ("legacy version of nothing", HELLO, |h| {
        h.legacy_version = 0xffff
    }),
    ("the random of a HelloRetryRequest", Fault::Retry, |h| {
        h.random = wire::RETRY_RANDOM.to_vec();
    }),
    ("a random too short", HELLO, |h| h.random.truncate(31)),
    ("a session id nobody sent", HELLO, |h| {
        h.session_id = vec![1]
    }),
    ("a whole session id nobody sent", HELLO, |h| {
        h.session_id = vec![7; 32]
    }),
    ("a session id too long", HELLO, |h| {
        h.session_id = vec![7; 33]
    }),
    ("the longest session id", HELLO, |h| {
        h.session_id = vec![7; 255]
    }),
    ("suite AES-256-GCM-SHA384", HELLO, |h| h.suite = 0x1302),
    ("suite CHACHA20-POLY1305", HELLO, |h| h.suite = 0x1303),
    ("suite AES-128-CCM", HELLO, |h| h.suite = 0x1304),
    ("suite NULL", HELLO, |h| h.suite = 0),
    ("a suite of TLS 1.2", HELLO, |h| h.suite = 0xc02b),
    ("an unknown suite", HELLO, |h| h.suite = 0x5a5a),
    ("compression 1", HELLO, |h| h.compression = 1),
    ("compression 255", HELLO, |h| h.compression = 255),
    ("no supported_versions", VERSION, |h| {
        h.without(extension::SUPPORTED_VERSIONS)
    }),
    ("supported_versions twice", HELLO, |h| {
        h.extensions()
            .push(Extension::selected_version(wire::TLS13));
    }),
    ("version TLS 1.2 selected", VERSION, |h| {
        h.replace(Extension::selected_version(0x0303))
    }),
    ("version TLS 1.1 selected", VERSION, |h| {
        h.replace(Extension::selected_version(0x0302))
    }),
    ("version SSL 3.0 selected", VERSION, |h| {
        h.replace(Extension::selected_version(0x0300))
    }),
    ("version TLS 1.4 selected", VERSION, |h| {
        h.replace(Extension::selected_version(0x0305))
    }),
    ("a draft's version selected", VERSION, |h| {
        h.replace(Extension::selected_version(0x7f1c))
    }),
    ("supported_versions empty", HELLO, |h| {
        h.set(extension::SUPPORTED_VERSIONS, [])
    }),
    ("supported_versions of one byte", HELLO, |h| {
        h.set(extension::SUPPORTED_VERSIONS, [3])
    }),
    ("supported_versions of three bytes", HELLO, |h| {
        h.set(extension::SUPPORTED_VERSIONS, [3, 4, 0]);
    }),
    ("supported_versions as a client sends it", HELLO, |h| {
        h.set(extension::SUPPORTED_VERSIONS, [2, 3, 4]);
    }),
    ("no key_share", HELLO, |h| h.without(extension::KEY_SHARE)),
    ("key_share twice", HELLO, |h| {
        let share = Extension::key_share(wire::SECP256R1, h.point());
        h.extensions().push(share);
    }),
    ("key_share empty", HELLO, |h| {
        h.set(extension::KEY_SHARE, [])
    }),
    ("key_share of a group alone", HELLO, |h| {
        h.set(extension::KEY_SHARE, [0, 0x17])
    }),
    ("key_share as a client sends it", HELLO, |h| {
        share(h, |body| *body = wire::vector16(body))
    }),
    ("key_share of x25519", HELLO, |h| h.share(0x001d, &[9; 32])),
    ("key_share of secp384r1", HELLO, |h| {
        h.share(0x0018, &[4; 97])
    }),
    ("key_share of group 0", HELLO, |h| {
        let p = h.point().to_vec();
        h.share(0, &p);
    }),
    ("key_share of x25519 with a point of P-256", HELLO, |h| {
        let p = h.point().to_vec();
        h.share(0x001d, &p);
    }),
    ("an empty point", HELLO, |h| point(h, Vec::clear)),
    ("the point at infinity", HELLO, |h| {
        point(h, |p| *p = vec![0])
    }),
    ("a point one byte short", HELLO, |h| {
        point(h, |p| p.truncate(64))
    }),
    ("a point one byte long", HELLO, |h| point(h, |p| p.push(0))),
    ("a point off the curve", HELLO, |h| point(h, |p| p[64] ^= 1)),
    ("a point of zeros", HELLO, |h| point(h, |p| p[1..].fill(0))),
    ("a point beyond the field", HELLO, |h| {
        point(h, |p| p[1..].fill(0xff))
    }),
    ("a compressed point", HELLO, |h| {
        point(h, |p| *p = COMPRESSED.to_vec())
    }),
    ("a hybrid point", HELLO, |h| {
        point(h, |p| p[0] = 6 | p[64] & 1)
    }),
    ("a point of an unknown form", HELLO, |h| {
        point(h, |p| p[0] = 5)
    }),
    ("bytes after the point", HELLO, |h| {
        share(h, |body| body.push(0))
    }),
    ("a point longer than key_share", HELLO, |h| {
        share(h, |body| body[3] += 1)
    }),
    ("a point shorter than key_share", HELLO, |h| {
        share(h, |body| body[3] -= 1)
    }),
    ("an unknown extension", HELLO, |h| {
        h.extensions().push(Extension::new(extension::GREASE, [1]));
    }),
    ("a pre-shared key nobody offered", HELLO, |h| {
        h.extensions()
            .push(Extension::new(extension::PRE_SHARED_KEY, [0, 0]));
    }),
    ("a cookie", HELLO, |h| {
        h.extensions()
            .push(Extension::new(extension::COOKIE, [0, 1, 7]));
    }),
    ("a server name", HELLO, |h| {
        h.extensions()
            .push(Extension::new(extension::SERVER_NAME, []));
    }),
    ("a protocol name", HELLO, |h| {
        h.extensions()
            .push(Extension::new(extension::ALPN, [0, 3, 2, b'h', b'2']));
    }),
    ("signature algorithms", HELLO, |h| {
        h.extensions()
            .push(super::super::message::signature_algorithms());
    }),
    ("many extensions", HELLO, |h| {
        let many = (0x8000..0x8100).map(|kind| Extension::new(kind, []));
        h.extensions().extend(many);
    }),
    ("no extension", VERSION, |h| h.extensions = Some(Vec::new())),
    ("no extensions field", VERSION, |h| h.extensions = None),
    ("bytes after the extensions", HELLO, |h| {
        h.trailing = vec![0]
    }),
    ("TLS 1.2", VERSION, |h| tls12(h, b"anything")),
    ("TLS 1.2 with the sentinel", VERSION, |h| {
        tls12(h, b"DOWNGRD\x01")
    }),
    ("TLS 1.1 with the sentinel", VERSION, |h| {
        tls12(h, b"DOWNGRD\x00");
        h.legacy_version = 0x0302;
    }),
    ("TLS 1.2 with an extension", VERSION, |h| {
        tls12(h, b"anything");
        h.extensions = Some(vec![Extension::new(0xff01, [0])]);
    }),
    ("SSL 3.0", VERSION, |h| {
        tls12(h, b"anything");
        h.legacy_version = 0x0300;
    }),
];

/// A change to ServerHello as bytes; it is told where the extensions begin
/// with their length. Their first one's own length is four bytes further on.
type Bytes = fn(&mut Vec<u8>, usize);

const BYTES: &[(&str, Bytes)] = &[
    ("a message length too long by one", |bytes, _| bytes[3] += 1),
    ("a message length too short by one", |bytes, _| {
        bytes[3] -= 1
    }),
    ("a message length of zero", |bytes, _| bytes[1..4].fill(0)),
    ("a message length of 16 MB", |bytes, _| {
        bytes[1..4].fill(0xff)
    }),
    ("a session id longer than the message", |bytes, _| {
        bytes[38] = 255
    }),
    ("extensions longer than the message", |bytes, at| {
        bytes[at + 1] += 1
    }),
    ("extensions shorter than the message", |bytes, at| {
        bytes[at + 1] -= 1
    }),
    ("extensions of 64 KB", |bytes, at| {
        bytes[at..at + 2].fill(0xff)
    }),
    ("an extension longer than all of them", |bytes, at| {
        bytes[at + 4..at + 6].fill(0xff)
    }),
    ("an extension shorter than it is", |bytes, at| {
        bytes[at + 5] -= 1
    }),
    ("a ServerHello of nothing", |bytes, _| {
        *bytes = wire::message(2, &[])
    }),
    ("half a ServerHello", |bytes, _| {
        let body = bytes[4..40].to_vec();
        *bytes = wire::message(2, &body);
    }),
];

/// rustls sees nothing wrong with these, or does not look.
const LENIENT: &[&str] = &[
    "legacy version TLS 1.3",
    "a session id nobody sent",
    "a whole session id nobody sent",
    "signature algorithms",
];

/// ServerHellos that must be refused.
#[must_use]
pub fn hellos() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, fault, change) in FIELDS {
        let case = Case::refused(*name, Script::hello(change), *fault);
        let lenient = LENIENT.contains(name);
        let control = if lenient {
            Control::Takes
        } else {
            Control::Refuses
        };
        cases.push(case.control(control));
    }
    for (name, change) in BYTES {
        let hello = Message::ServerHello(None).edited(|bytes| {
            // Session id, suite and compression stand before them.
            let at = 39 + usize::from(bytes[38]) + 3;
            change(bytes, at);
        });
        let steps = [
            Step::Hello,
            Step::Plain(vec![hello]),
            Step::Sealed(flight()),
        ];
        cases.push(Case::refused(*name, Script(steps.into()), HELLO));
    }
    for kind in wire::handshake::ALL {
        if kind != wire::handshake::SERVER_HELLO {
            let other = Message::ServerHello(None).edited(move |bytes| bytes[0] = kind);
            let steps = [
                Step::Hello,
                Step::Plain(vec![other]),
                Step::Sealed(flight()),
            ];
            cases.push(Case::refused(
                format!("a first message of type {kind}"),
                Script(steps.into()),
                HELLO,
            ));
        }
    }
    for (name, after) in [
        (
            "a second message beside ServerHello",
            Message::encrypted_extensions(),
        ),
        (
            "two ServerHellos in a record",
            Message::Other(2, vec![0; 70]),
        ),
        (
            "half a message beside ServerHello",
            Message::Other(8, vec![0, 0]).edited(|bytes| bytes.truncate(3)),
        ),
    ] {
        // RFC 8446 section 5.1: no message stands across a change of keys.
        let hello = Step::Plain(vec![Message::ServerHello(None), after]);
        let steps = [Step::Hello, hello, Step::Sealed(flight())];
        cases.push(Case::refused(name, Script(steps.into()), HELLO));
    }
    cases.extend(retries());
    cases
}

/// HelloRetryRequests: the client has one group, and has shown it already.
fn retries() -> Vec<Case> {
    let retry = |name: &str, messages: Vec<Message>| {
        let mut steps = vec![Step::Hello];
        steps.extend(
            messages
                .into_iter()
                .map(|message| Step::Plain(vec![message])),
        );
        steps.extend([Step::settle(), Step::server_hello(), Step::Sealed(flight())]);
        Case::refused(name, Script(steps), Fault::Retry)
    };
    let with =
        |change: Change| Message::HelloRetryRequest(Some(super::super::message::Edit::new(change)));
    vec![
        retry(
            "a HelloRetryRequest",
            vec![Message::HelloRetryRequest(None)],
        ),
        retry(
            "a HelloRetryRequest for the same group",
            vec![with(|hello| hello.set(extension::KEY_SHARE, [0, 0x17]))],
        ),
        retry(
            "a HelloRetryRequest with a cookie",
            vec![with(|hello| {
                hello
                    .extensions()
                    .push(Extension::new(extension::COOKIE, [0, 1, 7]));
            })],
        ),
        retry(
            "a HelloRetryRequest that asks for nothing",
            vec![with(|hello| hello.without(extension::KEY_SHARE))],
        ),
        retry(
            "two HelloRetryRequests",
            vec![Message::HelloRetryRequest(None); 2],
        ),
    ]
}
