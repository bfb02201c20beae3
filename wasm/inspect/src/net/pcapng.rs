//! Blocks of the newer format (draft-ietf-opsawg-pcapng).

use super::blocks::{MAX_RECORD, Order, Packet, Record, Step};

/// Type and length, and the length again behind the content.
const FRAME: usize = 12;
/// The type of a section's header: the same in both byte orders.
const SECTION: u32 = 0x0A0D_0D0A;
const BYTE_ORDER: u32 = 0x1A2B_3C4D;
const INTERFACE: u32 = 1;
const OBSOLETE_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;
const SECRETS: u32 = 10;
/// "TLSK": the secrets are a key log.
const TLS_KEY_LOG: u32 = 0x544C_534B;

/// Options of an interface.
const RESOLUTION: u16 = 9;
const TIME_OFFSET: u16 = 14;

/// Whether a file that begins so is a pcapng file.
pub(super) fn recognise(bytes: &[u8]) -> bool {
    bytes.starts_with(&SECTION.to_be_bytes())
}

/// A pcapng file that is being read.
#[derive(Debug, Default)]
pub(super) struct Pcapng {
    /// The byte order of the section; none before the first.
    order: Option<Order>,
    interfaces: Vec<Interface>,
    /// Of the packet before, for those that have no time.
    time: u64,
}

/// What the packets of an interface have in common.
#[derive(Clone, Copy, Debug)]
struct Interface {
    link: u32,
    /// Bytes that are kept of a packet; 0 for all.
    snap: u32,
    /// if_tsresol: the unit of times.
    resolution: u8,
    /// if_tsoffset: seconds that are added.
    offset: i64,
}

