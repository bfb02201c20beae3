//! Records, and how they are written.

use minicbor::Encoder;
use minicbor::encode::write::Cursor;

use super::error::{CaptureError, CaptureErrorKind};

/// Which way bytes went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Direction {
    /// From the device to the server; 0 in captures.
    ToServer = 0,
    /// From the server to the device; 1 in captures.
    ToDevice = 1,
}

impl Direction {
    /// The other way.
    #[must_use]
    pub const fn reverse(self) -> Self {
        match self {
            Self::ToServer => Self::ToDevice,
            Self::ToDevice => Self::ToServer,
        }
    }
}

/// A record of a capture. Times are microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Record<'a> {
    /// A connection begins.
    Open {
        /// Its number, unique in the capture.
        connection: u32,
        /// When.
        time: u64,
        /// The number of its protocol (see the [module](super)), where it is known.
        protocol: Option<u32>,
        /// Who the device is: its address, or its name where it is known.
        device: &'a str,
        /// Who the server is.
        server: &'a str,
    },
    /// Bytes of a connection, in the order of the stream.
    Bytes {
        /// Whose.
        connection: u32,
        /// When they were seen.
        time: u64,
        /// Which way they went.
        direction: Direction,
        /// The bytes.
        bytes: &'a [u8],
    },
    /// Bytes that are not in the capture.
    Gap {
        /// Whose.
        connection: u32,
        /// When it was noticed.
        time: u64,
        /// Which way they went.
        direction: Direction,
        /// How many; 0 if nobody knows.
        missing: u64,
        /// Whether the next byte begins a frame for certain.
        aligned: bool,
    },
    /// A connection has ended.
    End {
        /// Which.
        connection: u32,
        /// When.
        time: u64,
        /// Why, for people.
        reason: &'a str,
    },
    /// Records were left out before this one, because the receiver was too slow.
    Dropped {
        /// When.
        time: u64,
        /// How many.
        count: u64,
    },
}

/// The kinds, as they are written.
pub(super) mod kind {
    pub(crate) const OPEN: u8 = 0;
    pub(crate) const BYTES: u8 = 1;
    pub(crate) const GAP: u8 = 2;
    pub(crate) const END: u8 = 3;
    pub(crate) const DROPPED: u8 = 4;
}

/// How many bytes the head of a CBOR item with this argument takes.
const fn head_len(argument: u64) -> usize {
    match argument {
        0..=23 => 1,
        24..=0xff => 2,
        0x100..=0xffff => 3,
        0x1_0000..=0xffff_ffff => 5,
        _ => 9,
    }
}

const fn string_len(length: usize) -> usize {
    head_len(length as u64).saturating_add(length)
}

fn sum(parts: &[usize]) -> usize {
    parts.iter().fold(0, |sum, part| sum.saturating_add(*part))
}

impl Record<'_> {
    /// How many bytes [`Record::write`] writes, to the byte.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        // The heads of the array, of the kind, and of each small value take a byte.
        match *self {
            Self::Open {
                connection,
                time,
                protocol,
                device,
                server,
            } => sum(&[
                2,
                head_len(u64::from(connection)),
                head_len(time),
                head_len(protocol.map_or(0, u64::from)),
                string_len(device.len()),
                string_len(server.len()),
            ]),
            Self::Bytes {
                connection,
                time,
                bytes,
                ..
            } => sum(&[
                3,
                head_len(u64::from(connection)),
                head_len(time),
                string_len(bytes.len()),
            ]),
            Self::Gap {
                connection,
                time,
                missing,
                ..
            } => sum(&[
                4,
                head_len(u64::from(connection)),
                head_len(time),
                head_len(missing),
            ]),
            Self::End {
                connection,
                time,
                reason,
            } => sum(&[
                2,
                head_len(u64::from(connection)),
                head_len(time),
                string_len(reason.len()),
            ]),
            Self::Dropped { time, count } => sum(&[2, head_len(time), head_len(count)]),
        }
    }

    /// Writes the record to the start of `out` and returns the number of bytes.
    ///
    /// # Errors
    /// [`CaptureErrorKind::NoSpace`] if `out` is shorter than
    /// [`Record::encoded_len`]; what is in it then is of no use.
    pub fn write(&self, out: &mut [u8]) -> Result<usize, CaptureError> {
        let no_space = CaptureError::new(CaptureErrorKind::NoSpace, out.len() as u64);
        let mut encoder = Encoder::new(Cursor::new(out));
        // A slice refuses only what does not fit.
        self.encode(&mut encoder).map_err(|_| no_space)?;
        Ok(encoder.writer().position())
    }

    fn encode<W: minicbor::encode::Write>(
        &self,
        to: &mut Encoder<W>,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        match *self {
            Self::Open {
                connection,
                time,
                protocol,
                device,
                server,
            } => {
                to.array(6)?.u8(kind::OPEN)?.u32(connection)?.u64(time)?;
                match protocol {
                    Some(number) => to.u32(number)?,
                    None => to.null()?,
                };
                to.str(device)?.str(server)?.ok()
            }
            Self::Bytes {
                connection,
                time,
                direction,
                bytes,
            } => {
                to.array(5)?.u8(kind::BYTES)?.u32(connection)?.u64(time)?;
                to.u8(direction as u8)?.bytes(bytes)?.ok()
            }
            Self::Gap {
                connection,
                time,
                direction,
                missing,
                aligned,
            } => {
                to.array(6)?.u8(kind::GAP)?.u32(connection)?.u64(time)?;
                to.u8(direction as u8)?.u64(missing)?.bool(aligned)?.ok()
            }
            Self::End {
                connection,
                time,
                reason,
            } => {
                to.array(4)?.u8(kind::END)?.u32(connection)?.u64(time)?;
                to.str(reason)?.ok()
            }
            Self::Dropped { time, count } => {
                to.array(3)?.u8(kind::DROPPED)?.u64(time)?.u64(count)?.ok()
            }
        }
    }
}

/// The most that [`bytes_head`] writes.
pub const MAX_BYTES_HEAD: usize = 26;

/// What goes before the bytes of a [`Record::Bytes`] with `length` of them: so that
/// large ones are passed on from where they are.
///
/// ```
/// use wigwag_codec::capture::{self, Direction, MAX_BYTES_HEAD, Record};
///
/// let bytes = b"from where they are";
/// let mut place = [0; MAX_BYTES_HEAD];
/// let head = capture::bytes_head(3, 7, Direction::ToServer, bytes.len(), &mut place);
/// let mut whole = [0; 64];
/// let length = Record::Bytes {
///     connection: 3,
///     time: 7,
///     direction: Direction::ToServer,
///     bytes,
/// }
/// .write(&mut whole)?;
/// assert_eq!([head, bytes].concat(), whole[..length]);
/// # Ok::<(), wigwag_codec::capture::CaptureError>(())
/// ```
pub fn bytes_head(
    connection: u32,
    time: u64,
    direction: Direction,
    length: usize,
    out: &mut [u8; MAX_BYTES_HEAD],
) -> &[u8] {
    let mut encoder = Encoder::new(Cursor::new(out.as_mut_slice()));
    let written = encoder
        .array(5)
        .and_then(|to| to.u8(kind::BYTES))
        .and_then(|to| to.u32(connection))
        .and_then(|to| to.u64(time))
        .and_then(|to| to.u8(direction as u8))
        .and_then(|to| to.bytes_len(length as u64))
        .is_ok();
    // The largest values take 1 + 1 + 5 + 9 + 1 + 9 bytes.
    debug_assert!(written);
    let end = encoder.writer().position();
    out.get(..end).unwrap_or_default()
}
