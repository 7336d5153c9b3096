//! The page of a scenario: its moves as cards, what came of each, and the way back.

mod locks;
mod moves;
pub(crate) mod text;

use self::moves::MoveCard;
use super::{NotFound, Unavailable, instead, lab_or_none_yet};
use crate::{
    components::{
        call::FoldedCall,
        icon::{Glyph, Icon},
        layout::Layout,
        notice::{Notice, Problem, Tone},
        prose::{Prose, Words},
    },
    console::{
        ConsoleError, Lab, StepId,
        scenario::{Group, Move, Scenario, ScenarioId},
    },
    context::expect_console,
    pages::step_title,
    serverfns::scenario::{mend::MendScenario, play_rest::PlayRest},
};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::hooks::use_params_map;

/// The page of the scenario whose slug is in the address.
#[component]
pub(crate) fn ScenarioPage() -> impl IntoView {
    let slug = use_params_map().get_untracked().get("slug").unwrap_or_default();
    Suspend::new(async move {
        let Some(id) = ScenarioId::from_slug(&slug) else {
            return match expect_console().lab().await {
                Ok(lab) => {
                    view! { <NotFound lab what="There is no such page beyond the walk." /> }.into_any()
                }
                Err(error) => view! { <Unavailable lab=None message=error.to_string() /> }.into_any(),
            };
        };
        match load(id).await {
            Ok((lab, scenario)) => view! { <Played lab scenario /> }.into_any(),
            Err(error) => instead(error, None),
        }
    })
}

async fn load(id: ScenarioId) -> Result<(Lab, Scenario), ConsoleError> {
    let console = expect_console();
    let lab = lab_or_none_yet(&*console).await?;
    let scenario = console.scenario(id).await?;
    Ok((lab, scenario))
}

#[component]
fn Played(lab: Lab, scenario: Scenario) -> impl IntoView {
    let id = scenario.id;
    let (group, _) = text::about(id.group());
    let ready = scenario.is_ready();
    let complete = scenario.is_complete();
    let put_back = scenario.put_back;
    let is_made = |one: &&Move| one.made.is_some() && !put_back;
    let made = scenario.moves.iter().filter(is_made).count();
    let count = scenario.moves.len();
    let newest = scenario.moves.iter().filter(is_made).map(|one| one.number).max();
    let first_left = scenario.moves.iter().find(|one| !is_made(one)).map(|one| one.number);
    let played = if put_back { "Played and put back" } else { "Played" };
    let cards = scenario
        .moves
        .clone()
        .into_iter()
        .map(|one| {
            let (newest, next) = (newest == Some(one.number), first_left == Some(one.number));
            view! { <MoveCard scenario=id one ready newest next put_back /> }
        })
        .collect_view();
    view! {
        <Layout lab=Some(lab) title=format!("{group}: {}", id.title())>
            <article class="step scenario">
                <header class="page-head">
                    <p class="eyebrow">
                        <a href=list_of(id.group())>{group}</a>
                        {complete.then(|| view! { <span class="badge badge-done"><Glyph icon=Icon::Done />{played}</span> })}
                    </p>
                    <h1>{id.title()}</h1>
                    <Prose text=text::why(id) />
                    <p class="hint">
                        "Each move is made as the persona it names, whoever you act as in the bar above. Its calls are real ones; they \
                         count for no step of the walk, and “Put things back” undoes what they change."
                        {(id.group() == Group::Drill).then_some(" What a call should come to is said once its move is made.")}
                    </p>
                </header>
                <Problem />
                <Hindrance scenario=scenario.clone() />
                {(ready && made < count).then(|| view! { <DoAll id left=count - made /> })}
                <ol class="moves" aria-label="Moves">{cards}</ol>
                <PutBack scenario=scenario.clone() />
                <Others id />
            </article>
        </Layout>
    }
    .into_any()
}

/// The list that a scenario of this kind is on.
const fn list_of(group: Group) -> &'static str {
    match group {
        Group::Drill => "/drills",
        Group::Variation | Group::Exploit => "/more",
    }
}

