//! Whether a certificate may take over from the present one.

use super::error::RenewalError;
use super::record::MAX_CERTIFICATE;
use crate::der::{self, BOOLEAN, Outline, Reader, SEQUENCE};
use crate::ngtt::Device;
use crate::tls::{ClockPolicy, Identity, SoftwareKey, Validity};

/// 2.5.29.19, `basicConstraints` (RFC 5280 section 4.2.1.9).
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];

/// What the device can use.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) clock: ClockPolicy,
    /// Bytes of the TLS send buffer.
    pub(super) send_buffer: usize,
}

/// Looks at `offered` (DER) as the certificate of `key` that is to follow
/// `present`. See [the module](super) for what is looked at, and why no more.
pub(super) fn check(
    offered: &[u8],
    key: &SoftwareKey,
    present: &[u8],
    limits: &Limits,
) -> Result<(), RenewalError> {
    if offered.len() > MAX_CERTIFICATE {
        return Err(RenewalError::TooLong);
    }
    let identity = Identity::new(offered, key)?;
    let outline = Outline::of(offered).ok_or(RenewalError::NO_CERTIFICATE)?;
    if is_authority(&outline) {
        return Err(RenewalError::Authority);
    }
    let validity = outline.validity().ok_or(RenewalError::NO_CERTIFICATE)?;
    let validity = Validity::ALWAYS.and(validity);
    validity
        .check(limits.clock.now())
        .map_err(RenewalError::Time)?;
    let present_outline = Outline::of(present).ok_or(RenewalError::NO_CERTIFICATE)?;
    if outline.subject != present_outline.subject {
        return Err(RenewalError::Subject);
    }
    // Not every device is one of NGTT.
    if let Ok(device) = Device::of_certificate(present)
        && Device::of_certificate(offered) != Ok(device)
    {
        return Err(RenewalError::Device);
    }
    let needed = identity.send_buffer_needed();
    if needed > limits.send_buffer {
        return Err(RenewalError::SendBuffer { needed });
    }
    Ok(())
}

/// Whether `basicConstraints` says `cA`, or something that cannot be read.
fn is_authority(outline: &Outline<'_>) -> bool {
    let Some(value) = outline.extension(BASIC_CONSTRAINTS) else {
        return false;
    };
    let Some(constraints) = der::only(value, SEQUENCE) else {
        return true;
    };
    // FALSE is the default and left out (X.690 section 11.5); what stands there
    // instead is no better than TRUE.
    Reader::new(constraints)
        .optional(BOOLEAN)
        .is_some_and(|value| value != [0])
}
