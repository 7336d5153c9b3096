//! The instance's terminal on a page of its own.

use super::{instead, lab_or_none_yet, terminal_with_records};
use crate::{
    components::{layout::Layout, notice::Problem, terminal::Terminal},
    console::{ConsoleError, Draft, Lab, Record, TerminalEntry},
    context::expect_console,
    serverfns::instance::run,
};
use leptos::prelude::*;

/// The terminal's page.
#[component]
pub(crate) fn InstancePage() -> impl IntoView {
    Suspend::new(async move {
        match load().await {
            Ok(loaded) => view! { <Instance loaded /> }.into_any(),
            Err(error) => instead(error, None),
        }
    })
}

struct Loaded {
    lab: Lab,
    entries: Vec<TerminalEntry>,
    records: Vec<Record>,
    draft: Option<Draft>,
}

async fn load() -> Result<Loaded, ConsoleError> {
    let console = expect_console();
    let lab = lab_or_none_yet(&*console).await?;
    let (entries, records) = terminal_with_records(&*console).await?;
    let draft = console.draft(run::FORM_ID).await?;
    Ok(Loaded { lab, entries, records, draft })
}

#[component]
fn Instance(loaded: Loaded) -> impl IntoView {
    let Loaded { lab, entries, records, draft } = loaded;
    view! {
        <Layout lab=Some(lab.clone()) title="Instance">
            <article class="page-head">
                <h1>"The instance"</h1>
                <p>
                    "Whatever is typed here runs as the role "<code>"authorized-users"</code>
                    ", with credentials the instance takes from its metadata service. Who you act as in the bar above makes no \
                     difference to it. The terminal understands the commands of the walk and a few around them; "
                    <code>"help"</code>" lists them."
                </p>
            </article>
            <Problem />
            <Terminal lab entries records draft />
        </Layout>
    }
    .into_any()
}
