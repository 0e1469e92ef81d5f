//! A panel over the page: a modal dialog that opens and closes with a signal. It has the keys while it is
//! open; Escape, its button and a click beside it close it.

use leptos::ev::{KeyboardEvent, MouseEvent};
use leptos::html::Dialog;
use leptos::prelude::*;

/// `key` closes it, as it opened it.
#[component]
pub(crate) fn Sheet(
    open: RwSignal<bool>,
    title: &'static str,
    label: &'static str,
    testid: &'static str,
    #[prop(optional)] key: Option<&'static str>,
    children: Children,
) -> impl IntoView {
    let dialog = NodeRef::<Dialog>::new();
    Effect::new(move |_| {
        let open = open.get();
        let Some(dialog) = dialog.get().filter(|dialog| dialog.open() != open) else {
            return;
        };
        if open {
            let _is_open = dialog.show_modal();
        } else {
            dialog.close();
        }
    });
    // A click on what lies behind it is one on the dialog itself.
    let on_click = move |event: MouseEvent| {
        if event.target() == event.current_target() {
            open.set(false);
        }
    };
    let on_key = move |event: KeyboardEvent| {
        event.stop_propagation();
        if key == Some(&*event.key()) {
            open.set(false);
        }
    };
    view! {
        <dialog
            node_ref=dialog
            class="sheet"
            data-testid=testid
            aria-label=label
            on:close=move |_| open.set(false)
            on:click=on_click
            on:keydown=on_key
        >
            <div class="sheet-body">
                <div class="sheet-head">
                    <h2>{title}</h2>
                    <button type="button" class="button" on:click=move |_| open.set(false)>"Close"</button>
                </div>
                {children()}
            </div>
        </dialog>
    }
}
