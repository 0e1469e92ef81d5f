//! Memos and effects whose closures are boxed. Leptos compiles its machinery anew for each closure that it is
//! given; for a hundred of them that was a tenth of the WASM.

use leptos::prelude::{Effect, Memo};

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
