//! What stands around the payload: magic, length and hash.

use sha2::{Digest as _, Sha256};

use super::error::SettingsError;

pub(super) const MAGIC: [u8; 4] = *b"WIGW";
pub(super) const HEADER: usize = MAGIC.len() + 4 + 32;

/// Writes the header of `payload`; `None` when its length is none that a header
/// can tell.
pub(super) fn fill_header(header: &mut [u8; HEADER], payload: &[u8]) -> Option<()> {
    let length = u32::try_from(payload.len()).ok()?;
    let parts: [&[u8]; 3] = [&MAGIC, &length.to_be_bytes(), &Sha256::digest(payload)];
    for (to, from) in header.iter_mut().zip(parts.into_iter().flatten()) {
        *to = *from;
    }
    Some(())
}

/// The SHA-256 of a settings image's payload: which settings they are. What a
/// device keeps elsewhere and belongs to one image of settings carries it.
pub type Fingerprint = [u8; 32];

/// The fingerprint of the image at the start of `region`.
///
/// # Errors
/// [`SettingsError`] when there is no image, or it is damaged.
pub fn fingerprint(region: &[u8]) -> Result<Fingerprint, SettingsError> {
    Ok(Sha256::digest(payload(region)?).into())
}

/// The payload of the image, if it is the one that was written.
pub(super) fn payload(region: &[u8]) -> Result<&[u8], SettingsError> {
    let Some((header, rest)) = region
        .split_first_chunk::<HEADER>()
        .filter(|(header, _)| header.starts_with(&MAGIC))
    else {
        let erased = |with: u8| region.iter().all(|byte| *byte == with);
        return Err(if erased(0xff) || erased(0) {
            SettingsError::Missing
        } else {
            SettingsError::Damaged
        });
    };
    let [_, _, _, _, a, b, c, d, hash @ ..] = header;
    let length = u32::from_be_bytes([*a, *b, *c, *d]);
    let payload = usize::try_from(length)
        .ok()
        .and_then(|length| rest.get(..length))
        .ok_or(SettingsError::TooLong {
            length,
            room: rest.len(),
        })?;
    if Sha256::digest(payload).as_slice() == hash {
        Ok(payload)
    } else {
        Err(SettingsError::Damaged)
    }
}
