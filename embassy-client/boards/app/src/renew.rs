//! The device's certificate: how its server renews it.

use embassy_futures::join::join;
use embassy_time::{Instant, Timer};
use embedded_storage_async::nor_flash::NorFlash;
use wigwag_embassy::ngtt::{Reason, Status};
use wigwag_embassy::outbox::OutboxError;
use wigwag_embassy::renewal::{Answer, LONGEST_REQUEST};
use wigwag_embassy::sntp::Outcome;
use wigwag_embassy::tls::{CertificateError, End};
use wigwag_embassy::wall_clock::Origin;

use crate::application::{Application, warn_unkept};
use crate::clock::{self, CLOCK, SNTP};
use crate::orders::Refusal;

/// The `op_type` of the orders about the certificate.
pub(crate) const CERTIFICATE: &str = "certificate";

impl<F: NorFlash> Application<F> {
    /// Executes such an order.
    pub(crate) async fn renew(&self, argument: &str) -> Result<(), Refusal> {
        let mut text = [0; LONGEST_REQUEST];
        let mut rng = self.rng;
        let answer = self.renewals.order(argument, &mut rng, &mut text).await;
        match answer.map_err(Refusal::Certificate)? {
            // The server has to get it, or the order is not executed.
            Answer::Request(request) => self
                .send_text("certificate/request", request)
                .await
                .map_err(Refusal::Unsent),
            Answer::Stored | Answer::Cancelled => {
                self.tell_stage().await;
                Ok(())
            }
        }
    }

    /// Tells the server where a renewal stands.
    async fn tell_stage(&self) {
        let credentials = self.client.credentials();
        match self.renewals.stage(&credentials).await {
            Ok(stage) => {
                let kept = self.send_text("certificate/state", stage.name()).await;
                kept.unwrap_or_else(warn_unkept);
            }
            Err(error) => defmt::warn!("certificate: {}", defmt::Display2Format(&error)),
        }
    }

    /// Sends a text as a pathpoint. It waits in flash until the server has it.
    async fn send_text(&self, path: &str, text: &str) -> Result<(), OutboxError> {
        let at_ms = i64::try_from(clock::at_least_micros() / 1000).unwrap_or(i64::MAX);
        let kept = self.outbox.submit_pathpoints(1, |batch| {
            let readings = batch.pathpoint(path, 1)?;
            readings.value(at_ms, |to| to.str(text)).map(drop)
        });
        kept.await
    }

    /// Hears what servers say of the device's certificates, and of the time in
    /// theirs.
    pub(crate) async fn watch_identities(&self) -> ! {
        join(self.heed_notices(), self.doubt_time()).await.0
    }

    async fn heed_notices(&self) -> ! {
        loop {
            self.client.next_notice().await;
            // Flash that fails is tried again.
            while let Err(error) = self.renewals.heed(&self.client.credentials()).await {
                defmt::warn!("certificate: {}", defmt::Display2Format(&error));
                Timer::after_secs(1).await;
            }
            self.tell_stage().await;
        }
    }

    /// A wrong time must not lock the device out: when a certificate is refused for
    /// its time, time servers are asked again. If they say nothing, what they said
    /// before is forgotten, and certificates are judged by the floor. (Whoever can
    /// silence them could as well have kept the time away from the start. Forgotten
    /// before that, an expired certificate would only have to be shown twice.)
    async fn doubt_time(&self) -> ! {
        use CertificateError::{Expired, NotYetValid};
        loop {
            let has_reason = |status: &Status| status.reason().is_some();
            let failed = self.client.wait_status(has_reason).await;
            if let Some(Reason::Tls(End::Certificate(Expired | NotYetValid))) = failed.reason() {
                ask_time_again().await;
            }
            self.client
                .wait_status(|status| status.reason().is_none())
                .await;
        }
    }
}

/// Asks time servers again, and forgets their time if none is told.
async fn ask_time_again() {
    let is_theirs = || {
        CLOCK
            .setting()
            .is_some_and(|set| set.origin == Origin::Sntp)
    };
    let asked = Instant::now().as_micros();
    SNTP.ask_again();
    while is_theirs() {
        let report = SNTP.next_report().await;
        if report.at.as_micros() < asked {
            // Of a round that was over.
            continue;
        }
        if !matches!(report.outcome, Outcome::Set { .. }) {
            CLOCK.unset();
        }
        return;
    }
}
