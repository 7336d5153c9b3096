//! The rows: each part of the tutorial in our words, with the number it has there or its place in the order.

use super::super::step::defects::DEFECTS_PAGE;

/// One line, command, listing or claim.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// Its number.
    pub(super) number: &'static str,
    /// What it says or has one do.
    pub(super) says: &'static str,
    /// The page that does it; `None` where there is nothing to do.
    pub(super) at: Option<&'static str>,
    /// What that place is called.
    pub(super) place: &'static str,
    /// What is true instead, where it is wrong or has changed.
    pub(super) truth: Option<&'static str>,
}

const fn row(number: &'static str, says: &'static str, at: &'static str, place: &'static str) -> Row {
    Row { number, says, at: Some(at), place, truth: None }
}

impl Row {
    const fn but(self, truth: &'static str) -> Self {
        Self { truth: Some(truth), ..self }
    }
}

/// A page beside the walk. They are named here alone.
const ANOTHER_ACCOUNT: &str = "/more/key-of-another-account";
const ANOTHER_SERVICE: &str = "/more/another-service";
const ENCRYPT_DECRYPT: &str = "/more/encrypt-only-decrypt-only";
const DEFAULT_ENCRYPTION: &str = "/more/default-encryption";
const NOT_RETROACTIVE: &str = "/more/not-retroactive";
const ADMIN_READS: &str = "/more/admin-still-reads";
const DRILLS: &str = "/drills";
const COST: &str = "/more/cost";

const LOCKS: &str = "/locks";
const POLICIES: &str = "/steps/policies";
const ROLES: &str = "/steps/roles";
const BUCKET: &str = "/steps/bucket";
const KEY: &str = "/steps/key";
const BUCKET_POLICY: &str = "/steps/bucket-policy";
const INSTANCE: &str = "/steps/instance";
const TEST_1: &str = "/steps/test-1";
const TEST_2: &str = "/steps/test-2";
const TEST_3: &str = "/steps/test-3";
const TEST_4: &str = "/steps/test-4";
const RESTORE: &str = "/steps/restore";

/// The parts of the tutorial with their rows, in its order.
pub(super) const PARTS: &[(&str, &[Row])] = &[
    ("Introduction", INTRODUCTION),
    ("Set things up", SET_UP),
    ("Step 1: IAM policies", STEP_1),
    ("Step 2: IAM roles", STEP_2),
    ("Step 3: the bucket", STEP_3),
    ("Step 4: the key", STEP_4),
    ("Step 5: the bucket policy", STEP_5),
    ("Step 7: the instance", STEP_7),
    ("Tests", TESTS),
    ("Restoring access", RESTORING),
    ("Variations", VARIATIONS),
    ("Cost and summary", COST_AND_SUMMARY),
];

const INTRODUCTION: &[Row] = &[
    row("0.1", "One team has the storage, another the keys; a mistake of one of them gives nobody the plaintext.", DRILLS, "Drills, each a mistake of one team"),
    row("0.2", "The key’s policy is a control of its own beside IAM and the bucket policy.", TEST_4, "Test 4"),
    row("Fig. 1", "Who is allowed by all three policies at once has access.", LOCKS, "The locks: who gets through, as things are").but(
        "Not all three have to say yes: the bucket policy only has not to say no, and for the key one Allow is enough, in the key \
         policy or through its delegation to IAM.",
    ),
    row("Fig. 2", "Three roles, a bucket with its policy, a key with its policy.", LOCKS, "The locks: what is built so far"),
    row("0.3", "Only `authorized-users` can use the key, and only `secure-key-admin`, called a user here, can manage it.", KEY, "Step 4").but(
        "`secure-key-admin` is a role. The first statement of the key policy lets IAM decide too, so Admin can do both.",
    ),
    row("0.4", "What there will be at the end: a bucket that insists on encryption, an instance with the role, data moved both ways, access taken by the key policy alone.", "/activity", "Activity, once the walk is done"),
];

