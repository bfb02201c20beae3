//! The packets that a link says by itself.

use super::{LinkConfig, Names, Timing};
use crate::framer::{FrameError, FrameErrorKind, Out};
use crate::ncp::{Header, Ident, NcpError, PacketWriter};

/// Most bytes of what a link says at once: CCRE with names of full length, or a
/// CONNECT with a login of full length.
pub(super) const OUT: usize = 256;

/// Why a server ends a link (ERRO and ERRC in a packet of type LINK).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum LinkError {
    /// 400: what was received is no NCP, or not what was due.
    BadRequest,
    /// 500: the server cannot go on.
    ServerError,
}

impl LinkError {
    /// ERRC.
    #[must_use]
    pub const fn code(self) -> i32 {
        match self {
            Self::BadRequest => 400,
            Self::ServerError => 500,
        }
    }

    /// ERRO, in ncplib's words.
    #[must_use]
    pub const fn detail(self) -> &'static str {
        match self {
            Self::BadRequest => "Bad request",
            Self::ServerError => "Server error",
        }
    }
}

/// Writes the last packet of a server that ends a link because of `error`.
///
/// ```
/// use wigwag_codec::ncp::link::{LinkConfig, LinkError, error_packet};
/// use wigwag_codec::ncp::{Packet, Value};
///
/// let mut place = [0; 128];
/// let wire = error_packet(&mut place, &LinkConfig::new(1024), LinkError::BadRequest)?;
/// let packet = Packet::decode(wire)?;
/// let code = packet.field("ERRO").unwrap().param("ERRC").unwrap().value()?;
/// assert_eq!((packet.kind(), code), ("LINK".try_into()?, Value::I32(400)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`NcpErrorKind::NoSpace`](crate::ncp::NcpErrorKind::NoSpace) if `place` has
/// less than 96 bytes.
pub fn error_packet<'p>(
    place: &'p mut [u8],
    config: &LinkConfig,
    error: LinkError,
) -> Result<&'p [u8], NcpError> {
    PacketWriter::new(place, header(config))
        .field("ERRO")
        .param("ERRO", error.detail())
        .param("ERRC", error.code())
        .finish()
}

fn header(config: &LinkConfig) -> Header {
    Header {
        time: (config.clock)(),
        info: config.info,
        ..Header::new(Ident::LINK)
    }
}

/// Says a packet of type LINK.
fn say(
    out: &mut Out<'_>,
    config: &LinkConfig,
    write: impl FnOnce(PacketWriter<'_>) -> PacketWriter<'_>,
) -> Result<(), FrameError> {
    let mut place = [0; OUT];
    let writer = PacketWriter::new(&mut place, header(config));
    let packet = write(writer)
        .finish()
        .map_err(|error| FrameError::new(FrameErrorKind::NoSpace, error.offset))?;
    out.put(packet)
}

/// A packet without fields, id and nanoseconds.
pub(super) fn keep_alive(out: &mut Out<'_>, config: &LinkConfig) -> Result<(), FrameError> {
    let mut place = [0; OUT];
    let mut header = header(config);
    header.id = 0;
    header.time = crate::ncp::Time::from_secs(header.time.secs());
    match PacketWriter::new(&mut place, header).finish() {
        Ok(packet) => out.put(packet),
        Err(error) => Err(FrameError::new(FrameErrorKind::NoSpace, error.offset)),
    }
}

pub(super) fn error(
    out: &mut Out<'_>,
    config: &LinkConfig,
    error: LinkError,
) -> Result<(), FrameError> {
    say(out, config, |packet| {
        packet
            .field("ERRO")
            .param("ERRO", error.detail())
            .param("ERRC", error.code())
    })
}

pub(super) fn helo(out: &mut Out<'_>, config: &LinkConfig) -> Result<(), FrameError> {
    say(out, config, |packet| packet.field("HELO"))
}

pub(super) fn ccre(
    out: &mut Out<'_>,
    config: &LinkConfig,
    names: &Names<'_>,
) -> Result<(), FrameError> {
    // 0 would say that this end knows of no time.
    let seconds = i32::try_from(config.timeout.as_secs().max(1)).unwrap_or(i32::MAX);
    say(out, config, |packet| {
        packet
            .field("CCRE")
            .param("CIW", names.hostname)
            .param("CUSR", names.username)
            .param("CDOM", names.domain)
            .param("LINK", seconds)
    })
}

pub(super) fn scar(
    out: &mut Out<'_>,
    config: &LinkConfig,
    timing: Timing,
) -> Result<(), FrameError> {
    say(out, config, |packet| {
        packet
            .numbered_field("SCAR", 1)
            .param("LINK", timing.seconds())
    })
}

pub(super) fn care(
    out: &mut Out<'_>,
    config: &LinkConfig,
    hostname: &str,
) -> Result<(), FrameError> {
    say(out, config, |packet| {
        packet.numbered_field("CARE", 1).param("CAR", hostname)
    })
}

pub(super) fn scon(out: &mut Out<'_>, config: &LinkConfig) -> Result<(), FrameError> {
    say(out, config, |packet| packet.numbered_field("SCON", 2))
}
