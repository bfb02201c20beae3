//! What a person does all day: from a frame to its other half and its connection, a
//! value to the clipboard, another protocol, another width, a filter too many.

use serde_json::{Value as Json, json};
use wigwag_browser_tests::inputs::{decoded, hex, packets, sample};
use wigwag_browser_tests::rows::{self, number};
use wigwag_browser_tests::{Chromium, Keys, Result, Served, Setup, Tab, in_browser};
use wigwag_runner::Suite;
use wigwag_runner::tools::CHROMIUM;

/// No other key held.
const NONE: Keys = Keys::NONE;

fn main() {
    let narrow = Setup {
        size: (640, 400),
        ..Setup::default()
    };
    Suite::new()
        .test(
            "the_other_half_is_found_behind_a_filter",
            &[CHROMIUM],
            || in_browser(Setup::default(), other_half),
        )
        .test("one_connection_is_followed", &[CHROMIUM], || {
            in_browser(Setup::default(), followed)
        })
        .test("fields_paths_and_bytes_are_copied", &[CHROMIUM], || {
            in_browser(Setup::default(), copied)
        })
        .test("an_array_of_a_packet_is_a_line", &[CHROMIUM], || {
            in_browser(Setup::default(), line)
        })
        .test("a_protocol_is_put_right", &[CHROMIUM], || {
            in_browser(Setup::default(), put_right)
        })
        .test(
            "where_tls_hides_frames_a_key_log_is_asked_for",
            &[CHROMIUM],
            || in_browser(Setup::default(), hidden),
        )
        .test(
            "a_filter_that_nothing_passes_is_taken_away",
            &[CHROMIUM],
            || in_browser(Setup::default(), nothing),
        )
        .test("columns_are_made_wider_by_keys", &[CHROMIUM], || {
            in_browser(Setup::default(), wider)
        })
        .test(
            "a_small_window_shows_list_and_details",
            &[CHROMIUM],
            move || in_browser(narrow, small),
        )
        .run();
}

/// Takes an item of the open menu; `nth` of those with this text.
async fn take(tab: &Tab, item: &str, nth: usize) -> Result {
    let item = serde_json::to_string(item)?;
    let found = format!(
        "[...document.querySelectorAll('.menu button')].filter(it => it.querySelector('span:not(.check)')?.textContent === {item})[{nth}]"
    );
    tab.until(&found).await?;
    tab.run(&format!("{found}.click()")).await
}

async fn other_half(browser: &Chromium) -> Result {
    let (_served, tab) = Served::sample(browser).await?;
    tab.filter("type == ORDER_CONFIRM").await?;
    let rows = tab.rows().await?;
    let (row, pair) = (number(&rows[0], "rows")?, number(&rows[0], "pair")?);
    for by_key in [true, false] {
        tab.filter("type == ORDER_CONFIRM").await?;
        tab.select(row).await?;
        tab.press("p", NONE).await?;
        let title =
            "document.querySelector('#panel-detail .frame-title').textContent.replaceAll(',', '')";
        tab.until(&format!("{title}.includes('frame {} ·')", pair + 1))
            .await?;
        tab.until("document.getElementById('toast').textContent.includes('hidden by the filter')")
            .await?;
        tab.until("document.getElementById('hidden-by-filter').checkVisibility()")
            .await?;
        if by_key {
            tab.run("document.getElementById('grid').focus()").await?;
            tab.press("Escape", NONE).await?;
        } else {
            tab.click("#hidden-by-filter").await?;
        }
        tab.until_state("state.filter === '' && !state.filtering")
            .await?;
        tab.until_selected(pair).await?;
        tab.until("!document.getElementById('hidden-by-filter').checkVisibility()")
            .await?;
    }
    // Without a filter there and back.
    tab.press("p", NONE).await?;
    tab.until_selected(row).await
}

async fn followed(browser: &Chromium) -> Result {
    let (_served, tab) = Served::sample(browser).await?;
    tab.filter("type == ORDER").await?;
    let order = tab.rows().await?[0].clone();
    tab.select(number(&order, "rows")?).await?;
    tab.press("F", Keys::SHIFT).await?;
    let filter = format!("connection == {}", order["connection"]);
    tab.until_state(&format!("state.filter === '{filter}' && !state.filtering"))
        .await?;
    tab.until_drawn().await?;
    let command = decoded(&sample(), &["--filter", &filter]).await?;
    rows::same(&filter, &tab.rows().await?, &command)?;
    // The frame that was followed is still the one that is looked at.
    tab.until_selected(number(&order, "rows")?).await
}

