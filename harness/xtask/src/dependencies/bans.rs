//! Crates that may not come in, by whatever way, and crates of which the device would
//! have two versions.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::tree::{list, reached, text};

/// The workspace of what is built for a device, with the features it is built with.
pub const DEVICE: &str = "embassy-client/boards/Cargo.toml";

/// A crate and the reason for what is said of it.
struct Entry {
    name: &'static str,
    why: &'static str,
}

const fn entry(name: &'static str, why: &'static str) -> Entry {
    Entry { name, why }
}

/// In no tree at all: nor that of a test, nor that of a build script.
const BANNED: [Entry; 7] = [
    entry(
        "aws-lc-sys",
        "a large library in C; rustls is built on ring here",
    ),
    entry("bindgen", "needs libclang on the machine that builds"),
    entry(
        "defmt-decoder",
        "believes the lengths in a frame, and switches serde_json to arbitrary precision \
         for every crate of the build; harness/src/firmware/log does its work",
    ),
    entry(
        "native-tls",
        "another TLS on each system; rustls is the host's",
    ),
    entry(
        "openssl-sys",
        "a C library of the system; rustls is the host's TLS",
    ),
    entry("serde_cbor", "no longer maintained; minicbor is our CBOR"),
    entry(
        "sntpc",
        "its request has no room for 64 random bits, and it takes the first datagram; \
         embassy-client/src/sntp does its work",
    ),
];

/// Not in what a device links.
const BANNED_ON_DEVICE: [Entry; 4] = [
    entry(
        "embedded-alloc",
        "there is no allocator: all memory is static",
    ),
    entry(
        "getrandom",
        "random numbers come from the application's generator alone",
    ),
    entry("log", "devices log by defmt, whose texts take no flash"),
    entry(
        "ring",
        "C and assembly; the device's cryptography is RustCrypto's",
    ),
];

/// Twice in what a device links, which costs nothing.
const TWICE: [Entry; 2] = [
    entry(
        "embedded-hal",
        "embassy-time has delays for both: traits, no code",
    ),
    entry(
        "nb",
        "0.1 is embedded-hal 0.2's, and gives out the types of 1.0",
    ),
];

/// What may not be in a workspace, a line each.
#[must_use]
pub fn banned(metadata: &Value) -> Vec<String> {
    let names = list(&metadata["packages"]).map(|package| text(package, "name"));
    refused(names, &BANNED)
}

/// What may not be in what a device links, a line each.
#[must_use]
pub fn on_device(metadata: &Value) -> Vec<String> {
    let linked = linked(metadata);
    let names = linked.keys().copied();
    let mut problems = refused(names, &BANNED_ON_DEVICE);
    problems.extend(twice(&linked, &TWICE));
    problems
}

fn refused<'a>(names: impl Iterator<Item = &'a str>, banned: &[Entry]) -> Vec<String> {
    let names: BTreeSet<&str> = names.collect();
    let found = banned.iter().filter(|it| names.contains(it.name));
    found.map(|it| format!("{}: {}", it.name, it.why)).collect()
}

/// The crates of which there are several versions without a reason, and the reasons that
/// are not needed any more.
fn twice(linked: &BTreeMap<&str, BTreeSet<&str>>, known: &[Entry]) -> Vec<String> {
    let several = |name: &str| linked.get(name).is_some_and(|it| it.len() > 1);
    let unknown = linked
        .iter()
        .filter(|(name, _)| several(name) && !known.iter().any(|it| it.name == **name))
        .map(|(name, versions)| {
            let versions: Vec<&str> = versions.iter().copied().collect();
            format!("{name}: linked in versions {}", versions.join(" and "))
        });
    let idle = known
        .iter()
        .filter(|it| !several(it.name))
        .map(|it| format!("{}: is there once only, no exception any more", it.name));
    unknown.chain(idle).collect()
}

/// The versions of what the workspace's own packages link: no build scripts, no tests, no
/// procedural macros and what those are built from.
fn linked(metadata: &Value) -> BTreeMap<&str, BTreeSet<&str>> {
    let members = list(&metadata["workspace_members"]).filter_map(Value::as_str);
    let normal = |package: &Value, kind: Option<&str>| kind.is_none() && !is_macro(package);
    let mut linked = BTreeMap::<_, BTreeSet<_>>::new();
    for package in reached(metadata, members, normal) {
        if !is_macro(package) {
            let versions = linked.entry(text(package, "name")).or_default();
            versions.insert(text(package, "version"));
        }
    }
    linked
}

fn is_macro(package: &Value) -> bool {
    let mut kinds = list(&package["targets"]).flat_map(|target| list(&target["kind"]));
    kinds.any(|kind| kind == "proc-macro")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tree::{node, package};
    use super::*;

    /// A device with two versions of `twice`, of which one is reached through `middle`.
    fn tree() -> Value {
        json!({
            "packages": [
                package("device", "0.1.0", "bin"),
                package("middle", "1.0.0", "lib"),
                package("twice", "1.0.0", "lib"),
                package("twice", "2.0.0", "lib"),
                package("derive", "1.0.0", "proc-macro"),
                package("getrandom", "0.2.0", "lib"),
                package("ring", "0.17.0", "lib"),
                package("log", "0.4.0", "lib"),
                package("openssl-sys", "0.9.0", "lib"),
            ],
            "workspace_members": ["device 0.1.0"],
            "resolve": {"nodes": [
                node("device 0.1.0", &[
                    ("middle 1.0.0", None),
                    ("twice 1.0.0", None),
                    ("derive 1.0.0", None),
                    ("ring 0.17.0", Some("dev")),
                    ("openssl-sys 0.9.0", Some("build")),
                ]),
                node("middle 1.0.0", &[("twice 2.0.0", None), ("device 0.1.0", None)]),
                node("twice 1.0.0", &[]),
                node("twice 2.0.0", &[("log 0.4.0", None)]),
                node("derive 1.0.0", &[("getrandom 0.2.0", None)]),
                node("getrandom 0.2.0", &[]),
                node("ring 0.17.0", &[]),
                node("log 0.4.0", &[]),
                node("openssl-sys 0.9.0", &[]),
            ]},
        })
    }

    #[test]
    fn what_is_linked_leaves_out_tests_build_scripts_and_macros() {
        let tree = tree();
        let linked = linked(&tree);
        let names: Vec<&str> = linked.keys().copied().collect();
        assert_eq!(names, ["device", "log", "middle", "twice"]);
        assert_eq!(linked["twice"].len(), 2);
    }

    #[test]
    fn banned_crates_are_found_in_whatever_part_of_the_tree() {
        let found = banned(&tree());
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].starts_with("openssl-sys: a C library"),
            "{found:?}"
        );
    }

    #[test]
    fn the_device_is_held_to_more() {
        let found = on_device(&tree());
        let expected = [
            "log: devices log by defmt, whose texts take no flash",
            "twice: linked in versions 1.0.0 and 2.0.0",
            "embedded-hal: is there once only, no exception any more",
            "nb: is there once only, no exception any more",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn two_versions_with_a_reason_are_left_alone() {
        let tree = tree();
        let known = [entry("twice", "for the test")];
        assert_eq!(twice(&linked(&tree), &known), Vec::<String>::new());
    }
}
