//! From a recorded packet to what TCP says in it.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use etherparse::{
    EtherType, IpNumber, LaxNetSlice, LaxSlicedPacket, TcpSlice, TransportSlice, ether_type,
};

use super::blocks::Packet;

/// Link types: numbers of <https://www.tcpdump.org/linktypes.html>.
mod link {
    pub(super) const NULL: u32 = 0;
    pub(super) const ETHERNET: u32 = 1;
    /// Raw IP as some systems number it.
    pub(super) const RAW_BSD: u32 = 12;
    pub(super) const RAW_OPENBSD: u32 = 14;
    pub(super) const RAW: u32 = 101;
    pub(super) const LOOP: u32 = 108;
    pub(super) const LINUX_COOKED: u32 = 113;
    pub(super) const IPV4: u32 = 228;
    pub(super) const IPV6: u32 = 229;
    pub(super) const LINUX_COOKED_2: u32 = 276;
}

/// A TCP segment, as far as it was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment<'a> {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) sequence: u32,
    /// The next byte that the sender expects, if it says so.
    pub(super) acknowledged: Option<u32>,
    pub(super) syn: bool,
    pub(super) fin: bool,
    pub(super) rst: bool,
    pub(super) payload: &'a [u8],
    /// How many bytes of the payload were not recorded.
    pub(super) cut: usize,
}

/// What a packet is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotRead {
    /// Not TCP: nothing for us, and nothing wrong.
    Other,
    /// Of a link type that is not known here.
    Link(u32),
    /// TCP in a fragment of an IP packet.
    Fragment,
    /// Its headers do not fit what was recorded of it.
    Damaged,
}

/// Reads the headers. Checksums are not looked at: those of sent packets are often
/// filled in by the network card, after the recording.
pub(super) fn read<'a>(packet: &Packet<'a>) -> Result<Segment<'a>, NotRead> {
    let bytes = packet.bytes;
    let rest = |from| bytes.get(from..).ok_or(NotRead::Damaged);
    // The EtherType in two bytes before the IP packet.
    let typed = |at, from| {
        let two = rest(at)?.first_chunk().ok_or(NotRead::Damaged)?;
        let kind = EtherType(u16::from_be_bytes(*two));
        Ok((Some(kind), rest(from)?))
    };
    let (kind, inner) = match packet.link {
        link::ETHERNET => typed(12, 14)?,
        link::LINUX_COOKED => typed(14, 16)?,
        link::LINUX_COOKED_2 => typed(0, 20)?,
        // An address family before the packet, in whose byte order is not told: the
        // version in the packet says it as well.
        link::NULL | link::LOOP => (None, rest(4)?),
        link::RAW | link::RAW_BSD | link::RAW_OPENBSD | link::IPV4 | link::IPV6 => (None, bytes),
        other => return Err(NotRead::Link(other)),
    };
    let kind = match (kind, inner.first().map(|first| first >> 4)) {
        (Some(kind), _) => kind,
        (None, Some(4)) => ether_type::IPV4,
        (None, Some(6)) => ether_type::IPV6,
        (None, _) => return Err(NotRead::Other),
    };
    segment(&LaxSlicedPacket::from_ether_type(kind, inner))
}

fn segment<'a>(packet: &LaxSlicedPacket<'a>) -> Result<Segment<'a>, NotRead> {
    let Some(net) = &packet.net else {
        let damaged = packet.stop_err.is_some();
        return Err(if damaged {
            NotRead::Damaged
        } else {
            NotRead::Other
        });
    };
    let (from, to, payload): (IpAddr, IpAddr, _) = match net {
        LaxNetSlice::Ipv4(ip) => {
            let header = ip.header();
            let from = Ipv4Addr::from(header.source());
            let to = Ipv4Addr::from(header.destination());
            (from.into(), to.into(), ip.payload())
        }
        LaxNetSlice::Ipv6(ip) => {
            let header = ip.header();
            let from = Ipv6Addr::from(header.source());
            let to = Ipv6Addr::from(header.destination());
            (from.into(), to.into(), ip.payload())
        }
        LaxNetSlice::Arp(_) => return Err(NotRead::Other),
    };
    if payload.ip_number != IpNumber::TCP {
        return Err(NotRead::Other);
    }
    if payload.fragmented {
        return Err(NotRead::Fragment);
    }
    let Some(TransportSlice::Tcp(tcp)) = &packet.transport else {
        return Err(NotRead::Damaged);
    };
    Ok(Segment {
        from: SocketAddr::new(from, tcp.source_port()),
        to: SocketAddr::new(to, tcp.destination_port()),
        sequence: tcp.sequence_number(),
        acknowledged: tcp.ack().then(|| tcp.acknowledgment_number()),
        syn: tcp.syn(),
        fin: tcp.fin(),
        rst: tcp.rst(),
        payload: tcp.payload(),
        cut: if payload.incomplete {
            missing(net, tcp)
        } else {
            0
        },
    })
}

/// How many bytes the IP header promises beyond those that were recorded.
fn missing(net: &LaxNetSlice<'_>, tcp: &TcpSlice<'_>) -> usize {
    let promised = match net {
        LaxNetSlice::Ipv4(ip) => {
            usize::from(ip.header().total_len()).saturating_sub(ip.header().slice().len())
        }
        // Extension headers are counted too: rare, and then a little too many.
        LaxNetSlice::Ipv6(ip) => usize::from(ip.header().payload_length()),
        LaxNetSlice::Arp(_) => 0,
    };
    promised.saturating_sub(tcp.slice().len())
}
