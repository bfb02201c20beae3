//! The work of a trial.

use core::future::pending;

use embassy_futures::select::{Either4, select4};
use embassy_time::{Instant, Timer};
use embedded_storage_async::nor_flash::NorFlash;
use wigwag_codec::minijson;
use wigwag_codec::ngtt::message::PathpointsWriter;
use wigwag_embassy::outbox::OutboxError;

use crate::application::{Application, warn_unkept};
use crate::report::{Report, Work};
use crate::trial::{Verdict, Words};

/// Readings in a trial's batch: they make 1 KiB.
const READINGS: u32 = 83;

impl<F: NorFlash> Application<F> {
    /// Does what `words` ask for and tells how it went. What it cost is in the
    /// [`report`](Self::report) then.
    pub async fn on_trial(&self, words: &Words<'_>) -> Verdict {
        {
            let mut report = self.memory.report.borrow_mut();
            report.boot = self.busy().saturating_sub(report.key);
        }
        let limit = async {
            match words.seconds {
                Some(seconds) => Timer::at(Instant::from_secs(seconds.into())).await,
                None => pending().await,
            }
        };
        let refused = self.refused(words.refusals.unwrap_or(1));
        // In this order, so that the reason is on the log before the verdict.
        let verdict = match select4(self.attend(), self.work(words), refused, limit).await {
            Either4::First(never) => never,
            Either4::Second(()) => Verdict::Reached,
            Either4::Third(()) => Verdict::Refused,
            Either4::Fourth(()) => Verdict::TimeUp,
        };
        let stack = (self.board.stack)();
        self.memory.report.borrow_mut().stack = stack;
        defmt::info!("stack peak {} of {} bytes", stack.peak, stack.size);
        defmt::info!("trial done: {=str}", verdict.words());
        verdict
    }

    /// What was measured so far.
    pub fn report(&self) -> Report {
        self.memory.report.borrow().clone()
    }

    /// The work, to its end and to the close of the connection.
    async fn work(&self, words: &Words<'_>) {
        if words.orders.is_none() && words.batches.is_none() {
            // There is a limit only: the device does what it does in the field.
            loop {
                self.take_order(|| {}).await;
            }
        }
        let orders = self.orders(words.orders.unwrap_or(0)).await;
        self.memory.report.borrow_mut().orders = orders;
        let batches = self.batches(words.batches.unwrap_or(0)).await;
        self.memory.report.borrow_mut().batches = batches;
        self.outbox.wait_empty().await;
        self.client.wait_settled().await;
        self.client.close().await;
    }

    /// Answers so many orders, and waits until the server knows.
    async fn orders(&self, count: u32) -> Work {
        let mut first = None;
        for _ in 0..count {
            let taken = || first = first.or_else(|| Some(self.busy()));
            self.take_order(taken).await;
            let mut report = self.memory.report.borrow_mut();
            if report.stack_first == 0 {
                report.stack_first = (self.board.stack)().peak;
            }
        }
        self.client.wait_settled().await;
        let nanos = first.map_or(0, |first| self.busy().saturating_sub(first));
        Work { count, nanos }
    }

    /// Sends so many batches, one after the other.
    async fn batches(&self, count: u32) -> Work {
        let before = self.busy();
        for number in 0..count {
            while let Err(error) = self.keep_batch(number).await {
                warn_unkept(error);
                Timer::after_secs(1).await;
            }
            self.outbox.wait_empty().await;
            defmt::info!("batch confirmed");
        }
        let nanos = self.busy().saturating_sub(before);
        Work { count, nanos }
    }

    async fn keep_batch(&self, number: u32) -> Result<(), OutboxError> {
        let at_ms = self.unix_ms().unwrap_or_default();
        self.outbox
            .submit_pathpoints(1, |batch| kibibyte(batch, number, at_ms))
            .await
    }

    fn busy(&self) -> u64 {
        (self.board.busy_nanos)()
    }
}

/// One pathpoint of some 1,020 bytes. Its values go on from batch to batch, so
/// that no two batches in a row are the same.
fn kibibyte(
    batch: &mut PathpointsWriter<'_>,
    number: u32,
    at_ms: i64,
) -> Result<(), minijson::Error> {
    // Between these every value takes two bytes in minijson.
    const LEAST: u32 = 0x1000;
    const RANGE: u32 = 0x6000;

    let readings = batch.pathpoint("trial", READINGS as usize)?;
    let first = number.wrapping_mul(READINGS);
    for reading in 0..READINGS {
        let value = LEAST + first.wrapping_add(reading) % RANGE;
        readings.value(at_ms + i64::from(reading), |to| to.int(value.into()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_a_kibibyte() {
        let years = |years: i64| years * 365 * 24 * 3600 * 1000;
        for (number, at_ms) in [(0, years(50)), (1000, years(60)), (u32::MAX, years(90))] {
            let mut slot = [0; 1024];
            let mut batch = PathpointsWriter::new(&mut slot, 1).unwrap();
            kibibyte(&mut batch, number, at_ms).unwrap();
            let length = batch.finish().unwrap();
            assert!((1000..=1024).contains(&length), "{length}");
        }
    }
}
