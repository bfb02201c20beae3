use core::time::Duration;

use crate::ncp::Time;

/// Limits and times of a link.
#[derive(Clone, Copy, Debug)]
pub struct LinkConfig {
    /// Most bytes of a packet that is received once the link is up, header and
    /// footer among them. A longer one ends the connection when its header has
    /// been read.
    pub max_packet: usize,
    /// A client says this in CCRE: how long it stays silent at most, and expects
    /// the server to; also how long the handshake may take it. Of both ends it
    /// is the time after which a peer without an agreed time is given up. 60 s.
    pub timeout: Duration,
    /// How long a client may take from connecting to CARE, tunnel included; 10 s.
    /// Only servers use it.
    pub handshake_timeout: Duration,
    /// How long the answer to a wrong login is held back; 1 s. Only servers use
    /// it.
    pub refusal_delay: Duration,
    /// The time of day for what the link says by itself; [`Time::ZERO`] where
    /// there is no such clock.
    pub clock: fn() -> Time,
    /// Who says it: bytes 2 to 5 of a hardware address.
    pub info: [u8; 4],
}

impl LinkConfig {
    /// The defaults named at each field, for packets of at most `max_packet`
    /// bytes.
    #[must_use]
    pub const fn new(max_packet: usize) -> Self {
        Self {
            max_packet,
            timeout: Duration::from_secs(60),
            handshake_timeout: Duration::from_secs(10),
            refusal_delay: Duration::from_secs(1),
            clock: no_clock,
            info: [0; 4],
        }
    }
}

const fn no_clock() -> Time {
    Time::ZERO
}
