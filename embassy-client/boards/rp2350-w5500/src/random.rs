//! Random numbers: ChaCha20, seeded from the chip's source of noise.

use embassy_rp::peripherals::TRNG;
use embassy_rp::trng::{Config, InterruptHandler, Trng};
use embassy_rp::{Peri, bind_interrupts};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use sha2::{Digest as _, Sha256};

/// A cryptographic generator.
pub type Random = ChaCha20Rng;

bind_interrupts!(struct Interrupts {
    TRNG_IRQ => InterruptHandler<TRNG>;
});

/// Bytes of noise that become one seed of 32 bytes: twelve times as many, for
/// the samples of a ring oscillator are no perfect bits.
const NOISE: usize = 384;

/// Collects noise for a seed, with all three tests of the source on (RP2350
/// datasheet, section 12.12). It takes some tens of milliseconds.
pub async fn start(source: Peri<'static, TRNG>) -> Random {
    let mut noise = [0; NOISE];
    Trng::new(source, Interrupts, Config::default())
        .fill_bytes(&mut noise)
        .await;
    ChaCha20Rng::from_seed(Sha256::digest(noise).into())
}
