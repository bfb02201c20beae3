//! A device with two certificates at a time: whatever the server makes of them,
//! the one that works is found, and the application is told.

use core::time::Duration;
use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;

use wigwag_embassy::journal::RamJournal;
use wigwag_embassy::ngtt::{Notice, Reason, Status};
use wigwag_embassy::time;
use wigwag_embassy::tls::{ClockPolicy, End, Slot, Standing};
use wigwag_harness::faults::Cut;
use wigwag_harness::mock::MockNgtt;
use wigwag_harness::pki::{DEFAULT_DEVICE_ID, Pki, Validity};
use wigwag_harness::vnet::Dial as _;
use wigwag_tests::e2e::{Device, SERVER, TestClient, in_paused_time, network, network_to};

/// A server and its twin: the same certificate, but each accepts the devices of
/// its own authority only. Behind one address, as one server before and after
/// its operator has changed its mind.
struct Twins {
    old: MockNgtt,
    new: MockNgtt,
    device: Device,
}

impl Twins {
    async fn start() -> Self {
        let (old, mut new) = (Pki::generate(), Pki::generate());
        new.set_server(old.server().clone());
        let next = new.device(DEFAULT_DEVICE_ID).unwrap().clone();
        Self {
            device: Device {
                next: Some(next),
                ..Device::of(&old)
            },
            old: MockNgtt::start(&old).await.unwrap(),
            new: MockNgtt::start(&new).await.unwrap(),
        }
    }
}

fn journal() -> RamJournal {
    RamJournal::new()
}

async fn seconds<T>(count: u64, wait: impl Future<Output = T>) -> T {
    let limit = Duration::from_secs(count);
    let done = tokio::time::timeout(limit, wait).await;
    done.unwrap_or_else(|_| panic!("not within {count} s"))
}

async fn refused(client: &TestClient<'_>, expected: Slot) {
    // A connection that was lost comes first, and its wait.
    let notice = seconds(120, client.next_notice()).await;
    assert!(
        matches!(notice, Notice::Refused { slot, end: End::IdentityRefused(_) } if slot == expected),
        "{notice}"
    );
}

/// The first answer of the server proves it: that to a PING, if it has no
/// orders.
async fn proved(client: &TestClient<'_>, expected: Slot) {
    let notice = seconds(120, client.next_notice()).await;
    assert_eq!(notice, Notice::Proved(expected));
    assert_eq!(client.credentials().slot(), expected);
    assert!(client.status().is_connected());
}

#[test]
fn a_new_certificate_that_the_server_accepts_takes_over_at_once() {
    in_paused_time(async || {
        let Twins { new, device, .. } = Twins::start().await;
        device
            .run(&network(&new), &mut journal(), async |client| {
                proved(&client, Slot::Next).await;
                let credentials = client.credentials();
                assert_eq!(credentials.standing(Slot::Next), Some(Standing::Proved));
                assert_eq!(credentials.standing(Slot::Current), Some(Standing::Untried));
                // It stays in use, and nothing more is said about it.
                for _ in 0..3 {
                    new.disconnect(DEFAULT_DEVICE_ID, Cut::Reset);
                    client.wait_status(|status| !status.is_connected()).await;
                    client.wait_status(Status::is_connected).await;
                }
                let silence = Duration::from_secs(3600);
                let more = tokio::time::timeout(silence, client.next_notice()).await;
                assert!(more.is_err(), "{more:?}");
            })
            .await;
        assert_eq!(new.book().refused, 0);
    });
}

