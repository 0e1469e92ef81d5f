//! Work that is asked for more often than it has to be done.

use leptos::prelude::*;
use std::time::Duration;

/// Does `work` when `wait` has passed since it was first asked for, once however often that was.
pub(crate) fn once_in(
    wait: Duration,
    work: impl Fn() + Clone + 'static,
) -> impl Fn() + Clone + 'static {
    once(work, move |work| set_timeout(work, wait))
}

/// Does `work` with the next frame of the browser.
pub(crate) fn once_a_frame(work: impl Fn() + Clone + 'static) -> impl Fn() + Clone + 'static {
    once(work, request_animation_frame)
}

fn once(
    work: impl Fn() + Clone + 'static,
    later: impl Fn(Box<dyn FnOnce()>) + Clone + 'static,
) -> impl Fn() + Clone + 'static {
    let asked = std::rc::Rc::new(std::cell::Cell::new(false));
    move || {
        if asked.replace(true) {
            return;
        }
        let (asked, work) = (asked.clone(), work.clone());
        later(Box::new(move || {
            asked.set(false);
            work();
        }));
    }
}
