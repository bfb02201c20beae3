//! Which endpoints and addresses are tried, and within which bounds.

use super::*;

#[test]
fn one_family_that_fails_is_an_empty_answer() {
    for (dead, alive) in [(Family::V6, four(1)), (Family::V4, six(1))] {
        for error in [
            ResolveError::Failed,
            ResolveError::TimedOut,
            ResolveError::NoAddress,
            ResolveError::Unsupported,
        ] {
            let mut race: One<'_> = race(&[NAME], None);
            for lookup in asked(&mut race, ms(0), "a.test") {
                if lookup.family == dead {
                    race.on_resolve_failed(lookup, error, ms(0));
                } else {
                    race.on_resolved(lookup, &[alive], ms(0));
                }
            }
            assert_eq!(started(&mut race, ms(0)).1, alive);
        }
    }
}

#[test]
fn both_families_that_fail_are_told_with_the_reason_that_says_more() {
    use ResolveError::{Failed, InvalidName, NoAddress, TimedOut, Unsupported};
    for (errors, told) in [
        ([Unsupported, NoAddress], NoAddress),
        ([TimedOut, Unsupported], TimedOut),
        ([TimedOut, Failed], Failed),
        ([InvalidName, InvalidName], InvalidName),
    ] {
        for errors in [errors, [errors[1], errors[0]]] {
            let mut race: One<'_> = race(&[NAME], None);
            let lookups = asked(&mut race, ms(0), "a.test");
            for (lookup, error) in lookups.into_iter().zip(errors) {
                race.on_resolve_failed(lookup, error, ms(0));
            }
            let failed = Action::Failed(RaceError::Resolve(told));
            assert_eq!(race.poll(ms(0)), Some(failed));
            assert_eq!(race.poll(ms(0)), None);
        }
    }
}

#[test]
fn what_was_good_the_last_time_is_first_and_waits_for_nothing() {
    let known = KnownGood {
        remote: 1,
        address: four(2),
    };
    let remotes = [OTHER, NAME];
    let mut race: Two<'_> = race(&remotes, Some(known));
    let [_, v4] = asked(&mut race, ms(0), "a.test");
    race.on_resolved(v4, &[four(1), four(2), four(3)], ms(1));
    assert_eq!(started(&mut race, ms(1)).1, four(2));
    // The others as ever.
    assert_eq!(race.poll(ms(51)), None);
    assert_eq!(started(&mut race, ms(251)).1, four(1));
}

#[test]
fn what_was_good_is_tried_when_no_name_server_answers() {
    let known = KnownGood {
        remote: 0,
        address: four(7),
    };
    for error in [ResolveError::Failed, ResolveError::TimedOut] {
        let mut race: One<'_> = race(&[NAME], Some(known));
        let [v6, v4] = asked(&mut race, ms(0), "a.test");
        race.on_resolve_failed(v6, ResolveError::NoAddress, ms(0));
        race.on_resolve_failed(v4, error, ms(0));
        let (order, told) = order(&mut race, ms(0));
        assert_eq!(order, [four(7)]);
        // That it does not answer either is not the reason.
        assert_eq!(told, RaceError::Resolve(error));
    }
    // The name has no address any more, or another one: it is forgotten.
    let mut race: One<'_> = race(&[NAME], Some(known));
    for lookup in asked(&mut race, ms(0), "a.test") {
        race.on_resolve_failed(lookup, ResolveError::NoAddress, ms(0));
    }
    assert!(order(&mut race, ms(0)).0.is_empty());
    let mut race: One<'_> = self::race(&[NAME], Some(known));
    let [v6, v4] = asked(&mut race, ms(0), "a.test");
    race.on_resolve_failed(v6, ResolveError::Failed, ms(0));
    race.on_resolved(v4, &[four(1)], ms(0));
    assert_eq!(order(&mut race, ms(0)).0, [four(1)]);
}

#[test]
fn endpoints_take_turns_in_their_order() {
    let remotes = [NAME, at(four(9)), OTHER];
    let mut race: One<'_> = race(&remotes, None);
    let [v6, v4] = asked(&mut race, ms(0), "a.test");
    race.on_resolved(v6, &[six(1)], ms(0));
    race.on_resolve_failed(v4, ResolveError::NoAddress, ms(0));
    let (first, to) = started(&mut race, ms(0));
    assert_eq!(to, six(1));
    // The others have to wait: not even their names are asked for.
    assert_eq!(race.poll(ms(5000)), None);
    race.on_failed(first, ConnectError::Refused);
    let (second, to) = started(&mut race, ms(5000));
    assert_eq!(to, four(9));
    race.on_failed(second, ConnectError::NoRoute);
    for lookup in asked(&mut race, ms(5001), "b.test") {
        // Late answers about the first name are not answers about this.
        race.on_resolved(v6, &[six(6)], ms(5001));
        race.on_resolve_failed(lookup, ResolveError::Failed, ms(5002));
    }
    let failed = Action::Failed(RaceError::Connect(ConnectError::Refused));
    assert_eq!(race.poll(ms(5002)), Some(failed));
}

