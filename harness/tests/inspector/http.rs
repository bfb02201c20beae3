//! The page's files, and the answers' headers.

use crate::client::{ask, get, get_data, start};
use wigwag_harness::inspector::Options;
use wigwag_harness::record::Recorder;

#[tokio::test]
async fn the_page_is_served_with_headers_that_lock_it_in() {
    let inspector = start(Options::default()).await;
    for path in ["/", "/index.html"] {
        let reply = get(&inspector, path).await;
        assert_eq!(reply.status, 200);
        assert_eq!(
            reply.header("content-type"),
            Some("text/html; charset=utf-8")
        );
        assert_eq!(reply.body, wigwag_page::find("index.html").unwrap().plain);
    }
    for file in wigwag_page::FILES {
        let reply = get(&inspector, &format!("/{}", file.path)).await;
        assert_eq!(reply.status, 200, "{}", file.path);
        assert_eq!(reply.header("content-type"), Some(file.mime));
        assert_eq!(reply.body, file.plain);
    }
    let state = format!("/state?token={}", inspector.token());
    for path in ["/", "/state", &state, "/nothing"] {
        let reply = get(&inspector, path).await;
        let header = |name| {
            reply
                .header(name)
                .unwrap_or_else(|| panic!("{path}: no {name}"))
        };
        let policy = header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self' 'wasm-unsafe-eval';"));
        assert!(policy.contains("frame-ancestors 'none'"));
        assert!(policy.contains("require-trusted-types-for 'script'"));
        assert!(!policy.contains("unsafe-inline") && !policy.contains('*'));
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("x-frame-options"), "DENY");
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert_eq!(header("cross-origin-opener-policy"), "same-origin");
        assert_eq!(header("cross-origin-embedder-policy"), "require-corp");
        assert_eq!(header("cross-origin-resource-policy"), "same-origin");
        assert_eq!(reply.header("access-control-allow-origin"), None);
    }
}

#[tokio::test]
async fn files_are_compressed_for_those_who_take_it_and_sent_once() {
    let inspector = start(Options::default()).await;
    let file = wigwag_page::find("index.html").unwrap();
    let plain = ask(&inspector, "GET", "/", &[("accept-encoding", "gzip")]).await;
    let brotli = [("accept-encoding", "gzip, deflate, br, zstd")];
    let packed = ask(&inspector, "GET", "/", &brotli).await;
    assert_eq!(plain.header("content-encoding"), None);
    assert_eq!(packed.header("content-encoding"), Some("br"));
    assert_eq!(packed.body, file.brotli);
    for reply in [&plain, &packed] {
        assert_eq!(reply.header("vary"), Some("accept-encoding"));
        assert_eq!(reply.header("cache-control"), Some("no-cache"));
    }
    let tag = packed.header("etag").expect("a tag");
    assert_ne!(Some(tag), plain.header("etag"));
    for known in [tag.to_owned(), format!("\"x\", W/{tag}")] {
        let known = ("if-none-match", known.as_str());
        let again = ask(&inspector, "GET", "/", &[brotli[0], known]).await;
        assert_eq!((again.status, again.body.len()), (304, 0));
        assert_eq!(again.header("etag"), Some(tag));
    }
    let other = ("if-none-match", "\"other\"");
    let again = ask(&inspector, "GET", "/", &[brotli[0], other]).await;
    assert_eq!(again.status, 200);
    let head = ask(&inspector, "HEAD", "/", &[]).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(
        head.header("content-length"),
        Some(&*file.plain.len().to_string())
    );
}

#[tokio::test]
async fn nothing_else_is_there() {
    let inspector = start(Options::default()).await;
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "NONSENSE"] {
        let reply = ask(&inspector, method, "/", &[]).await;
        assert_eq!(reply.status, 405, "{method}");
        let reply = ask(&inspector, method, "/state", &[]).await;
        assert!((400..500).contains(&reply.status), "{method}");
    }
    for path in ["/favicon.ico", "/index.html/", "//", "/index"] {
        assert_eq!(get(&inspector, path).await.status, 404, "{path}");
    }
    // Nothing was given to it.
    assert_eq!(get_data(&inspector, "/file").await.status, 404);
    assert_eq!(get_data(&inspector, "/keylog").await.status, 404);
    assert_eq!(get_data(&inspector, "/live").await.status, 404);
}

#[tokio::test]
async fn the_state_tells_what_there_is_to_see() {
    let inspector = start(Options {
        recorder: Some(Recorder::default()),
        ..Options::default()
    })
    .await;
    let reply = get_data(&inspector, "/state").await;
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let state: serde_json::Value = serde_json::from_str(reply.text()).unwrap();
    let expected = serde_json::json!({"live": true, "file": null, "key_log": false});
    assert_eq!(state, expected);
}

#[tokio::test]
async fn the_address_has_the_token_where_browsers_keep_it() {
    let inspector = start(Options::default()).await;
    let expected = format!("http://{}/#token={}", inspector.addr(), inspector.token());
    assert_eq!(inspector.url(), expected);
    assert!(inspector.addr().ip().is_loopback());
    assert!(!inspector.is_open_to_the_network());
    let other = start(Options::default()).await;
    assert_ne!(inspector.token(), other.token());
    assert!(!format!("{inspector:?}").contains(inspector.token()));
    let open = start(Options {
        listen: ([0, 0, 0, 0], 0).into(),
        ..Options::default()
    })
    .await;
    assert!(open.is_open_to_the_network());
    assert!(open.url().starts_with("http://127.0.0.1:"));
}
