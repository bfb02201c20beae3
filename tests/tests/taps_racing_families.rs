//! Racing where one family is worse off than the other: slow name servers, a
//! device of one family, a device that has just booted, a lossy link. Times are
//! those of RFC 8305: 50 ms for the other family's names, 250 ms between
//! attempts.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::time::Duration;

use embassy_net::Stack;
use wigwag_embassy::net::{EmbassyNetwork, Family, PathId, TcpBuffers, TcpOptions, TcpSocket};
use wigwag_embassy::taps::{Race, RaceConfig, RaceError, RemoteEndpoint, StackId, dial, sockets};
use wigwag_embassy::time::now;
use wigwag_harness::faults::{DialFault, Direction, DnsFault, LinkFaults};
use wigwag_harness::vnet::{Addressing, Families, Options, VirtualNet};
use wigwag_tests::e2e::in_paused_time;

const V4: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, 1));
const SERVER: [RemoteEndpoint<'static>; 1] = [RemoteEndpoint::new()
    .with_host_name("server.test")
    .with_port(7)];
const PATH: PathId = PathId(0);

/// What frames, names and hardware addresses may add on a network without delay.
const PROMPTLY: u64 = 20;

/// A server with an address of each family that takes connections and keeps
/// them.
fn network(families: Families, seed: u64) -> VirtualNet {
    let options = Options {
        addressing: Addressing::of(families),
        seed,
        ..Options::default()
    };
    let net = VirtualNet::with(options, |_: SocketAddr| async {
        let (near, far) = tokio::io::duplex(64);
        tokio::spawn(async move {
            let _far = far;
            std::future::pending::<()>().await
        });
        Ok(near)
    });
    net.names().set("server.test", [V4, V6]);
    net
}

async fn configured(stack: Stack<'_>, families: Families) {
    while families != Families::V6 && stack.config_v4().is_none() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    stack.wait_config_up().await;
}

/// One race: which address won, and after how many milliseconds.
async fn race<const RACE: usize>(stack: Stack<'_>) -> (Result<IpAddr, RaceError>, u64) {
    let network = EmbassyNetwork::new(stack);
    let mut memory = [[[0; 512]; 2]; RACE];
    let memory = memory
        .each_mut()
        .map(|[receive, send]| TcpBuffers { receive, send });
    let sockets = sockets(&network, PATH, memory, &TcpOptions::DEFAULT).unwrap();
    let start = now();
    let mut race = Race::<8, RACE>::new(
        &SERVER,
        PATH,
        StackId::Tcp,
        &RaceConfig::DEFAULT,
        None,
        start,
    );
    let result = dial(&network, &sockets, &mut race).await;
    let passed = now().saturating_duration_since(start).as_millis() as u64;
    for socket in &sockets {
        socket.abort();
        let end = tokio::time::timeout(Duration::from_secs(60), socket.flushed());
        end.await.expect("an aborted socket has said so");
    }
    (result.map(|winner| winner.to.ip()), passed)
}

/// Both kinds of race end so.
async fn both_races(stack: Stack<'_>, winner: IpAddr, after: u64) {
    for (kind, (result, passed)) in [(1, race::<1>(stack).await), (2, race::<2>(stack).await)] {
        assert_eq!(result, Ok(winner), "RACE = {kind}");
        assert!(
            (after..=after + PROMPTLY).contains(&passed),
            "RACE = {kind}: after {passed} ms, not {after}"
        );
    }
}

#[test]
fn slow_names_of_one_family_are_waited_for_no_longer_than_the_resolution_delay() {
    in_paused_time(async || {
        let net = network(Families::Both, 1);
        let faults = net.faults();
        let late = |millis| DnsFault::Delay(Duration::from_millis(millis));
        net.run(async |stack| {
            configured(stack, Families::Both).await;
            both_races(stack, V6, 0).await;
            // The preferred family is late: a little, and too much.
            faults.set_dns_for(Family::V6, late(30));
            both_races(stack, V6, 30).await;
            faults.set_dns_for(Family::V6, late(700));
            both_races(stack, V4, 50).await;
            // Late, but the only one that works.
            faults.set_dial_for(Family::V4, DialFault::Refuse);
            both_races(stack, V6, 700).await;
            faults.set_dial(DialFault::None);
            faults.set_dns(DnsFault::None);
            // The other family is late: nobody waits for it.
            faults.set_dns_for(Family::V4, late(700));
            both_races(stack, V6, 0).await;
            faults.set_dial_for(Family::V6, DialFault::Refuse);
            both_races(stack, V4, 700).await;
        })
        .await;
    });
}

#[test]
fn a_device_of_one_family_loses_no_time_with_the_other() {
    for (families, own) in [(Families::V4, V4), (Families::V6, V6)] {
        in_paused_time(async move || {
            let net = network(families, 2);
            net.run(async |stack| {
                configured(stack, families).await;
                both_races(stack, own, 0).await;
                // Its own one is dead: that there is another does not help.
                net.faults().set_dial(DialFault::Refuse);
                let (result, passed) = race::<2>(stack).await;
                assert!(matches!(result, Err(RaceError::Connect(_))), "{result:?}");
                assert!(passed <= PROMPTLY, "after {passed} ms");
            })
            .await;
        });
    }
}

#[test]
fn the_first_race_after_boot_is_as_fast_as_any() {
    for families in [Families::V4, Families::Both, Families::V6] {
        in_paused_time(async move || {
            let net = network(families, 3);
            for boot in 0..5 {
                net.run(async |stack| {
                    configured(stack, families).await;
                    let (result, passed) = race::<2>(stack).await;
                    assert!(result.is_ok(), "boot {boot}: {result:?}");
                    assert!(passed <= PROMPTLY, "boot {boot}: after {passed} ms");
                })
                .await;
            }
        });
    }
}

#[test]
fn a_family_may_die_and_come_back_at_any_time() {
    in_paused_time(async || {
        let net = network(Families::Both, 4);
        let faults = net.faults();
        net.run(async |stack| {
            configured(stack, Families::Both).await;
            for _ in 0..5 {
                faults.set_dial_for(Family::V6, DialFault::Silence);
                let (result, passed) = race::<2>(stack).await;
                assert_eq!(result, Ok(V4));
                assert!((250..=250 + PROMPTLY).contains(&passed), "{passed} ms");
                faults.set_dial(DialFault::Silence);
                assert!(race::<2>(stack).await.0.is_err());
                faults.set_dial_for(Family::V6, DialFault::None);
                assert_eq!(race::<2>(stack).await.0, Ok(V6));
                faults.set_dial(DialFault::None);
                assert_eq!(race::<2>(stack).await.0, Ok(V6));
            }
        })
        .await;
    });
}

#[test]
fn a_lossy_link_costs_time_and_nothing_else() {
    in_paused_time(async || {
        let mut slowest = 0;
        for seed in 0..20 {
            let net = network(Families::Both, seed);
            let lossy = LinkFaults {
                loss: 0.2,
                delay: Duration::from_millis(20),
                jitter: Duration::from_millis(20),
                ..LinkFaults::NONE
            };
            net.run(async |stack| {
                configured(stack, Families::Both).await;
                net.faults().set_link(Direction::ToServer, lossy);
                net.faults().set_link(Direction::ToDevice, lossy);
                let (result, passed) = race::<2>(stack).await;
                assert!(result.is_ok(), "seed {seed}: {result:?}");
                slowest = slowest.max(passed);
            })
            .await;
        }
        // Names are asked again after a second, and a SYN is repeated after
        // one: no attempt has to be given up, which takes ten.
        assert!(slowest < 10_000, "{slowest} ms");
    });
}
