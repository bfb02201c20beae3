//! `wigwag pki check` as a process: what a device says to a server's chain.

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, SanType,
};
use serde_json::{Value as Json, json};
use support::Done;
use tempfile::TempDir;

const NAME: &str = "ngtt.test";

/// Somebody who can sign, rightly or not.
struct Signer {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// What a certificate says, before it is signed.
fn params(common_name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2090, 1, 1);
    params.use_authority_key_identifier_extension = true;
    params
}

fn authority(name: &str) -> CertificateParams {
    let mut params = params(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

fn server(names: &[&str]) -> CertificateParams {
    let mut params = params("server");
    params.is_ca = IsCa::ExplicitNoCa;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    for name in names {
        params.subject_alt_names.push(match name.parse() {
            Ok(address) => SanType::IpAddress(address),
            Err(_) => SanType::DnsName((*name).try_into().expect("a name")),
        });
    }
    params
}

impl Signer {
    fn root(name: &str) -> Self {
        let key = KeyPair::generate().expect("a key");
        let params = authority(name);
        let pem = params.self_signed(&key).expect("signed").pem();
        Self {
            issuer: Issuer::new(params, key),
            pem,
        }
    }

    fn sign(&self, params: CertificateParams) -> Self {
        let key = KeyPair::generate().expect("a key");
        let pem = params.signed_by(&key, &self.issuer).expect("signed").pem();
        Self {
            issuer: Issuer::new(params, key),
            pem,
        }
    }
}

struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Asks with these files' contents.
    fn ask(&self, roots: &str, between: &str, leaf: &str, name: &str, more: &[&str]) -> Done {
        for (file, text) in [("roots", roots), ("between", between), ("leaf", leaf)] {
            fs::write(self.path(file), text).expect("written");
        }
        self.check("roots", "between", "leaf", name, more)
    }

    fn check(&self, roots: &str, between: &str, leaf: &str, name: &str, more: &[&str]) -> Done {
        let [roots, between, leaf] = [roots, between, leaf].map(|file| text(&self.path(file)));
        let mut args = vec![
            "pki", "check", "--roots", &roots, "--leaf", &leaf, "--name", name,
        ];
        if fs::metadata(&between).is_ok_and(|file| file.len() > 0) {
            args.extend(["--intermediates", &between]);
        }
        args.extend(more);
        support::run(&args, b"")
    }
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// The one answer, which must have these fields.
fn answer(done: &Done, fields: &Json) -> Json {
    let mut answers = done.json();
    assert_eq!((answers.len(), done.stderr.as_str()), (1, ""));
    let answer = answers.remove(0);
    for (field, value) in fields.as_object().expect("fields") {
        assert_eq!(answer[field], *value, "{field} of {answer}");
    }
    answer
}

fn refused(done: &Done, reason: &str) -> Json {
    assert_eq!(done.status, Some(1), "{}", done.stderr);
    answer(
        done,
        &json!({"accepted": false, "reason": reason, "path": [], "root_pin": null}),
    )
}

fn accepted(done: &Done, path: &[&str]) -> Json {
    assert_eq!(done.status, Some(0), "{}", done.stderr);
    answer(
        done,
        &json!({"accepted": true, "reason": "accepted", "path": path}),
    )
}

#[test]
fn what_pki_new_makes_is_accepted() {
    let (folder, _) = support::folder();
    let file = |name: &str| support::name(&folder.path().join("pki"), name);
    let (roots, leaf) = (file("server-ca.pem"), file("server.pem"));
    for name in [NAME, "localhost", "127.0.0.1", "::1"] {
        let args = [
            "pki", "check", "--roots", &roots, "--leaf", &leaf, "--name", name,
        ];
        let done = support::run(&args, b"");
        assert_eq!(done.status, Some(0), "{name}: {}", done.stderr);
        let text = done.text();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[0],
            "accepted: CN=ngtt.test <- CN=Wigwag test server CA"
        );
        let [server, root, buffer] = &lines[1..] else {
            panic!("{lines:?}");
        };
        assert!(server.starts_with("pin of the server's key: sha256//"));
        assert!(root.starts_with("pin of the root's key: sha256//"));
        assert!(buffer.starts_with("TLS receive buffer needed: "));
    }
    // The other authority of the folder signs devices.
    let roots = file("device-ca.pem");
    let args = [
        "pki", "check", "--roots", &roots, "--leaf", &leaf, "--name", NAME,
    ];
    let done = support::run(&args, b"");
    assert_eq!(done.status, Some(1));
    let first = "refused: the server's certificate does not lead to a trusted root\n";
    assert!(done.text().starts_with(first), "{}", done.text());
}

#[test]
fn a_path_is_found_through_certificates_in_any_order() {
    let files = Files::new();
    let root = Signer::root("root");
    let upper = root.sign(authority("upper"));
    let lower = upper.sign(authority("lower"));
    let leaf = lower.sign(server(&[NAME]));
    let path = ["CN=server", "CN=lower", "CN=upper", "CN=root"];
    let other = Signer::root("another root").pem;
    for between in [
        format!("{}{}", lower.pem, upper.pem),
        format!("{}{other}{}", upper.pem, lower.pem),
    ] {
        let roots = format!("{other}{}", root.pem);
        let done = files.ask(&roots, &between, &leaf.pem, NAME, &["--json"]);
        accepted(&done, &path);
    }
    // A chain in the leaf's own file, as servers keep it.
    let chain = format!("{}{}{}", leaf.pem, lower.pem, upper.pem);
    accepted(&files.ask(&root.pem, "", &chain, NAME, &["--json"]), &path);
    let broken = files.ask(&root.pem, &lower.pem, &leaf.pem, NAME, &["--json"]);
    refused(
        &broken,
        "the server's certificate does not lead to a trusted root",
    );
}

#[test]
fn a_name_is_one_of_the_alternative_names() {
    let files = Files::new();
    let root = Signer::root("root");
    let ask = |leaf: &Signer, name: &str| files.ask(&root.pem, "", &leaf.pem, name, &["--json"]);
    let plain = root.sign(server(&[NAME, "192.0.2.7"]));
    for name in [NAME, "NGTT.test", "192.0.2.7"] {
        accepted(&ask(&plain, name), &["CN=server", "CN=root"]);
    }
    for name in ["other.test", "a.ngtt.test", "192.0.2.8"] {
        refused(
            &ask(&plain, name),
            &format!("certificate not valid for {name}"),
        );
    }
    let wild = root.sign(server(&["*.ngtt.test"]));
    accepted(&ask(&wild, "a.ngtt.test"), &["CN=server", "CN=root"]);
    for name in [NAME, "a.b.ngtt.test"] {
        refused(
            &ask(&wild, name),
            &format!("certificate not valid for {name}"),
        );
    }
    // A common name is no name of a server.
    let mut common = server(&[]);
    common.distinguished_name.push(DnType::CommonName, NAME);
    refused(
        &ask(&root.sign(common), NAME),
        "certificate not valid for ngtt.test",
    );
}

#[test]
fn time_is_now_or_what_is_asked_for() {
    let files = Files::new();
    let root = Signer::root("root");
    let mut short = server(&[NAME]);
    short.not_before = rcgen::date_time_ymd(2021, 6, 1);
    short.not_after = rcgen::date_time_ymd(2021, 7, 1);
    let leaf = root.sign(short).pem;
    let ask = |time: &[&str]| files.ask(&root.pem, "", &leaf, NAME, &[&["--json"], time].concat());
    refused(&ask(&[]), "certificate expired");
    refused(
        &ask(&["--time", "2021-07-02T00:00:00Z"]),
        "certificate expired",
    );
    let path = ["CN=server", "CN=root"];
    accepted(&ask(&["--time", "2021-06-15T12:00:00Z"]), &path);
    accepted(&ask(&["--time", "2021-06-01T01:30:00+01:00"]), &path);
    let early = "certificate not yet valid: check this device's clock";
    refused(&ask(&["--time", "2021-06-01T00:30:00+01:00"]), early);
    for wrong in ["2021-06-15", "soon", "1969-12-31T23:59:59Z"] {
        let done = ask(&["--time", wrong]);
        assert_eq!(done.status, Some(2));
        assert!(
            done.stderr.contains(wrong) && done.stdout.is_empty(),
            "{}",
            done.stderr
        );
    }
}

#[test]
fn only_an_authority_signs_and_only_a_server_is_one() {
    let files = Files::new();
    let root = Signer::root("root");
    let ask =
        |between: &str, leaf: &Signer| files.ask(&root.pem, between, &leaf.pem, NAME, &["--json"]);
    let ordinary = root.sign(server(&["other.test"]));
    let forged = ordinary.sign(server(&[NAME]));
    refused(&ask(&ordinary.pem, &forged), "issuer is not a CA");

    let mut client = server(&[NAME]);
    client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let not_for_servers = "the certificate is not meant for servers (serverAuth, digitalSignature)";
    refused(&ask("", &root.sign(client)), not_for_servers);
    let mut any = server(&[NAME]);
    any.extended_key_usages = Vec::new();
    refused(&ask("", &root.sign(any)), not_for_servers);

    let foreign = Signer::root("foreign").sign(server(&[NAME]));
    let unknown = "the server's certificate does not lead to a trusted root";
    refused(&ask("", &foreign), unknown);
    // A root of the same name with another key is another root.
    let impostor = Signer::root("root").sign(server(&[NAME]));
    refused(
        &ask("", &impostor),
        "a signature does not fit its key: the server or the root is not the one meant",
    );
}

#[test]
fn files_that_hold_no_certificates_are_said() {
    let files = Files::new();
    let root = Signer::root("root");
    let leaf = root.sign(server(&[NAME])).pem;
    for (roots, between, leaf, file) in [
        ("nothing", "", leaf.as_str(), "roots"),
        ("", "", &leaf, "roots"),
        (&root.pem, "garbage", &leaf, "between"),
        (&root.pem, "", "-----BEGIN CERTIFICATE-----\n!\n", "leaf"),
    ] {
        let done = files.ask(roots, between, leaf, NAME, &["--json"]);
        assert_eq!(done.status, Some(2), "{file}");
        let path = text(&files.path(file));
        assert!(
            done.stderr.contains(&path) && done.stdout.is_empty(),
            "{}",
            done.stderr
        );
    }
    // Both ways of asking are named to who says nothing.
    let nothing = support::run(&["pki", "check"], b"");
    assert_eq!(nothing.status, Some(2));
    for way in [
        "--roots <FILE> --leaf <FILE> --name",
        "--device <FILE> --key",
    ] {
        assert!(nothing.stderr.contains(way), "{}", nothing.stderr);
    }
    // Well-formed PEM of something else is a certificate that no device takes.
    let other = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    let done = files.ask(&root.pem, "", other, NAME, &["--json"]);
    refused(&done, "a certificate of the server's chain is malformed");
    let missing = files.check("missing", "", "leaf", NAME, &[]);
    assert_eq!(missing.status, Some(1), "{}", missing.stderr);
    for name in ["", "a b", "*.ngtt.test"] {
        let done = files.ask(&root.pem, "", &leaf, name, &[]);
        assert_eq!(done.status, Some(2), "{name:?}");
    }
}

#[test]
fn one_of_the_pins_must_fit() {
    let files = Files::new();
    let root = Signer::root("root");
    let leaf = root.sign(server(&[NAME]));
    let ask = |more: &[&str]| {
        files.ask(
            &root.pem,
            "",
            &leaf.pem,
            NAME,
            &[&["--json"], more].concat(),
        )
    };
    let path = ["CN=server", "CN=root"];
    let answer = accepted(&ask(&[]), &path);
    let pin = |field: &str| answer[field].as_str().expect("a pin").to_owned();
    let (of_leaf, of_root) = (pin("leaf_pin"), pin("root_pin"));
    assert_ne!(of_leaf, of_root);
    let other = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let reason = "neither the server's key nor its root's is pinned";
    for right in [&of_leaf, &of_root] {
        accepted(&ask(&["--pin", right]), &path);
        accepted(&ask(&["--pin", other, "--pin", right]), &path);
        let bare = right.strip_prefix("sha256//").expect("its prefix");
        accepted(&ask(&["--pin", bare]), &path);
    }
    // A refusal tells the pin that the server's key has.
    let answer = refused(&ask(&["--pin", other]), reason);
    assert_eq!(answer["leaf_pin"], json!(of_leaf));
    let wrong = ask(&["--pin", "sha256//short"]);
    assert_eq!(wrong.status, Some(2));
    assert!(wrong.stderr.contains("base64"), "{}", wrong.stderr);
}

#[test]
fn a_device_without_a_clock_has_a_floor() {
    let files = Files::new();
    let root = Signer::root("root");
    let mut params = server(&[NAME]);
    params.not_before = rcgen::date_time_ymd(2031, 1, 1);
    params.not_after = rcgen::date_time_ymd(2032, 1, 1);
    let leaf = root.sign(params).pem;
    let ask = |more: &[&str]| files.ask(&root.pem, "", &leaf, NAME, &[&["--json"], more].concat());
    let path = ["CN=server", "CN=root"];
    let early = "certificate not yet valid: check this device's clock";
    refused(&ask(&["--time", "2030-01-01T00:00:00Z"]), early);
    accepted(&ask(&["--floor", "2030-01-01T00:00:00Z"]), &path);
    refused(
        &ask(&["--floor", "2033-01-01T00:00:00Z"]),
        "certificate expired",
    );
    let both = [
        "--floor",
        "2030-01-01T00:00:00Z",
        "--time",
        "2030-01-01T00:00:00Z",
    ];
    assert_eq!(ask(&both).status, Some(2));
    assert_eq!(ask(&["--floor", "never"]).status, Some(2));
}

#[test]
fn the_servers_certificates_must_fit_the_buffer() {
    let files = Files::new();
    let root = Signer::root("root");
    let leaf = root.sign(server(&[NAME])).pem;
    let ask = |more: &[&str]| files.ask(&root.pem, "", &leaf, NAME, &[&["--json"], more].concat());
    let path = ["CN=server", "CN=root"];
    let answer = accepted(&ask(&[]), &path);
    let needed = answer["receive_buffer_needed"].as_u64().expect("bytes");
    let give = |bytes: u64| ask(&["--receive-buffer", &bytes.to_string()]);
    accepted(&give(needed), &path);
    let reason = format!("the certificates need a TLS receive buffer of {needed} bytes");
    refused(&give(needed - 1), &reason);
}
