//! `wigwag serve ncp`.

pub(crate) mod events;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value as Json, json};
use tokio::sync::broadcast::error::RecvError;

use super::printer::Printer;
use super::unusable;
use crate::cli::interrupt::interrupted;
use crate::cli::outcome::{Failure, Outcome};
use crate::cli::output::say;
use crate::cli::watch::{Watch, WatchArgs, address};
use crate::faults::Cut;
use crate::mock_ncp::{Book, Credentials, Event, EventKind, MockNcp, MockNcpOptions};
use crate::pki::{KeyLogFile, Pki};

/// An NCP server with a mock node behind it.
///
/// The node knows DSPC TIME (SAMP, FCTR), DSPC SWEP (FSTA, FSTO, POIN), DSPC
/// LONG (DURA), DSPC GAIN (GAIN), DSPC STAT, and ECHO in any packet. Everything
/// else is answered with ERRO and ERRC, but for packets of type LINK, which are
/// the connection's own and are not answered.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where to listen: an IP address and a port, such as 127.0.0.1:9999. Port
    /// 0 takes a free one, which is then told.
    #[arg(long, value_name = "ADDR", value_parser = address)]
    listen: SocketAddr,
    /// Talk TLS, with the server certificate of the folder. Clients need no
    /// certificate; one that they show has to be of the folder's device CA.
    #[arg(long, requires = "pki")]
    tls: bool,
    /// A folder made by `wigwag pki new`.
    #[arg(long, value_name = "DIR", requires = "tls")]
    pki: Option<PathBuf>,
    /// Let in only who logs in as this user. Without --tls everybody on the way
    /// can read the password.
    #[arg(long, value_name = "U", requires = "password")]
    user: Option<String>,
    /// The user's password.
    #[arg(long, value_name = "P", requires = "user")]
    password: Option<String>,
    /// Append the secrets of all TLS connections to this file (NSS format), so
    /// that other tools can read recorded traffic.
    #[arg(long, alias = "keylog", value_name = "FILE", requires = "tls")]
    key_log: Option<PathBuf>,
    #[command(flatten)]
    watch: WatchArgs,
    /// Print every event as a JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let options = MockNcpOptions {
        listen: args.listen,
        tls: match &args.pki {
            Some(folder) => Some(tls(folder, args.key_log.as_deref())?),
            None => None,
        },
        login: login(args)?,
        ..MockNcpOptions::default()
    };
    if options.login.is_some() && options.tls.is_none() {
        say("without --tls everybody on the way can read the password");
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Work(format!("cannot start: {error}")))?;
    runtime.block_on(serve(args, options))
}

fn tls(folder: &Path, keylog: Option<&Path>) -> Outcome<Arc<rustls::ServerConfig>> {
    let pki = Pki::load_dir(folder).map_err(|error| unusable(folder, &error))?;
    let keylog = match keylog {
        Some(path) => Some(KeyLogFile::open(path).map_err(|error| {
            Failure::Work(format!(
                "cannot open the key log {}: {error}",
                path.display()
            ))
        })?),
        None => None,
    };
    let config = pki.public_server_config(keylog);
    let config = config.map_err(|error| unusable(folder, &error))?;
    Ok(Arc::new(config))
}

fn login(args: &Args) -> Outcome<Option<Credentials>> {
    let (Some(user), Some(password)) = (&args.user, &args.password) else {
        return Ok(None);
    };
    let login = Credentials::new(user, password);
    login
        .map(Some)
        .map_err(|error| Failure::Usage(format!("--user and --password: {error}")))
}

async fn serve(args: &Args, mut options: MockNcpOptions) -> Outcome {
    let mut printer = Printer::new(args.json);
    let watch = Watch::start(&args.watch, "wigwag serve ncp", true).await?;
    options.recorder = watch.recorder.clone();
    let mut server = MockNcp::start_with(options)
        .await
        .map_err(|error| Failure::Work(error.to_string()))?;
    let mut told = server.events();
    // Whoever reads that it listens may ask it to end at once.
    let mut stop = std::pin::pin!(interrupted());
    // The server began to listen before it could be listened to.
    let listening = Event {
        at: printer.started.elapsed(),
        connection: None,
        kind: EventKind::Listening {
            addr: server.addr(),
        },
    };
    if let Some(page) = watch.told() {
        printer.own("inspector", page)?;
    }
    print(&mut printer, &listening)?;
    loop {
        tokio::select! {
            event = told.recv() => match event {
                Ok(event) => print(&mut printer, &event)?,
                Err(RecvError::Lagged(count)) => printer.dropped(count)?,
                Err(RecvError::Closed) => break,
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

fn print(printer: &mut Printer, event: &Event) -> Outcome {
    printer.told(|| vec![events::object(event)], || events::line(event))
}

/// The totals of the server's book.
fn totals(book: &Book) -> Json {
    json!({
        "connections": book.connections,
        "refused": book.refused,
        "commands": book.commands.len() as u64 + book.unrecorded,
        "failed": book.failed(),
        "unanswered": book.unanswered(),
        "keep_alives": book.keep_alives,
    })
}
