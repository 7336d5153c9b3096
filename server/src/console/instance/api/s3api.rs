//! S3's operations by their own names.

use super::{Asked, Made, Members, made};
use crate::{
    cloud::Asked as _,
    console::{
        desk::Desk,
        instance::transfer::{self, Copy, Put, without_body},
    },
    terminal::{
        Output,
        api::values::Values,
        command::OutputFormat,
        files,
        s3_path::{LocalPath, local},
        usage::GENERAL_STATUS,
    },
    verdict::Question,
};
use app::console::ConsoleError;
use serde_json::{Map, Value};

pub(super) async fn call(desk: &mut Desk<'_>, operation: &str, asked: &Asked) -> Result<Made, ConsoleError> {
    let values = &asked.values;
    match operation {
        "PutObject" => put_object(desk, values).await,
        "GetObject" => get_object(desk, values, asked.call.outfile.as_deref().unwrap_or_default()).await,
        "HeadObject" => head_object(desk, values).await,
        "DeleteObject" => delete_object(desk, values).await,
        "CopyObject" => copy_object(desk, values).await,
        "ListObjectsV2" => list_objects(desk, asked).await,
        "ListBuckets" => list_buckets(desk).await,
        "HeadBucket" => head_bucket(desk, values).await,
        "GetBucketPolicy" => get_bucket_policy(desk, values).await,
        "GetBucketEncryption" => get_bucket_encryption(desk, values).await,
        _ => get_bucket_location(desk, values).await,
    }
}

fn object(values: &Values) -> (&str, &str) {
    (values.needed("--bucket"), values.needed("--key"))
}

async fn put_object(desk: &mut Desk<'_>, values: &Values) -> Result<Made, ConsoleError> {
    let (bucket, key) = object(values);
    let body = values.bytes("--body").unwrap_or_default().to_vec();
    let content_type = values.text("--content-type").map(Into::into);
    let (sse, kms_key_id) = (values.text("--server-side-encryption"), values.text("--ssekms-key-id"));
    let bucket_key = values.flag("--bucket-key-enabled");
    let put = Put { bucket, key, body, content_type, sse, kms_key_id, bucket_key };
    let answer = transfer::put(desk, put).await?;
    Ok(made(answer, |put| {
        Members::default()
            .maybe("ETag", put.e_tag())
            .maybe("ChecksumCRC32", put.checksum_crc32())
            .maybe("ChecksumCRC64NVME", put.checksum_crc64_nvme())
            .maybe("ChecksumType", put.checksum_type().map(|kind| kind.as_str()))
            .maybe("ServerSideEncryption", put.server_side_encryption().map(|sse| sse.as_str()))
            .maybe("VersionId", put.version_id())
            .maybe("SSEKMSKeyId", put.ssekms_key_id())
            .maybe("BucketKeyEnabled", put.bucket_key_enabled())
    }))
}

async fn get_object(desk: &mut Desk<'_>, values: &Values, outfile: &str) -> Result<Made, ConsoleError> {
    let (bucket, key) = object(values);
    let LocalPath::File(name) = local(outfile) else {
        let text = format!("\n[Errno 2] No such file or directory: '{outfile}'\n");
        return Ok(Made::Said(Output::failed(GENERAL_STATUS, text)));
    };
    let no_room = |why: &str| {
        Made::Said(Output::failed(
            GENERAL_STATUS,
            format!("\n[Errno 28] No space left on device\ntrilock: {why}\n"),
        ))
    };
    if let Some(problem) = super::super::room_for(desk.site, &desk.lab, &name).await? {
        return Ok(no_room(&problem));
    }
    let fits = |size: usize| size <= files::MAX_FILE;
    let size = desk.object_size(bucket, key).await.unwrap_or_default();
    if !usize::try_from(size).is_ok_and(fits) {
        return Ok(no_room("a file on this instance has at most 8 MiB"));
    }
    let (got, bytes) = match transfer::get(desk, bucket, key).await? {
        Ok(got) => got,
        Err(answer) => return Ok(Made::Refused(answer)),
    };
    desk.site.store.put_file(&desk.lab.id, &name, &bytes, desk.site.now()).await?;
    Ok(Members::default()
        .maybe("AcceptRanges", got.accept_ranges())
        .time("LastModified", got.last_modified())
        .maybe("ContentLength", got.content_length())
        .maybe("ETag", got.e_tag())
        .maybe("ChecksumCRC32", got.checksum_crc32())
        .maybe("ChecksumCRC64NVME", got.checksum_crc64_nvme())
        .maybe("ChecksumType", got.checksum_type().map(|kind| kind.as_str()))
        .maybe("VersionId", got.version_id())
        .maybe("ContentEncoding", got.content_encoding())
        .maybe("ContentType", got.content_type())
        .maybe("ServerSideEncryption", got.server_side_encryption().map(|sse| sse.as_str()))
        .with("Metadata", metadata(got.metadata()))
        .maybe("SSEKMSKeyId", got.ssekms_key_id())
        .maybe("BucketKeyEnabled", got.bucket_key_enabled())
        .maybe("TagCount", got.tag_count())
        .answered())
}

