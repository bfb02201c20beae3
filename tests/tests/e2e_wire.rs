//! What the options of sockets do, seen on the wire: a stack whose interface
//! leads back to itself, and each of its packets.

use core::num::NonZeroU8;
use core::time::Duration;

use embassy_net::udp::PacketMetadata;
use tokio::time::{Instant, sleep, timeout};
use wigwag_embassy::net::{
    EmbassyNetwork, EmbassyTcp, EmbassyUdp, EmbassyUdpBuffers, Network, PathId, PathState,
    StreamError, TcpBuffers, TcpOptions, TcpSocket, UdpSocket,
};
use wigwag_tests::loopback::{PACKET, Stop, Wire, on_loopback, own};

const SERVER: u16 = 1000;
const TCP: u8 = 6;
const UDP: u8 = 17;
/// Bytes of an IPv4 header without options.
const IP_HEADER: usize = 20;

/// Connects a client with `options` to a server, and gives both to `app`.
async fn connected(
    network: &EmbassyNetwork<'_>,
    options: TcpOptions,
    app: impl AsyncFnOnce(&EmbassyTcp<'_>, &EmbassyTcp<'_>),
) {
    if network.path_state(PathId(0)) != PathState::Up {
        network.path_changed(PathId(0), PathState::LinkDown).await;
    }
    let mut memory = [[0; 4096]; 4];
    let [a, b, c, d] = &mut memory;
    let buffers = |receive, send| TcpBuffers { receive, send };
    let server = network.tcp(PathId(0), buffers(a, b)).unwrap();
    let client = network.tcp(PathId(0), buffers(c, d)).unwrap();
    client.set_options(&options);
    let (accepted, connected) = tokio::join!(
        server.accept(SERVER),
        client.connect(own(SERVER), Duration::from_secs(5))
    );
    assert_eq!((accepted, connected), (Ok(()), Ok(())));
    app(&client, &server).await;
}

/// Sends more than fits a segment.
async fn carry(from: &EmbassyTcp<'_>, to: &EmbassyTcp<'_>) {
    let (mut written, mut received, mut buffer) = (0, 0, [0; 4096]);
    while written < 4096 {
        written += from.write(&[0x5a; 4096][written..]).await.unwrap();
    }
    while received < 4096 {
        received += to.read(&mut buffer).await.unwrap();
    }
}

/// Two sockets for datagrams, the second at port 2000.
async fn datagrams(
    network: &EmbassyNetwork<'_>,
    app: impl AsyncFnOnce(&EmbassyUdp<'_>, &EmbassyUdp<'_>),
) {
    let mut metas = [[PacketMetadata::EMPTY; 4]; 4];
    let [m1, m2, m3, m4] = &mut metas;
    let mut memory = [[0; 2048]; 4];
    let [b1, b2, b3, b4] = &mut memory;
    let socket = |receive_meta, receive, send_meta, send| {
        let buffers = EmbassyUdpBuffers {
            receive_meta,
            receive,
            send_meta,
            send,
        };
        network.udp(PathId(0), buffers).unwrap()
    };
    let one = socket(&mut m1[..], &mut b1[..], &mut m2[..], &mut b2[..]);
    let other = socket(&mut m3[..], &mut b3[..], &mut m4[..], &mut b4[..]);
    one.bind(3000).unwrap();
    other.bind(2000).unwrap();
    app(&one, &other).await;
}

/// What the client has sent since the last call.
fn of_the_client(wire: &Wire) -> Vec<Vec<u8>> {
    let mut packets = wire.take_sent();
    packets.retain(|packet| {
        let to = u16::from_be_bytes([packet[IP_HEADER + 2], packet[IP_HEADER + 3]]);
        packet[9] == TCP && to == SERVER
    });
    packets
}

/// How many bytes of a stream are in a segment.
fn carried(packet: &[u8]) -> usize {
    let header = usize::from(packet[IP_HEADER + 12] >> 4) * 4;
    packet.len() - IP_HEADER - header
}

