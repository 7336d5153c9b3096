//! `aws s3 cp`, `mv` and `rm`: the calls the AWS CLI makes, in its order, and what it prints.

use super::{error_text, local, no_such_path};
use crate::{
    cloud::{Asked as _, Failure},
    console::desk::Desk,
    store::LabState,
    terminal::{
        Output,
        command::{Sse, Transfer},
        files, print,
        s3_path::{LocalPath, Place, base_name, local as local_path},
        usage::GENERAL_STATUS,
    },
    tutorial::steps::{Encrypted, marks_of_transfer},
    verdict::{self, Question},
};
use app::console::{Answer, ConsoleError};
use aws_sdk_s3::{primitives::ByteStream, types::ServerSideEncryption};

/// What is printed however quiet the command is to be: what stopped it, and text that goes to the terminal itself.
type Loud = Output;

/// How an upload asked for encryption, seen from the lab.
fn encryption(lab: &LabState, sse: Option<&str>, named: Option<&str>) -> Encrypted {
    let arn = lab.key_arn.as_deref();
    let id = arn.and_then(|arn| arn.rsplit('/').next());
    match (sse, named) {
        (None, None) => Encrypted::No,
        (Some("aws:kms"), Some(named)) if Some(named) == arn || Some(named) == id => {
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

/// What `PutObject` is asked.
pub(super) struct Put<'a> {
    pub(super) bucket: &'a str,
    pub(super) key: &'a str,
    pub(super) body: Vec<u8>,
    pub(super) content_type: Option<String>,
    pub(super) sse: Option<&'a str>,
    pub(super) kms_key_id: Option<&'a str>,
    pub(super) bucket_key: Option<bool>,
}

/// `PutObject`, which the tests of the walk look at however it was typed.
pub(super) async fn put(
    desk: &mut Desk<'_>,
    put: Put<'_>,
) -> Result<Result<aws_sdk_s3::operation::put_object::PutObjectOutput, Answer>, ConsoleError> {
    let Put { bucket, key, body, content_type, sse, kms_key_id, bucket_key } = put;
    let request = desk
        .clients
        .s3
        .put_object()
        .bucket(bucket)
        .key(key)
        .body(ByteStream::from(body))
        .set_content_type(content_type)
        .set_server_side_encryption(sse.map(ServerSideEncryption::from))
        .set_ssekms_key_id(kms_key_id.map(Into::into))
        .set_bucket_key_enabled(bucket_key)
        .send()
        .asked();
    let mut question = Question::new("s3", "PutObject").object(bucket, key);
    question.sse = sse.map(Into::into);
    question.sse_key = kms_key_id.map(Into::into);
    question.bucket_key = bucket_key;
    let encrypted = encryption(&desk.lab, sse, kms_key_id);
    desk.call(question, format!("{bucket}/{key}"), request, |lab, result| {
        mark(lab, bucket, Some(encrypted), result.err());
    })
    .await
}

/// `GetObject` with its bytes, which the tests of the walk look at however it was typed.
pub(super) async fn get(
    desk: &mut Desk<'_>,
    bucket: &str,
    key: &str,
) -> Result<Result<(aws_sdk_s3::operation::get_object::GetObjectOutput, bytes::Bytes), Answer>, ConsoleError>
{
    let get = desk.clients.s3.get_object().bucket(bucket).key(key);
    let request = async move {
        let mut object = get.send().asked().await?;
        let body = std::mem::replace(&mut object.body, ByteStream::from_static(b"")).collect().await;
        let body = body.map_err(|error| Failure::unanswered(format!("the object broke off: {error}")))?;
        Ok((object, body.into_bytes()))
    };
    let question = Question::new("s3", "GetObject").object(bucket, key);
    let subject = format!("{bucket}/{key}");
    desk.call(question, subject, request, |lab, result| mark(lab, bucket, None, result.err())).await
}

/// Copies, and for `mv` deletes the source.
pub(super) async fn run(desk: &mut Desk<'_>, transfer: Transfer) -> Result<Output, ConsoleError> {
    let to = transfer.to.clone().with_name_of(&transfer.from);
    let made = match (&transfer.from, &to) {
        (Place::Local(path), Place::S3 { bucket, key }) => upload(desk, &transfer, path, bucket, key).await?,
        (Place::S3 { bucket, key }, Place::Local(path)) => {
            download(desk, &transfer, bucket, key, path).await?
        }
        (Place::S3 { .. }, Place::S3 { .. }) => copy(desk, &transfer, &to).await?,
        // The parser refuses it.
        (Place::Local(_), Place::Local(_)) => Ok(Output::default()),
    };
    Ok(match made {
        Ok(output) if transfer.quiet => Output { text: String::new(), ..output },
        Ok(output) | Err(output) => output,
    })
}

/// One `PutObject`.
async fn upload(
    desk: &mut Desk<'_>,
    transfer: &Transfer,
    path: &str,
    bucket: &str,
    key: &str,
) -> Result<Result<Output, Loud>, ConsoleError> {
    let name = match local_path(path) {
        LocalPath::File(name) => name,
        LocalPath::Folder => {
            return Ok(Err(Output::failed(
                GENERAL_STATUS,
                format!(
                    "\nupload failed: {path} to s3://{bucket}/{key} Parameter validation failed: name one file\n"
                ),
            )));
        }
        LocalPath::Elsewhere => return Ok(Err(no_such_path(path))),
    };
    let Some(body) = desk.site.store.file(&desk.lab.id, &name).await? else {
        return Ok(Err(no_such_path(path)));
    };
    let content_type = files::content_type(&name).map(Into::into);
    let (sse, kms_key_id) = (transfer.sse.map(Sse::name), transfer.kms_key_id.as_deref());
    let asked = Put { bucket, key, body, content_type, sse, kms_key_id, bucket_key: None };
    let (from, to) = (Place::Local(name.clone()), Place::S3 { bucket: bucket.into(), key: key.into() });
    Ok(match put(desk, asked).await? {
        Ok(_) => {
            if transfer.moves {
                desk.site.store.remove_file(&desk.lab.id, &name).await?;
            }
            Ok(print::transferred(transfer.moves, &from, &to))
        }
        Err(answer) => {
            Err(print::transfer_failed(transfer.moves, &from, &to, &error_text(&answer, "PutObject")))
        }
    })
}

/// `HeadObject`, then `GetObject`, for `mv` then `DeleteObject`.
async fn download(
    desk: &mut Desk<'_>,
    transfer: &Transfer,
    bucket: &str,
    key: &str,
    path: &str,
) -> Result<Result<Output, Loud>, ConsoleError> {
    let to_terminal = path == "-";
    if to_terminal && transfer.moves {
        let text = "\nStreaming currently is only compatible with non-recursive cp commands\n";
        return Ok(Err(Output::failed(GENERAL_STATUS, text)));
    }
    let name = match local_path(path) {
        LocalPath::File(name) => name,
        LocalPath::Folder if files::is_name(base_name(key)) => base_name(key).to_owned(),
        LocalPath::Folder | LocalPath::Elsewhere => {
            let text = format!("trilock: this instance keeps its files in one folder; {path} is not in it\n");
            return Ok(Err(Output::failed(1, text)));
        }
    };
    let size = match head(desk, bucket, key).await? {
        Ok(size) => size,
        Err(answer) => return Ok(Err(print::fatal(&head_error(&answer, key)))),
    };
    let (from, to) = (transfer.from.clone(), Place::Local(name.clone()));
    let stopped = |why: &str| Err(print::transfer_failed(transfer.moves, &from, &to, why));
    if usize::try_from(size).map_or(true, |size| size > files::MAX_FILE) {
        return Ok(stopped("[Errno 28] No space left on device: a file on this instance has at most 8 MiB"));
    }
    if !to_terminal && let Some(problem) = super::room_for(desk.site, &desk.lab, &name).await? {
        return Ok(stopped(&format!("[Errno 28] No space left on device: {problem}")));
    }
    let bytes = match get(desk, bucket, key).await? {
        Ok((_, bytes)) => bytes,
        Err(answer) => return Ok(stopped(&error_text(&answer, "GetObject"))),
    };
    if to_terminal {
        return Ok(match local::shown(&bytes) {
            Ok(text) => Err(Output::ok(text)),
            Err(problem) => Err(Output::failed(1, format!("trilock: {bucket}/{key}: {problem}\n"))),
        });
    }
    desk.site.store.put_file(&desk.lab.id, &name, &bytes, desk.site.now()).await?;
    delete_source(desk, transfer, &to).await
}

/// `HeadObject`, then `CopyObject`, for `mv` then `DeleteObject`.
async fn copy(
    desk: &mut Desk<'_>,
    transfer: &Transfer,
    to: &Place,
) -> Result<Result<Output, Loud>, ConsoleError> {
    let (Place::S3 { bucket: from_bucket, key: from_key }, Place::S3 { bucket, key }) = (&transfer.from, to)
    else {
        return Ok(Ok(Output::default()));
    };
    if let Err(answer) = head(desk, from_bucket, from_key).await? {
        return Ok(Err(print::fatal(&head_error(&answer, from_key))));
    }
    let (sse, kms_key_id) = (transfer.sse.map(Sse::name), transfer.kms_key_id.as_deref());
    let asked = Copy { from: (from_bucket, from_key), to: (bucket, key), sse, kms_key_id, bucket_key: None };
    match copy_object(desk, asked).await? {
        Ok(_) => delete_source(desk, transfer, to).await,
        Err(answer) => Ok(Err(print::transfer_failed(
            transfer.moves,
            &transfer.from,
            to,
            &error_text(&answer, "CopyObject"),
        ))),
    }
}

/// What `CopyObject` is asked.
pub(super) struct Copy<'a> {
    pub(super) from: (&'a str, &'a str),
    pub(super) to: (&'a str, &'a str),
    pub(super) sse: Option<&'a str>,
    pub(super) kms_key_id: Option<&'a str>,
    pub(super) bucket_key: Option<bool>,
}

/// `CopyObject`.
pub(super) async fn copy_object(
    desk: &mut Desk<'_>,
    copy: Copy<'_>,
) -> Result<Result<aws_sdk_s3::operation::copy_object::CopyObjectOutput, Answer>, ConsoleError> {
    let Copy { from, to, sse, kms_key_id, bucket_key } = copy;
    let request = desk
        .clients
        .s3
        .copy_object()
        .copy_source(escaped(&format!("{}/{}", from.0, from.1)))
        .bucket(to.0)
        .key(to.1)
        .set_server_side_encryption(sse.map(ServerSideEncryption::from))
        .set_ssekms_key_id(kms_key_id.map(Into::into))
        .set_bucket_key_enabled(bucket_key)
        .send()
        .asked();
    let mut question = Question::new("s3", "CopyObject").object(to.0, to.1).source(from.0, from.1);
    question.sse = sse.map(Into::into);
    question.sse_key = kms_key_id.map(Into::into);
    question.bucket_key = bucket_key;
    let subject = format!("{}/{} to {}/{}", from.0, from.1, to.0, to.1);
    desk.call(question, subject, request, |_, _| {}).await
}

/// The header `x-amz-copy-source` is percent-encoded; slashes stay.
fn escaped(path: &str) -> String {
    path.bytes().fold(String::with_capacity(path.len()), |mut out, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            byte => out += &format!("%{byte:02X}"),
        }
        out
    })
}

