//! NCP's client and server with each other: a counterpart of each case of
//! ncplib 6.1.0's own tests of client and server (`tests/test_client_server.py`
//! of its repository; the package has none).
//!
//! | ncplib | here |
//! |---|---|
//! | testClientTransport | `a_connection_tells_where_it_goes` |
//! | testSend | `a_field_is_sent_and_answered` |
//! | testSendFiltersMessages, testRecvFieldResponseFiltersMessages | `a_response_has_its_own_answers_and_no_others` |
//! | testSendPacket | `a_packet_of_several_fields_is_answered_field_by_field` |
//! | testRecvFieldConnectionFiltersMessages | `fields_that_answer_nothing_are_received_by_type_and_name` |
//! | testWarning | `a_warning_comes_beside_its_field` |
//! | testEncodeError | `bytes_that_are_no_packet_are_told_to_be_a_bad_request` |
//! | testTopLevelServerError | `a_handler_that_fails_is_a_server_error` |
//! | testServerConnectionError | `a_server_that_closes_at_once_is_a_closed_connection` |
//! | testServerLegacyCcreLink, testServerInvalidCcreLink | `a_server_without_a_time_is_kept_alive_all_the_same` |
//! | testServerChangeCcreLink | `a_server_that_changes_the_timeout_is_obeyed` |
//! | testClientGracefulDisconnect | `a_handler_learns_that_its_client_has_closed` |
//! | testAuthenticationSuccess | `a_login_that_is_right_lets_in` (wrong ones: `ncp_login.rs`) |

use std::cell::Cell;
use std::time::Duration;

use embedded_io_async::Write as _;
use wigwag_codec::ncp::packet;
use wigwag_embassy::ncp::{
    self, Client, Error, Login, RemoteHostname, Server, ServerConnection, Timing, Warning,
};
use wigwag_tests::nodes::{
    HOST, accept_raw, beside, client, connect_raw, echo, number, on_cable, read_all, read_packet,
    shake_hands, text, with_raw_client, with_raw_server, with_server,
};

#[test]
fn a_connection_tells_where_it_goes() {
    with_server(echo, async |_, connection| {
        let remote = connection.remote().unwrap();
        assert_eq!(remote.to_string(), "10.0.0.2:9999");
        let name = connection.remote_hostname();
        assert_eq!(*name, RemoteHostname::Host(HOST, 9999));
        assert_eq!(name.to_string(), "10.0.0.2:9999");
        assert!(!connection.is_closing());
    });
}

#[test]
fn a_field_is_sent_and_answered() {
    with_server(echo, async |_, connection| {
        let response = connection
            .send("LINK", "ECHO", |params| params.param("FOO", "BAR"))
            .await
            .unwrap();
        let mut buffer = [0; 64];
        let field = response.recv(&mut buffer).await.unwrap();
        assert!(field.packet_type == "LINK" && field.name == "ECHO");
        assert_eq!((field.packet_id, field.params().count()), (1, 1));
        assert_eq!(text(&field, "FOO"), "BAR");
    });
}

#[test]
fn a_response_has_its_own_answers_and_no_others() {
    with_server(echo, async |_, connection| {
        let junk = connection.send("JUNK", "JUNK", |params| params.param("JUNK", "JUNK"));
        drop(junk.await.unwrap());
        let other = connection.send("LINK", "ECHO", |params| params.param("BAZ", "QUX"));
        let other = other.await.unwrap();
        let response = connection.send("LINK", "ECHO", |params| params.param("FOO", "BAR"));
        let response = response.await.unwrap();
        let mut buffer = [0; 64];
        let field = response.recv_field("ECHO", &mut buffer).await.unwrap();
        assert_eq!(text(&field, "FOO"), "BAR");
        // ncplib has lost this one by now.
        let field = other.recv(&mut buffer).await.unwrap();
        assert_eq!(text(&field, "BAZ"), "QUX");
    });
}

