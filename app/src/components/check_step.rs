//! *Check my work*: both sides of a step, tried for real.

use super::{
    icon::{Glyph, Icon},
    prose::Words,
};
use crate::{
    console::{StepId, scenario::Probed},
    serverfns::check::step::CheckWork,
};
use leptos::{prelude::*, server_fn::ServerFn};

/// The button, and what the newest check found.
#[component]
pub(crate) fn CheckStep(
    /// The step.
    step: StepId,
    /// What the newest check found; `None` before the first.
    checked: Option<Vec<Probed>>,
) -> impl IntoView {
    let found = checked.map(|found| view! { <Found found /> });
    view! {
        <section class="check-step" id="check" tabindex="-1" aria-labelledby="check-title" data-live="">
            <h2 id="check-title">"Check my work"</h2>
            <form method="post" action=CheckWork::PATH class="do-all">
                <input type="hidden" name="step" value=step.slug() />
                <button type="submit" class="button button-quiet">"Check my work"</button>
                <p class="hint">
                    "Tries both sides with real calls: what should work, and what should not. They are made as whoever each line names, \
                     count for no step, and leave nothing behind."
                </p>
            </form>
            {found}
        </section>
    }
    .into_any()
}

#[component]
fn Found(found: Vec<Probed>) -> impl IntoView {
    let (held, all) = (found.iter().filter(|probed| probed.holds).count(), found.len());
    let lines = found
        .into_iter()
        .map(|Probed { claim, holds, missing, records }| {
            let (class, icon, word) = match holds {
                true => ("probe holds", Icon::Allows, "So"),
                false => ("probe fails", Icon::Denies, "Not so"),
            };
            let last = records.last().copied();
            view! {
                <li class=class>
                    <span class="probe-word"><Glyph icon />{word}</span>
                    <span>
                        <Words text=claim />
                        {last.map(|id| view! { " "<a href=format!("/activity/{id}")>{format!("Call {id}")}</a> })}
                        {(!holds).then(|| view! { <span class="probe-missing"><Words text=missing /></span> })}
                    </span>
                </li>
            }
        })
        .collect_view();
    let summary = if held == all {
        format!("All {all} are as they should be.")
    } else {
        format!("{held} of {all} are as they should be. What is missing is said below.")
    };
    view! {
        <p role="status"><strong>{summary}</strong></p>
        <ul class="probes">{lines}</ul>
    }
    .into_any()
}
