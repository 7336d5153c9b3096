//! Two personas side by side: the console twice, each half a tab of its own.

use super::{instead, lab_or_none_yet};
use crate::{
    components::{layout::Layout, notice::Problem, persona::PersonaChip},
    console::{Lab, Persona, StepId},
    context::expect_console,
    serverfns::role::side_by_side::ChooseTwo,
};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::hooks::use_params_map;

/// Everyone who can have a half, the instance by its terminal.
pub(crate) const CHOICES: [Persona; 4] =
    [Persona::Admin, Persona::SecureBucketAdmin, Persona::SecureKeyAdmin, Persona::Instance];

/// The page; its address says who has which half.
#[component]
pub(crate) fn SideBySidePage() -> impl IntoView {
    let params = use_params_map().get_untracked();
    let chosen = |name: &str| {
        let persona = params.get(name).and_then(|name| Persona::from_name(&name));
        persona.filter(|persona| CHOICES.contains(persona))
    };
    let (left, right) = (chosen("left"), chosen("right"));
    Suspend::new(async move {
        match lab_or_none_yet(&*expect_console()).await {
            Ok(lab) => view! { <SideBySide lab left right /> }.into_any(),
            Err(error) => instead(error, None),
        }
    })
}

#[component]
fn SideBySide(lab: Lab, left: Option<Persona>, right: Option<Persona>) -> impl IntoView {
    let step = lab.next_step().unwrap_or(StepId::Test4);
    let halves = left.zip(right).map(|(left, right)| {
        view! {
            <div class="halves">
                <Half persona=left step />
                <Half persona=right step />
            </div>
        }
    });
    let choice = |label: &'static str, name: &'static str, chosen: Persona| {
        let options = CHOICES
            .into_iter()
            .map(|persona| {
                view! { <option value=persona.name() selected=persona == chosen>{persona.name()}</option> }
            })
            .collect_view();
        let id = format!("side-{name}");
        view! {
            <div class="field">
                <label for=id.clone()>{label}</label>
                <select id=id name=name>{options}</select>
            </div>
        }
    };
    view! {
        <Layout lab=Some(lab) title="Two roles side by side">
            <article class="page-head">
                <h1>"Two roles side by side"</h1>
                <p>
                    "Each half is the whole console as one persona, like a tab of its own: take the key user away on one side and \
                     see the other side's download fail. What you do in a half changes nothing about who your other tabs act as. On the \
                     instance's side it is the terminal that matters: whatever is typed there is called by the instance."
                </p>
            </article>
            <Problem />
            <form class="side-choice" method="post" action=ChooseTwo::PATH aria-label="Who has which half">
                {choice("On the left", "left", left.unwrap_or(Persona::SecureKeyAdmin))}
                {choice("On the right", "right", right.unwrap_or(Persona::Instance))}
                <button type="submit" class="button">"Show both"</button>
            </form>
            {halves}
        </Layout>
    }
    .into_any()
}

/// One half, opened where there is something to do. The instance has its terminal, whoever asks; its half is a tab of Admin's.
#[component]
fn Half(persona: Persona, step: StepId) -> impl IntoView {
    let address = match persona {
        Persona::Instance => format!("/as/{}/instance#terminal-title", Persona::Admin.name()),
        persona => format!("/as/{}/steps/{}#forms-title", persona.name(), step.slug()),
    };
    view! {
        <section class="half" aria-label=persona.name()>
            <h2><PersonaChip persona /></h2>
            <iframe src=address title=format!("The console as {}", persona.name())></iframe>
        </section>
    }
    .into_any()
}
