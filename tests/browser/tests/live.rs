//! The page beside a running server: what happens is in the list while it happens.

use std::time::Duration;

use serde_json::Value as Json;
use wigwag_browser_tests::rows::number;
use wigwag_browser_tests::{Chromium, Keys, Result, Served, Setup, Tab, in_browser, until};
use wigwag_runner::Suite;
use wigwag_runner::tools::CHROMIUM;

fn main() {
    Suite::new()
        .test(
            "the_slow_order_of_the_demonstration_is_found",
            &[CHROMIUM],
            || in_browser(Setup::default(), slow_order),
        )
        .test(
            "what_is_selected_stays_in_sight_under_another_filter",
            &[CHROMIUM],
            || in_browser(Setup::default(), stays),
        )
        .test("the_list_follows_and_does_not_jump", &[CHROMIUM], || {
            in_browser(Setup::default(), follow)
        })
        .run();
}

/// Of an order that took seconds, the page shows what the server says of it.
async fn slow_order(browser: &Chromium) -> Result {
    let (mut served, tab) = Served::demonstration(browser).await?;
    // To stay where one looks.
    tab.click("#tail").await?;
    tab.filter("type == ORDER_CONFIRM && latency > 2 s").await?;
    // On a busy machine others may take as long.
    let (confirm, order, detail) =
        until("the order that waits", async || tab.waiting_order().await).await?;
    tab.until_drawn().await?;
    tab.select(number(&confirm, "rows")?).await?;
    // Its other half is the order; the filter hides it, until it is taken away.
    tab.press("p", Keys::default()).await?;
    tab.until("document.getElementById('hidden-by-filter').checkVisibility()")
        .await?;
    tab.filter("type == ORDER").await?;
    tab.until_selected(order).await?;
    let bytes = detail["bytes"].as_array().ok_or("bytes")?;
    let bytes = bytes.iter().filter_map(Json::as_u64);
    let bytes: String = bytes.map(|byte| format!("{byte:02x}")).collect();
    // Fields and bytes that are shown are those of the row.
    tab.until(
        "(text => ['wait', 'time', '3'].every(word => text.includes(word)))
            (document.getElementById('tree').innerText)",
    )
    .await?;
    tab.until(&format!(
        "[...document.querySelectorAll('#bytes .digits span')]
            .map(it => it.textContent).join('') === '{bytes}'"
    ))
    .await?;
    // The server's own account of this order.
    let tid = confirm["id"].as_u64().ok_or("an id")?;
    let taken = confirmed(&mut served, tid).await?;
    let latency = confirm["latency"].as_f64().ok_or("a latency")? / 1e3;
    if (taken - latency).abs() > 250.0 {
        return Err(format!("{latency} ms in the page, {taken} ms by the server").into());
    }
    Ok(())
}

/// How many milliseconds passed, in the events of the demonstration's server, from
/// the order of this number to its confirmation, where that was more than a second.
async fn confirmed(served: &mut Served, tid: u64) -> Result<f64> {
    let mut sent = None;
    loop {
        let event = served.program.next().await?;
        if event["tid"] != tid {
            continue;
        }
        let at = event["t"].as_f64().ok_or("an event has a time")?;
        match event["event"].as_str() {
            Some("order") if event["side"] == "server" => sent = Some(at),
            Some("order_acked") if event["side"] == "server" => {
                let begun = sent.unwrap_or(at);
                if at - begun > 1000.0 {
                    return Ok(at - begun);
                }
            }
            _ => {}
        }
    }
}

/// At its end the list follows; scrolled up, it stands still, and says what came.
async fn follow(browser: &Chromium) -> Result {
    let (_served, tab) = Served::demonstration(browser).await?;
    let pressed = "document.getElementById('tail').getAttribute('aria-pressed')";
    tab.until(&format!("{pressed} === 'true'")).await?;
    tab.until_state("state.viewRows > 200").await?;
    at_end(&tab).await?;
    // The wheel goes up: the same rows stay, while more come.
    let list = tab.middle("#grid").await?;
    tab.wheel(list, -900.0).await?;
    tab.until(&format!("{pressed} === 'false'")).await?;
    let (before, count) = (still(&tab).await?, count(&tab).await?);
    tab.until_state(&format!("state.viewRows > {count} + 20"))
        .await?;
    tab.until("!document.querySelector('#frames .newer').hidden")
        .await?;
    let after = still(&tab).await?;
    if before != after {
        return Err(format!("the list jumped from {before} to {after}").into());
    }
    tab.click("#frames .newer").await?;
    at_end(&tab).await?;
    // Paused, the view does not grow, but frames are taken.
    tab.press(" ", Keys::default()).await?;
    tab.until_state("state.paused").await?;
    let (held, taken): (u64, u64) = tab
        .value("[watched.state.viewRows, watched.state.rows]")
        .await?;
    tab.until_state(&format!("state.rows > {taken} + 2"))
        .await?;
    if self::count(&tab).await? != held {
        return Err("the view grew while it was paused".into());
    }
    tab.press(" ", Keys::default()).await?;
    tab.until_state(&format!("!state.paused && state.viewRows > {held}"))
        .await?;
    at_end(&tab).await
}

async fn count(tab: &Tab) -> Result<u64> {
    tab.value("watched.state.viewRows").await
}

/// The last row of the view is drawn.
async fn at_end(tab: &Tab) -> Result {
    tab.until("drawnRows().length && Number(drawnRows().at(-1).frame) >= watched.state.rows - 2")
        .await
}

/// The list's rows and place once two pictures in succession are the same.
async fn still(tab: &Tab) -> Result<Json> {
    let look = "[document.getElementById('grid').scrollTop, drawnRows().map(row => row.frame)]";
    let mut last = Json::Null;
    for _ in 0..200 {
        let now: Json = tab.value(look).await?;
        if now == last {
            return Ok(now);
        }
        last = now;
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    Err("the list does not stand still".into())
}

/// A row is selected at the end, which the list goes on to follow; under another filter
/// the row is still there, and the list stays with it.
async fn stays(browser: &Chromium) -> Result {
    let (_served, tab) = Served::demonstration(browser).await?;
    tab.until_state("state.viewRows > 200").await?;
    tab.press("End", Keys::default()).await?;
    // The row itself may have been rolled out of sight by the next ones; the headline
    // stays, and counts from 1.
    let title = "document.querySelector('#panel-detail .frame-title')?.textContent ?? ''";
    let frame = format!("(/frame ([\\d,]+)/.exec({title})?.[1] ?? '').replaceAll(',', '')");
    tab.until(&frame).await?;
    let frame: String = tab.value(&frame).await?;
    let row = frame.parse::<u32>()? - 1;
    let rows: u64 = tab.value("watched.state.viewRows").await?;
    tab.until_state(&format!("state.viewRows > {rows} + 30"))
        .await?;
    tab.until("document.getElementById('tail').getAttribute('aria-pressed') === 'true'")
        .await?;
    tab.filter("connection > 0").await?;
    tab.until(&format!(
        "(it => it && it.dataset.row === '{row}' && it.getBoundingClientRect().bottom
            <= document.getElementById('grid').getBoundingClientRect().bottom)
            (document.querySelector('#grid .row.selected'))"
    ))
    .await?;
    tab.until("document.getElementById('tail').getAttribute('aria-pressed') === 'false'")
        .await
}
