//! The notice: which crates there are, and the texts of their licences, each once. Pure.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

use anyhow::{Result, bail};

use super::graph::Package;

/// Where the MIT licence's text begins, after who grants it.
const MIT: &str = "Permission is hereby granted, free of charge,";

const HEAD: &str = "runqlat-web is licensed under MIT OR Apache-2.0, at your option. These crates are linked into it, \
    its page or its kernel programs; the texts of their licences follow.\n\n";

const TAIL: &str = "\nRust's standard library (MIT OR Apache-2.0, https://www.rust-lang.org) is linked into it, too, and \
    the C library of the system that it was built on.\n";

/// A crate, with the texts that lie beside it.
pub(super) struct Linked {
    pub(super) package: Package,
    pub(super) texts: Vec<String>,
}

/// The notice of all of them, or which has no text.
pub(super) fn notice(linked: &[Linked]) -> Result<String> {
    let mit = mit(linked);
    let mut whose: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut notice = HEAD.to_owned();
    for Linked { package, texts } in linked {
        let name = format!("{} {}", package.name, package.version);
        // Writing to a string can't fail.
        let _ = writeln!(notice, "{name} ({})", package.license);
        let mut texts: Vec<String> = texts.iter().map(|text| tidy(text)).collect();
        texts.retain(|text| !text.is_empty());
        if texts.is_empty() {
            texts.push(granted(package, mit.as_deref())?);
        }
        for text in texts {
            whose.entry(text).or_default().push(name.clone());
        }
    }
    notice += TAIL;
    let mut texts: Vec<_> = whose.into_iter().collect();
    texts.sort_by(|(_, a), (_, b)| a.cmp(b));
    for (text, mut crates) in texts {
        crates.dedup();
        let _ = write!(
            notice,
            "\n{}\n{}\n\n{text}\n",
            "-".repeat(80),
            crates.join(", ")
        );
    }
    Ok(notice)
}

/// Lines without what is invisible at their ends, and without empty ones around.
fn tidy(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}

/// The MIT licence as most crates word it, without who grants it.
fn mit(linked: &[Linked]) -> Option<String> {
    let mut votes: HashMap<Vec<&str>, (usize, &str)> = HashMap::new();
    for text in linked.iter().flat_map(|linked| &linked.texts) {
        if let Some(at) = text.find(MIT) {
            let body = &text[at..];
            let vote = votes.entry(body.split_whitespace().collect());
            vote.or_insert((0, body)).0 += 1;
        }
    }
    // Of as many for two, always the same.
    let most = votes.values().max_by_key(|(votes, body)| (*votes, *body))?;
    Some(tidy(most.1))
}

/// Many crates name the MIT licence and leave its text out; whose it is says their manifest.
fn granted(package: &Package, mit: Option<&str>) -> Result<String> {
    let mut licenses = package.license.split(['/', ' ', '(', ')']);
    let alternative = !package.license.contains("AND") && licenses.any(|name| name == "MIT");
    let Some(mit) = mit.filter(|_| alternative) else {
        bail!(
            "the crate {} {} has no text of its licence ({}), which may have to go with the binary\n\
             hint: use another crate, or another version, that brings it",
            package.name,
            package.version,
            package.license
        );
    };
    let authors = match package.authors.as_slice() {
        [] => format!("the authors of {}", package.name),
        authors => authors.join(", "),
    };
    Ok(format!("Copyright (c) {authors}\n\n{mit}"))
}

#[cfg(test)]
mod tests {
    use super::{Linked, notice};
    use crate::build::licenses::graph::Package;

    fn linked(name: &str, license: &str, authors: &[&str], texts: &[&str]) -> Linked {
        Linked {
            package: Package {
                name: name.to_owned(),
                version: "1.0.0".to_owned(),
                license: license.to_owned(),
                authors: authors.iter().map(|&author| author.to_owned()).collect(),
                folder: "/".into(),
            },
            texts: texts.iter().map(|&text| text.to_owned()).collect(),
        }
    }

    const TEXT: &str = "MIT License\n\nCopyright (c) Ada\n\nPermission is hereby granted, free of charge, to all.\r\n";

    #[test]
    fn every_text_is_there_once_with_all_whose_it_is() {
        let text = notice(&[
            linked("a", "MIT", &[], &[TEXT]),
            linked("b", "ISC", &[], &["Be good. \n"]),
            linked("c", "MIT/ISC", &[], &["Be good.", TEXT]),
        ])
        .unwrap();
        for line in ["a 1.0.0 (MIT)", "a 1.0.0, c 1.0.0", "b 1.0.0, c 1.0.0"] {
            assert!(text.lines().any(|found| found == line), "{line}: {text}");
        }
        assert_eq!(text.matches("Be good.").count(), 1);
        assert_eq!(text.matches("to all.").count(), 1);
    }

    #[test]
    fn a_crate_without_a_text_is_granted_by_its_authors_or_refused() {
        let with = || linked("a", "MIT", &[], &[TEXT]);
        let text = notice(&[with(), linked("b", "MIT OR Apache-2.0", &["Bob"], &[])]).unwrap();
        assert!(
            text.contains("b 1.0.0\n\nCopyright (c) Bob\n\nPermission is hereby"),
            "{text}"
        );
        let text = notice(&[with(), linked("b", "MIT", &[], &["\n"])]).unwrap();
        assert!(text.contains("Copyright (c) the authors of b\n"), "{text}");
        for license in ["BSD-3-Clause", "MIT AND BSD-3-Clause", ""] {
            let refused = notice(&[with(), linked("b", license, &["Bob"], &[])]);
            let said = refused.unwrap_err().to_string();
            assert!(said.contains("the crate b 1.0.0 has no text"), "{said}");
        }
    }
}
