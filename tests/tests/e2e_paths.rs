//! A device on two networks at once: two stacks, one [`EmbassyNetwork`].

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;

use embassy_net::{Config, StackResources};
use tokio::io::AsyncWriteExt as _;
use wigwag_embassy::net::{
    ConnectError, EmbassyNetwork, Family, Network, NoSuchPath, PathId, PathState, ResolveError,
    TcpBuffers, TcpSocket,
};
use wigwag_harness::faults::DialFault;
use wigwag_harness::vnet::{Addressing, Background, Options, SOCKETS, VirtualNet, alongside};
use wigwag_tests::e2e::in_paused_time;

const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 7);
const SOON: Duration = Duration::from_secs(5);
const ETHERNET: PathId = PathId(0);
const RADIO: PathId = PathId(1);

/// A network whose server says one byte: which network it is.
fn network(id: u8) -> VirtualNet {
    let options = Options {
        seed: id.into(),
        addressing: Addressing {
            device: Ipv4Addr::new(10, 0, id, 15),
            gateway: Ipv4Addr::new(10, 0, id, 2),
            dns: Ipv4Addr::new(10, 0, id, 2),
            ..Addressing::DEFAULT
        },
        ..Options::default()
    };
    VirtualNet::with(options, move |_: SocketAddr| async move {
        let (near, mut far) = tokio::io::duplex(64);
        far.write_all(&[id]).await?;
        // Held, so that the connection stays open.
        tokio::spawn(async move {
            let _far = far;
            std::future::pending::<()>().await
        });
        Ok(near)
    })
}

/// Runs `app` on a device that is joined to both networks.
fn on_both(app: impl AsyncFnOnce(&EmbassyNetwork<'_, 2>, [&VirtualNet; 2]) + Send + 'static) {
    in_paused_time(async || {
        let (ethernet, radio) = (network(4), network(9));
        let mut resources = [(); 2].map(|()| StackResources::<SOCKETS>::new());
        let [first, second] = &mut resources;
        let config = || Config::dhcpv4(Default::default());
        let (stack_0, mut runner_0) = ethernet.attach(first, config());
        let (stack_1, mut runner_1) = radio.attach(second, config());
        let network = EmbassyNetwork::with_paths([stack_0, stack_1]);
        let background: Vec<Background<'_>> = vec![
            Box::pin(async { runner_0.run().await }),
            Box::pin(async { runner_1.run().await }),
            Box::pin(ethernet.carry()),
            Box::pin(radio.carry()),
        ];
        alongside(app(&network, [&ethernet, &radio]), background).await;
    });
}

async fn up(network: &impl Network, path: PathId) {
    let mut state = network.path_state(path);
    while state != PathState::Up {
        state = network.path_changed(path, state).await;
    }
}

/// Which network's server answers on `path`.
async fn answer(network: &EmbassyNetwork<'_, 2>, path: PathId) -> Result<u8, ConnectError> {
    let (mut receive, mut send) = ([0; 512], [0; 512]);
    let buffers = TcpBuffers {
        receive: &mut receive,
        send: &mut send,
    };
    let socket = network.tcp(path, buffers).expect("the path exists");
    socket.connect(SERVER, SOON).await?;
    let mut id = [0];
    assert_eq!(socket.read(&mut id).await, Ok(1));
    let local = socket.local().expect("it is connected").ip();
    assert_eq!(local, IpAddr::V4(Ipv4Addr::new(10, 0, id[0], 15)));
    socket.abort();
    socket.flushed().await;
    Ok(id[0])
}

#[test]
fn each_path_leads_to_its_own_network() {
    on_both(async |network, _| {
        assert_eq!(network.paths(), 2);
        up(network, ETHERNET).await;
        up(network, RADIO).await;
        assert_eq!(answer(network, ETHERNET).await, Ok(4));
        assert_eq!(answer(network, RADIO).await, Ok(9));
        assert_eq!(answer(network, ETHERNET).await, Ok(4));
    });
}

