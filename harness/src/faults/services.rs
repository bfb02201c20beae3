//! What happens in the services of the gateway.

use super::Faults;
use std::net::IpAddr;
use std::time::Duration;
use wigwag_embassy::net::Family;

/// What happens to new connections, and to datagrams to servers that the
/// device has not talked to yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum DialFault {
    /// They are made.
    #[default]
    None,
    /// TCP reset, as from a port where nobody listens; for datagrams, ICMP's
    /// port unreachable.
    Refuse,
    /// The SYN is never answered, and no datagram.
    Silence,
    /// They are made after this long.
    Delay(Duration),
}

/// What happens to DNS queries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum DnsFault {
    /// They are answered from the names table.
    #[default]
    None,
    /// SERVFAIL, RFC 1035 section 4.1.1.
    ServerFailure,
    /// NXDOMAIN for every name.
    NoSuchName,
    /// No answer.
    Silence,
    /// The answer comes after this long.
    Delay(Duration),
}

/// A fault for everybody, and where it is another one.
#[derive(Default)]
pub(super) struct Rules<F> {
    all: F,
    families: [Option<F>; 2],
    addresses: Vec<(IpAddr, F)>,
}

impl<F: Copy> Rules<F> {
    fn set(&mut self, fault: F) {
        self.all = fault;
        self.families = [None; 2];
        self.addresses.clear();
    }

    fn set_for(&mut self, family: Family, fault: F) {
        self.families[family as usize] = Some(fault);
        self.addresses
            .retain(|(address, _)| Family::of(*address) != family);
    }

    fn set_to(&mut self, address: IpAddr, fault: F) {
        self.addresses.retain(|(known, _)| *known != address);
        self.addresses.push((address, fault));
    }

    fn of(&self, family: Family) -> F {
        self.families[family as usize].unwrap_or(self.all)
    }

    fn to(&self, address: IpAddr) -> F {
        let known = self.addresses.iter().find(|(known, _)| *known == address);
        known.map_or_else(|| self.of(Family::of(address)), |(_, fault)| *fault)
    }
}

impl Faults {
    /// Sets what happens to new connections from now on, whatever was set for
    /// a family or an address before.
    pub fn set_dial(&self, fault: DialFault) {
        self.change(|inner| inner.dial.set(fault));
    }

    /// Sets what happens to new connections to the addresses of one family,
    /// whatever was set for one of them before.
    pub fn set_dial_for(&self, family: Family, fault: DialFault) {
        self.change(|inner| inner.dial.set_for(family, fault));
    }

    /// Sets what happens to new connections to one address.
    pub fn set_dial_to(&self, address: impl Into<IpAddr>, fault: DialFault) {
        let address = address.into();
        self.change(|inner| inner.dial.set_to(address, fault));
    }

    /// Sets what happens to DNS queries from now on, whatever was set for a
    /// family before.
    pub fn set_dns(&self, fault: DnsFault) {
        self.change(|inner| inner.dns.set(fault));
    }

    /// Sets what happens to DNS queries for the addresses of one family: those
    /// for A or for AAAA records.
    pub fn set_dns_for(&self, family: Family, fault: DnsFault) {
        self.change(|inner| inner.dns.set_for(family, fault));
    }

    pub(crate) fn dial(&self, address: IpAddr) -> DialFault {
        let mut inner = self.lock();
        let fault = inner.dial.to(address);
        if fault != DialFault::None {
            inner.counts.refused += 1;
        }
        fault
    }

    /// What happens to a query for addresses of `family`, or for something
    /// else.
    pub(crate) fn dns(&self, family: Option<Family>) -> DnsFault {
        let inner = self.lock();
        family.map_or(inner.dns.all, |family| inner.dns.of(family))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    #[test]
    fn the_last_word_holds_for_all_that_it_covers() {
        let v4 = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
        let other = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));
        let v6 = IpAddr::V6(Ipv6Addr::LOCALHOST);
        let faults = Faults::default();
        let seen = || [v4, other, v6].map(|address| faults.dial(address));
        use DialFault::{None as Made, Refuse, Silence};
        assert_eq!(seen(), [Made; 3]);
        faults.set_dial_to(v4, Refuse);
        assert_eq!(seen(), [Refuse, Made, Made]);
        faults.set_dial_for(Family::V6, Silence);
        assert_eq!(seen(), [Refuse, Made, Silence]);
        faults.set_dial_for(Family::V4, Silence);
        assert_eq!(seen(), [Silence; 3]);
        faults.set_dial_to(other, Made);
        faults.set_dial_to(other, Refuse);
        assert_eq!(seen(), [Silence, Refuse, Silence]);
        faults.set_dial(Made);
        assert_eq!(seen(), [Made; 3]);
        assert_eq!(faults.counts().refused, 9);
    }

    #[test]
    fn names_fail_for_one_family() {
        let faults = Faults::default();
        faults.set_dns_for(Family::V6, DnsFault::Silence);
        assert_eq!(faults.dns(Some(Family::V4)), DnsFault::None);
        assert_eq!(faults.dns(Some(Family::V6)), DnsFault::Silence);
        assert_eq!(faults.dns(None), DnsFault::None);
        faults.set_dns(DnsFault::NoSuchName);
        assert_eq!(faults.dns(None), DnsFault::NoSuchName);
        assert_eq!(faults.dns(Some(Family::V6)), DnsFault::NoSuchName);
    }
}
