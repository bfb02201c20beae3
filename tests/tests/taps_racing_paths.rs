//! Racing on a device with several paths: each path has its own race, the less
//! preferred one when the better one has failed; and all of them dead and coming
//! back.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::time::Duration;

use embassy_net::StackResources;
use wigwag_embassy::net::{
    EmbassyNetwork, Network, PathId, PathState, TcpBuffers, TcpOptions, TcpSocket,
};
use wigwag_embassy::taps::{Race, RaceConfig, RemoteEndpoint, StackId, dial, sockets};
use wigwag_embassy::time::now;
use wigwag_harness::faults::{DialFault, DnsFault};
use wigwag_harness::vnet::{
    Addressing, Background, Families, Options, SOCKETS, VirtualNet, alongside,
};
use wigwag_tests::e2e::in_paused_time;

const ADDRESSES: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, 1)),
];
const SERVER: [RemoteEndpoint<'static>; 1] = [RemoteEndpoint::new()
    .with_host_name("server.test")
    .with_port(7)];
/// The better path first.
const PATHS: [PathId; 2] = [PathId(0), PathId(1)];

type Device<'a> = EmbassyNetwork<'a, 2>;

fn network(id: u8) -> VirtualNet {
    let mut addressing = Addressing::of(Families::Both);
    addressing.device = Ipv4Addr::new(10, 0, id, 15);
    addressing.gateway = Ipv4Addr::new(10, 0, id, 2);
    addressing.dns = addressing.gateway;
    let options = Options {
        seed: id.into(),
        addressing,
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
    net.names().set("server.test", ADDRESSES);
    net
}

/// Runs `app` on a device that is joined to two networks and up on both.
fn on_two(app: impl AsyncFnOnce(&Device<'_>, [&VirtualNet; 2]) + Send + 'static) {
    in_paused_time(async || {
        let nets = [network(4), network(9)];
        let [first, second] = &mut [(); 2].map(|()| StackResources::<SOCKETS>::new());
        let (stack_0, mut runner_0) = nets[0].attach(first, nets[0].config());
        let (stack_1, mut runner_1) = nets[1].attach(second, nets[1].config());
        let network = EmbassyNetwork::with_paths([stack_0, stack_1]);
        let background: Vec<Background<'_>> = vec![
            Box::pin(async { runner_0.run().await }),
            Box::pin(async { runner_1.run().await }),
            Box::pin(nets[0].carry()),
            Box::pin(nets[1].carry()),
        ];
        let main = async {
            for stack in [stack_0, stack_1] {
                while stack.config_v4().is_none() {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
            app(&network, [&nets[0], &nets[1]]).await;
        };
        alongside(main, background).await;
    });
}

/// Races on each path that is up, the better one first: which one won.
async fn connect(network: &Device<'_>, config: RaceConfig) -> Option<PathId> {
    for path in PATHS {
        if network.path_state(path) != PathState::Up {
            continue;
        }
        let mut memory = [[[0; 512]; 2]; 2];
        let memory = memory
            .each_mut()
            .map(|[receive, send]| TcpBuffers { receive, send });
        let sockets = sockets(network, path, memory, &TcpOptions::DEFAULT).unwrap();
        let mut race = Race::<8, 2>::new(&SERVER, path, StackId::Tcp, &config, None, now());
        let result = dial(network, &sockets, &mut race).await;
        for socket in &sockets {
            socket.abort();
            // On a dead path nothing leaves: that has an end too.
            let _ = tokio::time::timeout(Duration::from_secs(1), socket.flushed()).await;
        }
        if result.is_ok() {
            return Some(path);
        }
    }
    None
}

/// Waits until one of the paths is up that was not.
async fn any_up(network: &Device<'_>) {
    loop {
        let states = PATHS.map(|path| network.path_state(path));
        if states.contains(&PathState::Up) {
            return;
        }
        tokio::select! {
            _ = network.path_changed(PATHS[0], states[0]) => {}
            _ = network.path_changed(PATHS[1], states[1]) => {}
        }
    }
}

async fn timed<T>(work: impl Future<Output = T>) -> (T, u64) {
    let start = now();
    let result = work.await;
    (
        result,
        now().saturating_duration_since(start).as_millis() as u64,
    )
}

#[test]
fn the_less_preferred_path_is_for_when_the_better_one_has_failed() {
    on_two(async |network, [better, other]| {
        let config = RaceConfig::DEFAULT;
        let (path, took) = timed(connect(network, config)).await;
        assert_eq!(path, Some(PATHS[0]));
        assert!(took <= 20, "{took} ms");
        // Refused: at once.
        better.faults().set_dial(DialFault::Refuse);
        let (path, took) = timed(connect(network, config)).await;
        assert_eq!(path, Some(PATHS[1]));
        assert!(took <= 20, "{took} ms");
        // Without a name server that answers: as soon as it says so.
        better.faults().set_dial(DialFault::None);
        better.faults().set_dns(DnsFault::ServerFailure);
        let (path, took) = timed(connect(network, config)).await;
        assert_eq!(path, Some(PATHS[1]));
        assert!(took <= 20, "{took} ms");
        // Silent: after both attempts of ten seconds, a quarter apart, and the
        // second that its sockets are given.
        better.faults().set_dns(DnsFault::None);
        better.faults().set_dial(DialFault::Silence);
        let (path, took) = timed(connect(network, config)).await;
        assert_eq!(path, Some(PATHS[1]));
        assert!((10_250..=11_300).contains(&took), "{took} ms");
        // Unplugged: not even tried.
        better.faults().set_link_up(false);
        network.path_changed(PATHS[0], PathState::Up).await;
        let (path, took) = timed(connect(network, config)).await;
        assert_eq!(path, Some(PATHS[1]));
        assert!(took <= 20, "{took} ms");
        assert_eq!(other.faults().counts().refused, 0);
    });
}

#[test]
fn all_paths_silent_is_an_error_in_its_time_and_over_when_one_speaks() {
    on_two(async |network, nets| {
        let config = RaceConfig {
            deadline: Duration::from_secs(5),
            ..RaceConfig::DEFAULT
        };
        for back in [0, 1, 1, 0] {
            for net in nets {
                net.faults().set_dial(DialFault::Silence);
            }
            let (path, took) = timed(connect(network, config)).await;
            assert_eq!(path, None);
            // Two deadlines, and a second for the sockets of each.
            assert!((10_000..=12_200).contains(&took), "{took} ms");
            nets[back].faults().set_dial(DialFault::None);
            assert_eq!(connect(network, config).await, Some(PATHS[back]));
        }
    });
}

#[test]
fn all_paths_unplugged_and_plugged_in_again() {
    on_two(async |network, nets| {
        let config = RaceConfig::DEFAULT;
        for back in [1, 0] {
            for (path, net) in PATHS.into_iter().zip(nets) {
                net.faults().set_link_up(false);
                if network.path_state(path) == PathState::Up {
                    network.path_changed(path, PathState::Up).await;
                }
            }
            let (path, took) = timed(connect(network, config)).await;
            assert_eq!((path, took), (None, 0));
            let hour = tokio::time::timeout(Duration::from_secs(3600), any_up(network));
            assert!(hour.await.is_err(), "a path is up without a cable");
            nets[back].faults().set_link_up(true);
            any_up(network).await;
            let (path, took) = timed(connect(network, config)).await;
            assert_eq!(path, Some(PATHS[back]));
            // Its own IPv6 address has stayed: nobody waits for DHCP. The
            // gateway has to be found again.
            assert!(took <= 1100, "{took} ms");
        }
    });
}

#[test]
fn a_path_that_dies_in_the_middle_of_a_race_costs_no_more_than_its_attempts() {
    on_two(async |network, [better, _]| {
        better
            .faults()
            .set_dial(DialFault::Delay(Duration::from_millis(400)));
        let pull = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            better.faults().set_link_up(false);
        };
        let race = timed(connect(network, RaceConfig::DEFAULT));
        let ((path, took), ()) = tokio::join!(race, pull);
        assert_eq!(path, Some(PATHS[1]));
        assert!(took <= 11_300, "{took} ms");
    });
}
