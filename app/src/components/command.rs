//! Lines for a shell, to copy.

use crate::islands::CopyButton;
use leptos::prelude::*;

/// Text that is typed into a shell, with a button that copies it.
#[component]
pub(crate) fn ShellLines(
    /// The element's id: one of its own on the page.
    id: &'static str,
    /// What it is, for whoever cannot see it: `the command`.
    what: &'static str,
    /// The lines.
    text: String,
) -> impl IntoView {
    view! {
        <div class="shell-lines">
            <pre class="shell-text" tabindex="0" role="group" aria-label=what><code id=id>{text}</code></pre>
            <div class="copy">
                <CopyButton of=id.to_owned() what=format!(" {what}") />
                <span class="copy-said" role="status" id=format!("{id}-copied")></span>
            </div>
        </div>
    }
    .into_any()
}
