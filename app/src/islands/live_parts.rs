//! A page that follows what happens in the lab.

use leptos::prelude::*;

/// Listens to `/activity/stream` and, when a call was made, fetches this page again and takes its live parts (those with
/// `data-live`). Without a script the page shows what was when it was loaded.
#[island]
pub(crate) fn LiveParts(
    /// The newest call that the page already knows of.
    after: i64,
) -> impl IntoView {
    let (live, set_live) = signal(false);
    #[cfg(feature = "hydrate")]
    browser::follow(set_live, after);
    #[cfg(not(feature = "hydrate"))]
    let _ = (set_live, after);
    view! {
        <p class="live" role="status">
            {move || if live.get() { "Live: this page changes as calls are made." } else { "" }}
        </p>
    }
}

#[cfg(feature = "hydrate")]
mod browser {
    //! What only a browser can do.

    use crate::islands::page::{listen, take_live_parts};
    use leptos::prelude::*;
    use std::{cell::Cell, rc::Rc};
    use wasm_bindgen::{JsCast, JsValue};
    use wasm_bindgen_futures::{JsFuture, spawn_local};

    pub(super) fn follow(set_live: WriteSignal<bool>, after: i64) {
        let loading = Rc::new(Cell::new(false));
        let again = Rc::new(Cell::new(false));
        listen(&after.to_string(), set_live, move |_| {
            again.set(true);
            if loading.replace(true) {
                return;
            }
            let (loading, again) = (loading.clone(), again.clone());
            spawn_local(async move {
                // A form makes several calls in a row: one fetch at a time, and one more for those that came meanwhile.
                while again.replace(false) {
                    let _ = fetch().await;
                }
                loading.set(false);
            });
        });
    }

    async fn fetch() -> Result<(), JsValue> {
        let address = window().location().href()?;
        let answer: web_sys::Response =
            JsFuture::from(window().fetch_with_str(&address)).await?.dyn_into()?;
        take_live_parts(answer, "main").await
    }
}
