//! Running text with names of AWS in it.

use leptos::prelude::*;

/// Paragraphs; what stands between backticks is set as code.
#[component]
pub(crate) fn Prose(
    /// One string a paragraph.
    text: &'static [&'static str],
) -> impl IntoView {
    text.iter().map(|paragraph| view! { <p><Words text=*paragraph /></p> }).collect_view()
}

/// A line of text; what stands between backticks is set as code.
#[component]
pub(crate) fn Words(
    /// The text.
    #[prop(into)]
    text: String,
) -> impl IntoView {
    text.split('`')
        .map(str::to_owned)
        .enumerate()
        .map(
            |(position, part)| {
                if position % 2 == 1 { view! { <code>{part}</code> }.into_any() } else { part.into_any() }
            },
        )
        .collect_view()
}
