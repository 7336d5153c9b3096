//! What if, while one types: the engine at work in the browser.

use leptos::prelude::*;

/// Evaluates the documents of the page's form at every change and puts the answers where the server's stand: the table, the two
/// Venn diagrams, the findings under each document, and a sentence that says what would change. Without a script the form is posted
/// and the server does the same.
#[island]
pub(crate) fn WhatIf(
    /// What is in force: a [`policy::scene::Scene`] as text.
    scene: String,
) -> impl IntoView {
    #[cfg(feature = "hydrate")]
    browser::enhance(&scene);
    #[cfg(not(feature = "hydrate"))]
    let _ = scene;
    view! { <span class="what-if-live" aria-hidden="true"></span> }
}

#[cfg(feature = "hydrate")]
mod browser {
    //! What only a browser can do.

    use crate::{
        islands::page::{all, by_id},
        picture::{matrix, venn},
    };
    use leptos::prelude::{document, set_timeout, window};
    use policy::scene::{Deed, Matrix, Scene};
    use std::{
        cell::{Cell, RefCell},
        rc::Rc,
        time::Duration,
    };
    use wasm_bindgen::{JsCast, JsValue, closure::Closure};
    use wasm_bindgen_futures::{JsFuture, spawn_local};
    use web_sys::{Element, Event, HtmlElement, HtmlTextAreaElement, RequestInit, Response, UrlSearchParams};

    pub(super) fn enhance(scene: &str) {
        let scene = Scene::from_text(scene);
        let before = Rc::new(scene.matrix().unwrap_or_default());
        let typed = Rc::new(RefCell::new(scene.clone()));
        let in_force = Rc::new(scene);
        for area in all::<HtmlTextAreaElement>(&document(), "textarea[data-document]") {
            let (typed, in_force, before) = (typed.clone(), in_force.clone(), before.clone());
            let field = area.clone();
            let Some(id) = area.get_attribute("data-document") else { continue };
            // What the server showed may have been typed earlier.
            set(&mut typed.borrow_mut(), &id, &field.value());
            let waiting = Rc::new(Cell::new(0));
            let on_input = Closure::<dyn Fn(Event)>::new(move |_| {
                set(&mut typed.borrow_mut(), &id, &field.value());
                mark_changed(&id, &field, &in_force);
                look_over(&id, &field, &waiting);
                show(&typed.borrow(), &before);
            });
            let _ = area.add_event_listener_with_callback("input", on_input.as_ref().unchecked_ref());
            on_input.forget();
        }
        ask_before_leaving(typed, in_force);
        // The answers are there while one types; the button is for those who have no script.
        if let Some(button) = by_id("what-if-try").and_then(|button| button.dyn_into::<HtmlElement>().ok()) {
            let _ = button.set_attribute("hidden", "");
        }
    }

    /// Has the browser ask before a page with changes is left, other than by sending its form.
    fn ask_before_leaving(typed: Rc<RefCell<Scene>>, in_force: Rc<Scene>) {
        let sent = Rc::new(Cell::new(false));
        let is_sent = sent.clone();
        let on_submit = Closure::<dyn Fn(Event)>::new(move |_| sent.set(true));
        let _ = document().add_event_listener_with_callback("submit", on_submit.as_ref().unchecked_ref());
        on_submit.forget();
        let on_leave = Closure::<dyn Fn(Event)>::new(move |event: Event| {
            let changed = typed.borrow().documents.iter().any(|document| {
                in_force.document(&document.id).is_some_and(|known| known.text != document.text)
            });
            if changed && !is_sent.get() {
                event.prevent_default();
            }
        });
        let _ = window().add_event_listener_with_callback("beforeunload", on_leave.as_ref().unchecked_ref());
        on_leave.forget();
    }

    fn set(scene: &mut Scene, id: &str, text: &str) {
        if let Some(document) = scene.documents.iter_mut().find(|document| document.id == id) {
            text.clone_into(&mut document.text);
        }
    }

