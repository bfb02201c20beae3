//! A server and its handlers: how many clients there are, who ends whom, and
//! how a long command does not hold up the others.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use embedded_io_async::Write as _;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tokio::time::{Instant, timeout};
use wigwag_embassy::ncp::{self, Client, Error, Server, ServerConnection};
use wigwag_harness::vnet::End;
use wigwag_tests::devices::until;
use wigwag_tests::nodes::{
    Near, SOON, beside, client, connect_raw, echo, number, on_cable, with_raw_client, with_server,
};

/// Sets a flag when it goes.
struct Flag<'f>(&'f Cell<u32>);

impl Drop for Flag<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

async fn answers<'a>(client: &Client<'a>, near: &Near<'a>) -> Result<(), Error> {
    let connection = client.connect(near).await?;
    let response = connection.send("LINK", "ECHO", |params| params.param("N", 7));
    let response = response.await?;
    let mut buffer = [0; 64];
    assert_eq!(number(&response.recv(&mut buffer).await?, "N"), 7);
    drop(response);
    connection.close();
    connection.wait_closed().await
}

#[test]
fn clients_come_over_both_families() {
    on_cable(async |_, near, far| {
        let server = Server::plain().listen(&far).unwrap();
        let talk = async {
            let v6 = End::Far.v6().to_string();
            assert_eq!(v6, "2001:db8::2");
            for host in ["10.0.0.2", "2001:db8::2"] {
                assert_eq!(answers(&Client::plain(host), &near).await, Ok(()));
            }
        };
        beside(server.serve::<2, Error>(echo), talk).await;
    });
}

#[test]
fn as_many_clients_are_served_at_once_as_there_are_handlers() {
    on_cable(async |_, near, far| {
        let server = Server::plain().listen(&far).unwrap();
        let talk = async {
            let client = client();
            let first = client.connect(&near).await.unwrap();
            let second = client.connect(&near).await.unwrap();
            // Its connection comes up, and it waits for a handler.
            let third = client.connect(&near).await.unwrap();
            let ask = async |connection: &ncp::ClientConnection<'_>| {
                let sent = connection.send("LINK", "ECHO", |params| params.param("N", 1));
                let response = sent.await.unwrap();
                let mut buffer = [0; 64];
                response
                    .recv(&mut buffer)
                    .await
                    .map(|field| number(&field, "N"))
            };
            assert_eq!(ask(&first).await, Ok(1));
            assert_eq!(ask(&second).await, Ok(1));
            assert!(timeout(SOON, ask(&third)).await.is_err());
            first.close();
            assert_eq!(ask(&third).await, Ok(1));
            assert_eq!(ask(&second).await, Ok(1));
        };
        beside(server.serve::<2, Error>(echo), talk).await;
    });
}

#[test]
fn a_connection_is_closed_when_its_handler_ends() {
    let handler = async |client: &ServerConnection<'_>| {
        let mut buffer = [0; 64];
        let to = client.recv(&mut buffer).await?.reply_to();
        client.reply(to, |params| params.param("BYE", 1)).await
    };
    with_server::<Error>(handler, async |_, connection| {
        let response = connection.send("LINK", "QUIT", |params| params).await;
        let response = response.unwrap();
        let mut buffer = [0; 64];
        let field = response.recv(&mut buffer).await.unwrap();
        assert_eq!(number(&field, "BYE"), 1);
        assert_eq!(
            response.recv(&mut buffer).await.unwrap_err(),
            Error::ConnectionClosed
        );
        assert!(response.next(&mut buffer).await.unwrap().is_none());
    });
}

