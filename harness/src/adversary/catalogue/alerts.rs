//! An alert at each step: every description, as warning and as fatal, and
//! malformed ones (RFC 8446 section 6).

use super::super::message::Message;
use super::super::script::{Script, Step, flight, inner};
use super::super::wire::{self, ALERTS, content};
use super::{Case, Control, Expected, Fault};

/// What an alert says that is not `close_notify`: the level does not matter.
fn says(description: u8) -> Fault {
    match description {
        0 => Fault::Closed,
        other => Fault::Alert(other),
    }
}

fn plain(body: &[u8]) -> Step {
    Step::Wire(wire::record(content::ALERT, body))
}

fn sealed(body: &[u8]) -> Step {
    Step::Inner(inner(content::ALERT, body, 0))
}

/// A good server that sends an alert after so many messages of its flight,
/// and goes on as if it had not.
fn within(after: usize, alert: Step) -> Script {
    let rest = flight().split_off(after);
    let mut steps: Vec<_> = flight()[..after]
        .iter()
        .map(|message| Step::Sealed(vec![message.clone()]))
        .collect();
    steps.push(alert);
    steps.extend([Step::Sealed(rest), Step::Finished]);
    Script::after_hello(steps)
}

/// Places in the flight, by the messages before them.
const PLACES: [(&str, usize); 5] = [
    ("before EncryptedExtensions", 0),
    ("after EncryptedExtensions", 1),
    ("after the request", 2),
    ("after the certificate", 3),
    ("after CertificateVerify", 4),
];

/// rustls hears no warnings before ServerHello, and user_canceled never.
fn before_hello(case: Case, level: u8) -> Case {
    match level {
        1 => case.control(Control::Takes),
        _ => case,
    }
}

/// rustls takes close_notify as the end it is, and goes on after user_canceled.
fn control(case: Case, level: u8, description: u8) -> Case {
    let ended = matches!(case.expected, Expected::Ended(_)) && description == 0;
    if ended || (level, description) == (1, 90) {
        case.control(Control::Takes)
    } else {
        case
    }
}

/// Alerts before, during and after the handshake.
#[must_use]
pub fn alerts() -> Vec<Case> {
    let mut cases = Vec::new();
    for description in ALERTS {
        for level in [1, 2] {
            let name = |place: &str| format!("alert {description} of level {level} {place}");
            let body = wire::alert(level, description);
            let script = Script(vec![Step::Hello, plain(&body)]);
            let script = script.then([Step::server_hello(), Step::Sealed(flight())]);
            let case = Case::refused(name("before ServerHello"), script, says(description));
            cases.push(before_hello(case, level));
            for (place, after) in PLACES {
                let script = within(after, sealed(&body));
                let case = Case::refused(name(place), script, says(description));
                cases.push(control(case, level, description));
            }
            let steps = [Step::Sealed(flight()), sealed(&body), Step::Finished];
            let script = Script::after_hello(steps).then([Step::settle(), Step::data(b"late")]);
            let expected = Expected::Ended(says(description));
            let case = Case::new(name("after Finished"), script, expected);
            cases.push(control(case, level, description));
            let script = Script::after_handshake([sealed(&body), Step::data(b"late")]);
            let case = Case::new(name("after the handshake"), script, expected);
            cases.push(control(case, level, description));
            let case = Case::ended(name("after data"), vec![sealed(&body)], says(description));
            cases.push(control(case, level, description));
        }
    }
    cases.extend(odd());
    cases
}

/// Alerts with other levels and lengths.
fn odd() -> Vec<Case> {
    const ODD: &[(&str, &[u8], Fault)] = &[
        ("an alert of level 0", &[0, 40], Fault::Alert(40)),
        ("an alert of level 3", &[3, 40], Fault::Alert(40)),
        ("an alert of level 255", &[255, 255], Fault::Alert(255)),
        ("an empty alert", &[], Fault::RecordLength),
        ("half an alert", &[2], Fault::RecordLength),
        ("an alert and a half", &[2, 40, 2], Fault::RecordLength),
        (
            "two alerts in a record",
            &[1, 0, 2, 40],
            Fault::RecordLength,
        ),
    ];
    let mut cases = Vec::new();
    for (name, body, fault) in ODD {
        let script = Script(vec![Step::Hello, plain(body), Step::server_hello()]);
        let script = script.then([Step::Sealed(flight()), Step::Finished]);
        cases.push(Case::refused(
            format!("{name} before ServerHello"),
            script,
            *fault,
        ));
        let script = within(2, sealed(body));
        cases.push(Case::refused(
            format!("{name} in the flight"),
            script,
            *fault,
        ));
        let name = format!("{name} after data");
        cases.push(Case::ended(name, vec![sealed(body)], *fault));
    }
    let beside = |bytes: &[u8]| {
        let mut messages = wire::message(wire::handshake::ENCRYPTED_EXTENSIONS, &[0, 0]);
        messages.extend_from_slice(bytes);
        Script::after_hello([Step::Inner(inner(content::HANDSHAKE, &messages, 0))])
            .then([Step::Sealed(vec![Message::certificate_request()])])
    };
    cases.push(Case::refused(
        "an alert among handshake messages",
        beside(&[2, 40]),
        Fault::Split,
    ));
    cases
}
