//! Frames that no orderly network has, thrown at the device while it works.

use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_core::RngCore;
use wigwag_harness::faults::{Direction, LinkFaults, MAX_INJECTED};
use wigwag_harness::firmware::HARDWARE_ADDRESS;
use wigwag_tests::{campaign, runner};

use crate::site::{LIMIT, Site, on_site};

/// Frames thrown before the last order of a case.
const FRAMES: u64 = 1000;

const BROADCAST: [u8; 6] = [0xff; 6];

pub(crate) fn campaign() -> runner::Outcome {
    for seed in campaign::seeds("firmware garbage", 20) {
        on_site(case(seed)).map_err(|failed| {
            let said = failed.message().unwrap_or_default();
            format!("seed {seed}: {said}")
        })?;
    }
    Ok(())
}

async fn case(seed: u64) -> runner::Outcome {
    let site = Site::new().await?;
    site.enqueue(0..9);
    let mut rng = campaign::rng(seed);
    // What the link does to honest frames at the same time.
    let weather = LinkFaults {
        loss: 0.01,
        double: 0.02,
        corrupt: 0.02,
        truncate: 0.02,
        delay: Duration::ZERO,
        jitter: Duration::from_millis(2),
    };
    site.faults.set_link(Direction::ToDevice, weather);
    site.faults.set_link(Direction::ToServer, weather);
    let run = site.boot(10, 3).await?;
    let finish = run.finish(LIMIT);
    let outcome = tokio::select! {
        outcome = finish => outcome?,
        never = throw(&site, &mut rng) => match never {},
    };
    site.check(&outcome, 10, 3)
}

/// Throws frames for as long as it is let. The tenth order comes behind enough
/// of them, however fast the device was with the others.
async fn throw(site: &Site, rng: &mut ChaCha8Rng) -> std::convert::Infallible {
    let mut last = Some(9..10);
    loop {
        for _ in 0..MAX_INJECTED / 4 {
            let frame = frame(rng);
            if !site.faults.inject(Direction::ToDevice, frame) {
                break;
            }
        }
        if site.faults.counts().injected >= FRAMES
            && let Some(last) = last.take()
        {
            site.enqueue(last);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn below(rng: &mut ChaCha8Rng, limit: usize) -> usize {
    rng.next_u32() as usize % limit
}

fn noise(rng: &mut ChaCha8Rng, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    rng.fill_bytes(&mut bytes);
    bytes
}

/// A frame of one of the kinds there should not be.
fn frame(rng: &mut ChaCha8Rng) -> Vec<u8> {
    match below(rng, 10) {
        // A runt, shorter than a header.
        0 => {
            let length = below(rng, 14);
            noise(rng, length)
        }
        // A giant that the chip still takes, and one that it does not.
        1 => {
            let length = 1515 - 14 + below(rng, 500);
            ethernet(rng, 0x0800, length)
        }
        2 => {
            let length = 2048 + below(rng, 10_000);
            ethernet(rng, 0x0800, length)
        }
        // Noise altogether, and noise that says that it is IP, ARP, IPv6, VLAN.
        3 => {
            let length = 14 + below(rng, 1500);
            noise(rng, length)
        }
        4 => {
            let kind = [0x0800, 0x0806, 0x86dd, 0x8100, 0x0000][below(rng, 5)];
            let length = below(rng, 1500);
            ethernet(rng, kind, length)
        }
        // ARP cut short, or of sizes that it does not have.
        5 => {
            let mut frame = ethernet(rng, 0x0806, 0);
            let arp = [0, 1, 8, 0, 6, 4, 0, 1 + below(rng, 3) as u8];
            let length = below(rng, 20);
            let rest = noise(rng, length);
            frame.extend(arp.into_iter().chain(rest));
            frame
        }
        // IP with a wrong checksum, or with lengths that are not the frame's.
        6 => ip(rng, 17, |header, rng| header[10] ^= 1 << below(rng, 8)),
        7 => ip(rng, 17, |header, rng| {
            header[2..4].copy_from_slice(&(rng.next_u32() as u16).to_be_bytes());
            sum(header);
        }),
        // Fragments, options that are not there, protocols of any number.
        8 => ip(rng, 6, |header, rng| {
            header[below(rng, 10)] = rng.next_u32() as u8;
            sum(header);
        }),
        // TCP, UDP and ICMP in order up to their own header, which is noise.
        _ => {
            let protocol = [6, 17, 1][below(rng, 3)];
            ip(rng, protocol, |_, _| {})
        }
    }
}

/// A header of Ethernet II to the device or to all, and `length` bytes of noise.
fn ethernet(rng: &mut ChaCha8Rng, kind: u16, length: usize) -> Vec<u8> {
    let to = if below(rng, 4) == 0 {
        BROADCAST
    } else {
        HARDWARE_ADDRESS
    };
    let mut frame = [&to[..], &[2, 0, 0, 0, 0, 1], &kind.to_be_bytes()].concat();
    frame.extend(noise(rng, length));
    frame
}

/// An IPv4 packet to the device, from anywhere, with a changed header.
fn ip(
    rng: &mut ChaCha8Rng,
    protocol: u8,
    change: impl FnOnce(&mut [u8], &mut ChaCha8Rng),
) -> Vec<u8> {
    let length = below(rng, 1400);
    let mut frame = ethernet(rng, 0x0800, 0);
    let total = u16::try_from(20 + length).unwrap_or(u16::MAX);
    let mut header = vec![0x45, 0];
    header.extend(total.to_be_bytes());
    header.extend([0, 0, 0, 0, 64, protocol, 0, 0]);
    header.extend([198, 51, 100, rng.next_u32() as u8, 10, 0, 2, 15]);
    sum(&mut header);
    change(&mut header, rng);
    frame.extend(header);
    frame.extend(noise(rng, length));
    frame
}

/// Writes the checksum of an IPv4 header. RFC 1071.
fn sum(header: &mut [u8]) {
    header[10..12].fill(0);
    let words = header.chunks_exact(2);
    let mut sum: u32 = words
        .map(|word| u32::from(word[0]) << 8 | u32::from(word[1]))
        .sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    header[10..12].copy_from_slice(&(!(sum as u16)).to_be_bytes());
}
