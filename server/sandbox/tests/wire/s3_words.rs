//! What S3 answers where nearly the same would do: operations that are not here, conditions, customers' keys and checksums in
//! uploads, and who signed what.

use crate::support::calls::Plain;
use crate::support::signer::{Raw, Scope};
use crate::support::steps::{assert_refused, lab_with_bucket, s3};
use crate::support::{Lab, send};

/// A parameter that `s3s` does not know must not turn the operation it names into another.
#[tokio::test]
async fn operations_that_are_not_here_change_nothing() {
    let lab = lab_with_bucket().await;
    s3(&lab, "PUT", "/bucket-1/key", &[], b"text").await;
    for (method, path, name) in [
        ("PUT", "/bucket-1/key?encryption", "UpdateObjectEncryption"),
        ("PUT", "/bucket-1/key?renameObject", "RenameObject"),
        ("PUT", "/bucket-1?abac", "PutBucketAbac"),
        ("GET", "/bucket-1?abac", "GetBucketAbac"),
        ("DELETE", "/bucket-1?metadataConfiguration", "DeleteBucketMetadataConfiguration"),
        ("GET", "/bucket-1?metrics", "ListBucketMetricsConfigurations"),
        ("GET", "/bucket-1?metrics&id=a", "GetBucketMetricsConfiguration"),
        ("PUT", "/bucket-1?cors", "PutBucketCors"),
        ("POST", "/bucket-1/key?select&select-type=2", "SelectObjectContent"),
        ("PUT", "/bucket-1/key?yetToCome", "The parameter yetToCome"),
        ("DELETE", "/bucket-1?yetToCome", "The parameter yetToCome"),
    ] {
        let answer = lab.s3(&lab.admin, method, path, &[], b"").await;
        let message = format!("{name} is not implemented by the embedded AWS.");
        assert_refused(&answer, 501, "NotImplemented", &message);
    }
    assert_eq!(s3(&lab, "GET", "/bucket-1/key?yetToCome", &[], b"").await.text(), "text");
}

#[tokio::test]
async fn conditions_that_are_not_taken_are_named() {
    let lab = lab_with_bucket().await;
    let both = "Multiple conditional request headers present in the request";
    let value = |header: &str| format!("We don't accept the provided value of {header} header for this API");
    for (headers, header, additional) in [
        (&[("if-none-match", "\"etag\"")][..], "If-None-Match", value("If-None-Match")),
        (&[("if-match", "*")][..], "If-Match", value("If-Match")),
        (&[("if-match", "\"a\""), ("if-none-match", "*")][..], "If-Match,If-None-Match", both.to_owned()),
    ] {
        let answer = lab.s3(&lab.admin, "PUT", "/bucket-1/key", headers, b"").await;
        assert_eq!((answer.status, answer.error().0.as_str()), (501, "NotImplemented"));
        assert_eq!(answer.xml("Header").as_deref(), Some(header));
        assert_eq!(answer.xml("additionalMessage"), Some(additional));
    }
}

#[tokio::test]
async fn an_upload_conflicts_with_what_happened_to_its_key_meanwhile() {
    let lab = lab_with_bucket().await;
    let begin = async || s3(&lab, "POST", "/bucket-1/key?uploads", &[], b"").await.xml("UploadId").unwrap();
    let complete = async |upload: &str, headers: &[(&str, &str)]| {
        let path = format!("/bucket-1/key?partNumber=1&uploadId={upload}");
        let part = s3(&lab, "PUT", &path, &[], b"part").await;
        let parts = format!(
            "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{}</ETag></Part></CompleteMultipartUpload>",
            part.header("etag").unwrap()
        );
        lab.s3(&lab.admin, "POST", &format!("/bucket-1/key?uploadId={upload}"), headers, parts.as_bytes())
            .await
    };
    let conflict =
        "The conditional request cannot succeed due to a conflicting operation against this resource.";
    let upload = begin().await;
    let etag = s3(&lab, "PUT", "/bucket-1/key", &[], b"meanwhile").await.header("etag").unwrap().to_owned();
    let refused = complete(&upload, &[("if-match", &etag)]).await;
    assert_refused(&refused, 409, "ConditionalRequestConflict", conflict);
    assert_eq!(
        (refused.xml("Condition").as_deref(), refused.xml("Key").as_deref()),
        (Some("If-Match"), Some("key"))
    );
    assert_eq!(complete(&upload, &[("if-match", "\"another\"")]).await.status, 412);
    let upload = begin().await;
    lab.s3(&lab.admin, "DELETE", "/bucket-1/key", &[], b"").await;
    let refused = complete(&upload, &[("if-none-match", "*")]).await;
    assert_refused(&refused, 409, "ConditionalRequestConflict", conflict);
    assert_eq!(complete(&begin().await, &[("if-none-match", "*")]).await.status, 200);
}

