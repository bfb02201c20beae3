//! NGTT: a server pushes orders to devices, devices answer each one, and send
//! logs, pathpoints and requests about binary objects.
//!
//! A connection carries [`Frame`]s both ways over TLS. [`NgttFramer`] cuts them
//! out of the byte stream, [`ClientSession`] is the device's end of the
//! conversation and [`ServerSession`] the server's, both without I/O: frames
//! and time in, frames and events out.

pub mod client;
mod digest;
mod error;
mod frame;
mod header;
pub mod message;
pub mod server;

pub use client::ClientSession;
pub use digest::Digest;
pub use error::NgttError;
pub use frame::Frame;
pub use header::{FrameHead, FrameType, HEADER_LEN, NgttFramer};
pub use server::ServerSession;

/// A frame to be written: [`FrameOut::header`], then [`FrameOut::body`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameOut<'a> {
    /// Transaction id and type.
    pub head: FrameHead,
    /// The header as it goes on the wire.
    pub header: [u8; HEADER_LEN],
    /// The payload, borrowed from where it is kept.
    pub body: &'a [u8],
}

impl<'a> FrameOut<'a> {
    /// `body` is at most 4 GiB long: slots and queues see to that.
    pub(crate) const fn new(kind: FrameType, tid: u16, body: &'a [u8]) -> Self {
        let head = FrameHead { tid, kind };
        Self {
            head,
            header: head.header(body.len() as u32),
            body,
        }
    }

    /// The same frame as a view.
    #[must_use]
    pub const fn frame(&self) -> Frame<'a> {
        Frame::new(self.head, self.body)
    }
}

/// Why a connection must be given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum LinkFault {
    /// A PING was written and not answered in time.
    PingUnanswered,
    /// Nothing at all arrived for too long.
    NothingRead,
    /// A frame could not be written for too long.
    WriteStalled,
}

impl core::fmt::Display for LinkFault {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::PingUnanswered => "the peer did not answer a PING in time",
            Self::NothingRead => "nothing was received for too long",
            Self::WriteStalled => "the peer does not take what is written",
        })
    }
}

impl core::error::Error for LinkFault {}

impl From<LinkFault> for NgttError {
    /// A dead peer is a lost connection.
    fn from(_: LinkFault) -> Self {
        Self::ConnectionFailed {
            is_due_to_no_internet: false,
        }
    }
}
