//! What the network is asked to do for a connection or a message.

use super::named::{named, same_value};

named! {
    /// The capacity profiles (RFC 9622 section 8.1.6).
    pub enum CapacityProfile: same_value, "capacity profile" {
        /// Nothing special.
        Default = "Default",
        /// As little as is left over: gives way to everything else.
        Scavenger = "Scavenger",
        /// Short answers at once: Nagle's algorithm is off, acknowledgements
        /// are prompt.
        LowLatencyInteractive = "Low Latency/Interactive",
        /// Low latency for data that nobody waits for at the keyboard.
        LowLatencyNonInteractive = "Low Latency/Non-Interactive",
        /// A steady rate, such as of sensors.
        ConstantRateStreaming = "Constant-Rate Streaming",
        /// As much as there is, such as for an update of the firmware.
        CapacitySeeking = "Capacity-Seeking",
    }
}

impl CapacityProfile {
    /// The code point of differentiated services (RFC 2474) that asks for it,
    /// 0 to 63: DF, LE (RFC 8622), AF42, AF21, AF32, AF11, each in the class
    /// that RFC 9622 section 8.1.6 names, and the same as NEATPy's.
    ///
    /// ```
    /// use wigwag_embassy::taps::CapacityProfile;
    ///
    /// assert_eq!(CapacityProfile::Scavenger.dscp(), 0x01);
    /// ```
    #[must_use]
    pub const fn dscp(self) -> u8 {
        match self {
            Self::Default => 0x00,
            Self::Scavenger => 0x01,
            Self::LowLatencyInteractive => 0x24,
            Self::LowLatencyNonInteractive => 0x12,
            Self::ConstantRateStreaming => 0x1c,
            Self::CapacitySeeking => 0x0a,
        }
    }

    /// Whether small writes should leave at once: Nagle's algorithm off and no
    /// waiting for more.
    #[must_use]
    pub const fn is_low_latency(self) -> bool {
        matches!(
            self,
            Self::LowLatencyInteractive | Self::LowLatencyNonInteractive
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_points_are_in_the_classes_of_the_rfc() {
        // An assured-forwarding code point is class * 8 + drop precedence * 2
        // (RFC 2597).
        for (profile, class) in [
            (CapacityProfile::LowLatencyInteractive, 4),
            (CapacityProfile::LowLatencyNonInteractive, 2),
            (CapacityProfile::ConstantRateStreaming, 3),
            (CapacityProfile::CapacitySeeking, 1),
        ] {
            let code = profile.dscp();
            assert_eq!(code >> 3, class, "{profile}");
            assert!(matches!(code & 7, 2 | 4 | 6), "{profile}");
        }
        assert_eq!(CapacityProfile::Default.dscp(), 0);
        assert_eq!(CapacityProfile::Scavenger.dscp(), 1);
    }

    /// NEATPy's names and what it gives the NEAT library for them.
    #[test]
    fn code_points_are_those_of_neatpy() {
        for (name, code) in [
            ("DEFAULT", 0x00),
            ("SCAVENGER", 0x01),
            ("LOW_LATENCY_INTERACTIVE", 0x24),
            ("LOW_LATENCY_NON_INTERACTIVE", 0x12),
            ("CONSTANT_RATE_STREAMING", 0x1c),
            ("CAPACITY_SEEKING", 0x0a),
        ] {
            let profile: CapacityProfile = name.parse().unwrap();
            assert_eq!(profile.dscp(), code, "{name}");
        }
    }

    #[test]
    fn names_read_however_they_are_written() {
        for text in [
            "LowLatency/Interactive",
            "LOW_LATENCY_INTERACTIVE",
            "low latency interactive",
        ] {
            assert_eq!(text.parse(), Ok(CapacityProfile::LowLatencyInteractive));
        }
        assert!("fast".parse::<CapacityProfile>().is_err());
        for profile in CapacityProfile::ALL {
            assert_eq!(profile.name().parse(), Ok(*profile));
        }
    }
}