#[tokio::test]
async fn a_checksum_of_checksums_needs_those_of_the_parts() {
    let lab = lab_with_bucket().await;
    let headers = [("x-amz-checksum-algorithm", "SHA256")];
    let upload = s3(&lab, "POST", "/bucket-1/key?uploads", &headers, b"").await.xml("UploadId").unwrap();
    let path = format!("/bucket-1/key?partNumber=1&uploadId={upload}");
    let mismatch =
        "Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: null";
    assert_refused(&lab.s3(&lab.admin, "PUT", &path, &[], b"part").await, 400, "InvalidRequest", mismatch);
    let sums = base64_of_sha256(b"part");
    let part = s3(&lab, "PUT", &path, &[("x-amz-checksum-sha256", &sums)], b"part").await;
    let complete = async |sum: &str| {
        let parts = format!(
            "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{}</ETag>{sum}</Part></CompleteMultipartUpload>",
            part.header("etag").unwrap()
        );
        lab.s3(&lab.admin, "POST", &format!("/bucket-1/key?uploadId={upload}"), &[], parts.as_bytes()).await
    };
    let missing = "The upload was created using a sha256 checksum. The complete request must include the checksum for each \
                   part. It was missing for part 1 in the request.";
    assert_refused(&complete("").await, 400, "InvalidRequest", missing);
    assert_eq!(complete(&format!("<ChecksumSHA256>{sums}</ChecksumSHA256>")).await.status, 200);
}

fn base64_of_sha256(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::prelude::BASE64_STANDARD.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes))
}

#[tokio::test]
async fn what_is_wrong_with_a_presigned_url_is_told_as_of_its_query() {
    let lab = lab_with_bucket().await;
    let get = Plain::s3("GET /bucket-1/key", &Default::default(), "", &Default::default());
    let told = async |scope: Scope, presigned: bool| {
        let mut raw = Raw::of(&get);
        match presigned {
            true => raw.presign(&lab.admin, &scope, "60"),
            false => drop(raw.sign(&lab.admin, &scope)),
        }
        let (code, message) = send(&lab.sandbox, raw.request().unwrap()).await.error();
        (code, message.replace(&scope.date, "DATE").replace(&crate::support::signer::day(scope.time), "DAY"))
    };
    let elsewhere = || Scope { region: "eu-west-1".into(), ..Scope::of("s3") };
    let date = || Scope { date: "20200101".into(), ..Scope::of("s3") };
    let region = "the region 'eu-west-1' is wrong; expecting 'us-east-1'";
    let day = "Invalid credential date \"DATE\". This date is not the same as X-Amz-Date: \"DAY\".";
    let (query, header) = ("AuthorizationQueryParametersError", "AuthorizationHeaderMalformed");
    let malformed =
        |what: &str| (header.to_owned(), format!("The authorization header is malformed; {what}"));
    let parsing = format!("Error parsing the X-Amz-Credential parameter; {region}");
    assert_eq!(told(elsewhere(), true).await, (query.to_owned(), parsing));
    assert_eq!(told(date(), true).await, (query.to_owned(), day.to_owned()));
    assert_eq!(told(elsewhere(), false).await, malformed(region));
    assert_eq!(told(date(), false).await, malformed(day));
}

#[tokio::test]
async fn small_things_are_as_s3_has_them() {
    let lab = lab_with_bucket().await;
    s3(&lab, "PUT", "/bucket-1/key", &[], b"text").await;
    let attributes =
        s3(&lab, "GET", "/bucket-1/key?attributes", &[("x-amz-object-attributes", "ETag")], b"").await;
    assert_eq!(attributes.xml("ETag").as_deref(), Some("1cb251ec0d568de6a929b520c4aed8d1"), "without quotes");
    let refused = async |lab: &Lab, method: &str, headers: &[(&str, &str)]| {
        let answer = lab.s3(&lab.admin, method, "/bucket-1/key", headers, b"").await;
        (answer.status, answer.error().0, answer.error().1)
    };
    let told = |status: u16, code: &str, message: &str| (status, code.to_owned(), message.to_owned());
    assert_eq!(
        refused(&lab, "GET", &[("x-amz-expected-bucket-owner", "123")]).await,
        told(
            400,
            "InvalidBucketOwnerAWSAccountID",
            "The value of the expected bucket owner parameter must be an AWS Account ID... [123]"
        )
    );
    assert_eq!(
        refused(&lab, "PUT", &[("x-amz-server-side-encryption", "FOO")]).await,
        told(400, "InvalidArgument", "The encryption method specified is not supported")
    );
    assert_eq!(
        refused(&lab, "PUT", &[("x-amz-checksum-foo", "junk")]).await,
        told(400, "InvalidRequest", "The algorithm type you specified in x-amz-checksum- header is invalid.")
    );
    assert_eq!(
        refused(&lab, "OPTIONS", &[("origin", "https://example.com")]).await,
        told(403, "AccessForbidden", "CORSResponse: CORS is not enabled for this bucket.")
    );
    let batch = b"<Delete><Object><Key>key</Key></Object></Delete>";
    let bypass = [("x-amz-bypass-governance-retention", "true")];
    let answer = lab.s3(&lab.admin, "POST", "/bucket-1?delete", &bypass, batch).await;
    let only = "x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.";
    assert_refused(&answer, 400, "InvalidArgument", only);
    assert_eq!(s3(&lab, "GET", "/bucket-1/key", &[], b"").await.text(), "text");
}
