//! Break it: one team errs, or two, and the locks show what they are worth.

use super::{Call, Move, REPORT, Sse, documents::Documents, other_team_exists, report_is_stored};
use app::console::{Lane, Persona};
use serde_json::json;

const OTHER: &str = "other-team";
const OLD: &str = "reports/last-year.csv";

/// The other team tries before anything went wrong.
fn nothing_yet() -> Move {
    Move::new(
        Persona::OtherTeam,
        "The other team tries",
        "Before anybody errs: can the role read the report, or overwrite it?",
        "Refused at the first check: no IAM policy of the role allows the S3 action. The key would have refused as well.",
    )
    .both_refused(Lane::Iam)
}

pub(super) fn bucket_opened(of: &Documents<'_>) -> Vec<Move> {
    let open = of.bucket_policy_with("OpenToAll", json!("*"));
    vec![
        report_is_stored(),
        other_team_exists(of),
        nothing_yet(),
        Move::new(
            Persona::SecureBucketAdmin,
            "The bucket team opens the bucket to all",
            "Somebody adds a statement that lets everybody in the world read and write the objects. Edit it if you like.",
            "S3 refuses, and no policy did it: Block Public Access, on for every new bucket, rejects a policy that is public.",
        )
        .fails(Call::PutBucketPolicy(open.clone()), "AccessDenied"),
        Move::new(
            Persona::SecureBucketAdmin,
            "They switch Block Public Access off",
            "A safety net that the same team can take away is no second lock: `s3:*` covers it.",
            "One call. Whoever may manage the bucket may also remove its net.",
        )
        .works(Call::PutPublicAccessBlock(false)),
        Move::new(
            Persona::SecureBucketAdmin,
            "And open the bucket again",
            "The same policy once more.",
            "Now S3 takes it. The bucket policy allows `s3:GetObject` and `s3:PutObject` to everyone, signed in or not.",
        )
        .works(Call::PutBucketPolicy(open)),
        Move::new(
            Persona::Anonymous,
            "Somebody without an account reads",
            "A plain request without a signature, as a browser would make it.",
            "KMS knows no anonymous callers: for an object under a KMS key S3 wants a signed request, public bucket or not.",
        )
        .fails(Call::GetObject(REPORT.into()), "InvalidArgument"),
        Move::new(
            Persona::OtherTeam,
            "The other team tries again",
            "Signed this time, by a role that IAM gives nothing.",
            "The bucket policy’s Allow is enough for S3, so IAM is passed over: in one account either of the two suffices. The key \
             policy is the lock that holds.",
        )
        .both_refused(Lane::Key),
    ]
}

pub(super) fn iam_too_wide(of: &Documents<'_>) -> Vec<Move> {
    vec![
        report_is_stored(),
        Move::new(
            Persona::Instance,
            "Store a second file",
            "One that can be lost: it shows at the end what the key does not protect from.",
            "The same three locks as for the first.",
        )
        .allowed(Call::PutObject(OLD.into(), Sse::LabKey), Lane::Key),
        other_team_exists(of),
        nothing_yet(),
        Move::new(
            Persona::Admin,
            "IAM gives far too much S3",
            "Somebody in a hurry gives the role `s3:*` on everything.",
            "One inline policy, and the first lock is open for this role.",
        )
        .works(Call::PutRolePolicy(
            OTHER.into(),
            "too-wide".into(),
            of.identity("AllOfS3", "Allow", &["s3:*"], "*"),
        )),
        Move::new(
            Persona::OtherTeam,
            "The other team tries again",
            "S3 no longer objects to reading or writing.",
            "The calls get as far as KMS and end there. AWS’s text names the identity policy, since the key policy leaves the account \
             to IAM; but it is the key policy that does not name the role.",
        )
        .both_refused(Lane::Key),
        Move::new(
            Persona::OtherTeam,
            "And deletes",
            "Deleting needs no key.",
            "It works: the key keeps secrets, it does not keep data from being destroyed. That takes IAM, the bucket policy, versions \
             or a backup.",
        )
        .allowed(Call::DeleteObject(OLD.into()), Lane::Iam),
        Move::new(
            Persona::Admin,
            "IAM gives all of KMS too",
            "The same hurry, the other service. AdministratorAccess would do the same.",
            "The key’s team was not asked: this is an IAM policy.",
        )
        .works(Call::PutRolePolicy(
            OTHER.into(),
            "too-wide-keys".into(),
            of.identity("AllOfKMS", "Allow", &["kms:*"], "*"),
        )),
        Move::new(
            Persona::OtherTeam,
            "The other team reads",
            "Both services allow it now in IAM alone.",
            "It works. The key policy’s first statement names the account and so leaves every KMS action to IAM: that is the hole, and \
             “The root statement narrowed” shows how to shut it, and who may open it again.",
        )
        .works(Call::GetObject(REPORT.into()))
        .works(Call::PutObject(REPORT.into(), Sse::LabKey)),
    ]
}

