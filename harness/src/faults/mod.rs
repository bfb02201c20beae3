//! Accidents on demand: what a network does to a device, scripted while
//! everything runs, and the same again from the same seed.
//!
//! One [`Faults`] belongs to one device's network. It acts in three places:
//!
//! * on the **link**, frame by frame ([`LinkFaults`]): loss, damage, truncation,
//!   doubling, delay and jitter (which reorders); and link down and up;
//! * in the **services** of the gateway: DNS that fails, is slow or silent,
//!   DHCP that is silent, connections refused, delayed or never answered; for
//!   everybody, for one address family or for one address;
//! * in the **streams** behind the gateway, at exact byte positions
//!   ([`StreamPlan`]): cut, damage, loss, pause.
//!
//! TCP repairs what happens on the link, so the application sees only time
//! pass there. What happens in a stream is past TCP's repair: it is what TLS
//! and the protocol above have to notice.
//!
//! ```
//! use wigwag_harness::faults::{Cut, Direction, Faults, LinkFaults, StreamFault, StreamPlan};
//! use std::time::Duration;
//!
//! let faults = Faults::seeded(7);
//! // Every twentieth frame to the device is lost, the others are 20 ms late.
//! faults.set_link(Direction::ToDevice, LinkFaults {
//!     loss: 0.05,
//!     delay: Duration::from_millis(20),
//!     ..LinkFaults::NONE
//! });
//! // The next connection is reset once 1000 bytes went to the server.
//! faults.plan(StreamPlan::new().at(Direction::ToServer, 1000, StreamFault::Cut(Cut::Reset)));
//! // All open connections now:
//! faults.cut_all(Cut::Close);
//! ```

mod link;
mod services;
mod stream;

pub use link::LinkFaults;
pub(crate) use link::{Fate, decide};
use services::Rules;
pub use services::{DialFault, DnsFault};
pub use stream::{FaultyStream, StreamFault, StreamPlan};

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

/// Frames of [`Faults::inject`] that wait in one direction at most.
pub const MAX_INJECTED: usize = 256;

/// The way that bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the device.
    ToServer,
    /// To the device.
    ToDevice,
}

impl Direction {
    /// The way back.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::ToServer => Self::ToDevice,
            Self::ToDevice => Self::ToServer,
        }
    }
}

/// How a connection ends before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cut {
    /// TCP reset to both ends: a crashed or impatient middlebox.
    Reset,
    /// An orderly end of the stream to both ends, in the middle of whatever
    /// was being said: truncation, which TLS must notice.
    Close,
    /// Nothing arrives any more, and nobody is told: a pulled cable.
    Silence,
}

/// What has been done so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Counts {
    /// Frames that went through, doubled ones once.
    pub frames: u64,
    /// Frames lost, by chance, by [`Faults::drop_next`] or with the link down.
    pub lost: u64,
    /// Frames delivered twice.
    pub doubled: u64,
    /// Frames with a bit turned.
    pub corrupted: u64,
    /// Frames cut short.
    pub truncated: u64,
    /// Frames delivered later than they came.
    pub delayed: u64,
    /// Connections dialled.
    pub dialled: u64,
    /// Connections and ways for datagrams that met a [`DialFault`].
    pub refused: u64,
    /// Stream faults that have struck.
    pub stream_faults: u64,
    /// Frames put on the link by [`Faults::inject`].
    pub injected: u64,
    /// Addresses that DHCP has granted, or granted for longer.
    pub leases: u64,
}

/// The handle that scripts the accidents of one network. Clones act on the
/// same network, from any thread.
#[derive(Clone)]
pub struct Faults(Arc<Mutex<Inner>>);

struct Inner {
    rng: ChaCha8Rng,
    link_down: bool,
    link: [LinkFaults; 2],
    drop_next: [u32; 2],
    injected: [VecDeque<Vec<u8>>; 2],
    dial: Rules<DialFault>,
    dns: Rules<DnsFault>,
    dhcp_silent: bool,
    plans: VecDeque<StreamPlan>,
    /// Counts the calls of `cut_all`; a stream remembers the count it was
    /// born under.
    cuts: u64,
    cut: Cut,
    counts: Counts,
    /// Everybody who would act differently after a change.
    wakers: Vec<Waker>,
}

impl Default for Faults {
    fn default() -> Self {
        Self::seeded(0)
    }
}

impl core::fmt::Debug for Faults {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Faults")
            .field("counts", &self.counts())
            .finish_non_exhaustive()
    }
}

