//! The conformance vectors in the page: its rows, its JSON and what is drawn are what
//! `wigwag decode --json` says of the same bytes.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use wigwag_browser_tests::inputs::{deep, hex, said, unhex, vectors};
use wigwag_browser_tests::{Keys, Result, Served, Setup, Tab, in_browser, until};
use wigwag_runner::Suite;
use wigwag_runner::tools::CHROMIUM;

/// A format of the command line, the files with its vectors, where their bytes are,
/// and how many there are at least.
const FORMATS: [(&str, &[&str], &str, usize); 4] = [
    (
        "ngtt",
        &["ngtt.jsonl", "ngtt_invalid.jsonl", "ngtt_stream.jsonl"],
        "hex",
        120,
    ),
    ("ncp", &["ncp.jsonl", "ncp_invalid.jsonl"], "hex", 250),
    (
        "minijson",
        &[
            "minijson.jsonl",
            "minijson_big.jsonl",
            "minijson_invalid.jsonl",
        ],
        "hex",
        600,
    ),
    ("prefix", &["framer.jsonl"], "wire", 30),
];

fn main() {
    Suite::new()
        .test(
            "the_page_shows_of_all_vectors_what_decode_says",
            &[CHROMIUM],
            || {
                in_browser(Setup::default(), async |browser| {
                    let served = Served::inspect(None, &[]).await?;
                    let tab = served.open(browser).await?;
                    for (format, files, field, least) in FORMATS {
                        let hexes = hexes(files, field)?;
                        if hexes.len() < least {
                            return Err(format!("{format}: only {} vectors", hexes.len()).into());
                        }
                        agrees(&tab, format, &hexes).await.map_err(|error| {
                            format!("{format}: {}", error.message().unwrap_or_default())
                        })?;
                    }
                    Ok(())
                })
            },
        )
        .run();
}

/// The bytes of all vectors in these files.
fn hexes(files: &[&str], field: &str) -> Result<Vec<String>> {
    let mut hexes = Vec::new();
    for file in files {
        for case in vectors(file)? {
            if let Some(text) = case[field].as_str() {
                hexes.push(text.to_owned());
            } else if let Some(chunks) = case["chunks"].as_array() {
                hexes.push(chunks.iter().filter_map(Json::as_str).collect());
            }
        }
    }
    Ok(hexes)
}

/// Opens a recording in which each vector is a connection.
async fn agrees(tab: &Tab, format: &str, hexes: &[String]) -> Result {
    let mut lines = String::new();
    for (connection, text) in hexes.iter().enumerate() {
        let open = json!({"connection": connection, "event": "open", "protocol": format});
        let bytes = json!({"connection": connection, "direction": "to_server", "hex": text});
        lines.push_str(&format!("{open}\n{bytes}\n"));
    }
    let name = format!("{format}.jsonl");
    tab.drop_file(&name, lines.as_bytes()).await?;
    tab.until_read(&name).await?;
    let rows = tab.rows().await?;
    drawn_as_told(tab, &rows).await?;

    // What "Copy", "JSON" gives of each row, by connection.
    let texts: Vec<String> = tab
        .value(
            "rowsOfView().then(rows => Promise.all(rows.map(({ rows: row }) =>
                ask('detail', { row }).then(detail => detail.json))))",
        )
        .await?;
    let protocol = ["unknown", "ngtt", "ncp", "prefix", "minijson"]
        .iter()
        .position(|name| *name == format);
    let mut shown: BTreeMap<usize, (Vec<u64>, Vec<Json>)> = BTreeMap::new();
    for (row, text) in rows.iter().zip(&texts) {
        let of = |name: &str| row[name].as_u64().and_then(|it| usize::try_from(it).ok());
        // Bytes that are no frame have rows of their own.
        if of("protocol") == protocol {
            let connection = of("connection").ok_or("a connection")?;
            let (lengths, frames) = shown.entry(connection).or_default();
            lengths.push(row["length"].as_u64().ok_or("a length")?);
            frames.push(deep(text)?);
        }
    }
    let input = hexes.join("\n") + "\n";
    let answers = said(&["decode", format, "--lines", "--json"], input.as_bytes()).await?;
    let answers = String::from_utf8(answers)?;
    let answers = answers.lines().map(deep).collect::<Result<Vec<_>>>()?;
    if answers.len() != hexes.len() {
        return Err(format!("{} answers for {} vectors", answers.len(), hexes.len()).into());
    }
    for (connection, answer) in answers.iter().enumerate() {
        let (lengths, frames) = shown.remove(&connection).unwrap_or_default();
        let bytes = hexes[connection].len() as u64 / 2;
        same(format, answer, (bytes, &lengths), &frames)
            .map_err(|()| format!("{}: {answer}\nbut {frames:?}", hexes[connection]))?;
    }
    Ok(())
}

