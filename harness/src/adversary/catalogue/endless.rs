//! Servers that never finish: each has to be given up, in time or at a limit.

use std::time::Duration;

use super::super::hello::Extension;
use super::super::message::Message;
use super::super::script::{Script, Step, flight, inner};
use super::super::wire::{self, content, handshake};
use super::{Case, Control, Fault};

const SILENT: Fault = Fault::Silent;

fn forever() -> Step {
    Step::Pause(Duration::from_secs(3600))
}

fn again_and_again(steps: impl IntoIterator<Item = Step>) -> Step {
    Step::Forever(steps.into_iter().collect())
}

/// Servers that must be given up.
#[must_use]
pub fn endless() -> Vec<Case> {
    let mut cases = silent();
    cases.extend(floods());
    cases
}

fn silent() -> Vec<Case> {
    let second = Duration::from_secs(1);
    let mut most = flight();
    let last = most.split_off(4);
    vec![
        Case::refused(
            "nothing at all",
            Script(vec![Step::Hello, forever()]),
            SILENT,
        ),
        Case::refused(
            "half a header",
            Script(vec![Step::Hello, Step::Wire(vec![22, 3]), forever()]),
            SILENT,
        ),
        Case::refused(
            "half a ServerHello, then nothing",
            Script(vec![
                Step::Hello,
                Step::Wire(vec![22, 3, 3, 0, 90, 2, 0, 0, 86]),
                forever(),
            ]),
            SILENT,
        ),
        Case::refused(
            "nothing after ServerHello",
            Script::after_hello([forever()]),
            SILENT,
        ),
        Case::refused(
            "nothing after CertificateVerify",
            Script::after_hello([Step::Sealed(most.clone()), forever()]),
            SILENT,
        ),
        Case::refused(
            "Finished too late",
            Script::after_hello([
                Step::Sealed(most),
                Step::Pause(Duration::from_secs(30)),
                Step::Sealed(last),
            ]),
            SILENT,
        ),
        Case::refused(
            "one byte a second",
            Script(vec![
                Step::Hello,
                Step::Pace(1, second),
                Step::server_hello(),
            ])
            .then([Step::Sealed(flight()), forever()]),
            SILENT,
        ),
        Case::refused(
            "one byte a second after ServerHello",
            Script::after_hello([Step::Pace(1, second), Step::Sealed(flight()), forever()]),
            SILENT,
        ),
        Case::refused(
            "one byte a second of a large record",
            Script::after_hello([
                Step::Pace(1, second),
                Step::Wire(wire::record(23, &[7; 16_000])),
            ]),
            SILENT,
        ),
    ]
}

fn floods() -> Vec<Case> {
    let after = |steps: Vec<Step>| Script::after_hello([again_and_again(steps)]);
    let sealed = |message: Message| after(vec![Step::Sealed(vec![message])]);
    let slowly = Step::Pause(Duration::from_secs(2));
    let padded = inner(
        content::HANDSHAKE,
        &wire::message(handshake::ENCRYPTED_EXTENSIONS, &[0, 0]),
        16_000,
    );
    let extensions = Message::encrypted_extensions();
    let spec = Step::Wire(wire::record(content::CHANGE_CIPHER_SPEC, &[1]));
    // The header of a message of 16 MB, then more and more of it.
    let header = inner(
        content::HANDSHAKE,
        &[handshake::CERTIFICATE, 255, 255, 255],
        0,
    );
    let more = inner(content::HANDSHAKE, &[0; 1000], 0);
    vec![
        Case::refused(
            "endless change-cipher-specs",
            after(vec![spec.clone()]),
            Fault::RecordType(20),
        ),
        Case::refused(
            "a change-cipher-spec every two seconds",
            after(vec![slowly.clone(), spec]),
            Fault::RecordType(20),
        ),
        Case::refused(
            "endless EncryptedExtensions",
            sealed(extensions.clone()),
            Fault::Order,
        ),
        Case::refused(
            "endless EncryptedExtensions in one record",
            after(vec![Step::Sealed(vec![extensions.clone(); 2000])]),
            Fault::Order,
        ),
        Case::refused(
            "EncryptedExtensions every two seconds",
            after(vec![slowly.clone(), Step::Sealed(vec![extensions])]),
            Fault::Order,
        ),
        Case::refused(
            "endless padded records",
            after(vec![Step::Inner(padded)]),
            Fault::Order,
        ),
        Case::refused(
            "a flight with more padding than a handshake needs",
            {
                let padded = |message| Step::Padded(vec![message], 15_000);
                Script::after_hello(flight().into_iter().map(padded)).then([Step::Finished])
            },
            Fault::TooMuch,
        )
        .control(Control::Takes),
        Case::refused(
            "endless certificate requests",
            Script::after_hello([
                Step::Sealed(vec![Message::encrypted_extensions()]),
                again_and_again([Step::Sealed(vec![Message::certificate_request()])]),
            ]),
            Fault::Order,
        ),
        Case::refused(
            "extensions without end",
            sealed(Message::EncryptedExtensions(
                (0..4000).map(|kind| Extension::new(kind, [])).collect(),
            )),
            Fault::Malformed,
        ),
        Case::refused(
            "endless tickets before Finished",
            sealed(Message::NewSessionTicket),
            Fault::Order,
        ),
        Case::refused(
            "endless data before Finished",
            after(vec![Step::data(b"data")]),
            Fault::RecordType(23),
        ),
        Case::refused(
            "endless empty data before Finished",
            after(vec![Step::data(b"")]),
            Fault::RecordType(23),
        ),
        Case::refused(
            "endless warnings",
            after(vec![Step::alert(1, 90)]),
            Fault::Alert(90),
        ),
        Case::refused(
            "a certificate of 16 MB",
            Script::after_hello([
                Step::Sealed(vec![Message::encrypted_extensions()]),
                Step::Inner(header),
                again_and_again([Step::Inner(more)]),
            ]),
            Fault::Split,
        ),
        Case::refused(
            "endless plain ServerHellos",
            Script(vec![
                Step::Hello,
                Step::Wire(wire::record(
                    content::HANDSHAKE,
                    &wire::message(2, &[0; 70]),
                )),
                again_and_again([Step::Wire(wire::record(content::HANDSHAKE, &[2, 0, 0, 0]))]),
            ]),
            Fault::Hello,
        ),
        Case::refused(
            "endless garbage",
            Script(vec![
                Step::Hello,
                again_and_again([Step::Wire(vec![0xa5; 1000])]),
            ]),
            Fault::NotTls,
        ),
        Case::refused(
            "endless HelloRetryRequests",
            Script(vec![
                Step::Hello,
                again_and_again([Step::Plain(vec![Message::HelloRetryRequest(None)])]),
            ]),
            Fault::Retry,
        ),
    ]
}
