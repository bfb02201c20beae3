//! One rule a test.

use core::net::IpAddr;
use core::time::Duration;
use std::vec::Vec;

use super::*;
use crate::net::Family;

mod endpoints;

type One<'a> = Race<'a, 8, 1>;
type Two<'a> = Race<'a, 8, 2>;

const NAME: RemoteEndpoint<'_> = RemoteEndpoint::new().with_host_name("a.test").with_port(80);
const OTHER: RemoteEndpoint<'_> = RemoteEndpoint::new().with_host_name("b.test").with_port(81);
const DEFAULT: RaceConfig = RaceConfig::DEFAULT;

fn ms(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

fn four(last: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, last])
}

fn six(last: u16) -> IpAddr {
    IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, last])
}

fn at(address: IpAddr) -> RemoteEndpoint<'static> {
    RemoteEndpoint::new().with_address(address).with_port(9)
}

fn race<'a, const R: usize>(
    remotes: &'a [RemoteEndpoint<'a>],
    known: Option<KnownGood>,
) -> Race<'a, 8, R> {
    Race::new(remotes, PathId(0), StackId::Tcp, &DEFAULT, known, ms(0))
}

/// Takes the two questions about one name: that for version 6 first.
fn asked<const R: usize>(race: &mut Race<'_, 8, R>, now: Instant, name: &str) -> [Lookup; 2] {
    [Family::V6, Family::V4].map(|family| match race.poll(now) {
        Some(Action::Resolve {
            lookup,
            name: asked,
        }) => {
            assert_eq!((lookup.family, asked), (family, name));
            lookup
        }
        other => panic!("{other:?}"),
    })
}

/// Takes a start.
fn started<const R: usize>(race: &mut Race<'_, 8, R>, now: Instant) -> (Attempt, IpAddr) {
    match race.poll(now) {
        Some(Action::Start { attempt, to }) => (attempt, to.ip()),
        other => panic!("{other:?}"),
    }
}

/// Starts and fails everything there is, and tells the order.
fn order<const R: usize>(race: &mut Race<'_, 8, R>, now: Instant) -> (Vec<IpAddr>, RaceError) {
    let mut order = Vec::new();
    loop {
        match race.poll(now) {
            Some(Action::Start { attempt, to }) => {
                order.push(to.ip());
                race.on_failed(attempt, ConnectError::Refused);
            }
            Some(Action::Failed(error)) => return (order, error),
            other => panic!("{other:?} after {order:?}"),
        }
    }
}

#[test]
fn families_are_interleaved_version_six_first() {
    let mut race: Two<'_> = race(&[NAME], None);
    let [v6, v4] = asked(&mut race, ms(0), "a.test");
    race.on_resolved(v6, &[six(1), six(2), six(3)], ms(5));
    race.on_resolved(v4, &[four(1), four(2)], ms(5));
    let (order, error) = order(&mut race, ms(5));
    assert_eq!(order, [six(1), four(1), six(2), four(2), six(3)]);
    assert_eq!(error, RaceError::Connect(ConnectError::Refused));
    assert_eq!(race.poll(ms(6)), None);
    assert_eq!(race.next_timeout(), None);
}