#[test]
fn a_packet_of_several_fields_is_answered_field_by_field() {
    with_server(echo, async |_, connection| {
        let response = connection
            .send_packet("DSPC", |fields| {
                fields
                    .field("SWEP")
                    .param("FSTA", 10_000)
                    .field("TIME")
                    .param("SAMP", 1024)
                    .param("FCTR", 1200)
            })
            .await
            .unwrap();
        let (mut first, mut second) = ([0; 64], [0; 64]);
        // The last one first, and both at once.
        let (time, sweep) = futures::join!(
            response.recv_field("TIME", &mut first),
            response.recv_field("SWEP", &mut second),
        );
        let (time, sweep) = (time.unwrap(), sweep.unwrap());
        assert_eq!(number(&time, "SAMP"), 1024);
        assert_eq!(number(&sweep, "FSTA"), 10_000);
        assert_ne!(time.id, sweep.id);
    });
}

#[test]
fn fields_that_answer_nothing_are_received_by_type_and_name() {
    with_server(echo, async |_, connection| {
        for (kind, name, param, value) in [
            ("JUNK", "JUNK", "JUNK", "JUNK"),
            ("LINK", "ECHO", "FOO", "BAR"),
        ] {
            // Whoever does not want an answer gets it as anybody else.
            let sent = connection.send(kind, name, |params| params.param(param, value));
            drop(sent.await.unwrap());
        }
        let mut buffer = [0; 64];
        let field = connection.recv_field("LINK", "ECHO", &mut buffer).await;
        assert_eq!(text(&field.unwrap(), "FOO"), "BAR");
    });
}

#[test]
fn a_warning_comes_beside_its_field() {
    with_server(echo, async |_, connection| {
        let response = connection.send("LINK", "ECHO", |params| {
            params.param("WARN", "Boom!").param("WARC", 10)
        });
        let response = response.await.unwrap();
        let mut buffer = [0; 64];
        let field = response.recv(&mut buffer).await.unwrap();
        assert_eq!(number(&field, "WARC"), 10);
        let Some(Warning::CommandWarning(fault)) = connection.try_warning() else {
            panic!("no warning");
        };
        assert!(fault.packet_type == "LINK" && fault.name == "ECHO");
        assert_eq!((fault.detail.as_str(), fault.code), ("Boom!", 10));
        assert_eq!(connection.try_warning(), None);
    });
}

#[test]
fn bytes_that_are_no_packet_are_told_to_be_a_bad_request() {
    with_raw_client(async |_, near, far| {
        let server = Server::plain().listen(&far).unwrap();
        let talk = async {
            let mut raw = connect_raw(&near, 9999).await;
            shake_hands(&mut raw).await;
            raw.write_all(&b"Boom!".repeat(100)).await.unwrap();
            let said = read_all(&mut raw).await;
            let said = wigwag_codec::ncp::Packet::decode(&said).unwrap();
            let field = said.field("ERRO").unwrap();
            let fault = field.error().unwrap();
            assert_eq!((fault.detail, fault.code), ("Bad request", 400));
        };
        beside(server.serve::<2, Error>(echo_raw), talk).await;
    });
}

/// As `echo`, for a client that calls itself something else.
async fn echo_raw(client: &ServerConnection<'_>) -> Result<(), Error> {
    assert_eq!(client.remote_hostname().to_string(), "raw");
    echo(client).await
}

#[test]
fn a_handler_that_fails_is_a_server_error() {
    let handler = async |_: &ServerConnection<'_>| Err("BOOM");
    with_server(handler, async |_, connection| {
        let error = connection.recv(&mut [0; 64]).await.unwrap_err();
        let Error::CommandError(fault) = error else {
            panic!("{error:?}");
        };
        assert!(fault.packet_type == "LINK" && fault.name == "ERRO");
        assert_eq!((fault.detail.as_str(), fault.code), ("Server error", 500));
        let after = connection.recv(&mut [0; 64]).await.unwrap_err();
        assert_eq!(after, Error::ConnectionClosed);
    });
}

#[test]
fn a_server_that_closes_at_once_is_a_closed_connection() {
    with_raw_server(async |_, near, far| {
        let serve = async { drop(accept_raw(&far).await) };
        let client = client();
        let (connected, ()) = futures::join!(client.connect(&near), serve);
        assert_eq!(connected.unwrap_err(), Error::ConnectionClosed);
    });
}

