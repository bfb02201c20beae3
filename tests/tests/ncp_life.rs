//! How long an NCP connection lives: kept alive, given up after silence, cut,
//! and closed by either end.

use std::time::Duration;

use embedded_io_async::Write as _;
use tokio::time::{Instant, timeout};
use wigwag_codec::ncp::packet;
use wigwag_embassy::ncp::{DecodeError, Error, NetworkError, Server};
use wigwag_tests::nodes::{
    Raw, SOON, accept_raw, client, connect_raw, number, on_cable, read_packet, serve_handshake,
    shake_hands, with_both, with_raw_client, with_raw_server,
};

const DAY: Duration = Duration::from_secs(24 * 3600);

#[test]
fn a_connection_on_which_nobody_waits_lives_on() {
    with_both::<8, 256>(async |_, client, server| {
        tokio::time::sleep(DAY).await;
        let response = client.send("DSPC", "TIME", |params| params.param("N", 1));
        let response = response.await.unwrap();
        let mut buffer = [0; 64];
        let to = server.recv(&mut buffer).await.unwrap().reply_to();
        let sent = server.reply(to, |params| params.param("N", 2)).await;
        assert_eq!(sent, Ok(()));
        // The answer lies there for another day.
        tokio::time::sleep(DAY).await;
        let field = response.recv(&mut buffer).await.unwrap();
        assert_eq!(number(&field, "N"), 2);
    });
}

#[test]
fn who_does_not_receive_holds_the_other_up_and_loses_nothing() {
    on_cable(async |_, near, far| {
        let server = Server::plain().listen(&far).unwrap();
        let client = client().with_timeout(Duration::from_secs(5));
        let (client, server) = futures::join!(client.connect(&near), server.accept());
        let (client, server) = (client.unwrap(), server.unwrap());
        let count = 400;
        let data = [1_u8; 200];
        let sending = async {
            for number in 0..count {
                let sent = client.send("DSPC", "DATA", |params| {
                    params.param("N", number).param("DATA", &data[..])
                });
                drop(sent.await.unwrap());
            }
        };
        let receiving = async {
            // Longer than the agreed time. (After 60 s in which not a byte of it
            // is taken, the client would give up.)
            tokio::time::sleep(Duration::from_secs(20)).await;
            let mut buffer = [0; 512];
            for expected in 0..count {
                let field = server.recv(&mut buffer).await.unwrap();
                assert_eq!(number(&field, "N"), i64::from(expected));
            }
        };
        let since = Instant::now();
        let sending = async {
            sending.await;
            since.elapsed()
        };
        let (held_up, ()) = futures::join!(sending, receiving);
        assert!(held_up >= Duration::from_secs(20));
    });
}

#[test]
fn silence_ends_a_connection_at_both_ends() {
    for seconds in [5, 60] {
        on_cable(async move |cable, near, far| {
            let server = Server::plain().listen(&far).unwrap();
            let client = client().with_timeout(Duration::from_secs(seconds));
            let (near, far) = futures::join!(client.connect(&near), server.accept());
            let (near, far) = (near.unwrap(), far.unwrap());
            tokio::time::sleep(Duration::from_secs(600)).await;
            cable.set_silent(true);
            let since = Instant::now();
            let waits = async |recv: Result<_, Error>| (recv.map(drop), since.elapsed());
            let (mut first, mut second) = ([0; 64], [0; 64]);
            let near = async { waits(near.recv(&mut first).await.map(drop)).await };
            let far = async { waits(far.recv(&mut second).await.map(drop)).await };
            for (end, after) in <[_; 2]>::from(futures::join!(near, far)) {
                assert_eq!(end, Err(Error::NetworkTimeoutError));
                assert!(after <= Duration::from_secs(seconds), "{after:?}");
            }
        });
    }
}

#[test]
fn keep_alives_come_at_two_thirds_of_the_time_since_something_was_said() {
    for (seconds, interval) in [(5, 3), (15, 9), (60, 39)] {
        with_raw_server(async move |_, near, far| {
            let serve = async {
                let mut raw = accept_raw(&far).await;
                serve_handshake(&mut raw, seconds).await;
                let mut since = Instant::now();
                for _ in 0..3 {
                    keep_alive(&mut raw).await;
                    assert_eq!(since.elapsed().as_secs(), interval);
                    since = Instant::now();
                }
                // A command puts the next one off.
                assert_eq!(&read_packet(&mut raw).await[4..8], b"DSPC");
                assert_eq!(since.elapsed().as_secs(), 1);
                since = Instant::now();
                keep_alive(&mut raw).await;
                assert_eq!(since.elapsed().as_secs(), interval);
            };
            let talk = async {
                let connection = client().connect(&near).await.unwrap();
                tokio::time::sleep(Duration::from_secs(3 * interval + 1)).await;
                let sent = connection.send("DSPC", "TIME", |params| params.param("N", 1));
                drop(sent.await.unwrap());
                // The server does not say anything, and nobody minds yet.
                let _ = timeout(Duration::from_secs(interval), connection.recv(&mut [0; 8])).await;
                connection
            };
            futures::join!(serve, talk);
        });
    }
}