/// The AWS CLI prints it even when there is none.
fn metadata(pairs: Option<&std::collections::HashMap<String, String>>) -> Map<String, Value> {
    let mut pairs: Vec<_> = pairs.into_iter().flatten().collect();
    pairs.sort();
    pairs.into_iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect()
}

async fn head_object(desk: &mut Desk<'_>, values: &Values) -> Result<Made, ConsoleError> {
    let (bucket, key) = object(values);
    let request = desk.clients.s3.head_object().bucket(bucket).key(key).send().asked();
    let question = Question::new("s3", "HeadObject").object(bucket, key);
    let answer = desk.call(question, format!("{bucket}/{key}"), request, |_, _| {}).await?;
    Ok(made(answer.map_err(|answer| without_body(&answer)), |head| {
        Members::default()
            .maybe("AcceptRanges", head.accept_ranges())
            .time("LastModified", head.last_modified())
            .maybe("ContentLength", head.content_length())
            .maybe("ETag", head.e_tag())
            .maybe("VersionId", head.version_id())
            .maybe("ContentEncoding", head.content_encoding())
            .maybe("ContentType", head.content_type())
            .maybe("ServerSideEncryption", head.server_side_encryption().map(|sse| sse.as_str()))
            .with("Metadata", metadata(head.metadata()))
            .maybe("SSEKMSKeyId", head.ssekms_key_id())
            .maybe("BucketKeyEnabled", head.bucket_key_enabled())
    }))
}

async fn delete_object(desk: &mut Desk<'_>, values: &Values) -> Result<Made, ConsoleError> {
    let (bucket, key) = object(values);
    let answer = transfer::delete_object(desk, bucket, key).await?;
    Ok(made(answer, |deleted| {
        Members::default()
            .maybe("DeleteMarker", deleted.delete_marker())
            .maybe("VersionId", deleted.version_id())
    }))
}

async fn copy_object(desk: &mut Desk<'_>, values: &Values) -> Result<Made, ConsoleError> {
    let source = values.needed("--copy-source").trim_start_matches('/');
    let Some(from) = source.split_once('/').filter(|(_, key)| !key.is_empty()) else {
        let text = "trilock: --copy-source is BUCKET/KEY\n";
        return Ok(Made::Said(Output::failed(crate::terminal::usage::USAGE_STATUS, text)));
    };
    let (sse, kms_key_id) = (values.text("--server-side-encryption"), values.text("--ssekms-key-id"));
    let bucket_key = values.flag("--bucket-key-enabled");
    let answer =
        transfer::copy_object(desk, Copy { from, to: object(values), sse, kms_key_id, bucket_key }).await?;
    Ok(made(answer, |copied| {
        let result = copied.copy_object_result().map(|result| {
            Members::default()
                .maybe("ETag", result.e_tag())
                .time("LastModified", result.last_modified())
                .maybe("ChecksumType", result.checksum_type().map(|kind| kind.as_str()))
                .maybe("ChecksumCRC32", result.checksum_crc32())
                .maybe("ChecksumCRC64NVME", result.checksum_crc64_nvme())
        });
        Members::default()
            .maybe("CopySourceVersionId", copied.copy_source_version_id())
            .maybe("VersionId", copied.version_id())
            .maybe("ServerSideEncryption", copied.server_side_encryption().map(|sse| sse.as_str()))
            .maybe("SSEKMSKeyId", copied.ssekms_key_id())
            .maybe("BucketKeyEnabled", copied.bucket_key_enabled())
            .maybe("CopyObjectResult", result)
    }))
}

