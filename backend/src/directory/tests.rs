use super::{Listing, command, with_ancestors};
use runqlat_common::name;
use runqlat_common::wire::{MAX_TARGETS, ProcessTarget};

fn process(tgid: u32, comm: &str, command: &str, cgroup: &str) -> ProcessTarget {
    ProcessTarget {
        tgid,
        comm: comm.into(),
        comm_hex: None,
        command: command.into(),
        cgroup: cgroup.into(),
        cgroup_hex: None,
    }
}

fn listing() -> Listing {
    Listing {
        processes: vec![
            process(4120, "worker", "/usr/bin/worker --for postgres", "/batch"),
            process(
                412,
                "Postgres",
                "postgres -D /data",
                "/system.slice/pg.service",
            ),
            process(41, "pg_postgres", "", "/system.slice/pg.service"),
            process(2, "kthreadd", "", ""),
            process(
                7,
                "postgres",
                "postgres: Writer",
                "/system.slice/pg.service",
            ),
        ],
        cgroups: [
            "/",
            "/system.slice",
            "/system.slice/pg.service",
            "/batch",
            "/pg.slice",
        ]
        .map(Vec::from)
        .into(),
    }
}

#[test]
fn all_words_are_to_be_found_and_the_nearest_come_first() {
    let table: [(&str, &[u32], &[&str]); 11] = [
        (
            // Kernel threads, which have no command line, come last.
            "",
            &[7, 412, 4120, 2, 41],
            &[
                "/",
                "/batch",
                "/pg.slice",
                "/system.slice",
                "/system.slice/pg.service",
            ],
        ),
        ("postgres", &[7, 412, 41, 4120], &[]),
        (" POSTgres ", &[7, 412, 41, 4120], &[]),
        // The id itself first, then those that begin with it; never one that only holds it.
        ("412", &[412, 4120], &[]),
        ("12", &[], &[]),
        ("41 worker", &[4120], &[]),
        ("postgres writer", &[7], &[]),
        (
            "slice pg",
            &[7, 412, 41],
            &["/pg.slice", "/system.slice/pg.service"],
        ),
        (
            "/system.slice",
            &[7, 412, 41],
            &["/system.slice", "/system.slice/pg.service"],
        ),
        (
            "pg",
            &[41, 7, 412],
            &["/pg.slice", "/system.slice/pg.service"],
        ),
        ("nobody", &[], &[]),
    ];
    for (query, tgids, paths) in table {
        let targets = listing().matching(query);
        let found: Vec<u32> = targets.processes.iter().map(|p| p.tgid).collect();
        assert_eq!(found, tgids, "{query:?}");
        let found: Vec<&str> = targets.cgroups.iter().map(|group| &*group.path).collect();
        assert_eq!(found, paths, "{query:?}");
        assert_eq!((&*targets.query, targets.more), (query, false));
    }
}

#[test]
fn a_cgroup_counts_those_below_it_whatever_is_asked() {
    let targets = listing().matching("slice");
    let counts: Vec<_> = targets
        .cgroups
        .iter()
        .map(|g| (&*g.path, g.processes))
        .collect();
    let expected = [
        ("/pg.slice", 0),
        ("/system.slice", 3),
        ("/system.slice/pg.service", 3),
    ];
    assert_eq!(counts, expected);
    assert_eq!(listing().matching("/").cgroups[0].processes, 4);
}

#[test]
fn cgroups_of_any_bytes_are_counted_and_told_apart() {
    let names: [&[u8]; 5] = [b"/a\xff", b"/a\xfe", b"/a", b"/ ", b"/"];
    let process = |tgid, path: &[u8]| process(tgid, "x", "", &name::shown(path).name);
    let listing = Listing {
        processes: vec![
            process(1, b"/a\xff/ /b"),
            process(2, b"/a\xfe"),
            process(3, b"/ /x"),
        ],
        cgroups: names.map(Vec::from).into(),
    };
    let mut groups = listing.matching("").cgroups;
    groups.sort_by(|a, b| a.path.cmp(&b.path));
    let groups: Vec<_> = groups
        .iter()
        .map(|g| (&*g.path, g.path_hex.as_deref(), g.processes))
        .collect();
    let expected = [
        ("/", None, 3),
        (r"/\u{20}", Some("2f20"), 1),
        ("/a", None, 0),
        (r"/a\x{fe}", Some("2f61fe"), 1),
        (r"/a\x{ff}", Some("2f61ff"), 1),
    ];
    assert_eq!(groups, expected);
}

#[test]
fn long_lists_are_cut_and_say_so() {
    let of = |processes: usize, groups: usize| {
        let listing = Listing {
            processes: (0..processes as u32)
                .map(|tgid| process(tgid, "a", "", ""))
                .collect(),
            cgroups: (0..groups).map(|n| format!("/{n}").into()).collect(),
        };
        let targets = listing.matching("");
        (targets.processes.len(), targets.cgroups.len(), targets.more)
    };
    let most = MAX_TARGETS;
    assert_eq!(of(most, most), (most, most, false));
    assert_eq!(of(most + 1, 1), (most, 1, true));
    assert_eq!(of(1, most + 1), (1, most, true));
}

#[test]
fn the_groups_above_end_at_the_root() {
    let above = |path| with_ancestors(path).collect::<Vec<_>>();
    assert_eq!(above(b"/a/b"), [&b"/a/b"[..], b"/a", b"/"]);
    assert_eq!(above(b"/"), [b"/"]);
    assert!(above(b"").is_empty() && above(b"odd").is_empty());
}

#[test]
fn what_a_process_says_of_itself_can_be_shown() {
    let table: [(&[u8], &str); 6] = [
        (b"sleep\x001000\0", "sleep 1000"),
        (b"nginx: master\0\0\0\0", "nginx: master"),
        (b"a\0\0b\0", "a  b"),
        (b"\x1b[31mred\n", r"\u{1b}[31mred\u{a}"),
        (b"\xff\xfe", r"\x{ff}\x{fe}"),
        (b"", ""),
    ];
    for (bytes, text) in table {
        assert_eq!(command(bytes), text);
    }
    assert_eq!(command("ü".repeat(500).as_bytes()).chars().count(), 200);
}
