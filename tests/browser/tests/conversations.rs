//! The page beside a server and a device that are commands of their own: frames are
//! sent from it, a tap has it, it goes on after a restart, and it tells what it lost.

use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use wigwag_browser_tests::rows::number;
use wigwag_browser_tests::{
    Chromium, Keys, PATIENCE, Result, Served, Setup, Tab, Trial, address, in_browser, until,
};
use wigwag_runner::Suite;
use wigwag_runner::tools::CHROMIUM;

fn main() {
    Suite::new()
        .test("an_edited_frame_reaches_the_device", &[CHROMIUM], || {
            in_browser(Setup::default(), sent)
        })
        .test("a_tap_shows_what_it_passes_on", &[CHROMIUM], || {
            in_browser(Setup::default(), tapped)
        })
        .test(
            "the_page_goes_on_with_a_server_that_was_restarted",
            &[CHROMIUM],
            || in_browser(Setup::default(), restarted),
        )
        .test(
            "a_server_with_another_token_is_told_from_one_that_is_gone",
            &[CHROMIUM],
            || in_browser(Setup::default(), stranger),
        )
        .test("what_was_dropped_is_counted_and_shown", &[CHROMIUM], || {
            in_browser(Setup::default(), dropped)
        })
        .run();
}

/// Waits until this many frames of the view are there, and selects the first.
async fn first_of(tab: &Tab, filter: &str, frames: usize) -> Result<u32> {
    tab.filter(filter).await?;
    tab.until_state(&format!("state.viewRows >= {frames}"))
        .await?;
    tab.until_drawn().await?;
    let row = number(tab.rows().await?.first().ok_or("no row")?, "rows")?;
    tab.select(row).await?;
    Ok(row)
}

async fn sent(browser: &Chromium) -> Result {
    let trial = Trial::new().await?;
    let (served, server) = trial.serve("127.0.0.1:0", &[]).await?;
    let mut device = trial.device(&server)?;
    let before = device.event("order").await?;
    let tab = served.open_live(browser).await?;
    first_of(&tab, "type == ORDER", 1).await?;
    tab.click("#panel-detail .frame-title [title^='Edit']")
        .await?;
    tab.until("document.querySelector('#panel-edit textarea').value.includes('W693')")
        .await?;
    // What cannot be encoded is said, and is not sent.
    tab.run("document.querySelector('#panel-edit textarea').focus()")
        .await?;
    tab.run("document.activeElement.select()").await?;
    tab.write("{\"tid\": 77, \"type\": \"ORDER\", \"payload\": [{]}")
        .await?;
    tab.until("document.querySelector('#panel-edit [role=alert]').checkVisibility()")
        .await?;
    tab.until("document.querySelector('#panel-edit .main-button').disabled")
        .await?;
    // Another order, and one of its fields by itself.
    let order = json!({"tid": 77, "type": "ORDER", "payload": [
        {"orders": [{"type": "write", "path": "W693", "value": 5, "advise": 1}]}]});
    tab.run("document.querySelector('#panel-edit textarea').focus()")
        .await?;
    tab.run("document.activeElement.select()").await?;
    tab.write(&order.to_string()).await?;
    tab.run(
        "[...document.querySelectorAll('#panel-edit .scalars label')]
        .find(it => it.textContent.endsWith('.value')).querySelector('input').focus()",
    )
    .await?;
    tab.run("document.activeElement.select()").await?;
    tab.write("41").await?;
    tab.until(
        "/, encoded/.test(document.getElementById('panel-edit').innerText)
        && /\"value\": 41/.test(document.querySelector('#panel-edit textarea').value)",
    )
    .await?;
    tab.until("!document.querySelector('#panel-edit .main-button').disabled")
        .await?;
    tab.click("#panel-edit .main-button").await?;
    // The device has it, and answers; the page shows both.
    let after = device.event("order").await?;
    let wanted = &order["payload"][0]["orders"][0]["path"];
    let taken = &after["data"][0]["orders"][0];
    if taken["path"] != *wanted || taken["value"] != 41 || after["tid"] != 77 {
        return Err(format!("after {before} the device got {after}").into());
    }
    tab.filter("id == 77").await?;
    tab.until_state("state.viewRows >= 2").await?;
    tab.until(
        "(types => types[0] === 'ORDER' && types.includes('ORDER_CONFIRM'))(drawnRows().map(row => row.type))",
    )
    .await?;
    let summary = "drawnRows().some(row => row.summary.includes('write W693 = 41'))";
    tab.until(summary).await
}

async fn tapped(browser: &Chromium) -> Result {
    let trial = Trial::new().await?;
    let (_served, server) = trial.serve("127.0.0.1:0", &[]).await?;
    let (tap, before) = trial.tap(&server).await?;
    let mut device = trial.device(&before)?;
    let order = device.event("order").await?;
    let tab = tap.open_live(browser).await?;
    first_of(&tab, "type == ORDER", 1).await?;
    tab.until("document.getElementById('tree').innerText.includes('W693')")
        .await?;
    tab.until(&format!(
        "(text => text.includes('device-0001') && text.includes('ORDER{}'))
            (document.querySelector('#panel-detail .frame-title').textContent)",
        order["tid"]
    ))
    .await?;
    tab.filter("type == ORDER_CONFIRM").await?;
    tab.until_state("state.viewRows > 0").await?;
    // A tap changes nothing: it offers no sending.
    tab.click("#tab-edit").await?;
    tab.until("document.querySelector('#panel-edit').innerText.includes('does not take frames')")
        .await?;
    tab.until("!document.querySelector('#panel-edit .main-button').checkVisibility()")
        .await
}

