//! A mock NCP server in the test's own process, for commands to talk to.

use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use wigwag_harness::faults::Cut;
use wigwag_harness::mock_ncp::{Book, Credentials, MockNcp, MockNcpOptions};
use wigwag_harness::pki::Pki;

/// A server on a port of its own, in a thread of its own.
pub(crate) struct Node {
    pub(crate) server: MockNcp,
    handle: Handle,
    /// Dropped, it ends the thread.
    _end: oneshot::Sender<()>,
}

impl Node {
    pub(crate) fn new() -> Self {
        Self::with(MockNcpOptions::default())
    }

    pub(crate) fn with(options: MockNcpOptions) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let handle = runtime.handle().clone();
        let (end, ended) = oneshot::channel();
        std::thread::spawn(move || runtime.block_on(ended));
        let server = handle.block_on(MockNcp::start_with(options));
        Self {
            server: server.expect("it listens"),
            handle,
            _end: end,
        }
    }

    /// User `admin`, password `open:sesame`.
    pub(crate) fn login() -> Option<Credentials> {
        Some(Credentials::new("admin", "open:sesame").expect("credentials"))
    }

    /// TLS with the certificates of a folder made by `support::folder`.
    pub(crate) fn tls(pki: &Pki) -> MockNcpOptions {
        let config = pki.public_server_config(None).expect("a configuration");
        MockNcpOptions {
            tls: Some(config.into()),
            ..MockNcpOptions::default()
        }
    }

    pub(crate) fn address(&self) -> String {
        self.server.addr().to_string()
    }

    pub(crate) fn wait(&self, what: &str, wanted: impl FnMut(&Book) -> bool) {
        let wait = self.server.wait_until(Duration::from_secs(30), wanted);
        assert!(self.handle.block_on(wait), "{what}");
    }

    pub(crate) fn stop(&mut self, how: Cut) {
        self.handle.block_on(self.server.stop(how));
    }

    pub(crate) fn restart(&mut self) {
        let done = self.handle.block_on(self.server.restart());
        done.expect("it listens again");
    }
}
