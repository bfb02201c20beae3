//! NEATPy's selection properties and what its stacks offer.

use super::super::profile::Profile;
use super::super::property::Preference;
use super::super::property::named::{named, same_value};

named! {
    /// NEATPy's selection properties. Their names read as its members
    /// (`PRESERVE_ORDER`) and as its identifiers (`preserve-order`).
    pub enum NeatProperty: same_value, "selection property of NEATPy" {
        /// `reliability`, REQUIRE by default.
        Reliability = "RELIABILITY",
        /// `preserve-msg-boundaries`, PREFER.
        PreserveMsgBoundaries = "PRESERVE_MSG_BOUNDARIES",
        /// `per-msg-reliability`, IGNORE.
        PerMsgReliability = "PER_MSG_RELIABILITY",
        /// `preserve-order`, REQUIRE.
        PreserveOrder = "PRESERVE_ORDER",
        /// `zero-rtt-msg`, IGNORE.
        ZeroRttMsg = "ZERO_RTT_MSG",
        /// `multistreaming`, PREFER.
        Multistreaming = "MULTISTREAMING",
        /// `per-msg-checksum-len-send`, IGNORE.
        PerMsgChecksumLenSend = "PER_MSG_CHECKSUM_LEN_SEND",
        /// `per-msg-checksum-len-recv`, IGNORE.
        PerMsgChecksumLenRecv = "PER_MSG_CHECKSUM_LEN_RECV",
        /// `congestion-control`, REQUIRE.
        CongestionControl = "CONGESTION_CONTROL",
        /// `multipath`, PREFER.
        Multipath = "MULTIPATH",
        /// `direction`: BIDIRECTIONAL, which has the number of PREFER and so
        /// counts as one.
        Direction = "DIRECTION",
        /// `retransmit-notify`, IGNORE.
        RetransmitNotify = "RETRANSMIT_NOTIFY",
        /// `soft-error-notify`, IGNORE.
        SoftErrorNotify = "SOFT_ERROR_NOTIFY",
        /// `interface`: without a default, and in no table.
        Interface = "INTERFACE",
        /// `pvd`: without a default, and in no table.
        Pvd = "PVD",
        /// `local-address-preference`: without a default, and in no table.
        LocalAddressPreference = "LOCAL_ADDRESS_PREFERENCE",
    }
}

named! {
    /// NEATPy's preference levels.
    pub enum NeatPreference: same_value, "preference level of NEATPy" {
        /// Like [`Preference::Require`].
        Require = "REQUIRE",
        /// Like [`Preference::Prefer`].
        Prefer = "PREFER",
        /// [`Preference::NoPreference`] of RFC 9622.
        Ignore = "IGNORE",
        /// [`Preference::Avoid`]; NEATPy takes it and does nothing.
        Avoid = "AVOID",
        /// Like [`Preference::Prohibit`].
        Prohibit = "PROHIBIT",
    }
}

impl NeatPreference {
    /// The level of RFC 9622 that means the same.
    #[must_use]
    pub const fn preference(self) -> Preference {
        match self {
            Self::Require => Preference::Require,
            Self::Prefer => Preference::Prefer,
            Self::Ignore => Preference::NoPreference,
            Self::Avoid => Preference::Avoid,
            Self::Prohibit => Preference::Prohibit,
        }
    }
}

named! {
    /// The stacks that NEATPy chooses among, in its order. (It knows MPTCP
    /// too, and never adds it.)
    pub enum NeatStack: same_value, "protocol stack of NEATPy" {
        /// TCP.
        Tcp = "TCP",
        /// UDP, for idempotent messages only.
        Udp = "UDP",
        /// SCTP, where the system has it.
        Sctp = "SCTP",
    }
}

/// What a stack says about a property: NEATPy's service levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ServiceLevel {
    /// Always there.
    Intrinsic,
    /// There when asked for.
    Optional,
    /// Not there.
    NotProvided,
}

impl NeatStack {
    /// NEATPy's table of services; `None` for the three properties that are in
    /// no table.
    #[must_use]
    pub const fn service(self, property: NeatProperty) -> Option<ServiceLevel> {
        use NeatProperty as P;
        use ServiceLevel::{Intrinsic as I, NotProvided as N, Optional as O};
        let (tcp, sctp, udp) = match property {
            P::Reliability | P::CongestionControl | P::RetransmitNotify => (I, I, N),
            P::PreserveMsgBoundaries => (N, I, I),
            P::PerMsgReliability => (N, I, N),
            P::PreserveOrder => (I, O, N),
            P::ZeroRttMsg => (O, N, I),
            P::Multistreaming => (N, O, N),
            P::PerMsgChecksumLenSend | P::PerMsgChecksumLenRecv => (N, N, N),
            P::Multipath => (O, O, N),
            P::Direction => (I, I, I),
            P::SoftErrorNotify => (I, O, I),
            P::Interface | P::Pvd | P::LocalAddressPreference => return None,
        };
        Some(match self {
            Self::Tcp => tcp,
            Self::Udp => udp,
            Self::Sctp => sctp,
        })
    }
}

