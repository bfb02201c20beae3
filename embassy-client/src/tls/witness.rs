//! Between embedded-tls and the verifier: tells the guard how far the server's
//! proof has come, and takes the reports of the cipher.

use embedded_tls::{CertificateRef, CertificateVerifyRef, TlsCipherSuite, TlsError, TlsVerifier};

use super::cipher::Suite;
use super::end::{End, of_error};
use super::report::Report;
use super::transport::Below;
use super::verifier::Verifier;

/// A [`Verifier`] that is told everything first.
pub(crate) struct Witness<'p> {
    verifier: Verifier<'p>,
    below: &'p Below,
    report: Option<Report>,
}

impl<'p> Witness<'p> {
    pub(crate) const fn new(verifier: Verifier<'p>, below: &'p Below) -> Self {
        Self {
            verifier,
            below,
            report: None,
        }
    }

    /// The verifier with its latch.
    pub(crate) const fn verifier(&self) -> &Verifier<'p> {
        &self.verifier
    }

    #[cfg(test)]
    pub(crate) const fn verifier_mut(&mut self) -> &mut Verifier<'p> {
        &mut self.verifier
    }

    /// What embedded-tls's `result` of the handshake is worth. It says `Ok` of a
    /// server that showed no certificate: the latch knows better.
    ///
    /// # Errors
    /// Why there is no connection.
    pub(crate) fn judge(&self, result: Result<(), TlsError>) -> Result<&Verifier<'p>, End> {
        match result {
            Ok(()) => {
                self.verifier.verdict().map_err(End::Certificate)?;
                Ok(&self.verifier)
            }
            Err(error) => Err(self
                .end()
                .or(self.below.end())
                .unwrap_or_else(|| of_error(&error))),
        }
    }

    /// Why the handshake has to end, when the cipher refused a record or the
    /// verifier the server.
    fn end(&self) -> Option<End> {
        match self.report {
            Some(report) => {
                let capacity = self.below.guard.borrow().capacity();
                Some(report.end(capacity, End::HandshakeAlert))
            }
            None => self.verifier.refusal().map(End::Certificate),
        }
    }
}

impl TlsVerifier<Suite> for Witness<'_> {
    fn set_hostname_verification(&mut self, hostname: &str) -> Result<(), TlsError> {
        TlsVerifier::<Suite>::set_hostname_verification(&mut self.verifier, hostname)
    }

    fn verify_certificate(
        &mut self,
        transcript: &<Suite as TlsCipherSuite>::Hash,
        certificate: CertificateRef<'_>,
    ) -> Result<(), TlsError> {
        TlsVerifier::<Suite>::verify_certificate(&mut self.verifier, transcript, certificate)?;
        self.below.guard.borrow_mut().certificate_verified();
        Ok(())
    }

    fn verify_signature(&mut self, verify: CertificateVerifyRef<'_>) -> Result<(), TlsError> {
        if let Some(report) = Report::of_signature(&verify) {
            self.report = Some(report);
            return Err(TlsError::InvalidSignature);
        }
        TlsVerifier::<Suite>::verify_signature(&mut self.verifier, verify)?;
        self.below.guard.borrow_mut().server_verified();
        Ok(())
    }
}
