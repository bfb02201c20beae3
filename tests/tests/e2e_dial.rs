//! Racing the addresses of a server over the real stack, on a network where
//! some of them are dead.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::time::Duration;

use tokio::io::AsyncWriteExt as _;
use wigwag_codec::Instant;
use wigwag_embassy::net::{
    ConnectError, EmbassyNetwork, Family, PathId, ResolveError, TcpBuffers, TcpOptions, TcpSocket,
};
use wigwag_embassy::taps::{
    KnownGood, Race, RaceConfig, RaceError, RemoteEndpoint, StackId, Winner, dial, sockets,
};
use wigwag_embassy::time::now;
use wigwag_harness::faults::{DialFault, DnsFault};
use wigwag_harness::vnet::{Addressing, Families, Options, VirtualNet};
use wigwag_tests::e2e::in_paused_time;

const V4: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2)),
];
const V6: [IpAddr; 2] = [
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, 1)),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, 2)),
];
const SERVER: [RemoteEndpoint<'static>; 1] = [RemoteEndpoint::new()
    .with_host_name("server.test")
    .with_port(7)];
const PATH: PathId = PathId(0);

/// What DNS, ARP and neighbour discovery may add on a network without delay.
/// smoltcp asks for one hardware address a second at most, but the gateway is
/// known by then.
const PROMPTLY: Duration = Duration::from_millis(20);

/// A server with two addresses of each family, which says one byte: at which of
/// them it was found.
fn network() -> VirtualNet {
    let options = Options {
        addressing: Addressing::of(Families::Both),
        ..Options::default()
    };
    let net = VirtualNet::with(options, |to: SocketAddr| async move {
        let (near, mut far) = tokio::io::duplex(64);
        let id = match to.ip() {
            IpAddr::V4(address) => address.octets()[3],
            IpAddr::V6(address) => address.octets()[15] + 100,
        };
        far.write_all(&[id]).await?;
        // Held, so that the connection stays open.
        tokio::spawn(async move {
            let _far = far;
            std::future::pending::<()>().await
        });
        Ok(near)
    });
    net.names().set("server.test", V4.into_iter().chain(V6));
    net
}

/// Runs `app` on a device of both families that has found its gateway.
fn on_both(app: impl AsyncFnOnce(&EmbassyNetwork<'_>, &VirtualNet) + Send + 'static) {
    in_paused_time(async || {
        let net = network();
        net.run(async |stack| {
            while stack.config_v4().is_none() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            let network = EmbassyNetwork::new(stack);
            for address in [V4[0], V6[0]] {
                let (mut receive, mut send) = ([0; 512], [0; 512]);
                let memory = [TcpBuffers {
                    receive: &mut receive,
                    send: &mut send,
                }];
                let sockets = sockets(&network, PATH, memory, &TcpOptions::DEFAULT).unwrap();
                let to = SocketAddr::new(address, 7);
                sockets[0]
                    .connect(to, Duration::from_secs(5))
                    .await
                    .unwrap();
                sockets[0].abort();
                sockets[0].flushed().await;
            }
            app(&network, &net).await;
        })
        .await;
    });
}

type Memory<const RACE: usize> = [[[u8; 512]; 2]; RACE];

fn lend<const RACE: usize>(memory: &mut Memory<RACE>) -> [TcpBuffers<'_>; RACE] {
    memory
        .each_mut()
        .map(|[receive, send]| TcpBuffers { receive, send })
}

fn race<const RACE: usize>(known: Option<KnownGood>) -> Race<'static, 8, RACE> {
    Race::new(
        &SERVER,
        PATH,
        StackId::Tcp,
        &RaceConfig::DEFAULT,
        known,
        now(),
    )
}

fn since(start: Instant) -> Duration {
    now().saturating_duration_since(start)
}

/// One race, and how long it took. What has won is really connected, and
/// everything else is aborted.
async fn outcome<const RACE: usize>(
    network: &EmbassyNetwork<'_>,
    known: Option<KnownGood>,
) -> (Result<Winner, RaceError>, Duration) {
    let mut memory = [[[0; 512]; 2]; RACE];
    let sockets = sockets(network, PATH, lend(&mut memory), &TcpOptions::DEFAULT).unwrap();
    let start = now();
    let result = dial(network, &sockets, &mut race::<RACE>(known)).await;
    let passed = since(start);
    for (place, socket) in sockets.iter().enumerate() {
        match result {
            Ok(winner) if winner.attempt.place() == place => {
                assert_eq!(socket.remote(), Some(winner.to));
                let mut id = [0];
                assert_eq!(socket.read(&mut id).await, Ok(1));
            }
            _ => {
                let end = tokio::time::timeout(Duration::from_secs(5), socket.flushed());
                end.await.expect("an aborted socket has said so");
                assert_eq!(socket.remote(), None);
            }
        }
        socket.abort();
        socket.flushed().await;
    }
    (result, passed)
}

