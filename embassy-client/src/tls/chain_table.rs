//! Chains, each with what a device says to it: the table to read.

use std::boxed::Box;
use std::vec;
use std::vec::Vec;

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, KeyPair, KeyUsagePurpose, NameConstraints,
    SanType,
};

use super::super::clock::ClockPolicy;
use super::super::test_pki::{
    Authority, IN_1970, IN_2026, IN_2035, NAME, authority_params, intermediate, leaf, root,
    server_params,
};
use super::CertificateError::*;
use super::*;

/// A chain and the question; by default it is asked for [`NAME`] in 2026.
struct Row<'r> {
    says: &'static str,
    chain: Vec<Vec<u8>>,
    root: &'r Authority,
    name: &'r str,
    now: Now,
    expected: Result<(), CertificateError>,
}

/// The rows of the table so far.
struct Table<'r> {
    root: &'r Authority,
    rows: Vec<Row<'r>>,
}

impl<'r> Table<'r> {
    /// Adds a row; what it returns can change the question.
    fn row(
        &mut self,
        says: &'static str,
        chain: &[&Vec<u8>],
        expected: Result<(), CertificateError>,
    ) -> &mut Row<'r> {
        self.rows.push(Row {
            says,
            chain: chain.iter().map(|der| (*der).clone()).collect(),
            root: self.root,
            name: NAME,
            now: Now::At(IN_2026),
            expected,
        });
        self.rows.last_mut().unwrap()
    }

    /// Every row has its answer.
    fn check(self) {
        assert!(!self.rows.is_empty());
        for row in self.rows {
            let roots: [&[u8]; 1] = [&row.root.der];
            let trust = TrustAnchors::new(&roots).unwrap();
            let name = ServerName::try_from(row.name).unwrap();
            let chain: Vec<CertificateDer<'_>> = row
                .chain
                .iter()
                .map(|der| CertificateDer::from_slice(der))
                .collect();
            let answer = verify_chain(&chain, &name, &trust, row.now).map(|_| ());
            assert_eq!(answer, row.expected, "{}: {}", row.says, row.name);
        }
    }
}

impl<'r> Row<'r> {
    fn named(&mut self, name: &'r str) -> &mut Self {
        self.name = name;
        self
    }

    fn at(&mut self, now: Now) -> &mut Self {
        self.now = now;
        self
    }

    fn trusting(&mut self, root: &'r Authority) -> &mut Self {
        self.root = root;
        self
    }
}

/// A server's certificate with something changed.
fn server(by: &Authority, change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
    let mut params = server_params(&[NAME]);
    change(&mut params);
    leaf(params, by).der
}

/// An intermediate with something changed.
fn issuer(by: &Authority, change: impl FnOnce(&mut CertificateParams)) -> Authority {
    let mut params = authority_params("between");
    change(&mut params);
    intermediate(params, by)
}

