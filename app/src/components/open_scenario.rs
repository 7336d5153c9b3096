//! Said where something is about to change the lab while a scenario still has policies changed.

use super::notice::{Notice, Tone};
use crate::{console::scenario::ScenarioId, serverfns::scenario::mend::MendScenario};
use leptos::{prelude::*, server_fn::ServerFn};

/// A warning with the button that puts things back first; nothing where no scenario is open.
#[component]
pub(crate) fn OpenScenario(
    /// The scenario that has changed something and was not put back.
    open: Option<ScenarioId>,
    /// What it stands in the way of, to end a sentence: `before you undo this step`.
    before: &'static str,
) -> impl IntoView {
    open.map(|id| {
        view! {
            <div class="open-scenario">
                <Notice tone=Tone::Warning>
                    <p>
                        "“"<a href=format!("{}#put-back", id.path())>{id.title()}</a>
                        "” has changed the lab and was not put back. Put things back "{before}
                        ": else its changes and those of the walk get mixed, and putting back later may fail."
                    </p>
                    <form method="post" action=MendScenario::PATH>
                        <input type="hidden" name="scenario" value=id.slug() />
                        <button type="submit" class="button button-small">"Put things back first"</button>
                    </form>
                </Notice>
            </div>
        }
    })
}
