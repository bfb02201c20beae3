//! Frames that a person puts between those of a server.

use super::{Direction, Protocol, Recorder};
use std::fmt;
use std::sync::Arc;
use wigwag_codec::framer::{Framer, Step};
use wigwag_codec::ncp::NcpFramer;
use wigwag_codec::ngtt::NgttFramer;

/// Hands a whole frame to a connection, which writes it between two others; or says
/// why not. It does not block.
pub type Sender = Arc<dyn Fn(&[u8]) -> Result<(), SendRefusal> + Send + Sync>;

/// The longest frame that may be sent, in bytes.
const MAX_FRAME: usize = 4 << 20;

/// Why a frame is not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendRefusal {
    /// There is no connection of that number, or it has ended.
    Closed,
    /// Only what comes from a server of this process can be joined, and only on its
    /// way to the device.
    NotOurs,
    /// The bytes are not one whole frame of the connection's protocol.
    NotAFrame,
    /// The frame is longer than so many bytes.
    TooLarge(usize),
    /// The handshake is not complete.
    NotYet,
    /// Too many frames wait to be written: the device does not read.
    Full,
}

impl fmt::Display for SendRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the connection has ended"),
            Self::NotOurs => f.write_str(
                "frames can be sent to devices of the server in this program only: not on a \
                 connection that is tapped or read from a file, and not to the server",
            ),
            Self::NotAFrame => {
                f.write_str("the bytes are not exactly one frame of the connection's protocol")
            }
            Self::TooLarge(limit) => write!(f, "a frame to send has at most {limit} bytes"),
            Self::NotYet => f.write_str("the connection is still in its handshake"),
            Self::Full => f.write_str("too many frames wait already: the device does not read"),
        }
    }
}

impl std::error::Error for SendRefusal {}

impl Recorder {
    /// Sends a frame on a connection, between two frames of the server's own. It is
    /// recorded like those, when it is written.
    ///
    /// # Errors
    /// [`SendRefusal`]; then nothing is sent.
    pub fn send(
        &self,
        connection: u32,
        direction: Direction,
        frame: &[u8],
    ) -> Result<(), SendRefusal> {
        let history = self.lock();
        let (protocol, sender) = history.sender(connection).ok_or(SendRefusal::Closed)?;
        if direction != Direction::ToDevice {
            return Err(SendRefusal::NotOurs);
        }
        let sender = sender.ok_or(SendRefusal::NotOurs)?;
        drop(history);
        if frame.len() > MAX_FRAME {
            return Err(SendRefusal::TooLarge(MAX_FRAME));
        }
        if !is_frame(protocol, frame) {
            return Err(SendRefusal::NotAFrame);
        }
        sender(frame)
    }
}

fn is_frame(protocol: Protocol, bytes: &[u8]) -> bool {
    fn one<F: Framer>(mut framer: F, bytes: &[u8]) -> bool {
        matches!(framer.decode(bytes), Ok(Step::Frame { consumed, .. }) if consumed == bytes.len())
    }
    match protocol {
        Protocol::Ngtt => one(NgttFramer::new(MAX_FRAME), bytes),
        Protocol::Ncp => one(NcpFramer::new(MAX_FRAME), bytes),
        _ => false,
    }
}
