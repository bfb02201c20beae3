//! Nobody else in the browser can look in, and what is looked at cannot do anything.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use wigwag_browser_tests::inputs::sample;
use wigwag_browser_tests::{Chromium, Result, Served, Setup, in_browser};
use wigwag_runner::Suite;
use wigwag_runner::tools::CHROMIUM;

fn main() {
    Suite::new()
        .test("the_page_is_under_a_strict_policy", &[CHROMIUM], || {
            in_browser(Setup::default(), policy)
        })
        .test("a_page_of_another_origin_sees_nothing", &[CHROMIUM], || {
            in_browser(Setup::default(), stranger)
        })
        .run();
}

async fn policy(browser: &Chromium) -> Result {
    let served = Served::inspect(Some(&sample()), &[]).await?;
    let tab = served.open(browser).await?;
    tab.until_read("sample.wgcap").await?;
    let header: String = tab
        .value("fetch('./').then(it => it.headers.get('content-security-policy'))")
        .await?;
    let meta: String = tab
        .value("document.querySelector('meta[http-equiv=Content-Security-Policy]').content")
        .await?;
    for policy in [&header, &meta] {
        for part in [
            "default-src 'none'",
            "script-src 'self' 'wasm-unsafe-eval'",
            "require-trusted-types-for 'script'",
            "trusted-types wigwag",
        ] {
            if !policy.contains(part) {
                return Err(format!("{part} is not in {policy}").into());
            }
        }
    }
    // What would be an attack through markup or code throws.
    for attack in [
        "document.body.innerHTML = '<b>x</b>'",
        "document.createElement('script').src = 'x.js'",
        "trustedTypes.createPolicy('other', {})",
        "trustedTypes.createPolicy('wigwag', {})",
        "new Worker('other.js')",
    ] {
        let threw: bool = tab
            .value(&format!(
                "(() => {{ try {{ {attack}; return false; }} catch {{ return true; }} }})()"
            ))
            .await?;
        if !threw {
            return Err(format!("this was allowed: {attack}").into());
        }
    }
    browser.forgive();
    Ok(())
}

/// A page at another port that knows the token.
async fn stranger(browser: &Chromium) -> Result {
    let (served, tab) = Served::demonstration(browser).await?;
    let (base, token) = served.url.split_once("/#token=").ok_or("a token")?;

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let strange = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let page = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n<!doctype html>";
            let _ = stream.write_all(page.as_bytes()).await;
        }
    });
    let other = browser.open(&format!("http://{address}/")).await?;
    let ws = base.replace("http", "ws");
    let seen: Vec<String> = other
        .value(&format!(
            "Promise.all([
                new Promise(done => {{
                    const socket = new WebSocket('{ws}/live?token={token}');
                    socket.onopen = () => done('socket opened');
                    socket.onmessage = () => done('socket told something');
                    socket.onerror = () => done('');
                }}),
                fetch('{base}/state?token={token}').then(() => 'state read', () => ''),
                fetch('{base}/').then(() => 'page read', () => ''),
                new Promise(done => {{
                    const frame = document.createElement('iframe');
                    frame.src = '{base}/';
                    frame.onload = () => {{
                        try {{ done(frame.contentDocument ? 'frame read' : ''); }} catch {{ done(''); }}
                    }};
                    document.body.append(frame);
                }}),
            ])"
        ))
        .await?;
    strange.abort();
    if let Some(seen) = seen.iter().find(|it| !it.is_empty()) {
        return Err(format!("a page of another origin: {seen}").into());
    }
    browser.forgive();
    // The page itself goes on.
    let rows: u64 = tab.value("watched.state.rows").await?;
    tab.until_state(&format!("state.live === 'on' && state.rows > {rows}"))
        .await
}
