//! Every public future of the client may be dropped at any time: hundreds of
//! drops while data flows both ways, and nothing is lost or done twice.

use core::future::Future;
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;
use std::collections::BTreeMap;

use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};
use wigwag_codec::ngtt::client::Answer;
use wigwag_codec::ngtt::message::Pathpoints;
use wigwag_embassy::journal::RamJournal;
use wigwag_harness::faults::{Cut, Direction, StreamFault, StreamPlan};
use wigwag_harness::mock::MockNgtt;
use wigwag_harness::pki::{DEFAULT_DEVICE_ID, Pki};
use wigwag_tests::campaign;
use wigwag_tests::e2e::{Device, TestClient, in_paused_time, network};

const ORDERS: u8 = 60;
const BATCHES: usize = 60;

/// Polls `future` so many times, then drops it, ready or not.
async fn polled<T>(times: u32, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut left = times;
    core::future::poll_fn(|cx| {
        if let Poll::Ready(value) = future.as_mut().poll(cx) {
            return Poll::Ready(Some(value));
        }
        left = left.saturating_sub(1);
        if left == 0 {
            return Poll::Ready(None);
        }
        Poll::Pending
    })
    .await
}

/// A little time in between, so that others get on.
async fn pause(rng: &mut ChaCha8Rng) {
    let micros = u64::from(rng.next_u32() % 3000);
    tokio::time::sleep(Duration::from_micros(micros)).await;
}

/// Takes and answers all orders, dropping futures on the way; returns how often
/// each was executed, and how many futures were dropped.
async fn execute(client: &TestClient<'_>, seed: u64) -> (BTreeMap<u8, u32>, u32) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (mut executed, mut drops) = (BTreeMap::new(), 0);
    while executed.len() < usize::from(ORDERS) {
        let Some(order) = polled(rng.next_u32() % 3 + 1, client.next_order()).await else {
            drops += 1;
            pause(&mut rng).await;
            continue;
        };
        *executed.entry(order.payload()[2]).or_insert(0) += 1;
        // The answer counts from the call, whatever becomes of the future.
        if polled(rng.next_u32() % 2 + 1, order.acknowledge())
            .await
            .is_none()
        {
            drops += 1;
        }
    }
    (executed, drops)
}

/// Sends all batches, each once, dropping futures on the way; returns how many
/// futures were dropped.
async fn send(client: &TestClient<'_>, seed: u64) -> u32 {
    let mut rng = ChaCha8Rng::seed_from_u64(!seed);
    let mut drops = 0;
    for number in 0..BATCHES {
        let mut batch = loop {
            let submitted = client.submit_pathpoints(1, |batch| {
                let number = i64::try_from(number).unwrap();
                let value = batch.pathpoint("W1", 1)?;
                value.value(1, |encoder| encoder.int(number))?;
                Ok(())
            });
            match polled(rng.next_u32() % 3 + 1, submitted).await {
                Some(batch) => break batch.unwrap(),
                None => drops += 1,
            }
            pause(&mut rng).await;
        };
        while polled(rng.next_u32() % 4 + 1, batch.outcome())
            .await
            .is_none()
        {
            drops += 1;
            pause(&mut rng).await;
        }
    }
    drops
}

async fn drop_futures(cuts: bool) {
    let pki = Pki::generate();
    let mut drops = 0;
    let seeds = campaign::seeds("dropped futures", 100);
    let mut runs = 0;
    for seed in seeds {
        runs += 1;
        let server = MockNgtt::start(&pki).await.unwrap();
        for number in 0..ORDERS {
            server.enqueue(DEFAULT_DEVICE_ID, [0x41, 0x06, number]);
        }
        let net = network(&server);
        if cuts {
            for at in [1800, 2400, 3000] {
                let cut = StreamFault::Cut(Cut::Reset);
                net.faults().plan(StreamPlan::new().at(
                    Direction::ToDevice,
                    at + seed % 10 * 17,
                    cut,
                ));
            }
        }
        let executed = Device::of(&pki)
            .run(&net, &mut RamJournal::<16>::new(), async |client| {
                let ((executed, dropped), more) =
                    tokio::join!(execute(&client, seed), send(&client, seed));
                drops += dropped + more;
                client.wait_idle().await;
                executed
            })
            .await;
        // Each order executed once and confirmed, each batch taken.
        assert!(executed.values().all(|times| *times == 1), "seed {seed}");
        let book = server.book().device(DEFAULT_DEVICE_ID);
        assert_eq!(book.answered(Answer::Confirm), usize::from(ORDERS));
        let mut batches = BTreeMap::new();
        for batch in &book.batches {
            *batches.entry(batch.digest.0).or_insert(0) += 1;
        }
        assert_eq!(batches.len(), BATCHES, "seed {seed}");
        if !cuts {
            assert!(batches.values().all(|times| *times == 1), "seed {seed}");
            assert_eq!(book.connections, 1);
        }
        assert_eq!(book.invalid, 0);
    }
    assert!(
        drops > 60 * runs,
        "only {drops} futures were dropped in {runs} runs"
    );
}

#[test]
fn campaign_nothing_is_lost_when_futures_are_dropped() {
    in_paused_time(async || drop_futures(false).await);
}

#[test]
fn campaign_nothing_is_lost_when_connections_are_cut_as_well() {
    in_paused_time(async || drop_futures(true).await);
}

#[test]
fn a_batch_nobody_waits_for_is_still_sent() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let server = MockNgtt::start(&pki).await.unwrap();
        let net = network(&server);
        Device::of(&pki)
            .run(&net, &mut RamJournal::<16>::new(), async |client| {
                for _ in 0..20 {
                    let batch = client.submit_pathpoints(0, |_| Ok(())).await.unwrap();
                    drop(batch);
                }
                client.wait_idle().await;
            })
            .await;
        let book = server.book().device(DEFAULT_DEVICE_ID);
        assert_eq!(book.batches.len(), 20);
        assert_eq!(Pathpoints::parse(&[0x40]).unwrap().count(), 0);
    });
}
