//! A device's NCP client and a server that does something wrong: what the
//! application is told, and that the client itself does nothing foolish.

use std::time::Duration;

use rand_core::OsRng;
use tokio::time::{Instant, sleep, timeout};
use wigwag_codec::framer::{FrameError, FrameErrorKind};
use wigwag_codec::ncp::link::Timing;
use wigwag_codec::ncp::packet;
use wigwag_embassy::ncp::{
    self, Client, ClientConnection, ClientLink, ClientMemory, DecodeError, Error,
};
use wigwag_embassy::net::EmbassyNetwork;
use wigwag_embassy::taps::{Disabled, TransportConfig};
use wigwag_harness::faults::Cut;
use wigwag_harness::mock_ncp::{Fault, MockNcp, MockNcpOptions, Scar};
use wigwag_harness::vnet::alongside;
use wigwag_tests::e2e::{SERVER, in_paused_time, network_to};
use wigwag_tests::nodes::number;

/// The memory of a device with packets of 8 KiB.
type Memory<'a> = ClientMemory<'a, Disabled, 2, 8192, 4096, 64, 4096, 512, 4096, 1>;

/// Runs `app` with a connection to a server, in paused time.
fn connected(scar: Scar, app: impl AsyncFnOnce(ClientConnection<'_>, &MockNcp) + Send + 'static) {
    in_paused_time(async move || {
        let options = MockNcpOptions {
            scar,
            ..MockNcpOptions::default()
        };
        let server = MockNcp::start_with(options).await.unwrap();
        let net = network_to(server.dial());
        net.run(async |stack| {
            stack.wait_config_up().await;
            let mut memory = Box::new(Memory::new());
            let network = EmbassyNetwork::new(stack);
            let config = TransportConfig::DEFAULT;
            let (ncp, mut runner): (ncp::Ncp<'_, ClientLink<'_>, Disabled>, _) =
                ncp::new(&mut memory, network, OsRng, config);
            let runner = async { runner.run().await };
            let app = async {
                let connection = Client::plain(SERVER).connect(&ncp).await.unwrap();
                app(connection, &server).await;
            };
            alongside(app, vec![Box::pin(runner)]).await;
        })
        .await;
    });
}

/// Asks for something, and gives what receiving the answer comes to.
async fn ask(connection: &ClientConnection<'_>) -> Result<i64, Error> {
    let sent = connection.send("TEST", "ECHO", |params| params.param("N", 7));
    let response = sent.await?;
    let mut buffer = [0; 256];
    let field = response.recv(&mut buffer).await?;
    Ok(number(&field, "N"))
}

#[test]
fn a_second_agreed_does_not_make_it_a_storm() {
    connected(Scar::Says(1), async |connection, server| {
        let five = Timing::Agreed(Duration::from_secs(5));
        assert_eq!(connection.timing(), Some(five));
        let mut place = [0; 64];
        let news = packet(&mut place, "NEWS").field("NEWS").finish().unwrap();
        for _ in 0..30 {
            // The server keeps to the minute that it agreed to, the client does
            // not know that: it has to hear something.
            server.send_to_all(news);
            sleep(Duration::from_secs(2)).await;
        }
        // Every three seconds.
        let alive = server.book().keep_alives;
        assert!((19..=21).contains(&alive), "{alive} in a minute");
        assert_eq!(ask(&connection).await, Ok(7));
    });
}

#[test]
fn a_server_from_before_there_was_an_agreed_time_is_kept_alive_every_three_seconds() {
    connected(Scar::Legacy, async |connection, server| {
        assert_eq!(connection.timing(), Some(Timing::Legacy));
        sleep(Duration::from_secs(300)).await;
        let alive = server.book().keep_alives;
        assert!((99..=101).contains(&alive), "{alive} in five minutes");
        assert_eq!(ask(&connection).await, Ok(7));
    });
}

#[test]
fn answers_that_never_come_keep_nobody_from_the_others() {
    connected(Scar::Agreed, async |connection, server| {
        server.set_fault(Fault::Drop);
        // The link is alive, so the wait has no end of its own.
        let waited = timeout(Duration::from_secs(300), ask(&connection)).await;
        assert!(waited.is_err(), "{waited:?}");
        server.set_fault(Fault::None);
        assert_eq!(ask(&connection).await, Ok(7));
        assert_eq!(server.book().unanswered(), 1);
    });
}

#[test]
fn a_server_that_says_nothing_is_given_up_after_the_agreed_time() {
    connected(Scar::Agreed, async |connection, server| {
        assert_eq!(ask(&connection).await, Ok(7));
        let since = Instant::now();
        server.set_fault(Fault::Silence);
        assert_eq!(ask(&connection).await, Err(Error::NetworkTimeoutError));
        assert_eq!(since.elapsed().as_secs(), 60);
    });
}

#[test]
fn fifty_answers_come_the_last_first() {
    connected(Scar::Agreed, async |connection, server| {
        server.set_fault(Fault::Reverse(50));
        let answers = (0..50).map(|n| {
            let connection = &connection;
            async move {
                let sent = connection.send("TEST", "ECHO", |params| params.param("N", n));
                let response = sent.await.unwrap();
                let mut buffer = [0; 256];
                let field = response.recv(&mut buffer).await.unwrap();
                assert_eq!(number(&field, "N"), i64::from(n));
            }
        });
        futures::future::join_all(answers).await;
        assert_eq!(server.book().unanswered(), 0);
    });
}

#[test]
fn a_connection_cut_inside_an_answer_is_no_orderly_end() {
    connected(Scar::Agreed, async |connection, server| {
        server.set_fault(Fault::CutInside {
            after: 40,
            how: Cut::Close,
        });
        let truncated = FrameError::new(FrameErrorKind::Truncated, 40);
        let error = Error::DecodeError(DecodeError::Stream(truncated));
        assert_eq!(ask(&connection).await, Err(error));
    });
}

#[test]
fn what_is_no_packet_is_a_decode_error_and_the_end() {
    connected(Scar::Agreed, async |connection, server| {
        server.set_fault(Fault::Garbage);
        let error = ask(&connection).await.unwrap_err();
        assert!(matches!(error, Error::DecodeError(_)), "{error:?}");
        let again = ask(&connection).await;
        assert!(again.is_err(), "{again:?}");
    });
}

#[test]
fn a_server_that_fails_says_so_and_closes() {
    connected(Scar::Agreed, async |connection, server| {
        server.set_handler(|_| Err("as asked".into()));
        let sent = connection.send("DSPC", "STAT", |params| params).await;
        let response = sent.unwrap();
        let mut buffer = [0; 256];
        // The error stands in a packet of the link: it is an answer to nobody,
        // and who waits learns of it.
        let error = response.recv(&mut buffer).await.unwrap_err();
        let is_told = match &error {
            Error::CommandError(fault) => fault.code == 500,
            Error::ConnectionClosed => true,
            _ => false,
        };
        assert!(is_told, "{error:?}");
    });
}
