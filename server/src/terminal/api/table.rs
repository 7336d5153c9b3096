//! The operations of this terminal: those of an ordinary day with a bucket and a key.

use super::{
    Kind::{self, Blob, File, Flag, Map, Number, Text},
    Operation, Opt,
};

const fn need(name: &'static str, kind: Kind) -> Opt {
    Opt { name, kind, required: true, least: 0 }
}

const fn may(name: &'static str, kind: Kind) -> Opt {
    Opt { name, kind, required: false, least: 0 }
}

impl Opt {
    const fn of_at_least(self, least: usize) -> Self {
        Self { least, ..self }
    }
}

const fn operation(
    service: &'static str,
    name: &'static str,
    api: &'static str,
    about: &'static str,
    options: &'static [Opt],
) -> Operation {
    Operation { service, name, api, options, outfile: false, about }
}

const BUCKET: &[Opt] = &[need("--bucket", Text)];
const OBJECT: &[Opt] = &[need("--bucket", Text), need("--key", Text).of_at_least(1)];

pub(super) const OPERATIONS: &[Operation] = &[
    operation(
        "s3api",
        "put-object",
        "PutObject",
        "upload one object",
        &[
            need("--bucket", Text),
            need("--key", Text).of_at_least(1),
            may("--body", File),
            may("--server-side-encryption", Text),
            may("--ssekms-key-id", Text),
            may("--bucket-key-enabled", Flag),
            may("--content-type", Text),
        ],
    ),
    Operation {
        service: "s3api",
        name: "get-object",
        api: "GetObject",
        options: OBJECT,
        outfile: true,
        about: "download one object",
    },
    operation("s3api", "head-object", "HeadObject", "an object's size, encryption and key", OBJECT),
    operation("s3api", "delete-object", "DeleteObject", "delete one object", OBJECT),
    operation(
        "s3api",
        "copy-object",
        "CopyObject",
        "copy an object inside S3",
        &[
            need("--bucket", Text),
            need("--copy-source", Text),
            need("--key", Text).of_at_least(1),
            may("--server-side-encryption", Text),
            may("--ssekms-key-id", Text),
            may("--bucket-key-enabled", Flag),
        ],
    ),
    operation(
        "s3api",
        "list-objects-v2",
        "ListObjectsV2",
        "the objects of a bucket",
        &[need("--bucket", Text), may("--prefix", Text), may("--delimiter", Text), may("--max-keys", Number)],
    ),
    operation("s3api", "list-buckets", "ListBuckets", "the account's buckets", &[]),
    operation("s3api", "head-bucket", "HeadBucket", "whether a bucket is there and may be asked", BUCKET),
    operation("s3api", "get-bucket-policy", "GetBucketPolicy", "the bucket policy", BUCKET),
    operation("s3api", "get-bucket-encryption", "GetBucketEncryption", "the default encryption", BUCKET),
    operation("s3api", "get-bucket-location", "GetBucketLocation", "the bucket's region", BUCKET),
    operation(
        "kms",
        "encrypt",
        "Encrypt",
        "encrypt up to 4 KiB under a key",
        &[
            need("--key-id", Text).of_at_least(1),
            need("--plaintext", Blob),
            may("--encryption-context", Map),
            may("--encryption-algorithm", Text),
        ],
    ),
    operation(
        "kms",
        "decrypt",
        "Decrypt",
        "decrypt what a key encrypted",
        &[
            need("--ciphertext-blob", Blob),
            may("--key-id", Text).of_at_least(1),
            may("--encryption-context", Map),
            may("--encryption-algorithm", Text),
        ],
    ),
    operation(
        "kms",
        "generate-data-key",
        "GenerateDataKey",
        "a new data key, in clear and encrypted",
        &[
            need("--key-id", Text).of_at_least(1),
            may("--key-spec", Text),
            may("--number-of-bytes", Number).of_at_least(1),
            may("--encryption-context", Map),
        ],
    ),
    operation(
        "kms",
        "generate-data-key-without-plaintext",
        "GenerateDataKeyWithoutPlaintext",
        "a new data key, encrypted only",
        &[
            need("--key-id", Text).of_at_least(1),
            may("--key-spec", Text),
            may("--number-of-bytes", Number).of_at_least(1),
            may("--encryption-context", Map),
        ],
    ),
    operation(
        "kms",
        "describe-key",
        "DescribeKey",
        "a key's ARN, state and use",
        &[need("--key-id", Text).of_at_least(1)],
    ),
    operation("kms", "list-keys", "ListKeys", "the account's keys", &[]),
    operation(
        "kms",
        "list-aliases",
        "ListAliases",
        "the names of keys",
        &[may("--key-id", Text).of_at_least(1)],
    ),
    operation(
        "kms",
        "get-key-policy",
        "GetKeyPolicy",
        "the key policy",
        &[need("--key-id", Text).of_at_least(1), may("--policy-name", Text).of_at_least(1)],
    ),
    operation(
        "kms",
        "put-key-policy",
        "PutKeyPolicy",
        "replace the key policy",
        &[
            need("--key-id", Text).of_at_least(1),
            need("--policy", Text).of_at_least(1),
            may("--policy-name", Text).of_at_least(1),
            may("--bypass-policy-lockout-safety-check", Flag),
        ],
    ),
    operation("sts", "get-caller-identity", "GetCallerIdentity", "who the instance is", &[]),
    operation(
        "sts",
        "assume-role",
        "AssumeRole",
        "credentials of another role",
        &[
            need("--role-arn", Text).of_at_least(20),
            need("--role-session-name", Text).of_at_least(2),
            may("--duration-seconds", Number).of_at_least(900),
            may("--external-id", Text).of_at_least(2),
        ],
    ),
];
