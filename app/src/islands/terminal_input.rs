//! The terminal's command line: posts without leaving the page, and remembers what was typed.

use leptos::prelude::*;

/// The input of the terminal's form. Without a script the form around it is posted and the page loads anew; with one, it
/// and the step's ready commands (every form with `data-terminal`) are posted in the background, and the parts of the page
/// that a command can change (those with `data-live`) are replaced by what the server made of them. Arrow up and down walk
/// through the lines typed before. Tab completes, and moves on when there is nothing to complete: nobody is kept in the line.
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
    let described = [problem_id.as_str(), "terminal-hint"].join(" ");
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
            aria-describedby=described.trim().to_owned()
        />
    }
}

#[cfg(feature = "hydrate")]
mod browser {
    //! What only a browser can do.

    use crate::{
        completion::complete,
        islands::page::{all, by_id, take_live_parts},
    };
    use leptos::{html::Input, prelude::*};
    use std::{cell::Cell, rc::Rc};
    use wasm_bindgen::{JsCast, JsValue, closure::Closure};
    use wasm_bindgen_futures::{JsFuture, spawn_local};
    use web_sys::{
        Element, FormData, HtmlFormElement, HtmlInputElement, KeyboardEvent, RequestInit, Response,
        SubmitEvent, UrlSearchParams,
    };

    pub(super) fn enhance(input: NodeRef<Input>) {
        Effect::new(move || {
            let Some(input) = input.get() else { return };
            remember_lines(&input);
            complete_by_tab(&input);
            if let Some(hint) = by_id("terminal-hint") {
                let _ = hint.remove_attribute("hidden");
            }
            let busy = Rc::new(Cell::new(false));
            for form in all::<HtmlFormElement>(&document(), "form[data-terminal]") {
                post_in_background(&form, &input, &busy);
            }
            show_newest();
        });
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

    /// Tab at the end of a line that is not empty. Where several words fit and nothing can be added, the first Tab shows them
    /// and the next one moves on.
    fn complete_by_tab(input: &HtmlInputElement) {
        let shown = Cell::new(false);
        let field = input.clone();
        let on_key = Closure::<dyn Fn(KeyboardEvent)>::new(move |event: KeyboardEvent| {
            let was_shown = shown.replace(false);
            let mut choices = String::new();
            let mut line = field.value();
            // Counted as JavaScript counts.
            let length = js_sys::JsString::from(line.as_str()).length();
            let at_end = field.selection_start().is_ok_and(|caret| caret == Some(length));
            let plain = !(event.shift_key() || event.ctrl_key() || event.alt_key() || event.meta_key());
            if event.key() == "Tab" && plain && at_end && !line.trim_start().is_empty() {
                let (added, words) = complete(&rows(), &line);
                if !added.is_empty() || !words.is_empty() && !was_shown {
                    event.prevent_default();
                    shown.set(added.is_empty());
                    line.push_str(&added);
                    field.set_value(&line);
                    choices = words;
                }
            }
            if let Some(status) = by_id("terminal-choices") {
                status.set_text_content(Some(&choices));
            }
        });
        let _ = input.add_event_listener_with_callback("keydown", on_key.as_ref().unchecked_ref());
        on_key.forget();
    }

    /// What the page says can be completed: commands, then the names that change with them.
    fn rows() -> String {
        let text = |id: &str| by_id(id)?.text_content();
        let mut rows = text("terminal-words").unwrap_or_default();
        rows.push_str(&text("terminal-names").unwrap_or_default());
        rows
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
                if by_id("terminal-line-problem").is_none() {
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
        take_live_parts(answer, "terminal-log").await
    }

    /// Scrolls the log to its last line.
    fn show_newest() {
        if let Some(log) = by_id("terminal-log") {
            log.set_scroll_top(log.scroll_height());
        }
    }
}
