//! The eight bytes before every payload.

use core::fmt;

use crate::framer::{FrameError, FrameErrorKind, Framer, Step};

/// Bytes of a frame's header.
pub const HEADER_LEN: usize = 8;

/// What a frame means. The numbers are those on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum FrameType {
    /// 0, both ways, empty: sent back with the same transaction id.
    Ping,
    /// 1, to the device: a list of sections with orders.
    Order,
    /// 2, to the server, empty: the order with this transaction id was executed.
    OrderConfirm,
    /// 3, to the server: a list of log entries. Not answered.
    Logs,
    /// 4, to the server: a list of pathpoints.
    DataStream,
    /// 5, to the device, empty: the DATA_STREAM with this transaction id was taken.
    DataStreamConfirm,
    /// 6, to the device, empty: the DATA_STREAM with this transaction id was refused.
    DataStreamReject,
    /// 7, to the server: a map of object names and versions.
    SyncBaobRequest,
    /// 8, to the device: which objects to download and to upload.
    SyncBaobResponse,
    /// 9, to the server, empty: the order with this transaction id was refused.
    OrderReject,
    /// 10, to the server, empty: deliver what is not confirmed.
    FetchOrders,
    /// A type that this crate does not know. Frames of it are skipped and told
    /// of, never an error.
    Unknown(u16),
}

impl FrameType {
    /// The type with this number.
    #[must_use]
    #[inline]
    pub const fn from_u16(number: u16) -> Self {
        match number {
            0 => Self::Ping,
            1 => Self::Order,
            2 => Self::OrderConfirm,
            3 => Self::Logs,
            4 => Self::DataStream,
            5 => Self::DataStreamConfirm,
            6 => Self::DataStreamReject,
            7 => Self::SyncBaobRequest,
            8 => Self::SyncBaobResponse,
            9 => Self::OrderReject,
            10 => Self::FetchOrders,
            other => Self::Unknown(other),
        }
    }

    /// The number on the wire.
    #[must_use]
    pub const fn as_u16(self) -> u16 {
        match self {
            Self::Ping => 0,
            Self::Order => 1,
            Self::OrderConfirm => 2,
            Self::Logs => 3,
            Self::DataStream => 4,
            Self::DataStreamConfirm => 5,
            Self::DataStreamReject => 6,
            Self::SyncBaobRequest => 7,
            Self::SyncBaobResponse => 8,
            Self::OrderReject => 9,
            Self::FetchOrders => 10,
            Self::Unknown(other) => other,
        }
    }

    /// The name as the protocol writes it, `"UNKNOWN"` for an unknown type.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ping => "PING",
            Self::Order => "ORDER",
            Self::OrderConfirm => "ORDER_CONFIRM",
            Self::Logs => "LOGS",
            Self::DataStream => "DATA_STREAM",
            Self::DataStreamConfirm => "DATA_STREAM_CONFIRM",
            Self::DataStreamReject => "DATA_STREAM_REJECT",
            Self::SyncBaobRequest => "SYNC_BAOB_REQUEST",
            Self::SyncBaobResponse => "SYNC_BAOB_RESPONSE",
            Self::OrderReject => "ORDER_REJECT",
            Self::FetchOrders => "FETCH_ORDERS",
            Self::Unknown(_) => "UNKNOWN",
        }
    }

    /// The type with this name (see [`FrameType::name`]); `None` for others.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        (0..=10)
            .map(Self::from_u16)
            .find(|kind| kind.name() == name)
    }

    /// Whether a device may receive frames of this type.
    #[must_use]
    pub const fn is_to_device(self) -> bool {
        matches!(
            self,
            Self::Ping
                | Self::Order
                | Self::DataStreamConfirm
                | Self::DataStreamReject
                | Self::SyncBaobResponse
        )
    }

    /// Whether a server may receive frames of this type.
    #[must_use]
    pub const fn is_to_server(self) -> bool {
        matches!(
            self,
            Self::Ping
                | Self::OrderConfirm
                | Self::Logs
                | Self::DataStream
                | Self::SyncBaobRequest
                | Self::OrderReject
                | Self::FetchOrders
        )
    }
}

impl fmt::Display for FrameType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(number) => write!(f, "UNKNOWN({number})"),
            known => f.write_str(known.name()),
        }
    }
}

/// What a frame's header says besides the length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct FrameHead {
    /// The transaction id: pairs a request with its reply.
    pub tid: u16,
    /// What the frame means.
    pub kind: FrameType,
}

impl FrameHead {
    /// The header of a frame with this head and `payload_len` bytes of payload:
    /// `u32` length, `u16` transaction id, `u16` type, big-endian.
    #[must_use]
    pub const fn header(self, payload_len: u32) -> [u8; HEADER_LEN] {
        let [l0, l1, l2, l3] = payload_len.to_be_bytes();
        let [t0, t1] = self.tid.to_be_bytes();
        let [k0, k1] = self.kind.as_u16().to_be_bytes();
        [l0, l1, l2, l3, t0, t1, k0, k1]
    }

