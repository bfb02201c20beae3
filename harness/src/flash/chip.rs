//! A chip and its driver.

use core::future::{pending, poll_fn};
use core::marker::PhantomData;
use core::pin::pin;
use core::task::{Poll, Waker};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use embassy_futures::select::{Either, select};
use embassy_time::Timer;
use embedded_storage_async::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};

use super::cells::Cells;
use super::{FlashCounts, FlashError, Part, Tear};

/// A flash chip that outlives the device that uses it. See the
/// [module](super). Clones are the same chip.
pub struct FlashChip<P> {
    state: Arc<Mutex<State>>,
    part: PhantomData<P>,
}

/// The driver of a [`FlashChip`], for one boot of the device.
pub struct SimFlash<P> {
    chip: FlashChip<P>,
    boot: u64,
    capacity: usize,
}

struct State {
    cells: Cells,
    counts: FlashCounts,
    rng: ChaCha8Rng,
    /// Which boot has power.
    boot: u64,
    powered: bool,
    cut: Option<(u64, Option<Tear>)>,
    failing: u64,
    takes_time: bool,
    waiting: Vec<Waker>,
}

/// What became of an access.
enum Done<T> {
    Yes(T),
    /// The power has failed: nobody is there to see a result.
    Dark,
}

impl<P> Clone for FlashChip<P> {
    fn clone(&self) -> Self {
        Self {
            state: self.state.clone(),
            part: PhantomData,
        }
    }
}

impl<P: Part> core::fmt::Debug for FlashChip<P> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let state = self.state();
        f.debug_struct(P::NAME)
            .field("powered", &state.powered)
            .field("counts", &state.counts)
            .finish_non_exhaustive()
    }
}

impl<P: Part> core::fmt::Debug for SimFlash<P> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.chip.fmt(f)
    }
}

impl<P: Part> FlashChip<P> {
    /// An erased chip with power. All chances come from `seed`.
    ///
    /// # Panics
    /// With more sectors than addresses of 32 bits reach.
    #[must_use]
    pub fn new(sectors: usize, seed: u64) -> Self {
        assert!(u32::try_from(sectors * P::ERASE).is_ok(), "{sectors}");
        let state = State {
            cells: Cells::new::<P>(sectors),
            counts: FlashCounts {
                erases: vec![0; sectors],
                ..FlashCounts::default()
            },
            rng: ChaCha8Rng::seed_from_u64(seed),
            boot: 0,
            powered: true,
            cut: None,
            failing: 0,
            takes_time: false,
            waiting: Vec::new(),
        };
        Self {
            state: Arc::new(Mutex::new(state)),
            part: PhantomData,
        }
    }

    /// Another chip with the same content, and with power. Its chances come from
    /// `seed`, and its counts begin at zero.
    #[must_use]
    pub fn copy(&self, seed: u64) -> Self {
        let cells = self.state().cells.clone();
        let copy = Self::new(cells.len() / P::ERASE, seed);
        copy.state().cells = cells;
        copy
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A driver for this boot. After a power cut it never answers again.
    #[must_use]
    pub fn driver(&self) -> SimFlash<P> {
        let state = self.state();
        SimFlash {
            boot: state.boot,
            capacity: state.cells.len(),
            chip: self.clone(),
        }
    }

    /// The power will fail during the `change`-th write or erase from now, counted
    /// from one, and leave one of [`Tear::SETTLED`], by chance. Each sector of an
    /// erase counts.
    pub fn cut_at(&self, change: u64) {
        self.state().cut = Some((change, None));
    }

    /// As [`cut_at`](Self::cut_at), leaving what `tear` says.
    pub fn cut_with(&self, change: u64, tear: Tear) {
        self.state().cut = Some((change, Some(tear)));
    }

    /// The power will not fail at a write or an erase.
    pub fn never_cut(&self) {
        self.state().cut = None;
    }

    /// The power fails now, between two accesses.
    pub fn power_off(&self) {
        let waiting = self.state().darken();
        waiting.into_iter().for_each(Waker::wake);
    }

    /// The power comes back: a new boot, with a new [driver](Self::driver). Does
    /// nothing where it has not failed.
    pub fn power_on(&self) {
        let mut state = self.state();
        if !state.powered {
            state.powered = true;
            state.boot += 1;
        }
    }

    /// Whether the chip has power.
    #[must_use]
    pub fn is_powered(&self) -> bool {
        self.state().powered
    }

    /// Ready once the power has failed.
    pub async fn power_failed(&self) {
        poll_fn(|cx| {
            let mut state = self.state();
            if !state.powered {
                return Poll::Ready(());
            }
            if !state
                .waiting
                .iter()
                .any(|waker| waker.will_wake(cx.waker()))
            {
                state.waiting.push(cx.waker().clone());
            }
            Poll::Pending
        })
        .await;
    }

    /// Runs `device` to its end, or drops it when the power fails: `None`.
    pub async fn power<T>(&self, device: impl Future<Output = T>) -> Option<T> {
        match select(pin!(self.power_failed()), pin!(device)).await {
            Either::First(()) => None,
            Either::Second(value) => Some(value),
        }
    }

    /// Whether writes and erases take the time that [`Part`] says, on
    /// embassy-time's clock. They do not unless told so.
    pub fn take_time(&self, takes_time: bool) {
        self.state().takes_time = takes_time;
    }

    /// The next writes and erases fail, so many of them, and change nothing.
    pub fn fail_changes(&self, count: u64) {
        self.state().failing = count;
    }

    /// Inverts bits of the byte at `at`, as age and radiation do.
    ///
    /// # Panics
    /// When there is no such byte.
    pub fn flip(&self, at: u32, bits: u8) {
        self.state().cells.flip(at as usize, bits);
    }

    /// Makes the word at `at` unreadable until it is erased, as damage does that
    /// an error correcting code notices.
    ///
    /// # Panics
    /// When there is no such word.
    pub fn spoil(&self, at: u32) {
        self.state().cells.spoil(at as usize);
    }

    /// What has been done so far.
    #[must_use]
    pub fn counts(&self) -> FlashCounts {
        self.state().counts.clone()
    }

    /// A copy of all bytes, those that cannot be read included.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.state().cells.bytes().to_vec()
    }
}

