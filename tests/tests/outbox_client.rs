//! Batches that wait in flash reach the server: in their order, over cuts and days
//! without a network, and each until the server has it or has refused it.

use core::time::Duration;

use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use wigwag_codec::ngtt::client::{QueueRule, WhenFull};
use wigwag_codec::ngtt::message::{LogEntry, PathpointsWriter};
use wigwag_codec::{minijson, ngtt::Digest};
use wigwag_embassy::ngtt::{SessionConfig, State};
use wigwag_embassy::outbox::Outbox;
use wigwag_embassy::store::{SharedStore, Store};
use wigwag_harness::faults::Cut;
use wigwag_harness::flash::{FlashChip, Rp2350, SimFlash};
use wigwag_harness::mock::{Batch, DataAnswer, MockNgtt};
use wigwag_harness::pki::{DEFAULT_DEVICE_ID, Pki};
use wigwag_harness::vnet::VirtualNet;
use wigwag_tests::e2e::{Device, TestClient, in_paused_time, network, no_journal};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
/// What the outbox hands over: a batch and its head.
const BUFFER: usize = 256 + 5;

type Shared = SharedStore<NoopRawMutex, SimFlash<Rp2350>>;
type TestOutbox<'a> = Outbox<'a, NoopRawMutex, SimFlash<Rp2350>, 8>;

async fn store(chip: &FlashChip<Rp2350>) -> Shared {
    let mut store = Store::new(chip.driver(), 0..16 * 4096).unwrap();
    store.open().await.unwrap();
    SharedStore::new(store)
}

async fn submit(outbox: &TestOutbox<'_>, number: i64) {
    let kept = outbox.submit_pathpoints(1, |batch| write(batch, number));
    kept.await.unwrap();
}

/// The batch that is a number.
fn write(batch: &mut PathpointsWriter<'_>, number: i64) -> Result<(), minijson::Error> {
    let readings = batch.pathpoint("n", 1)?;
    readings.value(number, |to| to.int(number)).map(drop)
}

/// The numbers that the server was sent, as they came.
fn numbers(server: &MockNgtt) -> Vec<i64> {
    let digest = |number: i64| {
        let mut bytes = [0; 64];
        let mut batch = PathpointsWriter::new(&mut bytes, 1).unwrap();
        write(&mut batch, number).unwrap();
        let length = batch.finish().unwrap();
        Digest::of(&bytes[..length])
    };
    let book = server.book().device(DEFAULT_DEVICE_ID);
    let number = |batch: &Batch| (0..100).find(|number| digest(*number) == batch.digest);
    let numbers = book.batches.iter().map(number);
    numbers
        .map(|number| number.expect("a batch of this test"))
        .collect()
}

/// A device whose outbox is sent for as long as `life` lasts.
fn device(
    life: impl AsyncFnOnce(TestClient<'_>, &TestOutbox<'_>, &VirtualNet, &mut MockNgtt) + Send + 'static,
) {
    in_paused_time(async || {
        let pki = Pki::generate();
        let mut server = MockNgtt::start(&pki).await.unwrap();
        let net = network(&server);
        let chip = FlashChip::<Rp2350>::new(16, 1);
        let store = store(&chip).await;
        let outbox = TestOutbox::open(&store, 256, WhenFull::DropOldest)
            .await
            .unwrap();
        Device::of(&pki)
            .run(&net, &mut no_journal(), async |client| {
                let mut buffer = [0; BUFFER];
                tokio::select! {
                    _ = outbox.run(client, &mut buffer) => unreachable!(),
                    () = life(client, &outbox, &net, &mut server) => {}
                }
            })
            .await;
        // Nothing that was delivered is left in flash.
        let again = TestOutbox::open(&store, 256, WhenFull::DropOldest)
            .await
            .unwrap();
        assert_eq!(again.len(), outbox.len());
    });
}

#[test]
fn batches_arrive_in_their_order() {
    device(async |client, outbox, _, server| {
        client.wait_status(|status| status.is_connected()).await;
        for number in 0..30 {
            submit(outbox, number).await;
            outbox.wait_empty().await;
        }
        assert_eq!(numbers(server), (0..30).collect::<Vec<_>>());
        assert_eq!(outbox.counters().delivered, 30);
        assert_eq!(outbox.counters().dropped, 0);
    });
}

