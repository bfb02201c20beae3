//! What is at which address.

use super::guard::{check_host, check_origin};
use super::{Site, live, page};
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use serde_json::json;
use std::sync::Arc;

/// What goes with every answer. Nothing is loaded but from here, no script runs
/// that is not a file of the page, no other site may frame the page, share its
/// process or read what is answered.
const HEADERS: [(HeaderName, &str); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
         worker-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
         trusted-types wigwag",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-embedder-policy"),
        "require-corp",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

pub(super) fn router(site: &Arc<Site>) -> Router {
    let data = Router::new()
        .route("/state", get(state))
        .route("/file", get(file))
        .route("/keylog", get(key_log))
        .route("/live", get(live::upgrade))
        .layer(middleware::from_fn_with_state(site.clone(), admit));
    Router::new()
        .merge(data)
        .fallback(page::file)
        .layer(middleware::from_fn_with_state(site.clone(), answer))
        .with_state(site.clone())
}

/// Around every request: the name, and the headers of the answer.
async fn answer(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let mut response = match check_host(request.headers(), site.addr.ip()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => (StatusCode::FORBIDDEN, refusal.words()).into_response(),
    };
    for (name, value) in HEADERS {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(name, value);
    }
    response
}

/// Around every request for data: origin and token.
async fn admit(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let mut response = if let Err(refusal) = check_origin(request.headers()) {
        (StatusCode::FORBIDDEN, refusal.words()).into_response()
    } else if !site.token.is_in(request.uri().query()) {
        let words = "The token is missing or wrong: open the address that the program has \
                     printed. Each start has a new one.\n";
        (StatusCode::FORBIDDEN, words).into_response()
    } else {
        next.run(request).await
    };
    let no_store = HeaderValue::from_static("no-store");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, no_store);
    response
}

async fn state(State(site): State<Arc<Site>>) -> Response {
    let options = &site.options;
    let state = json!({
        "live": options.recorder.is_some(),
        "file": options.file.as_ref().map(super::Source::name),
        "key_log": options.key_log.is_some(),
    });
    let json = [(header::CONTENT_TYPE, "application/json")];
    (json, state.to_string()).into_response()
}

async fn file(State(site): State<Arc<Site>>) -> Response {
    let Some(file) = &site.options.file else {
        return (StatusCode::NOT_FOUND, "No file was given to the program.\n").into_response();
    };
    let (length, content) = match file.read().await {
        Ok(content) => content,
        Err(error) => {
            let words = format!("{} cannot be read: {error}\n", file.name());
            return (StatusCode::INTERNAL_SERVER_ERROR, words).into_response();
        }
    };
    let mut response = Body::from_stream(content).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, length.into());
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/octet-stream"),
    );
    if let Ok(value) = HeaderValue::from_str(&file.disposition()) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

async fn key_log(State(site): State<Arc<Site>>) -> Response {
    match &site.options.key_log {
        Some(text) => text.clone().into_response(),
        None => (StatusCode::NOT_FOUND, "No key log was given.\n").into_response(),
    }
}
