//! NTP's packet, as servers see it: RFC 5905 section 7.3, written down a second
//! time, so that a mistake of the device's is not repeated here.

use super::Field;

/// Bytes of a packet without extensions.
pub const LENGTH: usize = 48;

/// The port of servers.
pub const PORT: u16 = 123;

/// The mode of a client.
pub const MODE_CLIENT: u8 = 3;

const MODE_SERVER: u8 = 4;

/// Seconds from 1900 to 1970: 70 years, 17 of them leap years.
const EPOCH: u64 = (70 * 365 + 17) * 86_400;

/// A packet's fields, those that a client looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet {
    /// The leap indicator.
    pub leap: u8,
    /// The version.
    pub version: u8,
    /// The mode.
    pub mode: u8,
    /// The stratum.
    pub stratum: u8,
    /// The way to the clock and back, in units of 2^-16 s.
    pub root_delay: u32,
    /// How far the clock may be off, in the same.
    pub root_dispersion: u32,
    /// Where the time comes from; the code of a kiss.
    pub reference: [u8; 4],
    /// What the client wrote into `transmitted`.
    pub origin: u64,
    /// When the request came, as a timestamp.
    pub received: u64,
    /// When this packet left, as a timestamp.
    pub transmitted: u64,
}

/// A time in microseconds since 1970 as a timestamp; which era it is in gets lost.
#[must_use]
fn timestamp(unix_micros: u64) -> u64 {
    let seconds = unix_micros / 1_000_000 + EPOCH;
    let fraction = ((unix_micros % 1_000_000) << 32) / 1_000_000;
    (seconds << 32) | fraction
}

impl Packet {
    /// Reads a packet; what follows the header is left out.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.get(..LENGTH)?;
        let word = |at: usize| {
            u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        let time = |at: usize| u64::from(word(at)) << 32 | u64::from(word(at + 4));
        Some(Self {
            leap: bytes[0] >> 6,
            version: bytes[0] >> 3 & 7,
            mode: bytes[0] & 7,
            stratum: bytes[1],
            root_delay: word(4),
            root_dispersion: word(8),
            reference: word(12).to_be_bytes(),
            origin: time(24),
            received: time(32),
            transmitted: time(40),
        })
    }

    /// What an honest server answers at that time, in microseconds since 1970.
    #[must_use]
    pub fn answer(request: &Self, unix_micros: u64) -> Self {
        let now = timestamp(unix_micros);
        Self {
            leap: 0,
            version: request.version,
            mode: MODE_SERVER,
            stratum: 2,
            root_delay: 0,
            root_dispersion: 0,
            reference: [192, 0, 2, 250],
            origin: request.transmitted,
            received: now,
            transmitted: now,
        }
    }

    /// The same as a kiss-o'-death: stratum 0, and not synchronised, as ntpd sends
    /// it.
    #[must_use]
    pub fn kiss(self, code: [u8; 4]) -> Self {
        Self {
            leap: 3,
            stratum: 0,
            reference: code,
            ..self
        }
    }

    /// The same with another field.
    #[must_use]
    pub fn but(mut self, field: Field) -> Self {
        match field {
            Field::Leap(leap) => self.leap = leap,
            Field::Version(version) => self.version = version,
            Field::Mode(mode) => self.mode = mode,
            Field::Stratum(stratum) => self.stratum = stratum,
            Field::RootDispersion(dispersion) => self.root_dispersion = dispersion,
            Field::Received(time) => self.received = time,
            Field::Transmitted(time) => self.transmitted = time,
        }
        self
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(LENGTH);
        // The poll interval and the precision are of no use to SNTP.
        bytes.extend([
            self.leap << 6 | self.version << 3 | self.mode,
            self.stratum,
            6,
            0xec,
        ]);
        bytes.extend(self.root_delay.to_be_bytes());
        bytes.extend(self.root_dispersion.to_be_bytes());
        bytes.extend(self.reference);
        for time in [self.received, self.origin, self.received, self.transmitted] {
            bytes.extend(time.to_be_bytes());
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_come_back_as_they_were() {
        let packet = Packet {
            leap: 2,
            version: 4,
            mode: 3,
            stratum: 9,
            root_delay: 0x0102_0304,
            root_dispersion: 0x0506_0708,
            reference: *b"GPS\0",
            origin: 0x1112_1314_1516_1718,
            received: 0x2122_2324_2526_2728,
            transmitted: 0x3132_3334_3536_3738,
        };
        assert_eq!(packet.bytes().len(), LENGTH);
        assert_eq!(Packet::read(&packet.bytes()), Some(packet));
        assert_eq!(Packet::read(&[0; LENGTH - 1]), None);
    }

    #[test]
    fn time_is_counted_from_1900() {
        // RFC 5905 figure 4: 1970-01-01, and the first day of era 1.
        assert_eq!(timestamp(0) >> 32, 2_208_988_800);
        assert_eq!(timestamp(2_085_978_496_000_000), 0);
        assert_eq!(timestamp(500_000) & u64::from(u32::MAX), 1 << 31);
    }
}
