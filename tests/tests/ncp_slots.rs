//! One connection after the other in the same memory: nothing of the one before
//! is left; and what a peer leaves out.

use embedded_io_async::Write as _;
use tokio::time::{Instant, timeout};
use wigwag_codec::ncp::packet;
use wigwag_embassy::ncp::{Error, RemoteHostname, Server, Warning};
use wigwag_harness::vnet::{Background, alongside};
use wigwag_tests::devices::until;
use wigwag_tests::nodes::{
    SOON, accept_raw, client, connect_raw, number, read_packet, serve_handshake, with_raw_client,
    with_raw_server,
};

#[test]
fn nothing_of_a_connection_is_left_for_the_next_one() {
    with_raw_server(async |_, near, far| {
        let mut place = [0; 256];
        let free = near.free_slots();
        // The server changes the time, and says why it closes; then it does
        // neither.
        for (time, words) in [(15, true), (60, false), (15, true), (60, false)] {
            let serve = async {
                let mut raw = accept_raw(&far).await;
                serve_handshake(&mut raw, time).await;
                read_packet(&mut raw).await;
                if words {
                    let error = packet(&mut place, "LINK").field("ERRO").param("ERRC", 500);
                    raw.write_all(error.finish().unwrap()).await.unwrap();
                }
                raw.close();
                std::future::pending().await
            };
            let talk = async {
                let connection = client().connect(&near).await.unwrap();
                let sent = connection.send("DSPC", "TIME", |params| params);
                let response = sent.await.unwrap();
                let mut buffer = [0; 64];
                let since = Instant::now();
                let end = timeout(SOON, response.recv(&mut buffer)).await;
                let end = end.expect("an end").map(drop);
                assert!(since.elapsed() < SOON, "who waits is not woken");
                if words {
                    assert!(matches!(end, Err(Error::CommandError(_))), "{end:?}");
                    // It stays there, unseen.
                    connection.close();
                } else {
                    let warning = connection.try_warning();
                    assert_eq!((end, warning), (Err(Error::ConnectionClosed), None));
                }
            };
            // Each has a waker of its own.
            let background: Vec<Background<'_>> = vec![Box::pin(serve)];
            alongside(talk, background).await;
            until("the slot is free", || near.free_slots() == free).await;
        }
    });
}

#[test]
fn a_client_without_a_name_is_called_by_its_address() {
    with_raw_client(async |_, near, far| {
        let server = Server::plain().listen(&far).unwrap();
        let shaken = async {
            let mut raw = connect_raw(&near, 9999).await;
            let mut place = [0; 128];
            for (word, answer) in [("CCRE", b"SCAR"), ("CARE", b"SCON")] {
                let word = packet(&mut place, "LINK").field(word).finish().unwrap();
                raw.write_all(word).await.unwrap();
                while &read_packet(&mut raw).await[32..36] != answer {}
            }
            raw
        };
        let (_raw, accepted) = futures::join!(shaken, server.accept());
        let accepted = accepted.unwrap();
        let address = accepted.remote().expect("it has one");
        assert_eq!(
            accepted.remote_hostname(),
            &RemoteHostname::Address(address)
        );
        assert_eq!(accepted.peer().hostname, "");
    });
}

#[test]
fn an_error_that_says_nothing_is_passed_over() {
    with_raw_server(async |_, near, far| {
        let serve = async {
            let mut raw = accept_raw(&far).await;
            serve_handshake(&mut raw, 15).await;
            let mut place = [0; 256];
            let said = packet(&mut place, "DSPC").field("ERRO").field("WARN");
            let said = said.field("NEWS").param("N", 3).finish().unwrap();
            raw.write_all(said).await.unwrap();
            raw
        };
        let talk = async {
            let connection = client().connect(&near).await.unwrap();
            let changed = connection.try_warning();
            assert!(matches!(changed, Some(Warning::TimeoutChanged(15))));
            let mut buffer = [0; 64];
            let field = connection.recv(&mut buffer).await.unwrap();
            assert_eq!(number(&field, "N"), 3);
            assert_eq!(connection.try_warning(), None);
            connection
        };
        futures::join!(serve, talk);
    });
}
