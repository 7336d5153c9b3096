//! The terminal's command line: posts without leaving the page, and remembers what was typed.

use leptos::prelude::*;

/// The input of the terminal's form. Without a script the form around it is posted and the page loads anew; with one, it
/// and the step's ready commands (every form with `data-terminal`) are posted in the background, and the parts of the page
/// that a command can change (those with `data-live`) are replaced by what the server made of them. Arrow up and down walk
/// through the lines typed before.
#[island]
pub(crate) fn TerminalInput(
    /// What the line holds at first.
    value: String,
    /// The id of the element that says what is wrong with the line; empty when nothing is.
    problem_id: String,
) -> impl IntoView {
    let input = NodeRef::<leptos::html::Input>::new();
    #[cfg(feature = "hydrate")]
    browser::enhance(input);
    let invalid = !problem_id.is_empty();
    view! {
        <input
            node_ref=input
            class="terminal-input"
            id="terminal-line"
            name="line"
            type="text"
            value=value
            autocomplete="off"
            autocapitalize="off"
            spellcheck="false"
            required
            aria-invalid=invalid.then_some("true")
            aria-describedby=invalid.then_some(problem_id)
        />
    }
}

#[cfg(feature = "hydrate")]
mod browser {
    //! What only a browser can do.

    use leptos::{html::Input, prelude::*};
    use std::{cell::Cell, rc::Rc};
    use wasm_bindgen::{JsCast, JsValue, closure::Closure};
    use wasm_bindgen_futures::{JsFuture, spawn_local};
    use web_sys::{
        Document, DomParser, Element, FormData, HtmlFormElement, HtmlInputElement, KeyboardEvent,
        RequestInit, Response, SubmitEvent, SupportedType, UrlSearchParams,
    };

    pub(super) fn enhance(input: NodeRef<Input>) {
        Effect::new(move || {
            let Some(input) = input.get() else { return };
            remember_lines(&input);
            let busy = Rc::new(Cell::new(false));
            for form in all::<HtmlFormElement>(&document(), "form[data-terminal]") {
                post_in_background(&form, &input, &busy);
            }
            show_newest();
        });
    }

    /// The elements of that kind that the selector finds.
    fn all<T: JsCast>(document: &Document, selector: &str) -> Vec<T> {
        let Ok(nodes) = document.query_selector_all(selector) else { return Vec::new() };
        (0..nodes.length()).filter_map(|at| nodes.get(at)?.dyn_into().ok()).collect()
    }

    /// Arrow up and down, over the lines the page shows.
    fn remember_lines(input: &HtmlInputElement) {
        let back = Cell::new(0_usize);
        let field = input.clone();
        let on_key = Closure::<dyn Fn(KeyboardEvent)>::new(move |event: KeyboardEvent| {
            let lines = typed_lines();
            let wanted = match event.key().as_str() {
                "ArrowUp" => (back.get() + 1).min(lines.len()),
                "ArrowDown" => back.get().saturating_sub(1),
                _ => {
                    back.set(0);
                    return;
                }
            };
            event.prevent_default();
            back.set(wanted);
            let line = lines.len().checked_sub(wanted).and_then(|at| lines.get(at));
            field.set_value(line.map_or("", String::as_str));
        });
        let _ = input.add_event_listener_with_callback("keydown", on_key.as_ref().unchecked_ref());
        on_key.forget();
    }

    fn typed_lines() -> Vec<String> {
        let lines = all::<Element>(&document(), "#terminal-log [data-line]");
        lines.iter().filter_map(|line| line.text_content()).collect()
    }

    /// Posts the form with `fetch`, one at a time. If that fails the page is loaded anew rather than the form posted again:
    /// the command may have run, and running it twice would be worse than a page that jumps.
    fn post_in_background(form: &HtmlFormElement, input: &HtmlInputElement, busy: &Rc<Cell<bool>>) {
        let (posted, input, busy) = (form.clone(), input.clone(), busy.clone());
        let on_submit = Closure::<dyn Fn(SubmitEvent)>::new(move |event: SubmitEvent| {
            event.prevent_default();
            if busy.replace(true) {
                return;
            }
            let (form, input, busy) = (posted.clone(), input.clone(), busy.clone());
            spawn_local(async move {
                if post(&form).await.is_err() {
                    let _ = window().location().reload();
                    return;
                }
                if document().get_element_by_id("terminal-line-problem").is_none() {
                    input.set_value("");
                }
                let _ = input.focus();
                show_newest();
                busy.set(false);
            });
        });
        let _ = form.add_event_listener_with_callback("submit", on_submit.as_ref().unchecked_ref());
        on_submit.forget();
    }

    /// Posts the form, follows the answer to the page it leads to, and takes that page's live parts.
    async fn post(form: &HtmlFormElement) -> Result<(), JsValue> {
        let body = UrlSearchParams::new_with_str_sequence_sequence(FormData::new_with_form(form)?.as_ref())?;
        let request = RequestInit::new();
        request.set_method("POST");
        request.set_body(&body);
        let answer: Response =
            JsFuture::from(window().fetch_with_str_and_init(&form.action(), &request)).await?.dyn_into()?;
        if !answer.ok() {
            return Err(JsValue::NULL);
        }
        let html = JsFuture::from(answer.text()?).await?.as_string().ok_or(JsValue::NULL)?;
        let page = DomParser::new()?.parse_from_string(&html, SupportedType::TextHtml)?;
        if page.get_element_by_id("terminal-log").is_none() {
            return Err(JsValue::NULL);
        }
        for old in all::<Element>(&document(), "[data-live]") {
            if let Some(new) = page.get_element_by_id(&old.id()) {
                old.set_inner_html(&new.inner_html());
            }
        }
        Ok(())
    }

    /// Scrolls the log to its last line.
    fn show_newest() {
        if let Some(log) = document().get_element_by_id("terminal-log") {
            log.set_scroll_top(log.scroll_height());
        }
    }
}
