//! A device's life: orders and readings for as long as it lasts, with one
//! accident after the other.

use std::time::{Duration, Instant};

use rand_chacha::ChaCha8Rng;
use rand_core::RngCore;
use wigwag_codec::minijson::{self, Encoder};
use wigwag_harness::firmware::{Trial, books};
use wigwag_harness::pki::{DEFAULT_DEVICE_ID, Pki};
use wigwag_harness::vnet::{self, Addressing};
use wigwag_tests::{campaign, runner};

use crate::accidents::{Accident, Impostors, LEASE, Scene, Way};
use crate::clocks::{LATE, net, settings};
use crate::site::{LIMIT, Site, ensure, log, on_site_within};

/// Orders of a life at its full length.
const ORDERS: u64 = 500;

/// Orders to each accident.
const BURST: u64 = 5;

/// One order of so many asks for a reading, which goes to the server while the
/// order is executed.
const READING: u64 = 3;

/// Batches that are sent in the end.
const BATCHES: u32 = 2;

/// How long a life may take: for each accident a minute that the device waits,
/// and more.
const LONGEST: Duration = Duration::from_secs(2 * 3600);

/// In one life: 500 orders, every accident ten times, in an order that the seed
/// draws. A tenth of the campaign is a tenth of the life.
pub(crate) fn campaign() -> runner::Outcome {
    let steps = campaign::seeds("firmware life", ORDERS / BURST / Accident::ALL.len() as u64);
    let (seed, rounds) = (steps.start, steps.end - steps.start);
    on_site_within(LONGEST, life(seed, rounds)).map_err(|failed| {
        let said = failed.message().unwrap_or_default();
        format!("seed {seed}: {said}").into()
    })
}

async fn life(seed: u64, rounds: u64) -> runner::Outcome {
    let orders = rounds * BURST * Accident::ALL.len() as u64;
    let readings = (0..orders).filter(|number| number % READING == 0).count() as u64;
    let mut pki = Pki::generate();
    let impostors = Impostors::start(&mut pki).await?;
    let mut site = Site::with(pki).await?;
    let way = Way::to(site.server.addr());
    let options = vnet::Options {
        seed,
        addressing: Addressing {
            lease: LEASE,
            ..Addressing::DEFAULT
        },
        faults: Some(site.faults.clone()),
        ..vnet::Options::default()
    };
    let trial = Trial {
        orders: Some(orders as u32),
        batches: Some(BATCHES),
        seconds: Some(LONGEST.as_secs() as u32),
        refusals: Some(0),
        // A time server has to put it right first of all: before that the server's
        // certificate is over. (One that knows no time at all would take orders,
        // and refuse those that read.)
        unix: Some(LATE),
    };
    let firmware = site.firmware(0, 0)?.settings_image(settings(&site)?);
    let firmware = firmware.trial(trial).report(true);
    let mut run = firmware.start(net(options, way.dial())?).await?;

    let mut rng = campaign::rng(seed);
    let mut number = 0;
    for _ in 0..rounds {
        for accident in shuffled(&mut rng) {
            for _ in 0..BURST {
                site.server.enqueue(DEFAULT_DEVICE_ID, order(number)?);
                number += 1;
            }
            let mut scene = Scene {
                run: &mut run,
                server: &mut site.server,
                impostors: &impostors,
                way: &way,
                faults: &site.faults,
                rng: &mut rng,
            };
            // In the middle of the work, or before it, or right after.
            let done = scene.rng.next_u64() % (BURST + 1);
            scene.answers((number - BURST + done) as usize).await?;
            let failed = |failed: runner::Failed| {
                format!("{accident:?}: {}", failed.message().unwrap_or_default())
            };
            let struck = Instant::now();
            scene.strike(accident).await.map_err(failed)?;
            scene.answers(number as usize).await.map_err(failed)?;
            println!("{accident:?}: all is well after {:.1?}", struck.elapsed());
        }
    }

    let outcome = run.finish(LIMIT).await?;
    site.check(&outcome, orders, readings + u64::from(BATCHES))?;
    let (counts, connections) = (site.faults.counts(), site.book().connections);
    let report = outcome.report.as_ref().ok_or("no report")?;
    println!(
        "firmware life: {orders} orders, {connections} connections, {} leases, stack {} bytes",
        counts.leases, report.stack_peak
    );
    // The device has no heap: what is not on its stack is static.
    let constant = (1..=report.stack_first).contains(&report.stack_peak);
    // All accidents but four kinds end the connection for certain.
    let struck = connections > rounds * 6 && counts.leases > rounds * 3;
    let good = constant && struck && impostors.have_nothing();
    ensure(good, || {
        format!(
            "{connections} connections, {counts:?}, {report:?}{}",
            log(&outcome.lines)
        )
    })
}

/// All accidents once.
fn shuffled(rng: &mut ChaCha8Rng) -> [Accident; Accident::ALL.len()] {
    let mut all = Accident::ALL;
    for last in (1..all.len()).rev() {
        all.swap(last, rng.next_u32() as usize % (last + 1));
    }
    all
}

/// An order that writes, or one that reads what was written before.
pub(crate) fn order(number: u64) -> Result<Vec<u8>, minijson::Error> {
    if !number.is_multiple_of(READING) {
        return Ok(books::order(number));
    }
    let mut room = [0; 64];
    let mut to = Encoder::new(&mut room);
    to.list(1)?.map(1)?.key("orders")?.list(1)?.map(2)?;
    to.key("type")?.str("read")?.key("path")?.str("output/1")?;
    Ok(to.finish()?.to_vec())
}
