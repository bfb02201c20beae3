//! A new certificate for a device, as whoever runs its server brings it about.

use std::cell::RefCell;

use rand_core::OsRng;
use wigwag_embassy::renewal::{Answer, LONGEST_REQUEST, RenewalError};
use wigwag_harness::flash::Part;
use wigwag_harness::pki::{Pki, Validity};

use super::TestKeeper;

/// One renewal: what the device requested, and what it was given. How both get over
/// the wire is no part of it.
#[derive(Debug, Default)]
pub struct Rotation {
    request: RefCell<Option<Vec<u8>>>,
    certificate: RefCell<Option<Vec<u8>>>,
}

impl Rotation {
    /// The device executes the order for a request. However often it does, it
    /// makes the same one.
    ///
    /// # Panics
    /// When it makes another one, or refuses.
    pub async fn request<P: Part>(&self, keeper: &TestKeeper<'_, P>) {
        let mut text = [0; LONGEST_REQUEST];
        match keeper.order("request", &mut OsRng, &mut text).await {
            Ok(Answer::Request(text)) => {
                // PEM is base64 between two lines.
                let pem = format!("-----BEGIN X-----\n{text}\n-----END X-----\n");
                let made = pem::parse(pem).expect("it is base64").into_contents();
                let before = self.request.borrow_mut().replace(made.clone());
                assert!(
                    before.is_none_or(|before| before == made),
                    "another request than before"
                );
            }
            // The certificate is here already: it was given for that request.
            Err(RenewalError::InProgress) if self.certificate().is_some() => {}
            other => panic!("{other:?}"),
        }
    }

    /// The device executes the order with the certificate.
    ///
    /// # Panics
    /// When it refuses, or there is none yet.
    pub async fn install<P: Part>(&self, keeper: &TestKeeper<'_, P>) {
        let certificate = self.certificate().expect("it was signed");
        let pem = pem::encode(&pem::Pem::new("X", certificate));
        let text: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let mut room = [0; LONGEST_REQUEST];
        let installed = keeper.order(&text, &mut OsRng, &mut room).await;
        assert_eq!(installed, Ok(Answer::Stored));
    }

    /// Whether there is a request that nobody has signed.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.request.borrow().is_some() && self.certificate.borrow().is_none()
    }

    /// Signs what was requested.
    ///
    /// # Panics
    /// When there is no request, or the authority does not sign it.
    pub fn sign(&self, pki: &Pki) {
        let request = self.request.borrow();
        let request = request.as_ref().expect("there is a request");
        let signed = pki.sign_request(request, Validity::current());
        let certificate = signed.expect("the request is good").certificate;
        self.certificate.replace(Some(certificate.to_vec()));
    }

    /// The certificate that was made, DER.
    #[must_use]
    pub fn certificate(&self) -> Option<Vec<u8>> {
        self.certificate.borrow().clone()
    }
}
