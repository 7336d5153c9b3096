//! Lists of what is removed, or would be.

use super::persona::PersonaChip;
use crate::console::Removal;
use leptos::prelude::*;

/// In order, each with who removes it and by which call.
#[component]
pub(crate) fn Removals(
    /// What is removed.
    removals: Vec<Removal>,
) -> impl IntoView {
    let items = removals
        .into_iter()
        .map(|removal| {
            let call = (!removal.call.is_empty())
                .then(|| view! { <code class="removal-call">{removal.call}</code> });
            view! {
                <li>
                    <span class="removal-what">{removal.what}</span>
                    <code class="removal-name">{removal.name}</code>
                    <span class="removal-how">
                        {call} {removal.persona.map(|persona| view! { " by "<PersonaChip persona /> })}
                    </span>
                </li>
            }
        })
        .collect_view();
    view! { <ol class="removals">{items}</ol> }
}

/// Everything in a lab, kind by kind.
#[component]
pub(crate) fn Inventory(
    /// What is there.
    things: Vec<Removal>,
) -> impl IntoView {
    let mut kinds: Vec<(String, Vec<String>)> = Vec::new();
    for Removal { what, name, .. } in things {
        match kinds.iter_mut().find(|(kind, _)| *kind == what) {
            Some((_, names)) => names.push(name),
            None => kinds.push((what, vec![name])),
        }
    }
    let rows = kinds
        .into_iter()
        .map(|(kind, names)| {
            let names = names.into_iter().map(|name| view! { <dd><code>{name}</code></dd> }).collect_view();
            view! { <div><dt>{kind}</dt>{names}</div> }
        })
        .collect_view();
    view! { <dl class="inventory">{rows}</dl> }
}
