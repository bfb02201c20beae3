//! A device that takes orders from its server and tells it what it reads: where
//! your firmware begins. What the board is made of is in board.rs; what your
//! device is for goes into `write` and `read` below.
#![no_std]
#![no_main]

mod board;
mod flash;

use core::time::Duration;

use embassy_executor::Spawner;
use embassy_net::StackResources;
use embassy_sync::blocking_mutex::raw::{CriticalSectionRawMutex, NoopRawMutex};
use embassy_time::Timer;
use rand_core::SeedableRng as _;
use static_cell::{ConstStaticCell, StaticCell};
use wigwag_embassy::health::{self, Member, Vigil};
use wigwag_embassy::journal::FlashJournal;
use wigwag_embassy::net::{EmbassyNetwork, SoundLeases};
use wigwag_embassy::ngtt::message::{Command, Failure};
use wigwag_embassy::ngtt::minijson::Value;
use wigwag_embassy::ngtt::{self, Buffers, Config, History};
use wigwag_embassy::settings::{Roots, Settings, TimeServers};
use wigwag_embassy::sntp;
use wigwag_embassy::store::{SharedStore, Store};
use wigwag_embassy::tls::{ClockPolicy, Identity, SoftwareKey, TrustAnchors};
use wigwag_embassy::wall_clock::WallClock;

use crate::board::{Ethernet, Mover, Random, Watchdog, or_wait};
use crate::flash::Journal;

type Client = ngtt::Client<'static, NoopRawMutex>;
type Connection = ngtt::Runner<
    'static,
    NoopRawMutex,
    EmbassyNetwork<'static>,
    Random,
    FlashJournal<'static, NoopRawMutex, Journal>,
>;

/// How often the device says what it reads, in seconds.
const EVERY: u64 = 60;

/// What must go on beside the client: a task that says nothing for so long, and is
/// not idle, ends in a reset. Give each of yours a member.
static VIGIL: Vigil<CriticalSectionRawMutex, 1> =
    Vigil::new([Member::new("orders", Duration::from_secs(60))]);

/// The time of day; nothing before the moment that the settings were written is
/// believed.
static CLOCK: WallClock = WallClock::new(ClockPolicy::EARLIEST_FLOOR);

fn unix_seconds() -> Option<u64> {
    CLOCK.unix_seconds()
}

/// What time servers say.
static SNTP: sntp::State = sntp::State::new();

type Time = sntp::Runner<'static, CriticalSectionRawMutex, EmbassyNetwork<'static>, Random>;

#[embassy_executor::task]
async fn packets(mover: Mover) -> ! {
    mover.run().await
}

#[embassy_executor::task]
async fn network(mut runner: embassy_net::Runner<'static, SoundLeases<Ethernet>>) -> ! {
    runner.run().await
}

#[embassy_executor::task]
async fn connection(connection: &'static mut Connection) -> ! {
    connection.run().await
}

#[embassy_executor::task]
async fn time(mut runner: Time) -> ! {
    runner.run().await
}

#[embassy_executor::task]
async fn readings(client: Client) -> ! {
    loop {
        Timer::after_secs(EVERY).await;
        send(client, "temperature").await;
    }
}

