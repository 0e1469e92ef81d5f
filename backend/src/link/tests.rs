//! What is printed, and what is said where there is nothing to print.

use super::{Wanted, links, parse, print};
use crate::listen::Listen;

fn answered(answer: &str, wanted: Wanted) -> Result<String, String> {
    let server = Listen::Localhost(8_080);
    let reply = parse(answer.as_bytes()).expect("HTTP");
    let mut out = Vec::new();
    let printed = links(&server, &reply).and_then(|links| print(links, wanted, &mut out));
    match printed {
        Ok(()) => Ok(String::from_utf8(out).unwrap()),
        Err(failure) => Err(format!("{failure}. {}", failure.hint())),
    }
}

fn made(control: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nA: b\r\n\r\n{{\"view\": \"http://x/#token=v\", \"control\": {control}}}"
    )
}

#[test]
fn one_link_is_printed_alone_and_both_with_what_they_are_for() {
    let both = made(r#""http://x/#token=c""#);
    let table = [
        (Wanted::View, "http://x/#token=v\n"),
        (Wanted::Control, "http://x/#token=c\n"),
        (
            Wanted::Both,
            "to view:    http://x/#token=v\nto control: http://x/#token=c\n",
        ),
    ];
    for (wanted, expected) in table {
        assert_eq!(answered(&both, wanted).unwrap(), expected);
    }
    let view = answered(&made("null"), Wanted::Both).unwrap();
    assert_eq!(view, "to view:    http://x/#token=v\n");
    let said = answered(&made("null"), Wanted::Control).unwrap_err();
    assert!(said.contains("--read-only"), "{said}");
}

#[test]
fn what_answers_can_put_nothing_on_the_terminal() {
    let evil = made(r#""http://x/\u001b[2J""#);
    assert!(!answered(&evil, Wanted::Control).unwrap().contains('\u{1b}'));
    let evil = "HTTP/1.1 401 No\r\n\r\n{\"error\": \"\\u001b[2J\", \"hint\": \"\"}";
    assert!(!answered(evil, Wanted::View).unwrap_err().contains('\u{1b}'));
}

#[test]
fn a_refusal_and_another_server_are_said() {
    let refused = "HTTP/1.1 401 Unauthorized\r\n\r\n{\"error\": \"ask alice\", \"hint\": \"x\"}";
    let said = answered(refused, Wanted::Both).unwrap_err();
    assert!(
        said.contains("localhost:8080 makes no link for you: ask alice. root, "),
        "{said}"
    );
    for other in [
        "HTTP/1.0 404 Not Found\r\n\r\n<html>",
        "HTTP/1.1 200 OK\r\n\r\n{}",
    ] {
        let said = answered(other, Wanted::Both).unwrap_err();
        assert!(said.contains("is no runqlat-web"), "{said}");
    }
    for nothing in [
        "",
        "SSH-2.0-OpenSSH_9.2\r\n\r\n",
        "HTTP/1.1\r\n\r\n",
        "HTTP/1.1 abc\r\n\r\n",
    ] {
        assert!(parse(nothing.as_bytes()).is_none(), "{nothing}");
    }
}
