//! Flash memory of real kinds, whose power can be cut at any write.
//!
//! A [`FlashChip`] keeps its content over reboots of the device; a [`SimFlash`]
//! is the driver that the device has of it, for one boot. It is as strict as a
//! chip: words are aligned and erased before they are written, bits go from 1 to
//! 0 only, and where the chip has an error correcting code ([`Stm32H7`]) a word
//! is written once and a half written one cannot be read.
//!
//! When the power fails during a write or an erase ([`FlashChip::cut_at`]), what
//! is left is what chips leave: some of the words, half written words, sectors
//! that are erased in part, that hold nothing but zeros, that look erased and
//! read differently each time ([`Tear`]). embedded-storage promises no more: after
//! a cut the content of a sector under erasure is undefined. From then on the
//! driver's futures never become ready, as no code runs without power;
//! [`FlashChip::power`] drops the device there.
//!
//! ```
//! use embedded_storage_async::nor_flash::{NorFlash, ReadNorFlash};
//! use wigwag_harness::flash::{FlashChip, Rp2350};
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let chip = FlashChip::<Rp2350>::new(2, 7);
//! chip.cut_at(2);
//! let mut flash = chip.driver();
//! let device = async {
//!     flash.write(0, b"first").await.unwrap();
//!     flash.write(8, b"second").await.unwrap();
//! };
//! assert_eq!(chip.power(device).await, None);
//!
//! chip.power_on();
//! let mut bytes = [0; 5];
//! chip.driver().read(0, &mut bytes).await.unwrap();
//! assert_eq!(&bytes, b"first");
//! # });
//! ```

mod cells;
mod chip;
mod counts;
mod error;
mod part;
#[cfg(test)]
mod tests;

pub use chip::{FlashChip, SimFlash};
pub use counts::FlashCounts;
pub use error::FlashError;
pub use part::{Again, Esp32, Nrf52, Part, Rp2350, Stm32H7};

/// What a power cut leaves of a write or an erase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tear {
    /// Nothing has been changed yet.
    Nothing,
    /// The first words are written or erased, the others as before.
    Front,
    /// The last words of a page are written, the last ones of a sector erased;
    /// what comes before them is not.
    Back,
    /// Some bits have changed, here and there. Where there is an error correcting
    /// code the words cannot be read, or read as something else.
    Scattered,
    /// A write is complete but for its code; a sector holds zeros, because chips
    /// write those before they erase.
    Zeroed,
    /// The sector or the page looks as before or as it should, but some bits read
    /// differently each time.
    Weak,
    /// It is complete, only nobody was told.
    Finished,
}

impl Tear {
    /// All but [`Weak`](Self::Weak): the cells are as they are, and stay so.
    pub const SETTLED: [Self; 6] = [
        Self::Nothing,
        Self::Front,
        Self::Back,
        Self::Scattered,
        Self::Zeroed,
        Self::Finished,
    ];

    /// Every one.
    pub const ALL: [Self; 7] = [
        Self::Nothing,
        Self::Front,
        Self::Back,
        Self::Scattered,
        Self::Zeroed,
        Self::Weak,
        Self::Finished,
    ];
}
