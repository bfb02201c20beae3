//! Who a device is, as its certificate says it.
//!
//! An NGTT device's certificate carries two extensions: its id, and the
//! environment it belongs to, which has a server of its own.

use crate::der::{self, Reader};

/// 1.3.6.1.4.1.55338.0.0: the device's id, a DER string.
const DEVICE_ID: &[u8] = &[0x2b, 6, 1, 4, 1, 0x83, 0xb0, 0x2a, 0, 0];
/// 1.3.6.1.4.1.55338.0.1: the environment, a DER integer.
const ENVIRONMENT: &[u8] = &[0x2b, 6, 1, 4, 1, 0x83, 0xb0, 0x2a, 0, 1];

/// The port of NGTT.
pub const DEFAULT_PORT: u16 = 2405;

/// The environment of a device: which of the vendor's worlds it lives in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Environment {
    /// 0.
    Production,
    /// 1.
    Staging,
    /// Any other number: the server is told by the configuration alone.
    Other(u32),
}

impl Environment {
    const fn from_number(number: u32) -> Self {
        match number {
            0 => Self::Production,
            1 => Self::Staging,
            other => Self::Other(other),
        }
    }

    /// The server that devices of this environment talk to, when there is a
    /// well-known one.
    pub const fn default_server(self) -> Option<&'static str> {
        match self {
            Self::Production => Some("api.smok.co"),
            Self::Staging => Some("api.test.smok-serwis.pl"),
            Self::Other(_) => None,
        }
    }
}

/// What a device certificate says about its device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Device<'a> {
    /// The device's id.
    pub id: &'a str,
    /// Where it belongs.
    pub environment: Environment,
}

/// A certificate lacks what makes it an NGTT device's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum DeviceError {
    /// No extension 1.3.6.1.4.1.55338.0.0 with a non-empty string.
    NoId,
    /// No extension 1.3.6.1.4.1.55338.0.1 with a small non-negative integer.
    NoEnvironment,
}

impl core::fmt::Display for DeviceError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::NoId => "the certificate has no device id (1.3.6.1.4.1.55338.0.0)",
            Self::NoEnvironment => "the certificate has no environment (1.3.6.1.4.1.55338.0.1)",
        })
    }
}

impl core::error::Error for DeviceError {}

impl<'a> Device<'a> {
    /// Reads the extensions of a device certificate in DER. The certificate is
    /// this device's own: its signature is not checked.
    ///
    /// # Errors
    /// [`DeviceError`] when an extension is missing or malformed.
    pub fn of_certificate(certificate: &'a [u8]) -> Result<Self, DeviceError> {
        let id = der::extension(certificate, DEVICE_ID)
            .and_then(string)
            .ok_or(DeviceError::NoId)?;
        let environment = der::extension(certificate, ENVIRONMENT)
            .and_then(small_integer)
            .ok_or(DeviceError::NoEnvironment)?;
        Ok(Self {
            id,
            environment: Environment::from_number(environment),
        })
    }
}

fn string(der: &[u8]) -> Option<&str> {
    let mut reader = Reader::new(der);
    let element = reader.next()?;
    let textual = matches!(
        element.tag,
        der::UTF8_STRING | der::PRINTABLE_STRING | der::IA5_STRING
    );
    if !textual || !reader.at_end() || element.contents.is_empty() {
        return None;
    }
    core::str::from_utf8(element.contents).ok()
}

fn small_integer(der: &[u8]) -> Option<u32> {
    let mut reader = Reader::new(der);
    let digits = reader.expect(der::INTEGER)?;
    if !reader.at_end() || digits.is_empty() || digits.len() > 4 || digits[0] & 0x80 != 0 {
        return None;
    }
    Some(
        digits
            .iter()
            .fold(0, |sum, digit| (sum << 8) | u32::from(*digit)),
    )
}

#[cfg(test)]
mod tests {
    use std::vec;
    use std::vec::Vec;

    use rcgen::{CertificateParams, CustomExtension, KeyPair};

    use super::*;

    const ID_OID: &[u64] = &[1, 3, 6, 1, 4, 1, 55338, 0, 0];
    const ENVIRONMENT_OID: &[u64] = &[1, 3, 6, 1, 4, 1, 55338, 0, 1];

    fn certificate(extensions: &[(&[u64], &[u8])]) -> Vec<u8> {
        let mut params = CertificateParams::new(vec!["device.example".into()]).unwrap();
        for (oid, value) in extensions {
            let extension = CustomExtension::from_oid_content(oid, value.to_vec());
            params.custom_extensions.push(extension);
        }
        let key = KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().to_vec()
    }

    #[test]
    fn id_and_environment_are_read() {
        for (number, environment, server) in [
            (0, Environment::Production, Some("api.smok.co")),
            (1, Environment::Staging, Some("api.test.smok-serwis.pl")),
            (2, Environment::Other(2), None),
        ] {
            for tag in [0x0c, 0x13, 0x16] {
                let der = certificate(&[
                    (ID_OID, &[tag, 4, b'd', b'e', b'v', b'1']),
                    (ENVIRONMENT_OID, &[2, 1, number]),
                ]);
                let device = Device::of_certificate(&der).unwrap();
                assert_eq!(device.id, "dev1");
                assert_eq!(device.environment, environment);
                assert_eq!(device.environment.default_server(), server);
            }
        }
    }

    #[test]
    fn missing_or_odd_extensions_are_named() {
        let id: (&[u64], &[u8]) = (ID_OID, &[0x0c, 1, b'x']);
        let environment: (&[u64], &[u8]) = (ENVIRONMENT_OID, &[2, 1, 0]);
        let read = |extensions: &[(&[u64], &[u8])]| {
            Device::of_certificate(&certificate(extensions)).map(|device| device.environment)
        };
        assert_eq!(read(&[]), Err(DeviceError::NoId));
        assert_eq!(read(&[environment]), Err(DeviceError::NoId));
        assert_eq!(read(&[id]), Err(DeviceError::NoEnvironment));
        for odd in [
            &[0x0c, 0][..],
            &[0x0c, 2, b'x'],
            &[0x0c, 1, b'x', 0],
            &[0x0c, 1, 0xff],
            &[4, 1, b'x'],
            &[],
        ] {
            assert_eq!(
                read(&[(ID_OID, odd), environment]),
                Err(DeviceError::NoId),
                "{odd:?}"
            );
        }
        for odd in [
            &[2, 0][..],
            &[2, 1, 0xff],
            &[2, 5, 1, 0, 0, 0, 0],
            &[2, 1],
            &[0x0c, 1, 0],
        ] {
            assert_eq!(
                read(&[id, (ENVIRONMENT_OID, odd)]),
                Err(DeviceError::NoEnvironment),
                "{odd:?}"
            );
        }
    }

    #[test]
    fn rubbish_does_not_panic() {
        let der = certificate(&[(ID_OID, &[0x0c, 1, b'x']), (ENVIRONMENT_OID, &[2, 1, 0])]);
        for length in 0..der.len() {
            assert!(Device::of_certificate(&der[..length]).is_err());
        }
        for at in 0..der.len() {
            for bit in 0..8 {
                let mut bent = der.clone();
                bent[at] ^= 1 << bit;
                // Some bent certificates still say who the device is.
                if let Ok(device) = Device::of_certificate(&bent) {
                    assert!(!device.id.is_empty());
                }
            }
        }
    }
}
