//! One random generator for several users.

use core::cell::RefCell;

use rand_core::{CryptoRng, CryptoRngCore, Error, RngCore};

/// A handle on the board's random generator, to be copied.
#[derive(Debug)]
pub struct SharedRng<R: 'static>(pub(crate) &'static RefCell<R>);

impl<R> Clone for SharedRng<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for SharedRng<R> {}

// Nobody holds it over an await: a borrow never meets another.
impl<R: RngCore> RngCore for SharedRng<R> {
    fn next_u32(&mut self) -> u32 {
        self.0.borrow_mut().next_u32()
    }

    fn next_u64(&mut self) -> u64 {
        self.0.borrow_mut().next_u64()
    }

    fn fill_bytes(&mut self, dest: &mut [u8]) {
        self.0.borrow_mut().fill_bytes(dest);
    }

    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), Error> {
        self.0.borrow_mut().try_fill_bytes(dest)
    }
}

impl<R: CryptoRngCore> CryptoRng for SharedRng<R> {}
