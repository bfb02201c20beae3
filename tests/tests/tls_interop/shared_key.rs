//! A key that both sides share, in place of certificates.

use wigwag_embassy::tls::{End, ServerHelloError};
use wigwag_harness::pki::Pki;
use wigwag_tests::runner::Outcome;
use wigwag_tests::tls::TlsDevice;

use super::OPENSSL;
use super::certificates::ServerIdentity;
use super::device::{devices, expect, meet_as, run};
use super::server::{Server, Setup};
use super::talks::greet;

const NAME: &str = "device-0001";
const KEY: [u8; 32] = *b"thirty-two bytes nobody can know";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A server that shares `key` with `name`.
async fn server(
    pki: &Pki,
    identity: &ServerIdentity,
    name: &str,
    key: &[u8],
) -> std::io::Result<Server> {
    let key = hex(key);
    let options = ["-psk", &key, "-psk_identity", name];
    let mut setup = Setup::new(identity, pki.device_ca());
    setup.options = &options;
    (OPENSSL.start)(&setup).await
}

/// Who has the key is met, and says what it likes.
pub(crate) fn talk() -> Outcome {
    run(async {
        let (pki, device) = devices();
        let identity = ServerIdentity::single();
        let mut device = TlsDevice::new(&device, &identity.root);
        for length in [16, 32, 64] {
            let key = [KEY, KEY].concat()[..length].to_vec();
            device.psk = Some((NAME.into(), key.clone()));
            let mut server = server(&pki, &identity, NAME, &key).await?;
            let (end, result) = meet_as(server.port, &device, async |connection| {
                greet(connection, &mut server).await
            })
            .await?;
            result?;
            expect("a shared key", end, End::Closed)?;
            OPENSSL.saw_the_end(&server).await?;
        }
        Ok(())
    })
}

/// Servers that have another key, or do not know the device: no data.
pub(crate) fn strangers() -> Outcome {
    run(async {
        let (pki, device) = devices();
        let identity = ServerIdentity::single();
        let mut device = TlsDevice::new(&device, &identity.root);
        device.psk = Some((NAME.into(), KEY.to_vec()));
        let mut other = KEY;
        other[0] ^= 1;
        // Its binder does not fit: OpenSSL says illegal_parameter. Whom it does
        // not know it shows its certificate.
        let not_taken = End::ServerHello(ServerHelloError::SharedKey);
        for (what, name, key, wanted) in [
            ("another key", NAME, other, End::HandshakeAlert(47)),
            ("another name", "device-0002", KEY, not_taken),
        ] {
            let server = server(&pki, &identity, name, &key).await?;
            let app = async |connection: wigwag_tests::tls::TlsConnection<'_>| {
                connection.opened().await.is_ok()
            };
            let (end, opened) = meet_as(server.port, &device, app).await?;
            expect(what, end, wanted)?;
            if opened {
                return Err(format!("{what}: it opened").into());
            }
        }
        Ok(())
    })
}