#[test]
fn an_address_does_not_wait_for_a_slow_name_server() {
    let remotes = [NAME, at(four(9))];
    let mut race: Two<'_> = race(&remotes, None);
    let [v6, _] = asked(&mut race, ms(0), "a.test");
    assert_eq!(race.poll(ms(0)), None);
    assert_eq!(race.next_timeout(), Some(ms(250)));
    assert_eq!(started(&mut race, ms(250)).1, four(9));
    race.on_resolved(v6, &[six(1)], ms(400));
    assert_eq!(race.poll(ms(400)), None);
    assert_eq!(started(&mut race, ms(500)).1, six(1));
}

#[test]
fn endpoints_for_another_path_or_stack_are_left_out() {
    let unusable = [
        at(four(1)).with_interface(PathId(1)),
        at(four(2)).with_protocol(StackId::Tls),
        RemoteEndpoint::new().with_address(four(3)),
        RemoteEndpoint::new().with_port(80),
        at(IpAddr::from([0, 0, 0, 0])),
        at(IpAddr::from([224, 0, 0, 1])),
    ];
    let mut race: One<'_> = race(&unusable, None);
    let failed = Action::Failed(RaceError::NoEndpoint);
    assert_eq!(race.poll(ms(0)), Some(failed));
    let known = KnownGood {
        remote: 200,
        address: four(1),
    };
    let mut none: One<'_> = self::race(&[], Some(known));
    assert_eq!(none.poll(ms(0)), Some(failed));
    let mut race: One<'_> = Race::new(&unusable, PathId(1), StackId::Tls, &DEFAULT, None, ms(0));
    assert_eq!(order(&mut race, ms(0)).0, [four(1), four(2)]);
}

#[test]
fn what_a_name_server_says_is_bounded_and_checked() {
    let mut race: One<'_> = race(&[NAME], None);
    let [v6, v4] = asked(&mut race, ms(0), "a.test");
    let flood: Vec<_> = (1..=200).map(six).collect();
    race.on_resolved(v6, &flood, ms(0));
    race.on_resolved(
        v4,
        &[
            IpAddr::from([0, 0, 0, 0]),
            IpAddr::from([224, 0, 0, 1]),
            IpAddr::from([255, 255, 255, 255]),
            six(1),
            four(1),
            four(1),
        ],
        ms(0),
    );
    let expected = [six(1), four(1), six(2), six(3), six(4)];
    assert_eq!(order(&mut race, ms(0)).0, expected);

    // An answer with nothing usable in it is an empty one.
    let mut race: One<'_> = self::race(&[NAME], None);
    for lookup in asked(&mut race, ms(0), "a.test") {
        race.on_resolved(lookup, &[IpAddr::from([0, 0, 0, 0])], ms(0));
    }
    let failed = Action::Failed(RaceError::Resolve(ResolveError::NoAddress));
    assert_eq!(race.poll(ms(0)), Some(failed));
}

#[test]
fn many_endpoints_find_room_where_the_first_have_failed() {
    let remotes: Vec<_> = (1..=200).map(|last| at(four(last))).collect();
    let mut race: Race<'_, 2, 2> =
        Race::new(&remotes, PathId(0), StackId::Tcp, &DEFAULT, None, ms(0));
    let mut tried = 0;
    loop {
        match race.poll(ms(0)) {
            Some(Action::Start { attempt, .. }) => {
                tried += 1;
                race.on_failed(attempt, ConnectError::NoRoute);
            }
            Some(Action::Failed(error)) => {
                assert_eq!(error, RaceError::Connect(ConnectError::NoRoute));
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(tried, 200);
}

#[test]
fn delays_are_kept_within_their_bounds() {
    for (set, kept) in [(0, 100), (99, 100), (100, 100), (250, 250), (60_000, 2000)] {
        let config = RaceConfig {
            attempt_delay: Duration::from_millis(set),
            resolution_delay: Duration::MAX,
            ..DEFAULT
        };
        let remotes = [at(four(1)), at(four(2))];
        let mut race: Two<'_> = Race::new(&remotes, PathId(0), StackId::Tcp, &config, None, ms(0));
        started(&mut race, ms(0));
        assert_eq!(race.poll(ms(0)), None);
        assert_eq!(race.next_timeout(), Some(ms(kept)));
        assert_eq!(started(&mut race, ms(kept)).1, four(2));
    }
}

#[test]
fn version_four_can_be_preferred() {
    let config = RaceConfig {
        first: Family::V4,
        ..DEFAULT
    };
    let mut race: One<'_> = Race::new(&[NAME], PathId(0), StackId::Tcp, &config, None, ms(0));
    let lookups = [(); 2].map(|()| match race.poll(ms(0)) {
        Some(Action::Resolve { lookup, .. }) => lookup,
        other => panic!("{other:?}"),
    });
    assert_eq!(
        lookups.map(|lookup| lookup.family),
        [Family::V4, Family::V6]
    );
    race.on_resolved(lookups[1], &[six(1)], ms(0));
    assert_eq!(race.poll(ms(0)), None);
    race.on_resolved(lookups[0], &[four(1), four(2)], ms(1));
    assert_eq!(order(&mut race, ms(1)).0, [four(1), six(1), four(2)]);
}

#[test]
fn the_clock_may_be_at_its_end() {
    let remotes = [at(four(1))];
    let end = Instant::MAX;
    let mut race: One<'_> = Race::new(&remotes, PathId(0), StackId::Tcp, &DEFAULT, None, end);
    assert!(matches!(race.poll(end), Some(Action::Failed(_))));
}