/// That the page's frames, so long, are those of the command line's answer to so many
/// bytes.
fn same(
    format: &str,
    answer: &Json,
    (bytes, lengths): (u64, &[u64]),
    frames: &[Json],
) -> std::result::Result<(), ()> {
    let whole = |frame: &&Json| frame.get("error").is_none();
    let agree = match format {
        // What was cut off is a row, too.
        "ngtt" => answer["frames"] == Json::from_iter(frames.iter().filter(whole).cloned()),
        "prefix" => {
            let messages = frames.iter().filter(|frame| frame.is_string());
            answer["messages"] == Json::from_iter(messages.cloned())
        }
        // The command line ends at the first fault; the page goes on behind it.
        "ncp" => {
            let packets = answer["packets"].as_array().ok_or(())?;
            let clean = answer["error"].is_null() && answer["left"] == 0;
            frames.starts_with(packets) && (!clean || frames.len() == packets.len())
        }
        // What is wrong, the page passes over to what can be read; but never takes all of
        // it for a value. (A map has one key in the tagged form, which is never `error`.)
        _ => match answer.get("error") {
            None => frames == [answer["value"].clone()],
            Some(error) => frames
                .iter()
                .zip(lengths)
                .all(|(frame, length)| *length < bytes || frame["error"] == *error),
        },
    };
    agree.then_some(()).ok_or(())
}

/// Goes through the list page by page: each row is drawn with what the worker says.
async fn drawn_as_told(tab: &Tab, rows: &[Json]) -> Result {
    tab.press("Home", Keys::default()).await?;
    let mut seen = vec![false; rows.len()];
    while let Some(next) = seen.iter().position(|seen| !seen) {
        let wanted = next.to_string();
        let drawn = until("the next row", async || {
            let drawn = tab.drawn().await?;
            let there = drawn.iter().any(|cells| cells["frame"] == *wanted);
            if !there {
                // What is drawn may be behind the keys.
                let first = drawn.first().and_then(|cells| cells["frame"].as_str());
                let beyond = first.and_then(|it| it.parse().ok()) > Some(next);
                let key = if beyond { "PageUp" } else { "PageDown" };
                tab.press(key, Keys::default()).await?;
            }
            Ok(there.then_some(drawn))
        })
        .await?;
        for cells in drawn {
            let row: usize = cells["frame"].as_str().ok_or("a row")?.parse()?;
            let told = &rows[row];
            let number = |name: &str| told[name].as_u64().map(|it| it.to_string());
            let length = cells["length"].as_str().map(|it| it.replace(',', ""));
            let name = told["typeName"].as_str().filter(|it| !it.is_empty());
            let drawn = cells["type"].as_str();
            if cells["id"].as_str() != number("id").as_deref()
                || length != number("length")
                || name.is_some_and(|name| drawn != Some(name))
                || cells["summary"] != told["summary"]
            {
                return Err(format!("row {row} is drawn as {cells}, but is {told}").into());
            }
            seen[row] = true;
        }
    }
    // What is drawn last is the last.
    let last = rows.last().ok_or("no rows")?;
    tab.press("End", Keys::default()).await?;
    tab.until(&format!(
        "document.querySelector('#grid .row.selected')?.dataset.row === '{}'",
        last["rows"]
    ))
    .await?;
    let bytes = tab.ask("detail", &json!({"row": last["rows"]})).await?;
    let bytes: Vec<u8> = bytes["bytes"]
        .as_array()
        .ok_or("bytes")?
        .iter()
        .filter_map(|byte| byte.as_u64().and_then(|byte| u8::try_from(byte).ok()))
        .collect();
    if unhex(&hex(&bytes))?.len() as u64 != last["length"].as_u64().unwrap_or(0) {
        return Err(format!("{} bytes of {last}", bytes.len()).into());
    }
    Ok(())
}