#[test]
fn a_server_without_a_time_is_kept_alive_all_the_same() {
    with_raw_server(async |_, near, far| {
        let serve = async {
            let mut raw = accept_raw(&far).await;
            let mut place = [0; 256];
            for (field, answer) in [("HELO", 1), ("SCAR", 1), ("SCON", 0)] {
                // What cannot be a time counts for nothing.
                let said = packet(&mut place, "LINK").field(field);
                let said = said.param("LINK", "boom!").finish().unwrap();
                raw.write_all(said).await.unwrap();
                for _ in 0..answer {
                    read_packet(&mut raw).await;
                }
            }
            // One keep-alive at once, the others every three seconds.
            let since = tokio::time::Instant::now();
            for count in 0..4 {
                let keep_alive = read_packet(&mut raw).await;
                assert_eq!((&keep_alive[4..8], keep_alive.len()), (&b"LINK"[..], 40));
                assert_eq!(since.elapsed().as_secs(), 3 * count);
            }
            raw
        };
        let client = client();
        let (connected, _raw) = futures::join!(client.connect(&near), serve);
        let connection = connected.unwrap();
        assert_eq!(connection.timing(), Some(Timing::Legacy));
        assert_eq!(connection.try_warning(), Some(Warning::TimeoutChanged(0)));
    });
}

#[test]
fn a_server_that_changes_the_timeout_is_obeyed() {
    on_cable(async |_, near, far| {
        let server = Server::plain().listen(&far).unwrap();
        let talk = async {
            for (asked, agreed) in [(5, 5), (15, 15), (60, 60), (9999, 60), (1, 5)] {
                let client = client().with_timeout(Duration::from_secs(asked));
                let connection = client.connect(&near).await.unwrap();
                let time = Duration::from_secs(agreed);
                assert_eq!(connection.timing(), Some(Timing::Agreed(time)));
                let changed = (asked != agreed).then_some(Warning::TimeoutChanged(agreed));
                assert_eq!(connection.try_warning(), changed);
                // Nobody says anything for an hour, and both know of each other.
                let mut buffer = [0; 64];
                let nothing = connection.recv(&mut buffer);
                let hour = Duration::from_secs(3600);
                assert!(tokio::time::timeout(hour, nothing).await.is_err());
                connection.close();
                assert_eq!(connection.wait_closed().await, Ok(()));
            }
        };
        beside(server.serve::<2, Error>(echo), talk).await;
    });
}

#[test]
fn a_handler_learns_that_its_client_has_closed() {
    on_cable(async |_, near, far| {
        let server = Server::plain().listen(&far).unwrap();
        let ended = Cell::new(None);
        let handler = async |client: &ServerConnection<'_>| {
            let mut buffer = [0; 64];
            let end = loop {
                match client.recv(&mut buffer).await {
                    Ok(field) => {
                        let to = field.reply_to();
                        client.reply(to, |params| ncp::echo(params, &field)).await?;
                    }
                    Err(error) => break error,
                }
            };
            ended.set(Some(end));
            Ok(())
        };
        let talk = async {
            let connection = client().connect(&near).await.unwrap();
            let response = connection.send("LINK", "ECHO", |params| params.param("FOO", "bar"));
            let response = response.await.unwrap();
            let mut buffer = [0; 64];
            let field = response.recv(&mut buffer).await.unwrap();
            assert_eq!(text(&field, "FOO"), "bar");
            connection.close();
            assert!(connection.is_closing());
            assert_eq!(connection.wait_closed().await, Ok(()));
            assert_eq!(ended.take(), Some(Error::ConnectionClosed));
        };
        beside(server.serve::<2, Error>(handler), talk).await;
    });
}

static ADMIN: fn(&str, &str) -> bool = |user, password| (user, password) == ("admin", "rf:eye");

#[test]
fn a_login_that_is_right_lets_in() {
    on_cable(async |_, near, far| {
        let server = Server::login_in_the_clear(&ADMIN).listen(&far).unwrap();
        let talk = async {
            let login = Login::new("admin", "rf:eye").unwrap();
            let client = Client::login_in_the_clear(HOST, login).with_hostname("wigwag-test");
            let connection = client.connect(&near).await.unwrap();
            assert_eq!(connection.remote_hostname().to_string(), "10.0.0.2:80");
            let response = connection.send("LINK", "ECHO", |params| params.param("FOO", "BAR"));
            let response = response.await.unwrap();
            let mut buffer = [0; 64];
            let field = response.recv(&mut buffer).await.unwrap();
            assert_eq!(text(&field, "FOO"), "BAR");
        };
        beside(server.serve::<2, Error>(echo), talk).await;
    });
}
