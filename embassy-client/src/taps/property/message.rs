//! What can be said about one message.

use core::time::Duration;

use super::capacity::CapacityProfile;
use super::named::{named, same_name};
use super::preference::Preference;
use super::selection::SelectionProperty;
use super::transport::TransportProperties;

named! {
    /// The names of the message properties (RFC 9622 section 9.1.3).
    pub enum MessageProperty: same_name, "message property" {
        /// How long a message is worth sending (9.1.3.1).
        MsgLifetime = "msgLifetime",
        /// Which message goes first; a lower number does (9.1.3.2).
        MsgPriority = "msgPriority",
        /// Whether it may not pass others (9.1.3.3).
        MsgOrdered = "msgOrdered",
        /// Whether it may arrive twice without harm (9.1.3.4).
        SafelyReplayable = "safelyReplayable",
        /// Whether it is the last one (9.1.3.5).
        Final = "final",
        /// How many bytes a checksum must cover (9.1.3.6).
        MsgChecksumLen = "msgChecksumLen",
        /// Whether it must arrive (9.1.3.7).
        MsgReliable = "msgReliable",
        /// What the network is asked to do for it (9.1.3.8).
        MsgCapacityProfile = "msgCapacityProfile",
        /// Whether it may not be cut at the network layer (9.1.3.9).
        NoFragmentation = "noFragmentation",
        /// Whether it may not be cut at the transport layer (9.1.3.10).
        NoSegmentation = "noSegmentation",
    }
}

/// How many bytes from the start of a message a checksum covers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ChecksumLength {
    /// All of them.
    #[default]
    FullCoverage,
    /// This many at least.
    Bytes(u32),
}

/// The properties of one message (RFC 9622 section 9.1.3). `None` means what
/// the connection says.
///
/// ```
/// use core::time::Duration;
/// use wigwag_embassy::taps::MessageProperties;
///
/// const ALARM: MessageProperties = MessageProperties::DEFAULT
///     .with_priority(10)
///     .with_lifetime(Duration::from_secs(30));
/// assert!(ALARM.priority < MessageProperties::DEFAULT.priority);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct MessageProperties {
    /// `msgLifetime`: a message that has waited longer is not sent any more;
    /// no end by default.
    pub lifetime: Option<Duration>,
    /// `msgPriority`: the lower number goes first, among the messages of
    /// connections with the same priority; default 100.
    pub priority: u32,
    /// `msgOrdered`: may not pass others; by default as `preserveOrder` of the
    /// connection.
    pub ordered: Option<bool>,
    /// `safelyReplayable`: may arrive twice without harm; by default as the
    /// connection's [`TransportProperties::safely_replayable`].
    pub safely_replayable: Option<bool>,
    /// `final`: nothing follows it; not by default.
    pub final_message: bool,
    /// `msgChecksumLen`; all of it by default.
    pub checksum_len: ChecksumLength,
    /// `msgReliable`: must arrive; by default as `reliability` of the
    /// connection.
    pub reliable: Option<bool>,
    /// `msgCapacityProfile`; by default the connection's.
    pub capacity_profile: Option<CapacityProfile>,
    /// `noFragmentation`: in one IP packet that nobody may cut; not by default.
    pub no_fragmentation: bool,
    /// `noSegmentation`: in one packet, or an error; not by default.
    pub no_segmentation: bool,
}

impl MessageProperties {
    /// The defaults named at each property.
    pub const DEFAULT: Self = Self {
        lifetime: None,
        priority: 100,
        ordered: None,
        safely_replayable: None,
        final_message: false,
        checksum_len: ChecksumLength::FullCoverage,
        reliable: None,
        capacity_profile: None,
        no_fragmentation: false,
        no_segmentation: false,
    };