async fn list_objects(desk: &mut Desk<'_>, asked: &Asked) -> Result<Made, ConsoleError> {
    let values = &asked.values;
    let bucket = values.needed("--bucket");
    let (prefix, delimiter) = (values.text("--prefix"), values.text("--delimiter"));
    let (mut contents, mut prefixes): (Vec<Value>, Vec<Value>) = Default::default();
    let mut token = None;
    loop {
        let request = desk
            .clients
            .s3
            .list_objects_v2()
            .bucket(bucket)
            .set_prefix(prefix.map(Into::into))
            .set_delimiter(delimiter.map(Into::into))
            .set_max_keys(values.number("--max-keys"))
            .set_continuation_token(token.take())
            .send()
            .asked();
        let mut question = Question::new("s3", "ListObjectsV2").bucket(bucket);
        for (key, value) in [("s3:prefix", prefix), ("s3:delimiter", delimiter)] {
            if let Some(value) = value {
                question = question.carrying(key, [value.to_owned()]);
            }
        }
        if let Some(most) = values.number("--max-keys") {
            question = question.carrying("s3:max-keys", [most.to_string()]);
        }
        let page = match desk.call(question, bucket, request, |_, _| {}).await? {
            Ok(page) => page,
            Err(answer) => return Ok(Made::Refused(answer)),
        };
        contents.extend(page.contents().iter().map(|object| {
            let algorithms: Vec<Value> =
                object.checksum_algorithm().iter().map(|algorithm| algorithm.as_str().into()).collect();
            Members::default()
                .maybe("Key", object.key())
                .time("LastModified", object.last_modified())
                .maybe("ETag", object.e_tag())
                .maybe("ChecksumAlgorithm", (!algorithms.is_empty()).then_some(algorithms))
                .maybe("ChecksumType", object.checksum_type().map(|kind| kind.as_str()))
                .maybe("Size", object.size())
                .maybe("StorageClass", object.storage_class().map(|class| class.as_str()))
                .into()
        }));
        prefixes.extend(
            page.common_prefixes()
                .iter()
                .map(|prefix| Value::from(Members::default().maybe("Prefix", prefix.prefix()))),
        );
        token = page.next_continuation_token().map(str::to_owned);
        if values.number("--max-keys").is_some() {
            // Who says how many gets one answer, as it is.
            let some = |items: Vec<Value>| (!items.is_empty()).then_some(items);
            return Ok(Members::default()
                .maybe("IsTruncated", page.is_truncated())
                .maybe("Contents", some(contents))
                .maybe("Name", page.name())
                .with("Prefix", page.prefix().unwrap_or_default())
                .maybe("Delimiter", page.delimiter())
                .maybe("MaxKeys", page.max_keys())
                .maybe("CommonPrefixes", some(prefixes))
                // The AWS CLI asks for it by itself, and takes it off the names again.
                .with("EncodingType", "url")
                .maybe("KeyCount", page.key_count())
                .maybe("NextContinuationToken", token)
                .answered());
        }
        if token.is_none() {
            // What the AWS CLI makes of the pages. As text it has a column for a list that is not there.
            let list = |members: Members, name: &str, items: Vec<Value>| match items.is_empty() {
                true if asked.format == OutputFormat::Text => members.with(name, Value::Null),
                true => members,
                false => members.with(name, items),
            };
            let members = list(Members::default(), "Contents", contents);
            return Ok(list(members, "CommonPrefixes", prefixes)
                .with("RequestCharged", page.request_charged().map(|charged| charged.as_str()))
                .with("Prefix", page.prefix().unwrap_or_default())
                .answered());
        }
    }
}

