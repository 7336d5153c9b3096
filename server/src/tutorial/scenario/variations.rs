//! The set-up done another way: the tutorial's three variations, default encryption, and what came before the bucket policy.

use super::{Call, KeyOf, Move, REPORT, Sse, documents::Documents, report_is_stored};
use app::console::{Lane, ListingId, Persona, RoleName};

const OLD: &str = "reports/before-the-policy.csv";

fn get() -> Call {
    Call::GetObject(REPORT.into())
}

pub(super) fn key_of_another_account(of: &Documents<'_>) -> Vec<Move> {
    let elsewhere = of.key_elsewhere();
    let put = || Call::PutObject(REPORT.into(), Sse::Key(of.key_elsewhere()));
    vec![
        Move::new(
            Persona::KeyAccountAdmin,
            "A second account",
            "An account of its own for the key’s team, with an administrator of its own. It is opened now, and closed when you put things back.",
            "STS answers with the other account’s number.",
        )
        .works(Call::GetCallerIdentity),
        Move::new(
            Persona::KeyAccountAdmin,
            "A key in that account",
            "Its key policy lets the role `authorized-users` of your lab’s account use the key.",
            "The ARN names the other account. Nobody in your lab’s account can see this key unless its policy says so.",
        )
        .works(Call::CreateKey(of.key_policy_elsewhere())),
        Move::new(
            Persona::SecureBucketAdmin,
            "The bucket wants that key",
            "Listing 4 again, with the ARN of the other account’s key.",
            "S3 takes the ARN unseen: it does not check that there is such a key.",
        )
        .works(Call::PutBucketPolicy(of.bucket_policy_for_key_elsewhere())),
        Move::new(
            Persona::Instance,
            "Upload under that key",
            "The key policy names the role, which within one account would do.",
            "Refused. Across accounts both sides must allow, and no IAM policy of the role allows `kms:GenerateDataKey`. AWS’s text is vague \
             on purpose: it does not tell a stranger whether the key exists.",
        )
        .refused(put(), Lane::Iam),
        Move::new(
            Persona::Admin,
            "IAM allows it too",
            "The role’s own account says yes as well, for this one key by its full ARN.",
            "A key id or an alias would be looked up in the caller’s account: only the full ARN names a key of another.",
        )
        .works(Call::PutRolePolicy(
            RoleName::AuthorizedUsers.name().into(),
            "key-of-another-account".into(),
            of.identity("UseTheKey", "Allow", &["kms:GenerateDataKey", "kms:Decrypt"], &elsewhere),
        )),
        Move::new(
            Persona::Instance,
            "Upload and download",
            "Both accounts have allowed it now.",
            "It works. The requests at KMS are billed to the account that calls, the key to the one that owns it.",
        )
        .works(put())
        .works(get()),
        Move::new(
            Persona::Admin,
            "Admin reads",
            "With a key in the same account, AdministratorAccess was enough.",
            "Refused: the key’s policy delegates to its own account only. What the administrators of this account may do in IAM no longer \
             reaches the key.",
        )
        .refused(get(), Lane::Key),
        Move::new(
            Persona::Admin,
            "Admin tries to change the key policy",
            "The last way round.",
            "Refused. Nobody in this account can change that policy, however much IAM allows: the strongest of the variations.",
        )
        .refused(Call::PutKeyPolicy(KeyOf::KeyAccount, of.key_policy_elsewhere()), Lane::Key),
    ]
}