impl Faults {
    /// A network without faults, whose chances will follow from `seed`.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            rng: ChaCha8Rng::seed_from_u64(seed),
            link_down: false,
            link: [LinkFaults::NONE; 2],
            drop_next: [0; 2],
            injected: Default::default(),
            dial: Rules::default(),
            dns: Rules::default(),
            dhcp_silent: false,
            plans: VecDeque::new(),
            cuts: 0,
            cut: Cut::Reset,
            counts: Counts::default(),
            wakers: Vec::new(),
        })))
    }

    /// Takes the device's link down (`false`) or up. Frames under way are lost
    /// when it goes down, and the device's stack gives up its DHCP lease.
    pub fn set_link_up(&self, up: bool) {
        self.change(|inner| inner.link_down = !up);
    }

    /// Sets what happens to the frames of one direction from now on.
    ///
    /// # Panics
    /// When a chance is not between 0 and 1.
    pub fn set_link(&self, direction: Direction, faults: LinkFaults) {
        faults.check();
        self.change(|inner| inner.link[direction as usize] = faults);
    }

    /// Loses the next `frames` frames of a direction, whatever the chances.
    pub fn drop_next(&self, direction: Direction, frames: u32) {
        self.change(|inner| inner.drop_next[direction as usize] = frames);
    }

    /// Puts a frame on the link that nobody sent, of any length and content: it
    /// is what arrives next in that direction, and meets no other fault. Says
    /// whether there was room; [`MAX_INJECTED`] may wait in a direction.
    pub fn inject(&self, direction: Direction, frame: impl Into<Vec<u8>>) -> bool {
        let frame = frame.into();
        let mut room = false;
        self.change(|inner| {
            let waiting = &mut inner.injected[direction as usize];
            room = waiting.len() < MAX_INJECTED;
            if room {
                waiting.push_back(frame);
            }
        });
        room
    }

    /// Makes DHCP silent, or answer again.
    pub fn set_dhcp_silent(&self, silent: bool) {
        self.change(|inner| inner.dhcp_silent = silent);
    }

    /// Plans the faults of the next connection that has no plan yet: the first
    /// call is for the next connection, the second for the one after it.
    pub fn plan(&self, plan: StreamPlan) {
        self.change(|inner| inner.plans.push_back(plan));
    }

    /// Cuts every connection that is open now.
    pub fn cut_all(&self, how: Cut) {
        self.change(|inner| {
            inner.cuts += 1;
            inner.cut = how;
        });
    }

    /// What has been done so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.lock().counts
    }

    /// Puts a stream under this script: it takes the next plan, if there is
    /// one. The gateway does this with every stream it dials; call it where
    /// there is no gateway, as in a program on the host's own sockets.
    pub fn apply<S>(&self, stream: S) -> FaultyStream<S> {
        let mut inner = self.lock();
        inner.counts.dialled += 1;
        let plan = inner.plans.pop_front().unwrap_or_default();
        let cuts = inner.cuts;
        drop(inner);
        FaultyStream::new(stream, self.clone(), plan, cuts)
    }

    pub(crate) fn is_link_up(&self) -> bool {
        !self.lock().link_down
    }

    /// What the next reader of a direction has to know: whether the link is up,
    /// and a frame that was injected. Wakes `waker` when that changes.
    pub(crate) fn arriving(&self, direction: Direction, waker: &Waker) -> (bool, Option<Vec<u8>>) {
        self.watch(waker);
        let mut inner = self.lock();
        if inner.link_down {
            inner.injected.iter_mut().for_each(VecDeque::clear);
            return (false, None);
        }
        let injected = inner.injected[direction as usize].pop_front();
        inner.counts.injected += u64::from(injected.is_some());
        (true, injected)
    }

    pub(crate) fn count_lease(&self) {
        self.lock().counts.leases += 1;
    }

    pub(crate) fn is_dhcp_silent(&self) -> bool {
        self.lock().dhcp_silent
    }

    /// Wakes `waker` at the next change of the script.
    pub(crate) fn watch(&self, waker: &Waker) {
        let mut inner = self.lock();
        if !inner.wakers.iter().any(|known| known.will_wake(waker)) {
            inner.wakers.push(waker.clone());
        }
    }

    fn change(&self, change: impl FnOnce(&mut Inner)) {
        let mut inner = self.lock();
        change(&mut inner);
        let wakers = core::mem::take(&mut inner.wakers);
        drop(inner);
        wakers.into_iter().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
