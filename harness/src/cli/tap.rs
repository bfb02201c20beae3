//! `wigwag tap`.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde_json::{Map, Value as Json, json};
use tokio::sync::broadcast::error::RecvError;

use super::interrupt::interrupted;
use super::outcome::{Failure, Outcome};
use super::output::{self, say};
use super::pem::certificates;
use super::serve::printer::Printer;
use super::serve::unusable;
use super::watch::{Watch, WatchArgs, address};
use crate::pki::{Identity, KeyLogFile, Pki};
use crate::record::Protocol;
use crate::tap::{Identities, Security, Tap, TapEvent, TapEventKind, TapOptions, Totals};

/// See everything that devices and their server say, from between them.
///
/// Let the devices connect to the tap instead of to the server. It ends TLS on
/// both sides: to devices it shows the server certificate of the folder, and
/// demands one of the folder's device CA; to the server it shows the certificate
/// of the device that has connected, and demands that it proves its name. Nothing
/// is changed on the way. With --http every frame is in the browser, with
/// --capture in a file. Ctrl-C ends it.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where devices connect: an IP address and a port, such as 127.0.0.1:2406.
    /// Port 0 takes a free one, which is then told.
    #[arg(long, value_name = "ADDR", value_parser = address)]
    listen: SocketAddr,
    /// Where the server is.
    #[arg(long, value_name = "HOST:PORT")]
    connect: String,
    /// A folder made by `wigwag pki new`, or one of the same layout.
    #[arg(long, value_name = "DIR", required_unless_present = "plain")]
    pki: Option<PathBuf>,
    /// The name that the server has to prove: a DNS name or an IP address. The
    /// host of --connect without it.
    #[arg(long, value_name = "NAME")]
    server_name: Option<String>,
    /// The roots that the server's certificate must lead to. The folder's server
    /// CA without it.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// The certificate to show to the server for all devices that show one,
    /// instead of the folder's for each.
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,
    /// Its private key, PKCS #8.
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// No TLS on either side: for NCP over plain TCP.
    #[arg(long, conflicts_with_all = ["pki", "server_name", "ca", "cert", "key", "key_log"])]
    plain: bool,
    /// What is spoken. Without it, it shows in the bytes. With ncp, devices need
    /// no certificate.
    #[arg(long, value_enum)]
    protocol: Option<Spoken>,
    /// Append the secrets of all TLS connections, on both sides, to this file
    /// (NSS format), so that other tools can read recorded traffic.
    #[arg(long, alias = "keylog", value_name = "FILE")]
    key_log: Option<PathBuf>,
    #[command(flatten)]
    watch: WatchArgs,
    /// Print every event as a JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Spoken {
    Ngtt,
    Ncp,
    /// Messages behind a u32 length.
    Prefix,
    /// minijson values, one after another.
    Minijson,
}

impl From<Spoken> for Protocol {
    fn from(spoken: Spoken) -> Self {
        match spoken {
            Spoken::Ngtt => Self::Ngtt,
            Spoken::Ncp => Self::Ncp,
            Spoken::Prefix => Self::Prefix,
            Spoken::Minijson => Self::Minijson,
        }
    }
}

pub(crate) fn run(args: &Args) -> Outcome {
    let options = TapOptions {
        listen: args.listen,
        protocol: args.protocol.map(Protocol::from),
        ..TapOptions::new(&args.connect, security(args)?)
    };
    if args.watch.http.is_none() && args.watch.capture.is_none() {
        say("without --http or --capture nobody sees what is said: only connections are told");
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Work(format!("cannot start: {error}")))?;
    runtime.block_on(tap(args, options))
}

