//! The server's end of NCP while strangers flood its listener: how long an
//! honest client takes to its link.

use core::cell::Cell;
use core::time::Duration;

use embassy_net::tcp::TcpSocket;
use futures::future::{join_all, select};
use rand_core::OsRng;
use tokio::time::{Instant, sleep, timeout};
use wigwag_codec::ncp::link::{ClientLink, LinkConfig, Login, Names, ServerLink};
use wigwag_codec::ncp::packet;
use wigwag_embassy::net::EmbassyNetwork;
use wigwag_embassy::taps::{
    self, Disabled, LocalEndpoint, Preconnection, RemoteEndpoint, TransportConfig,
    TransportProperties,
};
use wigwag_harness::faults::{Direction, LinkFaults};
use wigwag_harness::vnet::{Background, Cable, End, alongside};
use wigwag_tests::devices::{SLOTS, memory, until};
use wigwag_tests::e2e::in_paused_time;

const PORT: u16 = 9999;
const MESSAGES: TransportProperties = TransportProperties::RELIABLE_MESSAGE;
/// How many strangers there are, each with one connection at a time.
const STRANGERS: usize = 8;
const FLOOD: usize = 500;

/// What a stranger says before it falls silent.
#[derive(Clone, Copy, Debug)]
enum Manner {
    /// Nothing.
    Silent,
    /// Half of a request for a tunnel.
    Request,
    /// A wrong password, whose answer is delayed.
    Guess,
    /// All of the tunnel, and half of the handshake.
    Half,
}

fn words(manner: Manner) -> Vec<u8> {
    let connect = |login: &str| {
        format!("CONNECT ncp.service HTTP/1.1\r\nProxy-Authorization: Basic {login}\r\n\r\n")
            .into_bytes()
    };
    match manner {
        Manner::Silent => Vec::new(),
        Manner::Request => b"CONNECT ncp.service HTTP/1.1\r\nProxy-".to_vec(),
        Manner::Guess => connect("dXNlcjp3cm9uZw=="),
        Manner::Half => {
            let mut place = [0; 128];
            let hello = packet(&mut place, "LINK").field("CCRE").finish();
            [&connect("dXNlcjpzZWNyZXQ="), hello.expect("a packet")].concat()
        }
    }
}

/// Connects again and again, as long as it is not enough.
async fn stranger(stack: embassy_net::Stack<'_>, number: u64, words: &[u8], count: &Cell<usize>) {
    let (mut rx, mut tx, mut heard) = ([0; 256], [0; 256], [0; 64]);
    let mut pause = number;
    while count.get() < FLOOD {
        let mut socket = TcpSocket::new(stack, &mut rx, &mut tx);
        if socket.connect((End::Far.v4(), PORT)).await.is_ok() {
            count.set(count.get() + 1);
            if !words.is_empty() {
                let _ = socket.write(words).await;
            }
            while socket.read(&mut heard).await.is_ok_and(|read| read > 0) {}
        } else {
            // Nobody tries again at the same pace as anybody else.
            pause = pause * 37 % 61 + 1;
            sleep(Duration::from_millis(5 + pause % 20)).await;
        }
        socket.abort();
        let _ = socket.flush().await;
    }
}

/// Runs a flood, and ten honest clients: the longest time that one took.
async fn flood(manner: Manner) -> Duration {
    let login = Login::new("user", "secret").expect("a login");
    let cable = Cable::new(11);
    for direction in [Direction::ToServer, Direction::ToDevice] {
        let faults = LinkFaults {
            delay: Duration::from_millis(20),
            ..LinkFaults::NONE
        };
        cable.faults().set_link(direction, faults);
    }
    let run = cable.run(async |stack, far| {
        let config = TransportConfig::DEFAULT;
        let (mut near_memory, mut far_memory) = (memory(), memory());
        let (near, far) = (EmbassyNetwork::new(stack), EmbassyNetwork::new(far));
        let (near, mut near_runner) = taps::new(&mut near_memory, near, OsRng, config);
        let (far, mut far_runner) = taps::new(&mut far_memory, far, OsRng, config);
        let background: Vec<Background<'_>> = vec![
            Box::pin(async { near_runner.run().await }),
            Box::pin(async { far_runner.run().await }),
        ];
        let listener = Preconnection::new(MESSAGES, Disabled)
            .add_local(LocalEndpoint::new().with_port(PORT))
            .add_framer(ServerLink::new(LinkConfig::new(512)).with_authentication(&login))
            .listen(&far)
            .expect("a listener");
        let link = ClientLink::new(LinkConfig::new(512), Names::of_host("honest")).expect("names");
        let far_end = RemoteEndpoint::new().with_address(End::Far.v4().into());
        let client = Preconnection::new(MESSAGES, Disabled)
            .add_remote(far_end.with_port(PORT))
            .add_framer(link.with_login(login));
        let honest = async {
            let mut longest = Duration::ZERO;
            sleep(Duration::from_secs(2)).await;
            for try_again in 7..17 {
                let begun = Instant::now();
                let connection = loop {
                    match client.initiate(&near, Some(Duration::from_secs(5))).await {
                        Ok(connection) => break connection,
                        Err(_) => sleep(Duration::from_millis(try_again)).await,
                    }
                    assert!(begun.elapsed() < Duration::from_secs(60), "it is kept out");
                };
                longest = longest.max(begun.elapsed());
                connection.close();
                let _ = connection.closed().await;
            }
            longest
        };
        let serve = async {
            loop {
                let accepted = listener.accept().await.expect("it listens");
                let name = accepted.with_framer(|link: &ServerLink<'_>| {
                    link.peer().map(|peer| peer.hostname.as_str() == "honest")
                });
                assert_eq!(name, Some(Some(true)));
                let _ = timeout(Duration::from_secs(60), accepted.receive(&mut [0; 8])).await;
            }
        };
        let app = async {
            let (count, said) = (Cell::new(0), words(manner));
            let strangers = (1..).take(STRANGERS);
            let attack = join_all(strangers.map(|number| stranger(stack, number, &said, &count)));
            let served = async {
                let (honest, serve) = (core::pin::pin!(honest), core::pin::pin!(serve));
                match select(honest, serve).await {
                    futures::future::Either::Left((longest, _)) => longest,
                    futures::future::Either::Right(_) => unreachable!("it serves for ever"),
                }
            };
            let (longest, _) = futures::join!(served, attack);
            listener.stop();
            listener.stopped().await;
            until("all slots are free", || far.free_slots() == SLOTS).await;
            longest
        };
        alongside(app, background).await
    });
    run.await
}

#[test]
fn honest_clients_get_their_links_while_five_hundred_strangers_do_not() {
    in_paused_time(async || {
        for manner in [Manner::Silent, Manner::Request, Manner::Guess, Manner::Half] {
            let longest = flood(manner).await;
            assert!(longest < Duration::from_secs(2), "{manner:?}: {longest:?}");
        }
    });
}
