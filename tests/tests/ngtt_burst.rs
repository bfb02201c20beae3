//! A device on batteries: one short connection, and what is done in it.

use core::time::Duration;

use embassy_time::Instant;
use wigwag_codec::minijson;
use wigwag_codec::ngtt::message::PathpointsWriter;
use wigwag_embassy::net::ConnectError;
use wigwag_embassy::ngtt::{Burst, Ended, Reason, Status};
use wigwag_harness::faults::{Cut, DialFault};
use wigwag_harness::mock::{DataAnswer, DeviceBook, MockNgtt};
use wigwag_harness::pki::{DEFAULT_DEVICE_ID, Pki};
use wigwag_harness::vnet::VirtualNet;
use wigwag_tests::e2e::{Device, TestClient, in_paused_time, network, no_journal};

fn point(batch: &mut PathpointsWriter<'_>) -> Result<(), minijson::Error> {
    let values = batch.pathpoint("W1", 1)?;
    values.value(1_700_000_000_000, |encoder| encoder.int(5))?;
    Ok(())
}

async fn queue(client: TestClient<'_>, batches: u32) {
    for _ in 0..batches {
        let sending = client.submit_pathpoints(1, point).await;
        drop(sending.expect("there is room in the queue"));
    }
}

/// Executes orders for ever, each in so long.
async fn execute(client: TestClient<'_>, each: Duration) {
    loop {
        let order = client.next_order().await;
        tokio::time::sleep(each).await;
        order.acknowledge().await;
    }
}

/// Runs `test` on a device that executes orders meanwhile, each in so long, and whose
/// client was closed when the test began.
async fn asleep(
    net: &VirtualNet,
    pki: &Pki,
    each: Duration,
    test: impl AsyncFnOnce(TestClient<'_>),
) {
    Device::of(pki)
        .run(net, &mut no_journal(), async |client| {
            client.close().await;
            tokio::select! {
                () = test(client) => {}
                () = execute(client, each) => unreachable!(),
            }
            assert_eq!(client.status(), Status::Closed);
        })
        .await;
}

fn book(server: &MockNgtt) -> DeviceBook {
    server.book().device(DEFAULT_DEVICE_ID)
}

#[test]
fn all_that_waits_on_both_sides_is_done_and_then_it_is_over() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let server = MockNgtt::start(&pki).await.unwrap();
        let each = Duration::from_secs(3);
        asleep(&network(&server), &pki, each, async |client| {
            for round in 1..=3 {
                queue(client, 3).await;
                for number in 0..5 {
                    server.enqueue(DEFAULT_DEVICE_ID, [0x41, 0x06, round * 10 + number]);
                }
                let before = Instant::now();
                let report = Burst::DEFAULT.run(client).await;
                assert_eq!(report.ended, Ended::Settled, "{report:?}");
                assert_eq!((report.delivered, report.rejected), (3, 0));
                assert_eq!((report.orders_taken, report.orders_answered), (5, 5));
                assert_eq!((report.orders_left, report.sends_left), (0, 0));
                assert_eq!(
                    before.elapsed().as_millis() as u128,
                    report.took.as_millis()
                );
                // Five orders, the quiet time, and what the way costs.
                let most = 5 * each + Burst::DEFAULT.quiet + Duration::from_secs(3);
                assert!(report.connected < most, "{report:?}");
                assert!(report.connected <= report.took);
                tokio::time::sleep(Duration::from_secs(3600)).await;
            }
        })
        .await;
        let book = book(&server);
        assert_eq!((book.connections, book.unanswered()), (3, 0));
        assert_eq!(book.confirmed_points(), 9);
        // The fifth finds no free slot, and comes again.
        assert!(book.orders.iter().all(|order| order.deliveries <= 2));
    });
}

#[test]
fn with_nothing_to_do_it_is_as_long_as_the_quiet_time() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let server = MockNgtt::start(&pki).await.unwrap();
        asleep(&network(&server), &pki, Duration::ZERO, async |client| {
            for quiet in [1, 5] {
                let quiet = Duration::from_secs(quiet);
                let burst = Burst {
                    quiet,
                    ..Burst::DEFAULT
                };
                let report = burst.run(client).await;
                assert!(report.ended.is_settled(), "{report:?}");
                assert_eq!((report.delivered, report.orders_taken), (0, 0));
                assert!(report.connected >= quiet, "{report:?}");
                assert!(
                    report.connected < quiet + Duration::from_secs(2),
                    "{report:?}"
                );
            }
        })
        .await;
        assert_eq!(book(&server).fetches, 2);
    });
}

