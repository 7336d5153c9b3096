//! Help with a step: hints, having it done, passing it over, undoing it. And what became of the last of these.

use super::{data::StepData, hints::Hints, text::title};
use crate::{
    components::{
        call::Outcome,
        icon::{Glyph, Icon},
        notice::{Notice, Tone},
        open_scenario::OpenScenario,
        persona::PersonaChip,
        prose::Words,
    },
    console::{ListingId, Persona, Record, Solution, StepId, Task, Work, WorkReport},
    serverfns::step::{skip::SkipStep, solve::SolveStep},
};
use leptos::{prelude::*, server_fn::ServerFn};

/// The section after what there is to notice.
#[component]
pub(crate) fn Help(data: StepData) -> impl IntoView {
    let step = data.step;
    let done = data.lab.is_done(step);
    let solution = data.solution.clone();
    let acting = data.lab.acting.persona;
    view! {
        <section class="help" aria-labelledby="help-title">
            <h2 id="help-title">"Help with this step"</h2>
            <div class="card">
                <h3>"Hints"</h3>
                <Hints data=data.clone() />
            </div>
            <div class="card solve" id="solve" data-live="">
                <h3>"Do it for me"</h3>
                <OpenScenario open=data.lab.open_scenario before="before it is done for you" />
                <Solve step solution acting />
            </div>
            <div class="help-small" id="help-small" data-live="">
                {(!done).then(|| view! { <Skip step skipped=data.lab.is_skipped(step) /> })}
                <p>
                    <a href=format!("/steps/{}/undo", step.slug())>"Undo this step…"</a>
                    <span class="hint">" Shows what would be removed before it removes anything."</span>
                </p>
            </div>
        </section>
    }
    .into_any()
}

/// What would be done, and the button.
#[component]
fn Solve(step: StepId, solution: Solution, acting: Persona) -> impl IntoView {
    let Solution { tasks, stops_at } = solution;
    if tasks.is_empty() {
        return view! {
            <p>"Nothing is left to do here. To see it happen again, undo the step first."</p>
        }
        .into_any();
    }
    let earlier = tasks.iter().any(|task| task.step != step);
    let mut roles: Vec<Persona> = Vec::new();
    for persona in tasks.iter().map(|task| task.persona).filter(|persona| *persona != Persona::Instance) {
        if !roles.contains(&persona) {
            roles.push(persona);
        }
    }
    let switches = roles.iter().any(|persona| *persona != acting);
    let last_call = tasks.last().and_then(|task| task.calls.last()).cloned().unwrap_or_default();
    let groups = tasks
        .chunk_by(|a, b| a.step == b.step && a.persona == b.persona)
        .map(|tasks| view! { <Group tasks=tasks.to_vec() /> })
        .collect_view();
    view! {
        <p>
            "The server makes these calls for you, for real, in this order. Each is recorded with its verdict like your own."
            {earlier.then_some(" What earlier steps still need comes first.")}
        </p>
        <ol class="plan">{groups}</ol>
        {stops_at.map(|listing| view! { <StopsAt listing call=last_call /> })}
        <p class="hint">
            {if switches {
                "Roles are taken on as they are needed, with sts:AssumeRole where no credentials are held. Afterwards you are "
            } else {
                "You stay "
            }}
            <PersonaChip persona=acting />
            {if switches { " again." } else { "." }}
            " It stops at the first call that fails though it should not, and shows it."
        </p>
        <form method="post" action=SolveStep::PATH data-busy="Working on it…">
            <input type="hidden" name="step" value=step.slug() />
            <button type="submit" class="button">"Do it for me"</button>
        </form>
    }
    .into_any()
}

/// What follows each other in one step by one persona.
#[component]
fn Group(tasks: Vec<Task>) -> impl IntoView {
    let first = tasks.first().map(|task| (task.step, task.persona));
    let items = tasks
        .into_iter()
        .map(|task| {
            let calls = task.calls.iter().map(|call| view! { <code>{call.clone()}</code>" " }).collect_view();
            view! {
                <li>
                    {calls}
                    <span class="subject">{task.subject}</span>
                    {task.to_be_refused.then(|| view! { <span class="plan-refused">"to be refused"</span> })}
                </li>
            }
        })
        .collect_view();
    first.map(|(step, persona)| {
        view! {
            <li class="plan-group">
                <p><strong>{step.label()}</strong>" as "<PersonaChip persona /></p>
                <ul>{items}</ul>
            </li>
        }
    })
}

