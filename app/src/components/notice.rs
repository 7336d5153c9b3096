//! Short messages that stand out of a page's text.

use super::icon::{Glyph, Icon};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// How a notice is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Worth knowing.
    Hint,
    /// Something is not as it should be.
    Warning,
}

/// A message in a box.
#[component]
pub(crate) fn Notice(
    /// How it is meant.
    tone: Tone,
    /// What it says.
    children: Children,
) -> impl IntoView {
    let class = match tone {
        Tone::Hint => "notice",
        Tone::Warning => "notice notice-warning",
    };
    view! {
        <div class=class>
            {(tone == Tone::Warning).then(|| view! { <Glyph icon=Icon::Warning /> })} <div>{children()}</div>
        </div>
    }
    .into_any()
}

/// The sentence for the `problem` in this page's address, where a server function put it; empty without one.
#[component]
pub(crate) fn Problem() -> impl IntoView {
    let problem = use_query_map().get_untracked().get("problem");
    let notice = problem.as_deref().and_then(sentence).map(|sentence| {
        view! {
            <div role="alert">
                <Notice tone=Tone::Warning>
                    <p>{sentence}</p>
                </Notice>
            </div>
        }
    });
    view! {
        <div id="problem" class="page-problem" data-live="" tabindex="-1">
            {notice}
        </div>
    }
}

/// Only words we know become a sentence: what an address says must never appear on a page as ours.
fn sentence(problem: &str) -> Option<&'static str> {
    Some(match problem {
        "no-lab" => "This browser has no lab yet, or its session has ended. Start one below.",
        "not-found" => {
            "What that form refers to is not in this lab. The lab may have been started anew in another tab."
        }
        "no-key" => {
            "There is no key yet, so it has no users to change: nothing was called. Step 4 makes the key; then this form works."
        }
        "no-instance" => {
            "There is no instance yet, so there is nobody to type as: nothing was called. Step 7 launches it."
        }
        "expired" => {
            "The credentials you were acting with have expired, so no call was made. Switch to the role again in the bar \
             at the top to get new ones; what you typed is still in the form."
        }
        "unavailable" => {
            "AWS or the lab's storage could not be reached, so there is no answer to show. Look at the activity page to \
             see which calls were made, then try again."
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::sentence;

    #[test]
    fn words_from_an_address_never_reach_the_page() {
        assert!(sentence("expired").is_some());
        assert_eq!(sentence("Call this number at once"), None);
    }
}
