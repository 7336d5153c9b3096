//! The instance's terminal at work: commands run with the credentials of the instance's role, fetched from IMDSv2.

mod api;
pub(super) mod folder;
mod listing;
mod local;
mod transfer;

use super::{RUN_FORM, Site, role};
use crate::{
    cloud::{Clients, imds},
    store::LabState,
    terminal::{
        Output,
        command::{Command, Globals, S3, parse},
        files, line, print,
        usage::{self, GENERAL_STATUS},
    },
};
use app::console::{Answer, ConsoleError, Held, Persona, StepId, TerminalEntry};
use http::StatusCode;

/// New credentials appear this many seconds before the old ones end (`aws-semantics.md` §6).
const RENEW_BEFORE: i64 = 5 * 60;

/// Runs a line on the instance and appends it to the terminal's log.
pub(super) async fn run(
    site: &Site,
    lab: LabState,
    step: Option<StepId>,
    line: String,
) -> Result<TerminalEntry, ConsoleError> {
    if lab.instance_id.is_none() {
        return Err(ConsoleError::NotFound { what: "instance".into() });
    }
    let command = line::words(&line).and_then(|words| parse(&words));
    if matches!(command, Ok(Command::Nothing)) {
        let message = "Type a command, or help to see which there are.".to_owned();
        // Nothing was typed, so there is nothing to keep: the page that follows says it once.
        return Err(ConsoleError::Invalid { field: "line".into(), message });
    }
    let clear = matches!(command, Ok(Command::Clear));
    let (mut lab, records, output) = match command {
        Err(output) => (lab, Vec::new(), output),
        Ok(Command::Nothing | Command::Clear) => (lab, Vec::new(), Output::default()),
        Ok(Command::Help(text)) => (lab, Vec::new(), Output::ok(text)),
        Ok(Command::Local(program)) => {
            let output = local::run(site, &lab, program).await?;
            (lab, Vec::new(), output)
        }
        Ok(Command::S3(s3, globals)) => Box::pin(on_aws(site, lab, step, OnAws::S3(s3), globals)).await?,
        Ok(Command::Api(call, globals)) => match api::values(site, &lab, &call).await? {
            Err(output) => (lab, Vec::new(), output),
            Ok(values) => {
                let command = OnAws::Api(api::Asked { call, values, format: globals.output });
                Box::pin(on_aws(site, lab, step, command, globals)).await?
            }
        },
    };
    let entry = TerminalEntry { id: 0, line, output: output.text, status: output.status, records };
    let entry = site.store.append_terminal(&lab, entry).await?;
    if clear {
        lab.cleared_before = entry.id;
        site.store.save_lab(&lab).await?;
    }
    site.store.drop_draft(&lab.id, RUN_FORM).await?;
    Ok(entry)
}

/// What is wrong with putting one more file of this name on the instance; `None` if nothing.
pub(super) async fn room_for(
    site: &Site,
    lab: &LabState,
    name: &str,
) -> Result<Option<String>, ConsoleError> {
    let there = site.store.files(&lab.id).await?;
    let full = there.len() >= files::MAX_FILES && !there.iter().any(|file| file.name == name);
    Ok(full.then(|| {
        format!(
            "The instance holds {} files already, which is as many as it may. Remove one with rm.",
            files::MAX_FILES
        )
    }))
}

/// Who the instance is, with clients that act as it: with credentials kept since they were fetched, or fetched now. The error is why
/// there are none, as a sentence without its full stop.
pub(super) async fn actor(site: &Site, lab: &LabState) -> Result<(Held, Clients), &'static str> {
    let instance = lab.instance_id.as_deref().ok_or("There is no instance to make this call")?;
    let kept = match site.cached_instance(&lab.id, RENEW_BEFORE) {
        Some(kept) => kept,
        None => {
            let fetched = imds::credentials(&*site.target, instance).await.map_err(|error| {
                tracing::warn!(%error, "instance credentials");
                "The instance got no credentials from its metadata service"
            })?;
            site.cache_instance(&lab.id, Some(fetched.clone()));
            fetched
        }
    };
    let held = Held {
        persona: Persona::Instance,
        arn: format!("arn:aws:sts::{}:assumed-role/{}/{instance}", lab.account_id, kept.role),
        expires_at: kept.credentials.expires_at(),
    };
    Ok((held, Clients::new(&site.target, &kept.credentials)))
}

/// A command that calls AWS.
enum OnAws {
    S3(S3),
    Api(api::Asked),
}

/// Runs a command that calls AWS, at a desk of the instance's own.
async fn on_aws(
    site: &Site,
    lab: LabState,
    step: Option<StepId>,
    command: OnAws,
    globals: Globals,
) -> Result<(LabState, Vec<i64>, Output), ConsoleError> {
    let region = site.target.region();
    if let Some(other) = globals.region.as_deref().filter(|named| *named != region) {
        let text = format!("this terminal calls {region} only, where the lab is; {other} is not reached");
        return Ok((lab, Vec::new(), usage::not_here(text)));
    }
    let mut desk = match role::desk(site, lab, step, Persona::Instance, &mut Vec::new()).await? {
        Ok(desk) => desk,
        Err(vacant) => {
            let text = "\nUnable to locate credentials. You can configure credentials by running \"aws configure\".\n";
            return Ok((vacant.lab, Vec::new(), Output::failed(253, text)));
        }
    };
    let output = match command {
        OnAws::S3(S3::Transfer(transfer)) => transfer::run(&mut desk, transfer).await?,
        OnAws::S3(S3::Delete { bucket, key, quiet }) => {
            transfer::delete(&mut desk, &bucket, &key, quiet).await?
        }
        OnAws::S3(S3::ListBuckets) => listing::buckets(&mut desk).await?,
        OnAws::S3(S3::ListObjects { bucket, prefix, recursive }) => {
            listing::objects(&mut desk, &bucket, &prefix, recursive).await?
        }
        OnAws::Api(asked) => api::run(&mut desk, &asked).await?,
    };
    Ok((desk.lab, desk.records, output))
}

/// The AWS CLI's sentence for an error answer.
fn error_text(answer: &Answer, operation: &str) -> String {
    if answer.status == 0 {
        return format!(
            "Could not connect to the endpoint: {}",
            answer.message.as_deref().unwrap_or("no answer")
        );
    }
    let status = answer.status.to_string();
    let reason = StatusCode::from_u16(answer.status).ok().and_then(|status| status.canonical_reason());
    let code = answer.code.as_deref().filter(|_| answer.message.is_some()).unwrap_or(&status);
    print::error_occurred(code, operation, answer.message.as_deref().or(reason).unwrap_or("Unknown"))
}

/// What any command but a transfer prints when AWS refused it.
fn failed(answer: &Answer, operation: &str) -> Output {
    print::command_failed(&error_text(answer, operation), answer.status != 0)
}

/// A local path that is not there, as `aws s3` says it.
fn no_such_path(path: &str) -> Output {
    Output::failed(GENERAL_STATUS, format!("\nThe user-provided path {path} does not exist.\n"))
}
