//! What a connection may take.

use core::time::Duration;

/// What a server may spend on a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct HandshakeLimits {
    /// Records; a usual handshake takes three to eight.
    pub records: u16,
    /// Bytes, headers included.
    pub bytes: u32,
}

impl HandshakeLimits {
    /// 32 records, 40,960 bytes: room for a 16 KB chain.
    pub const DEFAULT: Self = Self {
        records: 32,
        bytes: 40_960,
    };
}

impl Default for HandshakeLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// When a connection has been used enough: it is ended in good order then, with
/// [`End::SessionLimit`](super::End::SessionLimit), and a new one has new keys.
/// Two write timeouts later it is ended in any case, with
/// [`End::WriteTimeout`](super::End::WriteTimeout).
///
/// AES-GCM may protect 2^24.5 records with one key (RFC 8446 section 5.5). A
/// server changes its keys before that (rustls 0.23 at 2^24 records);
/// embedded-tls can neither do so nor follow.
///
/// Smaller limits must still be many times what the server sends right after
/// the handshake: all orders that wait, for instance. Otherwise connections
/// follow each other without getting anything done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SessionLimits {
    /// Records in one direction.
    pub records: u32,
    /// Bytes in one direction, as they are on the wire.
    pub bytes: u64,
    /// Age of the connection. The last eighth of it is left to chance: devices
    /// that connected together shall not all connect anew together.
    pub time: Duration,
}

impl SessionLimits {
    /// 2^23 records, 64 GiB, 24 hours: half of what would be safe, and each day
    /// a server's certificate is looked at again.
    pub const DEFAULT: Self = Self {
        records: 1 << 23,
        bytes: 1 << 36,
        time: Duration::from_secs(24 * 3600),
    };
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// AES-GCM's limit is 2^24.5 records, and the first server known to change
    /// its keys does so at 2^24.
    #[test]
    fn a_session_ends_well_before_its_keys_have_to() {
        let limits = SessionLimits::default();
        assert!(limits.records <= (1 << 24) / 2);
        // Full records of 16 KiB; the other limit where they are full.
        assert!(limits.bytes <= (1 << 24) / 2 * (16 << 10));
        assert!(limits.time <= Duration::from_secs(24 * 3600));
    }
}
