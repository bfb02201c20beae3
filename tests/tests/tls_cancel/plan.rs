//! What is said on a connection, and how it ends: all of it out of a seed.

use core::time::Duration;

use rand_core::RngCore;
use wigwag_codec::framer;
use wigwag_codec::prefix::PrefixFramer;
use wigwag_tests::campaign;

/// Longest message that either side takes; what is longer is skipped.
pub(crate) const LIMIT: usize = 800;

/// The streams of messages: two of the device's, one of the server's.
pub(crate) const DEVICE: [u8; 2] = [0, 1];
pub(crate) const SERVER: u8 = 2;

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finish {
    /// The device closes it when all has been said.
    DeviceCloses,
    /// The server closes it when all has been said.
    ServerCloses,
    /// The device closes it after some time.
    DeviceClosesAt(Duration),
    /// The server closes it after some time.
    ServerClosesAt(Duration),
    /// The server goes without a word after some time.
    ServerCutsAt(Duration),
    /// The device aborts it after some time.
    DeviceAbortsAt(Duration),
    /// The future that owns the device's connection is dropped after so many
    /// polls, and a second connection follows. When it has all been said before,
    /// the device closes it.
    OwnerDropped(u32),
}

impl Finish {
    pub(crate) const KINDS: usize = 7;

    pub(crate) fn kind(self) -> usize {
        match self {
            Self::DeviceCloses => 0,
            Self::ServerCloses => 1,
            Self::DeviceClosesAt(_) => 2,
            Self::ServerClosesAt(_) => 3,
            Self::ServerCutsAt(_) => 4,
            Self::DeviceAbortsAt(_) => 5,
            Self::OwnerDropped(_) => 6,
        }
    }
}

/// One session, or two.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub seed: u64,
    /// Bytes that TCP holds in each direction.
    pub pipe: usize,
    /// Messages of each stream.
    pub messages: [u16; 3],
    pub finish: Finish,
}

impl Plan {
    pub(crate) fn seeded(seed: u64) -> Self {
        let mut rng = campaign::rng(seed ^ 0x5eed);
        let mut below = |most: u32| rng.next_u32() % most;
        let pipe = [1, 48, 300, 1500, 16_384][below(5) as usize];
        let messages = [0; 3].map(|_: u16| below(14) as u16);
        let after = Duration::from_micros(below(60_000).into());
        let finish = match below(Finish::KINDS as u32) {
            0 => Finish::DeviceCloses,
            1 => Finish::ServerCloses,
            2 => Finish::DeviceClosesAt(after),
            3 => Finish::ServerClosesAt(after),
            4 => Finish::ServerCutsAt(after),
            5 => Finish::DeviceAbortsAt(after),
            // As often after few polls as after many.
            _ => {
                let most = 1 << below(10);
                Finish::OwnerDropped(1 + below(most))
            }
        };
        Self {
            seed,
            pipe,
            messages,
            finish,
        }
    }

    /// A short session that is the same each time.
    pub(crate) fn simple(finish: Finish) -> Self {
        Self {
            seed: 1,
            pipe: 300,
            messages: [6, 6, 6],
            finish,
        }
    }

    /// How the connection of a session ends; the second is there only because
    /// the first was stopped.
    pub(crate) fn finish(&self, session: u8) -> Finish {
        match session {
            1 => self.finish,
            _ => Finish::DeviceCloses,
        }
    }

    /// A message: what it belongs to, its number, and bytes of its own. Most
    /// are short; some of the server's are longer than the device takes.
    pub(crate) fn body(&self, session: u8, stream: u8, number: u16) -> Vec<u8> {
        let name = u64::from(session) << 24 | u64::from(stream) << 16 | u64::from(number);
        let mut rng = campaign::rng(self.seed.rotate_left(32) ^ name);
        let most = match rng.next_u32() % 8 {
            0 if stream == SERVER => 2500,
            0 | 1 => LIMIT - 4,
            _ => 100,
        };
        let mut body = vec![0; 4 + rng.next_u32() as usize % most];
        rng.fill_bytes(&mut body);
        body[..2].copy_from_slice(&[session, stream]);
        body[2..4].copy_from_slice(&number.to_be_bytes());
        body
    }

    /// A message with its length before it, as the server sends it: its own may
    /// be longer than the device takes.
    pub(crate) fn frame(&self, session: u8, stream: u8, number: u16) -> Vec<u8> {
        let body = self.body(session, stream, number);
        let mut frame = vec![0; body.len() + 4];
        let mut framer = PrefixFramer::new(usize::MAX);
        framer::write(&mut framer, &(), &body, &mut frame).expect("it has room");
        frame
    }
}
