//! The task of the connection.

use embassy_futures::join::join;
use embassy_net::Stack;
use embedded_storage_async::nor_flash::NorFlash;
use rand_core::CryptoRngCore;

use crate::application::Application;
use crate::device::Runner;

/// Keeps the connection to the server up, and tells of the link below it.
#[allow(missing_debug_implementations)] // The client's runner has none.
pub struct Connection<R: 'static, F: NorFlash + 'static> {
    pub(crate) runner: Runner<R, F>,
    pub(crate) application: Application<F>,
    pub(crate) stack: Stack<'static>,
}

impl<R: CryptoRngCore, F: NorFlash> Connection<R, F> {
    /// Runs for ever.
    pub async fn run(&mut self) -> ! {
        // In one task: the stack has one waker for changes of its link, and two
        // tasks would keep waking each other over it.
        let link = self.application.watch_link(self.stack);
        join(self.runner.run(), link).await.0
    }
}
