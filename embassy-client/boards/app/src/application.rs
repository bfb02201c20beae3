//! What the device is for: orders, and its own counters.

use core::cell::{Cell, RefCell};

use embassy_futures::join::{join3, join4};
use embassy_time::{Duration, Timer};
use embedded_storage_async::nor_flash::NorFlash;
use wigwag_codec::ngtt::message::{Command, Failure, PathpointsWriter};
use wigwag_codec::{minijson, ngtt};
use wigwag_embassy::last_words::Words;
use wigwag_embassy::ngtt::History;
use wigwag_embassy::outbox::OutboxError;

use crate::clock;
use crate::device::{Board, Client, Order};
use crate::duties::{self, Members};
use crate::orders::{self, Refusal};
use crate::registers::Registers;
use crate::renew::CERTIFICATE;
use crate::report::Report;
use crate::rng::SharedRng;
use crate::storage::{BUFFER, Outbox, Renewals, Shared};

/// How often the device sends its own counters.
const COUNTERS_EVERY: Duration = Duration::from_secs(60);

/// The application of the device: a handle, to be copied.
pub struct Application<F: NorFlash + 'static> {
    pub(crate) client: Client,
    pub(crate) rng: SharedRng,
    pub(crate) renewals: &'static Renewals<F>,
    pub(crate) outbox: &'static Outbox<F>,
    pub(crate) store: &'static Shared<F>,
    pub(crate) board: Board,
    pub(crate) server: &'static str,
    pub(crate) port: u16,
    pub(crate) memory: &'static Memory,
    /// How often the device has started, this time included.
    pub(crate) starts: u32,
}

impl<F: NorFlash> Clone for Application<F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F: NorFlash> Copy for Application<F> {}

impl<F: NorFlash> core::fmt::Debug for Application<F> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Application")
            .field("board", &self.board)
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

/// What the application keeps.
#[derive(Debug)]
pub(crate) struct Memory {
    registers: RefCell<Registers>,
    counts: Cell<Counts>,
    pub(crate) members: Members,
    /// What the run before this one said in the end.
    pub(crate) last_words: RefCell<Option<Words>>,
    pub(crate) report: RefCell<Report>,
}

/// What the device counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counts {
    pub(crate) executed: u32,
    pub(crate) refused: u32,
    pub(crate) connections: u32,
}

impl Memory {
    pub(crate) const fn new() -> Self {
        Self {
            registers: RefCell::new(Registers::new()),
            counts: Cell::new(Counts {
                executed: 0,
                refused: 0,
                connections: 0,
            }),
            members: duties::members(),
            last_words: RefCell::new(None),
            report: RefCell::new(Report::new()),
        }
    }

    /// Adds one to a count.
    pub(crate) fn count(&self, which: fn(&mut Counts) -> &mut u32) {
        let mut counts = self.counts.get();
        let count = which(&mut counts);
        *count = count.saturating_add(1);
        self.counts.set(counts);
    }
}

impl<F: NorFlash> Application<F> {
    /// Runs for ever, as a device in the field does.
    pub async fn run(&self) -> ! {
        join3(self.attend(), self.take_orders(), self.send_counters())
            .await
            .0
    }

    /// What goes on whatever else the device does: it tells how it is, and sends
    /// what waits in flash.
    pub(crate) async fn attend(&self) -> ! {
        let mut buffer = [0; BUFFER];
        let send = self.outbox.run(self.client, &mut buffer);
        join4(
            self.watch(),
            send,
            self.watch_floor(),
            self.watch_identities(),
        )
        .await
        .0
    }

    /// Takes one order after the other.
    async fn take_orders(&self) -> ! {
        loop {
            self.take_order(|| {}).await;
        }
    }

    /// Takes an order, calls `taken`, and executes or refuses it; the journal
    /// knows of it afterwards.
    pub(crate) async fn take_order(&self, taken: impl FnOnce()) {
        let pulse = self.orders_pulse();
        let order = pulse.idle(self.client.next_order()).await;
        taken();
        let tid = order.tid();
        match order.history() {
            History::Interrupted => defmt::info!("order {}: was interrupted", tid),
            _ => defmt::info!("order {}: begins", tid),
        }
        match self.execute(&order).await {
            Ok(()) => {
                // The client is watched itself.
                pulse.idle(order.acknowledge()).await;
                self.memory.count(|counts| &mut counts.executed);
                defmt::info!("order {}: executed", tid);
            }
            Err(refusal) => {
                pulse.idle(order.reject()).await;
                self.memory.count(|counts| &mut counts.refused);
                let reason = defmt::Display2Format(&refusal);
                defmt::info!("order {}: refused: {}", tid, reason);
            }
        }
    }

