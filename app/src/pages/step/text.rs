//! What the pages of the walk say: why a step is there, who does it and why, what to look for afterwards.
//!
//! Facts follow `aws-semantics.md`; the section is named where one is easy to get wrong. Backticks set names as code.

use super::data::StepData;
use crate::console::{ListingId, Listings, StepId};

/// The words of one step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StepText {
    /// Its title.
    pub(crate) title: &'static str,
    /// Why it is there.
    pub(crate) why: &'static [&'static str],
    /// Who does it, and why that one.
    pub(crate) who: &'static str,
    /// What to look for in the verdicts.
    pub(crate) notice: &'static [&'static str],
}

/// The title of a step.
pub(crate) const fn title(step: StepId) -> &'static str {
    of(step).title
}

/// Why a step is there, in this lab: what a listing does depends on how it is spelled.
pub(crate) fn why(data: &StepData) -> Vec<&'static str> {
    let mut why = of(data.step).why.to_vec();
    if data.step == StepId::Policies {
        let printed = |listing| data.lab.spelling(listing) == Listings::Printed;
        why.insert(1, denies(printed(ListingId::BucketAdmin), printed(ListingId::KeyAdmin)));
    }
    why
}

/// What the Denies of Listings 1 and 2 come to, by which of the two is as printed.
const fn denies(bucket_admin: bool, key_admin: bool) -> &'static str {
    match (bucket_admin, key_admin) {
        (false, false) => {
            "The two administrators' policies allow a whole service and then take the dangerous part away with an explicit \
             Deny. A Deny that applies wins over every Allow in any policy, so the right does not come back by attaching something \
             more."
        }
        (true, true) => {
            "The two administrators' policies allow a whole service and then mean to take the dangerous part away with an explicit \
             Deny. As printed, neither Deny ever applies: that of Listing 1 names the bucket while its actions are made on objects, and \
             the resource of Listing 2 begins with a space and so is no ARN. Listing 1 leaves the role everything it seems to take \
             away; Listing 2 gives nothing on any key and denies nothing either."
        }
        (true, false) => {
            "The two administrators' policies allow a whole service and then mean to take the dangerous part away with an explicit \
             Deny, which wins over every Allow where it applies. That of Listing 1 as printed never does: it names the bucket, and \
             its actions are made on objects. So the bucket's administrator keeps what it seems to lose."
        }
        (false, true) => {
            "The two administrators' policies allow a whole service and then mean to take the dangerous part away with an explicit \
             Deny, which wins over every Allow where it applies. That of Listing 2 as printed never does: its resource begins with \
             a space and so is no ARN. Nor does its Allow, so the role can do nothing with any key through this policy."
        }
    }
}

/// The words of a step.
pub(crate) const fn of(step: StepId) -> StepText {
    match step {
        StepId::Policies => POLICIES,
        StepId::Roles => ROLES,
        StepId::Bucket => BUCKET,
        StepId::Key => KEY,
        StepId::BucketPolicy => BUCKET_POLICY,
        StepId::Instance => INSTANCE,
        StepId::Test1 => TEST_1,
        StepId::Test2 => TEST_2,
        StepId::Test3 => TEST_3,
        StepId::Test4 => TEST_4,
        StepId::Restore => RESTORE,
    }
}

const POLICIES: StepText = StepText {
    title: "Three IAM policies",
    why: &[
        "An IAM policy on its own gives nobody anything; it waits to be attached. The walk needs three: one for whoever \
         runs the bucket, one for whoever runs the key, and one for the program that uses both.",
        "The third, `secure-bucket-access`, does not mention KMS at all. The right to use the key will come from the key's \
         own policy, which somebody else keeps.",
    ],
    who: "Admin makes policies and roles. The administrators of bucket and key do not exist yet.",
    notice: &[
        "IAM alone decides all three calls: `iam:CreatePolicy` has no resource policy to ask.",
        "IAM checks a document's grammar, not its sense. It accepts actions that do not exist and resources an action can \
         never apply to; that part of a statement simply never matches.",
    ],
};

