//! Command lines may hold secrets of any user: what of them is shown, and to whom.

mod support;

use std::process::{Child, Command, Stdio};
use support::client::get;
use support::is_root;
use support::server::Server;

/// A process with a password and a token among its arguments, which ends when this is dropped.
struct Careless(Child);

impl Careless {
    fn start() -> Self {
        let mut command = Command::new("sh");
        let command = command.args(["-c", "read line", "sh", "--db-password", "hunter2-password"]);
        let command = command.args(["--token=hunter2-token", "--port", "5432"]);
        Self(command.stdin(Stdio::piped()).spawn().expect("a shell"))
    }
}

impl Drop for Careless {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

fn targets(server: &Server, query: &str, headers: &[(&str, &str)]) -> serde_json::Value {
    let reply = get(
        server.address,
        &format!("/api/v1/targets?q={query}"),
        headers,
    );
    assert!(!reply.text().contains("hunter2-p"), "{}", reply.text());
    reply.json()
}

#[test]
fn secrets_are_masked_and_can_not_be_searched_for() {
    if !is_root("secrets_are_masked_and_can_not_be_searched_for") {
        return;
    }
    let careless = Careless::start();
    let server = Server::start(&[]);
    let found = targets(&server, &careless.0.id().to_string(), &[]);
    let command = found["processes"][0]["command"].as_str().unwrap();
    let shown = "sh -c read line sh --db-password *** --token=*** --port 5432";
    assert_eq!(command, shown);
    let found = targets(&server, "hunter2", &[]);
    assert_eq!(found["processes"], serde_json::json!([]));
}

#[test]
fn they_are_not_shown_at_all_where_that_is_asked_for() {
    if !is_root("they_are_not_shown_at_all_where_that_is_asked_for") {
        return;
    }
    let careless = Careless::start();
    let server = Server::start(&["--no-command-lines"]);
    let found = targets(&server, &careless.0.id().to_string(), &[]);
    assert_eq!(found["processes"][0]["command"], "sh", "{found}");
    let found = targets(&server, "db-password", &[]);
    assert_eq!(found["processes"], serde_json::json!([]));
}

#[test]
fn who_may_only_view_sees_none() {
    if !is_root("who_may_only_view_sees_none") {
        return;
    }
    let server = Server::start(&["--token"]);
    let view = server.bearer("view");
    let reply = get(
        server.address,
        "/api/v1/targets",
        &[("authorization", &view)],
    );
    assert_eq!(reply.status, 403, "{}", reply.text());
}