fn table(fill: impl FnOnce(&mut Table<'_>)) {
    let root = root("root");
    let mut table = Table {
        root: &root,
        rows: Vec::new(),
    };
    fill(&mut table);
    table.check();
}

fn named(names: &[&str]) -> impl FnOnce(&mut CertificateParams) {
    let names = server_params(names).subject_alt_names;
    move |params| params.subject_alt_names = names
}

#[test]
#[rustfmt::skip]
fn who_may_sign() {
    table(|t| {
        let r = t.root;
        let upper = issuer(r, |_| {});
        let lower = issuer(&upper, |params| {
            params.distinguished_name.push(DnType::CommonName, "lower");
        });
        let good = server(&lower, |_| {});
        t.row("signed by the root", &[&server(r, |_| {})], Ok(()));
        t.row("by an intermediate", &[&good, &lower.der, &upper.der], Ok(()));
        t.row("in another order", &[&good, &upper.der, &lower.der], Ok(()));
        t.row("with the root", &[&good, &r.der, &upper.der, &lower.der], Ok(()));
        t.row("one missing", &[&good, &lower.der], Err(UnknownIssuer));
        t.row("nothing at all", &[], Err(Missing));

        let other = leak(root("other"));
        let impostor = leak(root("root"));
        let foreign = server(other, |_| {});
        t.row("a foreign root", &[&foreign], Err(UnknownIssuer));
        t.row("a foreign root, sent along", &[&foreign, &other.der], Err(UnknownIssuer));
        t.row("a root of the same name", &[&server(impostor, |_| {})], Err(BadSignature));

        let alone = {
            let key = KeyPair::generate().unwrap();
            let certificate = server_params(&[NAME]).self_signed(&key).unwrap();
            certificate.der().to_vec()
        };
        t.row("self-signed", &[&alone], Err(UnknownIssuer));
        t.row("self-signed, twice", &[&alone, &alone], Err(UnknownIssuer));

        // What a stolen device or server could do with its key.
        for (says, usage, purpose) in [
            ("a server as authority", None, ExtendedKeyUsagePurpose::ServerAuth),
            ("a device as authority", None, ExtendedKeyUsagePurpose::ClientAuth),
            (
                "a device with a key usage as authority",
                Some(KeyUsagePurpose::DigitalSignature),
                ExtendedKeyUsagePurpose::ClientAuth,
            ),
        ] {
            let thief = issuer(r, |params| {
                params.is_ca = IsCa::ExplicitNoCa;
                params.key_usages = usage.into_iter().collect();
                params.extended_key_usages = vec![purpose];
            });
            let forged = server(&thief, |_| {});
            t.row(says, &[&forged, &thief.der], Err(NotAnAuthority));
        }
        let silent = issuer(r, |params| {
            params.is_ca = IsCa::NoCa;
            params.key_usages = Vec::new();
        });
        let forged = server(&silent, |_| {});
        t.row("no basic constraints", &[&forged, &silent.der], Err(NotAnAuthority));
        let no_signing = issuer(r, |params| {
            params.key_usages = vec![KeyUsagePurpose::CrlSign];
        });
        let forged = server(&no_signing, |_| {});
        t.row("an authority that may not sign", &[&forged, &no_signing.der], Err(NotAnAuthority));
        let free = issuer(r, |params| params.key_usages = Vec::new());
        let good = server(&free, |_| {});
        t.row("an authority without key usage", &[&good, &free.der], Ok(()));
        let nameless = issuer(r, |params| params.distinguished_name = DistinguishedName::new());
        let under = server(&nameless, |_| {});
        t.row("an authority without a name", &[&under, &nameless.der], Err(Malformed));

        let authority = server(r, |params| {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        });
        t.row("an authority as server", &[&authority], Err(AuthorityAsServer));
        t.row("the root as server", &[&r.der], Err(WrongName));
    });
}

#[test]
#[rustfmt::skip]
fn what_a_certificate_is_for() {
    table(|t| {
        use ExtendedKeyUsagePurpose::{Any, ClientAuth, ServerAuth};
        let r = t.root;
        let purposes = |purposes: &[ExtendedKeyUsagePurpose]| {
            server(r, |params| params.extended_key_usages = purposes.to_vec())
        };
        t.row("server and client", &[&purposes(&[ClientAuth, ServerAuth])], Ok(()));
        t.row("client only", &[&purposes(&[ClientAuth])], Err(NotForServers));
        t.row("for nothing in particular", &[&purposes(&[])], Err(NotForServers));
        t.row("for anything", &[&purposes(&[Any])], Err(NotForServers));
        for (says, purpose, expected) in [
            ("intermediate for servers", ServerAuth, Ok(())),
            ("intermediate for clients", ClientAuth, Err(NotForServers)),
        ] {
            let between = issuer(r, |params| params.extended_key_usages = vec![purpose]);
            t.row(says, &[&server(&between, |_| {}), &between.der], expected);
        }
        use KeyUsagePurpose::{DigitalSignature, KeyAgreement, KeyCertSign};
        for (says, usages, expected) in [
            ("key may sign", vec![DigitalSignature, KeyAgreement], Ok(())),
            ("key may not sign", vec![KeyAgreement], Err(NotForServers)),
            ("key may sign certificates", vec![DigitalSignature, KeyCertSign], Err(AuthorityAsServer)),
        ] {
            t.row(says, &[&server(r, |params| params.key_usages = usages)], expected);
        }
    });
}

#[test]
#[rustfmt::skip]
fn names() {
    table(|t| {
        let r = t.root;
        let plain = server(r, named(&[NAME, "second.example", "192.0.2.7", "2001:db8::7"]));
        for name in [
            "second.example",
            "ORDERS.Example",
            "192.0.2.7",
            "2001:db8::7",
        ] {
            t.row("one of its names", &[&plain], Ok(())).named(name);
        }
        for name in [
            "example",
            "a.orders.example",
            "xorders.example",
            "192.0.2.8",
            "2001:db8::8",
            "::ffff:192.0.2.7",
        ] {
            t.row("none of its names", &[&plain], Err(WrongName))
                .named(name);
        }
        let wild = server(r, named(&["*.fleet.example"]));
        for (name, expected) in [
            ("a.fleet.example", Ok(())),
            ("A.FLEET.example", Ok(())),
            ("fleet.example", Err(WrongName)),
            ("a.b.fleet.example", Err(WrongName)),
            ("afleet.example", Err(WrongName)),
        ] {
            t.row("a wildcard", &[&wild], expected).named(name);
        }
        for odd in ["a*.fleet.example", "*a.fleet.example", "a.*.example", "*"] {
            let odd = server(r, named(&[odd]));
            for name in ["a.fleet.example", "a.b.example", "aa.fleet.example"] {
                let row = t.row("a wildcard elsewhere", &[&odd], Err(WrongName));
                row.named(name);
            }
        }
        let common = server(r, |params| {
            params.subject_alt_names = Vec::new();
            params.distinguished_name.push(DnType::CommonName, NAME);
        });
        t.row("common name only", &[&common], Err(WrongName));
        let both = server(r, |params| {
            params
                .distinguished_name
                .push(DnType::CommonName, "common.example");
        });
        t.row("common name as well", &[&both], Err(WrongName))
            .named("common.example");
        let text = server(r, |params| {
            let address = "192.0.2.7".try_into().unwrap();
            params.subject_alt_names = vec![SanType::DnsName(address)];
        });
        t.row("an address as a DNS name", &[&text], Err(WrongName))
            .named("192.0.2.7");
        let mail = server(r, |params| {
            params.subject_alt_names = vec![SanType::Rfc822Name(NAME.try_into().unwrap())];
        });
        t.row("a name of another kind", &[&mail], Err(WrongName));
    });
}

#[test]
#[rustfmt::skip]
fn times() {
    table(|t| {
        let r = t.root;
        // Valid from 2024 to 2034, the root from 2020 to 2040.
        let good = server(r, |_| {});
        let start = 1_704_067_200;
        let end = 2_019_686_400;
        for (now, expected) in [
            (Now::At(start - 1), Err(NotYetValid)),
            (Now::At(start), Ok(())),
            (Now::At(end), Ok(())),
            (Now::At(end + 1), Err(Expired)),
            (Now::At(IN_1970), Err(NotYetValid)),
            (Now::At(0), Err(NotYetValid)),
            (Now::Unknown, Err(ClockNotSet)),
            // A floor: a certificate that begins later is fine.
            (Now::AtLeast(IN_1970), Ok(())),
            (Now::AtLeast(end), Ok(())),
            (Now::AtLeast(end + 1), Err(Expired)),
            // In 1970, with a floor and without: what the policies say.
            (ClockPolicy::real_time(|| Some(IN_1970)).now(), Err(NotYetValid)),
            (ClockPolicy::real_time_or_floor(|| Some(IN_1970), IN_2026).now(), Ok(())),
            (ClockPolicy::real_time_or_floor(|| None, IN_2026).now(), Ok(())),
            (ClockPolicy::real_time_or_floor(|| Some(IN_2035), IN_2026).now(), Err(Expired)),
            (ClockPolicy::floor(IN_2035).now(), Err(Expired)),
            (ClockPolicy::dangerous_without_time_checks().now(), Ok(())),
        ] {
            t.row("time", &[&good], expected).at(now);
        }
        let old = issuer(r, |params| {
            params.not_after = rcgen::date_time_ymd(2025, 1, 1)
        });
        let under = server(&old, |_| {});
        t.row("expired intermediate", &[&under, &old.der], Err(Expired));
        let young = issuer(r, |params| {
            params.not_before = rcgen::date_time_ymd(2027, 1, 1)
        });
        let under_young = server(&young, |_| {});
        let chain = [&under_young, &young.der];
        t.row("future intermediate", &chain, Err(NotYetValid));
        t.row("future intermediate, floor", &chain, Ok(()))
            .at(Now::AtLeast(IN_2026));
        t.row("expired root", &[&good], Err(Expired))
            .at(Now::At(2_300_000_000));
        // The leaf begins after its issuer has ended: never valid as a whole.
        let past = issuer(r, |params| {
            params.not_after = rcgen::date_time_ymd(2023, 1, 1)
        });
        let never = [&server(&past, |_| {}), &past.der];
        t.row("no time in common", &never, Err(Expired))
            .at(Now::AtLeast(IN_1970));
        t.row("no time in common", &never, Err(Expired))
            .at(ClockPolicy::dangerous_without_time_checks().now());
        let late = leak(late_root());
        let long = server(late, |params| {
            params.not_after = rcgen::date_time_ymd(2090, 1, 1);
        });
        t.row("future root", &[&long], Err(NotYetValid))
            .trusting(late);
        t.row("future root, floor", &[&long], Ok(()))
            .trusting(late)
            .at(Now::AtLeast(IN_2026));
        let short = server(late, |_| {});
        t.row("root begins after the leaf ends", &[&short], Err(Expired))
            .trusting(late)
            .at(Now::AtLeast(IN_2026));
    });
}

/// A root that begins in 2050.
fn late_root() -> Authority {
    let mut params = authority_params("late");
    params.not_before = rcgen::date_time_ymd(2050, 1, 1);
    params.not_after = rcgen::date_time_ymd(2090, 1, 1);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    Authority {
        der: certificate.der().to_vec(),
        issuer: rcgen::Issuer::new(params, key),
    }
}

/// Lives as long as the table.
fn leak(authority: Authority) -> &'static Authority {
    Box::leak(Box::new(authority))
}