/// Feeds the watchdog while everything makes progress.
#[embassy_executor::task]
async fn guard(client: Client, mut watchdog: Watchdog) -> ! {
    watchdog.start();
    let feed = || watchdog.feed();
    health::watch(&(&VIGIL, client), Watchdog::PERIOD, feed, |_| {
        board::reset()
    })
    .await
}

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    static SOCKETS: ConstStaticCell<StackResources<4>> =
        ConstStaticCell::new(StackResources::new());
    static STATE: ConstStaticCell<ngtt::State<NoopRawMutex>> =
        ConstStaticCell::new(ngtt::State::new());
    static BUFFERS: ConstStaticCell<Buffers> = ConstStaticCell::new(Buffers::new());
    static ROOTS: StaticCell<Roots<'static>> = StaticCell::new();
    static TIME_SERVERS: StaticCell<TimeServers<'static>> = StaticCell::new();
    static KEY: StaticCell<SoftwareKey> = StaticCell::new();
    static STORE: StaticCell<SharedStore<NoopRawMutex, Journal>> = StaticCell::new();
    static CONNECTION: StaticCell<Connection> = StaticCell::new();

    let mut board = board::start().await;

    // What this one device was told: `wigwag provision` wrote it to the flash.
    let settings = or_wait(Settings::read(board::settings()));
    let trust = or_wait(TrustAnchors::new(ROOTS.init(settings.roots)));
    let key = KEY.init(or_wait(SoftwareKey::from_der(settings.key)));
    let identity = or_wait(Identity::new(settings.certificate, key));
    let floor = settings.floor.unwrap_or(ClockPolicy::EARLIEST_FLOOR);
    CLOCK.raise_floor(floor);
    let clock = ClockPolicy::real_time_or_floor(unix_seconds, floor);
    let mut config = or_wait(Config::for_server(settings.server, trust, identity, clock));
    config.port = settings.port;

    let time_servers = TIME_SERVERS.init(settings.time_servers);
    let time_servers = or_wait(sntp::Config::new(time_servers));

    // What must survive a power failure: which orders were begun, which answered.
    let length = board.flash.length();
    let mut store = or_wait(Store::new(board.flash, 0..length));
    defmt::info!("store: {}", or_wait(store.open().await));
    let journal = FlashJournal::new(STORE.init(SharedStore::new(store)));

    let seed = rand_core::RngCore::next_u64(&mut board.random);
    let dhcp = embassy_net::Config::dhcpv4(Default::default());
    // Without the answers of DHCP servers that make the stack panic.
    let ethernet = SoundLeases::new(board.ethernet);
    let (stack, runner) = embassy_net::new(ethernet, dhcp, SOCKETS.take(), seed);
    let network_of_time = EmbassyNetwork::new(stack);
    // A seed of its own: a clone would say to time servers what TLS keeps secret.
    let rng_of_time = or_wait(Random::from_rng(&mut board.random));
    let clock = sntp::Runner::new(&CLOCK, &SNTP, network_of_time, time_servers, rng_of_time);
    let (client, link) = ngtt::new(
        STATE.take(),
        BUFFERS.take(),
        EmbassyNetwork::new(stack),
        config,
        board.random,
        journal,
    );
    spawner.spawn(packets(board.mover).expect("spawned once"));
    spawner.spawn(network(runner).expect("spawned once"));
    spawner.spawn(connection(CONNECTION.init(link)).expect("spawned once"));
    spawner.spawn(time(clock).expect("spawned once"));
    spawner.spawn(readings(client).expect("spawned once"));
    spawner.spawn(guard(client, board.watchdog).expect("spawned once"));

    loop {
        take_order(client).await;
    }
}

/// Takes an order, executes or refuses it, and tells the server which. The journal
/// knows of both: after a power failure the order comes again, and its history
/// says what is known.
async fn take_order(client: Client) {
    let beat = VIGIL.member::<0>();
    // To wait for an order is no fault, nor is it to wait for the server.
    let order = beat.idle(client.next_order()).await;
    let commands = order.sections().ok().filter(|sections| {
        let mut commands = sections.clone().flat_map(|section| section.commands());
        commands.all(|command| can_execute(&command, order.history()))
    });
    let Some(sections) = commands else {
        defmt::warn!("order {}: refused", order.tid());
        return beat.idle(order.reject()).await;
    };
    for command in sections.flat_map(|section| section.commands()) {
        match command {
            Command::Write { path, value, .. } => write(path, value),
            Command::Read { path, .. } => beat.idle(send(client, path)).await,
            _ => {}
        }
    }
    defmt::info!("order {}: executed", order.tid());
    beat.idle(order.acknowledge()).await;
}

/// An order is executed as a whole or not at all. One that was begun before a
/// power failure is not begun again where it changes something. (In the first two
/// minutes of a new device every order is `Unknown`: if yours must not do a thing
/// twice at any price, have it refuse those as well.) What it reads needs a date.
fn can_execute(command: &Command<'_>, history: History) -> bool {
    match command {
        Command::Write { .. } => history != History::Interrupted,
        Command::Read { .. } => CLOCK.unix_micros().is_some(),
        _ => false,
    }
}

/// Sends what `path` reads, and waits until the server has it.
async fn send(client: Client, path: &str) {
    // Without the time of day the server could not place a reading.
    let Some(micros) = CLOCK.unix_micros() else {
        return;
    };
    let at_ms = i64::try_from(micros / 1000).unwrap_or(i64::MAX);
    let sent = client.sync_pathpoints(1, |batch| {
        let readings = batch.pathpoint(path, 1)?;
        match read(path) {
            Some(reading) => readings.value(at_ms, |to| to.f64(reading)),
            None => readings.failed(at_ms, Failure::Invalid),
        }
        .map(drop)
    });
    if let Err(error) = sent.await {
        defmt::warn!("{=str}: not taken: {}", path, defmt::Display2Format(&error));
    }
}

/// Does what an order says.
fn write(path: &str, value: Value<'_>) {
    defmt::info!("{=str} is to be {}", path, value.as_i64());
}

/// What the device reads under this name, if there is such a thing.
fn read(path: &str) -> Option<f64> {
    (path == "temperature").then_some(21.5)
}
