//! All that an application says about the transport it wants.

use super::path::{Choices, CommunicationDirection, Interface, Multipath, Pvd, Role};
use super::preference::Preference;
use super::selection::{PropertySet, SelectionProperty};

/// The selection properties of a connection that is still to be (RFC 9622
/// sections 4 and 6.2), and `safelyReplayable`, the one message property that
/// decides about stacks.
///
/// Every method is `const` and gives a changed copy, so that a set of
/// properties can be a constant that the compiler checks: see
/// [`taps::require!`](crate::taps::require).
///
/// ```
/// use wigwag_embassy::taps::{Preference, SelectionProperty, TransportProperties};
///
/// const ORDERS: TransportProperties = TransportProperties::RELIABLE_MESSAGE
///     .prefer(SelectionProperty::KeepAlive);
/// assert_eq!(ORDERS.preference(SelectionProperty::KeepAlive), Preference::Prefer);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct TransportProperties {
    require: PropertySet,
    prefer: PropertySet,
    avoid: PropertySet,
    prohibit: PropertySet,
    /// What the application has said itself; the rest are defaults.
    said: PropertySet,
    pub(crate) interfaces: Choices,
    pub(crate) domains: Choices,
    multipath: Option<Multipath>,
    advertises_altaddr: bool,
    direction: CommunicationDirection,
    safely_replayable: bool,
}

impl TransportProperties {
    /// The defaults of RFC 9622: a reliable, ordered, congestion-controlled
    /// stream with full checksums.
    pub const DEFAULT: Self = {
        let mut all = Self {
            require: PropertySet::EMPTY,
            prefer: PropertySet::EMPTY,
            avoid: PropertySet::EMPTY,
            prohibit: PropertySet::EMPTY,
            said: PropertySet::EMPTY,
            interfaces: Choices::NONE,
            domains: Choices::NONE,
            multipath: None,
            advertises_altaddr: false,
            direction: CommunicationDirection::Bidirectional,
            safely_replayable: false,
        };
        let mut index = 0;
        while index < SelectionProperty::ALL.len() {
            let property = SelectionProperty::ALL[index];
            all = all.put(property, property.default_preference());
            index += 1;
        }
        all
    };

    /// The defaults. RFC 9622 calls this `NewTransportProperties()`.
    #[must_use]
    pub const fn new() -> Self {
        Self::DEFAULT
    }

    const fn put(mut self, property: SelectionProperty, preference: Preference) -> Self {
        self.require = self.require.without(property);
        self.prefer = self.prefer.without(property);
        self.avoid = self.avoid.without(property);
        self.prohibit = self.prohibit.without(property);
        match preference {
            Preference::Require => self.require = self.require.with(property),
            Preference::Prefer => self.prefer = self.prefer.with(property),
            Preference::NoPreference => {}
            Preference::Avoid => self.avoid = self.avoid.with(property),
            Preference::Prohibit => self.prohibit = self.prohibit.with(property),
        }
        self
    }

    /// Says how much a property is wanted.
    #[must_use]
    pub const fn with(mut self, property: SelectionProperty, preference: Preference) -> Self {
        self = self.put(property, preference);
        self.said = self.said.with(property);
        self
    }

    /// [`with`](Self::with) under the name that NEATPy and drafts of RFC 9622
    /// have for it.
    #[must_use]
    pub const fn add(self, property: SelectionProperty, preference: Preference) -> Self {
        self.with(property, preference)
    }

    /// Only stacks that have `property`.
    #[must_use]
    pub const fn require(self, property: SelectionProperty) -> Self {
        self.with(property, Preference::Require)
    }

    /// Rather stacks that have `property`.
    #[must_use]
    pub const fn prefer(self, property: SelectionProperty) -> Self {
        self.with(property, Preference::Prefer)
    }

    /// `property` does not matter.
    #[must_use]
    pub const fn no_preference(self, property: SelectionProperty) -> Self {
        self.with(property, Preference::NoPreference)
    }

    /// Between equals, stacks that do not have `property`.
    #[must_use]
    pub const fn avoid(self, property: SelectionProperty) -> Self {
        self.with(property, Preference::Avoid)
    }

