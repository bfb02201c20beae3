//! `wigwag demo`: what a newcomer sees first.

mod lines;
mod screen;

use tokio::sync::Notify;

use super::interrupt::interrupted;
use super::outcome::{Failure, Outcome};
use crate::demo::{self, Options};
use screen::Screen;

/// Watch a server and a device: orders, pathpoints, logs and binary objects
/// over mutual TLS, through cuts and a restart, with nothing lost; and a node
/// that a device asks by NCP, over TLS and with a login, through a cut.
///
/// Everything runs in this process: servers on the loopback with fresh
/// certificates, and the device's own clients on the embassy-net stack, over
/// virtual networks. After the story an order a second goes on until Ctrl-C.
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
            json: false,
        }
    }
}

pub(crate) fn run(args: &Args) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Work(format!("cannot start: {error}")))?;
    let closed = Notify::new();
    let screen = Screen::new(args.json, &closed);
    let options = Options {
        seed: args.seed,
        go_on: !args.once,
        ..Options::default()
    };
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
    let Some(compared) = compared else {
        return Err(screen.abandon());
    };
    let compared = compared.map_err(|error| Failure::Work(error.to_string()))?;
    let agrees = compared.agrees();
    screen.finish(&compared)?;
    if agrees { Ok(()) } else { Err(Failure::Shown) }
}
