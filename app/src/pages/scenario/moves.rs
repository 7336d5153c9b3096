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
    /// Whether what came of it is of a round that was put back.
    put_back: bool,
) -> impl IntoView {
    let Move { number, by, title, calls, why, notice, document, problem, made } = one;
    let title_id = format!("move-{number}-title");
    let heading = title_id.clone();
    // A drill asks which lock holds: what is expected would answer that beforehand.
    let tells = made.is_some() || scenario.group() != Group::Drill;
    let wants = calls
        .into_iter()
        .map(|(call, wanted)| {
            let wanted = tells.then(|| {
                let (icon, words) = expected(&wanted);
                view! { " "<span class="wanted">"Expected: "<Glyph icon />{words}</span> }
            });
            view! { <li><code>{call}</code>{wanted}</li> }
        })
        .collect_view();
    let list = if tells { "Calls, and how they should come out" } else { "Calls" };
    let again = made.is_some() && !put_back;
    let verb = if again { "Do it again as" } else { "Do it as" };
    let mark = made.as_ref().map(|made| view! { <Mark as_expected=made.as_expected put_back /> });
    let quiet = again || !next;
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
                <ul class="move-calls" aria-label=list>{wants}</ul>
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
            {made.map(|made| view! { <Outcome scenario made notice newest put_back /> })}
        </li>
    }
    .into_any()
}

/// Whether it came out as it should, in words.
#[component]
fn Mark(as_expected: bool, put_back: bool) -> impl IntoView {
    let (class, icon) = match as_expected {
        true => ("badge badge-done", Icon::Done),
        false => ("badge badge-otherwise", Icon::Warning),
    };
    let words = match (as_expected, put_back) {
        (true, false) => "As expected",
        (false, false) => "Otherwise",
        (true, true) => "Last round: as expected",
        (false, true) => "Last round: otherwise",
    };
    view! { <span class=class><Glyph icon />{words}</span> }
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
fn Outcome(scenario: ScenarioId, made: Made, notice: String, newest: bool, put_back: bool) -> impl IntoView {
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
            {put_back.then(|| view! { <p class="hint">"What came of it in the last round, which was put back:"</p> })}
            {(!as_expected)
                .then(|| view! { <p class="problem" role="alert"><Words text=missing /></p> })}
            {as_expected.then(|| view! { <p class="move-notice"><strong>"Notice: "</strong><Words text=notice /></p> })}
            {locks}
            {calls}
        </div>
    }
    .into_any()
}
