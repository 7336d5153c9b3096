//! The instance on a page of its own: its terminal, its files, and how to act as it from elsewhere.

use super::{instead, lab_or_none_yet, terminal_with_records};
use crate::{
    components::{
        instance_files::InstanceFiles, layout::Layout, notice::Problem, own_terminal::OwnTerminal,
        terminal::Terminal,
    },
    console::{ConsoleError, Draft, InstanceFile, Lab, Record, TerminalEntry},
    context::expect_console,
    serverfns::instance::run,
};
use leptos::prelude::*;

/// The instance's page.
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
    files: Vec<InstanceFile>,
    draft: Option<Draft>,
}

async fn load() -> Result<Loaded, ConsoleError> {
    let console = expect_console();
    let lab = lab_or_none_yet(&*console).await?;
    let (entries, records) = terminal_with_records(&*console).await?;
    let draft = console.draft(run::FORM_ID).await?;
    let files = console.files().await?;
    Ok(Loaded { lab, entries, records, files, draft })
}

#[component]
fn Instance(loaded: Loaded) -> impl IntoView {
    let Loaded { lab, entries, records, files, draft } = loaded;
    let has_instance = lab.instance_id.is_some();
    view! {
        <Layout lab=Some(lab.clone()) title="Instance">
            <article class="page-head">
                <h1>"The instance"</h1>
                <p>
                    "Whatever is typed here runs as the role "<code>"authorized-users"</code>
                    ", with credentials the instance takes from its metadata service. Who you act as in the bar above makes no \
                     difference to it. The terminal runs the everyday commands of S3, KMS and STS, and each call gets its verdict; "
                    <code>"help"</code>" lists them."
                </p>
            </article>
            <Problem />
            <Terminal lab=lab.clone() entries records draft />
            {has_instance.then(|| view! { <InstanceFiles files /> })}
            <OwnTerminal lab />
        </Layout>
    }
    .into_any()
}
