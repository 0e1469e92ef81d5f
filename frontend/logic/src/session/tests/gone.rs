//! What becomes of series that are gone.

use super::{id, interval, started};
use crate::session::recent::GONE_MAX;
use runqlat_common::wire::{SeriesName, ServerMessage};

#[test]
fn a_series_that_is_gone_stays_a_minute_with_its_name() {
    let mut session = started(vec![interval(1, &[(7, 3)])]);
    let mut last = interval(2, &[(7, 1)]);
    last.gone = vec![id(7)];
    session.apply(ServerMessage::Interval(last));
    for seq in 3..=62 {
        let recent = &session.live().recent;
        assert!(recent.is_gone(id(7)), "{seq}");
        assert_eq!(recent.name_of(id(7)), "postgres");
        assert_eq!(recent.listed().count(), 1);
        session.apply(ServerMessage::Interval(interval(seq, &[])));
    }
    let recent = &session.live().recent;
    assert!(!recent.is_gone(id(7)) && !recent.knows(id(7)));
    assert_eq!(recent.listed().count(), 0);
    assert_eq!(recent.name_of(id(7)), "process 7");
    assert_eq!(recent.name_of(id(0)), "other (not told apart)");
}

#[test]
fn many_that_are_gone_make_room_for_each_other() {
    let mut session = started(Vec::new());
    let keys = GONE_MAX as u64 + 50;
    let series: Vec<_> = (1..=keys).map(|key| (key, 1)).collect();
    let mut last = interval(1, &series);
    last.gone = (1..=keys).map(id).collect();
    session.apply(ServerMessage::Interval(last));
    for seq in 2..=11 {
        assert_eq!(session.live().recent.listed().count(), series.len());
        session.apply(ServerMessage::Interval(interval(seq, &[])));
    }
    let recent = &session.live().recent;
    assert_eq!(recent.listed().count(), GONE_MAX);
    assert!(!recent.is_gone(id(1)) && recent.is_gone(id(keys)));
}

#[test]
fn a_series_that_is_gone_and_was_not_listed_is_forgotten() {
    let mut session = started(vec![interval(1, &[])]);
    let mut last = interval(2, &[]);
    last.gone = vec![id(7)];
    session.apply(ServerMessage::Interval(last));
    assert!(!session.live().recent.knows(id(7)));
}

#[test]
fn a_used_again_id_is_not_gone() {
    let mut session = started(vec![interval(1, &[(7, 3)])]);
    let mut last = interval(2, &[]);
    last.gone = vec![id(7)];
    session.apply(ServerMessage::Interval(last));
    let mut again = interval(3, &[(7, 1)]);
    again.names = vec![SeriesName {
        key: 7,
        start: 0,
        name: "sh".into(),
        name_hex: None,
    }];
    session.apply(ServerMessage::Interval(again));
    assert!(!session.live().recent.is_gone(id(7)));
    assert_eq!(session.live().recent.name_of(id(7)), "sh");
}
