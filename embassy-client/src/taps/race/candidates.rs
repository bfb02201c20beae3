//! The addresses to try, and which of them is next.

use core::net::IpAddr;

use heapless::Vec;

use crate::net::Family;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    Waiting,
    /// An attempt is under way, or has won.
    Trying,
    /// Failed or rejected.
    Done,
}

#[derive(Clone, Copy)]
pub(super) struct Candidate {
    pub(super) address: IpAddr,
    /// Of which remote endpoint it is.
    pub(super) remote: u8,
    pub(super) progress: Progress,
    /// It was good the last time.
    pub(super) is_known: bool,
    /// No name server has named it this time.
    pub(super) is_remembered: bool,
}

pub(super) struct Candidates<const N: usize> {
    list: Vec<Candidate, N>,
    /// The family whose turn it is.
    turn: Family,
}

impl<const N: usize> Candidates<N> {
    /// So many addresses one answer may bring: those of the other family have
    /// to find room too.
    pub(super) const EACH: usize = if N < 2 { 1 } else { N / 2 };

    pub(super) const fn new(first: Family) -> Self {
        Self {
            list: Vec::new(),
            turn: first,
        }
    }

    /// Adds a candidate, unless it is there or there is no room. What has been
    /// tried makes room.
    pub(super) fn add(&mut self, new: Candidate) {
        let mut room = None;
        for old in &mut self.list {
            if old.address == new.address && old.remote == new.remote {
                return;
            }
            if old.progress == Progress::Done && room.is_none() {
                room = Some(old);
            }
        }
        match room {
            Some(old) => *old = new,
            // Full: it is left out.
            None => drop(self.list.push(new)),
        }
    }

    pub(super) fn get(&self, index: u8) -> Option<&Candidate> {
        self.list.get(usize::from(index))
    }

    pub(super) fn set(&mut self, index: u8, progress: Progress) {
        if let Some(candidate) = self.list.get_mut(usize::from(index)) {
            candidate.progress = progress;
        }
    }

    /// The next to be tried: what was good the last time, then the families in
    /// turn, in the order of the answers (RFC 8305 section 4, with a First
    /// Address Family Count of 1).
    #[inline(never)]
    pub(super) fn next(&self) -> Option<u8> {
        let mut best = None;
        for (candidate, index) in self.list.iter().zip(0..) {
            if candidate.progress == Progress::Waiting {
                let is_in_turn = Family::COUNT == 1 || Family::of(candidate.address) == self.turn;
                let rank = (candidate.is_known, is_in_turn);
                if best.is_none_or(|(highest, _)| rank > highest) {
                    best = Some((rank, index));
                }
            }
        }
        best.map(|(_, index)| index)
    }

    /// It is tried now.
    pub(super) fn take(&mut self, index: u8) -> Option<Candidate> {
        self.set(index, Progress::Trying);
        let candidate = *self.get(index)?;
        if Family::COUNT > 1 {
            self.turn = Family::of(candidate.address).other();
        }
        Some(candidate)
    }
}
