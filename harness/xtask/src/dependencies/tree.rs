//! Who depends on whom, in what `cargo metadata` says.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// The packages that others lead to, these among them. `follow` is asked for each
/// package whose dependencies may count, and for each kind of dependency (`dev`, `build`,
/// or none).
pub fn reached<'a>(
    metadata: &'a Value,
    from: impl IntoIterator<Item = &'a str>,
    follow: impl Fn(&Value, Option<&str>) -> bool,
) -> Vec<&'a Value> {
    let by_id: BTreeMap<&str, &Value> = list(&metadata["packages"])
        .map(|package| (text(package, "id"), package))
        .collect();
    let nodes: BTreeMap<&str, &Value> = list(&metadata["resolve"]["nodes"])
        .map(|node| (text(node, "id"), node))
        .collect();
    let mut left: Vec<&str> = from.into_iter().collect();
    let mut seen = BTreeSet::new();
    let mut reached = Vec::new();
    while let Some(id) = left.pop() {
        let (Some(package), Some(node)) = (by_id.get(id), nodes.get(id)) else {
            continue;
        };
        if !seen.insert(id) {
            continue;
        }
        reached.push(*package);
        for edge in list(&node["deps"]) {
            if list(&edge["dep_kinds"]).any(|it| follow(package, it["kind"].as_str())) {
                left.push(text(edge, "pkg"));
            }
        }
    }
    reached
}

/// The items of a JSON list, none where it is none.
pub fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// A text in a JSON object, empty where it has none.
#[must_use]
pub fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// For tests: a package as `cargo metadata` has it, its id being name and version.
#[cfg(test)]
pub(super) fn package(name: &str, version: &str, kind: &str) -> Value {
    serde_json::json!({
        "id": format!("{name} {version}"),
        "name": name,
        "version": version,
        "targets": [{"kind": [kind]}],
    })
}

/// For tests: what a package depends on, and how.
#[cfg(test)]
pub(super) fn node(id: &str, deps: &[(&str, Option<&str>)]) -> Value {
    let deps = deps
        .iter()
        .map(|(pkg, kind)| serde_json::json!({"pkg": pkg, "dep_kinds": [{"kind": kind}]}));
    serde_json::json!({"id": id, "deps": deps.collect::<Vec<_>>()})
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn circles_end_and_each_package_comes_once() {
        let metadata = json!({
            "packages": [package("a", "1", "lib"), package("b", "1", "lib"), package("c", "1", "lib")],
            "resolve": {"nodes": [
                node("a 1", &[("b 1", None), ("c 1", Some("dev")), ("gone 1", None)]),
                node("b 1", &[("a 1", None), ("b 1", None)]),
                node("c 1", &[]),
            ]},
        });
        let names = |found: Vec<&Value>| -> Vec<String> {
            found
                .into_iter()
                .map(|it| text(it, "name").to_owned())
                .collect()
        };
        let all = reached(&metadata, ["a 1"], |_, _| true);
        assert_eq!(names(all), ["a", "c", "b"]);
        let normal = reached(&metadata, ["a 1"], |_, kind| kind.is_none());
        assert_eq!(names(normal), ["a", "b"]);
        let not_of_b = reached(&metadata, ["b 1"], |package, _| package["name"] != "b");
        assert_eq!(names(not_of_b), ["b"]);
    }
}
