//! Copying the text of an element.

use leptos::prelude::*;

/// A button that copies the text of the element with the id `of`, and says so in the element with the id `{of}-copied`. It
/// shows once a script can do that; without one the text can be selected. Where a browser keeps the clipboard from a page
/// (anything but https and this machine), it selects the text.
#[island]
pub(crate) fn CopyButton(
    /// The element's id.
    of: String,
    /// What is copied, for whoever cannot see what the button stands beside.
    what: String,
) -> impl IntoView {
    let button = NodeRef::<leptos::html::Button>::new();
    #[cfg(feature = "hydrate")]
    browser::enhance(button, of);
    #[cfg(not(feature = "hydrate"))]
    let _ = of;
    view! {
        <button node_ref=button type="button" class="button button-small button-quiet" hidden>
            "Copy"
            <span class="visually-hidden">{what}</span>
        </button>
    }
}

#[cfg(feature = "hydrate")]
mod browser {
    //! What only a browser can do.

    use crate::islands::page::by_id;
    use leptos::{html::Button, prelude::*};
    use wasm_bindgen::{JsCast, JsValue, closure::Closure};
    use wasm_bindgen_futures::{JsFuture, spawn_local};

    pub(super) fn enhance(button: NodeRef<Button>, of: String) {
        Effect::new(move || {
            let Some(button) = button.get() else { return };
            button.set_hidden(false);
            let of = of.clone();
            let on_click = Closure::<dyn Fn()>::new(move || spawn_local(copy(of.clone())));
            button.set_onclick(Some(on_click.as_ref().unchecked_ref()));
            on_click.forget();
        });
    }

    async fn copy(of: String) {
        let Some(element) = by_id(&of) else { return };
        let said = match write(&element.text_content().unwrap_or_default()).await {
            Ok(()) => "Copied.",
            Err(_) => match window().get_selection() {
                Ok(Some(selection)) if selection.select_all_children(&element).is_ok() => {
                    "Selected: press Ctrl+C or \u{2318}C."
                }
                _ => "Select the text to copy it.",
            },
        };
        if let Some(status) = by_id(&(of + "-copied")) {
            status.set_text_content(Some(said));
        }
    }

    async fn write(text: &str) -> Result<(), JsValue> {
        let navigator = window().navigator();
        // Absent where the page may not use it, which the binding does not know.
        let clipboard = js_sys::Reflect::get(&navigator, &"clipboard".into())?;
        if clipboard.is_undefined() {
            return Err(clipboard);
        }
        JsFuture::from(clipboard.unchecked_into::<web_sys::Clipboard>().write_text(text)).await.map(drop)
    }
}
