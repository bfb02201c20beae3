//! Datagrams without a checksum, dropped.

use core::task::Context;

use embassy_net::driver::{Capabilities, Driver, HardwareAddress, LinkState, RxToken};

/// EtherTypes (RFC 894, RFC 2464), and where the packet begins in a frame.
const IPV4: [u8; 2] = [0x08, 0x00];
const IPV6: [u8; 2] = [0x86, 0xdd];
const ETHERTYPE: usize = 12;
const ETHERNET_HEADER: usize = 14;

/// The protocol number of hop-by-hop options (RFC 8200 section 4.3).
const HOP_BY_HOP: u8 = 0;

/// The protocol number of UDP, and the port of DHCP's clients (RFC 2131).
const UDP: u8 = 17;
const DHCP_CLIENT: u16 = 68;

/// A driver whose stack never sees a UDP datagram that was sent without a
/// checksum.
///
/// smoltcp verifies the checksum of a datagram that has one. Over IPv4 a sender
/// may leave it off (RFC 768), over IPv6 it may not (RFC 8200 section 8.1);
/// smoltcp takes both. Put this around the driver of a stack whose UDP
/// connections are to have RFC 9622's `fullChecksumRecv`, which is required
/// unless something else is said:
///
/// ```
/// use embassy_net::driver::Driver;
/// use embassy_net::{Config, Runner, Stack, StackResources};
/// use wigwag_embassy::net::FullChecksums;
///
/// fn network<D: Driver>(
///     driver: D,
///     resources: &mut StackResources<4>,
///     seed: u64,
/// ) -> (Stack<'_>, Runner<'_, FullChecksums<D>>) {
///     let config = Config::dhcpv4(Default::default());
///     embassy_net::new(FullChecksums::new(driver), config, resources, seed)
/// }
/// ```
///
/// DHCP's answers are let through: that is the stack's own conversation, and
/// there are servers that leave the checksum off. For Ethernet and for plain IP;
/// on IEEE 802.15.4 the checksum may be compressed away (RFC 6282), and frames
/// are not looked at.
#[derive(Clone, Copy, Debug)]
pub struct FullChecksums<D>(D);

impl<D> FullChecksums<D> {
    /// The driver, without such datagrams.
    pub const fn new(driver: D) -> Self {
        Self(driver)
    }

    /// The driver.
    pub const fn driver(&self) -> &D {
        &self.0
    }
}

impl<D: Driver> Driver for FullChecksums<D> {
    type RxToken<'a>
        = CheckedFrame<D::RxToken<'a>>
    where
        Self: 'a;
    type TxToken<'a>
        = D::TxToken<'a>
    where
        Self: 'a;

    fn receive(&mut self, cx: &mut Context<'_>) -> Option<(Self::RxToken<'_>, Self::TxToken<'_>)> {
        let medium = match self.0.hardware_address() {
            HardwareAddress::Ethernet(_) => Medium::Ethernet,
            HardwareAddress::Ip => Medium::Ip,
            _ => Medium::Other,
        };
        let (token, answer) = self.0.receive(cx)?;
        Some((CheckedFrame { token, medium }, answer))
    }

