//! A device's settings as they stand in its flash.

use super::FirmwareError;
use crate::device::Settings;
use wigwag_embassy::settings as flash;

/// Bytes of flash that the board has for its settings.
pub const REGION: usize = 64 * 1024;

/// The image of these settings, for
/// [`Firmware::settings_image`](super::Firmware::settings_image).
///
/// # Errors
/// [`FirmwareError::Settings`]: what no device could use, a name that is none
/// or more roots than it has room for.
pub fn image(settings: &Settings) -> Result<Vec<u8>, FirmwareError> {
    let mut region = vec![0xff; REGION];
    let length = flash_settings(settings)?
        .write(&mut region)
        .map_err(FirmwareError::Settings)?;
    region.truncate(length);
    Ok(region)
}

/// These settings as they are written to flash, without what may be left out.
///
/// # Errors
/// [`FirmwareError::Settings`]: more roots than a device has room for.
pub fn flash_settings(settings: &Settings) -> Result<flash::Settings<'_>, FirmwareError> {
    let mut roots = flash::Roots::new();
    for root in &settings.roots {
        roots.push(root).map_err(|_| {
            FirmwareError::Settings(flash::SettingsError::Field {
                field: flash::Field::Roots,
                problem: flash::Problem::TooMany {
                    most: roots.capacity(),
                },
            })
        })?;
    }
    let mut written = flash::Settings::new(
        &settings.server_name,
        roots,
        &settings.certificate,
        &settings.key,
    );
    written.port = settings.port;
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::{DEFAULT_DEVICE_ID, Pki};

    #[test]
    fn what_is_written_is_what_the_device_reads() {
        let pki = Pki::generate();
        let mut given = Settings::of(&pki, DEFAULT_DEVICE_ID, "ngtt.test", 2405).unwrap();
        let bytes = image(&given).unwrap();
        let read = flash::Settings::read(&bytes).unwrap();
        assert_eq!((read.server, read.port), ("ngtt.test", 2405));
        assert_eq!(read.roots, [given.roots[0].as_slice()]);
        assert_eq!(read.certificate, given.certificate);
        assert_eq!(read.key, given.key);
        given.roots = vec![given.roots[0].clone(); 100];
        assert!(image(&given).is_err());
        given.roots.truncate(1);
        given.server_name = "not a name".into();
        assert!(image(&given).is_err());
    }
}
