//! A device's clock, its time servers and the certificates of its server, together.

use core::cell::Cell;
use core::time::Duration;
use std::time::{Duration as Span, UNIX_EPOCH};

use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use rand_core::OsRng;
use wigwag_embassy::ngtt::{Reason, Status};
use wigwag_embassy::sntp::{self, Outcome, Runner};
use wigwag_embassy::tls::{CertificateError, ClockPolicy, End};
use wigwag_embassy::wall_clock::{Origin, WallClock};
use wigwag_harness::device::host_time;
use wigwag_harness::mock::MockNgtt;
use wigwag_harness::mock_sntp::{Behaviour, MockSntp};
use wigwag_harness::pki::{Pki, Validity};
use wigwag_harness::vnet::{VirtualNet, alongside, with_datagrams};
use wigwag_tests::e2e::{
    Device, SERVER, TestClient, in_paused_time, network_to, no_journal, settled,
};
use wigwag_tests::sntp::{NAMES, address};

const DAY: u64 = 24 * 3600;
const YEAR: i64 = 365 * 24 * 3600;

type Clock = WallClock<NoopRawMutex>;
type Sntp = sntp::State<NoopRawMutex>;

thread_local! {
    /// The clock of the device of this thread, which is a test's.
    static CLOCK: Cell<Option<&'static Clock>> = const { Cell::new(None) };
}

fn unix_seconds() -> Option<u64> {
    CLOCK.get()?.unix_seconds()
}

/// What a test has: a server with a certificate, time servers, a network with both.
struct World {
    pki: Pki,
    server: MockNgtt,
    time: MockSntp,
    net: VirtualNet,
    clock: &'static Clock,
    sntp: Sntp,
}

/// What the application of a test has.
struct App<'a> {
    client: TestClient<'a>,
    world: &'a World,
}

impl World {
    /// The server's certificate is valid from and until so many days from now; the
    /// device knows of so many days ago that they have passed.
    async fn new(from: i64, until: i64, floor: u64, behaviour: Behaviour) -> Self {
        let now = host_time().unwrap();
        let mut pki = Pki::generate();
        let day = |days: i64| {
            let seconds = now.saturating_add_signed(days * DAY as i64);
            UNIX_EPOCH + Span::from_secs(seconds)
        };
        let (from, until) = (day(from), day(until));
        let identity = pki.server_identity(&[SERVER.to_owned()], Validity { from, until });
        pki.set_server(identity.unwrap());
        let server = MockNgtt::start(&pki).await.unwrap();
        let time = MockSntp::new(now);
        let net = network_to(with_datagrams(server.dial(), time.datagrams()));
        for (index, name) in (0..3).zip(NAMES) {
            net.names().set(name, [address(index)]);
        }
        let clock: &'static Clock = Box::leak(Box::new(WallClock::new(now - floor * DAY)));
        CLOCK.set(Some(clock));
        let world = Self {
            pki,
            server,
            time,
            net,
            clock,
            sntp: Sntp::new(),
        };
        world.serve(behaviour);
        world
    }

    /// All time servers behave like this from now on.
    fn serve(&self, behaviour: Behaviour) {
        (0..3).for_each(|index| self.time.serve(address(index), behaviour));
    }

    /// Runs `app` on a device that asks the time servers.
    async fn run(&self, app: impl AsyncFnOnce(App<'_>)) {
        let mut device = Device::of(&self.pki);
        device.clock = ClockPolicy::real_time_or_floor(unix_seconds, self.clock.floor());
        device
            .run_on_stack(&self.net, &mut no_journal(), async |client, network| {
                let config = sntp::Config::new(&NAMES[..3]).unwrap();
                let mut runner = Runner::new(self.clock, &self.sntp, network, config, OsRng);
                let app = app(App {
                    client,
                    world: self,
                });
                alongside(app, vec![Box::pin(async { runner.run().await })]).await;
            })
            .await;
    }

    /// Waits until a round sets the clock.
    async fn set(&self) {
        while !matches!(self.sntp.next_report().await.outcome, Outcome::Set { .. }) {}
    }
}

impl App<'_> {
    /// Connects anew, and says what comes of it.
    async fn attempt(&self) -> Result<(), Reason> {
        self.client.close().await;
        self.client.open();
        match settled(&self.client).await {
            Status::Waiting { reason, .. } => Err(reason),
            _ => Ok(()),
        }
    }
}

fn refused(error: CertificateError) -> Result<(), Reason> {
    Err(Reason::Tls(End::Certificate(error)))
}

#[test]
fn a_certificate_of_tomorrow_is_taken_by_the_floor_and_refused_by_the_clock() {
    in_paused_time(async || {
        let world = World::new(1, 90, 30, Behaviour::Silent).await;
        world
            .run(async |app| {
                assert_eq!(app.attempt().await, Ok(()));
                assert_eq!(app.world.clock.unix_seconds(), None);
                app.world.serve(Behaviour::Honest);
                app.world.set().await;
                assert_eq!(app.attempt().await, refused(CertificateError::NotYetValid));
                // The next day it is good.
                tokio::time::sleep(Duration::from_secs(DAY + 60)).await;
                assert_eq!(app.attempt().await, Ok(()));
            })
            .await;
    });
}

