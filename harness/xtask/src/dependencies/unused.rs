//! Dependencies that nobody uses: of each package, and in a workspace's own table.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::{metadata, sources};
use crate::project;
use crate::run::Result;

/// A dependency that no source names, and why it is there nevertheless.
struct Exception {
    package: &'static str,
    dependency: &'static str,
    why: &'static str,
}

/// All of them; one that is not needed any more is a problem too.
const EXCEPTIONS: &[Exception] = &[
    Exception {
        package: "lan9118",
        dependency: "critical-section",
        why: "for its feature `std`: tests need a critical section to link",
    },
    Exception {
        package: "my-device",
        dependency: "cortex-m-rt",
        why: "embassy_executor::main writes its name; for its feature `device`",
    },
    Exception {
        package: "wigwag-embassy",
        dependency: "embedded-storage",
        why: "for its feature `defmt`: errors of flash",
    },
];

/// Packages whose library is called otherwise.
const LIBRARIES: [(&str, &str); 1] = [("rustls-webpki", "webpki")];

/// A dependency, as a manifest has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Dependency {
    package: String,
    name: String,
}

/// What is wrong in all workspaces, a line each.
///
/// # Errors
///
/// cargo cannot tell what they are, or a file cannot be read.
pub fn problems(manifests: &[&str]) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    let mut unused = BTreeSet::new();
    for manifest in manifests {
        let metadata = metadata(manifest, &["--no-deps"])?;
        let packages = metadata["packages"].as_array().into_iter().flatten();
        let mut inherited = BTreeSet::new();
        for package in packages {
            unused.extend(of(package)?);
            let manifest = package["manifest_path"].as_str().unwrap_or_default();
            inherited.extend(inherits(&read(Path::new(manifest))?));
        }
        let text = read(&project().join(manifest))?;
        let idle = shared(&text)
            .into_iter()
            .filter(|it| !inherited.contains(it));
        problems.extend(idle.map(|name| format!("{manifest}: no member uses {name}")));
    }
    problems.extend(judge(&unused, EXCEPTIONS));
    Ok(problems)
}

/// The unused dependencies that have no reason, and the reasons that are not needed.
fn judge(unused: &BTreeSet<Dependency>, exceptions: &[Exception]) -> Vec<String> {
    let is = |it: &Dependency, one: &Exception| {
        (it.package.as_str(), it.name.as_str()) == (one.package, one.dependency)
    };
    let left = unused
        .iter()
        .filter(|it| !exceptions.iter().any(|one| is(it, one)))
        .map(|it| format!("{}: no source names {}", it.package, it.name));
    let idle = exceptions
        .iter()
        .filter(|one| !unused.iter().any(|it| is(it, one)))
        .map(|one| {
            let Exception {
                package,
                dependency,
                why,
            } = one;
            format!("{package}: {dependency} is no exception any more ({why})")
        });
    left.chain(idle).collect()
}

/// The dependencies of a package that its sources do not name.
fn of(package: &Value) -> Result<Vec<Dependency>> {
    let manifest = Path::new(package["manifest_path"].as_str().unwrap_or_default());
    let folder = manifest.parent().unwrap_or(manifest);
    let mut unused = Vec::new();
    for dependency in package["dependencies"].as_array().into_iter().flatten() {
        let name = dependency["name"].as_str().unwrap_or_default();
        let named = library(name, dependency["rename"].as_str());
        let text = match dependency["kind"].as_str() {
            // Of tests, examples and the examples in the documentation.
            Some("dev") => everything(folder)?,
            Some("build") => roots(package, |kind| kind == "custom-build")?,
            _ => roots(package, |kind| {
                !["custom-build", "test", "bench", "example"].contains(&kind)
            })?,
        };
        if !text.iter().any(|text| sources::names(text, &named)) {
            let package = package["name"].as_str().unwrap_or("?").to_owned();
            let name = name.to_owned();
            unused.push(Dependency { package, name });
        }
    }
    Ok(unused)
}

/// How sources call a package's library.
fn library(package: &str, rename: Option<&str>) -> String {
    let known = LIBRARIES.iter().find(|(name, _)| *name == package);
    let name = rename.unwrap_or(known.map_or(package, |(_, library)| library));
    name.replace('-', "_")
}

/// All that is written in a package.
fn everything(folder: &Path) -> Result<Vec<String>> {
    let files = sources::files(folder, &["rs", "md"]);
    files.iter().map(|file| read(file)).collect()
}

/// The program text of a package's targets of some kinds. A target in the package's own
/// folder (`build.rs`) is that file alone, every other one is the folder it is in.
fn roots(package: &Value, kind: impl Fn(&str) -> bool) -> Result<Vec<String>> {
    let folder = Path::new(package["manifest_path"].as_str().unwrap_or_default()).parent();
    let mut texts = Vec::new();
    for target in package["targets"].as_array().into_iter().flatten() {
        let kinds = target["kind"].as_array().into_iter().flatten();
        if !kinds.filter_map(Value::as_str).any(&kind) {
            continue;
        }
        let root = Path::new(target["src_path"].as_str().unwrap_or_default());
        let above = root.parent().unwrap_or(root);
        let files = if Some(above) == folder {
            vec![root.to_path_buf()]
        } else {
            sources::files(above, &["rs"])
        };
        for file in files {
            if !sources::is_test(file.strip_prefix(above).unwrap_or(&file)) {
                texts.push(sources::program(&read(&file)?));
            }
        }
    }
    Ok(texts)
}

