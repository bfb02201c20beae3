//! `wigwag pki check` as a process, over the cases of x509-limbo: it says what
//! the library says. Which answers are right, and why, stands with the library's
//! test (`tests/tests/x509_limbo.rs`).

mod support;

use std::fs;

use wigwag_embassy::tls::Now;
use wigwag_harness::pki::DeviceView;
use wigwag_tests::limbo::cases;

/// Certificates in PEM.
fn pem<'c>(certificates: impl IntoIterator<Item = &'c [u8]>) -> String {
    let one = |der: &[u8]| pem::encode(&pem::Pem::new("CERTIFICATE", der));
    certificates.into_iter().map(one).collect()
}

#[test]
fn the_command_says_what_the_library_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut counts = [0, 0];
    // Every third: a process takes its time.
    for case in cases().iter().step_by(3) {
        let file = |name: &str, text: String| {
            let path = folder.path().join(name);
            fs::write(&path, text).expect("written");
            path.display().to_string()
        };
        let roots = file("roots", pem(case.roots.iter().map(|der| &**der)));
        let leaf = file("leaf", pem(case.chain.iter().map(|der| &**der)));
        let args = [
            "pki", "check", "--roots", &roots, "--leaf", &leaf, "--name", &case.name, "--time",
            &case.time, "--json",
        ];
        let done = support::run(&args, b"");
        let view = DeviceView {
            roots: &case.roots,
            pins: &[],
            now: Now::At(case.seconds()),
            receive_buffer: 16_640,
        };
        let expected = view.check(&case.chain, &case.server_name());
        let accepted = expected.is_ok();
        assert_eq!(done.json()[0]["accepted"], accepted, "{}", case.id);
        assert_eq!(done.status, Some(i32::from(!accepted)), "{}", case.id);
        counts[usize::from(accepted)] += 1;
    }
    assert!(counts.iter().all(|count| *count > 15), "{counts:?}");
}