async fn list_buckets(desk: &mut Desk<'_>) -> Result<Made, ConsoleError> {
    let request = desk.clients.s3.list_buckets().send().asked();
    let answer = desk.call(Question::new("s3", "ListBuckets"), "all buckets", request, |_, _| {}).await?;
    Ok(made(answer, |list| {
        let buckets: Vec<Value> = list
            .buckets()
            .iter()
            .map(|bucket| {
                Members::default()
                    .maybe("Name", bucket.name())
                    .time("CreationDate", bucket.creation_date())
                    .maybe("BucketRegion", bucket.bucket_region())
                    .maybe("BucketArn", bucket.bucket_arn())
                    .into()
            })
            .collect();
        let owner = list.owner().map(|owner| {
            Members::default().maybe("DisplayName", owner.display_name()).maybe("ID", owner.id())
        });
        Members::default().with("Buckets", buckets).maybe("Owner", owner).with("Prefix", list.prefix())
    }))
}

async fn head_bucket(desk: &mut Desk<'_>, values: &Values) -> Result<Made, ConsoleError> {
    let bucket = values.needed("--bucket");
    let request = desk.clients.s3.head_bucket().bucket(bucket).send().asked();
    let question = Question::new("s3", "HeadBucket").bucket(bucket);
    let answer = desk.call(question, bucket, request, |_, _| {}).await?;
    Ok(made(answer.map_err(|answer| without_body(&answer)), |head| {
        Members::default()
            .maybe("BucketArn", head.bucket_arn())
            .maybe("BucketRegion", head.bucket_region())
            .maybe("AccessPointAlias", head.access_point_alias())
    }))
}

async fn get_bucket_policy(desk: &mut Desk<'_>, values: &Values) -> Result<Made, ConsoleError> {
    let bucket = values.needed("--bucket");
    let request = desk.clients.s3.get_bucket_policy().bucket(bucket).send().asked();
    let question = Question::new("s3", "GetBucketPolicy").bucket(bucket);
    let answer = desk.call(question, bucket, request, |_, _| {}).await?;
    Ok(made(answer, |policy| Members::default().maybe("Policy", policy.policy())))
}

async fn get_bucket_encryption(desk: &mut Desk<'_>, values: &Values) -> Result<Made, ConsoleError> {
    let bucket = values.needed("--bucket");
    let request = desk.clients.s3.get_bucket_encryption().bucket(bucket).send().asked();
    let question = Question::new("s3", "GetBucketEncryption").bucket(bucket);
    let answer = desk.call(question, bucket, request, |_, _| {}).await?;
    Ok(made(answer, |encryption| {
        let rules = encryption.server_side_encryption_configuration().map(|configuration| {
            let rules: Vec<Value> = configuration
                .rules()
                .iter()
                .map(|rule| {
                    let default = rule.apply_server_side_encryption_by_default().map(|default| {
                        Members::default()
                            .with("SSEAlgorithm", default.sse_algorithm().as_str())
                            .maybe("KMSMasterKeyID", default.kms_master_key_id())
                    });
                    let blocked = rule.blocked_encryption_types().map(|blocked| {
                        let types: Vec<Value> =
                            blocked.encryption_type().iter().map(|kind| kind.as_str().into()).collect();
                        Members::default().with("EncryptionType", types)
                    });
                    Members::default()
                        .maybe("ApplyServerSideEncryptionByDefault", default)
                        .maybe("BucketKeyEnabled", rule.bucket_key_enabled())
                        .maybe("BlockedEncryptionTypes", blocked)
                        .into()
                })
                .collect();
            Members::default().with("Rules", rules)
        });
        Members::default().maybe("ServerSideEncryptionConfiguration", rules)
    }))
}

async fn get_bucket_location(desk: &mut Desk<'_>, values: &Values) -> Result<Made, ConsoleError> {
    let bucket = values.needed("--bucket");
    let request = desk.clients.s3.get_bucket_location().bucket(bucket).send().asked();
    let question = Question::new("s3", "GetBucketLocation").bucket(bucket);
    let answer = desk.call(question, bucket, request, |_, _| {}).await?;
    Ok(made(answer, |location| {
        let region = location.location_constraint().map(|region| region.as_str());
        // us-east-1 is the one that has no name here.
        Members::default().with("LocationConstraint", region.filter(|region| !region.is_empty()))
    }))
}
