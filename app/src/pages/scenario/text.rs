//! What a scenario is about, before its moves.

use crate::console::scenario::{Group, ScenarioId};

/// Why to play it: one string a paragraph.
pub(crate) const fn why(id: ScenarioId) -> &'static [&'static str] {
    match id {
        ScenarioId::KeyOfAnotherAccount => &[
            "Within one account the key policy delegates to IAM, and whoever rules IAM rules the key. Put the key into another account and \
             its policy is out of reach: two administrators who do not share an account would have to err together.",
        ],
        ScenarioId::AnotherService => &[
            "The role need not belong to an instance. A Lambda function has an execution role and is the same kind of caller: an \
             assumed-role session. What changes is the trust policy, and who must be a key user.",
        ],
        ScenarioId::EncryptOnlyDecryptOnly => &[
            "Who writes need not read, and who reads need not write. The S3 permissions of the two roles here are the same: the key \
             policy alone tells them apart, so that one team keeps the distinction.",
        ],
        ScenarioId::DefaultEncryption => &[
            "A bucket can encrypt by itself what comes without headers. It is tempting to think that the bucket policy is then not \
             needed. Try what each of the two does, and what they do together.",
        ],
        ScenarioId::NotRetroactive => &[
            "A bucket policy is asked when a request comes in. What was stored before it was put stays as it was stored.",
        ],
        ScenarioId::BucketAdminDeletes => &[
            "Listing 1 as printed names the bucket where it needs the objects. The policy looks right, IAM accepts it, and the role that \
             should not touch the data can destroy it.",
        ],
        ScenarioId::KeyAdminMakesDataKeys => &[
            "Listing 2 as printed begins its ARNs with a space. Whoever repairs only that finds a second defect behind it: the Deny \
             names one of four operations that make data keys.",
        ],
        ScenarioId::AdminStillReads => &[
            "Test 4 shows that the instance can no longer read. It does not show that nobody can. The administrator of the account \
             was never a key user, and tries.",
        ],
        ScenarioId::IamAloneUndoes => &[
            "Separation of duties means that one team cannot undo what another did. Here the IAM team undoes test 4 without the key \
             team: the same hole as before, from the other side.",
        ],
        ScenarioId::RootStatementNarrowed => &[
            "The hole is the first statement of the key policy, which leaves all of KMS to IAM. Narrowed to management it leaves the key \
             manageable by IAM. Its use is then for those whom the key policy names, and for those to whom one of them grants it.",
        ],
        ScenarioId::BucketOpened => &[
            "The bucket team makes the worst mistake it can: everybody in the world may read and write. Which lock still holds?",
        ],
        ScenarioId::IamTooWide => &[
            "The IAM team gives a role far more than it needs, first for S3, then for KMS as well. The locks hold for the first mistake. \
             For the second, see which of them was never a lock of its own.",
        ],
        ScenarioId::KeyUserAdded => &[
            "The key team adds a role to the key users that has no business there. It now holds one of three keys to the data.",
        ],
        ScenarioId::TwoAtOnce => &[
            "One team’s mistake does not leak the data. Two teams’ mistakes may. See how many it takes, and which lock can still be shut.",
        ],
    }
}

/// What a list of scenarios of this kind is about.
pub(crate) const fn about(group: Group) -> (&'static str, &'static str) {
    match group {
        Group::Variation => (
            "Variations",
            "The same three locks with one thing done otherwise. Each is played on the lab that you built, and put back afterwards.",
        ),
        Group::Exploit => (
            "What each defect costs",
            "The tutorial’s listings as printed have defects, and one of its sentences promises more than the set-up keeps. Each is \
             exploited here for real, and then mended.",
        ),
        Group::Drill => (
            "Break it",
            "One team errs, or two. After every attempt a table says which locks still hold, told by the verdicts of real calls.",
        ),
    }
}