/// What ends a transfer that succeeded: for `mv` the source goes too.
async fn delete_source(
    desk: &mut Desk<'_>,
    transfer: &Transfer,
    to: &Place,
) -> Result<Result<Output, Loud>, ConsoleError> {
    if transfer.moves
        && let Place::S3 { bucket, key } = &transfer.from
        && let Err(answer) = delete_object(desk, bucket, key).await?
    {
        let error = error_text(&answer, "DeleteObject");
        return Ok(Err(print::transfer_failed(true, &transfer.from, to, &error)));
    }
    Ok(Ok(print::transferred(transfer.moves, &transfer.from, to)))
}

/// An object's size in bytes.
async fn head(desk: &mut Desk<'_>, bucket: &str, key: &str) -> Result<Result<i64, Answer>, ConsoleError> {
    let request = desk.clients.s3.head_object().bucket(bucket).key(key).send().asked();
    let question = Question::new("s3", "HeadObject").object(bucket, key);
    let answer = desk.call(question, format!("{bucket}/{key}"), request, |_, _| {}).await?;
    Ok(answer.map(|head| head.content_length().unwrap_or_default()))
}

/// A HEAD has no body: the AWS CLI prints the status, and its own sentence for 404.
fn head_error(answer: &Answer, key: &str) -> String {
    match answer.status {
        404 => print::error_occurred("404", "HeadObject", &format!("Key \"{key}\" does not exist")),
        _ => error_text(&without_body(answer), "HeadObject"),
    }
}

