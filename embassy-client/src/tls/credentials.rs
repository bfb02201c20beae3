//! Two certificates at a time, so that a device can be renewed without ever
//! being locked out: a state machine without I/O.
//!
//! A new certificate may turn out to be unusable only in the field: signed by
//! an authority that the server does not know yet, say. So the old one stays
//! beside it until a server has accepted the new one.

use super::end::End;
use crate::supervisor::FailureClass;

/// One of the device's two identities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Slot {
    /// The one that has been in use.
    Current,
    /// The one that is to take over
    /// ([`TlsParameters::with_next`](super::TlsParameters::with_next)).
    Next,
}

/// What is known about an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Standing {
    /// Nothing yet.
    Untried,
    /// A server has accepted it, and not refused it since.
    Proved,
    /// A server has refused it, or it could not be used: its signer fails, or
    /// the TLS send buffer is too small for it.
    Refused,
}

/// Which identity is shown on the next connection, and what is known of each.
///
/// # The rule
/// 1. It begins with [`Slot::Next`] if there is one.
/// 2. Data from the server proves the identity in use, unless a refusal follows.
///    (With TLS 1.3 a client believes that it is connected before the server
///    has looked at its certificate: a complete handshake proves nothing. A
///    server may even send data before it has looked; those of NGTT answer,
///    they do not begin.)
/// 3. A handshake or connection that ends without data passes the turn to the
///    other one, whatever the end says; so does a fatal alert after data. What
///    says nothing about the identity does not: no network, a server that was
///    not accepted, an end that the application asked for.
/// 4. A refusal is retried with the other one at the pace of a transient
///    failure. Only when both were refused since the last proof does the slow
///    pace of refusals begin, and both take turns in it.
///
/// So both are tried for ever, in turn, until one works, and the one that works
/// stays: a device has a connection as soon as either is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
// New it is all zeros, so that a client's state in a `static` takes no flash.
pub struct Credentials {
    turn: Slot,
    current: Record,
    next: Record,
    has_next: bool,
    /// The server has sent data on this connection.
    heard: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
struct Record {
    standing: Standing,
    /// Refused since the last proof of either.
    refused: bool,
}

impl Record {
    const NEW: Self = Self {
        standing: Standing::Untried,
        refused: false,
    };
}

/// What an end of a connection means for the identity that was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// How soon it is worth trying again.
    pub class: FailureClass,
    /// The identity that was refused, if there is another one.
    pub refused: Option<Slot>,
}

impl Credentials {
    /// Nothing is known; `has_next` says whether there are two.
    pub const fn new(has_next: bool) -> Self {
        Self {
            turn: if has_next { Slot::Next } else { Slot::Current },
            current: Record::NEW,
            next: Record::NEW,
            has_next,
            heard: false,
        }
    }

    /// The identity in use, or the one for the next attempt.
    pub const fn slot(&self) -> Slot {
        self.turn
    }

    /// What is known of an identity; `None` where there is none.
    pub fn standing(&self, slot: Slot) -> Option<Standing> {
        match slot {
            Slot::Current => Some(self.current.standing),
            Slot::Next => self.has_next.then_some(self.next.standing),
        }
    }

    /// An attempt begins: shows which identity.
    pub fn start(&mut self) -> Slot {
        self.heard = false;
        self.turn
    }

    /// The server sent data. Returns the identity that is proved by it, if
    /// that is news and there is another one.
    pub fn heard(&mut self) -> Option<Slot> {
        if self.heard {
            return None;
        }
        self.heard = true;
        let record = self.record();
        let is_news = record.standing != Standing::Proved;
        record.standing = Standing::Proved;
        (is_news && self.has_next).then_some(self.turn)
    }

    /// Whether the server has sent data on this connection, or on the last one.
    pub(crate) const fn is_heard(&self) -> bool {
        self.heard
    }

    /// A handshake failed, or the connection is over.
    pub fn ended(&mut self, end: &End) -> Verdict {
        let is_refusal = is_refusal(end, self.heard);
        if is_refusal {
            let record = self.record();
            record.standing = Standing::Refused;
            record.refused = true;
        } else if self.heard {
            self.current.refused = false;
            self.next.refused = false;
        }
        if !self.has_next {
            return Verdict {
                class: end.class(),
                refused: None,
            };
        }
        let refused = is_refusal.then_some(self.turn);
        if is_refusal || matches!(end, End::PeerAlert(_)) || !self.heard && !says_nothing(end) {
            self.turn = match self.turn {
                Slot::Current => Slot::Next,
                Slot::Next => Slot::Current,
            };
        }
        let both_refused = self.current.refused && self.next.refused;
        let class = if is_refusal && !both_refused {
            FailureClass::Transient
        } else {
            end.class()
        };
        Verdict { class, refused }
    }

    fn record(&mut self) -> &mut Record {
        match self.turn {
            Slot::Current => &mut self.current,
            Slot::Next => &mut self.next,
        }
    }
}

/// Whether the server refused this identity, or the device cannot use it.
/// Servers differ in the alert by which they do (RFC 8446 section 6.2):
/// handshake_failure (40), those about certificates (42 to 46, 48),
/// access_denied (49), certificate_required (116).
fn is_refusal(end: &End, heard: bool) -> bool {
    match end {
        End::IdentityRefused(_) => true,
        End::SignerFailed | End::SendBufferTooSmall { .. } => !heard,
        End::HandshakeAlert(code) => matches!(code, 40 | 42..=46 | 48 | 49 | 116),
        _ => false,
    }
}

/// Whether the end came before the identity was shown, or from this side.
fn says_nothing(end: &End) -> bool {
    matches!(
        end,
        End::Certificate(_) | End::Closed | End::SessionLimit | End::Aborted
    )
}

#[cfg(test)]
#[path = "credentials_tests.rs"]
mod tests;