async fn copied(browser: &Chromium) -> Result {
    let (_served, tab) = Served::sample(browser).await?;
    tab.run("navigator.clipboard.writeText = async text => { window.copied = text; }")
        .await?;
    tab.filter("type == ORDER").await?;
    let row = number(&tab.rows().await?[0], "rows")?;
    tab.select(row).await?;
    tab.press("Enter", NONE).await?;
    tab.press("End", NONE).await?;
    let chosen = "document.querySelector('#tree .selected')?.id.slice(6)";
    tab.until(&format!("{chosen} > 4")).await?;
    let chosen: String = tab.value(chosen).await?;
    let detail = tab.ask("detail", &json!({"row": row})).await?;
    let node = &detail["nodes"][chosen.parse::<usize>()?];
    let bytes: Vec<u8> = serde_json::from_value(detail["bytes"].clone())?;
    let part = |name: &str| Ok::<_, wigwag_runner::Failed>(number(node, name)? as usize);
    let field = hex(&bytes[part("start")?..part("end")?]);
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    for (item, nth, wanted) in [
        ("Value", 0, text(&node["value"])),
        ("Path", 0, text(&node["path"])),
        ("Bytes as hex", 0, field),
        ("JSON", 0, text(&detail["json"])),
        ("Bytes as hex", 1, hex(&bytes)),
    ] {
        if wanted.is_empty() {
            return Err(format!("{item} of {node} is nothing").into());
        }
        tab.run("delete window.copied").await?;
        tab.press("c", NONE).await?;
        take(&tab, item, nth).await?;
        tab.until("window.copied").await?;
        let copied: String = tab.value("window.copied").await?;
        if copied != wanted {
            return Err(format!("{item}: {copied}, not {wanted}").into());
        }
    }
    Ok(())
}

/// Goes down the tree to the row of this id. The page draws once a frame: each key
/// waits until the one before can be seen.
async fn walk_to(tab: &Tab, id: &str) -> Result {
    let selected = "(document.querySelector('#tree .selected')?.id ?? '')";
    loop {
        let at: String = tab.value(selected).await?;
        if at == id {
            return Ok(());
        }
        tab.press("ArrowDown", NONE).await?;
        let at = serde_json::to_string(&at)?;
        tab.until(&format!("{selected} !== {at}")).await?;
    }
}

async fn line(browser: &Chromium) -> Result {
    let (_served, tab) = Served::sample(browser).await?;
    tab.filter("protocol == ncp && length > 500").await?;
    let mut found = None;
    for row in tab.rows().await? {
        let row = number(&row, "rows")?;
        let nodes = tab.ask("detail", &json!({"row": row})).await?["nodes"].clone();
        let array = nodes.as_array().ok_or("nodes")?.iter();
        let array = array
            .enumerate()
            .find(|(_, node)| node["kind"] == "numbers");
        if let Some((index, node)) = array {
            found = Some((row, index, node["path"].as_str().unwrap_or("").to_owned()));
            break;
        }
    }
    let (row, index, path) = found.ok_or("no packet has an array")?;
    let values = tab.ask("array", &json!({"row": row, "path": path})).await?;
    let count = values["values"].as_array().map_or(0, Vec::len);
    if count < 10 {
        return Err(format!("{path} has {count} values").into());
    }
    tab.select(row).await?;
    tab.press("Enter", NONE).await?;
    walk_to(&tab, &format!("field-{index}")).await?;
    tab.press("c", NONE).await?;
    take(&tab, "Plot it", 0).await?;
    let path = serde_json::to_string(&path)?;
    tab.until(&format!(
        "document.querySelector('#panel-plot .u-legend')?.textContent.includes({path})
            && document.querySelector('#panel-plot .panel-head').innerText.replaceAll(',', '').includes('{count} values')"
    ))
    .await?;
    tab.until(
        "(it => it.getContext('2d').getImageData(0, 0, it.width, it.height).data.some(Boolean))
            (document.querySelector('#panel-plot canvas'))",
    )
    .await
}

