//! The NGTT client above the secure connection, its application dropping every
//! public future of it, and its runner being dropped as well.

use core::cell::{Cell, RefCell};
use core::future::Future;
use core::pin::Pin;
use core::time::Duration;
use std::collections::BTreeMap;
use std::path::Path;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use rand_core::RngCore as _;
use wigwag_codec::ngtt::client::Answer;
use wigwag_codec::ngtt::message::{LogEntry, LogMessage, PathpointsWriter};
use wigwag_embassy::journal::RamJournal;
use wigwag_embassy::ngtt::NgttError;
use wigwag_harness::mock::{DeviceBook, MockNgtt, MockOptions};
use wigwag_harness::pki::{DEFAULT_DEVICE_ID, Pki};
use wigwag_harness::vnet::Dial as _;
use wigwag_tests::campaign;
use wigwag_tests::e2e::{Device, TestClient, network_to};
use wigwag_tests::tls::Dropper;
use wigwag_tests::tls::records::Observer;

/// Longest time for all of it, far more than it takes: the waits after lost
/// connections are some seconds.
const PATIENCE: Duration = Duration::from_secs(1800);

const OBJECT: &str = "map";

/// What one client does.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    orders: u8,
    batches: u16,
    logs: u16,
    objects: u16,
    /// Times that the application closes the connection and opens it again.
    closes: u16,
    /// Polls after which the runner is dropped.
    stops: Vec<u32>,
}

impl Work {
    pub(crate) fn seeded(seed: u64) -> Self {
        let mut rng = campaign::rng(seed ^ 0xc11e);
        let mut below = |most: u32| rng.next_u32() % most;
        let closes = below(4).saturating_sub(2) as u16;
        let stops = if below(3) == 0 { 1 + below(3) } else { 0 };
        Self {
            orders: below(6) as u8,
            batches: below(6) as u16,
            logs: below(3) as u16,
            objects: below(3) as u16,
            closes,
            stops: (0..stops)
                .map(|_| {
                    let most = 1 << below(9);
                    1 + below(most)
                })
                .collect(),
        }
    }
}

/// What the application did.
struct App<'a> {
    client: TestClient<'a>,
    work: &'a Work,
    dropper: &'a Dropper,
    executed: RefCell<BTreeMap<u8, u32>>,
    /// Batches and logs that were submitted, and the least and most of log
    /// frames that can have been.
    batches: Cell<u32>,
    logs: [Cell<u32>; 2],
    fault: RefCell<Option<String>>,
}

/// Does `work` with a client of its own; returns the connections it took.
///
/// # Errors
/// What was lost, said twice, or put under a nonce that was used.
pub(crate) async fn run(
    pki: &Pki,
    work: &Work,
    dropper: &Dropper,
    keylog: &Path,
) -> Result<u64, String> {
    let options = MockOptions {
        keylog: Some(keylog.to_owned()),
        ..MockOptions::default()
    };
    let server = MockNgtt::start_with(pki, options).await;
    let server = server.map_err(|error| error.to_string())?;
    for number in 0..work.orders {
        server.enqueue(DEFAULT_DEVICE_ID, [0x41, 0x06, number]);
    }
    server.set_baob(OBJECT, 7);
    let observer = Observer::new();
    let (dial, tap) = (server.dial(), observer.clone());
    let net = network_to(move |to| {
        let (dialled, tap) = (dial.dial(to), tap.clone());
        async move { Ok(tap.tap(dialled.await?)) }
    });
    let mut device = Device::of(pki);
    device.stops.clone_from(&work.stops);
    // Nothing may get lost, not even logs.
    device.session.logs = device.session.data;
    let mut journal = RamJournal::<16>::new();
    let app = device.run(&net, &mut journal, async |client| {
        let app = App::new(client, work, dropper);
        app.run().await;
        app.judge(&server.book().device(DEFAULT_DEVICE_ID))
    });
    let done = tokio::time::timeout(PATIENCE, app).await;
    done.map_err(|_| "it is stuck")??;
    let secrets = std::fs::read_to_string(keylog).map_err(|error| error.to_string())?;
    observer.read_secrets(&secrets);
    let judged = observer.judge();
    let judged = judged.map_err(|(number, fault)| format!("connection {number}: {fault:?}"))?;
    // The last was closed in good order, unless the runner was dropped then.
    match judged.last() {
        Some(last) if last.closed && last.rest == 0 || !work.stops.is_empty() => {}
        last => return Err(format!("the last connection is not closed: {last:?}")),
    }
    Ok(server.book().device(DEFAULT_DEVICE_ID).connections)
}

