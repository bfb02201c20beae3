//! The client from end to end, when all goes well.

use core::time::Duration;
use std::collections::BTreeMap;

use wigwag_codec::minijson;
use wigwag_codec::ngtt::FrameType;
use wigwag_codec::ngtt::message::{LogEntry, Logs, PathpointsWriter};
use wigwag_embassy::ngtt::{History, NgttError};
use wigwag_harness::pki::Pki;
use wigwag_tests::e2e::{Device, Server, Setup, block_on_paused, network, no_journal, until};

/// A minijson list with one small integer.
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

fn good_server(pki: &Pki, setup: Setup) -> std::sync::Arc<Server> {
    Server::new(pki.server_config(false, None).unwrap(), setup)
}

#[test]
fn the_first_order_is_acknowledged() {
    block_on_paused(async {
        let pki = Pki::generate();
        let server = good_server(&pki, Setup::default());
        let net = network(&server, 1);
        let tid = server.enqueue(list(200));
        Device::of(&pki)
            .run(&net, &mut no_journal(), async |client| {
                let order = client.next_order().await;
                assert_eq!((order.tid(), order.payload()), (tid, &list(200)[..]));
                order.acknowledge().await;
                until("the confirmation", || !server.answers().is_empty()).await;
            })
            .await;
        assert_eq!(server.answers(), [(tid, FrameType::OrderConfirm)]);
        assert_eq!(server.open_orders(), 0);
        assert_eq!(server.refusals(), [""; 0]);
    });
}

#[test]
fn fifty_orders_are_answered_as_the_application_says() {
    block_on_paused(async {
        let pki = Pki::generate();
        let server = good_server(&pki, Setup::default());
        let net = network(&server, 2);
        for number in 0..50 {
            server.enqueue(list(number));
        }
        Device::of(&pki)
            .run(&net, &mut no_journal(), async |client| {
                for _ in 0..50 {
                    let order = client.next_order().await;
                    assert_eq!(order.history(), History::Unknown);
                    let number = order.payload()[2];
                    // A new order may need a slot that is not free yet; it
                    // then comes behind one that does not.
                    assert_eq!(u16::from(number) + 1, order.tid());
                    if number % 2 == 0 {
                        order.acknowledge().await;
                    } else {
                        order.reject().await;
                    }
                }
                until("all answers", || server.open_orders() == 0).await;
            })
            .await;
        // What was delivered twice was answered twice, in the same way.
        let answers: BTreeMap<_, _> = server.answers().into_iter().collect();
        assert_eq!(answers.len(), 50);
        for (tid, kind) in server.answers() {
            assert_eq!(answers[&tid], kind);
            let even = (tid - 1) % 2 == 0;
            assert_eq!(kind == FrameType::OrderConfirm, even, "order {tid}: {kind}");
        }
    });
}

#[test]
fn data_logs_and_objects_are_exchanged() {
    block_on_paused(async {
        let pki = Pki::generate();
        let server = good_server(&pki, Setup::default());
        let net = network(&server, 3);
        Device::of(&pki)
            .run(&net, &mut no_journal(), async |client| {
                client.sync_pathpoints(1, point(1)).await.unwrap();
                let entry = LogEntry::text("main", 1_700_000_000_000_000, 20, "started");
                client.stream_logs(&[entry]).await.unwrap();
                let mut answer = [0; 64];
                let objects = [("config/main.json", 12)];
                let answer = client.sync_baobs(&objects, &mut answer).await.unwrap();
                assert_eq!(answer.download().collect::<Vec<_>>(), ["config/main.json"]);
                assert_eq!(answer.upload().count(), 0);
                client.fetch_orders().await;
            })
            .await;
        assert_eq!(server.data(), [point_bytes(1)]);
        let logs = server.logs();
        assert_eq!(logs.len(), 1);
        let entries: Vec<_> = Logs::parse(&logs[0]).unwrap().flatten().collect();
        assert_eq!(entries[0].service, "main");
    });
}

#[test]
fn a_refused_batch_comes_back() {
    block_on_paused(async {
        let pki = Pki::generate();
        let setup = Setup {
            reject_data: true,
            ..Setup::default()
        };
        let server = good_server(&pki, setup);
        let net = network(&server, 4);
        Device::of(&pki)
            .run(&net, &mut no_journal(), async |client| {
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
    });
}

#[test]
fn an_idle_day_is_kept_alive_by_pings() {
    block_on_paused(async {
        let pki = Pki::generate();
        let server = good_server(&pki, Setup::default());
        let net = network(&server, 5);
        Device::of(&pki)
            .run(&net, &mut no_journal(), async |client| {
                client.connected().await.unwrap();
                tokio::time::sleep(Duration::from_secs(24 * 3600)).await;
                assert!(client.status().is_connected());
                client.sync_pathpoints(1, point(1)).await.unwrap();
            })
            .await;
        assert_eq!(server.connections(), 1);
        // One each 30 s.
        let pings = server.count(FrameType::Ping);
        assert!((2800..=2880).contains(&pings), "{pings} pings in a day");
    });
}
