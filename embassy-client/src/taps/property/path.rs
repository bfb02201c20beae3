//! The selection properties of other types than preference: interfaces,
//! provisioning domains, several paths at once, directions.

use super::named::{named, same_value};
use super::preference::Preference;
use crate::net::PathId;

named! {
    /// What kind of link an interface is. A path is of one kind; the network
    /// does not know which, the application says it in
    /// [`PathInfo`](crate::taps::PathInfo).
    pub enum InterfaceType: same_value, "interface type" {
        /// Ethernet, a serial line.
        Wired = "Wired",
        /// IEEE 802.11.
        Wifi = "Wi-Fi",
        /// A modem of a mobile network.
        Cellular = "Cellular",
        /// The device itself.
        Loopback = "Loopback",
        /// IEEE 802.15.4, LoRa and others.
        Other = "Other",
    }
}

/// What the `interface` property names (RFC 9622 section 6.2.11): a kind of
/// link, or one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Interface {
    /// All paths of a kind.
    Type(InterfaceType),
    /// One path, 0 to 22. There is none beyond, so requiring one leaves none.
    Path(PathId),
}

/// A provisioning domain (RFC 7556; RFC 9622 section 6.2.12): a set of network
/// settings that belong together, 0 to 30, by a number that the application
/// gives it in [`PathInfo`](crate::taps::PathInfo). embassy-net does not learn
/// them from the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Pvd(pub u8);

named! {
    /// Whether one connection may use several paths at once (RFC 9622 section
    /// 6.2.14).
    pub enum Multipath: same_value, "multipath mode" {
        /// One path, even if the transport can use more. The default of
        /// connections that are initiated and of rendezvous.
        Disabled = "Disabled",
        /// Several if the transport can.
        Active = "Active",
        /// Several if the other end asks for it. The default of listeners.
        Passive = "Passive",
    }
}

named! {
    /// Which way data goes (RFC 9622 section 6.2.16).
    pub enum CommunicationDirection: same_value, "direction" {
        /// Both ways; the default.
        Bidirectional = "Bidirectional",
        /// This end sends only.
        UnidirectionalSend = "Unidirectional send",
        /// This end receives only.
        UnidirectionalReceive = "Unidirectional receive",
    }
}

named! {
    /// NEATPy's `local-address-preference`, an early form of
    /// `useTemporaryLocalAddress`.
    pub enum AddressPreference: same_value, "address preference" {
        /// An address that stays: avoid temporary ones.
        Stable = "Stable",
        /// A temporary address (RFC 8981): prefer them.
        Temporary = "Temporary",
    }
}

impl AddressPreference {
    /// The preference of `useTemporaryLocalAddress` that means the same.
    #[must_use]
    pub const fn preference(self) -> Preference {
        match self {
            Self::Stable => Preference::Avoid,
            Self::Temporary => Preference::Prefer,
        }
    }
}

named! {
    /// What the application is going to do with a preconnection; some defaults
    /// depend on it.
    pub enum Role: same_value, "role" {
        /// Open a connection (RFC 9622 section 7.1).
        Initiate = "Initiate",
        /// Wait for connections (7.2).
        Listen = "Listen",
        /// Meet in the middle (7.3).
        Rendezvous = "Rendezvous",
    }
}

/// One mask a preference level, over things that are numbered 0 to 31. The last
/// bit stands for what is beyond, and fits nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct Choices {
    pub(crate) require: u32,
    pub(crate) prefer: u32,
    pub(crate) avoid: u32,
    pub(crate) prohibit: u32,
}

/// The bit that fits no path and no domain.
const BEYOND: u32 = 1 << 31;
/// Bits of interface types before those of paths.
const TYPES: u8 = 8;

impl Choices {
    pub(crate) const NONE: Self = Self {
        require: 0,
        prefer: 0,
        avoid: 0,
        prohibit: 0,
    };

    pub(crate) const fn with(self, bit: u32, preference: Preference) -> Self {
        let mut choices = Self {
            require: self.require & !bit,
            prefer: self.prefer & !bit,
            avoid: self.avoid & !bit,
            prohibit: self.prohibit & !bit,
        };
        match preference {
            Preference::Require => choices.require |= bit,
            Preference::Prefer => choices.prefer |= bit,
            Preference::NoPreference => {}
            Preference::Avoid => choices.avoid |= bit,
            Preference::Prohibit => choices.prohibit |= bit,
        }
        choices
    }

    pub(crate) const fn get(self, bit: u32) -> Preference {
        if self.require & bit != 0 {
            Preference::Require
        } else if self.prefer & bit != 0 {
            Preference::Prefer
        } else if self.avoid & bit != 0 {
            Preference::Avoid
        } else if self.prohibit & bit != 0 {
            Preference::Prohibit
        } else {
            Preference::NoPreference
        }
    }
}

impl Interface {
    pub(crate) const fn bit(self) -> u32 {
        match self {
            Self::Type(kind) => 1 << kind as u32,
            Self::Path(PathId(id)) if id < 31 - TYPES => 1 << (id + TYPES),
            Self::Path(_) => BEYOND,
        }
    }

    /// The bits that fit a path.
    pub(crate) const fn bits_of(path: PathId, kind: InterfaceType) -> u32 {
        (Self::Type(kind).bit() | Self::Path(path).bit()) & !BEYOND
    }
}

impl Pvd {
    pub(crate) const fn bit(self) -> u32 {
        if self.0 < 31 { 1 << self.0 } else { BEYOND }
    }

    /// The bit that fits a path's domain.
    pub(crate) const fn bits_of(domain: Option<Self>) -> u32 {
        match domain {
            Some(domain) => domain.bit() & !BEYOND,
            None => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_and_paths_do_not_share_a_bit() {
        let mut seen = 0_u32;
        for kind in InterfaceType::ALL {
            let bit = Interface::Type(*kind).bit();
            assert_eq!(seen & bit, 0, "{kind}");
            seen |= bit;
        }
        for id in 0..=22 {
            let bit = Interface::Path(PathId(id)).bit();
            assert_eq!(seen & (bit | BEYOND), 0, "{id}");
            seen |= bit;
        }
        for id in [23, 24, 100, 255] {
            assert_eq!(Interface::Path(PathId(id)).bit(), BEYOND);
            assert_eq!(
                Interface::bits_of(PathId(id), InterfaceType::Wired),
                Interface::Type(InterfaceType::Wired).bit()
            );
        }
        assert_eq!(Pvd(30).bit(), 1 << 30);
        assert_eq!(Pvd::bits_of(Some(Pvd(31))), 0);
    }

    #[test]
    fn an_address_preference_is_a_preference_now() {
        for (text, preference) in [
            ("STABLE", Preference::Avoid),
            ("TEMPORARY", Preference::Prefer),
        ] {
            let old: AddressPreference = text.parse().unwrap();
            assert_eq!(old.preference(), preference);
        }
    }

    #[test]
    fn a_later_preference_replaces_an_earlier_one() {
        let bit = Pvd(3).bit();
        let mut choices = Choices::NONE;
        for preference in Preference::ALL {
            choices = choices.with(bit, *preference);
            assert_eq!(choices.get(bit), *preference);
            assert_eq!(choices.get(Pvd(4).bit()), Preference::NoPreference);
        }
    }
}
