//! Who the server under test is: a certificate of its root, or a chain.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use wigwag_harness::pki::{DEFAULT_DEVICE_ID, Identity};
use wigwag_tests::e2e::SERVER;

/// A server's certificates and key, and the root that devices trust.
pub(crate) struct ServerIdentity {
    pub(crate) root: Vec<u8>,
    /// The leaf, and the intermediate if there is one.
    pub(crate) chain: Vec<CertificateDer<'static>>,
    key: Vec<u8>,
    /// The same in PEM, the intermediate by itself.
    pub(crate) leaf_pem: String,
    pub(crate) between_pem: String,
    pub(crate) key_pem: String,
}

type Issuer = CertifiedIssuer<'static, KeyPair>;

impl ServerIdentity {
    /// A leaf that the root itself signed.
    pub(crate) fn single() -> Self {
        let root = root("root");
        Self::of(&root, &root, &[], new_key(), SERVER)
    }

    /// The same with this key, PEM; the root's is P-256.
    pub(crate) fn with_key(key_pem: &str) -> Result<Self, rcgen::Error> {
        let root = root("root");
        let key = KeyPair::from_pem(key_pem)?;
        let mut identity = Self::of(&root, &root, &[], key, SERVER);
        // As it came: rcgen writes Ed25519 in a form that OpenSSL 3.0 does not
        // read.
        identity.key_pem = key_pem.to_owned();
        Ok(identity)
    }

    /// A leaf for another name.
    pub(crate) fn elsewhere() -> Self {
        let root = root("root");
        Self::of(&root, &root, &[], new_key(), "elsewhere.test")
    }

    /// A leaf that an intermediate signed, which the server sends along.
    pub(crate) fn chain() -> Self {
        let root = root("root");
        let between = CertifiedIssuer::signed_by(authority("intermediate"), new_key(), &root);
        let between = between.expect("an authority can sign");
        Self::of(&root, &between, &[&between], new_key(), SERVER)
    }

    fn of(root: &Issuer, by: &Issuer, between: &[&Issuer], key: KeyPair, name: &str) -> Self {
        let params = CertificateParams::new([name.to_owned()]);
        let mut params = params.expect("the name is one");
        params.distinguished_name.push(DnType::CommonName, name);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let leaf = params.signed_by(&key, by).expect("an authority can sign");
        let mut chain = vec![leaf.der().clone()];
        let mut between_pem = String::new();
        for issuer in between {
            chain.push(issuer.der().clone());
            between_pem += &issuer.pem();
        }
        Self {
            root: root.der().to_vec(),
            chain,
            key: key.serialize_der(),
            leaf_pem: leaf.pem(),
            between_pem,
            key_pem: key.serialize_pem(),
        }
    }

    /// As operators do who configure the leaf alone.
    pub(crate) fn forget_the_intermediate(&mut self) {
        self.chain.truncate(1);
        self.between_pem.clear();
    }

    pub(crate) fn key(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.key.clone()).into()
    }
}

/// A new key, P-256.
fn new_key() -> KeyPair {
    KeyPair::generate().expect("a key can be made")
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

fn root(name: &str) -> Issuer {
    CertifiedIssuer::self_signed(authority(name), new_key()).expect("a root can be made")
}

/// The certificate of another root, DER; all of them here are called "root".
pub(crate) fn other_root(name: &str) -> Vec<u8> {
    root(name).der().to_vec()
}

/// A device of an authority whose name nobody has heard.
pub(crate) fn stranger() -> std::io::Result<Identity> {
    let root = root("an authority that nobody knows");
    let key = new_key();
    let mut params = CertificateParams::default();
    params
        .distinguished_name
        .push(DnType::CommonName, DEFAULT_DEVICE_ID);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let leaf = params.signed_by(&key, &root).expect("a root can sign");
    let folder = tempfile::tempdir()?;
    let files = [
        ("device.pem", leaf.pem()),
        ("device.key", key.serialize_pem()),
    ];
    let [certificate, key] = files.map(|(name, text)| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).map(|()| path)
    });
    Identity::load(&certificate?, &key?).map_err(std::io::Error::other)
}
