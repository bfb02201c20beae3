//! Every kind of input, by every way in: the page shows the rows that the command
//! line finds in it.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use wigwag_browser_tests::inputs::{decoded, hex, packets, said, sample, unhex, vectors};
use wigwag_browser_tests::{Chromium, Keys, Result, Served, Setup, in_browser, rows};
use wigwag_runner::Suite;
use wigwag_runner::tools::CHROMIUM;

/// A conversation of NGTT in every form of text and bytes, in a folder of its own.
struct Kinds {
    _folder: TempDir,
    files: Vec<PathBuf>,
    frames: usize,
}

impl Kinds {
    async fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let (stream, frames) = stream()?;
        let text = hex(&stream);
        let lines = json!({"connection": 1, "direction": "to_device", "time": 1_700_000_000_000_000_u64, "hex": text});
        let lines = lines.to_string() + "\n";
        let capture = said(&["convert", "-", "-", "--to", "capture"], lines.as_bytes()).await?;
        let pcapng = said(&["convert", "-", "-", "--to", "pcapng"], lines.as_bytes()).await?;
        let mut files = Vec::new();
        for (name, content) in [
            ("raw.bin", stream.clone()),
            ("digits.hex", text.clone().into_bytes()),
            ("text.b64", BASE64_STANDARD.encode(&stream).into_bytes()),
            ("lines.jsonl", lines.into_bytes()),
            ("some.wgcap", capture),
            ("some.pcapng", pcapng),
        ] {
            files.push(folder.path().join(name));
            std::fs::write(folder.path().join(name), content)?;
        }
        Ok(Self {
            _folder: folder,
            files,
            frames,
        })
    }
}

/// Bytes that the Python peer cut into frames, and how many.
fn stream() -> Result<(Vec<u8>, usize)> {
    let (mut bytes, mut frames) = (Vec::new(), 0);
    let mut cases = vectors("ngtt_stream.jsonl")?;
    cases.retain(|case| case["left"] == "");
    // What begins with an empty frame could be other protocols as well.
    cases.sort_by_key(|case| case["frames"][0]["data"] == "");
    for case in cases {
        for chunk in case["chunks"].as_array().ok_or("chunks")? {
            bytes.extend(unhex(chunk.as_str().ok_or("hex")?)?);
        }
        frames += case["frames"].as_array().ok_or("frames")?.len();
    }
    Ok((bytes, frames))
}

fn name(file: &Path) -> Result<&str> {
    Ok(file
        .file_name()
        .and_then(|name| name.to_str())
        .ok_or("a name")?)
}

/// Each file by the file dialog, one after another in one page.
async fn by_dialog(browser: &Chromium, files: &[PathBuf], frames: Option<usize>) -> Result {
    let served = Served::inspect(None, &[]).await?;
    let tab = served.open(browser).await?;
    for file in files {
        tab.opens(name(file)?, async || {
            tab.pick(async || tab.press("o", Keys::default()).await, &[file])
                .await
        })
        .await?;
        let found = decoded(file, &[]).await?;
        rows::same(name(file)?, &tab.rows().await?, &found)?;
        if let Some(frames) = frames.filter(|frames| *frames != found.len()) {
            return Err(format!("{}: {} rows, not {frames}", name(file)?, found.len()).into());
        }
        let drawn = tab.drawn().await?;
        let first = drawn.first().ok_or("no row is drawn")?;
        if first["frame"] != "0" || first["summary"] == "…" {
            return Err(format!("{}: the first row is {first}", name(file)?).into());
        }
    }
    Ok(())
}

fn has(tab_text: &str, words: &[&str]) -> Result {
    for word in words {
        if !tab_text.contains(word) {
            return Err(format!("{word:?} is not in: {tab_text}").into());
        }
    }
    Ok(())
}

