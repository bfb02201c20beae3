//! Which of several waiting tasks gets a received field.
//!
//! Several requests can be outstanding on one connection, and their answers
//! come in any order. An [`Exchange`] knows the requests, and keeps the fields
//! that came while nobody was there for them. It does no I/O: its [`Desk`] is
//! shown the packet at the front of a receive queue, and says what becomes of
//! its fields and who is to be woken.
//!
//! The rules:
//! - A field whose packet type, name and id are those of an outstanding request
//!   belongs to that request and to nobody else. The packet id counts for
//!   nothing. Every other field is unsolicited, and belongs to [`Who::Recv`].
//! - Nothing is moved as long as nobody waits: the queue fills, and the peer has
//!   to wait.
//! - Who waits takes its field where it lies. Fields of others in front of it
//!   are kept in the mailbox, so that nobody blocks anybody, and their owners
//!   are woken.
//! - A field that does not fit the mailbox stays in front if its owner waits
//!   too: the owner is woken, and takes it from there. Otherwise it is lost: it
//!   is counted, and its owner is told at this point of its fields
//!   ([`Taken::Lost`]).
//! - Answers go before what is unsolicited: for an answer that does not fit, the
//!   oldest unsolicited fields in the mailbox are given up, and counted as lost.
//! - The fields of one owner come in the order in which they were received.
//! - A request that is closed leaves nothing behind; answers that come later are
//!   unsolicited.
//!
//! ```
//! use wigwag_codec::ncp::exchange::{Exchange, Offer, Taken, Who};
//! use wigwag_codec::ncp::{Ident, Packet, packet};
//!
//! // Up to 8 fields of requests, and 512 bytes for what comes out of turn.
//! let mut exchange: Exchange<8, 512> = Exchange::new();
//! let mut desk = exchange.desk();
//! let (kind, name) = (Ident::new("DSPC")?, Ident::new("TIME")?);
//! let first = desk.open(kind, [(name, 0)].into_iter()).unwrap();
//! let second = desk.open(kind, [(name, 1)].into_iter()).unwrap();
//!
//! // The answer to the second comes while the first is waited for.
//! let mut place = [0; 128];
//! let wire = packet(&mut place, "DSPC").numbered_field("TIME", 1).finish()?;
//! let header = *Packet::decode(wire)?.header();
//! let body = &wire[32..wire.len() - 8];
//! let mut buffer = [0; 64];
//! let mut woken = Vec::new();
//! let offer = desk.offer(&header, body, &Who::Request(first), &mut buffer, |slot| woken.push(slot));
//! assert_eq!(offer, Offer::Done);
//! assert_eq!(woken, [Some(1)]);
//! let taken = desk.take(&Who::Request(second), &mut buffer);
//! assert_eq!(taken, Taken::Field { header, length: 12 });
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod desk;
mod mailbox;
mod outcome;
mod table;
#[cfg(test)]
mod tests;

pub use desk::Desk;
use desk::Rest;
use mailbox::Mailbox;
pub use outcome::{Counters, Offer, OpenError, Request, Taken, Who};
use table::{NONE, Slot, Table};

/// The outstanding requests of a connection, and its mailbox: up to `REQUESTS`
/// fields in requests (65,534 at most), and `KEPT` bytes for fields that were
/// not taken at once, each with 28 bytes more than on the wire.
#[derive(Clone, Debug)]
pub struct Exchange<const REQUESTS: usize, const KEPT: usize> {
    slots: [Slot; REQUESTS],
    kept: [u8; KEPT],
    /// How many bytes of the mailbox are in use.
    used: usize,
    rest: Rest,
}

impl<const REQUESTS: usize, const KEPT: usize> Default for Exchange<REQUESTS, KEPT> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const REQUESTS: usize, const KEPT: usize> Exchange<REQUESTS, KEPT> {
    /// Nothing is outstanding.
    #[must_use]
    pub const fn new() -> Self {
        const { assert!(REQUESTS < NONE as usize, "at most 65,534 requests") };
        Self {
            slots: [Slot::FREE; REQUESTS],
            kept: [0; KEPT],
            used: 0,
            rest: Rest::NEW,
        }
    }

    /// Everything that can be done with it.
    pub const fn desk(&mut self) -> Desk<'_> {
        let mailbox = Mailbox {
            bytes: &mut self.kept,
            used: &mut self.used,
        };
        Desk::new(Table(&mut self.slots), mailbox, &mut self.rest)
    }
}
