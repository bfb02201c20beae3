//! The page with a recording open: filter, selection, tree and bytes, pairs, what is
//! to be said, comparison, plots, and the address of a view.

use serde_json::{Value as Json, json};
use wigwag_browser_tests::inputs::{decoded, sample};
use wigwag_browser_tests::rows::number;
use wigwag_browser_tests::{Chromium, Keys, Result, Served, Setup, Tab, in_browser, rows};
use wigwag_runner::Suite;
use wigwag_runner::tools::CHROMIUM;

fn main() {
    Suite::new()
        .test("filters_pass_what_the_command_passes", &[CHROMIUM], || {
            in_browser(Setup::default(), filters)
        })
        .test("a_filter_is_completed_and_corrected", &[CHROMIUM], || {
            in_browser(Setup::default(), typing)
        })
        .test("tree_and_bytes_are_in_step", &[CHROMIUM], || {
            in_browser(Setup::default(), in_step)
        })
        .test("pairs_and_experts_are_jumped_to", &[CHROMIUM], || {
            in_browser(Setup::default(), jumps)
        })
        .test("two_frames_are_compared", &[CHROMIUM], || {
            in_browser(Setup::default(), compared)
        })
        .test(
            "a_plot_shows_the_data_and_narrows_the_filter",
            &[CHROMIUM],
            || in_browser(Setup::default(), plotted),
        )
        .test(
            "an_address_holds_the_view_and_not_the_data",
            &[CHROMIUM],
            || in_browser(Setup::default(), shared),
        )
        .run();
}

async fn filters(browser: &Chromium) -> Result {
    let (_served, tab) = Served::sample(browser).await?;
    for filter in [
        "type == ORDER",
        "type in (PING, LINK) && direction == to_server",
        "latency > 2 ms",
        "protocol == ncp || length > 500",
        "payload[0].orders[0].type == \"write\"",
        "payload ~ \"wait\"",
        "!(type == ORDER) && connection != 0",
        "fields.STAT",
        "id == 4000000000",
    ] {
        tab.filter(filter).await?;
        let command = decoded(&sample(), &["--filter", filter]).await?;
        rows::same(filter, &tab.rows().await?, &command)?;
    }
    Ok(())
}

async fn typing(browser: &Chromium) -> Result {
    let (_served, tab) = Served::sample(browser).await?;
    let all = tab.rows().await?.len();
    let none = Keys::default();
    tab.press("/", none).await?;
    tab.until("document.activeElement.id === 'filter-text'")
        .await?;
    tab.write("typ").await?;
    tab.until("!document.getElementById('completions').hidden")
        .await?;
    tab.press("ArrowDown", none).await?;
    tab.until(
        "document.querySelector('#completions [aria-selected=true]')?.id \
         === document.activeElement.getAttribute('aria-activedescendant')",
    )
    .await?;
    tab.press("Enter", none).await?;
    tab.until("/^type\\b/.test(document.activeElement.value)")
        .await?;
    // What is wrong is marked where it is.
    tab.run("document.activeElement.select()").await?;
    tab.write("type == ORDER && nonsense == 5").await?;
    tab.press("Enter", none).await?;
    tab.until("!document.getElementById('filter-error').hidden")
        .await?;
    tab.until("document.querySelector('#filter .under mark')?.textContent.includes('nonsense')")
        .await?;
    tab.until("document.getElementById('filter-text').getAttribute('aria-invalid') === 'true'")
        .await?;
    // Mended, it holds; taken away, all is there again.
    tab.filter("type == ORDER").await?;
    let some = tab.rows().await?.len();
    if some == 0 || some >= all {
        return Err(format!("{some} of {all} rows are orders").into());
    }
    tab.press("Escape", none).await?;
    tab.until_state(&format!("state.filter === '' && state.viewRows === {all}"))
        .await
}

/// The number of the first frame that passes.
async fn first(tab: &Tab, filter: &str) -> Result<u32> {
    tab.filter(filter).await?;
    let rows = tab.rows().await?;
    number(rows.first().ok_or("no row passes")?, "rows")
}

