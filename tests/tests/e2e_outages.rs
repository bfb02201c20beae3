//! Links that go and come back, servers that restart, power that fails: what
//! was begun is finished.

use core::time::Duration;

use wigwag_codec::ngtt::client::Answer;
use wigwag_embassy::journal::RamJournal;
use wigwag_embassy::ngtt::{Event, History, Reason, Status};
use wigwag_embassy::tls::End;
use wigwag_harness::faults::{Cut, DialFault, Direction, LinkFaults};
use wigwag_harness::mock::{Book, MockNgtt};
use wigwag_harness::pki::{DEFAULT_DEVICE_ID, Pki};
use wigwag_tests::e2e::{Device, TestClient, in_paused_time, network};

const MINUTE: Duration = Duration::from_secs(60);
const ORDER: [u8; 3] = [0x41, 0x06, 200];

fn journal() -> RamJournal {
    RamJournal::new()
}

/// Waits until both ends have a connection.
async fn connected(client: &TestClient<'_>, server: &MockNgtt) {
    client.wait_status(Status::is_connected).await;
    let known = |_: &Book| !server.connected().is_empty();
    assert!(server.wait_until(MINUTE, known).await);
}

#[test]
fn lost_frames_are_survived_by_the_connection() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let server = MockNgtt::start(&pki).await.unwrap();
        let net = network(&server);
        let lose = |loss| {
            let faults = LinkFaults {
                loss,
                ..LinkFaults::NONE
            };
            net.faults().set_link(Direction::ToDevice, faults);
            net.faults().set_link(Direction::ToServer, faults);
        };
        Device::of(&pki)
            .run(&net, &mut journal(), async |client| {
                connected(&client, &server).await;
                lose(1.0);
                server.enqueue(DEFAULT_DEVICE_ID, ORDER);
                tokio::time::sleep(Duration::from_secs(10)).await;
                assert!(client.status().is_connected());
                lose(0.1);
                client.next_order().await.acknowledge().await;
                client.wait_idle().await;
            })
            .await;
        assert_eq!(server.book().device(DEFAULT_DEVICE_ID).connections, 1);
    });
}

#[test]
fn a_short_outage_of_the_link_costs_a_new_connection_and_nothing_else() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let server = MockNgtt::start(&pki).await.unwrap();
        let net = network(&server);
        Device::of(&pki)
            .run(&net, &mut journal(), async |client| {
                connected(&client, &server).await;
                // The stack gives its leased address back with the link, and
                // resets what used it.
                net.faults().set_link_up(false);
                server.enqueue(DEFAULT_DEVICE_ID, ORDER);
                tokio::time::sleep(Duration::from_secs(2)).await;
                assert_eq!(client.status(), Status::Joining);
                net.faults().set_link_up(true);
                let before = tokio::time::Instant::now();
                client.next_order().await.acknowledge().await;
                let passed = before.elapsed();
                assert!(passed < Duration::from_secs(10), "after {passed:?}");
                client.wait_idle().await;
            })
            .await;
        let book = server.book().device(DEFAULT_DEVICE_ID);
        assert_eq!(book.connections, 2);
        assert_eq!(book.answered(Answer::Confirm), 1);
    });
}

#[test]
fn a_long_outage_ends_the_connection_and_a_new_one_is_made() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let server = MockNgtt::start(&pki).await.unwrap();
        let net = network(&server);
        Device::of(&pki)
            .run(&net, &mut journal(), async |client| {
                connected(&client, &server).await;
                net.faults().set_link_up(false);
                server.enqueue(DEFAULT_DEVICE_ID, ORDER);
                let status = client
                    .wait_status(|status| matches!(status, Status::Offline { .. }))
                    .await;
                assert_eq!(status.reason(), Some(Reason::LinkDown));
                tokio::time::sleep(60 * MINUTE).await;
                net.faults().set_link_up(true);
                let order = client.next_order().await;
                order.acknowledge().await;
                client.wait_idle().await;
            })
            .await;
        let book = server.book().device(DEFAULT_DEVICE_ID);
        assert_eq!(book.answered(Answer::Confirm), 1);
    });
}

#[test]
fn a_link_that_comes_up_cuts_one_wait_short() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let server = MockNgtt::start(&pki).await.unwrap();
        let net = network(&server);
        net.faults().set_dial(DialFault::Refuse);
        Device::of(&pki)
            .run(&net, &mut journal(), async |client| {
                // Until the waits are long.
                let long = |status: &Status| {
                    let now = wigwag_embassy::time::now();
                    matches!(status, Status::Waiting { retry_at, .. }
                        if retry_at.saturating_duration_since(now) > Duration::from_secs(20))
                };
                client.wait_status(long).await;
                net.faults().set_dial(DialFault::None);
                let before = tokio::time::Instant::now();
                net.faults().set_link_up(false);
                tokio::time::sleep(Duration::from_secs(1)).await;
                net.faults().set_link_up(true);
                client.wait_status(Status::is_connected).await;
                let passed = before.elapsed();
                assert!(passed < Duration::from_secs(15), "after {passed:?}");
            })
            .await;
    });
}