pub(super) fn another_service(of: &Documents<'_>) -> Vec<Move> {
    let function = Persona::ReportFunction.name();
    vec![
        report_is_stored(),
        Move::new(
            Persona::Admin,
            "An execution role for a function",
            "Lambda runs a function with a role that trusts `lambda.amazonaws.com`. There is no Lambda here: the trust policy names this \
             account too, so that Trilock can take the role on and play the function. In a real set-up leave the account out.",
            "As far as we know, Lambda names the session after the function: `assumed-role/report-function/report-function`.",
        )
        .works(Call::CreateRole(function.into(), of.trust_of_lambda())),
        Move::new(
            Persona::Admin,
            "The same S3 policy",
            "The policy of step 1 that `authorized-users` has, attached to the function’s role.",
            "From IAM’s side the function may now do what the instance may.",
        )
        .works(Call::AttachRolePolicy(function.into(), of.lab.policy_arn(ListingId::BucketAccess))),
        Move::new(
            Persona::ReportFunction,
            "The function reads",
            "S3 allows it. Does the key?",
            "Refused: the key policy names the instance’s role, and this is another. A new workload is let in by the key’s team, or not at all.",
        )
        .refused(get(), Lane::Key),
        Move::new(
            Persona::SecureKeyAdmin,
            "The key team adds the function",
            "Its role becomes a key user.",
            "No policy of S3 or IAM had to change.",
        )
        .works(Call::AddKeyUser(function)),
        Move::new(
            Persona::ReportFunction,
            "The function reads and writes",
            "The same calls as from the instance.",
            "Both work. Athena would differ in one thing, as far as we know: it calls S3 and KMS as whoever runs the query, so it is that person’s role that \
             must be a key user, for the bucket with the results as well.",
        )
        .allowed(get(), Lane::Key)
        .allowed(Call::PutObject(REPORT.into(), Sse::LabKey), Lane::Key),
    ]
}

pub(super) fn encrypt_only_decrypt_only(of: &Documents<'_>) -> Vec<Move> {
    let (writer, reader) = (Persona::LogWriter.name(), Persona::LogReader.name());
    let policy = of.lab.policy_arn(ListingId::BucketAccess);
    let role = |name: &str, title: &'static str, why: &'static str| {
        Move::new(
            Persona::Admin,
            title,
            why,
            "From IAM’s side the two roles are alike: both may put and get.",
        )
        .works(Call::CreateRole(name.into(), of.trust_of_account()))
        .works(Call::AttachRolePolicy(name.into(), policy.clone()))
    };
    vec![
        role(writer, "A role that writes", "It collects logs and has no business reading them back. Its S3 policy is the one of step 1."),
        role(reader, "A role that reads", "It analyses logs and must not alter any. The same S3 policy."),
        Move::new(
            Persona::SecureKeyAdmin,
            "The key tells them apart",
            "Two statements more: `kms:GenerateDataKey` for the one, `kms:Decrypt` for the other.",
            "S3 encrypts with data keys: an upload needs `kms:GenerateDataKey`, a download `kms:Decrypt`. `kms:Encrypt` is not used by it.",
        )
        .works(Call::PutKeyPolicy(KeyOf::Lab, of.key_policy_one_way(writer, reader))),
        Move::new(
            Persona::LogWriter,
            "The writer writes and reads",
            "What it may, then what it may not.",
            "The upload works, the download is refused at the key. A file above 8 MiB would fail too: the AWS CLI sends it in parts, and each \
             part needs `kms:Decrypt`.",
        )
        .allowed(Call::PutObject(REPORT.into(), Sse::LabKey), Lane::Key)
        .refused(get(), Lane::Key),
        Move::new(
            Persona::LogReader,
            "The reader reads and writes",
            "The other way round.",
            "The download works, the upload is refused at the key.",
        )
        .allowed(get(), Lane::Key)
        .refused(Call::PutObject(REPORT.into(), Sse::LabKey), Lane::Key),
    ]
}

