//! A client is called stuck when it is, within the time that is stated, and not
//! for days of bad luck.

use core::time::Duration;

use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use tokio::sync::oneshot;
use wigwag_codec::ngtt::client::Record;
use wigwag_embassy::health::{Check, LONGEST_STALL, Member, Period, Stuck, Vigil, watch};
use wigwag_embassy::journal::{Journal, Memory, RamJournal};
use wigwag_embassy::ngtt::{State, Status};
use wigwag_embassy::supervisor::Backoff;
use wigwag_harness::faults::DialFault;
use wigwag_harness::mock::MockNgtt;
use wigwag_harness::pki::{DEFAULT_DEVICE_ID, Pki};
use wigwag_harness::vnet::VirtualNet;
use wigwag_tests::e2e::{Device, TestClient, in_paused_time, network};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
const ORDER: [u8; 3] = [0x41, 0x06, 200];

/// A watchdog as small chips have it: looked after every 4 s.
const PERIOD: Period = Period::new::<16_000, 8_000>();

/// Watches `checks` until something is stuck.
async fn until_stuck(checks: &impl Check) -> Stuck {
    let (tell, told) = oneshot::channel();
    let mut tell = Some(tell);
    let on_stuck = |stuck: &Stuck| {
        let tell = tell.take().expect("told once");
        tell.send(*stuck).expect("somebody listens");
    };
    tokio::select! {
        _ = watch(checks, PERIOD, || {}, on_stuck) => unreachable!(),
        stuck = told => stuck.expect("something is stuck"),
    }
}

/// Runs `life` and fails if the client is called stuck in that time.
async fn never_stuck(client: TestClient<'_>, life: impl Future<Output = ()>) {
    tokio::select! {
        stuck = until_stuck(&client) => panic!("{stuck} while {:?}", client.status()),
        () = life => {}
    }
}

/// A device on a new network, whose application is `app`.
fn device(app: impl AsyncFnOnce(TestClient<'_>, &VirtualNet, &MockNgtt) + Send + 'static) {
    in_paused_time(async || {
        let pki = Pki::generate();
        let server = MockNgtt::start(&pki).await.unwrap();
        let net = network(&server);
        let app = async |client: TestClient<'_>| app(client, &net, &server).await;
        Device::of(&pki)
            .run(&net, &mut RamJournal::<16>::new(), app)
            .await;
    });
}

#[test]
fn a_day_without_a_link_is_no_fault_of_the_client() {
    device(async |client, net, _| {
        net.faults().set_link_up(false);
        never_stuck(client, tokio::time::sleep(DAY)).await;
        assert!(matches!(client.status(), Status::Offline { .. }));
        net.faults().set_link_up(true);
        client.wait_status(Status::is_connected).await;
    });
}

#[test]
fn a_day_of_attempts_is_no_fault_of_the_client() {
    for fault in [DialFault::Refuse, DialFault::Silence] {
        device(async move |client, net, _| {
            net.faults().set_dial(fault);
            let mut attempts = 0;
            let count = async {
                loop {
                    let resolving = |status: &Status| *status == Status::Resolving;
                    client.wait_status(resolving).await;
                    attempts += 1;
                    client.wait_status(|status| !resolving(status)).await;
                }
            };
            let a_day = async {
                tokio::select! {
                    () = count => {}
                    () = tokio::time::sleep(DAY) => {}
                }
            };
            never_stuck(client, a_day).await;
            assert!(attempts > 1000, "{attempts} attempts");
        });
    }
}

#[test]
fn a_day_of_connections_that_are_cut_is_no_fault_of_the_client() {
    device(async |client, net, _| {
        let a_day = async {
            for _ in 0..24 * 4 {
                client.wait_status(Status::is_connected).await;
                net.faults().set_link_up(false);
                tokio::time::sleep(HOUR / 8).await;
                net.faults().set_link_up(true);
                tokio::time::sleep(HOUR / 8).await;
            }
        };
        never_stuck(client, a_day).await;
    });
}

#[test]
fn a_day_in_which_nothing_is_said_but_pings_is_no_fault_of_the_client() {
    device(async |client, _, server| {
        client.wait_status(Status::is_connected).await;
        never_stuck(client, tokio::time::sleep(DAY)).await;
        client.wait_status(Status::is_connected).await;
        // The second one comes when the first has been used for a day.
        let connections = server.book().device(DEFAULT_DEVICE_ID).connections;
        assert!(connections <= 2, "{connections} connections");
    });
}

#[test]
fn a_client_that_the_application_closes_is_not_stuck() {
    device(async |client, _, _| {
        client.wait_status(Status::is_connected).await;
        let closed = async {
            client.close().await;
            tokio::time::sleep(HOUR).await;
            client.open();
            client.wait_status(Status::is_connected).await;
            for _ in 0..100 {
                client.reconnect();
                client.wait_status(|status| !status.is_connected()).await;
                client.wait_status(Status::is_connected).await;
            }
        };
        never_stuck(client, closed).await;
    });
}

/// A configuration of which every pause is long.
fn slow(config: &mut wigwag_embassy::ngtt::Config<'_>) {
    static SLOW: Backoff = {
        let mut backoff = Backoff::DEFAULT;
        backoff.transient.first = DAY;
        backoff.transient.ceiling = DAY;
        backoff.transient.floor_percent = 100;
        backoff
    };
    config.backoff = &SLOW;
    config.spread_start = HOUR;
    config.join_timeout = HOUR;
}

#[test]
fn pauses_that_the_configuration_asks_for_are_no_fault() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let server = MockNgtt::start(&pki).await.unwrap();
        let net = network(&server);
        net.faults().set_dial(DialFault::Refuse);
        let mut device = Device::of(&pki);
        device.tune = slow;
        device
            .run(&net, &mut RamJournal::<16>::new(), async |client| {
                let life = async {
                    let waits = |status: &Status| matches!(status, Status::Waiting { .. });
                    client.wait_status(waits).await;
                    client.wait_status(|status| !waits(status)).await;
                };
                never_stuck(client, life).await;
            })
            .await;
    });
}

