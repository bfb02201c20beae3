//! Connections, and limits on them.

use super::{Site, routes};
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// How long to wait when the system cannot accept, as when it is out of file
/// descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The most bytes of a request's head. hyper's least is 8 KiB.
const MAX_HEAD: usize = 16 * 1024;

/// The most header lines of a request.
const MAX_HEADERS: usize = 64;

/// Serves until the site is told to stop, and its connections have ended.
pub(super) async fn serve(site: Arc<Site>, listener: TcpListener) {
    let router = routes::router(&site);
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = site.until_stopping() => break,
            accepted = listener.accept() => accepted,
        };
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((stream, _)) if connections.len() < site.options.max_connections => {
                connections.spawn(connection(site.clone(), router.clone(), stream));
            }
            // Closed: those who are in have work to do.
            Ok(_) => {}
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn connection(site: Arc<Site>, router: Router, stream: TcpStream) {
    // Frames are to be seen when they come. Failing costs time only.
    let _ = stream.set_nodelay(true);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(site.options.head_limit)
        .max_buf_size(MAX_HEAD)
        .max_headers(MAX_HEADERS)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .with_upgrades();
    let mut connection = pin!(connection);
    // What a browser did wrong is its own concern.
    tokio::select! {
        _ = &mut connection => {}
        () = site.until_stopping() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}