pub(super) fn key_user_added(of: &Documents<'_>) -> Vec<Move> {
    vec![
        report_is_stored(),
        other_team_exists(of),
        nothing_yet(),
        Move::new(
            Persona::SecureKeyAdmin,
            "The key team adds the wrong user",
            "One wrong tick in the list of key users: `other-team` instead of a role of their own.",
            "The role’s ARN now stands in both statements for key users.",
        )
        .works(Call::AddKeyUser(OTHER)),
        Move::new(
            Persona::OtherTeam,
            "The other team tries again",
            "The key would decrypt for it. Does it get that far?",
            "It does not: no IAM policy and no statement of the bucket policy allows the S3 action, and S3 asks for its own first.",
        )
        .both_refused(Lane::Iam),
        Move::new(
            Persona::OtherTeam,
            "It uses the key directly",
            "The key policy says nothing of S3: a key user may call KMS as well.",
            "It works, and it is of no use for the report: KMS decrypts what it is handed, and the role cannot fetch it from S3.",
        )
        .allowed(Call::GenerateDataKey, Lane::Key),
    ]
}

pub(super) fn two_at_once(of: &Documents<'_>) -> Vec<Move> {
    let open = of.bucket_policy_with("OpenToOtherTeam", json!({ "AWS": of.lab.role_arn(OTHER) }));
    vec![
        report_is_stored(),
        other_team_exists(of),
        nothing_yet(),
        Move::new(
            Persona::SecureBucketAdmin,
            "The bucket team names the other team",
            "A statement for one role is not public, so Block Public Access has nothing to say.",
            "The bucket policy alone now allows the S3 actions to the role: within an account IAM need not allow them as well.",
        )
        .works(Call::PutBucketPolicy(open)),
        Move::new(
            Persona::OtherTeam,
            "One team has erred",
            "Read and write, once more.",
            "IAM is passed over, the bucket policy is open, the key policy holds.",
        )
        .both_refused(Lane::Key),
        Move::new(
            Persona::SecureKeyAdmin,
            "The key team errs too",
            "The same role becomes a key user.",
            "Now two of three teams have let the role in.",
        )
        .works(Call::AddKeyUser(OTHER)),
        Move::new(
            Persona::OtherTeam,
            "Two teams have erred",
            "Read and write, once more.",
            "The data leaks. Two mistakes were enough, because the bucket policy’s Allow does IAM’s part as well: between the two there \
             is only one lock for whoever writes both kinds of Allow.",
        )
        .allowed(Call::GetObject(REPORT.into()), Lane::Key)
        .allowed(Call::PutObject(REPORT.into(), Sse::LabKey), Lane::Key),
        Move::new(
            Persona::Admin,
            "IAM can still stop it",
            "An explicit Deny in the role’s IAM policies. It overrides every Allow, wherever that stands.",
            "The third team can shut its own lock without the other two.",
        )
        .works(Call::PutRolePolicy(
            OTHER.into(),
            "stay-out".into(),
            of.identity("StayOut", "Deny", &["s3:*"], &format!("arn:aws:s3:::{}/*", of.lab.bucket)),
        )),
        Move::new(
            Persona::OtherTeam,
            "After the Deny",
            "The same two calls.",
            "IAM holds again, by an explicit Deny. The other two mistakes are still there and no longer matter for this role.",
        )
        .both_refused(Lane::Iam),
    ]
}
