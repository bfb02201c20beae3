//! A device that asks for the time on a network with accidents.

use core::time::Duration;

use wigwag_embassy::net::{DatagramError, ResolveError};
use wigwag_embassy::sntp::{Outcome, Server};
use wigwag_harness::faults::{Direction, DnsFault, LinkFaults};
use wigwag_harness::mock_sntp::Behaviour;
use wigwag_tests::e2e::in_paused_time;
use wigwag_tests::sntp::{Device, NAMES, address, with_device, world};

async fn until_set(device: &Device) -> u32 {
    let mut failures = 0;
    while !matches!(device.round().await.outcome, Outcome::Set { .. }) {
        failures += 1;
        assert!(failures < 12, "never set");
    }
    failures
}

#[test]
fn what_is_lost_costs_a_round() {
    for direction in [Direction::ToServer, Direction::ToDevice] {
        in_paused_time(async move || {
            let (world, net) = world([Behaviour::Honest]);
            with_device(&net, 1, async |device| {
                until_set(device).await;
                let lost = LinkFaults {
                    loss: 1.0,
                    ..LinkFaults::NONE
                };
                net.faults().set_link(direction, lost);
                device.sntp.ask_again();
                let report = device.round().await;
                let unresolved = Server::Unresolved(ResolveError::TimedOut);
                assert_eq!(report.servers[0], unresolved);
                net.faults().set_link(direction, LinkFaults::NONE);
                until_set(device).await;
                assert!(device.ahead(&world).abs() < 100_000);
            })
            .await;
        });
    }
}

#[test]
fn a_bad_link_makes_it_slow_and_not_wrong() {
    in_paused_time(async || {
        let mut failures = 0;
        for _ in 0..10 {
            let (world, net) = world([Behaviour::Honest; 3]);
            let link = LinkFaults {
                loss: 0.2,
                double: 0.2,
                corrupt: 0.1,
                truncate: 0.1,
                delay: Duration::from_millis(40),
                jitter: Duration::from_millis(200),
            };
            net.faults().set_link(Direction::ToServer, link);
            net.faults().set_link(Direction::ToDevice, link);
            with_device(&net, 3, async |device| {
                failures += until_set(device).await;
                // Half of the longest way there and back, and a neighbour to find.
                assert!(device.ahead(&world).abs() < 2_500_000);
            })
            .await;
        }
        assert!(failures > 0, "the link was not bad enough to show anything");
    });
}

#[test]
fn names_that_do_not_resolve_are_told_and_tried_again() {
    for (fault, error) in [
        (DnsFault::ServerFailure, ResolveError::Failed),
        (DnsFault::NoSuchName, ResolveError::Failed),
        (DnsFault::Silence, ResolveError::TimedOut),
    ] {
        in_paused_time(async move || {
            let (world, net) = world([Behaviour::Honest; 2]);
            net.faults().set_dns(fault);
            with_device(&net, 2, async |device| {
                let report = device.round().await;
                assert_eq!(
                    report.servers[..2],
                    [Server::Unresolved(error); 2],
                    "{fault:?}"
                );
                assert_eq!(device.clock.unix_micros(), None);
                assert!(world.requests().is_empty());
                net.faults().set_dns(DnsFault::None);
                until_set(device).await;
            })
            .await;
        });
    }
}

#[test]
fn a_server_that_moves_is_found_by_its_name() {
    in_paused_time(async || {
        let (world, net) = world([Behaviour::Honest]);
        with_device(&net, 1, async |device| {
            until_set(device).await;
            world.serve(address(0), Behaviour::Silent);
            world.serve(address(7), Behaviour::Honest);
            device.sntp.ask_again();
            assert_eq!(device.round().await.servers[0], Server::Silent);
            net.names().set(NAMES[0], [address(7)]);
            until_set(device).await;
            let last = world.requests().pop().unwrap();
            assert_eq!(last.server.ip(), address(7));
        })
        .await;
    });
}

#[test]
fn of_several_addresses_another_one_is_asked_each_time() {
    in_paused_time(async || {
        let (world, net) = world([Behaviour::Silent]);
        let addresses = [address(0), address(7), address(8)];
        world.serve(address(7), Behaviour::Silent);
        world.serve(address(8), Behaviour::Honest);
        net.names().set(NAMES[0], addresses);
        with_device(&net, 1, async |device| {
            assert!(until_set(device).await <= 2);
        })
        .await;
        let requests = world.requests();
        assert!(requests.len() <= 3, "{requests:?}");
    });
}

#[test]
fn nobody_at_the_address_is_no_answer() {
    in_paused_time(async || {
        let (_world, net) = world([]);
        net.names().set(NAMES[0], [address(0)]);
        with_device(&net, 1, async |device| {
            let report = device.round().await;
            let is_expected = matches!(
                report.servers[0],
                Server::Silent | Server::NotSent(DatagramError::NoRoute)
            );
            assert!(is_expected, "{report:?}");
        })
        .await;
    });
}

#[test]
fn it_waits_for_an_address_and_outlives_a_link_that_goes_away() {
    in_paused_time(async || {
        let (world, net) = world([Behaviour::Honest]);
        net.faults().set_dhcp_silent(true);
        with_device(&net, 1, async |device| {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            assert_eq!(device.sntp.last_report(), None);
            net.faults().set_dhcp_silent(false);
            assert_eq!(until_set(device).await, 0);
            // An hour after its turn the link comes back.
            net.faults().set_link_up(false);
            tokio::time::sleep(Duration::from_secs(6 * 3600)).await;
            let asked = world.requests().len();
            assert!(device.ahead(&world).abs() < 100_000);
            net.faults().set_link_up(true);
            until_set(device).await;
            assert!(world.requests().len() > asked);
        })
        .await;
    });
}

#[test]
fn an_idle_client_does_not_wake_the_processor() {
    in_paused_time(async || {
        let (_world, net) = world([Behaviour::Honest]);
        with_device(&net, 1, async |device| {
            until_set(device).await;
            let before = net.faults().counts().frames;
            tokio::time::sleep(Duration::from_secs(3600)).await;
            // DHCP has a lease of its own; SNTP says nothing.
            let frames = net.faults().counts().frames - before;
            assert!(frames < 10, "{frames} frames in an idle hour");
        })
        .await;
    });
}