#[test]
fn names_are_asked_of_the_servers_of_the_path() {
    on_both(async |network, [ethernet, radio]| {
        up(network, ETHERNET).await;
        up(network, RADIO).await;
        ethernet
            .names()
            .set("server.test", [Ipv4Addr::new(192, 0, 2, 4)]);
        radio
            .names()
            .set("server.test", [Ipv4Addr::new(192, 0, 2, 9)]);
        ethernet
            .names()
            .set("wired.test", [Ipv4Addr::new(192, 0, 2, 1)]);
        let resolve = async |path, name| {
            let found = network.resolve(path, name, Family::V4, SOON).await?;
            Ok::<_, ResolveError>(found[0])
        };
        let address = |last| Ok(IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)));
        assert_eq!(resolve(ETHERNET, "server.test").await, address(4));
        assert_eq!(resolve(RADIO, "server.test").await, address(9));
        assert_eq!(resolve(ETHERNET, "wired.test").await, address(1));
        assert_eq!(
            resolve(RADIO, "wired.test").await,
            Err(ResolveError::Failed)
        );
    });
}

#[test]
fn a_path_goes_and_comes_back_without_the_other() {
    on_both(async |network, [ethernet, radio]| {
        up(network, ETHERNET).await;
        up(network, RADIO).await;
        ethernet.faults().set_link_up(false);
        let state = network.path_changed(ETHERNET, PathState::Up).await;
        assert_eq!(state, PathState::LinkDown);
        assert_eq!(network.path_state(RADIO), PathState::Up);
        assert!(answer(network, ETHERNET).await.is_err());
        assert_eq!(answer(network, RADIO).await, Ok(9));

        // Both are gone, and come back one after the other.
        radio.faults().set_link_up(false);
        let state = network.path_changed(RADIO, PathState::Up).await;
        assert_eq!(state, PathState::LinkDown);
        assert!(answer(network, RADIO).await.is_err());
        ethernet.faults().set_link_up(true);
        up(network, ETHERNET).await;
        assert_eq!(answer(network, ETHERNET).await, Ok(4));
        assert_eq!(network.path_state(RADIO), PathState::LinkDown);
        radio.faults().set_link_up(true);
        up(network, RADIO).await;
        assert_eq!(answer(network, RADIO).await, Ok(9));
    });
}

#[test]
fn faults_of_one_network_are_not_the_others() {
    on_both(async |network, [ethernet, radio]| {
        up(network, ETHERNET).await;
        up(network, RADIO).await;
        ethernet.faults().set_dial(DialFault::Refuse);
        radio.faults().set_dial(DialFault::Silence);
        assert_eq!(answer(network, ETHERNET).await, Err(ConnectError::Refused));
        assert_eq!(answer(network, RADIO).await, Err(ConnectError::TimedOut));
        ethernet.faults().set_dial(DialFault::None);
        assert_eq!(answer(network, ETHERNET).await, Ok(4));
    });
}

#[test]
fn a_path_beyond_the_last_is_an_error_and_never_changes() {
    on_both(async |network, _| {
        let third = PathId(2);
        assert!(network.path_stack(third).is_none());
        assert_eq!(network.path_state(third), PathState::LinkDown);
        assert_eq!(
            network.path_changed(third, PathState::Up).await,
            PathState::LinkDown
        );
        let day = Duration::from_secs(24 * 3600);
        let never = network.path_changed(third, PathState::LinkDown);
        assert!(tokio::time::timeout(day, never).await.is_err());
        let (mut receive, mut send) = ([0; 16], [0; 16]);
        let buffers = TcpBuffers {
            receive: &mut receive,
            send: &mut send,
        };
        assert_eq!(network.tcp(third, buffers).err(), Some(NoSuchPath));
        let failed = network.resolve(third, "a.test", Family::V4, SOON).await;
        assert_eq!(failed, Err(ResolveError::Unsupported));
    });
}
