//! The lab as a whole: everything in it, and the page that removes it.

use super::{instead, lab_or_none_yet};
use crate::{
    components::{layout::Layout, notice::Problem, open_scenario::OpenScenario, removals::Inventory},
    console::{ConsoleError, Lab, Removal},
    context::expect_console,
    serverfns::lab::remove::RemoveLab,
};
use leptos::{prelude::*, server_fn::ServerFn};

/// Everything in the lab.
#[component]
pub(crate) fn LabPage() -> impl IntoView {
    Suspend::new(async move {
        match load().await {
            Ok((lab, things)) => view! { <Everything lab things /> }.into_any(),
            Err(error) => instead(error, None),
        }
    })
}

/// The last question before it goes.
#[component]
pub(crate) fn RemoveLabPage() -> impl IntoView {
    Suspend::new(async move {
        match load().await {
            Ok((lab, things)) => view! { <Confirm lab things /> }.into_any(),
            Err(error) => instead(error, None),
        }
    })
}

async fn load() -> Result<(Lab, Vec<Removal>), ConsoleError> {
    let console = expect_console();
    Ok((lab_or_none_yet(&*console).await?, console.inventory().await?))
}

#[component]
fn Everything(lab: Lab, things: Vec<Removal>) -> impl IntoView {
    view! {
        <Layout lab=Some(lab) title="Your lab">
            <article class="step">
                <header class="page-head">
                    <h1>"Your lab"</h1>
                    <p>
                        "Everything that is in it now, as AWS and Trilock have it. A single step is undone on its own page; here the \
                         lab goes as a whole."
                    </p>
                </header>
                <Inventory things />
                <p><a class="button button-danger" href="/lab/remove">"Remove this lab…"</a></p>
                <p class="hint">"There is one more page before anything is removed."</p>
            </article>
        </Layout>
    }
    .into_any()
}

#[component]
fn Confirm(lab: Lab, things: Vec<Removal>) -> impl IntoView {
    let account = lab.account_id.clone();
    let open = lab.open_scenario;
    view! {
        <Layout lab=Some(lab) title="Remove this lab">
            <article class="step">
                <header class="page-head">
                    <p class="eyebrow"><a href="/lab">"Your lab"</a></p>
                    <h1>"Remove this lab?"</h1>
                    <p>
                        "The account "<code>{account}</code>
                        " goes with all that is in it, at once and for good: nothing waits, nothing can be brought back. The \
                         activity with its verdicts goes too. Then the first page offers a new lab."
                    </p>
                </header>
                <Problem />
                <OpenScenario open before="first if you want to see that it works" />
                <Inventory things />
                <form method="post" action=RemoveLab::PATH class="confirm" data-busy="Removing…">
                    <button type="submit" class="button button-danger">"Remove this lab"</button>
                    <a href="/lab">"Keep it"</a>
                </form>
            </article>
        </Layout>
    }
    .into_any()
}
