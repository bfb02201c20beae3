//! What a property really does on a device: the truth, with its reason.
//!
//! An answer is about embassy-net 0.9 on smoltcp 0.13, embedded-tls 0.19 and
//! the queue of this layer. [`Support::Applied`] and [`Support::Emulated`] are
//! enough for a `Require`; [`Stack`](super::Stack) has the same knowledge as
//! sets, and a test holds the two together.

use core::fmt;

use super::property::{ConnectionProperty, MessageProperty, Property, SelectionProperty};
use super::stack::StackId;
use Support::{Applied, Emulated, NoEffect, Partial, Unsupported};

/// What setting a property does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Support {
    /// The stack does what it says.
    Applied,
    /// This layer does what it says, above the stack.
    Emulated,
    /// A part of it, which the reason tells.
    Partial,
    /// It can be set, and changes nothing.
    NoEffect,
    /// It cannot be had.
    Unsupported,
}

impl Support {
    /// Whether a `Require` is satisfied.
    #[must_use]
    pub const fn satisfies_require(self) -> bool {
        matches!(self, Applied | Emulated)
    }
}

impl fmt::Display for Support {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Applied => "applied",
            Emulated => "emulated",
            Partial => "partial",
            NoEffect => "no effect",
            Unsupported => "unsupported",
        })
    }
}

/// What setting a property does, and how or why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Answer {
    /// What it does.
    pub support: Support,
    /// How, or why not.
    pub reason: &'static str,
}

impl Answer {
    /// An answer.
    #[must_use]
    pub const fn new(support: Support, reason: &'static str) -> Self {
        Self { support, reason }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.support, self.reason)
    }
}

/// What `property` does on a stack of a device.
///
/// ```
/// use wigwag_embassy::taps::{Property, SelectionProperty, StackId, Support, support};
///
/// let keep_alive = Property::Selection(SelectionProperty::KeepAlive);
/// assert_eq!(support(StackId::Tls, keep_alive).support, Support::Applied);
/// assert_eq!(support(StackId::Udp, keep_alive).support, Support::Unsupported);
/// ```
#[must_use]
pub const fn support(stack: StackId, property: Property) -> Answer {
    let kind = match stack {
        StackId::Tcp => Kind::Tcp,
        StackId::Tls => Kind::Tls,
        StackId::Udp => Kind::Udp,
        StackId::Mptcp => {
            return Answer::new(Unsupported, "smoltcp has no multipath TCP");
        }
        StackId::Dtls => return Answer::new(Unsupported, "embedded-tls has no DTLS"),
        StackId::Sctp => return Answer::new(Unsupported, "smoltcp has no SCTP"),
    };
    match property {
        Property::Selection(property) => selection(kind, property),
        Property::Interface => Answer::new(
            Applied,
            "an embassy-net stack is a path; plan_paths() filters and orders them",
        ),
        Property::Pvd => Answer::new(
            Partial,
            "the application says which path belongs to which domain; nothing is learnt from \
             the network",
        ),
        Property::Multipath => Answer::new(
            Unsupported,
            "a connection uses one path; only Disabled is what happens",
        ),
        Property::AdvertisesAltaddr => Answer::new(
            NoEffect,
            "no stack here can tell its peer further addresses",
        ),
        Property::Direction => match kind {
            Kind::Tcp | Kind::Tls => Answer::new(
                Emulated,
                "the connection goes both ways, and this layer refuses the other one",
            ),
            Kind::Udp => Answer::new(
                Emulated,
                "datagrams go both ways, and this layer refuses the other one",
            ),
        },
        Property::Connection(property) => connection(kind, property),
        Property::Message(property) => message(kind, property),
    }
}

/// The stacks of a device.
#[derive(Clone, Copy)]
enum Kind {
    Tcp,
    Tls,
    Udp,
}

