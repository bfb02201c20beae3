//! A device's request for a certificate, read, verified and signed by OpenSSL.

use std::fs;
use std::path::Path;
use std::process::Command;

use rand_core::OsRng;
use wigwag_embassy::renewal;
use wigwag_embassy::tls::{Identity, SoftwareKey};
use wigwag_harness::pki::{DEFAULT_DEVICE_ID, Pki};
use wigwag_tests::runner::{Outcome, Suite, tools};

fn main() {
    Suite::new()
        .test(
            "openssl_verifies_and_signs_a_devices_request",
            &[tools::OPENSSL],
            verified_and_signed,
        )
        .test(
            "openssl_refuses_a_request_that_was_changed",
            &[tools::OPENSSL],
            damaged,
        )
        .run()
}

/// Runs `openssl` in a folder; what it says, and whether it was content.
fn openssl(folder: &Path, arguments: &str) -> Result<(bool, String), std::io::Error> {
    let done = Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(folder)
        .output()?;
    let said = [done.stdout, done.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    Ok((done.status.success(), said))
}

/// A folder with certificates and the request `csr.der` of a new key.
fn site() -> Result<(tempfile::TempDir, SoftwareKey), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let pki = Pki::generate();
    pki.write_dir_with_authority(folder.path())?;
    let present = pki.device(DEFAULT_DEVICE_ID).ok_or("no device")?;
    let key = SoftwareKey::generate(&mut OsRng).ok_or("no key")?;
    let mut request = [0; 1024];
    let length = renewal::request(&key, present.certificate(), &mut request)?;
    fs::write(folder.path().join("csr.der"), &request[..length])?;
    Ok((folder, key))
}

fn verified_and_signed() -> Outcome {
    let (folder, key) = site()?;
    let folder = folder.path();
    let (good, said) = openssl(
        folder,
        "req -inform DER -in csr.der -verify -noout -subject -nameopt RFC2253",
    )?;
    assert!(good, "{said}");
    assert!(said.contains("verify OK"), "{said}");
    assert!(said.contains("CN=device-0001"), "{said}");
    // Without an extension it would be of version 1, which has no authorities.
    fs::write(folder.join("v3.cnf"), "keyUsage = digitalSignature\n")?;
    let (good, said) = openssl(
        folder,
        "x509 -req -inform DER -in csr.der -CA device-ca.pem -CAkey device-ca.key \
         -extfile v3.cnf -set_serial 7 -days 9 -outform DER -out new.der",
    )?;
    assert!(good, "{said}");
    let certificate = fs::read(folder.join("new.der"))?;
    Identity::new(&certificate, &key)?;
    Ok(())
}

fn damaged() -> Outcome {
    let (folder, _) = site()?;
    let file = folder.path().join("csr.der");
    let mut request = fs::read(&file)?;
    let name = b"device-0001";
    let at = request.windows(name.len()).position(|text| text == name);
    request[at.ok_or("no name")?] ^= 1;
    fs::write(&file, request)?;
    let (_, said) = openssl(folder.path(), "req -inform DER -in csr.der -verify -noout")?;
    // Before version 3.2 a failure to verify is told, and is no failure.
    assert!(!said.contains("verify OK"), "{said}");
    assert!(said.to_lowercase().contains("verif"), "{said}");
    Ok(())
}
