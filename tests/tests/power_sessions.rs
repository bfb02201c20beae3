//! The power fails at every single write of a session, in flash that is just about
//! to be full: orders in every state, data and logs on their way, a new certificate.
//! When it is back, the server's book and what the device has really done agree:
//! every order was executed once or told as interrupted, every batch has arrived,
//! nothing was invented, and the device has the new certificate.

use core::time::Duration;
use std::cell::RefCell;

use embassy_time::Timer;
use wigwag_codec::ngtt::client::WhenFull;
use wigwag_embassy::ngtt::SessionConfig;
use wigwag_embassy::store::{Key, Opened};
use wigwag_harness::flash::{Esp32, FlashChip, Part, Rp2350};
use wigwag_harness::mock::{Book, DataAnswer, MockNgtt};
use wigwag_harness::pki::{DEFAULT_DEVICE_ID, Pki};
use wigwag_tests::campaign;
use wigwag_tests::e2e::{in_paused_time, network};
use wigwag_tests::powered::{
    self, Awake, Habit, Powered, Rotation, Truth, execute, offer_log, offer_reading, order,
};

const ORDERS: u8 = 6;
const READINGS: i64 = 4;
const LOGS: i64 = 2;

/// Longest that a boot may take to get everything done.
const LIMIT: Duration = Duration::from_secs(1800);

/// The order that the application refuses.
const REFUSED: u64 = 2;
/// The order for a request for a certificate.
const REQUEST: u64 = 4;
/// The order with the certificate, which comes after all others.
const INSTALL: u8 = ORDERS;

fn habit(number: u64) -> Habit {
    match number {
        REFUSED => Habit::Refuse,
        REQUEST => Habit::Repeat,
        _ if number == u64::from(INSTALL) => Habit::Repeat,
        _ => Habit::Execute,
    }
}

/// Bytes of a sector that the session finds free: fewer than it writes.
const FREE: usize = 700;

fn device<P: Part>(chip: FlashChip<P>, pki: &Pki) -> Powered<'_, P> {
    Powered {
        pki,
        chip,
        rule: WhenFull::Block,
        session: SessionConfig::new(),
    }
}

/// A chip whose device has been on the network long enough to know its past, and
/// has filled a sector.
async fn used_chip<P: Part>(pki: &Pki) -> FlashChip<P> {
    let chip = FlashChip::new(3, 0);
    let server = MockNgtt::start(pki).await.unwrap();
    let learned = async |awake: &Awake<'_, P>| {
        assert_eq!(awake.opened, Opened::New);
        Timer::after_secs(300).await;
    };
    let device = device(chip.clone(), pki);
    assert!(device.boot(&network(&server), learned).await.is_some());
    let free = |chip: &FlashChip<P>| {
        let bytes = chip.bytes();
        let used = bytes.iter().rposition(|byte| *byte != 0xff).unwrap_or(0);
        bytes.len() - P::ERASE * 2 - used
    };
    let (mut store, _) = powered::open(&chip).await;
    for number in 0.. {
        if free(&chip) < FREE {
            break;
        }
        store
            .put(Key::App(number % 3), &[number; 60])
            .await
            .unwrap();
    }
    chip
}

/// The parts of one session.
struct Session {
    server: MockNgtt,
    truth: RefCell<Truth>,
    rotation: Rotation,
}

impl Session {
    /// Executes orders, for ever.
    async fn orders<P: Part>(&self, awake: &Awake<'_, P>, pace: u64) {
        let repeat = async |number| match number {
            REQUEST => self.rotation.request(awake.keeper).await,
            _ => self.rotation.install(awake.keeper).await,
        };
        loop {
            execute(awake, &self.truth, habit, pace, repeat).await;
        }
    }

    /// Waits until the server has all answers.
    async fn answered(&self) {
        let answered = |book: &Book| book.unanswered() == 0;
        assert!(
            self.server.wait_until(LIMIT, answered).await,
            "an order is lost"
        );
    }

