//! `wigwag serve ngtt`.

use std::io::{IsTerminal as _, stdin};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use serde_json::{Value as Json, json};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;

use super::events;
use super::orders::{self, Enqueued};
use super::printer::Printer;
use super::unusable;
use crate::cli::input::Source;
use crate::cli::interrupt::interrupted;
use crate::cli::outcome::{Failure, Outcome};
use crate::cli::output::say;
use crate::cli::problem::Problem;
use crate::cli::watch::{Watch, WatchArgs, address};
use crate::faults::Cut;
use crate::mock::{Answer, Book, DeviceBook, Event, EventKind, MockNgtt, MockOptions};
use crate::pki::Pki;

/// An NGTT server that delivers orders until they are answered.
///
/// Orders are read from a file and, when standard input is not a terminal, from
/// there, one JSON object a line: {"device": ID or null, "order": [SECTION..]}.
/// A file holds one order (an array of sections) or an array of orders. Devices
/// need a certificate of the folder's device CA; its common name is their id.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where to listen: an IP address and a port, such as 127.0.0.1:2405. Port
    /// 0 takes a free one, which is then told.
    #[arg(long, value_name = "ADDR", value_parser = address)]
    listen: SocketAddr,
    /// A folder made by `wigwag pki new`.
    #[arg(long, value_name = "DIR")]
    pki: PathBuf,
    /// Orders that every device finds in its queue.
    #[arg(long, value_name = "FILE")]
    orders: Option<PathBuf>,
    /// How many times each device finds the orders of the file in its queue.
    #[arg(long, value_name = "N", default_value_t = 1, requires = "orders")]
    repeat: usize,
    /// Append the secrets of all TLS connections to this file (NSS format), so
    /// that other tools can read recorded traffic.
    #[arg(long, alias = "keylog", value_name = "FILE")]
    key_log: Option<PathBuf>,
    #[command(flatten)]
    watch: WatchArgs,
    /// Print every event as a JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let pki = Pki::load_dir(&args.pki).map_err(|error| unusable(&args.pki, &error))?;
    let options = MockOptions {
        listen: args.listen,
        orders: queue(args)?,
        keylog: args.key_log.clone(),
        ..MockOptions::default()
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Work(format!("cannot start: {error}")))?;
    runtime.block_on(serve(args, &pki, options))
}

/// The file's orders, repeated. Repetitions share their bytes.
fn queue(args: &Args) -> Outcome<Vec<Arc<[u8]>>> {
    let orders = match &args.orders {
        Some(path) => orders::from_file(path)?,
        None => Vec::new(),
    };
    let whole = orders.len().saturating_mul(args.repeat);
    Ok(orders.into_iter().cycle().take(whole).collect())
}

async fn serve(args: &Args, pki: &Pki, mut options: MockOptions) -> Outcome {
    let mut printer = Printer::new(args.json);
    let watch = Watch::start(&args.watch, "wigwag serve ngtt", true).await?;
    options.recorder = watch.recorder.clone();
    let mut server = MockNgtt::start_with(pki, options)
        .await
        .map_err(|error| Failure::Work(error.to_string()))?;
    let mut told = server.events();
    // Whoever reads that it listens may ask it to end at once.
    let mut stop = std::pin::pin!(interrupted());
    // The server began to listen before it could be listened to.
    let listening = Event {
        at: printer.started.elapsed(),
        device: None,
        kind: EventKind::Listening {
            addr: server.addr(),
        },
    };
    if let Some(page) = watch.told() {
        printer.own("inspector", page)?;
    }
    print(&mut printer, &listening)?;
    let mut input = lines();
    loop {
        tokio::select! {
            event = told.recv() => match event {
                Ok(event) => print(&mut printer, &event)?,
                Err(RecvError::Lagged(count)) => printer.dropped(count)?,
                Err(RecvError::Closed) => break,
            },
            Some(line) = input.recv() => match line {
                Ok(Enqueued { device: Some(id), payload }) => {
                    server.enqueue(&id, payload);
                }
                Ok(Enqueued { device: None, payload }) => server.enqueue_all(payload),
                Err((number, problem)) => say(&format!(
                    "order refused: line {number} of standard input: {}",
                    problem.text()
                )),
            },
            () = &mut stop => break,
        }
    }
    server.stop(Cut::Close).await;
    while let Ok(event) = told.try_recv() {
        print(&mut printer, &event)?;
    }
    if let Some(capture) = watch.finish().await? {
        printer.own("captured", capture)?;
    }
    printer.done(totals(&server.book()))
}

/// Orders from standard input, unless a person sits there; of a line that holds
/// none, its number and what is wrong. The thread ends with
/// the input or the process: reading a pipe cannot be interrupted.
fn lines() -> mpsc::Receiver<Result<Enqueued, (usize, Problem)>> {
    let (sender, receiver) = mpsc::channel(16);
    if !stdin().is_terminal() {
        thread::spawn(move || {
            let lines = Source::standard_input().lines().into_iter().flatten();
            for (line, number) in lines.map_while(Result::ok).zip(1..) {
                let order = line.and_then(|line| orders::from_line(&line));
                if sender
                    .blocking_send(order.map_err(|problem| (number, problem)))
                    .is_err()
                {
                    return;
                }
            }
        });
    }
    receiver
}

/// The totals of the server's book.
fn totals(book: &Book) -> Json {
    let sum = |count: fn(&DeviceBook) -> u64| book.devices.values().map(count).sum::<u64>();
    json!({
        "devices": book.devices.len(),
        "connections": sum(|device| device.connections),
        "refused": book.refused,
        "orders": sum(|device| device.orders.len() as u64),
        "acked": sum(|device| device.answered(Answer::Confirm) as u64),
        "rejected": sum(|device| device.answered(Answer::Reject) as u64),
        "unanswered": sum(|device| device.unanswered() as u64),
        "points": sum(DeviceBook::confirmed_points),
        "logs": sum(DeviceBook::log_entries),
        "baobs": sum(|device| device.baobs.len() as u64),
    })
}

fn print(printer: &mut Printer, event: &Event) -> Outcome {
    printer.told(|| events::objects(event), || events::line(event))
}
