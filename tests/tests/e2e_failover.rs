//! The client of a device on two networks at once: which of them it uses, and
//! what becomes of it when one or both die.

use core::time::Duration;
use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;

use wigwag_embassy::journal::RamJournal;
use wigwag_embassy::net::{ConnectError, PathId};
use wigwag_embassy::ngtt::{Reason, Status};
use wigwag_harness::faults::{Cut, DialFault, DnsFault};
use wigwag_harness::mock::MockNgtt;
use wigwag_harness::pki::{DEFAULT_DEVICE_ID, Pki};
use wigwag_harness::vnet::{Dial as _, VirtualNet};
use wigwag_tests::e2e::{Device, TestClient, in_paused_time, network, network_to, settled};

const HOUR: Duration = Duration::from_secs(3600);

/// Runs `app` on a device on two networks that lead to the same server.
fn on_two(app: impl AsyncFnOnce(TestClient<'_>, [&VirtualNet; 2], &MockNgtt) + Send + 'static) {
    in_paused_time(async || {
        let pki = Pki::generate();
        let server = MockNgtt::start(&pki).await.unwrap();
        let (better, other) = (network(&server), network(&server));
        let nets = [&better, &other];
        run(&pki, nets, async |client| app(client, nets, &server).await).await;
    });
}

async fn run<T>(
    pki: &Pki,
    nets: [&VirtualNet; 2],
    app: impl AsyncFnOnce(TestClient<'_>) -> T,
) -> T {
    let mut journal = RamJournal::<16>::new();
    Device::of(pki).run_on_two(nets, &mut journal, app).await
}

fn path(status: Status) -> u8 {
    match status {
        Status::Connected {
            path: PathId(path), ..
        } => path,
        other => panic!("{other:?}"),
    }
}

/// Waits for a connection, and returns the number of its path.
async fn connected(client: &TestClient<'_>) -> u8 {
    path(client.wait_status(Status::is_connected).await)
}

async fn reconnected(client: &TestClient<'_>) -> u8 {
    client.wait_status(|status| !status.is_connected()).await;
    connected(client).await
}

/// An order goes through.
async fn works(client: &TestClient<'_>, server: &MockNgtt) {
    server.enqueue(DEFAULT_DEVICE_ID, [0x40]);
    client.next_order().await.acknowledge().await;
    client.wait_idle().await;
}

/// A first path that does not do, and the seconds within which the device is
/// connected over the other.
type Death = (fn(&VirtualNet), core::ops::Range<u64>);

#[test]
fn a_first_path_that_is_dead_from_the_start_is_passed_over() {
    let deaths: [Death; 6] = [
        (|net| net.faults().set_dial(DialFault::Refuse), 0..3),
        (|net| net.faults().set_dns(DnsFault::ServerFailure), 0..3),
        // The times of `RaceConfig`, and of `Config::join_timeout`.
        (|net| net.faults().set_dial(DialFault::Silence), 10..13),
        (|net| net.faults().set_dns(DnsFault::Silence), 10..13),
        (|net| net.faults().set_link_up(false), 10..13),
        (|net| net.faults().set_dhcp_silent(true), 10..13),
    ];
    for (kill, seconds) in deaths {
        on_two(async move |client, [better, _], server| {
            kill(better);
            let before = tokio::time::Instant::now();
            // Nothing has failed as long as one path does.
            assert_eq!(path(settled(&client).await), 1);
            let passed = before.elapsed().as_secs();
            assert!(seconds.contains(&passed), "{passed} s, not {seconds:?}");
            works(&client, server).await;
        });
    }
}

#[test]
fn at_the_start_the_first_path_has_its_time() {
    on_two(async |client, [better, _], server| {
        better.faults().set_link_up(false);
        let late = async {
            tokio::time::sleep(Duration::from_secs(5)).await;
            better.faults().set_link_up(true);
        };
        let (connected, ()) = tokio::join!(connected(&client), late);
        assert_eq!(connected, 0);
        works(&client, server).await;
    });
}

#[test]
fn a_connection_stays_and_the_next_one_comes_back_to_the_first_path() {
    on_two(async |client, [better, _], server| {
        better.faults().set_dial(DialFault::Refuse);
        assert_eq!(connected(&client).await, 1);
        better.faults().set_dial(DialFault::None);
        let gone = client.wait_status(|status| !status.is_connected());
        assert!(tokio::time::timeout(HOUR, gone).await.is_err());
        client.reconnect();
        assert_eq!(reconnected(&client).await, 0);
        works(&client, server).await;
    });
}

#[test]
fn a_path_that_dies_in_the_middle_is_replaced_and_nothing_is_lost() {
    let deaths: [fn(&VirtualNet); 2] = [
        |net| net.faults().set_link_up(false),
        |net| {
            net.faults().set_dial(DialFault::Silence);
            net.faults().cut_all(Cut::Silence);
        },
    ];
    for kill in deaths {
        on_two(async move |client, [better, _], server| {
            assert_eq!(connected(&client).await, 0);
            works(&client, server).await;
            kill(better);
            server.enqueue(DEFAULT_DEVICE_ID, [0x41]);
            assert_eq!(reconnected(&client).await, 1);
            let order = client.next_order().await;
            assert_eq!(order.payload(), [0x41]);
            order.acknowledge().await;
            client.wait_idle().await;
            // It is plugged in again, and used when there is a reason.
            better.faults().set_link_up(true);
            better.faults().set_dial(DialFault::None);
            tokio::time::sleep(Duration::from_secs(60)).await;
            assert!(server.disconnect(DEFAULT_DEVICE_ID, Cut::Reset));
            assert_eq!(reconnected(&client).await, 0);
            works(&client, server).await;
        });
    }
}

#[test]
fn both_dead_is_one_failure_and_whichever_comes_back_is_used() {
    on_two(async |client, nets, server| {
        for net in nets {
            net.faults().set_dial(DialFault::Refuse);
        }
        let status = settled(&client).await;
        let refused = Reason::Connect(ConnectError::Refused);
        assert!(
            matches!(status, Status::Waiting { reason, attempt: 1, .. } if reason == refused),
            "{status:?}"
        );
        for back in [1, 0] {
            nets[back].faults().set_dial(DialFault::None);
            assert_eq!(usize::from(connected(&client).await), back);
            works(&client, server).await;
            nets[back].faults().set_dial(DialFault::Refuse);
            assert!(server.disconnect(DEFAULT_DEVICE_ID, Cut::Reset));
            client
                .wait_status(|status| status.reason() == Some(refused))
                .await;
        }
    });
}

#[test]
fn both_unplugged_is_offline_and_whichever_is_plugged_in_is_used() {
    on_two(async |client, nets, server| {
        assert_eq!(connected(&client).await, 0);
        for back in [1, 0] {
            for net in nets {
                net.faults().set_link_up(false);
            }
            let offline = client.wait_status(|status| matches!(status, Status::Offline { .. }));
            assert_eq!(offline.await.reason(), Some(Reason::LinkDown));
            nets[back].faults().set_dhcp_silent(true);
            nets[back].faults().set_link_up(true);
            client
                .wait_status(|status| status.reason() == Some(Reason::NoAddress))
                .await;
            nets[back].faults().set_dhcp_silent(false);
            assert_eq!(usize::from(connected(&client).await), back);
            works(&client, server).await;
        }
    });
}

/// As behind the login page of a hotel's Wi-Fi.
#[test]
fn a_stranger_on_the_first_path_does_not_keep_the_device_from_the_second() {
    in_paused_time(async || {
        let (pki, other) = (Pki::generate(), Pki::generate());
        let stranger = MockNgtt::start(&other).await.unwrap();
        let server = MockNgtt::start(&pki).await.unwrap();
        let nets = [&network(&stranger), &network(&server)];
        run(&pki, nets, async |client| {
            assert_eq!(path(settled(&client).await), 1);
            works(&client, &server).await;
            // Alone it would have the device wait for minutes, in the end.
            nets[1].faults().set_dial(DialFault::Refuse);
            assert!(server.disconnect(DEFAULT_DEVICE_ID, Cut::Reset));
            client.wait_status(|status| !status.is_connected()).await;
            tokio::time::sleep(2 * HOUR).await;
            nets[1].faults().set_dial(DialFault::None);
            // The longest wait between transient failures, and some more.
            let back = tokio::time::timeout(Duration::from_secs(65), connected(&client));
            assert_eq!(back.await, Ok(1), "{:?}", client.status());
        })
        .await;
    });
}

#[test]
fn what_a_verified_server_refuses_is_not_tried_on_the_second_path() {
    in_paused_time(async || {
        let (mut refusing, pki) = (Pki::generate(), Pki::generate());
        refusing.set_server(pki.server().clone());
        let server = MockNgtt::start(&refusing).await.unwrap();
        let (dials, dial) = (Rc::new(Cell::new(0)), server.dial());
        let count = dials.clone();
        let second = network_to(move |to: SocketAddr| {
            count.set(count.get() + 1);
            dial.dial(to)
        });
        run(&pki, [&network(&server), &second], async |client| {
            let refused = |status: &Status| {
                matches!(status, Status::Waiting { reason, attempt: 2, .. }
                    if matches!(reason, Reason::Tls(_)))
            };
            client.wait_status(refused).await;
        })
        .await;
        assert_eq!(dials.get(), 0);
    });
}