#[test]
fn a_refused_batch_is_told() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let server = MockNgtt::start(&pki).await.unwrap();
        server.set_data_reply(DataAnswer::Reject);
        asleep(&network(&server), &pki, Duration::ZERO, async |client| {
            queue(client, 2).await;
            let report = Burst::DEFAULT.run(client).await;
            assert_eq!(report.ended, Ended::Settled);
            assert_eq!((report.delivered, report.rejected), (0, 2));
            assert_eq!(report.sends_left, 0);
        })
        .await;
    });
}

#[test]
fn without_a_link_it_says_so_and_keeps_what_is_queued() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let server = MockNgtt::start(&pki).await.unwrap();
        let net = network(&server);
        net.faults().set_dhcp_silent(true);
        asleep(&net, &pki, Duration::ZERO, async |client| {
            queue(client, 2).await;
            let report = Burst::DEFAULT.run(client).await;
            assert_eq!(report.ended, Ended::Failed(Reason::NoAddress));
            assert_eq!((report.sends_left, report.delivered), (2, 0));
            assert_eq!(report.connected, Duration::ZERO);
            assert!(report.took < Duration::from_secs(15), "{report:?}");
            net.faults().set_dhcp_silent(false);
            let report = Burst::DEFAULT.run(client).await;
            assert_eq!(report.ended, Ended::Settled, "{report:?}");
            assert_eq!((report.sends_left, report.delivered), (0, 2));
        })
        .await;
    });
}

#[test]
fn a_server_that_refuses_is_tried_so_often_and_no_more() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let server = MockNgtt::start(&pki).await.unwrap();
        let net = network(&server);
        net.faults().set_dial(DialFault::Refuse);
        asleep(&net, &pki, Duration::ZERO, async |client| {
            queue(client, 1).await;
            for attempts in [0, 1, 3] {
                let burst = Burst {
                    attempts,
                    ..Burst::DEFAULT
                };
                let report = burst.run(client).await;
                let refused = Reason::Connect(ConnectError::Refused);
                assert_eq!(report.ended, Ended::Failed(refused), "{report:?}");
                assert_eq!(report.sends_left, 1);
                assert!(report.took < Duration::from_secs(60), "{report:?}");
            }
        })
        .await;
    });
}

#[test]
fn a_silent_server_costs_the_time_limit_at_most() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let server = MockNgtt::start(&pki).await.unwrap();
        let net = network(&server);
        net.faults().set_dial(DialFault::Silence);
        asleep(&net, &pki, Duration::ZERO, async |client| {
            queue(client, 1).await;
            for seconds in [1, 5, 60] {
                let limit = Duration::from_secs(seconds);
                let burst = Burst {
                    limit,
                    attempts: 200,
                    ..Burst::DEFAULT
                };
                let report = burst.run(client).await;
                assert!(!report.ended.is_settled(), "{report:?}");
                assert!(report.took >= limit, "{report:?}");
                assert!(report.took < limit + Duration::from_secs(1), "{report:?}");
                assert_eq!((report.sends_left, report.connected), (1, Duration::ZERO));
            }
        })
        .await;
    });
}

#[test]
fn a_server_that_answers_nothing_costs_the_time_limit_and_a_farewell() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let server = MockNgtt::start(&pki).await.unwrap();
        server.set_data_reply(DataAnswer::Silence);
        asleep(&network(&server), &pki, Duration::ZERO, async |client| {
            queue(client, 1).await;
            let report = Burst::DEFAULT.run(client).await;
            assert_eq!(report.ended, Ended::TimeLimit);
            assert_eq!(report.sends_left, 1);
            assert!(report.connected > Duration::from_secs(50), "{report:?}");
            let most = Burst::DEFAULT.limit + Duration::from_secs(15);
            assert!(report.took < most, "{report:?}");
            // It is sent again.
            server.set_data_reply(DataAnswer::Confirm);
            let report = Burst::DEFAULT.run(client).await;
            assert_eq!((report.ended, report.delivered), (Ended::Settled, 1));
        })
        .await;
    });
}

