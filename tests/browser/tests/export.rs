//! What is exported is read back: by the command line, by the page, and from disk
//! without any server.

use std::path::PathBuf;

use serde_json::Value as Json;
use wigwag_browser_tests::inputs::{decoded, sample};
use wigwag_browser_tests::{Chromium, Keys, Result, Served, Setup, Tab, in_browser, rows, until};
use wigwag_runner::Suite;
use wigwag_runner::tools::CHROMIUM;

fn main() {
    Suite::new()
        .test(
            "captures_and_json_lines_hold_the_same_rows",
            &[CHROMIUM],
            || in_browser(Setup::default(), whole),
        )
        .test("packets_hold_the_same_frames", &[CHROMIUM], || {
            in_browser(Setup::default(), packets)
        })
        .test("one_file_shows_the_same_from_disk", &[CHROMIUM], || {
            in_browser(Setup::default(), from_disk)
        })
        .run();
}

/// Exports what the menu's item says, and waits for the file.
async fn export(browser: &Chromium, tab: &Tab, item: &str, ending: &str) -> Result<PathBuf> {
    let before = files(browser, ending)?;
    tab.press("e", Keys::default()).await?;
    tab.until("document.querySelector('.menu')").await?;
    tab.run(&format!(
        "[...document.querySelectorAll('.menu button')].find(it => it.textContent.startsWith('{item}')).click()"
    ))
    .await?;
    until("the exported file", async || {
        let new = files(browser, ending)?
            .into_iter()
            .find(|it| !before.contains(it));
        Ok(new)
    })
    .await
}

/// Whole files of this ending in the folder of downloads.
fn files(browser: &Chromium, ending: &str) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(browser.downloads())? {
        let path = entry?.path();
        if path.extension().is_some_and(|it| it == ending) && path.metadata()?.len() > 0 {
            files.push(path);
        }
    }
    Ok(files)
}

async fn whole(browser: &Chromium) -> Result {
    let (_served, tab) = Served::sample(browser).await?;
    for (item, ending) in [("Capture", "wgcap"), ("JSON lines", "jsonl")] {
        let all = tab.rows().await?;
        let file = export(browser, &tab, item, ending).await?;
        rows::same(item, &all, &decoded(&file, &[]).await?)?;
        // What the page opens again is what it wrote.
        tab.drop_file(&format!("again.{ending}"), &std::fs::read(&file)?)
            .await?;
        tab.until_read(&format!("again.{ending}")).await?;
        if tab.rows().await? != all {
            return Err(format!("{item}: other rows when opened again").into());
        }
    }
    // CSV has a line for each row, and one with the columns' names.
    let csv = export(browser, &tab, "CSV", "csv").await?;
    let lines = std::fs::read_to_string(csv)?.lines().count();
    let all = tab.rows().await?.len();
    if lines != all + 1 {
        return Err(format!("{lines} lines of CSV for {all} rows").into());
    }
    // Only what the filter lets through.
    tab.filter("type == ORDER").await?;
    let orders = tab.rows().await?.len();
    let file = export(browser, &tab, "Capture", "wgcap").await?;
    until("the file of the orders", async || {
        let files = files(browser, "wgcap")?;
        for file in files {
            let found = decoded(&file, &[]).await?;
            if found.len() == orders && found.iter().all(|row| row["type"] == "ORDER") {
                return Ok(Some(()));
            }
        }
        Ok(None)
    })
    .await
    .map_err(|_| format!("{} does not hold the {orders} orders", file.display()).into())
}

/// What a row is whatever it was recorded with.
fn essence(row: &Json) -> [Json; 4] {
    ["direction", "type", "id", "length"].map(|name| row[name].clone())
}

async fn packets(browser: &Chromium) -> Result {
    let (_served, tab) = Served::sample(browser).await?;
    let file = export(browser, &tab, "pcapng", "pcapng").await?;
    let (theirs, ours) = (decoded(&file, &[]).await?, decoded(&sample(), &[]).await?);
    let (mut theirs, mut ours): (Vec<_>, Vec<_>) = (
        theirs.iter().map(essence).collect(),
        ours.iter().map(essence).collect(),
    );
    theirs.sort_by_key(|row| format!("{row:?}"));
    ours.sort_by_key(|row| format!("{row:?}"));
    if theirs != ours {
        return Err(format!("{} frames became {}", ours.len(), theirs.len()).into());
    }
    // Raw: the bytes of all frames.
    let raw = export(browser, &tab, "Raw", "bin").await?;
    let bytes: u64 = tab
        .rows()
        .await?
        .iter()
        .filter_map(|row| row["length"].as_u64())
        .sum();
    let written = raw.metadata()?.len();
    if written != bytes {
        return Err(format!("{written} bytes were written of {bytes}").into());
    }
    Ok(())
}

async fn from_disk(browser: &Chromium) -> Result {
    let (served, tab) = Served::sample(browser).await?;
    let all = tab.rows().await?;
    let file = export(browser, &tab, "One HTML", "html").await?;
    served.program.end().await?;
    let alone = browser.open(&format!("file://{}", file.display())).await?;
    alone.until_read("sample.wgcap").await?;
    if alone.rows().await? != all {
        return Err("other rows from disk".into());
    }
    alone.filter("type == ORDER").await?;
    let first = alone.rows().await?[0]["rows"].as_u64().ok_or("a row")?;
    alone.press("Home", Keys::default()).await?;
    alone.until_selected(u32::try_from(first)?).await?;
    alone.press("Enter", Keys::default()).await?;
    alone
        .until("document.activeElement.id === 'tree' && document.getElementById('tree').innerText.includes('orders')")
        .await
}