    async fn execute(&self, order: &Order) -> Result<(), Refusal> {
        let pulse = self.orders_pulse();
        let commands = orders::commands(order.payload())?;
        orders::check(
            commands.clone(),
            order.history(),
            &self.memory.registers.borrow(),
            self.unix_ms(),
        )?;
        for command in commands {
            match command {
                Command::Write { path, value, .. } => {
                    self.memory.registers.borrow_mut().write(path, value)?;
                }
                Command::Read { path, .. } => pulse.idle(self.send_reading(path)).await,
                Command::Wait { seconds } => {
                    // Checked: not negative, and not long.
                    let millis = u64::try_from(orders::millis(seconds)).unwrap_or_default();
                    pulse.idle(Timer::after_millis(millis)).await;
                }
                Command::Sysctl { op_type, op_args } if op_type == CERTIFICATE => {
                    self.renew(op_args.as_str().unwrap_or_default()).await?;
                }
                // The check let none of these through.
                Command::Sysctl { .. } | Command::Message { .. } | Command::Other(_) => {
                    return Err(Refusal::Unsupported);
                }
            }
        }
        Ok(())
    }

    /// Sends what a register holds, and waits until the server has it. If the
    /// server does not want it, the order goes on nevertheless.
    async fn send_reading(&self, path: &str) {
        // Checked: the time was known. It may have been forgotten since.
        let at_ms = i64::try_from(clock::at_least_micros() / 1000).unwrap_or(i64::MAX);
        let sent = self.client.sync_pathpoints(1, |batch| {
            let readings = batch.pathpoint(path, 1)?;
            match self.memory.registers.borrow().read(path) {
                Some(value) => readings.value(at_ms, |to| to.raw(value)),
                None => readings.failed(at_ms, Failure::Invalid),
            }
            .map(drop)
        });
        if let Err(error) = sent.await {
            warn_unsent(error);
        }
    }

    /// Sends the device's own counters once a minute.
    async fn send_counters(&self) -> ! {
        loop {
            self.counters_pulse().beat();
            Timer::after(COUNTERS_EVERY).await;
            let Some(at_ms) = self.unix_ms() else {
                continue;
            };
            let counts = self.memory.counts.get();
            let busy_ms = (self.board.busy_nanos)() / 1_000_000;
            let stack = (self.board.stack)();
            let readings = [
                ("orders_executed", counts.executed.into()),
                ("orders_refused", counts.refused.into()),
                ("connections", counts.connections.into()),
                ("busy_ms", busy_ms),
                ("stack_peak", stack.peak.into()),
                // Orders wait for their answer while the journal cannot be written.
                ("journal_failures", self.client.journal_failures().into()),
            ];
            let kept = self.outbox.submit_pathpoints(readings.len(), |batch| {
                readings
                    .iter()
                    .try_for_each(|(path, value)| reading(batch, path, at_ms, *value))
            });
            if let Err(error) = kept.await {
                warn_unkept(error);
            }
        }
    }

    /// The time of day in milliseconds since 1970.
    pub(crate) fn unix_ms(&self) -> Option<i64> {
        let micros = clock::unix_micros()?;
        i64::try_from(micros / 1000).ok()
    }
}

/// A pathpoint of one reading.
fn reading(
    batch: &mut PathpointsWriter<'_>,
    path: &str,
    at_ms: i64,
    value: u64,
) -> Result<(), minijson::Error> {
    let readings = batch.pathpoint(path, 1)?;
    readings.value(at_ms, |to| to.uint(value)).map(drop)
}

/// A batch could not be kept for sending.
pub(crate) fn warn_unkept(error: OutboxError) {
    defmt::warn!("batch not kept: {}", defmt::Display2Format(&error));
}

/// The server refused a batch.
fn warn_unsent(error: ngtt::NgttError) {
    defmt::warn!("batch not taken: {}", defmt::Display2Format(&error));
}