impl State {
    fn darken(&mut self) -> Vec<Waker> {
        self.powered = false;
        self.cut = None;
        core::mem::take(&mut self.waiting)
    }

    /// Counts a change: how the power fails in it, if it does.
    fn due(&mut self) -> Option<Tear> {
        let (left, tear) = self.cut.as_mut()?;
        *left = left.saturating_sub(1);
        if *left > 0 {
            return None;
        }
        let any = Tear::SETTLED[self.rng.next_u32() as usize % Tear::SETTLED.len()];
        self.counts.cuts += 1;
        Some(tear.unwrap_or(any))
    }

    /// Whether this change fails as told.
    fn fails(&mut self, at: u32) -> Result<(), FlashError> {
        if self.failing == 0 {
            return Ok(());
        }
        self.failing -= 1;
        Err(FlashError::Scripted { at })
    }

    fn write(&mut self, at: u32, bytes: &[u8]) -> Result<Done<()>, FlashError> {
        self.fails(at)?;
        self.counts.writes += 1;
        self.counts.written_bytes += bytes.len() as u64;
        self.cells.writable(at as usize, bytes.len())?;
        match self.due() {
            Some(tear) => {
                let Self { cells, rng, .. } = self;
                cells.tear_write(at as usize, bytes, tear, rng)?;
                Ok(Done::Dark)
            }
            None => {
                self.counts.clobbered += self.cells.write(at as usize, bytes)?;
                Ok(Done::Yes(()))
            }
        }
    }

    fn erase(&mut self, sector: usize, at: u32) -> Result<Done<()>, FlashError> {
        self.fails(at)?;
        self.counts.erases[sector] += 1;
        match self.due() {
            Some(tear) => {
                let Self { cells, rng, .. } = self;
                cells.tear_erase(sector, tear, rng);
                Ok(Done::Dark)
            }
            None => {
                self.cells.erase(sector);
                Ok(Done::Yes(()))
            }
        }
    }
}

impl<P: Part> SimFlash<P> {
    /// Does something with the chip, if this boot has power; never ready if not.
    async fn powered<T>(
        &self,
        access: impl FnOnce(&mut State) -> Result<Done<T>, FlashError>,
    ) -> Result<T, FlashError> {
        let mut waiting = Vec::new();
        let done = {
            let mut state = self.chip.state();
            if state.powered && state.boot == self.boot {
                let done = access(&mut state);
                if matches!(done, Ok(Done::Dark)) {
                    waiting = state.darken();
                }
                done
            } else {
                Ok(Done::Dark)
            }
        };
        waiting.into_iter().for_each(Waker::wake);
        match done? {
            Done::Yes(value) => Ok(value),
            Done::Dark => pending().await,
        }
    }

    /// The chip is busy. What it does is done whether it is waited for or not.
    async fn busy(&self, time: core::time::Duration) {
        if self.chip.state().takes_time {
            Timer::after_micros(time.as_micros() as u64).await;
        }
    }

    fn check(&self, at: u32, length: usize, unit: usize) -> Result<(), FlashError> {
        if (at as usize).saturating_add(length) > self.capacity {
            return Err(FlashError::OutOfBounds { at, length });
        }
        if !(at as usize).is_multiple_of(unit) || !length.is_multiple_of(unit) {
            return Err(FlashError::NotAligned { at, length });
        }
        Ok(())
    }
}

impl<P> ErrorType for SimFlash<P> {
    type Error = FlashError;
}

impl<P: Part> ReadNorFlash for SimFlash<P> {
    const READ_SIZE: usize = P::READ;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        self.check(offset, bytes.len(), P::READ)?;
        self.powered(|state| {
            state.counts.reads += 1;
            state.counts.read_bytes += bytes.len() as u64;
            let State { cells, rng, .. } = state;
            cells.read(offset as usize, bytes, rng).map(Done::Yes)
        })
        .await
    }

    fn capacity(&self) -> usize {
        self.capacity
    }
}

impl<P: Part> NorFlash for SimFlash<P> {
    const WRITE_SIZE: usize = P::WRITE;
    const ERASE_SIZE: usize = P::ERASE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        let length = to.checked_sub(from).ok_or(FlashError::OutOfBounds {
            at: from,
            length: 0,
        })?;
        self.check(from, length as usize, P::ERASE)?;
        for at in (from..to).step_by(P::ERASE) {
            self.powered(|state| state.erase(at as usize / P::ERASE, at))
                .await?;
            self.busy(P::ERASE_TIME).await;
        }
        Ok(())
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        self.check(offset, bytes.len(), P::WRITE)?;
        self.powered(|state| state.write(offset, bytes)).await?;
        let pages = bytes.len().div_ceil(P::PAGE);
        self.busy(P::WRITE_TIME * u32::try_from(pages).unwrap_or(u32::MAX))
            .await;
        Ok(())
    }
}
