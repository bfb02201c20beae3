//! The server's end of NCP on a listener of the transport services, and a client
//! on the cable that says what it likes.

use core::time::Duration;

use embedded_io_async::{Read, Write};
use tokio::time::{Instant, timeout};
use wigwag_codec::framer::Passthrough;
use wigwag_codec::ncp::link::{LinkConfig, Login, ServerLink};
use wigwag_codec::ncp::{Packet, Value, packet};
use wigwag_embassy::taps::{
    Connection, Disabled, Listener, LocalEndpoint, Preconnection, ReceiveError, RemoteEndpoint,
    TransportConfig, TransportProperties,
};
use wigwag_harness::vnet::End;
use wigwag_tests::devices::on_cable;

const PORT: u16 = 9999;
const SOON: Duration = Duration::from_secs(5);

type Raw<'a> = Connection<'a, Passthrough, Disabled>;
type Server<'a> = Listener<'a, ServerLink<'static>, Disabled>;

fn open() -> ServerLink<'static> {
    ServerLink::new(LinkConfig::new(1024))
}

/// A server, and a client that is connected to it without a word.
fn with_server(
    link: fn() -> ServerLink<'static>,
    app: impl AsyncFnOnce(Raw<'_>, Server<'_>) + Send + 'static,
) {
    on_cable(TransportConfig::DEFAULT, async move |_, near, far| {
        let server = Preconnection::new(TransportProperties::RELIABLE_MESSAGE, Disabled)
            .add_local(LocalEndpoint::new().with_port(PORT))
            .add_framer(link())
            .listen(&far)
            .expect("a listener");
        let far = RemoteEndpoint::new().with_address(End::Far.v4().into());
        let client = Preconnection::new(TransportProperties::RELIABLE_INORDER_STREAM, Disabled)
            .add_remote(far.with_port(PORT))
            .initiate(&near, None)
            .await
            .expect("a connection");
        app(client, server).await;
    });
}

/// Everything that the server says up to its end, or up to now.
async fn rest(client: &mut Raw<'_>) -> (Vec<u8>, bool) {
    let (mut said, mut buffer) = (Vec::new(), [0; 256]);
    loop {
        match timeout(SOON, client.read(&mut buffer)).await {
            Ok(Ok(0) | Err(_)) => return (said, true),
            Ok(Ok(length)) => said.extend(&buffer[..length]),
            Err(_) => return (said, false),
        }
    }
}

async fn say(client: &mut Raw<'_>, field: &str) {
    let mut place = [0; 128];
    let words = packet(&mut place, "LINK").field(field).finish();
    client
        .write_all(words.expect("a packet"))
        .await
        .expect("sent");
}

/// Comes to terms with the server.
async fn shake(client: &mut Raw<'_>) {
    let mut place = [0; 64];
    for (words, length) in [("CCRE", 52), ("CARE", 64)] {
        client
            .read_exact(&mut place[..length])
            .await
            .expect("HELO, SCAR");
        say(client, words).await;
    }
    client.read_exact(&mut place[..52]).await.expect("SCON");
}

/// Whether `said` ends with ERRO 400.
fn is_told(said: &[u8]) -> bool {
    let last = said.len().saturating_sub(96);
    (last..said.len()).any(|at| {
        let Ok(packet) = Packet::decode(&said[at..]) else {
            return false;
        };
        let code = packet.field("ERRO").and_then(|field| field.param("ERRC"));
        code.is_some_and(|code| code.value() == Ok(Value::I32(400)))
    })
}

#[test]
fn who_says_no_ncp_is_told_400_before_the_link_is_up_and_after() {
    with_server(open, async |mut client, server| {
        let accept = server.accept();
        let attack = async {
            client
                .write_all(b"GET / HTTP/1.1\r\n\r\n")
                .await
                .expect("sent");
            rest(&mut client).await
        };
        let (said, is_over) = tokio::select! {
            _ = accept => panic!("it was let in"),
            said = attack => said,
        };
        assert!(is_over && is_told(&said), "{said:x?}");
    });
    // Not NCP, too large, and with an impossible time.
    let mut large = *b"\xdd\xcc\xbb\xaaDSPC\x01\x01\0\0\x01\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0INFO";
    let mut late = large;
    late[8] = 10;
    late[24..28].fill(0xff);
    large[10] = 1;
    for (bytes, is_recognized) in [
        (*b"no packets begin in such a way..", false),
        (large, true),
        (late, false),
    ] {
        with_server(open, async move |mut client, server| {
            let (accepted, ()) = tokio::join!(server.accept(), shake(&mut client));
            let accepted = accepted.expect("a client");
            client.write_all(&bytes).await.expect("sent");
            let since = Instant::now();
            let mut buffer = [0; 64];
            let attacked = timeout(SOON, accepted.receive(&mut buffer));
            let (received, (said, is_over)) = tokio::join!(attacked, rest(&mut client));
            assert!(since.elapsed() < Duration::from_secs(1), "at once");
            let ended = received.expect("in time").map(|_| ()).expect_err("an end");
            let ReceiveError::Closed(Some(reason)) = ended else {
                panic!("{ended:?}");
            };
            let text = reason.to_string();
            assert_eq!(
                text.contains("over the limit of 1024"),
                is_recognized,
                "{text}"
            );
            assert!(is_over && is_told(&said), "{said:x?}");
        });
    }
}

#[test]
fn a_wrong_login_waits_for_its_401_and_gets_nothing_else() {
    let guarded = || {
        let login = Login::new("tom", "secret").expect("a login");
        open().with_authentication(Box::leak(Box::new(login)))
    };
    with_server(guarded, async |mut client, server| {
        let asked = Instant::now();
        let attack = async {
            let request =
                b"CONNECT ncp.service HTTP/1.1\r\nProxy-Authorization: Basic dG9tOng=\r\n\r\n";
            client.write_all(request).await.expect("sent");
            for word in ["CCRE", "CARE"] {
                say(&mut client, word).await;
            }
            rest(&mut client).await
        };
        let (said, is_over) = tokio::select! {
            _ = server.accept() => panic!("it was let in"),
            said = attack => said,
        };
        assert!(asked.elapsed() >= Duration::from_secs(1), "held back");
        let said = String::from_utf8(said).expect("HTTP, and no NCP");
        assert!(said.starts_with("HTTP/1.1 401 Unauthorized\r\n"), "{said}");
        assert!(said.ends_with("\r\n\r\n") && is_over, "{said}");
        assert_eq!(said.matches("HTTP/1.1").count(), 1);
    });
}

#[test]
fn who_does_not_come_to_terms_is_cut_off_in_time() {
    with_server(open, async |mut client, server| {
        let since = Instant::now();
        let slow = async {
            // A byte a second is a sign of life, but no progress.
            for byte in [0xdd, 0xcc, 0xbb, 0xaa].into_iter().chain([b'A'; 60]) {
                if client.write_all(&[byte]).await.is_err() {
                    break;
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            rest(&mut client).await
        };
        tokio::select! {
            _ = server.accept() => panic!("it was let in"),
            (_, is_over) = slow => assert!(is_over),
            () = tokio::time::sleep(Duration::from_secs(100)) => panic!("still there"),
        }
        assert!(since.elapsed() >= Duration::from_secs(9));
    });
}
