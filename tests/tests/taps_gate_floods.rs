//! A listener over UDP while strangers send it one datagram each.

#[path = "../../codec/tests/framers/line.rs"]
#[allow(dead_code)] // The clients speak by hand.
mod line;

use core::time::Duration;

use embassy_net::udp::{PacketMetadata, UdpSocket};
use line::{LineFramer, Role};
use rand_core::OsRng;
use tokio::time::{sleep, timeout};
use wigwag_embassy::net::EmbassyNetwork;
use wigwag_embassy::taps::{
    self, Disabled, LocalEndpoint, MessageContext, Preconnection, Sent, TransportConfig,
    TransportProperties,
};
use wigwag_harness::vnet::{Background, Cable, End, alongside};
use wigwag_tests::devices::{SLOTS, memory, until};
use wigwag_tests::e2e::in_paused_time;

const PORT: u16 = 5000;
const DATAGRAMS: TransportProperties =
    TransportProperties::UNRELIABLE_DATAGRAM.with_safely_replayable(true);
const SECOND: Duration = Duration::from_secs(1);

/// Sends `text` again and again until the listener answers with something that
/// begins as `answer`.
async fn ask(socket: &UdpSocket<'_>, text: &[u8], answer: &[u8]) {
    let mut buffer = [0; 64];
    for _ in 0..30 {
        socket.send_to(text, (End::Far.v4(), PORT)).await.unwrap();
        let heard = async {
            loop {
                let (length, _) = socket.recv_from(&mut buffer).await.unwrap();
                if buffer[..length].starts_with(answer) {
                    break;
                }
            }
        };
        if timeout(SECOND, heard).await.is_ok() {
            return;
        }
    }
    panic!("it is kept out");
}

#[test]
fn who_answers_is_let_in_though_strangers_have_taken_every_slot() {
    in_paused_time(async || {
        let cable = Cable::new(11);
        let run = cable.run(async |near, far| {
            let (mut memory, config) = (memory(), TransportConfig::DEFAULT);
            let network = EmbassyNetwork::new(far);
            let (far, mut runner) = taps::new(&mut memory, network, OsRng, config);
            let background: Vec<Background<'_>> = vec![Box::pin(async { runner.run().await })];
            let app = async {
                let listener = Preconnection::new(DATAGRAMS, Disabled)
                    .add_local(LocalEndpoint::new().with_port(PORT))
                    .add_framer(LineFramer::new(Role::Server, 200, 60))
                    .listen(&far)
                    .unwrap();
                until("the socket", || listener.local().is_some()).await;
                let mut metadata = [[PacketMetadata::EMPTY; 8]; 2];
                let mut places = [[0; 512]; 2];
                let ([rx_meta, tx_meta], [rx, tx]) = (&mut metadata, &mut places);
                let socket = || async {
                    // A stranger is another one at every port.
                    let (mut rx_meta, mut tx_meta) =
                        ([PacketMetadata::EMPTY; 2], [PacketMetadata::EMPTY; 2]);
                    let (mut rx, mut tx) = ([0; 64], [0; 64]);
                    let mut socket =
                        UdpSocket::new(near, &mut rx_meta, &mut rx, &mut tx_meta, &mut tx);
                    socket.bind(0).unwrap();
                    socket
                        .send_to(b"\0\0L.", (End::Far.v4(), PORT))
                        .await
                        .unwrap();
                    socket.flush().await;
                };
                let attack = async {
                    for number in 0..500 {
                        socket().await;
                        // Never at the same pace as the honest one.
                        sleep(Duration::from_millis(70 + number * 37 % 61)).await;
                    }
                };
                let honest = async {
                    sleep(2 * SECOND).await;
                    assert!(far.free_slots() <= 1, "it is no flood");
                    let mut socket = UdpSocket::new(near, rx_meta, rx, tx_meta, tx);
                    socket.bind(9).unwrap();
                    let begun = tokio::time::Instant::now();
                    ask(&socket, b"\0\x03Nme\x0c.", b"\0\x01A").await;
                    let to = (End::Far.v4(), PORT);
                    socket.send_to(b"\0\0c.", to).await.unwrap();
                    let accepted = timeout(SECOND, listener.accept()).await.unwrap().unwrap();
                    assert!(begun.elapsed() < 10 * SECOND, "{:?}", begun.elapsed());
                    socket.send_to(b"\0\x02Mhi.", to).await.unwrap();
                    let mut buffer = [0; 8];
                    let received = accepted.receive(&mut buffer).await.unwrap();
                    assert_eq!(&buffer[..received.length], b"hi");
                    // The others go on, and it stays.
                    sleep(8 * SECOND).await;
                    socket.send_to(b"\0\0L.", to).await.unwrap();
                    assert_eq!(
                        accepted.send(b"still there", &MessageContext::new()).await,
                        Ok(Sent)
                    );
                };
                futures::join!(attack, honest);
                listener.stop();
                timeout(30 * SECOND, listener.stopped()).await.unwrap();
                assert_eq!(far.free_slots(), SLOTS);
            };
            alongside(app, background).await;
        });
        run.await;
    });
}
