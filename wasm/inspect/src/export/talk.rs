//! A TCP connection that is made up around the frames of a real one.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::table::Connection;
use crate::{Direction, Protocol};

/// Payload of a segment that fits an Ethernet frame of 1500 bytes behind an IPv6
/// header, and so behind one of IPv4.
const MAX_SEGMENT: usize = 1440;
/// So much is acknowledged at the latest: less than the window.
const MAX_UNACKNOWLEDGED: u32 = 32 << 10;
const WINDOW: u16 = 0xFFFF;

const FIN: u8 = 1;
const SYN: u8 = 2;
const PSH: u8 = 8;
const ACK: u8 = 16;

/// Locally administered addresses of the device and the server.
const MACS: [[u8; 6]; 2] = [[2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]];

/// A packet: Ethernet, IP and TCP headers, and what they carry.
pub(super) struct Packet<'a> {
    pub(super) headers: Vec<u8>,
    pub(super) payload: &'a [u8],
}

type Out<'a> = &'a mut dyn FnMut(&Packet<'_>);

/// A connection in the making. Index 0 is the device.
#[derive(Debug)]
pub(super) struct Talk {
    ends: [SocketAddr; 2],
    /// The sequence number of the next byte that each end sends.
    next: [u32; 2],
    /// What each end's last packet acknowledged of the other's bytes.
    acknowledged: [u32; 2],
}

impl Talk {
    pub(super) fn new(connection: &Connection) -> Self {
        // Numbers that are far from each other, so that a connection is never taken
        // for a part of the one before between the same ports.
        let first = connection.id.0.wrapping_add(1).wrapping_mul(0x9E37_79B9);
        let next = [first, !first];
        Self {
            ends: ends(connection),
            next,
            acknowledged: [next[1], next[0]],
        }
    }

    /// The three packets that open it.
    pub(super) fn open(&mut self, out: Out<'_>) {
        self.send(0, SYN, &[], out);
        self.send(1, SYN | ACK, &[], out);
        self.send(0, ACK, &[], out);
    }

    /// Bytes in one direction.
    pub(super) fn data(&mut self, direction: Direction, bytes: &[u8], out: Out<'_>) {
        let from = end(direction);
        let mut segments = bytes.chunks(MAX_SEGMENT).peekable();
        while let Some(segment) = segments.next() {
            let push = if segments.peek().is_none() { PSH } else { 0 };
            self.send(from, ACK | push, segment, out);
            let behind = self.next[from].wrapping_sub(self.acknowledged[1 - from]);
            if behind >= MAX_UNACKNOWLEDGED {
                self.send(1 - from, ACK, &[], out);
            }
        }
    }

    /// Bytes that are not there; 0 if nobody knows how many.
    #[expect(clippy::cast_possible_truncation, reason = "sequence numbers wrap")]
    pub(super) fn skip(&mut self, direction: Direction, missing: u64) {
        let from = end(direction);
        self.next[from] = self.next[from].wrapping_add(missing.max(1) as u32);
    }

    /// Both ends close it, this one first.
    pub(super) fn close(&mut self, first: Direction, out: Out<'_>) {
        let first = end(first);
        self.send(first, FIN | ACK, &[], out);
        self.send(1 - first, FIN | ACK, &[], out);
        self.send(first, ACK, &[], out);
    }

    fn send(&mut self, from: usize, flags: u8, payload: &[u8], out: Out<'_>) {
        let to = 1 - from;
        let acknowledged = if flags & ACK == 0 { 0 } else { self.next[to] };
        self.acknowledged[from] = self.next[to];
        let mut tcp = [0; 20];
        tcp[..2].copy_from_slice(&self.ends[from].port().to_be_bytes());
        tcp[2..4].copy_from_slice(&self.ends[to].port().to_be_bytes());
        tcp[4..8].copy_from_slice(&self.next[from].to_be_bytes());
        tcp[8..12].copy_from_slice(&acknowledged.to_be_bytes());
        // Five words of header.
        tcp[12] = 5 << 4;
        tcp[13] = flags;
        tcp[14..16].copy_from_slice(&WINDOW.to_be_bytes());
        let headers = headers(from, &self.ends, &mut tcp, payload);
        out(&Packet { headers, payload });
        let taken = short(payload.len()) + u16::from(flags & (SYN | FIN) != 0);
        self.next[from] = self.next[from].wrapping_add(u32::from(taken));
    }
}

const fn end(direction: Direction) -> usize {
    match direction {
        Direction::ToServer => 0,
        Direction::ToDevice => 1,
    }
}

/// The recorded addresses, or some for tests and documentation (RFC 2544, RFC 5737)
/// that tell connections apart.
fn ends(connection: &Connection) -> [SocketAddr; 2] {
    let device = connection.device.parse::<SocketAddr>();
    let server = connection.server.parse::<SocketAddr>();
    if let (Ok(device), Ok(server)) = (device, server)
        && device.is_ipv4() == server.is_ipv4()
        && device != server
    {
        return [device, server];
    }
    let [high, middle, low, lowest] = connection.id.0.to_be_bytes();
    let address = Ipv4Addr::new(198, 18 + (middle & 1), low, lowest);
    let port = 49_152 + (u16::from(high) << 4 | u16::from(middle >> 1) & 15);
    let server = match connection.protocol {
        Protocol::Ngtt => 2405,
        Protocol::Ncp => 9999,
        _ => 7,
    };
    [
        (address, port).into(),
        (Ipv4Addr::new(192, 0, 2, 1), server).into(),
    ]
}

/// The headers of a segment, whose checksum is filled in.
fn headers(from: usize, ends: &[SocketAddr; 2], tcp: &mut [u8; 20], payload: &[u8]) -> Vec<u8> {
    let to = 1 - from;
    let length = short(tcp.len() + payload.len());
    let mut addresses = Vec::new();
    for end in [from, to] {
        match ends[end].ip() {
            IpAddr::V4(address) => addresses.extend(address.octets()),
            IpAddr::V6(address) => addresses.extend(address.octets()),
        }
    }
    // The pseudo header (RFC 9293, section 3.1; RFC 8200, section 8.1).
    let sum = add(u32::from(length) + 6, &addresses);
    let sum = add(add(sum, tcp), payload);
    tcp[16..18].copy_from_slice(&checksum(sum));

    let mut headers = [MACS[to], MACS[from]].concat();
    if ends[from].is_ipv4() {
        headers.extend([0x08, 0x00]);
        let mut ip = [0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 6, 0, 0];
        ip[2..4].copy_from_slice(&(length + 20).to_be_bytes());
        let sum = checksum(add(add(0, &ip), &addresses));
        ip[10..].copy_from_slice(&sum);
        headers.extend(ip);
    } else {
        headers.extend([0x86, 0xDD, 0x60, 0, 0, 0]);
        headers.extend(length.to_be_bytes());
        headers.extend([6, 64]);
    }
    headers.extend(addresses);
    headers.extend(tcp.as_slice());
    headers
}

/// The length of something that fits an Ethernet frame.
#[expect(clippy::cast_possible_truncation, reason = "segments are short")]
const fn short(length: usize) -> u16 {
    length as u16
}

/// Adds words of 16 bits, the last filled up with a zero (RFC 1071).
fn add(sum: u32, bytes: &[u8]) -> u32 {
    let words = bytes.chunks(2).map(|pair| {
        let low = pair.get(1).copied().unwrap_or(0);
        u32::from(u16::from_be_bytes([pair[0], low]))
    });
    // At most 750 words and some headers: no overflow.
    sum + words.sum::<u32>()
}

fn checksum(mut sum: u32) -> [u8; 2] {
    while sum > 0xFFFF {
        sum = (sum >> 16) + (sum & 0xFFFF);
    }
    (!short(sum as usize)).to_be_bytes()
}
