//! A whole device on the host: the real client, on the real network stack, on
//! a virtual network, against a TLS server in the same process.
//!
//! Nothing leaves the process, so time may be paused: retries and keep-alives
//! of hours pass at once.

mod server;

use core::convert::Infallible;
use core::time::Duration;
use std::future::Future;
use std::net::Ipv4Addr;
use std::sync::Arc;

use embassy_net::Stack;
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use rand_core::OsRng;
use wigwag_embassy::journal::{Journal, RamJournal};
use wigwag_embassy::net::EmbassyNetwork;
use wigwag_embassy::ngtt::{self, Buffers, Client, Config, SessionConfig, State, Status};
use wigwag_embassy::tls::{ClockPolicy, Identity, SoftwareKey, TrustAnchors};
use wigwag_harness::pki::{self, Pki};
use wigwag_harness::vnet::{Options, VirtualNet, alongside};

pub use server::{Connection, Server, Setup};

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
    /// The server it looks for.
    pub server: String,
    /// The time it believes.
    pub clock: ClockPolicy,
    /// The session's times and limits.
    pub session: SessionConfig,
    /// Changes to the client's configuration.
    pub tune: fn(&mut Config<'_>),
}

/// The host's time, for [`ClockPolicy`].
pub fn host_time() -> Option<u64> {
    let now = std::time::SystemTime::now();
    now.duration_since(std::time::UNIX_EPOCH)
        .ok()
        .map(|since| since.as_secs())
}

impl Device {
    /// The first device of `pki`, which trusts its server authority.
    pub fn of(pki: &Pki) -> Self {
        let identity = pki.device(pki::DEFAULT_DEVICE_ID);
        Self {
            root: pki.server_ca().to_vec(),
            identity: identity.expect("a new Pki has this device").clone(),
            server: SERVER.into(),
            clock: ClockPolicy::real_time(host_time),
            session: SessionConfig::new(),
            tune: |_| {},
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
        net.run(async |stack| self.on(stack, journal, app).await)
            .await
    }

    async fn on<T>(
        &self,
        stack: Stack<'_>,
        journal: &mut impl Journal,
        app: impl AsyncFnOnce(TestClient<'_>) -> T,
    ) -> T {
        let key = SoftwareKey::from_der(self.identity.key().secret_pkcs8_der())
            .expect("the key of a Pki is P-256");
        let identity =
            Identity::new(self.identity.certificate(), &key).expect("certificate and key fit");
        let roots: [&[u8]; 1] = [&self.root];
        let trust = TrustAnchors::new(&roots).expect("the root of a Pki is a certificate");
        let mut config = Config::for_server(&self.server, trust, identity, self.clock)
            .expect("the server's name is one");
        (self.tune)(&mut config);
        let state: Box<State<NoopRawMutex>> = Box::new(State::new(self.session));
        let mut buffers: Box<Buffers> = Box::new(Buffers::new());
        let network = EmbassyNetwork::new(stack);
        let (client, mut runner) = ngtt::new(&state, &mut buffers, network, config, OsRng, journal);
        let runner = async { runner.run().await };
        alongside(app(client), vec![Box::pin(forever(runner))]).await
    }
}

/// A future that never ends, in the type that says so.
async fn forever(future: impl Future<Output = Infallible>) -> Infallible {
    future.await
}

/// A network whose every connection goes to `server`, and which knows it by
/// name.
pub fn network(server: &Arc<Server>, seed: u64) -> VirtualNet {
    let server = server.clone();
    let options = Options {
        seed,
        ..Options::default()
    };
    let net = VirtualNet::with(options, move |_to| {
        let server = server.clone();
        async move { Ok(server.dial()) }
    });
    net.names().set(SERVER, [Ipv4Addr::new(192, 0, 2, 1)]);
    net
}

/// Waits until `done` says so, or fails the test with `what`.
///
/// # Panics
/// After a minute (of the runtime's time).
pub async fn until(what: &str, mut done: impl FnMut() -> bool) {
    let wait = async {
        while !done() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(60), wait).await;
    assert!(waited.is_ok(), "not within a minute: {what}");
}

/// Runs an async test on one thread, in real time.
pub fn block_on<T>(test: impl Future<Output = T>) -> T {
    runtime(false).block_on(limited(test))
}

/// Runs an async test on one thread in paused time: only for tests in which
/// nothing but this process takes part.
pub fn block_on_paused<T>(test: impl Future<Output = T>) -> T {
    runtime(true).block_on(limited(test))
}

/// Every test has an end.
async fn limited<T>(test: impl Future<Output = T>) -> T {
    let day = Duration::from_secs(7 * 24 * 3600);
    let limit = tokio::time::timeout(day, test);
    limit.await.expect("the test goes on for more than a week")
}

fn runtime(paused: bool) -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().start_paused(paused);
    builder.build().expect("a runtime can be made")
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
