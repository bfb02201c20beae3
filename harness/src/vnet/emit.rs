//! Frames that the gateway makes itself, without its stack.

use super::addressing::Addressing;
use super::gateway::HARDWARE_ADDRESS;
use super::link::MAX_FRAME;
use super::segment::Ends;
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{
    ArpOperation, ArpPacket, ArpRepr, EthernetAddress, EthernetFrame, EthernetProtocol,
    EthernetRepr, Icmpv6Packet, Icmpv6Repr, IpAddress, IpProtocol, IpRepr, Ipv6Packet, Ipv6Repr,
    NdiscRepr, UdpPacket, UdpRepr,
};
use std::net::IpAddr;

/// The hop limit of what comes from a server.
const HOP_LIMIT: u8 = 64;

const CHECKSUMS: fn() -> ChecksumCapabilities = ChecksumCapabilities::default;

/// A datagram from the server to the device; `None` where it is too long for a
/// frame, because nobody fragments here.
pub(super) fn datagram(ends: Ends, hardware: EthernetAddress, payload: &[u8]) -> Option<Vec<u8>> {
    let (from, to) = (
        IpAddress::from(ends.server.ip()),
        IpAddress::from(ends.device.ip()),
    );
    let udp = UdpRepr {
        src_port: ends.server.port(),
        dst_port: ends.device.port(),
    };
    let length = udp.header_len() + payload.len();
    let ip = IpRepr::new(from, to, IpProtocol::Udp, length, HOP_LIMIT);
    let protocol = match ends.device.ip() {
        IpAddr::V4(_) => EthernetProtocol::Ipv4,
        IpAddr::V6(_) => EthernetProtocol::Ipv6,
    };
    if EthernetFrame::<&[u8]>::buffer_len(ip.buffer_len()) > MAX_FRAME {
        return None;
    }
    Some(frame(hardware, protocol, ip.buffer_len(), |bytes| {
        ip.emit(&mut *bytes, &CHECKSUMS());
        let mut packet = UdpPacket::new_unchecked(&mut bytes[ip.header_len()..]);
        let fill = |room: &mut [u8]| room.copy_from_slice(payload);
        udp.emit(&mut packet, &from, &to, payload.len(), fill, &CHECKSUMS());
    }))
}

/// Asks the device for its hardware address in IPv4, which tells it the
/// gateway's.
pub(super) fn question_v4(addressing: &Addressing, hardware: EthernetAddress) -> Vec<u8> {
    let question = ArpRepr::EthernetIpv4 {
        operation: ArpOperation::Request,
        source_hardware_addr: HARDWARE_ADDRESS,
        source_protocol_addr: addressing.gateway,
        target_hardware_addr: EthernetAddress([0; 6]),
        target_protocol_addr: addressing.device,
    };
    let length = question.buffer_len();
    frame(hardware, EthernetProtocol::Arp, length, |bytes| {
        question.emit(&mut ArpPacket::new_unchecked(bytes));
    })
}

/// Asks the device for its hardware address in IPv6, which tells it the
/// gateway's. Straight to the device, as RFC 4861 section 7.3.3 probes.
pub(super) fn question_v6(addressing: &Addressing, hardware: EthernetAddress) -> Vec<u8> {
    let (from, to) = (addressing.v6.gateway, addressing.v6.device);
    let question = Icmpv6Repr::Ndisc(NdiscRepr::NeighborSolicit {
        target_addr: to,
        lladdr: Some(HARDWARE_ADDRESS.into()),
    });
    let ip = Ipv6Repr {
        src_addr: from,
        dst_addr: to,
        next_header: IpProtocol::Icmpv6,
        payload_len: question.buffer_len(),
        // RFC 4861 section 7.1.1: proof that no router passed it on.
        hop_limit: 255,
    };
    let length = ip.buffer_len() + question.buffer_len();
    frame(hardware, EthernetProtocol::Ipv6, length, |bytes| {
        ip.emit(&mut Ipv6Packet::new_unchecked(&mut *bytes));
        let mut packet = Icmpv6Packet::new_unchecked(&mut bytes[ip.buffer_len()..]);
        question.emit(&from, &to, &mut packet, &CHECKSUMS());
    })
}

fn frame(
    to: EthernetAddress,
    ethertype: EthernetProtocol,
    length: usize,
    fill: impl FnOnce(&mut [u8]),
) -> Vec<u8> {
    let header = EthernetRepr {
        src_addr: HARDWARE_ADDRESS,
        dst_addr: to,
        ethertype,
    };
    let mut bytes = vec![0; EthernetFrame::<&[u8]>::buffer_len(length)];
    let mut frame = EthernetFrame::new_unchecked(&mut bytes[..]);
    header.emit(&mut frame);
    fill(frame.payload_mut());
    bytes
}
