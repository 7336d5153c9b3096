//! The programs that work on the instance's files and need no AWS.

use crate::{
    console::Site,
    store::{FileInfo, LabState},
    terminal::{
        Output, SAMPLE_PDF,
        command::Local,
        files::{self, MAX_CAT},
        print,
        s3_path::{LocalPath, base_name, local},
    },
    tutorial::TEST_FILE,
};
use app::console::ConsoleError;
use aws_lc_rs::digest::{SHA256, digest};

const MISSING: &str = "No such file or directory";

/// Runs a program.
pub(super) async fn run(site: &Site, lab: &LabState, program: Local) -> Result<Output, ConsoleError> {
    Ok(match program {
        Local::Ls { long, files } => ls(&site.store.files(&lab.id).await?, long, &files),
        Local::Curl { url } => curl(site, lab, &url).await?,
        Local::Cat(paths) => each(site, lab, "cat", &paths, |_, bytes| shown(bytes)).await?,
        Local::Sha256(paths) => {
            each(site, lab, "sha256sum", &paths, |path, bytes| {
                Ok(format!("{}  {path}\n", hex::encode(digest(&SHA256, bytes))))
            })
            .await?
        }
        Local::Rm { files, force } => remove(site, lab, &files, force).await?,
        Local::Copy { from, to, moves } => copy(site, lab, &from, &to, moves).await?,
        Local::Say(text) => Output::ok(format!("{text}\n")),
    })
}

/// A file's bytes as text.
///
/// # Errors
/// Why they cannot be shown.
pub(super) fn shown(bytes: &[u8]) -> Result<String, String> {
    match std::str::from_utf8(bytes) {
        Ok(text) if bytes.len() <= MAX_CAT && !text.contains('\0') => Ok(text.to_owned()),
        Ok(text) if !text.contains('\0') => {
            Err(format!("longer than {MAX_CAT} bytes, too long to show here"))
        }
        _ => Err("not text; only text is shown here".into()),
    }
}

fn ls(all: &[FileInfo], long: bool, paths: &[String]) -> Output {
    if paths.is_empty() {
        return Output::ok(print::ls(all, long));
    }
    let mut output = Output::default();
    let mut named = Vec::new();
    let mut folder = String::new();
    for path in paths {
        match local(path) {
            LocalPath::Folder => folder = print::ls(all, long),
            LocalPath::File(name) if all.iter().any(|file| file.name == name) => {
                named.extend(all.iter().filter(|file| file.name == name).cloned());
            }
            LocalPath::File(_) | LocalPath::Elsewhere => {
                output.text += &format!("ls: cannot access '{path}': {MISSING}\n");
                output.status = 2;
            }
        }
    }
    output.text += &if long { print::ls_lines(&named) } else { print::ls(&named, false) };
    output.text += &folder;
    output
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
            LocalPath::File(name) => site.store.file(&lab.id, &name).await?.ok_or(MISSING),
            LocalPath::Folder => Err("Is a directory"),
            LocalPath::Elsewhere => Err(MISSING),
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
            _ => Some(MISSING),
        };
        if let Some(problem) = problem {
            output.text += &format!("rm: cannot remove '{path}': {problem}\n");
            output.status = 1;
        }
    }
    Ok(output)
}

async fn copy(
    site: &Site,
    lab: &LabState,
    from: &str,
    to: &str,
    moves: bool,
) -> Result<Output, ConsoleError> {
    let program = if moves { "mv" } else { "cp" };
    let failed = |why: String| Output::failed(1, format!("{program}: {why}\n"));
    let source = match local(from) {
        LocalPath::File(name) => site.store.file(&lab.id, &name).await?.map(|bytes| (name, bytes)),
        LocalPath::Folder | LocalPath::Elsewhere => None,
    };
    let Some((name, bytes)) = source else {
        return Ok(failed(format!("cannot stat '{from}': {MISSING}")));
    };
    let target = match local(to) {
        LocalPath::File(target) => target,
        LocalPath::Folder => base_name(&name).to_owned(),
        LocalPath::Elsewhere => return Ok(failed(format!("cannot create regular file '{to}': {MISSING}"))),
    };
    if target == name {
        return Ok(failed(format!("'{from}' and '{to}' are the same file")));
    }
    // A file that is renamed makes room for itself.
    if moves {
        site.store.remove_file(&lab.id, &name).await?;
    } else if let Some(problem) = super::room_for(site, lab, &target).await? {
        return Ok(failed(format!("error writing '{to}': No space left on device\ntrilock: {problem}")));
    }
    site.store.put_file(&lab.id, &target, &bytes, site.now()).await?;
    Ok(Output::default())
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
    if let Some(problem) = super::room_for(site, lab, name).await? {
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
