//! The named scripts, with what a good client makes of each.
//!
//! Every case is a server that is right in all but one thing. What is expected
//! follows RFC 8446 and, where it leaves the choice, what a small device with
//! one cipher suite should do.

mod after;
mod alerts;
mod certificates;
mod endless;
mod flights;
mod hellos;
mod honest;
mod records;

pub use after::after;
pub use alerts::alerts;
pub use certificates::certificates;
pub use endless::endless;
pub use flights::flights;
pub use hellos::hellos;
pub use honest::{broken, honest};
pub use records::records;

use super::message::Message;
use super::script::{Script, Step, flight};
use crate::pki::Pki;

/// What the server says in every conversation before it misbehaves, and what
/// a client has to deliver.
pub const BEFORE: &[u8] = b"before";

/// What it says after it has misbehaved: nobody may see it then.
pub const AFTER: &[u8] = b"after";

/// What is wrong with a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// ServerHello is not as it must be.
    Hello,
    /// It is a HelloRetryRequest, and the client has no other group.
    Retry,
    /// It speaks an older version of TLS.
    Version,
    /// It never proved who it is: no certificate, or no signature.
    NoProof,
    /// Its certificate is not to be trusted.
    Untrusted,
    /// Its signature is wrong.
    Signature,
    /// Its Finished is wrong: somebody changed the handshake.
    Finished,
    /// A handshake message came where none of its type may.
    Order,
    /// A message cannot be read, or holds what it must not.
    Malformed,
    /// A handshake message is split over records: allowed by RFC 8446 section
    /// 5.1, and too much for a client that looks at one record at a time.
    Split,
    /// A record of this type came where none may.
    RecordType(u8),
    /// A record has a length or an inner content that none may have.
    RecordLength,
    /// It does not speak TLS at all.
    NotTls,
    /// A record was not made with the keys, or not in its turn.
    Forged,
    /// It gave up with this alert.
    Alert(u8),
    /// It closed in good order before the handshake was complete.
    Closed,
    /// It ended the stream without a word.
    Truncated,
    /// It sent more than any handshake needs.
    TooMuch,
    /// It did not finish the handshake in time.
    Silent,
    /// It changes its keys: a client may follow, or connect again.
    Rekey,
}

/// What should become of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// It opens, everything is delivered, it is closed in good order.
    Accepted,
    /// It never opens. Nothing of the client's is given away: no data, no
    /// certificate, no signature.
    Refused(Fault),
    /// It opens. The offending record and all after it are not delivered and
    /// not answered, and the connection ends for that reason.
    Ended(Fault),
}

/// What rustls makes of a server. It is there to show that the scripts do what
/// they say, and takes a few liberties of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// It talks to the end and sees no error.
    Takes,
    /// It ends with an error; when the server was not verified, without giving
    /// anything away.
    Refuses,
    /// It ends with an error, but only after it has shown its certificate: the
    /// server was verified by then.
    RefusesLate,
}

/// A named script, and what should become of it.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// What the server does.
    pub script: Script,
    /// What a good client does.
    pub expected: Expected,
    /// What is delivered to the application.
    pub delivered: Vec<u8>,
    /// What rustls 0.23, in the device's place, makes of it.
    pub control: Control,
}

impl Case {
    fn new(name: impl Into<String>, script: Script, expected: Expected) -> Self {
        Self {
            name: name.into(),
            script,
            control: match expected {
                Expected::Accepted => Control::Takes,
                _ => Control::Refuses,
            },
            expected,
            delivered: Vec::new(),
        }
    }

    /// A server that must not be believed. It goes on as if it had been, and
    /// says something.
    fn refused(name: impl Into<String>, script: Script, fault: Fault) -> Self {
        let script = script.then([Step::settle(), Step::data(AFTER), Step::settle()]);
        Self::new(name, script, Expected::Refused(fault))
    }

    /// A server that has been believed, has said [`BEFORE`] and got its
    /// answers, then takes these steps, and says [`AFTER`].
    fn ended(name: impl Into<String>, steps: Vec<Step>, fault: Fault) -> Self {
        let script = Script::after_handshake(conversation()).then(steps);
        let script = script.then([Step::settle(), Step::data(AFTER), Step::settle()]);
        Self {
            delivered: BEFORE.into(),
            ..Self::new(name, script, Expected::Ended(fault))
        }
    }

    /// A server that is believed; after its flight it talks and closes.
    fn accepted(name: impl Into<String>, script: Script) -> Self {
        let script = script.then(conversation()).then([Step::alert(1, 0)]);
        Self {
            delivered: BEFORE.into(),
            ..Self::new(name, script, Expected::Accepted)
        }
    }

    /// A server that does something harmless in the middle of its talk.
    fn tolerated(name: impl Into<String>, steps: Vec<Step>) -> Self {
        let script = Script::after_handshake(conversation()).then(steps);
        let script = script.then([Step::data(AFTER), Step::settle(), Step::alert(1, 0)]);
        Self {
            delivered: [BEFORE, AFTER].concat(),
            ..Self::new(name, script, Expected::Accepted)
        }
    }

    /// The same, where rustls does something else than what is expected here.
    fn control(mut self, control: Control) -> Self {
        self.control = control;
        self
    }
}

/// Both sides have said something, and the client has answered.
fn conversation() -> [Step; 4] {
    [
        Step::settle(),
        Step::data(BEFORE),
        Step::Data(1),
        Step::settle(),
    ]
}

/// The good flight with one message left out.
fn without(number: usize) -> Vec<Message> {
    let mut messages = flight();
    messages.remove(number);
    messages
}

/// The good flight with one message in the place of another.
fn with(number: usize, message: Message) -> Vec<Message> {
    let mut messages = flight();
    messages[number] = message;
    messages
}

/// The good flight with messages put in before that of a number.
fn before(number: usize, more: impl IntoIterator<Item = Message>) -> Vec<Message> {
    let mut messages = flight();
    messages.splice(number..number, more);
    messages
}

/// The numbers of the messages in a good flight.
mod number {
    pub(super) const EXTENSIONS: usize = 0;
    pub(super) const REQUEST: usize = 1;
    pub(super) const CERTIFICATE: usize = 2;
    pub(super) const VERIFY: usize = 3;
    pub(super) const FINISHED: usize = 4;
}

/// All cases.
#[must_use]
pub fn catalogue(pki: &Pki) -> Vec<Case> {
    let parts = [
        honest(),
        hellos(),
        flights(),
        certificates(pki),
        records(),
        alerts(),
        endless(),
        after(pki),
    ];
    parts.into_iter().flatten().collect()
}
