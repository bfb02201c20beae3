//! Orders and data, with nothing in the way.

use futures::future::try_join_all;
use wigwag_codec::minijson::{self, Encoder};
use wigwag_harness::device::Settings;
use wigwag_harness::firmware::{Level, Net, Outcome, USER_NET_HOST};
use wigwag_harness::pki::{DEFAULT_DEVICE_ID, Pki, PkiOptions};
use wigwag_tests::runner;

use crate::site::{LIMIT, Site, ensure, log, on_site};

/// The lines of a good run, in their order.
const STORY: [&str; 7] = [
    "wigwag ",
    "link up",
    "address 10.0.2.15/24",
    "connecting to ",
    "connected to ",
    "batch confirmed",
    "trial done: goal reached",
];

/// DHCP, mutual TLS, an order executed and acknowledged, a batch confirmed.
pub(crate) fn first() -> runner::Outcome {
    on_site(async {
        let site = Site::new().await?;
        site.enqueue(0..1);
        let firmware = site.firmware(1, 1)?.report(true);
        let outcome = firmware.start(site.net()).await?.finish(LIMIT).await?;
        site.check(&outcome, 1, 1)?;
        let told = tells(&outcome, &STORY);
        ensure(told, || format!("another story:{}", log(&outcome.lines)))?;

        let order = &site.book().orders[0];
        ensure(order.deliveries == 1, || format!("{order:?}"))?;
        let wire = outcome.wire.ok_or("no wire")?;
        let passed = wire.to_server > 10 && wire.to_device > 10;
        let clean = (wire.empty, wire.oversized, wire.cut) == (0, 0, false);
        ensure(passed && clean, || format!("{wire:?}"))?;
        let report = outcome.report.ok_or("no report")?;
        let measured = report.handshakes.len() == 1
            && (report.orders.count, report.batches.count) == (1, 1)
            && report.handshakes[0] > report.orders.nanos
            && (1..report.stack_size).contains(&report.stack_peak);
        ensure(measured, || format!("{report:?}"))?;
        let timed = outcome.lines.iter().all(|line| line.time.is_some());
        let calm = outcome
            .lines
            .iter()
            .all(|line| line.level <= Some(Level::Info));
        ensure(timed && calm, || {
            format!("not calm:{}", log(&outcome.lines))
        })
    })
}

/// Whether the log has lines that begin with these words, in this order.
fn tells(outcome: &Outcome, story: &[&str]) -> bool {
    let mut lines = outcome.lines.iter();
    story
        .iter()
        .all(|words| lines.any(|line| line.text.starts_with(words)))
}

/// What an order writes is there for the order after it to read.
pub(crate) fn executed() -> runner::Outcome {
    on_site(async {
        let site = Site::new().await?;
        // Not there before, so the first reading is a failure; then it is.
        for write in [false, true] {
            let order = read_order(write)?;
            site.server.enqueue(DEFAULT_DEVICE_ID, order);
        }
        let outcome = site.boot(2, 0).await?.finish(LIMIT).await?;
        site.check(&outcome, 2, 2)?;
        let batches = site.book().batches;
        let sizes: Vec<_> = batches.iter().map(|batch| batch.bytes).collect();
        let carried = sizes.len() == 2 && sizes[1] >= sizes[0] + VALUE.len() / 2;
        ensure(carried, || format!("{batches:?}"))
    })
}

/// A value that shows in the size of a reading.
const VALUE: &str = "0123456789abcdef";

/// An order that reads a register, after writing to it if asked to.
fn read_order(write: bool) -> Result<Vec<u8>, minijson::Error> {
    let mut room = [0; 256];
    let mut to = Encoder::new(&mut room);
    to.list(1)?.map(1)?.key("orders")?;
    to.list(1 + usize::from(write))?;
    if write {
        to.map(3)?.key("type")?.str("write")?;
        to.key("path")?.str("a")?.key("value")?.str(VALUE)?;
    }
    to.map(2)?.key("type")?.str("read")?;
    to.key("path")?.str("a")?;
    Ok(to.finish()?.to_vec())
}

/// A first order over QEMU's user network, the server being an address there.
pub(crate) fn first_on_user_network() -> runner::Outcome {
    on_site(async {
        let host = USER_NET_HOST.to_string();
        let pki = Pki::new(PkiOptions {
            server_names: vec![host.clone()],
            ..PkiOptions::default()
        })?;
        let site = Site::with(pki).await?;
        site.enqueue(0..1);
        let port = site.server.addr().port();
        let settings = Settings::of(&site.pki, DEFAULT_DEVICE_ID, &host, port);
        let firmware = site.firmware(1, 1)?.settings(settings.ok_or("no device")?);
        let outcome = firmware.start(Net::User).await?.finish(LIMIT).await?;
        site.check(&outcome, 1, 1)?;
        ensure(outcome.wire.is_none(), || format!("{outcome:?}"))
    })
}

/// The same with every instruction counted: twice, with the same counts.
pub(crate) fn first_counted() -> runner::Outcome {
    on_site(async {
        let mut handshakes = Vec::new();
        for _ in 0..2 {
            let site = Site::new().await?;
            site.enqueue(0..1);
            let firmware = site.firmware(1, 1)?.icount(true).report(true);
            let outcome = firmware.start(site.net()).await?.finish(LIMIT).await?;
            site.check(&outcome, 1, 1)?;
            let report = outcome.report.ok_or("no report")?;
            handshakes.extend(report.handshakes);
        }
        let [first, second] = handshakes[..] else {
            return Err(format!("{handshakes:?}").into());
        };
        // Keys and signatures are new each time, and with them some of the work.
        let apart = first.abs_diff(second);
        ensure(apart * 50 < first, || {
            format!("{first} and {second} instructions")
        })
    })
}

/// One device after the other against one server, none of them unlucky.
pub(crate) fn ten_in_a_row() -> runner::Outcome {
    on_site(async {
        let site = Site::new().await?;
        for number in 0..10 {
            site.enqueue(number..number + 1);
            let run = site.boot(1, 0).await?;
            let outcome = run.finish(LIMIT).await?;
            let found = outcome.line(|line| line.text.ends_with(": executed"));
            ensure(outcome.status.code() == Some(0) && found.is_some(), || {
                format!("run {number}: {}{}", outcome.status, log(&outcome.lines))
            })?;
        }
        let book = site.book();
        let once = book.orders.iter().all(|order| order.deliveries == 1);
        ensure(
            once && book.connections == 10 && book.unanswered() == 0,
            || format!("{book:?}"),
        )
    })
}

/// Four boards, each with a server and a network of its own.
pub(crate) fn four_at_once() -> runner::Outcome {
    on_site(async { try_join_all((0..4).map(|_| one_of_four())).await.map(drop) })
}

async fn one_of_four() -> runner::Outcome {
    let site = Site::new().await?;
    site.enqueue(0..5);
    let outcome = site.boot(5, 1).await?.finish(LIMIT).await?;
    site.check(&outcome, 5, 1)
}
