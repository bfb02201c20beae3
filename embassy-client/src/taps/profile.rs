//! The three profiles of RFC 9622, appendix B.2.

use super::property::{SelectionProperty, TransportProperties};
use SelectionProperty::{CongestionControl, PreserveMsgBoundaries, PreserveOrder, Reliability};

use super::property::named::{named, same_value};

named! {
    /// A set of properties that many applications want, by name.
    pub enum Profile: same_value, "profile" {
        /// [`TransportProperties::RELIABLE_INORDER_STREAM`].
        ReliableInorderStream = "reliable-inorder-stream",
        /// [`TransportProperties::RELIABLE_MESSAGE`].
        ReliableMessage = "reliable-message",
        /// [`TransportProperties::UNRELIABLE_DATAGRAM`].
        UnreliableDatagram = "unreliable-datagram",
    }
}

impl Profile {
    /// The properties of this profile.
    #[must_use]
    pub const fn properties(self) -> TransportProperties {
        match self {
            Self::ReliableInorderStream => TransportProperties::RELIABLE_INORDER_STREAM,
            Self::ReliableMessage => TransportProperties::RELIABLE_MESSAGE,
            Self::UnreliableDatagram => TransportProperties::UNRELIABLE_DATAGRAM,
        }
    }
}

impl TransportProperties {
    /// A reliable, ordered stream of bytes, as TCP is: `reliability`,
    /// `preserveOrder` and `congestionControl` required, no preference for
    /// message boundaries.
    pub const RELIABLE_INORDER_STREAM: Self = Self::DEFAULT
        .require(Reliability)
        .require(PreserveOrder)
        .require(CongestionControl)
        .no_preference(PreserveMsgBoundaries);

    /// The same with message boundaries required: TCP or TLS with a framer.
    pub const RELIABLE_MESSAGE: Self = Self::RELIABLE_INORDER_STREAM.require(PreserveMsgBoundaries);

    /// Datagrams, as UDP has them: message boundaries required, reliability and
    /// order avoided, no preference for congestion control, and every message
    /// may arrive twice.
    pub const UNRELIABLE_DATAGRAM: Self = Self::DEFAULT
        .require(PreserveMsgBoundaries)
        .avoid(Reliability)
        .avoid(PreserveOrder)
        .no_preference(CongestionControl)
        .with_safely_replayable(true);

    /// The properties of `profile`, or the defaults without one.
    #[must_use]
    pub const fn from_profile(profile: Option<Profile>) -> Self {
        match profile {
            Some(profile) => profile.properties(),
            None => Self::DEFAULT,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::taps::Preference::{Avoid, NoPreference, Require};

    #[test]
    fn profiles_are_those_of_the_appendix() {
        for (profile, reliability, order, congestion, boundaries, replayable) in [
            (
                Profile::ReliableInorderStream,
                Require,
                Require,
                Require,
                NoPreference,
                false,
            ),
            (
                Profile::ReliableMessage,
                Require,
                Require,
                Require,
                Require,
                false,
            ),
            (
                Profile::UnreliableDatagram,
                Avoid,
                Avoid,
                NoPreference,
                Require,
                true,
            ),
        ] {
            let properties = profile.properties();
            assert_eq!(properties.preference(Reliability), reliability);
            assert_eq!(properties.preference(PreserveOrder), order);
            assert_eq!(properties.preference(CongestionControl), congestion);
            assert_eq!(properties.preference(PreserveMsgBoundaries), boundaries);
            assert_eq!(properties.safely_replayable(), replayable);
            assert_eq!(profile.name().parse(), Ok(profile));
            assert_eq!(TransportProperties::from_profile(Some(profile)), properties);
        }
        assert_eq!(
            TransportProperties::from_profile(None),
            TransportProperties::DEFAULT
        );
    }
}