async fn winner<const RACE: usize>(network: &EmbassyNetwork<'_>) -> (IpAddr, Duration) {
    let (result, passed) = outcome::<RACE>(network, None).await;
    (result.expect("a server answers").to.ip(), passed)
}

fn between(passed: Duration, from_ms: u64) {
    let from = Duration::from_millis(from_ms);
    assert!(
        passed >= from && passed <= from + PROMPTLY,
        "after {passed:?}"
    );
}

#[test]
fn a_healthy_server_is_found_at_once_by_version_six() {
    on_both(async |network, _| {
        for (to, passed) in [winner::<1>(network).await, winner::<2>(network).await] {
            assert_eq!(to, V6[0]);
            between(passed, 0);
        }
    });
}

#[test]
fn a_family_that_refuses_costs_nothing() {
    on_both(async |network, net| {
        net.faults().set_dial_for(Family::V6, DialFault::Refuse);
        for (to, passed) in [winner::<1>(network).await, winner::<2>(network).await] {
            assert_eq!(to, V4[0]);
            between(passed, 0);
        }
        net.faults().set_dial_to(V4[0], DialFault::Refuse);
        for (to, passed) in [winner::<1>(network).await, winner::<2>(network).await] {
            assert_eq!(to, V4[1]);
            between(passed, 0);
        }
    });
}

#[test]
fn a_dead_family_costs_one_attempt_delay_or_one_timeout() {
    on_both(async |network, net| {
        for (dead, alive) in [(Family::V6, V4[0]), (Family::V4, V6[0])] {
            net.faults().set_dial(DialFault::None);
            net.faults().set_dial_for(dead, DialFault::Silence);
            let late = u64::from(dead == Family::V6);
            let (to, passed) = winner::<2>(network).await;
            assert_eq!(to, alive);
            between(passed, 250 * late);
            let (to, passed) = winner::<1>(network).await;
            assert_eq!(to, alive);
            between(passed, 10_000 * late);
        }
    });
}

#[test]
fn a_slow_first_address_is_overtaken_unless_it_is_still_faster() {
    on_both(async |network, net| {
        let slow = |ms| DialFault::Delay(Duration::from_millis(ms));
        net.faults().set_dial_to(V6[0], slow(900));
        let (to, passed) = winner::<2>(network).await;
        assert_eq!(to, V4[0]);
        between(passed, 250);
        // The second is slower yet: the later start has not cancelled the first.
        net.faults().set_dial_to(V4[0], slow(3000));
        let (to, passed) = winner::<2>(network).await;
        assert_eq!(to, V6[0]);
        between(passed, 900);
    });
}

#[test]
fn one_family_without_name_servers_is_an_empty_answer() {
    on_both(async |network, net| {
        for (dead, alive) in [(Family::V6, V4[0]), (Family::V4, V6[0])] {
            for fault in [
                DnsFault::ServerFailure,
                DnsFault::NoSuchName,
                DnsFault::Silence,
            ] {
                net.faults().set_dns(DnsFault::None);
                net.faults().set_dns_for(dead, fault);
                let is_waited_for = dead == Family::V6 && fault == DnsFault::Silence;
                for (to, passed) in [winner::<1>(network).await, winner::<2>(network).await] {
                    assert_eq!(to, alive, "{dead:?} {fault:?}");
                    between(passed, if is_waited_for { 50 } else { 0 });
                }
            }
        }
    });
}

