//! Which crates are linked into a root, by what `cargo metadata` tells: its normal dependencies and theirs. Macros run in
//! the compiler, and what they need is in nothing that is handed on. Pure.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

/// A crate of a registry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: String,
    /// The expression in its manifest; empty if it has none.
    pub(super) license: String,
    pub(super) authors: Vec<String>,
    pub(super) folder: PathBuf,
}

/// The crates of others that are linked into the workspace's `root`.
pub(super) fn linked(metadata: &Value, root: &str) -> Result<Vec<Package>> {
    let by_id = |list: &'static str| {
        let all = metadata.pointer(list).and_then(Value::as_array);
        let all = all.with_context(|| format!("cargo metadata tells no {list}"))?;
        let pairs = all.iter().map(|one| (one["id"].as_str(), one));
        anyhow::Ok(pairs.collect::<HashMap<Option<&str>, &Value>>())
    };
    let (packages, nodes) = (by_id("/packages")?, by_id("/resolve/nodes")?);
    let is_root = |package: &&&Value| package["name"] == root && package["source"].is_null();
    let first = packages.values().find(is_root);
    let first = first.with_context(|| format!("there is no {root} in the workspace"))?;
    let (mut seen, mut left) = (HashSet::new(), vec![first["id"].as_str()]);
    let mut found = Vec::new();
    while let Some(id) = left.pop() {
        let (Some(package), Some(node)) = (packages.get(&id), nodes.get(&id)) else {
            continue;
        };
        if !seen.insert(id) || is_macro(package) {
            continue;
        }
        if !package["source"].is_null() {
            found.push(of(package));
        }
        let dependencies = list(&node["deps"]).filter(|dependency| is_normal(dependency));
        left.extend(dependencies.map(|dependency| dependency["pkg"].as_str()));
    }
    Ok(found)
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Neither for tests nor for build scripts.
fn is_normal(dependency: &Value) -> bool {
    list(&dependency["dep_kinds"]).any(|kind| kind["kind"].is_null())
}

fn is_macro(package: &Value) -> bool {
    let mut kinds = list(&package["targets"]).flat_map(|target| list(&target["kind"]));
    kinds.any(|kind| kind == "proc-macro")
}

fn of(package: &Value) -> Package {
    let text = |field: &str| package[field].as_str().unwrap_or_default().to_owned();
    let authors = list(&package["authors"]).filter_map(Value::as_str);
    let manifest = text("manifest_path");
    Package {
        name: text("name"),
        version: text("version"),
        license: text("license"),
        authors: authors.map(str::to_owned).collect(),
        folder: Path::new(&manifest)
            .parent()
            .unwrap_or(Path::new(""))
            .into(),
    }
}

#[cfg(test)]
mod tests {
    use super::linked;
    use serde_json::{Value, json};

    fn package(name: &str, source: Value, kind: &str) -> Value {
        json!({ "id": name, "name": name, "version": "1.0.0", "source": source, "license": "MIT",
            "authors": ["Ada"], "manifest_path": format!("/src/{name}/Cargo.toml"),
            "targets": [{ "kind": [kind] }] })
    }

    fn node(name: &str, dependencies: &[(&str, Value)]) -> Value {
        let deps = dependencies
            .iter()
            .map(|(on, kind)| json!({ "pkg": on, "dep_kinds": [{ "kind": kind }] }));
        json!({ "id": name, "deps": deps.collect::<Vec<_>>() })
    }

    #[test]
    fn what_is_linked_is_found_through_what_is_ours_and_not_through_macros() {
        let theirs = || json!("registry");
        let metadata = json!({
            "packages": [
                package("root", Value::Null, "bin"), package("ours", Value::Null, "lib"),
                package("a", theirs(), "lib"), package("deep", theirs(), "lib"),
                package("macro", theirs(), "proc-macro"), package("syn", theirs(), "lib"),
                package("cc", theirs(), "lib"), package("proptest", theirs(), "lib"),
            ],
            "resolve": { "nodes": [
                node("root", &[("ours", Value::Null), ("macro", Value::Null), ("cc", json!("build")), ("proptest", json!("dev"))]),
                node("ours", &[("a", Value::Null)]), node("a", &[("deep", Value::Null), ("ours", Value::Null)]),
                node("deep", &[]), node("macro", &[("syn", Value::Null)]), node("syn", &[]), node("cc", &[]), node("proptest", &[]),
            ] },
        });
        let mut found = linked(&metadata, "root").unwrap();
        found.sort();
        let names: Vec<&str> = found.iter().map(|package| &*package.name).collect();
        assert_eq!(names, ["a", "deep"]);
        assert_eq!(found[0].folder, std::path::Path::new("/src/a"));
        assert!(linked(&metadata, "a").is_err());
    }
}
