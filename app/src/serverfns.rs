//! What forms post to: one server function a file, by area and verb.
//!
//! Each is posted by a plain `<form method="post">`, asks the console, and answers with a redirect to the page that shows
//! what came of it. What they share is here: reading the step, calling the console, choosing where to go next.

pub(crate) mod bucket {
    //! The bucket.
    pub(crate) mod create;
    pub(crate) mod put_policy;
}
pub(crate) mod check {
    //! Checks of steps.
    pub(crate) mod step;
}
pub(crate) mod instance {
    //! The EC2 instance.
    pub(crate) mod delete_key;
    pub(crate) mod launch;
    pub(crate) mod remove_file;
    pub(crate) mod run;
}
pub(crate) mod key {
    //! The KMS key.
    pub(crate) mod add_user;
    pub(crate) mod create;
    pub(crate) mod remove_user;
}
pub(crate) mod lab {
    //! The lab as a whole.
    pub(crate) mod remove;
    pub(crate) mod start;
}
pub(crate) mod listing {
    //! The listings' spelling.
    pub(crate) mod spell;
}
pub(crate) mod policy {
    //! IAM policies.
    pub(crate) mod correct;
    pub(crate) mod create;
}
pub(crate) mod profile {
    //! The instance profile.
    pub(crate) mod create;
}
pub(crate) mod role {
    //! Roles: making them, and acting as one.
    pub(crate) mod attach;
    pub(crate) mod create;
    pub(crate) mod side_by_side;
    pub(crate) mod switch;
}
pub(crate) mod step {
    //! A step as a whole.
    pub(crate) mod skip;
    pub(crate) mod solve;
    pub(crate) mod undo;
}
pub(crate) mod scenario {
    //! Scenarios: making moves, putting things back.
    pub(crate) mod mend;
    pub(crate) mod play;
    pub(crate) mod play_rest;
}
pub(crate) mod theme {
    //! Light or dark.
    pub(crate) mod set;
}
pub(crate) mod what_if {
    //! Documents that are tried out.
    pub(crate) mod change;
    pub(crate) mod look_over;
}

use crate::{
    console::{Action, ConsoleError, StepId, scenario::ScenarioId},
    context::{expect_console, refuse, see_other},
};
use leptos::prelude::ServerFnError;

/// Has the console do `action` for the step with this slug, and sends the browser to the call that decided, or back to the
/// form when the console refused it before any call.
async fn act(step: &str, action: Action) -> Result<(), ServerFnError> {
    let Some(step) = StepId::from_slug(step) else { return refuse("step") };
    let form_id = action.form_id();
    let answer = expect_console().act(step, action).await;
    see_other(&after_act(step, &form_id, answer.as_deref()));
    Ok(())
}

/// Where the browser goes after a form of a step: the console stops at the first call that fails, so the last record is
/// always the one to look at.
fn after_act(step: StepId, form_id: &str, answer: Result<&[i64], &ConsoleError>) -> String {
    let page = format!("/steps/{}", step.slug());
    match answer {
        Ok([.., last]) => format!("{page}#call-{last}"),
        Ok([]) => format!("{page}#form-{form_id}"),
        Err(error) => after_error(&page, form_id, error),
    }
}

/// Where the browser goes when the console could not do what a form asked. The page it reaches turns `problem` back into a
/// sentence; the sentence itself never travels in an address, where anyone could write one.
fn after_error(page: &str, form_id: &str, error: &ConsoleError) -> String {
    match error {
        ConsoleError::NoLab => "/?problem=no-lab".into(),
        ConsoleError::Invalid { .. } => format!("{page}#form-{form_id}"),
        ConsoleError::NotFound { what } => {
            let problem = match what.as_str() {
                "KMS key" => "no-key",
                "instance" => "no-instance",
                _ => "not-found",
            };
            format!("{page}?problem={problem}#problem")
        }
        ConsoleError::Expired { .. } => format!("{page}?problem=expired#problem"),
        ConsoleError::Unavailable(_) => format!("{page}?problem=unavailable#problem"),
    }
}

/// Where the browser goes after a form of a scenario: to the part of its page that shows what came of it.
fn after_scenario(id: ScenarioId, part: &str, error: Option<&ConsoleError>) -> String {
    let page = id.path();
    match error {
        None => format!("{page}#{part}"),
        Some(ConsoleError::Invalid { field, .. }) if field == "scenario" => format!("{page}#hindrance"),
        Some(ConsoleError::Invalid { .. }) => format!("{page}#{part}"),
        Some(error) => after_error(&page, part, error),
    }
}

/// Text as a person typed it: browsers send the lines of a text area with CRLF, policies are stored with LF.
fn with_unix_lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

#[cfg(test)]
mod tests {
    use super::{after_act, with_unix_lines};
    use crate::console::{ConsoleError, StepId};

    #[test]
    fn a_form_leads_to_its_last_call_or_back_to_itself() {
        let invalid = ConsoleError::Invalid { field: "name".into(), message: "too long".into() };
        let cases = [
            (Ok([4, 5].as_slice()), "/steps/bucket#call-5"),
            (Ok([].as_slice()), "/steps/bucket#form-create-bucket"),
            (Err(&invalid), "/steps/bucket#form-create-bucket"),
            (Err(&ConsoleError::NoLab), "/?problem=no-lab"),
            (
                Err(&ConsoleError::Unavailable("disk full".into())),
                "/steps/bucket?problem=unavailable#problem",
            ),
        ];
        for (answer, location) in cases {
            assert_eq!(after_act(StepId::Bucket, "create-bucket", answer), location, "{answer:?}");
        }
    }

    #[test]
    fn the_lines_of_a_text_area_end_as_they_were_typed() {
        assert_eq!(with_unix_lines("{\r\n  \"a\": 1\r\n}\r"), "{\n  \"a\": 1\n}\n");
    }
}
