//! Deceptive names: whoever may start a process or create a cgroup chooses any bytes, and root reads them on a
//! terminal, on a page and in tools.

mod support;

use runqlat_common::name::{self, is_hidden, shown};
use runqlat_common::wire::{Format, Interval, Scope, ServerMessage};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use support::browser::Browser;
use support::cgroup::{Group, move_to, root};
use support::client::{Viewer, get, put_in_time};
use support::is_root;
use support::load::{Process, last_cpu};
use support::server::{Server, binary, run};

/// Each name as bytes and in its displayed form.
const NAMES: [(&[u8], &str); 9] = [
    (b"a\npid = 1 sshd", r"a\u{a}pid = 1 sshd"),
    (b"\x1b[2J\x1b]0;own\x07", r"\u{1b}[2J\u{1b}]0;own\u{7}"),
    (b"\xe2\x80\xaegpj.exe", r"\u{202e}gpj.exe"),
    (b"\xe2\x80\x8b", r"\u{200b}"),
    (b"   ", r"\u{20} \u{20}"),
    (b"a\xffb", r"a\x{ff}b"),
    (b"a\xfeb", r"a\x{fe}b"),
    (
        b"e\xcc\x81\xcc\x81\xcc\x81\xcc\x81",
        "e\u{301}\u{301}\\u{301}\\u{301}",
    ),
    (b"\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d", "שלום"),
];

/// Processes with these names that compete for one CPU.
fn hogs() -> Vec<Process> {
    let hog = |(name, _): (&[u8], &str)| {
        let octal = name.iter().map(|byte| format!("\\{byte:03o}"));
        let name = octal.collect::<String>();
        let script = format!("printf '{name}' >/proc/self/comm; echo named; while :; do :; done");
        let mut hog = Process::pinned_with(last_cpu(), "sh", &["-c", &script], Stdio::piped());
        assert_eq!(hog.line(), "named");
        hog
    };
    NAMES.into_iter().map(hog).collect()
}

fn start(args: &[&str]) -> Server {
    Server::start(&[&["--interval", "200ms"], args].concat())
}

/// Waits until each of these keys has waited; returns all intervals until then.
async fn until_waited(viewer: &mut Viewer, keys: impl Iterator<Item = u64>) -> Vec<Interval> {
    let mut left: HashSet<u64> = keys.collect();
    let mut seen = Vec::new();
    while !left.is_empty() {
        let interval = viewer.interval().await;
        for series in &interval.series {
            left.remove(&series.key);
        }
        seen.push(interval);
    }
    seen
}

fn only_lines(text: &str) {
    let odd = text.lines().find(|line| line.chars().any(is_hidden));
    assert_eq!(odd, None);
}

#[test]
fn on_a_terminal_nobody_moves_the_cursor_or_makes_a_heading() {
    if !is_root("on_a_terminal_nobody_moves_the_cursor_or_makes_a_heading") {
        return;
    }
    let hogs = hogs();
    let printed = run(&["print", "-P", "1", "2"]);
    let text = String::from_utf8(printed.stdout).unwrap();
    only_lines(&text);
    only_lines(&String::from_utf8(printed.stderr).unwrap());
    let headings: Vec<_> = text.lines().filter(|line| line.contains(" = ")).collect();
    assert!(headings.iter().all(|line| line.starts_with("pid = ")));
    let histograms = text.lines().filter(|line| line.contains("distribution"));
    let others = text.lines().filter(|line| *line == "other");
    assert_eq!(
        headings.len() + others.count(),
        histograms.count(),
        "{text}"
    );
    for (hog, (_, shown)) in hogs.iter().zip(NAMES) {
        let heading = format!("pid = {} {shown}", hog.id());
        assert!(headings.contains(&&*heading), "{heading}: {headings:?}");
    }
}

