//! One move: who, what, why, its form, and what came of it.

use super::locks::Locks;
use crate::{
    components::{
        call::{FoldedCall, lane_in_a_sentence},
        form::{FieldProblem, described_by},
        icon::{Glyph, Icon},
        persona::{PersonaChip, class},
        prose::Words,
    },
    console::scenario::{Expected, Group, Made, Move, ScenarioId},
    serverfns::scenario::play::PlayMove,
};
use leptos::{prelude::*, server_fn::ServerFn};

/// How a call should come out, as the end of a line.
fn expected(expected: &Expected) -> (Icon, String) {
    match expected {
        Expected::Works(None) => (Icon::Allows, "works".into()),
        Expected::Works(Some(lane)) => {
            (Icon::Allows, format!("works, allowed by {}", lane_in_a_sentence(*lane)))
        }
        Expected::Refused(lane) => (Icon::Denies, format!("refused by {}", lane_in_a_sentence(*lane))),
        Expected::Error(code) => (Icon::Warning, format!("refused with {code}, by no policy")),
    }
}

/// The card of a move.
#[component]
pub(crate) fn MoveCard(
    /// The scenario it belongs to.
    scenario: ScenarioId,
    /// The move.
    one: Move,
    /// Whether it can be made now.
    ready: bool,
    /// Whether it is the newest that was made: its last call is unfolded.
    newest: bool,
    /// Whether it is the next to be made.
    next: bool,
) -> impl IntoView {
    let Move { number, by, title, calls, why, notice, document, problem, made } = one;
    let title_id = format!("move-{number}-title");
    let heading = title_id.clone();
    let wants = calls
        .into_iter()
        .map(|(call, wanted)| {
            let (icon, words) = expected(&wanted);
            view! { <li><code>{call}</code>" "<span class="wanted"><Glyph icon />{words}</span></li> }
        })
        .collect_view();
    let verb = if made.is_some() { "Do it again as" } else { "Do it as" };
    let mark = made.as_ref().map(|made| view! { <Mark as_expected=made.as_expected /> });
    let quiet = made.is_some() || !next;
    let field = document.map(|(label, text)| view! { <PolicyField number label text problem /> });
    view! {
        <li class=format!("card move {}", class(by)) class:is-next=next id=format!("move-{number}") tabindex="-1" aria-labelledby=title_id>
            <header class="move-head">
                <span class="move-number" aria-hidden="true">{number}</span>
                <h2 id=heading>{title}</h2>
                {mark}
            </header>
            <p><PersonaChip persona=by />" · "<Words text=why /></p>
            <form method="post" action=PlayMove::PATH class="move-form">
                <input type="hidden" name="scenario" value=scenario.slug() />
                <input type="hidden" name="number" value=number.to_string() />
                {field}
                <ul class="move-calls" aria-label="Calls, and how they should come out">{wants}</ul>
                <button
                    type="submit"
                    class="button button-persona"
                    class:button-quiet=quiet
                    disabled=!ready
                    aria-describedby=(!ready).then_some("hindrance")
                >
                    {verb}" "{by.name()}
                </button>
            </form>
            {made.map(|made| view! { <Outcome scenario made notice newest /> })}
        </li>
    }
    .into_any()
}

/// Whether it came out as it should, in words.
#[component]
fn Mark(as_expected: bool) -> impl IntoView {
    if as_expected {
        view! { <span class="badge badge-done"><Glyph icon=Icon::Done />"As expected"</span> }.into_any()
    } else {
        view! { <span class="badge badge-otherwise"><Glyph icon=Icon::Warning />"Otherwise"</span> }
            .into_any()
    }
}

/// The policy that the move puts.
#[component]
fn PolicyField(number: usize, label: String, text: String, problem: Option<String>) -> impl IntoView {
    let id = format!("move-{number}-document");
    let rows = text.lines().count().clamp(6, 24).to_string();
    let wrong = problem.is_some();
    view! {
        <details class="aside" open=wrong>
            <summary>{label.clone()}" that is put, to read or to edit"</summary>
            <div class="field">
                <label for=id.clone()>{label}</label>
                <textarea
                    class="code-field"
                    id=id.clone()
                    name="document"
                    rows=rows
                    spellcheck="false"
                    autocapitalize="off"
                    autocomplete="off"
                    aria-invalid=wrong.then_some("true")
                    aria-describedby=described_by(&id, false, wrong)
                >
                    {text}
                </textarea>
                <FieldProblem id problem />
            </div>
        </details>
    }
    .into_any()
}

/// What came of it.
#[component]
fn Outcome(scenario: ScenarioId, made: Made, notice: String, newest: bool) -> impl IntoView {
    let Made { records, as_expected, missing } = made;
    let drill = scenario.group() == Group::Drill;
    let last = records.len();
    let locks = drill.then(|| view! { <Locks records=records.clone() /> });
    let calls = records
        .into_iter()
        .enumerate()
        .map(|(position, record)| view! { <FoldedCall record open=newest && position + 1 == last /> })
        .collect_view();
    view! {
        <div class="move-outcome" data-live="">
            {(!as_expected)
                .then(|| view! { <p class="problem" role="alert"><Words text=missing /></p> })}
            {as_expected.then(|| view! { <p class="move-notice"><strong>"Notice: "</strong><Words text=notice /></p> })}
            {locks}
            {calls}
        </div>
    }
    .into_any()
}