#[test]
fn the_second_attempt_waits_for_the_attempt_delay_and_the_first_goes_on() {
    let mut race: Two<'_> = race(&[NAME], None);
    let [v6, v4] = asked(&mut race, ms(0), "a.test");
    race.on_resolved(v6, &[six(1)], ms(10));
    let (first, to) = started(&mut race, ms(10));
    assert_eq!(to, six(1));
    race.on_resolved(v4, &[four(1), four(2)], ms(20));
    assert_eq!(race.poll(ms(20)), None);
    assert_eq!(race.next_timeout(), Some(ms(260)));
    assert_eq!(race.poll(ms(259)), None);
    let (second, to) = started(&mut race, ms(260));
    assert_eq!(to, four(1));
    assert_ne!(first.place(), second.place());
    // Both places are taken: the third waits for one of them to fail.
    assert_eq!(race.poll(ms(2000)), None);
    race.on_failed(second, ConnectError::Refused);
    let (third, to) = started(&mut race, ms(2100));
    assert_eq!(to, four(2));
    // The first one is still in the race, and wins.
    race.on_connected(first);
    assert_eq!(race.poll(ms(2200)), Some(Action::Cancel(third)));
    match race.poll(ms(2200)) {
        Some(Action::Won(winner)) => {
            assert_eq!((winner.attempt, winner.to.ip()), (first, six(1)));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(race.poll(ms(9_999_999)), None);
}

#[test]
fn version_four_waits_for_the_resolution_delay() {
    let mut race: Two<'_> = race(&[NAME], None);
    let [v6, v4] = asked(&mut race, ms(0), "a.test");
    race.on_resolved(v4, &[four(1)], ms(100));
    assert_eq!(race.poll(ms(100)), None);
    assert_eq!(race.next_timeout(), Some(ms(150)));
    let (_, to) = started(&mut race, ms(150));
    assert_eq!(to, four(1));
    // Version 6 comes late, and is next in turn.
    race.on_resolved(v6, &[six(1)], ms(300));
    assert_eq!(started(&mut race, ms(400)).1, six(1));
}

#[test]
fn version_six_in_time_is_first_and_its_failure_ends_the_wait() {
    let mut race: One<'_> = race(&[NAME], None);
    let [v6, v4] = asked(&mut race, ms(0), "a.test");
    race.on_resolved(v4, &[four(1)], ms(100));
    race.on_resolved(v6, &[six(1)], ms(149));
    assert_eq!(started(&mut race, ms(149)).1, six(1));

    let mut race: One<'_> = self::race(&[NAME], None);
    let [v6, v4] = asked(&mut race, ms(0), "a.test");
    race.on_resolved(v4, &[four(1)], ms(100));
    race.on_resolve_failed(v6, ResolveError::Failed, ms(101));
    assert_eq!(started(&mut race, ms(101)).1, four(1));
}

#[test]
fn silence_of_name_servers_has_an_end() {
    let mut race: One<'_> = race(&[NAME], None);
    let [v6, _] = asked(&mut race, ms(0), "a.test");
    assert_eq!(race.next_timeout(), Some(ms(10_000)));
    let failed = Action::Failed(RaceError::Resolve(ResolveError::TimedOut));
    assert_eq!(race.poll(ms(10_000)), Some(failed));
    // Late answers change nothing.
    race.on_resolved(v6, &[six(1)], ms(10_001));
    assert_eq!(race.poll(ms(10_001)), None);
}

#[test]
fn an_attempt_without_an_answer_has_an_end() {
    let remotes = [at(four(1)), at(four(2))];
    let mut race: One<'_> = race(&remotes, None);
    let (first, _) = started(&mut race, ms(0));
    assert_eq!(race.poll(ms(9_999)), None);
    assert_eq!(race.next_timeout(), Some(ms(10_000)));
    assert_eq!(race.poll(ms(10_000)), Some(Action::Cancel(first)));
    let (second, to) = started(&mut race, ms(10_000));
    assert_eq!(to, four(2));
    // Late news of the first one are not news of the second at its place.
    assert_eq!(first.place(), second.place());
    race.on_connected(first);
    race.on_failed(first, ConnectError::Refused);
    assert_eq!(race.poll(ms(10_001)), None);
    assert_eq!(race.poll(ms(20_000)), Some(Action::Cancel(second)));
    let failed = Action::Failed(RaceError::Connect(ConnectError::TimedOut));
    assert_eq!(race.poll(ms(20_000)), Some(failed));
}

#[test]
fn the_deadline_ends_everything() {
    let config = RaceConfig {
        deadline: Duration::from_secs(5),
        ..DEFAULT
    };
    let remotes = [at(four(1)), NAME];
    let mut race: Two<'_> = Race::new(&remotes, PathId(0), StackId::Tcp, &config, None, ms(0));
    let (attempt, _) = started(&mut race, ms(0));
    asked(&mut race, ms(250), "a.test");
    assert_eq!(race.poll(ms(250)), None);
    assert_eq!(race.poll(ms(5000)), Some(Action::Cancel(attempt)));
    let failed = Action::Failed(RaceError::Connect(ConnectError::TimedOut));
    assert_eq!(race.poll(ms(5000)), Some(failed));

    // Before anything could begin, and after a rejection.
    let mut race: Two<'_> = Race::new(&remotes, PathId(0), StackId::Tcp, &config, None, ms(0));
    assert_eq!(race.poll(ms(5000)), Some(failed));
    let mut race: Two<'_> = Race::new(&remotes, PathId(0), StackId::Tcp, &config, None, ms(0));
    let (attempt, _) = started(&mut race, ms(0));
    race.on_connected(attempt);
    assert!(matches!(race.poll(ms(1)), Some(Action::Won(_))));
    race.on_rejected(attempt);
    let failed = Action::Failed(RaceError::Rejected);
    assert_eq!(race.poll(ms(5000)), Some(failed));
}

#[test]
fn a_rejected_winner_is_followed_by_the_rest_losers_included() {
    let mut race: Two<'_> = race(&[NAME], None);
    let [v6, v4] = asked(&mut race, ms(0), "a.test");
    race.on_resolved(v6, &[six(1)], ms(0));
    let (first, _) = started(&mut race, ms(0));
    race.on_resolved(v4, &[four(1), four(2)], ms(0));
    let (second, _) = started(&mut race, ms(250));
    race.on_connected(second);
    // Only one wins, also where both are up.
    race.on_connected(first);
    assert_eq!(race.poll(ms(300)), Some(Action::Cancel(first)));
    assert!(matches!(race.poll(ms(300)), Some(Action::Won(winner)) if winner.to.ip() == four(1)));
    race.on_rejected(second);
    let (again, to) = started(&mut race, ms(900));
    assert_eq!(to, six(1));
    race.on_failed(again, ConnectError::Refused);
    assert_eq!(
        order(&mut race, ms(900)),
        (std::vec![four(2)], RaceError::Rejected)
    );
}

#[test]
fn a_question_that_was_open_when_somebody_won_is_asked_again() {
    let mut race: One<'_> = race(&[NAME], None);
    let [v6, v4] = asked(&mut race, ms(0), "a.test");
    race.on_resolved(v6, &[six(1)], ms(0));
    let (attempt, _) = started(&mut race, ms(0));
    race.on_connected(attempt);
    assert!(matches!(race.poll(ms(10)), Some(Action::Won(_))));
    // Nobody waits for this any more.
    race.on_resolved(v4, &[four(1)], ms(20));
    race.on_rejected(attempt);
    match race.poll(ms(30)) {
        Some(Action::Resolve { lookup, .. }) => assert_eq!(lookup, v4),
        other => panic!("{other:?}"),
    }
    race.on_resolved(v4, &[four(1)], ms(40));
    assert_eq!(started(&mut race, ms(40)).1, four(1));
}

#[test]
fn a_winner_that_is_lost_before_anybody_looked_has_not_won() {
    let remotes = [at(four(1)), at(four(2))];
    let mut race: One<'_> = race(&remotes, None);
    let (first, _) = started(&mut race, ms(0));
    race.on_connected(first);
    race.on_failed(first, ConnectError::Refused);
    assert_eq!(started(&mut race, ms(1)).1, four(2));
}
