//! The server's side of a renewal: whoever gives the orders.

use core::time::Duration;

use tokio::sync::broadcast::Receiver;
use wigwag_codec::minijson::Encoder;
use wigwag_codec::ngtt::client::Answer;
use wigwag_codec::ngtt::message::{Measured, Pathpoints};
use wigwag_harness::mock::{Event, EventKind, MockNgtt};
use wigwag_harness::pki::{DEFAULT_DEVICE_ID, Pki, Validity};

pub(crate) const MINUTE: Duration = Duration::from_secs(60);

/// An order of one section with one command.
fn order(argument: &str) -> Vec<u8> {
    let mut bytes = vec![0; argument.len() + 128];
    let mut write = || {
        let mut to = Encoder::new(&mut bytes);
        to.list(1)?.map(1)?.key("orders")?.list(1)?.map(3)?;
        to.key("type")?.str("sysctl")?;
        to.key("op_type")?.str("certificate")?;
        to.key("op_args")?.str(argument)?;
        to.finish().map(<[u8]>::len)
    };
    let length = write().unwrap();
    bytes.truncate(length);
    bytes
}

/// A server and what it tells.
pub(crate) struct Desk<'s> {
    server: &'s MockNgtt,
    events: Receiver<Event>,
}

impl<'s> Desk<'s> {
    pub(crate) fn of(server: &'s MockNgtt) -> Self {
        Self {
            events: server.events(),
            server,
        }
    }

    /// Gives an order and waits for its answer.
    pub(crate) async fn order(&self, argument: &str) -> Answer {
        let before = self.server.book().device(DEFAULT_DEVICE_ID).orders.len();
        self.server.enqueue(DEFAULT_DEVICE_ID, order(argument));
        let answered = self.server.wait_until(10 * MINUTE, |book| {
            let device = book.device(DEFAULT_DEVICE_ID);
            device.orders[before].answer.is_some()
        });
        assert!(answered.await, "the order is not answered");
        let orders = self.server.book().device(DEFAULT_DEVICE_ID).orders;
        orders[before].answer.unwrap()
    }

    /// Orders a request, and takes it out of the device's data: DER.
    pub(crate) async fn request(&mut self) -> Vec<u8> {
        assert_eq!(self.order("request").await, Answer::Confirm);
        loop {
            let event = tokio::time::timeout(MINUTE, self.events.recv());
            let event = event.await.expect("no data").expect("the server runs");
            if let EventKind::Data { payload, .. } = event.kind {
                let mut pathpoints = Pathpoints::parse(&payload).unwrap();
                let pathpoint = pathpoints.next().unwrap();
                if pathpoint.path() != Some("certificate/request") {
                    continue;
                }
                let Measured::Value(value) = pathpoint.readings().next().unwrap().measured else {
                    panic!("not a value");
                };
                return base64(value.as_str().unwrap());
            }
        }
    }

    /// Brings the certificate that `authority` makes of a request.
    pub(crate) async fn bring(&self, authority: &Pki, request: &[u8]) -> Vec<u8> {
        let signed = authority.sign_request(request, Validity::current());
        let certificate = signed.unwrap().certificate.to_vec();
        let argument = text(&certificate);
        assert_eq!(self.order(&argument).await, Answer::Confirm);
        certificate
    }
}

fn base64(text: &str) -> Vec<u8> {
    // PEM is base64 between two lines.
    let pem = format!("-----BEGIN X-----\n{text}\n-----END X-----\n");
    pem::parse(pem).unwrap().into_contents()
}

/// A certificate as orders bring it.
pub(crate) fn text(der: &[u8]) -> String {
    let pem = pem::encode(&pem::Pem::new("X", der));
    let lines = pem.lines().filter(|line| !line.starts_with('-'));
    lines.collect()
}
