//! The power fails at every single write of a session, in flash that is just about
//! to be full: orders in every state, data and logs on their way. When it is back,
//! the server's book and what the device has really done agree: every order was
//! executed once or told as interrupted, every batch has arrived, nothing was
//! invented.

use core::time::Duration;
use std::cell::RefCell;

use embassy_time::Timer;
use wigwag_codec::ngtt::client::WhenFull;
use wigwag_embassy::store::{Key, Opened};
use wigwag_harness::flash::{Esp32, FlashChip, Part, Rp2350};
use wigwag_harness::mock::{Book, DataAnswer, MockNgtt};
use wigwag_harness::pki::{DEFAULT_DEVICE_ID, Pki};
use wigwag_tests::campaign;
use wigwag_tests::e2e::{Device, TestClient, in_paused_time, network};
use wigwag_tests::powered::{self, TestOutbox, Truth, offer_log, offer_reading};

const ORDERS: u8 = 6;
const READINGS: i64 = 4;
const LOGS: i64 = 2;

/// Longest that a boot may take to get everything done.
const LIMIT: Duration = Duration::from_secs(1800);

/// The order that the application refuses.
const REFUSED: u64 = 2;

/// Bytes of a sector that the session finds free: fewer than it writes.
const FREE: usize = 700;

/// A chip whose device has been on the network long enough to know its past, and
/// has filled a sector.
async fn used_chip<P: Part>(pki: &Pki, device: &Device) -> FlashChip<P> {
    let chip = FlashChip::new(3, 0);
    let server = MockNgtt::start(pki).await.unwrap();
    let net = network(&server);
    let learned = async |_: TestClient<'_>, _: &TestOutbox<'_, P>, opened| {
        assert_eq!(opened, Opened::New);
        Timer::after_secs(300).await;
    };
    let booted = powered::boot(&chip, device, &net, WhenFull::Block, learned).await;
    assert!(booted.is_some());
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

/// Does what is left to do, from whatever state the power has left.
async fn work<P: Part>(
    client: TestClient<'_>,
    outbox: &TestOutbox<'_, P>,
    truth: &RefCell<Truth>,
    server: &MockNgtt,
) {
    // Two at a time, so that one is begun while the other is answered.
    let orders = async |pace: u64| -> () {
        loop {
            let order = client.next_order().await;
            let number = u64::from(order.payload()[2]);
            let is_new = truth.borrow_mut().handed(number, order.history());
            Timer::after_millis(pace).await;
            match is_new && number != REFUSED {
                true => order.acknowledge().await,
                false => order.reject().await,
            }
        }
    };
    let batches = async {
        // What was cut short is offered again: nobody knows whether it was taken.
        let left = |taken: usize| i64::try_from(taken).unwrap();
        let first = left(truth.borrow().readings.taken.len());
        for number in first..READINGS {
            assert!(offer_reading(outbox, truth, number).await);
            Timer::after_millis(400).await;
        }
        let first = left(truth.borrow().logs.taken.len());
        for number in first..LOGS {
            assert!(offer_log(outbox, truth, number).await);
        }
        outbox.wait_empty().await;
        let answered = |book: &Book| book.unanswered() == 0;
        assert!(server.wait_until(LIMIT, answered).await, "an order is lost");
        client.wait_settled().await;
    };
    let session = async {
        tokio::select! {
            () = batches => {}
            () = orders(300) => {}
            () = orders(700) => {}
        }
    };
    let done = tokio::time::timeout(LIMIT, session).await;
    assert!(done.is_ok(), "{truth:?} {:?}", server.book());
}

/// One session, with the power failing at the writes `cuts`, each counted from the
/// boot. What the device has really done.
async fn session<P: Part>(chip: &FlashChip<P>, pki: &Pki, device: &Device, cuts: &[u64]) -> Truth {
    let server = MockNgtt::start(pki).await.unwrap();
    server.set_data_policy(|_, batch| match batch.digest.0[0] % 4 {
        0 => DataAnswer::Reject.into(),
        _ => DataAnswer::Confirm.into(),
    });
    for number in 0..ORDERS {
        server.enqueue(DEFAULT_DEVICE_ID, [0x41, 0x06, number]);
    }
    let net = network(&server);
    let truth = RefCell::new(Truth::default());
    for cut in cuts.iter().map(Some).chain([None]) {
        match cut {
            Some(change) => chip.cut_at(*change),
            None => chip.never_cut(),
        }
        let app = async |client: TestClient<'_>, outbox: &TestOutbox<'_, P>, opened| {
            assert_eq!(opened, Opened::Found);
            work(client, outbox, &truth, &server).await;
        };
        if powered::boot(chip, device, &net, WhenFull::Block, app)
            .await
            .is_some()
        {
            break;
        }
    }
    let truth = truth.into_inner();
    let book = server.book().device(DEFAULT_DEVICE_ID);
    assert_eq!(
        truth.compare(&book, |order| order == REFUSED),
        0,
        "a batch is lost"
    );
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
        let device = Device::of(&pki);
        let used = used_chip::<P>(&pki, &device).await;
        let (mut wear, mut told) = (0, 0);
        for change in 1.. {
            let chip = used.copy(change);
            let again = 1 + change * 7 % 23;
            let cuts: &[u64] = match change % 3 {
                0 => &[change, again],
                _ => &[change],
            };
            let truth = session(&chip, &pki, &device, cuts).await;
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
        let device = Device::of(&pki);
        let used = used_chip::<Esp32>(&pki, &device).await;
        for seed in campaign::seeds("sessions with power cuts", 200) {
            let mut rng = campaign::rng(seed);
            let mut change = || 1 + u64::from(rand_core::RngCore::next_u32(&mut rng) % 40);
            let cuts = [change(), change(), change(), change()];
            session(&used.copy(seed), &pki, &device, &cuts).await;
        }
    });
}
