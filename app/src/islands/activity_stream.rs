//! New calls, as they happen.

use leptos::prelude::*;

/// Listens to `/activity/stream` and puts each new row at the top of the element `#activity-rows`. `EventSource` reconnects
/// by itself and asks for what it missed; a row that is there already is left alone.
#[island]
pub(crate) fn ActivityStream() -> impl IntoView {
    let (live, set_live) = signal(false);
    #[cfg(feature = "hydrate")]
    listen(set_live);
    #[cfg(not(feature = "hydrate"))]
    let _ = set_live;
    view! {
        <p class="live" role="status">
            {move || if live.get() { "Live: new calls appear here as they are made." } else { "" }}
        </p>
    }
}

#[cfg(feature = "hydrate")]
fn listen(set_live: WriteSignal<bool>) {
    super::page::listen(&newest(), set_live, |event| {
        if let Some(row) = event.data().as_string() {
            prepend(&event.last_event_id(), &row);
        }
    });
}

/// The newest call on the page: from there on none is lost between rendering and listening.
#[cfg(feature = "hydrate")]
fn newest() -> String {
    let row = super::page::by_id("activity-rows").and_then(|rows| rows.first_element_child());
    row.and_then(|row| row.id().strip_prefix("activity-").map(str::to_owned)).unwrap_or_else(|| "0".into())
}

#[cfg(feature = "hydrate")]
fn prepend(id: &str, row: &str) {
    if document().get_element_by_id(&format!("activity-{id}")).is_some() {
        return;
    }
    if let Some(rows) = document().get_element_by_id("activity-rows") {
        let _ = rows.insert_adjacent_html("afterbegin", row);
        if let Some(new) = rows.first_element_child() {
            let _ = new.class_list().add_1("is-new");
        }
    }
    if let Some(empty) = document().get_element_by_id("activity-empty") {
        empty.remove();
    }
}