const SET_UP: &[Row] = &[
    row("S.1", "Everything in one region and one account.", "/lab", "Your lab: account and region"),
    row(
        "S.2",
        "An administrator who may do everything is there already.",
        "/lab",
        "Admin, made with the account",
    ),
    row(
        "S.3",
        "Privileges are taken on and given back by switching roles.",
        ROLES,
        "The bar at the top of every page, from step 2 on",
    ),
];

const STEP_1: &[Row] = &[
    row("1", "Choose the bucket’s name now, since two of the policies say it.", "/", "The form that starts a lab"),
    row("1a", "As Admin, make the policy `secure-bucket-admin` from Listing 1 and note its ARN.", POLICIES, "Step 1, first form"),
    row("Listing 1", "Everything in S3, and a Deny that keeps the role from the contents of the bucket.", POLICIES, "Step 1: Listing 1, as printed and corrected").but(
        "The Deny names the bucket where objects are meant and never applies (1a), and leaves actions out (1b).",
    ),
    row("1a, why", "An explicit deny cannot be overridden by any allow.", DEFECTS_PAGE, "Try what the defects open").but(
        "True, for a Deny that applies. This one does not, as printed.",
    ),
    row("1a, later", "New S3 features come under the policy by themselves, unless one lists the features one by one.", POLICIES, "Step 1").but(
        "New ways to reach objects come under the Allow too; the Deny lists what it knows.",
    ),
    row("1b", "As Admin, make the policy `secure-key-admin` from Listing 2, with the account’s number.", POLICIES, "Step 1, second form"),
    row("Listing 2", "Everything in KMS, and a Deny that keeps the role from using keys.", POLICIES, "Step 1: Listing 2, as printed and corrected").but(
        "Both resources begin with a space (2a), no key is no resource for CreateKey (2b), variants of GenerateDataKey are left \
         out (2c).",
    ),
    row("1c", "As Admin, make the policy `secure-bucket-access` from Listing 3, with the bucket’s name in two places.", POLICIES, "Step 1, third form"),
    row("Listing 3", "List, read, write and delete in one bucket.", POLICIES, "Step 1: Listing 3, as printed and corrected").but(
        "`s3:HeadBucket` is no action (3a), and `s3:ListBucket` is missing (3b).",
    ),
    row("1c, note", "More features, such as tags, take more actions in the policy.", POLICIES, "Step 1: edit the document before sending it"),
    row("1c, why", "The policy says nothing of KMS: the key’s own policy will name the role, so that who edits IAM does not give away the key.", TEST_1, "Test 1: the key policy allows").but(
        "Who edits IAM still can: the key policy’s statement for the account makes an Allow in IAM count.",
    ),
];

const STEP_2: &[Row] = &[
    row("2", "What a role is, and that a policy gives nothing until it is attached.", ROLES, "Step 2"),
    row("2a.1–3", "A role trusted by “another AWS account”, with the number of this one.", ROLES, "Step 2: role secure-bucket-admin").but(
        "The AWS console calls it “AWS account” now, with “This account” to choose. What it writes is the same.",
    ),
    row("2a.4", "Name it `secure-bucket-admin` and attach the policy of that name; note the ARN.", ROLES, "Step 2: policy on secure-bucket-admin"),
    row("2b.1–4", "The same for `secure-key-admin`.", ROLES, "Step 2: secure-key-admin"),
    row("2b, why", "This role can neither change the bucket nor see its data.", KEY, "Try the bucket as secure-key-admin").but(
        "By its own policy. Whoever manages the key can still let others use it: that power is the point of the role.",
    ),
    row("2c.1–3", "A role that EC2 may take on.", ROLES, "Step 2: role authorized-users"),
    row("2c.4", "Name it `authorized-users` and attach `secure-bucket-access`.", ROLES, "Step 2: policy on authorized-users").but(
        "The AWS console also makes an instance profile, unseen. Through the API it is two calls more: they stand here.",
    ),
    row("2c, why", "Only programs on instances have the role.", ROLES, "“Try authorized-users” in the bar: the trust policy refuses"),
];

