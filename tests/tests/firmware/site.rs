//! What every test begins with: the image, certificates, a server, a network.

use std::future::Future;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use wigwag_harness::device::Settings;
use wigwag_harness::faults::Faults;
use wigwag_harness::firmware::{Firmware, Line, Net, Outcome, Run, Trial, books};
use wigwag_harness::mock::{DeviceBook, MockNgtt};
use wigwag_harness::pki::{DEFAULT_DEVICE_ID, Pki};
use wigwag_harness::vnet::{self, always};
use wigwag_tests::e2e::SERVER;
use wigwag_tests::runner;
use xtask::firmware::{Image, Variant, build};

/// How long a wait may take on a busy machine.
pub(crate) const LIMIT: Duration = Duration::from_secs(120);

/// Long enough to see that something does not happen, on a good day.
pub(crate) const A_WHILE: Duration = Duration::from_millis(500);

/// When a device gives up, on its own clock, in seconds.
const GIVES_UP: u32 = 240;

/// The image with its log, built once a process.
pub(crate) fn image() -> Result<PathBuf, String> {
    static IMAGE: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    IMAGE
        .get_or_init(|| build(Image::Ngtt, Variant::Logged))
        .clone()
}

/// Runs a test with sockets and timers.
pub(crate) fn on_site(test: impl Future<Output = runner::Outcome>) -> runner::Outcome {
    on_site_within(4 * LIMIT, test)
}

/// The same with another limit.
pub(crate) fn on_site_within(
    limit: Duration,
    test: impl Future<Output = runner::Outcome>,
) -> runner::Outcome {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().build()?;
    runtime.block_on(async { tokio::time::timeout(limit, test).await? })
}

/// Fails a test, in words, unless something holds.
pub(crate) fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> runner::Outcome {
    if holds {
        Ok(())
    } else {
        Err(otherwise().into())
    }
}

/// A server with certificates, and the network that leads a device to it.
pub(crate) struct Site {
    pub(crate) pki: Pki,
    pub(crate) server: MockNgtt,
    /// Of the network; they may act before there is one.
    pub(crate) faults: Faults,
}

impl Site {
    pub(crate) async fn new() -> Result<Self, runner::Failed> {
        Self::with(Pki::generate()).await
    }

    pub(crate) async fn with(pki: Pki) -> Result<Self, runner::Failed> {
        Ok(Self {
            server: MockNgtt::start(&pki).await?,
            pki,
            faults: Faults::seeded(1),
        })
    }

    /// Enqueues the orders of these numbers.
    pub(crate) fn enqueue(&self, numbers: impl Iterator<Item = u64>) {
        for number in numbers {
            self.server.enqueue(DEFAULT_DEVICE_ID, books::order(number));
        }
    }

    /// What the device has to know to find this server.
    pub(crate) fn settings(&self) -> Settings {
        let port = self.server.addr().port();
        Settings::of(&self.pki, DEFAULT_DEVICE_ID, SERVER, port)
            .expect("a new infrastructure has this device")
    }

    /// The image with good settings and this to do.
    pub(crate) fn firmware(&self, orders: u32, batches: u32) -> Result<Firmware, runner::Failed> {
        let trial = Trial {
            orders: Some(orders),
            batches: Some(batches),
            seconds: Some(GIVES_UP),
            ..Trial::default()
        };
        Ok(Firmware::new(image()?)
            .settings(self.settings())
            .trial(trial))
    }

    /// The network, with the faults of this site. Every name of the tests leads
    /// to the server.
    pub(crate) fn net(&self) -> Net {
        let options = vnet::Options {
            faults: Some(self.faults.clone()),
            ..vnet::Options::default()
        };
        for name in [SERVER, "other.test"] {
            options.names.set(name, [[192, 0, 2, 1]]);
        }
        Net::gateway(options, always(self.server.addr()))
    }

    /// Boots a device with this to do.
    pub(crate) async fn boot(&self, orders: u32, batches: u32) -> Result<Run, runner::Failed> {
        let run = self.firmware(orders, batches)?.start(self.net()).await?;
        Ok(run)
    }

    /// The server's record of the device.
    pub(crate) fn book(&self) -> DeviceBook {
        self.server.book().device(DEFAULT_DEVICE_ID)
    }

    /// Holds a trial that reached its goal against the server's book.
    pub(crate) fn check(&self, outcome: &Outcome, orders: u64, batches: u64) -> runner::Outcome {
        let wrong = books::differences(&self.book(), &outcome.lines, orders, batches);
        let good = outcome.status.code() == Some(0) && wrong.is_empty();
        ensure(good, || {
            format!("{}; {}", outcome.status, wrong.join("; ")) + &log(&outcome.lines)
        })
    }
}

/// A log in an error.
pub(crate) fn log(lines: &[Line]) -> String {
    let line = |line: &Line| format!("\n{line}");
    lines.iter().map(line).collect()
}

/// Whether a line has this text in it.
pub(crate) fn says(text: &str) -> impl Fn(&Line) -> bool {
    let text = text.to_owned();
    move |line| line.text.contains(&text)
}