const fn selection(kind: Kind, property: SelectionProperty) -> Answer {
    use SelectionProperty as P;
    match (property, kind) {
        (P::Reliability, Kind::Tcp | Kind::Tls) => {
            Answer::new(Applied, "TCP sends again until it is acknowledged")
        }
        (P::Reliability, Kind::Udp) => Answer::new(Unsupported, "datagrams may be lost"),
        (P::PreserveMsgBoundaries, Kind::Tcp | Kind::Tls) => Answer::new(
            Partial,
            "a stream has no messages by itself; a framer that keeps them gives it",
        ),
        (P::PreserveMsgBoundaries, Kind::Udp) => Answer::new(Applied, "a datagram is a message"),
        (P::PerMsgReliability, Kind::Tcp | Kind::Tls) => {
            Answer::new(Unsupported, "TCP delivers everything")
        }
        (P::PerMsgReliability, Kind::Udp) => {
            Answer::new(Unsupported, "UDP delivers nothing reliably")
        }
        (P::PreserveOrder, Kind::Tcp | Kind::Tls) => Answer::new(Applied, "TCP delivers in order"),
        (P::PreserveOrder, Kind::Udp) => Answer::new(Unsupported, "datagrams may pass each other"),
        (P::ZeroRttMsg, Kind::Tcp) => Answer::new(Unsupported, "smoltcp has no TCP Fast Open"),
        (P::ZeroRttMsg, Kind::Tls) => Answer::new(
            Unsupported,
            "embedded-tls keeps no tickets, so there is no early data",
        ),
        (P::ZeroRttMsg, Kind::Udp) => Answer::new(Applied, "the first datagram needs no handshake"),
        (P::Multistreaming, Kind::Tcp | Kind::Tls | Kind::Udp) => Answer::new(
            Unsupported,
            "each connection of a group is a socket of its own",
        ),
        (P::FullChecksumSend, Kind::Tcp | Kind::Tls | Kind::Udp) => Answer::new(
            Applied,
            "smoltcp computes it, or the driver says that the hardware does",
        ),
        (P::FullChecksumRecv, Kind::Tcp | Kind::Tls) => {
            Answer::new(Applied, "a segment whose checksum does not fit is dropped")
        }
        (P::FullChecksumRecv, Kind::Udp) => Answer::new(
            Applied,
            "a datagram whose checksum does not fit is dropped, and one without by \
             net::FullChecksums around the driver",
        ),
        (P::CongestionControl, Kind::Tcp | Kind::Tls) => Answer::new(
            Emulated,
            "a window as RFC 5681 has it, kept above smoltcp, which keeps none",
        ),
        (P::CongestionControl, Kind::Udp) => {
            Answer::new(Unsupported, "UDP sends as fast as it is told to")
        }
        (P::KeepAlive, Kind::Tcp | Kind::Tls) => Answer::new(
            Applied,
            "smoltcp sends keep-alives at the interval of keepAliveTimeout",
        ),
        (P::KeepAlive, Kind::Udp) => {
            Answer::new(Unsupported, "UDP has none; let a framer ask the peer")
        }
        (P::UseTemporaryLocalAddress, Kind::Tcp | Kind::Tls | Kind::Udp) => Answer::new(
            Unsupported,
            "smoltcp makes no temporary addresses (RFC 8981)",
        ),
        (P::SoftErrorNotify, Kind::Tcp | Kind::Tls | Kind::Udp) => {
            Answer::new(Unsupported, "ICMP errors are not passed on to sockets")
        }
        (P::ActiveReadBeforeSend, Kind::Tcp | Kind::Tls) => Answer::new(
            Applied,
            "either side may speak first once the connection is there",
        ),
        (P::ActiveReadBeforeSend, Kind::Udp) => Answer::new(
            Applied,
            "the socket receives from the start; the peer has to know the local port",
        ),
    }
}

