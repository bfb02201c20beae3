//! A device's clock by time servers, honest and others, on a virtual network.

use core::time::Duration;

use wigwag_embassy::sntp::{Kiss, Outcome, Refusal, Report, Server};
use wigwag_embassy::wall_clock::{Adjustment, Origin};
use wigwag_harness::mock_sntp::{Behaviour, Field, MockSntp, Packet};
use wigwag_tests::e2e::in_paused_time;
use wigwag_tests::sntp::{FLOOR, NAMES, START, address, with_device, with_tuned, world};

const FIRST: Adjustment = Adjustment::First;

fn is_set(report: &Report, how: Adjustment) -> bool {
    matches!(report.outcome, Outcome::Set { adjustment, .. } if adjustment == how)
}

fn no_majority(agree: u8, needed: u8) -> Outcome {
    Outcome::NoMajority { agree, needed }
}

/// The requests' times, in seconds after the first.
fn paces(world: &MockSntp) -> Vec<u64> {
    let requests = world.requests();
    let since = |request: &wigwag_harness::mock_sntp::Request| {
        request.at.duration_since(requests[0].at).as_secs()
    };
    requests.iter().map(since).collect()
}

#[test]
fn an_honest_server_sets_the_clock_and_is_asked_again_after_hours() {
    in_paused_time(async || {
        let (world, net) = world([Behaviour::Honest]);
        with_device(&net, 1, async |device| {
            assert_eq!(device.clock.unix_seconds(), None);
            let report = device.round().await;
            assert!(is_set(&report, FIRST), "{report:?}");
            assert_eq!(report.servers[..2], [Server::Told, Server::None]);
            assert!(device.ahead(&world).abs() < 100_000);
            let setting = device.clock.setting().unwrap();
            assert_eq!((setting.origin, setting.steps), (Origin::Sntp, 0));
            // Asking is all that a day takes.
            tokio::time::sleep(Duration::from_secs(24 * 3600)).await;
            assert!(device.ahead(&world).abs() < 100_000);
            assert_eq!(device.clock.setting().unwrap().steps, 0);
        })
        .await;
        let paces = paces(&world);
        assert_eq!(paces.len(), 6, "{paces:?}");
        for pair in paces.windows(2) {
            let wait = pair[1] - pair[0];
            assert!((14_400..=16_202).contains(&wait), "{paces:?}");
        }
    });
}

#[test]
fn requests_tell_nothing_and_their_nonces_are_new() {
    in_paused_time(async || {
        let (world, net) = world([Behaviour::Silent]);
        with_device(&net, 1, async |device| {
            for _ in 0..8 {
                assert_eq!(device.round().await.servers[0], Server::Silent);
            }
        })
        .await;
        let mut nonces = Vec::new();
        for request in world.requests() {
            let packet = Packet::read(&request.bytes).unwrap();
            assert_eq!((packet.leap, packet.version, packet.mode), (0, 4, 3));
            assert!(request.bytes[1..40].iter().all(|byte| *byte == 0));
            assert_eq!(request.bytes.len(), 48);
            nonces.push(packet.transmitted);
        }
        let asked = nonces.len();
        nonces.sort_unstable();
        nonces.dedup();
        assert_eq!((nonces.len(), asked), (8, 8));
        // 64 bits of 8 numbers: a bit that is the same in all is no nonce's.
        assert!(
            nonces
                .iter()
                .fold(u64::MAX, |all, nonce| all & nonce)
                .count_ones()
                < 8
        );
    });
}

#[test]
fn a_silent_server_is_asked_less_and_less_often() {
    in_paused_time(async || {
        let (world, net) = world([Behaviour::Silent]);
        with_device(&net, 1, async |device| {
            for _ in 0..12 {
                assert_eq!(device.round().await.outcome, no_majority(0, 1));
            }
            assert_eq!(device.clock.unix_micros(), None);
            // Back again, it is heard within the hour and a half.
            world.serve(address(0), Behaviour::Honest);
            assert!(is_set(&device.round().await, FIRST));
        })
        .await;
        let paces = paces(&world);
        for (index, pair) in paces.windows(2).enumerate() {
            // And five seconds of waiting for the answer.
            let least = (15_u64 << index.min(8)).min(3600);
            let wait = pair[1] - pair[0];
            assert!(wait >= least && wait <= least * 3 / 2 + 6, "{paces:?}");
        }
    });
}

#[test]
fn of_three_servers_one_may_be_wrong_or_missing() {
    for wrong in [
        Behaviour::Off(30 * 24 * 3600),
        Behaviour::Off(-3600),
        Behaviour::Off(5),
        Behaviour::Silent,
        Behaviour::Kiss(*b"DENY"),
        Behaviour::But(Field::Leap(3)),
    ] {
        in_paused_time(async move || {
            let (world, net) = world([Behaviour::Honest, wrong, Behaviour::Honest]);
            with_device(&net, 3, async |device| {
                let report = device.round().await;
                assert!(is_set(&report, FIRST), "{wrong:?}: {report:?}");
                assert!(device.ahead(&world).abs() < 100_000, "{wrong:?}");
            })
            .await;
        });
    }
}