pub(super) fn default_encryption(of: &Documents<'_>) -> Vec<Move> {
    let plain = || Call::PutObject("reports/by-default.csv".into(), Sse::None);
    vec![
        Move::new(
            Persona::SecureBucketAdmin,
            "The bucket encrypts by default",
            "S3 is told to encrypt under the lab’s key whatever comes without a header.",
            "A setting of the bucket, not a policy: it fills in what is missing, and refuses nothing.",
        )
        .works(Call::PutBucketEncryption(Some(of.key()))),
        Move::new(
            Persona::Instance,
            "Upload without a header",
            "The default would put it under the right key.",
            "Still refused: the bucket policy looks at what the request says, and the request says nothing. The two do not go together as \
             they are.",
        )
        .refused(plain(), Lane::Bucket),
        Move::new(
            Persona::SecureBucketAdmin,
            "Take the bucket policy away",
            "Default encryption in its place, not beside it.",
            "From now on only IAM and the key have a say.",
        )
        .works(Call::DeleteBucketPolicy),
        Move::new(
            Persona::Instance,
            "Upload without a header again",
            "The same call as in test 2, which was refused there.",
            "It works, and the object is stored under the lab’s key: the key policy allowed `kms:GenerateDataKey`. Clients need not know \
             about encryption at all.",
        )
        .allowed(plain(), Lane::Key)
        .works(Call::HeadObject("reports/by-default.csv".into())),
        Move::new(
            Persona::Instance,
            "Upload under another key",
            "A client may still name a key: here `aws/s3`, the one that AWS manages for the account.",
            "It works. A default is no rule: this object is outside the key team’s reach, since everybody in the account may use `aws/s3` \
             through S3. That is why the tutorial takes a bucket policy.",
        )
        .works(Call::PutObject("reports/other-key.csv".into(), Sse::Key("alias/aws/s3".into()))),
        Move::new(
            Persona::SecureBucketAdmin,
            "Put the bucket policy back",
            "Listing 4, with the default still set.",
            "With `StringNotEqualsIfExists` in place of `StringNotEquals` it would let requests without headers pass, and the default would \
             do the rest.",
        )
        .works(Call::PutBucketPolicy(of.bucket_policy())),
        Move::new(
            Persona::Instance,
            "Upload without a header, once more",
            "Both are in force.",
            "Refused again, by the bucket policy.",
        )
        .refused(plain(), Lane::Bucket),
    ]
}

pub(super) fn not_retroactive(of: &Documents<'_>) -> Vec<Move> {
    vec![
        Move::new(
            Persona::SecureBucketAdmin,
            "Before step 5",
            "The bucket policy goes, so that the bucket is as it was before step 5.",
            "Nothing asks for a key now.",
        )
        .works(Call::DeleteBucketPolicy),
        Move::new(
            Persona::Instance,
            "Store something in the old way",
            "No header for encryption: S3 uses a key of its own (SSE-S3).",
            "IAM alone decides. KMS was not asked, so no key policy guards this object.",
        )
        .allowed(Call::PutObject(OLD.into(), Sse::None), Lane::Iam),
        Move::new(
            Persona::SecureBucketAdmin,
            "Step 5 again",
            "Listing 4 is back.",
            "It has conditions for `s3:PutObject` and says nothing about what is already there.",
        )
        .works(Call::PutBucketPolicy(of.bucket_policy())),
        Move::new(
            Persona::Instance,
            "Read what was there before",
            "Is it protected now?",
            "It is read without any key: a bucket policy is not retroactive. What was stored before must be found and dealt with.",
        )
        .allowed(Call::GetObject(OLD.into()), Lane::Iam),
        Move::new(
            Persona::Instance,
            "Copy it onto itself as it is",
            "S3 can store an object anew by copying it onto itself.",
            "Refused: a copy is a new `PutObject`, and the policy holds for it.",
        )
        .refused(Call::CopyOntoItself(OLD.into(), Sse::None), Lane::Bucket),
        Move::new(
            Persona::Instance,
            "Copy it onto itself under the key",
            "The way to bring old objects under the key.",
            "It works, and from now on the key guards it as well.",
        )
        .allowed(Call::CopyOntoItself(OLD.into(), Sse::LabKey), Lane::Key)
        .allowed(Call::GetObject(OLD.into()), Lane::Key),
        Move::new(
            Persona::Instance,
            "Delete it",
            "What deleting asks for.",
            "IAM alone: neither the key nor Listing 4 has a say in it, for old objects and new ones.",
        )
        .allowed(Call::DeleteObject(OLD.into()), Lane::Iam),
    ]
}
