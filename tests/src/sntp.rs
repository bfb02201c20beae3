//! A device that asks for the time on a virtual network, and the servers it asks.

use core::time::Duration;
use std::net::Ipv4Addr;

use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use rand_core::OsRng;
use wigwag_embassy::net::EmbassyNetwork;
use wigwag_embassy::sntp::{Config, Report, Runner, State};
use wigwag_embassy::wall_clock::WallClock;
use wigwag_harness::mock_sntp::{Behaviour, MockSntp};
use wigwag_harness::vnet::{VirtualNet, alongside, loopback, with_datagrams};

/// What time the device knows it is at least, in seconds since 1970.
pub const FLOOR: u64 = 1_790_000_000;

/// What time it is when a test begins: a hundred days later.
pub const START: u64 = FLOOR + 100 * 24 * 3600;

/// The names of the servers; the one with index 0 is `a.test` at 192.0.2.10, the
/// next one address further.
pub const NAMES: [&str; 4] = ["a.test", "b.test", "c.test", "d.test"];

/// The address of the server with this index.
#[must_use]
pub const fn address(index: u8) -> Ipv4Addr {
    Ipv4Addr::new(192, 0, 2, 10 + index)
}

/// Clock and client of a device.
pub struct Device {
    /// Its time.
    pub clock: WallClock<NoopRawMutex>,
    /// Its client.
    pub sntp: State<NoopRawMutex>,
}

/// Servers that behave like this, and a network that knows them.
#[must_use]
pub fn world<const N: usize>(behaviours: [Behaviour; N]) -> (MockSntp, VirtualNet) {
    let world = MockSntp::new(START);
    let net = VirtualNet::new(with_datagrams(loopback(), world.datagrams()));
    for ((index, name), behaviour) in (0..).zip(NAMES).zip(behaviours) {
        world.serve(address(index), behaviour);
        net.names().set(name, [address(index)]);
    }
    (world, net)
}

/// Boots a device on `net` that asks the first so many of [`NAMES`], and runs `app`
/// beside it to the end.
pub async fn with_device<T>(
    net: &VirtualNet,
    servers: usize,
    app: impl AsyncFnOnce(&Device) -> T,
) -> T {
    with_tuned(net, servers, |_| {}, app).await
}

/// [`with_device`] with another configuration.
pub async fn with_tuned<T>(
    net: &VirtualNet,
    servers: usize,
    tune: impl FnOnce(&mut Config<'_>),
    app: impl AsyncFnOnce(&Device) -> T,
) -> T {
    let device = Device {
        clock: WallClock::new(FLOOR),
        sntp: State::new(),
    };
    let mut config = Config::new(&NAMES[..servers]).expect("these are names");
    tune(&mut config);
    net.run(async |stack| {
        let network = EmbassyNetwork::new(stack);
        let mut runner = Runner::new(&device.clock, &device.sntp, network, config, OsRng);
        let runner = async { runner.run().await };
        alongside(app(&device), vec![Box::pin(runner)]).await
    })
    .await
}

impl Device {
    /// The report of the next round, which comes within an hour and a half.
    ///
    /// # Panics
    /// When it does not.
    pub async fn round(&self) -> Report {
        let patience = Duration::from_secs(5400);
        let report = tokio::time::timeout(patience, self.sntp.next_report()).await;
        report.expect("a round ends within an hour and a half")
    }

    /// By how many microseconds the clock is ahead of the right time.
    ///
    /// # Panics
    /// When it is not set.
    #[must_use]
    pub fn ahead(&self, world: &MockSntp) -> i64 {
        let shown = self.clock.unix_micros().expect("the clock is set");
        shown.cast_signed() - world.unix_micros().cast_signed()
    }
}