#[test]
fn two_servers_that_disagree_set_nothing() {
    in_paused_time(async || {
        let (world, net) = world([Behaviour::Honest, Behaviour::Off(30)]);
        with_device(&net, 2, async |device| {
            for _ in 0..3 {
                let report = device.round().await;
                assert_eq!(report.outcome, no_majority(1, 2));
                assert_eq!(report.servers[..2], [Server::Told; 2]);
            }
            assert_eq!(device.clock.unix_micros(), None);
            world.serve(address(1), Behaviour::Honest);
            assert!(is_set(&device.round().await, FIRST));
        })
        .await;
    });
}

#[test]
fn a_server_under_two_names_has_one_voice() {
    in_paused_time(async || {
        let (world, net) = world([Behaviour::Off(3600), Behaviour::Honest]);
        // The wrong one is what two of three names stand for.
        net.names().set(NAMES[2], [address(0)]);
        with_device(&net, 3, async |device| {
            let report = device.round().await;
            assert_eq!(report.outcome, no_majority(1, 2));
            assert_eq!(report.servers[2], Server::SameAsAnother);
            // With an address of its own it has one.
            net.names().set(NAMES[2], [address(0), address(5)]);
            world.serve(address(5), Behaviour::Honest);
            while !is_set(&device.round().await, FIRST) {}
            assert!(device.ahead(&world).abs() < 100_000);
        })
        .await;
    });
}

#[test]
fn no_server_gets_the_clock_below_the_floor() {
    in_paused_time(async || {
        // An hour, so that it stays below while the test goes on.
        let before = -(100 * 24 * 3600 + 3600);
        let (world, net) = world([Behaviour::Off(before); 3]);
        with_device(&net, 3, async |device| {
            for _ in 0..3 {
                let report = device.round().await;
                assert!(
                    matches!(report.outcome, Outcome::BeforeFloor(error) if error.floor == FLOOR)
                );
            }
            assert_eq!(device.clock.unix_micros(), None);
            world.serve(address(0), Behaviour::Honest);
            world.serve(address(1), Behaviour::Honest);
            assert!(is_set(&device.round().await, FIRST));
            let right = device.clock.unix_micros();
            // Set, it is not turned back beyond it either.
            (0..3).for_each(|index| world.serve(address(index), Behaviour::Off(before - 86_400)));
            device.sntp.ask_again();
            assert!(matches!(
                device.round().await.outcome,
                Outcome::BeforeFloor(_)
            ));
            assert!(device.clock.unix_micros() >= right);
        })
        .await;
    });
}

#[test]
fn a_clock_in_the_far_future_comes_back_with_the_next_honest_round() {
    in_paused_time(async || {
        let years_60 = 60 * 365 * 24 * 3600;
        let (world, net) = world([Behaviour::Off(years_60); 2]);
        with_device(&net, 2, async |device| {
            assert!(is_set(&device.round().await, FIRST));
            assert!(device.clock.unix_seconds().unwrap() > START + 59 * 365 * 24 * 3600);
            assert_eq!(device.clock.floor(), FLOOR);
            (0..2).for_each(|index| world.serve(address(index), Behaviour::Honest));
            device.sntp.ask_again();
            let report = tokio::time::timeout(Duration::from_secs(21), device.sntp.next_report());
            let report = report.await.expect("it is asked again within 15 s");
            let Outcome::Set {
                adjustment: Adjustment::Stepped(by),
                ..
            } = report.outcome
            else {
                panic!("{report:?}");
            };
            assert!((by + years_60 * 1_000_000).abs() < 1_000_000, "{by}");
            assert!(device.ahead(&world).abs() < 100_000);
            assert_eq!(device.clock.setting().unwrap().steps, 1);
        })
        .await;
    });
}

