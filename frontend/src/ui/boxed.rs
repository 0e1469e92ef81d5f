//! Memos, effects and parts of views whose closures are boxed. Leptos compiles its machinery anew for each closure
//! that it is given; for hundreds of them that was a fifth of the WASM.

use leptos::children::TypedChildrenFn;
use leptos::prelude::*;

/// A value that is computed anew when what it reads changes, and told on when it is another.
pub(super) fn memo<T>(compute: impl Fn() -> T + Send + Sync + 'static) -> Memo<T>
where
    T: PartialEq + Send + Sync + 'static,
{
    fn boxed<T>(compute: Box<dyn Fn() -> T + Send + Sync>) -> Memo<T>
    where
        T: PartialEq + Send + Sync + 'static,
    {
        Memo::new(move |_| compute())
    }
    boxed(Box::new(compute))
}

/// Acts towards the outside when what it reads changes; what it gives back is dropped.
pub(super) fn effect<T: 'static>(act: impl Fn() -> T + 'static) {
    fn boxed(act: Box<dyn Fn()>) {
        Effect::new(move |_| act());
    }
    boxed(Box::new(move || drop(act())));
}

/// A text or an attribute that follows what it reads.
pub(super) fn live<T>(value: impl FnMut() -> T + Send + 'static) -> Box<dyn FnMut() -> T + Send> {
    Box::new(value)
}

/// What an event does.
pub(super) fn on<E>(act: impl FnMut(E) + 'static) -> Box<dyn FnMut(E)> {
    Box::new(act)
}

/// Shows its children while `when` is true. Leptos' own has a fallback as well, of a kind that takes any view, whose
/// machinery for all kinds is most of what is saved here.
#[component(transparent)]
pub(super) fn Show<C: IntoView + 'static>(
    when: impl Fn() -> bool + Send + Sync + 'static,
    children: TypedChildrenFn<C>,
) -> impl IntoView {
    let (when, children) = (memo(when), children.into_inner());
    move || when.get().then(|| children())
}
