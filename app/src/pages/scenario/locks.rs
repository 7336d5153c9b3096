//! Which locks still hold: a small table after the attempts of a move.

use crate::{
    components::{
        icon::{Glyph, Icon},
        persona::PersonaChip,
    },
    console::{
        Persona, Record,
        scenario::{Attempt, Lock},
    },
};
use leptos::prelude::*;

/// A row for each attempt among the calls; nothing without one.
#[component]
pub(crate) fn Locks(
    /// The calls of a move.
    records: Vec<Record>,
) -> impl IntoView {
    // The instance is who may: what is asked is whether anybody else can.
    let strangers = records.iter().filter(|record| record.persona != Persona::Instance);
    let attempts: Vec<Attempt> = strangers.filter_map(Attempt::of).collect();
    if attempts.is_empty() {
        return ().into_any();
    }
    let rows = attempts.into_iter().map(|attempt| view! { <Row attempt /> }).collect_view();
    view! {
        <div class="table-frame">
            <table class="lock-table">
                <caption>"Which locks still hold"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Attempt"</th>
                        <th scope="col">"IAM"</th>
                        <th scope="col">"Bucket policy"</th>
                        <th scope="col">"Key policy"</th>
                        <th scope="col">"Came of it"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

#[component]
fn Row(attempt: Attempt) -> impl IntoView {
    let Attempt { by, what, locks, through, record } = attempt;
    let cells = locks.map(|(lane, lock)| {
        let (class, icon) = match lock {
            Lock::Holds => ("lock-word is-holding", Icon::Lock),
            Lock::Open => ("lock-word is-open", Icon::LockOpen),
            Lock::PassedOver => ("lock-word is-open", Icon::Delegates),
            Lock::Silent => ("lock-word is-silent", Icon::Silent),
            Lock::WouldHold | Lock::WouldBeOpen | Lock::NotAsked => {
                ("lock-word is-silent", Icon::NotConsulted)
            }
        };
        let would = lock.would().map(|would| format!(", {would}"));
        view! { <td data-label=lane.name()><span><span class=class><Glyph icon />{lock.word()}</span>{would}</span></td> }
    });
    let outcome = match (through, what) {
        (false, _) => ("outcome is-ok", Icon::Lock, "stopped"),
        (true, "read") => ("outcome is-refused", Icon::LockOpen, "the data was read"),
        (true, _) => ("outcome is-refused", Icon::LockOpen, "the data was overwritten"),
    };
    view! {
        <tr>
            <th scope="row"><PersonaChip persona=by />" "{what}</th>
            {cells.collect_view()}
            <td data-label="Came of it"><a class=outcome.0 href=format!("#call-{record}")><Glyph icon=outcome.1 />{outcome.2}</a></td>
        </tr>
    }
    .into_any()
}
