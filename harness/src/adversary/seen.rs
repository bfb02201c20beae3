//! What the client was seen to do.

use std::time::Duration;

use super::hello::ClientHello;

/// One thing that the client did, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The step of the script, from 0, that was going on.
    pub step: usize,
    /// The time since the script began.
    pub at: Duration,
    /// What it did.
    pub what: What,
}

/// What a client can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// It sent a ClientHello.
    Hello(ClientHello),
    /// It sent a change-cipher-spec record, as middleboxes like it.
    ChangeCipherSpec,
    /// It sent an alert: level, description.
    Alert(u8, u8),
    /// It showed its certificate: the chain in DER, leaf first; empty when it
    /// has none to show.
    Certificate(Vec<Vec<u8>>),
    /// It sent a CertificateVerify; whether its signature is good.
    CertificateVerify(bool),
    /// It sent its Finished; whether its MAC is good.
    Finished(bool),
    /// It sent application data.
    Data(Vec<u8>),
    /// It sent a handshake message of another type, or a malformed one.
    Handshake(u8),
    /// It sent a plain record that has no place in TLS 1.3: type and body.
    Plain(u8, Vec<u8>),
    /// It sent a protected record of this many bytes that no key opens, or
    /// whose contents are of no known type.
    Unreadable(usize),
    /// It ended the stream, or reset it.
    Gone,
}

/// Everything the client was seen to do, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// What happened.
    pub events: Vec<Event>,
    /// Bytes that the server has sent meanwhile.
    pub sent: usize,
}

impl Seen {
    fn all<'s, T>(
        &'s self,
        pick: impl Fn(&'s What) -> Option<T> + 's,
    ) -> impl Iterator<Item = T> + 's {
        self.events
            .iter()
            .filter_map(move |event| pick(&event.what))
    }

    /// The first ClientHello.
    #[must_use]
    pub fn hello(&self) -> Option<&ClientHello> {
        self.all(|what| match what {
            What::Hello(hello) => Some(hello),
            _ => None,
        })
        .next()
    }

    /// All application data, in one piece.
    #[must_use]
    pub fn data(&self) -> Vec<u8> {
        self.all(|what| match what {
            What::Data(data) => Some(data.clone()),
            _ => None,
        })
        .flatten()
        .collect()
    }

    /// The certificate that the client showed, if it showed one.
    #[must_use]
    pub fn certificate(&self) -> Option<&[Vec<u8>]> {
        self.all(|what| match what {
            What::Certificate(chain) if !chain.is_empty() => Some(&chain[..]),
            _ => None,
        })
        .next()
    }

    /// The alerts: level, description.
    #[must_use]
    pub fn alerts(&self) -> Vec<(u8, u8)> {
        self.all(|what| match what {
            What::Alert(level, description) => Some((*level, *description)),
            _ => None,
        })
        .collect()
    }

    /// Whether the client's Finished came and was good.
    #[must_use]
    pub fn finished(&self) -> bool {
        self.all(|what| (*what == What::Finished(true)).then_some(()))
            .next()
            .is_some()
    }

    /// Whether the client's signature came and was good.
    #[must_use]
    pub fn proved(&self) -> bool {
        self.all(|what| (*what == What::CertificateVerify(true)).then_some(()))
            .next()
            .is_some()
    }

    /// Whether the client ended the stream.
    #[must_use]
    pub fn gone(&self) -> bool {
        self.all(|what| (*what == What::Gone).then_some(()))
            .next()
            .is_some()
    }

    /// What no honest client does: records that cannot be read, plain records
    /// out of place, malformed messages, a signature or a MAC that is wrong.
    #[must_use]
    pub fn faults(&self) -> Vec<&What> {
        self.all(|what| match what {
            What::Unreadable(_)
            | What::Plain(..)
            | What::Handshake(_)
            | What::CertificateVerify(false)
            | What::Finished(false) => Some(what),
            _ => None,
        })
        .collect()
    }

    /// The client's secrets that a stranger has got: application data, a
    /// certificate, a proof of its key, or protected records that no key
    /// opens and that might hold them. Empty when there are none.
    #[must_use]
    pub fn given_away(&self) -> Vec<&What> {
        self.all(|what| match what {
            What::Data(_) | What::CertificateVerify(_) | What::Unreadable(_) => Some(what),
            What::Certificate(chain) if !chain.is_empty() => Some(what),
            _ => None,
        })
        .collect()
    }
}
