//! Forms whose work takes a while say so, and are not sent twice.

use leptos::prelude::*;

/// One on every page, for all forms with `data-busy`: the words that their button shows while the server works. Without a script
/// the form is posted and answered when all is done.
#[island]
pub(crate) fn Busy() -> impl IntoView {
    let (said, set_said) = signal(String::new());
    #[cfg(feature = "hydrate")]
    browser::watch(set_said);
    #[cfg(not(feature = "hydrate"))]
    let _ = set_said;
    view! { <p class="visually-hidden" role="status">{said}</p> }
}

#[cfg(feature = "hydrate")]
mod browser {
    //! What only a browser can do.

    use leptos::prelude::*;
    use wasm_bindgen::{JsCast, closure::Closure};
    use web_sys::{Element, Event};

    pub(super) fn watch(set_said: WriteSignal<String>) {
        let on_submit = Closure::<dyn Fn(Event)>::new(move |event: Event| {
            let Some(form) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else {
                return;
            };
            let Some(words) = form.get_attribute("data-busy") else { return };
            if form.has_attribute("aria-busy") {
                event.prevent_default();
                return;
            }
            let _ = form.set_attribute("aria-busy", "true");
            if let Ok(Some(button)) = form.query_selector("[type=submit]") {
                button.set_text_content(Some(&words));
                let _ = button.set_attribute("aria-disabled", "true");
            }
            set_said.set(words);
        });
        listen("submit", &on_submit);
        // A page that comes back from the browser's memory would still say that it works.
        let on_show = Closure::<dyn Fn(Event)>::new(|_| {
            if let Ok(Some(_)) = document().query_selector("form[aria-busy]") {
                let _ = window().location().reload();
            }
        });
        listen("pageshow", &on_show);
        on_submit.forget();
        on_show.forget();
    }

    fn listen(event: &str, listener: &Closure<dyn Fn(Event)>) {
        let _ = window().add_event_listener_with_callback(event, listener.as_ref().unchecked_ref());
    }
}
