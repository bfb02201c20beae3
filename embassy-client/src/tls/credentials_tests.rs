//! The rule of the two identities, against every sequence of events.

use std::vec;
use std::vec::Vec;

use super::super::error::CertificateError;
use super::*;

/// What can come of one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Refused,
    CannotSign,
    Alert,
    /// Ends without data and without a reason.
    Silence,
    /// The server was not accepted.
    NotTheServer,
    /// Data, then a loss.
    Works,
    /// Data, then a fatal alert.
    WorksThenAlert,
    /// Data that the server sent too early, then a refusal.
    TooEarly,
}

const ALL: [Outcome; 8] = [
    Outcome::Refused,
    Outcome::CannotSign,
    Outcome::Alert,
    Outcome::Silence,
    Outcome::NotTheServer,
    Outcome::Works,
    Outcome::WorksThenAlert,
    Outcome::TooEarly,
];

/// One attempt; the identity that was shown, and the verdict.
fn attempt(credentials: &mut Credentials, outcome: Outcome) -> (Slot, Verdict) {
    let slot = credentials.start();
    if matches!(
        outcome,
        Outcome::Works | Outcome::WorksThenAlert | Outcome::TooEarly
    ) {
        credentials.heard();
    }
    let verdict = credentials.ended(&match outcome {
        Outcome::Refused | Outcome::TooEarly => End::IdentityRefused(42),
        Outcome::CannotSign => End::SignerFailed,
        Outcome::Alert => End::HandshakeAlert(48),
        Outcome::Silence | Outcome::Works => End::Truncated,
        Outcome::NotTheServer => End::Certificate(CertificateError::Expired),
        Outcome::WorksThenAlert => End::PeerAlert(80),
    });
    (slot, verdict)
}

/// Every sequence of up to `length` outcomes.
fn sequences(length: usize) -> Vec<Vec<Outcome>> {
    let mut all = vec![Vec::new()];
    let mut last = all.clone();
    for _ in 0..length {
        last = last
            .iter()
            .flat_map(|sequence: &Vec<Outcome>| {
                ALL.iter().map(move |outcome| {
                    let mut longer = sequence.clone();
                    longer.push(*outcome);
                    longer
                })
            })
            .collect();
        all.extend(last.clone());
    }
    all
}

fn after(sequence: &[Outcome]) -> Credentials {
    let mut credentials = Credentials::new(true);
    for outcome in sequence {
        attempt(&mut credentials, *outcome);
    }
    credentials
}

/// Whatever has happened: as soon as one of the two works, it is tried within
/// two attempts, and kept.
#[test]
fn no_sequence_locks_out_an_identity_that_works() {
    let sequences = sequences(5);
    assert_eq!(sequences.len(), 1 + 8 + 64 + 512 + 4096 + 32768);
    for sequence in sequences {
        for good in [Slot::Current, Slot::Next] {
            for bad in [
                Outcome::Refused,
                Outcome::CannotSign,
                Outcome::Alert,
                Outcome::Silence,
                Outcome::TooEarly,
            ] {
                let mut credentials = after(&sequence);
                let mut shown = Vec::new();
                for _ in 0..4 {
                    let works = credentials.slot() == good;
                    let outcome = if works { Outcome::Works } else { bad };
                    shown.push(attempt(&mut credentials, outcome).0);
                }
                assert!(shown[..2].contains(&good), "{sequence:?} {shown:?}");
                assert_eq!(shown[2..], [good, good], "{sequence:?}");
                assert_eq!(credentials.standing(good), Some(Standing::Proved));
            }
        }
    }
}

