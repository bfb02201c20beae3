//! The packet of NTP: 48 bytes, and what a client may believe of them.

use wigwag_codec::Instant;

use crate::time::micros;

/// Bytes of a packet without extension fields (RFC 5905 section 7.3). Nobody was
/// asked for any, so that an answer has exactly these.
pub(super) const LENGTH: usize = 48;

const VERSION: u8 = 4;
const MODE_CLIENT: u8 = 3;
const MODE_SERVER: u8 = 4;

/// The leap indicator of a server that is not synchronised (RFC 5905 figure 9).
const ALARM: u8 = 3;

/// The first stratum that means "not synchronised" (RFC 5905 figure 11).
const UNSYNCHRONISED: u8 = 16;

/// The largest root distance, in units of 2^-16 s: MAXDISP, 16 s (RFC 5905
/// appendix A.5.1.1).
const MAX_ROOT_DISTANCE: u64 = 16 << 16;

/// Seconds from 1900, where NTP's era 0 begins, to 1970.
const UNIX_EPOCH: u64 = 2_208_988_800;

const SECOND: u64 = 1_000_000;

/// What a server says instead of the time (RFC 5905 section 7.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Kiss {
    /// `RATE`: it is asked too often.
    Rate,
    /// `DENY` or `RSTR`: it does not want to be asked by this device.
    Deny,
    /// Another code.
    Other([u8; 4]),
}

/// Why an answer is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Refusal {
    /// A kiss-o'-death: stratum 0.
    Kiss(Kiss),
    /// The leap indicator is 3: the server does not know the time.
    Alarm,
    /// The stratum is above 15: the server does not know the time.
    Stratum(u8),
    /// The server is further from its clock than 16 s.
    RootDistance,
    /// The time of receiving the request, or of sending the answer, is zero.
    NoTime,
    /// It was sent before the request had come, or took longer at the server than
    /// the whole way did.
    Impossible,
}

impl core::fmt::Display for Refusal {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Kiss(Kiss::Rate) => f.write_str("the time server is asked too often"),
            Self::Kiss(Kiss::Deny) => f.write_str("the time server refuses this device"),
            Self::Kiss(Kiss::Other(code)) => {
                write!(
                    f,
                    "the time server says {} instead of the time",
                    code.escape_ascii()
                )
            }
            Self::Alarm => f.write_str("the time server is not synchronised (leap indicator 3)"),
            Self::Stratum(stratum) => {
                write!(f, "the time server is not synchronised (stratum {stratum})")
            }
            Self::RootDistance => f.write_str("the time server is more than 16 s from its clock"),
            Self::NoTime => f.write_str("the time server's answer has no time in it"),
            Self::Impossible => f.write_str("the time server's times contradict each other"),
        }
    }
}

/// A request: a client's mode, and a transmit timestamp that is no time but
/// `nonce`, which the server repeats. The rest is zero: nothing in it helps the
/// server, and everything tells about the device.
pub(super) fn request(nonce: u64) -> [u8; LENGTH] {
    let mut packet = [0; LENGTH];
    packet[0] = VERSION << 3 | MODE_CLIENT;
    packet[40..].copy_from_slice(&nonce.to_be_bytes());
    packet
}

/// A packet that came from the server that was asked: the fields that count.
#[derive(Clone, Copy)]
pub(super) struct Answer {
    /// The client's nonce: what makes it an answer.
    pub(super) nonce: u64,
    first: u8,
    stratum: u8,
    root_delay: u32,
    root_dispersion: u32,
    code: [u8; 4],
    received: u64,
    transmitted: u64,
}

/// What a good answer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sample {
    /// When it came, on the device's own clock.
    pub(super) at: Instant,
    /// What time it was then, in microseconds since 1970; an `i64`, so that
    /// differences need no thought: the era keeps it far below the limit.
    pub(super) unix: i64,
    /// The most by which it is wrong if the server is right about its own error,
    /// in microseconds: half the way there and back, and the server's distance
    /// from its clock.
    pub(super) error: u64,
}

