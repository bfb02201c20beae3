//! Servers out of a seeded generator against the device's TLS layer.

use core::time::Duration;

use wigwag_harness::adversary::catalogue::{AFTER, BEFORE};
use wigwag_harness::adversary::{Adversary, Garbage, Seen, garbage};
use wigwag_harness::pki::Pki;
use wigwag_tests::campaign;
use wigwag_tests::e2e::in_paused_time;
use wigwag_tests::tls::{Connected, TlsDevice};

#[test]
fn campaign_tls_garbage() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let device = TlsDevice::of(&pki);
        let seeds = campaign::seeds("tls_garbage", 100_000);
        let (mut taken, many) = (0_u32, seeds.end - seeds.start >= 1000);
        for seed in seeds {
            let mut rng = campaign::rng(seed);
            let server = garbage(&mut rng);
            let adversary = Adversary::new(pki.server(), seed);
            let (near, far) = tokio::io::duplex(65_536);
            let (connected, seen) = tokio::join!(
                device.connect(near, rng),
                adversary.play(&server.script, far)
            );
            let connected = connected.unwrap_or_else(|panic| panic!("seed {seed}: {panic}"));
            taken += u32::from(connected.opened);
            if let Some(complaint) = wrong(&server, &connected, &seen) {
                panic!(
                    "seed {seed}: {complaint}: {connected:?}\n{:?}",
                    server.script
                );
            }
        }
        // Some servers are good for a while.
        assert!(taken > 10 || !many, "only {taken} servers were taken");
    });
}

fn wrong(server: &Garbage, connected: &Connected, seen: &Seen) -> Option<&'static str> {
    if connected.opened && !server.authentic {
        return Some("taken, and it should not have been");
    }
    if !server.authentic && !seen.given_away().is_empty() {
        return Some("gave something away");
    }
    if !connected.opened && connected.took > Duration::from_secs(21) {
        return Some("took too long");
    }
    if connected.took > Duration::from_secs(180) {
        return Some("stayed too long");
    }
    let all = [BEFORE, AFTER].concat();
    if !all.starts_with(&connected.delivered) {
        return Some("delivered what was never sent");
    }
    None
}
