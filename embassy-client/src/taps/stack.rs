//! Protocol stacks, and what each has to offer.

use super::property::named::{named, same_name};
use super::property::{PropertySet, SelectionProperty};
use SelectionProperty as P;

named! {
    /// The name of a protocol stack.
    pub enum StackId: same_name, "protocol stack" {
        /// TCP in the clear.
        Tcp = "TCP",
        /// TLS 1.3 over TCP.
        Tls = "TLS",
        /// UDP in the clear.
        Udp = "UDP",
        /// Multipath TCP (RFC 8684) in the clear. Not on a device.
        Mptcp = "MPTCP",
        /// DTLS over UDP. Not on a device.
        Dtls = "DTLS",
        /// SCTP in the clear. Not on a device.
        Sctp = "SCTP",
    }
}

impl StackId {
    /// Whether the peer proves its name and nobody on the way can read along.
    /// Stacks that do and stacks that do not are never candidates for the same
    /// connection (RFC 9621 section 6).
    #[must_use]
    pub const fn is_secure(self) -> bool {
        matches!(self, Self::Tls | Self::Dtls)
    }
}

/// Whether a stack can use several paths for one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum MultipathAbility {
    /// Never.
    None,
    /// When it is asked to.
    Optional,
    /// Always; the property `multipath` cannot switch it off.
    Always,
}

/// A protocol stack and what it has to offer. Those of a device are constants
/// here; whoever brings another network brings its stacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Stack {
    /// Which stack it is.
    pub id: StackId,
    /// What it has and cannot leave off.
    pub always: PropertySet,
    /// What it can have or leave off.
    pub optional: PropertySet,
    /// Whether a message can never arrive twice. Where it can, messages have
    /// to be safely replayable (RFC 9622 section 9.1.3.4).
    pub no_duplicates: bool,
    /// Whether one connection can use several paths.
    pub multipath: MultipathAbility,
}

/// What every TCP connection of smoltcp has.
const STREAM: PropertySet = PropertySet::of(&[
    P::Reliability,
    P::PreserveOrder,
    P::FullChecksumSend,
    P::FullChecksumRecv,
    P::CongestionControl,
]);

impl Stack {
    /// TCP on embassy-net.
    pub const TCP: Self = Self {
        id: StackId::Tcp,
        always: STREAM,
        optional: PropertySet::of(&[P::KeepAlive, P::ActiveReadBeforeSend]),
        no_duplicates: true,
        multipath: MultipathAbility::None,
    };

    /// TLS 1.3 (embedded-tls) over TCP on embassy-net.
    pub const TLS: Self = Self {
        id: StackId::Tls,
        ..Self::TCP
    };

    /// UDP on embassy-net.
    pub const UDP: Self = Self {
        id: StackId::Udp,
        always: PropertySet::of(&[
            P::PreserveMsgBoundaries,
            P::FullChecksumSend,
            P::FullChecksumRecv,
        ]),
        optional: PropertySet::of(&[P::ZeroRttMsg, P::ActiveReadBeforeSend]),
        no_duplicates: false,
        multipath: MultipathAbility::None,
    };

    /// What it has when it is asked to.
    #[must_use]
    pub const fn has(&self) -> PropertySet {
        self.always.union(self.optional)
    }
}
