//! The client from end to end, when all goes well.

use core::time::Duration;

use wigwag_codec::minijson;
use wigwag_codec::ngtt::client::Answer;
use wigwag_codec::ngtt::message::{LogEntry, PathpointsWriter};
use wigwag_codec::ngtt::{Digest, NgttError};
use wigwag_embassy::ngtt::{History, Status};
use wigwag_harness::mock::{Book, DataAnswer, DeviceBook, MockNgtt};
use wigwag_harness::pki::{DEFAULT_DEVICE_ID, Pki};
use wigwag_tests::e2e::{Device, in_paused_time, network, no_journal};

const MINUTE: Duration = Duration::from_secs(60);

/// An order without meaning: a minijson list with one small integer.
fn list(number: u8) -> [u8; 3] {
    [0x41, 0x06, number]
}

/// Writes one pathpoint "W1" with one reading.
fn point(value: i64) -> impl FnMut(&mut PathpointsWriter<'_>) -> Result<(), minijson::Error> {
    move |batch| {
        batch
            .pathpoint("W1", 1)?
            .value(1_700_000_000_000, |encoder| encoder.int(value))?;
        Ok(())
    }
}

/// What [`point`] makes of it on the wire.
fn point_bytes(value: i64) -> Vec<u8> {
    let mut bytes = [0; 64];
    let mut writer = PathpointsWriter::new(&mut bytes, 1).unwrap();
    point(value)(&mut writer).unwrap();
    let length = writer.finish().unwrap();
    bytes[..length].to_vec()
}

fn book(server: &MockNgtt) -> DeviceBook {
    server.book().device(DEFAULT_DEVICE_ID)
}

#[test]
fn the_first_order_is_acknowledged() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let server = MockNgtt::start(&pki).await.unwrap();
        server.enqueue(DEFAULT_DEVICE_ID, list(200));
        Device::of(&pki)
            .run(&network(&server), &mut no_journal(), async |client| {
                let order = client.next_order().await;
                assert_eq!(order.payload(), list(200));
                order.acknowledge().await;
                let answered = |book: &Book| book.unanswered() == 0;
                assert!(server.wait_until(MINUTE, answered).await);
            })
            .await;
        let orders = book(&server).orders;
        assert_eq!(orders.len(), 1);
        assert_eq!(orders[0].answer, Some(Answer::Confirm));
        assert_eq!(orders[0].deliveries, 1);
    });
}

#[test]
fn fifty_orders_are_answered_as_the_application_says() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let server = MockNgtt::start(&pki).await.unwrap();
        for number in 0..50 {
            server.enqueue(DEFAULT_DEVICE_ID, list(number));
        }
        let mut seen = Vec::new();
        Device::of(&pki)
            .run(&network(&server), &mut no_journal(), async |client| {
                for _ in 0..50 {
                    let order = client.next_order().await;
                    // Just booted, and without a journal.
                    assert_eq!(order.history(), History::Unknown);
                    let number = order.payload()[2];
                    seen.push(number);
                    match number % 2 {
                        0 => order.acknowledge().await,
                        _ => order.reject().await,
                    }
                }
                client.wait_idle().await;
                assert!(client.try_next_order().is_none());
            })
            .await;
        // Each once. More are delivered than there are slots, so that a later
        // one may find the free slot before an earlier one does.
        seen.sort_unstable();
        assert_eq!(seen, (0..50).collect::<Vec<_>>());
        for (number, order) in book(&server).orders.iter().enumerate() {
            let answer = [Answer::Confirm, Answer::Reject][number % 2];
            assert_eq!(order.answer, Some(answer), "order {number}");
        }
    });
}

#[test]
fn data_logs_and_objects_are_exchanged() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let server = MockNgtt::start(&pki).await.unwrap();
        server.set_baob("config/main.json", 13);
        server.set_baob("calibration", 2);
        Device::of(&pki)
            .run(&network(&server), &mut no_journal(), async |client| {
                client.sync_pathpoints(1, point(1)).await.unwrap();
                let entry = LogEntry::text("main", 1_700_000_000_000_000, 20, "started");
                client.stream_logs(&[entry]).await.unwrap();
                let mut answer = [0; 128];
                let objects = [("config/main.json", 12), ("calibration", 3)];
                let answer = client.sync_baobs(&objects, &mut answer).await.unwrap();
                let names = |names: &mut dyn Iterator<Item = &str>| {
                    names.map(String::from).collect::<Vec<_>>()
                };
                assert_eq!(names(&mut answer.download()), ["config/main.json"]);
                assert_eq!(names(&mut answer.upload()), ["calibration"]);
                // One is written on connecting, this is another.
                client.fetch_orders().await;
                let fetched = |book: &Book| book.device(DEFAULT_DEVICE_ID).fetches == 2;
                assert!(server.wait_until(MINUTE, fetched).await);
                client.wait_idle().await;
            })
            .await;
        let book = book(&server);
        assert_eq!(book.batches.len(), 1);
        assert_eq!(book.batches[0].digest, Digest::of(&point_bytes(1)));
        assert_eq!(book.log_entries(), 1);
    });
}