    /// With a lifetime.
    #[must_use]
    pub const fn with_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = Some(lifetime);
        self
    }

    /// With a priority; the lower number goes first.
    #[must_use]
    pub const fn with_priority(mut self, priority: u32) -> Self {
        self.priority = priority;
        self
    }

    /// Saying whether it may pass others.
    #[must_use]
    pub const fn with_ordered(mut self, ordered: bool) -> Self {
        self.ordered = Some(ordered);
        self
    }

    /// Saying whether it may arrive twice.
    #[must_use]
    pub const fn with_safely_replayable(mut self, replayable: bool) -> Self {
        self.safely_replayable = Some(replayable);
        self
    }

    /// As the last message.
    #[must_use]
    pub const fn with_final(mut self) -> Self {
        self.final_message = true;
        self
    }

    /// Saying whether it must arrive.
    #[must_use]
    pub const fn with_reliable(mut self, reliable: bool) -> Self {
        self.reliable = Some(reliable);
        self
    }

    /// With a capacity profile of its own.
    #[must_use]
    pub const fn with_capacity_profile(mut self, profile: CapacityProfile) -> Self {
        self.capacity_profile = Some(profile);
        self
    }

    /// Covered by a checksum for this many bytes at least.
    #[must_use]
    pub const fn with_checksum_len(mut self, length: ChecksumLength) -> Self {
        self.checksum_len = length;
        self
    }

    /// In an IP packet that is not cut.
    #[must_use]
    pub const fn with_no_fragmentation(mut self) -> Self {
        self.no_fragmentation = true;
        self
    }

    /// In one packet, or not at all.
    #[must_use]
    pub const fn with_no_segmentation(mut self) -> Self {
        self.no_segmentation = true;
        self
    }

    /// Whether it may not pass others, on a connection with these properties.
    #[must_use]
    pub const fn is_ordered(&self, connection: &TransportProperties) -> bool {
        match self.ordered {
            Some(ordered) => ordered,
            None => wanted(connection, SelectionProperty::PreserveOrder),
        }
    }

    /// Whether it must arrive, on a connection with these properties.
    #[must_use]
    pub const fn is_reliable(&self, connection: &TransportProperties) -> bool {
        match self.reliable {
            Some(reliable) => reliable,
            None => wanted(connection, SelectionProperty::Reliability),
        }
    }

    /// Whether it may arrive twice, on a connection with these properties.
    #[must_use]
    pub const fn is_safely_replayable(&self, connection: &TransportProperties) -> bool {
        match self.safely_replayable {
            Some(replayable) => replayable,
            None => connection.safely_replayable(),
        }
    }
}

impl Default for MessageProperties {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A preference, read as a yes or no.
const fn wanted(properties: &TransportProperties, property: SelectionProperty) -> bool {
    matches!(
        properties.preference(property),
        Preference::Require | Preference::Prefer
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_follows_its_connection_unless_it_says_otherwise() {
        let message = MessageProperties::DEFAULT;
        let stream = TransportProperties::RELIABLE_INORDER_STREAM;
        assert!(message.is_ordered(&stream));
        assert!(message.is_reliable(&stream));
        assert!(!message.is_safely_replayable(&stream));
        let datagram = TransportProperties::UNRELIABLE_DATAGRAM;
        assert!(!message.is_ordered(&datagram));
        assert!(!message.is_reliable(&datagram));
        assert!(message.is_safely_replayable(&datagram));
        let stubborn = message
            .with_ordered(true)
            .with_reliable(true)
            .with_safely_replayable(false);
        assert!(stubborn.is_ordered(&datagram));
        assert!(stubborn.is_reliable(&datagram));
        assert!(!stubborn.is_safely_replayable(&datagram));
    }

    #[test]
    fn defaults_are_those_of_the_rfc() {
        let message = MessageProperties::default();
        assert_eq!(message.lifetime, None);
        assert_eq!(message.priority, 100);
        assert_eq!(message.checksum_len, ChecksumLength::FullCoverage);
        assert_eq!(message.capacity_profile, None);
        assert!(!message.final_message);
        assert!(!message.no_fragmentation && !message.no_segmentation);
    }
}
