//! The application under test: two senders, a receiver, two that wait for the
//! beginning and the end, each dropping its futures as the [`Dropper`] says.

use core::cell::{Cell, RefCell};

use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use tokio::sync::Notify;
use wigwag_codec::prefix::PrefixFramer;
use wigwag_embassy::connection::{Framed, Incoming, ReceiveError};
use wigwag_embassy::tls::{self, End, SendError};
use wigwag_tests::tls::Dropper;

use super::plan::{DEVICE, Finish, LIMIT, Plan, SERVER};

/// Bytes that wait in each direction: a little more than one message.
pub(crate) const QUEUE: usize = 1024;

pub(crate) type Connection<'a> = tls::Connection<'a, NoopRawMutex, QUEUE, QUEUE>;

/// The application's side of one connection.
pub(crate) struct Device<'a> {
    pub connection: Connection<'a>,
    pub plan: &'a Plan,
    pub dropper: &'a Dropper,
    pub session: u8,
    /// Messages of each stream that were taken for sending.
    pub sent: [Cell<u16>; 2],
    /// Messages of the server's that were received.
    pub received: Cell<u16>,
    /// Why the connection ended, as each task was told.
    pub ends: RefCell<Vec<End>>,
    fault: RefCell<Option<String>>,
    progress: Notify,
}

impl<'a> Device<'a> {
    pub(crate) fn new(
        connection: Connection<'a>,
        plan: &'a Plan,
        dropper: &'a Dropper,
        session: u8,
    ) -> Self {
        Self {
            connection,
            plan,
            dropper,
            session,
            sent: Default::default(),
            received: Cell::new(0),
            ends: RefCell::default(),
            fault: RefCell::default(),
            progress: Notify::new(),
        }
    }

    /// What the application saw that should not have been.
    pub(crate) fn fault(&self) -> Option<String> {
        self.fault.borrow().clone()
    }

    fn complain(&self, fault: String) {
        self.fault.borrow_mut().get_or_insert(fault);
        // Nobody waits for what will not come.
        self.connection.abort();
    }

    fn ended(&self, end: End) {
        self.ends.borrow_mut().push(end);
    }

    async fn is_open(&self) -> bool {
        let opened = self.dropper.insist(|| self.connection.opened()).await;
        opened.map_err(|end| self.ended(end)).is_ok()
    }

    /// Sends the messages of one stream, of the first through a framer, of the
    /// second in parts.
    pub(crate) async fn send(&self, stream: u8) {
        if !self.is_open().await {
            return;
        }
        let mut framed = Framed::new(self.connection, PrefixFramer::new(LIMIT));
        let sent = &self.sent[usize::from(stream)];
        while sent.get() < self.plan.messages[usize::from(stream)] {
            let body = self.plan.body(self.session, stream, sent.get());
            let result = if stream == DEVICE[0] {
                let send = async || framed.send(&(), &body).await;
                self.dropper.insist(send).await
            } else {
                let (length, (head, tail)) = ((body.len() as u32).to_be_bytes(), body.split_at(3));
                let parts = [&length, head, tail];
                self.dropper.insist(|| self.connection.send(&parts)).await
            };
            match result {
                Ok(()) => sent.set(sent.get() + 1),
                Err(SendError::Ended(end)) => return self.ended(end),
                // It is being closed.
                Err(SendError::NotOpen) => return,
                Err(error) => return self.complain(format!("send: {error}")),
            }
        }
        self.progress.notify_one();
    }

    /// Receives until the end, and what came before it even when it was open
    /// for too short a time to be seen so.
    pub(crate) async fn receive(&self) {
        self.is_open().await;
        let mut framed = Framed::new(self.connection, PrefixFramer::new(LIMIT));
        loop {
            let receive = async || {
                let taken = framed.receive_with(|incoming| match incoming {
                    Incoming::Message { body, .. } => (body.len(), body.to_vec()),
                    Incoming::Oversized { length, .. } => (length, Vec::new()),
                    Incoming::Endless { .. } => unreachable!("a length is an end"),
                });
                taken.await
            };
            match self.dropper.insist(receive).await {
                Ok((length, body)) => self.take(length, &body),
                Err(ReceiveError::Ended(end)) => return self.ended(end),
                Err(error) => return self.complain(format!("receive: {error}")),
            }
        }
    }

    /// Takes a message, which must be the next; of one that is too long there
    /// is only its length.
    fn take(&self, length: usize, body: &[u8]) {
        let number = self.received.get();
        let expected = self.plan.body(self.session, SERVER, number);
        let same = expected == body || length > LIMIT && body.is_empty();
        if !same || length != expected.len() {
            let head = &body[..body.len().min(4)];
            self.complain(format!(
                "the device got {head:02x?}.. of {length} bytes in place of message {number} of \
                 session {} and {} bytes",
                self.session,
                expected.len()
            ));
        }
        self.received.set(number + 1);
        self.progress.notify_one();
    }

    /// Waits for the end.
    pub(crate) async fn wait(&self) {
        let end = self.dropper.insist(|| self.connection.ended()).await;
        self.ended(end);
    }

    /// Ends the connection, if it is the application's part to do so.
    pub(crate) async fn finish(&self) {
        match self.plan.finish(self.session) {
            Finish::DeviceCloses | Finish::OwnerDropped(_) => {
                let done = || {
                    let [first, second, third] = self.plan.messages;
                    let sent = self.sent.each_ref().map(Cell::get);
                    sent == [first, second] && self.received.get() == third
                };
                while !done() {
                    self.progress.notified().await;
                }
                self.connection.close();
            }
            Finish::DeviceClosesAt(after) => {
                tokio::time::sleep(after).await;
                self.connection.close();
            }
            Finish::DeviceAbortsAt(after) => {
                tokio::time::sleep(after).await;
                self.connection.abort();
            }
            Finish::ServerCloses | Finish::ServerClosesAt(_) | Finish::ServerCutsAt(_) => {}
        }
    }
}
