//! The framers of a preconnection, on the wire: what was added last is nearest to
//! the application. In datagrams, so that a mark ends somewhere too.

use std::cell::RefCell;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;

use wigwag_codec::framer::Framer;
use wigwag_codec::mark::MarkFramer;
use wigwag_codec::prefix::PrefixFramer;
use wigwag_embassy::taps::{
    Disabled, Framing, MessageContext, Preconnection, RemoteEndpoint, Sent, TransportConfig,
    TransportProperties,
};
use wigwag_harness::vnet::{VirtualNet, datagram_pair, loopback, with_datagrams};
use wigwag_tests::devices::{Plain, on_net};
use wigwag_tests::e2e::in_paused_time;
use wigwag_tests::vectors;

const EXAMPLE: PrefixFramer = PrefixFramer::for_buffer(512);
const SECOND: MarkFramer<4> = MarkFramer::SECOND;
const DATAGRAMS: TransportProperties = TransportProperties::UNRELIABLE_DATAGRAM;

/// What fits the queues of these connections.
const LONGEST: usize = 400;

fn new() -> Preconnection<'static, Disabled> {
    let server = RemoteEndpoint::new().with_address(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)));
    Preconnection::new(DATAGRAMS, Disabled).add_remote(server.with_port(7))
}

/// Sends the message of each row, sees that its bytes are on the wire, and
/// receives them back.
async fn both_directions<P: Framing>(
    preconnection: Preconnection<'static, Disabled, P>,
    names: &[&str],
) where
    <P::Framer as Framer>::Meta: Default,
{
    let seen = Rc::new(RefCell::new(Vec::<u8>::new()));
    let wire = seen.clone();
    let datagrams = move |_: SocketAddr| {
        let wire = wire.clone();
        async move {
            let (near, mut far) = datagram_pair();
            tokio::task::spawn_local(async move {
                while let Some(datagram) = far.receive().await {
                    wire.borrow_mut().extend(&datagram);
                    far.send(datagram);
                }
            });
            Ok(near)
        }
    };
    let net = VirtualNet::new(with_datagrams(loopback(), datagrams));
    let config = TransportConfig::DEFAULT;
    on_net(&net, config, async |transport: Plain<'_, P::Framer>| {
        let connection = preconnection.initiate(&transport, None).await.unwrap();
        let mut rows = 0;
        for row in vectors::rows("framer.jsonl") {
            let framers = row["framers"].as_array().unwrap();
            let message = vectors::hex(&row, "message");
            if framers.iter().ne(names.iter()) || message.len() > LONGEST {
                continue;
            }
            rows += 1;
            let context = MessageContext::framed(Default::default());
            assert_eq!(connection.send(&message, &context).await, Ok(Sent));
            let mut buffer = [0; LONGEST];
            let received = connection.receive(&mut buffer).await.unwrap();
            assert!(received.end_of_message);
            assert_eq!(&buffer[..received.length], message);
            assert_eq!(seen.take(), vectors::hex(&row, "wire"), "{}", row["name"]);
        }
        assert!(rows > 0, "{names:?}");
    })
    .await;
}

#[test]
fn the_framer_added_last_is_nearest_to_the_application() {
    in_paused_time(async || {
        let local = tokio::task::LocalSet::new();
        local
            .run_until(async {
                both_directions(new().add_framer(EXAMPLE), &["example"]).await;
                both_directions(new().add_framer(SECOND), &["second"]).await;
                let one_way = new().add_framer(EXAMPLE).add_framer(SECOND);
                both_directions(one_way, &["example", "second"]).await;
                let the_other = new().add_framer(SECOND).add_framer(EXAMPLE);
                both_directions(the_other, &["second", "example"]).await;
                let twice = new().add_framer(EXAMPLE).add_framer(EXAMPLE);
                both_directions(twice, &["example", "example"]).await;
            })
            .await;
    });
}
