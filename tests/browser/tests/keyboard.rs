//! The whole way without a mouse, with the focus always in sight.

use wigwag_browser_tests::{Chromium, Keys, Result, Served, Setup, Tab, in_browser};
use wigwag_runner::Suite;
use wigwag_runner::tools::CHROMIUM;

fn main() {
    Suite::new()
        .test("everything_is_done_by_keys", &[CHROMIUM], || {
            in_browser(Setup::default(), keys)
        })
        .run();
}

/// Presses a key and waits for what it does; the focus can be seen afterwards.
async fn press(tab: &Tab, key: &str, then: &str) -> Result {
    tab.press(key, Keys::default()).await?;
    tab.until(then).await?;
    // By the element itself, what is around it, the list's header, or what is active in it.
    let seen =
        "(it => it && it !== document.body && [it, it.parentElement, it.querySelector('.row.head'),
            document.getElementById(it.getAttribute('aria-activedescendant'))].some(one => {
            const style = one && getComputedStyle(one);
            return style && ((style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0)
                || style.boxShadow !== 'none');
        }))(document.activeElement)";
    if tab.until(seen).await.is_ok() {
        return Ok(());
    }
    let focus: String = tab
        .value("document.activeElement.outerHTML.slice(0, 200)")
        .await?;
    Err(format!("after {key:?} nobody sees the focus on {focus}").into())
}

async fn keys(browser: &Chromium) -> Result {
    let served = Served::inspect(None, &[]).await?;
    let tab = served.open(browser).await?;
    // To the sample's button, and on it.
    for _ in 0..40 {
        if tab
            .value("document.activeElement.textContent === 'Try the sample'")
            .await?
        {
            break;
        }
        tab.press("Tab", Keys::default()).await?;
    }
    tab.press("Enter", Keys::default()).await?;
    tab.until_read("sample.wgcap").await?;

    press(&tab, "/", "document.activeElement.id === 'filter-text'").await?;
    tab.write("type == ORDER").await?;
    press(
        &tab,
        "Enter",
        "document.activeElement.id === 'grid' && watched.state.filter",
    )
    .await?;
    tab.until_drawn().await?;
    press(
        &tab,
        "Home",
        "document.querySelector('#grid .row.selected')",
    )
    .await?;
    tab.until(
        "(grid => grid.getAttribute('role') === 'grid'
            && grid.getAttribute('aria-rowcount') == watched.state.viewRows + 1
            && document.getElementById(grid.getAttribute('aria-activedescendant'))
                .getAttribute('aria-selected') === 'true')(document.getElementById('grid'))",
    )
    .await?;
    tab.until("document.querySelector('#panel-detail .frame-title strong')")
        .await?;
    let at =
        "document.getElementById(document.activeElement.getAttribute('aria-activedescendant'))";
    press(
        &tab,
        "Enter",
        "document.activeElement.getAttribute('role') === 'tree'",
    )
    .await?;
    let treeitem = format!(
        "{at}?.getAttribute('role') === 'treeitem' && {at}.getAttribute('aria-selected') === 'true'"
    );
    press(&tab, "ArrowDown", &treeitem).await?;
    press(&tab, "Tab", "document.activeElement.id === 'bytes'").await?;
    press(
        &tab,
        "ArrowRight",
        &format!("{at}?.dataset.byte !== undefined"),
    )
    .await?;
    press(&tab, "Escape", "document.activeElement.id === 'grid'").await?;
    press(&tab, "Escape", "watched.state.filter === ''").await?;
    press(
        &tab,
        "n",
        "document.querySelector('#grid .row.selected .note')",
    )
    .await?;
    press(
        &tab,
        "]",
        "document.getElementById('panel-expert').checkVisibility()",
    )
    .await?;
    press(
        &tab,
        "e",
        "document.activeElement.closest('.menu')?.getAttribute('role') === 'menu'",
    )
    .await?;
    press(&tab, "ArrowDown", "document.activeElement.closest('.menu')").await?;
    press(&tab, "Escape", "document.activeElement.id === 'export'").await?;
    press(&tab, "?", "document.querySelector('dialog[open]')").await?;
    tab.press("Escape", Keys::default()).await?;
    tab.until("!document.querySelector('dialog')").await
}