impl Answer {
    /// Reads a packet; `None` where it cannot be an answer of version 4.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; LENGTH] = bytes.try_into().ok()?;
        let word = |at: usize| {
            bytes[at..]
                .first_chunk()
                .map(|four| u32::from_be_bytes(*four))
        };
        let time = |at: usize| {
            bytes[at..]
                .first_chunk()
                .map(|eight| u64::from_be_bytes(*eight))
        };
        let answer = Self {
            nonce: time(24)?,
            first: bytes[0],
            stratum: bytes[1],
            root_delay: word(4)?,
            root_dispersion: word(8)?,
            code: word(12)?.to_be_bytes(),
            received: time(32)?,
            transmitted: time(40)?,
        };
        let (version, mode) = (answer.first >> 3 & 7, answer.first & 7);
        (version == VERSION && mode == MODE_SERVER).then_some(answer)
    }

    /// What it says of the time, if the request left at `sent` and it came at
    /// `now`. `near` is a time in seconds since 1970 that is less than 68 years
    /// away: it tells the era.
    pub(super) fn judge(&self, sent: Instant, now: Instant, near: u64) -> Result<Sample, Refusal> {
        if self.stratum == 0 {
            return Err(Refusal::Kiss(match &self.code {
                b"RATE" => Kiss::Rate,
                b"DENY" | b"RSTR" => Kiss::Deny,
                other => Kiss::Other(*other),
            }));
        }
        if self.first >> 6 == ALARM {
            return Err(Refusal::Alarm);
        }
        if self.stratum >= UNSYNCHRONISED {
            return Err(Refusal::Stratum(self.stratum));
        }
        let root = u64::from(self.root_delay) / 2 + u64::from(self.root_dispersion);
        if root >= MAX_ROOT_DISTANCE {
            return Err(Refusal::RootDistance);
        }
        if self.received == 0 || self.transmitted == 0 {
            return Err(Refusal::NoTime);
        }
        // Within an era or across its end: what counts is the difference.
        let at_server = self.transmitted.wrapping_sub(self.received).cast_signed();
        let at_server = u64::try_from(at_server).map_err(|_| Refusal::Impossible)?;
        let at_server = (at_server >> 32) * SECOND + fraction(at_server);
        let there_and_back = micros(now.saturating_duration_since(sent));
        // A clock of the server that goes a little fast is no contradiction.
        if at_server > there_and_back.saturating_add(there_and_back / 1000) {
            return Err(Refusal::Impossible);
        }
        let half = there_and_back.saturating_sub(at_server) / 2;
        let unix = unix_micros(self.transmitted, near).ok_or(Refusal::NoTime)?;
        Ok(Sample {
            at: now,
            unix: unix.saturating_add(half.cast_signed()),
            error: half.saturating_add((root * SECOND) >> 16),
        })
    }
}

/// The microseconds of a timestamp's fraction.
fn fraction(timestamp: u64) -> u64 {
    ((timestamp & u64::from(u32::MAX)) * SECOND) >> 32
}

/// A timestamp in microseconds since 1970. Its 32 bits of seconds begin anew in
/// 2036 and every 136 years: of all times it can stand for, the one nearest to
/// `near` (seconds since 1970) is meant. `None` for one before 1970.
fn unix_micros(timestamp: u64, near: u64) -> Option<i64> {
    let near = near.checked_add(UNIX_EPOCH)?;
    let seconds = (timestamp >> 32) as u32;
    // The lower half of `near` is all there is to compare with.
    let difference = seconds.wrapping_sub(near as u32).cast_signed();
    let unix = near
        .checked_add_signed(i64::from(difference))?
        .checked_sub(UNIX_EPOCH)?;
    let micros = unix.checked_mul(SECOND)?.checked_add(fraction(timestamp))?;
    i64::try_from(micros).ok()
}

#[cfg(test)]
#[path = "packet_tests.rs"]
mod tests;
