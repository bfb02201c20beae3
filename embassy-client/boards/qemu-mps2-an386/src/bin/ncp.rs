//! A device of NCP on QEMU's Arm MPS2 board, client and server: see the library.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use qemu_mps2_an386::ethernet::{self, Ethernet};
use qemu_mps2_an386::{board, clock, exit, host, unusable};
use static_cell::StaticCell;
use wigwag_app::Network;
use wigwag_app::ncp::words::Words;
use wigwag_app::ncp::{Application, Connections, Node, report, start, time};
use wigwag_embassy::ncp::Time;

#[embassy_executor::task]
async fn network(mut runner: Network<Ethernet>) -> ! {
    runner.run().await
}

#[embassy_executor::task]
async fn connections(connections: &'static mut Connections<host::Entropy>) -> ! {
    connections.run().await
}

#[embassy_executor::task]
async fn node(node: Node) -> ! {
    node.run().await
}

#[embassy_executor::task]
async fn application(mut application: Application<host::Entropy>, words: Words<'static>) -> ! {
    if !words.is_trial() {
        application.run().await;
    }
    let verdict = application.on_trial().await;
    if let Some(path) = words.report {
        let mut bytes = [0; report::LONGEST];
        let report = application.report();
        host::write_file(
            path,
            report.write(&mut bytes).expect("the longest report fits"),
        );
    }
    exit(verdict.status())
}

#[cortex_m_rt::entry]
fn main() -> ! {
    qemu_mps2_an386::run(begin)
}

/// The time of day, for packets.
fn now() -> Time {
    time(clock::unix_micros())
}

/// Puts the device together and spawns its tasks. In a function of its own: its
/// variables leave the stack before the tasks run.
#[inline(never)]
fn begin(spawner: Spawner) {
    // By value, a task would hold it twice: as it was given and as it is run.
    static CONNECTIONS: StaticCell<Connections<host::Entropy>> = StaticCell::new();

    let words = Words::parse(host::words()).unwrap_or_else(|error| unusable(&error));
    let board = board(words.unix);
    let device = start(board, ethernet::start(), host::Entropy, words, now);
    spawner.spawn(network(device.network).expect("spawned once"));
    let held = CONNECTIONS.init(device.connections);
    spawner.spawn(connections(held).expect("spawned once"));
    spawner.spawn(node(device.node).expect("spawned once"));
    spawner.spawn(application(device.application, words).expect("spawned once"));
}
