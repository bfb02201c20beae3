//! The application: what it does with a connection, and between two of them.

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::pin::pin;

use embassy_futures::yield_now;
use embassy_time::Timer;
use futures::StreamExt as _;
use futures::stream;
use rand_core::OsRng;
use serde_json::Value as Json;
use tokio::sync::Notify;
use wigwag_embassy::ncp::{
    Client, ClientConnection, ClientLink, Error, Fault, Field, Keeper, KeeperStatus, Ncp, Response,
    Warning,
};
use wigwag_embassy::supervisor::FailureClass;
use wigwag_embassy::taps::Security;

use super::book::{Book, Entry, Fate, digest};
use super::{DRAIN, OUTSTANDING, Settings, Work, words};
use crate::device::{CommandFault, DeviceEvent};
use crate::tagged;

/// Bytes that a field is received to at first; it grows where that is not enough.
const BUFFER: usize = 4 * 1024;

pub(super) struct Application<'a> {
    settings: &'a Settings,
    work: &'a Work,
    book: &'a RefCell<Book>,
    emit: &'a dyn Fn(DeviceEvent),
    is_connected: Cell<bool>,
    /// Somebody wants it to end.
    stopping: Cell<bool>,
    stop: Notify,
    /// It can come to no good end.
    hopeless: Notify,
}

impl<'a> Application<'a> {
    pub(super) fn new(
        settings: &'a Settings,
        work: &'a Work,
        book: &'a RefCell<Book>,
        emit: &'a dyn Fn(DeviceEvent),
    ) -> Self {
        Self {
            settings,
            work,
            book,
            emit,
            is_connected: Cell::new(false),
            stopping: Cell::new(false),
            stop: Notify::new(),
            hopeless: Notify::new(),
        }
    }

