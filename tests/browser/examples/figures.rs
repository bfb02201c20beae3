//! How long the page takes for a capture of 100 MB, in one run of the browser:
//! `cargo run --example figures`, in this folder. Not a test: machines differ.
//!
//! Build `wigwag` for release first and name it in `WIGWAG_PROGRAM`, or the server
//! is measured as well.

use std::io::{BufWriter, Write as _};
use std::path::Path;

use serde_json::{Value as Json, json};
use wigwag_browser_tests::{Chromium, Result, Served, Setup, Tab, in_browser};

/// Bytes of a capture.
const CAPTURE: usize = 100 << 20;

/// Bytes of a frame.
const FRAME: usize = 200;

/// Filters, from the cheapest to the dearest.
const FILTERS: [&str; 6] = [
    "type == ORDER",
    "latency > 1 s",
    "length > 100 && direction == to_device",
    "payload.orders[0].value == 7",
    "payload contains \"W1\"",
    "",
];

fn main() {
    if let Err(error) = in_browser(Setup::default(), figures) {
        eprintln!("{}", error.message().unwrap_or("it failed"));
        std::process::exit(1);
    }
}

/// An order of [`FRAME`] bytes: `{"orders": [{"path": "W1", "value": .., "pad": ..}]}`.
fn order(number: u32) -> Vec<u8> {
    let mut payload = b"\x51\x06orders\x41\x53\x04path\x82W1\x05value\x03".to_vec();
    payload.push((number % 100) as u8);
    payload.extend(b"\x03pad\x00");
    let pad = FRAME - 8 - payload.len() - 1;
    payload.push(u8::try_from(pad).unwrap_or(u8::MAX));
    payload.resize(FRAME - 8, b'x');
    let mut frame = ((FRAME - 8) as u32).to_be_bytes().to_vec();
    frame.extend((number as u16).to_be_bytes());
    frame.extend([0, 1]);
    frame.extend(payload);
    frame
}

/// A capture (`wigwag_codec::capture`) of orders, a record each; how many.
fn capture(path: &Path) -> Result<u32> {
    let mut file = BufWriter::new(std::fs::File::create(path)?);
    file.write_all(b"\xD9\xD9\xF8\xDA\x57\x47\x57\x47\x43\x42\x4F\x52")?;
    let (mut bytes, mut number) = (0, 0);
    while bytes < CAPTURE {
        let time = 1_700_000_000_000_000 + u64::from(number) * 1000;
        let mut record = b"\x85\x01\x00\x1B".to_vec();
        record.extend(time.to_be_bytes());
        record.extend([1, 0x58, FRAME as u8]);
        record.extend(order(number));
        file.write_all(&record)?;
        bytes += record.len();
        number += 1;
    }
    file.flush()?;
    Ok(number)
}

async fn figures(browser: &Chromium) -> Result {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("figures.wgcap");
    let frames = capture(&file)?;
    println!(
        "{frames} frames of {FRAME} bytes, {} MB of capture",
        CAPTURE >> 20
    );
    for round in 1..=3 {
        let served = Served::inspect(Some(&file), &[]).await?;
        let tab = served.open(browser).await?;
        tab.until_read("figures.wgcap").await?;
        println!("round {round}");
        opened(&tab, &served.url, frames).await?;
        for filter in FILTERS {
            filtered(&tab, filter).await?;
        }
        served.program.end().await?;
    }
    Ok(())
}

/// Opens the file again, in a page that is warm, and tells how long that takes.
async fn opened(tab: &Tab, address: &str, frames: u32) -> Result {
    let (_, token) = address.split_once("token=").ok_or("no token")?;
    let told: Json = tab
        .value(&format!(
            "(async () => {{
                const url = new URL('file?token={token}', location.href);
                const begin = performance.now();
                const told = {{ first: null, all: null }};
                const done = new Promise((resolve) => watched.worker.addEventListener('message', ({{ data }}) => {{
                    if (data.event !== 'state' || data.name !== 'again') return;
                    if (data.rows > 0) told.first ??= performance.now() - begin;
                    if (data.done && told.all === null) {{ told.all = performance.now() - begin; told.rows = data.rows; resolve(); }}
                }}));
                await ask('open', {{ url: url.href, name: 'again' }});
                await done;
                return told;
            }})()"
        ))
        .await?;
    let stats = tab.ask("stats", &json!({})).await?;
    println!(
        "  first rows {:.0} ms, all {} of {frames} rows {:.0} ms, memory of the module {:.0} MB",
        told["first"].as_f64().unwrap_or(f64::NAN),
        told["rows"],
        told["all"].as_f64().unwrap_or(f64::NAN),
        stats["memory"].as_f64().unwrap_or(f64::NAN) / 1e6,
    );
    Ok(())
}

/// Filters, and tells how long that takes.
async fn filtered(tab: &Tab, filter: &str) -> Result {
    let text = serde_json::to_string(filter)?;
    let told: Json = tab
        .value(&format!(
            "(async () => {{
                const begin = performance.now();
                const done = new Promise((resolve) => watched.worker.addEventListener('message', function look({{ data }}) {{
                    if (data.event !== 'state' || data.filter !== {text} || data.filtering) return;
                    watched.worker.removeEventListener('message', look);
                    resolve({{ time: performance.now() - begin, rows: data.viewRows }});
                }}));
                await ask('filter', {{ text: {text} }});
                return await done;
            }})()"
        ))
        .await?;
    println!(
        "  filter {text}: {} rows, {:.0} ms",
        told["rows"],
        told["time"].as_f64().unwrap_or(f64::NAN)
    );
    Ok(())
}