    /// Only stacks that do not have `property`, or can leave it off.
    #[must_use]
    pub const fn prohibit(self, property: SelectionProperty) -> Self {
        self.with(property, Preference::Prohibit)
    }

    /// Takes back what was said about `property`: its default holds again.
    #[must_use]
    pub const fn default(mut self, property: SelectionProperty) -> Self {
        self = self.put(property, property.default_preference());
        self.said = self.said.without(property);
        self
    }

    /// How much `property` is wanted.
    #[must_use]
    pub const fn preference(&self, property: SelectionProperty) -> Preference {
        if self.require.contains(property) {
            Preference::Require
        } else if self.prefer.contains(property) {
            Preference::Prefer
        } else if self.avoid.contains(property) {
            Preference::Avoid
        } else if self.prohibit.contains(property) {
            Preference::Prohibit
        } else {
            Preference::NoPreference
        }
    }

    /// All that is wanted that much. With
    /// [`Preference::NoPreference`], what is in none of the other four.
    #[must_use]
    pub const fn all(&self, preference: Preference) -> PropertySet {
        match preference {
            Preference::Require => self.require,
            Preference::Prefer => self.prefer,
            Preference::Avoid => self.avoid,
            Preference::Prohibit => self.prohibit,
            Preference::NoPreference => PropertySet::ALL
                .difference(self.require)
                .difference(self.prefer)
                .difference(self.avoid)
                .difference(self.prohibit),
        }
    }

    /// What the application has said something about.
    #[must_use]
    pub const fn said(&self) -> PropertySet {
        self.said
    }

    /// Says how much paths of an interface (or a kind of it) are wanted. When
    /// several are required, any of them will do.
    #[must_use]
    pub const fn interface(mut self, interface: Interface, preference: Preference) -> Self {
        self.interfaces = self.interfaces.with(interface.bit(), preference);
        self
    }

    /// How much an interface is wanted; no preference by default.
    #[must_use]
    pub const fn interface_preference(&self, interface: Interface) -> Preference {
        self.interfaces.get(interface.bit())
    }

    /// Says how much paths of a provisioning domain are wanted. When several
    /// are required, any of them will do.
    #[must_use]
    pub const fn pvd(mut self, domain: Pvd, preference: Preference) -> Self {
        self.domains = self.domains.with(domain.bit(), preference);
        self
    }

    /// How much a provisioning domain is wanted; no preference by default.
    #[must_use]
    pub const fn pvd_preference(&self, domain: Pvd) -> Preference {
        self.domains.get(domain.bit())
    }

    /// Whether one connection may use several paths at once.
    #[must_use]
    pub const fn with_multipath(mut self, multipath: Multipath) -> Self {
        self.multipath = Some(multipath);
        self
    }

    /// Whether one connection may use several paths at once; [`Multipath::Disabled`] by
    /// default, for listeners [`Multipath::Passive`].
    #[must_use]
    pub const fn multipath(&self) -> Multipath {
        match self.multipath {
            Some(multipath) => multipath,
            None => Multipath::Disabled,
        }
    }

    /// Whether the other end may be told of further addresses of this one
    /// (RFC 9622 section 6.2.15).
    #[must_use]
    pub const fn with_advertises_altaddr(mut self, advertises: bool) -> Self {
        self.advertises_altaddr = advertises;
        self
    }

    /// Whether the other end may be told of further addresses; not by default.
    #[must_use]
    pub const fn advertises_altaddr(&self) -> bool {
        self.advertises_altaddr
    }

    /// Which way data is to go.
    #[must_use]
    pub const fn with_direction(mut self, direction: CommunicationDirection) -> Self {
        self.direction = direction;
        self
    }

    /// Which way data goes; both ways by default.
    #[must_use]
    pub const fn direction(&self) -> CommunicationDirection {
        self.direction
    }

    /// Whether messages may arrive twice without harm, unless a message says
    /// otherwise (RFC 9622 section 9.1.3.4). Stacks that do not protect
    /// against that, such as UDP, are left out as long as it is not said.
    #[must_use]
    pub const fn with_safely_replayable(mut self, replayable: bool) -> Self {
        self.safely_replayable = replayable;
        self
    }

