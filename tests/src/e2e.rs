//! A device whose application is the test itself: the real client, on the real
//! network stack, on a virtual network, against a server in the same process.
//!
//! Nothing leaves the process, so time may be paused: retries and keep-alives
//! of hours pass at once.

use core::convert::Infallible;
use core::time::Duration;
use std::future::Future;
use std::net::Ipv4Addr;

use embassy_net::StackResources;
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use rand_core::OsRng;
use wigwag_embassy::journal::{Journal, RamJournal};
use wigwag_embassy::net::{EmbassyNetwork, PathId};
use wigwag_embassy::ngtt::{self, Buffers, Client, Config, Memory, SessionConfig, State, Status};
use wigwag_embassy::tls::{ClockPolicy, Identity, Signer, Slot, SoftwareKey, TrustAnchors};
use wigwag_harness::device::host_time;
use wigwag_harness::mock::MockNgtt;
use wigwag_harness::pki::{self, Pki};
use wigwag_harness::vnet::{Background, Dial, Options, SOCKETS, VirtualNet, alongside};

use crate::tls::stopped_after;

/// The server's name in the tests: one of those in a new [`Pki`].
pub const SERVER: &str = "ngtt.test";

/// The handle that an application under test gets.
pub type TestClient<'a> = Client<'a, NoopRawMutex>;

/// What a device under test is given besides its network.
#[derive(Clone)]
pub struct Device {
    /// The certificate of the authority it trusts, DER.
    pub root: Vec<u8>,
    /// Its own certificate and key.
    pub identity: pki::Identity,
    /// A second certificate and key, that is to take over.
    pub next: Option<pki::Identity>,
    /// The server it looks for.
    pub server: String,
    /// What signs with the key of each of them.
    pub signer: fn(Slot, SoftwareKey) -> Box<dyn Signer>,
    /// The time it believes.
    pub clock: ClockPolicy,
    /// The session's times and limits.
    pub session: SessionConfig,
    /// Changes to the client's configuration.
    pub tune: fn(&mut Config<'_>),
    /// The runner's future is dropped after so many polls, and made anew: once
    /// for each number.
    pub stops: Vec<u32>,
    /// After this time the runner is not polled any more.
    pub runs_for: Option<Duration>,
}

impl Device {
    /// The first device of `pki`, which trusts its server authority.
    pub fn of(pki: &Pki) -> Self {
        let identity = pki.device(pki::DEFAULT_DEVICE_ID);
        Self {
            root: pki.server_ca().to_vec(),
            identity: identity.expect("a new Pki has this device").clone(),
            next: None,
            signer: |_, key| Box::new(key),
            server: SERVER.into(),
            clock: ClockPolicy::real_time(host_time),
            session: SessionConfig::new(),
            tune: |_| {},
            stops: Vec::new(),
            runs_for: None,
        }
    }

