//! Names and references, on pages of a few bytes.

use super::*;

fn files<const N: usize>(list: [(&str, &str); N]) -> Files {
    list.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()))
        .into()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn asset<'a>(site: &'a Site, source: &str) -> &'a Asset {
    site.assets
        .iter()
        .find(|asset| asset.source == source)
        .unwrap()
}

#[test]
fn references_follow_names_through_several_files() {
    let site = link(
        b"<script src=\"./assets/boot.js\"></script><link href='./assets/style.css'>".to_vec(),
        files([
            ("boot.js", "import init from \"./assets/app.js\"; init({module_or_path: './assets/app_bg.wasm'})"),
            ("app.js", "export default 1"),
            ("app_bg.wasm", "\0asm ./assets/none.js"),
            ("style.css", "a { background: url(./assets/favicon.svg) }"),
            ("favicon.svg", "<svg/>"),
        ]),
    )
    .unwrap();
    let name = |source: &str| asset(&site, source).name.as_str();
    assert_eq!(
        text(&site.index),
        format!(
            "<script src=\"./assets/{}\"></script><link href='./assets/{}'>",
            name("boot.js"),
            name("style.css")
        )
    );
    let boot = text(&asset(&site, "boot.js").bytes);
    assert!(
        boot.contains(&format!("\"./assets/{}\"", name("app.js"))),
        "{boot}"
    );
    assert!(
        boot.contains(&format!("'./assets/{}'", name("app_bg.wasm"))),
        "{boot}"
    );
    assert!(text(&asset(&site, "style.css").bytes).contains(name("favicon.svg")));
}

#[test]
fn a_name_changes_with_the_content_of_what_it_refers_to() {
    let name = |icon: &str| {
        let files = files([("style.css", "url(./assets/i.svg)"), ("i.svg", icon)]);
        let site = link(Vec::new(), files).unwrap();
        asset(&site, "style.css").name.clone()
    };
    assert_eq!(name("<svg/>"), name("<svg/>"));
    assert_ne!(name("<svg/>"), name("<svg />"));
}

#[test]
fn names_keep_stem_and_extension() {
    let hash = hash(b"x");
    assert_eq!(hash.len(), 16);
    assert_eq!(hashed("style.css", b"x"), format!("style-{hash}.css"));
    assert_eq!(
        hashed("icons/app.min.svg", b"x"),
        format!("icons/app.min-{hash}.svg")
    );
    assert_eq!(hashed("LICENSE", b"x"), format!("LICENSE-{hash}"));
}

#[test]
fn an_unknown_reference_fails_and_names_both_ends() {
    let error = link(b"./assets/styel.css".to_vec(), files([("style.css", "")]))
        .err()
        .unwrap();
    let message = error.to_string();
    assert!(
        message.contains("index.html refers to /assets/styel.css"),
        "{message}"
    );
    assert!(message.contains("style.css"), "{message}");
}

#[test]
fn a_circle_fails() {
    let error = link(
        Vec::new(),
        files([("a.js", "./assets/b.js"), ("b.js", "./assets/a.js")]),
    )
    .err()
    .unwrap();
    assert!(
        error.to_string().contains("a.js -> b.js -> a.js"),
        "{error}"
    );
}

#[test]
fn prose_around_a_reference_stays() {
    let site = link(
        b"See ./assets/a.css. All of /assets/ is cached.".to_vec(),
        files([("a.css", "")]),
    )
    .unwrap();
    let name = &site.assets[0].name;
    assert_eq!(
        text(&site.index),
        format!("See ./assets/{name}. All of /assets/ is cached.")
    );
}

#[test]
fn a_reference_from_the_root_fails() {
    let files = || files([("a.css", "")]);
    for text in [
        "/assets/a.css",
        "\"/assets/a.css\"",
        "https://x/assets/a.css",
    ] {
        let error = link(text.into(), files()).err().unwrap();
        assert!(error.to_string().contains("from the root"), "{error}");
    }
    assert!(link(b"../assets/a.css ./assets/a.css".to_vec(), files()).is_ok());
}
