//! A peer that reads slowly or not at all: nobody who wants to send is passed
//! over for ever, nobody turns in circles, and the end comes.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::time::Duration;

use embedded_io_async::Read as _;
use futures::FutureExt as _;
use futures::future::join_all;
use tokio::time::{Instant, sleep, timeout};
use wigwag_codec::ncp::Ident;
use wigwag_embassy::ncp::{Error, ReplyTo, Server, ServerConnection};
use wigwag_harness::vnet::{Background, alongside};
use wigwag_tests::nodes::{Raw, connect_raw, shake_hands, with_raw_client};

const DATA: [u8; 700] = [7; 700];

/// Where a reply of the test's goes.
fn to() -> ReplyTo {
    let ident = |name| Ident::new(name).expect("a name");
    ReplyTo {
        packet_type: ident("TEST"),
        name: ident("TEST"),
        id: 1,
    }
}

/// Runs `app` with a server's connection to a client that has shaken hands and
/// says what it likes.
fn with_client(app: impl AsyncFnOnce(Raw<'_>, ServerConnection<'_>) + Send + 'static) {
    with_raw_client(async move |_, near, far| {
        let server = Server::plain().listen(&far).unwrap();
        let shaken = async {
            let mut raw = connect_raw(&near, 9999).await;
            shake_hands(&mut raw).await;
            raw
        };
        let (raw, connection) = futures::join!(shaken, server.accept());
        app(raw, connection.unwrap()).await;
    });
}

/// Sends until nothing more is taken for a second.
async fn fill(server: &ServerConnection<'_>) {
    let reply = || server.reply(to(), |params| params.param("DATA", &DATA[..]));
    while let Ok(sent) = timeout(Duration::from_secs(1), reply()).await {
        sent.unwrap();
    }
}

#[test]
fn a_client_that_neither_reads_nor_speaks_is_given_up() {
    with_client(async |_raw, server| {
        fill(&server).await;
        let since = Instant::now();
        let mut buffer = [0; 64];
        let end = timeout(Duration::from_secs(600), server.recv(&mut buffer)).await;
        let end = end.expect("an end").map(drop);
        assert_eq!(end, Err(Error::NetworkTimeoutError));
        assert!(
            since.elapsed() <= Duration::from_secs(30),
            "{:?}",
            since.elapsed()
        );
    });
}

#[test]
fn a_reply_is_not_passed_over_by_requests_for_ever() {
    with_client(async |mut raw, server| {
        fill(&server).await;
        let requests = Cell::new(0);
        let ask = async || loop {
            let sent = server.send("TEST", "ASKS", |params| params.param("DATA", &DATA[..]));
            drop(sent.await.unwrap());
            requests.set(requests.get() + 1);
        };
        let read = async {
            let mut chunk = [0; 512];
            loop {
                raw.read(&mut chunk).await.unwrap();
                sleep(Duration::from_millis(100)).await;
            }
        };
        let background: Vec<Background<'_>> = vec![
            Box::pin(ask()),
            Box::pin(ask()),
            Box::pin(ask()),
            Box::pin(read),
        ];
        let reply = async {
            sleep(Duration::from_secs(1)).await;
            let before = requests.get();
            let reply = server.reply(to(), |params| params.param("A", 1));
            let sent = timeout(Duration::from_secs(60), reply).await;
            assert_eq!(
                sent,
                Ok(Ok(())),
                "after {} requests",
                requests.get() - before
            );
            assert!(requests.get() - before <= 16, "{}", requests.get() - before);
        };
        alongside(reply, background).await;
    });
}

#[test]
fn many_who_wait_to_reply_do_not_turn_in_circles() {
    with_client(async |mut raw, server| {
        fill(&server).await;
        let polls = Cell::new(0_u32);
        let (server, polls) = (&server, &polls);
        let repliers = || {
            let mut reply = Box::pin(server.reply(to(), |params| params.param("DATA", &DATA[..])));
            poll_fn(move |cx| {
                polls.set(polls.get() + 1);
                reply.poll_unpin(cx)
            })
        };
        // Each has a waker of its own.
        let replies = join_all((0..12).map(|_| {
            let mut apart = pin_apart(repliers());
            poll_fn(move |cx| apart.poll_unpin(cx))
        }));
        let mut replies = pin!(replies);
        let held_up = timeout(Duration::from_secs(1), &mut replies).await;
        assert!(held_up.is_err(), "there is no room");
        assert!(polls.get() < 1000, "{}", polls.get());
        let read = async {
            let mut chunk = [0; 4096];
            loop {
                raw.read(&mut chunk).await.unwrap();
            }
        };
        let background: Vec<Background<'_>> = vec![Box::pin(read)];
        let done = timeout(Duration::from_secs(5), replies);
        for sent in alongside(done, background).await.expect("in time") {
            assert_eq!(sent, Ok(()));
        }
    });
}

/// With a waker of its own.
fn pin_apart<'f, T: 'f>(
    future: impl Future<Output = T> + 'f,
) -> futures::future::LocalBoxFuture<'f, T> {
    use futures::stream::{FuturesUnordered, StreamExt as _};
    let mut apart = FuturesUnordered::new();
    apart.push(future);
    Box::pin(async move { apart.next().await.expect("there is one") })
}
