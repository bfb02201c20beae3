//! The names of all properties in one place.

use core::fmt;
use core::str::FromStr;

use super::connection::ConnectionProperty;
use super::message::MessageProperty;
use super::named::same_name;
use super::selection::SelectionProperty;
use crate::taps::neat::{self, Translation};

/// Any property of RFC 9622, by name: `[namespace.]name`, case does not matter
/// (section 4.1).
///
/// ```
/// use wigwag_embassy::taps::{Property, SelectionProperty};
///
/// assert_eq!(
///     "PRESERVEORDER".parse(),
///     Ok(Property::Selection(SelectionProperty::PreserveOrder))
/// );
/// assert!("tcp.userTimeoutValue".parse::<Property>().is_ok());
/// assert!("_vendor.colour".parse::<Property>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Property {
    /// A selection property whose value is a preference.
    Selection(SelectionProperty),
    /// `interface`: preferences for interfaces.
    Interface,
    /// `pvd`: preferences for provisioning domains.
    Pvd,
    /// `multipath`: disabled, active or passive.
    Multipath,
    /// `advertisesAltaddr`: yes or no.
    AdvertisesAltaddr,
    /// `direction`: which way data goes.
    Direction,
    /// A connection property.
    Connection(ConnectionProperty),
    /// A message property.
    Message(MessageProperty),
}

/// The selection properties of other types than preference.
const TYPED: [Property; 5] = [
    Property::Interface,
    Property::Pvd,
    Property::Multipath,
    Property::AdvertisesAltaddr,
    Property::Direction,
];

impl Property {
    /// The name, as RFC 9622 writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Selection(property) => property.name(),
            Self::Interface => "interface",
            Self::Pvd => "pvd",
            Self::Multipath => "multipath",
            Self::AdvertisesAltaddr => "advertisesAltaddr",
            Self::Direction => "direction",
            Self::Connection(property) => property.name(),
            Self::Message(property) => property.name(),
        }
    }

    /// All properties: of selection, of connections, of messages.
    pub fn all() -> impl Iterator<Item = Self> {
        let selection = SelectionProperty::ALL.iter().copied().map(Self::Selection);
        let connection = ConnectionProperty::ALL
            .iter()
            .copied()
            .map(Self::Connection);
        let message = MessageProperty::ALL.iter().copied().map(Self::Message);
        selection.chain(TYPED).chain(connection).chain(message)
    }
}

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Property {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::all()
            .find(|property| same_name(text, property.name()))
            .ok_or_else(|| UnknownName {
                what: "property",
                translation: neat::translate(text).next(),
            })
    }
}

/// A text is not the name of what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct UnknownName {
    what: &'static str,
    translation: Option<&'static Translation>,
}

impl UnknownName {
    pub(crate) const fn new(what: &'static str) -> Self {
        Self {
            what,
            translation: None,
        }
    }

    /// What has become of the property, when the name is NEATPy's.
    #[must_use]
    pub const fn translation(&self) -> Option<&'static Translation> {
        self.translation
    }
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no {} of this name", self.what)?;
        if let Some(translation) = self.translation {
            write!(f, "; NEATPy's {translation}")?;
        }
        Ok(())
    }
}

impl core::error::Error for UnknownName {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::string::{String, ToString as _};

    use super::*;
    use crate::taps::{Preference, Scheduler};

    #[test]
    fn every_name_reads_back_in_any_case() {
        let mut seen = BTreeSet::new();
        for property in Property::all() {
            let name = property.to_string();
            assert!(seen.insert(name.to_lowercase()), "{name} is there twice");
            for text in [name.clone(), name.to_uppercase(), name.to_lowercase()] {
                assert_eq!(text.parse(), Ok(property), "{text}");
            }
            assert_eq!(
                name.contains('.'),
                name.starts_with("tcp."),
                "{name}: a namespace is the protocol's"
            );
        }
        assert_eq!(seen.len(), 13 + 5 + 22 + 10);
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in [
            "",
            ".",
            "reliability ",
            " reliability",
            ".reliability",
            "tcp.",
            "tcp.reliability",
            "userTimeoutValue",
            "_vendor.reliability",
            "udp.userTimeoutValue",
            "relia\u{0456}bility",
        ] {
            assert!(text.parse::<Property>().is_err(), "{text:?}");
        }
        let long = String::from_utf8(std::vec![b'a'; 1 << 16]).unwrap();
        assert!(long.parse::<Property>().is_err());
    }

    #[test]
    fn a_name_of_neatpy_is_answered_with_what_has_become_of_it() {
        for (old, told) in [
            ("preserve-order", "NEATPy's preserve-order is preserveOrder"),
            (
                "retransmit-notify",
                "NEATPy's retransmit-notify: removed, no successor",
            ),
            (
                "per-msg-checksum-len-recv",
                "NEATPy's per-msg-checksum-len-recv is fullChecksumRecv: the sense is inverted",
            ),
            ("idempotent", "NEATPy's idempotent is safelyReplayable"),
        ] {
            let error = old.parse::<Property>().unwrap_err();
            assert!(error.to_string().contains(told), "{error}");
            assert_eq!(error.translation().unwrap().id, old);
        }
        let error = "colour".parse::<Property>().unwrap_err();
        assert_eq!(error.translation(), None);
    }

    #[test]
    fn values_read_without_their_separators() {
        for text in [
            "No Preference",
            "nopreference",
            "NO_PREFERENCE",
            "no-preference",
        ] {
            assert_eq!(text.parse(), Ok(Preference::NoPreference), "{text}");
        }
        assert_eq!(
            "weighted fair queueing".parse(),
            Ok(Scheduler::WeightedFairQueueing)
        );
        let error = "often".parse::<Preference>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no preference level of this name"
        );
        for scheduler in Scheduler::ALL {
            assert_eq!(scheduler.to_string().parse(), Ok(*scheduler));
        }
    }
}
