//! *Check my work*: both sides of a step, tried for real.

use super::{
    icon::{Glyph, Icon},
    prose::Words,
};
use crate::{
    console::{StepId, scenario::Probed},
    serverfns::check::step::CheckWork,
};
use leptos::{prelude::*, server_fn::ServerFn};

/// The button, and what the newest check found.
#[component]
pub(crate) fn CheckStep(
    /// The step.
    step: StepId,
    /// What the newest check found; `None` before the first.
    checked: Option<Vec<Probed>>,
) -> impl IntoView {
    let found = checked.map(|found| view! { <Found found /> });
    view! {
        <section class="check-step" id="check" tabindex="-1" aria-labelledby="check-title" data-live="">
            <h2 id="check-title">"Check my work"</h2>
            <form method="post" action=CheckWork::PATH class="do-all">
                <input type="hidden" name="step" value=step.slug() />
                <button type="submit" class="button button-quiet">"Check my work"</button>
                <p class="hint">
                    "Tries both sides with real calls: what should work, and what should not. Whoever you act as, each is made as the \
                     persona it takes; the call behind a line says which. They count for no step and leave nothing behind."
                </p>
            </form>
            {found}
        </section>
    }
    .into_any()
}

/// What was found in a sentence or two. What was not tried counts neither as found nor as missing.
fn summary(held: usize, failed: usize, all: usize) -> String {
    let tried = held + failed;
    let are = |count: usize| if count == 1 { "is as it should be" } else { "are as they should be" };
    let found = match (tried, failed) {
        (0, _) => "Nothing could be tried yet.".to_owned(),
        (_, 0) => {
            let which = match (tried, tried == all) {
                (1, true) => "What was tried".to_owned(),
                (1, false) => "The one thing that could be tried".to_owned(),
                (2, true) => "Both".to_owned(),
                (2, false) => "Both that could be tried".to_owned(),
                (many, true) => format!("All {many}"),
                (many, false) => format!("All {many} that could be tried"),
            };
            format!("{which} {}.", are(tried))
        }
        _ => format!("{held} of {tried} {}. What is missing is said below.", are(held)),
    };
    match all - tried {
        0 => found,
        untried => format!("{found} Not tried yet: {untried}. What each needs is said below."),
    }
}

#[component]
fn Found(found: Vec<Probed>) -> impl IntoView {
    let count = |of: fn(&Probed) -> bool| found.iter().filter(|probed| of(probed)).count();
    let summary =
        summary(count(|probed| probed.holds), count(|probed| !probed.holds && !probed.untried), found.len());
    let lines = found
        .into_iter()
        .map(|Probed { claim, holds, untried, missing, records }| {
            let (class, icon, word) = match (holds, untried) {
                (true, _) => ("probe holds", Icon::Allows, "OK"),
                (false, false) => ("probe fails", Icon::Denies, "Not so"),
                (false, true) => ("probe", Icon::NotConsulted, "Not tried yet"),
            };
            let last = records.last().copied();
            view! {
                <li class=class>
                    <span class="probe-word"><Glyph icon />{word}</span>
                    <span>
                        <Words text=claim />
                        {last.map(|id| view! { " "<a href=format!("/activity/{id}")>{format!("Call {id}")}</a> })}
                        {(!holds).then(|| view! { <span class="probe-missing"><Words text=missing /></span> })}
                    </span>
                </li>
            }
        })
        .collect_view();
    view! {
        <p role="status"><strong>{summary}</strong></p>
        <ul class="probes">{lines}</ul>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::summary;

    #[test]
    fn what_was_not_tried_counts_neither_as_found_nor_as_missing() {
        assert_eq!(summary(3, 0, 3), "All 3 are as they should be.");
        assert_eq!(summary(1, 1, 2), "1 of 2 is as it should be. What is missing is said below.");
        assert_eq!(summary(2, 2, 4), "2 of 4 are as they should be. What is missing is said below.");
        assert!(
            summary(3, 0, 5)
                .starts_with("All 3 that could be tried are as they should be. Not tried yet: 2.")
        );
        assert!(summary(1, 1, 3).starts_with("1 of 2 is as it should be."));
        assert!(summary(0, 0, 3).starts_with("Nothing could be tried yet. Not tried yet: 3."));
    }

    #[test]
    fn one_and_two_are_not_counted_as_many() {
        assert_eq!(summary(1, 0, 1), "What was tried is as it should be.");
        assert_eq!(summary(2, 0, 2), "Both are as they should be.");
        assert!(summary(1, 0, 3).starts_with("The one thing that could be tried is as it should be."));
        assert!(summary(2, 0, 3).starts_with("Both that could be tried are as they should be."));
    }
}
