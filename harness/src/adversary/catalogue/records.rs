//! Records that are wrong before the server is verified (RFC 8446 section 5),
//! whether the server sends them or somebody on the path who has no keys.

use super::super::message::{Edit, Message};
use super::super::script::{Script, Step, flight, inner};
use super::super::wire::{self, content};
use super::{Case, Control, Fault};

const LENGTH: Fault = Fault::RecordLength;
const FORGED: Fault = Fault::Forged;
const NOT_TLS: Fault = Fault::NotTls;

/// Types of records, known and unknown, that are no protected ones.
const PLAIN: [u8; 8] = [0, 20, 21, 22, 24, 25, 99, 255];

/// Contents that a plain record of a type could have.
fn plain(kind: u8) -> Vec<u8> {
    let body = match kind {
        content::CHANGE_CIPHER_SPEC => vec![0],
        content::ALERT => wire::alert(2, 40),
        content::HANDSHAKE => wire::message(wire::handshake::FINISHED, &[0; 32]),
        _ => vec![0; 17],
    };
    wire::record(kind, &body)
}

/// A good server that puts steps in the middle of its flight.
fn midway(steps: impl IntoIterator<Item = Step>) -> Script {
    let mut first = flight();
    let second = first.split_off(2);
    Script::after_hello([Step::Sealed(first)])
        .then(steps)
        .then([Step::Sealed(second), Step::Finished])
}

/// A good server that puts steps before ServerHello.
fn first(steps: impl IntoIterator<Item = Step>) -> Script {
    let rest = [Step::server_hello(), Step::Sealed(flight()), Step::Finished];
    Script(vec![Step::Hello]).then(steps).then(rest)
}

/// A server that seals this in the middle of its flight.
fn sealed(inner: Vec<u8>) -> Script {
    midway([Step::Inner(inner)])
}

fn damaged(change: fn(&mut Vec<u8>)) -> Script {
    let contents = vec![b'-'; 40];
    midway([Step::Damaged(
        inner(content::APPLICATION_DATA, &contents, 0),
        Edit::new(change),
    )])
}

