//! Ethernet frames over a byte stream: a device that is another process.
//!
//! QEMU's `-netdev stream` (and `socket`) writes each frame behind its length,
//! a big-endian u32, without the frame check sequence.

use super::VirtualNet;
use super::link::MAX_FRAME;
use crate::faults::Direction;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::task::Poll;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use wigwag_codec::framer::{FrameReader, Framer, Received};
use wigwag_codec::prefix::{PREFIX_LEN, PrefixFramer};

/// The longest frame that QEMU announces, in bytes: `NET_BUFSIZE` of its
/// `net/net.h`. A greater length is no length: the stream is out of step.
pub const LONGEST_ANNOUNCED: usize = 4096 + 65_536;

/// Bytes read at a time; some twenty full frames.
const READ: usize = 32 * 1024;

/// What passed over a wire.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WireCounts {
    /// Frames from the device.
    pub to_server: u64,
    /// Frames to the device.
    pub to_device: u64,
    /// Frames of no bytes from the device, dropped.
    pub empty: u64,
    /// Frames from the device longer than Ethernet's 1514 bytes, dropped
    /// without being stored.
    pub oversized: u64,
    /// Whether the stream ended in the middle of a frame, as it does when the
    /// device's process is killed.
    pub cut: bool,
}

/// Why a wire came to an end that is not the stream's.
#[derive(Debug)]
#[non_exhaustive]
pub enum WireError {
    /// The other end does not speak frames behind their length, or lost count.
    OutOfStep {
        /// The length that was announced, in bytes.
        announced: usize,
    },
    /// The stream failed.
    Io(io::Error),
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfStep { announced } => write!(
                f,
                "a frame of {announced} bytes was announced, and {LONGEST_ANNOUNCED} is the most \
                 there can be: the other end does not speak u32 length and frame"
            ),
            Self::Io(error) => write!(f, "the stream of frames failed: {error}"),
        }
    }
}

impl std::error::Error for WireError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::OutOfStep { .. } => None,
            Self::Io(error) => Some(error),
        }
    }
}

impl VirtualNet {
    /// Joins a device at the other end of `stream` to this network: its
    /// Ethernet frames, each behind its length as a big-endian u32, pass the
    /// same link with the same [faults](Self::faults) as those of
    /// [`VirtualNet::run`], to the same gateway. Ends with the stream, and says
    /// what passed.
    ///
    /// Runs beside [`VirtualNet::carry`], one device at a time. What an earlier
    /// device had under way is lost. With the link down frames are lost; that
    /// the device's own interface notices is the emulator's affair.
    ///
    /// A stream that takes no bytes holds up its own frames only: at most 256
    /// wait in each direction, and no length is believed before it is checked.
    ///
    /// ```no_run
    /// use wigwag_harness::vnet::{VirtualNet, alongside, loopback};
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// // qemu-system-arm ... -netdev stream,id=n0,server=off,addr.type=inet,...
    /// let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    /// let (device, _) = listener.accept().await?;
    /// let net = VirtualNet::new(loopback());
    /// let counts = alongside(net.carry_wire(device), vec![Box::pin(net.carry())]).await?;
    /// println!("{} frames came", counts.to_server);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`WireError`]. A reset of the stream is its end, not an error: a process
    /// that is killed ends so.
    pub async fn carry_wire(
        &self,
        stream: impl AsyncRead + AsyncWrite,
    ) -> Result<WireCounts, WireError> {
        self.link.clear();
        let (from, to) = tokio::io::split(stream);
        let (mut up, mut down) = (WireCounts::default(), 0);
        let ended = tokio::select! {
            ended = self.read_frames(from, &mut up) => ended,
            ended = self.write_frames(to, &mut down) => ended,
        };
        up.to_device = down;
        match ended {
            Ok(()) => Ok(up),
            Err(WireError::Io(error)) if is_end(&error) => Ok(up),
            Err(error) => Err(error),
        }
    }

    async fn read_frames(
        &self,
        mut stream: impl AsyncRead + Unpin,
        counts: &mut WireCounts,
    ) -> Result<(), WireError> {
        let mut frames = FrameReader::new(PrefixFramer::new(MAX_FRAME), vec![0; READ]);
        loop {
            counts.cut = !frames.at_boundary();
            let read = stream.read(frames.space()).await.map_err(WireError::Io)?;
            if read == 0 {
                return Ok(());
            }
            frames.filled(read);
            while let Some(received) = frames.next().map_err(|error| {
                WireError::Io(io::Error::new(
                    io::ErrorKind::InvalidData,
                    error.to_string(),
                ))
            })? {
                match received {
                    Received::Message { body: [], .. } => counts.empty += 1,
                    Received::Message { body, .. } => {
                        poll_fn(|cx| self.link.poll_room(Direction::ToServer, cx)).await;
                        self.link.send(Direction::ToServer, body.to_vec());
                        counts.to_server += 1;
                    }
                    Received::Oversized { body_len, .. } if body_len > LONGEST_ANNOUNCED => {
                        return Err(WireError::OutOfStep {
                            announced: body_len,
                        });
                    }
                    Received::Oversized { .. } => counts.oversized += 1,
                    // Behind a length every message has an end.
                    Received::Endless { .. } => {}
                }
            }
        }
    }

    async fn write_frames(
        &self,
        mut stream: impl AsyncWrite + Unpin,
        count: &mut u64,
    ) -> Result<(), WireError> {
        // Injected frames may be of any length the wire can say.
        let mut framer = PrefixFramer::new(LONGEST_ANNOUNCED);
        loop {
            let frame = poll_fn(|cx| match self.link.receive(Direction::ToDevice, cx) {
                Some(frame) => Poll::Ready(frame),
                None => Poll::Pending,
            })
            .await;
            let mut head = [0; PREFIX_LEN];
            if framer.encode(&(), frame.len(), &mut head, &mut []).is_err() {
                continue;
            }
            let bytes = [&head[..], &frame].concat();
            stream.write_all(&bytes).await.map_err(WireError::Io)?;
            stream.flush().await.map_err(WireError::Io)?;
            *count += 1;
        }
    }
}

/// Whether the other end is gone, rather than something broken.
fn is_end(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    matches!(
        error.kind(),
        BrokenPipe | ConnectionAborted | ConnectionReset
    )
}

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;
