//! Records of the older format (libpcap's; draft-ietf-opsawg-pcap).

use super::blocks::{MAX_RECORD, Order, Packet, Record, Step};

/// Bytes before the first record.
const FILE_HEADER: usize = 24;
/// Bytes before each packet.
const RECORD_HEADER: usize = 16;
/// More of one packet is never recorded (libpcap's MAXIMUM_SNAPLEN, and twice
/// that for offloading): a greater length is damage.
const MAX_PACKET: usize = 512 << 10;

const MICROSECONDS: u32 = 0xA1B2_C3D4;
const NANOSECONDS: u32 = 0xA1B2_3C4D;

/// Whether a file that begins so is a pcap file.
pub(super) fn recognise(bytes: &[u8]) -> bool {
    magic(bytes).is_some()
}

fn magic(bytes: &[u8]) -> Option<(Order, bool)> {
    let first = bytes.first_chunk()?;
    for (order, number) in [
        (Order::Little, u32::from_le_bytes(*first)),
        (Order::Big, u32::from_be_bytes(*first)),
    ] {
        match number {
            MICROSECONDS => return Some((order, false)),
            NANOSECONDS => return Some((order, true)),
            _ => {}
        }
    }
    None
}

/// A pcap file that is being read.
#[derive(Debug, Default)]
pub(super) struct Pcap {
    header: Option<Header>,
}

#[derive(Clone, Copy, Debug)]
struct Header {
    order: Order,
    nanoseconds: bool,
    link: u32,
}

impl Pcap {
    /// Looks at the next record, of which `bytes` is the begin.
    pub(super) fn step<'a>(&mut self, bytes: &'a [u8]) -> Step<'a> {
        let Some(header) = self.header else {
            if bytes.len() < FILE_HEADER {
                return Step::Need(FILE_HEADER);
            }
            let Some((order, nanoseconds)) = magic(bytes) else {
                return Step::Broken("this does not begin as a pcap file does".into());
            };
            // The upper half tells of checksums behind frames.
            let link = order.u32(bytes, 20) & 0xFFFF;
            self.header = Some(Header {
                order,
                nanoseconds,
                link,
            });
            return Step::Used(FILE_HEADER as u64, None);
        };
        if bytes.len() < RECORD_HEADER {
            return Step::Need(RECORD_HEADER);
        }
        let field = |at| header.order.u32(bytes, at);
        let kept = field(8) as usize;
        if kept > MAX_PACKET {
            let why = format!(
                "a packet of {kept} bytes: the recording is damaged here, \
                 and what follows cannot be found"
            );
            return Step::Broken(why.into());
        }
        const { assert!(MAX_PACKET + RECORD_HEADER <= MAX_RECORD) }
        let whole = RECORD_HEADER + kept;
        let Some(packet) = bytes.get(RECORD_HEADER..whole) else {
            return Step::Need(whole);
        };
        let fraction = u64::from(field(4));
        let micros = if header.nanoseconds {
            fraction / 1000
        } else {
            fraction
        };
        let packet = Packet {
            link: header.link,
            time: u64::from(field(0)) * 1_000_000 + micros,
            bytes: packet,
        };
        Step::Used(whole as u64, Some(Record::Packet(packet)))
    }
}
