//! `--http` and `--capture`: a look at every frame, live and in a file.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde_json::{Value as Json, json};

use super::outcome::{Failure, Outcome};
use super::output::say;
use crate::inspector::{Inspector, Options};
use crate::record::{CaptureFile, Existing, Recorder};

/// Where the page is unless it is said: for this machine only, at a free port.
pub(crate) const ANYWHERE: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Options of commands whose frames can be looked at.
#[derive(clap::Args)]
pub(crate) struct WatchArgs {
    /// Show every frame in the browser, live: serve the inspector's page at this
    /// address. Without an address at a free port of 127.0.0.1. Its address with
    /// the token is printed. On an address of the network, such as 0.0.0.0:8080,
    /// everybody in it who learns the token can read everything.
    #[arg(long, value_name = "ADDR", value_parser = address, num_args = 0..=1,
        default_missing_value = "127.0.0.1:0")]
    pub(crate) http: Option<SocketAddr>,
    /// Keep the token of the page's address in this file, readable by its owner
    /// only, and use it again: pages that are open go on when the command is
    /// started again at the same address. Without it every start has a new token.
    #[arg(long, value_name = "FILE", requires = "http")]
    pub(crate) token_file: Option<PathBuf>,
    /// Write everything that is said to this file, readable by its owner only, as
    /// a capture that `wigwag inspect` and `wigwag decode auto` open; also while
    /// it is being written. A file that is there already is kept, and the command
    /// ends with an error.
    #[arg(long, value_name = "FILE")]
    pub(crate) capture: Option<PathBuf>,
    /// Let --capture replace a file that is there already.
    #[arg(long, requires = "capture")]
    pub(crate) force: bool,
}

/// An address to listen on.
pub(crate) fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse()
        .map_err(|_| "it is an IP address and a port, such as 127.0.0.1:2405 or [::1]:2405")
}

/// What watches a command's frames.
#[derive(Default)]
pub(crate) struct Watch {
    /// For the servers, if anything watches.
    pub(crate) recorder: Option<Recorder>,
    inspector: Option<Inspector>,
    file: Option<(PathBuf, CaptureFile)>,
}

impl Watch {
    /// Opens the capture and starts the page's server, for a command of this
    /// name; `send`: the page may send frames. Within a tokio runtime.
    pub(crate) async fn start(args: &WatchArgs, name: &str, send: bool) -> Outcome<Self> {
        let mut watch = Self::default();
        if args.http.is_some() || args.capture.is_some() {
            watch.recorder = Some(Recorder::default());
        }
        let Some(recorder) = &watch.recorder else {
            return Ok(watch);
        };
        if let Some(path) = &args.capture {
            let existing = if args.force {
                Existing::Replace
            } else {
                Existing::Keep
            };
            let file = recorder.to_file(path, existing).map_err(|error| {
                let hint = match error.kind() {
                    std::io::ErrorKind::AlreadyExists => "; --force replaces it",
                    _ => "",
                };
                let path = path.display();
                Failure::Work(format!("cannot write the capture {path}: {error}{hint}"))
            })?;
            watch.file = Some((path.clone(), file));
        }
        if let Some(listen) = args.http {
            let options = Options {
                listen,
                server: name.to_owned(),
                recorder: Some(recorder.clone()),
                send,
                token_file: args.token_file.clone(),
                ..Options::default()
            };
            watch.inspector = Some(serve(options).await?);
        }
        Ok(watch)
    }

    /// The fields of the event that tells the page's address, if it is served.
    pub(crate) fn told(&self) -> Option<Json> {
        self.inspector.as_ref().map(told)
    }

    /// Ends: the page is told, the capture is whole. What is to be said of the
    /// capture, if there is one.
    pub(crate) async fn finish(self) -> Outcome<Option<Json>> {
        if let Some(inspector) = self.inspector {
            inspector.stop().await;
        }
        let Some((path, file)) = self.file else {
            return Ok(None);
        };
        let path = path.display().to_string();
        match file.finish() {
            Ok(bytes) => Ok(Some(json!({"file": path, "bytes": bytes}))),
            Err(error) => Err(Failure::Work(format!(
                "the capture {path} is not whole: {error}; it ends with the last record before that"
            ))),
        }
    }
}

/// The fields of an event that tells an inspector's address.
pub(crate) fn told(inspector: &Inspector) -> Json {
    json!({"addr": inspector.addr().to_string(), "url": inspector.url()})
}

/// Starts the page's server, and says what a person should know of it.
pub(crate) async fn serve(options: Options) -> Outcome<Inspector> {
    let listen = options.listen;
    let inspector = Inspector::start(options).await.map_err(|error| {
        Failure::Work(format!(
            "cannot serve the inspector's page at {listen}: {error}"
        ))
    })?;
    if inspector.is_open_to_the_network() {
        say(&format!(
            "WARNING: the inspector listens on {}, not on this machine alone: everybody in the \
             network who learns the token can read every frame, and send some. Nothing is \
             encrypted. From there, replace 127.0.0.1 in its address by this machine's IP address.",
            inspector.addr()
        ));
    }
    if !wigwag_page::COMPLETE {
        say(
            "the inspector's page was left out of this build: `rustup target add \
             wasm32-unknown-unknown`, then build again",
        );
    }
    Ok(inspector)
}