#[test]
fn who_waits_for_an_answer_learns_why_the_server_closes() {
    let handler = async |client: &ServerConnection<'_>| {
        client.recv(&mut [0; 64]).await.map_err(|_| "nothing")?;
        Err("no antenna")
    };
    with_server::<&str>(handler, async |_, connection| {
        let first = connection.send("DSPC", "TIME", |params| params).await;
        let (first, second) = (
            first.unwrap(),
            connection.send("DSPC", "SWEP", |params| params),
        );
        let second = second.await.unwrap();
        let (mut one, mut other) = ([0; 64], [0; 64]);
        let (first, second) = futures::join!(first.recv(&mut one), second.recv(&mut other));
        for end in [first, second] {
            let Err(Error::CommandError(fault)) = end else {
                panic!("{end:?}");
            };
            assert!(fault.packet_type == "LINK" && fault.name == "ERRO");
            assert_eq!((fault.detail.as_str(), fault.code), ("Server error", 500));
        }
    });
}

#[test]
fn a_handler_is_ended_when_its_connection_is_lost() {
    on_cable(async |cable, near, far| {
        let server = Server::plain().listen(&far).unwrap();
        let (begun, ended) = (Cell::new(0), Cell::new(0));
        let handler = async |_: &ServerConnection<'_>| -> Result<(), Error> {
            begun.set(begun.get() + 1);
            let _flag = Flag(&ended);
            std::future::pending().await
        };
        let talk = async {
            let client = client().with_timeout(SOON);
            // Cut off by the client.
            let connection = client.connect(&near).await.unwrap();
            until("the handler", || begun.get() == 1).await;
            connection.abort();
            until("the handler has ended", || ended.get() == 1).await;
            drop(connection);
            // Gone without a word.
            let connection = client.connect(&near).await.unwrap();
            until("the handler", || begun.get() == 2).await;
            cable.set_silent(true);
            let since = Instant::now();
            until("the handler has ended", || ended.get() == 2).await;
            assert!(
                since.elapsed() <= SOON + Duration::from_millis(10),
                "{:?}",
                since.elapsed()
            );
            cable.set_silent(false);
            drop(connection);
            // Closed by a client that hears nothing more: in the agreed time.
            until("a slot", || near.free_slots() > 0).await;
            let connection = client.connect(&near).await.unwrap();
            until("the handler", || begun.get() == 3).await;
            connection.close();
            let since = Instant::now();
            until("the handler has ended", || ended.get() == 3).await;
            assert!(since.elapsed() <= 2 * SOON, "{:?}", since.elapsed());
        };
        beside(server.serve::<2, Error>(handler), talk).await;
    });
}

#[test]
fn a_server_stops_when_its_handlers_have_ended() {
    on_cable(async |_, near, far| {
        let slots = far.free_slots();
        let server = Server::plain().listen(&far).unwrap();
        let talk = async {
            let connection = client().connect(&near).await.unwrap();
            let sent = connection.send("LINK", "ECHO", |params| params.param("N", 1));
            let response = sent.await.unwrap();
            let mut buffer = [0; 64];
            assert_eq!(number(&response.recv(&mut buffer).await.unwrap(), "N"), 1);
            server.stop();
            let refused = client().connect(&near).await.unwrap_err();
            assert!(matches!(refused, Error::NetworkError(_)), "{refused:?}");
            drop(response);
            // Who is there goes on.
            tokio::time::sleep(Duration::from_secs(100)).await;
            let sent = connection.send("LINK", "ECHO", |params| params.param("N", 2));
            let response = sent.await.unwrap();
            assert_eq!(number(&response.recv(&mut buffer).await.unwrap(), "N"), 2);
            drop(response);
            connection.close();
            Instant::now()
        };
        let serve = async {
            let served = server.serve::<2, Error>(echo).await;
            (served, Instant::now())
        };
        let (closed, (served, stopped)) = futures::join!(talk, serve);
        assert_eq!(served, Ok(()));
        assert!(stopped >= closed);
        assert_eq!(server.accept().await.unwrap_err(), Error::Stopped);
        drop(server);
        until("all slots are free", || far.free_slots() == slots).await;
        // The port is free for another one.
        let server = Server::plain().listen(&far).unwrap();
        let client = client();
        let talk = answers(&client, &near);
        assert_eq!(beside(server.serve::<2, Error>(echo), talk).await, Ok(()));
    });
}

