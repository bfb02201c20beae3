//! What a device in the field owes: it is alive, and says so; it knows how early it
//! can be.

use core::time::Duration;

use embedded_storage_async::nor_flash::NorFlash;
use wigwag_embassy::health::{Beat, Member, Period, Stuck, Vigil, watch};

use crate::application::Application;
use crate::clock::{self, CLOCK};
use crate::device::Mutex;

/// What must go on beside the client, which is watched too.
pub(crate) type Members = Vigil<Mutex, 2>;

/// One of them.
pub(crate) type Pulse = Beat<'static, Mutex, 2>;

/// Longest time between two beats of a task that is at work.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) const fn members() -> Members {
    Vigil::new([
        Member::new("orders", PATIENCE),
        Member::new("counters", Duration::from_secs(3 * 60)),
    ])
}

impl<F: NorFlash> Application<F> {
    /// Feeds the board's watchdog with `feed` while the device makes progress;
    /// `on_stuck` is told when it does not, once, and the watchdog is not fed any
    /// more. On the executor of the other tasks.
    pub async fn guard(
        &self,
        period: Period,
        feed: impl FnMut(),
        on_stuck: impl FnMut(&Stuck),
    ) -> ! {
        let watched = (&self.memory.members, self.client);
        watch(&watched, period, feed, on_stuck).await
    }

    /// The beat of the task that executes orders.
    pub(crate) fn orders_pulse(&self) -> Pulse {
        self.memory.members.member::<0>()
    }

    /// The beat of the task that sends counters.
    pub(crate) fn counters_pulse(&self) -> Pulse {
        self.memory.members.member::<1>()
    }

    /// Learns from each verified server how early it can be, and remembers it.
    pub(crate) async fn watch_floor(&self) -> ! {
        loop {
            self.client
                .wait_status(|status| status.is_connected())
                .await;
            let server = self.client.server_validity();
            if let Some(floor) = server.and_then(|server| CLOCK.confirm(server)) {
                clock::keep_floor(self.store, floor).await;
            }
            self.client
                .wait_status(|status| !status.is_connected())
                .await;
        }
    }
}
