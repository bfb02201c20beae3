//! One round of questions, without I/O: who was asked what, what came, and which
//! time a majority tells.

use core::net::SocketAddr;

use wigwag_codec::Instant;

use super::MAX_SERVERS;
use super::packet::{self, Answer, LENGTH, Refusal, Sample};

/// How it stands with one server.
#[derive(Clone, Copy)]
pub(super) enum Voice {
    /// It was not asked in this round.
    NotAsked,
    /// It was asked, and has not answered.
    Asked {
        server: SocketAddr,
        nonce: u64,
        sent: Instant,
    },
    /// It has answered, with a time.
    Told(Sample),
    /// It has answered, without one that can be believed.
    Refused(Refusal),
}

/// What a majority says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Majority {
    /// This time: of all that agree, the answer with the least error.
    Tells(Sample),
    /// None: so many agree at most.
    None { agree: u8 },
}

/// The state of a round.
pub(super) struct Round {
    voices: [Voice; MAX_SERVERS],
    /// A time in seconds since 1970 that tells the era.
    near: u64,
}

impl Round {
    /// Nobody was asked yet. `near`: see [`Answer::judge`].
    pub(super) const fn new(near: u64) -> Self {
        Self {
            voices: [Voice::NotAsked; MAX_SERVERS],
            near,
        }
    }

    /// The server with this index is asked at `server`. Returns the request.
    /// `nonce` comes from a cryptographic generator: who cannot see the request
    /// cannot answer it.
    pub(super) fn ask(
        &mut self,
        index: usize,
        server: SocketAddr,
        nonce: u64,
        now: Instant,
    ) -> [u8; LENGTH] {
        if let Some(voice) = self.voices.get_mut(index) {
            *voice = Voice::Asked {
                server,
                nonce,
                sent: now,
            };
        }
        packet::request(nonce)
    }

    /// Its request did not leave.
    pub(super) fn unsent(&mut self, index: usize) {
        if let Some(voice) = self.voices.get_mut(index) {
            *voice = Voice::NotAsked;
        }
    }

    /// A datagram came. What is not the first answer to a question, from the
    /// address and the port that were asked, changes nothing.
    pub(super) fn receive(&mut self, from: SocketAddr, bytes: &[u8], now: Instant) {
        let Some(answer) = Answer::read(bytes) else {
            return;
        };
        let near = self.near;
        for voice in &mut self.voices {
            let Voice::Asked {
                server,
                nonce,
                sent,
            } = *voice
            else {
                continue;
            };
            let is_from = server.ip() == from.ip() && server.port() == from.port();
            if is_from && nonce == answer.nonce {
                *voice = match answer.judge(sent, now, near) {
                    Ok(sample) => Voice::Told(sample),
                    Err(refusal) => Voice::Refused(refusal),
                };
                return;
            }
        }
    }

    /// Whether everybody who was asked has answered.
    pub(super) fn is_complete(&self) -> bool {
        let mut voices = self.voices.iter();
        !voices.any(|voice| matches!(voice, Voice::Asked { .. }))
    }

    /// How it stands with each server.
    pub(super) fn voices(&self) -> &[Voice; MAX_SERVERS] {
        &self.voices
    }

    /// What more than half of `servers` servers say, whether they were asked or
    /// not. Two agree when they are apart by no more than `tolerance`
    /// microseconds and their errors.
    pub(super) fn majority(&self, servers: usize, tolerance: u64) -> Majority {
        let told = || {
            self.voices.iter().filter_map(|voice| match voice {
                Voice::Told(sample) => Some(*sample),
                _ => None,
            })
        };
        // How many are with each, itself included.
        let mut best: Option<(usize, Sample)> = None;
        for sample in told() {
            let agree = told()
                .filter(|other| sample.agrees(other, tolerance))
                .count();
            let is_better = best.is_none_or(|(most, found)| {
                agree > most || (agree == most && sample.error < found.error)
            });
            if is_better {
                best = Some((agree, sample));
            }
        }
        match best {
            Some((agree, sample)) if agree > servers / 2 => Majority::Tells(sample),
            // There are four at most.
            best => Majority::None {
                agree: best.map_or(0, |(agree, _)| agree as u8),
            },
        }
    }
}

impl Sample {
    /// What has to be added to the device's own clock to get Unix time, in
    /// microseconds.
    pub(super) fn offset(&self) -> i64 {
        let at = i64::try_from(self.at.as_micros()).unwrap_or(i64::MAX);
        self.unix.saturating_sub(at)
    }

    fn agrees(&self, other: &Self, tolerance: u64) -> bool {
        let apart = self.offset().abs_diff(other.offset());
        let errors = self.error.saturating_add(other.error);
        apart <= tolerance.saturating_add(errors)
    }
}

#[cfg(test)]
#[path = "round_tests.rs"]
mod tests;
