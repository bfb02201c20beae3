//! `wigwag pki sign`: what a device requests, signed.

mod support;

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand_core::OsRng;
use serde_json::{Value as Json, json};
use support::{Done, name, run};
use tempfile::TempDir;
use wigwag_embassy::renewal;
use wigwag_embassy::tls::{Identity, SoftwareKey};
use wigwag_harness::pki::Pki;
use x509_parser::prelude::{FromDer as _, Pem, X509Certificate};

/// A folder with an authority that signs, and the request of its device.
struct Site {
    folder: TempDir,
    key: SoftwareKey,
    request: Vec<u8>,
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let pki = name(folder.path(), "pki");
        let done = run(&["pki", "new", &pki, "--keep-authority"], b"");
        assert_eq!(done.status, Some(0), "{}", done.stderr);
        let pki = Pki::load_dir(Path::new(&pki)).expect("a folder of certificates");
        // The authority is none of the devices.
        let devices: Vec<&str> = pki.devices().map(|(id, _)| id).collect();
        assert_eq!(devices, ["device-0001"]);
        let present = pki.device("device-0001").expect("made").certificate();
        let key = SoftwareKey::generate(&mut OsRng).expect("a key");
        let mut out = [0; 1024];
        let length = renewal::request(&key, present, &mut out).expect("it fits");
        Self {
            folder,
            key,
            request: out[..length].to_vec(),
        }
    }

    fn file(&self, file: &str) -> String {
        name(self.folder.path(), file)
    }

    fn sign(&self, csr: &[u8], out: &str, more: &[&str]) -> Done {
        let (pki, out) = (self.file("pki"), self.file(out));
        let args = ["pki", "sign", &pki, "--csr", "-", "--out", &out];
        run(&[&args[..], more].concat(), csr)
    }

    /// The certificate in a file.
    fn signed(&self, file: &str) -> Vec<u8> {
        let text = fs::read(self.file(file)).expect("written");
        let pem = Pem::iter_from_buffer(&text).next().expect("PEM");
        pem.expect("a certificate").contents
    }
}

#[test]
fn a_request_in_any_form_is_signed_and_the_order_is_told() {
    let site = Site::new();
    let base64 = STANDARD.encode(&site.request);
    let pem = format!(
        "-----BEGIN CERTIFICATE REQUEST-----\n{base64}\n-----END CERTIFICATE REQUEST-----\n"
    );
    let forms = [
        site.request.clone(),
        format!("{base64}\n").into(),
        pem.into(),
    ];
    for (index, form) in forms.iter().enumerate() {
        let out = format!("{index}.pem");
        let done = site.sign(form, &out, &["--days", "30"]);
        assert_eq!(done.status, Some(0), "{}", done.stderr);
        let certificate = site.signed(&out);
        assert!(Identity::new(&certificate, &site.key).is_ok());
        let (_, parsed) = X509Certificate::from_der(&certificate).expect("a certificate");
        let validity = parsed.validity();
        let days = (validity.not_after.timestamp() - validity.not_before.timestamp()) / 86_400;
        assert_eq!(days, 31, "from yesterday on");

        // The line that a server takes, with the very certificate in it.
        let order: Json = done.json().pop().expect("a line");
        assert_eq!(order["device"], json!("device-0001"));
        let command = &order["order"][0]["orders"][0];
        assert_eq!(command["type"], json!("sysctl"));
        assert_eq!(command["op_type"], json!("certificate"));
        assert_eq!(command["op_args"], json!(STANDARD.encode(&certificate)));
    }
    let done = site.sign(&site.request, "json.pem", &["--json"]);
    let answer = done.json().pop().expect("an object");
    assert_eq!(answer["device_id"], json!("device-0001"));
    assert_eq!(answer["days"], json!(365));
}

#[test]
fn what_is_not_to_be_signed_is_refused_and_nothing_is_written() {
    let site = Site::new();
    let mut forged = site.request.clone();
    *forged.last_mut().expect("bytes") ^= 1;
    let other = Site::new();
    let key = fs::read(other.file("pki/device-0001.key")).expect("there");
    for (csr, more, status, words) in [
        (&forged[..], &[][..], 1, "not signed"),
        (&site.request[..99], &[], 1, "PKCS #10"),
        (b"", &[], 1, "PKCS #10"),
        (b"no request", &[], 1, "PEM, DER or base64"),
        (&key, &[], 1, "PEM, DER or base64"),
        (&site.request, &["--days", "0"], 2, "--days"),
        (&site.request, &["--days", "3651"], 2, "--days"),
    ] {
        let done = site.sign(csr, "x.pem", more);
        assert_eq!(done.status, Some(status), "{words}: {}", done.stderr);
        assert!(done.stderr.contains(words), "{words}: {}", done.stderr);
        assert!(done.stdout.is_empty());
        assert!(!Path::new(&site.file("x.pem")).exists(), "{words}");
    }
    let done = site.sign(&site.request, "y.pem", &[]);
    assert_eq!(done.status, Some(0), "{}", done.stderr);
    let before = site.signed("y.pem");
    let done = site.sign(&site.request, "y.pem", &[]);
    assert_eq!(done.status, Some(1));
    assert_eq!(site.signed("y.pem"), before);
}

#[test]
fn a_folder_without_its_authority_signs_nothing() {
    let site = Site::new();
    let key = site.file("pki/device-ca.key");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(&key).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // Another authority's key is none of this one's.
    let other = Site::new();
    fs::copy(other.file("pki/device-ca.key"), &key).expect("copied");
    let done = site.sign(&site.request, "x.pem", &[]);
    assert_eq!(done.status, Some(1));
    assert!(done.stderr.contains("is not the key of"), "{}", done.stderr);
    fs::remove_file(&key).expect("removed");
    let done = site.sign(&site.request, "x.pem", &[]);
    assert_eq!(done.status, Some(1));
    assert!(done.stderr.contains("--keep-authority"), "{}", done.stderr);

    let (folder, _) = support::folder();
    assert!(!folder.path().join("pki/device-ca.key").exists());
}