/// The same command at the same place, with the same token.
async fn restarted(browser: &Chromium) -> Result {
    let trial = Trial::new().await?;
    let token = trial.file("token");
    let more = ["--token-file", &token];
    let (served, server) = trial.serve("127.0.0.1:0", &more).await?;
    let place = served.place()?;
    let device = trial.device(&server)?;
    let tab = served.open_live(browser).await?;
    first_of(&tab, "type == ORDER", 1).await?;
    device.end().await?;
    let url = served.url.clone();
    served.program.end().await?;
    let pill = "document.getElementById('live').innerText";
    tab.until(&format!("{pill}.includes('lost')")).await?;
    // What there was stays while nobody answers.
    tab.until("document.getElementById('tree').innerText.includes('W693')")
        .await?;
    let (served, server) = trial.serve(&place, &more).await?;
    if served.url != url {
        return Err(format!("{url} has become {}", served.url).into());
    }
    tab.until(&format!("{pill}.includes('live')")).await?;
    tab.until("document.getElementById('toast').textContent.includes('again')")
        .await?;
    // It shows what comes now, under the same filter, and nothing of before.
    let mut device = trial.device(&server)?;
    device.event("order").await?;
    tab.until_state(
        "state.live === 'on' && state.viewRows === 1 && state.filter === 'type == ORDER'",
    )
    .await?;
    tab.until_drawn().await?;
    first_of(&tab, "type == ORDER", 1).await?;
    browser.forgive();
    Ok(())
}

/// The same command at the same place, whose token is new.
async fn stranger(browser: &Chromium) -> Result {
    let trial = Trial::new().await?;
    let (served, server) = trial.serve("127.0.0.1:0", &[]).await?;
    let place = served.place()?;
    let _device = trial.device(&server)?;
    let tab = served.open_live(browser).await?;
    served.program.end().await?;
    let (_served, _) = trial.serve(&place, &[]).await?;
    tab.until("document.getElementById('banner').innerText.includes('new token')")
        .await?;
    tab.until("document.getElementById('live').innerText.includes('ended')")
        .await?;
    browser.forgive();
    Ok(())
}

/// More than the recorder keeps goes through a tap before anybody looks.
async fn dropped(browser: &Chromium) -> Result {
    let server = TcpListener::bind("127.0.0.1:0").await?;
    let target = server.local_addr()?.to_string();
    let sink = tokio::spawn(async move {
        let (mut stream, _) = server.accept().await?;
        tokio::io::copy(&mut stream, &mut tokio::io::sink()).await
    });
    let mut words = vec![
        "tap",
        "--plain",
        "--protocol",
        "prefix",
        "--listen",
        "127.0.0.1:0",
    ];
    words.extend(["--connect", &target, "--http", "127.0.0.1:0", "--json"]);
    let mut served = Served::start(&words, "inspector").await?;
    let place = address(&served.program.event("listening").await?)?;
    let mut device = TcpStream::connect(place).await?;
    let mut message = 60_000_u32.to_be_bytes().to_vec();
    message.resize(60_004, b'x');
    let (limit, messages) = (64 << 20, 1300_u64);
    for _ in 0..messages {
        device.write_all(&message).await?;
    }
    device.shutdown().await?;
    let taken = tokio::time::timeout(PATIENCE, sink).await??;
    if taken? < limit + 10_000_000 {
        return Err("not enough was sent".into());
    }
    let tab = served.open_live(browser).await?;
    tab.until_state("state.dropped > 0").await?;
    let (rows, count): (u64, u64) = until("all that is kept", async || {
        let seen: (u64, u64, u64) = tab
            .value("[watched.state.rows, watched.state.dropped, watched.state.bytes]")
            .await?;
        tokio::time::sleep(Duration::from_millis(200)).await;
        let again: u64 = tab.value("watched.state.bytes").await?;
        Ok((again == seen.2 && seen.2 > limit / 2).then_some((seen.0, seen.1)))
    })
    .await?;
    if rows == 0 || rows >= messages {
        return Err(format!("{rows} of {messages} messages are kept, {count} dropped").into());
    }
    tab.until(&format!(
        "document.getElementById('dropped').innerText.replaceAll(',', '') === '▲ {count} dropped'"
    ))
    .await?;
    // Where they are missing is said of the frame behind.
    tab.press("Home", Keys::default()).await?;
    tab.until_selected(0).await?;
    let gap: Json = tab.ask("experts", &json!({})).await?;
    let kinds = gap["kinds"].as_array().ok_or("kinds")?;
    if !kinds.iter().any(|kind| kind["kind"] == "gap") {
        return Err(format!("no gap is told: {kinds:?}").into());
    }
    Ok(())
}
