//! Makes packets and recordings of them.

/// Raw IP.
const LINK_RAW: u32 = 101;

/// A TCP segment from one port of 10.0.0.1 to one of 10.0.0.2, or back.
#[derive(Clone, Debug)]
pub(super) struct Packet {
    pub(super) millis: u64,
    pub(super) from: (u8, u16),
    pub(super) to: (u8, u16),
    pub(super) sequence: u32,
    pub(super) acknowledged: Option<u32>,
    pub(super) flags: u8,
    pub(super) payload: Vec<u8>,
}

pub(super) const FIN: u8 = 1;
pub(super) const SYN: u8 = 2;
pub(super) const RST: u8 = 4;
const ACK: u8 = 16;

impl Packet {
    /// The IPv4 packet.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 6, 0, 0];
        bytes.extend([10, 0, 0, self.from.0, 10, 0, 0, self.to.0]);
        bytes.extend(self.tcp());
        let length = u16::try_from(bytes.len())
            .expect("short packets")
            .to_be_bytes();
        bytes[2..4].copy_from_slice(&length);
        bytes
    }

    /// The TCP segment, without a checksum.
    pub(super) fn tcp(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(self.from.1.to_be_bytes());
        bytes.extend(self.to.1.to_be_bytes());
        bytes.extend(self.sequence.to_be_bytes());
        bytes.extend(self.acknowledged.unwrap_or(0).to_be_bytes());
        let ack = if self.acknowledged.is_some() { ACK } else { 0 };
        bytes.extend([0x50, self.flags | ack, 0xFF, 0xFF, 0, 0, 0, 0]);
        bytes.extend(&self.payload);
        bytes
    }
}

/// One end of a connection, which counts what it sends.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    pub(super) here: (u8, u16),
    pub(super) there: (u8, u16),
    pub(super) next: u32,
    pub(super) other: Option<u32>,
    pub(super) millis: u64,
}

impl Peer {
    /// A device on port 50000 and a server on port 4000, with these first sequence
    /// numbers.
    pub(super) fn pair(device: u32, server: u32) -> (Self, Self) {
        let (a, b) = ((1, 50_000), (2, 4000));
        let peer = |here, there, next| Self {
            here,
            there,
            next,
            other: None,
            millis: 1,
        };
        (peer(a, b, device), peer(b, a, server))
    }

    pub(super) fn send(&mut self, flags: u8, payload: &[u8]) -> Packet {
        let packet = Packet {
            millis: self.millis,
            from: self.here,
            to: self.there,
            sequence: self.next,
            acknowledged: self.other,
            flags,
            payload: payload.to_vec(),
        };
        let length = u32::try_from(payload.len()).expect("short payloads");
        let taken = length + u32::from(flags & (SYN | FIN) != 0);
        self.next = self.next.wrapping_add(taken);
        packet
    }

    pub(super) fn data(&mut self, payload: &str) -> Packet {
        self.send(0, payload.as_bytes())
    }

    /// Has all that the other has sent.
    pub(super) fn hears(&mut self, other: &Self) {
        self.other = Some(other.next);
    }
}

/// The three packets that open a connection.
pub(super) fn handshake(device: &mut Peer, server: &mut Peer) -> Vec<Packet> {
    let first = device.send(SYN, &[]);
    server.hears(device);
    let second = server.send(SYN, &[]);
    device.hears(server);
    vec![first, second, device.send(0, &[])]
}

/// A little-endian pcap file of raw IP packets.
pub(super) fn pcap(packets: &[Packet]) -> Vec<u8> {
    let packets: Vec<_> = packets
        .iter()
        .map(|packet| (packet.millis, packet.bytes()))
        .collect();
    pcap_of(LINK_RAW, &packets)
}

/// A little-endian pcap file of packets with their times in milliseconds.
pub(super) fn pcap_of(link: u32, packets: &[(u64, Vec<u8>)]) -> Vec<u8> {
    let mut file = pcap_header(u32::to_le_bytes, 0xA1B2_C3D4, link);
    for (millis, bytes) in packets {
        let micros = u32::try_from(millis % 1000 * 1000).expect("below a second");
        let seconds = u32::try_from(millis / 1000).expect("small");
        file.extend(pcap_record(u32::to_le_bytes, (seconds, micros), bytes));
    }
    file
}

/// A file's header in the byte order of `put`.
pub(super) fn pcap_header(put: fn(u32) -> [u8; 4], magic: u32, link: u32) -> Vec<u8> {
    let mut file = put(magic).to_vec();
    // The version: its two halves are in the file's order too.
    let version = put(if put(1)[0] == 1 {
        4 << 16 | 2
    } else {
        2 << 16 | 4
    });
    file.extend(version);
    for number in [0, 0, 262_144, link] {
        file.extend(put(number));
    }
    file
}

/// A packet with its time in seconds and parts of a second.
pub(super) fn pcap_record(put: fn(u32) -> [u8; 4], time: (u32, u32), bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).expect("short packets");
    let mut record = Vec::new();
    for number in [time.0, time.1, length, length] {
        record.extend(put(number));
    }
    record.extend(bytes);
    record
}