#[test]
#[rustfmt::skip]
fn limits_of_authorities() {
    table(|t| {
        let r = t.root;
        let short = issuer(r, |params| {
            params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        });
        t.row("path length obeyed", &[&server(&short, |_| {}), &short.der], Ok(()));
        let below = issuer(&short, |params| {
            params.distinguished_name.push(DnType::CommonName, "below");
        });
        let chain = [&server(&below, |_| {}), &below.der, &short.der];
        t.row("path length exceeded", &chain, Err(Constraint));
        for (says, permitted, excluded, expected) in [
            ("permitted name", Some("example"), None, Ok(())),
            ("name not permitted", Some("test"), None, Err(Constraint)),
            ("excluded name", None, Some("orders.example"), Err(Constraint)),
            ("other name excluded", None, Some("other.example"), Ok(())),
        ] {
            let tree = |name: Option<&str>| {
                let names = name.into_iter();
                names
                    .map(|name| GeneralSubtree::DnsName(name.into()))
                    .collect()
            };
            let between = issuer(r, |params| {
                params.name_constraints = Some(NameConstraints {
                    permitted_subtrees: tree(permitted),
                    excluded_subtrees: tree(excluded),
                });
            });
            t.row(says, &[&server(&between, |_| {}), &between.der], expected);
        }
        let unknown = |critical| {
            let mut odd = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
            odd.set_criticality(critical);
            move |params: &mut CertificateParams| params.custom_extensions = vec![odd]
        };
        t.row("unknown extension", &[&server(r, unknown(false))], Ok(()));
        t.row("unknown critical extension", &[&server(r, unknown(true))], Err(Malformed));
        let odd = issuer(r, unknown(true));
        let under = server(&odd, |_| {});
        t.row("the same in an issuer", &[&under, &odd.der], Err(Malformed));
        let constrained = server(r, |params| {
            let value = vec![
                0x30, 0x0c, 0xa0, 0x0a, 0x30, 0x08, 0x82, 6, b'o', b'r', b'd', b'e', b'r', b's',
            ];
            params.custom_extensions =
                vec![CustomExtension::from_oid_content(&[2, 5, 29, 30], value)];
        });
        t.row("name constraints in the leaf", &[&constrained], Err(Malformed));
    });
}

