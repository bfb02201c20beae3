//! How often an idle, connected client wakes the processor: what a device that
//! sleeps between events pays for being reachable.

use core::cell::Cell;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::convert::Infallible;

use embassy_net::StackResources;
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use rand_core::OsRng;
use wigwag_embassy::journal::RamJournal;
use wigwag_embassy::net::EmbassyNetwork;
use wigwag_embassy::ngtt::{self, Buffers, Config, SessionConfig, State};
use wigwag_embassy::tls::{ClockPolicy, Identity, SoftwareKey, TrustAnchors};
use wigwag_harness::device::host_time;
use wigwag_harness::mock::MockNgtt;
use wigwag_harness::pki::{DEFAULT_DEVICE_ID, Pki};
use wigwag_harness::vnet::{Background, SOCKETS, alongside};
use wigwag_tests::e2e::{SERVER, in_paused_time, network};

/// A task, and how often it was polled: how often it was woken.
struct Counted<'a, F> {
    task: Pin<Box<F>>,
    polls: &'a Cell<u32>,
}

impl<F: Future> Future for Counted<'_, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.polls.set(self.polls.get() + 1);
        self.task.as_mut().poll(cx)
    }
}

fn counted<'a>(
    task: impl Future<Output = Infallible> + 'a,
    polls: &'a Cell<u32>,
) -> Background<'a> {
    let task = Box::pin(task);
    Box::pin(Counted { task, polls })
}

/// In an hour of an idle connection: wakes of the client's task, wakes of the network
/// stack's, frames on the link in both directions.
async fn idle_hour(ping_after: Duration) -> (u32, u32, u64) {
    let pki = Pki::generate();
    let server = MockNgtt::start(&pki).await.unwrap();
    let net = network(&server);
    let identity = pki.device(DEFAULT_DEVICE_ID).unwrap();
    let key = SoftwareKey::from_der(identity.key().secret_pkcs8_der()).unwrap();
    let roots = [pki.server_ca().as_ref()];
    let config = Config::for_server(
        SERVER,
        TrustAnchors::new(&roots).unwrap(),
        Identity::new(identity.certificate(), &key).unwrap(),
        ClockPolicy::real_time(host_time),
    );
    let session = SessionConfig {
        ping_after,
        // A PING is written when half of it has passed, too.
        read_dead: (2 * ping_after).max(Duration::from_secs(120)),
        ..SessionConfig::new()
    };
    let state: Box<State<NoopRawMutex>> = Box::new(State::with_config(session));
    let mut buffers: Box<Buffers> = Box::new(Buffers::new());
    let mut resources = Box::new(StackResources::<SOCKETS>::new());
    let (stack, mut stack_runner) = net.attach(&mut resources, net.config());
    let network = EmbassyNetwork::new(stack);
    let journal = RamJournal::<16>::new();
    let (client, mut runner) = ngtt::new(
        &state,
        &mut *buffers,
        network,
        config.unwrap(),
        OsRng,
        journal,
    );
    let polls = [Cell::new(0), Cell::new(0)];
    let background: Vec<Background<'_>> = vec![
        counted(async { runner.run().await }, &polls[0]),
        counted(async { stack_runner.run().await }, &polls[1]),
        Box::pin(net.carry()),
    ];
    let idle = async {
        client.connected().await.unwrap();
        // What follows on a new connection is over.
        tokio::time::sleep(Duration::from_secs(600)).await;
        let before = polls.each_ref().map(Cell::take);
        assert!(before[0] > 0 && before[1] > 0);
        let frames = net.faults().counts().frames;
        tokio::time::sleep(Duration::from_secs(3600)).await;
        assert!(client.status().is_connected());
        let [client, stack] = polls.each_ref().map(Cell::get);
        (client, stack, net.faults().counts().frames - frames)
    };
    let woken = alongside(idle, background).await;
    assert_eq!(server.book().device(DEFAULT_DEVICE_ID).connections, 1);
    println!(
        "PINGs after {ping_after:?}: client {}, stack {}, frames {}",
        woken.0, woken.1, woken.2
    );
    woken
}

#[test]
fn an_idle_client_wakes_for_its_pings_only() {
    in_paused_time(async || {
        for (ping_after, pings) in [(30, 120), (60, 60), (100, 36)] {
            let (client, stack, frames) = idle_hour(Duration::from_secs(ping_after)).await;
            // A PING, its PONG, and what TCP has to say about both; nothing else.
            assert!(client <= pings * 8, "{client} wakes of the client");
            assert!(stack <= pings * 16, "{stack} wakes of the stack");
            assert!(frames <= u64::from(pings) * 6 + 20, "{frames} frames");
            assert!(client >= pings && stack >= pings);
        }
    });
}
