//! What a race is told.

use core::net::IpAddr;

use wigwag_codec::Instant;

use super::candidates::{Candidate, Candidates, Progress};
use super::{Attempt, KnownGood, Lookup, Phase, Race, RaceError};
use crate::net::{ConnectError, Family, ResolveError};
use crate::taps::endpoint::is_reachable;

impl<const CANDIDATES: usize, const RACE: usize> Race<'_, CANDIDATES, RACE> {
    /// A name has these addresses. Those of another family than was asked for
    /// are left out, and those where nobody can be.
    pub fn on_resolved(&mut self, lookup: Lookup, addresses: &[IpAddr], now: Instant) {
        self.on_answer(lookup, Ok(addresses), now);
    }

    /// A name has no address of this family, as far as is known.
    pub fn on_resolve_failed(&mut self, lookup: Lookup, error: ResolveError, now: Instant) {
        self.on_answer(lookup, Err(error), now);
    }

    pub(in crate::taps) fn on_answer(
        &mut self,
        lookup: Lookup,
        answer: Result<&[IpAddr], ResolveError>,
        now: Instant,
    ) {
        if self.phase == Phase::Racing && lookup.remote == self.asking {
            self.answered(lookup.family, answer, now);
        }
    }

    /// An attempt has connected. The first one wins.
    pub fn on_connected(&mut self, attempt: Attempt) {
        if self.phase == Phase::Racing && self.place(attempt).is_some() {
            self.phase = Phase::Winning(attempt);
            self.lookups.put_off();
        }
    }

    /// An attempt has failed: the next starts at once.
    pub fn on_failed(&mut self, attempt: Attempt, error: ConnectError) {
        self.end(attempt, RaceError::Connect(error));
    }

    /// The layers above could not use the winner: the race goes on with the
    /// rest of the list.
    pub fn on_rejected(&mut self, attempt: Attempt) {
        self.end(attempt, RaceError::Rejected);
    }

    /// Ends an attempt, if it runs or has won.
    fn end(&mut self, attempt: Attempt, error: RaceError) {
        let Some(ended) = self.place(attempt).and_then(Option::take) else {
            return;
        };
        self.candidates.set(ended.candidate, Progress::Done);
        self.next_start = None;
        if matches!(self.phase, Phase::Winning(winner) | Phase::Won(winner) if winner == attempt) {
            self.phase = Phase::Racing;
        }
        let candidate = self.candidates.get(ended.candidate);
        // That a remembered address is not good any more says less than that
        // no name server answered.
        if error == RaceError::Rejected || candidate.is_some_and(|ended| !ended.is_remembered) {
            self.note(error);
        }
    }

    pub(super) fn answered(
        &mut self,
        family: Family,
        answer: Result<&[IpAddr], ResolveError>,
        now: Instant,
    ) {
        let delay = self.config.resolution_delay();
        if !self.lookups.answered(family, now, delay) {
            return;
        }
        let usable = answer
            .unwrap_or_default()
            .iter()
            .filter(|address| Family::of(**address) == family && is_reachable(address))
            .take(Candidates::<CANDIDATES>::EACH);
        let mut is_empty = true;
        for address in usable {
            self.add(*address, self.asking, false);
            is_empty = false;
        }
        if is_empty {
            let error = answer.err().unwrap_or(ResolveError::NoAddress);
            self.is_unanswered |= matches!(error, ResolveError::Failed | ResolveError::TimedOut);
            self.note(RaceError::Resolve(error));
        }
        self.is_found |= !is_empty;
        if let Some(known) = self.known
            && known.remote == self.asking
            && self.is_unanswered
            && !self.is_found
            && !self.lookups.is_busy()
        {
            self.add(known.address, known.remote, true);
        }
    }

    #[inline(never)]
    pub(super) fn add(&mut self, address: IpAddr, remote: u8, is_remembered: bool) {
        let good = KnownGood { remote, address };
        self.candidates.add(Candidate {
            address,
            remote,
            progress: Progress::Waiting,
            is_known: self.known == Some(good),
            is_remembered,
        });
    }
}
