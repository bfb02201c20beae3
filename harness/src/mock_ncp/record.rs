//! What a recorder gets to know of a connection, and may do to it.

use super::connection::Place;
use crate::record::{About, Protocol, Recording, SendRefusal, Sender};
use std::sync::Arc;

/// Packets of others that may wait for a connection.
const INJECTED: usize = 32;

impl Place {
    /// The recording of this connection, if there is a recorder.
    pub(super) fn recording(&self, certificate: Option<&str>) -> Option<Recording> {
        let recorder = self.shared.options.recorder.as_ref()?;
        let server = match self.shared.addr.get() {
            Some(addr) => recorder.server_name(addr),
            None => recorder.server_name(&"the server"),
        };
        let device = match certificate {
            Some(name) => name.to_owned(),
            None => self.peer.to_string(),
        };
        let about = About {
            protocol: Some(Protocol::Ncp),
            device: device.into(),
            server: server.into(),
        };
        let shared = Arc::downgrade(&self.shared);
        let number = self.number;
        let sender: Sender = Arc::new(move |packet| {
            let shared = shared.upgrade().ok_or(SendRefusal::Closed)?;
            let state = shared.lock();
            let live = state.live.get(&number).ok_or(SendRefusal::Closed)?;
            if live.hostname.is_none() {
                return Err(SendRefusal::NotYet);
            }
            if live.signals.lock().unasked.len() >= INJECTED {
                return Err(SendRefusal::Full);
            }
            live.signals.send(packet.into());
            Ok(())
        });
        Some(recorder.connection_with(&about, sender))
    }
}
