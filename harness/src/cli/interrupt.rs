//! The end that a person or a service manager asks for.

/// Ready when the process is asked to end, by SIGINT or SIGTERM. Where the
/// system has such signals they are listened for from the call on, not from the
/// first poll: none that comes later ends the process without a word.
///
/// It is called within a tokio runtime.
#[cfg(unix)]
pub(crate) fn interrupted() -> impl Future<Output = ()> {
    use tokio::signal::unix::{Signal, SignalKind, signal};

    /// Without the signal only the end of the process ends the command.
    async fn received(signal: Option<Signal>) {
        match signal {
            Some(mut signal) => drop(signal.recv().await),
            None => std::future::pending().await,
        }
    }

    let interrupt = signal(SignalKind::interrupt()).ok();
    let terminate = signal(SignalKind::terminate()).ok();
    async {
        tokio::select! {
            () = received(interrupt) => {}
            () = received(terminate) => {}
        }
    }
}

/// Ready when the process is asked to end, by Ctrl-C.
#[cfg(not(unix))]
pub(crate) async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        // Without it only the end of the process ends the command.
        std::future::pending::<()>().await;
    }
}