/// Said before the button: as printed, it will not get further.
#[component]
fn StopsAt(listing: ListingId, call: String) -> impl IntoView {
    view! {
        <Notice tone=Tone::Warning>
            <p>
                {format!("Listing {} as printed does not allow ", listing.number())}<code>{call}</code>
                ", so that will fail, as it does for every reader. It stops there, and offers the correction instead of making it silently."
            </p>
        </Notice>
    }
}

/// Passing the step over, or taking it up again.
#[component]
fn Skip(step: StepId, skipped: bool) -> impl IntoView {
    let (value, words, note) = match skipped {
        false => ("yes", "Skip this step", " It counts as skipped, not as done, and can be taken up again."),
        true => ("no", "Take this step up again", " It was skipped."),
    };
    view! {
        <form method="post" action=SkipStep::PATH class="skip">
            <input type="hidden" name="step" value=step.slug() />
            <input type="hidden" name="skipped" value=value />
            <button type="submit" class="button button-quiet button-small">
                <Glyph icon=Icon::Skipped />
                {words}
            </button>
            <span class="hint">{note}</span>
        </form>
    }
    .into_any()
}

/// What became of the newest work, on the page of the step it was asked for in.
#[component]
pub(crate) fn Report(report: WorkReport, records: Vec<Record>) -> impl IntoView {
    let WorkReport { work, step, records: ids, entries, stopped, before, after } = report;
    let many = |count: usize, one: &str, more: &str| match count {
        1 => format!("1 {one}"),
        count => format!("{count} {more}"),
    };
    let calls = many(ids.len(), "call was made", "calls were made");
    let lines = match entries.len() {
        0 => String::new(),
        count => format!(", {} on the instance", many(count, "line typed", "lines typed")),
    };
    let (heading, icon) = match (work, stopped.is_some()) {
        (Work::Solve, false) => ("Done for you", Icon::Done),
        (Work::Undo, false) => ("Undone", Icon::Done),
        (_, true) => ("It stopped before the end", Icon::Warning),
    };
    let who = (before != after).then(|| {
        format!(
            " You acted as {} before and act as {} now: that role is not there any more, or could not be taken on again.",
            before.name(),
            after.name()
        )
    });
    let is_stopped = stopped.is_some();
    let rows = records
        .into_iter()
        .map(|record| {
            view! {
                <li>
                    <a href=format!("/activity/{}", record.id)>{record.title()}</a>
                    " "
                    <span class="subject">{record.subject.clone()}</span>
                    " "
                    <PersonaChip persona=record.persona />
                    " "
                    <Outcome answer=record.answer.clone() />
                </li>
            }
        })
        .collect_view();
    view! {
        <section class="card work" class:is-stopped=is_stopped id="work" aria-labelledby="work-title" tabindex="-1">
            <h2 id="work-title"><Glyph icon />{heading}</h2>
            {stopped
                .map(|stopped| {
                    view! {
                        <p role="alert"><Words text=stopped.why />" "{stopped.record.map(|id| view! { <a href=format!("/activity/{id}")>"See the call"</a> })}</p>
                        {stopped.correct.map(|listing| view! { <CorrectAndGoOn step listing /> })}
                    }
                })}
            <p role="status">{format!("{calls}{lines}.")}{who}</p>
            {(!ids.is_empty())
                .then(|| {
                    view! {
                        <details class="aside">
                            <summary>"The calls, in order"</summary>
                            <ol class="work-calls">{rows}</ol>
                        </details>
                    }
                })}
        </section>
    }
    .into_any()
}

#[component]
fn CorrectAndGoOn(step: StepId, listing: ListingId) -> impl IntoView {
    view! {
        <form method="post" action=SolveStep::PATH data-busy="Working on it…">
            <input type="hidden" name="step" value=step.slug() />
            <input type="hidden" name="correct" value=listing.name() />
            <p>
                "Admin can give the policy "<code>{listing.name()}</code>
                " its corrected document ("<code>"iam:CreatePolicyVersion"</code>"), and the rest follows."
            </p>
            <button type="submit" class="button">{format!("Correct Listing {} and go on", listing.number())}</button>
        </form>
    }
    .into_any()
}

/// The title of a step, with its number.
pub(crate) fn named(step: StepId) -> String {
    format!("{}: {}", step.label(), title(step))
}
