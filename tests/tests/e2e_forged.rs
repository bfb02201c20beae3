//! Somebody on the path, who has no key, answers in the server's place now and
//! then: that costs a device seconds, whatever he says.

use core::cell::Cell;
use core::time::Duration;
use std::net::SocketAddr;

use tokio::io::AsyncWriteExt;
use wigwag_embassy::journal::RamJournal;
use wigwag_embassy::ngtt::{Reason, Status};
use wigwag_embassy::supervisor::FailureClass;
use wigwag_embassy::time;
use wigwag_embassy::tls::{End, ServerHelloError};
use wigwag_harness::mock::MockNgtt;
use wigwag_harness::pki::Pki;
use wigwag_harness::vnet::{Dial, Dialled};
use wigwag_tests::e2e::{Device, in_paused_time, network_to, settled};

/// Answers `lies` connections himself, and lets the others pass.
struct Liar<D> {
    honest: D,
    lies: Cell<u8>,
    answer: Vec<u8>,
}

impl<D: Dial> Dial for Liar<D> {
    fn dial(&self, to: SocketAddr) -> Dialled {
        let Some(left) = self.lies.get().checked_sub(1) else {
            return self.honest.dial(to);
        };
        self.lies.set(left);
        let answer = self.answer.clone();
        Box::pin(async move {
            let (near, mut far) = tokio::io::duplex(16 * 1024);
            far.write_all(&answer).await?;
            // He stays for a while: the device hangs up.
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_secs(30)).await;
                drop(far);
            });
            Ok(Box::new(near) as _)
        })
    }
}

/// A plain record of the alert `code`.
fn alert(code: u8) -> Vec<u8> {
    vec![21, 3, 3, 0, 2, 2, code]
}

/// The ServerHello of a server that only knows TLS 1.2 (RFC 5246 section 7.4.1.3).
fn older_hello() -> Vec<u8> {
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.extend([0, 0xc0, 0x2b, 0]);
    let length = u8::try_from(body.len()).expect("it is short");
    let mut record = vec![22, 3, 3, 0, length + 4, 2, 0, 0, length];
    record.extend(body);
    record
}

#[test]
fn a_forged_refusal_costs_seconds() {
    in_paused_time(async || {
        let pki = Pki::generate();
        for (answer, end, class) in [
            (
                alert(48),
                End::HandshakeAlert(48),
                FailureClass::Authentication,
            ),
            (
                alert(70),
                End::HandshakeAlert(70),
                FailureClass::Configuration,
            ),
            (
                older_hello(),
                End::ServerHello(ServerHelloError::OldVersion(0x0303)),
                FailureClass::Configuration,
            ),
        ] {
            let server = MockNgtt::start(&pki).await.unwrap();
            let net = network_to(Liar {
                honest: server.dial(),
                lies: Cell::new(3),
                answer,
            });
            let before = time::now();
            Device::of(&pki)
                .run(&net, &mut RamJournal::<16>::new(), async |client| {
                    let Status::Waiting { reason, .. } = settled(&client).await else {
                        panic!("connected to a liar");
                    };
                    assert_eq!((reason, reason.class()), (Reason::Tls(end), class));
                    client.wait_status(Status::is_connected).await;
                })
                .await;
            // Windows of 1, 2 and 4 s.
            let took = time::now().saturating_duration_since(before);
            assert!(took < Duration::from_secs(12), "{end}: {took:?}");
        }
    });
}
