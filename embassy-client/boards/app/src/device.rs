//! Puts a device together: network stack, client and application.

use embassy_net::{DhcpConfig, StackResources};
use embassy_net_driver::Driver;
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embedded_storage_async::nor_flash::NorFlash;
use rand_core::{CryptoRngCore, RngCore as _};
use static_cell::{ConstStaticCell, StaticCell};
use wigwag_embassy::last_words::{ResetReason, Words};
use wigwag_embassy::memory::StackUse;
use wigwag_embassy::net::{EmbassyNetwork, SoundLeases};
use wigwag_embassy::ngtt::{self, ConfigError};
use wigwag_embassy::renewal::{self, Keeper, RenewalError};
use wigwag_embassy::settings::{Roots, Settings, SettingsError, TimeServers, fingerprint};
use wigwag_embassy::sntp;
use wigwag_embassy::store::StoreError;
use wigwag_embassy::tls::{TrustAnchors, TrustError};

use crate::application::{Application, Memory};
use crate::clock::{self, CLOCK, SNTP};
use crate::connection::{self, Connection, config};
use crate::storage::{BATCH_BYTES, Journal, MARKS, Storage};

/// Client and application share an executor: no lock is needed.
pub(crate) type Mutex = NoopRawMutex;
/// Orders of up to 2 KiB: one of them brings a certificate.
type Slots = ngtt::Slots<4, ORDER_BYTES, 4, BATCH_BYTES, MARKS>;
const ORDER_BYTES: usize = 2048;
pub(crate) type State = ngtt::State<Mutex, Slots>;
pub(crate) type Client = ngtt::Client<'static, Mutex, Slots>;
pub(crate) type Order = ngtt::Order<'static, Mutex, Slots>;

/// Bytes of the TLS send buffer: what a certificate has to fit into.
const SEND_BUFFER: usize = 2048;

pub(crate) type Buffers = ngtt::Buffers<16_401, SEND_BUFFER, 4096, 2048, { ORDER_BYTES + 16 }>;

/// The task of the network stack; `D` is the board's network driver.
pub type Network<D> = embassy_net::Runner<'static, SoundLeases<D>>;

/// DHCP, DNS, time, and the connection to the server.
const SOCKETS: usize = 4;

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
pub struct Device<D: Driver, F: NorFlash + 'static> {
    /// Moves packets: `run` it.
    pub network: Network<D>,
    /// Keeps the connection to the server up: [`run`](Connection::run) it.
    pub connection: Connection<F>,
    /// Does what the device is for: [`run`](Application::run) it, or
    /// [`on_trial`](Application::on_trial).
    pub application: Application<F>,
}

/// Settings or flash cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartError {
    /// There are no settings, or damaged ones.
    Settings(SettingsError),
    /// The time servers in them.
    Time(sntp::ConfigError),
    /// The flash, or what is in it.
    Store(StoreError),
    /// The root certificates.
    Trust(TrustError),
    /// The device's certificate or key.
    Identity(RenewalError),
    /// The server.
    Config(ConfigError),
}

impl core::fmt::Display for StartError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Settings(error) => error.fmt(f),
            Self::Time(error) => error.fmt(f),
            Self::Store(error) => error.fmt(f),
            Self::Trust(error) => error.fmt(f),
            Self::Identity(error) => error.fmt(f),
            Self::Config(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for StartError {}

impl From<SettingsError> for StartError {
    fn from(error: SettingsError) -> Self {
        Self::Settings(error)
    }
}

impl From<sntp::ConfigError> for StartError {
    fn from(error: sntp::ConfigError) -> Self {
        Self::Time(error)
    }
}

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

impl From<RenewalError> for StartError {
    fn from(error: RenewalError) -> Self {
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
    /// The region of flash with the settings image.
    pub settings: &'static [u8],
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
) -> Result<Device<D, F>, StartError> {
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
    static STATE: ConstStaticCell<State> = ConstStaticCell::new(State::new());
    static BUFFERS: ConstStaticCell<Buffers> = ConstStaticCell::new(Buffers::new());
    static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());
    static ROOTS: StaticCell<Roots<'static>> = StaticCell::new();
    static TIME_SERVERS: StaticCell<TimeServers<'static>> = StaticCell::new();
    static IDENTITIES: ConstStaticCell<renewal::Memory> =
        ConstStaticCell::new(renewal::Memory::new());

    defmt::info!(
        "wigwag {=str} on {=str}, started by {=str}",
        env!("CARGO_PKG_VERSION"),
        board.name,
        board.reset.words()
    );
    let region = settings;
    let settings = Settings::read(region)?;
    let fingerprint = fingerprint(region)?;
    let mut rng = storage.share(rng);
    let kept = storage.open(flash, &fingerprint).await?;
    let clock = clock::start(kept.store, settings.floor, board.unix_seconds).await?;
    let memory = &*MEMORY.take();
    memory.last_words.replace(last_words);
    let renewals = Keeper::new(kept.store, &settings, fingerprint, clock, SEND_BUFFER);
    let renewals = storage.keep(renewals);
    let trust = TrustAnchors::new(ROOTS.init(settings.roots))?;
    let identities = IDENTITIES.take();
    {
        // What can be wrong with settings is found now.
        let (identities, _) = renewals.load(identities).await?;
        config(settings.server, settings.port, trust, identities, clock)?;
    }
    let time = sntp::Config::new(TIME_SERVERS.init(settings.time_servers))?;

    let dhcp = embassy_net::Config::dhcpv4(DhcpConfig::default());
    let (stack, network) = embassy_net::new(
        SoundLeases::new(driver),
        dhcp,
        RESOURCES.take(),
        rng.next_u64(),
    );
    let network_of_time = EmbassyNetwork::new(stack);
    let state = &*STATE.take();
    let application = Application {
        client: state.client(),
        rng,
        renewals,
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
            parts: connection::Parts {
                stack,
                state,
                buffers: BUFFERS.take(),
                identities,
                journal: Journal::new(kept.store),
                trust,
                clock,
                rng,
            },
            time: sntp::Runner::new(&CLOCK, &SNTP, network_of_time, time, rng),
            application,
        },
        application,
    })
}