#[test]
fn a_port_that_is_taken_cannot_be_listened_to() {
    on_cable(async |_, _near, far| {
        let _first = Server::plain().listen(&far).unwrap();
        let second = Server::plain().listen(&far).map(drop);
        assert!(matches!(second, Err(Error::NetworkError(_))), "{second:?}");
    });
}

#[test]
fn who_does_not_shake_hands_keeps_nobody_out() {
    with_raw_client(async |_, near, far| {
        let server = Server::plain().listen(&far).unwrap();
        let handler = async |_: &ServerConnection<'_>| -> Result<(), Error> { Ok(()) };
        let talk = async {
            // Both sockets that wait are taken by somebody who says nothing, and
            // by somebody who says one byte a second.
            let idle = connect_raw(&near, 9999).await;
            let mut slow = connect_raw(&near, 9999).await;
            let since = Instant::now();
            let dripping = async {
                while slow.write_all(b"\xdd").await.is_ok() {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            };
            let good = async {
                loop {
                    let next = wigwag_embassy::taps::Preconnection::new(
                        wigwag_embassy::taps::TransportProperties::DEFAULT,
                        wigwag_embassy::taps::Disabled,
                    )
                    .add_remote(
                        wigwag_embassy::taps::RemoteEndpoint::new()
                            .with_host("10.0.0.2")
                            .with_port(9999),
                    );
                    if let Ok(mut raw) = next.initiate(&near, Some(SOON)).await {
                        wigwag_tests::nodes::shake_hands(&mut raw).await;
                        return;
                    }
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            };
            futures::pin_mut!(dripping);
            futures::future::select(dripping, std::pin::pin!(good)).await;
            assert!(
                since.elapsed() <= Duration::from_secs(11),
                "{:?}",
                since.elapsed()
            );
            drop(idle);
        };
        beside(server.serve::<2, Error>(handler), talk).await;
    });
}

#[test]
fn a_long_command_is_acknowledged_and_holds_up_nobody() {
    // ncplib's "spawning tasks": a reply is sent long after its field is gone.
    let handler = async |client: &ServerConnection<'_>| {
        let tasks = RefCell::new(FuturesUnordered::new());
        let mut buffer = [0; 256];
        loop {
            let next = async { client.next(&mut buffer).await.map(Some) };
            let done = async {
                let waiting = std::future::poll_fn(|cx| tasks.borrow_mut().poll_next_unpin(cx));
                match waiting.await {
                    Some(()) => Ok::<_, Error>(None),
                    None => std::future::pending().await,
                }
            };
            let field = tokio::select! {
                field = next => field?,
                done = done => done?,
            };
            match field {
                None => {}
                Some(None) => return Ok(()),
                Some(Some(field)) => {
                    let to = field.reply_to();
                    let seconds = number(&field, "SECS").unsigned_abs();
                    client.reply(to, |params| params.param("ACKN", 1)).await?;
                    tasks.borrow_mut().push(async move {
                        tokio::time::sleep(Duration::from_secs(seconds)).await;
                        let sent = client.reply(to, |params| params.param("TIMM", seconds));
                        sent.await.unwrap();
                    });
                }
            }
        }
    };
    with_server::<Error>(handler, async |_, connection| {
        let since = Instant::now();
        let ask = async |seconds: i32| {
            let sent = connection.send("DSPC", "TIME", |params| params.param("SECS", seconds));
            let response = sent.await.unwrap();
            let mut buffer = [0; 64];
            let field = response.recv(&mut buffer).await.unwrap();
            assert_eq!(number(&field, "TIMM"), i64::from(seconds));
            since.elapsed().as_secs()
        };
        let (long, short, middle) = futures::join!(ask(100), ask(1), ask(50));
        assert_eq!((long, short, middle), (100, 1, 50));
    });
}