impl<'a> App<'a> {
    fn new(client: TestClient<'a>, work: &'a Work, dropper: &'a Dropper) -> Self {
        Self {
            client,
            work,
            dropper,
            executed: RefCell::default(),
            batches: Cell::new(0),
            logs: Default::default(),
            fault: RefCell::default(),
        }
    }

    async fn run(&self) {
        // Each has a waker of its own, as the tasks of a device have.
        let mut all: FuturesUnordered<Pin<Box<dyn Future<Output = ()> + '_>>> =
            FuturesUnordered::new();
        all.push(Box::pin(self.execute()));
        all.push(Box::pin(self.submit_batches()));
        all.push(Box::pin(self.sync_batches()));
        all.push(Box::pin(self.submit_logs()));
        all.push(Box::pin(self.stream_logs()));
        all.push(Box::pin(self.sync_objects()));
        all.push(Box::pin(self.disturb()));
        while all.next().await.is_some() {}
        drop(all);
        let client = self.client;
        client.open();
        self.dropper.insist(|| client.wait_idle()).await;
        self.dropper.insist(|| client.close()).await;
    }

    fn expect<T>(&self, what: &str, result: Result<T, NgttError>) -> Option<T> {
        let complain = |error| {
            let fault = format!("{what}: {error}");
            self.fault.borrow_mut().get_or_insert(fault);
        };
        result.map_err(complain).ok()
    }

    async fn execute(&self) {
        while self.executed.borrow().len() < usize::from(self.work.orders) {
            let order = self.dropper.insist(|| self.client.next_order()).await;
            let number = order.payload()[2];
            *self.executed.borrow_mut().entry(number).or_insert(0) += 1;
            // The answer counts from the call, whatever becomes of the future.
            self.dropper.try_poll(order.acknowledge()).await;
        }
    }

    /// Writes batch `number`, and counts it: it is submitted then.
    fn write(&self, number: i64, batch: &mut PathpointsWriter<'_>) -> Written {
        let values = batch.pathpoint("W1", 1)?;
        values.value(1, |encoder| encoder.int(number))?;
        self.batches.set(self.batches.get() + 1);
        Ok(())
    }

    /// Submits batches and waits for each answer.
    async fn submit_batches(&self) {
        for number in 0..i64::from(self.work.batches) {
            let submit = || {
                self.client
                    .submit_pathpoints(1, |batch| self.write(number, batch))
            };
            let batch = self.dropper.insist(submit).await;
            let Some(mut batch) = self.expect("submit", batch) else {
                return;
            };
            let outcome = self.dropper.insist(async || batch.outcome().await);
            self.expect("outcome", outcome.await);
        }
    }

    /// Sends batches by the call that does both, which may be dropped between.
    async fn sync_batches(&self) {
        for number in 0..i64::from(self.work.batches) {
            let before = Cell::new(false);
            // Submitted or not: that is known, and once is enough.
            while !before.get() {
                let sync = self.client.sync_pathpoints(1, |batch| {
                    before.set(true);
                    self.write(1000 + number, batch)
                });
                if let Some(result) = self.dropper.try_poll(sync).await {
                    self.expect("sync_pathpoints", result);
                }
                self.dropper.pause().await;
            }
        }
    }

