use super::*;
use crate::faults::LinkFaults;
use crate::vnet::{alongside, loopback};
use std::time::Duration;
use tokio::io::DuplexStream;

/// A frame for the gateway that it does not answer: an unknown EtherType.
fn frame(length: usize) -> Vec<u8> {
    let mut frame = vec![0xa5; length];
    let head = [[2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 1, 0]].concat();
    let copied = length.min(head.len());
    frame[..copied].copy_from_slice(&head[..copied]);
    if let Some(kind) = frame.get_mut(12..14) {
        kind.copy_from_slice(&[0x88, 0xb5]);
    }
    frame
}

fn on_wire(frame: &[u8]) -> Vec<u8> {
    let length = u32::try_from(frame.len()).unwrap();
    [&length.to_be_bytes(), frame].concat()
}

/// Who has 10.0.2.2? RFC 826. The gateway answers.
fn question() -> Vec<u8> {
    let mut arp = vec![0xff; 6];
    arp.extend([2, 0, 0, 0, 1, 0, 0x08, 0x06]);
    arp.extend([0, 1, 8, 0, 6, 4, 0, 1]);
    arp.extend([2, 0, 0, 0, 1, 0, 10, 0, 2, 15]);
    arp.extend([0, 0, 0, 0, 0, 0, 10, 0, 2, 2]);
    arp
}

/// Runs `device` at the far end of a wire until it lets go of it.
async fn wire(
    net: &VirtualNet,
    device: impl AsyncFnOnce(DuplexStream),
) -> Result<WireCounts, WireError> {
    let (near, far) = tokio::io::duplex(4096);
    let both = async { futures::join!(net.carry_wire(near), device(far)).0 };
    let limited = tokio::time::timeout(Duration::from_secs(30), both);
    let counts = alongside(limited, vec![Box::pin(net.carry())]).await;
    counts.expect("the wire ends with its stream")
}

/// Reads one frame.
async fn read(stream: &mut DuplexStream) -> Vec<u8> {
    let length = stream.read_u32().await.unwrap();
    let mut frame = vec![0; length as usize];
    stream.read_exact(&mut frame).await.unwrap();
    frame
}

#[tokio::test]
async fn a_stream_cut_in_reads_of_any_size_is_the_same_frames() {
    let bytes = [on_wire(&question()), on_wire(&frame(60)), on_wire(&[])].concat();
    for split in 0..=bytes.len() {
        let net = VirtualNet::new(loopback());
        let counts = wire(&net, async |mut stream| {
            let (first, second) = bytes.split_at(split);
            stream.write_all(first).await.unwrap();
            tokio::task::yield_now().await;
            stream.write_all(second).await.unwrap();
            let answer = read(&mut stream).await;
            assert_eq!(answer[12..14], [0x08, 0x06], "split at {split}");
            assert_eq!(answer[..6], [2, 0, 0, 0, 1, 0]);
        })
        .await
        .unwrap();
        let expected = WireCounts {
            to_server: 2,
            to_device: 1,
            empty: 1,
            ..WireCounts::default()
        };
        assert_eq!(counts, expected, "split at {split}");
    }
}

#[tokio::test]
async fn an_end_in_the_middle_of_a_frame_is_told() {
    let bytes = [on_wire(&frame(60)), on_wire(&frame(70))].concat();
    for length in 0..=bytes.len() {
        let net = VirtualNet::new(loopback());
        let counts = wire(&net, async |mut stream| {
            stream.write_all(&bytes[..length]).await.unwrap();
        })
        .await
        .unwrap();
        let boundary = [0, 64, bytes.len()].contains(&length);
        assert_eq!(counts.cut, !boundary, "cut at {length}");
        let whole = u64::from(length >= 64) + u64::from(length == bytes.len());
        assert_eq!(counts.to_server, whole, "cut at {length}");
    }
}