/// The names in a manifest's `[workspace.dependencies]`, but those of packages in the
/// repository, which anybody may use one day.
fn shared(manifest: &str) -> Vec<String> {
    let table = manifest.parse::<toml::Table>().unwrap_or_default();
    let dependencies = table
        .get("workspace")
        .and_then(|workspace| workspace.get("dependencies"))
        .and_then(toml::Value::as_table);
    let outside = dependencies
        .into_iter()
        .flatten()
        .filter(|(_, it)| it.get("path").is_none());
    outside.map(|(name, _)| name.clone()).collect()
}

/// The names that a manifest takes from its workspace.
fn inherits(manifest: &str) -> Vec<String> {
    fn tables(table: &toml::Table, found: &mut Vec<String>) {
        for (key, value) in table {
            let Some(table) = value.as_table() else {
                continue;
            };
            if key.ends_with("dependencies") {
                let inherited = table.iter().filter(|(_, it)| it.get("workspace").is_some());
                found.extend(inherited.map(|(name, _)| name.clone()));
            } else if key != "workspace" {
                tables(table, found);
            }
        }
    }
    let mut found = Vec::new();
    tables(&manifest.parse().unwrap_or_default(), &mut found);
    found
}

fn read(file: &Path) -> Result<String> {
    std::fs::read_to_string(file)
        .map_err(|error| format!("cannot read {}: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A package in a folder, with a source of each kind.
    fn package(folder: &Path, dependencies: &Value) -> Value {
        let write = |path: &str, text: &str| {
            let path = folder.join(path);
            std::fs::create_dir_all(path.parent().expect("below")).expect("a folder");
            std::fs::write(&path, text).expect("a file");
            path
        };
        let tests = "\n#[cfg(test)]\nmod tests {\n    use only_tests::it;\n}\n";
        let lib = write("src/lib.rs", &format!("use normal::it;{tests}"));
        let part = write(
            "src/part.rs",
            "/// ```\n/// use example::it;\n/// ```\nfn f() { other_name::it() }\n",
        );
        assert!(part.exists());
        let build = write("build.rs", "use built::it;\n");
        let test = write("tests/all.rs", "use tested::it;\n");
        json!({
            "name": "p",
            "manifest_path": folder.join("Cargo.toml"),
            "targets": [
                {"kind": ["lib"], "src_path": lib},
                {"kind": ["custom-build"], "src_path": build},
                {"kind": ["test"], "src_path": test},
            ],
            "dependencies": dependencies,
        })
    }

    fn names(dependencies: &Value) -> Vec<String> {
        let folder = tempfile::tempdir().expect("a folder");
        let package = package(folder.path(), dependencies);
        let unused = of(&package).expect("sources");
        unused.into_iter().map(|it| it.name).collect()
    }

    #[test]
    fn each_kind_of_dependency_is_looked_for_where_it_can_be_used() {
        let used = json!([
            {"name": "normal", "kind": null},
            {"name": "a-crate", "rename": "other-name", "kind": null},
            {"name": "built", "kind": "build"},
            {"name": "tested", "kind": "dev"},
            {"name": "only-tests", "kind": "dev"},
            {"name": "example", "kind": "dev"},
        ]);
        assert_eq!(names(&used), Vec::<String>::new());
        let unused = json!([
            {"name": "only-tests", "kind": null},
            {"name": "example", "kind": null},
            {"name": "tested", "kind": null},
            {"name": "built", "kind": null},
            {"name": "other-name", "rename": "a-crate", "kind": null},
            {"name": "normal", "kind": "build"},
            {"name": "nowhere", "kind": "dev"},
        ]);
        let all = unused.as_array().expect("a list").iter();
        let all: Vec<&str> = all.filter_map(|it| it["name"].as_str()).collect();
        assert_eq!(names(&unused), all);
    }

    #[test]
    fn exceptions_have_to_be_needed() {
        let unused = |name: &str| Dependency {
            package: "p".to_owned(),
            name: name.to_owned(),
        };
        let exception = |dependency| Exception {
            package: "p",
            dependency,
            why: "a feature",
        };
        let told = judge(
            &[unused("a"), unused("b")].into(),
            &[exception("b"), exception("c")],
        );
        let expected = [
            "p: no source names a",
            "p: c is no exception any more (a feature)",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn tables_of_manifests_are_read() {
        let root =
            "[workspace.dependencies]\na = \"1\"\nb = { version = \"1\" }\nc = { path = \"c\" }\n";
        assert_eq!(shared(root), ["a", "b"]);
        let member = "[dependencies]\na.workspace = true\nb = \"1\"\n[build-dependencies]\n\
            c = { workspace = true }\n[target.'cfg(x)'.dev-dependencies]\nd.workspace = true\n\
            [lints]\nworkspace = true\n";
        let mut found = inherits(member);
        found.sort();
        assert_eq!(found, ["a", "c", "d"]);
    }

    #[test]
    fn libraries_have_their_own_names() {
        assert_eq!(library("rustls-webpki", None), "webpki");
        assert_eq!(library("a-b", None), "a_b");
        assert_eq!(library("a-b", Some("c-d")), "c_d");
    }
}
