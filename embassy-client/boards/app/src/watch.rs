//! What the device says on its log about the connection.

use embassy_futures::join::join;
use embassy_time::Instant;
use wigwag_embassy::ngtt::{Event, Reason, Status};
use wigwag_embassy::supervisor::FailureClass;

use crate::application::Application;
use crate::connection::tell;

impl Application {
    /// Tells of the start, the connection and the session, for ever.
    pub(crate) async fn watch(&self) -> ! {
        tell(self.client, self.board, "booted").await;
        join(self.watch_status(), self.watch_session()).await.0
    }

    async fn watch_status(&self) -> ! {
        let mut last = Status::Idle;
        let mut connecting = None;
        loop {
            let status = self.client.wait_status(|status| *status != last).await;
            match status {
                Status::Connecting => {
                    connecting = Some((self.board.busy_nanos)());
                    defmt::info!("connecting to {=str}:{=u16}", self.server, self.port);
                }
                Status::Connected { .. } => {
                    let mut counts = self.counts.get();
                    counts.connections += 1;
                    self.counts.set(counts);
                    if let Some(before) = connecting.take() {
                        let spent = (self.board.busy_nanos)().saturating_sub(before);
                        // Those that are too many are left out.
                        let _ = self.report.borrow_mut().handshakes.push(spent);
                    }
                    defmt::info!("connected to {=str}", self.server);
                }
                Status::Offline { reason } => {
                    defmt::info!("offline: {}", defmt::Display2Format(&reason));
                }
                Status::Waiting {
                    reason, retry_at, ..
                } => {
                    let now = Instant::now().as_micros();
                    let wait_ms = retry_at.as_micros().saturating_sub(now) / 1000;
                    let reason = defmt::Display2Format(&reason);
                    defmt::info!("waiting {=u64} ms: {}", wait_ms, reason);
                }
                _ => {}
            }
            last = status;
        }
    }

    /// Tells of what the session repeated and skipped.
    async fn watch_session(&self) -> ! {
        loop {
            match self.client.next_event().await {
                Event::OrderRepeated { tid } => {
                    defmt::info!("order {}: came again, answered again", tid);
                }
                // Nothing is wrong with these.
                Event::OrderSettled { .. } | Event::LatePong { .. } => {}
                event => defmt::warn!("{}", event),
            }
        }
    }

    /// Waits for a failure that trying again does not cure.
    pub(crate) async fn refused(&self) -> Reason {
        let final_reason = |status: &Status| {
            let reason = status.reason();
            reason.filter(|reason| reason.class() != FailureClass::Transient)
        };
        let status = self
            .client
            .wait_status(|status| final_reason(status).is_some());
        final_reason(&status.await).unwrap_or(Reason::LinkDown)
    }
}
