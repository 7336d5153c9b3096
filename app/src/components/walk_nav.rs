//! The walk at a glance: its steps, which are done, which one this is.

use super::icon::{Glyph, Icon};
use crate::{
    console::{Lab, StepId},
    pages::step_title,
};
use leptos::prelude::*;

/// The list of steps. On a narrow screen it folds into a line that says how far the walk is.
#[component]
pub(crate) fn WalkNav(
    /// The session's lab.
    lab: Lab,
    /// The step this page is of.
    current: Option<StepId>,
) -> impl IntoView {
    let done = StepId::ALL.into_iter().filter(|step| lab.is_done(*step)).count();
    let items = |lab: &Lab| {
        StepId::ALL
            .into_iter()
            .map(|step| {
                let is_done = lab.is_done(step);
                let is_skipped = lab.is_skipped(step);
                view! {
                    <li class:is-done=is_done class:is-skipped=is_skipped>
                        <a href=format!("/steps/{}", step.slug()) aria-current=(current == Some(step)).then_some("step")>
                            <span class="walk-mark">
                                {is_done.then(|| view! { <Glyph icon=Icon::Done /> })}
                                {is_skipped.then(|| view! { <Glyph icon=Icon::Skipped /> })}
                            </span>
                            <span class="walk-label">{step.label()}{is_skipped.then_some(" · skipped")}</span>
                            <span class="walk-title">{step_title(step)}</span>
                            {is_done.then(|| view! { <span class="visually-hidden">" (done)"</span> })}
                        </a>
                    </li>
                }
            })
            .collect_view()
    };
    let summary = match lab.skipped.len() {
        0 => format!("{done} of {} done", StepId::ALL.len()),
        skipped => format!("{done} of {} done, {skipped} skipped", StepId::ALL.len()),
    };
    view! {
        <nav class="walk" aria-label="Steps" id="walk-nav" data-live="">
            <details class="walk-narrow">
                <summary>
                    "Steps" <span class="walk-count">{summary.clone()}</span>
                </summary>
                <ol>{items(&lab)}</ol>
            </details>
            <div class="walk-wide">
                <p class="walk-count">{summary}</p>
                <ol>{items(&lab)}</ol>
            </div>
        </nav>
    }
    .into_any()
}
