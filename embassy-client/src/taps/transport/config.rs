//! What holds for all connections of a transport.

use core::num::NonZeroU8;
use core::time::Duration;

use super::super::paths::PathInfo;
use super::super::property::InterfaceType;
use super::super::race::RaceConfig;
use super::super::stack::Stack;
use crate::net::PathId;

/// The only path of a network, when nothing is said about it.
const ONE_PATH: [PathInfo; 1] = [PathInfo::new(PathId(0), InterfaceType::Wired)];

/// The stacks of a device.
const STACKS: [Stack; 3] = [Stack::TLS, Stack::TCP, Stack::UDP];

/// Times and limits of a transport.
#[derive(Clone, Copy, Debug)]
pub struct TransportConfig<'a> {
    /// The protocol stacks of the network; those of embassy-net by default. The
    /// security of a preconnection decides which of them are looked at.
    pub stacks: &'a [Stack],
    /// The paths of the network, with what the application knows of them; one
    /// wired path by default.
    pub paths: &'a [PathInfo],
    /// How addresses are raced.
    pub race: RaceConfig,
    /// Longest time from the connection of the transport below to the end of
    /// the framers' handshake; 10 s by default. TLS has a limit of its own. Of a
    /// listener it is also the longest time that a peer may take to connect.
    pub framer_timeout: Duration,
    /// How many connections of a listener may be ready and wait to be accepted,
    /// and how many of its sockets wait while there are none; 2 by default.
    pub backlog: usize,
    /// Most slots that a listener takes for what was not accepted: sockets that
    /// wait, connections in their handshake, and those that are ready. All that
    /// are free by default; at least one is taken.
    pub listener_slots: usize,
    /// How long a connection of a listener is left alone in its handshake when
    /// no other socket waits, or no slot is free: after that it may have to make
    /// room for somebody else, long before `framer_timeout`. 500 ms by default;
    /// longer for peers that are far away.
    pub handshake_grace: Duration,
    /// Longest time the peer may take not one byte of what is to be sent;
    /// 30 s by default. A shorter `connTimeout` goes before it.
    pub write_timeout: Duration,
    /// Longest time for a close in good order, from the call to the end:
    /// whatever is queued has to leave in it; 10 s by default.
    pub close_timeout: Duration,
    /// The largest IP packet in bytes, 1500 by default. A datagram that does
    /// not fit is refused: nothing here cuts packets up, and path MTU is not
    /// discovered.
    pub packet_size: u16,
    /// The hop limit (time to live) of packets; the stack's own by default.
    pub hop_limit: Option<NonZeroU8>,
}

impl TransportConfig<'_> {
    /// The defaults named at each field.
    pub const DEFAULT: Self = Self {
        stacks: &STACKS,
        paths: &ONE_PATH,
        race: RaceConfig::DEFAULT,
        framer_timeout: Duration::from_secs(10),
        backlog: 2,
        listener_slots: usize::MAX,
        handshake_grace: Duration::from_millis(500),
        write_timeout: Duration::from_secs(30),
        close_timeout: Duration::from_secs(10),
        packet_size: 1500,
        hop_limit: None,
    };
}

impl Default for TransportConfig<'_> {
    fn default() -> Self {
        Self::DEFAULT
    }
}