    /// Does what is left to do, from whatever state the power has left.
    async fn rest<P: Part>(&self, awake: &Awake<'_, P>, pki: &Pki) {
        let Awake { client, outbox, .. } = awake;
        // What was cut short is offered again: nobody knows whether it was taken.
        let left = |taken: usize| i64::try_from(taken).unwrap();
        let first = left(self.truth.borrow().readings.taken.len());
        for number in first..READINGS {
            assert!(offer_reading(outbox, &self.truth, number).await);
            Timer::after_millis(400).await;
        }
        let first = left(self.truth.borrow().logs.taken.len());
        for number in first..LOGS {
            assert!(offer_log(outbox, &self.truth, number).await);
        }
        outbox.wait_empty().await;
        self.answered().await;
        if self.rotation.is_waiting() {
            self.rotation.sign(pki);
            self.server.enqueue(DEFAULT_DEVICE_ID, order(INSTALL));
        }
        self.answered().await;
        let new = self.rotation.certificate();
        assert!(new.is_some(), "nothing was requested");
        while awake.certificate().await != new {
            Timer::after_secs(1).await;
        }
        client.wait_settled().await;
    }
}

/// One session, with the power failing at the writes `cuts`, each counted from the
/// boot. What the device has really done.
async fn session<P: Part>(chip: &FlashChip<P>, pki: &Pki, cuts: &[u64]) -> Truth {
    let session = Session {
        server: MockNgtt::start(pki).await.unwrap(),
        truth: RefCell::default(),
        rotation: Rotation::default(),
    };
    let server = &session.server;
    server.set_data_policy(|_, batch| match batch.digest.0[0] % 4 {
        0 => DataAnswer::Reject.into(),
        _ => DataAnswer::Confirm.into(),
    });
    for number in 0..ORDERS {
        server.enqueue(DEFAULT_DEVICE_ID, order(number));
    }
    let net = network(server);
    let device = device(chip.clone(), pki);
    for cut in cuts.iter().map(Some).chain([None]) {
        match cut {
            Some(change) => chip.cut_at(*change),
            None => chip.never_cut(),
        }
        let app = async |awake: &Awake<'_, P>| {
            assert_eq!(awake.opened, Opened::Found);
            // Two at a time, so that one is begun while the other is answered.
            let all = async {
                tokio::select! {
                    () = session.rest(awake, pki) => {}
                    () = session.orders(awake, 300) => {}
                    () = session.orders(awake, 700) => {}
                }
            };
            let done = tokio::time::timeout(LIMIT, all).await;
            assert!(
                done.is_ok(),
                "{:?} {:?}",
                session.truth,
                session.server.book()
            );
        };
        if device.boot(&net, app).await.is_some() {
            break;
        }
    }
    let truth = session.truth.into_inner();
    let book = session.server.book().device(DEFAULT_DEVICE_ID);
    assert_eq!(truth.compare(&book, habit), 0, "a batch is lost");
    assert!(
        truth.unknown.is_empty(),
        "the journal has forgotten its past"
    );
    assert_eq!(truth.readings.taken.len(), READINGS as usize);
    assert_eq!(truth.logs.taken.len(), LOGS as usize);
    assert_eq!(chip.counts().clobbered, 0);
    truth
}

/// Cuts at every write until the session runs through; at every third one the
/// power fails again soon after it has come back.
fn every_cut<P: Part>(name: &'static str) {
    in_paused_time(async move || {
        let pki = Pki::generate();
        let used = used_chip::<P>(&pki).await;
        let (mut wear, mut told) = (0, 0);
        for change in 1.. {
            let chip = used.copy(change);
            let again = 1 + change * 7 % 23;
            let cuts: &[u64] = match change % 3 {
                0 => &[change, again],
                _ => &[change],
            };
            let truth = session(&chip, &pki, cuts).await;
            told += truth.interrupted.len();
            wear = wear.max(chip.counts().wear());
            if chip.counts().cuts == 0 {
                println!("{name}: {} writes", change - 1);
                assert!(change > 60, "a session of {change} writes");
                break;
            }
        }
        assert!(wear > 0, "no sector was ever full");
        assert!(told > 0, "no order was ever interrupted");
    });
}

#[test]
fn power_fails_at_every_write_of_a_session_in_an_esp32s_flash() {
    every_cut::<Esp32>("ESP32");
}

#[test]
fn power_fails_at_every_write_of_a_session_in_an_rp2350s_flash() {
    every_cut::<Rp2350>("RP2350");
}

#[test]
fn power_fails_at_any_writes_in_a_campaign() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let used = used_chip::<Esp32>(&pki).await;
        for seed in campaign::seeds("sessions with power cuts", 200) {
            let mut rng = campaign::rng(seed);
            let mut change = || 1 + u64::from(rand_core::RngCore::next_u32(&mut rng) % 40);
            let cuts = [change(), change(), change(), change()];
            session(&used.copy(seed), &pki, &cuts).await;
        }
    });
}
