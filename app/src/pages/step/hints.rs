//! What a step calls, and three hints for it: a nudge, a pointer, and what exactly to do.

use super::data::StepData;
use crate::{
    components::prose::Words,
    console::{ListingId, Listings, StepId},
};
use leptos::prelude::*;

/// The calls of a step, for its head.
pub(crate) const fn calls(step: StepId) -> &'static str {
    match step {
        StepId::Policies => "`iam:CreatePolicy`, three times.",
        StepId::Roles => {
            "`iam:CreateRole` and `iam:AttachRolePolicy` for each of the three roles, then `iam:CreateInstanceProfile` and \
             `iam:AddRoleToInstanceProfile`."
        }
        StepId::Bucket => "`s3:CreateBucket`, after `sts:AssumeRole` to become the role.",
        StepId::Key => "`kms:CreateKey`, then `kms:CreateAlias`, after `sts:AssumeRole` to become the role.",
        StepId::BucketPolicy => "`s3:PutBucketPolicy`.",
        StepId::Instance => "`ec2:RunInstances`, which AWS also checks for `iam:PassRole`.",
        StepId::Test1 => "`s3:PutObject`; S3 then asks KMS for `kms:GenerateDataKey` in the instance’s name.",
        StepId::Test2 => "`s3:PutObject`, without a word about encryption.",
        StepId::Test3 => {
            "`s3:HeadObject` and `s3:GetObject`; S3 asks KMS for `kms:Decrypt` in the instance’s name."
        }
        StepId::Test4 => {
            "`kms:GetKeyPolicy` and `kms:PutKeyPolicy`; then the instance’s `s3:PutObject`, `s3:HeadObject` and \
             `s3:GetObject` once more."
        }
        StepId::Restore => {
            "`kms:GetKeyPolicy` and `kms:PutKeyPolicy`; then the same three calls of the instance."
        }
    }
}

/// The three grades, each within the one before.
#[component]
pub(crate) fn Hints(data: StepData) -> impl IntoView {
    let [nudge, pointer, solution] = of(&data);
    let paragraphs =
        |text: Vec<String>| text.into_iter().map(|text| view! { <p><Words text /></p> }).collect_view();
    view! {
        <details class="hint-grade">
            <summary>"A nudge"</summary>
            {paragraphs(nudge)}
            <details class="hint-grade">
                <summary>"A pointer"</summary>
                {paragraphs(pointer)}
                <details class="hint-grade">
                    <summary>"What exactly to do"</summary>
                    {paragraphs(solution)}
                </details>
            </details>
        </details>
    }
    .into_any()
}