    async fn submit_logs(&self) {
        for number in 0..self.work.logs {
            let message = format!("submitted {number}");
            let entries = [entry(&message)];
            let submit = || self.client.submit_logs(&entries);
            let logs = self.dropper.insist(submit).await;
            let Some(mut logs) = self.expect("submit_logs", logs) else {
                return;
            };
            self.count_logs(1, 1);
            let outcome = self.dropper.insist(async || logs.outcome().await);
            self.expect("outcome", outcome.await);
        }
    }

    async fn stream_logs(&self) {
        for number in 0..self.work.logs {
            let message = format!("streamed {number}");
            let entries = [entry(&message)];
            // Nobody knows whether a call that was dropped submitted them.
            let stream = || {
                self.count_logs(0, 1);
                self.client.stream_logs(&entries)
            };
            let result = self.dropper.insist(stream).await;
            self.expect("stream_logs", result);
            self.count_logs(1, 0);
        }
    }

    fn count_logs(&self, least: u32, most: u32) {
        self.logs[0].set(self.logs[0].get() + least);
        self.logs[1].set(self.logs[1].get() + most);
    }

    async fn sync_objects(&self) {
        for _ in 0..self.work.objects {
            let sync = async || {
                let mut answer = [0; 256];
                let objects = [(OBJECT, 3)];
                let answer = self.client.sync_baobs(&objects, &mut answer).await;
                answer.map(|answer| answer.download().eq([OBJECT]))
            };
            let answer = self.dropper.insist(sync).await;
            if self.expect("sync_baobs", answer) == Some(false) {
                let fault = "the answer about objects is another one".to_owned();
                self.fault.borrow_mut().get_or_insert(fault);
            }
        }
    }

    /// Waits for this and that, and closes the connection now and then.
    async fn disturb(&self) {
        let (client, dropper) = (self.client, self.dropper);
        // It says why there is no connection, when a runner was dropped.
        let _ = dropper.try_poll(client.connected()).await;
        dropper
            .insist(|| client.wait_status(|status| status.is_connected()))
            .await;
        dropper.try_poll(client.fetch_orders()).await;
        // There may be none.
        let event = tokio::time::timeout(Duration::from_millis(20), client.next_event());
        let _ = dropper.try_poll(event).await;
        dropper.try_poll(client.wait_settled()).await;
        for _ in 0..self.work.closes {
            dropper.try_poll(client.close()).await;
            dropper.pause().await;
            client.open();
            dropper.pause().await;
        }
    }

    fn judge(self, book: &DeviceBook) -> Result<(), String> {
        if let Some(fault) = self.fault.into_inner() {
            return Err(fault);
        }
        let executed = self.executed.into_inner();
        let once = executed.values().all(|times| *times == 1);
        if !once || executed.len() != usize::from(self.work.orders) {
            return Err(format!("orders were executed so often: {executed:?}"));
        }
        if book.answered(Answer::Confirm) != executed.len() || book.invalid + book.strays != 0 {
            return Err(format!("the server has not all answers: {book:?}"));
        }
        let mut batches = BTreeMap::new();
        for batch in &book.batches {
            *batches.entry((batch.tid, batch.digest.0)).or_insert(0) += 1;
        }
        if batches.len() != self.batches.get() as usize {
            let submitted = self.batches.get();
            return Err(format!("{} of {submitted} batches came", batches.len()));
        }
        let [least, most] = self.logs.map(Cell::into_inner);
        let logs = book.logs.len() as u32;
        // With more than one connection, what was not answered is sent again.
        let once = book.connections == 1;
        if once && (batches.values().any(|times| *times != 1) || logs > most) || logs < least {
            return Err(format!("{batches:?}, {logs} logs of {least} to {most}"));
        }
        Ok(())
    }
}

type Written = Result<(), wigwag_codec::minijson::Error>;

fn entry(message: &str) -> LogEntry<'_> {
    LogEntry {
        service: "tests",
        when_us: 1,
        message: LogMessage::Text(message),
        level: 20,
        exception_text: None,
        exception_traceback: None,
    }
}
