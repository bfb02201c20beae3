//! Scripts: what a server does, step by step.

use std::time::Duration;

use super::message::{Edit, Message};
use super::wire::{self, content};

/// Which keys protect what the server sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Epoch {
    /// Those after ServerHello.
    Handshake,
    /// Those after the server's Finished.
    Application,
}

/// One step of a [`Script`]. Steps that send wait until all of it has been
/// taken; what the client sends is read all the while.
#[derive(Clone, Debug)]
pub enum Step {
    /// Waits for the ClientHello.
    Hello,
    /// Sends messages in one plain handshake record.
    Plain(Vec<Message>),
    /// Sends messages in one protected record.
    Sealed(Vec<Message>),
    /// Sends messages in one protected record with so many bytes of padding.
    Padded(Vec<Message>, usize),
    /// Sends messages as handshake records whose contents have this many
    /// bytes, and the last one the rest; protected, once there are keys.
    Cut(Vec<Message>, usize),
    /// Protects exactly these bytes as an inner plaintext: see [`inner`].
    Inner(Vec<u8>),
    /// As [`Inner`](Self::Inner), and changes the protected record.
    Damaged(Vec<u8>, Edit<Vec<u8>>),
    /// Sends these bytes as they are.
    Wire(Vec<u8>),
    /// Sends the last record once more, byte for byte.
    Again,
    /// Leaves out so many record numbers.
    Skip(u64),
    /// Goes on with the keys of this epoch, from record number 0.
    Keys(Epoch),
    /// Goes on with the keys that follow on a KeyUpdate.
    Update,
    /// Waits for the client's Finished.
    Finished,
    /// Waits until the client has sent this many bytes of data in all.
    Data(usize),
    /// Waits. In paused time: until the client has done all it can.
    Pause(Duration),
    /// From here on everything is sent in pieces of so many bytes, this far
    /// apart.
    Pace(usize, Duration),
    /// The version in the headers of plain records from here on.
    Header([u8; 2]),
    /// The stream makes a pause before its byte of this number, from 0.
    Break(usize),
    /// Does these steps again and again, a thousand times a second at most,
    /// until the client has gone.
    Forever(Vec<Step>),
    /// Ends the stream (FIN) without a word.
    End,
}

/// Longest time a step waits for the client.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// What a server does; afterwards it listens until the client has gone.
#[derive(Clone, Debug, Default)]
pub struct Script(pub Vec<Step>);

/// What a good server shows after ServerHello, in order.
#[must_use]
pub fn flight() -> Vec<Message> {
    vec![
        Message::encrypted_extensions(),
        Message::certificate_request(),
        Message::certificate(),
        Message::certificate_verify(),
        Message::Finished,
    ]
}

/// An inner plaintext (RFC 8446 section 5.2): contents, type, padding.
#[must_use]
pub fn inner(kind: u8, contents: &[u8], padding: usize) -> Vec<u8> {
    let mut bytes = contents.to_vec();
    bytes.push(kind);
    bytes.resize(bytes.len() + padding, 0);
    bytes
}

impl Step {
    /// ServerHello as a good server sends it.
    #[must_use]
    pub fn server_hello() -> Self {
        Self::Plain(vec![Message::ServerHello(None)])
    }

    /// Sends application data.
    #[must_use]
    pub fn data(bytes: &[u8]) -> Self {
        Self::Inner(inner(content::APPLICATION_DATA, bytes, 0))
    }

    /// Sends a protected alert.
    #[must_use]
    pub fn alert(level: u8, description: u8) -> Self {
        Self::Inner(inner(content::ALERT, &wire::alert(level, description), 0))
    }

    /// Waits long enough for the client to act on all that was sent.
    #[must_use]
    pub fn settle() -> Self {
        Self::Pause(Duration::from_millis(10))
    }
}

impl Script {
    /// A good server up to ServerHello, then `steps`.
    #[must_use]
    pub fn after_hello(steps: impl IntoIterator<Item = Step>) -> Self {
        Self([Step::Hello, Step::server_hello()].into()).then(steps)
    }

    /// A server that answers the ClientHello with a changed ServerHello and
    /// is good from there on.
    pub fn hello(change: impl Fn(&mut super::hello::ServerHello) + Send + Sync + 'static) -> Self {
        let hello = Step::Plain(vec![Message::hello(change)]);
        Self([Step::Hello, hello, Step::Sealed(flight())].into()).then([Step::Finished])
    }

    /// A server that sends these messages after ServerHello, in one record.
    #[must_use]
    pub fn flight(messages: Vec<Message>) -> Self {
        Self::after_hello([Step::Sealed(messages), Step::Finished])
    }

    /// A good server until both sides have finished, then `steps`.
    #[must_use]
    pub fn after_handshake(steps: impl IntoIterator<Item = Step>) -> Self {
        Self::flight(flight()).then(steps)
    }

    /// These steps after the others.
    #[must_use]
    pub fn then(mut self, steps: impl IntoIterator<Item = Step>) -> Self {
        self.0.extend(steps);
        self
    }
}
