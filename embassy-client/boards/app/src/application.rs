//! What the device is for: orders, and its own counters.

use core::cell::{Cell, RefCell};

use embassy_futures::join::join3;
use embassy_time::{Duration, Timer};
use wigwag_codec::ngtt::message::{Command, Failure, PathpointsWriter};
use wigwag_codec::{minijson, ngtt};

use crate::device::{Board, Client, Order};
use crate::orders::{self, Refusal};
use crate::registers::Registers;
use crate::report::Report;

/// How often the device sends its own counters.
const COUNTERS_EVERY: Duration = Duration::from_secs(60);

/// The application of the device.
#[derive(Debug)]
pub struct Application {
    pub(crate) client: Client,
    pub(crate) board: Board,
    pub(crate) server: &'static str,
    pub(crate) port: u16,
    registers: RefCell<Registers>,
    pub(crate) counts: Cell<Counts>,
    pub(crate) report: RefCell<Report>,
}

/// What the device counts.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) executed: u32,
    pub(crate) refused: u32,
    pub(crate) connections: u32,
}

impl Application {
    pub(crate) fn new(
        client: Client,
        board: Board,
        server: &'static str,
        port: u16,
        report: Report,
    ) -> Self {
        Self {
            client,
            board,
            server,
            port,
            registers: RefCell::new(Registers::new()),
            counts: Cell::new(Counts::default()),
            report: RefCell::new(report),
        }
    }

    /// Runs for ever, as a device in the field does.
    pub async fn run(&self) -> ! {
        join3(self.watch(), self.take_orders(), self.send_counters())
            .await
            .0
    }

    /// Takes one order after the other.
    pub(crate) async fn take_orders(&self) -> ! {
        loop {
            self.answer(self.client.next_order().await).await;
        }
    }

    /// Executes an order, or refuses it; the journal knows of it afterwards.
    pub(crate) async fn answer(&self, order: Order) {
        let tid = order.tid();
        let mut counts = self.counts.get();
        match self.execute(&order).await {
            Ok(()) => {
                counts.executed += 1;
                order.acknowledge().await;
                defmt::info!("order {}: executed", tid);
            }
            Err(refusal) => {
                counts.refused += 1;
                order.reject().await;
                let reason = defmt::Display2Format(&refusal);
                defmt::info!("order {}: refused: {}", tid, reason);
            }
        }
        self.counts.set(counts);
    }

    async fn execute(&self, order: &Order) -> Result<(), Refusal> {
        let commands = orders::commands(order.payload())?;
        let unix = self.unix_ms().and_then(|ms| u64::try_from(ms / 1000).ok());
        orders::check(
            commands.clone(),
            order.history(),
            &self.registers.borrow(),
            unix,
        )?;
        for command in commands {
            match command {
                Command::Write { path, value, .. } => {
                    self.registers.borrow_mut().write(path, value)?;
                }
                Command::Read { path, .. } => self.send_reading(path).await?,
                Command::Wait { seconds } => {
                    // Checked: not negative, and not long.
                    Timer::after_millis((seconds * 1000.0) as u64).await;
                }
                Command::Sysctl { .. } | Command::Message { .. } | Command::Other(_) => {
                    return Err(Refusal::Unsupported);
                }
            }
        }
        Ok(())
    }

    /// Sends what a register holds, and waits until the server has it.
    async fn send_reading(&self, path: &str) -> Result<(), Refusal> {
        let at_ms = self.unix_ms().ok_or(Refusal::NoTime)?;
        let sent = self.client.sync_pathpoints(1, |batch| {
            let readings = batch.pathpoint(path, 1)?;
            match self.registers.borrow().read(path) {
                Some(value) => readings.value(at_ms, |to| to.raw(value)),
                None => readings.failed(at_ms, Failure::Invalid),
            }
            .map(drop)
        });
        sent.await.map_err(|_| Refusal::Unsent)
    }

    /// Sends the device's own counters once a minute.
    async fn send_counters(&self) -> ! {
        loop {
            Timer::after(COUNTERS_EVERY).await;
            let Some(at_ms) = self.unix_ms() else {
                continue;
            };
            let counts = self.counts.get();
            let busy_ms = (self.board.busy_nanos)() / 1_000_000;
            let stack = (self.board.stack)();
            let readings = [
                ("orders_executed", counts.executed.into()),
                ("orders_refused", counts.refused.into()),
                ("connections", counts.connections.into()),
                ("busy_ms", busy_ms),
                ("stack_peak", stack.peak.into()),
            ];
            let sent = self.client.sync_pathpoints(readings.len(), |batch| {
                readings
                    .iter()
                    .try_for_each(|(path, value)| reading(batch, path, at_ms, *value))
            });
            match sent.await {
                Ok(()) => defmt::info!("batch confirmed"),
                Err(error) => warn_unsent(error),
            }
        }
    }

    /// The time of day in milliseconds since 1970.
    pub(crate) fn unix_ms(&self) -> Option<i64> {
        let micros = (self.board.unix_micros)()?;
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

/// The server refused a batch, or it had to make room.
pub(crate) fn warn_unsent(error: ngtt::NgttError) {
    defmt::warn!("batch not taken: {}", defmt::Display2Format(&error));
}
