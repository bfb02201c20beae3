//! Listeners that are stopped, and when they are gone.

#[path = "../../codec/tests/framers/line.rs"]
#[allow(dead_code)] // The clients say nothing.
mod line;

use core::time::Duration;

use line::{LineFramer, Role};
use tokio::time::timeout;
use wigwag_codec::framer::{Framer, Passthrough};
use wigwag_embassy::taps::{
    Connection, ConnectionError, Disabled, Listener, LocalEndpoint, MessageContext, Preconnection,
    RemoteEndpoint, Sent, TransportConfig, TransportProperties,
};
use wigwag_embassy::tls;
use wigwag_harness::vnet::End;
use wigwag_tests::devices::{Plain, SLOTS, on_cable, until};
use wigwag_tests::transport::Polled;

const PORT: u16 = 5000;
const SOON: Duration = Duration::from_secs(5);
const DEFAULT: TransportConfig<'static> = TransportConfig::DEFAULT;
const STREAM: TransportProperties = TransportProperties::RELIABLE_INORDER_STREAM;
const DATAGRAMS: TransportProperties =
    TransportProperties::UNRELIABLE_DATAGRAM.with_safely_replayable(true);

fn client(properties: TransportProperties) -> Preconnection<'static, Disabled> {
    let far = RemoteEndpoint::new().with_address(End::Far.v4().into());
    Preconnection::new(properties, Disabled).add_remote(far.with_port(PORT))
}

fn server(properties: TransportProperties) -> Preconnection<'static, Disabled> {
    Preconnection::new(properties, Disabled).add_local(LocalEndpoint::new().with_port(PORT))
}

async fn gone<F: Framer + Clone>(listener: &Listener<'_, F, Disabled>) {
    let stopped = timeout(SOON, listener.stopped()).await;
    stopped.expect("it is gone in time");
}

async fn say(connection: &Connection<'_, Passthrough, Disabled>) {
    let context = MessageContext::new();
    assert_eq!(connection.send(b"x", &context).await, Ok(Sent));
}

#[test]
fn it_is_gone_when_its_sockets_are_and_can_listen_again_at_once() {
    on_cable(DEFAULT, async |_, near: Plain<'_, Passthrough>, far| {
        for _ in 0..10 {
            let listener = server(STREAM).listen(&far).unwrap();
            let mut stopped = Polled::new(listener.stopped());
            let accepted = {
                let near = client(STREAM).initiate(&near, None).await.unwrap();
                (listener.accept().await.unwrap(), near)
            };
            let waits = client(STREAM).initiate(&near, None).await.unwrap();
            // Not before it is told to.
            assert!(stopped.poll().is_pending());
            listener.stop();
            timeout(SOON, stopped.go_on()).await.unwrap();
            assert_eq!(far.free_slots(), SLOTS - 1);
            // And again, for who asks late.
            gone(&listener).await;
            let cut = Err(ConnectionError::Stack(tls::End::Reset));
            assert_eq!(waits.closed().await, cut);
            drop((accepted, waits));
            until("all is free", || {
                near.free_slots() + far.free_slots() == 2 * SLOTS
            })
            .await;
        }
    });
}

#[test]
fn handshakes_that_go_on_do_not_hold_it_up() {
    on_cable(DEFAULT, async |_, near: Plain<'_, Passthrough>, far| {
        let listener = server(STREAM)
            .add_framer(LineFramer::new(Role::Server, 900, 60))
            .listen(&far)
            .unwrap();
        let silent = client(STREAM).initiate(&near, None).await.unwrap();
        listener.stop();
        gone(&listener).await;
        assert_eq!(far.free_slots(), SLOTS);
        let cut = Err(ConnectionError::Stack(tls::End::Reset));
        assert_eq!(silent.closed().await, cut);
    });
}

#[test]
fn over_udp_it_is_gone_with_the_last_connection() {
    on_cable(DEFAULT, async |_, near: Plain<'_, Passthrough>, far| {
        let listener = server(DATAGRAMS).listen(&far).unwrap();
        until("the socket", || listener.local().is_some()).await;
        let near = client(DATAGRAMS).initiate(&near, None).await.unwrap();
        say(&near).await;
        let accepted = timeout(SOON, listener.accept()).await.unwrap().unwrap();
        listener.stop();
        assert!(timeout(SOON, listener.stopped()).await.is_err());
        say(&near).await;
        let mut buffer = [0; 4];
        assert_eq!(accepted.receive(&mut buffer).await.unwrap().length, 1);
        drop(accepted);
        gone(&listener).await;
        assert_eq!(far.free_slots(), SLOTS);
    });
}
