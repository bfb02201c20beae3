//! What the computer that runs QEMU gives this board, by semihosting: things
//! that a real board has of its own. **For tests only.** Whoever controls that
//! computer controls the random numbers and the clock, and so every connection.

use core::ffi::CStr;

use rand_core::{CryptoRng, Error, RngCore, impls};
use semihosting::experimental::{env, random, time};
use static_cell::StaticCell;

/// Longest command line, in bytes.
const COMMAND_LINE: usize = 512;

/// The words on the command line, without the program's name.
///
/// # Panics
/// When the line is too long or not UTF-8, or this is the second call.
pub fn words() -> impl Iterator<Item = &'static str> {
    static LINE: StaticCell<env::Args<COMMAND_LINE>> = StaticCell::new();

    let line = env::args().expect("the command line is over 512 bytes");
    let line: &'static env::Args<COMMAND_LINE> = LINE.init(line);
    line.map(|word| word.expect("the command line is not UTF-8"))
        .skip(1)
}

/// The host's time of day, in seconds since 1970.
pub fn unix_seconds() -> Option<u64> {
    let since = time::SystemTime::now().duration_since(time::SystemTime::UNIX_EPOCH);
    since.ok().map(|since| since.as_secs())
}

/// Writes a file on the host.
///
/// # Panics
/// When it cannot be written.
pub fn write_file(path: &str, content: &[u8]) {
    with_path(path, |path| semihosting::fs::write(path, content))
        .expect("the report cannot be written");
}

/// Calls `open` with a path that came from the command line, as the host wants it:
/// with a zero behind it.
pub(crate) fn with_path<T>(path: &str, open: impl FnOnce(&CStr) -> T) -> T {
    let mut name = [0; COMMAND_LINE];
    let place = name
        .get_mut(..path.len())
        .expect("the path came from the command line");
    place.copy_from_slice(path.as_bytes());
    open(CStr::from_bytes_until_nul(&name).expect("a command line leaves room for the zero"))
}

/// The host's random generator, `/dev/urandom`: this board has none. There is no
/// seed to forget, and no other source to fall back to.
#[derive(Clone, Copy)]
pub struct Entropy;

impl RngCore for Entropy {
    fn next_u32(&mut self) -> u32 {
        impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        random::fill_bytes(bytes).expect("the host's /dev/urandom cannot be read");
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for Entropy {}
