//! Power failures in the middle of what the device writes to its flash. It is
//! started again with the same flash each time, and in the end its own account of
//! every order agrees with the server's: none is lost, none begun twice as if it
//! had never been begun before.

use std::path::Path;
use std::time::Duration;

use rand_core::RngCore;
use wigwag_harness::firmware::{Firmware, Line, Status, Trial};
use wigwag_harness::mock::{Answer, Book, DeviceBook, OrderEntry};
use wigwag_harness::pki::DEFAULT_DEVICE_ID;
use wigwag_tests::{campaign, runner};

use crate::life::order;
use crate::site::{A_WHILE, LIMIT, Site, ensure, log, on_site_within, says};

/// Cuts of the whole campaign; a tenth of them is a sample of 20.
const CUTS: u64 = 200;

/// New orders before each boot.
const ORDERS: u64 = 3;

/// How long a life with all its boots may take.
const LONGEST: Duration = Duration::from_secs(2 * 3600);

/// How long a boot may take. A device whose power fails before it knows that the
/// server has read its answers remembers those orders until the server has had 120 s
/// to deliver them again; with 16 of them it takes no others meanwhile.
const BOOT: Duration = Duration::from_secs(360);

/// What the log says where the power fails.
const CUT: &str = "the power fails in change ";

pub(crate) fn campaign() -> runner::Outcome {
    let cuts = campaign::seeds("firmware power cuts", CUTS);
    let seed = cuts.start;
    on_site_within(LONGEST, life(seed, cuts.end - seed)).map_err(|failed| {
        let said = failed.message().unwrap_or_default();
        format!("seed {seed}: {said}").into()
    })
}

/// A device whose power fails so often.
async fn life(seed: u64, cuts: u64) -> runner::Outcome {
    let folder = tempfile::tempdir()?;
    let flash = folder.path().join("flash");
    let site = Site::new().await?;
    let mut orders = 0;
    let mut enqueue = || -> runner::Outcome {
        for number in orders..orders + ORDERS {
            site.server.enqueue(DEFAULT_DEVICE_ID, order(number)?);
        }
        orders += ORDERS;
        Ok(())
    };

    enqueue()?;
    let first = firmware(&site, &flash, Some(ORDERS as u32))?;
    let first = first.start(site.net()).await?.finish(LIMIT).await?;
    let changes = changes(&first.lines).filter(|_| first.status == Status::Done);
    let changes = changes.ok_or_else(|| log(&first.lines))?;
    let mut boots = vec![first.lines];

    let mut rng = campaign::rng(seed);
    let mut struck = 0;
    while struck < cuts {
        enqueue()?;
        let firmware = firmware(&site, &flash, None)?;
        let change = 1 + rng.next_u32() % changes;
        let firmware = firmware.power_cut(change, rng.next_u32());
        let (lines, is_cut) = boot(&site, &firmware).await?;
        struck += u64::from(is_cut);
        boots.push(lines);
    }
    let (lines, _) = boot(&site, &firmware(&site, &flash, None)?).await?;
    boots.push(lines);

    let book = site.book();
    println!(
        "firmware power cuts: {struck} cuts, {} boots, {orders} orders, {} of them interrupted",
        boots.len(),
        book.answered(Answer::Reject),
    );
    let wrong = differences(&book, &boots);
    ensure(
        wrong.is_empty() && book.orders.len() as u64 == orders,
        || {
            let boots: Vec<_> = boots.iter().map(|lines| log(lines)).collect();
            format!("{}{}", wrong.join("; "), boots.join("\n--"))
        },
    )
}

/// The image, to run until it has answered so many orders or for long.
fn firmware(site: &Site, flash: &Path, orders: Option<u32>) -> Result<Firmware, runner::Failed> {
    let trial = Trial {
        orders,
        seconds: Some(BOOT.as_secs() as u32),
        ..Trial::default()
    };
    Ok(site.firmware(0, 0)?.trial(trial).flash_file(flash))
}