#[test]
#[rustfmt::skip]
fn keys() {
    table(|t| {
        let r = t.root;
        for algorithm in [&rcgen::PKCS_ECDSA_P384_SHA384, &rcgen::PKCS_ED25519] {
            let key = KeyPair::generate_for(algorithm).unwrap();
            let other = server_params(&[NAME]).signed_by(&key, &r.issuer).unwrap();
            t.row("another key in the leaf", &[&other.der().to_vec()], Err(UnsupportedKey));
            let params = authority_params("odd");
            let authority = params.signed_by(&key, &r.issuer).unwrap();
            let authority = Authority {
                der: authority.der().to_vec(),
                issuer: rcgen::Issuer::new(params, key),
            };
            let signed = server(&authority, |_| {});
            t.row("signed by another key", &[&signed, &authority.der], Err(UnsupportedKey));
        }
    });
}

#[test]
#[rustfmt::skip]
fn sizes() {
    table(|t| {
        // As many authorities as webpki follows, and one more.
        let mut path: Vec<Authority> = Vec::new();
        for index in 0..7 {
            let by = path.last().unwrap_or(t.root);
            let name = std::format!("authority {index}");
            path.push(intermediate(authority_params(&name), by));
        }
        let chain = |count: usize| {
            let mut chain = vec![server(&path[count - 1], |_| {})];
            chain.extend(path[..count].iter().map(|authority| authority.der.clone()));
            chain
        };
        let (six, seven) = (chain(6), chain(7));
        t.row("six authorities", &six.iter().collect::<Vec<_>>(), Ok(()));
        t.row("seven", &seven.iter().collect::<Vec<_>>(), Err(ChainTooLong));
        // As many certificates as a device takes, most of no use, and one more.
        let good = server(t.root, |_| {});
        t.row("sixteen certificates", &[&good; MAX_CHAIN], Ok(()));
        t.row("seventeen", &[&good; MAX_CHAIN + 1], Err(ChainTooLong));
        // 16 KB: as much as a record holds.
        let fat = issuer(t.root, |params| {
            let filler = CustomExtension::from_oid_content(&[1, 2, 3, 5], vec![5; 15_000]);
            params.custom_extensions = vec![filler];
        });
        let chain = [server(&fat, |_| {}), fat.der.clone()];
        let size: usize = chain.iter().map(Vec::len).sum();
        assert!((15_500..16_384).contains(&size), "{size}");
        t.row("16 KB", &[&chain[0], &chain[1]], Ok(()));
    });
}
