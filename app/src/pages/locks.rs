//! The three locks as they stand now: what is built, who may read and write, who may do what.

use super::{
    instead, lab_or_none_yet,
    what_if::{Pictures, Unsure},
};
use crate::{
    components::layout::Layout,
    console::{Console, ConsoleError, Lab, RecordsOf, StepId},
    context::expect_console,
    islands::LiveParts,
    picture::{
        architecture::{self, Built},
        matrix,
    },
};
use leptos::prelude::*;
use policy::scene::Scene;

/// The page.
#[component]
pub(crate) fn LocksPage() -> impl IntoView {
    Suspend::new(async move {
        match load().await {
            Ok((lab, newest, scene)) => view! { <Locks lab newest scene /> }.into_any(),
            Err(error) => instead(error, None),
        }
    })
}

async fn load() -> Result<(Lab, i64, Scene), ConsoleError> {
    let console = expect_console();
    let console: &dyn Console = &*console;
    let lab = lab_or_none_yet(console).await?;
    // Before the policies are read, so that what changes them afterwards is told.
    let newest = console.records(RecordsOf::Newest(1)).await?.first().map_or(0, |record| record.id);
    let scene = console.scene().await?;
    Ok((lab, newest, scene))
}

#[component]
fn Locks(lab: Lab, newest: i64, scene: Scene) -> impl IntoView {
    let answers = scene.matrix();
    let unreadable = answers.is_err();
    let answers = answers.unwrap_or_default();
    let built = Built { bucket: lab.is_done(StepId::Bucket), instance: lab.instance_id.clone() };
    view! {
        <Layout lab=Some(lab) title="The three locks">
            <article class="page-head">
                <h1>"The three locks, now"</h1>
                <p>
                    "Read back from AWS a moment ago: the account’s roles (the first eight) and its Admin, their IAM policies, the bucket policy and the key \
                     policy, and what follows from them. The page follows every change. To see what a change would do before you \
                     make it, go to "<a href="/what-if">"What if"</a>"."
                </p>
                <LiveParts after=newest />
            </article>
            {unreadable.then(|| view! { <p class="problem" role="alert">"A policy that AWS holds could not be read, so nothing can be said."</p> })}
            <div class="locks-now" id="locks-now" data-live="">
                <Unsure scene=scene.clone() />
                <section aria-labelledby="built-title">
                    <h2 id="built-title">"What is built"</h2>
                    <div inner_html=architecture::html(&scene, &answers, &built)></div>
                </section>
                <section aria-labelledby="venn-title">
                    <h2 id="venn-title">"Who gets through all three"</h2>
                    <Pictures scene=scene.clone() matrix=answers.clone() />
                </section>
                <section aria-labelledby="matrix-title">
                    <h2 id="matrix-title">"Who may do what"</h2>
                    <div class="table-box" tabindex="0" role="group" aria-label="Who may do what" inner_html=matrix::html(&scene, &answers, &answers)></div>
                </section>
            </div>
        </Layout>
    }
    .into_any()
}
