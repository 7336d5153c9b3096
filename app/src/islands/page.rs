//! What islands share: finding parts of the page, taking new ones from the server, listening to the lab's calls.

use leptos::prelude::{Set as _, WriteSignal, document};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Document, DomParser, Element, EventSource, MessageEvent, Response, SupportedType};

/// The elements of that kind that the selector finds.
pub(super) fn all<T: JsCast>(document: &Document, selector: &str) -> Vec<T> {
    let Ok(nodes) = document.query_selector_all(selector) else { return Vec::new() };
    (0..nodes.length()).filter_map(|at| nodes.get(at)?.dyn_into().ok()).collect()
}

/// The element of that id.
pub(super) fn by_id(id: &str) -> Option<Element> {
    document().get_element_by_id(id)
}

/// Takes the live parts (those with `data-live` and an id) of the page that an answer holds, in place of this page's. It is the
/// page that was meant if it has an element with the id `sign`.
pub(super) async fn take_live_parts(answer: Response, sign: &str) -> Result<(), JsValue> {
    if !answer.ok() {
        return Err(JsValue::NULL);
    }
    let html = JsFuture::from(answer.text()?).await?.as_string().ok_or(JsValue::NULL)?;
    let page = DomParser::new()?.parse_from_string(&html, SupportedType::TextHtml)?;
    if page.get_element_by_id(sign).is_none() {
        return Err(JsValue::NULL);
    }
    for old in all::<Element>(&document(), "[data-live]") {
        let Some(new) = page.get_element_by_id(&old.id()) else { continue };
        if new.get_attribute("role").as_deref() == Some("log") {
            follow_log(&page, &old.id())?;
        } else {
            old.set_inner_html(&new.inner_html());
        }
    }
    Ok(())
}

/// Brings the log of that id in step with the one of `page`, entry by entry: a screen reader reads what is added to a log, and what
/// was read already stays where it is. Every entry has an id.
fn follow_log(page: &Document, id: &str) -> Result<(), JsValue> {
    let entries = format!("#{id} > [id]");
    for gone in all::<Element>(&document(), &entries) {
        if page.get_element_by_id(&gone.id()).is_none() {
            gone.remove();
        }
    }
    for entry in all::<Element>(page, &entries) {
        if let (None, Some(log)) = (by_id(&entry.id()), by_id(id)) {
            log.append_child(&entry)?;
        }
    }
    Ok(())
}

/// Listens to the lab's calls, from the one after `after` on, for as long as the page is open; `is_live` says whether the stream is
/// there. `EventSource` connects again by itself and asks for what it missed.
pub(super) fn listen(after: &str, is_live: WriteSignal<bool>, heard: impl Fn(MessageEvent) + 'static) {
    let Ok(source) = EventSource::new(&format!("/activity/stream?after={after}")) else { return };
    let on_message = Closure::<dyn Fn(MessageEvent)>::new(heard);
    source.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    let on_open = Closure::<dyn Fn()>::new(move || is_live.set(true));
    source.set_onopen(Some(on_open.as_ref().unchecked_ref()));
    let on_error = Closure::<dyn Fn()>::new(move || is_live.set(false));
    source.set_onerror(Some(on_error.as_ref().unchecked_ref()));
    // They live as long as the page.
    on_message.forget();
    on_open.forget();
    on_error.forget();
}