async fn put_right(browser: &Chromium) -> Result {
    let served = Served::inspect(None, &[]).await?;
    let tab = served.open(browser).await?;
    // A PING of NGTT; or the prefixes of two messages, one of them cut off.
    tab.paste("00000000 0007 0000").await?;
    tab.until_read("pasted text").await?;
    tab.until_selected(0).await?;
    let read_as = "document.querySelector('.frame-title .protocol').innerText";
    tab.until(&format!("{read_as} === 'NGTT'")).await?;
    for (times, item, protocol) in [(1, "u32 prefix", 3), (2, "NGTT", 1)] {
        tab.click(".frame-title .protocol").await?;
        take(&tab, item, 0).await?;
        tab.until(&format!(
            "rowsOfView().then(rows => rows.length && rows.every(row => row.protocol === {protocol}))"
        ))
        .await?;
        tab.until_state(&format!("state.renumbered === {times}"))
            .await?;
        tab.run("document.getElementById('grid').focus()").await?;
        tab.press("Home", NONE).await?;
        tab.until_selected(0).await?;
        tab.until(&format!("{read_as} === '{item}'")).await?;
    }
    Ok(())
}

async fn hidden(browser: &Chromium) -> Result {
    let (file, keys) = (packets("ngtt_tls.pcapng"), packets("ngtt_tls.keys"));
    let served = Served::inspect(Some(&file), &[]).await?;
    let tab = served.open(browser).await?;
    tab.until_read("ngtt_tls.pcapng").await?;
    tab.until("document.getElementById('panel-expert').innerText.includes('key log')")
        .await?;
    let choose = "#panel-expert .kinds [title='Choose a key log']";
    tab.pick(async || tab.click(choose).await, &[&keys]).await?;
    tab.until_state("state.rows > 0").await?;
    tab.until_read("ngtt_tls.pcapng").await?;
    let found = decoded(&file, &["--key-log", &keys.display().to_string()]).await?;
    rows::same("with its keys", &tab.rows().await?, &found)
}

async fn nothing(browser: &Chromium) -> Result {
    let (_served, tab) = Served::sample(browser).await?;
    let all = tab.rows().await?.len();
    tab.filter("id == 4000000000").await?;
    let said = tab.text("#frames .none").await?;
    if !said.contains(&format!("0 of {all}")) {
        return Err(said.into());
    }
    tab.click("#frames .none button").await?;
    tab.until_state(&format!("state.filter === '' && state.viewRows === {all}"))
        .await?;
    tab.until("!document.querySelector('#frames .none').checkVisibility() && document.activeElement.id === 'grid'")
        .await
}

async fn wider(browser: &Chromium) -> Result {
    let (_served, tab) = Served::sample(browser).await?;
    tab.run("document.getElementById('grid').focus()").await?;
    tab.press("Tab", NONE).await?;
    let handle = "document.activeElement.dataset.resizes";
    let width = "document.activeElement.ariaValueNow";
    tab.until(&format!(
        "{handle} === 'row' && document.activeElement.role === 'separator'"
    ))
    .await?;
    tab.press("ArrowRight", NONE).await?;
    tab.until(&format!("{width} === '5.5' && {handle} === 'row'"))
        .await?;
    tab.press("ArrowDown", NONE).await?;
    tab.until(&format!("{handle} === 'time'")).await?;
    tab.press("ArrowLeft", NONE).await?;
    tab.until(&format!("{width} === '7.25'")).await?;
    // One stop for all of them, then the line between list and details.
    for _ in 0..3 {
        tab.press("Tab", NONE).await?;
        if tab
            .value("document.activeElement.id === 'splitter'")
            .await?
        {
            break;
        }
    }
    let before: f64 = tab.value(&format!("Number({width})")).await?;
    tab.press("ArrowUp", NONE).await?;
    tab.until(&format!("Number({width}) > {before}")).await
}

async fn small(browser: &Chromium) -> Result {
    let (_served, tab) = Served::sample(browser).await?;
    // The summary is in sight, without scrolling aside.
    tab.until("(grid => grid.scrollWidth <= grid.clientWidth)(document.getElementById('grid'))")
        .await?;
    tab.filter("type == ORDER").await?;
    tab.press("Home", NONE).await?;
    tab.until_selected(number(&tab.rows().await?[0], "rows")?)
        .await?;
    tab.press("Enter", NONE).await?;
    // Fields and bytes are both in sight then.
    for (id, least) in [("tree", 60), ("bytes", 40)] {
        tab.until(&format!(
            "(box => Math.min(innerHeight, box.bottom) - Math.max(0, box.top) >= {least})
                (document.getElementById('{id}').getBoundingClientRect())"
        ))
        .await?;
    }
    tab.until("document.documentElement.scrollWidth <= innerWidth")
        .await
}
