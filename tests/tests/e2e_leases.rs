//! What a DHCP server says cannot stop a device.

use core::net::Ipv4Addr;

use wigwag_embassy::ngtt::Status;
use wigwag_harness::mock::MockNgtt;
use wigwag_harness::pki::Pki;
use wigwag_harness::vnet::{Addressing, Options, VirtualNet};
use wigwag_tests::e2e::{Device, SERVER, in_paused_time, no_journal, settled};

/// smoltcp by itself panics over each of these at the first packet that is to
/// leave the network.
#[test]
fn a_router_that_belongs_to_no_host_is_none() {
    for router in [[0, 0, 0, 0], [224, 0, 0, 1], [255, 255, 255, 255]] {
        in_paused_time(async move || {
            let pki = Pki::generate();
            let server = MockNgtt::start(&pki).await.unwrap();
            let options = Options {
                addressing: Addressing {
                    router: Some(Ipv4Addr::from(router)),
                    ..Addressing::DEFAULT
                },
                ..Options::default()
            };
            let net = VirtualNet::with(options, server.dial());
            net.names().set(SERVER, [Ipv4Addr::new(192, 0, 2, 1)]);
            Device::of(&pki)
                .run(&net, &mut no_journal(), async |client| {
                    let status = settled(&client).await;
                    assert!(matches!(status, Status::Waiting { .. }), "{status}");
                    // A server in the same network needs no router.
                    net.names().set(SERVER, [Addressing::DEFAULT.gateway]);
                    client.wait_status(Status::is_connected).await;
                })
                .await;
        });
    }
}
