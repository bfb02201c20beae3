//! What devices ask and send: pings, data, logs, binary objects.

use super::hand::{DEVICE, Hand, LIMIT};
use std::time::Duration;
use wigwag_codec::ngtt::message::{LogEntry, LogsWriter};
use wigwag_codec::ngtt::{Digest, FrameType};
use wigwag_harness::mock::{DataAnswer, MockNgtt};
use wigwag_harness::pki::Pki;

/// `[{"path": "W1", "values": [[0, 1], [0, 2]]}]`
const POINTS: &[u8] =
    b"\x41\x52\x04path\x82W1\x06values\x42\x42\x03\x00\x03\x01\x42\x03\x00\x03\x02";

#[tokio::test]
async fn pings_are_answered_with_their_tid() {
    let pki = Pki::generate();
    let server = MockNgtt::start(&pki).await.unwrap();
    let mut device = Hand::connect(&pki, server.addr()).await;
    for tid in [1, 2, 0x7fff] {
        device.send(FrameType::Ping, tid, &[]).await;
        assert_eq!(device.receive().await, (FrameType::Ping, tid, Vec::new()));
    }
    assert_eq!(server.book().device(DEVICE).pings, 3);
}

#[tokio::test]
async fn data_is_answered_by_the_policy_and_booked() {
    let pki = Pki::generate();
    let server = MockNgtt::start(&pki).await.unwrap();
    let mut device = Hand::connect(&pki, server.addr()).await;
    device.send(FrameType::DataStream, 1, POINTS).await;
    assert_eq!(
        device.receive().await,
        (FrameType::DataStreamConfirm, 1, Vec::new())
    );
    server.set_data_reply(DataAnswer::Reject);
    device.send(FrameType::DataStream, 2, POINTS).await;
    assert_eq!(
        device.receive().await,
        (FrameType::DataStreamReject, 2, Vec::new())
    );
    server.set_data_policy(|device, batch| {
        assert_eq!(device, DEVICE);
        if batch.tid == 3 {
            DataAnswer::Silence
        } else {
            DataAnswer::Confirm
        }
        .into()
    });
    device.send(FrameType::DataStream, 3, POINTS).await;
    device.send(FrameType::DataStream, 4, POINTS).await;
    assert_eq!(
        device.receive().await,
        (FrameType::DataStreamConfirm, 4, Vec::new())
    );

    let answered = |book: &wigwag_harness::mock::Book| {
        book.device(DEVICE)
            .batches
            .iter()
            .filter(|batch| batch.answered.is_some())
            .count()
            == 3
    };
    assert!(server.wait_until(LIMIT, answered).await);
    let book = server.book().device(DEVICE);
    let answers: Vec<_> = book.batches.iter().map(|batch| batch.answer).collect();
    use DataAnswer::{Confirm, Reject, Silence};
    assert_eq!(answers, [Confirm, Reject, Silence, Confirm]);
    assert_eq!(book.batches[2].answered, None);
    assert_eq!((book.batches[0].points, book.confirmed_points()), (2, 4));
    assert_eq!(book.batches[0].digest, Digest::of(POINTS));
}

#[tokio::test]
async fn an_answer_can_be_late_while_others_pass_it() {
    let pki = Pki::generate();
    let server = MockNgtt::start(&pki).await.unwrap();
    let late = Duration::from_millis(200);
    server.set_data_policy(move |_, batch| match batch.tid {
        1 => DataAnswer::Confirm.after(late),
        _ => DataAnswer::Confirm.into(),
    });
    let mut device = Hand::connect(&pki, server.addr()).await;
    device.send(FrameType::DataStream, 1, POINTS).await;
    device.send(FrameType::DataStream, 2, POINTS).await;
    assert_eq!(device.receive().await.1, 2);
    assert_eq!(device.receive().await.1, 1);
    assert!(
        server
            .wait_until(LIMIT, |book| book.device(DEVICE).batches[0]
                .answered
                .is_some())
            .await
    );
    let batch = &server.book().device(DEVICE).batches[0];
    assert!(batch.answered.unwrap() >= batch.at + late);
}

#[tokio::test]
async fn hundreds_of_batches_at_once_are_all_answered() {
    let pki = Pki::generate();
    let server = MockNgtt::start(&pki).await.unwrap();
    server.set_data_reply(DataAnswer::Confirm.after(Duration::from_millis(20)));
    let mut device = Hand::connect(&pki, server.addr()).await;
    for tid in 1..=500 {
        device.send(FrameType::DataStream, tid, POINTS).await;
    }
    let mut answered = Vec::new();
    for _ in 0..500 {
        let (kind, tid, _) = device.receive().await;
        assert_eq!(kind, FrameType::DataStreamConfirm);
        answered.push(tid);
    }
    answered.sort_unstable();
    assert!(answered.into_iter().eq(1..=500));
}

#[tokio::test]
async fn data_that_is_none_is_rejected_and_told() {
    let pki = Pki::generate();
    let server = MockNgtt::start(&pki).await.unwrap();
    let mut device = Hand::connect(&pki, server.addr()).await;
    for (tid, bad) in [(1, &b"\x41"[..]), (2, b""), (3, b"\x50"), (4, b"\xff")] {
        device.send(FrameType::DataStream, tid, bad).await;
        assert_eq!(
            device.receive().await,
            (FrameType::DataStreamReject, tid, Vec::new())
        );
    }
    assert_eq!(server.book().device(DEVICE).invalid, 4);
}

#[tokio::test]
async fn logs_are_kept_as_they_came() {
    let pki = Pki::generate();
    let server = MockNgtt::start(&pki).await.unwrap();
    let mut device = Hand::connect(&pki, server.addr()).await;
    let mut logs = [0; 128];
    let mut writer = LogsWriter::new(&mut logs, 2).unwrap();
    for message in ["hi", "you"] {
        writer
            .entry(&LogEntry::text("pump", 1, 20, message))
            .unwrap();
    }
    let length = writer.finish().unwrap();
    let logs = &logs[..length];
    device.send(FrameType::Logs, 0, logs).await;
    device.send(FrameType::Logs, 0, b"\x81x").await;
    assert!(
        server
            .wait_until(LIMIT, |book| book.device(DEVICE).logs.len() == 2)
            .await
    );
    let book = server.book().device(DEVICE);
    assert_eq!((book.log_entries(), book.invalid), (2, 1));
    assert_eq!(book.logs[0].raw, logs);
    assert_eq!(book.logs[1].raw, b"\x81x");
}

#[tokio::test]
async fn binary_objects_are_compared_by_version() {
    let pki = Pki::generate();
    let server = MockNgtt::start(&pki).await.unwrap();
    server.set_baob("a", 5);
    server.set_baob("b", 1);
    let mut device = Hand::connect(&pki, server.addr()).await;
    // {"b": 3, "a": 3}
    device
        .send(
            FrameType::SyncBaobRequest,
            9,
            b"\x52\x01b\x03\x03\x01a\x03\x03",
        )
        .await;
    let answer = b"\x52\x08download\x41\x81a\x06upload\x41\x81b";
    assert_eq!(
        device.receive().await,
        (FrameType::SyncBaobResponse, 9, answer.to_vec())
    );
    let baobs = &server.book().device(DEVICE).baobs[0];
    assert_eq!(
        (&baobs.download[..], &baobs.upload[..]),
        (&["a".into()][..], &["b".into()][..])
    );
    // What cannot be answered ends the connection.
    device.send(FrameType::SyncBaobRequest, 10, b"\x40").await;
    device.end().await;
}
