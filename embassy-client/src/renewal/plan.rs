//! What is to be done with the two slots of the store: decisions without I/O,
//! which come to the same whatever write the power failed at.

/// Which identity stands in a slot: the SHA-256 of its record.
pub(super) type Print = [u8; 32];

/// The next write on the way to one identity in one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The identity of the next slot becomes the current one: copy it.
    Copy,
    /// The next slot holds what the current one does: remove it.
    Clear,
}

/// The next write, if there is one, for the identities in the current and the
/// next slot (`None`: there is none, or no certificate for it yet). `proved` is
/// the one that a server has accepted.
///
/// A promotion is `Copy`, then `Clear`. A power failure in the middle of either
/// leaves the old or the new value in that slot: so nothing is done (the identity
/// is still there, and will be proved again), or all but the clearing (which is
/// found and done at the next start), or everything.
pub(super) fn step(
    current: Option<Print>,
    next: Option<Print>,
    proved: Option<Print>,
) -> Option<Step> {
    let next = next?;
    if current == Some(next) {
        Some(Step::Clear)
    } else if proved == Some(next) {
        Some(Step::Copy)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: Print = [1; 32];
    const NEW: Print = [2; 32];
    const OTHER: Print = [3; 32];

    #[test]
    fn a_promotion_is_two_steps_and_each_may_be_the_first_after_a_start() {
        for current in [None, Some(OLD)] {
            assert_eq!(step(current, Some(NEW), Some(NEW)), Some(Step::Copy));
            assert_eq!(step(current, Some(NEW), None), None);
            assert_eq!(step(current, None, Some(NEW)), None);
        }
        // After the copy, whether or not anybody remembers the proof.
        for proved in [None, Some(NEW), Some(OTHER)] {
            assert_eq!(step(Some(NEW), Some(NEW), proved), Some(Step::Clear));
            assert_eq!(step(Some(NEW), None, proved), None);
        }
    }

    #[test]
    fn the_proof_of_one_identity_is_none_of_another() {
        assert_eq!(step(Some(OLD), Some(NEW), Some(OTHER)), None);
        assert_eq!(step(Some(OLD), Some(NEW), Some(OLD)), None);
    }

    #[test]
    fn every_cut_ends_in_the_old_or_the_new_identity_and_never_in_none() {
        // Slots after each write of a promotion; a cut leaves one of these.
        for (current, next) in [
            (Some(OLD), Some(NEW)),
            (Some(NEW), Some(NEW)),
            (Some(NEW), None),
        ] {
            // Started again, without the proof, then with it.
            for proved in [None, Some(NEW)] {
                let (mut current, mut next) = (current, next);
                let mut steps = 0;
                while let Some(step) = step(current, next, proved) {
                    match step {
                        Step::Copy => current = next,
                        Step::Clear => next = None,
                    }
                    steps += 1;
                }
                assert!(steps <= 2);
                let expected = if proved.is_some() { NEW } else { OLD };
                assert!(current == Some(expected) || current == Some(NEW));
                assert!(next.is_none() || current == Some(OLD));
            }
        }
    }
}