const ROLES: StepText = StepText {
    title: "Three roles",
    why: &[
        "A role has two sides. Its permission policies say what it may do; its trust policy says who may become it.",
        "The two administrators' roles trust this account. That leaves the choice to IAM: whoever has an Allow for \
         `sts:AssumeRole` may take the role on. `authorized-users` trusts only the EC2 service, so no person can \
         take it on as things stand: only who may change the trust policy, or launch an instance with the role, gets near it.",
        "EC2 hands a role to an instance through an instance profile, a holder for one role. The AWS console makes \
         it unseen; through the API it takes two more calls.",
    ],
    who: "Admin again: making roles and attaching policies to them is what Admin is for.",
    notice: &[
        "Attaching is what turns a document into a permission, and it is a right of its own: `iam:AttachRolePolicy`.",
        "With the roles made, press \u{201c}Try authorized-users\u{201d} in the bar at the top. IAM allows the call, for Admin may do everything, and it is \
         refused all the same: a fourth lane appears, the trust policy, and it is silent. AWS gives no reason with this one.",
    ],
};

const BUCKET: StepText = StepText {
    title: "The bucket",
    why: &[
        "From here on each resource is made by the role that answers for it. `secure-bucket-admin` makes the bucket \
         and will set its rules, and may not touch what is in it.",
        "The name was chosen at the start because two of the policies already name this bucket.",
    ],
    who: "secure-bucket-admin. Switching is a real `sts:AssumeRole`: STS answers with credentials for an hour, and the \
          server keeps them for this browser session.",
    notice: &[
        "IAM decides alone: a bucket that does not exist yet has no bucket policy.",
        "A new bucket blocks public access and encrypts with keys S3 manages. Neither stands in the way of anyone inside \
         the account who has the S3 rights: S3 decrypts such objects for every permitted reader.",
    ],
};

const KEY: StepText = StepText {
    title: "The key",
    why: &[
        "The key is a lock of its own. S3 asks KMS on behalf of whoever reads or writes, with that caller's own identity, \
         so an object is only as readable as its key is usable.",
        "A key administrator manages the key and may not use it; a key user uses it and may not manage it. One role is ticked for \
         each. If the bucket's administrator also administered the key, one role would hold two locks; if authorized-users \
         did, whoever took it on could let others in.",
    ],
    who: "secure-key-admin, who will answer for the key from now on.",
    notice: &[
        "Two calls. `kms:CreateKey` is made on no key in particular, so IAM alone decides it. `kms:CreateAlias` needs a \
         yes for the alias and a yes for the key, and for the key its brand-new policy already speaks.",
        "The first statement of the key policy names the account. It allows nothing by itself; it lets IAM decide as well. \
         That is why an IAM administrator can still get at the key, and why this page does not claim otherwise.",
    ],
};

const BUCKET_POLICY: StepText = StepText {
    title: "The bucket policy",
    why: &[
        "Two statements, both Deny, both for everyone, Admin included. The first refuses uploads that do not ask for \
         SSE-KMS, the second uploads that ask for any key but this one. Together they leave one way in.",
        "They use `StringNotEquals`, and a negated operator is true when the request lacks the condition key. That is what catches \
         an upload that says nothing about encryption: there is no value, so it does not equal the one wanted.",
        "A bucket policy looks at requests as they come. Objects that were there before stay as they are.",
    ],
    who: "secure-bucket-admin: rules for the bucket belong to whoever runs it.",
    notice: &[
        "AWS answers 204 and no body. Here S3 is stricter than IAM: it refuses a policy whose actions do not fit its \
         resources.",
        "A policy that only denies grants nothing to the public, so Block Public Access has no objection to it.",
    ],
};

const INSTANCE: StepText = StepText {
    title: "The instance",
    why: &[
        "The third role needs a body. An EC2 instance launched with the instance profile acts as \
         `authorized-users`, with credentials it takes from its metadata service and nobody has to carry around.",
        "This is step 7 because the tutorial has no step 6.",
    ],
    who: "Admin. Launching with a role takes two rights, `ec2:RunInstances` and `iam:PassRole` on that role; without the \
          second, anyone who may launch instances could lend themselves any role in the account.",
    notice: &[
        "One call, two checks, both decided by IAM. The second is `iam:PassRole`.",
        "Removing rights from the role later takes effect on the running instance without new credentials: what they may do is \
         looked up at every call, not fixed when they were issued. AWS spreads such a change within seconds, rarely minutes.",
        // The image, subnet, interface, security group and volume are checks of their own on AWS.
        "On AWS the launch is also checked on the image, the network and the volume it uses; the lab has the two checks that \
         bear on the role.",
    ],
};