/// What an application asks of NEATPy: a level for each property, and whether
/// its messages are idempotent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NeatProperties {
    levels: [NeatPreference; NeatProperty::ALL.len()],
    idempotent: bool,
}

impl NeatProperties {
    /// NEATPy's defaults.
    pub const DEFAULT: Self = Self {
        levels: [NeatPreference::Ignore; NeatProperty::ALL.len()],
        idempotent: false,
    }
    .with(NeatProperty::Reliability, NeatPreference::Require)
    .with(NeatProperty::PreserveMsgBoundaries, NeatPreference::Prefer)
    .with(NeatProperty::PreserveOrder, NeatPreference::Require)
    .with(NeatProperty::Multistreaming, NeatPreference::Prefer)
    .with(NeatProperty::CongestionControl, NeatPreference::Require)
    .with(NeatProperty::Multipath, NeatPreference::Prefer)
    .with(NeatProperty::Direction, NeatPreference::Prefer);

    /// NEATPy's form of a profile, which is not that of RFC 9622: the stream
    /// prohibits message boundaries, the datagram prohibits reliability.
    #[must_use]
    pub const fn of_profile(profile: Profile) -> Self {
        use NeatPreference::{Ignore, Prohibit, Require};
        use NeatProperty as P;
        match profile {
            Profile::ReliableInorderStream | Profile::ReliableMessage => Self::DEFAULT
                .with(P::Reliability, Require)
                .with(P::PreserveOrder, Require)
                .with(P::CongestionControl, Require)
                .with(
                    P::PreserveMsgBoundaries,
                    if matches!(profile, Profile::ReliableMessage) {
                        Require
                    } else {
                        Prohibit
                    },
                ),
            Profile::UnreliableDatagram => Self::DEFAULT
                .with(P::Reliability, Prohibit)
                .with(P::PreserveOrder, Ignore)
                .with(P::CongestionControl, Ignore)
                .with(P::PreserveMsgBoundaries, Require)
                .with_idempotent(true),
        }
    }

    /// With a level for a property.
    #[must_use]
    pub const fn with(mut self, property: NeatProperty, level: NeatPreference) -> Self {
        self.levels[property as usize] = level;
        self
    }

    /// With the message property `idempotent`, without which UDP is left out.
    #[must_use]
    pub const fn with_idempotent(mut self, idempotent: bool) -> Self {
        self.idempotent = idempotent;
        self
    }

    /// The level of a property.
    #[must_use]
    pub const fn level(&self, property: NeatProperty) -> NeatPreference {
        self.levels[property as usize]
    }

    /// The message property `idempotent`.
    #[must_use]
    pub const fn idempotent(&self) -> bool {
        self.idempotent
    }

    /// Everything at one level, in NEATPy's order.
    pub(super) fn at(&self, level: NeatPreference) -> impl Iterator<Item = NeatProperty> {
        NeatProperty::ALL
            .iter()
            .copied()
            .filter(move |property| self.level(*property) == level)
    }
}

impl Default for NeatProperties {
    fn default() -> Self {
        Self::DEFAULT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_names_are_those_of_neatpy() {
        for (text, level, preference) in [
            ("REQUIRE", NeatPreference::Require, Preference::Require),
            ("PREFER", NeatPreference::Prefer, Preference::Prefer),
            ("IGNORE", NeatPreference::Ignore, Preference::NoPreference),
            ("AVOID", NeatPreference::Avoid, Preference::Avoid),
            ("PROHIBIT", NeatPreference::Prohibit, Preference::Prohibit),
        ] {
            assert_eq!(text.parse(), Ok(level));
            assert_eq!(level.name(), text);
            assert_eq!(level.preference(), preference);
        }
        assert_eq!(NeatPreference::ALL.len(), 5);
        // The levels that NEATPy's properties have by default.
        let defaults = NeatProperties::DEFAULT;
        let count = |level| defaults.at(level).count();
        assert_eq!(count(NeatPreference::Require), 3);
        assert_eq!(count(NeatPreference::Prefer), 4);
        assert_eq!(count(NeatPreference::Ignore), 9);
        assert!(!defaults.idempotent());
    }
}
