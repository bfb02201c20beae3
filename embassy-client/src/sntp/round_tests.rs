use super::*;
use crate::sntp::packet::Kiss;
use std::net::Ipv4Addr;

const NEAR: u64 = 1_790_000_000;
const UNIX_EPOCH: u64 = 2_208_988_800;
const SENT: Instant = Instant::from_secs(50);
const NOW: Instant = Instant::from_millis(50_040);

fn server(index: u8) -> SocketAddr {
    (Ipv4Addr::new(192, 0, 2, index), 123).into()
}

fn nonce(index: u8) -> u64 {
    0x1111_1111_1111_1111 * (u64::from(index) + 1)
}

/// An answer to the server's question that says it is so many seconds after
/// [`NEAR`].
fn answer(index: u8, seconds: u64) -> [u8; LENGTH] {
    let mut packet = [0; LENGTH];
    packet[..2].copy_from_slice(&[4 << 3 | 4, 1]);
    packet[24..32].copy_from_slice(&nonce(index).to_be_bytes());
    let time = (NEAR + UNIX_EPOCH + seconds) << 32;
    packet[32..40].copy_from_slice(&time.to_be_bytes());
    packet[40..48].copy_from_slice(&time.to_be_bytes());
    packet
}

/// A kiss-o'-death in answer to the server's question.
fn kiss(index: u8, code: &[u8; 4]) -> [u8; LENGTH] {
    let mut packet = answer(index, 7);
    packet[1] = 0;
    packet[12..16].copy_from_slice(code);
    packet
}

/// A round in which so many servers were asked.
fn asked(servers: u8) -> Round {
    let mut round = Round::new(NEAR);
    for index in 0..servers {
        let request = round.ask(index.into(), server(index), nonce(index), SENT);
        assert_eq!(request[40..], nonce(index).to_be_bytes());
    }
    round
}

/// What a majority of so many servers says after these answers.
fn verdict(servers: u8, times: &[u64]) -> Majority {
    let mut round = asked(servers);
    for (index, seconds) in (0..).zip(times) {
        round.receive(server(index), &answer(index, *seconds), NOW);
    }
    round.majority(servers.into(), 1_000_000)
}

fn tells(majority: Majority) -> u64 {
    match majority {
        Majority::Tells(sample) => sample.unix as u64 / 1_000_000 - NEAR,
        Majority::None { agree } => panic!("only {agree} agree"),
    }
}

#[test]
fn one_server_is_a_majority_of_one() {
    assert_eq!(tells(verdict(1, &[7])), 7);
    assert_eq!(verdict(1, &[]), Majority::None { agree: 0 });
}

#[test]
fn two_servers_must_agree() {
    assert_eq!(tells(verdict(2, &[7, 8])), 7);
    assert_eq!(verdict(2, &[7, 9]), Majority::None { agree: 1 });
    assert_eq!(verdict(2, &[7]), Majority::None { agree: 1 });
}

#[test]
fn the_larger_part_of_three_or_four_decides() {
    assert_eq!(tells(verdict(3, &[9000, 7, 7])), 7);
    assert_eq!(tells(verdict(3, &[7, 7])), 7);
    assert_eq!(verdict(3, &[7, 5000, 9000]), Majority::None { agree: 1 });
    assert_eq!(tells(verdict(4, &[7, 9000, 7, 8])), 7);
    // Half is no majority.
    assert_eq!(verdict(4, &[7, 7, 9000, 9000]), Majority::None { agree: 2 });
    assert_eq!(verdict(4, &[7, 7]), Majority::None { agree: 2 });
}

#[test]
fn the_answer_with_the_least_error_is_taken() {
    let mut round = asked(3);
    for (index, millis) in [(0, 50_900), (1, 50_020), (2, 50_300)] {
        round.receive(
            server(index),
            &answer(index, 7),
            Instant::from_millis(millis),
        );
    }
    let Majority::Tells(sample) = round.majority(3, 1_000_000) else {
        panic!("they agree");
    };
    assert_eq!(sample.at, Instant::from_millis(50_020));
    assert_eq!(sample.error, 10_000);
}

#[test]
fn an_answer_comes_from_where_was_asked_and_with_the_nonce() {
    let mut round = asked(2);
    let good = answer(0, 7);
    let elsewhere = (Ipv4Addr::new(192, 0, 2, 77), 123).into();
    let other_port = (Ipv4Addr::new(192, 0, 2, 0), 124).into();
    for from in [elsewhere, other_port, server(1)] {
        round.receive(from, &good, NOW);
    }
    // Somebody who guesses, and the nonce of another question.
    let mut guess = good;
    guess[31] ^= 1;
    round.receive(server(0), &guess, NOW);
    round.receive(server(0), &answer(1, 7), NOW);
    // A kiss without the nonce keeps nobody away.
    let mut deny = kiss(0, b"DENY");
    deny[31] ^= 1;
    round.receive(server(0), &deny, NOW);
    assert!(
        round
            .voices()
            .iter()
            .all(|voice| !matches!(voice, Voice::Told(_) | Voice::Refused(_)))
    );
    round.receive(server(0), &good, NOW);
    assert!(matches!(round.voices()[0], Voice::Told(_)));
}

#[test]
fn the_first_answer_counts() {
    let mut round = asked(1);
    round.receive(server(0), &answer(0, 7), NOW);
    assert!(round.is_complete());
    // Its double, and one that says something else.
    round.receive(server(0), &answer(0, 7), Instant::from_secs(51));
    round.receive(server(0), &answer(0, 9000), Instant::from_secs(51));
    let majority = round.majority(1, 0);
    assert!(matches!(majority, Majority::Tells(sample) if sample.at == NOW));
    assert_eq!(tells(majority), 7);
}

#[test]
fn a_refusal_is_an_answer_and_no_voice() {
    let mut round = asked(3);
    round.receive(server(0), &kiss(0, b"RATE"), NOW);
    let rate = Refusal::Kiss(Kiss::Rate);
    assert!(matches!(round.voices()[0], Voice::Refused(refusal) if refusal == rate));
    // It said what it said.
    round.receive(server(0), &answer(0, 7), NOW);
    round.receive(server(1), &answer(1, 7), NOW);
    assert!(!round.is_complete());
    assert_eq!(round.majority(3, 0), Majority::None { agree: 1 });
    round.receive(server(2), &answer(2, 7), NOW);
    assert!(round.is_complete());
    assert_eq!(tells(round.majority(3, 0)), 7);
}

#[test]
fn who_was_not_asked_after_all_has_no_voice() {
    let mut round = asked(2);
    round.receive(server(0), &answer(0, 7), NOW);
    assert!(!round.is_complete());
    round.unsent(1);
    assert!(round.is_complete());
    round.receive(server(1), &answer(1, 7), NOW);
    assert!(matches!(round.voices()[1], Voice::NotAsked));
}

#[test]
fn more_servers_than_there_are_places_change_nothing() {
    let mut round = asked(4);
    round.ask(4, server(9), nonce(9), SENT);
    round.unsent(5);
    round.receive(server(9), &answer(9, 7), NOW);
    assert!(
        round
            .voices()
            .iter()
            .all(|voice| matches!(voice, Voice::Asked { .. }))
    );
}
