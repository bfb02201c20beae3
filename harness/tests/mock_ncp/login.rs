//! Who comes in, and what the others get.

use super::hand::{Hand, LIMIT, link, login, next_reason, rest};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use wigwag_codec::framer::FrameErrorKind;
use wigwag_codec::ncp::link::Login;
use wigwag_codec::ncp::packet;
use wigwag_harness::mock_ncp::{Credentials, MockNcp, MockNcpOptions};
use wigwag_harness::pki::Pki;

/// What a client without a login says to a server that wants one.
const WITHOUT: &str = "CONNECT ncp.service HTTP/1.1\r\n\r\n";

fn wants_login() -> MockNcpOptions {
    MockNcpOptions {
        login: Some(Credentials::new("operator", "open: sesame").unwrap()),
        refusal_delay: Duration::from_millis(200),
        ..MockNcpOptions::default()
    }
}

/// CCRE, CARE and a command, without a wait for what the server says.
fn handshake_and_command() -> Vec<u8> {
    let mut place = [0; 256];
    let mut said = Vec::new();
    for (kind, name) in [("LINK", "CCRE"), ("LINK", "CARE"), ("DSPC", "STAT")] {
        let writer = packet(&mut place, kind).field(name).param("LINK", 60);
        said.extend_from_slice(writer.finish().unwrap());
    }
    said
}

#[tokio::test]
async fn a_login_opens_the_tunnel() {
    let server = MockNcp::start_with(wants_login()).await.unwrap();
    let link = login("operator", "open: sesame");
    let mut client = Hand::connect_as(link, server.addr()).await.unwrap();
    assert_eq!(client.asked("STAT", |field| field).await.name().0, "STAT");
}

#[tokio::test]
async fn behind_a_401_nothing_follows_whatever_is_said() {
    let server = MockNcp::start_with(wants_login()).await.unwrap();
    let mut events = server.events();
    let basic = |coded: &str| {
        format!("CONNECT ncp.service HTTP/1.1\r\nProxy-Authorization: Basic {coded}\r\n\r\n")
    };
    for request in [
        WITHOUT.to_owned(),
        basic("Og=="),
        basic("b3BlcmF0b3I6b3Blbg=="),
        basic("!"),
        WITHOUT.replace(
            "\r\n\r\n",
            "\r\nProxy-Authorization: Digest b3Blcg==\r\n\r\n",
        ),
    ] {
        let began = Instant::now();
        let mut stream = TcpStream::connect(server.addr()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        // What got into ncplib's server: the handshake all the same.
        stream.write_all(&handshake_and_command()).await.unwrap();
        let answer = String::from_utf8(rest(&mut stream).await).unwrap();
        assert!(began.elapsed() >= Duration::from_millis(200));
        assert!(
            answer.starts_with("HTTP/1.1 401 Unauthorized\r\n"),
            "{answer}"
        );
        assert!(answer.ends_with("\r\n\r\n"));
        assert_eq!(answer.matches("\r\n\r\n").count(), 1, "{answer}");
        assert!(
            !answer.contains("200") && !answer.contains("HELO"),
            "{answer}"
        );
        assert_eq!(next_reason(&mut events).await, "wrong user or password");
    }
    assert_eq!(server.book().refused, 5);
    assert_eq!(
        (server.book().connections, server.book().commands.len()),
        (0, 0)
    );
}

#[tokio::test]
async fn requests_that_are_none_are_refused_with_the_right_answer() {
    let server = MockNcp::start_with(wants_login()).await.unwrap();
    let mut events = server.events();
    let long = WITHOUT.replace("\r\n\r\n", &format!("\r\nX: {}\r\n\r\n", "x".repeat(2000)));
    for (request, status, reason) in [
        (
            "GET ncp.service HTTP/1.1\r\n\r\n",
            "405",
            "no CONNECT: only tunnels are to be had here",
        ),
        (
            "CONNECT other.service HTTP/1.1\r\n\r\n",
            "403",
            "wants a tunnel to somewhere else than ncp.service",
        ),
        (
            "CONNECT ncp.service HTTP/1.0\r\n\r\n",
            "505",
            "wants another version than HTTP/1.1",
        ),
        (&long, "431", "the head of the request is too long"),
        (
            "\x16\x03\x01\x00\x05hello",
            "400",
            "not HTTP but TLS, which this server has not",
        ),
        (
            "\u{1}\u{2}",
            "400",
            "not HTTP: a client with login or TLS asks for a tunnel first",
        ),
    ] {
        let mut stream = TcpStream::connect(server.addr()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = String::from_utf8(rest(&mut stream).await).unwrap();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{answer}"
        );
        assert_eq!(next_reason(&mut events).await, reason);
    }
}

#[tokio::test]
async fn tls_carries_the_tunnel_with_a_login_and_without() {
    let pki = Pki::generate();
    let tls = Some(Arc::new(pki.public_server_config(None).unwrap()));
    let open = MockNcpOptions {
        tls: tls.clone(),
        ..MockNcpOptions::default()
    };
    let server = MockNcp::start_with(open).await.unwrap();
    for link in [link().with_login(Login::NONE), login("any", "body")] {
        let mut client = Hand::secure(link, &pki, server.addr()).await.unwrap();
        let answer = client.asked("SWEP", |field| field).await;
        assert_eq!(answer.name().0, "SWEP");
    }
    let options = MockNcpOptions {
        tls,
        ..wants_login()
    };
    let server = MockNcp::start_with(options).await.unwrap();
    let mut events = server.events();
    let wrong = Hand::secure(login("operator", "sesame"), &pki, server.addr()).await;
    let error = wrong.err().map(|error| error.kind);
    assert_eq!(error, Some(FrameErrorKind::Refused { code: 401 }));
    assert_eq!(next_reason(&mut events).await, "wrong user or password");
    let right = login("operator", "open: sesame");
    let mut client = Hand::secure(right, &pki, server.addr()).await.unwrap();
    assert_eq!(client.asked("STAT", |field| field).await.name().0, "STAT");
}

#[tokio::test]
async fn who_comes_to_the_wrong_kind_of_server_is_told_which_it_is() {
    let pki = Pki::generate();
    let plain = MockNcp::start().await.unwrap();
    let mut events = plain.events();
    let refused = Hand::connect_as(login("a", "b"), plain.addr()).await;
    assert!(refused.is_err());
    assert_eq!(
        next_reason(&mut events).await,
        "not NCP but a request for a tunnel: this server has neither login nor TLS"
    );
    let config = Arc::new(pki.client_config(None).unwrap());
    let stream = TcpStream::connect(plain.addr()).await.unwrap();
    let connector = tokio_rustls::TlsConnector::from(config);
    let tls = connector.connect("ngtt.test".try_into().unwrap(), stream);
    assert!(tokio::time::timeout(LIMIT, tls).await.unwrap().is_err());
    assert_eq!(
        next_reason(&mut events).await,
        "not NCP but TLS, which this server has not"
    );
    let options = MockNcpOptions {
        tls: Some(Arc::new(pki.public_server_config(None).unwrap())),
        ..MockNcpOptions::default()
    };
    let secure = MockNcp::start_with(options).await.unwrap();
    let mut events = secure.events();
    assert!(
        Hand::connect_as(login("a", "b"), secure.addr())
            .await
            .is_err()
    );
    assert_eq!(next_reason(&mut events).await, "not TLS");
}