    /// Takes a header apart: head and payload length.
    #[must_use]
    #[inline]
    pub const fn parse(header: [u8; HEADER_LEN]) -> (Self, u32) {
        let [l0, l1, l2, l3, t0, t1, k0, k1] = header;
        let head = Self {
            tid: u16::from_be_bytes([t0, t1]),
            kind: FrameType::from_u16(u16::from_be_bytes([k0, k1])),
        };
        (head, u32::from_be_bytes([l0, l1, l2, l3]))
    }
}

/// The framer of NGTT.
///
/// The protocol has no limit on a payload's length; here the caller sets one.
/// A longer payload is announced as [`Step::Head`], so it can be passed on in
/// pieces or skipped, and the frames behind it are read as usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NgttFramer {
    max_payload: usize,
}

impl NgttFramer {
    /// A framer for payloads of at most `max_payload` bytes.
    #[must_use]
    pub const fn new(max_payload: usize) -> Self {
        Self { max_payload }
    }

    /// The most that fits into a receive buffer of `capacity` bytes.
    #[must_use]
    pub const fn for_buffer(capacity: usize) -> Self {
        Self::new(capacity.saturating_sub(HEADER_LEN))
    }
}

impl Framer for NgttFramer {
    const HEAD: usize = HEADER_LEN;
    const TAIL: usize = 0;
    const PRESERVES_BOUNDARIES: bool = true;
    type Meta = FrameHead;

    #[inline]
    fn decode(&mut self, prefix: &[u8]) -> Result<Step<FrameHead>, FrameError> {
        let Some(header) = prefix.first_chunk::<HEADER_LEN>() else {
            return Ok(Step::Need(HEADER_LEN));
        };
        let (meta, length) = FrameHead::parse(*header);
        // On a target with 16-bit pointers the length may not fit.
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > self.max_payload {
            return Ok(Step::Head {
                meta,
                skip: HEADER_LEN,
                body_len: length,
                tail: 0,
            });
        }
        // No prefix is as long as a length whose sum overflows.
        let Some(consumed) = length.checked_add(HEADER_LEN) else {
            return Ok(Step::Need(usize::MAX));
        };
        // Compared as its users compare it, who then need not do so again.
        if consumed > prefix.len() {
            return Ok(Step::Need(consumed));
        }
        Ok(Step::Frame {
            meta,
            body: HEADER_LEN..consumed,
            consumed,
        })
    }

    fn encode(
        &mut self,
        meta: &FrameHead,
        body_len: usize,
        head: &mut [u8],
        _tail: &mut [u8],
    ) -> Result<(usize, usize), FrameError> {
        let too_large = FrameError::new(
            FrameErrorKind::TooLarge {
                length: body_len,
                limit: self.max_payload,
            },
            0,
        );
        if body_len > self.max_payload {
            return Err(too_large);
        }
        let length = u32::try_from(body_len).map_err(|_| too_large)?;
        let no_space = FrameError::new(FrameErrorKind::NoSpace, head.len());
        *head.first_chunk_mut::<HEADER_LEN>().ok_or(no_space)? = meta.header(length);
        Ok((HEADER_LEN, 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_those_of_the_protocol() {
        for number in 0..=u16::MAX {
            assert_eq!(FrameType::from_u16(number).as_u16(), number);
        }
        assert_eq!(FrameType::from_u16(10), FrameType::FetchOrders);
        assert_eq!(FrameType::from_u16(11), FrameType::Unknown(11));
        assert_eq!(
            FrameType::from_name("ORDER_REJECT"),
            Some(FrameType::OrderReject)
        );
        assert_eq!(FrameType::from_name("UNKNOWN"), None);
    }

    #[test]
    fn only_a_ping_goes_both_ways() {
        for number in 0..=11 {
            let kind = FrameType::from_u16(number);
            let ways = u8::from(kind.is_to_device()) + u8::from(kind.is_to_server());
            assert_eq!(
                ways,
                match number {
                    0 => 2,
                    11 => 0,
                    _ => 1,
                },
                "{kind}"
            );
        }
    }

    #[test]
    fn a_header_is_what_the_peer_writes() {
        let head = FrameHead {
            tid: 7,
            kind: FrameType::Order,
        };
        assert_eq!(head.header(0x3d), [0, 0, 0, 0x3d, 0, 7, 0, 1]);
        assert_eq!(FrameHead::parse(head.header(0x3d)), (head, 0x3d));
    }

    #[test]
    fn an_announced_length_is_not_believed() {
        let mut framer = NgttFramer::new(16);
        let meta = FrameHead {
            tid: 2,
            kind: FrameType::Order,
        };
        let step = framer.decode(&[0xff, 0xff, 0xff, 0xff, 0, 2, 0, 1, 0xaa]);
        assert_eq!(
            step,
            Ok(Step::Head {
                meta,
                skip: 8,
                body_len: u32::MAX as usize,
                tail: 0
            })
        );
        assert!(framer.encode(&meta, 17, &mut [0; 8], &mut []).is_err());
    }
}