const fn connection(kind: Kind, property: ConnectionProperty) -> Answer {
    use ConnectionProperty as C;
    match (property, kind) {
        (C::RecvChecksumLen, _) => Answer::new(
            NoEffect,
            "a checksum always covers everything, so no less can be asked for",
        ),
        (C::ConnPriority, _) => Answer::new(
            Emulated,
            "the send queue of the group takes the lower number first",
        ),
        (C::ConnTimeout, Kind::Tcp | Kind::Tls) => Answer::new(
            Emulated,
            "a clock of our own over what the peer has not acknowledged: smoltcp's would end \
             connections that are only idle",
        ),
        (C::ConnTimeout, Kind::Udp) => Answer::new(NoEffect, "datagrams are not acknowledged"),
        (C::KeepAliveTimeout, Kind::Tcp | Kind::Tls) => {
            Answer::new(Applied, "the interval of TCP's keep-alives")
        }
        (C::KeepAliveTimeout, Kind::Udp) => Answer::new(
            NoEffect,
            "UDP has no keep-alives; let a framer ask the peer",
        ),
        (C::ConnScheduler, _) => Answer::new(
            Emulated,
            "the send queue of the group shares the turns; the stack knows nothing of groups",
        ),
        (C::ConnCapacityProfile, Kind::Tcp | Kind::Tls) => Answer::new(
            Partial,
            "Nagle's algorithm follows it; smoltcp sends every packet with DSCP 0",
        ),
        (C::ConnCapacityProfile, Kind::Udp) => {
            Answer::new(NoEffect, "smoltcp sends every packet with DSCP 0")
        }
        (C::MultipathPolicy, _) => Answer::new(
            NoEffect,
            "a connection uses one path; the next connection may use another",
        ),
        (C::MinSendRate | C::MinRecvRate, _) => {
            Answer::new(NoEffect, "nothing here knows the rate of a path beforehand")
        }
        (C::MaxSendRate, _) => Answer::new(Emulated, "the send queue waits"),
        (C::MaxRecvRate, Kind::Tcp | Kind::Tls) => Answer::new(
            NoEffect,
            "the receive window bounds what may be under way, not its rate",
        ),
        (C::MaxRecvRate, Kind::Udp) => Answer::new(NoEffect, "UDP cannot slow its peer down"),
        (C::GroupConnLimit, _) => Answer::new(
            NoEffect,
            "no stack here lets a peer add connections to a group",
        ),
        (C::IsolateSession, _) => Answer::new(
            Emulated,
            "no remembered address and no remembered certificate chain is used",
        ),
        (C::ConnState | C::CanSend | C::CanReceive, _) => {
            Answer::new(Applied, "told by the connection")
        }
        (C::SingularTransmissionMsgMaxLen, Kind::Udp) => Answer::new(
            Applied,
            "what fits the configured packet size; path MTU is not discovered",
        ),
        (C::SingularTransmissionMsgMaxLen, Kind::Tcp | Kind::Tls) => {
            Answer::new(Unsupported, "a stream is cut as TCP likes")
        }
        (C::SendMsgMaxLen | C::RecvMsgMaxLen, _) => {
            Answer::new(Applied, "what fits the queues of the connection")
        }
        (
            C::TcpUserTimeoutValue | C::TcpUserTimeoutEnabled | C::TcpUserTimeoutChangeable,
            Kind::Tcp | Kind::Tls,
        ) => Answer::new(Unsupported, "smoltcp has no user timeout option (RFC 5482)"),
        (
            C::TcpUserTimeoutValue | C::TcpUserTimeoutEnabled | C::TcpUserTimeoutChangeable,
            Kind::Udp,
        ) => Answer::new(NoEffect, "it is an option of TCP"),
    }
}