impl Pcapng {
    /// Looks at the next block, of which `bytes` is the begin.
    pub(super) fn step<'a>(&mut self, bytes: &'a [u8]) -> Step<'a> {
        if bytes.len() < FRAME {
            return Step::Need(FRAME);
        }
        // A section's header tells its byte order behind its length.
        let section = recognise(bytes);
        if section {
            self.order = match [Order::Little, Order::Big]
                .into_iter()
                .find(|order| order.u32(bytes, 8) == BYTE_ORDER)
            {
                Some(order) => Some(order),
                None => return Step::Broken("a section's header without its byte order".into()),
            };
            self.interfaces.clear();
        }
        let Some(order) = self.order else {
            return Step::Broken("this does not begin as a pcapng file does".into());
        };
        let kind = order.u32(bytes, 0);
        let said = order.u32(bytes, 4);
        let length = (said as usize).next_multiple_of(4);
        if length < FRAME {
            let why = format!(
                "a block of {said} bytes: the recording is damaged here, \
                 and what follows cannot be found"
            );
            return Step::Broken(why.into());
        }
        let known = matches!(
            kind,
            SECTION | INTERFACE | OBSOLETE_PACKET | SIMPLE_PACKET | ENHANCED_PACKET | SECRETS
        );
        if !known {
            return Step::Used(length as u64, None);
        }
        if length > MAX_RECORD {
            let why = format!("a block of {said} bytes is passed over");
            return Step::Used(length as u64, Some(Record::Problem(why.into())));
        }
        let Some(block) = bytes.get(..length) else {
            return Step::Need(length);
        };
        let behind = order.u32(block, length - 4);
        if behind != said {
            let why = format!(
                "a block says {said} bytes before it and {behind} behind it: the recording is \
                 damaged here, and what follows cannot be found"
            );
            return Step::Broken(why.into());
        }
        let record = self.content(kind, order, &block[8..length - 4]);
        Step::Used(length as u64, record)
    }

    fn content<'a>(&mut self, kind: u32, order: Order, content: &'a [u8]) -> Option<Record<'a>> {
        let read = match kind {
            INTERFACE => self.interface(order, content).map(|()| None),
            SECRETS => secrets(order, content),
            ENHANCED_PACKET => self.packet(order, content, order.u32(content, 0)),
            // As before, with a count of drops beside the interface.
            OBSOLETE_PACKET => self.packet(order, content, u32::from(order.u16(content, 0))),
            SIMPLE_PACKET => self.simple(order, content),
            _ => Some(None),
        };
        read.unwrap_or_else(|| {
            Some(Record::Problem(
                "a block with less in it than it says".into(),
            ))
        })
    }

    fn interface(&mut self, order: Order, content: &[u8]) -> Option<()> {
        let mut interface = Interface {
            link: u32::from(order.u16(content, 0)),
            snap: order.u32(content, 4),
            resolution: 6,
            offset: 0,
        };
        let mut options = content.get(8..)?;
        while options.len() >= 4 {
            let (code, length) = (order.u16(options, 0), usize::from(order.u16(options, 2)));
            let Some(value) = options.get(4..4 + length) else {
                break;
            };
            match (code, value) {
                (0, _) => break,
                (RESOLUTION, [resolution, ..]) => interface.resolution = *resolution,
                (TIME_OFFSET, _) if length == 8 => {
                    let (first, second) = (order.u32(value, 0), order.u32(value, 4));
                    let (high, low) = match order {
                        Order::Little => (second, first),
                        Order::Big => (first, second),
                    };
                    interface.offset = (u64::from(high) << 32 | u64::from(low)).cast_signed();
                }
                _ => {}
            }
            options = options.get(4 + length.next_multiple_of(4)..).unwrap_or(&[]);
        }
        self.interfaces.push(interface);
        Some(())
    }

    /// Interface, time, kept and original length, each of four bytes but the time;
    /// then the packet.
    fn packet<'a>(
        &mut self,
        order: Order,
        content: &'a [u8],
        interface: u32,
    ) -> Option<Option<Record<'a>>> {
        let kept = order.u32(content, 12) as usize;
        let bytes = content.get(20..)?.get(..kept)?;
        let Some(interface) = self.interfaces.get(interface as usize) else {
            return Some(Some(unknown_interface()));
        };
        let (high, low) = (order.u32(content, 4), order.u32(content, 8));
        self.time = interface.micros(u64::from(high) << 32 | u64::from(low));
        Some(Some(Record::Packet(Packet {
            link: interface.link,
            time: self.time,
            bytes,
        })))
    }

    /// A packet without a time, of the first interface.
    fn simple<'a>(&mut self, order: Order, content: &'a [u8]) -> Option<Option<Record<'a>>> {
        let original = order.u32(content, 0) as usize;
        let bytes = content.get(4..)?;
        let Some(interface) = self.interfaces.first() else {
            return Some(Some(unknown_interface()));
        };
        let kept = match interface.snap {
            0 => original,
            snap => original.min(snap as usize),
        };
        Some(Some(Record::Packet(Packet {
            link: interface.link,
            time: self.time,
            bytes: bytes.get(..kept)?,
        })))
    }
}

impl Interface {
    /// A count of the interface's units as microseconds since 1970.
    fn micros(&self, count: u64) -> u64 {
        let power = u32::from(self.resolution & 0x7F);
        let micros = match self.resolution {
            6 => count,
            9 => count / 1000,
            // Powers of two.
            0x80.. => {
                let micros = (u128::from(count) * 1_000_000) >> power;
                u64::try_from(micros).unwrap_or(u64::MAX)
            }
            0..6 => count.saturating_mul(10u64.pow(6 - power)),
            _ => count / 10u64.checked_pow(power - 6).unwrap_or(u64::MAX),
        };
        micros.saturating_add_signed(self.offset.saturating_mul(1_000_000))
    }
}

fn unknown_interface<'a>() -> Record<'a> {
    Record::Problem("a packet of an interface that the recording has not described".into())
}

fn secrets(order: Order, content: &[u8]) -> Option<Option<Record<'_>>> {
    let length = order.u32(content, 4) as usize;
    let text = content.get(8..)?.get(..length)?;
    Some((order.u32(content, 0) == TLS_KEY_LOG).then_some(Record::Secrets(text)))
}