/// Why no move can be made now, and what to do about it.
#[component]
fn Hindrance(scenario: Scenario) -> impl IntoView {
    if scenario.is_ready() {
        return view! { <div id="hindrance"></div> }.into_any();
    }
    let said = match scenario.other {
        Some(other) => view! {
            <p>
                <strong>"Another one is still open. "</strong>
                "“"<a href=format!("{}#put-back", other.path())>{other.title()}</a>"” has changed policies that were not put back yet. Put \
                 things back there first: else nobody could tell whose change is whose."
            </p>
        }
        .into_any(),
        None if !scenario.missing.is_empty() => {
            let steps = scenario
                .missing
                .into_iter()
                .map(|step| view! { <li><StepLink step /></li> })
                .collect_view();
            view! {
                <p><strong>"Not yet. "</strong>"This is played on a lab that is built. These steps are still to do:"</p>
                <ul class="plain-list">{steps}</ul>
            }
            .into_any()
        }
        None => view! {
            <p>
                <strong>"Not now. "</strong>"authorized-users is not among the key users, since test 4. "
                <StepLink step=StepId::Restore />" puts it back."
            </p>
        }
        .into_any(),
    };
    view! {
        <div id="hindrance">
            <Notice tone=Tone::Warning>{said}</Notice>
        </div>
    }
    .into_any()
}

#[component]
fn StepLink(step: StepId) -> impl IntoView {
    view! { <a href=format!("/steps/{}", step.slug())>{format!("{}: {}", step.label(), step_title(step))}</a> }
}

/// All moves that are left, in one go.
#[component]
fn DoAll(id: ScenarioId, left: usize) -> impl IntoView {
    let hint = match left {
        1 => "Makes the move that is left.".to_owned(),
        left => {
            format!("Makes the {left} moves that are left, in order, and stops if one comes out otherwise.")
        }
    };
    view! {
        <form class="do-all" method="post" action=PlayRest::PATH>
            <input type="hidden" name="scenario" value=id.slug() />
            <button type="submit" class="button button-quiet">"Do all of it"</button>
            <p class="hint">{hint}</p>
        </form>
    }
}

/// What will be put back, and what was.
#[component]
fn PutBack(scenario: Scenario) -> impl IntoView {
    let Scenario { id, put_back, undo, mended, unmended, .. } = scenario;
    if undo.is_empty() && !put_back {
        return view! { <section id="put-back"></section> }.into_any();
    }
    let list = undo.iter().map(|phrase| view! { <li><Words text=phrase.clone() /></li> }).collect_view();
    let failed =
        unmended.iter().map(|phrase| view! { <li><Words text=phrase.clone() /></li> }).collect_view();
    let calls = mended.into_iter().map(|record| view! { <FoldedCall record open=false /> }).collect_view();
    view! {
        <section class="put-back" id="put-back" tabindex="-1" aria-labelledby="put-back-title">
            <h2 id="put-back-title">"Put things back"</h2>
            {(!unmended.is_empty())
                .then(|| {
                    view! {
                        <div role="alert">
                            <Notice tone=Tone::Warning>
                                <p>"This could not be put back. The calls below say why; mend the cause and try again."</p>
                                <ul class="plain-list">{failed}</ul>
                            </Notice>
                        </div>
                    }
                })}
            {if put_back {
                view! {
                    <p>
                        <Glyph icon=Icon::Done />
                        " Everything is as it was before. What stands above is of the last round: a move made now begins a new one."
                    </p>
                }
                    .into_any()
            } else {
                view! {
                    <form class="card" method="post" action=MendScenario::PATH>
                        <input type="hidden" name="scenario" value=id.slug() />
                        <p>"In this order, the newest change first:"</p>
                        <ol class="undo">{list}</ol>
                        <button type="submit" class="button button-danger">"Put things back"</button>
                    </form>
                }
                    .into_any()
            }}
            {calls}
        </section>
    }
    .into_any()
}

/// The one after this in its list.
#[component]
fn Others(id: ScenarioId) -> impl IntoView {
    let of_group: Vec<_> = ScenarioId::ALL.into_iter().filter(|other| other.group() == id.group()).collect();
    let at = of_group.iter().position(|other| *other == id).unwrap_or_default();
    let before = at.checked_sub(1).and_then(|at| of_group.get(at).copied());
    let link = |to: ScenarioId, class: &'static str, word: &'static str| {
        view! {
            <a class=class href=to.path()>
                <span class="onward-word">{word}</span>
                <span>{to.title()}</span>
            </a>
        }
    };
    view! {
        <nav class="onward" aria-label="Before and after this">
            {before.map(|to| link(to, "onward-back", "Before"))}
            {of_group.get(at + 1).map(|to| link(*to, "onward-next", "Next"))}
        </nav>
    }
    .into_any()
}
