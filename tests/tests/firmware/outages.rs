//! Networks that go and come back, and servers that are not there.

use std::time::Duration;

use wigwag_harness::faults::{
    Cut, DialFault, Direction, DnsFault, LinkFaults, StreamFault, StreamPlan,
};
use wigwag_harness::firmware::{Status, Trial, books};
use wigwag_harness::mock::{Answer, Book};
use wigwag_tests::runner;

use crate::site::{A_WHILE, LIMIT, Site, ensure, log, on_site, says};

/// Bytes to the device after which its second connection is cut: behind the
/// handshake, and in the middle of a TLS record of an order.
const CUT_AT: u64 = 3_000;

/// Fifty orders while the cable is pulled, the next connection is cut in the
/// middle of a record, and the one after that hears nothing for a while.
pub(crate) fn fifty_orders() -> runner::Outcome {
    on_site(async {
        let site = Site::new().await?;
        let answered = |count| move |book: &Book| answers(book) >= count;
        site.enqueue(0..10);
        let mut run = site.boot(50, 1).await?;
        ensure(site.server.wait_until(LIMIT, answered(5)).await, || {
            format!("no five answers:{}", log(&run.lines()))
        })?;

        let plan = StreamPlan::new().at(Direction::ToDevice, CUT_AT, StreamFault::Cut(Cut::Reset));
        site.faults.plan(plan);
        run.set_link(false).await?;
        run.wait_for_line(LIMIT, says("link down")).await?;
        site.enqueue(10..40);
        tokio::time::sleep(A_WHILE).await;
        run.set_link(true).await?;
        run.wait_for_line(LIMIT, says("link up")).await?;
        run.wait_for_line(LIMIT, says("connected to ")).await?;
        // The cut, and the way back.
        run.wait_for_line(LIMIT, says("waiting ")).await?;
        run.wait_for_line(LIMIT, says("connected to ")).await?;

        silence(&site, 1.0);
        site.enqueue(40..50);
        tokio::time::sleep(A_WHILE).await;
        silence(&site, 0.0);

        let outcome = run.finish(LIMIT).await?;
        site.check(&outcome, 50, 1)?;
        let struck = site.faults.counts().stream_faults;
        let connections = site.book().connections;
        ensure((struck, connections) == (1, 3), || {
            format!(
                "{struck} cuts, {connections} connections{}",
                log(&outcome.lines)
            )
        })
    })
}

/// Loses this share of all frames.
fn silence(site: &Site, loss: f64) {
    let faults = LinkFaults {
        loss,
        ..LinkFaults::NONE
    };
    site.faults.set_link(Direction::ToServer, faults);
    site.faults.set_link(Direction::ToDevice, faults);
}

fn answers(book: &Book) -> usize {
    book.devices
        .values()
        .map(|device| device.answered(Answer::Confirm))
        .sum()
}

pub(crate) fn dhcp_silent() -> runner::Outcome {
    on_site(async {
        let site = Site::new().await?;
        site.enqueue(0..1);
        site.faults.set_dhcp_silent(true);
        let mut run = site.boot(1, 0).await?;
        run.wait_for_line(LIMIT, says("link up")).await?;
        tokio::time::sleep(A_WHILE).await;
        let early = run.lines();
        ensure(!early.iter().any(says("address ")), || log(&early))?;
        site.faults.set_dhcp_silent(false);
        run.wait_for_line(LIMIT, says("address 10.0.2.15/24"))
            .await?;
        let outcome = run.finish(LIMIT).await?;
        site.check(&outcome, 1, 0)
    })
}

pub(crate) fn no_server() -> runner::Outcome {
    on_site(async {
        let site = Site::new().await?;
        site.enqueue(0..1);
        site.faults.set_dial(DialFault::Refuse);
        let mut run = site.boot(1, 0).await?;
        let line = run.wait_for_line(LIMIT, says("waiting ")).await?;
        ensure(line.text.contains("refused"), || line.to_string())?;
        site.faults.set_dial(DialFault::None);
        let outcome = run.finish(LIMIT).await?;
        site.check(&outcome, 1, 0)?;
        ensure(site.book().connections == 1, || {
            format!("{:?}", site.book())
        })
    })
}

pub(crate) fn time_up() -> runner::Outcome {
    on_site(async {
        let site = Site::new().await?;
        site.enqueue(0..1);
        site.faults.set_dns(DnsFault::NoSuchName);
        let trial = Trial {
            orders: Some(1),
            seconds: Some(2),
            ..Trial::default()
        };
        let firmware = site.firmware(1, 0)?.trial(trial);
        let outcome = firmware.start(site.net()).await?.finish(LIMIT).await?;
        let tried = outcome.lines.iter().any(says("waiting "));
        ensure(outcome.status == Status::TimeUp && tried, || {
            format!("{}{}", outcome.status, log(&outcome.lines))
        })?;
        ensure(site.book().connections == 0, || {
            format!("{:?}", site.book())
        })
    })
}

/// The board's counter goes round in 172 s: its clock has to go on beyond, and
/// its alarms with it. Nobody answers, whose answer could be late or early: the
/// device has its timers only.
pub(crate) fn counter_wraps() -> runner::Outcome {
    const SECONDS: u32 = 1000;

    on_site(async {
        let site = Site::new().await?;
        site.faults.set_dhcp_silent(true);
        let trial = Trial {
            orders: Some(1),
            seconds: Some(SECONDS),
            ..Trial::default()
        };
        let firmware = site.firmware(1, 0)?.trial(trial).fast_forward(true);
        let outcome = firmware.start(site.net()).await?.finish(LIMIT).await?;
        let times: Vec<_> = outcome.lines.iter().filter_map(|line| line.time).collect();
        let limit = Duration::from_secs(SECONDS.into());
        let late = times.last().and_then(|last| last.checked_sub(limit));
        let in_time = late.is_some_and(|late| late < Duration::from_millis(10));
        let good = outcome.status == Status::TimeUp && times.is_sorted() && in_time;
        ensure(good, || {
            format!("{}{}", outcome.status, log(&outcome.lines))
        })
    })
}

/// A run that is dropped takes its emulator with it, at once; the next device
/// finds the order that the first one could not answer.
pub(crate) fn power_failure() -> runner::Outcome {
    on_site(async {
        let site = Site::new().await?;
        let mut run = site.boot(1, 0).await?;
        let known = |_: &Book| !site.server.connected().is_empty();
        ensure(site.server.wait_until(LIMIT, known).await, || {
            format!("not connected:{}", log(&run.lines()))
        })?;
        // The device hears its order, and is not heard.
        let faults = LinkFaults {
            loss: 1.0,
            ..LinkFaults::NONE
        };
        site.faults.set_link(Direction::ToServer, faults);
        site.enqueue(0..1);
        run.wait_for_line(LIMIT, books::is_execution).await?;
        let process = run.process().ok_or("no process")?;
        drop(run);
        ensure(!alive(process), || format!("process {process} is left"))?;
        ensure(site.book().unanswered() == 1, || {
            format!("{:?}", site.book())
        })?;

        site.faults.set_link(Direction::ToServer, LinkFaults::NONE);
        let outcome = site.boot(1, 0).await?.finish(LIMIT).await?;
        // Executed once more by a device that remembers nothing: its past is
        // unknown, and its registers were lost with it.
        site.check(&outcome, 1, 0)
    })
}

/// Whether there is a process of this number, as far as this system can tell.
fn alive(process: u32) -> bool {
    let folder = std::path::PathBuf::from(format!("/proc/{process}"));
    folder.exists()
}
