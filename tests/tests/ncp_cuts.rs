//! A connection that ends at any byte of what a peer says before the link is up,
//! and one whose peer says everything at once.

use std::time::Duration;

use embedded_io_async::{Read as _, Write as _};
use tokio::time::timeout;
use wigwag_codec::ncp::link::Login;
use wigwag_codec::ncp::{PacketWriter, packet};
use wigwag_embassy::ncp::{Client, Error, Server, ServerConnection};
use wigwag_tests::devices::until;
use wigwag_tests::nodes::{
    HOST, SOON, accept_raw, beside, connect_raw, echo, number, read_all, with_raw_client,
    with_raw_server,
};

fn admin() -> Login<'static> {
    Login::new("admin", "a:b").expect("it can be said")
}

static ADMIN: fn(&str, &str) -> bool = |user, password| (user, password) == ("admin", "a:b");

fn link(write: impl FnOnce(PacketWriter<'_>) -> PacketWriter<'_>) -> Vec<u8> {
    let mut place = [0; 256];
    let packet = write(packet(&mut place, "LINK")).finish();
    packet.expect("it fits").to_vec()
}

/// All that a server says up to SCON.
fn of_server() -> Vec<u8> {
    [
        b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n".to_vec(),
        link(|packet| packet.field("HELO")),
        link(|packet| packet.field("SCAR").param("LINK", 15)),
        link(|packet| packet.field("SCON")),
    ]
    .concat()
}

/// All that a client says up to SCON.
fn of_client() -> Vec<u8> {
    [
        // "admin:a:b"
        b"CONNECT ncp.service HTTP/1.1\r\nProxy-Authorization: Basic YWRtaW46YTpi\r\n\r\n".to_vec(),
        link(|packet| packet.field("CCRE").param("CIW", "x").param("LINK", 15)),
        link(|packet| packet.field("CARE").param("CAR", "x")),
    ]
    .concat()
}

/// A command.
fn command() -> Vec<u8> {
    let mut place = [0; 256];
    let packet = packet(&mut place, "TEST").field("ECHO").param("N", 7);
    packet.finish().expect("it fits").to_vec()
}

#[test]
fn a_client_ends_in_time_wherever_its_server_is_cut_off() {
    with_raw_server(async |_, near, far| {
        let words = of_server();
        let free = near.free_slots();
        for length in 0..words.len() {
            let serve = async {
                let mut raw = accept_raw(&far).await;
                raw.write_all(&words[..length]).await.unwrap();
                if length % 2 == 0 {
                    raw.close()
                } else {
                    raw.abort()
                };
            };
            let client = Client::login_in_the_clear(HOST, admin()).with_port(9999);
            let connect = timeout(SOON, client.connect(&near));
            let (connected, ()) = futures::join!(connect, serve);
            let end = connected.expect("in time").map(drop);
            assert!(
                matches!(end, Err(Error::ConnectionClosed | Error::NetworkError(_))),
                "{length}: {end:?}"
            );
            until("the slot is free", || near.free_slots() == free).await;
        }
    });
}

#[test]
fn a_server_goes_on_wherever_a_client_is_cut_off() {
    with_raw_client(async |_, near, far| {
        let server = Server::login_in_the_clear(&ADMIN).listen(&far).unwrap();
        let handler = async |_: &ServerConnection<'_>| -> Result<(), Error> {
            panic!("a client was let in");
        };
        let talk = async {
            let words = of_client();
            for length in 0..words.len() {
                let mut raw = connect_raw(&near, 80).await;
                raw.write_all(&words[..length]).await.unwrap();
                if length % 2 == 0 {
                    raw.close()
                } else {
                    raw.abort()
                };
                let _ = timeout(SOON, raw.closed()).await.expect("in time");
                // A device has few sockets: each waits anew in a moment.
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        beside(server.serve::<2, Error>(handler), talk).await;
    });
}

#[test]
fn what_a_client_says_all_at_once_is_taken_in_turn() {
    with_raw_client(async |_, near, far| {
        let server = Server::login_in_the_clear(&ADMIN).listen(&far).unwrap();
        let talk = async {
            for pieces in [1, 7, 10_000] {
                let mut raw = connect_raw(&near, 80).await;
                let words = [of_client(), command(), command()].concat();
                for piece in words.chunks(pieces) {
                    raw.write_all(piece).await.unwrap();
                }
                let mut heard = Vec::new();
                let mut chunk = [0; 256];
                // An acknowledgement and an echo each.
                let count = |heard: &[u8]| heard.windows(4).filter(|name| name == b"ECHO").count();
                while count(&heard) < 4 {
                    let read = timeout(SOON, raw.read(&mut chunk)).await.expect("in time");
                    heard.extend(&chunk[..read.unwrap()]);
                }
                raw.close();
                assert_eq!(count(&read_all(&mut raw).await), 0);
            }
        };
        beside(server.serve::<2, Error>(echo), talk).await;
    });
}

#[test]
fn what_a_server_says_all_at_once_is_taken_in_turn() {
    with_raw_server(async |_, near, far| {
        let serve = async {
            let mut raw = accept_raw(&far).await;
            raw.write_all(&of_server()).await.unwrap();
            raw.write_all(&command()).await.unwrap();
            raw.write_all(&command()).await.unwrap();
            tokio::time::sleep(Duration::from_secs(1)).await;
            raw.close();
            raw
        };
        let talk = async {
            let client = Client::login_in_the_clear(HOST, admin()).with_port(9999);
            let connection = client.connect(&near).await.unwrap();
            let mut buffer = [0; 64];
            for _ in 0..2 {
                let field = connection.recv(&mut buffer).await.unwrap();
                assert_eq!(number(&field, "N"), 7);
            }
            let end = connection.recv(&mut buffer).await.map(drop);
            assert_eq!(end, Err(Error::ConnectionClosed));
        };
        futures::join!(serve, talk);
    });
}
