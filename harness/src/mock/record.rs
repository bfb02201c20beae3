//! What a recorder gets to know of a connection, and may do to it.

use super::connection::Connection;
use crate::record::{About, Protocol, Recording, SendRefusal, Sender};
use std::sync::Arc;

impl Connection {
    /// The recording of this connection, if there is a recorder.
    pub(super) fn recording(&self) -> Option<Recording> {
        let recorder = self.shared.options.recorder.as_ref()?;
        let server = match self.shared.addr.get() {
            Some(addr) => recorder.server_name(addr),
            None => recorder.server_name(&"the server"),
        };
        let about = About {
            protocol: Some(Protocol::Ngtt),
            device: (&*self.device).into(),
            server: server.into(),
        };
        let shared = Arc::downgrade(&self.shared);
        let (device, id) = (self.device.clone(), self.id);
        let sender: Sender = Arc::new(move |frame| {
            let shared = shared.upgrade().ok_or(SendRefusal::Closed)?;
            let mut state = shared.lock();
            let (live, ..) = state.parts(&device, id).ok_or(SendRefusal::Closed)?;
            live.inject(frame)
        });
        Some(recorder.connection_with(&about, sender))
    }
}
