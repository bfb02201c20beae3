//! Logins in the clear: who is wrong is told so and gets nothing else.

use std::time::Duration;

use embedded_io_async::Write as _;
use tokio::time::Instant;
use wigwag_codec::ncp::packet;
use wigwag_embassy::ncp::{Client, Error, Login, NameError, Server, ServerConnection};
use wigwag_tests::nodes::{
    HOST, beside, client, connect_raw, echo, on_cable, read_all, with_raw_client,
};

static ADMIN: fn(&str, &str) -> bool = |user, password| (user, password) == ("admin", "rf:eye");

#[test]
fn a_wrong_login_is_an_authentication_error_after_a_second() {
    on_cable(async |_, near, far| {
        let server = Server::login_in_the_clear(&ADMIN).listen(&far).unwrap();
        let talk = async {
            for (user, password) in [
                ("admin", "rf"),
                ("", ""),
                ("Admin", "rf:eye"),
                ("admin", ""),
            ] {
                let login = Login::new(user, password).unwrap();
                let client = Client::login_in_the_clear(HOST, login);
                let since = Instant::now();
                let error = client.connect(&near).await.unwrap_err();
                assert_eq!(error, Error::AuthenticationError);
                assert!(since.elapsed() >= Duration::from_secs(1));
                assert!(since.elapsed() < Duration::from_secs(2));
            }
            // The one that is right waits behind nobody.
            let login = Login::new("admin", "rf:eye").unwrap();
            let client = Client::login_in_the_clear(HOST, login);
            let connection = client.connect(&near).await.unwrap();
            connection.close();
            assert_eq!(connection.wait_closed().await, Ok(()));
        };
        beside(server.serve::<2, Error>(echo), talk).await;
    });
}

#[test]
fn nothing_of_ncp_follows_a_refusal() {
    with_raw_client(async |_, near, far| {
        let server = Server::login_in_the_clear(&ADMIN).listen(&far).unwrap();
        let handler = async |_: &ServerConnection<'_>| -> Result<(), Error> {
            panic!("a client was let in");
        };
        let talk = async {
            let mut place = [0; 128];
            let care = packet(&mut place, "LINK").field("CARE").param("CAR", "x");
            let care = care.finish().unwrap().to_vec();
            for (request, status) in [
                ("CONNECT ncp.service HTTP/1.1\r\n\r\n", "401"),
                (
                    "CONNECT ncp.service HTTP/1.1\r\nProxy-Authorization: Basic Og==\r\n\r\n",
                    "401",
                ),
                ("GET ncp.service HTTP/1.1\r\n\r\n", "405"),
                ("CONNECT other.service HTTP/1.1\r\n\r\n", "403"),
            ] {
                let mut raw = connect_raw(&near, 80).await;
                // What a client would say that was let in comes at once.
                raw.write_all(request.as_bytes()).await.unwrap();
                let ccre = packet(&mut place, "LINK").field("CCRE").param("CIW", "x");
                raw.write_all(ccre.finish().unwrap()).await.unwrap();
                raw.write_all(&care).await.unwrap();
                let said = String::from_utf8(read_all(&mut raw).await).unwrap();
                assert!(said.starts_with(&format!("HTTP/1.1 {status} ")), "{said:?}");
                assert!(
                    said.ends_with("\r\n\r\n") && !said.contains("200"),
                    "{said:?}"
                );
            }
        };
        beside(server.serve::<2, Error>(handler), talk).await;
    });
}

#[test]
fn a_client_and_a_server_of_different_minds_part_in_time() {
    on_cable(async |_, near, far| {
        let plain = Server::plain().listen(&far).unwrap();
        let login = Login::new("admin", "rf:eye").unwrap();
        let talk = async {
            // The server takes the request for a packet.
            let client = Client::login_in_the_clear(HOST, login).with_port(9999);
            let error = client.connect(&near).await.unwrap_err();
            assert!(!matches!(error, Error::AuthenticationError), "{error:?}");
        };
        beside(plain.serve::<2, Error>(echo), talk).await;
        plain.stop();
        let with_login = Server::login_in_the_clear(&ADMIN).listen(&far).unwrap();
        let talk = async {
            // Each waits for the other to begin, the server for 10 s.
            let since = Instant::now();
            let error = client().with_port(80).connect(&near).await.unwrap_err();
            assert_eq!(error, Error::ConnectionClosed);
            assert_eq!(since.elapsed().as_secs(), 10);
        };
        beside(with_login.serve::<2, Error>(echo), talk).await;
    });
}

/// 65 bytes.
const LONG: &str = "a-name-that-is-longer-than-any-host-should-have-by-a-byte-or-two.";

#[test]
fn names_that_cannot_be_said_are_refused_before_anything_is_sent() {
    on_cable(async |_, near, _far| {
        for (client, expected) in [
            (
                client().with_hostname(LONG),
                NameError::TooLong { limit: 64 },
            ),
            (
                client().with_connection_username(LONG),
                NameError::TooLong { limit: 32 },
            ),
            (client().with_connection_domain("lab\n"), NameError::Control),
        ] {
            // Nobody listens, and nobody finds out.
            let error = client.connect(&near).await.unwrap_err();
            assert_eq!(error, Error::Name(expected));
        }
        assert_eq!(Login::new("a:b", "c").unwrap_err(), NameError::Colon);
    });
}