fn of(data: &StepData) -> [Vec<String>; 3] {
    let lab = &data.lab;
    let account = &lab.account_id;
    let one = |text: &str| vec![text.to_owned()];
    let run = |before: &str| {
        let mut text = vec![before.to_owned()];
        text.extend(data.suggested.iter().map(|line| format!("`{line}`")));
        text
    };
    let prints = |listing| lab.spelling(listing) == Listings::Printed;
    match data.step {
        StepId::Policies => [
            one("Three documents become three policies. Nobody has them yet, so nothing changes for anybody."),
            one(if prints(ListingId::BucketAdmin) || prints(ListingId::KeyAdmin) {
                "Before you send them, compare each `Resource` with what the statement’s actions are made on, and look at the \
                 very first character of both in Listing 2. The lint says more under the lines."
            } else {
                "All three forms are filled in; each needs one press. Open “The difference” on a card to see what was mended."
            }),
            vec![
                "As `Admin`, press `Create secure-bucket-admin`, `Create secure-key-admin` and `Create secure-bucket-access`."
                    .into(),
                format!("Each answer is 200, and the policy’s ARN is `arn:aws:iam::{account}:policy/` and its name."),
            ],
        ],
        StepId::Roles => [
            one("A role that nobody may become is of no use, and one without a policy can do nothing once somebody is it."),
            one("The two administrators get the policies of their own names; `authorized-users` gets `secure-bucket-access`. \
                 The instance profile comes last, since it holds a role that must be there."),
            one("As `Admin`, press `Create role …` and then `Attach policy …` for `secure-bucket-admin`, `secure-key-admin` and \
                 `authorized-users`, and `Create instance profile` at the end: seven forms, eight calls."),
        ],
        StepId::Bucket => [
            one("Who answers for the bucket from now on?"),
            one("Become `secure-bucket-admin` first, in the bar at the top. Keep the name that is filled in: two policies already \
                 say it."),
            vec![
                "Press `Switch to secure-bucket-admin`, then `Create bucket`.".into(),
                format!("The bucket is `{}` in {}.", lab.bucket, lab.region),
            ],
        ],
        StepId::Key => [
            one("One role is to manage the key and another to use it. Neither is the role that has the bucket."),
            one(if prints(ListingId::KeyAdmin) {
                "Become `secure-key-admin` and try. If `kms:CreateKey` is refused, open the check of the call: it shows the \
                 statement that names the action and the resource that does not fit. Admin mends policies."
            } else {
                "Become `secure-key-admin`. Leave that role alone ticked under administrators, and `authorized-users` alone under users."
            }),
            vec![
                "Press `Switch to secure-key-admin`; tick `secure-key-admin` under administrators and `authorized-users` under \
                 users; press `Create key`."
                    .into(),
                if prints(ListingId::KeyAdmin) {
                    "With Listing 2 as printed: press `Back to Admin`, then `Correct secure-key-admin` below, become \
                     `secure-key-admin` again and press `Create key` once more."
                        .into()
                } else {
                    "Two calls follow each other: `kms:CreateKey` gives the ARN, `kms:CreateAlias` the name for people.".into()
                },
            ],
        ],
        StepId::BucketPolicy => [
            one("The policy has to name one key, and you have its ARN since step 4."),
            one("Become `secure-bucket-admin`. The document is filled in with your bucket and your key; both statements deny, so \
                 nobody gains anything by it."),
            vec![
                "Press `Switch to secure-bucket-admin`, then `Put bucket policy`.".into(),
                format!(
                    "The key it names must be `{}`.",
                    lab.key_arn.as_deref().unwrap_or("the one that step 4 makes")
                ),
            ],
        ],
        StepId::Instance => [
            one("The program that uses the data needs a place to run, and the role has to come with it."),
            one("Launching is Admin’s: it takes the right to pass the role as well as the right to launch."),
            one("Press `Back to Admin` if you are somebody else, then `Launch instance`. Its terminal appears on this page."),
        ],
        StepId::Test1 => [
            one("The bucket policy wants two things said in every upload. Say both."),
            one("`--sse` names the kind of encryption, `--sse-kms-key-id` the key, by its full ARN. The file has to be on the \
                 instance first."),
            run("Press `Run` beside these lines, from the first to the last, or type them:"),
        ],
        StepId::Test2 => [
            one("Leave out what test 1 said about encryption."),
            one("A plain `aws s3 cp` sends no encryption header. It is meant to fail; look for the lane that denies."),
            run("Press `Run` beside this line. The answer is 403 AccessDenied, decided by the bucket policy:"),
        ],
        StepId::Test3 => [
            one("Who reads need not know how the object is encrypted."),
            one("Copy the other way round: from the bucket into a new file, with no option at all."),
            run("Press `Run` beside this line, then compare both files with `sha256sum`:"),
        ],
        StepId::Test4 => [
            one("Only one of the three policies changes. Which role may change it?"),
            one("Become `secure-key-admin` and take `authorized-users` off the key’s users. Then repeat on the instance what \
                 worked before; both must fail now."),
            run("Press `Switch to secure-key-admin`, then `Remove key user`, then `Run` beside these lines. Each is answered 403 \
                 AccessDenied:"),
        ],
        StepId::Restore => [
            one("What one document took away, the same document gives back."),
            one("Still as `secure-key-admin`, add the role to the key’s users, and try both directions again."),
            run("Press `Add key user`, then `Run` beside these lines. Both succeed:"),
        ],
    }
}
