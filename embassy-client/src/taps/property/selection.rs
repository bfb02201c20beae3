//! The selection properties that are a matter of preference, and sets of them.

use super::named::{named, same_name};
use super::preference::Preference;

named! {
    /// The selection properties whose value is a [`Preference`] (RFC 9622
    /// section 6.2). Those of another type ([`Interface`](super::Interface),
    /// [`Pvd`](super::Pvd), [`Multipath`](super::Multipath),
    /// [`CommunicationDirection`](super::CommunicationDirection),
    /// `advertisesAltaddr`) have their own places in
    /// [`TransportProperties`](super::TransportProperties).
    pub enum SelectionProperty: same_name, "selection property" {
        /// Everything sent arrives, or the connection fails (6.2.1).
        Reliability = "reliability",
        /// The receiver gets messages as they were sent (6.2.2). A framer gives
        /// it to a stream.
        PreserveMsgBoundaries = "preserveMsgBoundaries",
        /// Reliability can be chosen for each message (6.2.3).
        PerMsgReliability = "perMsgReliability",
        /// What is sent first arrives first (6.2.4).
        PreserveOrder = "preserveOrder",
        /// The first message can go with the connection's establishment (6.2.5).
        ZeroRttMsg = "zeroRttMsg",
        /// Connections of one group are streams of one transport connection
        /// (6.2.6).
        Multistreaming = "multistreaming",
        /// A checksum covers everything that is sent (6.2.7).
        FullChecksumSend = "fullChecksumSend",
        /// Data that no checksum covers whole is not delivered (6.2.8).
        FullChecksumRecv = "fullChecksumRecv",
        /// The sender slows down when the network is full (6.2.9).
        CongestionControl = "congestionControl",
        /// The transport asks an idle peer whether it is there (6.2.10).
        KeepAlive = "keepAlive",
        /// The local address is a temporary one (RFC 8981; 6.2.13). It decides
        /// about paths, and so counts before the others.
        UseTemporaryLocalAddress = "useTemporaryLocalAddress",
        /// ICMP errors that do not end the connection are told (6.2.17).
        SoftErrorNotify = "softErrorNotify",
        /// The side that opens the connection may receive before it has sent
        /// (6.2.18).
        ActiveReadBeforeSend = "activeReadBeforeSend",
    }
}

impl SelectionProperty {
    /// What holds when the application says nothing, for connections that it
    /// initiates. [`Role::Listen`](super::Role::Listen) and
    /// [`Role::Rendezvous`](super::Role::Rendezvous) avoid
    /// `useTemporaryLocalAddress` instead of preferring it.
    #[must_use]
    pub const fn default_preference(self) -> Preference {
        match self {
            Self::Reliability
            | Self::PreserveOrder
            | Self::FullChecksumSend
            | Self::FullChecksumRecv
            | Self::CongestionControl => Preference::Require,
            Self::Multistreaming | Self::UseTemporaryLocalAddress => Preference::Prefer,
            Self::PreserveMsgBoundaries
            | Self::PerMsgReliability
            | Self::ZeroRttMsg
            | Self::KeepAlive
            | Self::SoftErrorNotify
            | Self::ActiveReadBeforeSend => Preference::NoPreference,
        }
    }

    /// Whether it decides about paths rather than protocols.
    #[must_use]
    pub const fn is_about_paths(self) -> bool {
        matches!(self, Self::UseTemporaryLocalAddress)
    }

    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// A set of [`SelectionProperty`]: one bit each.
///
/// ```
/// use wigwag_embassy::taps::{PropertySet, SelectionProperty};
///
/// const STREAM: PropertySet = PropertySet::of(&[
///     SelectionProperty::Reliability,
///     SelectionProperty::PreserveOrder,
/// ]);
/// assert!(STREAM.contains(SelectionProperty::Reliability));
/// assert!(!STREAM.contains(SelectionProperty::KeepAlive));
/// assert_eq!(STREAM.len(), 2);
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PropertySet(u32);

impl PropertySet {
    /// Nothing.
    pub const EMPTY: Self = Self(0);
    /// Every property.
    pub const ALL: Self = Self::of(SelectionProperty::ALL);
    /// What decides about paths.
    pub const PATHS: Self = Self::of(&[SelectionProperty::UseTemporaryLocalAddress]);

    /// The set of these.
    #[must_use]
    pub const fn of(properties: &[SelectionProperty]) -> Self {
        let mut set = Self::EMPTY;
        let mut index = 0;
        while index < properties.len() {
            set = set.with(properties[index]);
            index += 1;
        }
        set
    }

    /// This set and `property`.
    #[must_use]
    pub const fn with(self, property: SelectionProperty) -> Self {
        Self(self.0 | property.bit())
    }

    /// This set without `property`.
    #[must_use]
    pub const fn without(self, property: SelectionProperty) -> Self {
        Self(self.0 & !property.bit())
    }

    /// Whether `property` is in it.
    #[must_use]
    pub const fn contains(self, property: SelectionProperty) -> bool {
        self.0 & property.bit() != 0
    }

    /// What is in either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is in this one and not in `other`.
    #[must_use]
    pub const fn difference(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// How many there are.
    #[must_use]
    pub const fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// Whether it is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The first one, in the order of [`SelectionProperty::ALL`].
    #[must_use]
    pub const fn first(self) -> Option<SelectionProperty> {
        let index = self.0.trailing_zeros() as usize;
        if index < SelectionProperty::ALL.len() {
            Some(SelectionProperty::ALL[index])
        } else {
            None
        }
    }

    /// All of them, in the order of [`SelectionProperty::ALL`].
    pub fn iter(self) -> impl Iterator<Item = SelectionProperty> {
        SelectionProperty::ALL
            .iter()
            .copied()
            .filter(move |property| self.contains(*property))
    }
}

impl core::fmt::Debug for PropertySet {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_property_has_a_bit_of_its_own() {
        for (index, property) in SelectionProperty::ALL.iter().enumerate() {
            assert_eq!(*property as usize, index, "{property}");
            let alone = PropertySet::of(&[*property]);
            assert_eq!(alone.len(), 1);
            assert_eq!(alone.first(), Some(*property));
            assert!(alone.without(*property).is_empty());
            assert!(!PropertySet::ALL.without(*property).contains(*property));
        }
        assert_eq!(PropertySet::EMPTY.first(), None);
        assert_eq!(
            PropertySet::ALL.len() as usize,
            SelectionProperty::ALL.len()
        );
    }

    #[test]
    fn sets_are_sets() {
        use SelectionProperty::{KeepAlive, Reliability, ZeroRttMsg};
        let one = PropertySet::of(&[Reliability, KeepAlive]);
        let other = PropertySet::of(&[KeepAlive, ZeroRttMsg]);
        assert_eq!(
            one.union(other),
            PropertySet::of(&[Reliability, KeepAlive, ZeroRttMsg])
        );
        assert_eq!(one.intersection(other), PropertySet::of(&[KeepAlive]));
        assert_eq!(one.difference(other), PropertySet::of(&[Reliability]));
        assert!(one.iter().eq([Reliability, KeepAlive]));
    }
}