fn security(args: &Args) -> Outcome<Security> {
    let host = args.connect.rsplit_once(':');
    let Some((host, port)) = host.filter(|(_, port)| port.parse::<u16>().is_ok()) else {
        return Err(Failure::Usage(
            "--connect: a port is missing: HOST:PORT, such as 127.0.0.1:2405".into(),
        ));
    };
    if port == "0" {
        return Err(Failure::Usage("--connect: port 0 is nobody's".into()));
    }
    let Some(folder) = &args.pki else {
        return Ok(Security::Plain);
    };
    let failed = |error| unusable(folder, &error);
    let pki = Pki::load_dir(folder).map_err(failed)?;
    let keylog = match &args.key_log {
        Some(path) => Some(KeyLogFile::open(path).map_err(|error| {
            let path = path.display();
            Failure::Work(format!("cannot open the key log {path}: {error}"))
        })?),
        None => None,
    };
    let roots = match &args.ca {
        Some(path) => certificates(path)?.into_iter().map(Into::into).collect(),
        None => vec![pki.server_ca().clone()],
    };
    let identities = match (&args.cert, &args.key) {
        (Some(cert), Some(key)) => {
            let identity = Identity::load(cert, key);
            Identities::One(Box::new(
                identity.map_err(|error| Failure::Work(error.to_string()))?,
            ))
        }
        _ => {
            let devices = pki.devices();
            let devices = devices.map(|(name, identity)| (name.to_owned(), identity.clone()));
            Identities::OfDevices(devices.collect())
        }
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let name = args.server_name.as_deref().unwrap_or(host);
    let is_optional = args.protocol == Some(Spoken::Ncp);
    Security::with(&pki, name, roots, identities, is_optional, keylog).map_err(failed)
}

async fn tap(args: &Args, mut options: TapOptions) -> Outcome {
    let mut printer = Printer::new(args.json);
    let watch = Watch::start(&args.watch, "wigwag tap", false).await?;
    options.recorder = watch.recorder.clone();
    let (listen, connect) = (options.listen, options.connect.clone());
    let tap = Tap::start(options)
        .await
        .map_err(|error| Failure::Work(format!("cannot listen on {listen}: {error}")))?;
    let mut told = tap.events();
    // Whoever reads that it listens may ask it to end at once.
    let mut stop = std::pin::pin!(interrupted());
    if let Some(page) = watch.told() {
        printer.own("inspector", page)?;
    }
    let addr = tap.addr().to_string();
    printer.own("listening", json!({"addr": addr, "connect": connect}))?;
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
    let totals = tap.stop().await;
    while let Ok(event) = told.try_recv() {
        print(&mut printer, &event)?;
    }
    if let Some(capture) = watch.finish().await? {
        printer.own("captured", capture)?;
    }
    printer.done(summary(totals))
}

fn summary(totals: Totals) -> Json {
    json!({
        "connections": totals.connections,
        "refused": totals.refused,
        "to_server": totals.to_server,
        "to_device": totals.to_device,
    })
}

/// The event's name and its fields.
fn parts(event: &TapEvent) -> (&'static str, Json) {
    match &event.kind {
        TapEventKind::Connected { peer, device } => (
            "connected",
            json!({"peer": peer.to_string(), "cn": device.as_deref()}),
        ),
        TapEventKind::Refused { peer, reason } => (
            "refused",
            json!({"peer": peer.to_string(), "reason": reason}),
        ),
        TapEventKind::Disconnected {
            reason,
            to_server,
            to_device,
        } => (
            "disconnected",
            json!({"reason": reason, "to_server": to_server, "to_device": to_device}),
        ),
    }
}

fn print(printer: &mut Printer, event: &TapEvent) -> Outcome {
    let (name, fields) = parts(event);
    let object = || {
        let mut object = Map::new();
        object.insert("event".into(), name.into());
        let t = u64::try_from(event.at.as_millis()).unwrap_or(u64::MAX);
        object.insert("t".into(), t.into());
        object.insert("connection".into(), event.connection.into());
        object.extend(fields.as_object().cloned().unwrap_or_default());
        vec![object]
    };
    let line = || {
        let connection = event.connection.unwrap_or_default();
        let fields = output::fields(&fields, &[]);
        let seconds = event.at.as_secs_f64();
        format!("{seconds:8.3} s  {connection}  {name}{fields}")
    };
    printer.told(object, line)
}
