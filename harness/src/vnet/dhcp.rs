//! The gateway's DHCP server: one device, one address. RFC 2131.

use super::addressing::Addressing;
use smoltcp::wire::{DhcpMessageType, DhcpPacket, DhcpRepr};
use std::net::Ipv4Addr;

/// The UDP ports of RFC 2131, section 4.1.
pub(super) const SERVER_PORT: u16 = 67;
pub(super) const CLIENT_PORT: u16 = 68;

/// An answer of the server.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reply {
    /// Where it goes.
    pub(super) to: Ipv4Addr,
    /// The message.
    pub(super) bytes: Vec<u8>,
    /// Whether it grants the address, or grants it for longer: DHCPACK.
    pub(super) is_lease: bool,
}

/// Answers a DHCP message. None where nothing is due.
pub(super) fn answer(message: &[u8], addressing: &Addressing) -> Option<Reply> {
    let packet = DhcpPacket::new_checked(message).ok()?;
    let asked = DhcpRepr::parse(&packet).ok()?;
    let for_another = asked
        .server_identifier
        .is_some_and(|server| server != addressing.gateway);
    let kind = match asked.message_type {
        DhcpMessageType::Discover => DhcpMessageType::Offer,
        DhcpMessageType::Request if !for_another => {
            let current = (!asked.client_ip.is_unspecified()).then_some(asked.client_ip);
            match asked.requested_ip.or(current) {
                Some(wanted) if wanted == addressing.device => DhcpMessageType::Ack,
                _ => DhcpMessageType::Nak,
            }
        }
        _ => return None,
    };
    let granted = kind != DhcpMessageType::Nak;
    let reply = DhcpRepr {
        message_type: kind,
        transaction_id: asked.transaction_id,
        secs: 0,
        client_hardware_address: asked.client_hardware_address,
        client_ip: Ipv4Addr::UNSPECIFIED,
        your_ip: if granted {
            addressing.device
        } else {
            Ipv4Addr::UNSPECIFIED
        },
        server_ip: Ipv4Addr::UNSPECIFIED,
        router: granted.then_some(addressing.router.unwrap_or(addressing.gateway)),
        subnet_mask: granted.then(|| addressing.mask()),
        relay_agent_ip: asked.relay_agent_ip,
        broadcast: asked.broadcast,
        requested_ip: None,
        client_identifier: None,
        server_identifier: Some(addressing.gateway),
        parameter_request_list: None,
        dns_servers: granted.then(|| [addressing.dns].into_iter().collect()),
        max_size: None,
        lease_duration: granted
            .then(|| u32::try_from(addressing.lease.as_secs()).unwrap_or(u32::MAX)),
        renew_duration: None,
        rebind_duration: None,
        additional_options: &[],
    };
    let mut bytes = vec![0; reply.buffer_len()];
    reply
        .emit(&mut DhcpPacket::new_unchecked(&mut bytes))
        .ok()?;
    // RFC 2131, section 4.1: to a client that has its address, straight there.
    let renewing = granted && !asked.client_ip.is_unspecified();
    let to = if renewing {
        asked.client_ip
    } else {
        Ipv4Addr::BROADCAST
    };
    Some(Reply {
        to,
        bytes,
        is_lease: kind == DhcpMessageType::Ack,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use smoltcp::wire::EthernetAddress;

    fn ask(change: impl FnOnce(&mut DhcpRepr<'_>)) -> Option<Reply> {
        let mut repr = DhcpRepr {
            message_type: DhcpMessageType::Discover,
            transaction_id: 0x1234_5678,
            secs: 0,
            client_hardware_address: EthernetAddress([2, 0, 0, 0, 0, 7]),
            client_ip: Ipv4Addr::UNSPECIFIED,
            your_ip: Ipv4Addr::UNSPECIFIED,
            server_ip: Ipv4Addr::UNSPECIFIED,
            router: None,
            subnet_mask: None,
            relay_agent_ip: Ipv4Addr::UNSPECIFIED,
            broadcast: false,
            requested_ip: None,
            client_identifier: None,
            server_identifier: None,
            parameter_request_list: None,
            dns_servers: None,
            max_size: None,
            lease_duration: None,
            renew_duration: None,
            rebind_duration: None,
            additional_options: &[],
        };
        change(&mut repr);
        let mut bytes = vec![0; repr.buffer_len()];
        repr.emit(&mut DhcpPacket::new_unchecked(&mut bytes))
            .unwrap();
        answer(&bytes, &Addressing::DEFAULT)
    }

    fn kind(answer: &[u8]) -> DhcpMessageType {
        let packet = DhcpPacket::new_checked(answer).unwrap();
        DhcpRepr::parse(&packet).unwrap().message_type
    }

    #[test]
    fn discover_is_offered_the_address() {
        let Reply {
            to,
            bytes,
            is_lease,
        } = ask(|_| {}).unwrap();
        assert!(!is_lease);
        let packet = DhcpPacket::new_checked(&*bytes).unwrap();
        let offer = DhcpRepr::parse(&packet).unwrap();
        assert_eq!(to, Ipv4Addr::BROADCAST);
        assert_eq!(offer.message_type, DhcpMessageType::Offer);
        assert_eq!(offer.transaction_id, 0x1234_5678);
        assert_eq!(offer.your_ip, Ipv4Addr::new(10, 0, 2, 15));
        assert_eq!(offer.subnet_mask, Some(Ipv4Addr::new(255, 255, 255, 0)));
        assert_eq!(offer.router, Some(Ipv4Addr::new(10, 0, 2, 2)));
        assert_eq!(offer.lease_duration, Some(86_400));
        assert_eq!(offer.dns_servers.unwrap()[..], [Ipv4Addr::new(10, 0, 2, 2)]);
    }

    #[test]
    fn only_the_one_address_is_granted() {
        let request = |wanted: Ipv4Addr| {
            let answer = ask(|repr| {
                repr.message_type = DhcpMessageType::Request;
                repr.requested_ip = Some(wanted);
            })
            .unwrap();
            assert_eq!(answer.is_lease, kind(&answer.bytes) == DhcpMessageType::Ack);
            kind(&answer.bytes)
        };
        assert_eq!(request(Addressing::DEFAULT.device), DhcpMessageType::Ack);
        assert_eq!(request(Ipv4Addr::new(10, 0, 2, 16)), DhcpMessageType::Nak);
    }

    #[test]
    fn a_renewal_is_answered_straight() {
        let renewed = ask(|repr| {
            repr.message_type = DhcpMessageType::Request;
            repr.client_ip = Addressing::DEFAULT.device;
        })
        .unwrap();
        assert!(renewed.is_lease);
        assert_eq!(
            (renewed.to, kind(&renewed.bytes)),
            (Addressing::DEFAULT.device, DhcpMessageType::Ack)
        );
    }

    #[test]
    fn what_is_for_another_server_or_damaged_is_not_answered() {
        let other = ask(|repr| {
            repr.message_type = DhcpMessageType::Request;
            repr.server_identifier = Some(Ipv4Addr::new(10, 0, 2, 99));
        });
        assert_eq!(other, None);
        assert_eq!(
            ask(|repr| repr.message_type = DhcpMessageType::Release),
            None
        );
        for length in 0..300 {
            assert_eq!(answer(&vec![0; length], &Addressing::DEFAULT), None);
        }
    }
}
