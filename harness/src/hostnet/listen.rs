//! Sockets that wait for connections to the same port share one listener.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::rc::{Rc, Weak};

use tokio::net::TcpListener;

use super::protocol::StreamProtocol;

/// The listeners of one network, for as long as somebody uses them.
#[derive(Debug, Clone, Default)]
pub(super) struct Listeners(Rc<RefCell<HashMap<u16, Weak<TcpListener>>>>);

impl Listeners {
    /// The listener of `port`. Port 0 is another one each time: the kernel
    /// chooses it.
    pub(super) fn get(&self, protocol: StreamProtocol, port: u16) -> io::Result<Rc<TcpListener>> {
        let mut listeners = self.0.borrow_mut();
        listeners.retain(|_, listener| listener.strong_count() > 0);
        if let Some(listener) = listeners.get(&port).and_then(Weak::upgrade) {
            return Ok(listener);
        }
        let listener = Rc::new(protocol.listening(port)?);
        if port != 0 {
            listeners.insert(port, Rc::downgrade(&listener));
        }
        Ok(listener)
    }
}