const STEP_3: &[Row] =
    &[row("3", "Log in with `secure-bucket-admin` and make the bucket.", BUCKET, "Step 3")
        .but("There is no user of “step 1d” to log in with: one switches to the role.")];

const STEP_4: &[Row] = &[
    row(
        "4",
        "Log in with `secure-key-admin`; make a key, or take one that is there and only change its policy.",
        KEY,
        "Step 4",
    )
    .but("With Listing 2 as printed, this fails at the first call."),
    row("4.1–3", "Create key; an alias and a description.", KEY, "Step 4: alias and description"),
    row("4.4", "Tags, which may be left out.", KEY, "Left out here too"),
    row(
        "4.5",
        "Key administrators: `secure-key-admin` and no other, or one role would hold two locks.",
        KEY,
        "Step 4: key administrators",
    ),
    row("4.6", "Key users: `authorized-users` and no other.", KEY, "Step 4: key users"),
    row("4.7", "Finish, and note the key’s ARN.", BUCKET_POLICY, "Filled in from here on").but(
        "The example ARN has no region and an account number of 11 digits. A real one reads \
         `arn:aws:kms:REGION:ACCOUNT:key/ID`.",
    ),
];

const STEP_5: &[Row] = &[
    row(
        "5",
        "As `secure-bucket-admin`, put Listing 4 as the whole bucket policy, with bucket and key filled in.",
        BUCKET_POLICY,
        "Step 5",
    ),
    row(
        "Listing 4",
        "Deny uploads that are not SSE-KMS, and uploads under any other key.",
        BUCKET_POLICY,
        "Step 5: Listing 4, as printed and corrected",
    )
    .but("The example key’s ARN, left in, denies every upload (4a)."),
    row(
        "5, note",
        "What was stored before stays as it is, and stays readable.",
        NOT_RETROACTIVE,
        "Not retroactive",
    ),
    row(
        "5, instead",
        "Default encryption in place of the policy protects uploads that say nothing, and lets other keys be named.",
        DEFAULT_ENCRYPTION,
        "Default encryption",
    ),
    row("5, strict", "With the policy every upload has to name the key.", TEST_2, "Test 2"),
];

const STEP_7: &[Row] = &[
    row(
        "7, claim",
        "No other identity will be able to read or write the data.",
        ADMIN_READS,
        "Admin still reads",
    )
    .but("Admin can read, through the key policy’s statement for the account, and the number 6 is skipped."),
    row("7.1–2", "As Admin, launch an instance of any type from an Amazon Linux image.", INSTANCE, "Step 7"),
    row("7.3", "Give it the role `authorized-users`.", INSTANCE, "Step 7: by its instance profile"),
    row("7.4", "A key for SSH and a way to reach it.", "/instance", "The instance’s terminal, in the page"),
];

