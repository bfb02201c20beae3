//! Thirty days of a device's life, in simulated time: every hour its connection is
//! cut or its power fails, for two days there is no network at all, and on the
//! fifteenth day it gets a new certificate. At the end the server's book and what the
//! device has really done agree, and the flash has worn as the documentation of the
//! store says.

use core::time::Duration;
use std::cell::{Cell, RefCell};

use embassy_time::{Instant, Timer};
use rand_core::RngCore;
use wigwag_codec::ngtt::client::WhenFull;
use wigwag_codec::ngtt::server::ServerConfig;
use wigwag_embassy::ngtt::SessionConfig;
use wigwag_embassy::store::Opened;
use wigwag_harness::faults::Cut;
use wigwag_harness::flash::{FlashChip, Part, Rp2350};
use wigwag_harness::mock::{Book, MockNgtt, MockOptions};
use wigwag_harness::pki::{DEFAULT_DEVICE_ID, Pki};
use wigwag_harness::vnet::VirtualNet;
use wigwag_tests::campaign;
use wigwag_tests::e2e::{in_paused_days, network};
use wigwag_tests::powered::{
    Awake, BATCHES, Habit, Powered, Rotation, Truth, execute, offer_log, offer_reading, order,
};

const HOUR: u64 = 3600;
/// The power fails every other hour; the connection in the hours between.
const PERIOD: u64 = 2 * HOUR;
const PERIODS: u64 = 30 * 12;
/// Two days without a network begin here.
const OFFLINE: u64 = 10 * 12;
const OFFLINE_PERIODS: u64 = 2 * 12;
/// A new certificate is ordered here.
const ROTATION: u64 = 15 * 12;

const SECTORS: usize = 4;

const REQUEST: u8 = 250;
const INSTALL: u8 = 251;

fn habit(number: u64) -> Habit {
    match number {
        250.. => Habit::Repeat,
        _ if number % 10 == 7 => Habit::Refuse,
        _ => Habit::Execute,
    }
}

struct World {
    server: MockNgtt,
    net: VirtualNet,
    truth: RefCell<Truth>,
    rotation: Rotation,
    /// Orders so far, but for the two about the certificate.
    orders: Cell<u8>,
    readings: Cell<i64>,
    dropped: Cell<u32>,
}

type Device<'p> = Powered<'p, Rp2350>;

impl World {
    async fn orders(&self, awake: &Awake<'_, Rp2350>) {
        let repeat = async |number| match number {
            250 => self.rotation.request(awake.keeper).await,
            _ => self.rotation.install(awake.keeper).await,
        };
        loop {
            execute(awake, &self.truth, habit, 200, repeat).await;
        }
    }

    fn enqueue(&self, number: u8) {
        self.server.enqueue(DEFAULT_DEVICE_ID, order(number));
    }

    /// What the server does at the beginning of a period.
    fn serve(&self, period: u64) {
        if period.is_multiple_of(2) {
            self.enqueue(self.orders.get());
            self.orders.set(self.orders.get() + 1);
        }
        if period == ROTATION {
            self.enqueue(REQUEST);
        }
    }

    async fn sample(&self, awake: &Awake<'_, Rp2350>, period: u64) {
        let number = self.readings.get();
        if offer_reading(awake.outbox, &self.truth, number).await {
            self.readings.set(number + 1);
        }
        if period.is_multiple_of(12) {
            offer_log(awake.outbox, &self.truth, number).await;
        }
    }

    /// What the device does while there is power, until `end`; the connection is cut
    /// on the way.
    async fn live(&self, awake: &Awake<'_, Rp2350>, period: u64, end: Instant) {
        assert_eq!(awake.opened == Opened::New, period == 0);
        let day = async {
            self.sample(awake, period).await;
            Timer::at(end - embassy_time::Duration::from_secs(HOUR)).await;
            self.net.faults().cut_all(match period % 3 {
                0 => Cut::Reset,
                1 => Cut::Close,
                _ => Cut::Silence,
            });
            Timer::at(end).await;
        };
        tokio::select! {
            () = day => {}
            () = self.orders(awake) => {}
        }
        self.count(awake);
    }

    fn count(&self, awake: &Awake<'_, Rp2350>) {
        let dropped = awake.outbox.counters().dropped;
        self.dropped.set(self.dropped.get() + dropped);
    }

    /// One period, at whose end the power fails; before that it may fail at some
    /// write.
    async fn period(&self, device: &Device<'_>, period: u64, change: Option<u64>) {
        let end = Instant::now() + embassy_time::Duration::from_secs(PERIOD);
        self.serve(period);
        match change {
            Some(change) => device.chip.cut_at(change),
            None => device.chip.never_cut(),
        }
        let app = async |awake: &Awake<'_, Rp2350>| self.live(awake, period, end).await;
        while device.boot(&self.net, app).await.is_none() {
            Timer::after_secs(20).await;
        }
        device.chip.power_off();
        let book = self.server.book().device(DEFAULT_DEVICE_ID);
        if self.rotation.is_waiting() && book.unanswered() == 0 {
            self.rotation.sign(device.pki);
            self.enqueue(INSTALL);
        }
    }