    /// Whether a document is as it is in force.
    fn mark_changed(id: &str, field: &HtmlTextAreaElement, in_force: &Scene) {
        let same = in_force.document(id).is_some_and(|document| document.text == field.value());
        for mark in all::<HtmlElement>(&document(), "[data-changed]") {
            if mark.get_attribute("data-changed").as_deref() == Some(id) {
                mark.set_hidden(same);
            }
        }
    }

    /// Has the server look the document over once no key was pressed for a moment: the list of all of AWS's actions, which that
    /// takes, weighs more than everything else here.
    fn look_over(id: &str, field: &HtmlTextAreaElement, waiting: &Rc<Cell<u32>>) {
        let turn = waiting.get().wrapping_add(1);
        waiting.set(turn);
        let (id, field, waiting) = (id.to_owned(), field.clone(), waiting.clone());
        set_timeout(
            move || {
                if waiting.get() != turn {
                    return;
                }
                spawn_local(async move {
                    let Ok(html) = found(&field).await else { return };
                    let boxes = all::<Element>(&document(), "[data-findings]").into_iter();
                    let own = |found: &Element| found.get_attribute("data-findings").as_deref() == Some(&*id);
                    if let Some(found) = boxes.filter(|_| waiting.get() == turn).find(own) {
                        found.set_inner_html(&html);
                    }
                });
            },
            Duration::from_millis(250),
        );
    }

    async fn found(field: &HtmlTextAreaElement) -> Result<String, JsValue> {
        let body = UrlSearchParams::new()?;
        body.append("kind", &field.get_attribute("data-kind").unwrap_or_default());
        body.append("text", &field.value());
        let request = RequestInit::new();
        request.set_method("POST");
        request.set_body(&body);
        let answer = window().fetch_with_str_and_init("/api/what-if/look-over", &request);
        let answer: Response = JsFuture::from(answer).await?.dyn_into()?;
        if !answer.ok() {
            return Err(JsValue::NULL);
        }
        let json = JsFuture::from(answer.text()?).await?.as_string().ok_or(JsValue::NULL)?;
        js_sys::JSON::parse(&json)?.as_string().ok_or(JsValue::NULL)
    }

    fn show(typed: &Scene, before: &Matrix) {
        let status = match typed.matrix() {
            Ok(now) => {
                if let Some(table) = by_id("what-if-matrix") {
                    table.set_inner_html(&matrix::html(typed, &now, before));
                }
                for (deed, id) in [(Deed::Read, "venn-read"), (Deed::Write, "venn-write")] {
                    move_people(typed, &now, deed, id);
                }
                match matrix::changes(typed, &now, before) {
                    nothing if nothing.is_empty() => {
                        "No answer differs from what was in force when this page was loaded.".to_owned()
                    }
                    changes => changes,
                }
            }
            Err(unreadable) => {
                let names: Vec<_> = unreadable
                    .iter()
                    .filter_map(|unread| {
                        Some((typed.document(&unread.document)?.name.clone(), &unread.error))
                    })
                    .map(|(name, error)| format!("{name} cannot be read: {error}."))
                    .collect();
                format!("{} The answers are those of before.", names.join(" "))
            }
        };
        if let Some(line) = by_id("what-if-status")
            && line.text_content().as_deref() != Some(&status)
        {
            line.set_text_content(Some(&status));
            // The line may be far above the field; how it begins is beside it.
            let first = status.split(['.', ',']).next();
            if let Some(count) = by_id("what-if-count") {
                count.set_text_content(first);
            }
        }
    }

    /// Moves the markers to where the policies put them now; the style makes them glide.
    fn move_people(scene: &Scene, now: &Matrix, deed: Deed, id: &str) {
        for place in venn::places(scene, now, deed, id) {
            if let Some(marker) = by_id(&place.id) {
                let _ = marker.set_attribute("transform", &place.transform);
            }
        }
        if let Some(legend) = by_id(&format!("{id}-legend")) {
            legend.set_inner_html(&venn::legend(scene, now, deed));
        }
    }
}
