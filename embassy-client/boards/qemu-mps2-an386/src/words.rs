//! The words on the command line that are for this board, and not for the device
//! on it.

use embassy_time::{Instant, Timer};

use crate::host;
use crate::power::Power;

/// What the board is told, each at most once and in any order:
///
/// | Word | Meaning |
/// |---|---|
/// | `flash=PATH` | the flash that the device writes is this file of the host |
/// | `cut=N` | the power fails in the N-th write or erasure of that flash, counted from 1 |
/// | `tear=T` | what that leaves: a number of 32 bits to make it from |
/// | `panic=S` | the program panics S seconds after the power came |
/// | `hang=S` | the same, but it turns in circles for ever |
#[derive(Clone, Copy, Debug, Default)]
pub struct Words {
    /// `flash`.
    pub flash: Option<&'static str>,
    cut: Option<u32>,
    tear: Option<u32>,
    panic: Option<u32>,
    hang: Option<u32>,
}

impl Words {
    /// Takes its words from the command line, and leaves `rest` the others.
    ///
    /// # Panics
    /// As [`host::words`].
    pub fn read<T>(rest: impl FnOnce(&mut dyn Iterator<Item = &'static str>) -> T) -> (Self, T) {
        let mut told = Self::default();
        let rest = rest(&mut host::words().filter(|word| told.take(word).is_none()));
        (told, rest)
    }

    /// None if the word is not one of the board's, or not as it should be: then
    /// nobody else knows it either.
    fn take(&mut self, word: &'static str) -> Option<()> {
        fn once<T>(place: &mut Option<T>, value: T) -> Option<()> {
            place.replace(value).is_none().then_some(())
        }
        match word.split_once('=')? {
            ("flash", path) if !path.is_empty() => once(&mut self.flash, path),
            ("cut", number) => once(&mut self.cut, number.parse().ok()?),
            ("tear", number) => once(&mut self.tear, number.parse().ok()?),
            ("panic", seconds) => once(&mut self.panic, seconds.parse().ok()?),
            ("hang", seconds) => once(&mut self.hang, seconds.parse().ok()?),
            _ => None,
        }
    }

    /// The accident in the program that it was told to have, if it was.
    ///
    /// # Panics
    /// If that is the accident.
    pub async fn mishap(&self) {
        if let Some(seconds) = self.panic {
            Timer::at(Instant::from_secs(seconds.into())).await;
            panic!("as it was told to");
        }
        if let Some(seconds) = self.hang {
            Timer::at(Instant::from_secs(seconds.into())).await;
            loop {
                cortex_m::asm::nop();
            }
        }
    }

    /// The power supply that it describes.
    pub(crate) fn power(&self) -> Power {
        Power::new(self.cut, self.tear.unwrap_or_default())
    }
}
