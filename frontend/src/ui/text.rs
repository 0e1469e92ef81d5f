//! Texts, styles and attributes that are written by hand, and only where they have changed: what changes with every
//! update, hundreds at a time.

use wasm_bindgen::JsCast;
use web_sys::{Document, Element, HtmlElement};

/// A text node with what it says. Its data is replaced and not the node, which would make the browser
/// compute styles and build boxes anew.
pub(super) struct Text {
    node: web_sys::Text,
    text: String,
}

impl Text {
    /// Makes an empty one at the end of an element.
    pub(super) fn new(parent: &Element) -> Option<Self> {
        let node = parent.owner_document()?.create_text_node("");
        parent.append_child(&node).ok()?;
        let text = String::new();
        Some(Self { node, text })
    }

    pub(super) fn set(&mut self, text: &str) {
        if self.text != text {
            self.node.set_data(text);
            text.clone_into(&mut self.text);
        }
    }
}

/// One property of an element's own style, with its value.
pub(super) struct Style {
    element: HtmlElement,
    name: &'static str,
    value: String,
}

impl Style {
    pub(super) fn new(element: &HtmlElement, name: &'static str) -> Self {
        let (element, value) = (element.clone(), String::new());
        Self {
            element,
            name,
            value,
        }
    }

    pub(super) fn set(&mut self, value: &str) {
        if self.value != value {
            // Names and values are ours and valid.
            let _set = self.element.style().set_property(self.name, value);
            value.clone_into(&mut self.value);
        }
    }
}

pub(super) fn set(element: &Element, name: &str, value: Option<&str>) {
    // Names and values are ours and valid.
    let _set = match value {
        Some(value) => element.set_attribute(name, value),
        None => element.remove_attribute(name),
    };
}

/// Makes elements.
pub(super) struct Maker<'a>(pub(super) &'a Document);

impl Maker<'_> {
    /// The text of an element at the end of another.
    pub(super) fn text(&self, parent: &Element, tag: &str, class: &str) -> Option<Text> {
        Text::new(&*self.child(parent, tag, class, "")?)
    }

    /// One at the end of another.
    pub(super) fn child(
        &self,
        parent: &Element,
        tag: &str,
        class: &str,
        role: &str,
    ) -> Option<HtmlElement> {
        let element = self.0.create_element(tag).ok()?;
        for (name, value) in [("class", class), ("role", role)] {
            if !value.is_empty() {
                set(&element, name, Some(value));
            }
        }
        parent.append_child(&element).ok()?;
        element.dyn_into().ok()
    }
}
