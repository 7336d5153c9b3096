//! The pages of the walk: one step each.

mod correction;
mod data;
pub(crate) mod defects;
mod forms;
mod help;
mod hints;
mod lines;
mod listing;
pub(crate) mod text;

pub(crate) use self::help::named;
use self::{
    correction::Correction,
    data::StepData,
    defects::{DEFECTS_PAGE, Defects},
    forms::{
        BucketForms, BucketPolicyForms, InstanceForms, KeyForms, KeyUserForms, PoliciesForms, RolesForms,
    },
    help::{Help, Report},
    lines::TestLines,
};
use super::{NotFound, Unavailable, instead};
use crate::{
    components::{
        call::FoldedCall,
        check_step::CheckStep,
        further::Further,
        icon::{Glyph, Icon},
        layout::Layout,
        notice::Problem,
        persona,
        persona::PersonaChip,
        prose::{Prose, Words},
        terminal::Terminal,
    },
    console::{Persona, Record, StepId},
    context::expect_console,
    serverfns::role::switch::SwitchRole,
};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::hooks::{use_params_map, use_query_map};

/// The page of the step whose slug is in the address.
#[component]
pub(crate) fn StepPage() -> impl IntoView {
    let slug = use_params_map().get_untracked().get("slug").unwrap_or_default();
    let corrected = use_query_map().get_untracked().get("listing").as_deref() == Some("corrected");
    Suspend::new(async move {
        let Some(step) = StepId::from_slug(&slug) else {
            return match expect_console().lab().await {
                Ok(lab) => view! { <NotFound lab what="The walk has no such step." /> }.into_any(),
                Err(error) => view! { <Unavailable lab=None message=error.to_string() /> }.into_any(),
            };
        };
        match StepData::load(step, corrected).await {
            Ok(data) => view! { <Step data /> }.into_any(),
            Err(error) => instead(error, None),
        }
    })
}

#[component]
fn Step(data: StepData) -> impl IntoView {
    let step = data.step;
    let text = text::of(step);
    let done = data.lab.is_done(step);
    let skipped = data.lab.is_skipped(step);
    let wrong = defects::of_step(step);
    let title = format!("{}: {}", step.label(), text.title);
    view! {
        <Layout lab=Some(data.lab.clone()) step=Some(step) title>
            <article class="step">
                <header class="page-head">
                    <p class="eyebrow" id="step-state" data-live="">
                        {step.label()}
                        {done.then(|| view! { <span class="badge badge-done"><Glyph icon=Icon::Done />"Done"</span> })}
                        {skipped.then(|| view! { <span class="badge"><Glyph icon=Icon::Skipped />"Skipped"</span> })}
                    </p>
                    <h1>{text.title}</h1>
                    {text::why(&data)
                        .into_iter()
                        .map(|paragraph| view! { <p><Words text=paragraph /></p> })
                        .collect_view()}
                    <div class="who">
                        <p class="who-label">"Who does it"</p>
                        <p><Words text=text.who /></p>
                        <p class="who-label">"What it calls"</p>
                        <p><Words text=hints::calls(step) /></p>
                    </div>
                </header>
                <Problem />
                {data.report().map(|report| view! { <Report report records=data.work_records.clone() /> })}
                <WrongRole data=data.clone() />
                <Forms data=data.clone() />
                {data
                    .shows_terminal()
                    .then(|| {
                        view! {
                            <Terminal
                                lab=data.lab.clone()
                                step=Some(step)
                                entries=data.entries.clone()
                                records=data.entry_records.clone()
                                draft=data.draft(crate::serverfns::instance::run::FORM_ID)
                            />
                        }
                    })}
                <Correction data=data.clone() />
                <Results data=data.clone() />
                <CheckStep step checked=data.checked.clone() />
                <div id="notice" data-live="">
                    <details class="notice-section" open=done>
                        <summary><h2>"What to notice, once it is done"</h2></summary>
                        <Prose text=text.notice />
                    </details>
                </div>
                {(!wrong.is_empty())
                    .then(|| {
                        view! {
                            <section aria-labelledby="wrong-title">
                                <h2 id="wrong-title">"Where the tutorial is wrong here"</h2>
                                <Defects defects=wrong />
                                <p><a href=DEFECTS_PAGE>"Try what the defects open"</a></p>
                            </section>
                        }
                    })}
                <Help data=data.clone() />
                {(step.next().is_none()).then(|| view! { <Further /> })}
                <Onward step />
            </article>
        </Layout>
    }
    .into_any()
}

/// The forms of the step.
#[component]
fn Forms(data: StepData) -> impl IntoView {
    let forms = match data.step {
        StepId::Policies => view! { <PoliciesForms data /> }.into_any(),
        StepId::Roles => view! { <RolesForms data /> }.into_any(),
        StepId::Bucket => view! { <BucketForms data /> }.into_any(),
        StepId::Key => view! { <KeyForms data /> }.into_any(),
        StepId::BucketPolicy => view! { <BucketPolicyForms data /> }.into_any(),
        StepId::Instance => view! { <InstanceForms data /> }.into_any(),
        StepId::Test1 | StepId::Test2 | StepId::Test3 => view! { <TestLines data /> }.into_any(),
        StepId::Test4 | StepId::Restore => view! { <KeyUserForms data /> }.into_any(),
    };
    view! {
        <section class="forms" aria-labelledby="forms-title">
            <h2 id="forms-title">"What to do"</h2>
            {forms}
        </section>
    }
    .into_any()
}