/// An answer as the AWS CLI reads it off a HEAD: the status alone.
pub(super) fn without_body(answer: &Answer) -> Answer {
    match answer.status {
        0 => answer.clone(),
        status => Answer { status, code: None, message: None, request_id: None },
    }
}

/// `aws s3 rm s3://…`: one `DeleteObject`.
pub(super) async fn delete(
    desk: &mut Desk<'_>,
    bucket: &str,
    key: &str,
    quiet: bool,
) -> Result<Output, ConsoleError> {
    Ok(match delete_object(desk, bucket, key).await? {
        Ok(_) if quiet => Output::default(),
        Ok(_) => print::deleted(bucket, key),
        Err(answer) => print::delete_failed(bucket, key, &error_text(&answer, "DeleteObject")),
    })
}

/// `DeleteObject`.
pub(super) async fn delete_object(
    desk: &mut Desk<'_>,
    bucket: &str,
    key: &str,
) -> Result<Result<aws_sdk_s3::operation::delete_object::DeleteObjectOutput, Answer>, ConsoleError> {
    let request = desk.clients.s3.delete_object().bucket(bucket).key(key).send().asked();
    let question = Question::new("s3", "DeleteObject").object(bucket, key);
    desk.call(question, format!("{bucket}/{key}"), request, |_, _| {}).await
}
