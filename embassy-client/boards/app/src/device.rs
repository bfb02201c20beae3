//! Puts a device together: network stack, client and application.

use embassy_net::{DhcpConfig, StackResources};
use embassy_net_driver::Driver;
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embedded_storage_async::nor_flash::NorFlash;
use rand_core::{CryptoRngCore, RngCore as _};
use static_cell::{ConstStaticCell, StaticCell};
use wigwag_embassy::last_words::{ResetReason, Words};
use wigwag_embassy::net::EmbassyNetwork;
use wigwag_embassy::ngtt::{self, Buffers, Config, ConfigError};
use wigwag_embassy::settings::{Roots, Settings};
use wigwag_embassy::store::StoreError;
use wigwag_embassy::tls::{Identity, IdentityError, SoftwareKey, TrustAnchors, TrustError};

use crate::application::{Application, Memory};
use crate::clock;
use crate::connection::Connection;
use crate::rng::SharedRng;
use crate::storage::{Journal, Storage};

/// Client and application share an executor: no lock is needed.
pub(crate) type Mutex = NoopRawMutex;
pub(crate) type Client = ngtt::Client<'static, Mutex>;
pub(crate) type Order = ngtt::Order<'static, Mutex>;
pub(crate) type Runner<R, F> =
    ngtt::Runner<'static, Mutex, EmbassyNetwork<'static>, SharedRng<R>, Journal<F>>;

/// The task of the network stack; `D` is the board's network driver.
pub type Network<D> = embassy_net::Runner<'static, D>;

/// DHCP, DNS, and the connection to the server.
const SOCKETS: usize = 3;

/// How much of the stack was used, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StackUse {
    /// At the deepest point since the start.
    pub peak: u32,
    /// All there is.
    pub size: u32,
}

/// A board, as the device sees it.
#[derive(Clone, Copy, Debug)]
pub struct Board {
    /// Its name, for the log.
    pub name: &'static str,
    /// Why it started.
    pub reset: ResetReason,
    /// The time of day at the start in seconds since 1970, on a board with a clock
    /// that goes on without power.
    pub unix_seconds: Option<u64>,
    /// Processor time since the start in nanoseconds, without sleep.
    pub busy_nanos: fn() -> u64,
    /// The use of the stack.
    pub stack: fn() -> StackUse,
}

/// A device whose parts wait to be run, each in a task of its own on the same
/// executor.
#[allow(missing_debug_implementations)] // embassy-net's runner has none.
pub struct Device<D: Driver, R: 'static, F: NorFlash + 'static> {
    /// Moves packets: `run` it.
    pub network: Network<D>,
    /// Keeps the connection to the server up: [`run`](Connection::run) it.
    pub connection: Connection<R, F>,
    /// Does what the device is for: [`run`](Application::run) it, or
    /// [`on_trial`](Application::on_trial).
    pub application: Application<F>,
}

/// Settings or flash cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartError {
    /// The flash, or what is in it.
    Store(StoreError),
    /// The root certificates.
    Trust(TrustError),
    /// The device's certificate or key.
    Identity(IdentityError),
    /// The server.
    Config(ConfigError),
}

impl core::fmt::Display for StartError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Trust(error) => error.fmt(f),
            Self::Identity(error) => error.fmt(f),
            Self::Config(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for StartError {}

impl From<StoreError> for StartError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<TrustError> for StartError {
    fn from(error: TrustError) -> Self {
        Self::Trust(error)
    }
}

impl From<IdentityError> for StartError {
    fn from(error: IdentityError) -> Self {
        Self::Identity(error)
    }
}

impl From<ConfigError> for StartError {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

/// What a device is made of.
#[allow(missing_debug_implementations)] // Drivers have none.
pub struct Parts<D, R: 'static, F: NorFlash + 'static> {
    /// The network driver.
    pub driver: D,
    /// A cryptographic random generator, seeded from hardware.
    pub rng: R,
    /// What the device is told about itself.
    pub settings: Settings<'static>,
    /// The flash for what must survive a reset: the device uses all of it.
    pub flash: F,
    /// The memory for that.
    pub storage: &'static Storage<F, R>,
    /// What the run before this one said in the end, if it ended badly.
    pub last_words: Option<Words>,
}

/// Puts the device together. It gets its address by DHCP.
///
/// # Errors
/// [`StartError`] when settings or flash cannot be used.
///
/// # Panics
/// When it is called a second time: the memory of the device is static.
pub async fn start<D: Driver, R: CryptoRngCore, F: NorFlash>(
    board: Board,
    parts: Parts<D, R, F>,
) -> Result<Device<D, R, F>, StartError> {
    let Parts {
        driver,
        rng,
        settings,
        flash,
        storage,
        last_words,
    } = parts;
    static RESOURCES: ConstStaticCell<StackResources<SOCKETS>> =
        ConstStaticCell::new(StackResources::new());
    static STATE: ConstStaticCell<ngtt::State<Mutex>> = ConstStaticCell::new(ngtt::State::new());
    static BUFFERS: ConstStaticCell<Buffers> = ConstStaticCell::new(Buffers::new());
    static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());
    static ROOTS: StaticCell<Roots<'static>> = StaticCell::new();
    static KEY: StaticCell<SoftwareKey> = StaticCell::new();

    defmt::info!(
        "wigwag {=str} on {=str}, started by {=str}",
        env!("CARGO_PKG_VERSION"),
        board.name,
        board.reset.words()
    );
    let mut rng = storage.share(rng);
    let kept = storage.open(flash).await?;
    let clock = clock::start(kept.store, settings.floor, board.unix_seconds).await?;
    let memory = &*MEMORY.take();
    memory.last_words.replace(last_words);
    let before = (board.busy_nanos)();
    let key = KEY.init(SoftwareKey::from_der(settings.key)?);
    memory.report.borrow_mut().key = (board.busy_nanos)().saturating_sub(before);

    let trust = TrustAnchors::new(ROOTS.init(settings.roots))?;
    let identity = Identity::new(settings.certificate, key)?;
    let mut config = Config::for_server(settings.server, trust, identity, clock)?;
    config.port = settings.port;

    let dhcp = embassy_net::Config::dhcpv4(DhcpConfig::default());
    let (stack, network) = embassy_net::new(driver, dhcp, RESOURCES.take(), rng.next_u64());
    let (client, runner) = ngtt::new(
        STATE.take(),
        BUFFERS.take(),
        EmbassyNetwork::new(stack),
        config,
        rng,
        Journal::new(kept.store),
    );
    let application = Application {
        client,
        outbox: kept.outbox,
        store: kept.store,
        board,
        server: settings.server,
        port: settings.port,
        memory,
        starts: kept.starts,
    };
    Ok(Device {
        network,
        connection: Connection {
            runner,
            application,
            stack,
        },
        application,
    })
}
