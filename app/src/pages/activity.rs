//! Every call of the lab, newest first.

use super::{instead, lab_or_none_yet};
use crate::{
    components::{activity_row::ActivityRow, layout::Layout},
    console::{ConsoleError, Lab, Record, RecordsOf},
    context::expect_console,
    islands::ActivityStream,
};
use leptos::prelude::*;

/// How many calls the page shows; older ones keep their own pages.
const SHOWN: u32 = 200;

/// The activity page.
#[component]
pub(crate) fn ActivityPage() -> impl IntoView {
    Suspend::new(async move {
        match load().await {
            Ok((lab, records)) => view! { <Activity lab records /> }.into_any(),
            Err(error) => instead(error, None),
        }
    })
}

async fn load() -> Result<(Lab, Vec<Record>), ConsoleError> {
    let console = expect_console();
    let lab = lab_or_none_yet(&*console).await?;
    let records = console.records(RecordsOf::Newest(SHOWN)).await?;
    Ok((lab, records))
}

#[component]
fn Activity(lab: Lab, records: Vec<Record>) -> impl IntoView {
    let empty = records.is_empty();
    let rows = records.into_iter().map(|record| view! { <ActivityRow record /> }).collect_view();
    view! {
        <Layout lab=Some(lab) title="Activity">
            <article class="page-head">
                <h1>"Activity"</h1>
                <p>
                    "Every call this lab has made to AWS, newest first: by a form, by a role switch, or by a command on the \
                     instance. The marks are the lanes: who said what, and which of them decided."
                </p>
                <ActivityStream />
            </article>
            {empty.then(|| view! { <p class="empty" id="activity-empty">"No call has been made yet."</p> })}
            <ol class="activity" id="activity-rows" aria-label="Calls">{rows}</ol>
        </Layout>
    }
    .into_any()
}
