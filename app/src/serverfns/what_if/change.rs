//! Documents that are tried out, and put in force.

use super::super::{after_error, with_unix_lines};
use crate::{
    console::{Console, ConsoleError, Draft},
    context::{expect_console, refuse, see_other},
};
use leptos::prelude::*;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// The form's id: where the documents as typed are kept.
pub(crate) const FORM_ID: &str = "what-if";

/// A mark of a text, to tell whether it was changed on the page: not for secrets, and the same for as long as this program runs.
pub(crate) fn mark(text: &str) -> String {
    let mut hasher = DefaultHasher::new();
    text.trim_end().hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// Keeps the documents as typed and shows what would follow; with `apply`, the id of one of them, also puts that one in force.
/// With `reset` what was typed is forgotten.
#[server(ChangeDocuments, "/api", endpoint = "what-if/change")]
pub(crate) async fn change_documents(
    #[server(default)] ids: Vec<String>,
    #[server(default)] texts: Vec<String>,
    #[server(default)] was: Vec<String>,
    #[server(default)] apply: String,
    #[server(default)] reset: String,
) -> Result<(), ServerFnError> {
    if ids.len() != texts.len() || ids.len() != was.len() {
        return refuse("list of documents");
    }
    let console = expect_console();
    let typed: Vec<(String, String)> =
        ids.into_iter().zip(texts.iter().map(|text| with_unix_lines(text))).collect();
    // What nobody changed on the page is no draft: it may be in force otherwise by now.
    let changed =
        typed.iter().zip(&was).filter(|((_, text), was)| mark(text) != **was).map(|(typed, _)| typed.clone());
    let values = if reset.is_empty() { changed.collect() } else { Vec::new() };
    let kept = Draft { values, problem: None };
    let location = match console.keep_draft(FORM_ID, kept).await {
        Err(error) => after_error("/what-if", FORM_ID, &error),
        Ok(()) if apply.is_empty() => "/what-if#what-follows".to_owned(),
        Ok(()) => {
            let Some((id, text)) = typed.into_iter().find(|(id, _)| *id == apply) else {
                return refuse("document");
            };
            match console.apply(id, text).await {
                Ok(records) => match records.last() {
                    None => "/what-if".into(),
                    Some(last) => {
                        if console.record(*last).await.is_ok_and(|record| record.answer.succeeded()) {
                            forget(&*console, &apply).await;
                        }
                        format!("/what-if#call-{last}")
                    }
                },
                Err(error @ ConsoleError::Invalid { .. }) => {
                    let problem = Some((apply, error.to_string()));
                    let draft = console.draft(FORM_ID).await.ok().flatten().unwrap_or_default();
                    match console.keep_draft(FORM_ID, Draft { problem, ..draft }).await {
                        Ok(()) => "/what-if#documents".into(),
                        Err(error) => after_error("/what-if", FORM_ID, &error),
                    }
                }
                Err(error) => after_error("/what-if", FORM_ID, &error),
            }
        }
    };
    see_other(&location);
    Ok(())
}

/// Forgets what was typed for a document: it is in force now, and what is in force later is for others to say.
async fn forget(console: &dyn Console, id: &str) {
    let Ok(Some(mut draft)) = console.draft(FORM_ID).await else { return };
    draft.values.retain(|(typed, _)| typed != id);
    // What cannot be forgotten shows as a change that is not in force, with the way back beside it.
    let _ = console.keep_draft(FORM_ID, draft).await;
}
