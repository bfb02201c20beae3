//! `wigwag serve ngtt`.

use std::io::{self, IsTerminal as _, stdin};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use serde_json::{Value as Json, json};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;

use super::events;
use super::orders::{self, Enqueued};
use crate::cli::input::Source;
use crate::cli::interrupt::interrupted;
use crate::cli::outcome::{Failure, Outcome};
use crate::cli::output::{self, Output, say};
use crate::cli::problem::Problem;
use crate::faults::Cut;
use crate::mock::{Answer, Book, DeviceBook, Event, EventKind, MockNgtt, MockOptions};
use crate::pki::{Pki, PkiError};

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
    #[arg(long, value_name = "FILE")]
    keylog: Option<PathBuf>,
    /// Print every event as a JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let pki = Pki::load_dir(&args.pki).map_err(|error| unusable(&args.pki, &error))?;
    let options = MockOptions {
        listen: args.listen,
        orders: queue(args)?,
        keylog: args.keylog.clone(),
        ..MockOptions::default()
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Work(format!("cannot start: {error}")))?;
    runtime.block_on(serve(args.json, &pki, options))
}

fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse()
        .map_err(|_| "it is an IP address and a port, such as 127.0.0.1:2405 or [::1]:2405")
}

/// Why the folder cannot be used; where one is missing, how to make it.
fn unusable(folder: &Path, error: &PkiError) -> Failure {
    let hint = match error {
        PkiError::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => {
            format!(
                "; `wigwag pki new {}` makes such a folder",
                folder.display()
            )
        }
        _ => String::new(),
    };
    Failure::Work(format!("{error}{hint}"))
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

async fn serve(json: bool, pki: &Pki, options: MockOptions) -> Outcome {
    let mut printer = Printer {
        output: Output::new(),
        json,
        started: Instant::now(),
    };
    let mut server = MockNgtt::start_with(pki, options)
        .await
        .map_err(|error| Failure::Work(error.to_string()))?;
    let mut told = server.events();
    // Whoever reads that it listens may ask it to end at once.
    let mut stop = std::pin::pin!(interrupted());
    // The server began to listen before it could be listened to.
    printer.event(&Event {
        at: printer.started.elapsed(),
        device: None,
        kind: EventKind::Listening {
            addr: server.addr(),
        },
    })?;
    let mut input = lines();
    loop {
        tokio::select! {
            event = told.recv() => match event {
                Ok(event) => printer.event(&event)?,
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
        printer.event(&event)?;
    }
    printer.done(&server.book())
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

/// Events on standard output.
struct Printer {
    output: Output,
    json: bool,
    started: Instant,
}

impl Printer {
    fn event(&mut self, event: &Event) -> Outcome {
        if self.json {
            for object in events::objects(event) {
                self.output.line(&Json::Object(object).to_string())?;
            }
        } else {
            self.output.line(&events::line(event))?;
        }
        self.output.flush()
    }

    /// Something that the server's own events do not tell.
    fn own(&mut self, name: &str, fields: Json) -> Outcome {
        if self.json {
            let mut object = json!({"event": name, "t": millis(self.started)});
            if let (Json::Object(object), Json::Object(fields)) = (&mut object, fields) {
                object.extend(fields);
            }
            self.output.line(&object.to_string())?;
        } else {
            let seconds = self.started.elapsed().as_secs_f64();
            let fields = output::fields(&fields, &[]);
            self.output
                .line(&format!("{seconds:8.3} s  -  {name}{fields}"))?;
        }
        self.output.flush()
    }

    /// Events came faster than they could be printed.
    fn dropped(&mut self, count: u64) -> Outcome {
        self.own("dropped", json!({"what": "events", "count": count}))
    }

    /// The totals of the server's book.
    fn done(mut self, book: &Book) -> Outcome {
        let sum = |count: fn(&DeviceBook) -> u64| book.devices.values().map(count).sum::<u64>();
        let totals = json!({
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
        });
        self.own("done", totals)?;
        self.output.finish()
    }
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
