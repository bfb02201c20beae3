//! `wigwag inspect`.

use std::io::stdin;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::input;
use super::interrupt::interrupted;
use super::outcome::{Failure, Outcome};
use super::output::Output;
use super::watch::{self, ANYWHERE, address};
use crate::inspector::{Options, Source};

/// Look at a file in the browser: captures, pcap and pcapng, raw bytes, hex,
/// base64, JSON lines.
///
/// Serves the inspector's page, with the file opened in it, until interrupted,
/// and prints its address: open it in a browser on this machine. The file does
/// not leave it. Without a file the page is empty: drop one on it, or paste.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The file to open; standard input for `-`.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Where to serve the page. On an address of the network, such as
    /// 0.0.0.0:8080, everybody in it who learns the token can read the file.
    #[arg(long, value_name = "ADDR", value_parser = address, default_value_t = ANYWHERE)]
    http: SocketAddr,
    /// TLS secrets for the file, in NSS's key log format.
    #[arg(long, alias = "keylog", value_name = "FILE", requires = "file")]
    key_log: Option<PathBuf>,
    /// Print the address as a JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let options = Options {
        listen: args.http,
        server: "wigwag inspect".into(),
        file: args.file.as_deref().map(open).transpose()?,
        key_log: args.key_log.as_deref().map(key_log).transpose()?,
        ..Options::default()
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Work(format!("cannot start: {error}")))?;
    runtime.block_on(serve(args.json, options))
}

fn open(path: &Path) -> Outcome<Source> {
    let (name, source) = if path == Path::new("-") {
        let name = "standard input";
        (name.to_owned(), Source::copy(name, &mut stdin().lock()))
    } else {
        (path.display().to_string(), Source::open(path))
    };
    source.map_err(|error| Failure::Work(format!("cannot open {name}: {error}")))
}

fn key_log(path: &Path) -> Outcome<String> {
    let bytes = input::Source::of_file(path).read()?;
    String::from_utf8(bytes)
        .map_err(|_| Failure::Work(format!("{} is no key log: not text", path.display())))
}

async fn serve(json: bool, options: Options) -> Outcome {
    let file = options.file.as_ref().map(|file| file.name().to_owned());
    // Whoever reads the address may ask for the end at once.
    let stop = interrupted();
    let inspector = watch::serve(options).await?;
    let mut output = Output::new();
    if json {
        let mut event = json!({"event": "listening", "t": 0, "file": file});
        let told = watch::told(&inspector);
        for (name, value) in told.as_object().into_iter().flatten() {
            event[name.as_str()] = value.clone();
        }
        output.line(&event.to_string())?;
    } else {
        let what = file.map_or_else(|| "the inspector".into(), |file| format!("{file:?}"));
        output.line(&format!("{what} is at\n\n  {}\n", inspector.url()))?;
        output.line("Ctrl-C ends it.")?;
    }
    output.flush()?;
    stop.await;
    inspector.stop().await;
    output.finish()
}