#[test]
fn what_does_not_fit_is_said_at_once() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let server = MockNgtt::start(&pki).await.unwrap();
        server.set_baob(&"n".repeat(200), 1);
        Device::of(&pki)
            .run(&network(&server), &mut no_journal(), async |client| {
                let long = client
                    .sync_pathpoints(1, |batch| {
                        batch
                            .pathpoint("W1", 1)?
                            .value(0, |encoder| encoder.bytes(&[0; 2000]))?;
                        Ok(())
                    })
                    .await;
                assert_eq!(long, Err(NgttError::TooLarge { limit: 1024 }));
                let unfinished = client.sync_pathpoints(2, point(1)).await;
                assert!(matches!(unfinished, Err(NgttError::InvalidFrame { .. })));
                let mut small = [0; 100];
                let answer = client.sync_baobs(&[], &mut small).await;
                assert_eq!(answer.err(), Some(NgttError::TooLarge { limit: 100 }));
                // None of it is left behind.
                assert_eq!(client.in_use(), (0, 0, 0));
            })
            .await;
    });
}

#[test]
fn a_refused_batch_comes_back() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let server = MockNgtt::start(&pki).await.unwrap();
        server.set_data_reply(DataAnswer::Reject);
        Device::of(&pki)
            .run(&network(&server), &mut no_journal(), async |client| {
                let refused = client.sync_pathpoints(1, point(1)).await;
                assert_eq!(refused, Err(NgttError::DataStreamSyncFailed));
                // It can be read again until it is let go.
                let mut batch = client.submit_pathpoints(1, point(7)).await.unwrap();
                assert!(batch.outcome().await.is_err());
                assert_eq!(batch.with_payload(<[u8]>::to_vec), Some(point_bytes(7)));
                drop(batch);
                assert_eq!(client.in_use(), (0, 0, 0));
            })
            .await;
        // And was not sent again by itself.
        assert_eq!(book(&server).batches.len(), 2);
    });
}

#[test]
fn an_order_dropped_unanswered_comes_again_as_interrupted() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let server = MockNgtt::start(&pki).await.unwrap();
        server.enqueue(DEFAULT_DEVICE_ID, list(1));
        Device::of(&pki)
            .run(&network(&server), &mut no_journal(), async |client| {
                let order = client.next_order().await;
                let tid = order.tid();
                drop(order);
                let event = client.next_event().await;
                assert_eq!(event, wigwag_embassy::ngtt::Event::OrderUnanswered { tid });
                client.fetch_orders().await;
                let again = client.next_order().await;
                assert_eq!((again.tid(), again.history()), (tid, History::Interrupted));
                again.acknowledge().await;
                client.wait_idle().await;
            })
            .await;
        assert_eq!(book(&server).answered(Answer::Confirm), 1);
    });
}

#[test]
fn the_application_closes_and_opens_the_connection() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let server = MockNgtt::start(&pki).await.unwrap();
        Device::of(&pki)
            .run(&network(&server), &mut no_journal(), async |client| {
                client.connected().await.unwrap();
                client.close().await;
                assert_eq!(client.status(), Status::Closed);
                // The server hears of it when its turn comes.
                let gone = |_: &Book| server.connected().is_empty();
                assert!(server.wait_until(MINUTE, gone).await);
                // What is queued meanwhile is sent later.
                let mut batch = client.submit_pathpoints(1, point(1)).await.unwrap();
                tokio::time::sleep(10 * MINUTE).await;
                assert_eq!(book(&server).connections, 1);
                client.open();
                batch.outcome().await.unwrap();
                client.reconnect();
                assert!(
                    server
                        .wait_until(MINUTE, |book| {
                            book.device(DEFAULT_DEVICE_ID).connections == 3
                        })
                        .await
                );
            })
            .await;
    });
}
