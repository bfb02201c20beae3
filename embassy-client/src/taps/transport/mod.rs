//! Connections: from [`Preconnection`] to the end (RFC 9622 sections 7 to 10).
//!
//! The shape is that of embassy-net: [`new`] takes memory of fixed size and
//! returns a handle and a [`Runner`]. The runner's one future owns all sockets;
//! everything that the application calls only moves messages in and out of
//! queues, and can be dropped at any time.
//!
//! | File | What it is |
//! |---|---|
//! | `listener`, `backlog` | who comes in, and who gives way to whom |
//! | `memory`, `state` | the slots, and what is known of the connection in each |
//! | `pump`, `clock`, `handing` | what is done between messages and bytes, without I/O |
//! | `runner`, `attempt`, `datagrams` | brings connections up, over TCP, TLS and UDP |
//! | `gate` | the datagrams of all peers of a listener |
//! | `own`, `plain`, `watch` | keeps a connected socket going |
//! | `connection`, `sending`, `receiving`, `grouping`, `stream` | what the application has |
//! | `in_place` | the next message where it lies, without a copy |
//! | `front` | what protocols of this crate with several receivers have besides |

mod attempt;
mod backlog;
mod claim;
mod clock;
mod config;
mod connection;
mod datagrams;
mod error;
mod front;
mod gate;
mod grouping;
mod handing;
mod in_place;
mod listener;
mod memory;
mod own;
mod plain;
mod preconnection;
mod pump;
mod receiving;
mod runner;
mod sending;
mod state;
mod stream;
mod watch;

use core::cell::RefCell;

use rand_core::CryptoRngCore;
use wigwag_codec::framer::Framer;

use super::security::Security;
use crate::net::Network;
pub use config::TransportConfig;
pub use connection::{Connection, ConnectionState, RemoteError};
pub use error::{CloneError, ConnectionError, EstablishmentError, ReceiveError};
pub use in_place::Shown;
pub use listener::Listener;
use memory::Hub;
pub use memory::TransportMemory;
pub(super) use own::Own;
pub use preconnection::{Framing, Preconnection, Unframed, With};
pub use receiving::Received;
pub use runner::Runner;
pub use sending::{PartialMessage, Ticket};
pub use state::{ConnectionEvent, MAX_ENDPOINTS};
pub use stream::ByteStreamError;

/// The handle of a transport: connections are made with it. Copies share the
/// same slots.
pub struct Transport<'a, F: Framer, S> {
    hub: &'a dyn Hub<'a, F, S>,
}

impl<F: Framer, S> Clone for Transport<'_, F, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F: Framer, S> Copy for Transport<'_, F, S> {}

impl<F: Framer, S> Transport<'_, F, S> {
    /// How many slots there are.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.hub.slots()
    }

    /// How many of them are free.
    #[must_use]
    pub fn free_slots(&self) -> usize {
        self.hub
            .seats()
            .filter(|seat| seat.stage() == state::Stage::Free)
            .count()
    }
}

/// A transport in `memory`, on `network`, as `config` says.
/// `rng` is what TLS needs, and not used without it.
///
/// The runner has to be run, in a task of its own, for anything to happen.
#[allow(clippy::type_complexity)] // The runner is of this very memory.
pub fn new<
    'a,
    F: Framer + Clone,
    S: Security,
    N: Network,
    R: CryptoRngCore,
    const SLOTS: usize,
    const MESSAGES: usize,
    const BYTES: usize,
    const IN: usize,
    const OUT: usize,
    const SOCKET: usize,
    const RACE: usize,
    const RECORD_IN: usize,
    const RECORD_OUT: usize,
>(
    memory: &'a mut TransportMemory<
        'a,
        F,
        S,
        SLOTS,
        MESSAGES,
        BYTES,
        IN,
        OUT,
        SOCKET,
        RACE,
        RECORD_IN,
        RECORD_OUT,
    >,
    network: N,
    rng: R,
    config: TransportConfig<'a>,
) -> (
    Transport<'a, F, S>,
    Runner<
        'a,
        TransportMemory<
            'a,
            F,
            S,
            SLOTS,
            MESSAGES,
            BYTES,
            IN,
            OUT,
            SOCKET,
            RACE,
            RECORD_IN,
            RECORD_OUT,
        >,
        N,
        R,
    >,
) {
    let memory = &*memory;
    memory.begin(config);
    let runner = Runner {
        memory,
        network,
        rng: RefCell::new(rng),
    };
    (Transport { hub: memory }, runner)
}