/// The sum of RFC 1071, which a right checksum makes all ones.
fn sum(parts: &[&[u8]]) -> u16 {
    let mut sum = 0_u32;
    for part in parts {
        for word in part.chunks(2) {
            let low = word.get(1).copied().unwrap_or_default();
            sum += u32::from(u16::from_be_bytes([word[0], low]));
        }
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

#[test]
fn every_packet_is_whole_marked_as_nothing_special_and_not_to_be_cut() {
    on_loopback(async |network, wire| {
        connected(network, TcpOptions::DEFAULT, async |client, server| {
            carry(client, server).await;
            carry(server, client).await;
            client.close();
            server.close();
            client.flushed().await;
        })
        .await;
        datagrams(network, async |one, other| {
            for length in [0, 1, 7, 1000, 1472] {
                one.send_to(&vec![0xa5; length], own(2000)).await.unwrap();
                let mut buffer = [0; 2048];
                let received = other.receive_from(&mut buffer).await.unwrap();
                assert_eq!(received.length, length);
            }
        })
        .await;
        let packets = wire.take_sent();
        for protocol in [TCP, UDP] {
            assert!(packets.iter().filter(|one| one[9] == protocol).count() >= 5);
        }
        assert!(packets.iter().any(|packet| packet.len() == PACKET));
        for packet in &packets {
            assert_eq!(packet[0], 0x45, "IPv4 without options");
            // DSCP and ECN (RFC 2474, RFC 3168).
            assert_eq!(packet[1], 0, "{packet:x?}");
            let length = u16::from_be_bytes([packet[2], packet[3]]);
            assert_eq!(usize::from(length), packet.len());
            // Don't Fragment, and it is no fragment (RFC 791).
            assert_eq!(packet[6..8], [0x40, 0], "{packet:x?}");
            let (header, body) = packet.split_at(IP_HEADER);
            assert_eq!(sum(&[header]), 0xffff, "{packet:x?}");
            // A UDP checksum of zero would be none.
            assert!(packet[9] != UDP || body[6..8] != [0, 0], "{packet:x?}");
            let length = (body.len() as u16).to_be_bytes();
            let pseudo = [&header[12..20], &[0, header[9]], &length].concat();
            assert_eq!(sum(&[&pseudo, body]), 0xffff, "{packet:x?}");
        }
    });
}

#[test]
fn keep_alives_are_sent_at_their_interval_and_only_when_asked_for() {
    on_loopback(async |network, wire| {
        for (interval, least, most) in [(None, 0, 0), (Some(5), 10, 12), (Some(20), 2, 3)] {
            let options = TcpOptions {
                keep_alive: interval.map(Duration::from_secs),
                ..TcpOptions::DEFAULT
            };
            connected(network, options, async |client, _| {
                sleep(Duration::from_secs(1)).await;
                of_the_client(wire);
                sleep(Duration::from_secs(60)).await;
                let count = of_the_client(wire).len();
                assert!((least..=most).contains(&count), "{interval:?}: {count}");
                client.abort();
                client.flushed().await;
            })
            .await;
        }
    });
}

/// How long it takes until nothing can be received any more, within ten minutes.
async fn end_of(client: &EmbassyTcp<'_>) -> Option<Duration> {
    let start = Instant::now();
    let mut buffer = [0; 4];
    let ended = timeout(Duration::from_secs(600), client.read(&mut buffer)).await;
    assert!(matches!(ended, Err(_) | Ok(Err(StreamError))), "{ended:?}");
    ended.ok().map(|_| start.elapsed())
}

/// What [`TcpOptions::timeout`] says of itself: it is about any sign of life,
/// so an idle connection needs keep-alives to outlive it.
#[test]
fn a_peer_that_gives_no_sign_of_life_is_given_up_after_the_timeout() {
    let options = |timeout: Option<u64>, keep_alive: Option<u64>| TcpOptions {
        timeout: timeout.map(Duration::from_secs),
        keep_alive: keep_alive.map(Duration::from_secs),
        ..TcpOptions::DEFAULT
    };
    on_loopback(async move |network, wire| {
        for (options, idle, ends) in [
            (options(None, None), 3600, None),
            (options(Some(20), None), 0, Some(20)),
            (options(Some(7), None), 0, Some(7)),
            (options(Some(20), Some(5)), 3600, Some(20)),
        ] {
            connected(network, options, async |client, _| {
                sleep(Duration::from_secs(idle)).await;
                wire.stop(Stop::Lose);
                assert_eq!(client.write(b"lost").await, Ok(4));
                let took = end_of(client).await.map(|took| took.as_secs());
                wire.stop(Stop::Nothing);
                match (took, ends) {
                    (None, None) => {}
                    // The last sign of life may be a keep-alive old.
                    (Some(took), Some(ends)) => {
                        assert!((ends - 5..=ends).contains(&took), "{options:?}: {took} s");
                    }
                    other => panic!("{options:?}: {other:?}"),
                }
                client.abort();
                client.flushed().await;
            })
            .await;
        }
        connected(network, options(Some(20), None), async |client, _| {
            let took = end_of(client).await.map(|took| took.as_secs());
            assert_eq!(took, Some(20), "nothing was owed");
        })
        .await;
    });
}

#[test]
fn small_writes_leave_at_once_unless_they_are_to_be_collected() {
    on_loopback(async |network, wire| {
        for (nagle, segments) in [(false, vec![1; 5]), (true, vec![1, 4])] {
            let options = TcpOptions {
                nagle,
                ..TcpOptions::DEFAULT
            };
            connected(network, options, async |client, server| {
                of_the_client(wire);
                // Nothing is acknowledged before all five are written.
                wire.stop(Stop::Hold);
                for _ in 0..5 {
                    assert_eq!(client.write(b"x").await, Ok(1));
                    sleep(Duration::from_millis(10)).await;
                }
                wire.stop(Stop::Nothing);
                let (mut read, mut buffer) = (0, [0; 8]);
                while read < 5 {
                    read += server.read(&mut buffer).await.unwrap();
                }
                let sent = of_the_client(wire);
                let sent: Vec<_> = sent.iter().map(|packet| carried(packet)).collect();
                let data: Vec<_> = sent.into_iter().filter(|bytes| *bytes > 0).collect();
                assert_eq!(data, segments, "nagle: {nagle}");
                client.abort();
                client.flushed().await;
            })
            .await;
        }
    });
}

#[test]
fn the_hop_limit_that_was_set_is_in_every_packet() {
    on_loopback(async |network, wire| {
        let hops = |packets: &[Vec<u8>]| {
            let mut hops: Vec<_> = packets.iter().map(|packet| packet[8]).collect();
            hops.dedup();
            hops
        };
        let options = TcpOptions {
            hop_limit: NonZeroU8::new(3),
            ..TcpOptions::DEFAULT
        };
        connected(network, options, async |client, _| {
            assert_eq!(client.write(b"near").await, Ok(4));
            client.flushed().await;
            assert_eq!(hops(&of_the_client(wire)), [3]);
        })
        .await;
        datagrams(network, async |one, _| {
            wire.take_sent();
            one.set_hop_limit(NonZeroU8::new(2));
            one.send_to(b"near", own(2000)).await.unwrap();
            sleep(Duration::from_millis(10)).await;
            one.set_hop_limit(None);
            one.send_to(b"far", own(2000)).await.unwrap();
            sleep(Duration::from_millis(10)).await;
            assert_eq!(hops(&wire.take_sent()), [2, 64]);
        })
        .await;
    });
}