    /// Two days without a network: the outbox keeps the newest batches.
    async fn offline(&self, device: &Device<'_>) {
        device.chip.never_cut();
        self.net.faults().set_link_up(false);
        let app = async |awake: &Awake<'_, Rp2350>| {
            let before = awake.outbox.len();
            let offered = self.readings.get();
            for period in OFFLINE..OFFLINE + OFFLINE_PERIODS {
                // Two batches on two of these days.
                self.sample(awake, period).await;
                Timer::after_secs(PERIOD).await;
            }
            let offered = (self.readings.get() - offered) as usize + 2 + before;
            assert_eq!(awake.outbox.len(), BATCHES);
            let dropped = awake.outbox.counters().dropped as usize;
            assert_eq!(dropped, offered - BATCHES, "the rule drops the oldest");
            self.count(awake);
        };
        assert!(device.boot(&self.net, app).await.is_some());
        device.chip.power_off();
        self.net.faults().set_link_up(true);
    }

    /// The last boot: everything is brought to its end.
    async fn settle(&self, device: &Device<'_>) {
        device.chip.never_cut();
        let app = async |awake: &Awake<'_, Rp2350>| {
            let end = async {
                awake.outbox.wait_empty().await;
                let answered = |book: &Book| book.unanswered() == 0;
                let limit = Duration::from_secs(HOUR);
                assert!(self.server.wait_until(limit, answered).await);
                awake.client.wait_settled().await;
                assert_eq!(awake.certificate().await, self.rotation.certificate());
            };
            tokio::select! {
                () = end => {}
                () = self.orders(awake) => {}
            }
        };
        assert!(device.boot(&self.net, app).await.is_some());
    }
}

#[test]
fn thirty_days_with_an_accident_every_hour() {
    in_paused_days(40, async || {
        let pki = Pki::generate();
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        // Connections that say nothing for half an hour: simulated time is spent on
        // accidents.
        let options = MockOptions {
            session: ServerConfig {
                read_dead: minutes(60),
                ..ServerConfig::new()
            },
            ..MockOptions::default()
        };
        let server = MockNgtt::start_with(&pki, options).await.unwrap();
        let device = Powered {
            pki: &pki,
            chip: FlashChip::<Rp2350>::new(SECTORS, 30),
            rule: WhenFull::DropOldest,
            session: SessionConfig {
                ping_after: minutes(15),
                read_dead: minutes(30),
                ..SessionConfig::new()
            },
        };
        let world = World {
            net: network(&server),
            server,
            truth: RefCell::default(),
            rotation: Rotation::default(),
            orders: Cell::new(0),
            readings: Cell::new(0),
            dropped: Cell::new(0),
        };
        let mut rng = campaign::rng(30);
        let mut period = 0;
        while period < PERIODS {
            if period == OFFLINE {
                world.offline(&device).await;
                period += OFFLINE_PERIODS;
                continue;
            }
            // The first one is as long as it takes to know the past.
            let change = (period % 2 == 1).then(|| 1 + u64::from(rng.next_u32() % 40));
            world.period(&device, period, change).await;
            period += 1;
        }
        world.settle(&device).await;

        let book = world.server.book().device(DEFAULT_DEVICE_ID);
        let counts = device.chip.counts();
        let truth = world.truth.into_inner();
        let missing = truth.compare(&book, habit);
        assert_eq!(missing, world.dropped.get() as usize, "batches are missing");
        assert!(missing > 0);
        assert_eq!(book.orders.len(), usize::from(world.orders.get()) + 2);
        assert_eq!(counts.clobbered, 0);
        println!(
            "{} connections, {} orders, {} told as interrupted, {} batches and {} logs came, \
             {missing} were dropped, {} power cuts at writes, {} bytes written, {:?} erased",
            book.connections,
            book.orders.len(),
            truth.interrupted.len(),
            book.batches.len(),
            book.logs.len(),
            counts.cuts,
            counts.written_bytes,
            counts.erases,
        );

        // What the documentation of the store says: what is written, over what a
        // sector holds; a sector more for each write that was cut short.
        let holds = (Rp2350::ERASE - 16) as u64;
        let erased: u64 = counts.erases.iter().map(|times| u64::from(*times)).sum();
        let estimate = counts.written_bytes.div_ceil(holds) + counts.cuts * 2 + SECTORS as u64;
        assert!(erased <= estimate, "{erased} erases, {estimate} expected");
        // All sectors alike, and for longer than anybody keeps a device.
        let least = counts.erases.iter().min().copied().unwrap_or(0);
        assert!(counts.wear() <= 2 * least + 2, "{:?}", counts.erases);
        let years = u64::from(Rp2350::ENDURANCE) / u64::from(counts.wear()) / 12;
        assert!(years > 20, "worn out after {years} years");
    });
}
