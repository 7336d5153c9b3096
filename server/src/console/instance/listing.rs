//! `aws s3 ls`: buckets, or what is in one.

use super::{error_text, failed};
use crate::{
    cloud::Asked as _,
    console::desk::Desk,
    terminal::{Output, print},
    verdict::Question,
};
use app::console::ConsoleError;
use time::OffsetDateTime;

pub(super) async fn buckets(desk: &mut Desk<'_>) -> Result<Output, ConsoleError> {
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
        Err(answer) => failed(&answer, "ListBuckets"),
    })
}

pub(super) async fn objects(
    desk: &mut Desk<'_>,
    bucket: &str,
    prefix: &str,
    recursive: bool,
) -> Result<Output, ConsoleError> {
    let subject = if prefix.is_empty() { bucket.to_owned() } else { format!("{bucket}/{prefix}") };
    let mut text = String::new();
    let mut token = None;
    loop {
        let delimiter = (!recursive).then(|| "/".to_owned());
        let mut question = Question::new("s3", "ListObjectsV2").bucket(bucket);
        question = question.carrying("s3:prefix", [prefix.to_owned()]);
        if let Some(delimiter) = &delimiter {
            question = question.carrying("s3:delimiter", [delimiter.clone()]);
        }
        let request = desk
            .clients
            .s3
            .list_objects_v2()
            .bucket(bucket)
            .prefix(prefix)
            .set_delimiter(delimiter)
            .set_continuation_token(token.take())
            .send()
            .asked();
        let page = match desk.call(question, subject.as_str(), request, |_, _| {}).await? {
            Ok(page) => page,
            Err(answer) => {
                let failed = print::command_failed(&error_text(&answer, "ListObjectsV2"), answer.status != 0);
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

fn at(time: Option<&aws_smithy_types::DateTime>) -> OffsetDateTime {
    time.and_then(|time| OffsetDateTime::from_unix_timestamp(time.secs()).ok())
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