    /// Boots the device on `net` and runs `app` with its client to the end.
    /// `journal` outlives it, as flash does.
    pub async fn run<T>(
        &self,
        net: &VirtualNet,
        journal: &mut impl Journal,
        app: impl AsyncFnOnce(TestClient<'_>) -> T,
    ) -> T {
        let mut buffers: Box<Buffers> = Box::new(Buffers::new());
        self.run_with(net, journal, &mut *buffers, app).await
    }

    /// [`run`](Self::run) with memory of another size.
    pub async fn run_with<T, B: Memory>(
        &self,
        net: &VirtualNet,
        journal: &mut impl Journal,
        buffers: &mut B,
        app: impl AsyncFnOnce(TestClient<'_>) -> T,
    ) -> T {
        net.run(async |stack| {
            let network = EmbassyNetwork::new(stack);
            self.on(network, [PathId(0)], journal, buffers, app).await
        })
        .await
    }

    /// [`run`](Self::run), for an application that uses the network besides.
    pub async fn run_on_stack<T>(
        &self,
        net: &VirtualNet,
        journal: &mut impl Journal,
        app: impl AsyncFnOnce(TestClient<'_>, EmbassyNetwork<'_>) -> T,
    ) -> T {
        let mut buffers: Box<Buffers> = Box::new(Buffers::new());
        net.run(async |stack| {
            let network = EmbassyNetwork::new(stack);
            let app = async |client: TestClient<'_>| app(client, network).await;
            self.on(network, [PathId(0)], journal, &mut *buffers, app)
                .await
        })
        .await
    }

    /// [`run`](Self::run) on two networks at once, the better path first.
    pub async fn run_on_two<T>(
        &self,
        nets: [&VirtualNet; 2],
        journal: &mut impl Journal,
        app: impl AsyncFnOnce(TestClient<'_>) -> T,
    ) -> T {
        let [first, second] = &mut [(); 2].map(|()| StackResources::<SOCKETS>::new());
        let (stack_0, mut runner_0) = nets[0].attach(first, nets[0].config());
        let (stack_1, mut runner_1) = nets[1].attach(second, nets[1].config());
        let background: Vec<Background<'_>> = vec![
            Box::pin(async { runner_0.run().await }),
            Box::pin(async { runner_1.run().await }),
            Box::pin(nets[0].carry()),
            Box::pin(nets[1].carry()),
        ];
        let network = EmbassyNetwork::with_paths([stack_0, stack_1]);
        let paths = [PathId(0), PathId(1)];
        let mut buffers: Box<Buffers> = Box::new(Buffers::new());
        let device = self.on(network, paths, journal, &mut *buffers, app);
        alongside(device, background).await
    }

    async fn on<T, B: Memory, const PATHS: usize>(
        &self,
        network: EmbassyNetwork<'_, PATHS>,
        paths: [PathId; PATHS],
        journal: &mut impl Journal,
        buffers: &mut B,
        app: impl AsyncFnOnce(TestClient<'_>) -> T,
    ) -> T {
        let key = (self.signer)(Slot::Current, software_key(&self.identity));
        let next = self.next.as_ref();
        let next_key = next.map(|next| (self.signer)(Slot::Next, software_key(next)));
        let identity = device_identity(&self.identity, &*key);
        let roots: [&[u8]; 1] = [&self.root];
        let trust = TrustAnchors::new(&roots).expect("the root of a Pki is a certificate");
        let mut config = Config::for_server(&self.server, trust, identity, self.clock)
            .expect("the server's name is one");
        if let (Some(next), Some(key)) = (next, next_key.as_deref()) {
            config = config.with_next(device_identity(next, key));
        }
        (self.tune)(&mut config);
        let state: Box<State<NoopRawMutex>> = Box::new(State::with_config(self.session));
        let config = config.with_paths(paths);
        let (client, mut runner) = ngtt::new(&state, buffers, network, config, OsRng, journal);
        let runner = async {
            for polls in &self.stops {
                // It resolves to nothing but `None`.
                let run = async { runner.run().await };
                let _: Option<Infallible> = stopped_after(*polls, run).await;
            }
            if let Some(limit) = self.runs_for {
                let mut run = core::pin::pin!(runner.run());
                let _ = tokio::time::timeout(limit, run.as_mut()).await;
                // Not dropped, nor polled.
                core::future::pending::<()>().await;
            }
            runner.run().await
        };
        alongside(app(client), vec![Box::pin(forever(runner))]).await
    }
}

fn software_key(identity: &pki::Identity) -> SoftwareKey {
    SoftwareKey::from_der(identity.key().secret_pkcs8_der()).expect("the key of a Pki is P-256")
}

fn device_identity<'a>(identity: &'a pki::Identity, key: &'a dyn Signer) -> Identity<'a> {
    Identity::new(identity.certificate(), key).expect("certificate and key fit")
}

/// A future that never ends, in the type that says so.
async fn forever(future: impl Future<Output = Infallible>) -> Infallible {
    future.await
}

/// A network whose every connection goes to `server`, and which knows it by
/// name.
pub fn network(server: &MockNgtt) -> VirtualNet {
    network_to(server.dial())
}

/// A network whose every connection goes where `dial` says, and which knows
/// [`SERVER`].
pub fn network_to(dial: impl Dial + 'static) -> VirtualNet {
    let net = VirtualNet::with(Options::default(), dial);
    net.names().set(SERVER, [Ipv4Addr::new(192, 0, 2, 1)]);
    net
}

/// Runs an async test in paused time, on a thread with room for a device's
/// memory: an unoptimised build makes it on the stack before it is boxed.
///
/// # Panics
/// When the test panics, or is not done after a week of its time.
pub fn in_paused_time(test: impl AsyncFnOnce() + Send + 'static) {
    on_a_thread(true, Duration::from_secs(7 * 24 * 3600), test);
}

/// [`in_paused_time`], for a test of so many days.
///
/// # Panics
/// When the test panics, or is not done after these days.
pub fn in_paused_days(days: u32, test: impl AsyncFnOnce() + Send + 'static) {
    on_a_thread(true, Duration::from_secs(24 * 3600) * days, test);
}

/// [`in_paused_time`], but as long as it takes.
///
/// # Panics
/// When the test panics, or is not done after a minute.
pub fn in_real_time(test: impl AsyncFnOnce() + Send + 'static) {
    on_a_thread(false, Duration::from_secs(60), test);
}

fn on_a_thread(paused: bool, limit: Duration, test: impl AsyncFnOnce() + Send + 'static) {
    let run = move || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_all().start_paused(paused).build();
        let done = runtime
            .expect("a runtime can be made")
            .block_on(async { tokio::time::timeout(limit, test()).await });
        assert!(done.is_ok(), "the test goes on for more than {limit:?}");
    };
    let thread = std::thread::Builder::new().stack_size(16 << 20);
    let thread = thread.spawn(run).expect("a thread can be started");
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

/// A journal that knows nothing, for devices without flash.
pub fn no_journal() -> RamJournal {
    RamJournal::new()
}

/// The status once it is neither idle nor on its way.
pub async fn settled(client: &TestClient<'_>) -> Status {
    client
        .wait_status(|status| status.is_connected() || matches!(status, Status::Waiting { .. }))
        .await
}
