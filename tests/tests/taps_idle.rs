//! What a transport costs that has nothing to do: no poll of its runner.

use core::cell::Cell;
use core::convert::Infallible;
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::time::Duration;

use rand_core::OsRng;
use wigwag_codec::framer::Passthrough;
use wigwag_embassy::net::EmbassyNetwork;
use wigwag_embassy::taps::{
    self, Disabled, LocalEndpoint, MessageContext, Preconnection, RemoteEndpoint, Sent,
    TransportConfig, TransportProperties,
};
use wigwag_harness::vnet::{Background, Cable, End, alongside};
use wigwag_tests::devices::memory;
use wigwag_tests::e2e::in_paused_time;

const PORT: u16 = 5000;

/// Counts how often `runner` is polled.
async fn counted(runner: impl Future<Output = Infallible>, polls: &Cell<u32>) -> Infallible {
    let mut runner = pin!(runner);
    poll_fn(|cx| {
        polls.set(polls.get() + 1);
        runner.as_mut().poll(cx)
    })
    .await
}

#[test]
fn a_runner_sleeps_while_its_connections_and_listeners_are_idle() {
    in_paused_time(async || {
        let cable = Cable::new(3);
        let run = cable.run(async |near, far| {
            let config = TransportConfig::DEFAULT;
            let (mut near_memory, mut far_memory) = (memory::<Passthrough>(), memory());
            let (near, far) = (EmbassyNetwork::new(near), EmbassyNetwork::new(far));
            let (near, mut near_runner) = taps::new(&mut near_memory, near, OsRng, config);
            let (far, mut far_runner) = taps::new(&mut far_memory, far, OsRng, config);
            let polls = [Cell::new(0), Cell::new(0)];
            let background: Vec<Background<'_>> = vec![
                Box::pin(counted(async { near_runner.run().await }, &polls[0])),
                Box::pin(counted(async { far_runner.run().await }, &polls[1])),
            ];
            let app = async {
                let stream = TransportProperties::RELIABLE_INORDER_STREAM;
                let datagrams = TransportProperties::UNRELIABLE_DATAGRAM;
                let mut idle = Vec::new();
                let mut listeners = Vec::new();
                for properties in [stream, datagrams] {
                    let listener = Preconnection::new(properties, Disabled)
                        .add_local(LocalEndpoint::new().with_port(PORT))
                        .listen(&far)
                        .unwrap();
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    let to = RemoteEndpoint::new().with_address(End::Far.v4().into());
                    let client =
                        Preconnection::new(properties, Disabled).add_remote(to.with_port(PORT));
                    let connection = client.initiate(&near, None).await.unwrap();
                    let sent = connection.send(b"awake", &MessageContext::new()).await;
                    assert_eq!(sent, Ok(Sent));
                    // The last of the server's four slots.
                    if listeners.is_empty() {
                        idle.push(listener.accept().await.unwrap());
                    }
                    idle.push(connection);
                    listeners.push(listener);
                }
                tokio::time::sleep(Duration::from_secs(60)).await;
                let before = [polls[0].get(), polls[1].get()];
                tokio::time::sleep(Duration::from_secs(3600)).await;
                for (now, before) in polls.iter().zip(before) {
                    let polled = now.get() - before;
                    assert!(polled <= 4, "{polled} polls in an idle hour");
                }
                // They do run.
                assert!(before.iter().all(|polls| *polls > 4), "{before:?}");
            };
            alongside(app, background).await;
        });
        run.await;
    });
}

#[test]
fn a_runner_sleeps_while_what_has_arrived_is_not_received() {
    in_paused_time(async || {
        let cable = Cable::new(3);
        let run = cable.run(async |near, far| {
            let config = TransportConfig::DEFAULT;
            let (mut near_memory, mut far_memory) = (memory::<Passthrough>(), memory());
            let (near, far) = (EmbassyNetwork::new(near), EmbassyNetwork::new(far));
            let (near, mut near_runner) = taps::new(&mut near_memory, near, OsRng, config);
            let (far, mut far_runner) = taps::new(&mut far_memory, far, OsRng, config);
            let polls = Cell::new(0);
            let background: Vec<Background<'_>> = vec![
                Box::pin(async { near_runner.run().await }),
                Box::pin(counted(async { far_runner.run().await }, &polls)),
            ];
            let app = async {
                let stream = TransportProperties::RELIABLE_INORDER_STREAM;
                let listener = Preconnection::new(stream, Disabled)
                    .add_local(LocalEndpoint::new().with_port(PORT))
                    .listen(&far)
                    .unwrap();
                let to = RemoteEndpoint::new().with_address(End::Far.v4().into());
                let near = Preconnection::new(stream, Disabled)
                    .add_remote(to.with_port(PORT))
                    .initiate(&near, None)
                    .await
                    .unwrap();
                let far = listener.accept().await.unwrap();
                // More than far's queues hold: what does not fit waits here.
                let (context, data) = (MessageContext::new(), [7; 1024]);
                let mut said = 0;
                while let Ok(sent) =
                    tokio::time::timeout(Duration::from_secs(1), near.send(&data, &context)).await
                {
                    assert_eq!(sent, Ok(Sent));
                    said += 1;
                }
                assert!(said > 3, "only {said} messages fill all queues");
                let before = polls.get();
                tokio::time::sleep(Duration::from_secs(15)).await;
                let polled = polls.get() - before;
                assert!(polled < 50, "{polled} times in 15 seconds");
                // Nothing was lost, and it goes on.
                let (mut heard, mut buffer) = (0, [0; 700]);
                while heard < said * data.len() {
                    heard += far.receive(&mut buffer).await.unwrap().length;
                }
            };
            alongside(app, background).await;
        });
        run.await;
    });
}
