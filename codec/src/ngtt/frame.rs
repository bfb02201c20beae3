//! A frame with its payload.

use super::{FrameHead, FrameType, HEADER_LEN, NgttError, NgttFramer};
use crate::framer::{self, FrameError, Framer, Step};
use crate::minijson::{self, Value};

/// A frame that borrows its payload from the receive buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The transaction id: pairs a request with its reply.
    pub tid: u16,
    /// What the frame means.
    pub kind: FrameType,
    /// One minijson value, or nothing.
    pub payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// A frame of this head and payload.
    #[must_use]
    pub const fn new(head: FrameHead, payload: &'a [u8]) -> Self {
        Self {
            tid: head.tid,
            kind: head.kind,
            payload,
        }
    }

    /// A frame without payload.
    #[must_use]
    pub const fn empty(kind: FrameType, tid: u16) -> Self {
        Self {
            tid,
            kind,
            payload: &[],
        }
    }

    /// Transaction id and type.
    #[must_use]
    pub const fn head(&self) -> FrameHead {
        FrameHead {
            tid: self.tid,
            kind: self.kind,
        }
    }

    /// The payload as the value that it is; `None` if the frame has none.
    ///
    /// ```
    /// use wigwag_codec::ngtt::{Frame, FrameType};
    ///
    /// let frame = Frame { tid: 0, kind: FrameType::Logs, payload: &[0x41, 0x03, 0x05] };
    /// let value = frame.real_data()?.unwrap();
    /// assert_eq!(value.at(0).and_then(|item| item.as_i64()), Some(5));
    /// assert!(Frame::empty(FrameType::Ping, 1).real_data()?.is_none());
    /// # Ok::<(), wigwag_codec::minijson::Error>(())
    /// ```
    ///
    /// # Errors
    /// What is wrong with the payload, under the default
    /// [`Limits`](crate::minijson::Limits).
    pub fn real_data(&self) -> Result<Option<Value<'a>>, minijson::Error> {
        if self.payload.is_empty() {
            return Ok(None);
        }
        Value::parse(self.payload).map(Some)
    }

    /// Reads the one frame that `bytes` is, whatever its length.
    ///
    /// ```
    /// use wigwag_codec::ngtt::{Frame, FrameType};
    ///
    /// let frame = Frame::parse(&[0, 0, 0, 1, 0, 7, 0, 1, 0x40])?;
    /// assert_eq!((frame.tid, frame.kind, frame.payload), (7, FrameType::Order, &[0x40][..]));
    /// # Ok::<(), wigwag_codec::ngtt::NgttError>(())
    /// ```
    ///
    /// # Errors
    /// [`NgttError::InvalidFrame`] if `bytes` is shorter or longer than the
    /// frame, with the offset where a byte is missing or too many.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, NgttError> {
        match NgttFramer::new(usize::MAX).decode(bytes) {
            Ok(Step::Frame {
                meta,
                body,
                consumed,
            }) if consumed == bytes.len() => {
                Ok(Self::new(meta, bytes.get(body).unwrap_or_default()))
            }
            Ok(Step::Frame { consumed, .. }) => Err(NgttError::InvalidFrame { offset: consumed }),
            _ => Err(NgttError::InvalidFrame {
                offset: bytes.len(),
            }),
        }
    }

    /// Writes the frame to the start of `out` and returns its length.
    ///
    /// # Errors
    /// [`crate::framer::FrameErrorKind::NoSpace`] if `out` is shorter than
    /// [`HEADER_LEN`] and the payload.
    pub fn write(&self, out: &mut [u8]) -> Result<usize, FrameError> {
        framer::write(
            &mut NgttFramer::new(usize::MAX),
            &self.head(),
            self.payload,
            out,
        )
    }

    /// How many bytes the frame takes on the wire.
    #[must_use]
    pub const fn wire_len(&self) -> usize {
        self.payload.len().saturating_add(HEADER_LEN)
    }
}