/// How often the flash was changed, by a log that came to its end.
fn changes(lines: &[Line]) -> Option<u32> {
    let told = |line: &Line| {
        let text = line.text.strip_prefix("flash changed ")?;
        text.strip_suffix(" times")?.parse().ok()
    };
    lines.iter().find_map(told)
}

/// Boots the device until its power fails, in a change of the flash (true) or
/// after everything was done.
async fn boot(site: &Site, firmware: &Firmware) -> Result<(Vec<Line>, bool), runner::Failed> {
    let mut run = firmware.start(site.net()).await?;
    let all_done = async {
        let all = |book: &Book| book.unanswered() == 0;
        let done = site.server.wait_until(BOOT, all).await;
        // The device reads that the server has read, and writes it down.
        tokio::time::sleep(4 * A_WHILE).await;
        done
    };
    let is_cut = tokio::select! {
        line = run.wait_for_line(BOOT, says(CUT)) => line.map(|_| true)?,
        done = all_done => {
            ensure(done, || format!("not all was done:{}", log(&run.lines())))?;
            false
        }
    };
    if !is_cut {
        return Ok((run.lines(), false));
    }
    let outcome = run.finish(LIMIT).await?;
    ensure(outcome.status == Status::PowerCut, || {
        format!("{}{}", outcome.status, log(&outcome.lines))
    })?;
    Ok((outcome.lines, true))
}

/// What is not as it should be; empty is good.
fn differences(book: &DeviceBook, boots: &[Vec<Line>]) -> Vec<String> {
    let mut wrong = Vec::new();
    let all: Vec<_> = boots.iter().flatten().map(|line| &*line.text).collect();
    for order in &book.orders {
        if let Err(what) = account(order, &all) {
            wrong.push(format!("order {:?}: {what}", order.tid));
        }
    }
    for (count, what) in [
        (book.strays, "made no sense"),
        (book.invalid, "could not be read"),
    ] {
        if count > 0 {
            wrong.push(format!("{count} frames {what}"));
        }
    }
    let forgot = |lines: &&Vec<Line>| lines.iter().any(says("store: "));
    if boots.iter().skip(1).find(forgot).is_some() {
        wrong.push("the store began anew".into());
    }
    // Counted in flash, from 1, and told to the server's log: by the last boot too.
    let told = format!("start {}", boots.len());
    let least = boots
        .iter()
        .filter(|lines| lines.iter().any(says("link up")));
    let least = least.count();
    let starts = (least..=boots.len()).filter(|start| {
        let text = format!("start {start}");
        let told = |logs: &wigwag_harness::mock::LogBatch| {
            logs.raw
                .windows(text.len())
                .any(|part| part == text.as_bytes())
        };
        book.logs.iter().any(told)
    });
    if starts.count() == 0 {
        wrong.push(format!(
            "the server's log does not have {told:?}, or from {least} on"
        ));
    }
    wrong
}

/// Compares what both sides say about an order.
fn account(order: &OrderEntry, log: &[&str]) -> Result<(), String> {
    let tid = order.tid.ok_or("never delivered")?;
    let count = |words: &str| {
        let text = format!("order {tid}: {words}");
        log.iter().filter(|line| line.starts_with(&text)).count()
    };
    let (fresh, interrupted) = (count("begins"), count("was interrupted"));
    let (executed, again) = (count("executed"), count("came again, answered again"));
    if fresh > 1 || executed > 1 {
        return Err(format!("begun {fresh} times, executed {executed} times"));
    }
    match order.answer {
        // With the power, the line of its execution may have failed as well.
        Some(Answer::Confirm) if executed + again > 0 => Ok(()),
        Some(Answer::Reject) if interrupted > 0 => Ok(()),
        answer => Err(format!(
            "{answer:?}, and executed {executed} times, repeated {again}, interrupted \
             {interrupted}"
        )),
    }
}
