//! Takes the pictures of the page anew, in both themes:
//! `cargo run --example pictures`, in this folder.
//!
//! They show the order of the sample that took three seconds, with its confirmation.

use wigwag_browser_tests::inputs::repository;
use wigwag_browser_tests::rows::number;
use wigwag_browser_tests::{Chromium, Keys, Result, Served, Setup, in_browser};

fn main() {
    for (theme, dark) in [("light", false), ("dark", true)] {
        let setup = Setup {
            size: (1280, 800),
            dark,
        };
        if let Err(error) = in_browser(setup, async |browser| picture(browser, theme).await) {
            eprintln!("{}", error.message().unwrap_or("it failed"));
            std::process::exit(1);
        }
    }
}

async fn picture(browser: &Chromium, theme: &str) -> Result {
    let (_served, tab) = Served::sample(browser).await?;
    tab.filter("type == ORDER_CONFIRM && latency > 2 s").await?;
    let slow = tab.waiting_order().await?;
    let (confirm, order, detail) = slow.ok_or("the sample has no slow order")?;
    let tid = number(&confirm, "id")?;
    let confirm = number(&confirm, "rows")?;
    tab.select(confirm).await?;
    // Those before and after it, too.
    let (first, last) = (tid - 2, tid + 2);
    tab.filter(&format!(
        "type in (ORDER, ORDER_CONFIRM) && id >= {first} && id <= {last}"
    ))
    .await?;
    tab.press("p", Keys::NONE).await?;
    tab.until_selected(order).await?;
    tab.press("Enter", Keys::NONE).await?;
    let nodes = detail["nodes"].as_array().ok_or("nodes")?;
    let time = nodes.iter().position(|node| node["label"] == "time");
    let time = time.ok_or("the order has no time")?;
    tab.click(&format!("#field-{time}")).await?;
    // Nothing is under the pointer.
    tab.point((2.0, 2.0)).await?;
    tab.until(&format!(
        "drawnRows().some(row => row.frame === '{order}') && drawnRows().some(row => row.frame === '{confirm}')
            && document.querySelector('#tree .selected')?.id === 'field-{time}'
            && document.querySelector('#tab-expert .badge').checkVisibility()"
    ))
    .await?;
    let file = repository("wasm/screenshots").join(format!("inspector-{theme}.png"));
    std::fs::write(&file, tab.picture().await?)?;
    println!("{}", file.display());
    Ok(())
}
