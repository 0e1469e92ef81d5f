//! Following the size of an element for as long as it is on the page.

use super::boxed::effect;
use crate::browser;
use crate::chart::layout::Size;
use leptos::html::Div;
use leptos::prelude::*;
use leptos::web_sys::HtmlDivElement;

/// Calls `act` when the element's size is another, and once at the beginning.
pub(crate) fn on_resize(holder: NodeRef<Div>, act: impl Fn(&HtmlDivElement) + Clone + 'static) {
    effect(move || {
        let element = holder.get()?;
        let (act, measured) = (act.clone(), element.clone());
        let watch = browser::on_resize(&element, move || act(&measured))?;
        // An element that leaves the page gets the size 0, and what is told of it may be gone by then.
        on_cleanup(move || drop(watch));
        Some(())
    });
}

/// The element's size, whatever changes it; none before it is on the page.
pub(crate) fn size_of(holder: NodeRef<Div>) -> RwSignal<Size> {
    let size = RwSignal::new(Size::default());
    follow_size(holder, size);
    size
}

/// Keeps `size` at the element's.
pub(crate) fn follow_size(holder: NodeRef<Div>, size: RwSignal<Size>) {
    on_resize(holder, move |element| {
        size.set(Size {
            width: f64::from(element.client_width()),
            height: f64::from(element.client_height()),
            ratio: window().device_pixel_ratio(),
        });
    });
}
