//! Measures what the client does on this machine, beside the Python client on
//! the same server: `cargo run --release -p wigwag-tests --example figures`.
//!
//! The numbers are of this machine and this hour; what carries over is the
//! ratio of two lines of one run. The Python lines need the peers that
//! `cargo xtask test --install` installs.

mod orders;
mod wire;

use std::cell::RefCell;
use std::error::Error;
use std::time::{Duration, Instant};

use wigwag_embassy::journal::RamJournal;
use wigwag_harness::demo::corpus;
use wigwag_harness::device::batch::{self, Batch};
use wigwag_harness::device::{self, BATCH_BYTES, Book, DeviceEvent, Reply, Settings, Work};
use wigwag_harness::mock::MockNgtt;
use wigwag_harness::pki::{DEFAULT_DEVICE_ID, Pki};
use wigwag_harness::vnet::{Dial, VirtualNet, loopback};

/// What went wrong.
pub(crate) type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        orders::measure().await?;
        pathpoints().await?;
        wire::measure().await
    })
}

/// Whom a device of `pki` talks to.
pub(crate) fn settings(pki: &Pki, port: u16) -> Result<Settings, Failure> {
    let identity = pki.device(DEFAULT_DEVICE_ID).ok_or("no device")?;
    Ok(Settings {
        server_name: "ngtt.test".into(),
        port,
        roots: vec![pki.server_ca().to_vec()],
        certificate: identity.certificate().to_vec(),
        key: identity.key().secret_pkcs8_der().to_vec(),
    })
}

/// Runs a device until `until` is ready.
pub(crate) async fn device(
    settings: &Settings,
    pathpoints: Vec<Batch>,
    dial: impl Dial + 'static,
    emit: &dyn Fn(DeviceEvent),
    until: impl Future<Output = ()>,
) -> Result<Book, Failure> {
    let net = VirtualNet::new(dial);
    net.names().set("ngtt.test", [[192, 0, 2, 1]]);
    let work = Work {
        reply: Reply::Acknowledge,
        slow: None,
        pathpoints,
        logs: Vec::new(),
        baobs: None,
        max_orders: None,
    };
    let book = RefCell::new(Book::default());
    let journal = RamJournal::<{ device::MARKS }>::new();
    device::run(&net, settings, &work, journal, &book, emit, until).await?;
    Ok(book.into_inner())
}

/// How fast the 1 MB file goes.
async fn pathpoints() -> Result<(), Failure> {
    let pki = Pki::generate();
    let server = MockNgtt::start(&pki).await?;
    let settings = settings(&pki, server.addr().port())?;
    let mut rates = Vec::new();
    for _ in 0..5 {
        let batches = batch::pathpoints(corpus::PATHPOINTS, BATCH_BYTES)?;
        let points: usize = batches.iter().map(|batch| batch.things).sum();
        let open = RefCell::new(points);
        let (began, ended) = (RefCell::new(None), RefCell::new(None));
        let done = tokio::sync::Notify::new();
        let emit = |event| match event {
            DeviceEvent::Connected { .. } => *began.borrow_mut() = Some(Instant::now()),
            DeviceEvent::DataConfirmed { points, .. } => {
                *open.borrow_mut() -= points;
                if *open.borrow() == 0 {
                    *ended.borrow_mut() = Some(Instant::now());
                    done.notify_one();
                }
            }
            _ => {}
        };
        device(&settings, batches, loopback(), &emit, done.notified()).await?;
        let (began, ended) = (began.into_inner(), ended.into_inner());
        let took = ended
            .zip(began)
            .map(|(end, begin)| end - begin)
            .ok_or("the points were not confirmed")?;
        rates.push(points as f64 / took.as_secs_f64());
    }
    rates.sort_by(f64::total_cmp);
    println!(
        "pathpoints, 1 MB file in batches of 16 KiB: {:.0} points/s (median of {}; {:.1} MB/s)",
        rates[rates.len() / 2],
        rates.len(),
        corpus::PATHPOINTS.len() as f64 / 1e6 * rates[rates.len() / 2] / 79_800.0,
    );
    Ok(())
}

/// The middle of some durations, in milliseconds.
pub(crate) fn median_ms(mut all: Vec<Duration>) -> f64 {
    all.sort();
    all.get(all.len() / 2)
        .map_or(f64::NAN, |middle| middle.as_secs_f64() * 1000.0)
}