#[test]
fn asking_again_without_end_is_bounded() {
    in_paused_time(async || {
        let (world, net) = world([Behaviour::Honest]);
        with_device(&net, 1, async |device| {
            device.round().await;
            let nagging = async {
                loop {
                    device.sntp.ask_again();
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            };
            let hours_4 = tokio::time::sleep(Duration::from_secs(4 * 3600));
            tokio::select! { () = nagging => {}, () = hours_4 => {} }
        })
        .await;
        let paces = paces(&world);
        for (index, pair) in paces.windows(2).enumerate() {
            assert!(pair[1] - pair[0] >= (15 << index.min(6)), "{paces:?}");
        }
        assert!(paces.len() < 25, "{paces:?}");
    });
}

#[test]
fn a_server_that_wants_to_be_left_alone_is() {
    for (code, kiss, day) in [(*b"DENY", Kiss::Deny, 24), (*b"RATE", Kiss::Rate, 8)] {
        in_paused_time(async move || {
            let (world, net) = world([Behaviour::Kiss(code), Behaviour::Silent]);
            with_device(&net, 2, async |device| {
                let report = device.round().await;
                assert_eq!(report.servers[0], Server::Refused(Refusal::Kiss(kiss)));
                assert_eq!(device.round().await.servers[0], Server::Resting);
                tokio::time::sleep(Duration::from_secs(day * 3600 - 600)).await;
                assert_eq!(device.round().await.servers[0], Server::Resting);
                let before = world.requests();
                let asked = before
                    .iter()
                    .filter(|request| request.server.ip() == address(0));
                assert_eq!(asked.count(), 1);
                // It has changed its mind, and so has the other one.
                (0..2).for_each(|index| world.serve(address(index), Behaviour::Honest));
                tokio::time::sleep(Duration::from_secs(2 * 3600)).await;
                assert_eq!(device.round().await.servers[..2], [Server::Told; 2]);
            })
            .await;
        });
    }
}

#[test]
fn what_is_no_answer_is_waited_over_and_what_is_a_bad_one_is_told() {
    let refused = [
        (Field::Leap(3), Refusal::Alarm),
        (Field::Stratum(16), Refusal::Stratum(16)),
        (Field::RootDispersion(16 << 16), Refusal::RootDistance),
        (Field::Received(0), Refusal::NoTime),
        (Field::Transmitted(0), Refusal::NoTime),
        (Field::Transmitted(1), Refusal::Impossible),
    ];
    let refused = refused.map(|(field, refusal)| (Behaviour::But(field), Server::Refused(refusal)));
    let ignored = [
        Behaviour::But(Field::Version(3)),
        Behaviour::But(Field::Mode(5)),
        Behaviour::Long(47),
        Behaviour::Long(68),
        Behaviour::Long(1000),
        Behaviour::Long(0),
    ];
    let ignored = ignored.map(|behaviour| (behaviour, Server::Silent));
    for (behaviour, expected) in refused.into_iter().chain(ignored) {
        in_paused_time(async move || {
            let (_world, net) = world([behaviour]);
            with_device(&net, 1, async |device| {
                let report = device.round().await;
                assert_eq!(report.servers[0], expected, "{behaviour:?}");
                assert_eq!(report.outcome, no_majority(0, 1));
                assert_eq!(device.clock.unix_micros(), None);
            })
            .await;
        });
    }
}

#[test]
fn guesses_and_doubles_change_nothing() {
    for behaviour in [Behaviour::Guessed(5), Behaviour::Thrice] {
        in_paused_time(async move || {
            let (world, net) = world([behaviour]);
            with_device(&net, 1, async |device| {
                assert!(is_set(&device.round().await, FIRST));
                assert!(device.ahead(&world).abs() < 100_000);
            })
            .await;
        });
    }
}

#[test]
fn an_answer_from_another_address_is_none_although_its_nonce_is_right() {
    in_paused_time(async || {
        let (world, net) = world([Behaviour::Silent, Behaviour::ForAnother]);
        with_device(&net, 2, async |device| {
            for _ in 0..3 {
                let report = device.round().await;
                assert_eq!(report.servers[..2], [Server::Silent; 2]);
            }
            assert_eq!(device.clock.unix_micros(), None);
        })
        .await;
        assert_eq!(world.requests().len(), 6);
    });
}

#[test]
fn packets_that_are_held_back_make_the_time_wrong_by_half_of_that() {
    in_paused_time(async || {
        let late = Duration::from_secs(4);
        let (world, net) = world([Behaviour::Late(late)]);
        with_device(&net, 1, async |device| {
            let report = device.round().await;
            let Outcome::Set { error_micros, .. } = report.outcome else {
                panic!("{report:?}");
            };
            assert!(error_micros.abs_diff(2_000_000) < 100_000, "{error_micros}");
            // All of the delay was on the way back: the clock is behind by half.
            assert!((device.ahead(&world) + 2_000_000).abs() < 100_000);
            world.serve(address(0), Behaviour::Late(Duration::from_secs(6)));
            device.sntp.ask_again();
            assert_eq!(device.round().await.servers[0], Server::Silent);
        })
        .await;
    });
}

#[test]
fn without_servers_nobody_is_asked() {
    in_paused_time(async || {
        let (world, net) = world([Behaviour::Honest]);
        with_device(&net, 0, async |device| {
            device.sntp.ask_again();
            tokio::time::sleep(Duration::from_secs(24 * 3600)).await;
            assert_eq!(device.sntp.last_report(), None);
            assert_eq!(device.clock.unix_micros(), None);
        })
        .await;
        assert!(world.requests().is_empty());
    });
}

#[test]
fn the_first_round_of_a_fleet_is_spread() {
    in_paused_time(async || {
        let mut waits = Vec::new();
        for _ in 0..8 {
            let (world, net) = world([Behaviour::Honest]);
            let spread = Duration::from_secs(300);
            let before = tokio::time::Instant::now();
            with_tuned(
                &net,
                1,
                |config| config.spread_start = spread,
                async |device| {
                    device.round().await;
                },
            )
            .await;
            let wait = world.requests()[0].at - before;
            assert!(wait < spread + Duration::from_secs(5), "{wait:?}");
            waits.push(wait.as_secs());
        }
        let (least, most) = (waits.iter().min().unwrap(), waits.iter().max().unwrap());
        assert!(most - least > 10, "{waits:?}");
    });
}