fn main() {
    Suite::new()
        .test(
            "every_kind_is_opened_by_the_file_dialog",
            &[CHROMIUM],
            || {
                in_browser(Setup::default(), async |browser| {
                    let kinds = Kinds::new().await?;
                    by_dialog(browser, &kinds.files, Some(kinds.frames)).await
                })
            },
        )
        .test("recordings_of_packets_are_opened", &[CHROMIUM], || {
            in_browser(Setup::default(), async |browser| {
                let files = [
                    "ncp_plain.pcap",
                    "ncp_plain_cut.pcapng",
                    "suites_tls_secrets.pcapng",
                ];
                by_dialog(browser, &files.map(packets), None).await
            })
        })
        .test("a_key_log_goes_with_its_recording", &[CHROMIUM], || {
            in_browser(Setup::default(), async |browser| {
                let (file, keys) = (packets("ngtt_tls.pcapng"), packets("ngtt_tls.keys"));
                let found = decoded(&file, &["--key-log", &keys.display().to_string()]).await?;
                let orders = found.iter().filter(|row| row["type"] == "ORDER").count();
                if orders == 0 {
                    return Err("no order was decrypted".into());
                }
                // Both at once, and the key log after the recording.
                let served = Served::inspect(None, &[]).await?;
                let tab = served.open(browser).await?;
                tab.pick(async || tab.click("#open").await, &[&file, &keys])
                    .await?;
                tab.until_read("ngtt_tls.pcapng").await?;
                rows::same("at once", &tab.rows().await?, &found)?;
                tab.opens("ngtt_tls.pcapng", async || {
                    tab.pick(async || tab.click("#open").await, &[&file]).await
                })
                .await?;
                tab.pick(async || tab.click("#open").await, &[&keys])
                    .await?;
                tab.until_state(&format!("state.rows === {}", found.len()))
                    .await?;
                tab.until_read("ngtt_tls.pcapng").await?;
                rows::same("one after the other", &tab.rows().await?, &found)?;
                // The command gives it to the page.
                let keys = keys.display().to_string();
                let served = Served::inspect(Some(&file), &["--key-log", &keys]).await?;
                let tab = served.open(browser).await?;
                tab.until_read("ngtt_tls.pcapng").await?;
                rows::same("by the command", &tab.rows().await?, &found)
            })
        })
        .test("a_file_is_dropped", &[CHROMIUM], || {
            in_browser(Setup::default(), async |browser| {
                let kinds = Kinds::new().await?;
                let served = Served::inspect(None, &[]).await?;
                let tab = served.open(browser).await?;
                for file in &kinds.files {
                    let (name, bytes) = (name(file)?, std::fs::read(file)?);
                    tab.opens(name, async || tab.drop_file(name, &bytes).await)
                        .await?;
                    rows::same(name, &tab.rows().await?, &decoded(file, &[]).await?)?;
                }
                tab.until("!document.body.classList.contains('dropping')")
                    .await
            })
        })
        .test("text_is_pasted", &[CHROMIUM], || {
            in_browser(Setup::default(), async |browser| {
                let kinds = Kinds::new().await?;
                let served = Served::inspect(None, &[]).await?;
                let tab = served.open(browser).await?;
                let texts = kinds.files.iter().filter(|file| {
                    let ending = file.extension().and_then(|ending| ending.to_str());
                    matches!(ending, Some("hex" | "b64" | "jsonl"))
                });
                for file in texts {
                    let text = std::fs::read_to_string(file)?;
                    tab.opens("pasted text", async || tab.paste(&text).await)
                        .await?;
                    tab.until_state(&format!("state.rows === {}", kinds.frames))
                        .await?;
                    rows::same(name(file)?, &tab.rows().await?, &decoded(file, &[]).await?)?;
                }
                // By the dialog, which says how it is to be read; one frame is selected.
                tab.click("#source").await?;
                tab.click(".menu button:nth-of-type(2)").await?;
                tab.until("document.activeElement.tagName === 'TEXTAREA'")
                    .await?;
                tab.write("00000000 0007 0000").await?;
                tab.press("Enter", Keys::CONTROL).await?;
                tab.until_state("state.rows === 1").await?;
                tab.until_selected(0).await?;
                has(
                    &tab.text("#panel-detail .frame-title").await?,
                    &["PING", "7"],
                )
            })
        })
        .test("the_sample_is_opened", &[CHROMIUM], || {
            in_browser(Setup::default(), async |browser| {
                let served = Served::inspect(None, &[]).await?;
                let tab = served.open(browser).await?;
                tab.click("#empty button:last-of-type").await?;
                tab.until_read("sample.wgcap").await?;
                rows::same(
                    "sample",
                    &tab.rows().await?,
                    &decoded(&sample(), &[]).await?,
                )
            })
        })
        .test("a_file_of_the_command_line_is_opened", &[CHROMIUM], || {
            in_browser(Setup::default(), async |browser| {
                let served = Served::inspect(Some(&sample()), &[]).await?;
                let tab = served.open(browser).await?;
                tab.until_read("sample.wgcap").await?;
                rows::same(
                    "sample",
                    &tab.rows().await?,
                    &decoded(&sample(), &[]).await?,
                )?;
                tab.reload().await?;
                tab.until_read("sample.wgcap").await
            })
        })
        .test("a_broken_file_shows_what_it_can", &[CHROMIUM], || {
            in_browser(Setup::default(), broken)
        })
        .run();
}