/// A refusal is slow only when the other one was refused, too, since anything
/// worked.
#[test]
fn the_slow_pace_begins_when_both_were_refused() {
    for sequence in sequences(5) {
        let mut credentials = Credentials::new(true);
        let mut refused = [false; 2];
        for outcome in &sequence {
            let (slot, verdict) = attempt(&mut credentials, *outcome);
            let is_refusal = matches!(
                outcome,
                Outcome::Refused | Outcome::CannotSign | Outcome::Alert | Outcome::TooEarly
            );
            match outcome {
                Outcome::Works | Outcome::WorksThenAlert => refused = [false; 2],
                _ if is_refusal => refused[slot as usize] = true,
                _ => {}
            }
            assert_eq!(verdict.refused, is_refusal.then_some(slot));
            let slow = verdict.class != FailureClass::Transient;
            let expected = match outcome {
                Outcome::NotTheServer => true,
                _ => is_refusal && refused == [true; 2],
            };
            assert_eq!(slow, expected, "{sequence:?} at {outcome:?}");
        }
    }
}

#[test]
fn the_new_one_is_tried_first_and_told_when_it_is_proved() {
    let mut credentials = Credentials::new(true);
    assert_eq!(credentials.start(), Slot::Next);
    assert_eq!(credentials.standing(Slot::Next), Some(Standing::Untried));
    assert_eq!(credentials.heard(), Some(Slot::Next));
    // Once is enough, on this connection and on later ones.
    assert_eq!(credentials.heard(), None);
    credentials.ended(&End::Truncated);
    assert_eq!(credentials.start(), Slot::Next);
    assert_eq!(credentials.heard(), None);
    assert_eq!(credentials.standing(Slot::Next), Some(Standing::Proved));
    assert_eq!(credentials.standing(Slot::Current), Some(Standing::Untried));
}

#[test]
fn a_server_that_changes_its_mind_is_followed() {
    let mut credentials = Credentials::new(true);
    let (slot, verdict) = attempt(&mut credentials, Outcome::Refused);
    assert_eq!((slot, verdict.refused), (Slot::Next, Some(Slot::Next)));
    assert_eq!(verdict.class, FailureClass::Transient);
    assert_eq!(attempt(&mut credentials, Outcome::Works).0, Slot::Current);
    // The server now knows the new authority only.
    let (slot, verdict) = attempt(&mut credentials, Outcome::Refused);
    assert_eq!(
        (slot, verdict.class),
        (Slot::Current, FailureClass::Transient)
    );
    assert_eq!(attempt(&mut credentials, Outcome::Works).0, Slot::Next);
    assert_eq!(credentials.standing(Slot::Next), Some(Standing::Proved));
    assert_eq!(credentials.standing(Slot::Current), Some(Standing::Refused));
}

#[test]
fn what_says_nothing_about_the_identity_keeps_the_turn() {
    for end in [
        End::Certificate(CertificateError::WrongName),
        End::Closed,
        End::Aborted,
        End::SessionLimit,
    ] {
        let mut credentials = Credentials::new(true);
        credentials.start();
        let verdict = credentials.ended(&end);
        assert_eq!(credentials.slot(), Slot::Next, "{end}");
        assert_eq!((verdict.class, verdict.refused), (end.class(), None));
    }
}

/// A server may look at a certificate late, and say no by any alert.
#[test]
fn an_alert_after_data_passes_the_turn_and_a_loss_does_not() {
    let mut credentials = Credentials::new(true);
    attempt(&mut credentials, Outcome::Works);
    assert_eq!(credentials.slot(), Slot::Next);
    let (_, verdict) = attempt(&mut credentials, Outcome::WorksThenAlert);
    assert_eq!(credentials.slot(), Slot::Current);
    assert_eq!(verdict.refused, None);
}

#[test]
fn one_identity_alone_is_refused_slowly() {
    let mut credentials = Credentials::new(false);
    for _ in 0..3 {
        let (slot, verdict) = attempt(&mut credentials, Outcome::Refused);
        assert_eq!(slot, Slot::Current);
        assert_eq!(verdict.class, FailureClass::Authentication);
        assert_eq!(verdict.refused, None);
    }
    assert_eq!(credentials.standing(Slot::Current), Some(Standing::Refused));
    assert_eq!(credentials.standing(Slot::Next), None);
    credentials.start();
    assert_eq!(credentials.heard(), None);
    assert_eq!(credentials.standing(Slot::Current), Some(Standing::Proved));
}
