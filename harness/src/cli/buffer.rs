//! Room for what the codec writes: it never allocates, so the caller grows the
//! buffer until the result fits.

use wigwag_codec::minijson::{Error, ErrorKind, Floats, MAX_LENGTH, Options, json};

use super::format::LIMITS;

/// Calls `write` with ever larger buffers until it has room, starting with
/// somewhat more than `start` bytes.
pub(crate) fn grow(
    start: usize,
    mut write: impl FnMut(&mut [u8]) -> Result<usize, Error>,
) -> Result<Vec<u8>, Error> {
    let mut bytes = vec![0; start.saturating_add(64)];
    loop {
        match write(&mut bytes) {
            Ok(length) => {
                bytes.truncate(length);
                return Ok(bytes);
            }
            Err(error) if error.kind == ErrorKind::BufferFull && bytes.len() <= MAX_LENGTH => {
                bytes.resize(bytes.len() * 2, 0);
            }
            Err(error) => return Err(error),
        }
    }
}

/// The canonical minijson of a JSON text.
pub(crate) fn from_json(text: &[u8], floats: Floats) -> Result<Vec<u8>, Error> {
    let options = Options::new().with_floats(floats);
    // Short numbers are shorter as text: `1` takes two bytes, `1.0` up to nine.
    grow(text.len() * 2, |out| {
        json::read_with(text, out, options, LIMITS)
    })
}