#[test]
fn orders_that_keep_coming_end_with_the_time_limit_and_none_is_lost() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let server = MockNgtt::start(&pki).await.unwrap();
        let each = Duration::from_millis(700);
        asleep(&network(&server), &pki, each, async |client| {
            let coming = async {
                for number in 0.. {
                    server.enqueue(DEFAULT_DEVICE_ID, [0x41, 0x06, number]);
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    if number == 100 {
                        break;
                    }
                }
            };
            let limit = Duration::from_secs(30);
            let burst = Burst {
                limit,
                ..Burst::DEFAULT
            };
            let (report, ()) = tokio::join!(burst.run(client), coming);
            assert_eq!(report.ended, Ended::TimeLimit, "{report:?}");
            assert!((20..=31).contains(&report.orders_answered), "{report:?}");
            // What has come since then is done by the next one.
            let limit = Duration::from_secs(600);
            let report = Burst {
                limit,
                ..Burst::DEFAULT
            }
            .run(client)
            .await;
            assert_eq!((report.ended, report.orders_left), (Ended::Settled, 0));
        })
        .await;
        let book = book(&server);
        assert_eq!((book.orders.len(), book.unanswered()), (101, 0));
    });
}

#[test]
fn an_order_in_the_applications_hands_is_answered_by_the_next_burst() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let server = MockNgtt::start(&pki).await.unwrap();
        server.enqueue(DEFAULT_DEVICE_ID, [0x41, 0x06, 1]);
        let each = Duration::from_secs(90);
        asleep(&network(&server), &pki, each, async |client| {
            let report = Burst::DEFAULT.run(client).await;
            assert_eq!(report.ended, Ended::TimeLimit);
            assert_eq!((report.orders_taken, report.orders_answered), (1, 0));
            assert_eq!(report.orders_left, 1);
            tokio::time::sleep(Duration::from_secs(3600)).await;
            let report = Burst::DEFAULT.run(client).await;
            assert_eq!((report.ended, report.orders_left), (Ended::Settled, 0));
            // It was answered in between, and not executed twice.
            assert_eq!(report.orders_taken, 0);
        })
        .await;
        assert_eq!(book(&server).unanswered(), 0);
    });
}

#[test]
fn cut_in_the_middle_it_connects_again() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let server = MockNgtt::start(&pki).await.unwrap();
        for number in 0..4 {
            server.enqueue(DEFAULT_DEVICE_ID, [0x41, 0x06, number]);
        }
        let each = Duration::from_secs(2);
        asleep(&network(&server), &pki, each, async |client| {
            queue(client, 2).await;
            let cutting = async {
                tokio::time::sleep(Duration::from_secs(3)).await;
                assert!(server.disconnect(DEFAULT_DEVICE_ID, Cut::Reset));
            };
            let (report, ()) = tokio::join!(Burst::DEFAULT.run(client), cutting);
            assert_eq!(report.ended, Ended::Settled, "{report:?}");
            assert_eq!((report.delivered, report.orders_answered), (2, 4));
        })
        .await;
        let book = book(&server);
        assert_eq!((book.connections, book.unanswered()), (2, 0));
    });
}

#[test]
fn cut_again_and_again_it_is_given_up() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let server = MockNgtt::start(&pki).await.unwrap();
        asleep(&network(&server), &pki, Duration::ZERO, async |client| {
            let cutting = async {
                loop {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                    server.disconnect(DEFAULT_DEVICE_ID, Cut::Reset);
                }
            };
            let report = tokio::select! {
                report = Burst::DEFAULT.run(client) => report,
                () = cutting => unreachable!(),
            };
            assert!(
                matches!(report.ended, Ended::Failed(Reason::Tls(_))),
                "{report:?}"
            );
            assert!(report.took < Duration::from_secs(20), "{report:?}");
        })
        .await;
        assert_eq!(book(&server).connections, 3);
    });
}

#[test]
fn another_task_may_close_it() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let server = MockNgtt::start(&pki).await.unwrap();
        asleep(&network(&server), &pki, Duration::ZERO, async |client| {
            let closing = async {
                tokio::time::sleep(Duration::from_secs(1)).await;
                client.close().await;
            };
            let (report, ()) = tokio::join!(Burst::DEFAULT.run(client), closing);
            assert_eq!(report.ended, Ended::Closed, "{report:?}");
            assert!(report.took < Duration::from_secs(3), "{report:?}");
        })
        .await;
    });
}

#[test]
fn a_failure_of_before_is_not_waited_for() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let server = MockNgtt::start(&pki).await.unwrap();
        let net = network(&server);
        net.faults().set_dial(DialFault::Refuse);
        Device::of(&pki)
            .run(&net, &mut no_journal(), async |client| {
                // The client has tried by itself, and waits up to a minute now.
                let many = |status: &Status| matches!(status, Status::Waiting { attempt: 8, .. });
                client.wait_status(many).await;
                net.faults().set_dial(DialFault::None);
                let report = Burst::DEFAULT.run(client).await;
                assert_eq!(report.ended, Ended::Settled, "{report:?}");
                assert!(report.took < Duration::from_secs(4), "{report:?}");
            })
            .await;
    });
}
