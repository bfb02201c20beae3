//! The wireless network of a device that has no cable.

use core::fmt;

/// Longest name of a network, in bytes (IEEE 802.11-2020 section 9.4.2.2).
pub const MAX_NETWORK_NAME: usize = 32;

/// The wireless network that a device joins.
///
/// Neither `Debug` nor defmt shows any of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Wifi<'a> {
    /// Its name (SSID), 1 to [`MAX_NETWORK_NAME`] bytes.
    pub network: &'a str,
    /// Its passphrase: 8 to 63 printable characters of ASCII (IEEE 802.11-2020
    /// annex J.4.1). `None` for a network that is open to everybody: TLS still
    /// protects what the device says, and its server alone is believed.
    pub passphrase: Option<&'a str>,
}

/// Whether `name` can be a network's.
pub(super) fn is_network_name(name: &str) -> bool {
    (1..=MAX_NETWORK_NAME).contains(&name.len())
}

/// Whether `text` can be a passphrase.
pub(super) fn is_passphrase(text: &str) -> bool {
    (8..=63).contains(&text.len()) && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

impl fmt::Debug for Wifi<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wifi(..)")
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Wifi<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Wifi(..)");
    }
}