#[test]
fn a_server_that_restarts_is_found_again() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let server = MockNgtt::start(&pki).await.unwrap();
        let net = network(&server);
        Device::of(&pki)
            .run(&net, &mut journal(), async |client| {
                for how in [Cut::Close, Cut::Reset, Cut::Close] {
                    connected(&client, &server).await;
                    assert!(server.disconnect(DEFAULT_DEVICE_ID, how));
                    let status = client.wait_status(|status| !status.is_connected()).await;
                    if let Status::Waiting { reason, .. } = status {
                        let lost = [End::PeerClosed, End::Truncated, End::Reset].map(Reason::Tls);
                        assert!(lost.contains(&reason), "{how:?}: {reason}");
                        assert!(!reason.is_due_to_no_internet());
                    }
                    server.enqueue(DEFAULT_DEVICE_ID, ORDER);
                    client.next_order().await.acknowledge().await;
                    client.wait_idle().await;
                }
            })
            .await;
        let book = server.book().device(DEFAULT_DEVICE_ID);
        assert_eq!(book.answered(Answer::Confirm), 3);
    });
}

#[test]
fn a_server_that_falls_silent_is_noticed() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let server = MockNgtt::start(&pki).await.unwrap();
        let net = network(&server);
        Device::of(&pki)
            .run(&net, &mut journal(), async |client| {
                connected(&client, &server).await;
                assert!(server.disconnect(DEFAULT_DEVICE_ID, Cut::Silence));
                let before = tokio::time::Instant::now();
                let status = client.wait_status(|status| !status.is_connected()).await;
                assert!(
                    matches!(status.reason(), Some(Reason::Silent(_))),
                    "{status}"
                );
                // 30 s to the PING, 90 s without an answer.
                let passed = before.elapsed();
                assert!(passed <= Duration::from_secs(121), "after {passed:?}");
                client.wait_status(Status::is_connected).await;
            })
            .await;
    });
}

/// Boots the device and has the power fail while it executes an order; returns
/// that order's history.
async fn fail_during_execution(
    device: &Device,
    server: &MockNgtt,
    journal: &mut RamJournal,
) -> History {
    let net = network(server);
    device
        .run(&net, journal, async |client| {
            let order = client.next_order().await;
            let history = order.history();
            // The future of the whole device is dropped with the order in hand.
            std::mem::forget(order);
            history
        })
        .await
}

#[test]
fn a_power_failure_during_execution_is_said() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let device = Device::of(&pki);
        let server = MockNgtt::start(&pki).await.unwrap();
        server.enqueue(DEFAULT_DEVICE_ID, ORDER);
        // The journal is new: what was before it is unknown.
        let mut journal = journal();
        let history = fail_during_execution(&device, &server, &mut journal).await;
        assert_eq!(history, History::Unknown);
        for _ in 0..3 {
            let history = fail_during_execution(&device, &server, &mut journal).await;
            assert_eq!(history, History::Interrupted);
        }
        // Another order is new: the journal was kept.
        let other = MockNgtt::start(&pki).await.unwrap();
        other.enqueue(DEFAULT_DEVICE_ID, [0x41, 0x06, 1]);
        let history = fail_during_execution(&device, &other, &mut journal).await;
        assert_eq!(history, History::New);
    });
}

#[test]
fn without_a_journal_every_reboot_is_an_unknown_past() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let device = Device::of(&pki);
        let server = MockNgtt::start(&pki).await.unwrap();
        server.enqueue(DEFAULT_DEVICE_ID, ORDER);
        for _ in 0..3 {
            let mut journal = journal();
            let history = fail_during_execution(&device, &server, &mut journal).await;
            assert_eq!(history, History::Unknown);
        }
    });
}

#[test]
fn an_executed_order_is_not_executed_again_after_a_power_failure() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let device = Device::of(&pki);
        let server = MockNgtt::start(&pki).await.unwrap();
        server.enqueue(DEFAULT_DEVICE_ID, ORDER);
        let mut journal = journal();
        let net = network(&server);
        device
            .run(&net, &mut journal, async |client| {
                let order = client.next_order().await;
                // The confirmation cannot leave.
                net.faults().set_link_up(false);
                order.acknowledge().await;
            })
            .await;
        assert_eq!(server.book().unanswered(), 1);
        let net = network(&server);
        device
            .run(&net, &mut journal, async |client| {
                // Answered from the journal, not handed over.
                let event = client.next_event().await;
                assert!(matches!(event, Event::OrderRepeated { .. }), "{event:?}");
                let answered = |book: &Book| book.unanswered() == 0;
                assert!(server.wait_until(MINUTE, answered).await);
                client.wait_idle().await;
                assert!(client.try_next_order().is_none());
            })
            .await;
        let book = server.book().device(DEFAULT_DEVICE_ID);
        assert_eq!(book.answered(Answer::Confirm), 1);
        assert_eq!(journal.records(), []);
    });
}
