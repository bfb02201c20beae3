//! A trial that is the same every time, to measure what a device's work costs.

use super::error::FirmwareError;
use super::{Firmware, Net, Report, Run, Status, Trial, books};
use crate::device::Settings;
use crate::faults::Cut;
use crate::mock::{Answer, DeviceBook, MockNgtt};
use crate::pki::{DEFAULT_DEVICE_ID, Pki};
use std::path::Path;
use std::time::Duration;

/// Orders of the trial.
const ORDERS: u32 = 50;

/// Batches of 1 KiB of pathpoints after them.
const BATCHES: u32 = 20;

/// Between the confirmation of an order and the next order: long enough for the
/// device to sleep in between. Without it the next order comes now with the TCP
/// acknowledgement of the confirmation before, now after it, as the host's
/// scheduler likes, and its cost differs by 4 %.
const PAUSE: Duration = Duration::from_millis(10);

/// Seconds of its clock after which the device gives up.
const DEVICE_LIMIT: u32 = 60;

/// The same for the host, for each step.
const LIMIT: Duration = Duration::from_secs(120);

/// The server's name on the virtual network.
const SERVER: &str = "ngtt.test";

/// Runs the image on the virtual network against a server with fresh
/// certificates, counting instructions, and gives back what the device measured
/// of itself. The device connects; the server ends that connection; the device
/// connects again (to a server whose certificates it has verified before),
/// executes 50 orders that come one after the other, and sends 20 batches of
/// pathpoints. So the report has two handshakes, and times that are instructions.
///
/// Trials differ: what comes over the network comes by the host's clock. Take
/// the least of several.
///
/// # Errors
/// [`FirmwareError`]: QEMU or the image cannot be run, or the trial did not
/// come to its end; the log is in the error.
pub async fn measure(image: impl AsRef<Path>) -> Result<Report, FirmwareError> {
    let pki = Pki::generate();
    let server = MockNgtt::start(&pki).await.map_err(FirmwareError::Server)?;
    let port = server.addr().port();
    let settings = Settings::of(&pki, DEFAULT_DEVICE_ID, SERVER, port)
        .expect("a new infrastructure has this device");
    let run = Firmware::new(image.as_ref())
        .settings(settings)
        .trial(Trial {
            orders: Some(ORDERS),
            batches: Some(BATCHES),
            seconds: Some(DEVICE_LIMIT),
            ..Trial::default()
        })
        .icount(true)
        .report(true)
        .start(Net::to(SERVER, server.addr()))
        .await?;
    if let Err(waited_for) = serve(&server).await {
        return Err(unfinished(waited_for, &run));
    }
    let outcome = run.finish(LIMIT).await?;
    let book = server.book().device(DEFAULT_DEVICE_ID);
    let wrong = books::differences(&book, &outcome.lines, ORDERS.into(), BATCHES.into());
    let what = if outcome.status != Status::Done {
        outcome.status.to_string()
    } else if let Some(first) = wrong.into_iter().next() {
        first
    } else if let Some(report) = outcome.report {
        return Ok(report);
    } else {
        "it wrote no report".into()
    };
    Err(FirmwareError::Unfinished {
        what,
        log: outcome.lines,
    })
}

/// Plays the server's part, until the last order is confirmed. An error says
/// what did not come.
async fn serve(server: &MockNgtt) -> Result<(), String> {
    let wait = async |what: String, wanted: &dyn Fn(&DeviceBook) -> bool| {
        let came = server
            .wait_until(LIMIT, |book| wanted(&book.device(DEFAULT_DEVICE_ID)))
            .await;
        if came { Ok(()) } else { Err(what) }
    };
    wait("a connection".into(), &|book| book.fetches > 0).await?;
    server.disconnect(DEFAULT_DEVICE_ID, Cut::Close);
    let again = |book: &DeviceBook| book.connections > 1 && book.fetches > 1;
    wait("a second connection".into(), &again).await?;
    for number in 0..ORDERS {
        tokio::time::sleep(PAUSE).await;
        server.enqueue(DEFAULT_DEVICE_ID, books::order(number.into()));
        let confirmed = |book: &DeviceBook| book.answered(Answer::Confirm) > number as usize;
        wait(format!("the confirmation of order {number}"), &confirmed).await?;
    }
    Ok(())
}

fn unfinished(waited_for: String, run: &Run) -> FirmwareError {
    FirmwareError::Unfinished {
        what: format!("{waited_for} did not come"),
        log: run.lines(),
    }
}