#[tokio::test]
async fn the_api_tells_what_is_shown_and_the_bytes_where_they_differ() {
    if !is_root("the_api_tells_what_is_shown_and_the_bytes_where_they_differ") {
        return;
    }
    let hogs = hogs();
    let server = start(&[]);
    let mut viewer = Viewer::join(server.address, Format::Json).await;
    let mut names: HashMap<_, _> = HashMap::new();
    let mut learn = |told: Vec<runqlat_common::wire::SeriesName>| {
        names.extend(told.into_iter().map(|n| (n.key, (n.name, n.name_hex))));
    };
    learn(viewer.snapshot().await.names);
    for interval in until_waited(&mut viewer, hogs.iter().map(Process::key)).await {
        learn(interval.names);
    }
    let targets = get(server.address, "/api/v1/targets?q=sh%20-c", &[]);
    only_lines(targets.text());
    let targets = targets.json();
    for (hog, (bytes, as_shown)) in hogs.iter().zip(NAMES) {
        let hex = (bytes != as_shown.as_bytes()).then(|| name::hex(bytes));
        assert_eq!(names[&hog.key()], (as_shown.to_owned(), hex.clone()));
        let key = hog.key();
        let path = format!("/api/v1/histogram?key={key}&intervals=3");
        let json = get(server.address, &path, &[]);
        only_lines(json.text());
        let json = json.json();
        assert_eq!(
            (&json["name"], &json["name_hex"]),
            (&json!(as_shown), &json!(hex))
        );
        let text = get(server.address, &format!("{path}&format=text"), &[]);
        only_lines(text.text());
        assert_eq!(
            text.text().lines().next(),
            Some(&*format!("pid = {key} {as_shown}"))
        );
        let process = targets["processes"].as_array().unwrap().iter();
        let process = process
            .clone()
            .find(|process| process["tgid"] == json!(hog.id()));
        let process = process.expect("it is listed");
        assert_eq!(
            (&process["comm"], &process["comm_hex"]),
            (&json!(as_shown), &json!(hex))
        );
    }
    for (hog, (_, as_shown)) in hogs.iter().zip(NAMES) {
        let key = hog.key();
        let chosen = put_in_time(
            server.address,
            "/api/v1/scope",
            &format!(r#"{{"tgid": {key}}}"#),
        );
        assert_eq!(chosen.status, 200, "{as_shown}: {}", chosen.text());
    }
}

/// Cgroups with these names below one, each with a hog.
struct Groups {
    names: Vec<&'static [u8]>,
    folders: Vec<PathBuf>,
    outer: Group,
    _hogs: Vec<Process>,
}

impl Groups {
    fn new() -> Self {
        let outer = Group::new("names");
        let names: Vec<&[u8]> = vec![
            b"bad\xff",
            b"bad\xfe",
            b"esc\x1b[1m",
            b"with space",
            br"a\x2db.slice",
            // The displayed form of the first.
            br"bad\x{ff}",
            b" ",
        ];
        let folder = |name: &&[u8]| outer.folder().join(OsStr::from_bytes(name));
        let folders: Vec<_> = names.iter().map(folder).collect();
        let hog = |folder: &PathBuf| {
            fs::create_dir(folder).expect("a new cgroup");
            let hog = Process::hog(last_cpu());
            move_to(folder, hog.id());
            hog
        };
        let hogs = folders.iter().map(hog).collect();
        Self {
            names,
            folders,
            outer,
            _hogs: hogs,
        }
    }

    fn path(&self, at: usize) -> Vec<u8> {
        [self.outer.path.as_bytes(), b"/", self.names[at]].concat()
    }

    fn keys(&self) -> Vec<u64> {
        let key = |folder: &PathBuf| fs::metadata(folder).expect("the group").ino();
        self.folders.iter().map(key).collect()
    }
}

impl Drop for Groups {
    fn drop(&mut self) {
        for folder in &self.folders {
            let procs = fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
            for process in procs.lines().filter_map(|line| line.parse().ok()) {
                move_to(&root(), process);
            }
            let _ = fs::remove_dir(folder);
        }
    }
}

#[tokio::test]
async fn cgroups_of_any_bytes_stay_and_can_be_chosen() {
    if !is_root("cgroups_of_any_bytes_stay_and_can_be_chosen") {
        return;
    }
    let groups = Groups::new();
    let keys = groups.keys();
    let server = start(&["--by", "cgroup"]);
    let mut viewer = Viewer::join(server.address, Format::Postcard).await;
    let told = viewer.snapshot().await.names;
    let mut names: HashMap<_, _> = told.into_iter().map(|n| (n.key, n.name)).collect();
    // Several times the period after which ended keys are looked for.
    let mut intervals = until_waited(&mut viewer, keys.iter().copied()).await;
    while intervals.len() < 20 {
        intervals.push(viewer.interval().await);
    }
    for interval in intervals {
        let gone = interval.gone.iter().find(|gone| keys.contains(&gone.key));
        assert_eq!(gone, None);
        names.extend(interval.names.into_iter().map(|n| (n.key, n.name)));
    }
    let offered = get(server.address, "/api/v1/targets?q=test", &[]);
    only_lines(offered.text());
    let offered = offered.json();
    for (at, key) in keys.iter().enumerate() {
        let path = shown(&groups.path(at));
        assert_eq!(names[key], path.name);
        let offered = offered["cgroups"].as_array().unwrap().iter();
        let offered = offered
            .clone()
            .find(|group| group["path"] == json!(path.name));
        let offered = offered.expect("it is offered");
        assert_eq!(offered["path_hex"], json!(path.hex));
        let as_shown = json!({ "key": "process", "cgroup": path.name });
        let mut asked = vec![as_shown];
        asked.extend(path.hex.as_ref().map(|hex| json!({ "cgroup_hex": hex })));
        for scope in asked {
            choose(
                &server,
                &mut viewer,
                &scope,
                &path.name,
                path.hex.as_deref(),
            )
            .await;
        }
    }
}

/// Chooses a cgroup and checks that only this one is measured.
async fn choose(
    server: &Server,
    viewer: &mut Viewer,
    asked: &Value,
    name: &str,
    hex: Option<&str>,
) {
    let chosen = put_in_time(server.address, "/api/v1/scope", &asked.to_string());
    assert_eq!(chosen.status, 200, "{asked}: {}", chosen.text());
    let scope: Scope = serde_json::from_value(chosen.json()["scope"].clone()).unwrap();
    assert_eq!(scope.cgroup.as_deref(), Some(name));
    assert_eq!(scope.cgroup_hex.as_deref(), hex);
    let change = viewer.scope().await;
    assert_eq!(change.scope, scope);
    // Its hog waits for those of the others.
    let waited = viewer.first(|message| match message {
        ServerMessage::Interval(interval) => {
            let is_new = interval.column.seq >= change.from_seq;
            (is_new && !interval.column.counts.is_empty()).then_some(interval)
        }
        _ => None,
    });
    assert_eq!(waited.await.series.len(), 1, "{asked}");
}

#[test]
fn a_cgroup_of_any_bytes_is_an_argument() {
    if !is_root("a_cgroup_of_any_bytes_is_an_argument") {
        return;
    }
    let groups = Groups::new();
    for (at, folder) in groups.folders.iter().enumerate() {
        let printed = Command::new(binary())
            .args(["print", "--by", "cgroup", "-c"])
            .arg(folder)
            .args(["0.5", "1"])
            .output()
            .unwrap();
        let text = String::from_utf8(printed.stdout).unwrap();
        only_lines(&text);
        let headings: Vec<_> = text
            .lines()
            .filter(|l| l.starts_with("cgroup = "))
            .collect();
        let path = shown(&groups.path(at)).name;
        assert_eq!(
            headings,
            [format!("cgroup = {} {path}", groups.keys()[at])],
            "{text}"
        );
    }
    let missing = Command::new(binary())
        .args(["print", "-c"])
        .arg(OsStr::from_bytes(b"/no\x1b[2J\xff"))
        .output()
        .unwrap();
    let said = String::from_utf8(missing.stderr).unwrap();
    only_lines(&said);
    assert!(
        said.contains(r"there is no cgroup /no\u{1b}[2J\x{ff} "),
        "{said}"
    );
}

/// Whether a row, a strip or a target shows nothing, has invisible letters, or has letters outside of its row.
const FAULTS: &str = r"
    const hidden = /[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2065]/;
    return [...document.querySelectorAll(SELECTOR)].filter(e => e.checkVisibility()).filter(e => {
        const range = document.createRange();
        range.selectNodeContents(e);
        return hidden.test(e.textContent) || range.getBoundingClientRect().width < 3;
    }).map(e => e.outerHTML);
";

async fn no_faults(browser: &Browser, selector: &str) {
    let script = FAULTS.replace("SELECTOR", &format!("{selector:?}"));
    assert_eq!(browser.run(&script).await, json!([]), "{selector}");
}

#[tokio::test]
async fn on_the_page_no_row_is_empty_and_no_name_turns_its_neighbours() {
    if !is_root("on_the_page_no_row_is_empty_and_no_name_turns_its_neighbours") {
        return;
    }
    let hogs = hogs();
    let groups = Groups::new();
    let server = start(&[]);
    let browser = Browser::open(1280, 720).await;
    browser.page.goto(&server.url()).await.unwrap();
    for (hog, (_, as_shown)) in hogs.iter().zip(NAMES) {
        filter(&browser, &hog.id().to_string()).await;
        let named = format!(
            "return [...document.querySelectorAll('[data-testid=process-row]:not([hidden]) .name')]
                .some(name => name.textContent === {})",
            json!(as_shown)
        );
        browser.until("the row has its name", &named).await;
        no_faults(&browser, "[data-testid=process-row]:not([hidden]) .name").await;
    }

    // Right-to-left letters: the id stays to the right of them.
    let (hebrew, key) = (NAMES[8].1, hogs[8].id());
    let open = format!(
        "[...document.querySelectorAll('[data-testid=process-row]')]
            .find(row => row.querySelector('.name').textContent === {}).click(); return true",
        json!(hebrew)
    );
    browser.run(&open).await;
    let title = format!(
        "const title = document.querySelector('[data-testid=series-title]');
        if (!title.textContent.startsWith({})) return false;
        const range = document.createRange();
        range.selectNodeContents(title.querySelector('small'));
        const [id, name] = [range, title.querySelector('bdi')].map(e => e.getBoundingClientRect());
        return title.textContent.includes('{key}') && id.left >= name.right - 1",
        json!(hebrew)
    );
    browser
        .until("the title reads from left to right", &title)
        .await;

    choose_in_the_picker(&browser, &groups).await;
    browser.close().await;
}

async fn filter(browser: &Browser, text: &str) {
    let script = format!(
        "const filter = document.querySelector('[data-testid=filter]');
        if (!filter) return false;
        filter.value = '{text}';
        return filter.dispatchEvent(new Event('input', {{ bubbles: true }}))"
    );
    browser.until("the list has a filter", &script).await;
}

async fn choose_in_the_picker(browser: &Browser, groups: &Groups) {
    let path = shown(&groups.path(0)).name;
    browser
        .run("document.querySelector('[data-testid=choose-scope]').click()")
        .await;
    let search = "const search = document.querySelector('[data-testid=target-search]');
        if (!search) return false;
        search.value = 'names/bad';
        return search.dispatchEvent(new Event('input', { bubbles: true }))";
    browser.until("the picker is open", search).await;
    let choose = format!(
        "const targets = [...document.querySelectorAll('[data-testid=target]')];
        // The answer to what was typed: with it, what was found first is chosen.
        if (targets[0]?.textContent.startsWith('Whole system')) return false;
        const target = targets.find(target => target.querySelector('strong').textContent === {});
        target?.click();
        return !!target",
        json!(path)
    );
    browser.until("the cgroup is offered", &choose).await;
    no_faults(browser, "[data-testid=target] strong").await;
    browser
        .run("document.querySelector('[data-testid=apply]').click()")
        .await;
    let measured = format!(
        "return document.querySelector('[data-testid=scope]').title.includes({})",
        json!(format!("in cgroup {path},"))
    );
    browser.until("that cgroup is measured", &measured).await;
}
