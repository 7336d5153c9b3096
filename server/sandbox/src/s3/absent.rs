//! Operations that S3 has and that are not here. Each is known by a parameter of its query, which `s3s` passes over where it does
//! not know it: `PUT /bucket/key?renameObject` would be an upload.

use http::Method;
use http::request::Parts;
use s3s::S3Result;

use super::failure::not_implemented;

/// By parameter, method, and whether it is of an object (S3 API Reference).
const ABSENT: &[(&str, Method, bool, &str)] = &[
    ("abac", Method::GET, false, "GetBucketAbac"),
    ("abac", Method::PUT, false, "PutBucketAbac"),
    ("accelerate", Method::PUT, false, "PutBucketAccelerateConfiguration"),
    ("analytics", Method::DELETE, false, "DeleteBucketAnalyticsConfiguration"),
    ("analytics", Method::GET, false, "GetBucketAnalyticsConfiguration"),
    ("analytics", Method::PUT, false, "PutBucketAnalyticsConfiguration"),
    ("cors", Method::DELETE, false, "DeleteBucketCors"),
    ("cors", Method::PUT, false, "PutBucketCors"),
    ("encryption", Method::PUT, true, "UpdateObjectEncryption"),
    ("intelligent-tiering", Method::DELETE, false, "DeleteBucketIntelligentTieringConfiguration"),
    ("intelligent-tiering", Method::GET, false, "GetBucketIntelligentTieringConfiguration"),
    ("intelligent-tiering", Method::PUT, false, "PutBucketIntelligentTieringConfiguration"),
    ("inventory", Method::DELETE, false, "DeleteBucketInventoryConfiguration"),
    ("inventory", Method::GET, false, "GetBucketInventoryConfiguration"),
    ("inventory", Method::PUT, false, "PutBucketInventoryConfiguration"),
    ("legal-hold", Method::GET, true, "GetObjectLegalHold"),
    ("legal-hold", Method::PUT, true, "PutObjectLegalHold"),
    ("lifecycle", Method::DELETE, false, "DeleteBucketLifecycle"),
    ("lifecycle", Method::PUT, false, "PutBucketLifecycleConfiguration"),
    ("logging", Method::PUT, false, "PutBucketLogging"),
    ("metadataConfiguration", Method::DELETE, false, "DeleteBucketMetadataConfiguration"),
    ("metadataConfiguration", Method::GET, false, "GetBucketMetadataConfiguration"),
    ("metadataConfiguration", Method::POST, false, "CreateBucketMetadataConfiguration"),
    ("metadataInventoryTable", Method::PUT, false, "UpdateBucketMetadataInventoryTableConfiguration"),
    ("metadataJournalTable", Method::PUT, false, "UpdateBucketMetadataJournalTableConfiguration"),
    ("metadataTable", Method::DELETE, false, "DeleteBucketMetadataTableConfiguration"),
    ("metadataTable", Method::GET, false, "GetBucketMetadataTableConfiguration"),
    ("metadataTable", Method::POST, false, "CreateBucketMetadataTableConfiguration"),
    ("metrics", Method::DELETE, false, "DeleteBucketMetricsConfiguration"),
    ("metrics", Method::GET, false, "GetBucketMetricsConfiguration"),
    ("metrics", Method::PUT, false, "PutBucketMetricsConfiguration"),
    ("notification", Method::PUT, false, "PutBucketNotificationConfiguration"),
    ("object-lock", Method::PUT, false, "PutObjectLockConfiguration"),
    ("renameObject", Method::PUT, true, "RenameObject"),
    ("replication", Method::DELETE, false, "DeleteBucketReplication"),
    ("replication", Method::PUT, false, "PutBucketReplication"),
    ("requestPayment", Method::PUT, false, "PutBucketRequestPayment"),
    ("restore", Method::POST, true, "RestoreObject"),
    ("retention", Method::GET, true, "GetObjectRetention"),
    ("retention", Method::PUT, true, "PutObjectRetention"),
    ("select", Method::POST, true, "SelectObjectContent"),
    ("session", Method::GET, false, "CreateSession"),
    ("torrent", Method::GET, true, "GetObjectTorrent"),
    ("website", Method::DELETE, false, "DeleteBucketWebsite"),
    ("website", Method::PUT, false, "PutBucketWebsite"),
];

/// Parameters without a value of the operations that are here.
const PRESENT: &[&str] = &[
    "accelerate",
    "acl",
    "attributes",
    "cors",
    "delete",
    "encryption",
    "lifecycle",
    "location",
    "logging",
    "notification",
    "object-lock",
    "ownershipControls",
    "policy",
    "policyStatus",
    "publicAccessBlock",
    "replication",
    "requestPayment",
    "tagging",
    "uploads",
    "versioning",
    "versions",
    "website",
];

/// Refuses an operation that is not here by its name; and what would change something under a parameter that nothing here knows,
/// for that may be the name of an operation to come.
///
/// # Errors
/// `NotImplemented`.
pub(super) fn must_be_here(parts: &Parts) -> S3Result<()> {
    let of_object =
        parts.uri.path().trim_start_matches('/').split_once('/').is_some_and(|(_, key)| !key.is_empty());
    let pairs: Vec<(String, String)> =
        serde_urlencoded::from_str(parts.uri.query().unwrap_or_default()).unwrap_or_default();
    let has = |name: &str| pairs.iter().any(|(given, _)| given == name);
    let absent = ABSENT.iter().find(|(parameter, method, object, _)| {
        *method == parts.method && *object == of_object && has(parameter)
    });
    if let Some((.., name)) = absent {
        // One parameter stands for two operations, of which one names what it asks for.
        let lists = name.ends_with("Configuration") && parts.method == Method::GET && !has("id");
        let several = ["analytics", "intelligent-tiering", "inventory", "metrics"].into_iter().any(has);
        return Err(not_implemented(&match lists && several {
            true => format!("{}s", name.replacen("Get", "List", 1)),
            false => (*name).to_owned(),
        }));
    }
    let changes = [Method::PUT, Method::POST, Method::DELETE].contains(&parts.method);
    let unknown = pairs.iter().find(|(name, value)| {
        value.is_empty()
            && !PRESENT.contains(&name.as_str())
            && !name.starts_with("x-")
            && !HAVE_VALUES.contains(&name.as_str())
    });
    match unknown.filter(|_| changes) {
        Some((name, _)) => Err(not_implemented(&format!("The parameter {name}"))),
        None => Ok(()),
    }
}

/// Parameters that have a value, which clients leave empty at times.
const HAVE_VALUES: &[&str] = &["partNumber", "uploadId", "versionId"];
