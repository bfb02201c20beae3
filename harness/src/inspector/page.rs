//! The page's files.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::sync::LazyLock;
use wigwag_page::{FILES, File};

/// The files, each with a name of its content.
static TAGGED: LazyLock<Vec<(&'static File, String)>> =
    LazyLock::new(|| FILES.iter().map(|file| (file, tag(file.plain))).collect());

fn tag(content: &[u8]) -> String {
    let mut text = String::new();
    for byte in &Sha256::digest(content)[..12] {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Answers a request for a file of the page; there are no others.
pub(super) async fn file(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = match uri.path().strip_prefix('/') {
        Some("") => "index.html",
        Some(path) => path,
        None => "",
    };
    let Some((file, tag)) = TAGGED.iter().find(|(file, _)| file.path == path) else {
        return (StatusCode::NOT_FOUND, "There is no such file.\n").into_response();
    };
    if method != Method::GET && method != Method::HEAD {
        let allow = [(header::ALLOW, "GET, HEAD")];
        return (StatusCode::METHOD_NOT_ALLOWED, allow).into_response();
    }
    let brotli = takes_brotli(&headers);
    let tag = format!("\"{tag}{}\"", if brotli { "-br" } else { "" });
    let known = headers.get_all(header::IF_NONE_MATCH).iter();
    let known = known.filter_map(|value| value.to_str().ok());
    let unchanged = known
        .flat_map(|list| list.split(','))
        .any(|known| known.trim().trim_start_matches("W/") == tag);
    let content = if brotli { file.brotli } else { file.plain };
    let mut response = if unchanged {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Body::from(content).into_response()
    };
    let headers = response.headers_mut();
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    // Ask again each time: the next program on this port may have another page.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if !unchanged {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.mime));
        if brotli {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
        }
    }
    response
}

/// RFC 9110 section 12.5.3, as far as it is about brotli.
fn takes_brotli(headers: &HeaderMap) -> bool {
    let lists = headers.get_all(header::ACCEPT_ENCODING).iter();
    let lists = lists.filter_map(|value| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let weight = weight.trim().strip_prefix("q=").map(str::parse::<f32>);
        name.trim().eq_ignore_ascii_case("br") && !matches!(weight, Some(Ok(0.0)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brotli_is_for_those_who_take_it() {
        let takes = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(value));
            takes_brotli(&headers)
        };
        for yes in ["br", "gzip, deflate, br, zstd", "gzip;q=1, BR;q=0.5"] {
            assert!(takes(yes), "{yes}");
        }
        for no in ["", "gzip", "brotli", "br;q=0", "br; q=0.0", "xbr"] {
            assert!(!takes(no), "{no}");
        }
        assert!(!takes_brotli(&HeaderMap::new()));
    }
}
