//! One random generator for several users.

use core::cell::RefCell;

use rand_core::{CryptoRng, CryptoRngCore, Error, RngCore};

/// Where the bytes come from: only the board knows the type.
trait Source {
    fn fill(&self, bytes: &mut [u8]);
}

// Nobody holds it over an await: a borrow never meets another.
impl<R: CryptoRngCore> Source for RefCell<R> {
    fn fill(&self, bytes: &mut [u8]) {
        self.borrow_mut().fill_bytes(bytes);
    }
}

/// A handle on the board's random generator, to be copied.
#[derive(Clone, Copy)]
pub(crate) struct SharedRng(&'static dyn Source);

impl SharedRng {
    pub(crate) fn new<R: CryptoRngCore>(rng: &'static RefCell<R>) -> Self {
        Self(rng)
    }
}

impl RngCore for SharedRng {
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        u32::from_ne_bytes(bytes)
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_ne_bytes(bytes)
    }

    fn fill_bytes(&mut self, dest: &mut [u8]) {
        self.0.fill(dest);
    }

    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), Error> {
        self.0.fill(dest);
        Ok(())
    }
}

impl CryptoRng for SharedRng {}
