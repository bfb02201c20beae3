//! Futures beside each other, each with a waker of its own.

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;

/// Something that runs for as long as it is let.
pub type Background<'a> = Pin<Box<dyn Future<Output = Infallible> + 'a>>;

/// Runs `main` to its end while `background` runs beside it.
///
/// Unlike `select!` and `join!`, each future has its own waker. That matters
/// with embassy-net: every poll of a TCP socket wakes the stack's runner, so
/// that runner and sockets under one waker would wake each other for ever. On
/// a device they are separate tasks; here, nothing needs to be `'static`.
pub async fn alongside<'a, T>(main: impl Future<Output = T>, background: Vec<Background<'a>>) -> T {
    let mut all: FuturesUnordered<Pin<Box<dyn Future<Output = T> + '_>>> = FuturesUnordered::new();
    all.push(Box::pin(main));
    for task in background {
        all.push(Box::pin(async move { match task.await {} }));
    }
    match all.next().await {
        Some(result) => result,
        None => unreachable!("the main future is in the set until it is done"),
    }
}
