//! `wigwag device ngtt`.

mod totals;

use std::cell::RefCell;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use wigwag_codec::minijson::Floats;
use wigwag_embassy::journal::RamJournal;

use super::net::{self, Net};
use super::printer::Printer;
use crate::cli::buffer::from_json;
use crate::cli::input::Source;
use crate::cli::interrupt::interrupted;
use crate::cli::outcome::{Failure, Outcome};
use crate::cli::pem::{certificates, private_key};
use crate::cli::problem::Problem;
use crate::device::batch::{self, Batch, BatchError};
use crate::device::{self, BATCH_BYTES, Book, DeviceEvent, Reply, Settings, Work};
use crate::pki::Pki;

/// A device that takes orders, answers them, and sends what it is given.
///
/// It is the client that runs on microcontrollers, on the same embassy-net
/// stack, over a virtual network that leads to the server; with --net host on
/// this machine's own sockets. It reconnects by itself until it is done: with
/// --max-orders after so many orders and when everything was sent, with
/// --duration after that time, else when interrupted.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where the server listens.
    #[arg(long, value_name = "HOST:PORT")]
    connect: String,
    /// The name that the server has to prove: a DNS name or an IP address.
    #[arg(long, value_name = "NAME")]
    server_name: String,
    /// The roots that the server's certificate must lead to.
    #[arg(long, value_name = "FILE")]
    ca: PathBuf,
    /// The device's certificate.
    #[arg(long, value_name = "FILE")]
    cert: PathBuf,
    /// The device's private key, PKCS #8 or SEC 1.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// How orders are answered.
    #[arg(long, value_enum, default_value_t = Answering::Ack)]
    reply: Answering,
    /// Pathpoints to send: [{"path": .., "values": [[ms, value], ..]}, ..],
    /// with times in milliseconds since 1970.
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// Log entries to send: [{"service": .., "when": .., "message": ..,
    /// "level": ..}, ..], with times in microseconds since 1970.
    #[arg(long, value_name = "FILE")]
    logs: Option<PathBuf>,
    /// Binary objects to ask about: {"name": version, ..}.
    #[arg(long, value_name = "FILE")]
    baobs: Option<PathBuf>,
    /// End after so many orders.
    #[arg(long, value_name = "N")]
    max_orders: Option<u64>,
    /// End after this time, in seconds.
    #[arg(long, value_name = "SECONDS")]
    duration: Option<f64>,
    /// Run so many devices, each with an identity of its own: the certificates
    /// of the PKI folder that --cert lies in, by name.
    #[arg(long, value_name = "N", default_value_t = 1)]
    count: usize,
    /// Which network the device is on.
    #[arg(long, value_enum, default_value_t = Net::Virtual)]
    net: Net,
    /// Print every event as a JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Answering {
    /// Acknowledge, as if they had been executed.
    Ack,
    /// Refuse.
    Reject,
    /// Never answer, as an application that hangs.
    None,
}

/// A device and the name it goes by.
struct Identity {
    id: String,
    settings: Settings,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let duration = net::duration(args.duration)?;
    let identities = identities(args)?;
    let work = work(args)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Work(format!("cannot start: {error}")))?;
    runtime.block_on(async {
        let server = net::find(&args.connect).await?;
        net::check_name(args.net, &args.server_name, server)?;
        devices(args, server, &identities, &work, duration).await
    })
}