/// Waits until the details have found their place.
async fn settled(tab: &Tab) -> Result {
    tab.run(
        "new Promise(done => {
            let last = '';
            const look = () => {
                const place = [...document.querySelectorAll('#tree, #field-1')]
                    .map(it => JSON.stringify(it.getBoundingClientRect())).join();
                if (place && place === last) return done();
                last = place;
                setTimeout(look, 100);
            };
            look();
        })",
    )
    .await
}

async fn in_step(browser: &Chromium) -> Result {
    let (_served, tab) = Served::sample(browser).await?;
    for filter in ["type == ORDER", "fields.STAT", "type == DATA_STREAM"] {
        let row = first(&tab, filter).await?;
        tab.select(row).await?;
        settled(&tab).await?;
        let detail = tab.ask("detail", &json!({"row": row})).await?;
        let nodes = detail["nodes"].as_array().ok_or("nodes")?;
        let shown: Vec<usize> = tab
            .value("[...document.querySelectorAll('#tree .field-row')].slice(1, 6).map(it => Number(it.id.slice(6)))")
            .await?;
        for node in shown {
            tab.click(&format!("#field-{node}")).await?;
            tab.until(&format!(
                "document.querySelector('#tree .selected')?.id === 'field-{node}'"
            ))
            .await?;
            let (start, end) = (number(&nodes[node], "start")?, number(&nodes[node], "end")?);
            // All of its bytes that are in sight are marked, and no others.
            tab.until(&format!(
                "[...document.querySelectorAll('#bytes .digits span')]
                    .filter(it => it.dataset.byte !== '-1')
                    .every(it => it.classList.contains('in') === (it.dataset.byte >= {start} && it.dataset.byte < {end}))"
            ))
            .await?;
        }
        // And back: the innermost node of a byte.
        for byte in [0, 5, detail["length"].as_u64().unwrap_or(9).min(40) - 1] {
            tab.click(&format!("#bytes .digits span[data-byte='{byte}']"))
                .await?;
            tab.until(&format!(
                "document.getElementById('byte-caret')?.dataset.byte === '{byte}'"
            ))
            .await?;
            let chosen: String = tab
                .value("document.querySelector('#tree [aria-selected=true]').id.slice(6)")
                .await?;
            let chosen: usize = chosen.parse()?;
            let holds = |node: &Json| {
                node["start"].as_u64() <= Some(byte) && Some(byte) < node["end"].as_u64()
            };
            let inner = nodes
                .iter()
                .any(|node| node["parent"] == chosen && holds(node));
            if !holds(&nodes[chosen]) || inner {
                return Err(format!("byte {byte} of {filter}: {}", nodes[chosen]).into());
            }
        }
    }
    Ok(())
}

async fn jumps(browser: &Chromium) -> Result {
    let (_served, tab) = Served::sample(browser).await?;
    let none = Keys::default();
    let row = first(&tab, "type == ORDER_CONFIRM").await?;
    let pair = number(&tab.rows().await?[0], "pair")?;
    tab.filter("").await?;
    tab.press("Home", none).await?;
    tab.until_selected(0).await?;
    tab.filter("type in (ORDER, ORDER_CONFIRM)").await?;
    tab.select(row).await?;
    tab.press("p", none).await?;
    tab.until_selected(pair).await?;
    tab.press("p", none).await?;
    tab.until_selected(row).await?;
    // Only this transaction.
    tab.press("f", none).await?;
    tab.until_state("state.filter !== 'type in (ORDER, ORDER_CONFIRM)' && !state.filtering")
        .await?;
    let followed = tab.rows().await?;
    let seen = |wanted: u32| followed.iter().any(|row| row["rows"] == wanted);
    if !seen(row) || !seen(pair) {
        return Err(format!("{row} and {pair} are not both in {followed:?}").into());
    }
    // The next of which something is to be said, and the list of them all.
    tab.filter("").await?;
    tab.press("Home", none).await?;
    tab.until_selected(0).await?;
    let found = tab
        .ask("find", &json!({"expert": true, "from": 1, "forward": true}))
        .await?;
    tab.press("n", none).await?;
    tab.until_selected(number(&found, "row")?).await?;
    tab.click("#tab-expert").await?;
    tab.click(".said-row .what").await?;
    let item = &tab.ask("experts", &json!({})).await?["items"][0];
    let row = number(item, "row")?;
    tab.until(&format!(
        "document.querySelector('#grid .row.selected')?.dataset.row === '{row}'"
    ))
    .await
}