/// Offers the switch to whom the step is meant for. It stops nobody: doing it as the wrong one is worth seeing.
#[component]
fn WrongRole(data: StepData) -> impl IntoView {
    let acting = data.lab.acting.persona;
    let needed = data.step.needs().filter(|needed| *needed != acting && !data.lab.is_done(data.step))?;
    let verb = if needed == Persona::Admin { "Back to " } else { "Become " };
    Some(view! {
        <div class=format!("wrong-role {}", persona::class(needed))>
            <p>
                "This step is meant for "<PersonaChip persona=needed />", and you act as "<PersonaChip persona=acting />
                ". You can go on all the same: the calls are made as who you are, and the verdict says what came of it."
            </p>
            <form method="post" action=SwitchRole::PATH>
                <input type="hidden" name="step" value=data.step.slug() />
                <button class="button button-persona" name="persona" value=needed.name()>{verb}{needed.name()}</button>
            </form>
        </div>
    })
}

/// The calls of this step, newest first and unfolded. Becoming a role is none of them: that folds below, and is open where it is
/// the newest.
#[component]
fn Results(data: StepData) -> impl IntoView {
    let records = data.records.clone();
    let is_switch = |record: &Record| record.operation == "AssumeRole";
    let newest_is_switch = records.last().is_some_and(is_switch);
    let (switches, own): (Vec<_>, Vec<_>) = records.into_iter().partition(is_switch);
    let empty = own.is_empty();
    let folded = |records: Vec<Record>| {
        records
            .into_iter()
            .rev()
            .enumerate()
            .map(|(position, record)| view! { <FoldedCall record open=position == 0 /> })
            .collect_view()
    };
    let switched = (!switches.is_empty()).then(|| {
        let count = switches.len();
        let summary = if count == 1 { "1 role switch".to_owned() } else { format!("{count} role switches") };
        view! {
            <details class="switches" open=newest_is_switch>
                <summary>{summary}" on this page"<span class="hint">" They are no part of the step."</span></summary>
                {folded(switches)}
            </details>
        }
    });
    let calls = folded(own);
    view! {
        <section class="results" id="results" data-live="" aria-labelledby="results-title">
            <h2 id="results-title">"What came of it"</h2>
            {empty
                .then(|| {
                    view! { <p class="empty">"No call has been made in this step yet. Each one appears here with its verdict."</p> }
                })}
            {(!empty).then(|| view! { <NextUp data /> })}
            {calls}
            {switched}
        </section>
    }
    .into_any()
}

/// What the step still asks for, or that it is done: said where a call that was just made leads the eye.
#[component]
fn NextUp(data: StepData) -> impl IntoView {
    let step = data.step;
    if data.lab.is_done(step) {
        let next =
            step.next().map(|to| view! { <a href=format!("/steps/{}", to.slug())>"Next: "{named(to)}</a> });
        return view! {
            <p class="next-up"><Glyph icon=Icon::Done /><strong>{step.label()}" is done."</strong>" "{next}</p>
        }
        .into_any();
    }
    let mut left = data.solution.tasks.iter().filter(|task| task.step == step);
    let Some(first) = left.next() else { return ().into_any() };
    let (place, words) = match &first.form {
        Some(form) => (format!("form-{form}"), format!("{} {}", first.calls.join(", "), first.subject)),
        None => ("forms-title".to_owned(), "the next line for the terminal".to_owned()),
    };
    let more = left.count();
    let persona = first.persona;
    let switch = (persona != data.lab.acting.persona && persona != Persona::Instance).then(|| {
        view! {
            <form method="post" action=SwitchRole::PATH>
                <input type="hidden" name="step" value=step.slug() />
                <input type="hidden" name="to" value=place.clone() />
                <button class="button button-small" name="persona" value=persona.name()>{format!("Go on as {}", persona.name())}</button>
            </form>
        }
    });
    view! {
        <div class="next-up">
            <p>
                <strong>"Still to do: "</strong>
                <a href=format!("#{place}")>{words}</a>
                " as "<PersonaChip persona />
                {(more > 0).then(|| format!(", and {more} more"))}
            </p>
            {switch}
        </div>
    }
    .into_any()
}

/// To the step before and the step after.
#[component]
fn Onward(step: StepId) -> impl IntoView {
    let link = |to: StepId, class: &'static str, words: &'static str| {
        view! {
            <a class=class href=format!("/steps/{}", to.slug())>
                <span class="onward-word">{words}</span>
                <span>{format!("{}: {}", to.label(), text::title(to))}</span>
            </a>
        }
    };
    view! {
        <nav class="onward" aria-label="Previous and next step">
            {step.previous().map(|to| link(to, "onward-back", "Before"))}
            {match step.next() {
                Some(to) => link(to, "onward-next", "Next").into_any(),
                None => {
                    view! {
                        <a class="onward-next" href="/activity">
                            <span class="onward-word">"Done"</span>
                            <span>"Look at everything that happened"</span>
                        </a>
                    }
                        .into_any()
                }
            }}
        </nav>
    }
    .into_any()
}
