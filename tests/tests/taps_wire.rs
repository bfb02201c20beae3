//! What connection properties change about the packets of a connection: a stack
//! whose interface leads back to itself, and each of its packets.

use core::time::Duration;

use rand_core::OsRng;
use tokio::time::sleep;
use wigwag_codec::framer::Passthrough;
use wigwag_embassy::taps::{
    self, CapacityProfile, ConnectionProperties, ConnectionProperty as C, LocalEndpoint,
    MessageContext, Preconnection, PropertyValue as V, RemoteEndpoint, SelectionProperty, Sent,
    TransportConfig, TransportProperties,
};
use wigwag_embassy::taps::{Disabled, TransportMemory};
use wigwag_harness::vnet::alongside;
use wigwag_tests::loopback::{OWN, Stop, Wire, on_loopback};
use wigwag_tests::transport::Tested;

const SERVER: u16 = 1000;
const TCP: u8 = 6;
/// Bytes of an IPv4 header without options.
const IP_HEADER: usize = 20;

/// Connects one connection to another of the same device, and gives both to
/// `app`.
fn connected(
    transport_properties: TransportProperties,
    properties: ConnectionProperties,
    app: impl AsyncFnOnce(&Tested<'_, Passthrough>, &Tested<'_, Passthrough>, &Wire) + Send + 'static,
) {
    on_loopback(async move |network, wire| {
        let mut memory: Box<TransportMemory<'_, Passthrough, Disabled, 3>> =
            Box::new(TransportMemory::new());
        let config = TransportConfig::DEFAULT;
        let (transport, mut runner) = taps::new(&mut memory, *network, OsRng, config);
        let main = async {
            let server = Preconnection::new(transport_properties, Disabled)
                .add_local(LocalEndpoint::new().with_port(SERVER));
            let listener = server.listen(&transport).unwrap();
            let client = Preconnection::new(transport_properties, Disabled)
                .add_remote(
                    RemoteEndpoint::new()
                        .with_address(OWN.into())
                        .with_port(SERVER),
                )
                .with_connection_properties(properties);
            sleep(Duration::from_secs(1)).await;
            let near = client.initiate(&transport, None).await.unwrap();
            let far = listener.accept().await.unwrap();
            app(&near, &far, wire).await;
        };
        alongside(main, vec![Box::pin(async { runner.run().await })]).await;
    });
}

/// What went to the server since the last call: bytes of the stream in each
/// segment.
fn segments(wire: &Wire) -> Vec<usize> {
    let mut packets = wire.take_sent();
    packets.retain(|packet| {
        let to = u16::from_be_bytes([packet[IP_HEADER + 2], packet[IP_HEADER + 3]]);
        packet[9] == TCP && to == SERVER
    });
    let carried = |packet: &Vec<u8>| {
        let header = usize::from(packet[IP_HEADER + 12] >> 4) * 4;
        packet.len() - IP_HEADER - header
    };
    packets.iter().map(carried).collect()
}

/// How many segments an idle minute has.
async fn idle_minute(wire: &Wire) -> usize {
    segments(wire);
    sleep(Duration::from_secs(60)).await;
    segments(wire).len()
}

#[test]
fn keep_alives_follow_the_property_and_are_sent_only_where_they_are_wanted() {
    let stream = TransportProperties::RELIABLE_INORDER_STREAM;
    let wanted = stream.require(SelectionProperty::KeepAlive);
    let properties =
        ConnectionProperties::DEFAULT.with_keep_alive_timeout(Some(Duration::from_secs(5)));
    connected(wanted, properties, async |near, _far, wire| {
        sleep(Duration::from_secs(1)).await;
        let count = idle_minute(wire).await;
        assert!((10..=12).contains(&count), "{count}");
        near.set_property(C::KeepAliveTimeout, V::Time(Duration::from_secs(20)))
            .unwrap();
        sleep(Duration::from_secs(30)).await;
        let count = idle_minute(wire).await;
        assert!((2..=3).contains(&count), "{count}");
        // One that comes after connTimeout is off.
        near.set_property(C::ConnTimeout, V::Time(Duration::from_secs(10)))
            .unwrap();
        sleep(Duration::from_secs(30)).await;
        assert_eq!(idle_minute(wire).await, 0);
        assert_eq!(
            near.send(b"still here", &MessageContext::new()).await,
            Ok(Sent)
        );
    });
    connected(stream, properties, async |_near, _far, wire| {
        sleep(Duration::from_secs(1)).await;
        assert_eq!(idle_minute(wire).await, 0);
    });
}

#[test]
fn small_messages_are_collected_only_by_who_seeks_capacity() {
    let stream = TransportProperties::RELIABLE_INORDER_STREAM;
    let properties = ConnectionProperties::DEFAULT;
    connected(stream, properties, async |near, far, wire| {
        for (profile, expected) in [
            (CapacityProfile::Default, vec![1; 5]),
            (CapacityProfile::CapacitySeeking, vec![1, 4]),
            (CapacityProfile::LowLatencyInteractive, vec![1; 5]),
        ] {
            near.set_property(C::ConnCapacityProfile, V::CapacityProfile(profile))
                .unwrap();
            sleep(Duration::from_secs(1)).await;
            segments(wire);
            // Nothing is acknowledged before all five are written.
            wire.stop(Stop::Hold);
            for _ in 0..5 {
                assert_eq!(near.send(b"x", &MessageContext::new()).await, Ok(Sent));
                sleep(Duration::from_millis(10)).await;
            }
            wire.stop(Stop::Nothing);
            let (mut read, mut buffer) = (0, [0; 8]);
            while read < 5 {
                read += far.receive(&mut buffer).await.unwrap().length;
            }
            let mut sent = segments(wire);
            sent.retain(|bytes| *bytes > 0);
            assert_eq!(sent, expected, "{profile}");
        }
    });
}
