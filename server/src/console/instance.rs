//! The instance's terminal at work: commands run with the credentials of the instance's role, fetched from IMDSv2.

mod transfer;

use super::{RUN_FORM, Site, desk::Desk};
use crate::{
    cloud::{Asked as _, Clients, imds},
    store::LabState,
    terminal::{
        self, Output, SAMPLE_PDF,
        command::{Command, parse},
        files, line, print,
        s3_path::{LocalPath, local},
    },
    tutorial::TEST_FILE,
    verdict::Question,
};
use app::console::{Answer, ConsoleError, Draft, Held, Persona, StepId, TerminalEntry};
use aws_lc_rs::digest::{SHA256, digest};
use http::StatusCode;
use time::OffsetDateTime;

/// New credentials appear this many seconds before the old ones end (`aws-semantics.md` §6).
pub(super) const RENEW_BEFORE: i64 = 5 * 60;
/// What `cat` shows of a file at most, in bytes.
const MAX_CAT: usize = 64 * 1024;

/// Runs a line on the instance and appends it to the terminal's log.
pub(super) async fn run(
    site: &Site,
    lab: LabState,
    step: Option<StepId>,
    line: String,
) -> Result<TerminalEntry, ConsoleError> {
    let instance =
        lab.instance_id.clone().ok_or_else(|| ConsoleError::NotFound { what: "instance".into() })?;
    let command = line::words(&line).and_then(|words| parse(&words));
    if matches!(command, Ok(Command::Nothing)) {
        let message = "Type a command, or help to see which there are.".to_owned();
        let draft = Draft { values: Vec::new(), problem: Some(("line".into(), message.clone())) };
        site.store.keep_draft(&lab.id, RUN_FORM, &draft).await?;
        return Err(ConsoleError::Invalid { field: "line".into(), message });
    }
    let clear = matches!(command, Ok(Command::Clear));
    let (mut lab, records, output) = match command {
        Err(output) => (lab, Vec::new(), output),
        Ok(command) if command.calls_aws() => Box::pin(on_aws(site, lab, step, &instance, command)).await?,
        Ok(command) => {
            let output = on_files(site, &lab, command).await?;
            (lab, Vec::new(), output)
        }
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

/// Who the instance is.
pub(super) fn held(lab: &LabState, instance: &str, kept: &imds::InstanceCredentials) -> Held {
    Held {
        persona: Persona::Instance,
        arn: format!("arn:aws:sts::{}:assumed-role/{}/{instance}", lab.account_id, kept.role),
        expires_at: kept.credentials.expires_at(),
    }
}

/// Runs a command that calls AWS, at a desk of the instance's own.
async fn on_aws(
    site: &Site,
    lab: LabState,
    step: Option<StepId>,
    instance: &str,
    command: Command,
) -> Result<(LabState, Vec<i64>, Output), ConsoleError> {
    let kept = match site.cached_instance(&lab.id, RENEW_BEFORE) {
        Some(kept) => kept,
        None => match imds::credentials(&*site.target, instance).await {
            Ok(fetched) => {
                site.cache_instance(&lab.id, Some(fetched.clone()));
                fetched
            }
            Err(error) => {
                tracing::warn!(%error, "instance credentials");
                let text = "\nUnable to locate credentials. You can configure credentials by running \"aws configure\".\n";
                return Ok((lab, Vec::new(), Output::failed(255, text)));
            }
        },
    };
    let actor = held(&lab, instance, &kept);
    let clients = Clients::new(&site.target, &kept.credentials);
    let mut desk = Desk::new(site, lab, step, actor, clients).await?;
    let output = match command {
        Command::Upload { file, bucket, key, sse, kms_key_id, quiet } => {
            let options = transfer::Options { sse, kms_key_id, quiet };
            transfer::upload(&mut desk, &file, &bucket, &key, options).await?
        }
        Command::Download { bucket, key, file, quiet } => {
            transfer::download(&mut desk, &bucket, &key, &file, quiet).await?
        }
        Command::Delete { bucket, key, quiet } => transfer::delete(&mut desk, &bucket, &key, quiet).await?,
        Command::ListBuckets => list_buckets(&mut desk).await?,
        Command::ListObjects { bucket, prefix, recursive } => {
            list_objects(&mut desk, &bucket, &prefix, recursive).await?
        }
        Command::CallerIdentity => caller_identity(&mut desk).await?,
        // `calls_aws` sends the others elsewhere.
        _ => Output::default(),
    };
    Ok((desk.lab, desk.records, output))
}

/// The AWS CLI's sentence for an error answer.
pub(super) fn error_text(answer: &Answer, operation: &str) -> String {
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

async fn list_buckets(desk: &mut Desk<'_>) -> Result<Output, ConsoleError> {
    let request = desk.clients.s3.list_buckets().send().asked();
    let answer = desk.call(Question::new("s3", "ListBuckets"), "all buckets", request, |_, _| {}).await?;
    Ok(match answer {
        Ok(list) => Output::ok(
            list.buckets()
                .iter()
                .map(|bucket| {
                    print::listed(at(bucket.creation_date()), None, bucket.name().unwrap_or_default())
                })
                .collect::<String>(),
        ),
        Err(answer) => print::command_failed(&error_text(&answer, "ListBuckets")),
    })
}

async fn list_objects(
    desk: &mut Desk<'_>,
    bucket: &str,
    prefix: &str,
    recursive: bool,
) -> Result<Output, ConsoleError> {
    let subject = if prefix.is_empty() { bucket.to_owned() } else { format!("{bucket}/{prefix}") };
    let mut text = String::new();
    let mut token = None;
    loop {
        let request = desk
            .clients
            .s3
            .list_objects_v2()
            .bucket(bucket)
            .prefix(prefix)
            .set_delimiter((!recursive).then(|| "/".to_owned()))
            .set_continuation_token(token.take())
            .send()
            .asked();
        let question = Question::new("s3", "ListObjectsV2").bucket(bucket);
        let page = match desk.call(question, subject.as_str(), request, |_, _| {}).await? {
            Ok(page) => page,
            Err(answer) => {
                let failed = print::command_failed(&error_text(&answer, "ListObjectsV2"));
                return Ok(Output::failed(failed.status, text + &failed.text));
            }
        };
        for prefix in page.common_prefixes() {
            text += &print::listed_prefix(prefix.prefix().unwrap_or_default());
        }
        for object in page.contents() {
            let key = object.key().unwrap_or_default();
            let name = if recursive { key } else { key.rsplit('/').next().unwrap_or(key) };
            text += &print::listed(at(object.last_modified()), object.size(), name);
        }
        token = page.next_continuation_token().map(str::to_owned);
        if token.is_none() {
            // A prefix that matches nothing is exit status 1 in the AWS CLI.
            let status = i32::from(!prefix.is_empty() && text.is_empty());
            return Ok(Output::failed(status, text));
        }
    }
}

async fn caller_identity(desk: &mut Desk<'_>) -> Result<Output, ConsoleError> {
    let request = desk.clients.sts.get_caller_identity().send().asked();
    let question = Question::new("sts", "GetCallerIdentity");
    Ok(match desk.call(question, "who the instance is", request, |_, _| {}).await? {
        Ok(who) => print::caller_identity(
            who.user_id().unwrap_or_default(),
            who.account().unwrap_or_default(),
            who.arn().unwrap_or_default(),
        ),
        Err(answer) => print::command_failed(&error_text(&answer, "GetCallerIdentity")),
    })
}

fn at(time: Option<&aws_smithy_types::DateTime>) -> OffsetDateTime {
    time.and_then(|time| OffsetDateTime::from_unix_timestamp(time.secs()).ok())
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// Runs a command that needs no AWS.
async fn on_files(site: &Site, lab: &LabState, command: Command) -> Result<Output, ConsoleError> {
    Ok(match command {
        Command::Help => Output::ok(terminal::HELP),
        Command::Ls { long } => print::ls(&site.store.files(&lab.id).await?, long),
        Command::Curl { url } => curl(site, lab, &url).await?,
        Command::Cat(paths) => {
            each(site, lab, "cat", &paths, |_, bytes| match std::str::from_utf8(bytes) {
                Ok(text) if bytes.len() <= MAX_CAT && !text.contains('\0') => Ok(text.to_owned()),
                Ok(text) if !text.contains('\0') => {
                    Err(format!("longer than {MAX_CAT} bytes, too long to show here"))
                }
                _ => Err("not text; only text is shown here".into()),
            })
            .await?
        }
        Command::Sha256(paths) => {
            each(site, lab, "sha256sum", &paths, |path, bytes| {
                Ok(format!("{}  {path}\n", hex::encode(digest(&SHA256, bytes))))
            })
            .await?
        }
        Command::Rm { files, force } => remove(site, lab, &files, force).await?,
        // `run` keeps `clear` and empty lines to itself, and sends the rest to AWS.
        _ => Output::default(),
    })
}

/// Applies a program to one file after another, as programs do: what fails is reported, and the rest is done.
async fn each(
    site: &Site,
    lab: &LabState,
    program: &str,
    paths: &[String],
    show: impl Fn(&str, &[u8]) -> Result<String, String>,
) -> Result<Output, ConsoleError> {
    let mut output = Output::default();
    if paths.len() > files::MAX_FILES {
        return Ok(Output::failed(1, format!("{program}: at most {} files at once\n", files::MAX_FILES)));
    }
    for path in paths {
        if output.text.len() > MAX_CAT {
            output.text +=
                &format!("{program}: {path}: more than {MAX_CAT} bytes in all, too long to show here\n");
            output.status = 1;
            break;
        }
        let bytes = match local(path) {
            LocalPath::File(name) => {
                site.store.file(&lab.id, &name).await?.ok_or("No such file or directory")
            }
            LocalPath::Folder => Err("Is a directory"),
            LocalPath::Elsewhere => Err("No such file or directory"),
        };
        match bytes.map_err(str::to_owned).and_then(|bytes| show(path, &bytes)) {
            Ok(text) => output.text += &text,
            Err(problem) => {
                output.text += &format!("{program}: {path}: {problem}\n");
                output.status = 1;
            }
        }
    }
    Ok(output)
}

async fn remove(site: &Site, lab: &LabState, paths: &[String], force: bool) -> Result<Output, ConsoleError> {
    let mut output = Output::default();
    for path in paths {
        let problem = match local(path) {
            LocalPath::File(name) if site.store.remove_file(&lab.id, &name).await? => None,
            LocalPath::Folder => Some("Is a directory"),
            _ if force => None,
            _ => Some("No such file or directory"),
        };
        if let Some(problem) = problem {
            output.text += &format!("rm: cannot remove '{path}': {problem}\n");
            output.status = 1;
        }
    }
    Ok(output)
}

/// `curl -O`: there is no internet behind this terminal, so a PDF becomes Trilock's own stand-in, and it says so.
async fn curl(site: &Site, lab: &LabState, url: &str) -> Result<Output, ConsoleError> {
    let path = url.strip_prefix("https://").and_then(|rest| rest.split_once('/'));
    let name = path
        .and_then(|(_, path)| path.rsplit('/').next())
        .filter(|name| name.to_ascii_lowercase().ends_with(".pdf") && files::is_name(name));
    let Some(name) = name else {
        let host = url.split("://").last().and_then(|rest| rest.split('/').next()).unwrap_or(url);
        return Ok(Output::failed(
            6,
            format!(
                "curl: (6) Could not resolve host: {host}\n\
                 trilock: no internet is reached from here; an https address ending in .pdf gives the test file\n"
            ),
        ));
    };
    if let Some(problem) = room_for(site, lab, name).await? {
        return Ok(Output::failed(
            23,
            format!("curl: (23) Failure writing output to destination\ntrilock: {problem}\n"),
        ));
    }
    site.store.put_file(&lab.id, name, SAMPLE_PDF, site.now()).await?;
    Ok(Output::ok(format!(
        "trilock: no internet is reached from here; saved Trilock's own stand-in for {TEST_FILE} ({} bytes) as {name}\n",
        SAMPLE_PDF.len()
    )))
}
