//! Finding parts of the page.

use leptos::prelude::document;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Document, DomParser, Element, Response, SupportedType};

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
