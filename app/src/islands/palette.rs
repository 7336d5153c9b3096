//! Going anywhere and becoming anyone by keyboard.

use leptos::prelude::*;

/// The button that opens the palette (the dialog `#palette`, whose list the server wrote), and the keys for it: Ctrl K or ⌘ K opens,
/// typing narrows the list down, arrows go through it, Enter takes, Escape closes. Without a script there is no button, and the same
/// links and buttons are in the header.
#[island]
pub(crate) fn PaletteButton() -> impl IntoView {
    let button = NodeRef::<leptos::html::Button>::new();
    #[cfg(feature = "hydrate")]
    browser::enhance(button);
    view! {
        <button node_ref=button type="button" class="palette-button" aria-haspopup="dialog" aria-keyshortcuts="Control+K" hidden>
            "Jump " <kbd aria-hidden="true">"Ctrl K"</kbd>
        </button>
    }
}

#[cfg(feature = "hydrate")]
mod browser {
    //! What only a browser can do.

    use crate::islands::page::{all, by_id};
    use leptos::{html::Button, prelude::*};
    use wasm_bindgen::{JsCast, closure::Closure};
    use web_sys::{Event, HtmlDialogElement, HtmlElement, HtmlInputElement, KeyboardEvent};

    pub(super) fn enhance(button: NodeRef<Button>) {
        Effect::new(move || {
            let (Some(button), Some(dialog)) = (button.get(), by_id("palette")) else { return };
            let (Ok(dialog), Some(input)) = (dialog.dyn_into::<HtmlDialogElement>(), input()) else { return };
            button.set_hidden(false);
            let to_open = dialog.clone();
            let on_click = Closure::<dyn Fn(Event)>::new(move |_| open(&to_open));
            let _ = button.add_event_listener_with_callback("click", on_click.as_ref().unchecked_ref());
            on_click.forget();

            let on_input = Closure::<dyn Fn(Event)>::new(|_| narrow());
            let _ = input.add_event_listener_with_callback("input", on_input.as_ref().unchecked_ref());
            on_input.forget();

            let on_key =
                Closure::<dyn Fn(KeyboardEvent)>::new(move |event: KeyboardEvent| pressed(&event, &dialog));
            let _ = document().add_event_listener_with_callback("keydown", on_key.as_ref().unchecked_ref());
            on_key.forget();
        });
    }

    fn input() -> Option<HtmlInputElement> {
        by_id("palette-input")?.dyn_into().ok()
    }

    fn open(dialog: &HtmlDialogElement) {
        if dialog.show_modal().is_ok()
            && let Some(input) = input()
        {
            input.set_value("");
            narrow();
            let _ = input.focus();
        }
    }

    fn pressed(event: &KeyboardEvent, dialog: &HtmlDialogElement) {
        let key = event.key();
        if (event.ctrl_key() || event.meta_key()) && key.eq_ignore_ascii_case("k") {
            event.prevent_default();
            if dialog.open() {
                dialog.close()
            } else {
                open(dialog)
            }
            return;
        }
        if !dialog.open() {
            return;
        }
        let shown = shown();
        let here = document().active_element();
        let at = shown.iter().position(|entry| here.as_ref() == Some(entry.as_ref()));
        let next = match (key.as_str(), at) {
            ("ArrowDown", None) => shown.first(),
            ("ArrowDown", Some(at)) => shown.get(at + 1).or(shown.first()),
            ("ArrowUp", None | Some(0)) => shown.last(),
            ("ArrowUp", Some(at)) => shown.get(at - 1),
            // In the field: the first that is left.
            ("Enter", None) => {
                event.prevent_default();
                if let Some(first) = shown.first() {
                    first.click();
                }
                return;
            }
            _ => return,
        };
        event.prevent_default();
        if let Some(next) = next {
            let _ = next.focus();
        }
    }

    /// The links and buttons of the list that are not hidden.
    fn shown() -> Vec<HtmlElement> {
        all(&document(), "#palette-list > li:not([hidden]) > a, #palette-list > li:not([hidden]) button")
    }

    /// Hides what does not hold every word that was typed, and says how much is left.
    fn narrow() {
        let typed = input().map(|input| input.value().to_ascii_lowercase()).unwrap_or_default();
        let mut left = 0;
        for entry in all::<HtmlElement>(&document(), "#palette-list > li") {
            let text = entry.text_content().unwrap_or_default().to_ascii_lowercase();
            let fits = typed.split_whitespace().all(|word| text.contains(word));
            entry.set_hidden(!fits);
            left += i32::from(fits);
        }
        if let Some(status) = by_id("palette-left") {
            let words = match left {
                0 => "Nothing of that name.".to_owned(),
                1 => "1 left.".to_owned(),
                many => format!("{many} to choose from."),
            };
            status.set_text_content(Some(&words));
        }
    }
}
