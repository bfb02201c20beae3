//! What the device says about its link, its connection and its session: on its
//! own log, and a little on the server's.

use core::fmt::Write as _;

use embassy_futures::join::join;
use embassy_net::Stack;
use embassy_time::Instant;
use embedded_storage_async::nor_flash::NorFlash;
use wigwag_codec::ngtt::client::SkipReason;
use wigwag_codec::ngtt::message::LogEntry;
use wigwag_embassy::last_words::LONGEST;
use wigwag_embassy::net::{EmbassyNetwork, Network as _, PathId, PathState};
use wigwag_embassy::ngtt::{Event, Status};
use wigwag_embassy::supervisor::FailureClass;

use crate::application::{Application, warn_unkept};
use crate::clock;

/// Levels of the server's log, as Python's `logging` counts them.
const INFO: i64 = 20;
const ERROR: i64 = 40;

impl<F: NorFlash> Application<F> {
    /// Tells of the start, the connection and the session, for ever.
    pub(crate) async fn watch(&self) -> ! {
        let mut words = heapless::String::<64>::new();
        // Both together are shorter than that.
        let _ = write!(
            words,
            "booted ({}), start {}",
            self.board.reset, self.starts
        );
        self.tell(INFO, &words).await;
        let last_words = self.memory.last_words.take();
        if let Some(last_words) = last_words {
            let mut words = heapless::String::<{ LONGEST + 32 }>::new();
            let _ = write!(words, "before that: {last_words}");
            defmt::error!("{=str}", words.as_str());
            self.tell(ERROR, &words).await;
        }
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
                    self.memory.count(|counts| &mut counts.connections);
                    if let Some(before) = connecting.take() {
                        let spent = (self.board.busy_nanos)().saturating_sub(before);
                        // Those that are too many are left out.
                        let _ = self.memory.report.borrow_mut().handshakes.push(spent);
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
                // The ordinary course: more orders wait than fit, and they come
                // again when there is room.
                Event::OrderSettled { .. }
                | Event::OrderInProgress { .. }
                | Event::OrderSkipped {
                    reason: SkipReason::NoSlot | SkipReason::NoMark,
                    ..
                }
                | Event::LatePong { .. } => {}
                event => defmt::warn!("{}", event),
            }
        }
    }

    /// Says on the log when the link comes and goes, and which address the
    /// device has got; tells the server of the link as well.
    pub(crate) async fn watch_link(&self, stack: Stack<'static>) -> ! {
        const PATH: PathId = PathId(0);

        let network = EmbassyNetwork::new(stack);
        let mut before = PathState::LinkDown;
        loop {
            let now = network.path_changed(PATH, before).await;
            if before == PathState::LinkDown {
                defmt::info!("link up");
                self.tell(INFO, "link up").await;
            }
            match now {
                PathState::LinkDown => {
                    defmt::info!("link down");
                    self.tell(INFO, "link down").await;
                }
                PathState::NoAddress => {}
                PathState::Up => {
                    if let Some(config) = stack.config_v4() {
                        defmt::info!("address {}", defmt::Display2Format(&config.address));
                    }
                }
            }
            before = now;
        }
    }

    /// Writes to the server's log. What is written waits in flash until there is a
    /// connection; entries that become too many make room for newer ones. It does not
    /// wait for the time of day: the device may not live until then.
    async fn tell(&self, level: i64, message: &str) {
        let when = i64::try_from(clock::at_least_micros()).unwrap_or(i64::MAX);
        let entry = LogEntry::text("device", when, level, message);
        if let Err(error) = self.outbox.submit_logs(&[entry]).await {
            warn_unkept(error);
        }
    }

    /// Waits for the last of so many failures that trying again does not cure;
    /// for ever, if there is no last one.
    pub(crate) async fn refused(&self, last: u32) {
        let is_refusal = |status: &Status| {
            let reason = status.reason();
            reason.is_some_and(|reason| reason.class() != FailureClass::Transient)
        };
        let mut refusals = 0_u32;
        loop {
            self.client.wait_status(is_refusal).await;
            refusals = refusals.saturating_add(1);
            if refusals == last {
                return;
            }
            self.client.wait_status(|status| !is_refusal(status)).await;
        }
    }
}
