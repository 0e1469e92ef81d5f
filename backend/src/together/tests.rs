//! Who is here, who presents, who follows.

use super::{Room, TogetherError};
use proptest::prelude::{Strategy, any, prop_assert, prop_oneof, proptest};
use runqlat_common::wire::{MAX_PEOPLE, MAX_VIEW, Showing};

fn view(query: &str) -> Showing {
    Showing {
        query: query.into(),
        cell: None,
    }
}

fn named(room: &mut Room, name: &str) -> u32 {
    let id = room.enter();
    assert!(room.introduce(id, name.into(), String::new()));
    id
}

#[test]
fn names_are_told_in_the_order_of_coming_and_those_without_are_counted() {
    let mut room = Room::default();
    let ada = named(&mut room, "Ada");
    room.enter();
    let bob = named(&mut room, "Bob");
    let company = room.company();
    let people: Vec<_> = company.people.iter().map(|p| (p.id, &*p.name)).collect();
    assert_eq!(people, [(ada, "Ada"), (bob, "Bob")]);
    assert_eq!(company.viewers, 3);
    // The same name again is nothing to tell.
    assert!(!room.introduce(ada, "Ada".into(), "s".into()));
    assert_eq!(room.secret(ada), "s");
    room.leave(ada);
    room.leave(ada);
    assert_eq!(
        (room.company().viewers, room.company().people.len()),
        (2, 1)
    );
    assert!(!room.introduce(ada, "ghost".into(), String::new()));
    for n in 0..MAX_PEOPLE {
        named(&mut room, &format!("p{n}"));
    }
    assert_eq!(room.company().people.len(), MAX_PEOPLE);
    assert_eq!(room.company().viewers as usize, MAX_PEOPLE + 2);
}

#[test]
fn one_presents_at_a_time_and_is_taken_over_knowingly() {
    let mut room = Room::default();
    let (ada, bob) = (named(&mut room, "Ada"), named(&mut room, "Bob"));
    room.present(ada, false).unwrap();
    assert!(room.show(ada, view("last=60")).unwrap());
    assert!(!room.show(ada, view("last=60")).unwrap(), "nothing new");
    assert!(
        !room.show(bob, view("last=9")).unwrap(),
        "not the presenter"
    );
    let taken = room.present(bob, false).unwrap_err();
    assert_eq!(taken, TogetherError::Taken("Ada".into()));
    room.present(ada, false).unwrap();
    assert_eq!(room.shown().unwrap().view, view("last=60"));
    room.follow(bob, true);
    assert_eq!(room.company().followers, 1);
    room.present(bob, true).unwrap();
    // What another looked at is not his; and nobody follows himself.
    assert_eq!((room.shown(), room.company().followers), (None, 0));
    assert_eq!(room.company().presenter.unwrap().name, "Bob");
    let long = room.show(bob, view(&"x".repeat(MAX_VIEW + 1)));
    assert!(matches!(long, Err(TogetherError::Long { .. })));
}

#[test]
fn presenting_ends_with_who_presents() {
    let mut room = Room::default();
    let (ada, bob) = (room.enter(), room.enter());
    room.follow(bob, true);
    assert_eq!(room.company().followers, 0, "there is nobody to follow");
    room.present(ada, false).unwrap();
    let taken = room.present(bob, false).unwrap_err();
    assert_eq!(taken.to_string(), "somebody presents already");
    room.show(ada, view("")).unwrap();
    room.follow(bob, true);
    room.stop(bob);
    assert_eq!(room.company().followers, 1, "only the presenter ends it");
    room.leave(ada);
    let company = room.company();
    assert_eq!((company.presenter, company.followers), (None, 0));
    assert_eq!(room.shown(), None);
}

#[derive(Clone, Debug)]
enum Deed {
    Enter,
    Leave(u32),
    Present(u32, bool),
    Show(u32),
    Stop(u32),
    Follow(u32, bool),
}

fn deeds() -> impl Strategy<Value = Deed> {
    let id = 1..6_u32;
    prop_oneof![
        any::<bool>().prop_map(|_| Deed::Enter),
        id.clone().prop_map(Deed::Leave),
        (id.clone(), any::<bool>()).prop_map(|(id, over)| Deed::Present(id, over)),
        id.clone().prop_map(Deed::Show),
        id.clone().prop_map(Deed::Stop),
        (id, any::<bool>()).prop_map(|(id, on)| Deed::Follow(id, on)),
    ]
}

proptest! {
    #[test]
    fn nothing_is_shown_or_followed_without_a_presenter_who_is_here(
        deeds in proptest::collection::vec(deeds(), 0..40),
    ) {
        let mut room = Room::default();
        for deed in deeds {
            match deed {
                Deed::Enter => drop(room.enter()),
                Deed::Leave(id) => room.leave(id),
                Deed::Present(id, over) => drop(room.present(id, over)),
                Deed::Show(id) => drop(room.show(id, view("x"))),
                Deed::Stop(id) => room.stop(id),
                Deed::Follow(id, on) => room.follow(id, on),
            }
            let company = room.company();
            let presenter = company.presenter.as_ref().map(|person| person.id);
            prop_assert!(presenter.is_some() || company.followers == 0);
            prop_assert!(company.followers < company.viewers.max(1));
            prop_assert!(room.shown().is_none_or(|shown| Some(shown.by) == presenter));
        }
    }
}