    fn transmit(&mut self, cx: &mut Context<'_>) -> Option<Self::TxToken<'_>> {
        self.0.transmit(cx)
    }

    fn link_state(&mut self, cx: &mut Context<'_>) -> LinkState {
        self.0.link_state(cx)
    }

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    fn hardware_address(&self) -> HardwareAddress {
        self.0.hardware_address()
    }
}

#[derive(Clone, Copy, Debug)]
enum Medium {
    Ethernet,
    Ip,
    Other,
}

/// A received frame of [`FullChecksums`].
#[derive(Debug)]
pub struct CheckedFrame<T> {
    token: T,
    medium: Medium,
}

impl<T: RxToken> RxToken for CheckedFrame<T> {
    fn consume<R, F>(self, f: F) -> R
    where
        F: FnOnce(&mut [u8]) -> R,
    {
        self.token.consume(|frame| {
            // The stack has to be given something. Nothing at all is dropped.
            if lacks_checksum(frame, self.medium) {
                f(&mut [])
            } else {
                f(frame)
            }
        })
    }
}

/// Whether a frame is a UDP datagram that was sent without a checksum; what is
/// cut short is none.
fn lacks_checksum(frame: &[u8], medium: Medium) -> bool {
    datagram(frame, medium).is_some_and(|udp| {
        let port = u16::from_be_bytes([udp[2], udp[3]]);
        udp[6..8] == [0, 0] && port != DHCP_CLIENT
    })
}

/// The header of the datagram in a frame. smoltcp's UDP sockets are given what
/// is behind one header of hop-by-hop options, and behind no other extension
/// header of IPv6.
fn datagram(frame: &[u8], medium: Medium) -> Option<&[u8; 8]> {
    let packet = match medium {
        Medium::Ethernet => {
            let ethertype = frame.get(ETHERTYPE..ETHERNET_HEADER)?;
            if ethertype != IPV4 && ethertype != IPV6 {
                return None;
            }
            frame.get(ETHERNET_HEADER..)?
        }
        Medium::Ip => frame,
        Medium::Other => return None,
    };
    let first = *packet.first()?;
    let (protocol, header) = match first >> 4 {
        // A fragment that is not the first has no header.
        4 if u16::from_be_bytes([*packet.get(6)?, *packet.get(7)?]) & 0x1fff == 0 => {
            (*packet.get(9)?, usize::from(first & 0xf) * 4)
        }
        6 => match *packet.get(6)? {
            HOP_BY_HOP => {
                let length = (usize::from(*packet.get(41)?) + 1) * 8;
                (*packet.get(40)?, 40 + length)
            }
            protocol => (protocol, 40),
        },
        _ => return None,
    };
    if protocol != UDP {
        return None;
    }
    packet.get(header..)?.first_chunk()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    /// A packet without its addresses: what is looked at.
    fn packet(version: u8, port: u16, checksum: u16) -> Vec<u8> {
        let mut packet = match version {
            4 => {
                let mut packet = Vec::from([0x46; 1]);
                packet.resize(24, 0);
                packet[9] = UDP;
                packet
            }
            _ => {
                let mut packet = Vec::from([0x60; 1]);
                packet.resize(40, 0);
                packet[6] = UDP;
                packet
            }
        };
        packet.extend([0x12, 0x34]);
        packet.extend(port.to_be_bytes());
        packet.extend([0, 9]);
        packet.extend(checksum.to_be_bytes());
        packet.push(7);
        packet
    }

    fn on_ethernet(packet: &[u8]) -> Vec<u8> {
        let ethertype = if packet[0] >> 4 == 4 { IPV4 } else { IPV6 };
        [&[2; 12][..], &ethertype, packet].concat()
    }

    #[test]
    fn only_a_datagram_without_a_checksum_lacks_it() {
        for version in [4, 6] {
            for (port, checksum, lacks) in [
                (5000, 0, true),
                (5000, 1, false),
                (5000, 0x100, false),
                (DHCP_CLIENT, 0, false),
            ] {
                let packet = packet(version, port, checksum);
                let seen = (
                    lacks_checksum(&packet, Medium::Ip),
                    lacks_checksum(&on_ethernet(&packet), Medium::Ethernet),
                );
                assert_eq!(seen, (lacks, lacks), "IPv{version}, {port}, {checksum}");
                assert!(!lacks_checksum(&packet, Medium::Other));
            }
        }
    }

    #[test]
    fn other_packets_and_later_fragments_are_let_through() {
        let tcp = |version: u8, at: usize| {
            let mut packet = packet(version, 5000, 0);
            packet[at] = 6;
            packet
        };
        assert!(!lacks_checksum(&tcp(4, 9), Medium::Ip));
        assert!(!lacks_checksum(&tcp(6, 6), Medium::Ip));
        let mut fragment = packet(4, 5000, 0);
        fragment[6] = 0x20;
        assert!(lacks_checksum(&fragment, Medium::Ip), "the first one");
        fragment[7] = 1;
        assert!(!lacks_checksum(&fragment, Medium::Ip));
        let mut arp = on_ethernet(&packet(4, 5000, 0));
        arp[13] = 6;
        assert!(!lacks_checksum(&arp, Medium::Ethernet));
    }

    #[test]
    fn options_before_the_datagram_hide_nothing() {
        let mut hidden = packet(6, 5000, 0);
        hidden[6] = HOP_BY_HOP;
        let options = [UDP, 1].into_iter().chain([0; 14]);
        hidden.splice(40..40, options);
        assert!(lacks_checksum(&hidden, Medium::Ip));
    }

    #[test]
    fn no_frame_is_too_short() {
        for packet in [packet(4, 5000, 0), packet(6, 5000, 0)] {
            let frame = on_ethernet(&packet);
            let header = frame.len() - 1;
            for length in 0..header {
                assert!(!lacks_checksum(&frame[..length], Medium::Ethernet));
            }
            assert!(lacks_checksum(&frame[..header], Medium::Ethernet));
        }
        // A header of a length that cannot be.
        assert!(!lacks_checksum(&[0x4f; 20], Medium::Ip));
        let mut options = packet(6, 5000, 0);
        (options[6], options[41]) = (HOP_BY_HOP, 255);
        assert!(!lacks_checksum(&options, Medium::Ip));
    }
}
