//! The handshakes of framers, between two devices: both ends of one, peers that
//! say nothing, leave, or refuse.

#[path = "../../codec/tests/framers/line.rs"]
mod line;

use core::net::IpAddr;
use core::time::Duration;

use line::{LineFramer, Role};
use tokio::time::timeout;
use wigwag_codec::framer::{FrameError, FrameErrorKind, Passthrough};
use wigwag_embassy::net::ConnectError;
use wigwag_embassy::taps::{
    Disabled, EstablishmentError, LocalEndpoint, MessageContext, Preconnection, RaceError,
    RemoteEndpoint, Sent, TransportConfig, TransportProperties, With,
};
use wigwag_harness::vnet::End;
use wigwag_tests::devices::{Plain, SLOTS, on_cable, until};

const PORT: u16 = 5000;
const SOON: Duration = Duration::from_secs(5);
const DEFAULT: TransportConfig<'static> = TransportConfig::DEFAULT;
const STREAM: TransportProperties = TransportProperties::RELIABLE_INORDER_STREAM;
const REFUSED: EstablishmentError =
    EstablishmentError::Race(RaceError::Connect(ConnectError::Refused));
const FAR: RemoteEndpoint<'static> = RemoteEndpoint::new()
    .with_address(IpAddr::V4(End::Far.v4()))
    .with_port(PORT);

type Line = Preconnection<'static, Disabled, With<LineFramer>>;

fn listening() -> Line {
    Preconnection::new(STREAM, Disabled)
        .add_local(LocalEndpoint::new().with_port(PORT))
        .add_framer(LineFramer::new(Role::Server, 900, 60))
}

fn calling() -> Preconnection<'static, Disabled> {
    Preconnection::new(STREAM, Disabled).add_remote(FAR)
}

async fn all_free<F: wigwag_codec::framer::Framer>(transport: Plain<'_, F>) {
    until("all slots are free", || transport.free_slots() == SLOTS).await;
}

#[test]
fn both_ends_are_ready_when_their_framers_are() {
    on_cable(DEFAULT, async |_, near, far| {
        let listener = listening().listen(&far).unwrap();
        let client = calling().add_framer(LineFramer::new(Role::Client, 900, 12));
        let near = client.initiate(&near, Some(SOON)).await.unwrap();
        let far = timeout(SOON, listener.accept()).await.unwrap().unwrap();
        let (context, mut buffer) = (MessageContext::new(), [0; 64]);
        // Kept alive for an hour, while both wait for a message.
        for text in ["one", "two"] {
            let mut nothing = [0; 64];
            let idle = timeout(Duration::from_secs(3600), near.receive(&mut nothing));
            let hear = async {
                let received = far.receive(&mut buffer).await.unwrap();
                assert_eq!(&buffer[..received.length], text.as_bytes());
            };
            let say = async {
                assert!(idle.await.is_err());
                assert_eq!(near.send(text.as_bytes(), &context).await, Ok(Sent));
            };
            futures::join!(hear, say);
        }
        // The last words of one end the other.
        near.close();
        assert_eq!(near.closed().await, Ok(()));
        assert!(far.receive(&mut buffer).await.is_err());
        assert_eq!(far.closed().await, Ok(()));
    });
}

#[test]
fn a_framer_that_is_refused_is_an_error_and_the_next_endpoint_is_tried() {
    on_cable(DEFAULT, async |_, near, far| {
        let refusing = || {
            let mut framer = LineFramer::new(Role::Server, 900, 60);
            framer.refusal = Some(403);
            Preconnection::new(STREAM, Disabled)
                .add_local(LocalEndpoint::new().with_port(PORT))
                .add_framer(framer)
        };
        let refuses = refusing().listen(&far).unwrap();
        let client = || calling().add_framer(LineFramer::new(Role::Client, 900, 12));
        let refused = FrameError::new(FrameErrorKind::Refused { code: 403 }, 0);
        let refused = EstablishmentError::Framing(refused);
        assert_eq!(
            client().initiate(&near, Some(SOON)).await.err(),
            Some(refused)
        );
        assert!(timeout(SOON, refuses.accept()).await.is_err());

        let takes = Preconnection::new(STREAM, Disabled)
            .add_local(LocalEndpoint::new().with_port(PORT + 1))
            .add_framer(LineFramer::new(Role::Server, 900, 60))
            .listen(&far)
            .unwrap();
        let next = RemoteEndpoint::new().with_address(End::Far.v4().into());
        let client = client().add_remote(next.with_port(PORT + 1));
        let near_one = client.initiate(&near, Some(SOON)).await.unwrap();
        assert_eq!(near_one.remote().unwrap().port(), PORT + 1);
        let far_one = timeout(SOON, takes.accept()).await.unwrap().unwrap();
        drop((near_one, far_one, refuses, takes));
        all_free(near).await;
        all_free(far).await;
    });
}

#[test]
fn a_peer_that_says_nothing_in_the_handshake_is_dropped_in_time() {
    let config = TransportConfig {
        framer_timeout: Duration::from_secs(3),
        ..DEFAULT
    };
    on_cable(config, async |_, near, far| {
        let listener = listening().listen(&far).unwrap();
        let client = Preconnection::new(STREAM, Disabled).add_remote(FAR);
        let begun = tokio::time::Instant::now();
        let one = client.initiate(&near, None).await.unwrap();
        let two = client.initiate(&near, None).await.unwrap();
        assert_eq!(client.initiate(&near, None).await.err(), Some(REFUSED));
        assert!(timeout(SOON, listener.accept()).await.is_err());
        for silent in [&one, &two] {
            // They were told the greeting, and the end.
            let mut greeting = [0; 16];
            let received = silent.receive(&mut greeting).await.unwrap();
            assert_eq!(&greeting[..received.length], b"\0\x05Hhello.");
            let end = silent.receive(&mut greeting).await.unwrap();
            assert_eq!((end.length, end.end_of_message), (0, true));
        }
        assert!(begun.elapsed() < Duration::from_secs(6));
        drop((one, two));

        // Sockets wait again, for one that speaks.
        tokio::time::sleep(Duration::from_secs(20)).await;
        let good = client.initiate(&near, None).await.unwrap();
        let (answer, context) = (b"\0\x03Nme\x1e.\0\0c.", MessageContext::new());
        assert_eq!(good.send(answer, &context).await, Ok(Sent));
        let accepted = timeout(SOON, listener.accept()).await.unwrap().unwrap();
        drop((good, accepted, listener));
        all_free(far).await;
    });
}

#[test]
fn a_peer_that_leaves_in_the_handshake_is_dropped_at_once() {
    on_cable(DEFAULT, async |_, near: Plain<'_, Passthrough>, far| {
        let listener = listening().listen(&far).unwrap();
        let client = Preconnection::new(STREAM, Disabled).add_remote(FAR);
        for _ in 0..3 {
            let near = client.initiate(&near, None).await.unwrap();
            near.close();
            // The other end closes too.
            let begun = tokio::time::Instant::now();
            assert_eq!(near.closed().await, Ok(()));
            let passed = begun.elapsed();
            assert!(passed < Duration::from_secs(2), "after {passed:?}");
        }
        assert!(timeout(SOON, listener.accept()).await.is_err());
        drop(listener);
        all_free(far).await;
    });
}
