//! Many boards against one server, each with an identity of its own.

use std::time::Duration;

use futures::future::try_join_all;
use wigwag_harness::device::Settings;
use wigwag_harness::firmware::books;
use wigwag_harness::pki::{Pki, PkiOptions};
use wigwag_tests::e2e::SERVER;
use wigwag_tests::runner;

use crate::site::{Site, ensure, log, on_site};

/// Boards that run at once.
const BOARDS: u64 = 20;

/// Orders to each.
const ORDERS: u64 = 10;

/// Numbers of orders that belong to one board: no two boards get the same
/// order, so that one that went astray shows.
const NUMBERS: u64 = 100;

/// How long all of them may take: so many emulators share few processors.
const PATIENCE: Duration = Duration::from_secs(240);

/// Twenty boards come at once; half of their orders wait for them, the others
/// come in turns while they work. Each device does its own orders, once, and
/// nobody else's, and the server's books of all of them agree with their logs.
pub(crate) fn twenty_at_once() -> runner::Outcome {
    on_site(async {
        let names: Vec<_> = (1..=BOARDS)
            .map(|number| format!("device-{number:04}"))
            .collect();
        let pki = Pki::new(PkiOptions {
            device_ids: names.clone(),
            ..PkiOptions::default()
        })?;
        let site = Site::with(pki).await?;
        let enqueue = |numbers: std::ops::Range<u64>| {
            for number in numbers {
                for (first, name) in (0..).step_by(NUMBERS as usize).zip(&names) {
                    site.server.enqueue(name, books::order(first + number));
                }
            }
        };
        enqueue(0..ORDERS / 2);
        let boards = try_join_all(names.iter().map(|name| board(&site, name)));
        let others = async {
            let all_came = site.server.wait_until(PATIENCE, |book| {
                book.devices.values().all(|device| device.fetches > 0)
            });
            let all_came = all_came.await;
            enqueue(ORDERS / 2..ORDERS);
            ensure(all_came, || "not every board came".into())
        };
        let (done, came) = futures::join!(boards, others);
        done?;
        came?;
        let book = site.server.book();
        let known: Vec<_> = book.devices.keys().cloned().collect();
        ensure(known == names, || format!("{known:?}"))
    })
}

/// Boots the device of this name, waits for its end, and compares its books.
async fn board(site: &Site, name: &str) -> runner::Outcome {
    let port = site.server.addr().port();
    let settings = Settings::of(&site.pki, name, SERVER, port).ok_or("no such device")?;
    let firmware = site.firmware(ORDERS as u32, 1)?.settings(settings);
    let outcome = firmware.start(site.net()).await?.finish(PATIENCE).await?;
    let book = site.server.book().device(name);
    let wrong = books::differences(&book, &outcome.lines, ORDERS, 1);
    ensure(outcome.status.code() == Some(0) && wrong.is_empty(), || {
        let wrong = wrong.join("; ");
        format!("{name}: {}; {wrong}", outcome.status) + &log(&outcome.lines)
    })
}
