//! `aws s3 cp` and `aws s3 rm`: the calls the AWS CLI makes, in its order, and what it prints.

use super::error_text;
use crate::{
    cloud::{Asked as _, Failure},
    console::desk::Desk,
    store::LabState,
    terminal::{
        Output,
        command::Sse,
        files, print,
        s3_path::{LocalPath, base_name, local, upload_key},
    },
    tutorial::steps::{Encrypted, marks_of_transfer},
    verdict::{self, Question},
};
use app::console::{Answer, ConsoleError};
use aws_sdk_s3::{primitives::ByteStream, types::ServerSideEncryption};

/// Options of an upload.
pub(super) struct Options {
    pub(super) sse: Option<Sse>,
    pub(super) kms_key_id: Option<String>,
    pub(super) quiet: bool,
}

/// How an upload asked for encryption, seen from the lab.
fn encryption(lab: &LabState, options: &Options) -> Encrypted {
    let named = options.kms_key_id.as_deref();
    let arn = lab.key_arn.as_deref();
    let id = arn.and_then(|arn| arn.rsplit('/').next());
    match (options.sse, named) {
        (None, None) => Encrypted::No,
        (Some(Sse::Kms), Some(named)) if Some(named) == arn || Some(named) == id => {
            Encrypted::UnderTheLabsKey
        }
        _ => Encrypted::Otherwise,
    }
}

/// Writes down what a transfer showed, if it was of the lab's own bucket.
fn mark(lab: &mut LabState, bucket: &str, upload: Option<Encrypted>, failed: Option<&Answer>) {
    if bucket == lab.bucket {
        let denied = failed.is_some_and(verdict::is_denial);
        let marks = marks_of_transfer(lab, upload, denied, failed.is_none());
        lab.marks.extend(marks.into_iter().map(|mark| mark.name().to_owned()));
    }
}

/// `aws s3 cp FILE s3://…`: one `PutObject`.
pub(super) async fn upload(
    desk: &mut Desk<'_>,
    path: &str,
    bucket: &str,
    key: &str,
    options: Options,
) -> Result<Output, ConsoleError> {
    let name = match local(path) {
        LocalPath::File(name) => name,
        LocalPath::Folder => {
            return Ok(Output::failed(
                255,
                format!(
                    "\nupload failed: {path} to s3://{bucket}/{key} Parameter validation failed: name one file\n"
                ),
            ));
        }
        LocalPath::Elsewhere => return Ok(no_such_path(path)),
    };
    let Some(bytes) = desk.site.store.file(&desk.lab.id, &name).await? else { return Ok(no_such_path(path)) };
    let key = upload_key(key, &name);
    let request = desk
        .clients
        .s3
        .put_object()
        .bucket(bucket)
        .key(&key)
        .body(ByteStream::from(bytes))
        .set_content_type(files::content_type(&name).map(Into::into))
        .set_server_side_encryption(options.sse.map(|sse| match sse {
            Sse::Kms => ServerSideEncryption::AwsKms,
            Sse::Aes256 => ServerSideEncryption::Aes256,
        }))
        .set_ssekms_key_id(options.kms_key_id.clone())
        .send()
        .asked();
    let mut question = Question::new("s3", "PutObject").object(bucket, &key);
    question.sse = options.sse.map(|sse| sse.name().into());
    question.sse_key = options.kms_key_id.clone();
    let encrypted = encryption(&desk.lab, &options);
    let made = desk
        .call(question, format!("{bucket}/{key}"), request, |lab, result| {
            mark(lab, bucket, Some(encrypted), result.err());
        })
        .await?;
    Ok(match made {
        Ok(_) if options.quiet => Output::default(),
        Ok(_) => print::uploaded(&name, bucket, &key),
        Err(answer) => print::upload_failed(&name, bucket, &key, &error_text(&answer, "PutObject")),
    })
}

fn no_such_path(path: &str) -> Output {
    Output::failed(255, format!("\nThe user-provided path {path} does not exist.\n"))
}

/// `aws s3 cp s3://… FILE`: `HeadObject`, then `GetObject`.
pub(super) async fn download(
    desk: &mut Desk<'_>,
    bucket: &str,
    key: &str,
    path: &str,
    quiet: bool,
) -> Result<Output, ConsoleError> {
    let name = match local(path) {
        LocalPath::File(name) => name,
        LocalPath::Folder if files::is_name(base_name(key)) => base_name(key).to_owned(),
        LocalPath::Folder | LocalPath::Elsewhere => {
            let text = format!("trilock: this instance keeps its files in one folder; {path} is not in it\n");
            return Ok(Output::failed(1, text));
        }
    };
    let subject = format!("{bucket}/{key}");
    let request = desk.clients.s3.head_object().bucket(bucket).key(key).send().asked();
    let question = Question::new("s3", "HeadObject").object(bucket, key);
    let size = match desk.call(question, subject.as_str(), request, |_, _| {}).await? {
        Ok(head) => head.content_length().unwrap_or_default(),
        Err(answer) => return Ok(print::fatal(&head_error(&answer, key))),
    };
    if usize::try_from(size).map_or(true, |size| size > files::MAX_FILE) {
        let text = "[Errno 28] No space left on device: a file on this instance has at most 8 MiB";
        return Ok(print::download_failed(bucket, key, &name, text));
    }
    if let Some(problem) = super::room_for(desk.site, &desk.lab, &name).await? {
        return Ok(print::download_failed(
            bucket,
            key,
            &name,
            &format!("[Errno 28] No space left on device: {problem}"),
        ));
    }
    let get = desk.clients.s3.get_object().bucket(bucket).key(key);
    let request = async move {
        let object = get.send().asked().await?;
        let body = object.body.collect().await;
        Ok(body.map_err(|error| Failure::unanswered(format!("the object broke off: {error}")))?.into_bytes())
    };
    let question = Question::new("s3", "GetObject").object(bucket, key);
    let made =
        desk.call(question, subject, request, |lab, result| mark(lab, bucket, None, result.err())).await?;
    Ok(match made {
        Ok(bytes) => {
            desk.site.store.put_file(&desk.lab.id, &name, &bytes, desk.site.now()).await?;
            if quiet { Output::default() } else { print::downloaded(bucket, key, &name) }
        }
        Err(answer) => print::download_failed(bucket, key, &name, &error_text(&answer, "GetObject")),
    })
}

/// A HEAD has no body: the AWS CLI prints the status, and its own sentence for 404.
fn head_error(answer: &Answer, key: &str) -> String {
    match answer.status {
        404 => print::error_occurred("404", "HeadObject", &format!("Key \"{key}\" does not exist")),
        status => {
            let bare = Answer { status, code: None, message: None, request_id: None };
            error_text(if status == 0 { answer } else { &bare }, "HeadObject")
        }
    }
}

/// `aws s3 rm s3://…`: one `DeleteObject`.
pub(super) async fn delete(
    desk: &mut Desk<'_>,
    bucket: &str,
    key: &str,
    quiet: bool,
) -> Result<Output, ConsoleError> {
    let request = desk.clients.s3.delete_object().bucket(bucket).key(key).send().asked();
    let question = Question::new("s3", "DeleteObject").object(bucket, key);
    Ok(match desk.call(question, format!("{bucket}/{key}"), request, |_, _| {}).await? {
        Ok(_) if quiet => Output::default(),
        Ok(_) => print::deleted(bucket, key),
        Err(answer) => print::delete_failed(bucket, key, &error_text(&answer, "DeleteObject")),
    })
}
