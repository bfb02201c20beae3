//! What the antenna hears: three carriers in noise, the same at the same time.

use wigwag_codec::ncp::Time;

/// The carriers, in MHz, and how far they stand out of the noise, in dB.
const CARRIERS: [(u32, u8); 3] = [(98, 60), (433, 40), (2450, 50)];

/// The noise's level in a point, of which 255 is 0 dBm and each less is half a
/// decibel.
const FLOOR: u8 = 40;

/// Two samples of each moment, `count` in all: a tone in noise.
pub(super) fn samples(now: Time, count: u32) -> Vec<i16> {
    let mut noise = Noise::at(now);
    let tone = [0, 707, 1000, 707, 0, -707, -1000, -707];
    (0_usize..)
        .take(count as usize)
        .map(|n| {
            // The second of each pair is a quarter of a period behind.
            let phase = n / 2 + 6 * (n % 2);
            8 * tone[phase % tone.len()] + i16::from(noise.next())
        })
        .collect()
}

/// The level at `count` frequencies from `start` to `stop`, in MHz.
pub(super) fn points(now: Time, (start, stop): (u32, u32), count: u32) -> Vec<u8> {
    let mut noise = Noise::at(now);
    let width = u64::from(stop - start);
    let megahertz = |n: u32| start + (width * u64::from(n) / u64::from(count)) as u32;
    (0..count)
        .map(|n| {
            let here = megahertz(n);
            let carrier = CARRIERS.iter().find(|(centre, _)| *centre == here);
            let level = carrier.map_or(0, |(_, level)| 2 * level);
            FLOOR + level + noise.next() % 8
        })
        .collect()
}

/// Marsaglia's xorshift: noise enough for a mock.
struct Noise(u32);

impl Noise {
    fn at(now: Time) -> Self {
        Self((now.secs() ^ now.nanos().rotate_left(7)) | 1)
    }

    fn next(&mut self) -> u8 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0.to_le_bytes()[1]
    }
}