const TEST_1: StepText = StepText {
    title: "An encrypted upload",
    why: &[
        "The command names SSE-KMS and the one key the bucket policy insists on. The IAM policy and the key policy each allow \
         their part of it, and the bucket policy, which only denies, has no reason to: it stays silent.",
    ],
    who: "The instance, as authorized-users. Whom you act as in the bar makes no difference to what it may do.",
    notice: &[
        "Two checks for one upload. `s3:PutObject`: IAM allows, and no statement of the bucket policy applies, so it is \
         silent. `kms:GenerateDataKey`: IAM is silent, and the key policy allows by naming the role.",
        "Those two Allows come from two documents kept by two different people, and as they stand neither would have let this \
         upload through alone.",
    ],
};

const TEST_2: StepText = StepText {
    title: "An unencrypted upload",
    why: &[
        "The same upload without a word about encryption. It should be refused before any key is asked for.",
    ],
    who: "The instance, as authorized-users.",
    notice: &[
        "IAM allows it; the bucket policy denies it, twice. Open the check: the request has neither condition key, and both \
         statements apply because a negated operator holds for an absent key.",
        "The key policy is not consulted: S3 settles its own permission first, and there the call ends.",
    ],
};

const TEST_3: StepText = StepText {
    title: "A download",
    why: &[
        "Reading needs no encryption flags: S3 remembers which key an object was encrypted under and asks KMS to decrypt. \
         The caller receives plaintext.",
    ],
    who: "The instance, as authorized-users.",
    notice: &[
        "The AWS CLI makes two calls: `HeadObject` to learn the size, then `GetObject`. Only the second one asks the key.",
        "Listing 4 is silent here: both of its statements are about `s3:PutObject`.",
    ],
};

const TEST_4: StepText = StepText {
    title: "The key user is removed",
    why: &[
        "Nothing changes in IAM or on the bucket. secure-key-admin takes `authorized-users` off the key's users: the key \
         policy is read, the role's ARN is removed from both statements that name it, and the policy is written back.",
        "Then the instance repeats the upload that worked and the download that worked.",
    ],
    who: "secure-key-admin removes the user; the instance does the rest. The instance is not restarted and keeps its \
          credentials.",
    notice: &[
        // §7 rule 5.
        "Read AWS's sentence closely: it says that no identity-based policy allows the action, although it was the key \
         policy that was edited. Both are true. The key policy no longer names the role, which is what turns the answer; what is \
         left of it hands the question on to IAM, and IAM gives this role no KMS action. AWS names the policy that could \
         still have said yes. (AWS documents the wording, not this very case: the blame on IAM is our reading of its rules.)",
        // §3, rows 47 and 48.
        "In the download `HeadObject` still succeeds, for it needs no key. `GetObject` fails when S3 asks KMS to decrypt. \
         There is no third outcome: a caller gets plaintext or an error, never ciphertext.",
        // Rows 49 and 51.
        "What this lock does not stop: `authorized-users` may still delete objects, because deleting asks no key. And \
         Admin can still read them, through the delegation to IAM. Narrowing that statement would close this way too.",
    ],
};

const RESTORE: StepText = StepText {
    title: "Access restored",
    why: &[
        "The way back is as short: the role's ARN goes into both user statements again, and the same commands work as they \
         did before.",
    ],
    who: "secure-key-admin adds the user; the instance tries again.",
    notice: &[
        "The objects themselves are never touched. One role changes one document twice, and in between the instance can neither read \
         nor write the data.",
    ],
};

#[cfg(test)]
mod tests {
    use super::of;
    use crate::console::StepId;

    #[test]
    fn every_step_says_why_and_who_and_closes_its_backticks() {
        for step in StepId::ALL {
            let text = of(step);
            assert!(!text.title.is_empty() && !text.why.is_empty() && !text.notice.is_empty(), "{step:?}");
            for paragraph in text.why.iter().chain(text.notice).chain([&text.who]) {
                assert_eq!(paragraph.matches('`').count() % 2, 0, "{paragraph}");
                assert!(!paragraph.contains("  "), "{paragraph}");
            }
        }
    }
}
