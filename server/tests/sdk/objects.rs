//! S3: streams both ways, parts, presigned requests, pages, and errors by their types.

use std::time::Duration;

use aws_sdk_s3::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_s3::operation::RequestId as _;
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::operation::head_object::HeadObjectError;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    ChecksumAlgorithm, ChecksumMode, CompletedMultipartUpload, CompletedPart, Delete, ObjectIdentifier,
    ServerSideEncryption,
};
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body_util::{BodyExt as _, StreamBody};

use crate::lab::{Lab, Person};
use crate::tcp::send;

const BUCKET: &str = "sdk-bucket";
const MIB: usize = 1 << 20;

/// A lab with a bucket, and its owner.
async fn with_bucket() -> (Lab, Person) {
    let lab = Lab::start();
    let root = lab.root();
    root.s3.create_bucket().bucket(BUCKET).send().await.unwrap();
    (lab, root)
}

async fn get(person: &Person, key: &str) -> Bytes {
    let object = person.s3.get_object().bucket(BUCKET).key(key).send().await.unwrap();
    object.body.collect().await.unwrap().into_bytes()
}

#[tokio::test]
async fn bytes_and_streams_go_both_ways_with_their_checksums() {
    let (_lab, root) = with_bucket().await;
    let put = root.s3.put_object().bucket(BUCKET).key("small").body(ByteStream::from_static(b"small"));
    let put = put.content_type("text/plain").metadata("colour", "red").send().await.unwrap();
    assert!(put.checksum_crc32().is_some(), "the SDK sends one by default: {put:?}");
    assert!(put.request_id().is_some());
    let head = root.s3.head_object().bucket(BUCKET).key("small").send().await.unwrap();
    assert_eq!((head.content_length(), head.content_type()), (Some(5), Some("text/plain")));
    assert_eq!(head.metadata().unwrap().get("colour").map(String::as_str), Some("red"));

    // A stream: its checksum follows it.
    let pieces: Vec<Bytes> = (0..40_u8).map(|number| Bytes::from(vec![number; 100_000])).collect();
    let whole = pieces.concat();
    let frames =
        pieces.clone().into_iter().map(|piece| Ok::<_, std::io::Error>(http_body::Frame::data(piece)));
    let body = SdkBody::from_body_1_x(StreamBody::new(futures::stream::iter(frames)));
    let put = root.s3.put_object().bucket(BUCKET).key("stream").content_length(4_000_000);
    let put =
        put.checksum_algorithm(ChecksumAlgorithm::Sha256).body(ByteStream::new(body)).send().await.unwrap();
    assert!(put.checksum_sha256().is_some(), "{put:?}");
    let got = root.s3.get_object().bucket(BUCKET).key("stream").checksum_mode(ChecksumMode::Enabled);
    let mut got = got.send().await.unwrap();
    assert_eq!(got.checksum_sha256(), put.checksum_sha256());
    let mut back = Vec::new();
    while let Some(piece) = got.body.next().await {
        // An error here would be a checksum that does not match.
        back.extend_from_slice(&piece.unwrap());
    }
    assert_eq!(back, whole);

    let range =
        root.s3.get_object().bucket(BUCKET).key("stream").range("bytes=99999-100000").send().await.unwrap();
    assert_eq!(range.content_range(), Some("bytes 99999-100000/4000000"));
    assert_eq!(range.body.collect().await.unwrap().to_vec(), [0, 1]);
}

#[tokio::test]
async fn an_upload_in_parts_becomes_one_object() {
    let (_lab, root) = with_bucket().await;
    let key_arn = root.kms.create_key().send().await.unwrap().key_metadata.unwrap().arn.unwrap();
    let begun = root.s3.create_multipart_upload().bucket(BUCKET).key("big").ssekms_key_id(&key_arn);
    let begun = begun.server_side_encryption(ServerSideEncryption::AwsKms).send().await.unwrap();
    let upload = begun.upload_id().unwrap();
    let mut parts = Vec::new();
    for number in 1..=3 {
        let bytes = vec![u8::try_from(number).unwrap(); 5 * MIB];
        let part = root.s3.upload_part().bucket(BUCKET).key("big").upload_id(upload).part_number(number);
        let part = part.body(bytes.into()).send().await.unwrap();
        let part = CompletedPart::builder()
            .part_number(number)
            .e_tag(part.e_tag().unwrap())
            .set_checksum_crc32(part.checksum_crc32().map(str::to_owned));
        parts.push(part.build());
    }
    let listed = root.s3.list_parts().bucket(BUCKET).key("big").upload_id(upload).into_paginator();
    let listed: Vec<_> = listed.page_size(2).items().send().collect::<Result<_, _>>().await.unwrap();
    assert_eq!(listed.iter().map(|part| part.part_number()).collect::<Vec<_>>(), [Some(1), Some(2), Some(3)]);
    let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
    let complete = root.s3.complete_multipart_upload().bucket(BUCKET).key("big").upload_id(upload);
    complete.multipart_upload(parts).send().await.unwrap();
    let head = root.s3.head_object().bucket(BUCKET).key("big").part_number(2).send().await.unwrap();
    assert_eq!((head.parts_count(), head.ssekms_key_id()), (Some(3), Some(key_arn.as_str())));
    let big = get(&root, "big").await;
    assert_eq!((big.len(), big.first(), big.last()), (15 * MIB, Some(&1), Some(&3)));

    let begun = root.s3.create_multipart_upload().bucket(BUCKET).key("never").send().await.unwrap();
    let upload = begun.upload_id().unwrap();
    root.s3.abort_multipart_upload().bucket(BUCKET).key("never").upload_id(upload).send().await.unwrap();
    let again = root.s3.abort_multipart_upload().bucket(BUCKET).key("never").upload_id(upload).send().await;
    let error = again.unwrap_err().into_service_error();
    assert!(error.is_no_such_upload(), "{error:?}");
}