#[test]
fn failures_say_how_far_they_came_and_have_an_end() {
    on_both(async |network, net| {
        let faults = net.faults();
        faults.set_dns(DnsFault::ServerFailure);
        let (result, passed) = outcome::<2>(network, None).await;
        assert_eq!(result, Err(RaceError::Resolve(ResolveError::Failed)));
        between(passed, 0);
        faults.set_dns(DnsFault::Silence);
        let (result, passed) = outcome::<2>(network, None).await;
        assert!(matches!(result, Err(RaceError::Resolve(_))), "{result:?}");
        assert!(passed <= Duration::from_secs(10) + PROMPTLY, "{passed:?}");
        faults.set_dns(DnsFault::None);

        // Four addresses, two at a time, ten seconds each.
        faults.set_dial(DialFault::Silence);
        let (result, passed) = outcome::<2>(network, None).await;
        assert_eq!(result, Err(RaceError::Connect(ConnectError::TimedOut)));
        between(passed, 20_250);
        let (result, passed) = outcome::<1>(network, None).await;
        assert_eq!(result, Err(RaceError::Connect(ConnectError::TimedOut)));
        between(passed, 40_000);
        faults.set_dial_to(V4[1], DialFault::Refuse);
        let (result, _) = outcome::<2>(network, None).await;
        assert_eq!(result, Err(RaceError::Connect(ConnectError::Refused)));
        // And back.
        faults.set_dial(DialFault::None);
        assert_eq!(winner::<2>(network).await.0, V6[0]);
    });
}

#[test]
fn the_last_good_address_is_first_and_needs_no_name_server() {
    on_both(async |network, net| {
        let known = KnownGood {
            remote: 0,
            address: V4[1],
        };
        let (result, passed) = outcome::<2>(network, Some(known)).await;
        assert_eq!(result.map(|winner| winner.known_good()), Ok(known));
        between(passed, 0);
        net.faults().set_dns(DnsFault::ServerFailure);
        let (result, passed) = outcome::<1>(network, Some(known)).await;
        assert_eq!(result.map(|winner| winner.known_good()), Ok(known));
        between(passed, 0);
    });
}

#[test]
fn a_rejected_winner_is_followed_by_the_rest_on_the_same_sockets() {
    on_both(async |network, _| {
        let mut memory = [[[0; 512]; 2]; 2];
        let sockets = sockets(network, PATH, lend(&mut memory), &TcpOptions::DEFAULT).unwrap();
        let mut race = race::<2>(None);
        for expected in [V6[0], V4[0], V6[1], V4[1]] {
            let winner = dial(network, &sockets, &mut race).await.unwrap();
            assert_eq!(winner.to.ip(), expected);
            let socket = &sockets[winner.attempt.place()];
            assert_eq!(socket.read(&mut [0]).await, Ok(1));
            socket.abort();
            race.on_rejected(winner.attempt);
        }
        let over = dial(network, &sockets, &mut race).await;
        assert_eq!(over, Err(RaceError::Rejected));
    });
}

#[test]
fn a_race_dropped_at_any_time_leaves_nothing_open() {
    on_both(async |network, net| {
        let slow = |ms| DialFault::Delay(Duration::from_millis(ms));
        net.faults().set_dial_for(Family::V6, slow(300));
        net.faults().set_dial_for(Family::V4, slow(100));
        // It would win after 300 ms.
        let mut memory = [[[0; 512]; 2]; 2];
        let sockets = sockets(network, PATH, lend(&mut memory), &TcpOptions::DEFAULT).unwrap();
        for after in (0..=280).step_by(20) {
            let mut race = race::<2>(None);
            let dropped = dial(network, &sockets, &mut race);
            let dropped = tokio::time::timeout(Duration::from_millis(after), dropped);
            assert!(dropped.await.is_err(), "after {after} ms");
            for socket in &sockets {
                let end = tokio::time::timeout(Duration::from_secs(5), socket.flushed());
                end.await.expect("an aborted socket has said so");
                assert_eq!(socket.remote(), None);
            }
        }
        // The sockets are as good as new.
        let result = dial(network, &sockets, &mut race::<2>(None)).await;
        assert!(result.is_ok(), "{result:?}");
    });
}

#[test]
fn a_thousand_races_leave_no_socket_behind() {
    on_both(async |network, net| {
        // The stack has room for sixteen.
        for round in 0..1000 {
            let fault = match round % 3 {
                0 => DialFault::None,
                1 => DialFault::Refuse,
                _ => DialFault::Delay(Duration::from_millis(300)),
            };
            net.faults().set_dial_for(Family::V6, fault);
            assert!(outcome::<2>(network, None).await.0.is_ok());
        }
    });
}

#[test]
fn more_attempts_than_sockets_is_an_error_and_no_panic() {
    on_both(async |network, _| {
        let none: [wigwag_embassy::net::EmbassyTcp<'_>; 0] = [];
        let result = dial(network, &none, &mut race::<2>(None)).await;
        assert_eq!(result, Err(RaceError::Connect(ConnectError::Unusable)));
    });
}