/// Reads a packet that keeps a connection alive, and says one.
async fn keep_alive(raw: &mut Raw<'_>) {
    let packet = read_packet(raw).await;
    assert_eq!((&packet[4..8], packet.len()), (&b"LINK"[..], 40));
    raw.write_all(&packet).await.unwrap();
}

#[test]
fn half_a_packet_and_then_nothing_is_no_packet() {
    for (is_cut, expected) in [(false, "truncated"), (true, "reset")] {
        with_raw_client(async move |_, near, far| {
            let server = Server::plain().listen(&far).unwrap();
            let talk = async {
                let mut raw = connect_raw(&near, 9999).await;
                shake_hands(&mut raw).await;
                let mut place = [0; 128];
                let command = packet(&mut place, "DSPC").field("TIME").param("N", 1);
                let command = command.finish().unwrap();
                raw.write_all(command).await.unwrap();
                raw.write_all(&command[..50]).await.unwrap();
                raw.flush().await.unwrap();
                tokio::time::sleep(Duration::from_secs(1)).await;
                if is_cut {
                    raw.abort();
                } else {
                    raw.close();
                }
                raw
            };
            let serve = async {
                let connection = server.accept().await.unwrap();
                let mut buffer = [0; 64];
                let field = connection.recv(&mut buffer).await.unwrap();
                assert_eq!(number(&field, "N"), 1);
                connection.recv(&mut buffer).await.unwrap_err()
            };
            let (_raw, error) = futures::join!(talk, serve);
            let found = match error {
                Error::DecodeError(DecodeError::Stream(_)) => "truncated",
                Error::NetworkError(NetworkError::Lost(_)) => "reset",
                other => panic!("{other:?}"),
            };
            assert_eq!(found, expected);
        });
    }
}

#[test]
fn what_was_sent_before_a_close_arrives_and_then_the_end() {
    with_both::<8, 256>(async |_, client, server| {
        for number in 0..5 {
            let sent = client.send("DSPC", "TIME", |params| params.param("N", number));
            drop(sent.await.unwrap());
        }
        client.close();
        assert!(client.is_closing());
        let late = client.send("DSPC", "TIME", |params| params).await;
        assert_eq!(late.unwrap_err(), Error::ConnectionClosed);
        let mut buffer = [0; 64];
        for expected in 0..5 {
            let field = server.next(&mut buffer).await.unwrap().unwrap();
            assert_eq!(number(&field, "N"), expected);
        }
        assert!(server.next(&mut buffer).await.unwrap().is_none());
        // The other direction is open until the server closes as well.
        server.close();
        let (near, far) = futures::join!(client.wait_closed(), server.wait_closed());
        assert_eq!((near, far), (Ok(()), Ok(())));
        assert_eq!(
            client.recv(&mut buffer).await.unwrap_err(),
            Error::ConnectionClosed
        );
    });
}

#[test]
fn both_ends_close_at_once_or_one_after_the_other() {
    for first in [Some(true), Some(false), None] {
        with_both::<8, 256>(async move |_, client, server| {
            let response = client.send("DSPC", "TIME", |params| params).await.unwrap();
            if first != Some(false) {
                client.close();
            }
            if first != Some(true) {
                server.close();
            }
            let mut buffer = [0; 64];
            let end = timeout(SOON, response.recv(&mut buffer)).await;
            if first == Some(false) {
                assert_eq!(end.unwrap().unwrap_err(), Error::ConnectionClosed);
            }
            drop(response);
            client.close();
            server.close();
            let (near, far) = futures::join!(client.wait_closed(), server.wait_closed());
            assert_eq!((near, far), (Ok(()), Ok(())));
        });
    }
}

#[test]
fn a_close_that_nobody_answers_has_an_end() {
    with_both::<8, 256>(async |cable, client, _server| {
        cable.set_silent(true);
        let sent = client.send("DSPC", "TIME", |params| params).await;
        drop(sent.unwrap());
        client.close();
        let since = Instant::now();
        assert_eq!(client.wait_closed().await, Err(Error::NetworkTimeoutError));
        assert!(since.elapsed() <= Duration::from_secs(60));
        assert!(client.is_closing());
    });
}
