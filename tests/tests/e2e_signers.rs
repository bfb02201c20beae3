//! Signers that fail, lie or take long: a reason each, and no panic.

use core::time::Duration;

use wigwag_embassy::journal::RamJournal;
use wigwag_embassy::ngtt::{Notice, Reason, Status};
use wigwag_embassy::supervisor::FailureClass;
use wigwag_embassy::time;
use wigwag_embassy::tls::{End, MAX_SIGNATURE, SignError, Signer, Slot, SoftwareKey};
use wigwag_harness::mock::MockNgtt;
use wigwag_harness::pki::{DEFAULT_DEVICE_ID, Pki};
use wigwag_tests::e2e::{Device, TestClient, in_paused_time, in_real_time, network};

type Signature = [u8; MAX_SIGNATURE];
type Rule = dyn Fn(&[u8], &mut Signature) -> Result<usize, SignError>;
/// A device's signers: see [`Device::signer`].
type Signers = fn(Slot, SoftwareKey) -> Box<dyn Signer>;

/// Signs by rule.
struct By(Box<Rule>);

impl Signer for By {
    fn sign(&self, message: &[u8], signature: &mut Signature) -> Result<usize, SignError> {
        (self.0)(message, signature)
    }
}

fn by(
    rule: impl Fn(&[u8], &mut Signature) -> Result<usize, SignError> + 'static,
) -> Box<dyn Signer> {
    Box::new(By(Box::new(rule)))
}

/// Waits for a failure.
async fn failure(client: TestClient<'_>) -> Option<Reason> {
    let failed = |status: &Status| matches!(status, Status::Waiting { .. });
    client.wait_status(failed).await.reason()
}

/// Why the first attempt of a device with this signer failed.
async fn first_failure(signer: Signers) -> Reason {
    let pki = Pki::generate();
    let server = MockNgtt::start(&pki).await.unwrap();
    let device = Device {
        signer,
        ..Device::of(&pki)
    };
    let mut journal = RamJournal::<16>::new();
    let reason = device
        .run(&network(&server), &mut journal, failure)
        .await
        .unwrap();
    assert_eq!(server.book().device(DEFAULT_DEVICE_ID).connections, 0);
    reason
}

#[test]
fn what_is_no_signature_is_the_signers_failure() {
    let signers: [Signers; 6] = [
        |_, _| by(|_, _| Err(SignError)),
        |_, _| by(|_, _| Ok(0)),
        |_, _| by(|_, _| Ok(MAX_SIGNATURE)),
        |_, _| by(|_, _| Ok(usize::MAX)),
        // As an element gives it, not in DER.
        |_, _| {
            by(|_, signature| {
                signature[..64].fill(1);
                Ok(64)
            })
        },
        // One byte too few.
        |_, key| by(move |message, signature| key.sign(message, signature).map(|n| n - 1)),
    ];
    for signer in signers {
        in_paused_time(async move || {
            let reason = first_failure(signer).await;
            assert_eq!(reason, Reason::Tls(End::SignerFailed));
            assert_eq!(reason.class(), FailureClass::Configuration);
        });
    }
}

#[test]
fn a_signature_of_something_else_is_refused_by_the_server() {
    in_paused_time(async || {
        let reason =
            first_failure(|_, key| by(move |_, signature| key.sign(b"something else", signature)))
                .await;
        assert!(
            matches!(reason, Reason::Tls(End::IdentityRefused(_))),
            "{reason}"
        );
    });
}

#[test]
fn a_signer_that_fails_leaves_the_other_identity() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let server = MockNgtt::start(&pki).await.unwrap();
        let own = Device::of(&pki);
        let device = Device {
            next: Some(own.identity.clone()),
            signer: |slot, key| match slot {
                Slot::Current => Box::new(key),
                Slot::Next => by(|_, _| Err(SignError)),
            },
            ..own
        };
        let mut journal = RamJournal::<16>::new();
        device
            .run(&network(&server), &mut journal, async |client| {
                let before = time::now();
                client.wait_status(Status::is_connected).await;
                let took = time::now().saturating_duration_since(before);
                assert!(took < Duration::from_secs(5), "{took:?}");
                let refused = Notice::Refused {
                    slot: Slot::Next,
                    end: End::SignerFailed,
                };
                assert_eq!(client.next_notice().await, refused);
                assert_eq!(client.credentials().slot(), Slot::Current);
            })
            .await;
    });
}

/// In real time. No deadline can cut a signature short; when it is there the
/// handshake goes on.
#[test]
fn a_signer_that_takes_its_time_delays_and_nothing_else() {
    in_real_time(async || {
        let pki = Pki::generate();
        let server = MockNgtt::start(&pki).await.unwrap();
        server.enqueue(DEFAULT_DEVICE_ID, [0x40]);
        let device = Device {
            signer: |_, key| {
                by(move |message, signature| {
                    std::thread::sleep(Duration::from_secs(1));
                    key.sign(message, signature)
                })
            },
            tune: |config| config.tls.handshake_timeout = Duration::from_millis(900),
            ..Device::of(&pki)
        };
        device
            .run(
                &network(&server),
                &mut RamJournal::<16>::new(),
                async |client| client.next_order().await.acknowledge().await,
            )
            .await;
        assert_eq!(server.book().device(DEFAULT_DEVICE_ID).connections, 1);
    });
}
