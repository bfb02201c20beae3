//! `wigwag demo`: what a newcomer sees first.

mod lines;
mod screen;

use std::net::SocketAddr;

use tokio::sync::Notify;

use super::interrupt::interrupted;
use super::outcome::{Failure, Outcome};
use super::watch::{self, ANYWHERE, address};
use crate::demo::{self, Options};
use crate::inspector;
use crate::record::Recorder;
use screen::Screen;

/// Watch a server and a device: orders, pathpoints, logs and binary objects
/// over mutual TLS, through cuts and a restart, with nothing lost; and a node
/// that a device asks by NCP, over TLS and with a login, through a cut.
///
/// Everything runs in this process: servers on the loopback with fresh
/// certificates, and the device's own clients on the embassy-net stack, over
/// virtual networks. Every frame is in the browser, live, at the address that is
/// printed first; one order takes three seconds, for you to find. After the story
/// an order a second goes on, and the page stays, until Ctrl-C.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// End after the story. The exit status is 0 only if the servers' and the
    /// devices' books agree, everything was executed once, and every command was
    /// answered.
    #[arg(long)]
    once: bool,
    /// The seed of what the network leaves to chance.
    #[arg(long, value_name = "N", default_value_t = Options::default().seed)]
    seed: u64,
    /// Where the inspector's page is served, with every frame, live. On an address
    /// of the network, such as 0.0.0.0:8080, everybody in it who learns the token
    /// can read everything.
    #[arg(long, value_name = "ADDR", value_parser = address, default_value_t = ANYWHERE)]
    http: SocketAddr,
    /// Print every event as a JSON object.
    #[arg(long)]
    json: bool,
}

impl Default for Args {
    /// Without any argument.
    fn default() -> Self {
        Self {
            once: false,
            seed: Options::default().seed,
            http: ANYWHERE,
            json: false,
        }
    }
}

pub(crate) fn run(args: &Args) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Work(format!("cannot start: {error}")))?;
    let recorder = Recorder::default();
    let inspector = runtime.block_on(watch::serve(inspector::Options {
        listen: args.http,
        server: "wigwag demo".into(),
        recorder: Some(recorder.clone()),
        ..inspector::Options::default()
    }))?;
    let closed = Notify::new();
    let screen = Screen::new(args.json, &closed);
    let options = Options {
        seed: args.seed,
        go_on: !args.once,
        recorder: Some(recorder.clone()),
        ..Options::default()
    };
    screen.page(&inspector);
    let show = |moment| screen.show(moment);
    // The first interruption brings the story to its end, the second is
    // somebody who does not want to wait for that.
    let hurry = async {
        interrupted().await;
        interrupted().await;
    };
    let compared = runtime.block_on(async {
        tokio::select! {
            compared = demo::run(options, &show, interrupted()) => Some(compared),
            () = closed.notified() => None,
            () = hurry => None,
        }
    });
    runtime.block_on(inspector.stop());
    let Some(compared) = compared else {
        return Err(screen.abandon());
    };
    let compared = compared.map_err(|error| Failure::Work(error.to_string()))?;
    let agrees = compared.agrees();
    screen.finish(&compared)?;
    if agrees { Ok(()) } else { Err(Failure::Shown) }
}
