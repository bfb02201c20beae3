//! What a server's alert says (RFC 8446 section 6). The level is ignored, as
//! section 6 allows: of all alerts only close_notify and user_canceled are no
//! errors.

use crate::supervisor::FailureClass;

pub(super) const CLOSE_NOTIFY: u8 = 0;

/// The name of an alert in RFC 8446 section 6, or of an older one that servers
/// still send.
pub const fn alert_name(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        21 => "decryption_failed",
        22 => "record_overflow",
        40 => "handshake_failure",
        42 => "bad_certificate",
        43 => "unsupported_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        49 => "access_denied",
        50 => "decode_error",
        51 => "decrypt_error",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        90 => "user_canceled",
        109 => "missing_extension",
        110 => "unsupported_extension",
        112 => "unrecognized_name",
        113 => "bad_certificate_status_response",
        115 => "unknown_psk_identity",
        116 => "certificate_required",
        120 => "no_application_protocol",
        _ => return None,
    })
}

/// Shows an alert by number and name.
pub(super) struct Named(pub(super) u8);

impl core::fmt::Display for Named {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match alert_name(self.0) {
            Some(name) => write!(f, "TLS alert {} ({name})", self.0),
            None => write!(f, "TLS alert {}", self.0),
        }
    }
}

/// Alerts about identities are refusals; `protocol_version`,
/// `insufficient_security` and `handshake_failure` will not go away by trying.
pub(super) const fn class(code: u8) -> FailureClass {
    match code {
        42..=46 | 48 | 49 | 112 | 116 => FailureClass::Authentication,
        40 | 70 | 71 | 109 | 110 | 120 => FailureClass::Configuration,
        _ => FailureClass::Transient,
    }
}

/// Whether an alert on an open connection means that the server refused the
/// device's certificate: with TLS 1.3 it comes only after the device's part of
/// the handshake is done, sometimes after data. Servers say `decrypt_error` for
/// a signature that does not fit, and `handshake_failure` where a policy of
/// their own refused; both can mean other things once data has come.
pub(super) const fn refuses_identity(code: u8, data_received: bool) -> bool {
    match code {
        42..=46 | 48 | 49 | 116 => true,
        40 | 51 => !data_received,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_from_other_alerts() {
        for code in [42, 43, 44, 45, 46, 48, 49, 116] {
            assert!(refuses_identity(code, false) && refuses_identity(code, true));
        }
        for code in [40, 51] {
            assert!(refuses_identity(code, false) && !refuses_identity(code, true));
        }
        for code in [0, 10, 20, 22, 47, 50, 70, 80, 90, 255] {
            assert!(!refuses_identity(code, false) && !refuses_identity(code, true));
        }
    }

    #[test]
    fn classes_follow_the_meaning() {
        assert_eq!(class(48), FailureClass::Authentication);
        assert_eq!(class(70), FailureClass::Configuration);
        assert_eq!(class(80), FailureClass::Transient);
        assert_eq!(class(200), FailureClass::Transient);
    }
}
