//! Tasks that say that they go on.

use core::cell::RefCell;
use core::future::Future;
use core::time::Duration;

use embassy_sync::blocking_mutex::Mutex;
use embassy_sync::blocking_mutex::raw::RawMutex;
use wigwag_codec::Instant;

use super::{Check, Stuck};
use crate::time;

/// One thing that must go on.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    name: &'static str,
    limit: Duration,
    heard: Heard,
}

/// The last that was heard of a member.
#[derive(Clone, Copy, Debug)]
enum Heard {
    /// Nothing, and nobody has asked.
    Never,
    /// That it goes on; the next beat must come within `allowed`.
    At { since: Instant, allowed: Duration },
    /// That it waits, as it may.
    Idle,
}

impl Member {
    /// A member that may be silent for `limit`. Nothing is demanded of it before
    /// the first [`check`](Check::check), from when on its silence counts.
    pub const fn new(name: &'static str, limit: Duration) -> Self {
        Self {
            name,
            limit,
            heard: Heard::Never,
        }
    }

    /// How long it has been silent, and by how much that is too long.
    fn overdue(&self, now: Instant) -> Option<(Duration, Duration)> {
        let Heard::At { since, allowed } = self.heard else {
            return None;
        };
        let silent = now.saturating_duration_since(since);
        (silent > allowed).then(|| (silent, silent.saturating_sub(allowed)))
    }
}

/// A table of `N` [`Member`]s that must give a [`Beat`] now and then, for a
/// `static`. `M` is the lock: `CriticalSectionRawMutex` for a plain `static`.
///
/// The type of [`member`](Self::member) keeps the program honest: an index that is
/// not in the table does not compile.
///
/// ```compile_fail
/// # use core::time::Duration;
/// # use embassy_sync::blocking_mutex::raw::NoopRawMutex;
/// # use wigwag_embassy::health::{Member, Vigil};
/// let vigil: Vigil<NoopRawMutex, 1> = Vigil::new([Member::new("a", Duration::MAX)]);
/// vigil.member::<1>();
/// ```
pub struct Vigil<M: RawMutex, const N: usize> {
    members: Mutex<M, RefCell<[Member; N]>>,
}

impl<M: RawMutex, const N: usize> Vigil<M, N> {
    /// A table of these members.
    pub const fn new(members: [Member; N]) -> Self {
        Self {
            members: Mutex::new(RefCell::new(members)),
        }
    }

    /// The handle by which the member at `INDEX` says that it goes on. One task
    /// has one member: two that share it hide each other's silence.
    pub fn member<const INDEX: usize>(&self) -> Beat<'_, M, N> {
        const { assert!(INDEX < N, "the table has no member at this index") };
        Beat {
            vigil: self,
            index: INDEX,
        }
    }

    fn set(&self, index: usize, heard: impl FnOnce(&Member) -> Heard) {
        self.members.lock(|members| {
            if let Some(member) = members.borrow_mut().get_mut(index) {
                member.heard = heard(member);
            }
        });
    }
}

impl<M: RawMutex, const N: usize> Check for Vigil<M, N> {
    /// Of several members that are stuck, the one that is so by the most: what
    /// stopped first as a rule stopped the others.
    fn check(&self, now: Instant) -> Result<(), Stuck> {
        self.members.lock(|members| {
            let mut worst: Option<(Duration, Stuck)> = None;
            for member in members.borrow_mut().iter_mut() {
                if let Heard::Never = member.heard {
                    let allowed = member.limit;
                    member.heard = Heard::At {
                        since: now,
                        allowed,
                    };
                }
                if let Some((silent_for, excess)) = member.overdue(now)
                    && worst.is_none_or(|(most, _)| excess > most)
                {
                    let name = member.name;
                    worst = Some((excess, Stuck { name, silent_for }));
                }
            }
            worst.map_or(Ok(()), |(_, stuck)| Err(stuck))
        })
    }
}

impl<M: RawMutex, const N: usize> core::fmt::Debug for Vigil<M, N> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Vigil")
    }
}

/// The handle of one [`Member`], to be copied.
pub struct Beat<'a, M: RawMutex, const N: usize> {
    vigil: &'a Vigil<M, N>,
    index: usize,
}

impl<M: RawMutex, const N: usize> Clone for Beat<'_, M, N> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M: RawMutex, const N: usize> Copy for Beat<'_, M, N> {}

impl<M: RawMutex, const N: usize> core::fmt::Debug for Beat<'_, M, N> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Beat({})", self.index)
    }
}

impl<M: RawMutex, const N: usize> Beat<'_, M, N> {
    /// The task goes on. The next beat has to come within the member's limit.
    pub fn beat(&self) {
        let since = time::now();
        self.vigil.set(self.index, |member| Heard::At {
            since,
            allowed: member.limit,
        });
    }

    /// The task goes on, and what it does now may take `allowed`: this once the
    /// next beat has to come within that instead of the member's limit.
    pub fn beat_for(&self, allowed: Duration) {
        let since = time::now();
        self.vigil.set(self.index, |_| Heard::At { since, allowed });
    }

    /// The task waits by right, for an order or a button: nothing is demanded of
    /// it before its next beat. [`idle`](Self::idle) does both.
    pub fn rest(&self) {
        self.vigil.set(self.index, |_| Heard::Idle);
    }

    /// Waits for `future` by right, and gives a beat when it is ready, or
    /// dropped.
    pub async fn idle<F: Future>(&self, future: F) -> F::Output {
        struct Awake<'b, 'a, M: RawMutex, const N: usize>(&'b Beat<'a, M, N>);

        impl<M: RawMutex, const N: usize> Drop for Awake<'_, '_, M, N> {
            fn drop(&mut self) {
                self.0.beat();
            }
        }

        self.rest();
        let _awake = Awake(self);
        future.await
    }
}