/// A file that is cut off, one with bytes of something else in it, and one that is
/// nothing at all.
async fn broken(browser: &Chromium) -> Result {
    let served = Served::inspect(None, &[]).await?;
    let tab = served.open(browser).await?;
    let whole = std::fs::read(sample())?;
    tab.drop_file("whole.wgcap", &whole).await?;
    tab.until_read("whole.wgcap").await?;
    let all = tab.rows().await?.len();

    tab.drop_file("cut.wgcap", &whole[..whole.len() / 2])
        .await?;
    tab.until_read("cut.wgcap").await?;
    let shown = tab.rows().await?.len();
    if shown == 0 || shown >= all {
        return Err(format!("{shown} of {all} rows of a file that is cut off").into());
    }
    tab.until("!document.getElementById('problems').hidden")
        .await?;
    tab.click("#problems").await?;
    let offset = {
        let experts = tab.ask("experts", &json!({})).await?;
        experts["problems"][0]["offset"]
            .as_u64()
            .ok_or("no offset")?
    };
    if offset > whole.len() as u64 / 2 {
        return Err(format!("offset {offset} is behind the end of the file").into());
    }
    let text = with_commas(offset);
    tab.until(&format!(
        "document.querySelector('#panel-expert .said-list')?.innerText.includes('at byte {text}')"
    ))
    .await?;

    // A line that is no JSON: what stands before and behind it is shown, and its place
    // is told.
    let line =
        |hex: &str| json!({"connection": 1, "direction": "to_device", "hex": hex}).to_string();
    let first = line("0000000000070000");
    tab.paste(&format!("{first}\n{{what?\n{}\n", line("0000000000080000")))
        .await?;
    tab.until_read("pasted text").await?;
    let problems = tab.ask("experts", &json!({})).await?["problems"].clone();
    let offset = problems[0]["offset"].as_u64().ok_or("no problem")?;
    let (begin, end) = (first.len() as u64 + 1, first.len() as u64 + 8);
    let rows = tab.rows().await?;
    let ids: Vec<_> = rows.iter().filter_map(|row| row["id"].as_u64()).collect();
    if !(begin..end).contains(&offset) || ids != [7, 8] {
        return Err(format!("rows {ids:?}, {problems}, not in {begin}..{end}").into());
    }

    // Nothing that anybody knows.
    tab.drop_file("empty.bin", b"").await?;
    tab.until_read("empty.bin").await?;
    has(&tab.text("#frames").await?, &["No frame could be read."])?;
    let noise: Vec<u8> = (0..50_000_u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    tab.drop_file("noise.bin", &noise).await?;
    tab.until_read("noise.bin").await?;
    let state: Json = tab.value("watched.state").await?;
    if state["rows"].as_u64() == Some(0) && state["problems"].as_u64() == Some(0) {
        return Err(format!("nothing is said of noise: {state}").into());
    }
    Ok(())
}

fn with_commas(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