#[test]
fn an_application_that_hangs_in_an_order_is_found() {
    device(async |client, _, server| {
        let vigil: Vigil<NoopRawMutex, 1> = Vigil::new([Member::new("orders", 60 * SECOND)]);
        let beat = vigil.member::<0>();
        server.enqueue(DEFAULT_DEVICE_ID, ORDER);
        let orders = async {
            // The first one comes at once, the second after an hour.
            let order = beat.idle(client.next_order()).await;
            beat.idle(order.acknowledge()).await;
            let order = beat.idle(client.next_order()).await;
            core::future::pending::<()>().await;
            drop(order);
        };
        let later = async {
            tokio::time::sleep(HOUR).await;
            server.enqueue(DEFAULT_DEVICE_ID, ORDER);
            core::future::pending::<()>().await;
        };
        let checks = (&vigil, client);
        let begun = tokio::time::Instant::now();
        let stuck = tokio::select! {
            stuck = until_stuck(&checks) => stuck,
            () = orders => panic!("hangs"),
            () = later => panic!("hangs"),
        };
        assert_eq!(stuck.name, "orders");
        let found_after = begun.elapsed() - HOUR;
        let stated = 60 * SECOND + PERIOD.every() + SECOND;
        assert!(found_after <= stated, "after {found_after:?}");
    });
}

#[test]
fn a_runner_that_was_never_started_is_found() {
    in_paused_time(async || {
        let state: Box<State<NoopRawMutex>> = Box::new(State::new());
        assert_eq!(found(state.client()).await, "ngtt: runner");
    });
}

#[test]
fn a_runner_that_is_polled_no_more_is_found_in_every_state() {
    // While it resolves, is connected, and waits to try again.
    for (fault, seconds) in [
        (DialFault::Silence, 1),
        (DialFault::None, 20),
        (DialFault::Refuse, 300),
    ] {
        in_paused_time(async move || {
            let pki = Pki::generate();
            let server = MockNgtt::start(&pki).await.unwrap();
            let net = network(&server);
            net.faults().set_dial(fault);
            let mut device = Device::of(&pki);
            device.runs_for = Some(seconds * SECOND);
            let life = async |client: TestClient<'_>| {
                never_stuck(client, tokio::time::sleep(seconds * SECOND)).await;
                assert_eq!(client.status().is_connected(), fault == DialFault::None);
                // What it was doing may be overdue before its sign of life is.
                let name = found(client).await;
                assert!(name.starts_with("ngtt: "), "{name}");
            };
            let mut journal = RamJournal::<16>::new();
            device.run(&net, &mut journal, life).await;
        });
    }
}

/// What is called stuck, in the time that is stated, of a client that nobody runs
/// from now on.
async fn found(client: TestClient<'_>) -> &'static str {
    let begun = tokio::time::Instant::now();
    let stuck = until_stuck(&client).await;
    let found_after = begun.elapsed();
    let stated = LONGEST_STALL + 2 * PERIOD.every() + SECOND;
    assert!(found_after <= stated, "after {found_after:?}");
    stuck.name
}

/// Reads at once, and never returns from writing.
struct Wedged {
    reads_too: bool,
}

impl Journal for Wedged {
    type Error = core::convert::Infallible;

    async fn load(&mut self, _: &mut dyn FnMut(Record)) -> Result<Memory, Self::Error> {
        if self.reads_too {
            core::future::pending::<()>().await;
        }
        Ok(Memory::Kept)
    }

    async fn append(&mut self, _: Record) -> Result<(), Self::Error> {
        core::future::pending().await
    }
}

#[test]
fn a_journal_that_never_returns_is_found() {
    for reads_too in [false, true] {
        in_paused_time(async move || {
            let pki = Pki::generate();
            let server = MockNgtt::start(&pki).await.unwrap();
            server.enqueue(DEFAULT_DEVICE_ID, ORDER);
            let net = network(&server);
            Device::of(&pki)
                .run(&net, &mut Wedged { reads_too }, async |client| {
                    if !reads_too {
                        client.wait_status(Status::is_connected).await;
                    }
                    let begun = tokio::time::Instant::now();
                    let stuck = until_stuck(&client).await;
                    assert_eq!(stuck.name, "ngtt: journal");
                    let stated = 60 * SECOND + LONGEST_STALL + PERIOD.every() + SECOND;
                    let found_after = begun.elapsed();
                    assert!(found_after <= stated, "after {found_after:?}");
                    assert!(stuck.silent_for > 60 * SECOND, "{stuck}");
                })
                .await;
        });
    }
}

/// Fails each time.
struct Broken;

impl Journal for Broken {
    type Error = ();

    async fn load(&mut self, _: &mut dyn FnMut(Record)) -> Result<Memory, ()> {
        Err(())
    }

    async fn append(&mut self, _: Record) -> Result<(), ()> {
        Err(())
    }
}

#[test]
fn a_journal_that_fails_is_counted_and_no_reason_for_a_reset() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let server = MockNgtt::start(&pki).await.unwrap();
        server.enqueue(DEFAULT_DEVICE_ID, ORDER);
        let net = network(&server);
        Device::of(&pki)
            .run(&net, &mut Broken, async |client| {
                never_stuck(client, tokio::time::sleep(HOUR)).await;
                let failures = client.journal_failures();
                // More and more slowly, at last once a minute.
                assert!((55..75).contains(&failures), "{failures}");
            })
            .await;
    });
}
