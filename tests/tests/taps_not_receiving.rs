//! Applications that do not receive for longer than their framers wait for a
//! sign of life.

#[path = "../../codec/tests/framers/line.rs"]
mod line;

use core::net::IpAddr;
use core::time::Duration;

use line::{LineFramer, Role};
use tokio::time::{sleep, timeout};
use wigwag_codec::framer::{FrameError, FrameErrorKind};
use wigwag_embassy::taps::{
    Connection, ConnectionError, Disabled, LocalEndpoint, MessageContext, Preconnection,
    ReceiveError, RemoteEndpoint, Sent, TransportConfig, TransportProperties,
};
use wigwag_embassy::tls;
use wigwag_harness::vnet::{Cable, End};
use wigwag_tests::devices::on_cable;

const PORT: u16 = 5000;
const SOON: Duration = Duration::from_secs(5);
const HOUR: Duration = Duration::from_secs(3600);
const STREAM: TransportProperties = TransportProperties::RELIABLE_INORDER_STREAM;
const FAR: RemoteEndpoint<'static> = RemoteEndpoint::new()
    .with_address(IpAddr::V4(End::Far.v4()))
    .with_port(PORT);
/// Twelve seconds of silence are too long.
const CLIENT: fn() -> LineFramer = || LineFramer::new(Role::Client, 900, 12);
const SERVER: fn() -> LineFramer = || LineFramer::new(Role::Server, 900, 60);

type Line<'a> = Connection<'a, LineFramer, Disabled>;

/// Runs `app` with both ends of a connection.
fn talking(app: impl AsyncFnOnce(&Cable, Line<'_>, Line<'_>) + Send + 'static) {
    on_cable(TransportConfig::DEFAULT, async |cable, near, far| {
        let listener = Preconnection::new(STREAM, Disabled)
            .add_local(LocalEndpoint::new().with_port(PORT))
            .add_framer(SERVER())
            .listen(&far)
            .unwrap();
        let near = Preconnection::new(STREAM, Disabled)
            .add_remote(FAR)
            .add_framer(CLIENT())
            .initiate(&near, Some(SOON))
            .await
            .unwrap();
        let far = timeout(SOON, listener.accept()).await.unwrap().unwrap();
        app(cable, near, far).await;
    });
}

async fn hear(line: &Line<'_>) -> Vec<u8> {
    let mut buffer = [0; 900];
    let received = timeout(SOON, line.receive(&mut buffer)).await.unwrap();
    buffer[..received.unwrap().length].to_vec()
}

async fn say(line: &Line<'_>, text: &[u8]) {
    let context = MessageContext::new();
    let sent = timeout(SOON, line.send(text, &context)).await;
    assert_eq!(sent.unwrap(), Ok(Sent));
}

#[test]
fn two_that_do_not_receive_for_an_hour_keep_each_other_alive() {
    // A keep-alive every four seconds: more than all queues hold, if they were
    // not taken.
    talking(async |_, near, far| {
        sleep(HOUR).await;
        say(&near, b"still there?").await;
        assert_eq!(hear(&far).await, b"still there?");
        say(&far, b"yes").await;
        assert_eq!(hear(&near).await, b"yes");
    });
}

#[test]
fn messages_that_nobody_takes_for_an_hour_are_there_then() {
    talking(async |_, near, far| {
        // Until every queue is full, so that no keep-alive arrives either.
        let mut said = 0;
        let text = |number: usize| [number.to_string().as_bytes(), &[b'-'; 300]].concat();
        loop {
            let context = MessageContext::new();
            let ticket = near.try_send(&text(said), &context).unwrap();
            said += 1;
            if timeout(SOON, near.outcome(ticket)).await.is_err() {
                break;
            }
        }
        assert!(said > 5, "the queues hold more than {said} messages");
        sleep(Duration::from_secs(20)).await;
        for number in 0..said {
            assert_eq!(hear(&far).await, text(number));
        }
        say(&far, b"thank you").await;
        assert_eq!(hear(&near).await, b"thank you");

        // One message, and then only keep-alives behind it.
        say(&near, b"later").await;
        sleep(HOUR / 4).await;
        assert_eq!(hear(&far).await, b"later");
        say(&far, b"at last").await;
        assert_eq!(hear(&near).await, b"at last");
    });
}

#[test]
fn who_is_gone_is_noticed_whether_anybody_receives_or_not() {
    let silent = FrameError::new(FrameErrorKind::Silent, 0);
    let silent = ConnectionError::Framing(silent);
    // Where something waits for the application, it is the keep-alives that
    // nobody acknowledges any more.
    let unheard = ConnectionError::Stack(tls::End::WriteTimeout);
    for (last_words, reason) in [(None, silent), (Some(b"good bye"), unheard)] {
        talking(async move |cable, near, far| {
            if let Some(words) = last_words {
                say(&near, words).await;
            }
            sleep(Duration::from_millis(100)).await;
            cable.set_silent(true);
            let end = timeout(Duration::from_secs(90), far.closed()).await;
            assert_eq!(end.unwrap(), Err(reason));
            if let Some(words) = last_words {
                // What was said is not lost with who said it.
                assert_eq!(hear(&far).await, words);
            }
            let mut nothing = [0; 64];
            let end = timeout(SOON, far.receive(&mut nothing)).await.unwrap();
            assert_eq!(end.err(), Some(ReceiveError::Closed(Some(reason))));
        });
    }
}
