//! A recording with a million frames: the first, the last and the one in the middle
//! are there at once, and memory stays within bounds.

use std::io::{BufWriter, Write as _};
use std::path::Path;

use serde_json::{Value as Json, json};
use wigwag_browser_tests::{Chromium, Keys, Result, Served, Setup, Tab, in_browser};
use wigwag_runner::Suite;
use wigwag_runner::tools::CHROMIUM;

/// How many frames.
const FRAMES: u32 = 1_000_000;

/// Frames in a record of the capture.
const TOGETHER: u32 = 100;

/// More bytes of memory than a frame of eight bytes may cost: its bytes, its row,
/// and what an allocation that doubles leaves free.
const MOST_EACH: u64 = 200;

fn main() {
    Suite::new()
        .test("a_million_frames_are_gone_through", &[CHROMIUM], || {
            in_browser(Setup::default(), million)
        })
        .run();
}

/// PINGs without payload whose ids count, in a capture (`wigwag_codec::capture`).
fn capture(path: &Path) -> Result {
    let mut file = BufWriter::new(std::fs::File::create(path)?);
    file.write_all(b"\xD9\xD9\xF8\xDA\x57\x47\x57\x47\x43\x42\x4F\x52")?;
    for first in (0..FRAMES).step_by(TOGETHER as usize) {
        let mut record = b"\x85\x01\x01\x1B".to_vec();
        record.extend((1_700_000_000_000_000 + u64::from(first)).to_be_bytes());
        record.extend([0, 0x59]);
        record.extend(u16::try_from(8 * TOGETHER)?.to_be_bytes());
        for number in first..first + TOGETHER {
            record.extend(0_u32.to_be_bytes());
            record.extend((number as u16).to_be_bytes());
            record.extend(0_u16.to_be_bytes());
        }
        file.write_all(&record)?;
    }
    Ok(file.flush()?)
}

/// Waits until this row is selected, drawn within the window, and its bytes are shown.
async fn at(tab: &Tab, row: u32) -> Result {
    tab.until_selected(row).await?;
    tab.until(&format!(
        "(row => {{ const [a, b] = [row.getBoundingClientRect(), document.getElementById('grid').getBoundingClientRect()];
            return a.top >= b.top && a.bottom <= b.bottom + 1 && row.textContent.includes('PING'); }})
            (document.querySelector('#grid .row.selected[data-row=\"{row}\"]'))"
    ))
    .await?;
    let id = (row as u16).to_be_bytes();
    let wanted = format!("{:02x}{:02x}", id[0], id[1]);
    tab.until(&format!(
        "[...document.querySelectorAll('#bytes .digits span')].slice(4, 6).map(it => it.textContent).join('') === '{wanted}'"
    ))
    .await
}

async fn million(browser: &Chromium) -> Result {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("million.wgcap");
    capture(&file)?;
    let served = Served::inspect(Some(&file), &[]).await?;
    let tab = served.open(browser).await?;
    tab.until_read("million.wgcap").await?;
    tab.until_state(&format!("state.rows === {FRAMES}")).await?;
    tab.press("Home", Keys::default()).await?;
    at(&tab, 0).await?;
    tab.press("End", Keys::default()).await?;
    at(&tab, FRAMES - 1).await?;
    // The scrollbar's middle is the list's; from there a row is selected and left by key.
    tab.run("(grid => grid.scrollTo(0, (grid.scrollHeight - grid.clientHeight) / 2))(document.getElementById('grid'))")
        .await?;
    let near = format!(
        "drawnRows().length > 10 && drawnRows().every(row => Math.abs(row.frame - {}) < {})
            && drawnRows().some(row => row.type === 'PING')",
        FRAMES / 2,
        FRAMES / 100
    );
    tab.until(&near).await?;
    let (x, y) = tab.middle("#grid").await?;
    tab.point((x, y)).await?;
    let drawn = tab.drawn().await?;
    let row: u32 = drawn[drawn.len() / 2]["frame"]
        .as_str()
        .ok_or("a row")?
        .parse()?;
    tab.select(row).await?;
    at(&tab, row).await?;
    tab.press("j", Keys::default()).await?;
    at(&tab, row + 1).await?;
    // A turn of the wheel moves by rows, not by what a pixel of the scrollbar stands for.
    let top =
        |drawn: &[Json]| -> Result<i64> { Ok(drawn[0]["frame"].as_str().ok_or("a row")?.parse()?) };
    let before = top(&tab.drawn().await?)?;
    tab.wheel((x, y), 300.0).await?;
    tab.until(&format!("Number(drawnRows()[0].frame) > {before}"))
        .await?;
    let moved = top(&tab.drawn().await?)? - before;
    if !(1..60).contains(&moved) {
        return Err(format!("the wheel moved by {moved} rows").into());
    }
    // All of it filtered by a column, and back.
    tab.filter("id == 7").await?;
    tab.until_state(&format!("state.viewRows === {}", FRAMES.div_ceil(65_536)))
        .await?;
    tab.filter("").await?;
    let elements: u32 = tab.value("document.querySelectorAll('*').length").await?;
    if elements > 3000 {
        return Err(format!("{elements} elements").into());
    }
    let stats = tab.ask("stats", &json!({})).await?;
    let memory = stats["memory"].as_u64().ok_or("memory")?;
    if memory > u64::from(FRAMES) * MOST_EACH {
        return Err(format!("{memory} bytes of memory").into());
    }
    Ok(())
}
