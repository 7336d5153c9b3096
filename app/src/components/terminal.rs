//! The instance's terminal: a log, a line to type on, files to put on the instance; and a command ready to be run in it.

use super::form::FieldProblem;
use crate::{
    console::{Completion, Draft, Lab, Record, StepId, TerminalEntry},
    context::expect_console,
    islands::TerminalInput,
    serverfns::instance::run::{self, RunLine},
};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::hooks::use_query_map;

/// The terminal. Lines are parsed into a small set of commands on the server; there is no shell behind it.
#[component]
pub(crate) fn Terminal(
    /// The session's lab.
    lab: Lab,
    /// The step this page is of.
    #[prop(optional_no_strip)]
    step: Option<StepId>,
    /// What was typed so far and what came of it, oldest first.
    entries: Vec<TerminalEntry>,
    /// The records the entries refer to; one that is missing is linked without its outcome.
    records: Vec<Record>,
    /// A line that could not be run.
    draft: Option<Draft>,
) -> impl IntoView {
    let Some(instance) = lab.instance_id.clone() else {
        return view! {
            <section class="card terminal-absent" aria-label="Terminal">
                <p>
                    "No instance is running yet, so there is nobody to type as. "
                    <a href=format!("/steps/{}", StepId::Instance.slug())>"Launch it in step 7"</a>
                    "; then its terminal appears here."
                </p>
            </section>
        }
        .into_any();
    };
    let prompt = format!("[{instance}]$");
    let rows =
        entries.into_iter().map(|entry| view! { <Entry entry records=records.clone() /> }).collect_view();
    let typed = draft.as_ref().and_then(|draft| draft.value("line")).unwrap_or_default().to_owned();
    // Told by the address, so that it is gone from the next page.
    let empty = use_query_map().get_untracked().get("problem").as_deref() == Some(run::EMPTY);
    let empty = empty.then(|| "Type a command, or help to see which there are.".to_owned());
    let of_line = empty.is_some() || draft.as_ref().is_some_and(|draft| draft.problem_with("line").is_some());
    let problem_id = if of_line { "terminal-line-problem".to_owned() } else { String::new() };
    // The same draft says what was wrong with an uploaded file.
    let problem = empty.or_else(|| draft.and_then(|draft| draft.problem).map(|(_, problem)| problem));
    let step_field = move || step.map(|step| view! { <input type="hidden" name="step" value=step.slug() /> });
    // Loaded apart: a terminal that cannot complete is still one.
    let completion = Suspend::new(async move {
        let Completion { words, names } = expect_console().completion().await.unwrap_or_default();
        view! {
            <div id="terminal-words" hidden>{words}</div>
            <div id="terminal-names" data-live="" hidden>{names}</div>
        }
    });
    view! {
        <section class="terminal-box" aria-labelledby="terminal-title">
            {completion}
            <h2 id="terminal-title">"Terminal of " <code>{instance}</code></h2>
            <div class="terminal persona-users">
                <div
                    class="terminal-log"
                    id="terminal-log"
                    data-live=""
                    role="log"
                    aria-live="polite"
                    aria-label="Terminal log"
                    tabindex="0"
                >
                    {rows}
                </div>
                <form class="terminal-form" method="post" action=RunLine::PATH id="form-run" data-terminal="">
                    {step_field()}
                    <label for="terminal-line" class="terminal-prompt">
                        {prompt} <span class="visually-hidden">" command"</span>
                    </label>
                    <TerminalInput value=typed problem_id />
                    <button type="submit" class="terminal-run">"Run"</button>
                    <p class="terminal-choices" id="terminal-choices" role="status"></p>
                    // True once a script runs, which shows it.
                    <p class="terminal-hint" id="terminal-hint" hidden>
                        "Tab completes, and moves on where there is nothing to complete. Arrow up brings lines back."
                    </p>
                </form>
            </div>
            <div id="terminal-problem" data-live="">
                <FieldProblem id="terminal-line".to_owned() problem />
            </div>
            <details class="upload">
                <summary>"Put a file of your own on the instance"</summary>
                <form method="post" action="/instance/files" enctype="multipart/form-data">
                    {step_field()} <label for="upload-file">"File"</label>
                    <input type="file" id="upload-file" name="file" required />
                    <button type="submit" class="button button-small">"Upload"</button>
                </form>
            </details>
        </section>
    }
    .into_any()
}

/// A line that a step would type, with the button that types it into the terminal of this page.
#[component]
pub(crate) fn ReadyCommand(
    /// The step.
    step: StepId,
    /// The line.
    line: String,
) -> impl IntoView {
    view! {
        <form class="ready-command" method="post" action=RunLine::PATH data-terminal="">
            <input type="hidden" name="step" value=step.slug() />
            <input type="hidden" name="line" value=line.clone() />
            <code>{line.clone()}</code>
            <button type="submit" class="button button-small">"Run"<span class="visually-hidden">" "{line}</span></button>
        </form>
    }
}

/// One line that was typed, what it printed, and the calls it made.
#[component]
fn Entry(entry: TerminalEntry, records: Vec<Record>) -> impl IntoView {
    let calls = entry
        .records
        .iter()
        .map(|id| {
            let record = records.iter().find(|record| record.id == *id);
            let words = record.map_or_else(|| format!("call {id}"), outcome_words);
            let refused = record.is_some_and(|record| !record.answer.succeeded());
            view! {
                <li class:is-refused=refused><a href=format!("/activity/{id}")>{words}</a></li>
            }
        })
        .collect_view();
    view! {
        <div class="entry" id=format!("entry-{}", entry.id) class:is-failed=entry.status != 0 tabindex="-1">
            <p class="entry-line"><span class="entry-prompt" aria-hidden="true">"$ "</span><span data-line="">{entry.line}</span></p>
            {(!entry.output.is_empty()).then(|| view! { <pre class="entry-output">{entry.output}</pre> })}
            {(!entry.records.is_empty())
                .then(|| view! { <ul class="entry-calls" aria-label="Calls this made">{calls}</ul> })}
        </div>
    }
    .into_any()
}

/// A call's outcome in a few words: `S3 PutObject 403 AccessDenied, decided by the key policy`.
fn outcome_words(record: &Record) -> String {
    let code = record.answer.code.as_deref().map(|code| format!(" {code}")).unwrap_or_default();
    let decided = match record.verdict.decided_by {
        Some(lane) => format!(", decided by {}", super::call::lane_in_a_sentence(lane)),
        None => String::new(),
    };
    format!("{} {}{code}{decided}", record.title(), record.answer.status)
}