    /// Does the work, to its end or until `stop` is ready.
    pub(super) async fn run<'n, S: Security>(
        &self,
        client: &Client<'n, S>,
        ncp: Ncp<'n, ClientLink<'n>, S>,
        stop: impl Future<Output = ()>,
    ) {
        let observer = |status, error: Option<&Error>| self.observe(status, error);
        let keeper = Keeper::new(client, ncp).with_observer(&observer);
        let mut rng = OsRng;
        let talk = keeper.run(&mut rng, async |connection| self.talk(connection).await);
        let mut talk = pin!(talk);
        tokio::select! {
            () = &mut talk => return,
            () = self.hopeless.notified() => return,
            () = stop => {}
        }
        self.stopping.set(true);
        self.stop.notify_one();
        if self.is_connected.get() {
            let limit = Timer::after_millis(DRAIN.as_millis() as u64);
            tokio::select! {
                () = talk => {}
                () = self.hopeless.notified() => {}
                () = limit => {}
            }
        }
    }

    /// Uses a connection, as long as there is something to do on it.
    async fn talk<S: Security>(&self, connection: &ClientConnection<'_, S>) -> Result<(), Error> {
        self.is_connected.set(true);
        {
            let mut book = self.book.borrow_mut();
            book.connections += 1;
            book.refused = None;
            book.failure = None;
        }
        let server = connection.remote_hostname().to_string();
        (self.emit)(DeviceEvent::Connected { server });
        let done = async {
            self.ask_all(connection).await?;
            if self.work.stays {
                pending::<()>().await;
            }
            Ok(())
        };
        let warned = async {
            loop {
                self.warned(connection.warning().await);
            }
        };
        let stopped = async {
            if !self.stopping.get() {
                self.stop.notified().await;
            }
        };
        let lost = async {
            let error = self.listen(connection).await;
            // What came before the end may be the last answer.
            yield_now().await;
            Err(error)
        };
        let ended = tokio::select! {
            // Everything that is here is shown before the end.
            biased;
            () = warned => Ok(()),
            lost = lost => lost,
            done = done => done,
            () = stopped => Ok(()),
        };
        // Those of the last field.
        while let Some(warning) = connection.try_warning() {
            self.warned(warning);
        }
        ended
    }

    /// Sends what is to be sent, and waits for the answers.
    async fn ask_all<S: Security>(
        &self,
        connection: &ClientConnection<'_, S>,
    ) -> Result<(), Error> {
        let open: Vec<usize> = {
            let book = self.book.borrow();
            let commands = 0..self.work.commands.len();
            commands
                .filter(|command| self.is_open(&book, *command))
                .collect()
        };
        let asks = open
            .into_iter()
            .map(|command| self.ask(connection, command));
        let mut asks = stream::iter(asks).buffer_unordered(OUTSTANDING);
        while let Some(asked) = asks.next().await {
            asked?;
        }
        Ok(())
    }

    /// Whether a command is still to be sent on a new connection.
    fn is_open(&self, book: &Book, command: usize) -> bool {
        let may_be_repeated = self.work.commands[command].may_be_repeated();
        match book.last(command) {
            None => true,
            Some(_) => !book.is_answered(command) && may_be_repeated,
        }
    }

    async fn ask<S: Security>(
        &self,
        connection: &ClientConnection<'_, S>,
        command: usize,
    ) -> Result<(), Error> {
        let what = &self.work.commands[command];
        let (kind, name) = (what.kind().to_string(), what.field().name.to_string());
        let sent = connection.send(&kind, &name, |params| what.put(params));
        let response = sent.await?;
        let at = {
            let mut book = self.book.borrow_mut();
            let connection = book.connections;
            book.entries.push(Entry {
                command,
                packet: kind,
                name,
                params: digest(what.field().params()),
                connection,
                id: None,
                acknowledged: false,
                fate: Fate::Open,
            });
            book.entries.len() - 1
        };
        let mut buffer = vec![0; BUFFER];
        while !self.answered(at, &response, &mut buffer).await? {}
        Ok(())
    }

    /// Waits for one answer to the entry `at`; whether it is the last.
    async fn answered<S: Security>(
        &self,
        at: usize,
        response: &Response<'_, '_, ClientLink<'_>, S>,
        buffer: &mut Vec<u8>,
    ) -> Result<bool, Error> {
        let field = match response.recv(buffer).await {
            Ok(field) => field,
            Err(Error::CommandError(fault)) => {
                self.note(at, |entry| {
                    entry.id = Some(fault.id);
                    entry.fate = Fate::Failed {
                        detail: fault.detail.to_string(),
                        code: fault.code,
                    };
                });
                self.failed(&fault);
                return Ok(true);
            }
            Err(error) => return self.go_on(error, buffer).map(|()| false),
        };
        let is_last = field.param("ACKN").is_none();
        self.note(at, |entry| {
            entry.id = Some(field.id);
            if is_last {
                entry.fate = Fate::Answered(digest(field.params()));
            } else {
                entry.acknowledged = true;
            }
        });
        self.received(&field);
        Ok(is_last)
    }

    /// Takes what answers nothing that is waited for.
    async fn listen<S: Security>(&self, connection: &ClientConnection<'_, S>) -> Error {
        let mut buffer = vec![0; BUFFER];
        loop {
            match connection.recv(&mut buffer).await {
                Ok(field) => {
                    self.book.borrow_mut().unasked += 1;
                    self.received(&field);
                }
                Err(Error::CommandError(fault)) => self.failed(&fault),
                Err(error) => match self.go_on(error, &mut buffer) {
                    Ok(()) => {}
                    Err(error) => return error,
                },
            }
        }
    }

    /// Goes on after an error that keeps nothing from it.
    fn go_on(&self, error: Error, buffer: &mut Vec<u8>) -> Result<(), Error> {
        match error {
            Error::BufferTooSmall { needed } if needed > buffer.len() => {
                buffer.resize(needed, 0);
                Ok(())
            }
            Error::Lost { fields } => {
                (self.emit)(DeviceEvent::Dropped {
                    what: "fields".into(),
                    count: fields.into(),
                });
                Ok(())
            }
            error => Err(error),
        }
    }

    fn note(&self, at: usize, change: impl FnOnce(&mut Entry)) {
        if let Some(entry) = self.book.borrow_mut().entries.get_mut(at) {
            change(entry);
        }
    }

    fn received(&self, field: &Field<'_>) {
        (self.emit)(DeviceEvent::Field {
            packet: field.packet_type.to_string(),
            name: field.name.to_string(),
            id: field.id,
            params: tagged::ncp::from_params(field.params()).unwrap_or(Json::Null),
        });
    }

    fn failed(&self, fault: &Fault) {
        (self.emit)(DeviceEvent::CommandError(told(fault)));
    }

    fn warned(&self, warning: Warning) {
        (self.emit)(match warning {
            Warning::CommandWarning(fault) => DeviceEvent::CommandWarning(told(&fault)),
            other => DeviceEvent::Warning {
                reason: other.to_string(),
            },
        });
    }

    /// Told by the keeper what it is doing, and what failed.
    fn observe(&self, status: KeeperStatus, error: Option<&Error>) {
        let (
            KeeperStatus::Waiting {
                class,
                retry_at,
                attempt,
            },
            Some(error),
        ) = (status, error)
        else {
            return;
        };
        let was_connected = self.is_connected.replace(false);
        let (reason, is_refused) = if was_connected {
            let reason = words::of_end(error);
            (self.emit)(DeviceEvent::Disconnected {
                reason: reason.clone(),
            });
            self.lose();
            (reason, false)
        } else {
            let reason = words::of_attempt(self.settings, error);
            let is_refused = class != FailureClass::Transient || !self.work.reconnects;
            (reason, is_refused)
        };
        if is_refused {
            self.book.borrow_mut().refused = Some(reason.clone());
            (self.emit)(DeviceEvent::Refused {
                reason: reason.clone(),
            });
        }
        self.book.borrow_mut().failure = Some(reason.clone());
        if is_refused || self.stopping.get() || !self.goes_on() {
            self.hopeless.notify_one();
            return;
        }
        let now = embassy_time::Instant::now().as_micros();
        (self.emit)(DeviceEvent::Waiting {
            reason,
            retry_ms: retry_at.as_micros().saturating_sub(now) / 1000,
            attempt,
        });
    }

    /// Commands whose connection is gone will not be answered.
    fn lose(&self) {
        let mut book = self.book.borrow_mut();
        for entry in &mut book.entries {
            if entry.fate == Fate::Open {
                entry.fate = Fate::Lost;
            }
        }
    }

    /// Whether there is anything to do on another connection.
    fn goes_on(&self) -> bool {
        let book = self.book.borrow();
        let mut commands = 0..self.work.commands.len();
        self.work.reconnects
            && (self.work.stays || commands.any(|command| self.is_open(&book, command)))
    }
}

fn told(fault: &Fault) -> CommandFault {
    CommandFault {
        packet: fault.packet_type.to_string(),
        name: fault.name.to_string(),
        id: fault.id,
        detail: fault.detail.to_string(),
        code: fault.code,
    }
}
