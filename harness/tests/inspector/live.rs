//! What is live: the same capture for every page.

use crate::capture::{Item, Items};
use crate::client::{LIMIT, live, next, next_text, open, start};
use tokio_tungstenite::tungstenite::Message;
use wigwag_harness::inspector::Options;
use wigwag_harness::record::{About, Direction, Limits, Protocol, Recorder};

use Direction::{ToDevice, ToServer};

fn about() -> About<'static> {
    About {
        protocol: Some(Protocol::Ngtt),
        device: "device-0001".into(),
        server: "ngtt.test".into(),
    }
}

fn options(recorder: &Recorder) -> Options {
    Options {
        server: "a test".into(),
        recorder: Some(recorder.clone()),
        ..Options::default()
    }
}

const FETCH: [u8; 8] = [0, 0, 0, 0, 0, 1, 0, 10];

#[tokio::test]
async fn pages_get_what_was_and_what_comes_each_from_the_label_on() {
    let recorder = Recorder::default();
    let inspector = start(options(&recorder)).await;
    let connection = recorder.connection(&about());
    connection.bytes(ToServer, &FETCH);
    let mut pages = [live(&inspector).await, live(&inspector).await];
    assert_eq!(inspector.live(), 2);
    connection.bytes(ToDevice, &FETCH);
    connection.end("over");
    for page in &mut pages {
        let mut data = Vec::new();
        let hello = next_text(page, &mut data).await;
        assert_eq!(hello["hello"]["server"], "a test");
        assert_eq!(hello["hello"]["send"], true);
        let mut items = Items::default();
        while !matches!(items.list.last(), Some(Item::End { .. })) {
            match next(page).await.expect("more") {
                Message::Binary(bytes) => items.push(&bytes),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(items.list[0], Item::Label);
        assert_eq!(items.stream(1, ToServer), FETCH);
        assert_eq!(items.stream(1, ToDevice), FETCH);
    }
    drop(pages);
    let gone = async {
        while inspector.live() > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LIMIT, gone)
        .await
        .expect("both are gone");
}

#[tokio::test]
async fn a_page_of_its_own_server_is_let_in() {
    let recorder = Recorder::default();
    let inspector = start(options(&recorder)).await;
    let origin = format!("http://{}", inspector.addr());
    let path = format!("/live?token={}", inspector.token());
    let headers = [
        ("origin", origin.as_str()),
        ("sec-fetch-site", "same-origin"),
    ];
    assert!(open(&inspector, &path, &headers).await.is_ok());
    // By a tunnel: another port, and the page comes from there too.
    let headers = [
        ("host", "localhost:9000"),
        ("origin", "http://localhost:9000"),
    ];
    assert!(open(&inspector, &path, &headers).await.is_ok());
}

#[tokio::test]
async fn a_slow_page_is_told_what_it_missed() {
    let recorder = Recorder::new(Limits { history: 100_000 });
    let inspector = start(options(&recorder)).await;
    let connection = recorder.connection(&about());
    let mut page = live(&inspector).await;
    let mut frame = vec![0, 0, 0x20, 0, 0, 1, 0, 9];
    frame.resize(8 + 0x2000, 3);
    let mut all = 0;
    // More than all buffers on the way hold, in one go.
    for _ in 0..4096 {
        connection.bytes(ToServer, &frame);
        all += frame.len() as u64;
    }
    connection.end("");
    let mut items = Items::default();
    while !matches!(items.list.last(), Some(Item::End { .. })) {
        match next(&mut page).await.expect("more") {
            Message::Binary(bytes) => items.push(&bytes),
            Message::Text(_) => {}
            other => panic!("{other:?}"),
        }
    }
    let mut sum = 0;
    for item in &items.list {
        match item {
            Item::Bytes { bytes, .. } => {
                assert!(bytes.starts_with(&frame[..8]), "whole frames only");
                sum += bytes.len() as u64;
            }
            Item::Gap {
                missing, aligned, ..
            } => {
                assert!(aligned);
                sum += missing;
            }
            _ => {}
        }
    }
    assert_eq!(sum, all);
    assert!(
        items
            .find(|item| matches!(item, Item::Dropped(_)))
            .is_some()
    );
}

#[tokio::test]
async fn pages_are_told_when_the_program_ends() {
    let recorder = Recorder::default();
    let inspector = start(options(&recorder)).await;
    let mut page = live(&inspector).await;
    let mut data = Vec::new();
    next_text(&mut page, &mut data).await;
    let addr = inspector.addr();
    let stop = tokio::spawn(inspector.stop());
    let close = loop {
        match next(&mut page).await.expect("a close") {
            Message::Close(close) => break close.expect("a reason"),
            Message::Binary(_) => {}
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(u16::from(close.code), 1001);
    drop(page);
    stop.await.unwrap();
    assert!(tokio::net::TcpStream::connect(addr).await.is_err());
}
