//! The application's handle.

use core::future::poll_fn;
use core::task::{Context, Poll};

use embassy_sync::blocking_mutex::raw::RawMutex;
use wigwag_codec::Instant;
use wigwag_codec::minijson::{self, ErrorKind};
use wigwag_codec::ngtt::client::{Counters, Event, Outcome, QueueError, SendKind, Sizes, Slots};
use wigwag_codec::ngtt::message::{
    BaobRequestWriter, BaobResponse, LogEntry, LogsWriter, PathpointsWriter,
};
use wigwag_codec::ngtt::{ClientSession, NgttError};

use super::order::Order;
use super::sending::Sending;
use super::state::{State, Wish};
use super::status::{Notice, Status};
use crate::health::{Check, Stuck};
use crate::tls::{Credentials, Validity};

/// The handle of an NGTT client: copy it to as many tasks as you like.
///
/// Every method that waits can be dropped at any time: an order is taken, and
/// a request submitted, in the poll that returns or not at all. What was
/// submitted is sent even if nobody waits for the answer any more.
///
/// Up to 16 tasks can wait at a time. With more nothing is lost, but they keep
/// waking each other, which costs processor time. A closure that is given to a
/// method runs while the state is locked: it must not use the client.
pub struct Client<'a, M: RawMutex, S: Sizes = Slots>(&'a State<M, S>);

impl<M: RawMutex, S: Sizes> Clone for Client<'_, M, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M: RawMutex, S: Sizes> Copy for Client<'_, M, S> {}

impl<'a, M: RawMutex, S: Sizes> Client<'a, M, S> {
    pub(super) const fn new(state: &'a State<M, S>) -> Self {
        Self(state)
    }

