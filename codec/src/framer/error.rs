use core::fmt;

/// Why a stream cannot be understood, or a message not be framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct FrameError {
    /// What is wrong.
    pub kind: FrameErrorKind,
    /// Where: bytes from the start of the frame (decoding), or the size of the
    /// place that was offered (encoding).
    pub offset: usize,
}

/// What is wrong with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum FrameErrorKind {
    /// The message is longer than the limit or than its length field can say.
    TooLarge {
        /// The message's length in bytes, as announced or as given.
        length: usize,
        /// The most that is allowed.
        limit: usize,
    },
    /// The reader's buffer cannot hold what the framer has to see at once: give
    /// the reader a larger buffer or the framer a lower limit.
    BufferTooSmall {
        /// How many bytes the framer asked for.
        needed: usize,
        /// How many the buffer holds.
        capacity: usize,
    },
    /// A message of a stacked framer does not fit exactly into the message of
    /// the framer below it (RFC 9623 appendix B.2: DeframingFailed).
    Misfit,
    /// The place for head, tail or message is too small.
    NoSpace,
    /// The bytes are not of this format: the peer speaks another.
    Unrecognized,
    /// The stream ended in the middle of a message or of a handshake.
    Truncated,
    /// The peer refused, or offered what the framer does not accept. Before the
    /// connection is Ready this moves on to the next candidate (FailConnection
    /// of RFC 9623 section 6.1).
    Refused {
        /// What the framer's own protocol says about it.
        code: u16,
    },
    /// The peer did not say in time what the framer's protocol asks of it.
    Silent,
    /// No fault: the peer has said in the framer's protocol that it is done
    /// (MakeConnectionClosed of RFC 9623 section 6.1).
    Closed,
}

impl FrameError {
    /// An error of `kind` at `offset`.
    #[must_use]
    pub const fn new(kind: FrameErrorKind, offset: usize) -> Self {
        Self { kind, offset }
    }
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            FrameErrorKind::TooLarge { length, limit } => {
                write!(
                    f,
                    "a message of {length} bytes is over the limit of {limit}"
                )?;
            }
            FrameErrorKind::BufferTooSmall { needed, capacity } => write!(
                f,
                "the framer needs {needed} bytes at once, the receive buffer holds {capacity}"
            )?,
            FrameErrorKind::Misfit => {
                f.write_str("a stacked frame does not fill the frame that carries it")?;
            }
            FrameErrorKind::NoSpace => f.write_str("the place for the frame is too small")?,
            FrameErrorKind::Unrecognized => {
                f.write_str("the bytes are not of the framer's format")?;
            }
            FrameErrorKind::Truncated => {
                f.write_str("the stream ended in the middle of a message")?;
            }
            FrameErrorKind::Refused { code } => write!(f, "the peer refused with {code}")?,
            FrameErrorKind::Silent => f.write_str("the peer did not answer the framer in time")?,
            FrameErrorKind::Closed => f.write_str("the peer has closed the framer's session")?,
        }
        write!(f, " (at byte {})", self.offset)
    }
}

impl core::error::Error for FrameError {}
