//! `cargo xtask check-features`: every combination of features of the `no_std`
//! crates builds for a bare microcontroller, and of the codec for the host too, so that
//! none of them pulls in `std` and each stands alone, without a warning.

use xtask::run::{Result, ask, cargo, run as run_command};
use xtask::targets;

/// Build every feature combination of the no_std crates for thumbv7em.
#[derive(clap::Args)]
pub(crate) struct Args {}

/// The crates that run on a device.
const CRATES: [&str; 3] = ["wigwag-codec", "wigwag-embassy", "lan9118"];

pub(crate) fn run(_: &Args) -> Result {
    targets::ensure(targets::THUMB)?;
    let metadata = ask(&mut cargo(&[
        "metadata",
        "--no-deps",
        "--format-version",
        "1",
    ]))
    .ok_or("`cargo metadata` failed: run it to see why")?;
    let bare = ["--target", targets::THUMB];
    // The codec also serves programs of a host, which choose their own features.
    let builds = CRATES.map(|name| (name, &bare[..]));
    for (name, target) in builds.into_iter().chain([(CRATES[0], &[][..])]) {
        for features in powerset(&features(&metadata, name)?) {
            // `rustc` is `build` with flags for this one crate.
            let mut words = vec!["rustc", "--lib", "--package", name];
            words.extend(target);
            words.push("--no-default-features");
            let features = features.join(",");
            if !features.is_empty() {
                words.extend(["--features", &features]);
            }
            words.extend(["--", "--deny", "warnings"]);
            run_command(&mut cargo(&words))?;
        }
    }
    Ok(())
}

/// The features a crate declares, without `default`, which is their sum.
fn features(metadata: &str, name: &str) -> Result<Vec<String>> {
    let metadata: serde_json::Value = serde_json::from_str(metadata)
        .map_err(|error| format!("cargo metadata is not JSON: {error}"))?;
    metadata["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|package| package["name"] == name)
        .and_then(|package| package["features"].as_object())
        .map(|features| {
            features
                .keys()
                .filter(|feature| *feature != "default")
                .cloned()
                .collect()
        })
        .ok_or_else(|| format!("no package {name} in the workspace"))
}

/// All subsets, the empty one first.
fn powerset(features: &[String]) -> Vec<Vec<&str>> {
    features.iter().fold(vec![Vec::new()], |sets, feature| {
        let with = sets.iter().cloned().map(|mut set: Vec<&str>| {
            set.push(feature);
            set
        });
        sets.iter().cloned().chain(with).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::{features, powerset};

    #[test]
    fn three_features_make_eight_builds() {
        let names = ["a", "b", "c"].map(String::from);
        let sets = powerset(&names);
        assert_eq!(sets.len(), 8);
        assert_eq!(sets[0], Vec::<&str>::new());
        assert!(sets.contains(&vec!["a", "c"]));
        assert!(sets.contains(&vec!["a", "b", "c"]));
    }

    #[test]
    fn features_are_read_from_the_metadata_without_default() {
        let metadata = r#"{"packages":[{"name":"x","features":{"default":[],"serde":[]}}]}"#;
        assert_eq!(features(metadata, "x").unwrap(), ["serde"]);
        assert!(features(metadata, "y").is_err());
    }
}
