//! A device gets a new certificate over the wire: request, certificate, proof,
//! promotion, with servers that take it and servers that do not, and with a power
//! failure in between.

mod desk;
mod site;

use desk::{Desk, MINUTE, text};
use site::Site;
use wigwag_codec::ngtt::client::Answer;
use wigwag_embassy::renewal::Stage;
use wigwag_embassy::tls::Slot;
use wigwag_harness::faults::Cut;
use wigwag_harness::mock::MockNgtt;
use wigwag_harness::pki::{DEFAULT_DEVICE_ID, Pki, Validity};
use wigwag_tests::e2e::{in_paused_time, network};

#[test]
fn a_new_certificate_is_requested_brought_proved_and_promoted() {
    in_paused_time(async || {
        let site = Site::new();
        let server = MockNgtt::start(&site.pki).await.unwrap();
        let net = network(&server);
        let mut desk = Desk::of(&server);
        let new = site
            .boot(&net, async |client, renewals| {
                client.connected().await.unwrap();
                let request = desk.request().await;
                assert_eq!(renewals.stage(&client).await, Stage::Requested);
                let before = server.book().device(DEFAULT_DEVICE_ID).connections;
                let new = desk.bring(&site.pki, &request).await;
                // On a connection of its own it is proved and takes over.
                renewals.reaches(&client, Stage::None).await;
                let connections = server.book().device(DEFAULT_DEVICE_ID).connections;
                assert_eq!(connections, before + 1);
                assert_eq!(client.credentials().slot(), Slot::Next);
                client.wait_idle().await;
                new
            })
            .await;
        // After a restart it is the only one, and good.
        site.boot(&net, async |client, renewals| {
            client.connected().await.unwrap();
            client.wait_idle().await;
            assert_eq!(client.credentials().slot(), Slot::Current);
            let again = desk.request().await;
            assert!(!again.is_empty());
            assert_eq!(renewals.shown().await, (new, None));
        })
        .await;
        assert_eq!(server.book().refused, 0);
    });
}

#[test]
fn a_server_that_does_not_know_the_new_authority_goes_on_with_the_old_one() {
    in_paused_time(async || {
        let site = Site::new();
        let server = MockNgtt::start(&site.pki).await.unwrap();
        let net = network(&server);
        let mut desk = Desk::of(&server);
        let stranger = Pki::generate();
        site.boot(&net, async |client, renewals| {
            client.connected().await.unwrap();
            let request = desk.request().await;
            let new = desk.bring(&stranger, &request).await;
            renewals.reaches(&client, Stage::Refused).await;
            client.connected().await.unwrap();
            // Orders are executed as before; it is given up by one of them.
            assert_eq!(desk.order("request").await, Answer::Reject);
            assert_eq!(client.credentials().slot(), Slot::Current);
            let old = site.pki.device(DEFAULT_DEVICE_ID).unwrap().certificate();
            let both = (old.to_vec(), Some(new));
            assert_eq!(renewals.shown().await, both);
            assert_eq!(desk.order("cancel").await, Answer::Confirm);
            assert_eq!(renewals.stage(&client).await, Stage::None);
            // And begun anew.
            let request = desk.request().await;
            desk.bring(&site.pki, &request).await;
            renewals.reaches(&client, Stage::None).await;
        })
        .await;
        assert!(server.book().refused >= 1);
    });
}

#[test]
fn a_server_that_learns_of_the_new_authority_later_gets_the_new_one() {
    in_paused_time(async || {
        let site = Site::new();
        let mut operator = Pki::generate();
        operator.set_server(site.pki.server().clone());
        let old = MockNgtt::start(&site.pki).await.unwrap();
        let new = MockNgtt::start(&operator).await.unwrap();
        let mut desk = Desk::of(&old);
        let certificate = site
            .boot(&network(&old), async |client, renewals| {
                client.connected().await.unwrap();
                let request = desk.request().await;
                let certificate = desk.bring(&operator, &request).await;
                renewals.reaches(&client, Stage::Refused).await;
                certificate
            })
            .await;
        // Restarted, and the operator has changed the authority meanwhile.
        site.boot(&network(&new), async |client, renewals| {
            client.connected().await.unwrap();
            renewals.reaches(&client, Stage::None).await;
            assert_eq!(renewals.shown().await, (certificate, None));
        })
        .await;
    });
}

#[test]
fn certificates_of_others_are_rejected() {
    in_paused_time(async || {
        let site = Site::new();
        let server = MockNgtt::start(&site.pki).await.unwrap();
        let mut desk = Desk::of(&server);
        site.boot(&network(&server), async |client, renewals| {
            client.connected().await.unwrap();
            let early = text(site.pki.device(DEFAULT_DEVICE_ID).unwrap().certificate());
            assert_eq!(desk.order(&early).await, Answer::Reject);
            let request = desk.request().await;
            let expired = site.pki.sign_request(&request, Validity::expired());
            for bad in [
                early,
                text(&expired.unwrap().certificate),
                text(site.pki.device_ca()),
                text(&request),
                "certificate".into(),
            ] {
                assert_eq!(desk.order(&bad).await, Answer::Reject);
                assert_eq!(renewals.stage(&client).await, Stage::Requested);
            }
            desk.bring(&site.pki, &request).await;
            renewals.reaches(&client, Stage::None).await;
        })
        .await;
        assert_eq!(server.book().refused, 0);
    });
}

#[test]
fn a_power_failure_at_any_write_of_a_renewal_leaves_a_device_that_connects() {
    in_paused_time(async || {
        let mut cut = 0;
        loop {
            let site = Site::new();
            let server = MockNgtt::start(&site.pki).await.unwrap();
            let net = network(&server);
            // The store is there before the renewal begins.
            site.boot(&net, async |client, _| client.connected().await.unwrap())
                .await;
            site.chip.cut_at(cut);
            let mut desk = Desk::of(&server);
            let life = site.boot(&net, async |client, renewals| {
                let request = desk.request().await;
                desk.bring(&site.pki, &request).await;
                renewals.reaches(&client, Stage::None).await;
            });
            let is_whole = site.chip.power(life).await.is_some();
            site.chip.never_cut();
            server.disconnect(DEFAULT_DEVICE_ID, Cut::Reset);

            site.boot(&net, async |client, renewals| {
                client.connected().await.unwrap();
                // The orders that were under way come again.
                let settled = server.wait_until(10 * MINUTE, |book| book.unanswered() == 0);
                assert!(settled.await, "cut {cut}");
                let mut desk = Desk::of(&server);
                let (current, _) = renewals.shown().await;
                let old = site.pki.device(DEFAULT_DEVICE_ID).unwrap().certificate();
                if current == old.to_vec() && renewals.stage(&client).await != Stage::Untried {
                    let request = desk.request().await;
                    desk.bring(&site.pki, &request).await;
                }
                renewals.reaches(&client, Stage::None).await;
                assert_ne!(renewals.shown().await.0, old.to_vec(), "cut {cut}");
            })
            .await;
            if is_whole {
                break;
            }
            cut += 1;
        }
        // The key, its certificate, the copy and the removal.
        assert!(cut >= 4, "{cut}");
    });
}