#[tokio::test]
async fn presigned_requests_carry_who_signed_them() {
    let (_lab, root) = with_bucket().await;
    let soon = PresigningConfig::expires_in(Duration::from_secs(60)).unwrap();
    let put = root.s3.put_object().bucket(BUCKET).key("a file").presigned(soon.clone()).await.unwrap();
    let answer = send(put.make_http_1x_request(SdkBody::from("presigned"))).await.unwrap();
    assert_eq!(answer.status(), 200);
    let url = root.s3.get_object().bucket(BUCKET).key("a file").presigned(soon).await.unwrap();
    let answer = send(url.make_http_1x_request(SdkBody::empty())).await.unwrap();
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "presigned");
    let changed = http::Request::get(url.uri().replace("file", "other")).body(SdkBody::empty()).unwrap();
    assert_eq!(send(changed).await.unwrap().status(), 403);
}

#[tokio::test]
async fn listings_come_in_pages_and_deletions_in_batches() {
    let (_lab, root) = with_bucket().await;
    let keys: Vec<String> = (0..7).map(|number| format!("key {number}+ü")).collect();
    for key in &keys {
        root.s3
            .put_object()
            .bucket(BUCKET)
            .key(key)
            .body(ByteStream::from_static(b"1"))
            .send()
            .await
            .unwrap();
    }
    let mut pages = root.s3.list_objects_v2().bucket(BUCKET).into_paginator().page_size(3).send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        found.extend(page.unwrap().contents().iter().map(|object| object.key().unwrap().to_owned()));
    }
    assert_eq!(found, keys);
    let objects = keys.iter().map(|key| ObjectIdentifier::builder().key(key).build().unwrap()).collect();
    let delete = Delete::builder().set_objects(Some(objects)).build().unwrap();
    let deleted = root.s3.delete_objects().bucket(BUCKET).delete(delete).send().await.unwrap();
    assert_eq!((deleted.deleted().len(), deleted.errors().len()), (7, 0));
    root.s3.delete_bucket().bucket(BUCKET).send().await.unwrap();
    assert!(root.s3.list_buckets().send().await.unwrap().buckets().is_empty());
}

#[tokio::test]
async fn errors_have_the_types_that_the_sdk_knows_and_are_not_tried_again() {
    let (lab, root) = with_bucket().await;
    let nobody = lab.user("nobody", None).await;
    let before = root.tcp.sent();

    let missing = root.s3.get_object().bucket(BUCKET).key("missing").send().await.unwrap_err();
    assert!(matches!(missing.as_service_error(), Some(GetObjectError::NoSuchKey(_))), "{missing:?}");
    let missing = root.s3.head_object().bucket(BUCKET).key("missing").send().await.unwrap_err();
    assert!(matches!(missing.as_service_error(), Some(HeadObjectError::NotFound(_))), "{missing:?}");
    let missing = root.s3.list_objects_v2().bucket("no-such-bucket").send().await.unwrap_err();
    assert!(missing.as_service_error().unwrap().is_no_such_bucket(), "{missing:?}");
    let missing = root.s3.head_bucket().bucket("no-such-bucket").send().await.unwrap_err();
    assert!(missing.as_service_error().unwrap().is_not_found(), "{missing:?}");
    root.s3
        .put_object()
        .bucket(BUCKET)
        .key("there")
        .body(ByteStream::from_static(b"1"))
        .send()
        .await
        .unwrap();
    let again = root.s3.put_object().bucket(BUCKET).key("there").if_none_match("*").send().await.unwrap_err();
    assert_eq!(again.code(), Some("PreconditionFailed"), "{again:?}");
    assert_eq!(root.tcp.sent() - before, 6, "one request each");

    let denied = nobody.s3.get_object().bucket(BUCKET).key("there").send().await.unwrap_err();
    let said = format!(
        "User: arn:aws:iam::{}:user/nobody is not authorized to perform: s3:GetObject on resource: \
         \"arn:aws:s3:::{BUCKET}/there\" because no identity-based policy allows the s3:GetObject action",
        crate::lab::ACCOUNT
    );
    assert_eq!((denied.code(), denied.message()), (Some("AccessDenied"), Some(said.as_str())));
    assert!(matches!(&denied, SdkError::ServiceError(context) if context.raw().status().as_u16() == 403));
    // The body of a stream is not asked for when its upload is refused.
    let denied =
        nobody.s3.put_object().bucket(BUCKET).key("there").body(vec![0; 4 * MIB].into()).send().await;
    assert_eq!(denied.unwrap_err().code(), Some("AccessDenied"));
    assert_eq!(nobody.tcp.sent(), 2, "one request each");
}