/// Records before and during the flight that must be refused.
#[must_use]
pub fn records() -> Vec<Case> {
    let wire = |bytes: &[u8]| [Step::Wire(bytes.to_vec())];
    let mut cases = vec![
        Case::refused(
            "HTTP",
            first(wire(b"HTTP/1.1 400 Bad Request\r\n\r\n")),
            NOT_TLS,
        ),
        Case::refused("SSH", first(wire(b"SSH-2.0-OpenSSH_9.2\r\n")), NOT_TLS),
        Case::refused("SMTP", first(wire(b"220 mail.test ESMTP\r\n")), NOT_TLS),
        Case::refused(
            "SSL 2.0",
            first(wire(&[0x80, 0x0b, 4, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0])),
            NOT_TLS,
        ),
        Case::refused("zeros", first(wire(&[0; 100])), NOT_TLS),
        Case::refused(
            "a header of SSL 2.0",
            first(wire(&[22, 2, 0, 0, 4, 2, 0, 0, 0])),
            NOT_TLS,
        ),
        Case::refused(
            "a header of DTLS",
            first(wire(&[22, 0xfe, 0xfd, 0, 4, 2, 0, 0, 0])),
            NOT_TLS,
        ),
        Case::refused(
            "an empty first record",
            first(wire(&[22, 3, 3, 0, 0])),
            LENGTH,
        ),
        Case::refused(
            "a first record of a byte more than allowed",
            first(wire(&[22, 3, 3, 0x40, 1])),
            LENGTH,
        ),
        Case::refused(
            "a first record of 64 KB",
            first(wire(&[22, 3, 3, 0xff, 0xff])),
            LENGTH,
        ),
        Case::refused(
            "the flight in the clear",
            Script::after_hello([Step::Plain(flight())]),
            Fault::RecordType(22),
        ),
        Case::refused("an empty inner plaintext", sealed(Vec::new()), LENGTH),
        Case::refused("an inner plaintext without a type", sealed(vec![0]), LENGTH),
        Case::refused("padding and no type", sealed(vec![0; 500]), LENGTH),
        Case::refused(
            "an empty handshake record",
            sealed(inner(content::HANDSHAKE, b"", 0)),
            LENGTH,
        )
        .control(Control::Takes),
        Case::refused(
            "a padded empty handshake record",
            sealed(inner(content::HANDSHAKE, b"", 64)),
            LENGTH,
        )
        .control(Control::Takes),
        Case::refused(
            "data before Finished",
            sealed(inner(content::APPLICATION_DATA, b"data", 0)),
            Fault::RecordType(23),
        ),
        Case::refused(
            "no data before Finished",
            sealed(inner(content::APPLICATION_DATA, b"", 0)),
            Fault::RecordType(23),
        ),
        Case::refused(
            "half a message, then data",
            midway([
                Step::Inner(inner(content::HANDSHAKE, &[11, 0], 0)),
                Step::data(b"data"),
            ]),
            Fault::Split,
        ),
        Case::refused(
            "more inside than allowed",
            sealed(inner(content::HANDSHAKE, &[8; 16_385], 0)),
            LENGTH,
        ),
        Case::refused(
            "more padding than allowed",
            sealed(inner(
                content::HANDSHAKE,
                &wire::message(8, &[0, 0]),
                16_500,
            )),
            LENGTH,
        ),
        Case::refused(
            "a protected record of a byte more than allowed",
            midway(wire(&[23, 3, 3, 0x41, 1])),
            LENGTH,
        ),
        Case::refused(
            "a protected record of 64 KB",
            midway(wire(&[23, 3, 3, 0xff, 0xff])),
            LENGTH,
        ),
        Case::refused(
            "a protected record of nothing",
            midway(wire(&[23, 3, 3, 0, 0])),
            LENGTH,
        ),
        Case::refused(
            "a protected record of one byte",
            midway(wire(&[23, 3, 3, 0, 1, 22])),
            LENGTH,
        ),
        Case::refused(
            "a protected record of a tag alone",
            midway(wire(&wire::record(23, &[0; 16]))),
            LENGTH,
        ),
        Case::refused(
            "garbage as a protected record",
            midway(wire(&wire::record(23, &[0xa5; 60]))),
            FORGED,
        ),
        Case::refused(
            "a changed tag",
            damaged(|record| *record.last_mut().expect("a tag") ^= 1),
            FORGED,
        ),
        Case::refused("changed contents", damaged(|record| record[9] ^= 1), FORGED),
        Case::refused(
            "a tag cut off",
            damaged(|record| {
                record.pop();
                record[4] -= 1;
            }),
            FORGED,
        ),
        Case::refused(
            "a byte behind the tag",
            damaged(|record| {
                record.push(0);
                record[4] += 1;
            }),
            FORGED,
        ),
        Case::refused(
            "another version in a protected header",
            damaged(|record| record[2] = 1),
            NOT_TLS,
        ),
        Case::refused("a record twice", midway([Step::Again]), FORGED),
        Case::refused("a record left out", midway([Step::Skip(1)]), FORGED),
        Case::refused(
            "the keys of a KeyUpdate nobody announced",
            midway([Step::Update]),
            FORGED,
        ),
        Case::refused(
            "the end in the middle",
            midway([Step::End]),
            Fault::Truncated,
        ),
        Case::refused(
            "the end in a record",
            midway([Step::Wire(vec![23, 3, 3, 0, 60, 1, 2]), Step::End]),
            Fault::Truncated,
        ),
        Case::refused(
            "the end in a header",
            midway([Step::Wire(vec![23, 3]), Step::End]),
            Fault::Truncated,
        ),
        Case::refused(
            "the end before ServerHello",
            first([Step::End]),
            Fault::Truncated,
        ),
        Case::refused(
            "the end in ServerHello",
            first([Step::Wire(vec![22, 3, 3, 0, 90, 2, 0]), Step::End]),
            Fault::Truncated,
        ),
    ];
    for kind in PLAIN {
        let record = plain(kind);
        let fault = Fault::RecordType(kind);
        if kind != content::HANDSHAKE && kind != content::ALERT {
            let name = format!("a first record of type {kind}");
            cases.push(Case::refused(name, first(wire(&record)), fault));
        }
        let name = format!("a plain record of type {kind} after ServerHello");
        let mut steps = vec![Step::Wire(record.clone())];
        steps.extend([Step::Sealed(flight()), Step::Finished]);
        cases.push(Case::refused(name, Script::after_hello(steps), fault));
        let name = format!("a plain record of type {kind} in the flight");
        cases.push(Case::refused(name, midway(wire(&record)), fault));
    }
    cases.push(Case::refused(
        "a first record of data",
        first(wire(&wire::record(23, b"data of seventeen"))),
        Fault::RecordType(23),
    ));
    for kind in [
        1,
        content::CHANGE_CIPHER_SPEC,
        content::HEARTBEAT,
        25,
        99,
        255,
    ] {
        let name = format!("a sealed record of type {kind}");
        cases.push(Case::refused(
            name,
            sealed(inner(kind, &[1], 0)),
            Fault::RecordType(kind),
        ));
    }
    cases.extend(change_cipher_specs());
    cases
}

/// RFC 8446 section 5 and appendix D.4: `01`, plain, between the first
/// ClientHello and the peer's Finished. One is enough for any middlebox.
fn change_cipher_specs() -> Vec<Case> {
    const TYPE: Fault = Fault::RecordType(20);
    let spec = |body: &[u8]| Step::Wire(wire::record(content::CHANGE_CIPHER_SPEC, body));
    let after = |steps: Vec<Step>| {
        let rest = [Step::Sealed(flight()), Step::Finished];
        Script::after_hello(steps).then(rest)
    };
    let split = Step::Wire([wire::record(20, &[1]), wire::record(20, &[1])].concat());
    vec![
        Case::refused(
            "a change-cipher-spec before ServerHello",
            first([spec(&[1])]),
            TYPE,
        ),
        Case::refused("a change-cipher-spec of 0", after(vec![spec(&[0])]), TYPE),
        Case::refused("a change-cipher-spec of 2", after(vec![spec(&[2])]), TYPE),
        Case::refused(
            "a change-cipher-spec of two bytes",
            after(vec![spec(&[1, 1])]),
            LENGTH,
        ),
        Case::refused(
            "an empty change-cipher-spec",
            after(vec![spec(&[])]),
            LENGTH,
        ),
        Case::refused("two change-cipher-specs", after(vec![split]), TYPE).control(Control::Takes),
        Case::refused(
            "change-cipher-specs around EncryptedExtensions",
            Script::after_hello([
                spec(&[1]),
                Step::Sealed(vec![Message::encrypted_extensions()]),
                spec(&[1]),
                Step::Sealed(flight()[1..].to_vec()),
                Step::Finished,
            ]),
            TYPE,
        )
        .control(Control::Takes),
    ]
}
