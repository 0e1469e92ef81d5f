//! Work that is asked for more often than it has to be done.

use leptos::prelude::*;
use std::time::Duration;

/// Does `work` when `wait` has passed since it was first asked for, once however often that was.
pub(crate) fn once_in(
    wait: Duration,
    work: impl Fn() + Clone + 'static,
) -> impl Fn() + Clone + 'static {
    let asked = std::rc::Rc::new(std::cell::Cell::new(false));
    move || {
        if asked.replace(true) {
            return;
        }
        let (asked, work) = (asked.clone(), work.clone());
        let later = move || {
            asked.set(false);
            work();
        };
        set_timeout(later, wait);
    }
}
