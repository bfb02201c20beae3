//! The recorder by itself.

use crate::capture::{Item, Items, stream};
use std::io::Cursor;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;
use wigwag_harness::record::{
    About, Direction, Existing, Limits, Protocol, Recorded, Recorder, Side, Subscription,
};

use Direction::{ToDevice, ToServer};

fn about(protocol: Protocol) -> About<'static> {
    About {
        protocol: Some(protocol),
        device: "device-0001".into(),
        server: "ngtt.test".into(),
    }
}

/// An NGTT frame with its number in its transaction id and so many bytes.
fn frame(number: u16, payload: usize) -> Vec<u8> {
    let mut frame = (payload as u32).to_be_bytes().to_vec();
    frame.extend(number.to_be_bytes());
    frame.extend([0, 9]);
    frame.resize(8 + payload, number as u8);
    frame
}

/// The transaction ids of frames that follow each other without a byte between.
fn numbers(mut bytes: &[u8]) -> Vec<u16> {
    let mut numbers = Vec::new();
    while let Some((head, rest)) = bytes.split_first_chunk::<8>() {
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let number = u16::from_be_bytes([head[4], head[5]]);
        let (payload, rest) = rest.split_at(length);
        assert!(payload.iter().all(|byte| *byte == number as u8));
        numbers.push(number);
        bytes = rest;
    }
    assert!(bytes.is_empty());
    numbers
}

/// Everything that is there.
async fn drain(subscription: &mut Subscription, items: &mut Items) {
    // What is recorded already comes at once.
    while let Ok(Some(bytes)) = timeout(Duration::from_millis(1), subscription.next()).await {
        items.push(&bytes);
    }
}

/// The same for one who comes now.
async fn late(recorder: &Recorder) -> Vec<Item> {
    let mut items = Items::default();
    drain(&mut recorder.subscribe(), &mut items).await;
    items.list
}

#[tokio::test(start_paused = true)]
async fn a_listener_gets_what_was_and_what_comes() {
    let recorder = Recorder::default();
    let first = recorder.connection(&about(Protocol::Ngtt));
    first.bytes(ToServer, &frame(1, 3));
    let mut listener = recorder.subscribe();
    let open = |connection| Item::Open {
        connection,
        protocol: Some(1),
        device: "device-0001".into(),
        server: "ngtt.test".into(),
    };
    let bytes = |connection, direction, bytes: Vec<u8>| Item::Bytes {
        connection,
        direction,
        bytes,
    };
    let expected = [Item::Label, open(1), bytes(1, ToServer, frame(1, 3))];
    let mut items = Items::default();
    drain(&mut listener, &mut items).await;
    assert_eq!(items.list, expected);
    let second = recorder.connection(&about(Protocol::Ngtt));
    second.bytes(ToDevice, &frame(2, 0));
    first.bytes(ToDevice, &[]);
    first.end("closed by the device");
    first.end("again");
    first.bytes(ToDevice, &frame(3, 0));
    drop(second);
    let end = |connection, reason: &str| Item::End {
        connection,
        reason: reason.into(),
    };
    let expected = [
        open(2),
        bytes(2, ToDevice, frame(2, 0)),
        end(1, "closed by the device"),
        end(2, ""),
    ];
    items.push(&listener.next().await.expect("more"));
    assert_eq!(items.list[3..], expected);
    assert_eq!(listener.dropped(), 0);
}