const TESTS: &[Row] = &[
    row("T1.1", "Log in on the instance.", "/instance", "The instance’s terminal"),
    row("T1.2", "`curl -O` the white paper as a file to work with.", TEST_1, "Test 1, first line").but(
        "A file of ours of the same name stands in for it: nothing here reaches the internet.",
    ),
    row("T1.3", "`aws s3 cp` with `--sse aws:kms` and the key’s ARN: the upload is taken.", TEST_1, "Test 1, second line").but(
        "The ARN in the command is as broken as the one in Listing 4 (4b). Your key’s is filled in.",
    ),
    row("T2", "The same without options, to `test2.pdf`: refused with `Access Denied`.", TEST_2, "Test 2").but(
        "AWS says more today: that a resource-based policy denies it explicitly.",
    ),
    row("T2, else", "If it is not refused, look at step 5 again.", BUCKET_POLICY, "Step 5"),
    row("T3", "Copy the object back to `test3.pdf`: S3 decrypts it on the way.", TEST_3, "Test 3"),
    row("T4.1", "Log in as `secure-key-admin`, and open KMS.", TEST_4, "Test 4"),
    row("T4.2", "Find the key by alias or id.", TEST_4, "The lab knows it").but("The id has 36 characters, not 32."),
    row("T4.3–4", "Take `authorized-users` off the key users.", TEST_4, "Test 4: remove key user"),
    row("T4.5", "Upload to `test4.pdf`: refused.", TEST_4, "Test 4, first line").but(
        "The id in that command is malformed: the bucket policy refuses it, and the key policy is never asked (T4). The real ARN \
         is filled in.",
    ),
    row("T4.6", "Download again: refused.", TEST_4, "Test 4, second line").but(
        "HeadObject still succeeds. AWS’s text names the identity policy, though the key policy was changed.",
    ),
    row("T4.7", "One gets plaintext or an error, never ciphertext.", TEST_4, "Test 4: what to notice"),
    row("T4.8", "The IAM policy and the bucket policy still permit it; the key policy alone turned the answer.", TEST_4, "Test 4: the lanes").but(
        "Deleting asks no key and still works, and an Allow in IAM would bring the use of the key back.",
    ),
];

const RESTORING: &[Row] = &[
    row("R.1–4", "Find the key and the role.", RESTORE, "Restore"),
    row("R.5", "Add `authorized-users` as a key user.", RESTORE, "Restore: add key user"),
    row("R.6", "All works as before.", RESTORE, "Restore: both lines again"),
];

const VARIATIONS: &[Row] = &[
    row("V1", "The key in another account: not even the root of the data’s account can change its policy.", ANOTHER_ACCOUNT, "The key of another account").but(
        "Naming the role in the key policy is not enough across accounts: its IAM policy has to allow the KMS actions as well.",
    ),
    row("V1, region", "Key and bucket in one region; the instance may be elsewhere.", ANOTHER_ACCOUNT, "The key of another account"),
    row("V2", "Lambda, Athena and others work with the role in the same way.", ANOTHER_SERVICE, "Another service").but(
        "Athena calls in the name of whoever asks, and its results need `kms:GenerateDataKey` too.",
    ),
    row("V3", "Encrypt-only and decrypt-only roles.", ENCRYPT_DECRYPT, "Encrypt only, decrypt only").but(
        "S3 never uses `kms:Encrypt`; uploads take `kms:GenerateDataKey`. An upload in parts takes `kms:Decrypt` as well, so \
         write-only works for small files.",
    ),
];

const COST_AND_SUMMARY: &[Row] = &[
    row(
        "C.1",
        "Instances and storage cost what they always do; encryption adds nothing in S3.",
        COST,
        "Prices",
    ),
    row("C.2", "A key costs by the month, its use by the request, with some free.", COST, "Prices"),
    row(
        "Sum.",
        "Even with all rights in S3, one cannot read what is under a key one may not use.",
        DRILLS,
        "Drills",
    )
    .but("Reading, yes. Deleting needs no key."),
];

#[cfg(test)]
mod tests {
    use super::PARTS;
    use crate::console::StepId;

    #[test]
    fn every_step_and_listing_of_the_walk_is_in_the_table() {
        let rows: Vec<_> = PARTS.iter().flat_map(|(_, rows)| rows.iter()).collect();
        for step in StepId::ALL {
            let page = format!("/steps/{}", step.slug());
            assert!(rows.iter().any(|row| row.at == Some(page.as_str())), "{page}");
        }
        for listing in 1..=4 {
            let number = format!("Listing {listing}");
            assert!(rows.iter().any(|row| row.number == number && row.truth.is_some()), "{number}");
        }
        for row in rows {
            let text = format!("{}{}", row.says, row.truth.unwrap_or_default());
            assert_eq!(text.matches('`').count() % 2, 0, "{text}");
            assert!(row.at.is_none_or(|at| at.starts_with('/')), "{}", row.number);
        }
    }
}
