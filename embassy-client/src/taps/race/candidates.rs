//! The addresses to try, and which of them is next.

use core::net::SocketAddr;

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
    pub(super) to: SocketAddr,
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
    /// The family of the latest attempt.
    latest: Option<Family>,
}

impl<const N: usize> Candidates<N> {
    /// So many addresses one answer may bring: those of the other family have
    /// to find room too.
    pub(super) const EACH: usize = if N < 2 { 1 } else { N / 2 };

    pub(super) const fn new() -> Self {
        Self {
            list: Vec::new(),
            latest: None,
        }
    }

    /// Adds a candidate, unless it is there or there is no room. What has been
    /// tried makes room.
    pub(super) fn add(&mut self, new: Candidate) {
        let is_same = |old: &Candidate| old.to == new.to && old.remote == new.remote;
        if self.list.iter().any(is_same) {
            return;
        }
        if self.list.is_full() {
            let is_done = |old: &Candidate| old.progress == Progress::Done;
            match self.list.iter().position(is_done) {
                // In its place in the order: behind all others.
                Some(done) => drop(self.list.remove(done)),
                None => return,
            }
        }
        // There is room: see above.
        let _ = self.list.push(new);
    }

    pub(super) fn get_mut(&mut self, to: SocketAddr, remote: u8) -> Option<&mut Candidate> {
        self.list
            .iter_mut()
            .find(|candidate| candidate.to == to && candidate.remote == remote)
    }

    pub(super) fn has_any_of(&self, remote: u8) -> bool {
        self.list.iter().any(|candidate| candidate.remote == remote)
    }

    pub(super) fn is_any_waiting(&self) -> bool {
        self.waiting(|_| true).is_some()
    }

    pub(super) fn is_known_waiting(&self) -> bool {
        self.waiting(|candidate| candidate.is_known).is_some()
    }

    /// The next to be tried: what was good the last time, then the families in
    /// turn, in the order of the answers (RFC 8305 section 4, with a First
    /// Address Family Count of 1).
    pub(super) fn take(&mut self, first: Family) -> Option<Candidate> {
        let turn = self.latest.map_or(first, Family::other);
        let next = self
            .waiting(|candidate| candidate.is_known)
            .or_else(|| self.waiting(|candidate| Family::of(candidate.to.ip()) == turn))
            .or_else(|| self.waiting(|_| true))?;
        let candidate = self.list.get_mut(next)?;
        candidate.progress = Progress::Trying;
        self.latest = Some(Family::of(candidate.to.ip()));
        Some(*candidate)
    }

    fn waiting(&self, wanted: impl Fn(&Candidate) -> bool) -> Option<usize> {
        self.list
            .iter()
            .position(|candidate| candidate.progress == Progress::Waiting && wanted(candidate))
    }
}