async fn devices(
    args: &Args,
    server: SocketAddr,
    identities: &[Identity],
    work: &Work,
    duration: Option<Duration>,
) -> Outcome {
    let printer = Printer::new(args.json, identities.len() > 1);
    let books: Vec<RefCell<Book>> = identities.iter().map(|_| RefCell::default()).collect();
    let mut running: FuturesUnordered<_> = identities
        .iter()
        .zip(&books)
        .enumerate()
        .map(|(index, (identity, book))| {
            device(
                (args.net, index as u64),
                server,
                identity,
                work,
                book,
                &printer,
            )
        })
        .collect();
    let stop = interrupted();
    let end = async {
        tokio::select! {
            () = stop => {}
            () = net::after(duration) => {}
            () = printer.stop().notified() => {}
        }
        // Everybody who waits, and whoever begins to: devices poll in turn.
        let tell = async {
            loop {
                printer.stop().notify_waiters();
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        // They bring what they do to its end, unless somebody cannot wait.
        tokio::select! {
            () = tell => {}
            () = interrupted() => {}
        }
    };
    let all = async {
        while let Some(done) = running.next().await {
            done?;
        }
        Ok(())
    };
    let done: Outcome = tokio::select! {
        done = all => done,
        () = end => Ok(()),
    };
    drop(running);
    done?;
    let ids: Vec<&str> = identities.iter().map(|identity| &*identity.id).collect();
    totals::print(printer, &ids, work, &books)
}

async fn device(
    (net, seed): (Net, u64),
    server: SocketAddr,
    identity: &Identity,
    work: &Work,
    book: &RefCell<Book>,
    printer: &Printer,
) -> Outcome {
    let settings = &identity.settings;
    let name = &settings.server_name;
    let emit = |event: DeviceEvent| printer.event(&identity.id, &event);
    let journal = RamJournal::<{ device::MARKS }>::new();
    let stop = printer.stop().notified();
    let done = match net {
        Net::Virtual => {
            let net = net::virtual_net(seed, name, server);
            device::run(&net, settings, work, journal, book, &emit, stop).await
        }
        Net::Host => {
            let net = net::host_net(name, server);
            device::run_on(net, settings, work, journal, book, &emit, stop).await
        }
    };
    done.map_err(|error| Failure::Usage(error.to_string()))
}

/// The identities of all devices.
fn identities(args: &Args) -> Outcome<Vec<Identity>> {
    let roots: Vec<Vec<u8>> = certificates(&args.ca)?;
    let (_, port) = net::parts(&args.connect)?;
    let settings = |certificate: Vec<u8>, key: Vec<u8>| Settings {
        server_name: args.server_name.clone(),
        port,
        roots: roots.clone(),
        certificate,
        key,
    };
    if args.count == 1 {
        let certificate = certificates(&args.cert)?.into_iter().next();
        let id = args.cert.file_stem().unwrap_or_default();
        return Ok(vec![Identity {
            id: id.to_string_lossy().into_owned(),
            settings: settings(certificate.unwrap_or_default(), private_key(&args.key)?),
        }]);
    }
    let folder = match args.cert.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let pki = Pki::load_dir(folder).map_err(|error| Failure::Work(error.to_string()))?;
    let found = pki.devices().len();
    if args.count == 0 {
        return Err(Failure::Usage("--count: one device at least".into()));
    }
    if found < args.count {
        return Err(Failure::Usage(format!(
            "--count {}: devices in {}: {found}; make a new folder with \
             `wigwag pki new DIR`, naming each with --device-id",
            args.count,
            folder.display()
        )));
    }
    let devices = pki.devices().take(args.count).map(|(id, identity)| {
        let key = identity.key().secret_pkcs8_der().to_vec();
        Identity {
            id: id.to_owned(),
            settings: settings(identity.certificate().to_vec(), key),
        }
    });
    Ok(devices.collect())
}

fn work(args: &Args) -> Outcome<Work> {
    Ok(Work {
        reply: match args.reply {
            Answering::Ack => Reply::Acknowledge,
            Answering::Reject => Reply::Reject,
            Answering::None => Reply::Nothing,
        },
        slow: None,
        pathpoints: batches(args.data.as_deref(), batch::pathpoints)?,
        logs: batches(args.logs.as_deref(), batch::logs)?,
        baobs: args.baobs.as_deref().map(baobs).transpose()?,
        max_orders: args.max_orders,
    })
}

fn batches(
    path: Option<&Path>,
    cut: fn(&[u8], usize) -> Result<Vec<Batch>, BatchError>,
) -> Outcome<Vec<Batch>> {
    let Some(path) = path else {
        return Ok(Vec::new());
    };
    cut(&minijson(path)?, BATCH_BYTES)
        .map_err(|error| Failure::Work(format!("{}: {error}", path.display())))
}

fn baobs(path: &Path) -> Outcome<Vec<u8>> {
    let map = minijson(path)?;
    batch::baobs(&map, BATCH_BYTES)
        .map_err(|error| Failure::Work(format!("{}: {error}", path.display())))?;
    Ok(map)
}

/// A JSON file as minijson.
fn minijson(path: &Path) -> Outcome<Vec<u8>> {
    let text = Source::of_file(path).read()?;
    from_json(&text, Floats::Single).map_err(|error| {
        let problem = Problem::from(error);
        Failure::Work(format!("{}: {}", path.display(), problem.text()))
    })
}
