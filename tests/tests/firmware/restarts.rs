//! Programs that fail: the board starts them anew, and the server's log tells why.

use wigwag_harness::firmware::{Mishap, Trial};
use wigwag_harness::mock::{Answer, Book};
use wigwag_harness::pki::DEFAULT_DEVICE_ID;
use wigwag_tests::runner;

use crate::site::{LIMIT, Site, ensure, log, on_site};

/// A panic is told with its place.
pub(crate) fn panics() -> runner::Outcome {
    after(
        Mishap::Panic,
        "booted (software), start 2",
        "before that: panic: qemu-mps2-an386/src/words.rs:",
    )
}

/// A program that hangs feeds no watchdog.
pub(crate) fn hangs() -> runner::Outcome {
    after(
        Mishap::Hang,
        "booted (watchdog), start 2",
        "before that: stuck: the watchdog was not fed",
    )
}

/// The device executes an order, fails, starts anew, tells why, and executes
/// another one: what was in its flash is still there.
fn after(mishap: Mishap, start: &str, reason: &str) -> runner::Outcome {
    on_site(async {
        let site = Site::new().await?;
        site.enqueue(0..1);
        let firmware = site.firmware(0, 0)?;
        let firmware = firmware.trial(Trial::default()).mishap(mishap);
        let run = firmware.start(site.net()).await?;
        for told in [start, reason] {
            let told = site.server.wait_until(LIMIT, |book| tells(book, told));
            let told = told.await;
            ensure(told, || format!("not told{}", log(&run.lines())))?;
        }
        site.enqueue(1..2);
        let done = |book: &Book| {
            let device = book.device(DEFAULT_DEVICE_ID);
            device.answered(Answer::Confirm) == 2
        };
        let done = site.server.wait_until(LIMIT, done).await;
        ensure(done, || format!("not done:{}", log(&run.lines())))
    })
}

/// Whether the server's log of the device has this text in it.
fn tells(book: &Book, text: &str) -> bool {
    let book = book.device(DEFAULT_DEVICE_ID);
    book.logs.iter().any(|logs| {
        let mut parts = logs.raw.windows(text.len());
        parts.any(|part| part == text.as_bytes())
    })
}