async fn compared(browser: &Chromium) -> Result {
    let (_served, tab) = Served::sample(browser).await?;
    tab.filter("type == ORDER").await?;
    let orders = tab.rows().await?;
    let (a, b) = (number(&orders[0], "rows")?, number(&orders[1], "rows")?);
    for (row, key) in [(a, "a"), (b, "b")] {
        tab.select(row).await?;
        tab.press(key, Keys::default()).await?;
    }
    let diff = tab.ask("diff", &json!({"a": a, "b": b})).await?;
    let count = diff["items"].as_array().map_or(0, Vec::len);
    if count == 0 {
        return Err("two orders do not differ".into());
    }
    tab.until(&format!(
        "document.querySelectorAll('.diff-table tbody tr').length === {count}"
    ))
    .await
}

async fn plotted(browser: &Chromium) -> Result {
    let (_served, tab) = Served::sample(browser).await?;
    let latencies = tab.rows().await?;
    let latencies = latencies.iter().filter_map(|row| row["latency"].as_f64());
    let greatest = latencies.fold(0.0, f64::max) / 1e3;
    let points = tab
        .ask("plot", &json!({"field": "latency", "buckets": 800}))
        .await?;
    let max = points["max"].as_array().ok_or("max")?.iter();
    let max = max.filter_map(Json::as_f64).fold(0.0, f64::max);
    if (max - greatest).abs() > 1e-3 * greatest {
        return Err(format!("{max} ms is the greatest in the plot, {greatest} in the list").into());
    }
    tab.click("#tab-plot").await?;
    tab.until("document.querySelector('#panel-plot .u-over')?.clientWidth > 100")
        .await?;
    let all = tab.rows().await?.len();
    let (x, y) = tab.middle("#panel-plot .u-over").await?;
    tab.drag((x - 150.0, y), (x + 50.0, y)).await?;
    tab.until_state("/^time >= .* && time < /.test(state.filter) && !state.filtering")
        .await?;
    let some = tab.rows().await?.len();
    if some >= all {
        return Err(format!("a stretch of time has {some} of {all} frames").into());
    }
    Ok(())
}

async fn shared(browser: &Chromium) -> Result {
    let (served, tab) = Served::sample(browser).await?;
    let row = first(&tab, "type == ORDER").await?;
    tab.select(row).await?;
    tab.click("#theme").await?;
    tab.press("t", Keys::default()).await?;
    tab.run("navigator.clipboard.writeText = async text => { window.copied = text; }")
        .await?;
    tab.press("y", Keys::default()).await?;
    tab.until("window.copied").await?;
    let address: String = tab.value("window.copied").await?;
    let (_, token) = served.url.split_once("token=").ok_or("a token")?;
    if address.contains(token) || !address.contains("filter=") {
        return Err(format!("the address of the view is {address}").into());
    }
    let other = browser.open(&address).await?;
    other
        .until("document.getElementById('empty').checkVisibility()")
        .await?;
    other
        .drop_file("again.wgcap", &std::fs::read(sample())?)
        .await?;
    other.until_read("again.wgcap").await?;
    other
        .until_state("state.filter === 'type == ORDER' && state.viewRows < state.rows")
        .await?;
    other
        .until("document.documentElement.dataset.theme === 'light'")
        .await?;
    other
        .until("document.querySelector('.c-time button').textContent === 'Since start'")
        .await
}