#[tokio::test]
async fn frames_that_ethernet_does_not_have_are_dropped_and_counted() {
    let net = VirtualNet::new(loopback());
    let counts = wire(&net, async |mut stream| {
        for length in [0, 1, MAX_FRAME, MAX_FRAME + 1, LONGEST_ANNOUNCED, 0] {
            stream.write_all(&on_wire(&frame(length))).await.unwrap();
        }
        // The stream is in step: what follows is understood.
        stream.write_all(&on_wire(&question())).await.unwrap();
        read(&mut stream).await;
    })
    .await
    .unwrap();
    assert_eq!((counts.empty, counts.oversized), (2, 2));
    assert_eq!((counts.to_server, counts.to_device), (3, 1));
}

#[tokio::test]
async fn a_length_that_cannot_be_is_an_error() {
    for announced in [LONGEST_ANNOUNCED as u32 + 1, u32::MAX, 0x4745_5420] {
        let net = VirtualNet::new(loopback());
        let ended = wire(&net, async |mut stream| {
            stream.write_all(&announced.to_be_bytes()).await.unwrap();
            // Held open: the error does not wait for more.
            let _ = stream.read(&mut [0]).await;
        })
        .await;
        match ended {
            Err(WireError::OutOfStep { announced: found }) => {
                assert_eq!(found, announced as usize);
            }
            other => panic!("{announced}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn the_faults_of_the_link_act_on_the_wire() {
    let net = VirtualNet::new(loopback());
    let faults = net.faults().clone();
    let lossy = LinkFaults {
        loss: 1.0,
        ..LinkFaults::NONE
    };
    wire(&net, async |mut stream| {
        faults.set_link(Direction::ToServer, lossy);
        stream.write_all(&on_wire(&question())).await.unwrap();
        while faults.counts().lost == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        faults.set_link(Direction::ToServer, LinkFaults::NONE);
        faults.set_link_up(false);
        stream.write_all(&on_wire(&question())).await.unwrap();
        while faults.counts().lost == 1 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        faults.set_link_up(true);
        stream.write_all(&on_wire(&question())).await.unwrap();
        read(&mut stream).await;
    })
    .await
    .unwrap();
    // One question and one answer.
    assert_eq!((faults.counts().lost, faults.counts().frames), (2, 2));
}

#[tokio::test]
async fn injected_frames_arrive_as_they_are() {
    let net = VirtualNet::new(loopback());
    let faults = net.faults().clone();
    let thrown: Vec<Vec<u8>> = [1, 13, 60, 1600, 9000].map(frame).into();
    let counts = wire(&net, async |mut stream| {
        for frame in &thrown {
            assert!(faults.inject(Direction::ToDevice, frame.clone()));
        }
        for frame in &thrown {
            assert_eq!(read(&mut stream).await, *frame);
        }
        // Longer than the wire can say: dropped, and the next one arrives.
        faults.inject(Direction::ToDevice, frame(LONGEST_ANNOUNCED + 1));
        faults.inject(Direction::ToDevice, frame(99));
        assert_eq!(read(&mut stream).await.len(), 99);
        // To the gateway, as if the device had asked.
        faults.inject(Direction::ToServer, question());
        read(&mut stream).await;
    })
    .await
    .unwrap();
    assert_eq!(counts.to_device, 7);
    assert_eq!(faults.counts().injected, 8);
    let room = (0..2 * crate::faults::MAX_INJECTED)
        .take_while(|_| faults.inject(Direction::ToDevice, [0]))
        .count();
    assert_eq!(room, crate::faults::MAX_INJECTED);
}

#[tokio::test]
async fn a_device_that_reads_nothing_holds_up_nobody_but_itself() {
    let net = VirtualNet::new(loopback());
    let counts = wire(&net, async |mut stream| {
        // Far more answers than the stream and both lanes hold.
        let asked = on_wire(&question()).repeat(20_000);
        let writing = stream.write_all(&asked);
        let written = tokio::time::timeout(Duration::from_millis(200), writing).await;
        assert!(written.is_err(), "everything was taken");
    })
    .await
    .unwrap();
    assert!(counts.to_server < 1000, "{counts:?}");
}
