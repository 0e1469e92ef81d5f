//! What is told at the start, and what must not be.

use super::{Door, Links, Options};
use crate::access;
use crate::server::MaxViewers;
use std::path::PathBuf;

fn options() -> Options {
    Options {
        access: access::Options::default(),
        command_lines: true,
        host_names: Vec::new(),
        public_url: None,
        tls: None,
        max_viewers: MaxViewers {
            all: 9,
            per_address: None,
        },
        allowed: Vec::new(),
        print_links: false,
    }
}

fn told(options: &Options, listening: &str, links: Links) -> String {
    let address = listening.parse().unwrap();
    let mut door = Door::prepare(options, &[address], Some(1_000)).unwrap();
    door.links = links;
    let secrets =
        [&door.keys.tokens.view, &door.keys.tokens.control].map(|token| token.text().to_owned());
    let told = door.told().join("\n");
    let shown = secrets.iter().any(|secret| told.contains(secret));
    assert!(!shown || links.are_printed(), "{told}");
    told
}

const LOCAL: &str = "127.0.0.1:8080";
const BEYOND: &str = "10.0.0.5:8080";

#[test]
fn on_this_host_alone_nothing_is_told_unless_it_was_asked_for() {
    for links in [Links::Terminal, Links::Hidden, Links::Journal] {
        assert_eq!(told(&options(), LOCAL, links), "");
    }
    let asked = told(&options(), LOCAL, Links::AskedFor);
    assert!(
        asked.starts_with("to view:    http://127.0.0.1:8080"),
        "{asked}"
    );
    assert!(asked.contains("\nto control: http://"), "{asked}");
}

#[test]
fn links_are_told_ready_to_open_to_a_terminal_alone() {
    let shown = told(&options(), BEYOND, Links::Terminal);
    assert!(
        shown.starts_with("to view:    http://10.0.0.5:8080/#token="),
        "{shown}"
    );
    assert!(shown.contains("warning: without TLS"), "{shown}");
    for links in [Links::Hidden, Links::Journal] {
        let hidden = told(&options(), BEYOND, links);
        assert!(
            hidden.starts_with("links for others: `runqlat-web link`"),
            "{hidden}"
        );
    }
    let mut everybody = options();
    everybody.access.tokens = true;
    let hidden = told(&everybody, LOCAL, Links::Hidden);
    assert!(hidden.contains("with --print-links"), "{hidden}");
    let journal = told(&everybody, LOCAL, Links::Journal);
    assert!(journal.contains("not written to the journal"), "{journal}");
    everybody.access.read_only = true;
    let viewed = told(&everybody, LOCAL, Links::AskedFor);
    assert!(
        viewed.contains("to view: ") && !viewed.contains("to control"),
        "{viewed}"
    );
    assert!(viewed.contains("read-only: nobody can change what is measured"));
}

#[test]
fn what_is_in_files_is_named_and_never_shown() {
    use std::os::unix::fs::PermissionsExt;
    let folder = std::env::temp_dir().join(format!("rw-door-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = |name: &str| -> Option<PathBuf> {
        let path = folder.join(name);
        std::fs::write(&path, format!("{name}-0123456789-0123456789")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        Some(path)
    };
    let mut held = options();
    held.access.view_token_file = file("view");
    held.access.control_token_file = file("control");
    for links in [Links::Terminal, Links::Hidden, Links::Journal] {
        let told = told(&held, BEYOND, links);
        let path = folder.join("control").display().to_string();
        assert!(
            told.contains(&format!("with the token in {path}")),
            "{told}"
        );
        assert!(!told.contains("0123456789"), "{told}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