#[tokio::test(start_paused = true)]
async fn who_is_late_or_slow_goes_on_where_a_frame_begins() {
    let recorder = Recorder::new(Limits { history: 20_000 });
    let connection = recorder.connection(&about(Protocol::Ngtt));
    let slow = recorder.subscribe();
    let mut quick = recorder.subscribe();
    let mut all = Vec::new();
    for number in 0..500 {
        all.extend(frame(number, usize::from(number) % 300));
    }
    let mut whole = Items::default();
    // Pieces that know nothing of frames.
    for piece in all.chunks(777) {
        connection.bytes(ToServer, piece);
        drain(&mut quick, &mut whole).await;
    }
    assert_eq!(whole.stream(1, ToServer), all, "who keeps up loses nothing");
    assert!(recorder.size() <= 20_000);
    let late = recorder.subscribe();
    for (mut listener, who) in [(slow, "slow"), (late, "late")] {
        let mut items = Items::default();
        drain(&mut listener, &mut items).await;
        let items = items.list;
        let count = |wanted: fn(&Item) -> bool| items.iter().filter(|item| wanted(item)).count();
        assert_eq!(count(|item| matches!(item, Item::Open { .. })), 1, "{who}");
        let gap = items
            .iter()
            .position(|item| matches!(item, Item::Gap { .. }));
        let gap = gap.expect("something is missing");
        let dropped = items[..gap].iter().map(|item| match item {
            Item::Dropped(count) => *count,
            _ => 0,
        });
        assert_eq!(dropped.sum::<u64>(), listener.dropped());
        assert!(listener.dropped() > 0);
        let Item::Gap {
            missing, aligned, ..
        } = items[gap]
        else {
            panic!("{who}");
        };
        assert!(aligned);
        let rest = stream(&items[gap + 1..], 1, ToServer);
        assert_eq!(missing as usize + rest.len(), all.len(), "{who}");
        assert!(all.ends_with(&rest));
        let numbers = numbers(&rest);
        assert!(numbers.len() > 50, "{who}: {}", numbers.len());
        assert_eq!(*numbers.last().unwrap(), 499, "{who}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_falls_behind_for_a_while_gets_ends_and_beginnings() {
    let recorder = Recorder::new(Limits { history: 4000 });
    let gone = recorder.connection(&about(Protocol::Ngtt));
    let stays = recorder.connection(&about(Protocol::Ngtt));
    stays.bytes(ToServer, &frame(1, 10));
    let mut listener = recorder.subscribe();
    let mut items = Items::default();
    drain(&mut listener, &mut items).await;
    gone.end("lost");
    let new = recorder.connection(&about(Protocol::Ncp));
    stays.bytes(ToServer, &frame(2, 10));
    for _ in 0..100 {
        let noise = recorder.connection(&about(Protocol::Prefix));
        noise.bytes(ToDevice, &[0, 0, 0, 2, 1, 1]);
    }
    stays.bytes(ToServer, &frame(3, 10));
    stays.bytes(ToDevice, &frame(4, 10));
    drain(&mut listener, &mut items).await;
    let items = items.list;
    let ends = |connection| {
        let end =
            |item: &&Item| matches!(item, Item::End { connection: c, .. } if *c == connection);
        items.iter().filter(end).count()
    };
    assert_eq!(ends(gone.number()), 1, "its end was left out, and told");
    assert_eq!(ends(stays.number()), 0);
    let opens = |connection| {
        let open =
            |item: &&Item| matches!(item, Item::Open { connection: c, .. } if *c == connection);
        items.iter().filter(open).count()
    };
    assert_eq!(opens(new.number()), 1, "its begin was left out, and told");
    assert_eq!(opens(stays.number()), 1);
    // Frame 2 is missing, 3 is there, the other direction is whole.
    let gap = Item::Gap {
        connection: stays.number(),
        direction: ToServer,
        missing: 18,
        aligned: true,
    };
    assert!(items.contains(&gap), "{items:?}");
    let last = items.iter().rev().find_map(|item| match item {
        Item::Bytes {
            connection,
            bytes,
            direction: ToServer,
        } if *connection == stays.number() => Some(bytes.clone()),
        _ => None,
    });
    assert_eq!(last, Some(frame(3, 10)));
}

#[tokio::test(start_paused = true)]
async fn a_frame_larger_than_the_history_leaves_a_gap_without_a_boundary() {
    let recorder = Recorder::new(Limits { history: 100_000 });
    let connection = recorder.connection(&about(Protocol::Ngtt));
    connection.bytes(ToServer, &frame(1, 400_000));
    assert!(recorder.size() <= 100_000);
    connection.end("");
    let items = late(&recorder).await;
    assert!(items.contains(&Item::Gap {
        connection: 1,
        direction: ToServer,
        missing: 400_008,
        aligned: false,
    }));
    assert!(!items.iter().any(|item| matches!(item, Item::Bytes { .. })));
}

#[tokio::test(start_paused = true)]
async fn frames_of_an_unknown_protocol_leave_an_unaligned_gap() {
    let recorder = Recorder::new(Limits { history: 2000 });
    let connection = recorder.connection(&About::default());
    for _ in 0..100 {
        connection.bytes(ToServer, b"GET / HTTP/1.1\r\n\r\n");
    }
    let items = late(&recorder).await;
    assert!(items.contains(&Item::Open {
        connection: 1,
        protocol: None,
        device: String::new(),
        server: String::new(),
    }));
    let gap = items.iter().find(|item| matches!(item, Item::Gap { .. }));
    assert!(matches!(gap, Some(Item::Gap { aligned: false, .. })));
}

#[tokio::test]
async fn a_stream_reports_what_was_really_read_and_written() {
    let recorder = Recorder::default();
    let (near, mut far) = tokio::io::duplex(10);
    let recording = recorder.connection(&about(Protocol::Ngtt));
    let mut near = Recorded::new(near, Some(recording), Side::Server);
    // The pipe holds 10 bytes: more is not written, and so not recorded.
    let write = timeout(Duration::from_millis(50), near.write_all(&[7; 30])).await;
    assert!(write.is_err(), "nobody reads");
    let mut items = Items::default();
    let mut listener = recorder.subscribe();
    items.push(&listener.next().await.unwrap());
    assert_eq!(items.stream(1, ToDevice), [7; 10]);
    far.write_all(&[8; 5]).await.unwrap();
    let mut read = [0; 5];
    near.read_exact(&mut read).await.unwrap();
    near.ended("enough");
    drop(near);
    items.push(&listener.next().await.unwrap());
    assert_eq!(items.stream(1, ToServer), [8; 5]);
    assert_eq!(
        items.list.last(),
        Some(&Item::End {
            connection: 1,
            reason: "enough".into()
        })
    );
}

#[tokio::test]
async fn a_stream_without_a_recorder_is_only_a_stream() {
    let mut stream = Recorded::new(Cursor::new(Vec::new()), None, Side::Device);
    stream.write_all(b"hello").await.unwrap();
    assert_eq!(stream.get_mut().get_ref(), b"hello");
}

#[test]
fn a_file_has_everything_even_what_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("all.wgwg");
    let recorder = Recorder::new(Limits { history: 5000 });
    let connection = recorder.connection(&about(Protocol::Ngtt));
    connection.bytes(ToServer, &frame(0, 100));
    let file = recorder.to_file(&path, Existing::Keep).unwrap();
    let mut all = frame(0, 100);
    for number in 1..1000 {
        connection.bytes(ToServer, &frame(number, 100));
        all.extend(frame(number, 100));
    }
    connection.end("done");
    // Whole at an end, without being finished.
    let items = Items::of(&std::fs::read(&path).unwrap());
    assert_eq!(stream(&items, 1, ToServer), all);
    let length = file.finish().unwrap();
    assert_eq!(length, std::fs::metadata(&path).unwrap().len());
    assert!(!items.iter().any(|item| matches!(item, Item::Dropped(_))));
}

#[test]
fn a_file_is_written_after_a_second_at_the_latest() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.wgwg");
    let recorder = Recorder::default();
    let _file = recorder.to_file(&path, Existing::Keep).unwrap();
    let connection = recorder.connection(&about(Protocol::Ngtt));
    connection.bytes(ToServer, &frame(5, 100));
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    loop {
        let items = Items::of(&std::fs::read(&path).unwrap());
        if items.len() == 3 {
            assert_eq!(stream(&items, 1, ToServer), frame(5, 100));
            return;
        }
        assert!(std::time::Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_file_that_is_there_is_kept_unless_it_may_be_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.wgwg");
    std::fs::write(&path, b"precious").unwrap();
    let recorder = Recorder::default();
    let error = recorder.to_file(&path, Existing::Keep).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
    assert_eq!(std::fs::read(&path).unwrap(), b"precious");
    let file = recorder.to_file(&path, Existing::Replace).unwrap();
    assert_eq!(file.finish().unwrap(), 12);
    assert_eq!(Items::of(&std::fs::read(&path).unwrap()), [Item::Label]);
}

#[cfg(unix)]
#[test]
fn a_file_is_its_owners_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.wgwg");
    let mode = || std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    drop(Recorder::default().to_file(&path, Existing::Keep).unwrap());
    assert_eq!(mode(), 0o600);
    // One that others could read is not left to them when it is replaced.
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
    drop(
        Recorder::default()
            .to_file(&path, Existing::Replace)
            .unwrap(),
    );
    assert_eq!(mode(), 0o600);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_ends_the_file_and_not_the_connections() {
    let recorder = Recorder::default();
    let path = std::path::Path::new("/dev/full");
    // Opening writes the label.
    let error = recorder.to_file(path, Existing::Replace).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
    let connection = recorder.connection(&about(Protocol::Ngtt));
    connection.bytes(ToServer, &frame(1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_hundred_thousand_short_connections_are_no_burden_to_who_comes_late() {
    let recorder = Recorder::default();
    for _ in 0..100_000 {
        recorder.connection(&about(Protocol::Ngtt)).end("");
    }
    // A little is forgotten, so that the late one has to leap.
    let connection = recorder.connection(&about(Protocol::Ngtt));
    let chunk = vec![0; 1 << 20];
    for _ in 0..10 {
        connection.bytes(ToServer, &chunk);
    }
    let begin = std::time::Instant::now();
    let items = late(&recorder).await;
    assert!(
        begin.elapsed() < Duration::from_secs(20),
        "{:?}",
        begin.elapsed()
    );
    assert!(items.iter().any(|item| matches!(item, Item::Dropped(_))));
    let opens = items
        .iter()
        .filter(|item| matches!(item, Item::Open { .. }));
    let ends = items.iter().filter(|item| matches!(item, Item::End { .. }));
    assert_eq!(opens.count(), ends.count() + 1);
}