    /// Whether messages may arrive twice without harm; not by default.
    #[must_use]
    pub const fn safely_replayable(&self) -> bool {
        self.safely_replayable
    }

    /// These properties with the defaults that depend on what is going to be
    /// done: listeners and rendezvous avoid temporary local addresses, and
    /// listeners follow a peer that wants several paths.
    #[must_use]
    pub const fn for_role(mut self, role: Role) -> Self {
        let temporary = SelectionProperty::UseTemporaryLocalAddress;
        if !self.said.contains(temporary) {
            self = self.put(
                temporary,
                match role {
                    Role::Initiate => Preference::Prefer,
                    Role::Listen | Role::Rendezvous => Preference::Avoid,
                },
            );
        }
        if self.multipath.is_none() {
            self.multipath = Some(match role {
                Role::Initiate | Role::Rendezvous => Multipath::Disabled,
                Role::Listen => Multipath::Passive,
            });
        }
        self
    }
}

impl Default for TransportProperties {
    fn default() -> Self {
        Self::DEFAULT
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use SelectionProperty::{KeepAlive, Reliability, UseTemporaryLocalAddress};

    #[test]
    fn defaults_are_those_of_the_rfc() {
        let defaults = TransportProperties::DEFAULT;
        for property in SelectionProperty::ALL {
            assert_eq!(
                defaults.preference(*property),
                property.default_preference()
            );
        }
        assert_eq!(defaults.all(Preference::Require).len(), 5);
        assert_eq!(defaults.all(Preference::Prefer).len(), 2);
        assert_eq!(defaults.all(Preference::NoPreference).len(), 6);
        assert!(defaults.said().is_empty());
        assert_eq!(defaults.direction(), CommunicationDirection::Bidirectional);
        assert_eq!(defaults.multipath(), Multipath::Disabled);
        assert!(!defaults.advertises_altaddr());
        assert!(!defaults.safely_replayable());
    }

    #[test]
    fn each_level_replaces_the_one_before_and_default_takes_it_back() {
        let mut properties = TransportProperties::new();
        for property in SelectionProperty::ALL {
            for preference in Preference::ALL {
                properties = properties.add(*property, *preference);
                assert_eq!(properties.preference(*property), *preference);
                for other in Preference::ALL {
                    let there = properties.all(*other).contains(*property);
                    assert_eq!(there, other == preference, "{property}={preference}");
                }
            }
            assert!(properties.said().contains(*property));
            properties = properties.default(*property);
        }
        assert_eq!(properties, TransportProperties::DEFAULT);
        let said = TransportProperties::new()
            .require(KeepAlive)
            .no_preference(Reliability);
        assert_eq!(said.preference(KeepAlive), Preference::Require);
        assert_eq!(said.preference(Reliability), Preference::NoPreference);
        let said = said.avoid(KeepAlive).prohibit(Reliability);
        assert_eq!(said.preference(KeepAlive), Preference::Avoid);
        assert_eq!(said.preference(Reliability), Preference::Prohibit);
    }

    #[test]
    fn a_direction_can_be_set() {
        for direction in CommunicationDirection::ALL {
            let properties = TransportProperties::new().with_direction(*direction);
            assert_eq!(properties.direction(), *direction);
        }
    }

    #[test]
    fn a_role_changes_defaults_and_nothing_that_was_said() {
        let plain = TransportProperties::new();
        for (role, address, multipath) in [
            (Role::Initiate, Preference::Prefer, Multipath::Disabled),
            (Role::Listen, Preference::Avoid, Multipath::Passive),
            (Role::Rendezvous, Preference::Avoid, Multipath::Disabled),
        ] {
            let mine = plain.for_role(role);
            assert_eq!(mine.preference(UseTemporaryLocalAddress), address);
            assert_eq!(mine.multipath(), multipath);
            assert!(mine.said().is_empty());
            let said = plain
                .require(UseTemporaryLocalAddress)
                .with_multipath(Multipath::Active)
                .for_role(role);
            assert_eq!(
                said.preference(UseTemporaryLocalAddress),
                Preference::Require
            );
            assert_eq!(said.multipath(), Multipath::Active);
        }
    }
}