    pub(super) fn state(&self) -> &'a State<M, S> {
        self.0
    }

    /// Waits for the next order. As many can be in the application's hands
    /// at a time as [`Slots`] says; the rest wait on the server.
    pub async fn next_order(&self) -> Order<'a, M, S> {
        poll_fn(|cx| match self.try_next_order() {
            Some(order) => Poll::Ready(order),
            None => {
                self.register(cx);
                // One may have come between the look and the registration.
                self.try_next_order().map_or(Poll::Pending, Poll::Ready)
            }
        })
        .await
    }

    /// The next order, if one is here.
    pub fn try_next_order(&self) -> Option<Order<'a, M, S>> {
        self.0.with(|inner| {
            let id = inner.session.poll_order()?;
            inner
                .session
                .order(id)
                .map(|order| Order::new(*self, id, &order))
        })
    }

    /// Asks the server to deliver again what it does not know to be answered;
    /// ready when the request was written. Needs a send slot until then.
    pub async fn fetch_orders(&self) {
        let ticket = poll_fn(|cx| {
            self.0.with(|inner| match inner.session.fetch_orders() {
                Ok(ticket) => {
                    inner.wake_driver();
                    Poll::Ready(ticket)
                }
                Err(_) => {
                    inner.clients.register(cx.waker());
                    Poll::Pending
                }
            })
        })
        .await;
        // It has one answer only: written.
        let _ = Sending::new(*self, ticket, None).outcome().await;
    }

    /// Submits a batch of `pathpoints` pathpoints, which `write` adds one by
    /// one, and returns a handle on the answer. Waits while the queue is full,
    /// if its rule is to block; `write` is called when there is room.
    ///
    /// # Errors
    /// [`NgttError::TooLarge`] when the batch does not fit into a send slot,
    /// [`NgttError::InvalidFrame`] when `write` adds more or less than it said,
    /// [`NgttError::Dropped`] when the queue's rule drops the newest.
    pub async fn submit_pathpoints(
        &self,
        pathpoints: usize,
        mut write: impl FnMut(&mut PathpointsWriter<'_>) -> Result<(), minijson::Error>,
    ) -> Result<Sending<'a, M, S>, NgttError> {
        self.submit(SendKind::DataStream, |slot| {
            let mut writer = PathpointsWriter::new(slot, pathpoints)?;
            write(&mut writer)?;
            writer.finish()
        })
        .await
    }

    /// Sends a batch of pathpoints and waits until the server has taken it,
    /// over as many connections as it takes.
    ///
    /// ```
    /// # use wigwag_embassy::ngtt::{Client, NgttError};
    /// # use embassy_sync::blocking_mutex::raw::NoopRawMutex;
    /// # async fn example(client: Client<'_, NoopRawMutex>, now_ms: i64) -> Result<(), NgttError> {
    /// client
    ///     .sync_pathpoints(1, |batch| {
    ///         let readings = batch.pathpoint("temperature", 1)?;
    ///         readings.value(now_ms, |value| value.f64(21.5))?;
    ///         Ok(())
    ///     })
    ///     .await
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`NgttError::DataStreamSyncFailed`] when the server refused the batch,
    /// which is not sent again by itself; otherwise as
    /// [`submit_pathpoints`](Self::submit_pathpoints).
    pub async fn sync_pathpoints(
        &self,
        pathpoints: usize,
        write: impl FnMut(&mut PathpointsWriter<'_>) -> Result<(), minijson::Error>,
    ) -> Result<(), NgttError> {
        let mut batch = self.submit_pathpoints(pathpoints, write).await?;
        batch.outcome().await.map(|_| ())
    }

    /// Submits log entries, as [`submit_pathpoints`](Self::submit_pathpoints)
    /// does pathpoints.
    ///
    /// # Errors
    /// As [`submit_pathpoints`](Self::submit_pathpoints).
    pub async fn submit_logs(
        &self,
        entries: &[LogEntry<'_>],
    ) -> Result<Sending<'a, M, S>, NgttError> {
        self.submit(SendKind::Logs, |slot| {
            let mut writer = LogsWriter::new(slot, entries.len())?;
            for entry in entries {
                writer.entry(entry)?;
            }
            writer.finish()
        })
        .await
    }

    /// Sends log entries and waits until the server is known to have read
    /// them. After a lost connection they may arrive twice: the protocol does
    /// not answer logs.
    ///
    /// # Errors
    /// As [`submit_logs`](Self::submit_logs).
    pub async fn stream_logs(&self, entries: &[LogEntry<'_>]) -> Result<(), NgttError> {
        let mut logs = self.submit_logs(entries).await?;
        logs.outcome().await.map(|_| ())
    }

    /// Tells the server which versions of which binary objects are here, and
    /// returns which to download and upload, copied into `answer`.
    ///
    /// # Errors
    /// [`NgttError::TooLarge`] when the request or the answer does not fit into
    /// a send slot, or the answer not into `answer`;
    /// [`NgttError::InvalidFrame`] when the answer makes no sense.
    pub async fn sync_baobs<'b>(
        &self,
        objects: &[(&str, i64)],
        answer: &'b mut [u8],
    ) -> Result<BaobResponse<'b>, NgttError> {
        let mut request = self
            .submit(SendKind::SyncBaobs, |slot| {
                let mut writer = BaobRequestWriter::new(slot, objects.len())?;
                for (name, version) in objects {
                    writer.object(name, *version)?;
                }
                writer.finish()
            })
            .await?;
        request.outcome().await?;
        let limit = answer.len();
        let copied = request.with_payload(|payload| {
            let place = answer.get_mut(..payload.len())?;
            place.copy_from_slice(payload);
            Some(payload.len())
        });
        let length = copied.flatten().ok_or(NgttError::TooLarge { limit })?;
        BaobResponse::parse(answer.get(..length).unwrap_or_default())
    }

    /// Submits a payload that is encoded already, or in a form of its own:
    /// `write` puts one minijson value into the slot it is given and returns
    /// its length.
    ///
    /// # Errors
    /// As [`submit_pathpoints`](Self::submit_pathpoints).
    pub async fn submit(
        &self,
        kind: SendKind,
        mut write: impl FnMut(&mut [u8]) -> Result<usize, minijson::Error>,
    ) -> Result<Sending<'a, M, S>, NgttError> {
        const fn too_large<T>(limit: usize) -> Poll<Result<T, NgttError>> {
            Poll::Ready(Err(NgttError::TooLarge { limit }))
        }
        poll_fn(|cx| {
            self.0
                .with(|inner| match inner.session.submit(kind, &mut write) {
                    Ok(ticket) => {
                        // Something older may have been dropped for it.
                        inner.wake_all();
                        let tid = inner.session.tid(ticket);
                        Poll::Ready(Ok(Sending::new(*self, ticket, tid)))
                    }
                    Err(QueueError::Full) => {
                        inner.clients.register(cx.waker());
                        Poll::Pending
                    }
                    Err(QueueError::Payload(error)) if error.kind == ErrorKind::BufferFull => {
                        too_large(S::SEND_BYTES)
                    }
                    Err(QueueError::Payload(error)) => Poll::Ready(Err(error.into())),
                    Err(QueueError::TooLong { limit }) => too_large(limit),
                    Err(_) => Poll::Ready(Err(NgttError::Dropped)),
                })
        })
        .await
    }

    /// Where the client stands.
    pub fn status(&self) -> Status {
        self.0.with(|inner| inner.status)
    }

    /// Waits until `wanted` says yes to the status, and returns it.
    pub async fn wait_status(&self, mut wanted: impl FnMut(&Status) -> bool) -> Status {
        poll_fn(|cx| {
            self.0.with(|inner| {
                if wanted(&inner.status) {
                    return Poll::Ready(inner.status);
                }
                inner.clients.register(cx.waker());
                Poll::Pending
            })
        })
        .await
    }

    /// Waits for the connection that is being made, or tells why there is none;
    /// after [`close`](Self::close) it waits for [`open`](Self::open) first.
    ///
    /// # Errors
    /// [`NgttError::ConnectionFailed`] when the client has been offline for
    /// some time or is waiting after a failure. It goes on trying by itself.
    pub async fn connected(&self) -> Result<(), NgttError> {
        let known = |status: &Status| status.is_connected() || status.reason().is_some();
        match self.wait_status(known).await.reason() {
            None => Ok(()),
            Some(reason) => Err(reason.into()),
        }
    }

    /// Ends the connection in good order, or the wait for the next attempt:
    /// the client connects anew at once.
    pub fn reconnect(&self) {
        self.0.with(|inner| {
            inner.wish = Wish::Reconnect;
            inner.wake_all();
        });
    }

    /// Ends the connection in good order and stays without one until
    /// [`open`](Self::open); ready when it is closed, or when another task
    /// wants a connection after all. What is queued stays queued; to send it
    /// first, wait for [`wait_idle`](Self::wait_idle).
    pub async fn close(&self) {
        self.0.with(|inner| {
            inner.wish = Wish::Close;
            inner.wake_driver();
        });
        poll_fn(|cx| {
            self.0.with(|inner| {
                if inner.status == Status::Closed || inner.wish != Wish::Close {
                    return Poll::Ready(());
                }
                inner.clients.register(cx.waker());
                Poll::Pending
            })
        })
        .await;
    }

    /// Connects again after [`close`](Self::close).
    pub fn open(&self) {
        self.0.with(|inner| {
            inner.wish = Wish::Stay;
            inner.wake_all();
        });
    }

    /// Waits until there is nothing left to do on the connection: no order is
    /// here that is not answered, the server has read every answer that it
    /// asked for, and every request was answered.
    pub async fn wait_idle(&self) {
        self.wait(|session| session.is_idle()).await;
    }

    /// Waits as [`wait_idle`](Self::wait_idle) does, but not for orders that
    /// the application has not answered: for one that takes no more of them.
    /// The server delivers those again on the next connection.
    pub async fn wait_settled(&self) {
        self.wait(|session| session.is_settled()).await;
    }

    /// Waits until there is something to do after all, or no connection.
    pub(super) async fn wait_busy(&self) {
        self.wait(|session| !session.is_idle()).await;
    }

    /// Whether the application wants no connection.
    pub(super) fn is_closing(&self) -> bool {
        self.0.with(|inner| inner.wish == Wish::Close)
    }

    async fn wait(&self, is_done: impl Fn(&ClientSession<S>) -> bool) {
        poll_fn(|cx| {
            self.0.with(|inner| {
                if is_done(&inner.session) {
                    return Poll::Ready(());
                }
                inner.clients.register(cx.waker());
                Poll::Pending
            })
        })
        .await;
    }

    /// The next notice of the session: orders that came twice, frames that were
    /// skipped, and the like. Notices that nobody takes are dropped, oldest
    /// first.
    pub async fn next_event(&self) -> Event {
        poll_fn(|cx| {
            self.0.with(|inner| match inner.session.poll_event() {
                Some(event) => Poll::Ready(event),
                None => {
                    inner.clients.register(cx.waker());
                    Poll::Pending
                }
            })
        })
        .await
    }

    /// The next notice about trust: which of two identities was accepted or
    /// refused, and that a connection was made without looking at the time.
    pub async fn next_notice(&self) -> Notice {
        poll_fn(|cx| {
            self.0.with(|inner| match inner.notices.pop_front() {
                Some(notice) => Poll::Ready(notice),
                None => {
                    inner.clients.register(cx.waker());
                    Poll::Pending
                }
            })
        })
        .await
    }

    /// Which of the device's identities is in use, and what is known of each.
    pub fn credentials(&self) -> Credentials {
        self.0.with(|inner| inner.credentials)
    }

    /// When all certificates of the server are valid that was verified last, by
    /// this connection or an earlier one since the start; `None` before the first.
    /// [`WallClock::confirm`](crate::wall_clock::WallClock::confirm) takes its
    /// beginning for a time that has passed.
    pub fn server_validity(&self) -> Option<Validity> {
        self.0.with(|inner| inner.server)
    }

    /// What the session has counted.
    pub fn counters(&self) -> Counters {
        self.0.with(|inner| inner.session.counters())
    }

    /// Journal writes that failed. Each is tried again; until it succeeds the
    /// order's confirmation is held back.
    pub fn journal_failures(&self) -> u32 {
        self.0.with(|inner| inner.journal_failures)
    }

    /// Whether the client is alive, for a watchdog ([`health`](crate::health)): it
    /// asks the [`Runner`](super::Runner) for a sign of life, and looks whether the
    /// sign asked for before has come. Ask every few seconds, as
    /// [`health::watch`](crate::health::watch) does.
    ///
    /// What may take how long before it is called stuck; to each comes
    /// [`LONGEST_STALL`](crate::health::LONGEST_STALL), since the executor may have been
    /// busy:
    ///
    /// | What | May take |
    /// |---|---|
    /// | the runner's sign of life | no time |
    /// | a call of the journal | [`Config::journal_timeout`] |
    /// | [`Status::Joining`] | [`Config::spread_start`] and [`Config::join_timeout`] |
    /// | [`Status::Resolving`], [`Status::Connecting`] | [`RaceConfig::deadline`] |
    /// | [`Status::Securing`] | the handshake's timeout and the end of a connection |
    /// | the end of a connection | two write timeouts and two close timeouts |
    /// | [`Status::Waiting`] | until its `retry_at` |
    /// | [`Status::Connected`] | for ever, while the session's deadlines are kept |
    /// | [`Status::Offline`], [`Status::Closed`] | for ever |
    ///
    /// A runner that was never started gives no sign of life; nor does one whose
    /// future was dropped. A journal that fails, in contrast to one that never
    /// returns, is no reason for a reset: [`journal_failures`](Self::journal_failures)
    /// tells.
    ///
    /// [`RaceConfig::deadline`]: crate::taps::RaceConfig::deadline
    /// [`Config::journal_timeout`]: super::Config::journal_timeout
    /// [`Config::spread_start`]: super::Config::spread_start
    /// [`Config::join_timeout`]: super::Config::join_timeout
    ///
    /// # Errors
    /// What is stuck, and for how long.
    pub fn check(&self, now: Instant) -> Result<(), Stuck> {
        self.0.with(|inner| inner.check(now))
    }

    /// Order slots, send slots and marks in use.
    pub fn in_use(&self) -> (usize, usize, usize) {
        self.0.with(|inner| inner.session.in_use())
    }

    fn register(&self, cx: &mut Context<'_>) {
        self.0.with(|inner| inner.clients.register(cx.waker()));
    }
}

impl<M: RawMutex, S: Sizes> Check for Client<'_, M, S> {
    fn check(&self, now: Instant) -> Result<(), Stuck> {
        Client::check(self, now)
    }
}

impl<M: RawMutex, S: Sizes> core::fmt::Debug for Client<'_, M, S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Client")
    }
}

/// An outcome that means the server has it.
pub(super) fn success(outcome: Outcome, limit: usize) -> Result<Outcome, NgttError> {
    match outcome {
        Outcome::Rejected => Err(NgttError::DataStreamSyncFailed),
        Outcome::Dropped => Err(NgttError::Dropped),
        Outcome::ResponseTooLarge { .. } => Err(NgttError::TooLarge { limit }),
        done => Ok(done),
    }
}