#[test]
fn what_waited_for_a_day_goes_out_oldest_first() {
    device(async |_, outbox, net, server| {
        net.faults().set_link_up(false);
        for number in 0..12 {
            submit(outbox, number).await;
            tokio::time::sleep(120 * MINUTE).await;
        }
        assert!(numbers(server).is_empty());
        net.faults().set_link_up(true);
        outbox.wait_empty().await;
        // Eight places; up to three had been handed to the client and could not
        // make room.
        let arrived = numbers(server);
        let dropped = outbox.counters().dropped;
        assert_eq!((arrived.len(), dropped), (8, 4), "{arrived:?}");
        assert!(arrived.is_sorted(), "{arrived:?}");
        assert_eq!(arrived[3..], [7, 8, 9, 10, 11]);
    });
}

#[test]
fn a_refused_batch_is_counted_and_the_next_one_goes_on() {
    device(async |client, outbox, _, server| {
        client.wait_status(|status| status.is_connected()).await;
        server.set_data_reply(DataAnswer::Reject);
        submit(outbox, 1).await;
        outbox.wait_empty().await;
        server.set_data_reply(DataAnswer::Confirm);
        submit(outbox, 2).await;
        outbox.wait_empty().await;
        let counters = outbox.counters();
        assert_eq!((counters.delivered, counters.rejected), (1, 1));
    });
}

#[test]
fn cuts_of_the_connection_lose_nothing() {
    device(async |_, outbox, _, server| {
        for number in 0..40 {
            submit(outbox, number).await;
            if number % 3 == 0 {
                server.disconnect(DEFAULT_DEVICE_ID, Cut::Reset);
            }
            tokio::time::sleep(SECOND).await;
            if outbox.len() > 4 {
                outbox.wait_empty().await;
            }
        }
        outbox.wait_empty().await;
        let mut arrived = numbers(server);
        arrived.sort_unstable();
        arrived.dedup();
        assert_eq!(arrived, (0..40).collect::<Vec<_>>());
    });
}

#[test]
fn logs_and_data_wait_together() {
    device(async |_, outbox, net, server| {
        net.faults().set_link_up(false);
        for number in 0..3 {
            submit(outbox, number).await;
            let entry = LogEntry::text("test", number, 20, "waited");
            outbox.submit_logs(&[entry]).await.unwrap();
        }
        net.faults().set_link_up(true);
        outbox.wait_empty().await;
        let book = server.book().device(DEFAULT_DEVICE_ID);
        assert_eq!((book.batches.len(), book.log_entries()), (3, 3));
    });
}

#[test]
fn a_runner_that_is_dropped_half_way_leaves_everything_waiting() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let server = MockNgtt::start(&pki).await.unwrap();
        let net = network(&server);
        let chip = FlashChip::<Rp2350>::new(16, 1);
        let store = store(&chip).await;
        let outbox = TestOutbox::open(&store, 256, WhenFull::Block)
            .await
            .unwrap();
        Device::of(&pki)
            .run(&net, &mut no_journal(), async |client| {
                let mut buffer = [0; BUFFER];
                server.set_data_reply(DataAnswer::Silence);
                for number in 0..5 {
                    submit(&outbox, number).await;
                    let sending = outbox.run(client, &mut buffer);
                    let _ = tokio::time::timeout(SECOND, sending).await;
                }
                assert_eq!(outbox.len(), 5);
                server.set_data_reply(DataAnswer::Confirm);
                tokio::select! {
                    _ = outbox.run(client, &mut buffer) => unreachable!(),
                    () = outbox.wait_empty() => {}
                }
            })
            .await;
        let mut arrived = numbers(&server);
        arrived.sort_unstable();
        arrived.dedup();
        assert_eq!(arrived, [0, 1, 2, 3, 4]);
    });
}

#[test]
fn a_client_with_room_for_one_log_is_not_asked_again_and_again() {
    in_paused_time(async || {
        let chip = FlashChip::<Rp2350>::new(16, 1);
        let store = store(&chip).await;
        let outbox = TestOutbox::open(&store, 256, WhenFull::Block)
            .await
            .unwrap();
        for number in 0..3 {
            let entry = LogEntry::text("test", number, 20, "waits");
            outbox.submit_logs(&[entry]).await.unwrap();
        }
        // Offline, and each log that comes drops the one that waits.
        let state: State<NoopRawMutex> = State::with_config(SessionConfig {
            logs: QueueRule::new(WhenFull::DropOldest).with_limit(1),
            ..SessionConfig::new()
        });
        let mut buffer = [0; BUFFER];
        let mut sending = core::pin::pin!(outbox.run(state.client(), &mut buffer));
        let mut polls = 0_u32;
        let counted = core::future::poll_fn(|cx| {
            polls += 1;
            assert!(polls < 10_000, "it does not wait between attempts");
            sending.as_mut().poll(cx)
        });
        let minute = tokio::time::timeout(MINUTE, counted).await;
        assert!(minute.is_err());
        assert_eq!(outbox.len(), 3);
    });
}
