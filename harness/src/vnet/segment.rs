//! What the gateway looks at in a frame before smoltcp does.

use smoltcp::wire::{
    ArpOperation, ArpPacket, EthernetAddress, EthernetFrame, EthernetProtocol, Icmpv6Message,
    Icmpv6Packet, IpAddress, IpProtocol, Ipv4Packet, Ipv6Packet, TcpPacket, UdpPacket,
};
use std::net::SocketAddr;

/// Both addresses of a packet, as the device sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ends {
    pub(super) device: SocketAddr,
    pub(super) server: SocketAddr,
}

/// A frame from the device, as far as the gateway cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen<'a> {
    /// A TCP segment.
    Segment(Segment),
    /// A UDP datagram.
    Datagram {
        ends: Ends,
        /// The device's hardware address.
        hardware: EthernetAddress,
        payload: &'a [u8],
    },
    /// The device asks for a hardware address in IPv4 (ARP, RFC 826).
    AsksV4(EthernetAddress),
    /// The device asks for a hardware address in IPv6 (RFC 4861 section 4.3).
    AsksV6(EthernetAddress),
    /// Something else, or something that smoltcp will not believe either.
    Other,
}

/// A TCP segment, as far as the gateway cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) ends: Ends,
    /// The sequence number of a connection's first segment.
    pub(super) opens: Option<i32>,
    pub(super) resets: bool,
}

/// What `frame` is. Packets with IPv6 extension headers are left to smoltcp.
pub(super) fn see(frame: &[u8]) -> Seen<'_> {
    parse(frame).unwrap_or(Seen::Other)
}

fn parse(frame: &[u8]) -> Option<Seen<'_>> {
    let frame = EthernetFrame::new_checked(frame).ok()?;
    let hardware = frame.src_addr();
    match frame.ethertype() {
        EthernetProtocol::Arp => {
            let packet = ArpPacket::new_checked(frame.payload()).ok()?;
            (packet.operation() == ArpOperation::Request).then_some(Seen::AsksV4(hardware))
        }
        EthernetProtocol::Ipv4 => {
            let packet = Ipv4Packet::new_checked(frame.payload()).ok()?;
            if packet.more_frags() || packet.frag_offset() != 0 || !packet.verify_checksum() {
                return None;
            }
            let (from, to) = (packet.src_addr().into(), packet.dst_addr().into());
            transport(packet.next_header(), packet.payload(), from, to, hardware)
        }
        EthernetProtocol::Ipv6 => {
            let packet = Ipv6Packet::new_checked(frame.payload()).ok()?;
            let (from, to) = (packet.src_addr(), packet.dst_addr());
            if packet.next_header() == IpProtocol::Icmpv6 {
                let message = Icmpv6Packet::new_checked(packet.payload()).ok()?;
                let asks = message.msg_type() == Icmpv6Message::NeighborSolicit;
                return asks.then_some(Seen::AsksV6(hardware));
            }
            transport(
                packet.next_header(),
                packet.payload(),
                from.into(),
                to.into(),
                hardware,
            )
        }
        _ => None,
    }
}

/// What smoltcp will not believe must not open a connection here either.
fn transport(
    protocol: IpProtocol,
    payload: &[u8],
    from: IpAddress,
    to: IpAddress,
    hardware: EthernetAddress,
) -> Option<Seen<'_>> {
    if !to.is_unicast() || !from.is_unicast() {
        return None;
    }
    let ends = |from_port, to_port| Ends {
        device: SocketAddr::new(from.into(), from_port),
        server: SocketAddr::new(to.into(), to_port),
    };
    match protocol {
        IpProtocol::Tcp => {
            let segment = TcpPacket::new_checked(payload).ok()?;
            if !segment.verify_checksum(&from, &to) {
                return None;
            }
            let opens =
                segment.syn() && !segment.ack() && !segment.rst() && segment.dst_port() != 0;
            Some(Seen::Segment(Segment {
                ends: ends(segment.src_port(), segment.dst_port()),
                opens: opens.then(|| segment.seq_number().0),
                resets: segment.rst(),
            }))
        }
        IpProtocol::Udp => {
            let datagram = UdpPacket::new_checked(payload).ok()?;
            let ports = (datagram.src_port(), datagram.dst_port());
            if !datagram.verify_checksum(&from, &to) || ports.0 == 0 || ports.1 == 0 {
                return None;
            }
            Some(Seen::Datagram {
                ends: ends(ports.0, ports.1),
                hardware,
                payload: datagram.payload(),
            })
        }
        _ => None,
    }
}
