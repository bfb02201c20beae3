//! Whom the device does not trust, who does not trust the device, and settings
//! that are none: each ends with its reason on the log and its exit status, and
//! no order is taken.

use wigwag_embassy::ngtt::Reason;
use wigwag_embassy::settings::SettingsError;
use wigwag_embassy::tls::{CertificateError, ClockPolicy, End};
use wigwag_harness::device::Settings;
use wigwag_harness::firmware::{Firmware, Status, Trial, image};
use wigwag_harness::pki::{DEFAULT_DEVICE_ID, Pki, Validity};
use wigwag_tests::runner;

use crate::clocks::LATE;
use crate::site::{LIMIT, Site, ensure, log, on_site, says};

/// Boots `firmware`, which has to end so, with `reason` on its log, and without
/// an order.
async fn refuses(site: &Site, firmware: Firmware, status: Status, reason: &str) -> runner::Outcome {
    site.enqueue(0..1);
    let outcome = firmware.start(site.net()).await?.finish(LIMIT).await?;
    let said = outcome.lines.iter().any(says(reason));
    ensure(outcome.status == status && said, || {
        format!(
            "{} and not {reason:?}{}",
            outcome.status,
            log(&outcome.lines)
        )
    })?;
    let book = site.book();
    let taken = book.orders.iter().any(|order| order.deliveries > 0);
    let executed = outcome.lines.iter().any(says("executed"));
    ensure(!taken && !executed && book.fetches == 0, || {
        format!("{book:?}")
    })
}

fn certificate(error: CertificateError) -> String {
    Reason::Tls(End::Certificate(error)).to_string()
}

pub(crate) fn servers() -> runner::Outcome {
    on_site(async {
        let site = Site::new().await?;
        let wrong_name = Settings {
            server_name: "other.test".into(),
            ..site.settings()
        };
        let firmware = site.firmware(1, 0)?.settings(wrong_name);
        let reason = certificate(CertificateError::WrongName);
        refuses(&site, firmware, Status::Refused, &reason).await?;

        // An authority of the same name: the signature tells.
        let foreign = Settings {
            roots: vec![Pki::generate().server_ca().to_vec()],
            ..site.settings()
        };
        let firmware = site.firmware(1, 0)?.settings(foreign);
        let reason = certificate(CertificateError::BadSignature);
        refuses(&site, firmware, Status::Refused, &reason).await?;

        // Clocks that nobody puts right: just behind the floor, and far ahead.
        let early = ClockPolicy::EARLIEST_FLOOR + 60;
        for (unix, error) in [
            (early, CertificateError::NotYetValid),
            (LATE, CertificateError::Expired),
        ] {
            let trial = Trial {
                orders: Some(1),
                unix: Some(unix),
                ..Trial::default()
            };
            let firmware = site.firmware(1, 0)?.trial(trial);
            refuses(&site, firmware, Status::Refused, &certificate(error)).await?;
        }
        Ok(())
    })
}

pub(crate) fn devices() -> runner::Outcome {
    on_site(async {
        let site = Site::new().await?;
        let stranger = Pki::generate();
        let stranger = stranger.device(DEFAULT_DEVICE_ID).ok_or("no device")?;
        let expired = Validity::expired();
        let expired = site.pki.device_identity(DEFAULT_DEVICE_ID, 0, expired)?;
        // decrypt_error: the authorities have one name. certificate_expired.
        for (identity, alert) in [(stranger, 51), (&expired, 45)] {
            let reason = Reason::Tls(End::IdentityRefused(alert)).to_string();
            let settings = Settings {
                certificate: identity.certificate().to_vec(),
                key: identity.key().secret_pkcs8_der().to_vec(),
                ..site.settings()
            };
            let firmware = site.firmware(1, 0)?.settings(settings);
            refuses(&site, firmware, Status::Refused, &reason).await?;
        }
        ensure(site.server.book().refused == 2, || {
            format!("{:?}", site.server.book())
        })
    })
}

pub(crate) fn settings() -> runner::Outcome {
    on_site(async {
        let site = Site::new().await?;
        let good = image(&site.settings())?;
        let mut damaged = good.clone();
        let middle = damaged.len() / 2;
        damaged[middle] ^= 1;
        // What a write leaves that was cut off: the rest of the flash is erased.
        let cut = good[..middle].to_vec();
        let long = [&good[..4], &u32::MAX.to_be_bytes(), &good[8..]].concat();
        let room = wigwag_harness::firmware::REGION - 40;
        let too_long = SettingsError::TooLong {
            length: u32::MAX,
            room,
        };
        let cases = [
            (Vec::new(), SettingsError::Missing),
            (damaged, SettingsError::Damaged),
            (cut, SettingsError::Damaged),
            (b"something else".to_vec(), SettingsError::Damaged),
            (long, too_long),
        ];
        for (bytes, error) in cases {
            let firmware = site.firmware(1, 0)?.settings_image(bytes);
            refuses(&site, firmware, Status::NoSettings, &error.to_string()).await?;
        }
        // Intact, and of no use: another device's key.
        let other = Pki::generate();
        let other = other.device(DEFAULT_DEVICE_ID).ok_or("no device")?;
        let settings = Settings {
            key: other.key().secret_pkcs8_der().to_vec(),
            ..site.settings()
        };
        let firmware = site.firmware(1, 0)?.settings(settings);
        refuses(&site, firmware, Status::NoSettings, "cannot start: ").await?;
        // None of them came as far as the server.
        let book = site.server.book();
        ensure(book.refused == 0 && site.book().connections == 0, || {
            format!("{book:?}")
        })
    })
}
