//! Tokens, sessions and users, and what ends their rights.

use super::{Access, Ended, Rights, Tokens};
use std::time::Duration;
use tokio::time::timeout;

fn guarded(read_only: bool) -> (Access, Tokens) {
    let tokens = Tokens::random().unwrap();
    (Access::new(read_only, false, tokens.clone()), tokens)
}

fn controls(access: &Access, shown: &[&str]) -> Option<bool> {
    let rights = access.admit(shown.iter().copied());
    rights.map(|rights| rights.may_control)
}

async fn stays(rights: &mut Rights) -> bool {
    let ended = timeout(Duration::from_millis(20), rights.ended()).await;
    ended.is_err()
}

#[test]
fn each_token_gives_its_right_and_others_none() {
    let (access, tokens) = guarded(false);
    let (view, control) = (tokens.view.text(), tokens.control.text());
    let table = [
        (&[][..], None),
        (&[""], None),
        (&["0123456789abcdef0123456789abcdef"], None),
        (&[&view[1..]], None),
        (&[view], Some(false)),
        (&[control], Some(true)),
        (&[view, control, "x"], Some(true)),
        (&[control, view], Some(true)),
        (&["x", view], Some(false)),
    ];
    for (shown, expected) in table {
        assert_eq!(controls(&access, shown), expected, "{shown:?}");
    }
}

#[test]
fn a_session_gives_what_its_token_gave_until_it_is_signed_out_of() {
    let (access, tokens) = guarded(false);
    for (token, may) in [(&tokens.view, false), (&tokens.control, true)] {
        let (rights, session) = access.sign_in(token.text()).unwrap().unwrap();
        let (_, other) = access.sign_in(token.text()).unwrap().unwrap();
        assert_eq!(rights.may_control, may);
        assert_eq!(controls(&access, &[&session]), Some(may));
        // The same tokens after a restart.
        let later = Access::new(false, false, tokens.clone());
        assert_eq!(controls(&later, &[&session]), Some(may));
        assert!(access.sign_out(&session));
        assert_eq!(controls(&access, &[&session]), None);
        assert!(!access.sign_out(&session), "once");
        assert_eq!(controls(&access, &[&other]), Some(may));
    }
    assert!(access.sign_in("nothing of this server").unwrap().is_none());
    let (_, session) = access.sign_in(tokens.view.text()).unwrap().unwrap();
    assert!(access.sign_in(&session).unwrap().is_none(), "no token");
    assert!(!access.sign_out(tokens.view.text()), "no session");
    assert_eq!(
        controls(&guarded(false).0, &[&session]),
        None,
        "another server"
    );
}

#[test]
fn read_only_takes_control_from_all() {
    assert!(guarded(false).0.of_user().may_control);
    let (access, tokens) = guarded(true);
    assert!(!access.of_user().may_control);
    let (rights, session) = access.sign_in(tokens.control.text()).unwrap().unwrap();
    assert!(!rights.may_control);
    assert_eq!(controls(&access, &[tokens.control.text()]), Some(false));
    assert_eq!(controls(&access, &[&session]), Some(false));
    assert_eq!(controls(&access, &[]), None);
}

#[tokio::test]
async fn what_ends_is_what_rested_on_the_changed_token() {
    let (access, old) = guarded(false);
    let (_, view) = access.sign_in(old.view.text()).unwrap().unwrap();
    let (_, control) = access.sign_in(old.control.text()).unwrap().unwrap();
    let admit = |shown: &str| access.admit([shown]).unwrap();
    let mut viewers = [admit(old.view.text()), admit(&view)];
    let mut controllers = [admit(old.control.text()), admit(&control)];
    let mut user = access.of_user();
    assert!(!access.replace(old.clone()), "the same");
    assert!(stays(&mut viewers[1]).await);

    let new = Tokens {
        view: Tokens::random().unwrap().view,
        control: old.control.clone(),
    };
    assert!(access.replace(new.clone()));
    for rights in &mut viewers {
        assert_eq!(rights.ended().await, Ended::Changed);
    }
    for rights in &mut controllers {
        assert!(stays(rights).await);
    }
    assert_eq!(controls(&access, &[&view]), None);
    assert_eq!(controls(&access, &[old.view.text()]), None);
    assert_eq!(controls(&access, &[&control]), Some(true));
    assert_eq!(controls(&access, &[new.view.text()]), Some(false));

    assert!(access.sign_out(&control));
    assert_eq!(controllers[1].ended().await, Ended::SignedOut);
    assert!(stays(&mut controllers[0]).await);
    assert!(access.replace(Tokens::random().unwrap()));
    assert_eq!(controllers[0].ended().await, Ended::Changed);
    assert!(stays(&mut user).await, "no token let them in");
}
