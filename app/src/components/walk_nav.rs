//! The walk at a glance: its steps, which are done, which one this is.

use super::icon::{Glyph, Icon};
use crate::{
    console::{
        Lab, StepId,
        scenario::{Group, ScenarioId},
    },
    context::current_path,
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
                <Beyond />
            </details>
            <div class="walk-wide">
                <p class="walk-count">{summary}</p>
                <ol>{items(&lab)}</ol>
                <Beyond />
            </div>
        </nav>
    }
    .into_any()
}

/// What there is beside the walk: pages that play on what it built.
#[component]
fn Beyond() -> impl IntoView {
    let path = current_path();
    let here = ScenarioId::ALL.into_iter().find(|id| id.path() == path);
    let in_group = |group| here.is_some_and(|id| id.group() == group);
    let own = [ScenarioId::DefaultEncryption, ScenarioId::NotRetroactive];
    let variation = in_group(Group::Variation) && !here.is_some_and(|id| own.contains(&id));
    let links = [
        ("/more".to_owned(), "Variations", path == "/more" || variation),
        (own[0].path(), own[0].title(), here == Some(own[0])),
        (own[1].path(), own[1].title(), here == Some(own[1])),
        ("/more/cost".into(), "Prices", path == "/more/cost"),
        ("/more#list-what-each-defect-costs".into(), "What each defect costs", in_group(Group::Exploit)),
        ("/drills".into(), "Break it", path == "/drills" || in_group(Group::Drill)),
    ];
    let links = links
        .into_iter()
        .map(|(to, title, current)| {
            view! { <li><a href=to aria-current=current.then_some("page")>{title}</a></li> }
        })
        .collect_view();
    view! {
        <details class="beyond" open>
            <summary class="walk-count">"Beyond the walk"</summary>
            <ul aria-label="Beyond the walk">{links}</ul>
        </details>
    }
    .into_any()
}
