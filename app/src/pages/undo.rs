//! What undoing a step would remove, and the button that does.

use super::{NotFound, Unavailable, instead, lab_or_none_yet, step_named};
use crate::{
    components::{
        layout::Layout,
        notice::{Notice, Problem, Tone},
        open_scenario::OpenScenario,
        removals::Removals,
    },
    console::{ConsoleError, Lab, StepId, Undoing},
    context::expect_console,
    serverfns::step::undo::UndoStep,
};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::hooks::use_params_map;

/// The page of the step whose slug is in the address.
#[component]
pub(crate) fn UndoPage() -> impl IntoView {
    let slug = use_params_map().get_untracked().get("slug").unwrap_or_default();
    Suspend::new(async move {
        let Some(step) = StepId::from_slug(&slug) else {
            return match expect_console().lab().await {
                Ok(lab) => view! { <NotFound lab what="The walk has no such step." /> }.into_any(),
                Err(error) => view! { <Unavailable lab=None message=error.to_string() /> }.into_any(),
            };
        };
        match load(step).await {
            Ok((lab, undoing)) => view! { <Undo lab undoing /> }.into_any(),
            Err(error) => instead(error, None),
        }
    })
}

async fn load(step: StepId) -> Result<(Lab, Undoing), ConsoleError> {
    let console = expect_console();
    Ok((lab_or_none_yet(&*console).await?, console.undoing(step).await?))
}

#[component]
fn Undo(lab: Lab, undoing: Undoing) -> impl IntoView {
    let Undoing { step, also, removals } = undoing;
    let nothing = removals.is_empty() && also.is_empty() && !lab.is_done(step);
    let deletes_key = removals.iter().any(|removal| removal.call == "kms:ScheduleKeyDeletion");
    let dependents = also.iter().map(|step| view! { <li>{step_named(*step)}</li> }).collect_view();
    let back = format!("/steps/{}", step.slug());
    let open = lab.open_scenario;
    let body = match nothing {
        true => view! { <p>"Nothing of this step is there, so there is nothing to undo."</p> }.into_any(),
        false => view! {
            {(!also.is_empty())
                .then(|| {
                    view! {
                        <Notice tone=Tone::Warning>
                            <p><strong>"These steps stand on it and are undone with it:"</strong></p>
                            <ul>{dependents}</ul>
                        </Notice>
                    }
                })}
            {if removals.is_empty() {
                view! { <p>"In AWS there is nothing to remove. The step only counts as not done again."</p> }.into_any()
            } else {
                view! {
                    <h2>"What is removed, in this order"</h2>
                    <Removals removals />
                }
                    .into_any()
            }}
            {deletes_key
                .then(|| {
                    view! {
                        <p>
                            "KMS deletes no key at once: it waits seven days at least. Until then the key can be used for nothing, \
                             costs nothing, and its deletion can be cancelled. Objects under it cannot be read."
                        </p>
                    }
                })}
            <p>
                "Each call is made for real by the persona its line names, whoever made the thing, and recorded with its verdict. Where \
                 that role may not, or is not there any more, Admin does it."
            </p>
            <form method="post" action=UndoStep::PATH class="confirm" data-busy="Removing…">
                <input type="hidden" name="step" value=step.slug() />
                <button type="submit" class="button button-danger">
                    {format!("Undo {}", step.label())}
                </button>
                <a href=back.clone()>"Leave it as it is"</a>
            </form>
        }
        .into_any(),
    };
    view! {
        <Layout lab=Some(lab) step=Some(step) title=format!("Undo {}", step.label())>
            <article class="step">
                <header class="page-head">
                    <p class="eyebrow"><a href=back.clone()>{step_named(step)}</a></p>
                    <h1>{format!("Undo {}", step.label())}</h1>
                </header>
                <Problem />
                <OpenScenario open before="before you undo this step" />
                {body}
            </article>
        </Layout>
    }
    .into_any()
}
