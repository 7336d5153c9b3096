//! The lists beyond the walk: variations and defects, and the drills.

use super::{instead, lab_or_none_yet, scenario::text};
use crate::{
    components::{
        icon::{Glyph, Icon},
        layout::Layout,
    },
    console::{
        ConsoleError, Lab,
        scenario::{Group, ScenarioId},
    },
    context::expect_console,
};
use leptos::prelude::*;

/// Variations, what each defect costs, and the way to the prices.
#[component]
pub(crate) fn MorePage() -> impl IntoView {
    Suspend::new(async move { list("Beyond the walk", &[Group::Variation, Group::Exploit]).await })
}

/// Break it.
#[component]
pub(crate) fn DrillsPage() -> impl IntoView {
    Suspend::new(async move { list("Break it", &[Group::Drill]).await })
}

async fn list(title: &'static str, groups: &'static [Group]) -> AnyView {
    match load(groups).await {
        Ok((lab, played)) => view! { <Lists lab played title groups /> }.into_any(),
        Err(error) => instead(error, None),
    }
}

/// The lab, and which of the groups' scenarios are open or were played to their end.
async fn load(groups: &[Group]) -> Result<(Lab, Vec<(ScenarioId, bool, bool)>), ConsoleError> {
    let console = expect_console();
    let lab = lab_or_none_yet(&*console).await?;
    let mut played = Vec::new();
    for id in ScenarioId::ALL.into_iter().filter(|id| groups.contains(&id.group())) {
        let scenario = console.scenario(id).await?;
        played.push((id, scenario.is_complete(), scenario.open));
    }
    Ok((lab, played))
}

#[component]
fn Lists(
    lab: Lab,
    played: Vec<(ScenarioId, bool, bool)>,
    title: &'static str,
    groups: &'static [Group],
) -> impl IntoView {
    let alone = groups.len() == 1;
    let lists = groups
        .iter()
        .map(|group| {
            let (name, about) = text::about(*group);
            let cards = played
                .iter()
                .filter(|(id, ..)| id.group() == *group)
                .map(|(id, complete, open)| view! { <Card id=*id complete=*complete open=*open alone /> })
                .collect_view();
            let heading = format!("list-{}", name.to_lowercase().replace(' ', "-"));
            view! {
                <section class="scenario-list" id=heading.clone() aria-label=name>
                    {(!alone).then(|| view! { <h2>{name}</h2> })}
                    <p>{about}</p>
                    <ul class="cards">{cards}</ul>
                </section>
            }
        })
        .collect_view();
    view! {
        <Layout lab=Some(lab) title>
            <article class="step">
                <header class="page-head">
                    <h1>{title}</h1>
                </header>
                {lists}
                {(!alone)
                    .then(|| {
                        view! {
                            <p><a href="/more/cost">"Prices: what a key and its requests cost on AWS, with the numbers of this walk"</a></p>
                            <p><a href="/drills">"Break it: one team errs, and the page shows which locks still hold"</a></p>
                        }
                    })}
            </article>
        </Layout>
    }
    .into_any()
}

#[component]
fn Card(
    id: ScenarioId,
    complete: bool,
    open: bool,
    /// Whether its list is the only one, which has no heading of its own.
    alone: bool,
) -> impl IntoView {
    let link = view! { <a href=id.path()>{id.title()}</a> };
    view! {
        <li class="card scenario-card">
            {if alone {
                view! { <h2>{link}</h2> }.into_any()
            } else {
                view! { <h3>{link}</h3> }.into_any()
            }}
            <p>{text::why(id).first().copied()}</p>
            {complete.then(|| view! { <span class="badge badge-done"><Glyph icon=Icon::Done />"Played"</span> })}
            {open.then(|| view! { <span class="badge badge-otherwise"><Glyph icon=Icon::Warning />"Not put back"</span> })}
        </li>
    }
    .into_any()
}
