//! `wigwag firmware run`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::printer::Printer;
use crate::cli::interrupt::interrupted;
use crate::cli::outcome::{Failure, Outcome};
use crate::device::Settings;
use crate::faults::Cut;
use crate::firmware::{Firmware, Net, Run, Trial, USER_NET_HOST, books};
use crate::mock::{Event, MockNgtt, MockOptions};
use crate::pki::{DEFAULT_DEVICE_ID, Pki, PkiOptions};

/// The server's name on the virtual network.
const SERVER: &str = "ngtt.test";

/// Where `cargo xtask firmware build` puts the image of a board.
const BUILT: &str = "embassy-client/boards/target/thumbv7em-none-eabihf/release";

/// What the host gives a device beside the device's own time, to start and to
/// end.
const GRACE: Duration = Duration::from_secs(60);

/// Boot the device's program on an emulated board, against a server.
///
/// A server with fresh certificates is started here, with orders in its queue;
/// QEMU boots the image on a board with a LAN9118 Ethernet chip, whose frames
/// come to a virtual network with DHCP and DNS. The device connects over mutual
/// TLS, executes the orders, sends batches of pathpoints and ends. What the
/// server and the device's log say is printed as it comes.
///
/// The exit status is 0 only if the device reached its goal and the server's
/// book and the device's log agree that every order was executed and confirmed
/// once and every batch confirmed. The image can open this machine's files
/// (semihosting): run only images you trust.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The linked program. Without it, what `cargo xtask firmware build` has
    /// built in this project.
    #[arg(long, value_name = "ELF")]
    image: Option<PathBuf>,
    /// The board.
    #[arg(long, value_enum, default_value_t = Board::QemuMps2An386)]
    board: Board,
    /// The network that the board is on.
    #[arg(long, value_enum, default_value_t = Network::Gateway)]
    net: Network,
    /// Orders for the device.
    #[arg(long, value_name = "N", default_value_t = 1)]
    orders: u32,
    /// Batches of 1 KiB of pathpoints that the device sends after them.
    #[arg(long, value_name = "N", default_value_t = 1)]
    batches: u32,
    /// The device gives up after this time of its clock.
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    duration: u32,
    /// Count instructions: the device's clock advances by a nanosecond an
    /// instruction, whatever this machine does meanwhile.
    #[arg(long)]
    icount: bool,
    /// Print what the device measured of itself: stack, and the time that its
    /// processor was busy (with --icount, in instructions).
    #[arg(long)]
    report: bool,
    /// Print every event as a JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Board {
    /// Arm MPS2 with the FPGA image AN386: a Cortex-M4F.
    QemuMps2An386,
}

impl Board {
    fn name(self) -> &'static str {
        match self {
            Self::QemuMps2An386 => "qemu-mps2-an386",
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum Network {
    /// The virtual network of this program, with DHCP and DNS.
    Gateway,
    /// QEMU's own user network; the server is an address there.
    User,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let image = image(args)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Work(format!("cannot start: {error}")))?;
    runtime.block_on(async {
        tokio::select! {
            done = boot(args, image) => done,
            // Whatever runs is dropped, and QEMU with it.
            () = interrupted() => Err(Failure::Work("ended before the device was done".into())),
        }
    })
}

/// The image to run.
fn image(args: &Args) -> Outcome<PathBuf> {
    if let Some(image) = &args.image {
        return Ok(image.clone());
    }
    let here = std::env::current_dir();
    let here = here.map_err(|error| Failure::Work(format!("the current folder: {error}")))?;
    let built = Path::new(BUILT).join(args.board.name());
    let mut found = here.ancestors().map(|folder| folder.join(&built));
    found.find(|image| image.is_file()).ok_or_else(|| {
        Failure::Work(format!(
            "there is no {}: run `cargo xtask firmware build`, or give --image",
            built.display()
        ))
    })
}

async fn boot(args: &Args, image: PathBuf) -> Outcome {
    let (name, names) = match args.net {
        Network::Gateway => (SERVER.to_owned(), PkiOptions::default().server_names),
        Network::User => (USER_NET_HOST.to_string(), vec![USER_NET_HOST.to_string()]),
    };
    let pki = Pki::new(PkiOptions {
        server_names: names,
        ..PkiOptions::default()
    });
    let pki = pki.map_err(work)?;
    let options = MockOptions {
        // As many as the device holds: what it has no room for, it skips, and
        // the log would be of little else.
        window: 4,
        ..MockOptions::default()
    };
    let server = MockNgtt::start_with(&pki, options).await;
    let mut server = server.map_err(work)?;
    let mut told = server.events();
    for number in 0..args.orders.into() {
        server.enqueue(DEFAULT_DEVICE_ID, books::order(number));
    }
    let port = server.addr().port();
    let settings = Settings::of(&pki, DEFAULT_DEVICE_ID, &name, port)
        .expect("a new infrastructure has this device");
    let net = match args.net {
        Network::Gateway => Net::to(&name, server.addr()),
        Network::User => Net::User,
    };
    let trial = Trial {
        orders: Some(args.orders),
        batches: Some(args.batches),
        seconds: Some(args.duration),
        ..Trial::default()
    };
    let mut printer = Printer::new(args.json);
    printer.listening(server.addr())?;
    let mut run = Firmware::new(image)
        .settings(settings)
        .trial(trial)
        .icount(args.icount)
        .report(args.report)
        .start(net)
        .await
        .map_err(work)?;
    let limit = limit(args);
    let watched = tokio::time::timeout(limit, watch(&mut run, &mut told, &mut printer)).await;
    // Time is up on this side too: the error says so, with the log.
    let left = if watched.is_ok() {
        GRACE
    } else {
        Duration::ZERO
    };
    watched.unwrap_or(Ok(()))?;
    let outcome = run.finish(left).await.map_err(work)?;
    server.stop(Cut::Close).await;
    while let Ok(event) = told.try_recv() {
        printer.server(&event)?;
    }
    let book = server.book().device(DEFAULT_DEVICE_ID);
    printer.done(&outcome, &book, args.orders, args.batches)
}

/// How long the host waits for a device. Its clock may be slower than the
/// host's when instructions are counted.
fn limit(args: &Args) -> Duration {
    let duration = Duration::from_secs(args.duration.into());
    let factor = if args.icount { 10 } else { 1 };
    duration.saturating_mul(factor).saturating_add(GRACE)
}

/// Prints what server and device say until the device's log ends.
async fn watch(run: &mut Run, told: &mut Receiver<Event>, printer: &mut Printer) -> Outcome {
    loop {
        tokio::select! {
            event = told.recv() => match event {
                Ok(event) => printer.server(&event)?,
                Err(RecvError::Lagged(count)) => printer.missed(count)?,
                Err(RecvError::Closed) => {}
            },
            line = run.next_line() => match line {
                Some(line) => printer.device(&line)?,
                None => return Ok(()),
            },
        }
    }
}

fn work(error: impl std::fmt::Display) -> Failure {
    Failure::Work(error.to_string())
}