const fn message(kind: Kind, property: MessageProperty) -> Answer {
    use MessageProperty as M;
    match (property, kind) {
        (M::MsgLifetime, _) => Answer::new(
            Emulated,
            "the send queue drops it; what was handed to the stack is on its way",
        ),
        (M::MsgPriority, _) => Answer::new(
            Emulated,
            "the send queue takes the lower number first; what was handed to the stack stays in \
             its order",
        ),
        (M::MsgOrdered, Kind::Tcp | Kind::Tls) => Answer::new(
            Emulated,
            "an unordered message may pass others in the send queue; TCP keeps the order",
        ),
        (M::MsgOrdered, Kind::Udp) => Answer::new(
            Partial,
            "ordered messages leave in order, and may still pass each other on the way",
        ),
        (M::SafelyReplayable, Kind::Tcp | Kind::Tls) => Answer::new(
            NoEffect,
            "a message is delivered once at most, whatever it says",
        ),
        (M::SafelyReplayable, Kind::Udp) => Answer::new(
            Applied,
            "UDP is a candidate only with it, and a message without it is refused",
        ),
        (M::Final, Kind::Tcp) => Answer::new(Applied, "FIN follows it"),
        (M::Final, Kind::Tls) => Answer::new(Applied, "close_notify and FIN follow it"),
        (M::Final, Kind::Udp) => Answer::new(
            Partial,
            "later messages are refused; nothing tells the peer",
        ),
        (M::MsgChecksumLen, _) => Answer::new(NoEffect, "a checksum always covers everything"),
        (M::MsgReliable, Kind::Tcp | Kind::Tls) => Answer::new(
            Unsupported,
            "TCP delivers everything; a message that is not to be reliable is refused",
        ),
        (M::MsgReliable, Kind::Udp) => Answer::new(
            Unsupported,
            "UDP delivers nothing reliably; a message that is to be reliable is refused",
        ),
        (M::MsgCapacityProfile, Kind::Tcp | Kind::Tls) => Answer::new(
            Partial,
            "Scavenger waits until the queue is empty otherwise; smoltcp sends every packet with \
             DSCP 0",
        ),
        (M::MsgCapacityProfile, Kind::Udp) => Answer::new(
            Partial,
            "Scavenger waits until the queue is empty otherwise; smoltcp sends every packet with \
             DSCP 0",
        ),
        (M::NoFragmentation, Kind::Tcp | Kind::Tls) => Answer::new(
            Applied,
            "a TCP segment fits a packet, and no packet may be fragmented on its way",
        ),
        (M::NoFragmentation, Kind::Udp) => Answer::new(
            Applied,
            "a message that does not fit the configured packet size is refused",
        ),
        (M::NoSegmentation, Kind::Tcp | Kind::Tls) => {
            Answer::new(Unsupported, "TCP cuts a stream as it likes")
        }
        (M::NoSegmentation, Kind::Udp) => Answer::new(
            Applied,
            "a message that does not fit the configured packet size is refused",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::taps::Stack;

    #[test]
    fn stacks_say_the_same_as_the_answers() {
        for stack in [Stack::TCP, Stack::TLS, Stack::UDP] {
            for property in SelectionProperty::ALL {
                let answer = support(stack.id, Property::Selection(*property));
                assert_eq!(
                    stack.has().contains(*property),
                    answer.support.satisfies_require(),
                    "{} {property}: {answer}",
                    stack.id
                );
            }
            assert!(stack.always.intersection(stack.optional).is_empty());
        }
    }

    #[test]
    fn every_answer_has_a_reason() {
        for stack in StackId::ALL {
            for property in Property::all() {
                let answer = support(*stack, property);
                assert!(answer.reason.len() > 5, "{stack} {property}");
                assert!(
                    !answer.reason.ends_with('.') && !answer.reason.contains("  "),
                    "{}",
                    answer.reason
                );
            }
        }
    }

    #[test]
    fn only_two_kinds_of_support_are_enough_for_a_demand() {
        for support in [Applied, Emulated] {
            assert!(support.satisfies_require());
        }
        for support in [Partial, NoEffect, Unsupported] {
            assert!(!support.satisfies_require());
        }
    }
}
