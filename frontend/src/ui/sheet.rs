//! A panel over the page: a modal dialog that opens and closes with a signal. It has the keys while it is
//! open; Escape, its button and a click beside it close it.

use super::boxed::effect;
use leptos::ev::{KeyboardEvent, MouseEvent};
use leptos::html::Dialog;
use leptos::prelude::*;

/// `key` closes it, as it opened it.
#[component]
pub(crate) fn Sheet<C: IntoView + 'static>(
    open: RwSignal<bool>,
    title: &'static str,
    label: &'static str,
    testid: &'static str,
    #[prop(optional)] key: Option<&'static str>,
    children: TypedChildren<C>,
) -> impl IntoView {
    let dialog = NodeRef::<Dialog>::new();
    show(dialog, open);
    view! {
        <dialog
            node_ref=dialog
            class="sheet"
            data-testid=testid
            aria-label=label
            on:close=closing(open)
            on:click=on_click(open)
            on:keydown=on_key(open, key)
        >
            <div class="sheet-body">
                <div class="sheet-head">
                    <h2>{title}</h2>
                    <button type="button" class="button" on:click=closing(open)>"Close"</button>
                </div>
                {children.into_inner()()}
            </div>
        </dialog>
    }
}

// Apart from the component, which the compiler makes anew for each panel.

fn show(dialog: NodeRef<Dialog>, open: RwSignal<bool>) {
    effect(move || {
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
}

fn closing<E>(open: RwSignal<bool>) -> impl Fn(E) + 'static {
    move |_| open.set(false)
}

/// A click on what lies behind it is one on the dialog itself.
fn on_click(open: RwSignal<bool>) -> impl Fn(MouseEvent) + 'static {
    move |event| {
        if event.target() == event.current_target() {
            open.set(false);
        }
    }
}

fn on_key(open: RwSignal<bool>, key: Option<&'static str>) -> impl Fn(KeyboardEvent) + 'static {
    move |event| {
        event.stop_propagation();
        if key == Some(&*event.key()) {
            open.set(false);
        }
    }
}