#[test]
fn a_new_certificate_that_the_server_refuses_costs_a_second() {
    in_paused_time(async || {
        let Twins { old, device, .. } = Twins::start().await;
        device
            .run(&network(&old), &mut journal(), async |client| {
                let before = time::now();
                refused(&client, Slot::Next).await;
                client.wait_status(|status| !status.is_connected()).await;
                client.wait_status(Status::is_connected).await;
                let took = time::now().saturating_duration_since(before);
                assert!(took < Duration::from_secs(3), "{took:?}");
                proved(&client, Slot::Current).await;
                // From here on the one that works is tried first.
                for _ in 0..3 {
                    old.disconnect(DEFAULT_DEVICE_ID, Cut::Reset);
                    client.wait_status(|status| !status.is_connected()).await;
                    client.wait_status(Status::is_connected).await;
                }
                client.wait_idle().await;
            })
            .await;
        assert_eq!(old.book().refused, 1);
    });
}

#[test]
fn a_server_that_changes_its_mind_is_followed() {
    in_paused_time(async || {
        let Twins { old, new, device } = Twins::start().await;
        let changed = Rc::new(Cell::new(false));
        let (to_old, to_new, which) = (old.dial(), new.dial(), changed.clone());
        let net = network_to(move |to: SocketAddr| {
            if which.get() {
                to_new.dial(to)
            } else {
                to_old.dial(to)
            }
        });
        device
            .run(&net, &mut journal(), async |client| {
                refused(&client, Slot::Next).await;
                proved(&client, Slot::Current).await;
                // The new authority is known now, and the old one is not.
                changed.set(true);
                old.disconnect(DEFAULT_DEVICE_ID, Cut::Reset);
                refused(&client, Slot::Current).await;
                proved(&client, Slot::Next).await;
                // And back.
                changed.set(false);
                new.disconnect(DEFAULT_DEVICE_ID, Cut::Reset);
                refused(&client, Slot::Next).await;
                proved(&client, Slot::Current).await;
            })
            .await;
    });
}

#[test]
fn when_both_are_refused_both_are_tried_slowly() {
    in_paused_time(async || {
        let Twins { old, device, .. } = Twins::start().await;
        let stranger = Pki::generate();
        let mut device = device;
        device.identity = stranger.device(DEFAULT_DEVICE_ID).unwrap().clone();
        device
            .run(&network(&old), &mut journal(), async |client| {
                let mut shown = Vec::new();
                let mut waits = Vec::new();
                for attempt in 0..6 {
                    let Notice::Refused { slot, .. } = client.next_notice().await else {
                        panic!("attempt {attempt} was not refused");
                    };
                    let Status::Waiting {
                        reason, retry_at, ..
                    } = client
                        .wait_status(|status| matches!(status, Status::Waiting { .. }))
                        .await
                    else {
                        unreachable!("waited for it");
                    };
                    assert!(matches!(reason, Reason::Tls(End::IdentityRefused(_))));
                    shown.push(slot);
                    waits.push(retry_at.saturating_duration_since(time::now()));
                }
                let (next, current) = (Slot::Next, Slot::Current);
                assert_eq!(shown, [next, current, next, current, next, current]);
                // At once, then at the pace of refusals, which grows.
                assert!(waits[0] <= Duration::from_secs(1), "{waits:?}");
                for (index, wait) in waits[1..].iter().enumerate() {
                    let least = Duration::from_secs((30 << index).min(450));
                    assert!(*wait >= least, "{waits:?}");
                }
            })
            .await;
    });
}

#[test]
fn a_connection_without_time_checks_says_so_each_time() {
    in_paused_time(async || {
        let mut pki = Pki::generate();
        let expired = pki.server_identity(&[SERVER.to_owned()], Validity::expired());
        pki.set_server(expired.unwrap());
        let server = MockNgtt::start(&pki).await.unwrap();
        let device = Device {
            clock: ClockPolicy::dangerous_without_time_checks(),
            ..Device::of(&pki)
        };
        device
            .run(&network(&server), &mut journal(), async |client| {
                for _ in 0..3 {
                    let notice = seconds(60, client.next_notice()).await;
                    assert_eq!(notice, Notice::TimeUnchecked);
                    client.wait_idle().await;
                    client.reconnect();
                }
            })
            .await;
    });
}