#[test]
fn a_certificate_that_has_expired_since_the_floor_is_refused_by_the_clock() {
    in_paused_time(async || {
        let world = World::new(-40, -1, 30, Behaviour::Silent).await;
        world
            .run(async |app| {
                assert_eq!(app.attempt().await, Ok(()));
                app.world.serve(Behaviour::Honest);
                app.world.set().await;
                assert_eq!(app.attempt().await, refused(CertificateError::Expired));
            })
            .await;
    });
}

#[test]
fn a_certificate_that_had_expired_by_the_floor_is_refused_without_a_clock() {
    in_paused_time(async || {
        let world = World::new(-60, -31, 30, Behaviour::Silent).await;
        world
            .run(async |app| {
                assert_eq!(app.attempt().await, refused(CertificateError::Expired));
                assert_eq!(app.world.clock.unix_seconds(), None);
                // Nor do time servers help that say it is earlier.
                app.world.serve(Behaviour::Off(-35 * DAY as i64));
                let report = app.world.sntp.next_report();
                assert!(!matches!(report.await.outcome, Outcome::Set { .. }));
                assert_eq!(app.attempt().await, refused(CertificateError::Expired));
            })
            .await;
    });
}

#[test]
fn a_device_whose_clock_was_set_wrong_finds_back_by_asking_again() {
    for (off, error) in [
        (20 * YEAR, CertificateError::Expired),
        (-20 * DAY as i64, CertificateError::NotYetValid),
    ] {
        in_paused_time(async move || {
            let world = World::new(-10, 90, 30, Behaviour::Off(off)).await;
            world
                .run(async |app| {
                    app.world.set().await;
                    assert_eq!(app.attempt().await, refused(error));
                    // The application does this on its own, at every such failure.
                    let floor = app.world.clock.floor();
                    app.world.serve(Behaviour::Honest);
                    let before = tokio::time::Instant::now();
                    app.world.sntp.ask_again();
                    app.world.set().await;
                    app.client.wait_status(Status::is_connected).await;
                    // Fifteen seconds to the time servers, a minute to the server.
                    let took = before.elapsed();
                    assert!(took < Duration::from_secs(180), "{took:?}");
                    assert_eq!(app.world.clock.floor(), floor);
                })
                .await;
        });
    }
}

#[test]
fn a_real_time_clock_that_is_wrong_is_put_right() {
    in_paused_time(async || {
        let world = World::new(-10, 90, 30, Behaviour::Silent).await;
        world
            .run(async |app| {
                let clock = app.world.clock;
                let now = host_time().unwrap() * 1_000_000;
                // Its battery was empty: refused. It was set by hand, a year ahead.
                assert!(clock.set(1_000_000_000_000_000, Origin::Told).is_err());
                assert_eq!(app.attempt().await, Ok(()));
                clock
                    .set(now + YEAR as u64 * 1_000_000, Origin::Told)
                    .unwrap();
                assert_eq!(app.attempt().await, refused(CertificateError::Expired));
                app.world.serve(Behaviour::Honest);
                app.world.set().await;
                assert_eq!(app.attempt().await, Ok(()));
                assert_eq!(clock.setting().unwrap().origin, Origin::Sntp);
            })
            .await;
    });
}

#[test]
fn a_verified_server_raises_the_floor_and_a_forged_time_does_not() {
    in_paused_time(async || {
        let world = World::new(-10, 3650, 30, Behaviour::Off(5 * YEAR)).await;
        world
            .run(async |app| {
                let (clock, now) = (app.world.clock, host_time().unwrap());
                app.world.set().await;
                // Five years ahead, within the validity of the certificate.
                assert!(clock.unix_seconds().unwrap() > now + 4 * YEAR as u64);
                assert_eq!(app.attempt().await, Ok(()));
                let server = app.client.server_validity().unwrap();
                // The authority's certificate is the newest of the chain.
                assert!((now - server.not_before).abs_diff(DAY) < 3600);
                assert_eq!(clock.confirm(server), Some(server.not_before));
                assert_eq!(clock.floor(), server.not_before);
                assert_eq!(clock.confirm(server), None);
                // Nothing keeps the right time out.
                app.world.serve(Behaviour::Honest);
                app.world.sntp.ask_again();
                app.world.set().await;
                let shown = clock.unix_micros().unwrap();
                assert!(shown.abs_diff(app.world.time.unix_micros()) < 1_000_000);
                // And nobody gets behind the floor any more.
                app.world.serve(Behaviour::Off(-11 * DAY as i64));
                app.world.sntp.ask_again();
                let outcome = app.world.sntp.next_report().await.outcome;
                assert!(matches!(outcome, Outcome::BeforeFloor(_)), "{outcome}");
            })
            .await;
        assert_eq!(world.server.book().refused, 0);
    });
}
